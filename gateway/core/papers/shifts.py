"""One guard's time at a post: taken over with what was open, signed by two, ended.

A shift is a paper like any other: it names users by reference, what somebody typed is a note elsewhere, and retention
may erase it. It decides nothing at any gate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from gateway.core.papers.kinds import PaperKind


class ShiftState(StrEnum):
    HANDING_OVER = "handing_over"
    """Somebody has counted; signatures are missing."""
    RUNNING = "running"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    """A hand-over that came to nothing: the shift before it goes on."""


class Side(StrEnum):
    """Whose signature it is."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"
    WITNESS = "witness"


@dataclass(frozen=True, slots=True)
class Counted:
    """One thing of the inventory: how many there should be and how many were there. `note` names what was typed."""

    item: str
    expected: int
    count: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """What was open when the post was taken over, in numbers."""

    inside: int = 0
    overstays: int = 0
    alarms: int = 0
    devices_down: int = 0
    waiting: int = 0
    calls: int = 0
    emergencies: int = 0
    level: int = 3
    level_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """`by` is a user's reference; `card`: with card and PIN, not with a session of their own."""

    by: str
    at: datetime
    card: bool = False


@dataclass(frozen=True, slots=True)
class Shift:
    """`before` is the shift that it follows; `outgoing` who had that one, None if the post was empty.

    `absent`: the one who leaves is not there, or there is none; then a witness signs for that side.
    """

    paper: ClassVar[PaperKind] = PaperKind.SHIFT
    id: str
    post: str
    started_at: datetime
    by: str
    """Who began the hand-over, at whose screen it is."""
    state: ShiftState = ShiftState.HANDING_OVER
    before: str | None = None
    outgoing: str | None = None
    absent: bool = False
    inventory: tuple[Counted, ...] = ()
    open: Open = field(default_factory=Open)
    note: str | None = None
    signatures: Mapping[Side, Signature] = field(default_factory=dict)
    taken_over_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    end_witness: str | None = None
    end_note: str | None = None

    @property
    def subject(self) -> str:
        """What it is about: the post."""
        return self.post

    @property
    def is_live(self) -> bool:
        """True while somebody hands it over or has it."""
        return self.state in (ShiftState.HANDING_OVER, ShiftState.RUNNING)

    @property
    def guard(self) -> str | None:
        """Who has the post, once they have signed for it."""
        signed = self.signatures.get(Side.INCOMING)
        return None if signed is None else signed.by

    @property
    def lacks(self) -> tuple[Side, ...]:
        """Which signatures are still missing."""
        wanted = (Side.WITNESS if self.absent else Side.OUTGOING, Side.INCOMING)
        return tuple(side for side in wanted if side not in self.signatures)
