"""Handlers: leave slips, asked for, given, refused, revoked, from a table; and who came back late or is not back.

A teacher sees the slips of their own classes, the gate all of them and never why. Every list is recorded.
"""

from datetime import datetime

from gateway.core.kinds import HolderKind
from gateway.core.papers import LeaveSlip, PaperKind, SlipReason, SlipState
from gateway.core.rights import Right
from gateway.flows import reading, slips, slips_import
from gateway.flows.slips import Teacher
from gateway.flows.tables_csv import BadTable
from gateway.web import permit_shapes as shapes
from gateway.web.context import Call
from gateway.web.lanes import bad_lines
from gateway.web.permit_words import in_words, person, ref_of

OF_THE_SCHOOL = (HolderKind.STAFF, HolderKind.SERVICE, HolderKind.RESIDENT)
BY_VISIT = (HolderKind.GUARDIAN, HolderKind.VISITOR)


async def list_slips(call: Call) -> shapes.Slips:
    """Live ones are all found; of those that are over, the newest two hundred."""
    query, site, now = call.query, call.site, call.site.clock.now()
    wanted = ref_of(site, query.holder)
    found = [paper for paper in site.directory.papers.by_id.values() if isinstance(paper, LeaveSlip)]
    if query.state == "over" or query.late:
        past = await site.archive.papers(PaperKind.SLIP, live=False, subject=wanted)
        past_slips = [paper for paper in past if isinstance(paper, LeaveSlip)]
        found = past_slips if query.state == "over" else [*found, *past_slips]
    found = [
        slip
        for slip in found
        if (wanted is None or slip.holder == wanted)
        and (query.state != "asked" or slip.state is SlipState.ASKED)
        and (not query.late or slip.came_late)
        and (not query.absent or slip.is_absent(now))
        and (not call.may(Right.GIVE_SLIPS) or slips.may_see(site, site.directory, slip, _teacher(call)))
    ]
    found.sort(key=lambda slip: (slip.starts_at, slip.id), reverse=True)
    found = found[: query.limit]
    await reading.note(site, call.by.ref, "slips", len(found), wanted or None)
    return shapes.Slips([as_slip(call, paper) for paper in found])


async def find_students(call: Call) -> shapes.Students:
    """Students of my classes; whoever is in none finds all of them. What was typed is in no record."""
    given, site, teacher = call.body, call.site, _teacher(call)
    classes = slips.classes_of(site, site.directory, teacher.holder)
    if classes and not given.q.strip():
        everybody = site.directory.holders.values()
        found = [one for one in everybody if one.kind is HolderKind.STUDENT and not classes.isdisjoint(one.groups)]
        found.sort(key=lambda one: (one.name, one.id))
    else:
        found = await site.finder.search(site.directory, given.q, (HolderKind.STUDENT,), 200)
        # One's own first: for the others a slip is asked for.
        found.sort(key=lambda one: classes.isdisjoint(one.groups))
    found = found[: given.limit]
    await reading.note(site, call.by.ref, "students", len(found))
    prefix = site.campus.slips.class_prefix
    return shapes.Students(
        [
            shapes.Student(one.id, one.name, sorted(group for group in one.groups if group.startswith(prefix)))
            for one in found
        ]
    )


async def find_collectors(call: Call) -> shapes.Collectors:
    """Who may collect a student: people of the school, and who is registered as a visitor now or ahead."""
    given, site = call.body, call.site
    found = await site.finder.search(site.directory, given.q, (*OF_THE_SCHOOL, *BY_VISIT), 200)
    people: list[shapes.Collector] = []
    for one in found:
        visits = site.directory.papers.visits.get(one.ref, ()) if one.kind in BY_VISIT else ()
        if one.kind in OF_THE_SCHOOL and not one.suspended:
            people.append(shapes.Collector(one.id, one.name, False, one.id))
        elif visits:
            day = visits[0].starts_at.astimezone(site.campus.timezone)
            people.append(shapes.Collector(visits[0].id, one.name, True, f"{day:%Y-%m-%d %H:%M}"))
    people = people[: given.limit]
    await reading.note(site, call.by.ref, "collectors", len(people))
    return shapes.Collectors(people)


async def give_slip(call: Call) -> shapes.SlipInfo:
    """Given at once to a student of one's own, else asked for."""
    given = call.body
    async with in_words(call):
        paper = await slips.give(
            call.site,
            holder=given.holder,
            starts_at=given.starts_at,
            ends_at=given.ends_at,
            reason=SlipReason(given.reason),
            by=call.by.ref,
            collector=given.collector,
            collector_visit=given.collector_visit,
            teacher=call.by.holder,
        )
    return as_slip(call, paper)


async def approve_slip(call: Call) -> shapes.SlipInfo:
    id = call.path("slip")
    async with in_words(call, id):
        return as_slip(call, await slips.approve(call.site, id, _teacher(call)))


async def refuse_slip(call: Call) -> shapes.SlipInfo:
    id = call.path("slip")
    async with in_words(call, id):
        return as_slip(call, await slips.refuse(call.site, id, _teacher(call)))


async def revoke_slip(call: Call) -> shapes.SlipInfo:
    id = call.path("slip")
    async with in_words(call, id):
        return as_slip(call, await slips.revoke(call.site, id, call.by.ref, call.by.holder))


async def import_slips(call: Call) -> shapes.TableTaken:
    """All lines or none."""
    try:
        return shapes.TableTaken(await slips_import.import_slips(call.site, call.body, _teacher(call)))
    except BadTable as error:
        raise bad_lines(error) from None


def as_slip(call: Call, paper: LeaveSlip) -> shapes.SlipInfo:
    """Its reason is for those who give slips, never for a screen at the gate."""
    site, gives = call.site, call.may(Right.GIVE_SLIPS)
    now, teacher = site.clock.now(), _teacher(call)
    student = site.directory.holders.get(paper.holder)
    own = student is not None and slips.is_of_class(site, site.directory, student, teacher.holder)
    twice = site.campus.slips.second_approval and paper.given_by == teacher.user
    return shapes.SlipInfo(
        paper.id,
        person(site, paper.holder),
        paper.starts_at,
        paper.ends_at,
        paper.reason.value if gives else None,
        person(site, paper.collector),
        paper.given_by,
        paper.given_at,
        paper.revoked_at,
        stage(paper, now),
        paper.left_at,
        paper.returned_at,
        gives and own and paper.state is SlipState.ASKED and not twice and paper.is_live,
        gives and paper.is_live and paper.ends_at > now and slips.may_see(site, site.directory, paper, teacher),
    )


def stage(paper: LeaveSlip, now: datetime) -> str:
    """Where a slip is in its life, in one word."""
    if paper.state is SlipState.REFUSED:
        return "refused"
    if paper.revoked_at is not None:
        return "revoked"
    if paper.returned_at is not None:
        return "late" if paper.came_late else "returned"
    if paper.left_at is not None:
        return "absent" if paper.ends_at <= now else "out"
    if paper.over or paper.ends_at <= now:
        return "over"
    return paper.state.value


def _teacher(call: Call) -> Teacher:
    return Teacher(call.by.ref, call.by.holder)
