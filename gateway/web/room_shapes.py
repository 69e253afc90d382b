"""The shapes of the control rooms: how each stands, and one standing in for another."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from gateway.web.kiosk_shapes import Both
from gateway.web.shapes import Answer, Given

RoomId = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]
Words = Annotated[str, Meta(max_length=200)]


class OpenAlarms(Answer, frozen=True):
    """How many of the room's alarms are open; silent ones do not count."""

    high: int
    medium: int
    low: int


class RoomInfo(Answer, frozen=True):
    """One control room. `manned`: somebody is at a desk, `desks` pages are open; nobody's name. `heard_in`: where its
    alarms show and sound now, itself unless it was taken over. `unheard`: high alarms wait there, nobody is there, and
    the other rooms were told. `vigilance`: how it stands with the question to an operator who is alone, if one stands.
    """

    id: str
    name: Both
    zones: list[str]
    manned: bool
    desks: int
    last_seen_at: datetime | None
    taken_over_by: str | None
    heard_in: str
    alarms: OpenAlarms
    unheard: bool
    vigilance: Literal["asked", "missed"] | None


class Rooms(Answer, frozen=True):
    """In the order of the configuration; at least one."""

    rooms: list[RoomInfo]


class TakeOverRoom(Given, frozen=True):
    """`by_room`: which room stands in; without it the one in which you sit, or the only other one."""

    by_room: RoomId | None = None
    reason: Words = ""
