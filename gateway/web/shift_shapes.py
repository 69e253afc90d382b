"""The shapes of calls, help at a gate and shifts."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from gateway.web.kiosk_shapes import Both, CardValue, GateId, PinText
from gateway.web.shapes import Answer, Given, Limit

Id = Annotated[str, Meta(pattern="^[A-Za-z0-9_:.-]{1,130}$")]
Touch = Annotated[str, Meta(pattern="^[A-Za-z0-9-]{8,64}$")]
"""A page's own random word for one touch, so that the same touch sent twice counts once."""
Words = Annotated[str, Meta(max_length=200)]
CallResult = Literal["calling", "answered", "not_answered", "busy"]
ShiftSide = Literal["outgoing", "incoming", "witness"]


# ---------------------------------------------------------------- calls


class AboutPart(Given, frozen=True):
    """A visit, an alarm or a waiting tap, by its id."""

    kind: Literal["visit", "alarm", "tap"]
    id: Id


class CallsQuery(Given, frozen=True):
    """`about` and `of`: which round of calls, such as `visit` and its id; without them the newest at this gate."""

    gate: GateId
    about: Literal["visit", "alarm", "tap"] | None = None
    of: Id | None = None


class NewCall(Given, frozen=True):
    """`calling`: the number is being dialled; the other results end an attempt."""

    gate: GateId
    to: Annotated[str, Meta(min_length=1, max_length=63)]
    result: CallResult
    about: AboutPart | None = None
    who_answered: Words = ""
    touch: Touch | None = None


class CallLineInfo(Answer, frozen=True):
    """`number` is empty where the school has not written one; the host's is at `visits/{id}/host-number`."""

    to: str
    name: Both
    number: str
    order: int


class CallAttempt(Answer, frozen=True):
    to: str
    result: str
    at: datetime


class AboutInfo(Answer, frozen=True):
    kind: str
    id: str


class CallRound(Answer, frozen=True):
    """`next`: whom to call now; `calling_since`: a number is being dialled since then; `over`: somebody answered."""

    id: str
    gate: str
    about: AboutInfo | None
    since: datetime
    next: str | None
    calling_since: datetime | None
    over: bool
    attempts: list[CallAttempt]


class Calls(Answer, frozen=True):
    gate: str
    calls: list[CallLineInfo]
    running: CallRound | None


# ---------------------------------------------------------------- help


class AtGate(Given, frozen=True):
    gate: GateId


class WantRelief(Given, frozen=True):
    gate: GateId
    minutes: Annotated[int, Meta(ge=1, le=30)] = 5


class ReliefInfo(Answer, frozen=True):
    id: str
    gate: str
    state: str
    """`wanted`, `coming` or `done`."""
    since: datetime
    until: datetime
    told_again: bool


class Reliefs(Answer, frozen=True):
    reliefs: list[ReliefInfo]


# ---------------------------------------------------------------- shifts


class CountPart(Given, frozen=True):
    item: Annotated[str, Meta(min_length=1, max_length=63)]
    count: Annotated[int, Meta(ge=0, le=10_000)]
    note: Words = ""


class TakeOver(Given, frozen=True):
    """`absent`: whoever has the post is not there; then a witness signs instead."""

    post: Annotated[str, Meta(min_length=1, max_length=63)]
    counts: Annotated[list[CountPart], Meta(max_length=30)] = field(default_factory=list)
    note: Words = ""
    absent: bool = False


class SignShift(Given, frozen=True):
    """With card and PIN of whoever signs; without them it is the session's own user."""

    side: ShiftSide
    card: CardValue | None = None
    pin: PinText | None = None


class WitnessPart(Given, frozen=True):
    card: CardValue
    pin: PinText


class EndShift(Given, frozen=True):
    note: Words = ""
    card: CardValue | None = None
    pin: PinText | None = None
    witness: WitnessPart | None = None


class ShiftsQuery(Given, frozen=True):
    gate: GateId | None = None
    post: Annotated[str, Meta(min_length=1, max_length=63)] | None = None


class HistoryQuery(Given, frozen=True):
    post: Annotated[str, Meta(min_length=1, max_length=63)]
    limit: Limit = 50


class ItemInfo(Answer, frozen=True):
    id: str
    name: Both
    count: int


class CountedInfo(Answer, frozen=True):
    item: str
    expected: int
    count: int
    note: str


class OpenInfo(Answer, frozen=True):
    """What is open, in numbers."""

    inside: int
    overstays: int
    alarms: int
    devices_down: int
    waiting: int
    calls: int
    emergencies: int
    level: int
    level_since: datetime | None


class SignatureInfo(Answer, frozen=True):
    side: ShiftSide
    name: str
    at: datetime
    card: bool


class ShiftInfo(Answer, frozen=True):
    """`lacks`: whose signatures are missing. Names are those of today; empty for whom retention has erased."""

    id: str
    post: str
    state: str
    started_at: datetime
    guard: str | None
    outgoing: str | None
    absent: bool
    inventory: list[CountedInfo]
    open: OpenInfo
    note: str
    signatures: list[SignatureInfo]
    lacks: list[ShiftSide]
    taken_over_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    end_witness: str | None
    end_note: str


class OpenThing(Answer, frozen=True):
    """One thing that is open at the post: an alarm by its condition, a device that is down."""

    kind: str
    id: str
    place: str
    since: datetime | None


class PostInfo(Answer, frozen=True):
    id: str
    name: Both
    gate: str | None
    inventory: list[ItemInfo]
    open: OpenInfo
    things: list[OpenThing]
    current: ShiftInfo | None
    handing_over: ShiftInfo | None
    last: ShiftInfo | None


class Posts(Answer, frozen=True):
    posts: list[PostInfo]


class Shifts(Answer, frozen=True):
    shifts: list[ShiftInfo]
