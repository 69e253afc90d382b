"""A watcher over cameras whose clock a test moves, and what is on record of its round. No picture is decoded."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.core.cameras import Camera, Source, SourceKind, VideoRules
from gateway.core.nouns import Label
from gateway.flows.cameras import CameraBook, Check
from gateway.store.database import open_database
from gateway.store.tables import camera_checks as checks_table
from gateway.video.watcher import Watcher
from tests.flows.conftest import House
from tests.parts.gateway_process import SiteFolder
from tests.parts.scripted_sight import ScriptedSight


def a_camera(id: str, **how: Any) -> Camera:
    return Camera(id, Label(id, id), "campus", Source(SourceKind.PICTURE, f"http://10.0.0.1/{id}.jpg"), **how)


class Round:
    """A watcher over a house whose clock a test moves."""

    def __init__(self, house: House, cameras: int | list[Camera] = 3, slots: int = 64) -> None:
        made = cameras if isinstance(cameras, list) else [a_camera(f"cam-{number}") for number in range(cameras)]
        self.house, self.slots = house, slots
        self.cameras = {camera.id: camera for camera in made}
        self.sight = ScriptedSight(lambda: house.clock.now().timestamp())
        self.watcher: Watcher
        self.book: CameraBook

    async def begin(self) -> Round:
        self.book = self.house.site.cameras = CameraBook(self.cameras, VideoRules())
        self.watcher = Watcher(self.house.site, self.sight, self.slots, self._pause)
        await self.watcher.begin()
        return self

    async def _pause(self, seconds: float) -> None:
        self.house.clock.go_on(seconds)
        await asyncio.sleep(0)

    async def go_on(self, seconds: float, step_s: float = 1.0) -> None:
        """Time passes; what begins is done before it goes on."""
        until = self.house.clock.monotonic() + seconds
        while self.house.clock.monotonic() < until:
            self.house.clock.go_on(step_s)
            await self.turn()
        await self.watcher.write()

    async def turn(self) -> None:
        await self.watcher.turn()
        async with asyncio.timeout(20):
            while self.watcher._tasks:
                await asyncio.wait(self.watcher._tasks)
                await asyncio.sleep(0)

    async def killed_for(self, seconds: float) -> None:
        """As after a kill -9: nothing of what was in memory is written, and `seconds` later it starts again."""
        self.house.clock.go_on(seconds)
        await self.house.restart()
        await self.begin()

    async def checks(self) -> list[Check]:
        reads = self.house.site.archive.cameras
        now = self.house.clock.now()
        found: list[Check] = []
        for camera in self.cameras:
            found += await reads.checks(camera, now - timedelta(days=2), now + timedelta(days=2), 100_000)
        return sorted(found, key=lambda check: (check.camera, check.due_at))

    async def checks_of_all_times(self) -> list[dict[str, Any]]:
        return await table(self.house, checks_table)

    async def reasons(self) -> Counter[str]:
        return Counter("done" if check.miss is None else check.miss.value for check in await self.checks())


_empty: dict[Path, SiteFolder] = {}


def empty_site(factory: pytest.TempPathFactory, here: Path) -> SiteFolder:
    """A site with its database and nobody in it; made once for a run and copied."""
    base = factory.getbasetemp()
    if base not in _empty:
        _empty[base] = SiteFolder(factory.mktemp("cameras") / "site")
        open_database(_empty[base].settings.database_url).close()
    shutil.copytree(_empty[base].folder, here / "site")
    return SiteFolder(here / "site", is_there=True)


def gaps(checks: list[Check], camera: str) -> list[float]:
    dues = [check.due_at for check in checks if check.camera == camera]
    return [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(dues)]


def day_of(house: House) -> date:
    return house.clock.now().astimezone(house.site.campus.timezone).date()


async def table(house: House, which: sa.Table) -> list[dict[str, Any]]:
    return await house._database.read(
        lambda connection: [dict(row._mapping) for row in connection.execute(sa.select(which))]
    )


async def change(house: House, statement: Any) -> None:
    """What somebody with the database's password can do."""

    def act() -> None:
        with house._database.engine.begin() as connection:
            connection.execute(statement)

    await asyncio.to_thread(act)
