"""Handlers: groups with one registration. A group is a visit; what is a visit's is done by the visit's handlers."""

import csv

from gateway.core.kinds import Direction
from gateway.core.papers import Member, PaperKind, Visit
from gateway.flows import delegations, reading
from gateway.flows.documents import DocumentKind, read_document
from gateway.flows.permits import WrongField
from gateway.flows.site import Site
from gateway.web import standing_shapes as shapes
from gateway.web import visits as visit_handlers
from gateway.web.context import Call
from gateway.web.permit_words import in_words
from gateway.web.problems import not_found
from gateway.web.visit_shapes import VisitInfo, Visits
from gateway.web.visits import SEE_ALL, as_visit, as_visitor, as_wanted, is_mine, registrar

LONGEST_NAME = 64


async def list_groups(call: Call) -> Visits:
    """Live ones, by their beginning; hosts see those that are theirs."""
    site = call.site
    found = [one for some in site.directory.papers.visits.values() for one in some if one.members]
    if not call.may(*SEE_ALL):
        found = [one for one in found if is_mine(call, one)]
    rows = sorted(found, key=lambda one: (one.starts_at, one.id))[: call.query.limit]
    await reading.note(site, call.by.ref, "delegations", len(rows))
    return Visits([as_visit(site, one) for one in rows])


async def register_group(call: Call) -> shapes.DelegationMade:
    given, site = call.body, call.site
    async with in_words(call):
        leader = as_visitor(site, given.leader, "leader")
        document = leader.document
        first = Member(leader.name, document.kind.value, document.ending, document.hash)
        wanted = as_wanted(given, leader, members=(first, *_listed(site, given), *_in_rows(site, given.rows)))
        who = registrar(call, wanted.kind, given.host)
        made = await delegations.register_group(site, wanted, who, given.key)
    return shapes.DelegationMade(made.visit.id, as_visit(site, made.visit), made.pass_value)


async def get_group(call: Call) -> VisitInfo:
    found = await call.site.archive.paper(PaperKind.VISIT, call.path("visit"))
    if not isinstance(found, Visit) or not found.members or not (call.may(*SEE_ALL) or is_mine(call, found)):
        raise not_found("delegation")
    await reading.note(call.site, call.by.ref, "delegation", len(found.members), found.holder)
    return as_visit(call.site, found)


async def check_in_group(call: Call) -> VisitInfo:
    """The group is here: as with a single visit, by the leader's document."""
    return await visit_handlers.check_in(call)


async def check_out_group(call: Call) -> VisitInfo:
    """All have left."""
    return await visit_handlers.check_out(call)


async def count_group(call: Call) -> VisitInfo:
    given, id = call.body, call.path("visit")
    async with in_words(call, id):
        moved = await delegations.count(
            call.site, id, given.portal, Direction(given.direction), given.number, call.by.ref, given.key
        )
    return as_visit(call.site, moved)


def _listed(site: Site, given: shapes.NewDelegation) -> list[Member]:
    found = []
    for number, one in enumerate(given.members):
        kind, value = (None, None) if one.document is None else (one.document.kind, one.document.number)
        found.append(_member(site, one.name, kind, value, f"members[{number}]"))
    return found


def _in_rows(site: Site, rows: str) -> list[Member]:
    """A list as it is pasted: a name on each line, or a name, the kind of document and its number."""
    found = []
    delimiter = "\t" if "\t" in rows else ","
    for number, row in enumerate(csv.reader(rows.replace("，", ",").splitlines(), delimiter=delimiter), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        kind, value = (cells[1], cells[2]) if len(cells) > 2 and cells[2] else (None, None)
        found.append(_member(site, cells[0], kind, value, f"rows[{number}]"))
    return found


def _member(site: Site, name: str, kind: str | None, number: str | None, where: str) -> Member:
    plain = name.strip()
    if not 0 < len(plain) <= LONGEST_NAME or not plain.isprintable():
        raise WrongField(f"{where}.name", f"1 to {LONGEST_NAME} printable characters")
    if number is None:
        return Member(plain)
    if kind not in tuple(DocumentKind):
        raise WrongField(f"{where}.document.kind", f"one of: {', '.join(DocumentKind)}")
    document = read_document(site, DocumentKind(kind), number, f"{where}.document.number")
    return Member(plain, document.kind.value, document.ending, document.hash)
