"""Handlers: incidents, what happened around them, their report.

Users show by their names of today; people only where the flow names one, and who looked is recorded first. Leaves to
others: what may be done when (`flows.incidents`, `flows.incident_report`), the printed page (`incident_print`).
"""

from collections.abc import Mapping, Sequence

from aiohttp import web
from msgspec import UNSET, convert

from gateway.core import incident_course as course
from gateway.core.papers.incidents import (
    DRAFT_FIELDS,
    ByWord,
    Closing,
    FollowUp,
    Incident,
    IncidentKind,
    Noticed,
    SentBy,
)
from gateway.flows import incident_opening, incident_report, incident_timeline, incidents, reading
from gateway.flows.incident_opening import Beginning
from gateway.flows.incident_timeline import Happened
from gateway.web import incident_shapes as shapes
from gateway.web.context import Call
from gateway.web.incident_print import print_report
from gateway.web.permit_words import in_words, person
from gateway.web.problems import FieldError, Kind, Problem

Names = Mapping[str, str]


# ---------------------------------------------------------------- looking


async def list_incidents(call: Call) -> shapes.Incidents:
    if call.query.state == "closed":
        found: Sequence[Incident] = await incidents.closed(call.site, call.query.limit)
    else:
        found = incidents.open_incidents(call.site)[: call.query.limit]
    return shapes.Incidents(call.site.clock.now(), [as_summary(call, one) for one in found])


async def get_incident(call: Call) -> shapes.IncidentInfo:
    id = call.path("incident")
    async with in_words(call):
        incident = await incidents.one(call.site, id)
    await reading.note(call.site, call.by.ref, "incident", 1)
    return await _info(call, incident)


async def get_timeline(call: Call) -> shapes.Timeline:
    id, query = call.path("incident"), call.query
    async with in_words(call):
        incident = await incidents.one(call.site, id)
    rows, more = await incident_timeline.page(call.site, call.parts.records, incident, query.after, query.limit)
    named = sum(1 for row in rows if row.holder is not None)
    if named or query.after == 0:
        await reading.note(call.site, call.by.ref, "incident_timeline", named)
    names = await _names(call)
    last = rows[-1].seq if rows else query.after
    return shapes.Timeline([_entry(call, row, names) for row in rows], more or last, more is not None)


async def get_report(call: Call) -> shapes.ReportInfo | web.Response:
    id = call.path("incident")
    async with in_words(call):
        incident = await incidents.one(call.site, id)
    await reading.note(call.site, call.by.ref, "incident_report", 1)
    info = await _report(call, incident)
    return info if call.query.format == "json" else print_report(call, incident, info)


# ---------------------------------------------------------------- the incident


async def open_incident(call: Call) -> shapes.IncidentInfo:
    given = call.body
    beginning = Beginning(
        kind=None if given.kind is None else IncidentKind(given.kind),
        place=given.place,
        zones=tuple(dict.fromkeys(given.zones)),
        happened_at=given.happened_at,
        noticed_at=given.noticed_at,
        noticed_how=None if given.noticed_how is None else Noticed(given.noticed_how),
        drill=given.drill,
        note=given.note,
    )
    async with in_words(call):
        if given.alarm is not None:
            made = await incident_opening.open_from_alarm(call.site, given.alarm, beginning, call.by.ref)
        else:
            made = await incident_opening.open_by_hand(call.site, beginning, call.by.ref)
    return await _info(call, made)


async def correct(call: Call) -> shapes.IncidentInfo:
    given, id = call.body, call.path("incident")
    async with in_words(call, id):
        moved = await incidents.correct(
            call.site,
            id,
            call.by.ref,
            why=given.why,
            kind=None if given.kind is UNSET else IncidentKind(given.kind),
            place=None if given.place is UNSET else given.place,
            zones=None if given.zones is UNSET else tuple(dict.fromkeys(given.zones)),
            happened_at=None if given.happened_at is UNSET else given.happened_at,
        )
    return await _info(call, moved)


async def add_alarm(call: Call) -> shapes.IncidentInfo:
    id = call.path("incident")
    async with in_words(call, id):
        return await _info(call, await incidents.add_alarm(call.site, id, call.body.alarm, call.by.ref))


async def detach_alarm(call: Call) -> shapes.IncidentInfo:
    id = call.path("incident")
    async with in_words(call, id):
        return await _info(call, await incidents.detach_alarm(call.site, id, call.path("alarm"), call.by.ref))


async def add_note(call: Call) -> shapes.IncidentInfo:
    id = call.path("incident")
    async with in_words(call, id):
        return await _info(call, await incidents.note(call.site, id, call.body.text, call.by.ref))


async def close(call: Call) -> shapes.IncidentInfo:
    given, id = call.body, call.path("incident")
    responsible = tuple(_responsible(call, number, one) for number, one in enumerate(given.responsible))
    answers = Closing(call.site.clock.now(), call.by.ref, given.cause, responsible, given.measures, given.lesson)
    async with in_words(call, id):
        return await _info(call, await incidents.close(call.site, id, answers, call.by.ref))


async def reopen(call: Call) -> shapes.IncidentInfo:
    id = call.path("incident")
    async with in_words(call):
        return await _info(call, await incidents.reopen(call.site, id, call.body.reason, call.by.ref))


async def keep(call: Call) -> shapes.KeptInfo:
    id = call.path("incident")
    async with in_words(call):
        hold = await incidents.keep(call.site, id, call.body.reason, call.by.ref)
    return shapes.KeptInfo(hold.id, id, hold.placed_at)


# ---------------------------------------------------------------- the report


async def by_word(call: Call) -> shapes.IncidentInfo:
    given, id = call.body, call.path("incident")
    by = call.by.ref if given.by is None else await _user(call, given.by)
    async with in_words(call, id):
        moved = await incident_report.by_word(call.site, id, given.to, given.at, by, call.by.ref)
    return await _info(call, moved)


async def put_draft(call: Call) -> shapes.IncidentInfo:
    given, id = call.body, call.path("incident")
    fields = {name: getattr(given, name) for name in DRAFT_FIELDS}
    async with in_words(call, id):
        return await _info(call, await incident_report.draft(call.site, id, fields, given.version, call.by.ref))


async def ask_review(call: Call) -> shapes.IncidentInfo:
    id = call.path("incident")
    async with in_words(call, id):
        return await _info(call, await incident_report.ask_review(call.site, id, call.by.ref))


async def review(call: Call) -> shapes.IncidentInfo:
    id = call.path("incident")
    async with in_words(call, id):
        return await _info(call, await incident_report.review(call.site, id, call.body.version, call.by.ref))


async def give_back(call: Call) -> shapes.IncidentInfo:
    given, id = call.body, call.path("incident")
    async with in_words(call, id):
        moved = await incident_report.give_back(call.site, id, given.version, given.remark, call.by.ref)
    return await _info(call, moved)


async def send(call: Call) -> shapes.IncidentInfo:
    given, id = call.body, call.path("incident")
    async with in_words(call, id):
        moved = await incident_report.send(
            call.site,
            id,
            to=given.to,
            how=SentBy(given.how),
            by=call.by.ref,
            unreviewed=given.unreviewed,
            at=given.at,
        )
    return await _info(call, moved)


async def follow_up(call: Call) -> shapes.IncidentInfo:
    given, id = call.body, call.path("incident")
    async with in_words(call, id):
        return await _info(call, await incident_report.follow_up(call.site, id, given.text, given.to, call.by.ref))


# ---------------------------------------------------------------- in the words of the API


def as_summary(call: Call, incident: Incident) -> shapes.IncidentSummary:
    """An incident as lists and the stream show it."""
    event = incidents.as_event(call.site, incident)
    kept = {name: event[name] for name in shapes.IncidentSummary.__struct_fields__}
    return convert(kept, shapes.IncidentSummary)


async def _info(call: Call, incident: Incident) -> shapes.IncidentInfo:
    names, now = await _names(call), call.site.clock.now()
    why = course.why_not_closed(incident, len(incidents.open_alarms(call.site, incident)))
    return shapes.IncidentInfo(
        summary=as_summary(call, incident),
        at=now,
        opened_by=names.get(incident.opened_by),
        noticed_by=names.get(incident.noticed_by, _place(call, incident.noticed_by)),
        minutes_passed=course.passed_min(incident, now),
        alarms=[
            shapes.IncidentAlarm(a.id, a.condition, a.place, a.opened_at, a.id in call.site.alarms.by_id)
            for a in incident.alarms
        ],
        notes=[shapes.NoteInfo(note.at, names.get(note.by), note.text) for note in incident.notes],
        by_word=[_by_word(one, names) for one in incident.by_word],
        draft=_draft(call, incident, names),
        missing=list(course.missing(incident.draft)),
        asked_at=incident.asked_at,
        asked_by=names.get(incident.asked_by or ""),
        verdict=None
        if incident.verdict is None
        else shapes.ReviewInfo(
            incident.verdict.at, names.get(incident.verdict.by), incident.verdict.version, incident.verdict.remark
        ),
        sent=_sent(incident, names),
        follow_ups=[_follow_up(one, names) for one in incident.follow_ups],
        calls=[shapes.CallMade(one.minute, one.at) for one in incident.calls],
        closing=None if incident.closing is None else _closing(call, incident.closing, names),
        reopened=[
            shapes.ReopenedInfo(one.at, names.get(one.by), one.reason, _closing(call, one.closing, names))
            for one in incident.reopened
        ],
        next=[act.value for act in course.next_acts(incident)] if incident.is_live else [],
        not_closed=why if incident.is_live else None,
        addressees=incident_report.addressees(call.site),
        kept=incidents.case_of(call.site.directory, incident.id) is not None,
    )


async def _report(call: Call, incident: Incident) -> shapes.ReportInfo:
    names, draft, verdict = await _names(call), incident.draft, incident.verdict
    agreed = verdict is not None and draft is not None and verdict.version == draft.version and not verdict.remark
    return shapes.ReportInfo(
        incident=incident.id,
        kind=incident.kind.value,
        place=incident.place,
        drill=incident.drill,
        state=incident.report.value,
        made_at=call.site.clock.now(),
        deadline=course.deadline(incident),
        version=0 if draft is None else draft.version,
        fields=[shapes.ReportField(name, "" if draft is None else getattr(draft, name)) for name in DRAFT_FIELDS],
        written_by=None if draft is None else names.get(draft.by),
        reviewed_by=names.get(verdict.by) if agreed and verdict is not None else None,
        reviewed_at=verdict.at if agreed and verdict is not None else None,
        by_word=[_by_word(one, names) for one in incident.by_word],
        sent=_sent(incident, names),
        follow_ups=[_follow_up(one, names) for one in incident.follow_ups],
    )


def _entry(call: Call, row: Happened, names: Names) -> shapes.TimelineEntry:
    nameless = row.holder is None or reading.is_nameless(call.site, row.at)
    more = row.more
    return shapes.TimelineEntry(
        row.seq, row.at, row.what, row.word, row.place, row.reason, names.get(row.by or ""),
        None if nameless else person(call.site, row.holder),
        row.alarm, row.text, [shapes.PictureOf(camera, id) for camera, id in row.pictures], row.drill,
        direction=more.get("direction"),
        level=more.get("to", more.get("level")) if isinstance(more.get("to", more.get("level")), int) else None,
        minutes=more.get("minutes"),
    )  # fmt: skip


def _draft(call: Call, incident: Incident, names: Names) -> shapes.DraftInfo | None:
    draft = incident.draft
    if draft is None:
        return None
    fields = {name: getattr(draft, name) for name in DRAFT_FIELDS}
    return shapes.DraftInfo(draft.version, draft.at, names.get(draft.by), draft.by == call.by.ref, **fields)


def _by_word(one: ByWord, names: Names) -> shapes.ByWordInfo:
    return shapes.ByWordInfo(one.to, one.at, names.get(one.by), names.get(one.recorded_by))


def _follow_up(one: FollowUp, names: Names) -> shapes.FollowUpInfo:
    return shapes.FollowUpInfo(one.at, names.get(one.by), one.text, one.to)


def _sent(incident: Incident, names: Names) -> list[shapes.SentInfo]:
    return [
        shapes.SentInfo(
            one.to, one.at, names.get(one.by), one.how.value, one.version, one.unreviewed,
            "failed" if one.failed else "sent" if one.arrived_at is not None else "on_its_way",
        )
        for one in incident.sent
    ]  # fmt: skip


def _closing(call: Call, closing: Closing, names: Names) -> shapes.ClosingInfo:
    responsible = []
    for reference in closing.responsible:
        kind, _, id = reference.partition(":")
        who = person(call.site, id) if kind == "person" else None
        shown = "" if kind == "person" else id
        responsible.append(shapes.ResponsibleInfo(kind, who.id if who is not None else shown, who))
    return shapes.ClosingInfo(
        closing.at, names.get(closing.by), closing.cause, responsible, closing.measures, closing.lesson
    )


def _responsible(call: Call, number: int, wish: shapes.ResponsibleWish) -> str:
    """The reference of whose matter it was; nobody's name is kept."""
    directory = call.site.directory
    match wish.kind:
        case "outside":
            return "outside"
        case "role" if wish.id in call.parts.roles:
            return f"role:{wish.id}"
        case "unit" if any(wish.id in holder.groups for holder in directory.holders.values()):
            return f"unit:{wish.id}"
        case "person":
            holder = directory.with_id(wish.id)
            if holder is not None:
                return f"person:{holder.ref}"
    fault = FieldError(f"responsible[{number}].id", "no such role, group or person")
    raise Problem(Kind.VALIDATION, errors=(fault,))


def _place(call: Call, name: str) -> str | None:
    """A device, door or camera that told of it; a user who is gone is nobody."""
    site = call.site
    known = name in site.campus.portals or name in site.campus.zones or name in site.cameras
    return name if known or site.devices.get(name) is not None or name in site.campus.gates else None


async def _names(call: Call) -> Names:
    """Users by their references."""
    return {user.ref: user.name for user in await call.parts.accounts.users()}


async def _user(call: Call, name: str) -> str:
    user = await call.parts.accounts.user(name)
    if user is None:
        raise Problem(Kind.VALIDATION, errors=(FieldError("by", "no user of that name"),))
    return user.ref
