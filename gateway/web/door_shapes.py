"""The shapes of the doors' part of the API: PINs, who is inside, dormitories."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from gateway.web.shapes import Answer, Given, Name, Time

Pin = Annotated[str, Meta(min_length=1, max_length=32)]


class NewPin(Given, frozen=True):
    """Four to eight digits; `duress` opens as well, and calls for help in silence."""

    pin: Pin
    duress: Pin | None = None


class PinInfo(Answer, frozen=True):
    """Never the PIN itself."""

    person: str
    duress: bool


class PinUnlocked(Answer, frozen=True):
    """`cards`: how many were locked somewhere."""

    person: str
    cards: int


class ZoneCount(Answer, frozen=True):
    """How many are in a zone or deeper; `uncertain`: how many more may be. `capacity` null: nobody counts."""

    zone: str
    inside: int
    uncertain: int
    capacity: int | None


class Inside(Answer, frozen=True):
    zones: list[ZoneCount]


class ResidentInfo(Answer, frozen=True):
    """`state`: inside, outside, uncertain, or null if never read; `zone` and `since`: where and when last."""

    id: str
    name: str
    kind: str
    in_building: bool
    state: str | None
    zone: str | None
    since: datetime | None


class Residents(Answer, frozen=True):
    zone: str
    at: datetime
    residents: list[ResidentInfo]


class LateReturnsQuery(Given, frozen=True):
    """Without `since`: of the last twelve hours."""

    since: Time | None = None


class LateReturnInfo(Answer, frozen=True):
    id: str
    name: str
    portal: str
    at: datetime


class LateReturns(Answer, frozen=True):
    zone: str
    since: datetime
    returns: list[LateReturnInfo]


class Forgiven(Answer, frozen=True):
    person: Name
