"""Who may pass: one pure function from a request, the world and a moment to a decision.

Leaving is judged before all else, and an escape route never refuses: nothing after that first question can change its
answer, not even a bug. For the rest every rule of a short list says its word, and every word of the policy's cell for
this person, place and level; the strictest word wins, and among equal words the reason that stands first in
`reasons.Reason`. A rule that fails refuses entry; where leaving could be refused it asks a guard, and elsewhere it
lets out.
"""

from collections.abc import Iterable
from datetime import datetime

from gateway.core.entering import credential, entry_rules
from gateway.core.facts import Facts, look_up
from gateway.core.kinds import CredentialKind, Direction, Level, Outcome, PortalKind, Verdict
from gateway.core.leaving import EXIT_RULES, is_egress, is_watched_exit
from gateway.core.levels import emergency_in
from gateway.core.needs import Rule
from gateway.core.nouns import Decision, Finding, Request, World
from gateway.core.papers import EmergencyKind
from gateway.core.reasons import PRECEDENCE, Reason


def decide(request: Request, world: World, now: datetime) -> Decision:
    """The decision on `request` at `now` (aware, the gateway's own clock). Never raises."""
    leaves = False
    try:
        leaves = request.direction is Direction.OUT
        return _decide_exit(request, world, now) if leaves else _decide_entry(request, world, now)
    except Exception:
        if not leaves:
            return _NO_ENTRY
    try:
        return _GUARD_LOOKS if _is_watched_now(request, world) else _WAY_IS_FREE
    except Exception:
        return _WAY_IS_FREE


def _decide_entry(request: Request, world: World, now: datetime) -> Decision:
    facts = look_up(request, world, now)
    return _NO_SUCH_ENTRY if facts is None else _settle(facts, entry_rules(facts.needs))


def _decide_exit(request: Request, world: World, now: datetime) -> Decision:
    """The way out. One that does not exist may be an escape route for all anybody knows, so it is free (S1)."""
    if is_egress(request, world):
        return _let_out(request, world, now)
    facts = look_up(request, world, now)
    return _NO_SUCH_EXIT if facts is None else _settle(facts, EXIT_RULES)


def _is_watched_now(request: Request, world: World) -> bool:
    """What is left to ask once something has failed: is this an exit where a guard has to look? In plain comparisons,
    because whatever failed may be what is usually asked."""
    portal = world.campus.portals[request.portal]
    if portal.kind is not PortalKind.GATE or portal.escape or request.credential is CredentialKind.PLATE:
        return False
    for emergency in world.emergencies:
        if emergency.kind is EmergencyKind.EVACUATE:
            return False
    return not world.fires and world.campus.policy.leaving_may_be_refused


def _let_out(request: Request, world: World, now: datetime) -> Decision:
    """The answer on an escape route. Who it was is looked up for the record; failing at that changes nothing."""
    reason = Reason.OK_EXIT
    try:
        portal = world.campus.portals[request.portal]
        if emergency_in(world, EmergencyKind.EVACUATE, portal.zone):
            reason = Reason.OK_EVACUATE
        free = Finding("egress", Verdict.PASSES, reason)
        facts = look_up(request, world, now)
        assert facts is not None
        found = credential(facts)
        noticed = Finding("credential", Verdict.NOTICE if found.reason else Verdict.PASSES, found.reason)
        return _decision(Outcome.GRANT, reason, [free, noticed], facts)
    except Exception:
        return _OUT_UNREAD[reason]


def _settle(facts: Facts, rules: Iterable[Rule]) -> Decision:
    """Ask every rule; a refusal beats a wait beats a pass, and the reason is the first by precedence."""
    trace = []
    refused: Reason | None = None
    waits: Reason | None = None
    late = False
    for rule in rules:
        try:
            found = rule(facts)
        except Exception:
            found = _failed(rule, facts)
        trace.append(found)
        reason = found.reason
        if reason is None:
            continue
        if found.verdict is Verdict.REFUSES:
            if refused is None or PRECEDENCE[reason] < PRECEDENCE[refused]:
                refused = reason
        elif found.verdict is Verdict.WAITS:
            asked = Reason.SECOND_PERSON if reason is Reason.SECOND_PERSON else Reason.GUARD_CONFIRMS
            if waits is None or PRECEDENCE[asked] < PRECEDENCE[waits]:
                waits = asked
        elif reason is Reason.OK_LATE_RETURN:
            late = True
    if refused is not None:
        return _decision(Outcome.DENY, refused, trace, facts)
    if waits is not None:
        return _decision(Outcome.WAIT, waits, trace, facts)
    return _decision(Outcome.GRANT, Reason.OK_LATE_RETURN if late else Reason.OK, trace, facts)


def _failed(rule: Rule, facts: Facts) -> Finding:
    """The word of a rule that cannot be evaluated."""
    if facts.request.direction is Direction.IN:
        verdict = Verdict.REFUSES
    elif is_watched_exit(facts.portal, facts.world.campus.policy, facts.request.credential):
        verdict = Verdict.WAITS
    else:
        verdict = Verdict.NOTICE
    return Finding(rule.__name__, verdict, Reason.RULE_ERROR)


def _decision(outcome: Outcome, reason: Reason, trace: list[Finding], facts: Facts) -> Decision:
    return Decision(
        outcome,
        reason,
        tuple(trace),
        facts.level,
        None if facts.holder is None else facts.holder.ref,
        None if facts.credential is None else facts.credential.ref,
    )


# ---------------------------------------------------------------- answers that need nothing to work

_NO_SUCH_ENTRY = Decision(
    Outcome.DENY, Reason.BAD_REQUEST, (Finding("place", Verdict.REFUSES, Reason.BAD_REQUEST),), Level.L3
)
_NO_SUCH_EXIT = Decision(
    Outcome.GRANT, Reason.OK_EXIT, (Finding("place", Verdict.NOTICE, Reason.BAD_REQUEST),), Level.L3
)
_NO_ENTRY = Decision(Outcome.DENY, Reason.RULE_ERROR, (Finding("place", Verdict.REFUSES, Reason.RULE_ERROR),), Level.L1)
_GUARD_LOOKS = Decision(
    Outcome.WAIT, Reason.GUARD_CONFIRMS, (Finding("place", Verdict.WAITS, Reason.RULE_ERROR),), Level.L1
)
_WAY_IS_FREE = Decision(Outcome.GRANT, Reason.OK_EXIT, (Finding("place", Verdict.NOTICE, Reason.RULE_ERROR),), Level.L1)
_OUT_UNREAD = {
    reason: Decision(
        Outcome.GRANT,
        reason,
        (Finding("egress", Verdict.PASSES, reason), Finding("credential", Verdict.NOTICE, Reason.RULE_ERROR)),
        Level.L3,
    )
    for reason in (Reason.OK_EXIT, Reason.OK_EVACUATE)
}
