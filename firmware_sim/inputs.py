"""What can happen to a device: messages, the link, time, people, wires and sensors."""

from __future__ import annotations

from dataclasses import dataclass

from devices.messages import Presence


@dataclass(frozen=True, slots=True)
class Received:
    """A message on one of the device's own down-channels, as bytes."""

    channel: str
    payload: bytes
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Connected:
    """The link to the broker stands."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The link to the broker is gone."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment asked for by `machine.next_wake` has come (or any other: a tick too many does nothing)."""


@dataclass(frozen=True, slots=True)
class TapCard:
    """A person holds a card, code or PIN to the reader, or a plate is read."""

    value: str
    direction: str
    kind: str = "card"
    pin: str | None = None
    confidence: float | None = None
    duress: bool = False
    person: str | None = None


@dataclass(frozen=True, slots=True)
class WalkThrough:
    """A person (or vehicle, at a lane) goes through; `forced` breaks what is locked; `behind` slips through a turnstile
    with the person before."""

    direction: str
    person: str | None = None
    forced: bool = False
    leave_open: bool = False
    behind: bool = False


@dataclass(frozen=True, slots=True)
class CloseDoor:
    """Somebody closes the door that stood open."""


@dataclass(frozen=True, slots=True)
class PressExitButton:
    """The button on the inner side of the door."""

    person: str | None = None


@dataclass(frozen=True, slots=True)
class FireWire:
    """The wire from the fire panel to the door."""

    active: bool


@dataclass(frozen=True, slots=True)
class Sensed:
    """One word of the bollard's presence sensors."""

    vehicle: Presence
    pedestrian: Presence
    counter: int


@dataclass(frozen=True, slots=True)
class PressEfo:
    """The emergency button at the bollard itself."""


@dataclass(frozen=True, slots=True)
class MoveByHand:
    """Somebody pumps the bollard down by hand."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A vehicle strikes the bollard."""

    g: float


@dataclass(frozen=True, slots=True)
class OpenCasing:
    """Somebody opens the device."""


@dataclass(frozen=True, slots=True)
class PanelFire:
    """A fire detector of a zone at the panel."""

    zone: str
    active: bool


@dataclass(frozen=True, slots=True)
class PanelPanic:
    """A panic button."""

    location: str


@dataclass(frozen=True, slots=True)
class PlateRead:
    """A camera reads a plate that asks for nothing."""

    plate: str
    confidence: float
    direction: str


@dataclass(frozen=True, slots=True)
class RecorderChanged:
    """The recorder of a camera fails or recovers."""

    ok: bool
    free_bytes: int
    kept_s: float | None = None
    """How far back it reaches from now on; None: as before."""


Input = (
    Received
    | Connected
    | Disconnected
    | Tick
    | TapCard
    | WalkThrough
    | CloseDoor
    | PressExitButton
    | FireWire
    | Sensed
    | PressEfo
    | MoveByHand
    | Hit
    | OpenCasing
    | PanelFire
    | PanelPanic
    | PlateRead
    | RecorderChanged
)
