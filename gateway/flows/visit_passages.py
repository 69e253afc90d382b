"""A visitor really went through a gate: in, so the visit has begun; out, so it is checked out and its passes are void.

Whoever has several visits at one time comes in by one of them, and leaves all that are checked in. Contractors and
suppliers whose stay goes on may go out and come back; of a group one is counted with each passage. Leaves to others:
where everybody is (`passage`), and what was missed (`put_away`).
"""

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.core.kinds import Direction, HolderKind, PortalKind
from gateway.core.nouns import Directory, Portal
from gateway.core.papers import Visit, VisitState
from gateway.flows import group_passes
from gateway.flows.permits import Step, carry_out, find
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import Site
from gateway.flows.visits import checked_out

COME_AND_GO = frozenset({HolderKind.CONTRACTOR, HolderKind.SUPPLIER})
"""Their stay may be of days, in which they go out and come back."""
GOES_ON = timedelta(hours=1)
"""A stay that has less left than this is over when they leave."""


async def went_through(site: Site, holder: str, portal: Portal, direction: Direction, key: str | None = None) -> None:
    """A visitor passed a gate: in, so the visit has begun; out, so it is checked out. Called for every passage.

    `key` names the passage; None: it is one of a group whom a guard has counted.
    """
    if portal.kind not in (PortalKind.GATE, PortalKind.VEHICLE_GATE):
        return
    now = site.clock.now()
    visits = [one for one in site.directory.papers.visits.get(holder, ()) if one.starts_at <= now]
    groups = [one for one in visits if one.members]
    if groups and portal.kind is PortalKind.GATE:
        await _count(site, groups, portal, direction, key)
        visits = [one for one in visits if not one.members]
    if direction is Direction.IN:
        if not any(one.state is VisitState.CHECKED_IN for one in visits):
            await _follow_all(site, sorted(visits, key=_lacks)[:1], portal, direction)
        return
    for visit in visits:
        if visit.belongings and visit.state is VisitState.CHECKED_IN:
            event = "look_at_vehicle" if portal.kind is PortalKind.VEHICLE_GATE else "look_at_belongings"
            site.feed.publish({"type": event, "portal": portal.id, "visit": visit.id, "at": now})
    await _follow_all(site, visits, portal, direction)


async def _count(site: Site, groups: list[Visit], portal: Portal, direction: Direction, key: str | None) -> None:
    """One went through on the code of a group; of several at one time the one that has room, or somebody inside."""
    groups = sorted(groups, key=_lacks)
    fits = (one for one in groups if (one.inside < len(one.members) if direction is Direction.IN else one.inside > 0))
    visit = next(fits, None)
    if visit is None or key is None:
        return
    with contextlib.suppress(LookupError, LedgerUnavailable):  # over meanwhile; else the guard's count puts it right
        await group_passes.went_through(site, visit, portal, direction, key)


def _lacks(visit: Visit) -> tuple[bool, bool, datetime, str]:
    """Of several visits at one time the one by which somebody came in is the one that lacks least."""
    return not visit.document_seen, visit.confirmed is not True, visit.ends_at, visit.id


async def _follow_all(site: Site, visits: list[Visit], portal: Portal, direction: Direction) -> None:
    for visit in visits:
        if visit.members and direction is Direction.OUT:
            continue  # its leader drives out: that says nothing about the others
        try:
            await _follow(site, visit.id, portal, direction)
        except (LookupError, LedgerUnavailable):
            continue  # somebody was faster, or the evening's look puts it right


async def _follow(site: Site, id: str, portal: Portal, direction: Direction) -> None:
    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if direction is Direction.IN:
            moved = replace(visit, state=VisitState.CHECKED_IN, checked_in_at=now, portal=portal.id)
            return Step(moved, "came_in", "gateway")
        if visit.kind in COME_AND_GO and visit.ends_at - now > GOES_ON:
            return Step(replace(visit, state=VisitState.EXPECTED), "went_out", "gateway")
        return checked_out(directory, visit, now, "gateway")

    visit = find(site.directory, Visit, id)
    if (visit.state is VisitState.CHECKED_IN) != (direction is Direction.IN):
        await carry_out(site, work_out)
