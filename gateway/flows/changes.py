"""Facts that change the state beside the ledger; the store knows how to write each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.core.papers import Emergency, Paper
from gateway.flows.cameras import Check, KeptState, LookOf, SmallPicture, Spell
from gateway.flows.open_alarms import Alarm
from gateway.flows.people_import import Plan
from gateway.flows.ports import Issued
from gateway.flows.retention_rules import Kept


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
class AlarmKept:
    """An open alarm as it is now: a new one, one more time the same, or moved on."""

    alarm: Alarm


@dataclass(frozen=True, slots=True)
class AlarmsClosed:
    """Alarms are dealt with: one, or an entry with its members. `words` is what was typed."""

    ids: tuple[str, ...]
    at: datetime
    code: str
    words: str | None = None


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
class NoticeQueued:
    """Somebody is to be told of something: `about` is an id, `recipient` a reference; the words come later."""

    id: str
    kind: str
    about: str
    recipient: str
    made_at: datetime
    next_at: datetime


@dataclass(frozen=True, slots=True)
class NoticeMoved:
    """A notice was sent, is tried again, was given up, or has nothing to say any more."""

    id: str
    state: str
    tries: int
    next_at: datetime
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HostLinkMade:
    """A host may answer for one visit by whoever knows the secret of which this is the SHA-256."""

    hash: str
    visit: str
    holder: str
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class HostLinkUsed:
    """The host has answered by this link."""

    hash: str
    used_at: datetime


@dataclass(frozen=True, slots=True)
class ContactKept:
    """How to reach a holder; `messenger` comes sealed, and None leaves what there is."""

    holder: str
    phone: str
    mail: str
    messenger: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class PortraitKept:
    """The school's picture of a holder; None takes it away."""

    holder: str
    jpeg: bytes | None
    at: datetime


@dataclass(frozen=True, slots=True)
class RowsErased:
    """What was kept long enough is erased, with all that belongs to it."""

    kept: Kept
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PassagesCounted:
    """How many went through on one day, by portal and direction."""

    day: str
    counts: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class HolderLeft:
    """Somebody is no longer of the school: nothing opens to them, and in time they are erased."""

    ref: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PeopleChanged:
    """An import's plan is carried out."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class CameraChecksKept:
    """Planned checks of cameras, done or missed, of one batch; the hours' sums grow by them."""

    batch: int
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class CameraSpellMoved:
    """A finding began to stand at a camera, or is over."""

    spell: Spell


@dataclass(frozen=True, slots=True)
class CameraPictureKept:
    """A small picture, its areas blurred."""

    picture: SmallPicture


@dataclass(frozen=True, slots=True)
class CameraLookKept:
    """A camera's reference was learnt; `body` is what pictures are compared with."""

    look: LookOf
    body: bytes


@dataclass(frozen=True, slots=True)
class CameraLookMoved:
    """A reference was confirmed or retired."""

    look: LookOf


@dataclass(frozen=True, slots=True)
class CameraStateKept:
    """Where the round stands with a camera."""

    state: KeptState


@dataclass(frozen=True, slots=True)
class CamerasLeft:
    """These cameras are not in the file any more: nothing is planned for them while the gateway is away."""

    cameras: tuple[str, ...]
