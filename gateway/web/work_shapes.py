"""The shapes of work orders, announced maintenance, the round of a shift and the report of availability."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from gateway.web.camera_shapes import CameraId
from gateway.web.shapes import Answer, Given, Language, Limit, Name, Text, Time

Subject = Annotated[str, Meta(pattern="^[a-z0-9-]{1,63}$")]
"""A camera, or another device."""


# ---------------------------------------------------------------- work orders


class WorkOrdersQuery(Given, frozen=True):
    """`over`: those that are verified or cancelled, the newest first; else the live ones, what presses most first."""

    state: Literal["live", "over"] = "live"
    subject: Subject | None = None
    limit: Limit = 100


class NewWorkOrder(Given, frozen=True):
    """By hand. `note`: what is to be done; may be empty for a camera."""

    subject: Subject
    note: Annotated[str, Meta(max_length=200)] = ""
    due_at: Time | None = None


class WorkOrderChange(Given, frozen=True):
    """`assignee`: a user by name, or null for whoever of the maintenance comes first."""

    assignee: Name | UnsetType | None = UNSET
    due_at: Time | UnsetType = UNSET


class WorkDone(Given, frozen=True):
    what: Text


class WorkCancelled(Given, frozen=True):
    why: Text


class WorkOrderInfo(Answer, frozen=True):
    """`by`, `assignee`, `done_by`: users by name; `by` None: the gateway made it. `state`: open, done (nobody has
    looked yet), verified (a check has shown it), cancelled. `note` and `done` are what somebody typed."""

    id: str
    subject: str
    is_camera: bool
    findings: list[str]
    priority: str
    state: str
    opened_at: datetime
    due_at: datetime
    overdue: bool
    by: str | None
    assignee: str | None
    mine: bool
    note: str
    done_at: datetime | None
    done_by: str | None
    done: str
    verified_at: datetime | None
    reopened: int
    ended_at: datetime | None


class Workers(Answer, frozen=True):
    """Users who may take work orders, by name."""

    workers: list[str]


class WorkOrders(Answer, frozen=True):
    orders: list[WorkOrderInfo]


# ---------------------------------------------------------------- maintenance


class WindowsQuery(Given, frozen=True):
    """`over`: those that are over, the newest first; else those that run or are announced."""

    state: Literal["live", "over"] = "live"


class NewWindow(Given, frozen=True):
    """Without `starts_at` it begins now. `relearn`: afterwards their look is learnt again; `new_recorder`: the recorder
    or its disk is another one."""

    cameras: Annotated[list[CameraId], Meta(min_length=1, max_length=1_000)]
    ends_at: Time
    reason: Text
    starts_at: Time | None = None
    relearn: bool = True
    new_recorder: bool = False


class RenewWindow(Given, frozen=True):
    ends_at: Time


class WindowInfo(Answer, frozen=True):
    """`by` and `ended_by` are users by name; `ended_by` None: it ended by itself, or has not."""

    id: str
    cameras: list[str]
    starts_at: datetime
    ends_at: datetime
    under_way: bool
    by: str | None
    reason: str
    relearn: bool
    new_recorder: bool
    ended_at: datetime | None
    ended_by: str | None


class Windows(Answer, frozen=True):
    windows: list[WindowInfo]


# ---------------------------------------------------------------- the round of a shift


class SignRound(Given, frozen=True):
    """`digest`: of the open points that the signer has seen, as `GET camera-rounds` told it."""

    digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    note: Annotated[str, Meta(max_length=200)] = ""


class RoundPoint(Answer, frozen=True):
    """One thing that is open. `kind`: finding, not_seen, order, maintenance; `place`: a camera or device; `what`: the
    finding, why a check is missed, how the order stands, or the window's id."""

    kind: str
    place: str
    what: str
    since: datetime
    order: str | None


class RoundInfo(Answer, frozen=True):
    """A round that somebody signed; `count` points were open then."""

    id: str
    at: datetime
    by: str | None
    count: int
    note: str


class RoundSlot(Answer, frozen=True):
    """One part of the day in which a round has to be signed. `state`: signed, due, missed, ahead."""

    starts_at: datetime
    ends_at: datetime
    state: str
    rounds: list[RoundInfo]


class CameraRounds(Answer, frozen=True):
    """What is open now, what presses most first, and the rounds of today and of the last days, the newest first."""

    at: datetime
    points: list[RoundPoint]
    digest: str
    cameras: int
    slots: list[RoundSlot]
    signed: list[RoundInfo]


# ---------------------------------------------------------------- availability

Day = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Month = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}$")]


class AvailabilityQuery(Given, frozen=True):
    """`day` or `month` of the campus; without either, today so far. `lang`: of the workbook."""

    day: Day | None = None
    month: Month | None = None
    format: Literal["json", "xlsx"] = "json"
    lang: Language | None = None


class FoundCount(Answer, frozen=True):
    """One kind of finding: how often it began, and for how many minutes it stood."""

    raised: int
    minutes: float


class AvailabilityLine(Answer, frozen=True):
    """One camera, or all together (`camera` null). `clear`: checks that found nothing wrong. Shares are from 0 to 1,
    null where nothing can be said: `coverage` is done of planned, `availability` is clear of planned without
    announced maintenance."""

    camera: str | None
    planned: int
    done: int
    clear: int
    missed: dict[str, int]
    findings: dict[str, FoundCount]
    raised: int
    minutes: float
    noticed: int
    mended: int
    standing: int
    orders_opened: int
    orders_ended: int
    orders_open: int
    coverage: float | None
    availability: float | None
    mean_notice_s: float | None
    mean_mend_s: float | None


class Availability(Answer, frozen=True):
    """`digest`: of its numbers; `on_record`: the digest that the ledger has of it from the night after, if there is
    one; `agrees`: whether they are the same."""

    period: str
    since: datetime
    until: datetime
    is_over: bool
    made_at: datetime
    digest: str
    on_record: str | None
    agrees: bool | None
    total: AvailabilityLine
    cameras: list[AvailabilityLine]
