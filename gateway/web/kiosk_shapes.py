"""The shapes of the kiosk's own part of the API: gates, signing on by card and PIN, registrations made offline."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from gateway.web.shapes import Answer, DeviceInfo, Given, Me

GateId = Annotated[str, Meta(min_length=1, max_length=63)]
CardValue = Annotated[str, Meta(min_length=1, max_length=200)]
PinText = Annotated[str, Meta(min_length=1, max_length=20)]


class CardSignOn(Given, frozen=True):
    gate: GateId
    card: CardValue
    pin: PinText


class Unlock(Given, frozen=True):
    card: CardValue
    pin: PinText


class KioskState(Answer, frozen=True):
    """How the lock stands; a password session is never locked."""

    locked: bool
    locks_in_s: float | None
    """None for a session that never locks."""


class SignedOn(Answer, frozen=True):
    me: Me
    kiosk: KioskState


class Both(Answer, frozen=True):
    """A name in both languages."""

    en: str
    zh: str


class GatePortal(Answer, frozen=True):
    id: str
    name: Both
    kind: str
    directions: list[str]
    zone: str


class GatePost(Answer, frozen=True):
    id: str
    name: Both
    sign_on: bool
    """Whoever mans it takes it over from whoever did before (docs/shifts.md)."""


class GateInfo(Answer, frozen=True):
    id: str
    name: Both
    portals: list[GatePortal]
    devices: list[DeviceInfo]
    post: GatePost | None
    zones: list[str]
    """The campuses behind this gate: for these its guard calls an emergency."""
    around: list[str]
    """All that contain them: what is in force there holds here too."""


class Gates(Answer, frozen=True):
    gates: list[GateInfo]


class LateDone(Answer, frozen=True):
    id: str
    """The decision that let them in."""
    outcome: str
    reason: str
    command: str | None


class Sealed(Given, frozen=True):
    key: Annotated[str, Meta(min_length=8, max_length=64)]
    """The registration's own key, as it stands inside: so that a result can be told though it cannot be opened."""
    box: Annotated[str, Meta(min_length=40, max_length=16_000)]
    """Base64: the browser's ephemeral public key, nonce and ciphertext."""


class OfflineRegistrations(Given, frozen=True):
    sealed: Annotated[list[Sealed], Meta(min_length=1, max_length=20)]


class OfflineResult(Answer, frozen=True):
    key: str
    state: str
    """`registered`, `known` (it was brought in before), `invalid` or `unreadable`."""
    visit: str | None = None
    errors: list[Any] = msgspec.field(default_factory=list)
    """Which fields are wrong, as in a problem."""


class OfflineResults(Answer, frozen=True):
    results: list[OfflineResult]
    at: datetime
