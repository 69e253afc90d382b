"""The level has changed, or an emergency begins: who is inside and could not come in now, for the guards to see to.

Nobody is locked in by it, and nobody is sent away by it: it is a list, and a count on the screens.
"""

import asyncio
from dataclasses import replace

from gateway.core.inside import Inside
from gateway.core.inside import could_not_enter as everybody
from gateway.flows.site import Site


async def could_not_enter(site: Site) -> list[Inside]:
    """The list as of now. Some thousand people take a while: it is made beside the decisions."""
    # Presence moves while the thread reads: it gets its own.
    world = replace(site.world, presence=dict(site.world.presence))
    now = site.clock.now()
    return await asyncio.to_thread(lambda: list(everybody(world, now)))


async def tell(site: Site, drill: bool) -> None:
    """Say on the screens how many there are; who they are is asked for, and recorded."""
    if not site.feed.is_watched:
        return
    found = await could_not_enter(site)
    by_zone: dict[str, int] = {}
    for one in found:
        by_zone[one.zone] = by_zone.get(one.zone, 0) + 1
    site.feed.publish(
        {
            "type": "inside",
            "at": site.clock.now(),
            "count": len(found),
            "by_level": sum(one.by_level for one in found),
            "zones": by_zone,
            "drill": drill,
        }
    )
