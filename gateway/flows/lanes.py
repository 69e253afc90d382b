"""What the gateway knows of a vehicle lane: the words of its loops, the latch of an `efo`, and the grants it waits for.

Promises: `why_not` is asked before and after the record of every command to a bollard; an `efo` counts as latched from
the commit of its command on, whatever becomes of the answer, until the device has refused it or carried out its reset,
and a restart forgets none of that. Leaves to others: the table (`core/lanes.py`), the commands (`command`), what
follows a carried-out grant (`lane_cycle`), windows (`lane_windows`).
"""

from devices.messages import Action, PresenceReading
from gateway.core import lanes
from gateway.core.lanes import Act, Lane, Obstacle, Origin, Seen
from gateway.flows.devices import Device
from gateway.flows.ports import NUMBER_DIGITS, Entry
from gateway.flows.site import Site

EFO_RESET = "efo_reset"
"""The reason of the `lower` that ends a latch; PROTOCOL rule 9."""
REMEMBERED_GRANTS = 1_000


def bollards_at(site: Site, portal: str | None) -> list[Device]:
    """The bollards of a lane."""
    return [device for device in site.devices.at(portal or "") if device.kind == "bollard"]


def hear(site: Site, device: Device, boot: str, reading: PresenceReading) -> None:
    """A word of the loops, from a heartbeat or an event."""
    now = site.clock.monotonic()
    before = device.sensors
    device.sensors = lanes.heard(
        before, boot, Seen(reading.vehicle.value), Seen(reading.pedestrian.value), reading.counter, now
    )
    if device.sensors is not before:
        device.presence, device.presence_at = reading, now


def act_of(action: Action, reason: str) -> Act | None:
    """What is asked of a bollard by this command; None if it moves nothing."""
    match action:
        case Action.LOWER:
            return Act.EFO_RESET if reason == EFO_RESET else Act.LOWER
        case Action.RAISE:
            return Act.RAISE
        case Action.EFO:
            return Act.EFO
        case _:
            return None


def why_not(site: Site, device: Device, act: Act, origin: Origin) -> Obstacle | None:
    """Why this is not sent now; None if it may be."""
    return lanes.why_not(Lane(device.sensors, device.efo_latched), act, origin, site.clock.monotonic())


def latch_prefix(device: str) -> str:
    """What the ledger keys of a bollard's latch begin with."""
    return f"l:{device}:"


def latched(site: Site, device: Device, latched: bool, why: str) -> Entry:
    """The row that a bollard is latched, or not any more."""
    now = site.clock.now()
    device.latch_number = max(device.latch_number + 1, int(now.timestamp() * 1000))
    body = {"device": device.id, "portal": device.portal, "latched": latched, "why": why}
    return Entry("efo_latch", now, body, f"{latch_prefix(device.id)}{device.latch_number:0{NUMBER_DIGITS}d}")


def latch(device: Device, latched: bool) -> None:
    """It is on disk."""
    device.efo_latched = latched


def expect_vehicle(site: Site, device: Device, command_id: str, cause: str) -> None:
    """A vehicle was let pass at `device`: once that says `executed`, the bollards of its lane go down."""
    if bollards_at(site, device.portal):
        site.lane_grants[command_id] = cause
        if len(site.lane_grants) > REMEMBERED_GRANTS:
            site.lane_grants.popitem(last=False)
