"""Handlers: the roll call of an emergency, as JSON, with its marks, and as a page to print. Each look is recorded."""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from gateway.flows import reading, roll_call
from gateway.flows.roll_call import MAY_LOOK, Listed, RollCall
from gateway.flows.site import Site
from gateway.web import people_desk_shapes as shapes
from gateway.web.context import Call
from gateway.web.permit_words import person
from gateway.web.problems import FieldError, Kind, Problem, not_found
from gateway.web.translations import wanted_language


async def get_roll_call(call: Call) -> shapes.RollCall:
    try:
        found = await roll_call.call(call.site, call.path("emergency"))
    except roll_call.Over:
        raise not_found("emergency") from None
    await reading.note(call.site, call.by.ref, "roll_call", len(found.listed))
    names = {user.ref: user.name for user in await call.parts.accounts.users()}
    # Ten thousand people are sorted beside the taps.
    return await asyncio.to_thread(as_roll_call, call.site, found, names)


async def account_for(call: Call) -> shapes.AccountedFor:
    """These people stand at the assembly point, or are safe where they are."""
    given = call.body
    try:
        new = await roll_call.mark(call.site, call.path("emergency"), given.people, given.here, call.by.ref)
    except roll_call.Over:
        raise Problem(Kind.CONFLICT, "over: this emergency is over") from None
    except roll_call.NotListed as error:
        number = given.people.index(str(error))
        raise Problem(Kind.VALIDATION, errors=(FieldError(f"people[{number}]", "nobody has this id"),)) from None
    return shapes.AccountedFor(new)


async def page(call: Call) -> web.Response:
    """The list as it is when the page is asked for: useful without a script, made to be printed."""
    if call.who is None:
        raise web.HTTPSeeOther("/")
    if not call.who.may(MAY_LOOK):
        raise Problem(Kind.NOT_ALLOWED)
    found = await get_roll_call(call)
    language = wanted_language(call.request, call.who.language)
    return call.parts.pages.render(call.request, "roll_call.html", language, roll=found)


def as_roll_call(site: Site, found: RollCall, names: Mapping[str, str]) -> shapes.RollCall:
    by_zone: dict[str | None, list[Listed]] = {}
    for one in found.listed:
        by_zone.setdefault(one.zone, []).append(one)
    order = [*(zone for zone in site.campus.zones if zone in by_zone), *({None} & by_zone.keys())]
    return shapes.RollCall(
        emergency=found.emergency.id,
        kind=found.emergency.kind.value,
        drill=found.emergency.drill,
        started_at=found.emergency.started_at,
        at=found.at,
        inside_at_start=found.inside_at_start,
        left=found.left,
        accounted=found.accounted,
        missing=found.missing,
        zones=[_zone(site, zone, by_zone[zone], names) for zone in order],
    )


def _zone(site: Site, zone: str | None, some: list[Listed], names: Mapping[str, str]) -> shapes.RollCallZone:
    people = [found for one in some if (found := _person(site, one, names)) is not None]
    people.sort(key=lambda one: (one.kind, one.groups, one.name, one.id))
    return shapes.RollCallZone(
        zone,
        sum(one.count for one in people if one.accounted is None),
        sum(one.count for one in people if one.accounted is not None),
        people,
    )


def _person(site: Site, one: Listed, names: Mapping[str, str]) -> shapes.RollCallPerson | None:
    holder = site.directory.holders.get(one.holder)
    if holder is None:
        return None
    mark, visit = one.mark, None if one.guest is None else one.guest.visit
    return shapes.RollCallPerson(
        id=holder.id,
        name=holder.name,
        kind=holder.kind.value,
        groups=sorted(holder.groups),
        since=one.since,
        uncertain=one.uncertain,
        host=None if visit is None else person(site, visit.host),
        count=one.people,
        accounted=None if mark is None else shapes.Accounted(mark.at, names.get(mark.by, mark.by)),
    )
