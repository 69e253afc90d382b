"""Every reason a decision can have, in order of precedence.

The codes are a contract: the ledger, the devices, the screens and the translations hang on them. When several
reasons apply, the one that stands first here settles the decision and the others stay in its trace.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a decision went the way it went; the order of definition is the order of precedence."""

    OK_EVACUATE = "ok_evacuate"
    OK_EXIT = "ok_exit"
    BAD_REQUEST = "bad_request"
    DEVICE_QUARANTINED = "device_quarantined"
    LOCKDOWN = "lockdown"
    UNKNOWN_CREDENTIAL = "unknown_credential"
    CREDENTIAL_REVOKED = "credential_revoked"
    CREDENTIAL_LOST = "credential_lost"
    CREDENTIAL_EXPIRED = "credential_expired"
    CREDENTIAL_NOT_YET = "credential_not_yet"
    PASS_USED_UP = "pass_used_up"
    HOLDER_SUSPENDED = "holder_suspended"
    ENTRY_BANNED = "entry_banned"
    PIN_LOCKED = "pin_locked"
    PIN_REQUIRED = "pin_required"
    WRONG_PIN = "wrong_pin"
    NO_PERMISSION = "no_permission"
    OUTSIDE_HOURS = "outside_hours"
    VISITING_HOURS = "visiting_hours"
    VEHICLE_NOT_PERMITTED = "vehicle_not_permitted"
    VEHICLE_WINDOW_CLOSED = "vehicle_window_closed"
    GATHERING_SUSPENDED = "gathering_suspended"
    LEVEL_REFUSES = "level_refuses"
    AUTHORISATION_REQUIRED = "authorisation_required"
    REGISTRATION_REQUIRED = "registration_required"
    APPOINTMENT_REQUIRED = "appointment_required"
    DOCUMENT_NOT_SEEN = "document_not_seen"
    OFFICE_CONSENT_REQUIRED = "office_consent_required"
    HOST_NOT_CONFIRMED = "host_not_confirmed"
    HANDOVER_AT_GATE = "handover_at_gate"
    LEAVE_SLIP_REQUIRED = "leave_slip_required"
    ALREADY_INSIDE = "already_inside"
    ZONE_FULL = "zone_full"
    LEDGER_UNAVAILABLE = "ledger_unavailable"
    RULE_ERROR = "rule_error"
    NOT_LISTED = "not_listed"
    OFFLINE_DENIED = "offline_denied"
    GUARD_CONFIRMS = "guard_confirms"
    SECOND_PERSON = "second_person"
    GUARD_REFUSED = "guard_refused"
    GUARD_TIMEOUT = "guard_timeout"
    OK = "ok"
    OK_LATE_RETURN = "ok_late_return"
    OK_IDENTIFIED_BY_GUARD = "ok_identified_by_guard"
    OK_RESPONDER = "ok_responder"
    OK_SHELTER = "ok_shelter"


PRECEDENCE: dict[Reason, int] = {reason: rank for rank, reason in enumerate(Reason)}

ABOUT_THE_CREDENTIAL: frozenset[Reason] = frozenset(
    reason
    for reason in Reason
    if PRECEDENCE[Reason.UNKNOWN_CREDENTIAL] <= PRECEDENCE[reason] <= PRECEDENCE[Reason.WRONG_PIN]
) | {Reason.ALREADY_INSIDE, Reason.ZONE_FULL}
"""Reasons that never deny an exit: there they are a notice, or ask a guard to look."""
