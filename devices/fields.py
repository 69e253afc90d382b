"""The types that fields of messages are made of: words, bounded numbers, ids, times.

Promises that a value of such a type is within the protocol's limits once it has been decoded. What no type can say
(which kind of device may send what) is checked in `devices/codec.py`.
"""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Final

from msgspec import Meta

from devices import limits

# `$` alone would let a trailing line feed pass in Python; the look-ahead closes that and means nothing elsewhere.
END: Final = r"$(?!\n)"

Id = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_-]{{1,{limits.MAX_ID}}}{END}")]
Token = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{{2 * limits.TOKEN_BYTES}}}{END}")]
Digest = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{64}}{END}")]
Time = Annotated[datetime, Meta(tz=True)]  # always UTC: the codec refuses any other offset

Number = Annotated[int, Meta(ge=limits.INT_MIN, le=limits.INT_MAX)]
Count = Annotated[int, Meta(ge=0, le=limits.INT_MAX)]
Positive = Annotated[int, Meta(ge=1, le=limits.INT_MAX)]
PageNumber = Annotated[int, Meta(ge=1, le=limits.MAX_PAGES)]
Share = Annotated[float, Meta(ge=0, le=1)]

Reason = Annotated[str, Meta(max_length=limits.MAX_REASON)]
Label = Annotated[str, Meta(min_length=1, max_length=limits.MAX_LABEL)]
LongText = Annotated[str, Meta(max_length=limits.MAX_TEXT)]
CredentialValue = Annotated[str, Meta(min_length=1, max_length=limits.MAX_CREDENTIAL)]
Pin = Annotated[str, Meta(min_length=1, max_length=limits.MAX_PIN)]
PlateText = Annotated[str, Meta(min_length=1, max_length=limits.MAX_CREDENTIAL)]
EventType = Annotated[str, Meta(min_length=1, max_length=limits.MAX_ID)]
WeekMinute = Annotated[int, Meta(ge=0, le=limits.WEEK_MINUTES)]
Window = tuple[WeekMinute, WeekMinute]


class Level(IntEnum):
    """Defence level; 1 is the strictest."""

    L1 = 1
    L2 = 2
    L3 = 3


class Direction(StrEnum):
    """Which way somebody wants to pass."""

    IN = "in"
    OUT = "out"


class CredentialKind(StrEnum):
    """What was shown to the device."""

    CARD = "card"
    QR = "qr"
    PIN = "pin"
    PLATE = "plate"


class Clock(StrEnum):
    """Whether the device trusts its wall clock."""

    SYNCED = "synced"
    UNSYNCED = "unsynced"


class LockState(StrEnum):
    """What a lock does; `released` stays open until a `lock`."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    RELEASED = "released"


class BollardPosition(StrEnum):
    """Where a bollard is, or which way it moves."""

    LOWERED = "lowered"
    RAISING = "raising"
    RAISED = "raised"
    LOWERING = "lowering"
    FAULT = "fault"


class Presence(StrEnum):
    """What a sensor above a bollard says; `unknown` counts as present."""

    CLEAR = "clear"
    PRESENT = "present"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What a command asks for."""

    GRANT = "grant"
    DENY = "deny"
    WAIT = "wait"
    UNLOCK = "unlock"
    LOCK = "lock"
    RELEASE = "release"
    RAISE = "raise"
    LOWER = "lower"
    EFO = "efo"
    SNAPSHOT = "snapshot"
    IDENTIFY = "identify"
    REBOOT = "reboot"
    ANNOUNCE = "announce"


class Outcome(StrEnum):
    """What became of a command."""

    EXECUTED = "executed"
    REFUSED = "refused"
    FAILED = "failed"


class CommandRefusal(StrEnum):
    """Why a device refuses a command; the first that applies, in this order (rule 1)."""

    MAC = "mac"
    RETAINED = "retained"
    REPLAYED = "replayed"
    LATE = "late"
    STALE = "stale"
    POSTURE = "posture"
    INTERLOCK = "interlock"


class AccessOutcome(StrEnum):
    """What a device decided alone."""

    GRANT = "grant"
    DENY = "deny"


class AccessReason(StrEnum):
    """Why a device decided alone as it did. Another reason is kept as sent: the field is text."""

    OK = "ok"
    OK_EXIT = "ok_exit"
    OK_EVACUATE = "ok_evacuate"
    LOCKDOWN = "lockdown"
    CREDENTIAL_REVOKED = "credential_revoked"
    OUTSIDE_HOURS = "outside_hours"
    LEVEL_REFUSES = "level_refuses"
    NOT_LISTED = "not_listed"
    OFFLINE_DENIED = "offline_denied"
    GUARD_TIMEOUT = "guard_timeout"


class RefusedReason(StrEnum):
    """Why a device did not take a posture or a list."""

    MAC = "mac"
    MALFORMED = "malformed"
    OLDER = "older"
    CONFLICT = "conflict"


class Emergency(StrEnum):
    """What stands above levels."""

    LOCKDOWN = "lockdown"
    EVACUATE = "evacuate"


class EntryOffline(StrEnum):
    """What a device alone does on `in`."""

    LIST = "list"
    DENY = "deny"


class ExitOffline(StrEnum):
    """What a device alone does on `out`."""

    FREE = "free"
    LIST = "list"
    DENY = "deny"


class BollardMode(StrEnum):
    """Whether a bollard may raise itself after an authorised vehicle."""

    CYCLE = "cycle"
    HOLD = "hold"


class CommandReason(StrEnum):
    """Reasons of commands on which a device's own rules hang (rule 9). Others are codes of the policy."""

    FIRE_RESET = "fire_reset"
    EFO_RESET = "efo_reset"
