"""Facts that change the state beside the ledger; the store knows how to write each of them."""

from dataclasses import dataclass
from datetime import datetime

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
class PostureIssued:
    """A device gets a new posture or list."""

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
class PreviousKeyDropped:
    """The first message under a device's new key came: the old one is void."""

    device: str


@dataclass(frozen=True, slots=True)
class PeopleChanged:
    """An import's plan is carried out."""

    plan: Plan
