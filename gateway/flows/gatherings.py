"""A group event: requested with headcount, safety measures and emergency plan, then approved or refused by the security
office. Large ones are suspended while the exceptional level is in force, on and off campus: the decision sees to the
passes, `is_suspended` says it to people.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.core.kinds import Level
from gateway.core.levels import effective_level
from gateway.core.nouns import Directory
from gateway.core.papers import Gathering, GatheringState
from gateway.flows.permits import (
    NotPossible,
    NotYours,
    Step,
    carry_out,
    check_times,
    check_zones,
    find,
    holder_of,
    new_id,
)
from gateway.flows.site import Site

AT_MOST = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; `organiser` is a person by the school's id."""

    title: str
    organiser: str
    headcount: int
    safety_measures: str
    emergency_plan: str
    zones: frozenset[str]
    starts_at: datetime
    ends_at: datetime
    on_campus: bool = True


async def request(site: Site, wanted: Wanted, by: str) -> Gathering:
    """Ask for it. Raises `WrongField`, `LedgerUnavailable`."""
    check_zones(site, wanted.zones)
    id = new_id()

    def work_out(directory: Directory, now: datetime) -> Step:
        check_times(wanted.starts_at, wanted.ends_at, now, AT_MOST)
        organiser = holder_of(directory, wanted.organiser, "organiser")
        paper = Gathering(
            id,
            wanted.title,
            organiser.ref,
            wanted.headcount,
            wanted.safety_measures,
            wanted.emergency_plan,
            wanted.zones,
            wanted.starts_at,
            wanted.ends_at,
            by,
            now,
            on_campus=wanted.on_campus,
        )
        more = {"headcount": wanted.headcount, "zones": sorted(wanted.zones), "organiser": organiser.ref}
        return Step(paper, "requested", by, more=more)

    return await _done(site, work_out)


async def settle(site: Site, id: str, approved: bool, by: str) -> Gathering:
    """Approve or refuse, never one's own request. Raises `NoSuchPermit`, `NotYours`, `NotPossible`."""
    state = GatheringState.APPROVED if approved else GatheringState.REFUSED

    def work_out(directory: Directory, now: datetime) -> Step:
        gathering = find(directory, Gathering, id)
        if gathering.state is not GatheringState.REQUESTED:
            raise NotPossible("settled_already", f"it is {gathering.state.value} already")
        if gathering.requested_by == by:
            raise NotYours("who requests a gathering does not approve it")
        return Step(replace(gathering, state=state, decided_by=by, decided_at=now), state.value, by)

    return await _done(site, work_out)


async def cancel(site: Site, id: str, by: str, for_others: bool) -> Gathering:
    """Called off by who asked for it, or by the security office (`for_others`). Raises `NoSuchPermit`, `NotYours`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        gathering = find(directory, Gathering, id)
        if gathering.requested_by != by and not for_others:
            raise NotYours("only who requested it, or the security office")
        return Step(replace(gathering, state=GatheringState.CANCELLED, decided_by=by, decided_at=now), "cancelled", by)

    return await _done(site, work_out)


def is_suspended(site: Site, gathering: Gathering, now: datetime) -> bool:
    """True while it is large and the exceptional level is in force on one of its zones; off campus, anywhere."""
    if gathering.state is not GatheringState.APPROVED or gathering.headcount < site.campus.policy.large_gathering:
        return False
    zones = gathering.zones or frozenset(site.campus.zones)
    orders = site.world.orders
    return any(
        effective_level(site.campus, orders, zone, now, site.trusted_until) is Level.L1
        for zone in zones
        if zone in site.campus.zones
    )


async def _done(site: Site, work_out: Callable[[Directory, datetime], Step]) -> Gathering:
    done = await carry_out(site, work_out)
    assert isinstance(done.paper, Gathering)
    return done.paper
