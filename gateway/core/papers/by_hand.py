"""What a guard did by hand: an entry without the card, a door opened for responders or for shelter."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from gateway.core.papers.kinds import PaperKind


class IdentificationReason(StrEnum):
    """Why a known holder comes without the card."""

    FORGOTTEN = "forgotten"
    LOST = "lost"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Identification:
    """A known holder was identified by a guard, once; kept so that the third time within a month is noticed."""

    paper: ClassVar[PaperKind] = PaperKind.IDENTIFICATION
    id: str
    holder: str
    portal: str
    reason: IdentificationReason
    by: str
    started_at: datetime
    granted: bool = True

    @property
    def is_live(self) -> bool:
        return False


class OpeningKind(StrEnum):
    """What a guard opens for with one touch."""

    RESPONDER = "responder"
    SHELTER = "shelter"
    LET_OUT = "let_out"
    """For illness or danger, where leaving could be refused."""


class Service(StrEnum):
    """Which responders come in."""

    POLICE = "police"
    FIRE = "fire"
    AMBULANCE = "ambulance"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Opening:
    """A guard opened for responders while the level was raised; a second person has to say what became of it."""

    paper: ClassVar[PaperKind] = PaperKind.OPENING
    id: str
    portal: str
    kind: OpeningKind
    by: str
    started_at: datetime
    due_at: datetime
    count: int = 1
    disposal: str = ""
    disposed_by: str | None = None
    disposed_at: datetime | None = None
    service: Service | None = None
    """Which responders, where the guard said so."""

    @property
    def is_live(self) -> bool:
        return self.disposed_at is None
