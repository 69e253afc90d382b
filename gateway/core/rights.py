"""Every right there is. Which role has which is the closed table of the configuration; each route asks for one."""

from enum import StrEnum


class Right(StrEnum):
    """What somebody may do, in the words of the acts themselves."""

    WATCH = "watch"
    """See the live page: taps, verdicts, who waits, what is wrong now."""
    ANSWER_WAITING = "answer_waiting"
    """Grant or refuse what waits for a person."""
    CONFIRM_RESTRICTED = "confirm_restricted"
    """Be the control room's word at restricted doors, and at those for two named people."""
    IDENTIFY = "identify"
    """Let a known holder pass without the card."""
    REGISTER_VISITS = "register_visits"
    START_EMERGENCY = "start_emergency"
    """Lock down or evacuate at once; a leader signs afterwards."""
    SIGN_EMERGENCIES = "sign_emergencies"
    END_EMERGENCIES = "end_emergencies"
    """Be one of the two people who end one."""
    ACKNOWLEDGE_ALARMS = "acknowledge_alarms"
    CLOSE_ALARMS = "close_alarms"
    SUSPEND_ALARMS = "suspend_alarms"
    """Take an alarm out of service until further notice."""
    SEE_DEVICES = "see_devices"
    COMMAND_DEVICES = "command_devices"
    MANAGE_DEVICES = "manage_devices"
    SEE_CAMERAS = "see_cameras"
    """See the cameras' health and their small pictures."""
    WORK_ORDERS = "work_orders"
    """Take and finish work orders, and announce maintenance."""
    REQUEST_ORDERS = "request_orders"
    RECORD_UNIFIED_ORDERS = "record_unified_orders"
    SIGN_ORDERS = "sign_orders"
    REVOKE_ORDERS = "revoke_orders"
    RAISE_ORALLY = "raise_orally"
    SIGN_AUTHORISATIONS = "sign_authorisations"
    REQUEST_GATHERINGS = "request_gatherings"
    APPROVE_GATHERINGS = "approve_gatherings"
    MANAGE_PASSES = "manage_passes"
    REQUEST_BANS = "request_bans"
    APPROVE_BANS = "approve_bans"
    """Be one of the two people who approve an entry ban; never one's own request."""
    GIVE_SLIPS = "give_slips"
    HOST_VISITS = "host_visits"
    CONFIRM_GUARDIANS = "confirm_guardians"
    SEE_DORMITORIES = "see_dormitories"
    CONSENT_MEDIA = "consent_media"
    MANAGE_PEOPLE = "manage_people"
    SEE_MOVEMENTS = "see_movements"
    """Look up where one person went; asks for a reason and is recorded."""
    MANAGE_USERS = "manage_users"
    CONFIGURE = "configure"
    SIMULATE = "simulate"
    READ_LEDGER = "read_ledger"
    EXPORT = "export"
    """Take records out as a table; with many rows be, or need, the second person."""
    HOLD_RECORDS = "hold_records"
    """Open and close a case for which nothing is erased, and see what is erased when."""
    READ_READS = "read_reads"
    """Read the record of who looked up or exported what."""


AT_A_KIOSK = frozenset(
    {
        Right.WATCH,
        Right.ANSWER_WAITING,
        Right.IDENTIFY,
        Right.REGISTER_VISITS,
        Right.START_EMERGENCY,
        Right.ACKNOWLEDGE_ALARMS,
    }
)
"""The most that card and PIN give, whoever's they are: what a guard does at a gate. Four digits at a screen in the open
sign no order, end no emergency, are nobody's second signature and change no user; that takes the password."""
