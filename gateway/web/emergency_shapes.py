"""The shapes of emergencies, of who follows them, and of who is inside."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from gateway.web.shapes import Answer, Given, HolderInfo

Said = Annotated[str, Meta(min_length=1, max_length=500)]
ZoneName = Annotated[str, Meta(min_length=1, max_length=63)]


class NewEmergency(Given, frozen=True):
    """Without `zones`: the whole site. It is in force when the answer comes."""

    kind: Literal["lockdown", "evacuate"]
    reason: Said
    zones: Annotated[list[ZoneName], Meta(min_length=1, max_length=200)] | None = None
    drill: bool = False


class EndEmergency(Given, frozen=True):
    reason: Said


class NewRemark(Given, frozen=True):
    text: Said


class EmergenciesQuery(Given, frozen=True):
    state: Literal["in_force", "ended", "all"] = "in_force"


class RemarkInfo(Answer, frozen=True):
    at: datetime
    by: str
    text: str


class FollowedInfo(Answer, frozen=True):
    """One device: when it was asked, when it showed the posture, and how long that took; `null` if it never did."""

    device: str
    portal: str | None
    version: int
    asked_at: datetime
    shown_at: datetime | None
    took_ms: int | None


class MusterInfo(Answer, frozen=True):
    """By count. `left` and `still_inside` are `null` where nobody musters: a lockdown."""

    inside_at_start: int | None
    left: int | None
    still_inside: int | None


class EmergencyRecord(Answer, frozen=True):
    """What stays of it. `not_followed`: devices that were asked and have not shown it."""

    started_at: datetime
    ended_at: datetime | None
    devices: list[FollowedInfo]
    not_followed: list[str]
    muster: MusterInfo
    remarks: list[RemarkInfo]
    signed_by: str | None
    signed_at: datetime | None


class EmergencyInfo(Answer, frozen=True):
    """`state`: `in_force`, `ending` (the first of two has spoken) or `ended`. `on_paper`: false while its record waits
    for the ledger. `started_by` is `null` for a fire; who ended it is `null` where something real ended a drill."""

    id: str
    kind: str
    zones: list[str]
    cause: str
    drill: bool
    state: str
    reason: str
    started_at: datetime
    started_by: str | None
    signed_by: str | None
    signed_at: datetime | None
    escalated_at: datetime | None
    fire_inputs: list[str]
    ending_by: str | None
    ended_by: str | None
    ended_at: datetime | None
    end_reason: str
    on_paper: bool


class EmergencyWithRecord(EmergencyInfo, frozen=True):
    record: EmergencyRecord


class Emergencies(Answer, frozen=True):
    emergencies: list[EmergencyInfo]


class Missing(Answer, frozen=True):
    """Who was inside when the evacuation began and is not known to have left."""

    inside_at_start: int
    left: int
    missing: list[HolderInfo]


class PropagationCounts(Answer, frozen=True):
    """`acknowledged` counts those that are verified too."""

    devices: int
    acknowledged: int
    verified: int
    asked: int
    late: int
    away: int


class DevicePosture(Answer, frozen=True):
    """`state`: `asked`, `acknowledged` (its own status names the version), `verified` (heard again afterwards, as that
    posture wants it; `verified_by`: `heartbeat`, `status` or `decision`), `late` (more than 5 s; `why`: `no_status` or
    `not_released`) or `away` (`lost`). The times count from the moment at which it was asked."""

    device: str
    portal: str | None
    zone: str | None
    state: str
    issued: int
    shown: int | None
    since_s: float | None
    kind: str
    why: str | None
    acknowledged_after_s: float | None
    verified_after_s: float | None
    verified_by: str | None


class ChangeOnItsWay(Answer, frozen=True):
    """One change of posture: how many devices were asked, how many have shown it, who is late or away."""

    cause: str
    of: str | None
    zones: list[str]
    drill: bool
    at: datetime
    asked: int
    shown: int
    late: list[str]
    away: list[str]
    slowest_ms: int | None
    done: bool


class Propagation(Answer, frozen=True):
    """Those that do not follow come first; the newest change comes first."""

    counts: PropagationCounts
    devices: list[DevicePosture]
    changes: list[ChangeOnItsWay]


class InsideInfo(Answer, frozen=True):
    """`by_level`: at the normal level this person could come in."""

    holder: HolderInfo
    zone: str
    refused_zone: str
    reason: str
    by_level: bool


class InsideList(Answer, frozen=True):
    """Who is inside and could not come in now. Nobody is locked in by being listed."""

    count: int
    people: list[InsideInfo]
