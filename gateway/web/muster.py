"""Handlers: who is on the campus now, as JSON and as a page to print. Each look is recorded: it names visitors."""

from aiohttp import web

from gateway.flows import muster, reading
from gateway.flows.muster import Guest, Muster
from gateway.flows.roll_call import MAY_LOOK
from gateway.flows.site import Site
from gateway.web import visit_day_shapes as shapes
from gateway.web.context import Call
from gateway.web.permit_words import person
from gateway.web.problems import Kind, Problem
from gateway.web.translations import wanted_language


async def get_muster(call: Call) -> shapes.Muster:
    found = await muster.muster(call.site)
    await reading.note(call.site, call.by.ref, "muster", len(found.guests))
    return as_muster(call.site, found)


async def page(call: Call) -> web.Response:
    """The list as it is when the page is asked for: useful without a script, made to be printed."""
    if call.who is None:
        raise web.HTTPSeeOther("/")
    if not call.who.may(MAY_LOOK):
        raise Problem(Kind.NOT_ALLOWED)
    found = await get_muster(call)
    language = wanted_language(call.request, call.who.language)
    by_zone = [(zone, [one for one in found.visitors if one.zone == zone.zone]) for zone in found.zones]
    elsewhere = [one for one in found.visitors if one.zone is None]
    return call.parts.pages.render(
        call.request, "muster.html", language, muster=found, by_zone=by_zone, elsewhere=elsewhere
    )


def as_muster(site: Site, found: Muster) -> shapes.Muster:
    zones = [
        shapes.MusterZone(
            zone,
            dict(sorted(those.surely.items())),
            dict(sorted(those.perhaps.items())),
            sum(those.surely.values()) + sum(those.perhaps.values()),
        )
        for zone, those in found.zones.items()
        if those.surely or those.perhaps
    ]
    visitors = sorted((_guest(site, one) for one in found.guests), key=_by_host)
    return shapes.Muster(found.at, found.surely + found.perhaps, found.perhaps, zones, visitors)


def _by_host(one: shapes.MusterPerson) -> tuple[str, str, str]:
    return one.zone or "", "" if one.host is None else one.host.name, one.name


def _guest(site: Site, one: Guest) -> shapes.MusterPerson:
    who, visit = person(site, one.holder), one.visit
    standing = site.directory.papers.standing.get(one.holder, ())
    host = visit.host if visit is not None else next((paper.host for paper in standing if paper.host), None)
    organisation = visit.organisation if visit is not None else next((paper.organisation for paper in standing), "")
    return shapes.MusterPerson(
        name="" if who is None else who.name,
        kind="" if who is None else who.kind,
        zone=one.zone,
        since=one.since,
        uncertain=one.uncertain,
        host=person(site, host),
        organisation=organisation,
        visit=None if visit is None else visit.id,
        count=one.count,
        members=[] if visit is None else [member.name for member in visit.members[1:]],
        plate=None if visit is None else visit.plate,
    )
