"""Visits: registered stays, from the request to the check-out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from gateway.core.kinds import HolderKind
from gateway.core.papers.kinds import PaperKind


class VisitState(StrEnum):
    EXPECTED = "expected"
    CHECKED_IN = "checked_in"
    CHECKED_OUT = "checked_out"
    DECLINED = "declined"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    """Its time is past and nobody came."""


class RefusalReason(StrEnum):
    """Why a guard sent a visitor away: closed, so that nothing is written about a person."""

    DOCUMENT = "document"
    """No document, or not the one that was registered."""
    LEVEL = "level"
    HOST_AWAY = "host_away"
    BELONGINGS = "belongings"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Visit:
    """One registered stay of one visitor in `zones` for [starts_at, ends_at).

    `holder` and `host` are references. `confirmed` is the host's word, for a guardian the class teacher's; None while
    nobody has answered. `appointment`: it was registered ahead. `purpose` and `belongings` may be erased.
    """

    paper: ClassVar[PaperKind] = PaperKind.VISIT
    id: str
    holder: str
    kind: HolderKind
    host: str | None
    zones: frozenset[str]
    starts_at: datetime
    ends_at: datetime
    registered_by: str
    registered_at: datetime
    state: VisitState = VisitState.EXPECTED
    purpose: str = ""
    belongings: tuple[str, ...] = ()
    organisation: str = ""
    phone: str = ""
    document_kind: str = ""
    document_ending: str = ""
    """The last four characters; beside it only a keyed hash is kept."""
    document_hash: str = ""
    document_seen: bool = False
    appointment: bool = False
    confirmed: bool | None = None
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None
    by_telephone: bool = False
    """The answer came by telephone, under the host's number in the directory; `answered_by` is who answered."""
    answered_by: str = ""
    refused_by: str | None = None
    refusal: RefusalReason | None = None
    consent_by: str | None = None
    vehicle_approved: bool = False
    plate: str | None = None
    gathering: str | None = None
    passes: tuple[str, ...] = ()
    """The credentials that were made for it, by reference; they are void when it is checked out."""
    checked_in_at: datetime | None = None
    checked_out_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """True while it may open a gate."""
        return self.state in (VisitState.EXPECTED, VisitState.CHECKED_IN)
