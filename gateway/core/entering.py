"""The rules of every entry, whoever it is and wherever: the words of the policy's cell stand between them.

Each is one small question, answered with one finding. They are asked in the order in which the trace shows them; what
settles a decision is the precedence of the reasons, not this order.
"""

from gateway.core.facts import Facts
from gateway.core.kinds import (
    AntiPassback,
    CredentialKind,
    CredentialState,
    Direction,
    HolderKind,
    PinWord,
    PortalKind,
    PresenceState,
    Verdict,
)
from gateway.core.levels import emergency_in
from gateway.core.needs import RULES, Rule, two_people
from gateway.core.nouns import Finding, Portal
from gateway.core.papers import EmergencyKind, VehicleKind
from gateway.core.policy import Cell, Need
from gateway.core.reasons import Reason


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


def emergency(facts: Facts) -> Finding:
    """A lockdown refuses entry to all but responders and residents at their own door; an evacuation to all but
    responders and the security staff, who need a guard's one touch. Where both hold, entry is the lockdown's."""
    world, portal, who = facts.world, facts.portal, facts.holder
    if not world.emergencies and not world.fires:
        return _EMERGENCY_PASSES
    locked = emergency_in(world, EmergencyKind.LOCKDOWN, portal.zone)
    if not locked and not emergency_in(world, EmergencyKind.EVACUATE, portal.zone):
        return _EMERGENCY_PASSES
    if who is None:
        return Finding("emergency", Verdict.REFUSES, Reason.LOCKDOWN)
    responder = who.kind is HolderKind.RESPONDER
    if locked:
        at_home = portal.kind is PortalKind.DORMITORY and who.dormitory == portal.zone
        if responder or at_home:
            return _EMERGENCY_PASSES
    elif responder or not who.groups.isdisjoint(world.campus.policy.security_groups):
        return Finding("emergency", Verdict.WAITS, Reason.GUARD_CONFIRMS)
    return Finding("emergency", Verdict.REFUSES, Reason.LOCKDOWN)


def credential(facts: Facts) -> Finding:
    """Known, active, valid at this moment, not used up, and not locked by wrong PINs."""
    held = facts.credential
    if held is None and _is_read_at_a_lane(facts):
        # The camera may have misread it: a guard looks at the picture. As it stands it admits nobody.
        return Finding("credential", Verdict.WAITS, Reason.UNKNOWN_CREDENTIAL)
    if held is None or facts.holder is None:
        return Finding("credential", Verdict.REFUSES, Reason.UNKNOWN_CREDENTIAL)
    if held.state is CredentialState.REVOKED:
        return Finding("credential", Verdict.REFUSES, Reason.CREDENTIAL_REVOKED)
    if held.state is CredentialState.LOST:
        return Finding("credential", Verdict.REFUSES, Reason.CREDENTIAL_LOST)
    if held.not_after is not None and facts.moment.latest >= held.not_after:
        return Finding("credential", Verdict.REFUSES, Reason.CREDENTIAL_EXPIRED)
    if held.not_before is not None and facts.moment.earliest < held.not_before:
        return Finding("credential", Verdict.REFUSES, Reason.CREDENTIAL_NOT_YET)
    if held.max_uses is not None and facts.world.used.get(held.ref, 0) >= held.max_uses:
        return Finding("credential", Verdict.REFUSES, Reason.PASS_USED_UP)
    if facts.request.pin is PinWord.LOCKED:
        # The card itself is locked there, also where no PIN is asked for at this level.
        return Finding("credential", Verdict.REFUSES, Reason.PIN_LOCKED)
    if facts.request.unsure and facts.request.direction is Direction.IN:
        # The camera doubts its own reading: a guard compares it with the picture.
        return Finding("credential", Verdict.WAITS, Reason.GUARD_CONFIRMS)
    return _CREDENTIAL_PASSES


def _is_read_at_a_lane(facts: Facts) -> bool:
    return facts.request.credential is CredentialKind.PLATE and facts.portal.kind is PortalKind.VEHICLE_GATE


def holder(facts: Facts) -> Finding:
    """A suspended holder does not enter."""
    if facts.holder is not None and facts.holder.suspended:
        return Finding("holder", Verdict.REFUSES, Reason.HOLDER_SUSPENDED)
    return _HOLDER_PASSES


def ban(facts: Facts) -> Finding:
    """An entry ban that two people approved and that may be in force."""
    bans = facts.world.directory.papers.bans
    if bans and facts.holder is not None:
        for paper in bans.get(facts.holder.ref, ()):
            if paper.counts and facts.moment.is_restricted(paper.starts_at, paper.ends_at):
                return Finding("ban", Verdict.REFUSES, Reason.ENTRY_BANNED)
    return _BAN_PASSES


def vehicle_window(facts: Facts) -> Finding:
    """While people arrive or leave on foot, only responders and school buses drive; in both directions."""
    portal = facts.portal
    if not portal.vehicle_windows or portal.kind is not PortalKind.VEHICLE_GATE:
        return _VEHICLE_WINDOW_PASSES
    if facts.vehicle is not None and facts.vehicle.kind is VehicleKind.BUS:
        return _VEHICLE_WINDOW_PASSES
    if facts.holder is not None and facts.holder.kind is HolderKind.RESPONDER:
        return _VEHICLE_WINDOW_PASSES
    kind = facts.world.campus.day_kind(facts.local.date())
    if any(kind in some.day_kinds and some.window.is_open_at(facts.local) for some in portal.vehicle_windows):
        return Finding("vehicle_window", Verdict.REFUSES, Reason.VEHICLE_WINDOW_CLOSED)
    return _VEHICLE_WINDOW_PASSES


def presence(facts: Facts) -> Finding:
    """Anti-passback: who is inside already does not come in again (hard), or is noticed (soft).

    A code is a picture, which is copied as easily as shown: at a campus gate it opens for one person at a time,
    whatever the portal's own setting. One for a number of uses is held by that number alone.
    """
    mode = facts.portal.anti_passback
    held = facts.credential
    if facts.holder is None:
        return _PRESENCE_PASSES
    if held is not None and held.kind is CredentialKind.QR and _is_campus_gate(facts.portal):
        if held.max_uses is not None:
            return _PRESENCE_PASSES
        if facts.request.granted_elsewhere:
            return Finding("presence", Verdict.REFUSES, Reason.ALREADY_INSIDE)
        mode = AntiPassback.HARD
    if mode is AntiPassback.OFF:
        return _PRESENCE_PASSES
    known = facts.world.presence.get(facts.holder.ref)
    if known is None or known.state is not PresenceState.INSIDE:
        return _PRESENCE_PASSES
    # A zone that the configuration has lost since says nothing about where somebody is.
    if facts.portal.zone not in facts.world.campus.chains.get(known.zone, ()):
        return _PRESENCE_PASSES
    verdict = Verdict.REFUSES if mode is AntiPassback.HARD else Verdict.NOTICE
    return Finding("presence", verdict, Reason.ALREADY_INSIDE)


def _is_campus_gate(portal: Portal) -> bool:
    return portal.kind in (PortalKind.GATE, PortalKind.VEHICLE_GATE)


def capacity(facts: Facts) -> Finding:
    """A zone that holds as many people as it may takes nobody else; nor do its rooms."""
    for zone, most in facts.world.campus.limits_by_portal[facts.portal.id]:
        if facts.world.inside.get(zone, 0) >= most:
            return Finding("capacity", Verdict.REFUSES, Reason.ZONE_FULL)
    return _CAPACITY_PASSES


BEFORE: tuple[Rule, ...] = (place, device, emergency, credential, holder, ban, vehicle_window)
AFTER: tuple[Rule, ...] = (two_people, presence, capacity)


def entry_rules(needs: Cell) -> tuple[Rule, ...]:
    """The rules of an entry: those of every one, with the words of its cell among them, each once."""
    rules = _RULES_OF_CELL.get(needs)
    if rules is None:
        words = dict.fromkeys(rule for need in Need if need in needs for rule in RULES[need])
        rules = _RULES_OF_CELL[needs] = (*BEFORE, *words, *AFTER)
    return rules


_RULES_OF_CELL: dict[Cell, tuple[Rule, ...]] = {}
"""Remembered, because a campus has a few dozen cells and asks for them all day."""

_PLACE_PASSES = Finding("place", Verdict.PASSES)
_DEVICE_PASSES = Finding("device", Verdict.PASSES)
_EMERGENCY_PASSES = Finding("emergency", Verdict.PASSES)
_CREDENTIAL_PASSES = Finding("credential", Verdict.PASSES)
_HOLDER_PASSES = Finding("holder", Verdict.PASSES)
_BAN_PASSES = Finding("ban", Verdict.PASSES)
_VEHICLE_WINDOW_PASSES = Finding("vehicle_window", Verdict.PASSES)
_PRESENCE_PASSES = Finding("presence", Verdict.PASSES)
_CAPACITY_PASSES = Finding("capacity", Verdict.PASSES)
