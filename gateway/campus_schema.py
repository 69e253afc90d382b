"""The shape of campus.yaml: which fields there are, what each may hold, and what it is when not written.

Only shapes: whether a name that is used exists is checked in `campus_checks`, and what the file means is said in
`campus_file`.
"""

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field

from gateway.config_values import DateText, Group, LabelPart, LabelText, Minutes, Name, Part, TimeOfDay, listed
from gateway.core.kinds import AntiPassback, DayKind, Direction, PortalKind, Profile, ZoneKind

MAX_RESPONSIBLE = 3
"""A grid cell has three tiers of responsible people."""

_NUMBER = re.compile(r"[0-9+*#() -]{0,40}")


def _time_zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError("expected a time zone such as Asia/Shanghai")
    return text


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError("expected a telephone number: up to 40 of 0-9 + * # ( ) - and spaces, or nothing")
    return text


Number = Annotated[str, AfterValidator(_number)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
EVERY_DAY: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class WindowPart(Part):
    from_min: Minutes = Field(alias="from")
    to_min: Minutes = Field(alias="to")
    days: Annotated[list[Day], Field(min_length=1)] = Field(default_factory=lambda: list(EVERY_DAY))


class VehicleWindowPart(WindowPart):
    """A window of arrival or dismissal; `on` are the kinds of day on which it holds."""

    on: Annotated[list[Annotated[DayKind, listed(DayKind)]], Field(min_length=1)] = Field(
        default_factory=lambda: [DayKind.NORMAL, DayKind.HALF_DAY, DayKind.EXAM, DayKind.CLOSED]
    )


class CalendarPart(Part):
    """Days that are not normal ones, both ends among them; one day if `to` is not written."""

    from_day: DateText = Field(alias="from")
    to_day: DateText | None = Field(alias="to", default=None)
    kind: Annotated[DayKind, listed(DayKind)]


class ZonePart(Part):
    id: Name
    kind: Annotated[ZoneKind, listed(ZoneKind)]
    name: LabelPart
    parent: Name | None = None
    private: bool = False
    capacity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    responsible: Annotated[list[LabelText], Field(min_length=1, max_length=MAX_RESPONSIBLE)] | None = None


class GatePart(Part):
    id: Name
    name: LabelPart


class PortalPart(Part):
    id: Name
    kind: Annotated[PortalKind, listed(PortalKind)]
    name: LabelPart
    zone: Name
    outside: Name | None = None
    gate: Name | None = None
    directions: Annotated[list[Annotated[Direction, listed(Direction)]], Field(min_length=1)] = Field(
        default_factory=lambda: list(Direction)
    )
    escape: bool = False
    anti_passback: Annotated[AntiPassback, listed(AntiPassback)] = AntiPassback.OFF
    hold_ms: Annotated[int, Field(ge=500, le=60_000)] = 5_000
    held_open_after_s: Annotated[int, Field(ge=5, le=3_600)] = 30
    two_people: bool = False
    keypad: bool = False
    vehicle_windows: list[VehicleWindowPart] = Field(default_factory=list)


class ItemPart(Part):
    """Something that is counted when a post is handed over."""

    id: Name
    name: LabelPart
    count: Annotated[int, Field(ge=0, le=10_000)]


class PostPart(Part):
    id: Name
    name: LabelPart
    portals: Annotated[list[Name], Field(min_length=1)]
    windows: Annotated[list[WindowPart], Field(min_length=1)] | None = None
    inventory: Annotated[list[ItemPart], Field(max_length=30)] = Field(default_factory=list)
    sign_on: bool = False
    sign_on_within_min: Annotated[int, Field(ge=1, le=240)] = 10


class CallPart(Part):
    """Whom a guard calls; `host` is whoever is visited, with the directory's number."""

    id: Name
    name: LabelPart
    number: Number = ""
    numbers: dict[Name, Number] = Field(default_factory=dict)


class ControlRoomPart(Part):
    """What no room names belongs to every room."""

    id: Name
    name: LabelPart
    zones: Annotated[list[Name], Field(min_length=1)]


class VigilancePart(Part):
    """In these hours an operator who is alone is asked for a sign of life; `every_min: 0` asks nobody."""

    from_min: Minutes = Field(alias="from", default=22 * 60)
    to_min: Minutes = Field(alias="to", default=6 * 60)
    every_min: Annotated[int, Field(ge=0, le=120)] = 10
    within_min: Annotated[int, Field(ge=1, le=30)] = 10


def _calls() -> list[CallPart]:
    """The list of a site that was made before there was one."""
    return [CallPart(id=id, name=LabelPart(en=en, zh=zh), number=number) for id, en, zh, number in CALLS]


CALLS = (
    ("duty-leader", "Duty leader", "值班领导", ""),
    ("host", "Host", "接待人", ""),
    ("control-room", "Control room", "监控室", ""),
    ("police", "Police", "公安报警", "110"),
    ("fire", "Fire brigade", "火警", "119"),
    ("ambulance", "Ambulance", "急救", "120"),
)


class PlatesPart(Part):
    """Below `confidence` a camera's reading of a plate waits for a guard."""

    confidence: Annotated[float, Field(ge=0, le=1)] = 0.85


class SlipsPart(Part):
    second_approval: bool = False
    class_prefix: Group = "class-"


class PermissionPart(Part):
    name: Name
    groups: Annotated[list[Group], Field(min_length=1)]
    portals: list[Name] = Field(default_factory=list)
    windows: Annotated[list[WindowPart], Field(min_length=1)] | None = None
    own_dormitory: bool = False
    late_return: bool = False


class CampusFile(Part):
    """campus.yaml"""

    site: Name
    name: LabelPart
    profile: Annotated[Profile, listed(Profile)]
    timezone: Annotated[str, AfterValidator(_time_zone)]
    zones: Annotated[list[ZonePart], Field(min_length=1)]
    gates: list[GatePart] = Field(default_factory=list)
    portals: Annotated[list[PortalPart], Field(min_length=1)]
    permissions: list[PermissionPart] = Field(default_factory=list)
    leaving_windows: list[WindowPart] = Field(default_factory=list)
    curfew: WindowPart | None = None
    visiting_hours: list[WindowPart] = Field(default_factory=list)
    leaving_windows_on: dict[Annotated[DayKind, listed(DayKind)], list[WindowPart]] = Field(default_factory=dict)
    calendar: list[CalendarPart] = Field(default_factory=list)
    posts: list[PostPart] = Field(default_factory=list)
    plates: PlatesPart = Field(default_factory=PlatesPart)
    slips: SlipsPart = Field(default_factory=SlipsPart)
    calls: Annotated[list[CallPart], Field(min_length=1, max_length=20)] = Field(default_factory=_calls)
    paper_day: TimeOfDay = 4 * 60
    control_rooms: Annotated[list[ControlRoomPart], Field(max_length=20)] = Field(default_factory=list)
    vigilance: VigilancePart = Field(default_factory=VigilancePart)

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
