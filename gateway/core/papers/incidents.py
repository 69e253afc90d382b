"""An incident: what happened where, who noticed it first, and the report that goes to the superior within the hour.

A frozen value like every paper: `incident_course` says how it moves on. It goes along two tracks: the handling is open
or closed; the report is needed, drafted, put before a principal, reviewed or returned, and sent. People are named by
reference only. What somebody typed stands in here and nowhere else, so that retention can erase it; it is about the
matter (what, where, how far), and no field asks for a word about somebody.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from gateway.core.papers.kinds import PaperKind


class IncidentKind(StrEnum):
    """What it is: a matter, never a person."""

    INTRUSION = "intrusion"
    FORCED_DOOR = "forced_door"
    FIRE = "fire"
    TRAFFIC = "traffic"
    VIOLENCE = "violence"
    MEDICAL = "medical"
    """Somebody needs first aid or an ambulance; who and why stands nowhere."""
    PROPERTY = "property"
    EQUIPMENT = "equipment"
    VISITOR = "visitor"
    OTHER = "other"


class Noticed(StrEnum):
    """By what it was noticed first."""

    ALARM = "alarm"
    CAMERA = "camera"
    PATROL = "patrol"
    POST = "post"
    TELEPHONE = "telephone"
    OTHER = "other"


class ReportState(StrEnum):
    """How far the report is."""

    NEEDED = "needed"
    DRAFTED = "drafted"
    ASKED = "asked"
    """A principal has been asked to review it."""
    RETURNED = "returned"
    REVIEWED = "reviewed"
    SENT = "sent"


class SentBy(StrEnum):
    """By which way a report went out."""

    NOTICE = "notice"
    """By a channel of the gateway itself; every other way is recorded by hand."""
    PAPER = "paper"
    MAIL = "mail"
    FAX = "fax"
    SYSTEM = "system"
    """The superior authority's own system."""


@dataclass(frozen=True, slots=True)
class MergedAlarm:
    """An alarm that belongs to an incident, as it was when it joined, with its pictures of then."""

    id: str
    condition: str
    place: str
    opened_at: datetime
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentNote:
    """What somebody noted on the matter."""

    id: str
    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class ByWord:
    """The first report, by word: to which office, when, and by whom."""

    to: str
    at: datetime
    by: str
    recorded_by: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The written report: seven fields about the matter. `version` grows with each change."""

    version: int
    at: datetime
    by: str
    time: str = ""
    place: str = ""
    source: str = ""
    nature: str = ""
    scope: str = ""
    trend: str = ""
    measures: str = ""


DRAFT_FIELDS = ("time", "place", "source", "nature", "scope", "trend", "measures")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A principal's word on one version of the draft; `remark` only where it was returned."""

    at: datetime
    by: str
    version: int
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The report went to `to`. `unreviewed`: why it went without a principal's review; empty: it was reviewed.

    `arrived_at`: since when it is out of the house. By hand that is at once; a notice has arrived when a channel has
    taken it, and until then, or if it is given up (`failed`), the report is not sent.
    """

    to: str
    at: datetime
    by: str
    how: SentBy
    version: int
    unreviewed: str = ""
    notice: str | None = None
    arrived_at: datetime | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What became known after the report, and to whom it was told (empty: kept here)."""

    at: datetime
    by: str
    text: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Called:
    """The duty leader was called because so many minutes of the hour had passed."""

    minute: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Closing:
    """The four questions. `responsible`: references, each `role:NAME`, `unit:GROUP`, `person:REF` or `outside`."""

    at: datetime
    by: str
    cause: str
    responsible: tuple[str, ...]
    measures: str
    lesson: str


@dataclass(frozen=True, slots=True)
class Reopened:
    """It was closed, and is open again."""

    at: datetime
    by: str
    reason: str
    closing: Closing


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident, open until its four questions are answered.

    `noticed_by`: a user's reference, or the name of the device, door or camera that told of it first. `noticed_at`
    never changes, so that the hour has an end whatever is said later of when it happened.
    """

    paper: ClassVar[PaperKind] = PaperKind.INCIDENT
    id: str
    kind: IncidentKind
    place: str
    noticed_at: datetime
    noticed_how: Noticed
    noticed_by: str
    opened_at: datetime
    opened_by: str
    zones: tuple[str, ...] = ()
    happened_at: datetime | None = None
    drill: bool = False
    alarms: tuple[MergedAlarm, ...] = ()
    notes: tuple[IncidentNote, ...] = ()
    by_word: tuple[ByWord, ...] = ()
    report: ReportState = ReportState.NEEDED
    draft: Draft | None = None
    asked_at: datetime | None = None
    asked_by: str | None = None
    verdict: Verdict | None = None
    sent: tuple[Sent, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    calls: tuple[Called, ...] = ()
    closing: Closing | None = None
    reopened: tuple[Reopened, ...] = ()

    def __post_init__(self) -> None:
        if self.happened_at is not None and self.happened_at > self.noticed_at:
            raise ValueError("nothing is noticed before it happens")

    @property
    def subject(self) -> str:
        """The place that it is about."""
        return self.place

    @property
    def starts_at(self) -> datetime:
        """From when its hour counts."""
        return self.happened_at or self.noticed_at

    @property
    def ended_at(self) -> datetime | None:
        return None if self.closing is None else self.closing.at

    @property
    def is_live(self) -> bool:
        return self.closing is None
