"""What an event can say: the data of each type, who may send it, and which are alarms.

Promises that the table is complete: a type that is not in it does not exist. What an event means on campus is told
by the gateway's flows.
"""

from msgspec import Struct

from devices.fields import (
    AccessOutcome,
    BollardPosition,
    Count,
    CredentialKind,
    Direction,
    Id,
    Label,
    LockState,
    PlateText,
    Positive,
    Presence,
    Reason,
    RefusedReason,
    Share,
    Time,
    Token,
)
from devices.topics import Kind


class EventData(Struct, frozen=True, kw_only=True):
    """The `data` of an event."""


class CredentialToken(Struct, frozen=True, kw_only=True):
    """A credential as a device's list knows it."""

    kind: CredentialKind
    token: Token


class Passage(EventData, frozen=True, kw_only=True):
    """Somebody really went through."""

    tap: Id | None
    direction: Direction


class Access(EventData, frozen=True, kw_only=True):
    """The device decided alone."""

    tap: Id
    credential: CredentialToken
    direction: Direction
    outcome: AccessOutcome
    reason: Reason  # an AccessReason; another is kept as sent
    posture: Count | None


class DoorOpened(EventData, frozen=True, kw_only=True):
    """The door contact opened."""


class DoorClosed(EventData, frozen=True, kw_only=True):
    """The door contact closed."""


class DoorForced(EventData, frozen=True, kw_only=True):
    """The door opened without a cause that the device knows."""


class DoorHeld(EventData, frozen=True, kw_only=True):
    """The door stands open too long."""

    open_s: Count


class ExitButton(EventData, frozen=True, kw_only=True):
    """Somebody inside pressed the exit button."""


class Tamper(EventData, frozen=True, kw_only=True):
    """Somebody opens or moves the device."""


class Duress(EventData, frozen=True, kw_only=True):
    """A person was made to open; nothing at the door may show it."""

    tap: Id


class LockStateChanged(EventData, frozen=True, kw_only=True):
    """The lock changed."""

    state: LockState


class FireInput(EventData, frozen=True, kw_only=True):
    """The wire from the fire panel to the door."""

    active: bool


class Position(EventData, frozen=True, kw_only=True):
    """A bollard moved."""

    position: BollardPosition


class PresenceChanged(EventData, frozen=True, kw_only=True):
    """The sensors above a bollard changed."""

    vehicle: Presence
    pedestrian: Presence
    counter: Count


class Impact(EventData, frozen=True, kw_only=True):
    """Something hit the bollard."""

    g: float


class EfoPressed(EventData, frozen=True, kw_only=True):
    """The emergency raise was pressed at the bollard."""


class ManualOverride(EventData, frozen=True, kw_only=True):
    """The bollard is worked by hand."""


class PlateSeen(EventData, frozen=True, kw_only=True):
    """A plate, for the record only; one that asks for passage is a tap."""

    plate: PlateText
    confidence: Share
    direction: Direction


class Recording(EventData, frozen=True, kw_only=True):
    """How a camera's own recording does."""

    ok: bool
    free_bytes: Count
    oldest_at: Time


class FireAlarm(EventData, frozen=True, kw_only=True):
    """Fire in a zone of this panel."""

    zone: Label


class FireClear(EventData, frozen=True, kw_only=True):
    """The panel says that the fire of a zone is over; releases nothing and locks nothing."""

    zone: Label


class Panic(EventData, frozen=True, kw_only=True):
    """A panic button of this panel."""

    location: Label


class Refused(EventData, frozen=True, kw_only=True):
    """A posture or list that the device did not take."""

    channel: Label
    version: Count | None
    reason: RefusedReason


class BufferHigh(EventData, frozen=True, kw_only=True):
    """The device's event buffer fills."""


class Gap(EventData, frozen=True, kw_only=True):
    """Events that were overwritten before they were acked."""

    boot: Id
    from_seq: Positive
    to_seq: Positive


_DOORS = frozenset({Kind.READER, Kind.DORM})
_TAPPERS = _DOORS | {Kind.CAMERA}
_ALL = frozenset(Kind)
_BOLLARD = frozenset({Kind.BOLLARD})
_CAMERA = frozenset({Kind.CAMERA})
_PANEL = frozenset({Kind.PANEL})

EVENT_TYPES: dict[str, tuple[type[EventData], frozenset[Kind]]] = {
    "passage": (Passage, _TAPPERS),
    "access": (Access, _TAPPERS),
    "door_opened": (DoorOpened, _DOORS),
    "door_closed": (DoorClosed, _DOORS),
    "door_forced": (DoorForced, _DOORS),
    "door_held": (DoorHeld, _DOORS),
    "exit_button": (ExitButton, _DOORS),
    "tamper": (Tamper, _TAPPERS),
    "duress": (Duress, _DOORS),
    "lock_state": (LockStateChanged, _DOORS),
    "fire_input": (FireInput, _DOORS),
    "position": (Position, _BOLLARD),
    "presence": (PresenceChanged, _BOLLARD),
    "impact": (Impact, _BOLLARD),
    "efo_pressed": (EfoPressed, _BOLLARD),
    "manual_override": (ManualOverride, _BOLLARD),
    "plate": (PlateSeen, _CAMERA),
    "recording": (Recording, _CAMERA),
    "fire_alarm": (FireAlarm, _PANEL),
    "fire_clear": (FireClear, _PANEL),
    "panic": (Panic, _PANEL),
    "refused": (Refused, _ALL),
    "buffer_high": (BufferHigh, _ALL),
    "gap": (Gap, _ALL),
}

# Never overwritten in a device's buffer before normal events.
ALARM_EVENTS = frozenset(
    {
        "door_forced",
        "door_held",
        "tamper",
        "duress",
        "impact",
        "efo_pressed",
        "manual_override",
        "fire_alarm",
        "fire_input",
        "panic",
        "gap",
    }
)

_TYPE_OF = {data: name for name, (data, _) in EVENT_TYPES.items()}


def event_type_of(data: EventData) -> str:
    """The `type` that an event with this data has."""
    return _TYPE_OF[type(data)]
