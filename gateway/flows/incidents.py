"""What becomes of an incident that is open: alarms that join it, notes, corrections, its close; and looking at them.

Promises: an alarm belongs to one open incident at most; an incident is closed with its four questions answered, its
report sent and its alarms closed or detached, and is opened again with a reason; each step is one row of the ledger
(`permit` of the paper `incident`) with references, times and closed words, and what was typed stands in the paper
alone, where retention erases it. While it is open its alarms' pictures are kept; `keep` opens a case (a `Hold`) that
keeps it afterwards too. Every step is told to the screens of those who may see incidents.
Leaves to others: how one begins (`incident_opening`), the report (`incident_report`), calls to the duty leader
(`incident_watch`), what happened around it (`incident_timeline`), who may (`web`).
"""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.core import incident_course as course
from gateway.core.incident_course import NotInOrder
from gateway.core.nouns import Directory
from gateway.core.papers import Hold, PaperKind
from gateway.core.papers.incidents import Closing, Incident, IncidentKind, IncidentNote, MergedAlarm
from gateway.core.rights import Right
from gateway.flows import alarm_acts, alarms, permits
from gateway.flows.permits import NoSuchPermit, NotPossible, Step, WrongField
from gateway.flows.places import zone_of
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import Site

SEERS = frozenset({Right.CLOSE_ALARMS, Right.SIGN_EMERGENCIES, Right.SIGN_ORDERS})
"""Who sees incidents: the control room, the security office and leaders; nobody at a gate."""
NOTES_AT_MOST = 200
ALARMS_AT_MOST = 50
CLOSINGS_AT_MOST = 20

WorkOut = Callable[[Incident, datetime], Step]


# ---------------------------------------------------------------- what joins it


async def add_alarm(site: Site, id: str, alarm: str, by: str) -> Incident:
    """An alarm belongs to it. Raises `NoSuchPermit`, `WrongField`, `NotPossible`, `LedgerUnavailable`."""
    merged = merged_of(site, alarm)

    def work_out(directory: Directory, _now: datetime) -> Step:
        incident = permits.find(directory, Incident, id)
        if any(one.id == alarm for one in incident.alarms):
            raise NotPossible("alarm_joined", "this alarm belongs to it already")
        check_free(directory, alarm)
        if len(incident.alarms) >= ALARMS_AT_MOST:
            raise NotPossible("too_many", f"{ALARMS_AT_MOST} alarms belong to it")
        return step_of(replace(incident, alarms=(*incident.alarms, merged)), "alarm_added", by, alarm=alarm)

    moved = await done(site, work_out)
    await tell_alarm(site, alarm, id, by)
    return moved


async def detach_alarm(site: Site, id: str, alarm: str, by: str) -> Incident:
    """An alarm does not belong to it after all. Raises `NoSuchPermit`, `WrongField`, `LedgerUnavailable`."""

    def work_out(directory: Directory, _now: datetime) -> Step:
        incident = permits.find(directory, Incident, id)
        kept = tuple(one for one in incident.alarms if one.id != alarm)
        if len(kept) == len(incident.alarms):
            raise WrongField("alarm", "no such alarm belongs to it")
        return step_of(replace(incident, alarms=kept), "alarm_detached", by, alarm=alarm)

    moved = await done(site, work_out)
    await tell_alarm(site, alarm, None, by)
    return moved


async def note(site: Site, id: str, text: str, by: str) -> Incident:
    """Something is known of the matter. Raises `NoSuchPermit`, `WrongField`, `NotPossible`, `LedgerUnavailable`."""
    words = said(text, "text")

    def work_out(directory: Directory, now: datetime) -> Step:
        incident = with_note(permits.find(directory, Incident, id), words, by, now)
        return step_of(incident, "noted", by, note=incident.notes[-1].id)

    return await done(site, work_out)


async def correct(
    site: Site,
    id: str,
    by: str,
    *,
    why: str,
    kind: IncidentKind | None = None,
    place: str | None = None,
    zones: tuple[str, ...] | None = None,
    happened_at: datetime | None = None,
) -> Incident:
    """What was said at its beginning was wrong. The reason is kept as a note. When it happened can be said as long as
    the report is not sent, and never later than it was noticed: so a correction moves the end of the hour by at most
    that. Raises `NoSuchPermit`, `WrongField`, `NotPossible`, `LedgerUnavailable`."""
    words = said(why, "why")
    if place is not None:
        check_place(site, place)
    if zones is not None:
        permits.check_zones(site, frozenset(zones))

    def work_out(directory: Directory, now: datetime) -> Step:
        incident = permits.find(directory, Incident, id)
        if happened_at is not None:
            if not course.is_waiting(incident):
                raise NotPossible("report_sent", "the report is sent: say it in a follow-up")
            check_times(happened_at, incident.noticed_at, now)
        zone = None if place is None else zone_of(site, place)
        around = incident.zones if place is None else () if zone is None else (zone,)
        changed = replace(
            incident,
            kind=kind or incident.kind,
            place=place or incident.place,
            zones=around if zones is None else zones,
            happened_at=happened_at or incident.happened_at,
        )
        changed = with_note(changed, words, by, now)
        return step_of(changed, "corrected", by, note=changed.notes[-1].id, before=incident.starts_at)

    return await done(site, work_out)


async def keep(site: Site, id: str, reason: str, by: str) -> Hold:
    """Open a case about it: it, whom it names and its pictures are kept until the case is released.

    Raises `NoSuchPermit`, `WrongField`, `NotPossible` (`kept_already`), `LedgerUnavailable`.
    """
    words = said(reason, "reason")
    incident = await one(site, id)

    def work_out(directory: Directory, now: datetime) -> Step:
        if case_of(directory, incident.id) is not None:
            raise NotPossible("kept_already", "a case keeps it already")
        return Step(Hold(permits.new_id(), incident.id, words, by, now), "placed", by)

    hold = (await permits.carry_out(site, work_out)).paper
    assert isinstance(hold, Hold)
    return hold


def case_of(directory: Directory, id: str) -> Hold | None:
    """The open case that keeps an incident."""
    papers = directory.papers.by_id.values()
    return next((paper for paper in papers if isinstance(paper, Hold) and paper.subject == id), None)


# ---------------------------------------------------------------- its end


async def close(site: Site, id: str, closing: Closing, by: str) -> Incident:
    """The four questions are answered; `closing.at` is set here.

    Raises `NoSuchPermit`, `WrongField`, `NotPossible` (`report_not_sent`, `alarms_open`), `LedgerUnavailable`.
    """
    answered = replace(
        closing,
        cause=said(closing.cause, "cause"),
        measures=said(closing.measures, "measures"),
        lesson=said(closing.lesson, "lesson"),
    )
    if not closing.responsible:
        raise WrongField("responsible", "say whose matter it was: roles, units, people, or nobody of the school")

    def work_out(directory: Directory, now: datetime) -> Step:
        incident = permits.find(directory, Incident, id)
        why = course.why_not_closed(incident, len(open_alarms(site, incident)))
        if why is not None:
            raise NotPossible(why, WHY_NOT[why])
        return step_of(course.closed(incident, replace(answered, at=now, by=by)), "closed", by)

    return await done(site, work_out)


WHY_NOT = {
    "closed_already": "it is closed",
    "report_not_sent": "its report is not sent yet",
    "alarms_open": "alarms of it are open: close or detach them first",
}


async def reopen(site: Site, id: str, reason: str, by: str) -> Incident:
    """It is not over after all. Raises `NoSuchPermit`, `WrongField`, `NotPossible`, `LedgerUnavailable`."""
    words = said(reason, "reason")
    over = await one(site, id)

    def work_out(directory: Directory, now: datetime) -> Step:
        if over.is_live or id in directory.papers.incidents:
            raise NotPossible("open_already", "it is open")
        if len(over.reopened) >= CLOSINGS_AT_MOST:
            raise NotPossible("too_many", "it was opened again too often: open a new one")
        return step_of(course.reopened(over, by, now, words), "reopened", by)

    return await done(site, work_out)


# ---------------------------------------------------------------- looking


def open_incidents(site: Site) -> list[Incident]:
    """Those that are open: reports that are not sent first, by their deadline; then the newest."""
    found = site.directory.papers.incidents.values()
    waiting = sorted((i for i in found if course.is_waiting(i)), key=lambda i: (course.deadline(i), i.id))
    others = sorted((i for i in found if not course.is_waiting(i)), key=lambda i: i.opened_at, reverse=True)
    return [*waiting, *others]


async def closed(site: Site, limit: int = 100) -> list[Incident]:
    """Those that are over, the newest first. Raises `LedgerUnavailable`."""
    found = await site.archive.papers(PaperKind.INCIDENT, live=False, limit=limit)
    return [paper for paper in found if isinstance(paper, Incident)]


async def one(site: Site, id: str) -> Incident:
    """An incident, open or closed. Raises `NoSuchPermit`, `LedgerUnavailable`."""
    known = site.directory.papers.incidents.get(id)
    if known is not None:
        return known
    found = await site.archive.paper(PaperKind.INCIDENT, id)
    if not isinstance(found, Incident):
        raise NoSuchPermit(PaperKind.INCIDENT.value)
    return found


def of_alarm(site: Site, alarm: str) -> str | None:
    """The open incident to which an alarm belongs, by its id."""
    incidents = site.directory.papers.incidents.values()
    return next((i.id for i in incidents if any(one.id == alarm for one in i.alarms)), None)


def open_alarms(site: Site, incident: Incident) -> list[str]:
    """Those of its alarms that nobody has closed."""
    return [one.id for one in incident.alarms if one.id in site.alarms.by_id]


def as_event(site: Site, incident: Incident, **more: Any) -> dict[str, Any]:
    """An incident as the screens hear of it: no words of anybody's, and nobody but by reference."""
    now = site.clock.now()
    return {
        "type": "incident",
        "id": incident.id,
        "kind": incident.kind.value,
        "place": incident.place,
        "zones": list(incident.zones),
        "drill": incident.drill,
        "state": "open" if incident.is_live else "closed",
        "report": incident.report.value,
        "by_word": bool(incident.by_word),
        "happened_at": incident.happened_at,
        "noticed_at": incident.noticed_at,
        "noticed_how": incident.noticed_how.value,
        "opened_at": incident.opened_at,
        "deadline": course.deadline(incident),
        "waiting": course.is_waiting(incident),
        "overdue": course.is_overdue(incident, now),
        "sent_at": course.sent_at(incident),
        "closed_at": incident.ended_at,
        "alarms": [one.id for one in incident.alarms],
        "open_alarms": open_alarms(site, incident),
        "at": now,
        "only": SEERS,
        **more,
    }


def snapshot(site: Site) -> list[dict[str, Any]]:
    """The open incidents for a screen that begins: each as `as_event` tells it, for `SEERS` only."""
    events = [as_event(site, incident) for incident in open_incidents(site)]
    return [{name: value for name, value in event.items() if name not in ("type", "only", "at")} for event in events]


# ---------------------------------------------------------------- what the steps are made of


async def done(site: Site, work_out: Callable[[Directory, datetime], Step], **more: Any) -> Incident:
    """Carry a step out and tell the screens of it; `more`: further fields of what they hear."""

    def in_order(directory: Directory, now: datetime) -> Step:
        try:
            return work_out(directory, now)
        except NotInOrder as error:
            raise NotPossible("not_in_order", f"the report is {error.state.value}") from None

    step = await permits.carry_out(site, in_order)
    incident = step.paper
    assert isinstance(incident, Incident)
    site.feed.publish(as_event(site, incident, step=step.name, **more))
    return incident


async def move(site: Site, id: str, work_out: WorkOut, **more: Any) -> Incident:
    """A step of one that is open. Raises `NoSuchPermit` and whatever `work_out` raises."""
    return await done(site, lambda directory, now: work_out(permits.find(directory, Incident, id), now), **more)


def step_of(incident: Incident, name: str, by: str, changes: Sequence[Any] = (), entries: Sequence[Any] = (),
            **more: Any) -> Step:  # fmt: skip
    """A step with what its row says of every incident."""
    words: dict[str, Any] = {
        "kind": incident.kind.value,
        "zones": list(incident.zones),
        "drill": incident.drill,
        "report": incident.report.value,
    }
    return Step(incident, name, by, changes=tuple(changes), entries=tuple(entries), more=words | more)


def said(text: str, field: str) -> str:
    """What somebody typed, which must be something. Raises `WrongField`."""
    words = text.strip()
    if not words:
        raise WrongField(field, "must not be empty")
    return words


def with_note(incident: Incident, text: str, by: str, now: datetime) -> Incident:
    """The same with one more note, if anything was typed. Raises `NotPossible`."""
    if not text.strip():
        return incident
    if len(incident.notes) >= NOTES_AT_MOST:
        raise NotPossible("too_many", f"there are {NOTES_AT_MOST} notes on it")
    return replace(incident, notes=(*incident.notes, IncidentNote(permits.new_id(), now, by, text.strip())))


def check_place(site: Site, place: str) -> None:
    """It is a place of this campus. Raises `WrongField`."""
    if place not in _places(site):
        raise WrongField("place", "no such place")


def _places(site: Site) -> Iterable[str]:
    campus = site.campus
    names = {*campus.zones, *campus.portals, *campus.gates, *(post.id for post in campus.posts)}
    names |= {device.id for device in site.devices} | {button for device in site.devices for button in device.locations}
    return names | {state.camera.id for state in site.cameras} | {one.place for one in site.alarms.by_id.values()}


def merged_of(site: Site, alarm: str) -> MergedAlarm:
    """What an incident keeps of an open alarm. Raises `WrongField`."""
    found = site.alarms.by_id.get(alarm)
    if found is None:
        raise WrongField("alarm", "no such alarm is open")
    return MergedAlarm(found.id, found.condition, found.place, found.opened_at, tuple(one.id for one in found.pictures))


async def tell_alarm(site: Site, alarm: str, incident: str | None, by: str) -> None:
    """The alarm's own card shows it; what counts is the incident's paper, so it may fail."""
    with contextlib.suppress(alarms.NoSuchAlarm, LedgerUnavailable):
        await alarm_acts.belongs_to(site, alarm, incident, by)


def check_free(directory: Directory, alarm: str) -> None:
    """It belongs to no open incident. Raises `NotPossible`."""
    for other in directory.papers.incidents.values():
        if any(one.id == alarm for one in other.alarms):
            raise NotPossible("alarm_taken", f"this alarm belongs to incident {other.id}")


def check_times(happened_at: datetime | None, noticed_at: datetime, now: datetime) -> None:
    """Noticed by now, and not before it happened, and that not long ago. Raises `WrongField`."""
    if noticed_at > now + timedelta(seconds=1):
        raise WrongField("noticed_at", "is not past yet")
    if happened_at is not None and happened_at > noticed_at:
        raise WrongField("happened_at", "nothing is noticed before it happens")
    if now - (happened_at or noticed_at) > course.HAPPENED_AT_MOST:
        raise WrongField("happened_at", f"at most {course.HAPPENED_AT_MOST.days} days ago")
