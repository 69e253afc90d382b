"""What each word of a policy's cell asks, one small question a word.

A rule answers with one finding: it passes, is a notice, waits for a person, or refuses with the code of the word. The
words are asked only where somebody is known; nobody at all is refused before.
"""

from collections.abc import Callable, Mapping

from gateway.core.facts import (
    VISIT_HAS,
    VISITING_KINDS,
    Facts,
    authorisation_here,
    comes_home,
    is_of_the_house,
    local_times,
    surely_open,
)
from gateway.core.facts import suspended_gathering as _suspended
from gateway.core.kinds import CredentialKind, HolderKind, PinWord, PortalKind, Verdict
from gateway.core.nouns import Finding, Holder, Permission
from gateway.core.papers import Visit
from gateway.core.policy import Need
from gateway.core.reasons import Reason
from gateway.core.windows import Window, is_open_at

Rule = Callable[[Facts], Finding]

_STANDING_PASSES = frozenset({HolderKind.CONTRACTOR, HolderKind.SUPPLIER})


# ---------------------------------------------------------------- by standing permission


def permission(facts: Facts) -> Finding:
    """One of the holder's groups may enter here, now. Whoever comes home late is let in, and that is said."""
    who, portal = facts.who, facts.portal
    at_dormitory = portal.kind is PortalKind.DORMITORY
    late = outside_hours = False
    for rule in facts.world.campus.permissions_by_portal[portal.id]:
        if not rule.holds_for(who, portal):
            continue
        if not surely_open(facts, rule.windows):
            outside_hours = True
        elif rule.late_return or (at_dormitory and _is_own_home(facts, rule.own_dormitory) and _is_curfew(facts)):
            late = True
        else:
            return _PERMISSION_PASSES
    if late or (outside_hours and _is_let_in_late(facts)):
        return Finding("permission", Verdict.NOTICE, Reason.OK_LATE_RETURN)
    if who.kind in _STANDING_PASSES:
        if facts.visit is not None and _closed(facts, facts.visit) is None:
            return _PERMISSION_PASSES  # contractors and suppliers may be registered for the day instead
        for paper in facts.world.directory.papers.standing.get(who.ref, ()):
            if portal.id not in paper.portals or not facts.moment.is_within(paper.starts_at, paper.ends_at):
                continue
            if surely_open(facts, paper.windows):
                return _PERMISSION_PASSES
            outside_hours = True
    if outside_hours:
        return Finding("permission", Verdict.REFUSES, Reason.OUTSIDE_HOURS)
    if facts.request.credential is CredentialKind.PLATE and portal.kind is PortalKind.VEHICLE_GATE:
        return Finding("permission", Verdict.REFUSES, Reason.VEHICLE_NOT_PERMITTED)
    return Finding("permission", Verdict.REFUSES, Reason.NO_PERMISSION)


def _is_own_home(facts: Facts, by_own_dormitory: bool) -> bool:
    """A resident's return, and not the round of a counsellor who lives in the building."""
    return by_own_dormitory or (facts.who.kind is HolderKind.STUDENT and facts.who.dormitory == facts.portal.zone)


def _is_let_in_late(facts: Facts) -> bool:
    """Nobody is locked out at night: a resident's own door has no hours, nor have a boarder's gates after curfew."""
    if facts.portal.kind is PortalKind.DORMITORY:
        return facts.who.dormitory == facts.portal.zone
    if not _is_curfew(facts) or not comes_home(facts.world.campus, facts.portal, facts.who):
        return False
    # In doubt it may be the hour before curfew as well: then the gate has to be open to them at that hour.
    hours = [window for rule in _rules_for(facts) for window in rule.windows or ()]
    return surely_open(facts, (*_curfew(facts), *hours))


def _rules_for(facts: Facts) -> list[Permission]:
    rules = facts.world.campus.permissions_by_portal[facts.portal.id]
    return [rule for rule in rules if rule.holds_for(facts.who, facts.portal)]


def _is_curfew(facts: Facts) -> bool:
    """True if it may be curfew."""
    return any(is_open_at(_curfew(facts), local) for local in local_times(facts))


def _curfew(facts: Facts) -> tuple[Window, ...]:
    curfew = facts.world.campus.curfew
    return () if curfew is None else (curfew,)


# ---------------------------------------------------------------- by visit


def registered(facts: Facts) -> Finding:
    """A visit in force for what lies behind this portal, and not one of a gathering that is suspended."""
    visit = facts.visit
    if visit is None:
        own = facts.portal.kind is PortalKind.DORMITORY and facts.who.kind not in VISITING_KINDS
        reason = Reason.NO_PERMISSION if own else Reason.REGISTRATION_REQUIRED
        return Finding("registered", Verdict.REFUSES, reason)
    why = _closed(facts, visit)
    return Finding("registered", Verdict.PASSES if why is None else Verdict.REFUSES, why)


def _closed(facts: Facts, visit: Visit) -> Reason | None:
    return _suspended(facts.world, facts.level, facts.moment, visit)


def visiting_hours(facts: Facts) -> Finding:
    """In the visiting hours of the dormitories."""
    if surely_open(facts, facts.world.campus.visiting_hours):
        return Finding("visiting_hours", Verdict.PASSES)
    return Finding("visiting_hours", Verdict.REFUSES, Reason.VISITING_HOURS)


def vehicle_request(facts: Facts) -> Finding:
    """The vehicle was asked for with the visit, and approved."""
    return _of_the_visit(facts, "vehicle_request", Need.VEHICLE_REQUEST, Reason.VEHICLE_NOT_PERMITTED)


def appointment(facts: Facts) -> Finding:
    """The visit was registered ahead."""
    return _of_the_visit(facts, "appointment", Need.APPOINTMENT, Reason.APPOINTMENT_REQUIRED)


def document(facts: Facts) -> Finding:
    """The visitor's document was seen."""
    return _of_the_visit(facts, "document", Need.DOCUMENT, Reason.DOCUMENT_NOT_SEEN)


def consent(facts: Facts) -> Finding:
    """The responsible office consents."""
    return _of_the_visit(facts, "consent", Need.CONSENT, Reason.OFFICE_CONSENT_REQUIRED)


def host(facts: Facts) -> Finding:
    """The host, for a guardian the class teacher, has confirmed."""
    return _of_the_visit(facts, "host", Need.HOST, Reason.HOST_NOT_CONFIRMED)


def _of_the_visit(facts: Facts, rule: str, need: Need, otherwise: Reason) -> Finding:
    visit = facts.visit
    if visit is not None and VISIT_HAS[need](visit):
        return Finding(rule, Verdict.PASSES)
    return Finding(rule, Verdict.REFUSES, otherwise)


def handover(facts: Facts) -> Finding:
    """Hands over at the gate shelf and stays outside."""
    return Finding("handover", Verdict.REFUSES, Reason.HANDOVER_AT_GATE)


# ---------------------------------------------------------------- school buses


def bus_papers(facts: Facts) -> Finding:
    """Driver and attendant are registered and neither suspended nor banned, and the papers are in date."""
    bus = facts.vehicle
    if (
        bus is not None
        and bus.papers_until is not None
        and facts.moment.is_within(None, bus.papers_until)
        and all(_may_ride(facts, ref) for ref in (bus.driver, bus.attendant))
    ):
        return Finding("papers", Verdict.PASSES)
    return Finding("papers", Verdict.REFUSES, Reason.VEHICLE_NOT_PERMITTED)


def _may_ride(facts: Facts, ref: str | None) -> bool:
    directory = facts.world.directory
    person = directory.holders.get(ref or "")
    return (
        person is not None
        and not person.suspended
        and not any(
            ban.counts and facts.moment.is_restricted(ban.starts_at, ban.ends_at)
            for ban in directory.papers.bans.get(person.ref, ())
        )
    )


def timetable(facts: Facts) -> Finding:
    """On its route and timetable, or with the duty leader's authorisation."""
    bus = facts.vehicle
    if bus is not None and facts.portal.id in bus.portals and surely_open(facts, bus.timetable):
        return Finding("timetable", Verdict.PASSES)
    return _if_authorised(facts, "timetable", Reason.OUTSIDE_HOURS)


# ---------------------------------------------------------------- leaders and lists


def refused(facts: Facts) -> Finding:
    """Nobody of this kind passes at this level, but with an authorisation."""
    return _if_authorised(facts, "level", Reason.LEVEL_REFUSES)


def authorisation(facts: Facts) -> Finding:
    """A leader has signed for it."""
    return _if_authorised(facts, "authorisation", Reason.AUTHORISATION_REQUIRED)


def named(facts: Facts) -> Finding:
    """At a restricted door: whoever is not named for it needs an authorisation."""
    if facts.portal.kind is not PortalKind.RESTRICTED:
        return Finding("named", Verdict.PASSES)
    return _if_authorised(facts, "named", Reason.NO_PERMISSION)


def _if_authorised(facts: Facts, rule: str, otherwise: Reason) -> Finding:
    if authorisation_here(facts) is not None:
        return Finding(rule, Verdict.PASSES)
    return Finding(rule, Verdict.REFUSES, otherwise)


def essential(facts: Facts) -> Finding:
    """On the essential list: in a lane the plate or tag, elsewhere the holder."""
    lane = facts.portal.kind is PortalKind.VEHICLE_GATE
    ref = facts.credential.ref if lane and facts.credential is not None else facts.who.ref
    if ref in facts.world.directory.papers.essential:
        return Finding("essential", Verdict.PASSES)
    return Finding("essential", Verdict.REFUSES, Reason.LEVEL_REFUSES)


# ---------------------------------------------------------------- at the door


def pin(facts: Facts) -> Finding:
    """Card and PIN. The word for help opens as the right one does."""
    match facts.request.pin:
        case PinWord.RIGHT | PinWord.DURESS:
            return Finding("pin", Verdict.PASSES)
        case PinWord.LOCKED:
            return Finding("pin", Verdict.REFUSES, Reason.PIN_LOCKED)
        case PinWord.WRONG:
            return Finding("pin", Verdict.REFUSES, Reason.WRONG_PIN)
        case _:
            return Finding("pin", Verdict.REFUSES, Reason.PIN_REQUIRED)


def shown(facts: Facts) -> Finding:
    """Picture and name are shown to the guard."""
    return _SHOWN


def guard(facts: Facts) -> Finding:
    """A guard confirms, or touches once for a responder."""
    return Finding("guard", Verdict.WAITS, Reason.GUARD_CONFIRMS)


def escort(facts: Facts) -> Finding:
    """Somebody of the house goes along: they have tapped as well, or a guard says so."""
    if _is_accompanied(facts):
        return Finding("escort", Verdict.PASSES)
    return Finding("escort", Verdict.WAITS, Reason.SECOND_PERSON)


def control_room(facts: Facts) -> Finding:
    """The control room confirms."""
    return Finding("control_room", Verdict.WAITS, Reason.SECOND_PERSON)


def two_people(facts: Facts) -> Finding:
    """A door for two named people within 30 s; a responder needs the guard's one touch and nobody else."""
    if not facts.portal.two_people:
        return _TWO_PEOPLE_PASSES
    who = facts.holder
    if who is not None and (
        who.kind is HolderKind.RESPONDER or (_is_of_the_house(facts, who) and _is_accompanied(facts))
    ):
        return _TWO_PEOPLE_PASSES
    return Finding("two_people", Verdict.WAITS, Reason.SECOND_PERSON)


def _is_accompanied(facts: Facts) -> bool:
    """Somebody else is there who may be the second person here."""
    other = facts.world.directory.holders.get(facts.request.accompanied_by or "")
    return other is not None and other.ref != facts.who.ref and not other.suspended and _is_of_the_house(facts, other)


def _is_of_the_house(facts: Facts, holder: Holder) -> bool:
    return is_of_the_house(facts.world.campus, facts.portal, holder)


RULES: Mapping[Need, tuple[Rule, ...]] = {
    Need.PERMISSION: (permission,),
    Need.REGISTERED: (registered,),
    Need.VISITING_HOURS: (visiting_hours,),
    Need.VEHICLE_REQUEST: (vehicle_request,),
    Need.PAPERS: (bus_papers,),
    Need.TIMETABLE: (timetable,),
    Need.REFUSED: (refused,),
    Need.ESSENTIAL: (essential,),
    Need.AUTHORISATION: (named, authorisation),
    Need.APPOINTMENT: (appointment,),
    Need.DOCUMENT: (document,),
    Need.CONSENT: (consent,),
    Need.HOST: (host,),
    Need.TEACHER: (host,),
    Need.HANDOVER: (handover,),
    Need.PIN: (pin,),
    Need.SHOWN: (shown,),
    Need.GUARD: (guard,),
    Need.TOUCH: (guard,),
    Need.ESCORT: (escort,),
    Need.CONTROL_ROOM: (control_room,),
}
"""The rules of each word that may stand in a cell of an entry; a test keeps it whole."""

_PERMISSION_PASSES = Finding("permission", Verdict.PASSES)
_SHOWN = Finding("shown", Verdict.NOTICE)
_TWO_PEOPLE_PASSES = Finding("two_people", Verdict.PASSES)
