"""The shapes of permits, visits and what a guard does by hand: what somebody sends, and what the gateway says of it.

Nothing here has room for words about who somebody is: reasons are closed lists, and what is free (a visit's purpose,
what is carried, why a leader signs) is about the matter. A test keeps it so.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from gateway.web.shapes import Answer, Given, HolderInfo, Limit, Time

PLAIN = r"^[^\x00-\x1f\x7f-\x9f]+$"
"""Text on one line."""
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
PersonName = Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
Lines = Annotated[str, Meta(min_length=1, max_length=4000)]
Short = Annotated[str, Meta(max_length=40)]
Portals = Annotated[list[Id], Meta(min_length=1, max_length=200)]
Zones = Annotated[list[Id], Meta(max_length=100)]
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
ClockEnd = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Day = Annotated[int, Meta(ge=0, le=6)]
SlipReason = Literal["family", "medical", "other"]
BanAct = Literal["violence", "threat", "theft", "trespass", "court_order"]


class ListQuery(Given, frozen=True):
    """`live`: those that can still matter; `over`: the newest of those that cannot."""

    state: Literal["live", "over"] = "live"
    holder: Id | None = None
    limit: Limit = 100


# ---------------------------------------------------------------- authorisations


class OralAuthorisation(Given, frozen=True, rename={"from_": "from"}):
    """Given by word: by whom, and the number to call back."""

    from_: PersonName
    call_back: Short = ""


class NewAuthorisation(Given, frozen=True):
    """Exactly one of `holder`, `visit` and `vehicle` says for whom."""

    portals: Portals
    starts_at: Time
    ends_at: Time
    reason: Line
    holder: Id | None = None
    visit: Id | None = None
    vehicle: Id | None = None
    oral: OralAuthorisation | None = None


class AuthorisationInfo(Answer, frozen=True):
    id: str
    holder: HolderInfo | None
    visit: str | None
    vehicle: str | None
    portals: list[str]
    starts_at: datetime
    ends_at: datetime
    reason: str
    oral: bool
    signed_by: str
    signed_at: datetime
    revoked_at: datetime | None


class Authorisations(Answer, frozen=True):
    authorisations: list[AuthorisationInfo]


# ---------------------------------------------------------------- leave slips


class NewSlip(Given, frozen=True):
    """`collector`, or the visit by which somebody comes to collect."""

    holder: Id
    starts_at: Time
    ends_at: Time
    reason: SlipReason
    collector: Id | None = None
    collector_visit: Id | None = None


class SlipsQuery(Given, frozen=True):
    """`late`: those whose student came back late; `absent`: those whose student is not back in time."""

    state: Literal["live", "over", "asked"] = "live"
    late: bool = False
    absent: bool = False
    holder: Id | None = None
    limit: Limit = 100


class StudentsWanted(Given, frozen=True):
    q: Annotated[str, Meta(max_length=100)] = ""
    limit: Limit = 20


class Student(Answer, frozen=True):
    """Enough to pick the right one."""

    id: str
    name: str
    classes: list[str]


class Students(Answer, frozen=True):
    students: list[Student]


class Collector(Answer, frozen=True):
    """Somebody who may collect: a person of the school, or with `visit` who comes by that visit."""

    id: str
    name: str
    visit: bool
    about: str


class Collectors(Answer, frozen=True):
    people: list[Collector]


class TableTaken(Answer, frozen=True):
    """How many slips there are more, or how many vehicles are new or other than before."""

    lines: int


class SlipInfo(Answer, frozen=True):
    """`reason` is null for everybody but those who give slips. `stage`: asked, given, out, returned, late, absent,
    refused, revoked or over. `may_approve`: it waits for an answer that is mine to give."""

    id: str
    holder: HolderInfo | None
    starts_at: datetime
    ends_at: datetime
    reason: str | None
    collector: HolderInfo | None
    given_by: str
    given_at: datetime
    revoked_at: datetime | None
    stage: str
    left_at: datetime | None
    returned_at: datetime | None
    may_approve: bool
    may_revoke: bool


class Slips(Answer, frozen=True):
    slips: list[SlipInfo]


# ---------------------------------------------------------------- entry bans


class NewBan(Given, frozen=True):
    holder: Id
    act: BanAct
    ends_at: Time


class BanInfo(Answer, frozen=True):
    """`state`: requested, in_force, over or lifted; `approvals`: how many of the two there are."""

    id: str
    state: str
    holder: HolderInfo | None
    act: str
    starts_at: datetime
    ends_at: datetime
    requested_by: str
    requested_at: datetime
    approvals: int
    objected_at: datetime | None
    lifted_at: datetime | None


class Bans(Answer, frozen=True):
    bans: list[BanInfo]


# ---------------------------------------------------------------- gatherings


class NewGathering(Given, frozen=True):
    title: Line
    organiser: Id
    headcount: Annotated[int, Meta(ge=1, le=1_000_000)]
    safety_measures: Lines
    emergency_plan: Lines
    starts_at: Time
    ends_at: Time
    zones: Zones = field(default_factory=list)
    on_campus: bool = True


class GatheringInfo(Answer, frozen=True):
    """`suspended`: it is large, and the exceptional level is in force; its passes open nothing meanwhile."""

    id: str
    state: str
    suspended: bool
    title: str
    organiser: HolderInfo | None
    headcount: int
    safety_measures: str
    emergency_plan: str
    zones: list[str]
    on_campus: bool
    starts_at: datetime
    ends_at: datetime
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None


class Gatherings(Answer, frozen=True):
    gatherings: list[GatheringInfo]


# ---------------------------------------------------------------- vehicles and the essential list


class TimetablePart(Given, frozen=True, rename={"from_": "from"}):
    """A time in which a bus comes; `days` from 0 (Monday) to 6."""

    from_: Clock
    to: ClockEnd
    days: Annotated[list[Day], Meta(min_length=1, max_length=7)] = field(default_factory=lambda: list(range(7)))


Timetable = Annotated[list[TimetablePart], Meta(max_length=50)]


class NewVehicle(Given, frozen=True):
    """`plate`: a plate, or the number of a two-wheeler's tag. A bus needs all fields but `not_after`."""

    kind: Literal["registered", "bus", "two_wheeler"]
    plate: Annotated[str, Meta(min_length=1, max_length=32, pattern=PLAIN)]
    holder: Id
    driver: Id | None = None
    attendant: Id | None = None
    papers_until: Time | None = None
    timetable: Timetable = field(default_factory=list)
    portals: Zones = field(default_factory=list)
    not_after: Time | None = None
    route: Short = ""


class VehicleChange(Given, frozen=True):
    driver: Id | None = None
    attendant: Id | None = None
    papers_until: Time | None = None
    timetable: Timetable | None = None
    portals: Zones | None = None
    route: Short | None = None


class TimetableLine(Answer, frozen=True, rename={"from_": "from"}):
    from_: str
    to: str
    days: list[int]


class HeadCountInfo(Answer, frozen=True):
    at: datetime
    portal: str
    direction: str
    count: int


class VehicleInfo(Answer, frozen=True):
    """`counted_in` and `counted_out`: today's heads, null where nobody counted; `expires`: the papers are out of date
    (`expired`) or will be within thirty days (`soon`)."""

    id: str
    kind: str
    plate: str | None
    holder: HolderInfo | None
    driver: HolderInfo | None
    attendant: HolderInfo | None
    papers_until: datetime | None
    timetable: list[TimetableLine]
    portals: list[str]
    essential: bool
    removed_at: datetime | None
    route: str
    head_counts: list[HeadCountInfo]
    counted_in: int | None
    counted_out: int | None
    expires: Literal["expired", "soon"] | None


class Vehicles(Answer, frozen=True):
    vehicles: list[VehicleInfo]


class NewEssential(Given, frozen=True):
    """Either a holder or a vehicle."""

    holder: Id | None = None
    vehicle: Id | None = None


class EssentialInfo(Answer, frozen=True):
    id: str
    holder: HolderInfo | None
    vehicle: str | None
    listed_by: str
    listed_at: datetime


class EssentialList(Answer, frozen=True):
    essential: list[EssentialInfo]
