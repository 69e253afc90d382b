"""Cameras that are really served, and a gateway that looks at them: cut, restarted, frozen, turned to another scene.

Each fault is found under its name, the record of checks has no hole, and the camera is well again by itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.cameras.scenes import Scene
from gateway.core.cameras import Miss
from gateway.flows.cameras import Check
from gateway.store.cameras import StoredCameras
from gateway.store.database import Database
from tests.parts.gateway_process import GatewayProcess, SiteFolder
from tests.parts.http_cameras import HttpCameras
from tests.parts.rtsp_server import RtspCamera

CADENCE_S = 3
WITHIN_S = 60.0
TEN_IN_THE_MORNING = 1_800_000_000.0 - 1_800_000_000.0 % 86_400 + 2 * 3_600
"""Where simulated cameras stand."""

pytestmark = pytest.mark.timeout(300)


class Looked:
    """A gateway with cameras, and what its database says of them."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self.gateway = gateway
        self._database = Database(gateway.site.settings.database_url)
        self._reads = StoredCameras(self._database)

    def close(self) -> None:
        self._database.close()

    def standing(self, camera: str) -> set[str]:
        spells = asyncio.run(self._reads.open_spells())
        return {spell.finding.value for spell in spells if spell.camera == camera}

    def learnt(self) -> set[str]:
        return {look.camera for look in asyncio.run(self._reads.looks_in_use())}

    def checks(self, camera: str) -> list[Check]:
        now = datetime.now(UTC)
        found = asyncio.run(self._reads.checks(camera, now - timedelta(hours=1), now + timedelta(hours=1)))
        return sorted(found, key=lambda check: check.due_at)

    def done_since(self, camera: str, moment: datetime) -> int:
        """How many planned checks that were due after it were done."""
        return len([check for check in self.checks(camera) if check.is_done and check.due_at > moment])

    def wait(self, is_so: Callable[[], bool], what: str, within_s: float = WITHIN_S) -> float:
        """Until it is so; how long that took."""
        began = time.monotonic()
        while not is_so():
            if time.monotonic() - began > within_s:
                raise AssertionError(f"not {what} within {within_s} s; {self.gateway.words()[-2000:]}")
            time.sleep(0.25)
        return time.monotonic() - began


def camera(id: str, kind: str, url: str, **more: Any) -> dict[str, Any]:
    source = {"kind": kind, "url": url}
    return {"id": id, "name": {"en": id, "zh": id}, "zone": "campus", "source": source, **more}


def with_cameras(site: SiteFolder, *cameras: dict[str, Any]) -> None:
    """The site's file of cameras, and a round that is quick enough for a test."""
    (site.folder / "cameras.yaml").write_text(json.dumps({"cameras": list(cameras)}, indent=1), "utf-8")
    config = site.folder / "wardgate.yaml"
    text = config.read_text("utf-8")
    numbers = f'video:\n  networks: ["127.0.0.0/8"]\n  cadence_s: {{"3": {CADENCE_S}}}\n'
    text = text.replace("video:\n", numbers, 1).replace("look_s: 3 ", "look_s: 1 ")
    text = text.replace("timeout_s: 8", "timeout_s: 2")
    config.write_text(text, "utf-8")


@pytest.fixture
def http_cameras() -> Iterator[HttpCameras]:
    served = HttpCameras(3)
    served.start()
    yield served
    served.cut()


def test_faults_of_served_cameras_are_found_recorded_and_over_by_themselves(
    http_cameras: HttpCameras, make_gateway: Callable[..., GatewayProcess], tmp_path: Path
) -> None:
    site = SiteFolder(tmp_path / "site")
    with_cameras(
        site,
        camera("yard", "picture", http_cameras.url(1)),
        camera("gate", "mjpeg", http_cameras.url(2, "stream.mjpg")),
        camera("shed", "picture", http_cameras.url(3)),
    )
    looked = Looked(make_gateway(site).start(with_broker=False))
    try:
        looked.wait(lambda: looked.learnt() == {"yard", "gate", "shed"}, "all learnt")

        http_cameras.fault(1, "freeze")
        http_cameras.fault(2, "black")
        looked.wait(lambda: "freeze" in looked.standing("yard"), "frozen")
        looked.wait(lambda: "black" in looked.standing("gate"), "black")
        http_cameras.mend(1)
        http_cameras.mend(2)
        looked.wait(lambda: not {"freeze", "black"} & (looked.standing("yard") | looked.standing("gate")), "well again")

        http_cameras.cut()
        looked.wait(lambda: all("signal_loss" in looked.standing(one) for one in ("yard", "gate", "shed")), "lost")
        cut_for = looked.checks("shed")[-1]
        http_cameras.start()
        looked.wait(lambda: not any("signal_loss" in looked.standing(one) for one in ("yard", "gate", "shed")), "back")

        # The processes that look are killed: others come, and no camera is blamed.
        since = datetime.now(UTC)
        for child in children(looked.gateway.pid):
            os.kill(child, signal.SIGKILL)
        looked.wait(lambda: looked.done_since("yard", since) >= 3, "looked at again")
        assert Miss.CAMERA not in {check.miss for check in looked.checks("yard") if check.due_at > since}
        assert "cv2" not in Path(f"/proc/{looked.gateway.pid}/maps").read_text()

        assert cut_for.miss is Miss.CAMERA
        for one in ("yard", "gate", "shed"):
            checks = looked.checks(one)
            gaps = [(b.due_at - a.due_at).total_seconds() for a, b in pairwise(checks)]
            assert all(abs(gap - CADENCE_S) < 0.2 for gap in gaps), gaps
            assert {check.miss for check in checks if check.miss is not None} <= {
                Miss.CAMERA,
                Miss.OVERLOAD,
                Miss.GATEWAY,
            }
        looked.gateway.stop()
        assert site.verify().holds
    finally:
        looked.close()


def test_an_rtsp_camera_is_cut_restarted_frozen_and_swapped(
    rtsp_camera: Callable[..., RtspCamera], make_gateway: Callable[..., GatewayProcess], tmp_path: Path
) -> None:
    served = rtsp_camera(scene(tmp_path / "dormitory", "dormitory"), scene(tmp_path / "corridor", "corridor"))
    site = SiteFolder(tmp_path / "site")
    with_cameras(site, camera("yard", "rtsp", served.url, fps=8))
    looked = Looked(make_gateway(site).start(with_broker=False))
    try:
        looked.wait(lambda: looked.learnt() == {"yard"}, "learnt")

        served.show(1)
        looked.wait(lambda: "moved" in looked.standing("yard"), "another scene")
        served.show(0)
        looked.wait(lambda: "moved" not in looked.standing("yard"), "the old scene again")

        served.freeze()
        looked.wait(lambda: "freeze" in looked.standing("yard"), "frozen")
        served.move()
        looked.wait(lambda: "freeze" not in looked.standing("yard"), "moving again")

        served.cut()
        looked.wait(lambda: "signal_loss" in looked.standing("yard"), "lost")
        served.start()
        looked.wait(lambda: "signal_loss" not in looked.standing("yard"), "back")

        dues = [check.due_at for check in looked.checks("yard")]
        gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(dues)]
        assert all(abs(gap - CADENCE_S) < 0.2 for gap in gaps), gaps
    finally:
        looked.close()


def scene(folder: Path, kind: str) -> Path:
    """Some seconds of a simulated place, as pictures."""
    import cv2

    folder.mkdir()
    shown = Scene(kind, 5, 320, 180, clock=False)
    for number in range(60):
        cv2.imwrite(str(folder / f"{number:03d}.jpg"), shown.picture(TEN_IN_THE_MORNING + number / 10))
    return folder


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(one) for one in text.split()]
