"""The code of a group at a reader: it opens once for each of them, and whoever goes through is counted.

Theory. The code has as many uses as the list has people, and the guard's count takes uses as well, so that code and
count together let in no more than the list has (P6). A use is taken with the grant; the count of who is inside moves
when somebody really went through, as presence does. Whoever the guard has counted is counted already: their passages
are told apart by how they were awaited.

Promises: a group of which somebody is kept from entering does not come in by its code either. A passage counts once,
never more than the list has, and never fewer than none inside. Leaves to others: the guard's count (`delegations`), the
uses (`pass_uses`).
"""

from dataclasses import replace
from datetime import datetime

from gateway.core.kinds import CredentialKind, Direction, Outcome, Verdict
from gateway.core.nouns import Decision, Directory, Finding, Holder, Portal, Request
from gateway.core.papers import Visit, VisitState
from gateway.core.reasons import Reason
from gateway.flows.permits import NotPossible, Step, ToldAlready, carry_out, find
from gateway.flows.site import Site
from gateway.flows.visit_registration import kept_out


def judged(site: Site, request: Request, decision: Decision, now: datetime) -> Decision:
    """The decision on a code, refused on the way in if it is a group's of which somebody may not come in."""
    if request.credential is not CredentialKind.QR or request.direction is Direction.OUT:
        return decision
    if decision.outcome is Outcome.DENY or decision.holder is None:
        return decision
    kept = next((one for visit in groups_of(site.directory, decision.holder) for one in _kept(site, visit, now)), None)
    if kept is None:
        return decision
    reason = reason_for(kept)
    trace = (*decision.trace, Finding("member", Verdict.REFUSES, reason))
    return replace(decision, outcome=Outcome.DENY, reason=reason, trace=trace)


def reason_for(kept: Holder) -> Reason:
    """Why somebody of a group may not come in."""
    return Reason.HOLDER_SUSPENDED if kept.suspended else Reason.ENTRY_BANNED


def groups_of(directory: Directory, holder: str) -> list[Visit]:
    """The live groups that somebody leads."""
    return [one for one in directory.papers.visits.get(holder, ()) if one.members]


async def went_through(site: Site, visit: Visit, portal: Portal, direction: Direction, key: str) -> None:
    """One of a group went through on their code. `key` names the passage: told again, it counts nobody.

    Raises `LookupError` if the visit is over, `LedgerUnavailable`.
    """

    def work_out(directory: Directory, now: datetime) -> Step:
        newest = find(directory, Visit, visit.id)
        moved = _one_in(newest, portal, now) if direction is Direction.IN else _one_out(newest)
        more = {"direction": direction.value, "count": 1, "portal": portal.id, "inside": moved.inside}
        return Step(moved, "counted", "gateway", more=more, key=f"gp:{key}")

    try:
        await carry_out(site, work_out)
    except (ToldAlready, NotPossible):
        return  # counted before, or by a guard who was faster


def _one_in(visit: Visit, portal: Portal, now: datetime) -> Visit:
    if visit.inside >= len(visit.members):
        raise NotPossible("too_many_in", "all of the list are inside")
    return replace(
        visit,
        counted_in=visit.counted_in + 1,
        state=VisitState.CHECKED_IN,
        checked_in_at=visit.checked_in_at or now,
        portal=portal.id,
    )


def _one_out(visit: Visit) -> Visit:
    if visit.inside <= 0:
        raise NotPossible("too_many_out", "nobody is inside")
    return replace(visit, counted_out=visit.counted_out + 1)


def _kept(site: Site, visit: Visit, now: datetime) -> list[Holder]:
    return list(kept_out(site.directory, visit.members, now))
