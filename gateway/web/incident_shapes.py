"""The shapes of incidents: what opens one, its timeline, its report, its close. Made into the OpenAPI document too."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from gateway.web.shapes import Answer, Given, HolderInfo, Language, Limit, Name, Number, Time

IncidentKinds = Literal[
    "intrusion", "forced_door", "fire", "traffic", "violence", "medical", "property", "equipment", "visitor", "other"
]
NoticedBy = Literal["alarm", "camera", "patrol", "post", "telephone", "other"]
Place = Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{1,64}$")]
AlarmId = Annotated[str, Meta(pattern="^[0-9a-f]{1,32}$")]
Office = Annotated[str, Meta(min_length=1, max_length=100)]
"""An office of the superior authority, never a person."""
Words = Annotated[str, Meta(max_length=1_000)]
Sentence = Annotated[str, Meta(min_length=1, max_length=500)]


# ---------------------------------------------------------------- what somebody sends


class NewIncident(Given, frozen=True):
    """With `alarm` everything else may be left to it; by hand `kind` and `place` are needed."""

    alarm: AlarmId | None = None
    kind: IncidentKinds | None = None
    place: Place | None = None
    zones: Annotated[list[Place], Meta(max_length=50)] = field(default_factory=list)
    happened_at: Time | None = None
    noticed_at: Time | None = None
    noticed_how: NoticedBy | None = None
    drill: bool | None = None
    note: Annotated[str, Meta(max_length=500)] = ""


class IncidentChange(Given, frozen=True):
    """A correction, with its reason; what is left out stays."""

    why: Sentence
    kind: IncidentKinds | UnsetType = UNSET
    place: Place | UnsetType = UNSET
    zones: Annotated[list[Place], Meta(max_length=50)] | UnsetType = UNSET
    happened_at: Time | UnsetType = UNSET


class JoinAlarm(Given, frozen=True):
    alarm: AlarmId


class NewNote(Given, frozen=True):
    text: Sentence


class NewByWord(Given, frozen=True):
    """`to`: an office; `at`: now, unless said; `by`: a user by name, the one who asks unless said."""

    to: Office
    at: Time | None = None
    by: Name | None = None


class NewDraft(Given, frozen=True):
    """All seven fields as they are to be. `version`: the one that was changed, 0 for none."""

    version: Number
    time: Words = ""
    place: Words = ""
    source: Words = ""
    nature: Words = ""
    scope: Words = ""
    trend: Words = ""
    measures: Words = ""


class Reviewed(Given, frozen=True):
    """`version`: of the draft that was read."""

    version: Number


class Returned(Given, frozen=True):
    version: Number
    remark: Sentence


class SendReport(Given, frozen=True):
    """`notice`: the gateway sends it to an addressee of its configuration; every other way is recorded as done.
    `unreviewed`: why it goes without a principal's review; needed where there was none."""

    to: Office
    how: Literal["notice", "paper", "mail", "fax", "system"]
    at: Time | None = None
    unreviewed: Annotated[str, Meta(max_length=500)] = ""


class NewFollowUp(Given, frozen=True):
    """`to`: the office that was told; empty: nobody yet."""

    text: Words
    to: Annotated[str, Meta(max_length=100)] = ""


class ResponsibleWish(Given, frozen=True):
    """`id`: a role of the closed table, a group, or a person by the school's id; empty for nobody of the school."""

    kind: Literal["role", "unit", "person", "outside"]
    id: Annotated[str, Meta(max_length=64)] = ""


class CloseIncident(Given, frozen=True):
    """The four questions: what caused it, whose matter it was, what was done, what is learnt from it."""

    cause: Annotated[str, Meta(min_length=1, max_length=1_000)]
    responsible: Annotated[list[ResponsibleWish], Meta(min_length=1, max_length=20)]
    measures: Annotated[str, Meta(min_length=1, max_length=1_000)]
    lesson: Annotated[str, Meta(min_length=1, max_length=1_000)]


class WithReason(Given, frozen=True):
    reason: Sentence


class IncidentsQuery(Given, frozen=True):
    """`open`: reports that are not sent first, by their deadline; `closed`: the newest first."""

    state: Literal["open", "closed"] = "open"
    limit: Limit = 100


class TimelineQuery(Given, frozen=True):
    """`after`: the number of the last entry that is known."""

    after: Number = 0
    limit: Limit = 100


class ReportQuery(Given, frozen=True):
    format: Literal["json", "html"] = "json"
    lang: Language | None = None


# ---------------------------------------------------------------- what the gateway says


class IncidentSummary(Answer, frozen=True):
    """One incident in a list, and in the stream's `incident` events. `report`: needed, drafted, asked, returned,
    reviewed, sent. `waiting`: the hour runs or has run out, until the report is sent."""

    id: str
    kind: str
    place: str
    zones: list[str]
    drill: bool
    state: str
    report: str
    by_word: bool
    happened_at: datetime | None
    noticed_at: datetime
    noticed_how: str
    opened_at: datetime
    deadline: datetime
    waiting: bool
    overdue: bool
    sent_at: datetime | None
    closed_at: datetime | None
    alarms: list[str]
    open_alarms: list[str]


class Incidents(Answer, frozen=True):
    """`at`: the gateway's clock."""

    at: datetime
    incidents: list[IncidentSummary]


class IncidentAlarm(Answer, frozen=True):
    id: str
    condition: str
    place: str
    opened_at: datetime
    open: bool


class NoteInfo(Answer, frozen=True):
    at: datetime
    by: str | None
    text: str


class ByWordInfo(Answer, frozen=True):
    to: str
    at: datetime
    by: str | None
    recorded_by: str | None


class DraftInfo(Answer, frozen=True):
    version: int
    at: datetime
    by: str | None
    mine: bool
    time: str
    place: str
    source: str
    nature: str
    scope: str
    trend: str
    measures: str


class ReviewInfo(Answer, frozen=True):
    """A principal's word on one version of the draft; `remark`: what is to be otherwise."""

    at: datetime
    by: str | None
    version: int
    remark: str


class SentInfo(Answer, frozen=True):
    """`state`: sent; of a `notice` that no channel has taken yet `on_its_way`, of one that was given up `failed`."""

    to: str
    at: datetime
    by: str | None
    how: str
    version: int
    unreviewed: str
    state: str


class FollowUpInfo(Answer, frozen=True):
    at: datetime
    by: str | None
    text: str
    to: str


class CallMade(Answer, frozen=True):
    minute: int
    at: datetime


class ResponsibleInfo(Answer, frozen=True):
    """`person` only for a person who is still known."""

    kind: str
    id: str
    person: HolderInfo | None


class ClosingInfo(Answer, frozen=True):
    at: datetime
    by: str | None
    cause: str
    responsible: list[ResponsibleInfo]
    measures: str
    lesson: str


class ReopenedInfo(Answer, frozen=True):
    at: datetime
    by: str | None
    reason: str
    closing: ClosingInfo


class IncidentInfo(Answer, frozen=True):
    """Everything of one incident; users by their names of today. `next`: what can be done with its report now.
    `addressees`: those whom a channel reaches. `kept`: an open case keeps it."""

    summary: IncidentSummary
    at: datetime
    opened_by: str | None
    noticed_by: str | None
    minutes_passed: int
    alarms: list[IncidentAlarm]
    notes: list[NoteInfo]
    by_word: list[ByWordInfo]
    draft: DraftInfo | None
    missing: list[str]
    asked_at: datetime | None
    asked_by: str | None
    verdict: ReviewInfo | None
    sent: list[SentInfo]
    follow_ups: list[FollowUpInfo]
    calls: list[CallMade]
    closing: ClosingInfo | None
    reopened: list[ReopenedInfo]
    next: list[str]
    not_closed: str | None
    """Why it cannot be closed yet: report_not_sent, alarms_open; null: it can, or is."""
    addressees: list[str]
    kept: bool


class PictureOf(Answer, frozen=True):
    """`cameras/{camera}/evidence/{id}` has it, for as long as it is kept."""

    camera: str
    id: str


class TimelineEntry(Answer, frozen=True):
    """One thing that happened. `what`: the kind of the ledger's row, `word` its closed word: an outcome, a condition,
    an action, a step. `by`: a user by name; `person`: only of decisions, recorded."""

    seq: int
    at: datetime
    what: str
    word: str
    place: str | None
    reason: str | None
    by: str | None
    person: HolderInfo | None
    alarm: str | None
    text: str
    pictures: list[PictureOf]
    drill: bool
    direction: str | None = None
    level: int | None = None
    minutes: list[int] | None = None


class Timeline(Answer, frozen=True):
    """The oldest first. `last`: goes into `after` of the next question; `more`: there is more already."""

    entries: list[TimelineEntry]
    last: int
    more: bool


class ReportField(Answer, frozen=True):
    name: str
    text: str


class ReportInfo(Answer, frozen=True):
    """The report as it stands; `reviewed_by` only where this version was reviewed."""

    incident: str
    kind: str
    place: str
    drill: bool
    state: str
    made_at: datetime
    deadline: datetime
    version: int
    fields: list[ReportField]
    written_by: str | None
    reviewed_by: str | None
    reviewed_at: datetime | None
    by_word: list[ByWordInfo]
    sent: list[SentInfo]
    follow_ups: list[FollowUpInfo]


class KeptInfo(Answer, frozen=True):
    """The open case that keeps it; `holds/{id}/release` ends it."""

    hold: str
    incident: str
    placed_at: datetime
