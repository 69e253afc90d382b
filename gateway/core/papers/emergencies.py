"""Emergencies: lockdown and evacuation, which stand above every level."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from gateway.core.papers.kinds import PaperKind


class EmergencyKind(StrEnum):
    LOCKDOWN = "lockdown"
    EVACUATE = "evacuate"


class Cause(StrEnum):
    """What started an emergency."""

    HAND = "hand"
    FIRE = "fire"


@dataclass(frozen=True, slots=True)
class Followed:
    """One device and one change: which posture it was given when, and when it showed it; None if it never did."""

    device: str
    version: int
    asked_at: datetime
    shown_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody noted on an emergency or its drill; `text` may be erased."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Emergency:
    """In force in `zones` from `started_at` until two people have ended it. It never lapses by itself."""

    paper: ClassVar[PaperKind] = PaperKind.EMERGENCY
    id: str
    kind: EmergencyKind
    zones: frozenset[str]
    started_at: datetime
    started_by: str | None
    drill: bool = False
    cause: Cause = Cause.HAND
    reason: str = ""
    signed_by: str | None = None
    signed_at: datetime | None = None
    escalated_at: datetime | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    """The fire inputs that were told active and not clear: a door's, by its name, or a panel's for a zone, as
    `panel:zone`; each with the device's boot that told of it."""
    ending_by: str | None = None
    """The first of the two who end it."""
    ending_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    end_reason: str = ""
    remarks: tuple[Remark, ...] = ()
    followed: tuple[Followed, ...] = ()
    """What its devices made of it: written when they have followed, and again at its end."""
    inside_at_start: int | None = None
    """How many were inside its zones when it began."""
    mustered: tuple[str, ...] = ()
    """Of an evacuation in force: who was inside when it began, by reference; at its end only the counts stay."""
    left: int | None = None
    """How many of those had left at its end."""

    @property
    def is_live(self) -> bool:
        return self.ended_at is None
