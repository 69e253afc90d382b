"""Cameras in the words of the API: how each stands, and what its last hours came to. From memory; what takes longer
than some milliseconds lets others in between."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from gateway.core.cameras import Finding, Miss
from gateway.core.check_plan import cadence_of
from gateway.core.kinds import Level
from gateway.core.levels import effective_level
from gateway.flows import camera_findings, work_orders
from gateway.flows.cameras import CameraState, Tally
from gateway.flows.site import Site
from gateway.web import camera_shapes as shapes
from gateway.web.kiosk_shapes import Both

HOURS = 24
IN_ONE_GO = 50
"""Strips of so many cameras are made until others get their turn: somebody may stand at a gate."""


def all_cameras(site: Site) -> shapes.Cameras:
    """Every camera as it stands now; from memory."""
    now = site.clock.now()
    levels = levels_of(site, now)
    return shapes.Cameras(now, [as_camera(site, state, now, levels) for state in site.cameras])


def as_camera(site: Site, state: CameraState, now: datetime, levels: Mapping[str, Level]) -> shapes.CameraInfo:
    """One camera as the list and the stream show it. `levels`: of each zone."""
    camera = state.camera
    window = state.window(now) if state.windows else None
    picture = site.cameras.pictures.get(camera.id)
    spells = sorted(state.spells.values(), key=lambda spell: spell.began_at)
    suspects = state.health.suspects
    order = work_orders.of(site, camera.id)
    return shapes.CameraInfo(
        id=camera.id,
        name=Both(camera.name.en, camera.name.zh),
        zone=camera.zone,
        key_site=camera.is_key_site,
        state=state_of(state, now),
        since=spells[0].began_at if spells else None,
        findings=[
            shapes.StandingFinding(
                spell.finding.value, camera_findings.priority_of(site, camera, spell.finding), spell.began_at
            )
            for spell in spells
        ],
        suspects=sorted(finding.value for finding in suspects if finding not in state.spells),
        checked_at=state.checked_at,
        miss=None if state.miss is None else state.miss.value,
        every_s=cadence_of(camera, site.cameras.rules, levels.get(camera.zone, Level.L3)),
        picture=None if picture is None else number_of(picture.at),
        picture_at=None if picture is None else picture.at,
        reference="none" if not state.looks else "confirmed" if state.is_confirmed else "learnt",
        maintenance_until=None if window is None else window.ends_at,
        work_order=None if order is None else order.id,
    )


def state_of(state: CameraState, now: datetime) -> shapes.CameraState:
    """How it stands, in the words of the page: what is found says more than that somebody works on it."""
    if state.spells:
        return "no_picture" if Finding.SIGNAL_LOSS in state.spells else "faulty"
    if state.windows and state.window(now) is not None:
        return "maintenance"
    if state.miss is Miss.CAMERA or state.health.suspects:
        return "suspect"
    return "normal" if state.looks and state.done_at is not None else "not_learnt"


def levels_of(site: Site, now: datetime, of: Iterable[CameraState] | None = None) -> dict[str, Level]:
    """The level in force in each zone that has a camera, or one of these: it says how often one is looked at."""
    zones = {state.camera.zone for state in (site.cameras if of is None else of)}
    orders = site.world.orders
    return {zone: effective_level(site.campus, orders, zone, now, site.trusted_until) for zone in zones}


async def newest_coverage(site: Site, wanted: str | None = None) -> shapes.Coverage:
    """The last 24 hours, this one included; from memory."""
    this_hour = site.clock.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    begins = [this_hour - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]
    cameras: list[shapes.CameraCoverage] = []
    for state in site.cameras:
        if wanted in (None, state.camera.id):
            hours = [as_hour(state.hours.get(hour)) for hour in begins]
            cameras.append(shapes.CameraCoverage(state.camera.id, hours))
            if len(cameras) % IN_ONE_GO == 0:
                await asyncio.sleep(0)
    return shapes.Coverage(begins[0], HOURS, cameras)


def as_hour(tally: Tally | None) -> shapes.Hour | None:
    if tally is None or not tally.planned:
        return None
    missed = [tally.missed[miss] for miss in (Miss.CAMERA, Miss.GATEWAY, Miss.OVERLOAD, Miss.MAINTENANCE)]
    return shapes.Hour(tally.planned, tally.done, tally.healthy, *missed)


def number_of(at: datetime) -> str:
    """By which a picture is told from the one before."""
    return str(round(at.timestamp() * 1000))
