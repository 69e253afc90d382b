"""Handlers: cameras as they stand, their checks and coverage, their small pictures, and what they should look like.

Promises: every picture goes out with `no-store`, and who looks at
pictures is on record: each one of evidence, and the newest ones once in ten minutes for each user. Leaves to others:
judging (`core.health`), records (`flows.camera_checks`), references (`flows.camera_looks`).
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from aiohttp import web

from gateway.core.recordings import CLOCK_OFF_S
from gateway.core.rights import Right
from gateway.flows import alarms, camera_checks, camera_findings, camera_looks, reading, recorders, work_orders
from gateway.flows.cameras import CameraState, LookOf, Spell
from gateway.flows.site import Site
from gateway.web import camera_shapes as shapes
from gateway.web.camera_views import (
    HOURS,
    IN_ONE_GO,
    all_cameras,
    as_camera,
    as_hour,
    levels_of,
    newest_coverage,
    number_of,
)
from gateway.web.context import Call
from gateway.web.problems import FieldError, Kind, Problem, not_found

PAST = timedelta(days=7)
"""How far back a camera's findings are shown: so long their pictures are kept."""
MOST_FINDINGS = 40
WITH_PICTURES = 6
"""Of the past ones, whose pictures are looked up at once."""
MOST_CHECKS = 6_000
"""A day at the strictest level's cadence, every 15 s, is 5,760."""
NOTED_FOR_S = 600.0


async def list_cameras(call: Call) -> shapes.Cameras:
    return all_cameras(call.site)


async def get_camera(call: Call) -> shapes.CameraDetail:
    """One camera, what stands, and what was in the last days."""
    site, state = call.site, _camera(call)
    camera, now = state.camera, site.clock.now()
    spells = await site.archive.cameras.spells(now - PAST, now + timedelta(seconds=1), camera.id)
    newest = sorted(spells, key=lambda spell: spell.raised_at, reverse=True)
    standing = [spell for spell in newest if spell.cleared_at is None]
    over = [spell for spell in newest if spell.cleared_at is not None]
    shown = [*standing, *over][:MOST_FINDINGS]
    with_pictures = {spell.id for spell in [*standing, *over[:WITH_PICTURES]]}
    return shapes.CameraDetail(
        as_camera(site, state, now, levels_of(site, now)),
        sorted(camera.sees),
        camera.source.kind.value,
        camera.device,
        state.size or camera.size,
        camera.fps,
        camera.keep_days,
        _recording(site, camera.id),
        _recorder(site, state),
        [await _finding(site, spell, with_pictures=spell.id in with_pictures) for spell in shown],
    )


async def get_finding(call: Call) -> shapes.FindingInfo:
    """One finding with its pictures."""
    state = _camera(call)
    spell = await call.site.archive.cameras.spell(call.path("finding"))
    if spell is None or spell.camera != state.camera.id:
        raise not_found("finding")
    return await _finding(call.site, spell, with_pictures=True)


# ---------------------------------------------------------------- checks and coverage


async def list_checks(call: Call) -> shapes.Checks:
    """Single planned checks, the newest first."""
    state, site = _camera(call), call.site
    until = call.query.until or site.clock.now() + timedelta(seconds=1)
    since = call.query.since or until - timedelta(hours=1)
    if not timedelta(0) < until - since <= timedelta(hours=25):
        raise Problem(Kind.VALIDATION, errors=(FieldError("to", "expected after `from`, by 25 hours at most"),))
    found = await camera_checks.checks(site, state.camera.id, since, until, MOST_CHECKS)
    checks = [
        shapes.CheckInfo(
            one.due_at, one.at, None if one.miss is None else one.miss.value, [f.value for f in one.findings]
        )
        for one in found
    ]
    return shapes.Checks(state.camera.id, since, until, checks)


async def get_coverage(call: Call) -> shapes.Coverage:
    """Of each camera and hour: what was planned, done and missed. The last 24 hours come from memory."""
    site, day, wanted = call.site, call.query.day, call.query.camera
    if wanted is not None and wanted not in site.cameras:
        raise not_found("camera")
    if day is None:
        return await newest_coverage(site, wanted)
    zone = site.campus.timezone
    since = datetime(day.year, day.month, day.day, tzinfo=zone)
    until = (since.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
    count = round((until.timestamp() - since.timestamp()) / 3600)
    rows = await camera_checks.hours(site, since, until, wanted)
    names = [state.camera.id for state in site.cameras] if wanted is None else [wanted]
    by_camera: dict[str, list[shapes.Hour | None]] = {name: [None] * count for name in names}
    for number, row in enumerate(rows, start=1):
        if number % (HOURS * IN_ONE_GO) == 0:
            await asyncio.sleep(0)
        index = round((row.hour.timestamp() - since.timestamp()) / 3600)
        if row.camera in by_camera and 0 <= index < count:
            by_camera[row.camera][index] = as_hour(row.tally)
    return shapes.Coverage(since, count, [shapes.CameraCoverage(name, hours) for name, hours in by_camera.items()])


# ---------------------------------------------------------------- pictures


async def get_camera_picture(call: Call) -> web.Response:
    """What a camera showed last, small, areas blurred."""
    state, site = _camera(call), call.site
    picture = site.cameras.pictures.get(state.camera.id)
    if picture is None:
        raise not_found("picture")
    if call.parts.picture_readers.is_new(call.by.ref, site.clock.monotonic(), NOTED_FOR_S):
        try:
            await reading.note(site, call.by.ref, "camera_pictures", 1)
        except BaseException:
            call.parts.picture_readers.forget(call.by.ref)
            raise
    return _jpeg(call, picture.jpeg, number_of(picture.at))


async def get_evidence(call: Call) -> web.Response:
    """A small picture that belongs to a finding, a reference or an alarm; who looked is recorded first."""
    picture = await call.site.archive.cameras.picture(call.path("picture"))
    if picture is None or picture.camera != call.path("camera"):
        raise not_found("picture")
    await reading.note(call.site, call.by.ref, "camera_evidence", 1)
    return _jpeg(call, picture.jpeg, picture.id)


def _jpeg(call: Call, jpeg: bytes, tag: str) -> web.Response:
    headers = {"ETag": f'"{tag}"', "Cache-Control": "no-store"}
    if call.request.headers.get("If-None-Match") == f'"{tag}"':
        return web.Response(status=304, headers=headers)
    return web.Response(body=jpeg, content_type="image/jpeg", headers=headers)


# ---------------------------------------------------------------- what it should look like


async def list_references(call: Call) -> shapes.References:
    """Those in use, then the old ones."""
    state = _camera(call)
    found = await camera_looks.looks(call.site, state.camera.id)
    ordered = sorted(found, key=lambda look: look.state == "retired")
    names = {user.ref: user.name for user in await call.parts.accounts.users()}
    return shapes.References(state.camera.id, [_reference(look, names) for look in ordered])


async def confirm_reference(call: Call) -> shapes.References:
    """A person of the control room says: this is how it should look."""
    state = _sees(call)
    try:
        await camera_looks.confirm(call.site, state.camera.id, call.body.reference, call.by.ref)
    except camera_looks.NoSuchLook:
        raise Problem(Kind.CONFLICT, "over: this reference is not in use any more") from None
    return await list_references(call)


async def relearn(call: Call) -> shapes.References:
    """What it looked like is retired; what it shows from now on is learnt."""
    state = _sees(call)
    await camera_looks.relearn(call.site, state.camera.id, call.by.ref)
    return await list_references(call)


# ---------------------------------------------------------------- in the words of the API


async def _finding(site: Site, spell: Spell, *, with_pictures: bool) -> shapes.FindingInfo:
    alarm = None
    if spell.cleared_at is None:
        cause = (alarms.of_camera(spell.finding), spell.camera)
        alarm = site.alarms.by_id.get(site.alarms.by_cause.get(cause, ""))
    state = site.cameras.get(spell.camera)
    order = work_orders.of(site, spell.camera) if spell.cleared_at is None else None
    pictures = await site.archive.cameras.pictures_of(spell.id) if with_pictures else None
    return shapes.FindingInfo(
        id=spell.id,
        camera=spell.camera,
        finding=spell.finding.value,
        priority="low" if state is None else camera_findings.priority_of(site, state.camera, spell.finding),
        began_at=spell.began_at,
        raised_at=spell.raised_at,
        cleared_at=spell.cleared_at,
        value=spell.value,
        threshold=spell.threshold,
        pictures=None if pictures is None else [shapes.PictureInfo(one.id, one.at, one.why) for one in pictures],
        alarm=None if alarm is None else alarm.id,
        alarm_state=None if alarm is None else alarm.state,
        work_order=None if order is None or spell.finding.value not in order.findings else order.id,
    )


def _reference(look: LookOf, names: Mapping[str, str]) -> shapes.ReferenceInfo:
    return shapes.ReferenceInfo(
        id=look.id,
        mode=look.mode,
        part=look.part,
        state=look.state,
        made_at=look.made_at,
        confirmed_at=look.confirmed_at,
        confirmed_by=names.get(look.confirmed_by or ""),
        retired_at=look.retired_at,
        picture=look.picture,
    )


def _recording(site: Site, camera: str) -> shapes.RecordingInfo | None:
    said = recorders.state(site, camera)
    if said is None:
        return None
    days = None if said.days_kept is None else round(said.days_kept, 1)
    free = None if said.free_bytes is None else round(said.free_bytes / 1e9, 1)
    return shapes.RecordingInfo(said.at, said.ok, said.oldest_at, days, said.growing, free)


def _recorder(site: Site, state: CameraState) -> shapes.RecorderInfo | None:
    named = state.camera.recorder
    asked = None if named is None else site.cameras.recorders.get(named.recorder)
    if named is None or asked is None:
        return None
    trouble = asked.trouble_of(state.camera.id)
    ahead = asked.clock_ahead_s
    return shapes.RecorderInfo(
        id=asked.recorder.id,
        token=named.token,
        asked_at=asked.asked_at,
        answered_at=asked.answered_at,
        trouble=None if trouble is None else trouble.value,
        clock_off_s=None if ahead is None or abs(ahead) <= CLOCK_OFF_S else round(ahead),
    )


def _camera(call: Call) -> CameraState:
    state = call.site.cameras.get(call.path("camera"))
    if state is None:
        raise not_found("camera")
    return state


def _sees(call: Call) -> CameraState:
    """For acts: whoever acts on a camera has to be allowed to see it."""
    if not call.may(Right.SEE_CAMERAS):
        raise Problem(Kind.NOT_ALLOWED)
    return _camera(call)
