"""What the doors need beside the taps: known before the first one, looked at each second.

Leaves to others: each its own story (`pins`, `pass_uses`, `pass_turns`, `occupancy`, `lane_cycle`, `lane_windows`,
`dormitories`, `anti_passback`).
"""

from gateway.flows import anti_passback, dormitories, lane_cycle, lane_windows, occupancy, pass_turns, pass_uses, pins
from gateway.flows.site import Site


async def load(site: Site) -> None:
    """At start, before the first tap is decided; the devices are known already."""
    await pass_uses.load(site)
    await pass_turns.load(site)
    await pins.load(site)
    await occupancy.load(site)
    await lane_cycle.load(site)
    await dormitories.load(site)


async def look(site: Site) -> None:
    """Called each second."""
    await lane_windows.look(site)
    await dormitories.look(site)
    await dormitories.look_who_is_back(site)
    await anti_passback.look(site)
