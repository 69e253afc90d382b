"""A visitor really went through a gate: in, so the visit has begun; out, so it is checked out and its passes are void.

Contractors and suppliers whose stay goes on may go out and come back. Leaves to others: where everybody is (`passage`),
and what was missed (`put_away`).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.core.kinds import Direction, HolderKind, PortalKind
from gateway.core.nouns import Directory, Portal
from gateway.core.papers import Visit, VisitState
from gateway.flows.permits import Step, carry_out, find
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import Site
from gateway.flows.visits import checked_out

COME_AND_GO = frozenset({HolderKind.CONTRACTOR, HolderKind.SUPPLIER})
"""Their stay may be of days, in which they go out and come back."""
GOES_ON = timedelta(hours=1)
"""A stay that has less left than this is over when they leave."""


async def went_through(site: Site, holder: str, portal: Portal, direction: Direction) -> None:
    """A visitor passed a gate: in, so the visit has begun; out, so it is checked out. Called for every passage."""
    if portal.kind not in (PortalKind.GATE, PortalKind.VEHICLE_GATE):
        return
    for visit in site.directory.papers.visits.get(holder, ()):
        if visit.starts_at > site.clock.now():
            continue
        if direction is Direction.OUT and portal.kind is PortalKind.VEHICLE_GATE and visit.belongings:
            site.feed.publish(
                {"type": "look_at_vehicle", "portal": portal.id, "visit": visit.id, "at": site.clock.now()}
            )
        try:
            await _follow(site, visit.id, direction)
        except (LookupError, LedgerUnavailable):
            continue  # somebody was faster, or the evening's look puts it right


async def _follow(site: Site, id: str, direction: Direction) -> None:
    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if direction is Direction.IN:
            return Step(replace(visit, state=VisitState.CHECKED_IN, checked_in_at=now), "came_in", "gateway")
        if visit.kind in COME_AND_GO and visit.ends_at - now > GOES_ON:
            return Step(replace(visit, state=VisitState.EXPECTED), "went_out", "gateway")
        return checked_out(directory, visit, now, "gateway")

    visit = find(site.directory, Visit, id)
    if (visit.state is VisitState.CHECKED_IN) != (direction is Direction.IN):
        await carry_out(site, work_out)
