"""Handlers: the shift's round of the cameras, signed by exception. What is open: `flows.camera_rounds`."""

from datetime import timedelta

from gateway.core.rights import Right
from gateway.flows import camera_rounds
from gateway.web import work_shapes as shapes
from gateway.web.context import Call
from gateway.web.permit_words import in_words
from gateway.web.problems import Kind, Problem

PAST = timedelta(days=7)


async def list_rounds(call: Call) -> shapes.CameraRounds:
    """What would be signed now, and what was."""
    site, names = call.site, {user.ref: user.name for user in await call.parts.accounts.users()}
    now = site.clock.now()
    signed = [await _round(call, one, names) for one in await camera_rounds.history(site, now - PAST)]
    by_id = {one.id: one for one in signed}
    today = await camera_rounds.day(site, now.astimezone(site.campus.timezone).date())
    slots = [
        shapes.RoundSlot(slot.starts_at, slot.ends_at, slot.state, [by_id[r.id] for r in slot.rounds if r.id in by_id])
        for slot in today
    ]
    found = camera_rounds.open_points(site)
    points = [shapes.RoundPoint(one.kind, one.place, one.what, one.since, one.order) for one in found.points]
    return shapes.CameraRounds(found.at, points, found.digest, len(site.cameras), slots, signed)


async def sign_round(call: Call) -> shapes.RoundInfo:
    """Somebody who may see the cameras has seen what is open; if it has changed meanwhile they look again."""
    if not call.may(Right.SEE_CAMERAS):
        raise Problem(Kind.NOT_ALLOWED)
    async with in_words(call):
        signed = await camera_rounds.sign(call.site, call.body.digest, call.body.note, call.by.ref)
    return await _round(call, signed, {call.by.ref: call.by.name})


async def _round(call: Call, one: camera_rounds.Round, names: dict[str, str]) -> shapes.RoundInfo:
    note = "" if one.note is None else await call.site.archive.note(one.note) or ""
    return shapes.RoundInfo(one.id, one.at, names.get(one.by), one.count, note)
