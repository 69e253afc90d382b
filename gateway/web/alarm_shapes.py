"""The shapes of alarms: what the list shows, what a person does about one, and the catalogue."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gateway.web.kiosk_shapes import Both
from gateway.web.shapes import Answer, Given, Limit, Text, Time

StepId = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]
Words = Annotated[str, Meta(min_length=1, max_length=500)]
State = Literal["unacknowledged", "acknowledged", "returned", "shelved", "out_of_service", "closed"]


class AlarmsQuery(Given, frozen=True):
    """`open`: everything that is not closed. `room`: only what this control room looks after or has taken over."""

    state: Literal["open", "closed"] = "open"
    room: Annotated[str, Meta(max_length=63)] = ""
    limit: Limit = 100


class AlarmPictureInfo(Answer, frozen=True):
    """A small picture that belongs to an alarm: `cameras/{camera}/evidence/{id}` has it."""

    id: str
    camera: str
    why: str
    """finding, reference, before, after."""
    at: datetime


class AlarmCallInfo(Answer, frozen=True):
    """Somebody of the call list was called; `by` is a user's reference."""

    to: str
    outcome: str
    at: datetime
    by: str


class AlarmGroup(Answer, frozen=True):
    """What has joined an entry. `count`: how often all of them came; `size`: how many they are; `holding`: of how many
    the cause holds. `members` and `places`: at most fifty, the newest members."""

    condition: str
    zone: str
    count: int
    size: int
    holding: int
    members: list[str]
    places: list[str]


class AlarmInfo(Answer, frozen=True):
    """One entry of the list. `holds`: its cause has not been seen to end. `chattering`: how often it came since it
    began to come and go, 0 while it does not."""

    id: str
    condition: str
    place: str
    priority: str
    detail: str
    state: State
    count: int
    opened_at: datetime
    last_at: datetime
    acknowledged_by: str | None
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    disposal: str | None = None
    """What it turned out to be: a code of the catalogue."""
    words: str | None = None
    """What was typed when it was closed."""
    silent: bool = False
    """Only the control room sees it: nothing of it may show at the place."""
    pictures: list[AlarmPictureInfo] = msgspec.field(default_factory=list)
    """Of an open one."""
    holds: bool = False
    zone: str = ""
    room: str = ""
    taken_over_by: str | None = None
    in_group: str | None = None
    """The entry of which it is a member."""
    group: AlarmGroup | None = None
    chattering: int = 0
    shelved_until: datetime | None = None
    shelf_reason: str | None = None
    """Why it is shelved or out of service."""
    shelved_by: str | None = None
    steps_done: list[str] = msgspec.field(default_factory=list)
    calls: list[AlarmCallInfo] = msgspec.field(default_factory=list)
    incident: str | None = None
    escalated_at: datetime | None = None
    told_at: datetime | None = None
    """When people last heard of it: new, changed, or told again."""
    again_at: datetime | None = None
    """When it is told again if nobody closes it."""


class Alarms(Answer, frozen=True):
    alarms: list[AlarmInfo]


class AlarmMoment(Answer, frozen=True):
    """One thing that happened to an alarm, from its rows in the ledger: `what` is the row's kind. `by`: a user's
    reference or `gateway`; `words`: what was typed with it, if that is still kept."""

    at: datetime
    what: str
    by: str | None = None
    count: int | None = None
    step: str | None = None
    done: bool | None = None
    to: str | None = None
    outcome: str | None = None
    reason: str | None = None
    until: datetime | None = None
    code: str | None = None
    room: str | None = None
    members: int | None = None
    incident: str | None = None


class AlarmStory(Answer, frozen=True):
    """An alarm, what has happened to it, and its members; `members` at most 200."""

    alarm: AlarmInfo
    timeline: list[AlarmMoment]
    members: list[AlarmInfo]


class CloseAlarm(Given, frozen=True):
    """`disposal`: a code of `disposals` of its kind in the catalogue."""

    disposal: Annotated[str, Meta(pattern="^[a-z_]{1,20}$")]
    words: Words | None = None


class ShelveAlarm(Given, frozen=True):
    until: Time
    reason: Literal["work", "being_repaired", "nuisance", "event", "other"]
    words: Text | None = None


class OutOfService(Given, frozen=True):
    reason: Literal["broken", "rebuilt", "not_in_use", "other"]
    words: Text | None = None


class TickStep(Given, frozen=True):
    step: StepId
    done: bool = True


class AlarmCalled(Given, frozen=True):
    """`words`: who answered and what was said; kept where retention erases it."""

    to: StepId
    outcome: Literal["answered", "no_answer", "busy", "on_the_way"]
    words: Text | None = None


class TakeOverAlarm(Given, frozen=True):
    """`room`: the control room that takes it; its own room takes it back by the same act."""

    room: StepId


class ChecklistStep(Answer, frozen=True):
    id: str
    text: Both


class FirstCommandInfo(Answer, frozen=True):
    """A command that is worth having at hand, and at which kind of device."""

    action: str
    device_kind: str


class AlarmKind(Answer, frozen=True):
    """What a condition means and what to do about it."""

    priority: str
    what_to_do: list[ChecklistStep]
    call: list[str]
    camera: bool
    command: FirstCommandInfo | None
    again_after_s: int | None
    escalate_after_s: int | None
    consequence: Both
    disposals: list[str]
    may_be_shelved: bool
    life_safety: bool


class CatalogueInfo(Answer, frozen=True):
    """`conditions`: by name. `shelf_at_most_s`: the longest time on the shelf."""

    conditions: dict[str, AlarmKind]
    shelf_at_most_s: int
    shelf_reasons: list[str]
    out_reasons: list[str]
