"""Every kind of paper there is."""

from enum import StrEnum


class PaperKind(StrEnum):
    """Every kind of paper; the store keeps them all in one table."""

    ORDER = "order"
    EMERGENCY = "emergency"
    AUTHORISATION = "authorisation"
    SLIP = "slip"
    BAN = "ban"
    GATHERING = "gathering"
    VISIT = "visit"
    VEHICLE = "vehicle"
    ESSENTIAL = "essential"
    IDENTIFICATION = "identification"
    OPENING = "opening"
    SHIFT = "shift"
    HOLD = "hold"
    EXPORT = "export"
    STANDING_PASS = "standing_pass"
    WORK_ORDER = "work_order"
    MAINTENANCE = "maintenance"
    INCIDENT = "incident"
