"""The closed lists: levels, kinds, states and outcomes, in the words of the policy."""

from enum import IntEnum, StrEnum


class Level(IntEnum):
    """Defence level; 1 is the strictest."""

    L1 = 1
    L2 = 2
    L3 = 3


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class Outcome(StrEnum):
    GRANT = "grant"
    DENY = "deny"
    WAIT = "wait"


class Profile(StrEnum):
    SCHOOL = "school"
    UNIVERSITY = "university"


class HolderKind(StrEnum):
    STUDENT = "student"
    STAFF = "staff"
    SERVICE = "service"
    RESIDENT = "resident"
    CONTRACTOR = "contractor"
    SUPPLIER = "supplier"
    VISITOR = "visitor"
    GUARDIAN = "guardian"
    OFFICIAL = "official"
    MEDIA = "media"
    DELIVERY = "delivery"
    RESPONDER = "responder"


class CredentialKind(StrEnum):
    CARD = "card"
    QR = "qr"
    PIN = "pin"
    PLATE = "plate"


class CredentialState(StrEnum):
    ACTIVE = "active"
    REVOKED = "revoked"
    LOST = "lost"


class PortalKind(StrEnum):
    GATE = "gate"
    VEHICLE_GATE = "vehicle_gate"
    DORMITORY = "dormitory"
    RESTRICTED = "restricted"


class ZoneKind(StrEnum):
    SITE = "site"
    CAMPUS = "campus"
    BUILDING = "building"
    DORMITORY = "dormitory"
    RESTRICTED = "restricted"


class AntiPassback(StrEnum):
    OFF = "off"
    SOFT = "soft"
    HARD = "hard"


class PresenceState(StrEnum):
    INSIDE = "inside"
    OUTSIDE = "outside"
    UNCERTAIN = "uncertain"


class Verdict(StrEnum):
    """What one rule says."""

    PASSES = "passes"
    NOTICE = "notice"
    WAITS = "waits"
    REFUSES = "refuses"


class DayKind(StrEnum):
    """What the calendar says of a day; one that it does not name is a normal one."""

    NORMAL = "normal"
    HALF_DAY = "half_day"
    HOLIDAY = "holiday"
    EXAM = "exam"
    CLOSED = "closed"
    """A period of closed management: who leaves a university without a slip is noticed."""


class PinWord(StrEnum):
    """What came of the PIN that was given with a card."""

    ABSENT = "absent"
    RIGHT = "right"
    WRONG = "wrong"
    DURESS = "duress"
    """Right, and a cry for help: it opens as usual."""
    LOCKED = "locked"
    """Too many wrong ones before: no PIN is looked at."""
