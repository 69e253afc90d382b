"""A known person comes without the card: the guard finds them, compares picture and name, and picks the reason.

One entry is granted if the rules would have granted it with the card, or would have asked the guard; whatever else the
rules ask stays asked. `lost` blocks the card at once, whether or not the person gets in. The third time in 30 days is
told to teacher or unit.
"""

from dataclasses import dataclass

from gateway.core.kinds import CredentialKind, CredentialState, Direction, Outcome, PortalKind
from gateway.core.nouns import Decision, Directory
from gateway.core.papers import Identification, IdentificationReason, PaperKind
from gateway.core.reasons import Reason
from gateway.core.rights import Right
from gateway.flows import alarms, by_hand, notices, told
from gateway.flows.by_hand import Act
from gateway.flows.changes import CredentialStateSet, PaperFiled
from gateway.flows.judging import as_if_shown
from gateway.flows.permits import NotPossible, Step, holder_of, new_id, row_of
from gateway.flows.ports import Entry
from gateway.flows.site import Site
from gateway.flows.waiting import may_answer

NOTICED_TIMES = 3
WITHIN = notices.CARD_WITHIN


@dataclass(frozen=True, slots=True)
class Identified:
    """What the guard is told: the outcome, and why with every rule that was looked at."""

    id: str
    done: by_hand.Done
    decision: Decision
    times: int
    """How often in 30 days, this one among them."""


async def identify(
    site: Site,
    *,
    holder: str,
    portal: str,
    direction: Direction,
    reason: IdentificationReason,
    by: str,
    rights: frozenset[Right],
) -> Identified:
    """Let a known person pass once. Raises `WrongField`, `NotPossible`, `LedgerUnavailable`."""
    return await by_hand.on_the_newest(site, lambda: _identify(site, holder, portal, direction, reason, by, rights))


async def _identify(
    site: Site,
    holder: str,
    portal: str,
    direction: Direction,
    reason: IdentificationReason,
    by: str,
    rights: frozenset[Right],
) -> Identified:
    """The same, judged on the directory of now. Raises `Overtaken` too."""
    place = by_hand.portal_of(site, portal, direction)
    if place.kind is PortalKind.VEHICLE_GATE:
        raise NotPossible("lane", "a lane opens for a plate: let the driver be identified at the gate")
    person = holder_of(site.directory, holder, "holder")
    before = await site.archive.papers(PaperKind.IDENTIFICATION, subject=person.ref)
    now, judged_on = site.clock.now(), site.directory.version
    decision = as_if_shown(site.world, person.ref, place.id, direction, now)
    grants = decision.outcome is Outcome.GRANT or (
        decision.outcome is Outcome.WAIT and may_answer(decision, direction, rights)
    )
    paper = Identification(new_id(), person.ref, place.id, reason, by, now, grants)
    lost = _cards_of(site.directory, person.ref) if reason is IdentificationReason.LOST else ()
    recent = [p for p in before if isinstance(p, Identification) and p.granted and now - p.started_at < WITHIN]
    times = len(recent) + grants
    often = grants and times >= NOTICED_TIMES
    step = Step(paper, "often" if often else "identified", by, more={"reason": reason.value, "times": times})
    blocked = tuple(
        Entry("credential_blocked", now, {"credential": ref, "holder": person.ref, "state": "lost", "by": by})
        for ref in lost
    )
    told_of = notices.often_without_card(site, person.ref, paper.id, now) if often else notices.NOBODY
    act = Act(
        place,
        direction,
        Outcome.GRANT if grants else Outcome.DENY,
        Reason.OK_IDENTIFIED_BY_GUARD if grants else decision.reason,
        decision,
        by,
        "identification",
        person.ref,
        entries=(row_of(step, now), *blocked, *told_of.entries),
        changes=(
            PaperFiled(paper),
            *(CredentialStateSet(ref, CredentialState.LOST.value) for ref in lost),
            *told_of.changes,
        ),
        directory=bool(lost),
        judged_on=judged_on,
        tells_late_exit=True,
    )
    done = await by_hand.carry_out(site, act)
    if often:
        await _tell(site, paper, person.ref, times)
    return Identified(paper.id, done, decision, times)


async def _tell(site: Site, paper: Identification, holder: str, times: int) -> None:
    """Teacher or unit should know: on the screens by name, in the alarm's row only by the paper's id."""
    site.feed.publish(
        {
            "type": "without_card_often",
            "id": paper.id,
            "at": paper.started_at,
            "holder": told.person(site, holder),
            "times": times,
        }
    )
    await alarms.raise_alarm(site, alarms.WITHOUT_CARD_OFTEN, paper.portal, f"identification {paper.id}")


def _cards_of(directory: Directory, holder: str) -> tuple[str, ...]:
    return tuple(
        credential.ref
        for credential in directory.credentials.values()
        if credential.holder == holder
        and credential.kind is CredentialKind.CARD
        and credential.state is CredentialState.ACTIVE
    )
