"""A drill is marked by word wherever somebody reads what it does: what a device says under it begins with that word."""

from devices.messages import Text
from gateway.core.drills import is_drill
from gateway.flows.site import Site

EN, ZH = "DRILL. ", "演练："
WORD = "DRILL 演练"
"""For details that have one text for both languages."""


def holds_at(site: Site, portal: str | None) -> bool:
    """True if what is in force behind this portal is a drill, all of it."""
    world = site.world
    if not world.emergencies and not world.orders:
        return False
    found = site.campus.portals.get(portal or "")
    return found is not None and is_drill(world, found.zone, site.clock.now())


def marked(site: Site, portal: str | None, text: Text) -> Text:
    """What a device at `portal` is to say, marked if it is a drill."""
    if not holds_at(site, portal):
        return text
    return Text(en=EN + text.en, zh=ZH + text.zh)
