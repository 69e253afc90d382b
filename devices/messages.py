"""Every message as a frozen value, with its fields in the order of the wire; the events' data are in `events.py`.

Promises that a decoded value is complete and within limits. A field with a default is optional on the wire and left
out when it is None; a field that may be None without a default is written as `null`. `v` is the tag and always first;
`mac` is no field, because it belongs to the sending and not to the message.
"""

from typing import Any, ClassVar

from msgspec import Struct, field

from devices.events import (
    ALARM_EVENTS,
    EVENT_TYPES,
    Access,
    BufferHigh,
    CredentialToken,
    DoorClosed,
    DoorForced,
    DoorHeld,
    DoorOpened,
    Duress,
    EfoPressed,
    EventData,
    ExitButton,
    FireAlarm,
    FireClear,
    FireInput,
    Gap,
    Impact,
    LockStateChanged,
    ManualOverride,
    Panic,
    Passage,
    PlateSeen,
    Position,
    PresenceChanged,
    Recording,
    Refused,
    Tamper,
    event_type_of,
)
from devices.fields import (
    AccessOutcome,
    AccessReason,
    Action,
    BollardMode,
    BollardPosition,
    Clock,
    CommandReason,
    CommandRefusal,
    Count,
    CredentialKind,
    CredentialValue,
    Digest,
    Direction,
    Emergency,
    EntryOffline,
    EventType,
    ExitOffline,
    Id,
    Label,
    Level,
    LockState,
    LongText,
    Number,
    Outcome,
    PageNumber,
    Pin,
    Positive,
    Presence,
    Reason,
    RefusedReason,
    Share,
    Time,
    Token,
    Window,
)

__all__ = [
    "ALARM_EVENTS",
    "EVENT_TYPES",
    "Access",
    "AccessOutcome",
    "AccessReason",
    "Ack",
    "Action",
    "BollardMode",
    "BollardPosition",
    "BufferHigh",
    "Clock",
    "Command",
    "CommandReason",
    "CommandRefusal",
    "Credential",
    "CredentialEntry",
    "CredentialKind",
    "CredentialPage",
    "CredentialToken",
    "Direction",
    "DoorClosed",
    "DoorForced",
    "DoorHeld",
    "DoorOpened",
    "DownMessage",
    "Duress",
    "EfoPressed",
    "Emergency",
    "EntryOffline",
    "Event",
    "EventData",
    "ExitButton",
    "ExitOffline",
    "FireAlarm",
    "FireClear",
    "FireInput",
    "Frame",
    "Gap",
    "GatewayStatus",
    "Heartbeat",
    "Impact",
    "Level",
    "LockState",
    "LockStateChanged",
    "ManualOverride",
    "Message",
    "Offline",
    "Outcome",
    "Panic",
    "Passage",
    "PlateSeen",
    "Position",
    "Posture",
    "PostureSettings",
    "Presence",
    "PresenceChanged",
    "PresenceReading",
    "Previous",
    "Recording",
    "Refused",
    "RefusedReason",
    "Result",
    "RevokedList",
    "Status",
    "Tamper",
    "Tap",
    "Text",
    "UnreadableEvent",
    "UpMessage",
    "event_type_of",
]


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="v", tag=1):
    """What goes over the wire; the tag writes `"v":1` as the first member."""

    v: ClassVar[int] = 1


class Part(Struct, frozen=True, kw_only=True):
    """An object inside a message."""


# Device to gateway


class Previous(Part, frozen=True, kw_only=True):
    """The boot before this one and the last event that it made."""

    boot: Id
    last_seq: Count


class Status(Message, frozen=True, kw_only=True):
    """What the device is and enforces; retained, and the will with `online` false."""

    online: bool
    boot: Id
    connection: Positive
    previous: Previous | None
    firmware: Label
    at: Time
    challenge: Id
    posture: Count | None
    credentials: Count | None
    revoked: Count | None
    buffered: Count
    clock: Clock
    lock_state: LockState | None = None  # reader, dorm
    position: BollardPosition | None = None  # bollard


class PresenceReading(Part, frozen=True, kw_only=True):
    """What the sensors above a bollard say; a counter that stands still is a frozen sensor."""

    vehicle: Presence
    pedestrian: Presence
    counter: Count


class Heartbeat(Message, frozen=True, kw_only=True):
    """The device lives; brings a fresh challenge."""

    boot: Id
    challenge: Id
    at: Time
    uptime_ms: Count
    buffered: Count
    clock: Clock
    presence: PresenceReading | None = None  # bollard
    rssi_dbm: Number | None = None
    supply_mv: Number | None = None
    temperature_c: float | None = None


class Credential(Part, frozen=True, kw_only=True):
    """What was shown; the value as the device read it, see `canonical`."""

    kind: CredentialKind
    value: CredentialValue

    def __repr__(self) -> str:
        return f"Credential(kind={self.kind.value!r}, value=…)"  # values stay out of logs

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("kind", self.kind.value)]


class Tap(Message, frozen=True, kw_only=True):
    """A person or vehicle asks to pass; a repeat keeps `id`, `nonce` and `at`."""

    id: Id
    boot: Id
    at: Time
    nonce: Id
    direction: Direction
    credential: Credential
    pin: Pin | None = None
    confidence: Share | None = None  # plates
    attempt: Positive | None = None

    def __repr__(self) -> str:
        return f"Tap(id={self.id!r}, direction={self.direction.value!r}, credential={self.credential!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("direction", self.direction.value), ("credential", self.credential)]


class Event(Message, frozen=True, kw_only=True):
    """Something happened; `data` belongs to `type` (EVENT_TYPES)."""

    id: Id
    boot: Id
    seq: Positive
    at: Time
    type: EventType
    data: EventData


class UnreadableEvent(Struct, frozen=True, kw_only=True):
    """An event with a right mac, boot and seq whose rest cannot be understood; recorded and acked (rule 3).

    `why` is the word of a BadReason. Never sent.
    """

    boot: str
    seq: int
    id: str | None
    why: str
    detail: str = ""


class Result(Message, frozen=True, kw_only=True):
    """What became of a command."""

    command: Id
    boot: Id
    outcome: Outcome
    reason: Reason


class Frame(Message, frozen=True, kw_only=True):
    """The line before a picture; the JPEG travels beside it."""

    id: Id
    boot: Id
    at: Time
    command: Id
    sha256: Digest


# Gateway to device


class Text(Part, frozen=True, kw_only=True):
    """One sentence for a person, in both languages."""

    en: LongText
    zh: LongText


class Command(Message, frozen=True, kw_only=True):
    """Do this now, or not at all."""

    id: Id
    challenge: Id
    action: Action
    for_: Id | None = field(default=None, name="for")
    reason: Reason
    text: Text
    hold_ms: Count | None = None
    wait_ms: Count | None = None


class Offline(Part, frozen=True, kw_only=True):
    """What a device does when nobody answers."""

    answer_timeout_ms: Count
    entry: EntryOffline
    exit: ExitOffline
    max_age_s: Count


class PostureSettings(Part, frozen=True, kw_only=True):
    """What belongs to the door or bollard itself."""

    hold_ms: Count
    held_open_after_s: Count
    pin_required: bool
    bollard: BollardMode


class Posture(Message, frozen=True, kw_only=True):
    """What a device has to enforce."""

    version: Count
    level: Level
    order: Id | None
    emergency: Emergency | None
    drill: bool
    at: Time
    offline: Offline
    settings: PostureSettings


class CredentialEntry(Part, frozen=True, kw_only=True):
    """One credential that a device alone may let in."""

    token: Token
    directions: tuple[Direction, ...]
    levels: tuple[Level, ...]
    windows: tuple[Window, ...] | None
    not_before: Time | None
    not_after: Time | None


class CredentialPage(Message, frozen=True, kw_only=True):
    """One page of a device's list; a list counts only when every page of its version is there."""

    version: Count
    page: PageNumber
    pages: PageNumber
    expires_at: Time
    entries: tuple[CredentialEntry, ...]


class RevokedList(Message, frozen=True, kw_only=True):
    """Tokens refused at once, whatever the list says."""

    version: Count
    tokens: tuple[Token, ...]


class Ack(Message, frozen=True, kw_only=True):
    """Every event up to and with `seq` is on disk."""

    boot: Id
    seq: Count  # 0: none yet
    challenge: Id


# Gateway to gateway


class GatewayStatus(Message, frozen=True, kw_only=True):
    """Which gateway serves a site; MACed with the site key, retained, and the will with `online` false."""

    online: bool
    instance: Id
    host: Label
    pid: Positive
    started_at: Time
    at: Time


UpMessage = Status | Heartbeat | Tap | Event | UnreadableEvent | Result | tuple[Frame, bytes]
DownMessage = Command | Posture | CredentialPage | RevokedList | Ack
