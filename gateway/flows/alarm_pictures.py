"""Something else alarms (a door is forced, a bollard hit, somebody calls for help): what do the cameras there show?

Promises: for each such alarm the newest check's picture as *before*, and a look at once and one some seconds later as
*after*, of the cameras that see the place; kept with the alarm, areas blurred as in all small pictures. In a flood of
alarms at most `AT_ONCE` looks are under way and `WAIT_AT_MOST` wait; what is too much is counted and left out, and the
newest pictures in memory are kept all the same. Where no configured camera sees a bollard that was hit, the camera of
its lane is asked for its picture, by a command that is on record. Leaves to others: looking (`cameras.Looker`), erasing
(`camera_pictures` are kept some days, longer while a case is open), who may see them (`web`).
"""

import asyncio
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from devices.messages import Action, Frame
from gateway.flows import alarms, command
from gateway.flows.cameras import CameraState, NewestPicture, SmallPicture
from gateway.flows.changes import CameraPictureKept
from gateway.flows.devices import Device
from gateway.flows.lane_cycle import nearest_camera
from gateway.flows.open_alarms import Alarm, AlarmPicture
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site

PICTURED = frozenset({alarms.FORCED_DOOR, alarms.IMPACT, alarms.PANIC, alarms.DURESS, alarms.FIRE, alarms.GUARD_PANIC})
"""Conditions at which one wants to see the place."""
CAMERAS_AT_MOST = 4
"""For one alarm, those that see the portal itself first."""
LATER_S = 5.0
"""After so long the second look: who did it has moved on, and it shows where to."""
NOT_BEFORE = timedelta(minutes=10)
"""A picture that is older than this is no *before*."""
AT_ONCE = 4
WAIT_AT_MOST = 24
SAME_PLACE_S = 30.0
"""An alarm that comes and goes at one place is pictured once within this time; another one there is another matter."""
WITHIN_S = 5.0
ASKED_AT_MOST = 100
"""Snapshots of lane cameras whose pictures are waited for."""


class AlarmPictures:
    """Listens for new alarms; one for a gateway. `begin` makes it listen."""

    def __init__(self, site: Site, later_s: float = LATER_S) -> None:
        self._site = site
        self._later_s = later_s
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._pictured_at: dict[tuple[str, str], float] = {}
        """By condition and place."""
        self.left_out = 0
        """Looks that were too much."""

    def begin(self) -> None:
        """From now on each new alarm is looked at."""
        self._site.alarm_opened = self.opened

    def opened(self, alarm: Alarm) -> None:
        """An alarm is new. Never fails and never waits: whoever raises an alarm has other things to do."""
        site = self._site
        if alarm.condition not in PICTURED or not len(site.cameras) or not self._is_its_turn(alarm):
            return
        cameras = [state.camera.id for state in cameras_at(site, alarm.place)]
        before = {camera: picture for camera in cameras if (picture := self._newest(camera, alarm.opened_at))}
        if cameras:
            site.spawn(self._take(alarm, cameras, before))

    def _is_its_turn(self, alarm: Alarm) -> bool:
        mono, cause = self._site.clock.monotonic(), (alarm.condition, alarm.place)
        self._pictured_at = {known: at for known, at in self._pictured_at.items() if mono - at < SAME_PLACE_S}
        if cause in self._pictured_at:
            return False
        self._pictured_at[cause] = mono
        return True

    def _newest(self, camera: str, at: datetime) -> NewestPicture | None:
        picture = self._site.cameras.pictures.get(camera)
        return picture if picture is not None and at - picture.at <= NOT_BEFORE else None

    async def _take(self, alarm: Alarm, cameras: list[str], before: dict[str, NewestPicture]) -> None:
        await _keep(self._site, alarm, "before", before)
        await self._after(alarm, cameras)
        await asyncio.sleep(self._later_s)
        await self._after(alarm, cameras)

    async def _after(self, alarm: Alarm, cameras: list[str]) -> None:
        looks = await asyncio.gather(*(self._look(camera) for camera in cameras))
        found = {camera: picture for camera, picture in zip(cameras, looks, strict=True) if picture is not None}
        await _keep(self._site, alarm, "after", found)

    async def _look(self, camera: str) -> NewestPicture | None:
        looker = self._site.cameras.looker
        if looker is None:
            return None
        if self._waiting >= WAIT_AT_MOST:
            self.left_out += 1
            return None
        self._waiting += 1
        try:
            async with self._turns:
                return await looker.look(camera)
        finally:
            self._waiting -= 1


async def _keep(site: Site, alarm: Alarm, why: str, pictures: dict[str, NewestPicture]) -> None:
    kept = [
        SmallPicture(secrets.token_hex(8), camera, picture.at, why, alarm.id, picture.jpeg)
        for camera, picture in pictures.items()
    ]
    if not kept:
        return
    body = {"alarm": alarm.id, "why": why, "pictures": {one.camera: one.id for one in kept}}
    row = Entry("alarm_pictures", site.clock.now(), body)
    try:
        await site.ledger.commit(Unit((row,), tuple(CameraPictureKept(one) for one in kept)), WITHIN_S)
    except LedgerUnavailable:
        return  # the alarm stands without them
    alarms.add_pictures(site, alarm.id, [AlarmPicture(one.id, one.camera, one.why, one.at) for one in kept])


async def ask_nearest(site: Site, device: Device, event: str) -> None:
    """Something hit `device`, and no configured camera sees it: the nearest enrolled one is asked, for the alarm."""
    alarm = site.alarms.by_cause.get((alarms.IMPACT, device.id))
    camera = nearest_camera(site, device)
    if alarm is None or camera is None or cameras_at(site, device.id):
        return
    configured, known = site.cameras.of_device(camera.id), site.alarms.by_id.get(alarm)
    if configured is not None and known is not None:  # what is to be blurred there is blurred on its way
        site.spawn(_look_beside(site, known, configured.camera.id))
        return
    try:
        id = await command.send(site, camera.id, Action.SNAPSHOT.value, "impact", f"event:{device.id}:{event}")
    except (command.CommandNotPossible, LedgerUnavailable):
        return  # the alarm stands without a picture
    site.snapshots[id] = alarm
    if len(site.snapshots) > ASKED_AT_MOST:
        site.snapshots.popitem(last=False)


async def _look_beside(site: Site, alarm: Alarm, camera: str) -> None:
    looker = site.cameras.looker
    picture = None if looker is None else await looker.look(camera)
    if picture is not None:
        await _keep(site, alarm, "after", {camera: picture})


async def came(site: Site, device: Device, frame: Frame, jpeg: bytes) -> None:
    """A camera's picture: if it was asked for an alarm, it is kept with it."""
    alarm = site.alarms.by_id.get(site.snapshots.pop(frame.command or "", ""))
    if alarm is not None:
        await _keep(site, alarm, "after", {device.id: NewestPicture(frame.at, jpeg)})


async def load(site: Site) -> None:
    """After a restart: the open alarms know their pictures again."""
    for alarm in list(site.alarms.by_id.values()):
        if alarm.condition in PICTURED:
            kept = await site.archive.cameras.pictures_of(alarm.id)
            alarms.add_pictures(site, alarm.id, [AlarmPicture(one.id, one.camera, one.why, one.at) for one in kept])


def cameras_at(site: Site, place: str) -> list[CameraState]:
    """The cameras for a place of an alarm (a device, portal, zone, gate or button): those that see its portal; where
    none does, those that see its zone, then those that stand there."""
    portals, zones = _where(site, place)
    at_portal = [state for state in site.cameras if not portals.isdisjoint(state.camera.sees)]
    if at_portal:
        return at_portal[:CAMERAS_AT_MOST]
    seeing = [state for state in site.cameras if not zones.isdisjoint(state.camera.sees)]
    standing = [state for state in site.cameras if state.camera.zone in zones and state not in seeing]
    return [*seeing, *standing][:CAMERAS_AT_MOST]


def _where(site: Site, place: str) -> tuple[frozenset[str], frozenset[str]]:
    """The portals and the zones that a place is about. What contains the zone is too far away."""
    campus = site.campus
    portals: set[str] = {place} & set(campus.portals)
    zones: set[str] = {place} & set(campus.zones)
    portals |= {portal.id for portal in campus.portals.values() if portal.gate == place}
    for device in _devices_of(site, place):
        portals |= {device.portal} if device.portal is not None else set()
        zones |= {device.zone} if device.zone is not None else set()
    zones |= {campus.portals[portal].zone for portal in portals if portal in campus.portals}
    return frozenset(portals), frozenset(zones)


def _devices_of(site: Site, place: str) -> Iterable[Device]:
    """The device of that name, or the panel whose button it is."""
    device = site.devices.get(place)
    return [device] if device is not None else [one for one in site.devices if place in one.locations]
