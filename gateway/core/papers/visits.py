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


class DeclineReason(StrEnum):
    """Why a host said no: closed, so that nothing is written about a person."""

    UNKNOWN = "unknown"
    """The host does not know of this visit."""
    AWAY = "away"
    BUSY = "busy"
    OTHER_DAY = "other_day"
    OTHER = "other"


class BelongingKind(StrEnum):
    """What is prohibited on a campus, and `none` for everything else."""

    NONE = "none"
    FLAMMABLE = "flammable"
    """Flammables and explosives that are no teaching material."""
    POISON = "poison"
    ANIMAL = "animal"
    WEAPON = "weapon"
    """Controlled knives among them."""

    @property
    def is_prohibited(self) -> bool:
        return self is not BelongingKind.NONE


class BelongingOutcome(StrEnum):
    """What becomes of something that a visitor brought."""

    CARRIED = "carried"
    STAYS_OUTSIDE = "stays_outside"
    HANDED_TO_POLICE = "handed_to_police"
    REFUSED = "refused"
    """The visitor would not part with it, and was sent away."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """Something that a visitor declared. `what` is in the guard's words, and may be erased."""

    what: str
    kind: BelongingKind = BelongingKind.NONE
    outcome: BelongingOutcome = BelongingOutcome.CARRIED


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a group, as registered; may be erased. Of a document only what is kept of any."""

    name: str
    document_kind: str = ""
    document_ending: str = ""
    document_hash: str = ""


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
    belongings: tuple[Belonging | str, ...] = ()
    """Plain words in papers that were filed before there were kinds; `declared` has them all alike."""
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
    decline_reason: DeclineReason | None = None
    decline_note: str | None = None
    """The reference of what the host added, if anything."""
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
    members: tuple[Member, ...] = ()
    """Everybody of a group, its leader first: `holder` is the leader, and the visit is everybody's. Empty: no group."""
    counted_in: int = 0
    counted_out: int = 0
    """How many of a group a guard has counted through a gate, each way."""
    portal: str | None = None
    """By which portal the visitor came in, where a reader has seen it or the guard said so."""
    overstayed_at: datetime | None = None
    """Since when it is noted as an overstay."""
    left_inside_at: datetime | None = None
    """The end of the day on which nobody had seen the visitor leave."""
    badge: str = ""
    """The number of a badge that was written by hand, where no pass could be printed."""
    from_paper: bool = False
    """Typed in afterwards from the register of a day without power: it is a record, and opens nothing."""
    request_hash: str = ""
    """A keyed hash of what was sent under a key, so that the same key with other words is found out."""

    @property
    def inside(self) -> int:
        """How many of a group are inside, as counted."""
        return self.counted_in - self.counted_out

    @property
    def declared(self) -> tuple[Belonging, ...]:
        """What the visitor carries, or had to leave behind."""
        return tuple(Belonging(one) if isinstance(one, str) else one for one in self.belongings)

    @property
    def is_live(self) -> bool:
        """True while it may open a gate."""
        return self.state in (VisitState.EXPECTED, VisitState.CHECKED_IN)
