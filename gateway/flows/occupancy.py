"""Who is where, and how many: the one place where presence moves, and the counts that follow from it.

Promises: `site.inside` counts for each zone those who are surely in it or deeper, from the start on and with every
move, so that a full zone is full at the very next tap. Somebody who left without being read makes uncertain all who
were last seen exactly there: nobody knows which of them it was, and nobody is said to be inside who may have left.
Those deeper inside would have had to pass a door before. Leaves to others: when somebody moves (`passage`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.core.kinds import PresenceState
from gateway.core.nouns import Presence
from gateway.flows.site import Site


@dataclass(frozen=True, slots=True)
class Count:
    """How many are in a zone or deeper, how many more may be, and how many it holds."""

    zone: str
    inside: int
    uncertain: int
    capacity: int | None


async def load(site: Site) -> None:
    """At start: count everybody."""
    site.inside.clear()
    for presence in site.presence.values():
        _count(site, presence, 1)


def put(site: Site, holder: str, presence: Presence) -> None:
    """A holder is there now, as far as is known."""
    before = site.presence.get(holder)
    if before is not None:
        _count(site, before, -1)
    site.presence[holder] = presence
    _count(site, presence, 1)


def who_may_have_left(site: Site, zone: str, at: datetime) -> list[str]:
    """Whom an unread exit from `zone` at `at` may have been: all who were last seen in it and no deeper, before."""
    return [
        holder
        for holder, presence in site.presence.items()
        if presence.zone == zone and presence.state is PresenceState.INSIDE and presence.since <= at
    ]


def now_uncertain(site: Site, holders: Iterable[str], now: datetime) -> None:
    """Nobody knows of these people any more, and that is on disk (`PresenceDoubted`)."""
    for holder in holders:
        known = site.presence.get(holder)
        if known is not None and known.since <= now:
            put(site, holder, Presence(known.zone, PresenceState.UNCERTAIN, now))


def forget(site: Site, holders: Iterable[str]) -> None:
    """Nothing is known of these people any more, and that is on disk."""
    for holder in holders:
        before = site.presence.pop(holder, None)
        if before is not None:
            _count(site, before, -1)


def is_in(site: Site, presence: Presence, zone: str) -> bool:
    """True if this is in the zone or deeper, as far as the zones are still there."""
    return presence.zone in site.campus.zones and zone in site.campus.around(presence.zone)


def counts(site: Site) -> list[Count]:
    """Each zone but the outside, with how many are in it, those of groups among them."""
    perhaps: dict[str, int] = {}
    for presence in site.presence.values():
        if presence.state is PresenceState.UNCERTAIN and presence.zone in site.campus.zones:
            for zone in site.campus.around(presence.zone):
                perhaps[zone] = perhaps.get(zone, 0) + 1
    return [
        Count(zone.id, site.world.inside.get(zone.id, 0), perhaps.get(zone.id, 0), zone.capacity)
        for zone in site.campus.zones.values()
        if zone.parent is not None
    ]


def _count(site: Site, presence: Presence, by: int) -> None:
    if presence.state is not PresenceState.INSIDE or presence.zone not in site.campus.zones:
        return
    for zone in site.campus.around(presence.zone):
        site.inside[zone] = site.inside.get(zone, 0) + by
