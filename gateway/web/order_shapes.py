"""The shapes of orders and levels: what somebody files, and what the gateway says of it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gateway.web.shapes import Answer, Given, Limit, Time

Level = Annotated[int, Meta(ge=1, le=3)]
Number = Annotated[str, Meta(min_length=1, max_length=100)]
Said = Annotated[str, Meta(min_length=1, max_length=500)]
ZoneName = Annotated[str, Meta(min_length=1, max_length=63)]
OrderState = Literal["drafted", "requested", "signed", "in_force", "expired", "refused", "revoked"]


class OralOrder(Given, frozen=True, rename={"from_": "from"}):
    """Given by word: `from` is the leader's user name (own order) or the superior's office (unified order)."""

    oral: Literal[True]
    from_: Annotated[str, Meta(min_length=1, max_length=100)]
    received_by: Annotated[str, Meta(min_length=1, max_length=100)]
    received_at: Time
    call_back: Annotated[str, Meta(max_length=40)] = ""


class NewOrder(Given, frozen=True):
    """Without `zones` it covers the whole site; without `ends_at` it is open. `draft`: nobody is asked to sign yet."""

    level: Level
    starts_at: Time
    document: Number | OralOrder
    reason: Said
    zones: Annotated[list[ZoneName], Meta(max_length=200)] | None = None
    ends_at: Time | None = None
    authority: Literal["own", "unified"] = "own"
    drill: bool = False
    draft: bool = False


class EndOrder(Given, frozen=True):
    """`document`: the number of the superior's cancellation, for a unified order."""

    reason: Said
    document: Number | None = None


class RefuseOrder(Given, frozen=True):
    reason: Said


class OrderDocument(Given, frozen=True):
    document: Number


class OrdersQuery(Given, frozen=True):
    state: OrderState | None = None
    limit: Limit = 100


class BothLanguages(Answer, frozen=True):
    en: str
    zh: str


class OralInfo(Answer, frozen=True, rename={"from_": "from"}):
    from_: str
    received_by: str
    received_at: datetime
    call_back: str


class LevelChange(Answer, frozen=True):
    """From `at` on `zone` has this level, set by `order` (null: no order is in force there)."""

    at: datetime
    zone: str
    level: Level
    order: str | None
    drill: bool


class OrderInfo(Answer, frozen=True):
    """An order. Users go by their names; `lacks` is what still has to follow, `overdue` from 24 hours on.

    `effect` is `none` if it makes nothing stricter at any moment: then `why` says so. `timeline`: the changes ahead in
    the zones that it names; while it is not signed yet, as they would be.
    """

    id: str
    state: str
    level: Level
    zones: list[str]
    starts_at: datetime
    ends_at: datetime | None
    authority: str
    drill: bool
    document: str | None
    oral: OralInfo | None
    reason: str
    requested_by: str | None
    requested_at: datetime | None
    signed_by: str | None
    signed_at: datetime | None
    countersigned_by: str | None
    countersigned_at: datetime | None
    confirmed_by: str | None
    refused_by: str | None
    refused_at: datetime | None
    refuse_reason: str
    revoking_by: str | None
    revoked_by: str | None
    revoked_at: datetime | None
    revoke_reason: str
    cancelled_by_document: str | None
    in_force_since: datetime | None
    lacks: list[str]
    overdue: bool
    effect: Literal["raises", "none"]
    why: BothLanguages | None
    timeline: list[LevelChange]
    whole_site: bool = False
    """It covers everything."""
    told: int | None = None
    """How many people a notice told, or is on its way to, that it waits for them; null while it waits for nobody."""


class Orders(Answer, frozen=True):
    orders: list[OrderInfo]


class Following(Answer, frozen=True):
    """How many devices there follow: `asked` were given a posture, `acknowledged` name its version in their own signed
    status, `verified` of these were heard again afterwards as it wants them, `late` are there and do not follow, `away`
    get it when they return."""

    asked: int
    acknowledged: int
    verified: int
    late: int
    away: int


class ZoneLevel(Answer, frozen=True):
    """The level in force in a zone, the order that sets it, and what is ahead."""

    zone: str
    level: Level
    drill: bool
    since: datetime | None
    until: datetime | None
    order: str | None
    timeline: list[LevelChange]
    devices: Following


class ClockInfo(Answer, frozen=True):
    """`suspect`: no order ends and nothing becomes valid after `trusted_until`, until the time source agrees for 60 s
    or two people confirm what `wall` shows."""

    state: Literal["good", "suspect"]
    wall: datetime
    trusted_until: datetime | None
    why: str | None
    confirmed_by_one: bool


class Levels(Answer, frozen=True):
    at: datetime
    zones: list[ZoneLevel]
    devices: Following
    clock: ClockInfo


def clock_info(state: dict[str, object]) -> ClockInfo:
    return msgspec.convert(state, ClockInfo)
