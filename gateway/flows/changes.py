"""Facts that change the state beside the ledger; the store knows how to write each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.core.papers import Emergency, Paper
from gateway.flows.people_import import Plan
from gateway.flows.ports import Issued


@dataclass(frozen=True, slots=True)
class PresenceMoved:
    """A holder went through a portal, or was seen to be somewhere."""

    holder: str
    zone: str
    state: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PresenceDoubted:
    """Nobody knows any more whether these holders are still where they were last seen."""

    holders: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class EventsComplete:
    """The ledger has every event of this boot up to `seq`."""

    device: str
    boot: str
    seq: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PlateNoted:
    """A camera read a plate; the ledger has only `ref`."""

    ref: str
    plate: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteKept:
    """Somebody typed something; the ledger has only `ref`."""

    ref: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PostureIssued:
    """A device gets a new posture; what `issued` says of its lists is not written."""

    device: str
    issued: Issued


@dataclass(frozen=True, slots=True)
class ListsIssued:
    """A device gets a new list or revoked list; what `issued` says of its posture is not written."""

    device: str
    issued: Issued


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """A condition holds at a place: a new alarm, or one more time the same."""

    id: str
    condition: str
    place: str
    priority: str
    detail: str
    state: str
    count: int
    opened_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class AlarmMoved:
    """An alarm was acknowledged or closed."""

    id: str
    state: str
    by: str
    at: datetime
    disposal: str | None = None


@dataclass(frozen=True, slots=True)
class CredentialStateSet:
    """A credential was revoked or reported lost."""

    ref: str
    state: str


@dataclass(frozen=True, slots=True)
class PaperFiled:
    """A paper is new, or has moved on; the unit that carries it changes the directory."""

    paper: Paper


@dataclass(frozen=True, slots=True)
class EmergencyMoved:
    """An emergency moves on, over whatever else of it has been written meanwhile; `emergency` is filed where there is
    no paper of it yet. `fields` are put; the fire input `input` becomes active, or clear."""

    emergency: Emergency
    fields: Mapping[str, Any]
    input: str | None = None
    boot: str | None = None
    """The boot in which the input is active; None: it is clear."""


@dataclass(frozen=True, slots=True)
class PassUsed:
    """A pass with limited uses has opened once more; `used` is the count after it."""

    ref: str
    used: int


@dataclass(frozen=True, slots=True)
class PinSet:
    """A holder's PIN, and the one that calls for help, as keyed digests; None takes it away."""

    holder: str
    digest: str | None
    duress: str | None
    set_at: datetime


@dataclass(frozen=True, slots=True)
class PreviousKeyDropped:
    """The first message under a device's new key came: the old one is void."""

    device: str


@dataclass(frozen=True, slots=True)
class PeopleChanged:
    """An import's plan is carried out."""

    plan: Plan
