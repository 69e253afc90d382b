"""Who may pass: one pure function from a request, the world and a moment to a decision.

Leaving is judged before all else, and an escape route never refuses: nothing after that first question can change its
answer, not even a bug. For the rest every rule of a short list says its word; the strictest word wins, and among equal
words the reason that stands first in `reasons.Reason`. A rule that fails refuses entry; where leaving could be refused
it asks a guard, and elsewhere it lets out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.core.leaving import is_watched_exit
from gateway.core.levels import effective_level
from gateway.core.nouns import (
    AntiPassback,
    Credential,
    CredentialKind,
    CredentialState,
    Decision,
    Direction,
    Finding,
    Holder,
    HolderKind,
    Level,
    Outcome,
    Portal,
    PortalKind,
    PresenceState,
    Request,
    Verdict,
    World,
)
from gateway.core.reasons import PRECEDENCE, Reason
from gateway.core.windows import is_open_at


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at: the request, with everything that it names looked up once."""

    request: Request
    world: World
    now: datetime
    local: datetime
    portal: Portal
    level: Level
    credential: Credential | None
    holder: Holder | None


Rule = Callable[[Facts], Finding]


def decide(request: Request, world: World, now: datetime) -> Decision:
    """The decision on `request` at `now` (aware, the gateway's own clock). Never raises."""
    leaving = request.direction is Direction.OUT
    try:
        if leaving and is_egress(request, world):
            return _let_out(request, world, now)
        facts = look_up(request, world, now)
        if facts is not None:
            return _settle(facts, EXIT_RULES if leaving else ENTRY_RULES)
    except Exception:
        # Not even the place can be judged. In: no entry. Out: it may be an escape route, so the way is free (S1).
        if leaving:
            return Decision(Outcome.GRANT, Reason.OK_EXIT, (_failed("place", Verdict.NOTICE),), Level.L3)
        return Decision(Outcome.DENY, Reason.RULE_ERROR, (_failed("place"),), Level.L1)
    if leaving:
        no_place = Finding("place", Verdict.NOTICE, Reason.BAD_REQUEST)
        return Decision(Outcome.GRANT, Reason.OK_EXIT, (no_place,), Level.L3)
    no_place = Finding("place", Verdict.REFUSES, Reason.BAD_REQUEST)
    return Decision(Outcome.DENY, Reason.BAD_REQUEST, (no_place,), Level.L3)


def is_egress(request: Request, world: World) -> bool:
    """Leaving by an escape route."""
    portal = world.campus.portals.get(request.portal)
    return request.direction is Direction.OUT and portal is not None and portal.is_escape_route


def look_up(request: Request, world: World, now: datetime) -> Facts | None:
    """The facts of a request, or None if the configuration has no such portal."""
    campus = world.campus
    portal = campus.portals.get(request.portal)
    if portal is None:
        return None
    zone = (
        portal.zone
    )  # entry is judged by the zone entered, exit by the zone left: both are the zone behind the portal
    credential = world.directory.credentials.get((request.credential, request.value))
    return Facts(
        request=request,
        world=world,
        now=now,
        local=now.astimezone(campus.timezone),
        portal=portal,
        level=effective_level(campus, world.directory.orders, zone, now),
        credential=credential,
        holder=None if credential is None else world.directory.holders.get(credential.holder),
    )


# ---------------------------------------------------------------- the rules, in the order of the trace


def place(facts: Facts) -> Finding:
    """A one-way portal lets nobody in against its direction."""
    if facts.request.direction in facts.portal.directions:
        return _PLACE_PASSES
    return Finding("place", Verdict.REFUSES, Reason.BAD_REQUEST)


def device(facts: Facts) -> Finding:
    """A device that floods, or that many unknown cards were tried at, opens nothing for entry."""
    if facts.request.quarantined:
        return Finding("device", Verdict.REFUSES, Reason.DEVICE_QUARANTINED)
    return _DEVICE_PASSES


def credential(facts: Facts) -> Finding:
    """Known, active, and valid at this moment."""
    held = facts.credential
    if held is None or facts.holder is None:
        return Finding("credential", Verdict.REFUSES, Reason.UNKNOWN_CREDENTIAL)
    if held.state is CredentialState.REVOKED:
        return Finding("credential", Verdict.REFUSES, Reason.CREDENTIAL_REVOKED)
    if held.state is CredentialState.LOST:
        return Finding("credential", Verdict.REFUSES, Reason.CREDENTIAL_LOST)
    if held.not_after is not None and facts.now >= held.not_after:
        return Finding("credential", Verdict.REFUSES, Reason.CREDENTIAL_EXPIRED)
    if held.not_before is not None and facts.now < held.not_before:
        return Finding("credential", Verdict.REFUSES, Reason.CREDENTIAL_NOT_YET)
    return _CREDENTIAL_PASSES


def holder(facts: Facts) -> Finding:
    """A suspended holder does not enter."""
    if facts.holder is not None and facts.holder.suspended:
        return Finding("holder", Verdict.REFUSES, Reason.HOLDER_SUSPENDED)
    return _HOLDER_PASSES


def permission(facts: Facts) -> Finding:
    """One of the holder's groups may enter here, now; late returns are granted and said."""
    who = facts.holder
    if who is None:
        return _PERMISSION_SKIPPED
    late = outside_hours = False
    for rule in facts.world.campus.permissions_by_portal[facts.portal.id]:
        if not rule.holds_for(who, facts.portal):
            continue
        if not is_open_at(rule.windows, facts.local):
            outside_hours = True
        elif rule.late_return or (rule.own_dormitory and _is_curfew(facts)):
            late = True
        else:
            return _PERMISSION_PASSES
    if late:
        return Finding("permission", Verdict.NOTICE, Reason.OK_LATE_RETURN)
    if outside_hours:
        return Finding("permission", Verdict.REFUSES, Reason.OUTSIDE_HOURS)
    if facts.request.credential is CredentialKind.PLATE and facts.portal.kind is PortalKind.VEHICLE_GATE:
        return Finding("permission", Verdict.REFUSES, Reason.VEHICLE_NOT_PERMITTED)
    return Finding("permission", Verdict.REFUSES, Reason.NO_PERMISSION)


def presence(facts: Facts) -> Finding:
    """Anti-passback: who is inside already does not come in again (hard), or is noticed (soft)."""
    mode = facts.portal.anti_passback
    if mode is AntiPassback.OFF or facts.holder is None:
        return _PRESENCE_PASSES
    known = facts.world.presence.get(facts.holder.ref)
    if known is None or known.state is not PresenceState.INSIDE:
        return _PRESENCE_PASSES
    if facts.portal.zone not in facts.world.campus.around(known.zone):
        return _PRESENCE_PASSES
    verdict = Verdict.REFUSES if mode is AntiPassback.HARD else Verdict.NOTICE
    return Finding("presence", verdict, Reason.ALREADY_INSIDE)


def leaving(facts: Facts) -> Finding:
    """A pupil of a school leaves the campus in a leaving window; where nobody can tell, a guard looks.

    Everybody else leaves freely: what is wrong with a card on the way out is a notice. A vehicle's exit is free too.
    """
    campus = facts.world.campus
    if not is_watched_exit(facts.portal, campus.profile, facts.request.credential):
        return _LEAVING_PASSES
    if facts.holder is None:
        return Finding("leaving", Verdict.WAITS, Reason.GUARD_CONFIRMS)
    if facts.holder.kind is not HolderKind.STUDENT:
        return _LEAVING_PASSES
    if not is_open_at(campus.leaving_windows, facts.local):
        return Finding("leaving", Verdict.REFUSES, Reason.LEAVE_SLIP_REQUIRED)
    return _LEAVING_PASSES


def card_of_who_leaves(facts: Facts) -> Finding:
    """A card that is not in order on the way out: a pupil who must show one waits for the guard, others are noticed."""
    found = credential(facts)
    if found.reason is None:
        return found
    must_show = (
        is_watched_exit(facts.portal, facts.world.campus.profile, facts.request.credential)
        and facts.holder is not None
        and facts.holder.kind is HolderKind.STUDENT
    )
    return Finding("credential", Verdict.WAITS if must_show else Verdict.NOTICE, found.reason)


ENTRY_RULES: tuple[Rule, ...] = (place, device, credential, holder, permission, presence)
EXIT_RULES: tuple[Rule, ...] = (card_of_who_leaves, leaving)

_PLACE_PASSES = Finding("place", Verdict.PASSES)
_DEVICE_PASSES = Finding("device", Verdict.PASSES)
_CREDENTIAL_PASSES = Finding("credential", Verdict.PASSES)
_HOLDER_PASSES = Finding("holder", Verdict.PASSES)
_PERMISSION_PASSES = Finding("permission", Verdict.PASSES)
_PERMISSION_SKIPPED = Finding("permission", Verdict.NOTICE)
_PRESENCE_PASSES = Finding("presence", Verdict.PASSES)
_LEAVING_PASSES = Finding("leaving", Verdict.PASSES)


# ---------------------------------------------------------------- how the words become one answer


def _let_out(request: Request, world: World, now: datetime) -> Decision:
    """The answer on an escape route. Who it was is looked up for the record; failing at that changes nothing."""
    free = Finding("egress", Verdict.PASSES, Reason.OK_EXIT)
    try:
        facts = look_up(request, world, now)
        if facts is None:
            return Decision(Outcome.GRANT, Reason.OK_EXIT, (free,), Level.L3)
        found = credential(facts)
        noticed = Finding("credential", Verdict.NOTICE if found.reason else Verdict.PASSES, found.reason)
        return Decision(Outcome.GRANT, Reason.OK_EXIT, (free, noticed), facts.level, *_refs(facts))
    except Exception:
        return Decision(Outcome.GRANT, Reason.OK_EXIT, (free, _failed("credential", Verdict.NOTICE)), Level.L3)


def _settle(facts: Facts, rules: tuple[Rule, ...]) -> Decision:
    """Ask every rule; a refusal beats a wait beats a pass, and the reason is the first by precedence."""
    trace = []
    refused: Reason | None = None
    waits = late = False
    for rule in rules:
        found = _ask(rule, facts)
        trace.append(found)
        if found.reason is None:
            continue
        if found.verdict is Verdict.REFUSES:
            if refused is None or PRECEDENCE[found.reason] < PRECEDENCE[refused]:
                refused = found.reason
        elif found.verdict is Verdict.WAITS:
            waits = True
        elif found.reason is Reason.OK_LATE_RETURN:
            late = True
    if refused is not None:
        return _decision(Outcome.DENY, refused, trace, facts)
    if waits:
        return _decision(Outcome.WAIT, Reason.GUARD_CONFIRMS, trace, facts)
    return _decision(Outcome.GRANT, Reason.OK_LATE_RETURN if late else Reason.OK, trace, facts)


def _ask(rule: Rule, facts: Facts) -> Finding:
    """One rule's word. One that fails refuses entry; on the way out it asks a guard where leaving can be refused."""
    try:
        return rule(facts)
    except Exception:
        if facts.request.direction is Direction.IN:
            return Finding(rule.__name__, Verdict.REFUSES, Reason.RULE_ERROR)
        refusable = is_watched_exit(facts.portal, facts.world.campus.profile, facts.request.credential)
        return Finding(rule.__name__, Verdict.WAITS if refusable else Verdict.NOTICE, Reason.RULE_ERROR)


def _decision(outcome: Outcome, reason: Reason, trace: list[Finding], facts: Facts) -> Decision:
    return Decision(outcome, reason, tuple(trace), facts.level, *_refs(facts))


def _refs(facts: Facts) -> tuple[str | None, str | None]:
    return (
        None if facts.holder is None else facts.holder.ref,
        None if facts.credential is None else facts.credential.ref,
    )


def _is_curfew(facts: Facts) -> bool:
    curfew = facts.world.campus.curfew
    return curfew is not None and curfew.is_open_at(facts.local)


def _failed(rule: str, verdict: Verdict = Verdict.REFUSES) -> Finding:
    return Finding(rule, verdict, Reason.RULE_ERROR)
