"""A house with cameras, and what a test's watcher says of them: checks, findings, recordings. No picture is decoded."""

from __future__ import annotations

import copy
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.core.cameras import Camera, Finding, Source, SourceKind, VideoRules
from gateway.core.health import Change
from gateway.core.nouns import Label
from gateway.flows import camera_findings, camera_gaps, work_orders
from gateway.flows.camera_watch import CameraWatch
from gateway.flows.cameras import CameraBook, CameraState, Evidence, NewestPicture, SmallPicture, Spell
from gateway.flows.changes import CameraPictureKept, CameraSpellMoved
from gateway.flows.site_rules import Rules
from tests.flows.conftest import DEVICES, House
from tests.parts.gateway_process import SiteFolder

JPEG = b"\xff\xd8 a small picture \xff\xd9"


def a_camera(id: str, **how: Any) -> Camera:
    parts: dict[str, Any] = {
        "name": Label(f"Camera {id}", f"摄像机{id}"),
        "zone": "campus",
        "source": Source(SourceKind.FRAME),
        "keep_days": 30,
    }
    return Camera(id, **(parts | how))


CAMERAS = (
    a_camera("yard", sees=frozenset({"north-vehicle"}), device="lane"),
    a_camera("gate", sees=frozenset({"north-in", "north-out"}), is_key_site=True),
    a_camera("hall", zone="dorm-1", sees=frozenset({"dorm-1-door"})),
)


@dataclass
class CameraHouse:
    """`watch` is the gateway's own; `see` is what the checks would say."""

    house: House
    cameras: tuple[Camera, ...]
    watch: CameraWatch

    @classmethod
    async def of(cls, house: House, cameras: tuple[Camera, ...] = CAMERAS, **rules: Any) -> CameraHouse:
        made = cls(house, cameras, CameraWatch(house.site))
        await made._begin(VideoRules(**rules))
        return made

    async def _begin(self, rules: VideoRules) -> None:
        site = self.house.site
        site.cameras = CameraBook({camera.id: camera for camera in self.cameras}, rules)
        site.broker_connected = True
        await camera_gaps.load(site)
        self.watch = CameraWatch(site)
        await self.watch.load()

    async def restart(self) -> None:
        rules = self.house.site.cameras.rules
        await self.house.settle()
        await self.house.restart()
        await self._begin(rules)

    def state(self, camera: str) -> CameraState:
        found = self.house.site.cameras.get(camera)
        assert found is not None
        return found

    async def find(self, camera: str, finding: Finding, began_s: float = 0.0, *, settle: bool = True) -> Spell:
        """The checks find something: as `camera_spells` says it."""
        site, state, now = self.house.site, self.state(camera), self.house.clock.now()
        began = datetime.fromtimestamp(now.timestamp() - began_s, now.tzinfo)
        spell = Spell(secrets.token_hex(8), camera, finding, began, now, None, 0.9, 0.6)
        state.spells[finding] = spell
        picture = SmallPicture(secrets.token_hex(8), camera, now, "finding", spell.id, JPEG)
        change = Change(now.timestamp(), finding, True, 0.9, 0.6)
        facts = (CameraSpellMoved(spell), CameraPictureKept(picture))
        await camera_findings.found(site, state.camera, change, Evidence(spell.id, picture.id), changes=facts)
        if settle:
            await self.house.settle()
        return spell

    async def clear(self, camera: str, finding: Finding) -> None:
        site, state, now = self.house.site, self.state(camera), self.house.clock.now()
        spell = replace(state.spells.pop(finding), cleared_at=now)
        change = Change(now.timestamp(), finding, False, 0.1, 0.6)
        await camera_findings.found(site, state.camera, change, Evidence(spell.id), changes=(CameraSpellMoved(spell),))
        await self.house.settle()

    def check(self, camera: str) -> None:
        """A check is done, after its changes were told."""
        state = self.state(camera)
        state.done_at = state.checked_at = self.house.clock.now()
        work_orders.checked(self.house.site, camera, self.house.clock.now())

    def show(self, camera: str, jpeg: bytes = JPEG) -> None:
        self.house.site.cameras.keep_picture(camera, self.house.clock.now(), jpeg)

    async def look(self) -> None:
        """What the gateway does each second."""
        await self.watch.look()
        await self.house.settle()

    async def go_on(self, seconds: float, step_s: float = 10.0, check: tuple[str, ...] = ()) -> None:
        """Time passes, and somebody looks now and then; these cameras are checked each time."""
        left = seconds
        while left > 0:
            self.house.clock.go_on(min(step_s, left))
            left -= step_s
            for camera in check:
                self.check(camera)
            await self.watch.look()
        await self.house.settle()

    def alarm(self, condition: str, place: str) -> Any:
        found = self.house.site.alarms
        return found.by_id.get(found.by_cause.get((condition, place), ""))


_prepared: dict[Path, SiteFolder] = {}


def prepared(factory: pytest.TempPathFactory, here: Path) -> SiteFolder:
    """A site with its devices and without people; made once for a run and copied."""
    base = factory.getbasetemp()
    if base not in _prepared:
        made = SiteFolder(factory.mktemp("camera-site") / "site")
        made.enrol_all(DEVICES)
        _prepared[base] = made
    mine = copy.copy(_prepared[base])
    shutil.copytree(mine.folder, here / "site")
    mine.folder = here / "site"
    return mine


@asynccontextmanager
async def camera_house(
    factory: pytest.TempPathFactory, here: Path, cameras: tuple[Camera, ...] = CAMERAS, **rules: Any
) -> AsyncIterator[CameraHouse]:
    """A house of a test's own, stopped at its end."""
    house = House(prepared(factory, here), Rules())
    await house.start()
    try:
        yield await CameraHouse.of(house, cameras, **rules)
    finally:
        await house.stop()


@dataclass
class LookerByHand:
    """A looker that shows what a test gave it, and counts how often it was asked."""

    house: House
    jpeg: bytes = JPEG
    asked: list[str] | None = None

    async def look(self, camera: str) -> NewestPicture | None:
        self.asked = [*(self.asked or []), camera]
        return NewestPicture(self.house.clock.now(), self.jpeg)
