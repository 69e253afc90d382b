"""Handlers: a visit from registration to check-out. Every answer that names visitors is recorded first."""

from datetime import date, timedelta
from typing import Any

from gateway.core.kinds import HolderKind
from gateway.core.papers import Belonging, BelongingKind, BelongingOutcome, PaperKind, RefusalReason, Visit
from gateway.core.rights import Right
from gateway.flows import judging, reading, visit_lists, visits
from gateway.flows.documents import DocumentKind, read_document
from gateway.flows.permits import NotYours, WrongField, find
from gateway.flows.site import Site
from gateway.web import visit_shapes as shapes
from gateway.web.context import Call
from gateway.web.permit_words import in_words, person
from gateway.web.problems import not_found

SEE_ALL = (Right.REGISTER_VISITS, Right.CONSENT_MEDIA)
"""Whoever has one of these sees all visits; hosts see those that are theirs."""


async def list_visits(call: Call) -> shapes.Visits:
    """Live ones are all found; of those that are over, the newest two hundred."""
    site, query = call.site, call.query
    now = site.clock.now()
    if query.state in (None, "expected", "checked_in"):
        found = [visit for some in site.directory.papers.visits.values() for visit in some]
    else:
        past = await site.archive.papers(PaperKind.VISIT, live=False)
        found = [paper for paper in past if isinstance(paper, Visit)]
    rows = [
        visit
        for visit in found
        if query.state in (None, visit.state.value)
        and (is_mine(call, visit) if query.mine or not call.may(*SEE_ALL) else True)
        and (query.on is None or _is_on(site, visit, query.on))
        and (not query.by_telephone or visit.by_telephone)
        and (not query.refused_now or judging.judge_visit(site, visit, now).refused_now)
    ]
    rows = sorted(rows, key=lambda visit: (visit.starts_at, visit.id))[: query.limit]
    await reading.note(site, call.by.ref, "visits", len(rows))
    return shapes.Visits([as_visit(site, visit) for visit in rows])


async def register_visit(call: Call) -> shapes.VisitMade:
    """A host who invites has thereby said yes; who registers at the gate has not."""
    given, site = call.body, call.site
    async with in_words(call):
        wanted = as_wanted(given, as_visitor(site, given.visitor, "visitor"), max_uses=given.max_uses)
        made = await visits.register(site, wanted, registrar(call, wanted.kind, given.host), given.key)
    info = as_visit(site, made.visit)
    return shapes.VisitMade(info.id, info.state, info.needs, info, made.pass_value)


async def get_visit(call: Call) -> shapes.VisitInfo:
    found = await call.site.archive.paper(PaperKind.VISIT, call.path("visit"))
    if not isinstance(found, Visit) or not (call.may(*SEE_ALL) or is_mine(call, found)):
        raise not_found("visit")
    await reading.note(call.site, call.by.ref, "visit", 1, found.holder)
    return as_visit(call.site, found)


async def consent_to_visit(call: Call) -> shapes.VisitInfo:
    id = call.path("visit")
    async with in_words(call, id):
        return as_visit(call.site, await visits.consent(call.site, id, call.by.ref))


async def approve_vehicle(call: Call) -> shapes.VisitInfo:
    id = call.path("visit")
    async with in_words(call, id):
        return as_visit(call.site, await visits.approve_vehicle(call.site, id, call.by.ref))


async def check_in(call: Call) -> shapes.VisitInfo:
    id = call.path("visit")
    async with in_words(call, id):
        given = call.body
        return as_visit(call.site, await visits.check_in(call.site, id, given.document_seen, call.by.ref, given.gate))


async def check_out(call: Call) -> shapes.VisitInfo:
    id = call.path("visit")
    async with in_words(call, id):
        return as_visit(call.site, await visits.check_out(call.site, id, call.by.ref))


async def declare_belongings(call: Call) -> shapes.VisitInfo:
    id = call.path("visit")
    async with in_words(call, id):
        return as_visit(
            call.site, await visits.declare(call.site, id, as_belongings(call.body.belongings), call.by.ref)
        )


async def refuse_visit(call: Call) -> shapes.VisitInfo:
    id = call.path("visit")
    async with in_words(call, id):
        return as_visit(call.site, await visits.refuse(call.site, id, RefusalReason(call.body.reason), call.by.ref))


async def cancel_visit(call: Call) -> shapes.VisitInfo:
    id = call.path("visit")
    async with in_words(call, id):
        if not call.may(Right.REGISTER_VISITS) and not is_mine(call, find(call.site.directory, Visit, id)):
            raise NotYours("only the host, or who registered it")
        return as_visit(call.site, await visits.cancel(call.site, id, call.by.ref))


def as_visitor(site: Site, given: shapes.NewVisitor, field: str) -> visits.Visitor:
    """Who comes, the document checked and hashed. Raises `WrongField` below `field`."""
    number = given.document.number
    document = read_document(site, DocumentKind(given.document.kind), number, f"{field}.document.number")
    return visits.Visitor(given.name.strip(), document, given.phone.strip(), given.organisation.strip(), given.plate)


def as_wanted(given: shapes.Stay, visitor: visits.Visitor, **more: Any) -> visits.Wanted:
    """A registration as it was sent, of one visitor or of a group."""
    return visits.Wanted(
        visitor,
        HolderKind(given.kind),
        given.host,
        given.purpose,
        frozenset(given.zones),
        given.starts_at,
        given.ends_at,
        as_belongings(given.belongings),
        given.gathering,
        **more,
    )


def as_belongings(given: list[shapes.Belonging]) -> tuple[Belonging, ...]:
    return tuple(Belonging(one.what.strip(), BelongingKind(one.kind), BelongingOutcome(one.outcome)) for one in given)


def as_visit(site: Site, visit: Visit) -> shapes.VisitInfo:
    now = site.clock.now()
    judged = judging.judge_visit(site, visit, now) if visit.is_live else None
    row = visit_lists.row_of(site, visit, now)
    who = person(site, visit.holder)
    visitor = (
        None
        if who is None
        else shapes.VisitorInfo(
            who.id,
            who.name,
            visit.organisation,
            visit.phone,
            visit.plate,
            visit.document_kind,
            visit.document_ending,
        )
    )
    asked = site.hosts_asked.get(visit.id) if visit.is_live and visit.confirmed is None else None
    return shapes.VisitInfo(
        id=visit.id,
        state=visit.state.value,
        kind=visit.kind.value,
        visitor=visitor,
        host=person(site, visit.host),
        purpose=visit.purpose,
        belongings=[shapes.BelongingInfo(one.what, one.kind.value, one.outcome.value) for one in visit.declared],
        zones=sorted(visit.zones),
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        needs=[] if judged is None else [reason.value for reason in judged.needs],
        now=None if judged is None else shapes.Now(judged.outcome.value, judged.reason.value, judged.refused_now),
        appointment=visit.appointment,
        document_seen=visit.document_seen,
        confirmed=visit.confirmed,
        by_telephone=visit.by_telephone,
        answered_by=visit.answered_by,
        consent=visit.consent_by is not None,
        vehicle_approved=visit.vehicle_approved,
        gathering=visit.gathering,
        refusal=None if visit.refusal is None else visit.refusal.value,
        registered_at=visit.registered_at,
        checked_in_at=visit.checked_in_at,
        checked_out_at=visit.checked_out_at,
        asked=None if asked is None else shapes.AskedInfo(asked.state.value, asked.at, asked.times),
        decline_reason=None if visit.decline_reason is None else visit.decline_reason.value,
        group=_group(visit),
        host_gone=visit_lists.host_is_gone(site, visit),
        place=row.place.value,
        unanswered=row.unanswered,
        uncertain=row.uncertain,
        badge=visit.badge,
    )


def _group(visit: Visit) -> shapes.GroupInfo | None:
    if not visit.members:
        return None
    members = [shapes.MemberInfo(one.name, one.document_kind, one.document_ending) for one in visit.members]
    return shapes.GroupInfo(members, visit.counted_in, visit.counted_out, visit.inside)


def is_mine(call: Call, visit: Visit) -> bool:
    """True for the host, and for who registered it."""
    return visit.registered_by == call.by.ref or (visit.host is not None and visit.host == call.by.holder)


def registrar(call: Call, kind: HolderKind, host: str | None) -> visits.Registrar:
    """Whoever is the host and does not sit at the gate has said yes by inviting. Raises `WrongField`.

    Who sits at the gate never speaks as the host, whatever other roles they have, and registers nobody of their own.
    """
    me = None if call.by.holder is None else call.site.directory.holders.get(call.by.holder)
    is_me = me is not None and host == me.id
    at_the_gate = call.may(Right.REGISTER_VISITS)
    if is_me and at_the_gate:
        raise WrongField("host", "this is you: let somebody else register your own visitor")
    word = Right.CONFIRM_GUARDIANS if kind is HolderKind.GUARDIAN else Right.HOST_VISITS
    return visits.Registrar(call.by.ref, is_me and call.may(word), call.may(Right.MANAGE_PASSES))


def _is_on(site: Site, visit: Visit, day: date) -> bool:
    """True if the visit touches this day of the campus."""
    zone = site.campus.timezone
    last = visit.ends_at - timedelta(microseconds=1)
    return visit.starts_at.astimezone(zone).date() <= day <= last.astimezone(zone).date()
