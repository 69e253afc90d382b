"""Cameras at a guard post: what a test's watcher says of them goes through the gateway's own flows to its own disk.

Nothing is decoded here; pictures are whatever bytes a test gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.core.cameras import OF_THE_RECORDING, Area, Camera, Finding, Miss, Source, SourceKind, VideoRules
from gateway.core.health import Change
from gateway.core.nouns import Label
from gateway.flows import camera_findings, camera_looks, camera_spells, work_orders
from gateway.flows.camera_checks import CheckRecord
from gateway.flows.camera_watch import CameraWatch
from gateway.flows.cameras import CameraBook, CameraState, Check, LookOf
from tests.web.guardpost import GuardPost

JPEG = b"\xff\xd8\xff\xe0 small picture \xff\xd9"
EVERY = timedelta(seconds=60)

NAMES: Mapping[str, tuple[str, str, str]] = {
    "north-gate": ("North gate, inside", "北门内侧", "campus"),
    "north-lane": ("North gate, vehicle lane", "北门车道", "campus"),
    "yard-east": ("Yard east", "东操场", "campus"),
    "south-gate": ("South gate", "南门", "campus"),
    "teaching-hall": ("Teaching building, hall", "教学楼大厅", "teaching"),
    "teaching-stairs": ("Teaching building, stairs east", "教学楼东楼梯", "teaching"),
    "control-door": ("Control room door", "监控室门口", "control-room"),
    "bicycle-shed": ("Bicycle shed", "自行车棚", "campus"),
}
"""Eight cameras of a small campus: English, Chinese, zone."""


def a_camera(id: str, en: str = "", zh: str = "", zone: str = "campus", **how: Any) -> Camera:
    """A camera that looks over MQTT, unless told otherwise."""
    parts: dict[str, Any] = {"source": Source(SourceKind.FRAME), "blurred": (Area(0.0, 0.0, 0.1, 0.1),)}
    return Camera(id, Label(en or id, zh or id), zone, **(parts | how))


EIGHT = tuple(a_camera(id, *names) for id, names in NAMES.items())


@dataclass
class CameraPost:
    """`post` with cameras; `at` is when the next check is due, the clock of the site if it is not set."""

    post: GuardPost
    record: CheckRecord
    watch: CameraWatch
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    async def at(
        cls, post: GuardPost, cameras: tuple[Camera, ...] = EIGHT, pictures: Mapping[str, bytes] | None = None
    ) -> CameraPost:
        site = post.site
        site.cameras = CameraBook({camera.id: camera for camera in cameras}, VideoRules())
        record, watch = CheckRecord(site), CameraWatch(site)
        await record.begin()
        await watch.load()
        return cls(post, record, watch, pictures or {})

    def state(self, camera: str) -> CameraState:
        found = self.post.site.cameras.get(camera)
        assert found is not None
        return found

    async def learn(self, *cameras: str) -> list[LookOf]:
        """These cameras have shown what they look like."""
        site = self.post.site
        return [
            await camera_looks.learnt(site, self.state(one), camera_looks.DAY, b"numbers", self._jpeg(one))
            for one in cameras or [state.camera.id for state in site.cameras]
        ]

    async def check(
        self, camera: str, due_at: datetime | None = None, miss: Miss | None = None, jpeg: bytes | None = None
    ) -> None:
        """A planned check, done with what stands or missed."""
        site, state = self.post.site, self.state(camera)
        at = due_at or site.clock.now()
        if miss is None and due_at is None:
            site.cameras.keep_picture(camera, at, jpeg or self._jpeg(camera))
        findings = () if miss is not None else tuple(one for one in state.spells if one not in OF_THE_RECORDING)
        self.record.add(Check(camera, at, at, miss, findings))
        if miss is None and due_at is None:
            work_orders.checked(site, camera, at)

    async def past(self, camera: str, hours: float, misses: Mapping[int, Miss] | None = None) -> None:
        """Checks of the last hours, once a minute; in some of them (counted back from now) all are missed."""
        now = self.post.site.clock.now()
        for back in range(round(hours * 60), 0, -1):
            miss = (misses or {}).get(back // 60)
            await self.check(camera, now - back * EVERY, miss)

    async def find(self, camera: str, finding: Finding, jpeg: bytes | None = None, began_s: float = 5.0) -> None:
        """A look shows something, and it holds."""
        now = self.post.site.clock.now().timestamp()
        state = self.state(camera)
        state.suspected = {finding: now - began_s}
        change = Change(now, finding, True, 0.72, 0.4)
        await camera_spells.follow(self.post.site, state, [change], jpeg or self._jpeg(camera))
        await self.settle()

    async def clear(self, camera: str, finding: Finding) -> None:
        """A look shows it no more."""
        change = Change(self.post.site.clock.now().timestamp(), finding, False, 0.1, 0.4)
        await camera_spells.follow(self.post.site, self.state(camera), [change], self._jpeg(camera))
        await self.settle()

    async def look(self) -> None:
        """What the gateway does each second."""
        await self.watch.look()
        await self.settle()

    async def settle(self) -> None:
        """Everything is on disk."""
        await self.record.flush()
        await self.post.site.finish()

    def older(self, camera: str, finding: Finding, by: timedelta) -> None:
        """It has stood for so much longer."""
        state = self.state(camera)
        spell = state.spells[finding]
        state.spells[finding] = replace(
            spell, began_at=spell.began_at - by, raised_at=spell.raised_at.astimezone(UTC) - by
        )

    def _jpeg(self, camera: str) -> bytes:
        return self.pictures.get(camera, JPEG)


__all__ = ["EIGHT", "JPEG", "CameraPost", "a_camera", "camera_findings"]
