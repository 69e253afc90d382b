"""How an incident goes on: the steps of its report, the hour, the calls to the duty leader, and what closing asks for.

The report's steps are one table: a step that is not in it is refused by name and changes nothing. The hour is not in
the table: it runs from when it happened, or else from when it was noticed, until the report is *sent*, and no step but
that one ends it: a draft, a question to a principal, a review that does not come, a report that is returned leave it
as it is. So a report can be sent without its review, by who says why; and nothing closes before its report is sent.

Pure: time is an argument, and `due_calls` says what is due, however long nobody has looked.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.cameras import Finding
from gateway.core.papers.incidents import (
    DRAFT_FIELDS,
    Called,
    Closing,
    Draft,
    FollowUp,
    Incident,
    IncidentKind,
    Reopened,
    ReportState,
    Sent,
    SentBy,
    Verdict,
)

HOUR = timedelta(minutes=60)
"""Within it the report is with the superior authority."""
CALLS = (20, 40, 50)
"""After so many minutes without a report the duty leader is called."""
OVERDUE = 60
HIGH_FROM = 50
GATHERS_BEFORE = timedelta(minutes=10)
"""The timeline begins so long before it happened."""
HAPPENED_AT_MOST = timedelta(days=30)
"""Longer ago is a slip of the keyboard, or a matter for the archive."""


class Act(StrEnum):
    """What can be done with a report."""

    DRAFT = "draft"
    ASK = "ask"
    REVIEW = "review"
    RETURN = "return"
    SEND = "send"
    SEND_UNREVIEWED = "send_unreviewed"
    FOLLOW_UP = "follow_up"


_S, _A = ReportState, Act
COURSE: Mapping[tuple[ReportState, Act], ReportState] = {
    (_S.NEEDED, _A.DRAFT): _S.DRAFTED,
    (_S.DRAFTED, _A.DRAFT): _S.DRAFTED,
    (_S.DRAFTED, _A.ASK): _S.ASKED,
    (_S.DRAFTED, _A.SEND_UNREVIEWED): _S.SENT,
    (_S.ASKED, _A.DRAFT): _S.DRAFTED,
    (_S.ASKED, _A.REVIEW): _S.REVIEWED,
    (_S.ASKED, _A.RETURN): _S.RETURNED,
    (_S.ASKED, _A.SEND_UNREVIEWED): _S.SENT,
    (_S.RETURNED, _A.DRAFT): _S.DRAFTED,
    (_S.RETURNED, _A.SEND_UNREVIEWED): _S.SENT,
    (_S.REVIEWED, _A.DRAFT): _S.DRAFTED,
    (_S.REVIEWED, _A.SEND): _S.SENT,
    (_S.SENT, _A.SEND): _S.SENT,
    (_S.SENT, _A.FOLLOW_UP): _S.SENT,
}
"""What was reviewed and is changed is a draft again; what was sent is never changed, it is followed up."""

KIND_OF_CONDITION: Mapping[str, IncidentKind] = {
    "fire": IncidentKind.FIRE,
    "forced_door": IncidentKind.FORCED_DOOR,
    "held_door": IncidentKind.FORCED_DOOR,
    "impact": IncidentKind.TRAFFIC,
    "efo_pressed": IncidentKind.TRAFFIC,
    "window_open_bollard_down": IncidentKind.TRAFFIC,
    "tamper": IncidentKind.PROPERTY,
    "device_lost": IncidentKind.EQUIPMENT,
    **{f"camera_{finding.value}": IncidentKind.EQUIPMENT for finding in Finding},
    "overstay": IncidentKind.VISITOR,
    "left_inside": IncidentKind.VISITOR,
}
"""What an incident is called at first if it comes from an alarm of that condition; everything else is `other`."""


class NotInOrder(Exception):
    """The report does not stand where this can be done: `state` and `act` say where, and what."""

    def __init__(self, state: ReportState, act: Act) -> None:
        super().__init__(f"{act.value} cannot follow {state.value}")
        self.state, self.act = state, act


# ---------------------------------------------------------------- the hour


def deadline(incident: Incident) -> datetime:
    """By when the report has to be sent."""
    return incident.starts_at + HOUR


def is_waiting(incident: Incident) -> bool:
    """True while the hour runs, or has run out: until the report is out of the house, and by nothing else."""
    return sent_at(incident) is None


def sent_at(incident: Incident) -> datetime | None:
    """When the report was first out of the house; one that no channel has taken yet is not."""
    return min((one.arrived_at for one in incident.sent if one.arrived_at is not None), default=None)


def passed_min(incident: Incident, now: datetime) -> int:
    """Whole minutes of the hour that have passed; more than 60 once it is over."""
    return max(0, int((now - incident.starts_at) / timedelta(minutes=1)))


def due_calls(incident: Incident, now: datetime) -> tuple[int, ...]:
    """The minutes at which the duty leader should have been called by now and was not; 60 is the end of the hour."""
    if not is_waiting(incident):
        return ()
    made = {call.minute for call in incident.calls}
    passed = passed_min(incident, now)
    return tuple(minute for minute in (*CALLS, OVERDUE) if minute <= passed and minute not in made)


def pressing(incident: Incident, now: datetime) -> str | None:
    """The priority of the alarm that a report is due; None before the first call, and once it is sent."""
    passed = passed_min(incident, now)
    if not is_waiting(incident) or passed < CALLS[0]:
        return None
    return "high" if passed >= HIGH_FROM else "medium"


def is_overdue(incident: Incident, now: datetime) -> bool:
    return is_waiting(incident) and now > deadline(incident)


def called(incident: Incident, minutes: tuple[int, ...], now: datetime) -> Incident:
    """These calls are made: one that nobody made in time is not made twice."""
    return replace(incident, calls=(*incident.calls, *(Called(minute, now) for minute in minutes)))


# ---------------------------------------------------------------- the report


def after(state: ReportState, act: Act) -> ReportState:
    """Where a report stands after an act. Raises `NotInOrder`."""
    found = COURSE.get((state, act))
    if found is None:
        raise NotInOrder(state, act)
    return found


def next_acts(incident: Incident) -> tuple[Act, ...]:
    """What can be done with the report now, in the order in which it is usually done."""
    return tuple(act for act in Act if (incident.report, act) in COURSE)


def drafted(incident: Incident, fields: Mapping[str, str], by: str, now: datetime) -> Incident:
    """A draft, or a changed one: whatever was said of an earlier version counts no more."""
    state = after(incident.report, Act.DRAFT)
    version = 1 if incident.draft is None else incident.draft.version + 1
    draft = Draft(version, now, by, **{name: fields.get(name, "").strip() for name in DRAFT_FIELDS})
    verdict = incident.verdict if incident.verdict is not None and incident.verdict.remark else None
    return replace(incident, report=state, draft=draft, asked_at=None, asked_by=None, verdict=verdict)


def missing(draft: Draft | None) -> tuple[str, ...]:
    """The fields without which a report says too little to be sent."""
    return tuple(name for name in DRAFT_FIELDS if draft is None or not getattr(draft, name))


def asked(incident: Incident, by: str, now: datetime) -> Incident:
    """A principal is asked to review it."""
    return replace(incident, report=after(incident.report, Act.ASK), asked_at=now, asked_by=by)


def judged(incident: Incident, act: Act, by: str, now: datetime, remark: str = "") -> Incident:
    """A principal has reviewed the draft, or returns it with a remark."""
    state = after(incident.report, act)
    version = 0 if incident.draft is None else incident.draft.version
    return replace(incident, report=state, verdict=Verdict(now, by, version, remark))


def sent(
    incident: Incident,
    to: str,
    how: SentBy,
    by: str,
    now: datetime,
    unreviewed: str = "",
    notice: str | None = None,
) -> Incident:
    """It goes out. `unreviewed` says why without a review; one that was reviewed or sent needs no such word. `notice`:
    what carries it, where the gateway itself sends it."""
    act = Act.SEND_UNREVIEWED if unreviewed and (incident.report, Act.SEND) not in COURSE else Act.SEND
    state = after(incident.report, act)
    assert incident.draft is not None
    why = unreviewed if act is Act.SEND_UNREVIEWED else ""
    arrived_at = now if notice is None else None
    one = Sent(to, now, by, how, incident.draft.version, why, notice, arrived_at)
    return replace(incident, report=state, sent=(*incident.sent, one))


def on_its_way(incident: Incident) -> tuple[str, ...]:
    """The notices that carry the report and of which nothing is known yet."""
    return tuple(one.notice for one in incident.sent if one.notice and one.arrived_at is None and not one.failed)


def carried(incident: Incident, notice: str, arrived_at: datetime | None) -> Incident:
    """What became of a notice: a channel has taken it, or it was given up (None) and the hour runs on."""
    changed = tuple(
        replace(one, arrived_at=arrived_at, failed=arrived_at is None) if one.notice == notice else one
        for one in incident.sent
    )
    return replace(incident, sent=changed)


def followed_up(incident: Incident, text: str, to: str, by: str, now: datetime) -> Incident:
    """More is known than was reported."""
    state = after(incident.report, Act.FOLLOW_UP)
    return replace(incident, report=state, follow_ups=(*incident.follow_ups, FollowUp(now, by, text, to)))


# ---------------------------------------------------------------- the handling


def why_not_closed(incident: Incident, open_alarms: int) -> str | None:
    """The word for what keeps it from being closed; None: nothing does."""
    if incident.closing is not None:
        return "closed_already"
    if is_waiting(incident):
        return "report_not_sent"
    return "alarms_open" if open_alarms else None


def closed(incident: Incident, closing: Closing) -> Incident:
    """The four questions are answered."""
    return replace(incident, closing=closing)


def reopened(incident: Incident, by: str, now: datetime, reason: str) -> Incident:
    """It is not over after all; what was said at its close is kept."""
    assert incident.closing is not None
    one = Reopened(now, by, reason, incident.closing)
    return replace(incident, closing=None, reopened=(*incident.reopened, one))
