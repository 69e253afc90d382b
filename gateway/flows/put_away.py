"""Papers whose time is past are put away, so that the directory holds only what can still matter.

An entry ban ends on time, and with it what the devices were told; everything else is put away within minutes, because a
decision looks at the time by itself. While the clock is suspect nothing ends. A visitor who is still inside stays on
the list, whatever the hour; one who was seen to leave is checked out, should that have been missed.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.core.kinds import PresenceState
from gateway.core.papers import (
    Authorisation,
    EntryBan,
    Export,
    Gathering,
    LeaveSlip,
    Paper,
    Papers,
    StandingPass,
    VehicleKind,
    Visit,
    VisitState,
)
from gateway.flows import permits, standing_passes, visit_over
from gateway.flows.changes import PaperFiled
from gateway.flows.permits import Step, row_of
from gateway.flows.ports import LedgerUnavailable, Outdated, Unit
from gateway.flows.site import Site

AT_ONCE = 100
"""Papers in one unit."""
EVERY = timedelta(minutes=1)
"""Between two looks at everything but the bans."""


class Tidier:
    """Looks each second; one for a gateway."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._next: datetime | None = None

    async def look(self) -> None:
        """Put away what is due. The next look tries again where the ledger is away or somebody was faster."""
        site, now = self._site, self._site.clock.now()
        if site.trusted_until is not None:
            return
        everything = self._next is None or now >= self._next or self._next - now > EVERY
        steps = due(site, now, everything)
        if everything:
            self._next = now if len(steps) > AT_ONCE else now + EVERY
        if steps:
            await file(site, steps[:AT_ONCE], now)


def due(site: Site, now: datetime, everything: bool = True) -> list[Step]:
    """What there is to put away; without `everything` only bans."""
    papers = site.directory.papers
    bans = [
        Step(replace(b, over=True), "over", "gateway") for some in papers.bans.values() for b in some if _past(b, now)
    ]
    if not everything:
        return bans
    past = [
        step
        for paper in papers.by_id.values()
        if not isinstance(paper, EntryBan) and (step := _step(site, paper, now)) is not None
    ]
    return bans + past + _orphans(papers, now)


async def file(site: Site, steps: list[Step], now: datetime) -> bool:
    """Write them in one unit; False if somebody was faster, or the ledger is away: then nothing was written."""
    unit = Unit(
        tuple(row_of(step, now) for step in steps),
        tuple(part for step in steps for part in (*step.changes, *(PaperFiled(p) for p in (step.paper, *step.beside)))),
        directory=True,
        based_on=site.directory.version,
    )
    try:
        if isinstance(await site.ledger.commit(unit, permits.WITHIN_S), Outdated):
            await site.refresh_directory()
            return False
    except LedgerUnavailable:
        return False
    await permits.followed(site)
    for step in steps:
        permits.tell(site, step, now)
    return True


def _step(site: Site, paper: Paper, now: datetime) -> Step | None:
    match paper:
        case LeaveSlip() if paper.is_looked_for(now):
            return None
        case Authorisation() | LeaveSlip() | Gathering() | Export() if paper.ends_at <= now:
            return Step(replace(paper, over=True), "over", "gateway")
        case StandingPass() if paper.ends_at <= now:
            return standing_passes.ended(site.directory, replace(paper, over=True), "over", "gateway", now)
        case Visit(state=VisitState.EXPECTED) if paper.ends_at <= now:
            return end_visit(site, replace(paper, state=VisitState.LAPSED), "lapsed", now)
        case Visit(state=VisitState.CHECKED_IN) if has_left(site, paper):
            ended = replace(paper, state=VisitState.CHECKED_OUT, checked_out_at=now)
            return end_visit(site, ended, "checked_out", now) if paper.ends_at <= now else None
        case _:
            return None


def end_visit(site: Site, visit: Visit, step: str, now: datetime) -> Step:
    return visit_over.ended(site.directory, visit, step, "gateway", now)


def _orphans(papers: Papers, now: datetime) -> list[Step]:
    """Visitors' vehicles that no live visit names: their plates open nothing, and they are on no list."""
    visitors = [one for one in papers.vehicles.values() if one.kind is VehicleKind.VISITOR]
    if not visitors:
        return []
    named = {ref for some in papers.visits.values() for visit in some for ref in visit.passes}
    return [
        Step(replace(one, removed_at=now), "removed", "gateway", changes=visit_over.void((one.id,)))
        for one in visitors
        if one.id not in named
    ]


def has_left(site: Site, visit: Visit) -> bool:
    """Seen to leave; of a group, all that were counted in."""
    if visit.counted_in:
        return visit.inside <= 0
    seen = site.presence.get(visit.holder)
    return (
        seen is not None
        and seen.state is PresenceState.OUTSIDE
        and (visit.checked_in_at is None or seen.since >= visit.checked_in_at)
    )


def _past(ban: EntryBan, now: datetime) -> bool:
    return ban.ends_at <= now
