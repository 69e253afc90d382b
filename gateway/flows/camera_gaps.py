"""The round begins again after the gateway was away: the cameras as they were left, and what was planned meanwhile.

Promises: every check that was planned between a camera's newest record and now is written as missed `gateway`, by the
defence levels that were in force; a camera that is new in the file begins now, and one that is gone from it has no
plan, nothing stands at it any more, and its references are not in use. Leaves to others: the plan from now on
(`core.check_plan`), and writing (`camera_checks`).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from gateway.core.cameras import Camera, Miss
from gateway.core.check_plan import cadence_of, phase_of, planned
from gateway.core.health import Health
from gateway.core.levels import changes_between, effective_level
from gateway.flows import camera_looks
from gateway.flows.camera_checks import PAUSE_S, CheckRecord, kept_state
from gateway.flows.cameras import CameraState, Check, KeptState, Spell, health_settings
from gateway.flows.changes import CamerasLeft, CameraSpellMoved
from gateway.flows.ports import Entry, Unit
from gateway.flows.site import Site

log = structlog.get_logger(__name__)

LONGEST = timedelta(days=35)
"""Single checks are kept for so long; of a longer absence only this end is written."""
FLUSH_AT = 500
"""One commit, and some milliseconds of the loop: of a long absence there are hundreds of thousands, and taps come."""


async def begin(site: Site, record: CheckRecord) -> None:
    """Load every camera's state, and write what was planned while nobody looked: up to now each camera's plan is
    settled. Raises `LedgerUnavailable`."""
    now = site.clock.now()
    known = await load(site)
    await record.begin()
    missed = 0
    for state in site.cameras:
        kept = known.get(state.camera.id)
        if kept is None:
            state.since = now
            site.cameras.stale.add(state.camera.id)
        elif kept.checked_until < now:
            for due_at in planned_between(site, state.camera, kept.checked_until, now):
                record.add(Check(state.camera.id, due_at, now, Miss.GATEWAY))
                missed += 1
                if record.waiting >= FLUSH_AT:
                    await record.flush()
                    await asyncio.sleep(PAUSE_S)
    gone = tuple(camera for camera in known if camera not in site.cameras)
    new = tuple(kept_state(state) for state in site.cameras if state.camera.id not in known)
    left = [spell for spell in await site.archive.cameras.open_spells() if spell.camera not in site.cameras]
    unused, retired = camera_looks.of_cameras_that_left(site, await site.archive.cameras.looks_in_use())
    if gone or new or left or retired:
        over = tuple(CameraSpellMoved(replace(spell, cleared_at=max(now, spell.raised_at))) for spell in left)
        rows = tuple(_left(spell, now) for spell in left)
        await site.ledger.commit(Unit((*rows, *unused), (*new, CamerasLeft(gone), *over, *retired)))
    await record.flush()
    if missed:
        log.warning("checks_missed_while_away", checks=missed)


def _left(spell: Spell, now: datetime) -> Entry:
    """Nobody will ever see that it is mended: it is over, or its pictures were kept for good."""
    body = {"spell": spell.id, "camera": spell.camera, "finding": spell.finding.value, "state": "cleared"}
    return Entry("camera_finding", now, body | {"seen_at": now, "camera_left": True}, f"cf:{spell.id}:cleared")


async def load(site: Site) -> dict[str, KeptState]:
    """Every camera as the last run left it. Raises `LedgerUnavailable`."""
    reads, now = site.archive.cameras, site.clock.now()
    known = dict(await reads.states())
    for state in site.cameras:
        state.spells, state.looks = {}, ()
        kept = known.get(state.camera.id)
        if kept is not None:
            _take_over(state, kept)
    for spell in await reads.open_spells():
        state_or_none = site.cameras.get(spell.camera)
        if state_or_none is not None:
            state_or_none.spells[spell.finding] = spell
    for look in await reads.looks_in_use():
        state_or_none = site.cameras.get(look.camera)
        if state_or_none is not None:
            state_or_none.looks = tuple(sorted((*state_or_none.looks, look), key=lambda one: one.state != "confirmed"))
    for hour in await reads.hours(now - timedelta(hours=25), now + timedelta(hours=1)):
        state_or_none = site.cameras.get(hour.camera)
        if state_or_none is not None:
            state_or_none.hours[hour.hour] = hour.tally
    return known


def _take_over(state: CameraState, kept: KeptState) -> None:
    state.checked_at = state.since = kept.checked_until
    state.recording = dict(kept.recording)
    state.hours = OrderedDict()
    if not kept.health:
        return
    try:
        state.health = Health.load(kept.health, health_settings(state.camera))
    except ValueError as error:
        log.error("health_not_loaded", camera=state.camera.id, error=str(error)[:200])


def planned_between(site: Site, camera: Camera, after: datetime, until: datetime) -> Iterator[datetime]:
    """When checks of a camera were planned in (after, until], by the levels in force in its zone."""
    after = max(after, until - LONGEST)
    orders, zone, rules = site.directory.papers.orders, camera.zone, site.cameras.rules
    lasted_s = site.clock.lasted_s(until - after)
    if lasted_s <= 0:
        return
    pace = (until - after) / lasted_s
    end_s = until.timestamp()
    begin_s = end_s - lasted_s
    first = effective_level(site.campus, orders, zone, after)
    steps = [(begin_s, cadence_of(camera, rules, first))]
    for at, level, _ in changes_between(site.campus, orders, zone, after, until):
        steps.append((end_s - site.clock.lasted_s(until - at), cadence_of(camera, rules, level)))
    for due_s in planned(begin_s, end_s, steps, phase_of(camera.id)):
        yield (until - pace * (end_s - due_s)).astimezone(UTC)
