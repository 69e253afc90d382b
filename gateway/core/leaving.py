"""Leaving: where it can be refused at all, and the rules of an exit that is no escape route.

It can be refused to a school's pupils at a gate, and to whoever may be one for all anybody knows. Everywhere else
nobody is held: a rule, a clock, a ledger or a guard that fails lets out. What is wrong with a card never refuses
leaving: it is a notice, or where a card has to be shown a guard looks.
"""

from datetime import datetime

from gateway.core import entering
from gateway.core.facts import Facts
from gateway.core.kinds import CredentialKind, DayKind, Direction, HolderKind, PortalKind, Verdict
from gateway.core.levels import emergency_in
from gateway.core.needs import Rule
from gateway.core.nouns import Campus, Finding, Portal, Request, World
from gateway.core.papers import EmergencyKind
from gateway.core.policy import Need, Policy
from gateway.core.reasons import Reason
from gateway.core.windows import is_open_at


def is_watched_exit(portal: Portal, policy: Policy, credential: CredentialKind) -> bool:
    """A pedestrian gate of a school that watches who leaves; what a plate opens is a vehicle's exit, and free."""
    return (
        policy.leaving_may_be_refused
        and portal.kind is PortalKind.GATE
        and not portal.is_escape_route
        and credential is not CredentialKind.PLATE
    )


def is_egress(request: Request, world: World) -> bool:
    """Leaving by an escape route: marked so, or any exit while the zone is evacuated or burns."""
    if request.direction is not Direction.OUT:
        return False
    portal = world.campus.portals.get(request.portal)
    if portal is None:
        return False
    return portal.is_escape_route or emergency_in(world, EmergencyKind.EVACUATE, portal.zone)


def leaving_can_be_refused(request: Request, world: World, holder: str | None) -> bool:
    """True if `holder` (a reference, None if unknown) may be kept from leaving by this portal."""
    portal = world.campus.portals.get(request.portal)
    if portal is None or not is_watched_exit(portal, world.campus.policy, request.credential):
        return False
    if emergency_in(world, EmergencyKind.EVACUATE, portal.zone):
        return False
    person = None if holder is None else world.directory.holders.get(holder)
    return person is None or person.kind is HolderKind.STUDENT


# ---------------------------------------------------------------- the rules of an exit


def credential(facts: Facts) -> Finding:
    """A card that is not in order."""
    found = entering.credential(facts)
    return found if found.reason is None else _on_the_way_out(facts, found)


def holder(facts: Facts) -> Finding:
    """A suspended holder."""
    found = entering.holder(facts)
    return found if found.reason is None else _on_the_way_out(facts, found)


def ban(facts: Facts) -> Finding:
    """An entry ban. It never stops leaving: where leaving could be refused it is a notice."""
    found = entering.ban(facts)
    if found.reason is None:
        return found
    if Need.SLIP in facts.needs:
        return Finding(found.rule, Verdict.NOTICE, found.reason)
    return _on_the_way_out(facts, found)


def _on_the_way_out(facts: Facts, found: Finding) -> Finding:
    """What would refuse entry: who has to show a card waits for the guard, for others it is a notice."""
    must_show = Need.CARD in facts.needs or Need.SLIP in facts.needs
    return Finding(found.rule, Verdict.WAITS if must_show else Verdict.NOTICE, found.reason)


def leaving(facts: Facts) -> Finding:
    """The word of the cell for the way out: a slip, or nothing; where nobody can tell who it is, a guard looks."""
    if facts.holder is None:
        if is_watched_exit(facts.portal, facts.world.campus.policy, facts.request.credential):
            return Finding("leaving", Verdict.WAITS, Reason.GUARD_CONFIRMS)
        return _LEAVING_PASSES
    if Need.SLIP in facts.needs:
        return _with_a_slip(facts)
    if Need.SLIP_NOTICE in facts.needs and _is_closed_period(facts) and not _has_slip(facts):
        return Finding("leaving", Verdict.NOTICE, Reason.LEAVE_SLIP_REQUIRED)
    return _LEAVING_PASSES


def _with_a_slip(facts: Facts) -> Finding:
    """In a leaving window, or with a slip in force. A clock that is in doubt refuses nobody: a guard looks."""
    in_doubt = facts.moment.trusted_until
    leaving_time = _is_leaving_time(facts.world.campus, facts.local)
    if leaving_time and in_doubt is not None:
        leaving_time = _is_leaving_time(facts.world.campus, in_doubt.astimezone(facts.world.campus.timezone))
    if leaving_time or _has_slip(facts):
        return _LEAVING_PASSES
    verdict = Verdict.REFUSES if in_doubt is None else Verdict.WAITS
    return Finding("leaving", verdict, Reason.LEAVE_SLIP_REQUIRED)


def _has_slip(facts: Facts) -> bool:
    slips = facts.world.directory.papers.slips.get(facts.who.ref, ())
    return any(facts.moment.is_within(slip.starts_at, slip.ends_at) for slip in slips)


def _is_leaving_time(campus: Campus, local: datetime) -> bool:
    return is_open_at(campus.leaving_windows_of(local.date()), local)


def _is_closed_period(facts: Facts) -> bool:
    return facts.world.campus.day_kind(facts.local.date()) is DayKind.CLOSED


EXIT_RULES: tuple[Rule, ...] = (credential, holder, ban, entering.vehicle_window, leaving)

_LEAVING_PASSES = Finding("leaving", Verdict.PASSES)
