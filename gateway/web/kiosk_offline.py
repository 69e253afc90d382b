"""Handlers: what a kiosk registered while the gateway was out of reach is brought in, and whoever waited too long."""

from dataclasses import replace
from datetime import timedelta

from aiohttp import web

from gateway.flows import late, waiting
from gateway.flows.permits import NotPossible
from gateway.web import kiosk_shapes as shapes
from gateway.web import visit_shapes, visits
from gateway.web.context import Call
from gateway.web.decoding import decode_body
from gateway.web.problems import FieldError, Kind, Problem, not_found
from gateway.web.sealed import Unreadable

PICTURE_FOR = timedelta(minutes=10)
TRY_AGAIN = frozenset({Kind.AWAY, Kind.TOO_MANY, Kind.BUG, Kind.NOT_SIGNED_IN, Kind.LOCKED})
"""What says nothing about the registration itself: the kiosk keeps it and comes again."""


async def bring_in(call: Call) -> shapes.OfflineResults:
    """Each registration by itself: one that cannot be read or taken keeps no other back, and stays with the kiosk."""
    results = [await _one(call, sealed) for sealed in call.body.sealed]
    return shapes.OfflineResults(results, call.site.clock.now())


async def _one(call: Call, sealed: shapes.Sealed) -> shapes.OfflineResult:
    try:
        given = decode_body(call.parts.offline_box.open(sealed.box, sealed.key), visit_shapes.NewVisit)
        if given.key != sealed.key:
            raise Unreadable("another registration's key")
    except Unreadable:
        return shapes.OfflineResult(sealed.key, "unreadable")
    except Problem as problem:
        return _not_taken(sealed.key, problem)
    known = {visit.id for visits_ in call.site.directory.papers.visits.values() for visit in visits_}
    try:
        made = await visits.register_visit(replace(call, body=given))
    except Problem as problem:
        if problem.kind in TRY_AGAIN:
            raise
        return _not_taken(sealed.key, problem)
    return shapes.OfflineResult(sealed.key, "known" if made.id in known else "registered", made.id)


def _not_taken(key: str, problem: Problem) -> shapes.OfflineResult:
    errors = list(problem.errors) or [FieldError("", problem.detail or problem.kind.title)]
    return shapes.OfflineResult(key, "invalid", None, errors)


async def tap_picture(call: Call) -> web.Response:
    """The picture of whoever tapped here a moment ago: a part of the verdict, so no lock hides it and no record is made
    of each look; nobody else's can be asked for in this way. 204: the school keeps none."""
    site, gate = call.site, call.path("gate")
    device, _, tap = call.path("tap").partition(":")
    told, stands = site.recent.get(f"t:{device}:{tap}"), site.devices.get(device)
    portal = None if stands is None or stands.portal is None else site.campus.portals.get(stands.portal)
    if told is None or told.holder is None or portal is None or portal.gate != gate:
        raise not_found("tap")
    if site.clock.now() - told.at > PICTURE_FOR:
        raise not_found("tap")
    jpeg = await site.archive.portrait(told.holder)
    if jpeg is None:
        return web.Response(status=204)
    return web.Response(body=jpeg, content_type="image/jpeg")


async def let_in_late(call: Call) -> shapes.LateDone:
    """A guard's word after the time was over; the second guard hears that somebody was faster."""
    try:
        done = await late.let_in(call.site, call.path("tap"), call.by.ref, call.by.rights)
    except waiting.NotYourWord as error:
        raise Problem(Kind.NOT_ALLOWED, str(error)) from None
    except waiting.NoLonger as error:
        raise Problem(Kind.CONFLICT, f"{error.decision.reason.value}: the rules refuse it by now") from None
    except waiting.NobodyWaits:
        raise Problem(Kind.CONFLICT, "it has been done already, or it is too long ago") from None
    except NotPossible as error:
        raise Problem(Kind.CONFLICT, f"{error.code}: {error}") from None
    return shapes.LateDone(done.id, done.outcome.value, done.reason.value, done.command)
