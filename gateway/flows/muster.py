"""Who is on the campus now: how many of the school in each zone, and by name who is a guest there and of whom.

Promises: what nobody saw is called uncertain and never left out; whoever is registered as inside but was never read is
on the list. A hundred thousand people are counted beside the taps. Leaves to others: who may look (`web`), the muster
of an emergency (`emergency_view`).
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.core.facts import VISITING_KINDS
from gateway.core.kinds import HolderKind, PresenceState
from gateway.core.nouns import Directory, Presence
from gateway.core.papers import Visit, VisitState
from gateway.flows.site import Site
from gateway.flows.visit_lists import portal_of

GUESTS = VISITING_KINDS | {
    HolderKind.CONTRACTOR,
    HolderKind.SUPPLIER,
    HolderKind.DELIVERY,
    HolderKind.RESPONDER,
}
"""Kinds that are named: nobody else could say who they are."""


@dataclass(slots=True)
class InZone:
    """Who is in a zone and no deeper, by kind."""

    surely: Counter[str] = field(default_factory=Counter)
    perhaps: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who is not of the school; `zone` None: registered as inside, and never read."""

    holder: str
    visit: Visit | None
    zone: str | None
    since: datetime | None
    uncertain: bool
    count: int = 1


@dataclass(slots=True)
class Muster:
    """`zones` in the order of the configuration."""

    at: datetime
    zones: dict[str, InZone]
    guests: list[Guest]

    @property
    def surely(self) -> int:
        return sum(sum(zone.surely.values()) for zone in self.zones.values())

    @property
    def perhaps(self) -> int:
        return sum(sum(zone.perhaps.values()) for zone in self.zones.values())


async def muster(site: Site) -> Muster:
    """The list as of now."""
    now, directory = site.clock.now(), site.directory
    presence = dict(site.presence)  # it moves while the thread counts
    found = await asyncio.to_thread(_count, tuple(site.campus.zones), directory, presence, now)
    for some in directory.papers.visits.values():
        for visit in some:
            if visit.state is VisitState.CHECKED_IN and not _is_known(presence, visit):
                zone = site.campus.portals[portal_of(site, visit)].zone if site.campus.portals else None
                found.guests.append(Guest(visit.holder, visit, zone, visit.checked_in_at, True, _people(visit)))
                if zone in found.zones:
                    found.zones[zone].perhaps[visit.kind.value] += _people(visit)
    return found


def _count(zones: tuple[str, ...], directory: Directory, presence: Mapping[str, Presence], now: datetime) -> Muster:
    found = Muster(now, {zone: InZone() for zone in zones}, [])
    for ref, seen in presence.items():
        if seen.state is PresenceState.OUTSIDE or seen.zone not in found.zones:
            continue
        holder = directory.holders.get(ref)
        if holder is None:
            continue
        visits = directory.papers.visits.get(ref, ())
        visit = next((one for one in visits if one.state is VisitState.CHECKED_IN), None)
        people = 1 if visit is None else _people(visit)
        uncertain = seen.state is PresenceState.UNCERTAIN
        zone = found.zones[seen.zone]
        (zone.perhaps if uncertain else zone.surely)[holder.kind.value] += people
        if holder.kind in GUESTS:
            found.guests.append(Guest(ref, visit, seen.zone, seen.since, uncertain, people))
    return found


def _people(visit: Visit) -> int:
    """How many come with one visit: of a group as many as were counted."""
    return max(1, visit.inside) if visit.members else 1


def _is_known(presence: Mapping[str, Presence], visit: Visit) -> bool:
    """True if a reader has seen this visitor come in, or leave since."""
    seen = presence.get(visit.holder)
    if seen is None:
        return False
    if seen.state is not PresenceState.OUTSIDE:
        return True
    return visit.checked_in_at is not None and seen.since >= visit.checked_in_at
