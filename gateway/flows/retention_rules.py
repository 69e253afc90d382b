"""How long what is kept: the school's numbers, with a written reason where they are not the usual ones. Values only."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum


class Kept(StrEnum):
    """What is kept for a time, in the order in which it is erased."""

    VISITS = "visits"
    """Visits, and all that was written for them: 30 of them at a time, with their passes, vehicles and links."""
    PERMITS = "permits"
    """Slips, authorisations, bans, identifications, openings and vehicles that are over."""
    AUDIT = "audit"
    """Orders, emergencies, gatherings, shifts, holds, exports, incidents, closed alarms."""
    VISITORS = "visitors"
    """People whom only visits made known, once no paper names them any more."""
    LEFT = "left"
    """People of the school who have left it."""
    PRESENCE = "presence"
    NOTES = "notes"
    DISPOSALS = "disposals"
    """What was written when an alarm was closed."""
    PLATES = "plates"
    CAMERA_CHECKS = "camera_checks"
    """Single health checks of cameras, by camera and day; what each hour came to stays."""
    CAMERA_PICTURES = "camera_pictures"
    """Small pictures of findings that are mended and of alarms that are closed."""
    SESSIONS = "sessions"
    """Sessions, tokens, hosts' links and sent notices whose time is over."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Days; `reason` says why they are others than these."""

    visits_days: int = 180
    passages_days: int = 180
    pictures_days: int = 7
    notes_days: int = 180
    plates_days: int = 180
    left_days: int = 180
    sessions_days: int = 30
    audit_days: int = 3 * 365 + 1
    at_min: int = 3 * 60 + 30
    """The minute of the campus's day at which it runs."""
    reason: str = ""
    checks_days: int = 35
    evidence_days: int = 7
    """`video.evidence_days`."""

    def days_of(self, kept: Kept) -> int:
        """How long something is kept."""
        return {
            Kept.VISITS: self.visits_days,
            Kept.PERMITS: self.visits_days,
            Kept.AUDIT: self.audit_days,
            Kept.VISITORS: 0,
            Kept.LEFT: self.left_days,
            Kept.PRESENCE: self.passages_days,
            Kept.NOTES: self.notes_days,
            Kept.DISPOSALS: self.notes_days,
            Kept.PLATES: self.plates_days,
            Kept.CAMERA_CHECKS: self.checks_days,
            Kept.CAMERA_PICTURES: self.evidence_days,
            Kept.SESSIONS: self.sessions_days,
        }[kept]

    def cutoff(self, kept: Kept, now: datetime) -> datetime:
        """What ended before this is erased."""
        return now - timedelta(days=self.days_of(kept))

    @property
    def is_usual(self) -> bool:
        """True if no number of days is the school's own."""
        usual = Retention()
        # How long pictures of cameras are kept is the round's own setting (`video.evidence_days`).
        names = [field.name for field in fields(self) if field.name.endswith("_days") and field.name != "evidence_days"]
        return all(getattr(self, name) == getattr(usual, name) for name in names)
