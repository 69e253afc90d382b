"""The shapes of cameras: how each stands, its checks and coverage, findings with their pictures, references.

Pictures never stand in an answer: they have addresses of their own, made of a camera's id and a random number.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from gateway.web.kiosk_shapes import Both
from gateway.web.shapes import Answer, Given, Time

CameraId = Annotated[str, Meta(pattern="^[a-z0-9-]{1,63}$")]
CameraState = Literal["normal", "suspect", "faulty", "no_picture", "maintenance", "not_learnt"]
"""`no_picture` before `maintenance` before `faulty`: what a person has to know first."""


class PictureInfo(Answer, frozen=True):
    """A small picture to fetch: `cameras/{camera}/evidence/{id}`. `why`: finding, cleared, reference, before, after."""

    id: str
    at: datetime
    why: str


class FindingInfo(Answer, frozen=True):
    """One time that something was wrong: `began_at` is the first look that showed it. `pictures` is None where they
    were not looked up (`cameras/{camera}/findings/{id}` does), and empty once they are erased."""

    id: str
    camera: str
    finding: str
    priority: str
    began_at: datetime
    raised_at: datetime
    cleared_at: datetime | None
    value: float | None
    threshold: float | None
    pictures: list[PictureInfo] | None
    alarm: str | None
    alarm_state: str | None
    work_order: str | None


class StandingFinding(Answer, frozen=True):
    """What stands now, short, for the list."""

    finding: str
    priority: str
    since: datetime


class RecordingInfo(Answer, frozen=True):
    """What the recorder said last. `growing`: it has removed nothing yet, so its days become more. `oldest_at` and
    `days_kept` are null where it tells no date that can be believed, `disk_free_gb` where it does not tell its room, as
    no recorder does that is asked."""

    at: datetime
    recording: bool
    oldest_at: datetime | None
    days_kept: float | None
    growing: bool
    disk_free_gb: float | None


class RecorderInfo(Answer, frozen=True):
    """The recorder that is asked for a camera's recording. `trouble`: why nothing came of it when it was asked last;
    `clock_off_s`: by how much its clock is ahead, where that is more than a minute."""

    id: str
    token: str | None
    asked_at: datetime | None
    answered_at: datetime | None
    trouble: str | None
    clock_off_s: float | None


class CameraInfo(Answer, frozen=True):
    """One camera as it stands. `picture`: a number that is another one with each newer picture."""

    id: str
    name: Both
    zone: str
    key_site: bool
    state: CameraState
    since: datetime | None
    findings: list[StandingFinding]
    suspects: list[str]
    checked_at: datetime | None
    miss: str | None
    every_s: float
    picture: str | None
    picture_at: datetime | None
    reference: Literal["none", "learnt", "confirmed"]
    maintenance_until: datetime | None
    work_order: str | None


class Cameras(Answer, frozen=True):
    """In the order of the configuration; the page sorts."""

    at: datetime
    cameras: list[CameraInfo]


class ReferenceInfo(Answer, frozen=True):
    """What a camera looks like when all is well; `confirmed_by` is a user by name. `part` of the day: 0 to 5, four
    hours each."""

    id: str
    mode: str
    part: int
    state: str
    made_at: datetime
    confirmed_at: datetime | None
    confirmed_by: str | None
    retired_at: datetime | None
    picture: str | None


class References(Answer, frozen=True):
    """The ones in use first, then the old ones, the newest first."""

    camera: str
    references: list[ReferenceInfo]


class PictureQuery(Given, frozen=True):
    """`n`: the picture's number as the list has it, so that a newer one has another address; any is answered."""

    n: Annotated[str, Meta(pattern="^[0-9]{1,16}$")] = ""


class ConfirmReference(Given, frozen=True):
    reference: Annotated[str, Meta(pattern="^[0-9a-f]{1,32}$")]


class CameraDetail(Answer, frozen=True):
    """One camera with what stands and what was in the last days."""

    camera: CameraInfo
    sees: list[str]
    source: str
    device: str | None
    size: tuple[int, int] | None
    fps: float | None
    keep_days: int
    """So many days of recording there have to be."""
    recording: RecordingInfo | None
    recorder: RecorderInfo | None
    findings: list[FindingInfo]


class ChecksQuery(Given, frozen=True):
    """`from` and `to`: at most one day apart; without them the last hour."""

    since: Time | None = field(name="from", default=None)
    until: Time | None = field(name="to", default=None)


class CheckInfo(Answer, frozen=True):
    """One planned check: done when `miss` is None, and then `findings` is what stood at that moment."""

    due_at: datetime
    at: datetime
    miss: str | None
    findings: list[str]


class Checks(Answer, frozen=True):
    camera: str
    since: datetime = field(name="from")
    until: datetime = field(name="to")
    checks: list[CheckInfo] = field(default_factory=list)


class CoverageQuery(Given, frozen=True):
    """`day`: a day of the campus; without it the last 24 hours. `camera`: only this one's."""

    day: date | None = None
    camera: CameraId | None = None


class Hour(Struct, frozen=True, array_like=True):
    """What one hour's planned checks came to: planned = done + the four kinds of missed; `clear` of those done
    showed nothing wrong."""

    planned: int
    done: int
    clear: int
    camera: int
    gateway: int
    overload: int
    maintenance: int


class CameraCoverage(Answer, frozen=True):
    """None: no check was planned in that hour, or it is still ahead."""

    camera: str
    hours: list[Hour | None]


class Coverage(Answer, frozen=True):
    """Hours from `since` on, each in the order of the campus's clock."""

    since: datetime
    hours: int
    cameras: list[CameraCoverage]
