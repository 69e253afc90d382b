"""The shapes of what an order will change, and of the levels over a time."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from gateway.web.order_shapes import BothLanguages, Level, LevelChange, ZoneName
from gateway.web.shapes import Answer, Given, Time


class PreviewOrder(Given, frozen=True):
    """An order as it would be filed, without its papers. Without `zones` it covers the whole site."""

    level: Level
    starts_at: Time
    zones: Annotated[list[ZoneName], Meta(max_length=200)] | None = None
    ends_at: Time | None = None
    authority: Literal["own", "unified"] = "own"
    drill: bool = False


class PreviewQuery(Given, frozen=True):
    """`of`: its beginning or its end; left out, the one that comes next."""

    of: Literal["filing", "ending"] | None = None


class LevelSetting(Answer, frozen=True):
    level: Level
    order: str | None
    drill: bool


class ZoneDifference(Answer, frozen=True):
    """A zone that the order covers, at the moment of the change; the timelines: what is ahead without it and with."""

    zone: str
    before: LevelSetting
    after: LevelSetting
    timeline_before: list[LevelChange]
    timeline_after: list[LevelChange]


class ConflictInfo(Answer, frozen=True):
    """Another order in the same time and zones; `stands`: as strict or stricter, so that this one makes nothing
    stricter there while that lasts."""

    order: str
    level: Level
    authority: str
    document: str | None
    drill: bool
    starts_at: datetime
    ends_at: datetime | None
    stands: bool


class DeviceDifference(Answer, frozen=True):
    """Devices that get another posture. `doors`: readers and dormitory doors among them; `away`: get it on return."""

    count: int
    doors: int
    by_kind: dict[str, int]
    away: int


class PassDifference(Answer, frozen=True):
    """Of `count` that hold in that time `looked_at` were judged: how many are refused, wait for a person, or are freed,
    that are not so without it."""

    count: int
    looked_at: int
    refused: int
    waits: int
    freed: int


class VisitDifference(Answer, frozen=True):
    """Of so many visits expected in that time: refused by the level, or in need of more than there is."""

    count: int
    refused: int
    needs_more: int


class GatheringDifference(Answer, frozen=True):
    """An approved gathering that stops, or at the end of an order may go on. It names nobody."""

    id: str
    title: str
    headcount: int
    starts_at: datetime
    ends_at: datetime


class InsideDifference(Answer, frozen=True):
    """Who is inside now and could not come in any more (`freed`: the other way round), by kind. Nobody is locked in.

    `visitors` counts those who come by a visit. `whole`: false where there was no time for everybody.
    """

    looked_at: int
    whole: bool
    could_not_enter: int
    visitors: int
    vehicles: int
    by_kind: dict[str, int]
    freed: int


class TurnInfo(Answer, frozen=True):
    """Taps that would have been answered `after` instead of `before`, with `reason`, by kind of holder."""

    before: str
    after: str
    reason: str
    kind: str
    count: int


class PastDifference(Answer, frozen=True):
    """The taps of the last days decided again, without the order and with it.

    `state`: `whole`, `cut_short` (there was more than fits: `since` says how far back), `busy` (another preview is at
    it), `away` (the records cannot be read just now), `not_needed` (no level differs). `unknown`: of credentials that
    nobody knows any more.
    """

    state: Literal["whole", "cut_short", "busy", "away", "not_needed"]
    since: datetime
    until: datetime
    taps: int
    compared: int
    unknown: int
    different: int
    holders: int
    turns: list[TurnInfo]


class CadenceInfo(Answer, frozen=True):
    camera_check_s: int
    patrol_rounds: int
    posts_manned: bool
    leader_on_duty: bool


class OrderPreview(Answer, frozen=True):
    """What an order (`of`: `filing`), or its end (`ending`), will change. Nothing is filed by asking.

    `at`: the first moment at which a level differs; `null` if none ever does: then `why` says so.
    """

    of: Literal["filing", "ending"]
    whole_site: bool
    at: datetime | None
    effect: Literal["raises", "lowers", "none"]
    why: BothLanguages | None
    drill: bool
    zones: list[ZoneDifference]
    conflicts: list[ConflictInfo]
    cadence_before: CadenceInfo | None
    cadence_after: CadenceInfo | None
    devices: DeviceDifference
    standing_passes: PassDifference
    authorisations: PassDifference
    visits: VisitDifference
    gatherings: list[GatheringDifference]
    gatherings_more: int
    inside: InsideDifference
    past: PastDifference


class LevelTimesQuery(Given, frozen=True):
    """How many days back and ahead."""

    back: Annotated[int, Meta(ge=0, le=92)] = 7
    ahead: Annotated[int, Meta(ge=0, le=400)] = 14


class SpellInfo(Answer, frozen=True, rename={"from_": "from"}):
    """From `from` to `to` the zone had, or will have, this level."""

    from_: datetime
    to: datetime
    level: Level
    order: str | None
    drill: bool


class ZoneTimes(Answer, frozen=True):
    zone: str
    spells: list[SpellInfo]


class LevelTimes(Answer, frozen=True, rename={"from_": "from"}):
    """The level of each zone over a time; what lies ahead is as it stands now. `site` is the zone that holds all."""

    site: str
    from_: datetime
    to: datetime
    now: datetime
    zones: list[ZoneTimes]
