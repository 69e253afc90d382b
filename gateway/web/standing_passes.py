"""Handlers: standing passes of contractors and suppliers. Every answer that names people is recorded first."""

from gateway.core.kinds import CredentialKind, HolderKind
from gateway.core.papers import PaperKind, StandingPass
from gateway.flows import reading, standing_passes
from gateway.flows.documents import DocumentKind, read_document
from gateway.flows.permits import NotPossible, find
from gateway.flows.site import Site
from gateway.flows.visit_registration import Visitor
from gateway.web import standing_shapes as shapes
from gateway.web.context import Call
from gateway.web.permit_words import in_words, person, ref_of
from gateway.web.permits import timetable_lines, windows_of


async def list_passes(call: Call) -> shapes.StandingPasses:
    """Those that can still matter, or the newest two hundred of those that cannot."""
    site, query = call.site, call.query
    if query.state == "live":
        found = [one for some in site.directory.papers.standing.values() for one in some]
    else:
        past = await site.archive.papers(PaperKind.STANDING_PASS, live=False)
        found = [one for one in past if isinstance(one, StandingPass)]
    wanted = ref_of(site, query.holder)
    rows = [one for one in found if wanted is None or one.holder == wanted][: query.limit]
    await reading.note(site, call.by.ref, "standing_passes", len(rows))
    return shapes.StandingPasses([as_pass(site, one) for one in rows])


async def give_pass(call: Call) -> shapes.StandingPassMade:
    given, site = call.body, call.site
    async with in_words(call):
        who = given.person
        worker = None
        if who is not None:
            number = "person.document.number"
            document = read_document(site, DocumentKind(who.document.kind), who.document.number, number)
            worker = Visitor(who.name.strip(), document)
        wanted = standing_passes.Wanted(
            HolderKind(given.kind),
            frozenset(given.portals),
            given.starts_at,
            given.ends_at,
            given.holder,
            worker,
            None if given.windows is None else windows_of(given.windows),
            given.organisation.strip(),
            given.unit.strip(),
            given.host,
            tuple(given.plates),
            given.essential,
        )
        made = await standing_passes.give(site, wanted, call.by.ref)
    return shapes.StandingPassMade(made.paper.id, as_pass(site, made.paper), made.value)


async def change_pass(call: Call) -> shapes.StandingPassInfo:
    given, id = call.body, call.path("standing")
    async with in_words(call, id):
        wanted = standing_passes.Change(
            None if given.portals is None else frozenset(given.portals),
            given.ends_at,
            None if given.windows is None else windows_of(given.windows),
            given.any_hour,
            given.unit,
            given.host,
        )
        return as_pass(call.site, await standing_passes.change(call.site, id, wanted, call.by.ref))


async def revoke_pass(call: Call) -> shapes.StandingPassInfo:
    id = call.path("standing")
    async with in_words(call, id):
        return as_pass(call.site, await standing_passes.revoke(call.site, id, call.by.ref))


async def get_code(call: Call) -> shapes.StandingPassCode:
    site, id = call.site, call.path("standing")
    async with in_words(call, id):
        paper = find(site.directory, StandingPass, id)
        value = standing_passes.value_of(site.directory, paper)
        if value is None:
            raise NotPossible("no_pass", "its code is void")
    await reading.note(site, call.by.ref, "pass", 1, paper.holder)
    return shapes.StandingPassCode(id, value, f"/p#{value}")


def as_pass(site: Site, paper: StandingPass) -> shapes.StandingPassInfo:
    held = site.directory.credentials_of(paper.passes)
    return shapes.StandingPassInfo(
        paper.id,
        person(site, paper.holder),
        sorted(paper.portals),
        paper.starts_at,
        paper.ends_at,
        None if paper.windows is None else timetable_lines(paper.windows),
        paper.organisation,
        paper.unit,
        person(site, paper.host),
        paper.document_ending,
        [one.value for one in held if one.kind is CredentialKind.PLATE],
        paper.holder in site.directory.papers.essential,
        paper.given_by,
        paper.given_at,
        paper.revoked_at,
    )
