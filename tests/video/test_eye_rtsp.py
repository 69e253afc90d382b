"""A real RTSP camera before the eye: cut, restarted, frozen, swapped for another scene; found, and over by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import cv2
import pytest
import pytest_asyncio

from firmware_sim.cameras.scenes import Scene
from gateway.core.cameras import Finding, Source, SourceKind
from gateway.core.health import Health, HealthSettings
from gateway.video.eye import Eye
from gateway.video.jobs import Job, Outcome, Reason, Ref

MORNING = 1_800_000_000.0 - 1_800_000_000.0 % 86_400 + 2 * 3_600
"""Ten o'clock where the cameras stand."""

# Holds of a site are longer; a test that waits for them would test the clock.
QUICK = HealthSettings(hold_s={Finding.FREEZE: 1.0, Finding.MOVED: 1.0, Finding.OCCLUSION: 1.0}, clear_s=1.0)


@pytest.fixture(scope="session")
def scenes(tmp_path_factory) -> list[Path]:
    """Six seconds of a corridor, and of a yard that somebody turned the camera to."""
    folders = []
    for kind in ("corridor", "car_park"):
        folder = tmp_path_factory.mktemp(kind)
        scene = Scene(kind, 5, 320, 180, clock=False)
        for number in range(60):
            cv2.imwrite(str(folder / f"{number:03d}.jpg"), scene.picture(MORNING + number / 10))
        folders.append(folder)
    return folders


# Times are those of a real camera: not beside other tests that have to keep theirs.
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("deadlines")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def eye() -> AsyncIterator[Eye]:
    eye = Eye(("127.0.0.0/8",))
    await eye.start()
    try:
        assert await eye.ready(), eye.why_away
        yield eye
    finally:
        await eye.stop()


class Watch:
    """Looks at one camera again and again, as a gateway does, and says what is wrong with it."""

    def __init__(self, eye: Eye, url: str) -> None:
        self.eye, self.url = eye, url
        self.health = Health(QUICK)
        self.references: tuple[Ref, ...] = ()

    async def look(self, **more) -> Outcome:
        asked = {"look_s": 0.8, "pictures": 4, "timeout_s": 4.0, "deadline_s": 8.0, **more}
        source = Source(SourceKind.RTSP, self.url, asked.pop("user", ""), asked.pop("password", ""))
        outcome = await self.eye.check(
            Job(camera="yard", source=source, keep_open=True, references=self.references, **asked)
        )
        for seen in outcome.seen:
            self.health.see(seen.at_s, seen.measures)
        if outcome.timing is not None:
            self.health.hear(outcome.timing)
        if not outcome.seen:
            self.health.lost(time.time())
        return outcome

    async def until(self, is_so: Callable[[], bool], what: str) -> None:
        give_up_at = time.monotonic() + 25.0
        while not is_so():
            assert time.monotonic() < give_up_at, f"not {what}: {dict(self.health.raised)}"
            if not (await self.look()).seen:
                await asyncio.sleep(0.5)


async def test_what_happens_to_an_rtsp_camera_is_found_and_is_over_by_itself(eye, rtsp_camera, scenes):
    camera = rtsp_camera(*scenes)
    watch = Watch(eye, camera.url)
    learnt = await watch.look(look_s=2.0, pictures=8, learn=True)
    assert learnt.failure is None and learnt.learnt is not None
    watch.references = (Ref("healthy", learnt.learnt),)
    came = learnt.timing.received_s
    assert (len(came) - 1) / (came[-1] - came[0]) == pytest.approx(10.0, rel=0.3)
    assert learnt.timing.taken_is_wall_clock, "the camera's own clock is known from its sender reports"
    assert abs(learnt.timing.taken_s[-1] - time.time()) < 5

    assert (await watch.look()).failure is None
    assert not watch.health.raised

    camera.freeze()
    await watch.until(lambda: Finding.FREEZE in watch.health.raised, "found frozen")
    camera.move()
    camera.show(1)
    elsewhere = {Finding.MOVED, Finding.OCCLUSION}
    await watch.until(lambda: bool(elsewhere & set(watch.health.raised)), "found to look elsewhere")
    camera.show(0)
    camera.cut()
    assert (await watch.look()).failure.reason in (Reason.CLOSED, Reason.REFUSED, Reason.SILENT)
    await watch.until(lambda: Finding.SIGNAL_LOSS in watch.health.raised, "found lost")
    camera.start()
    await watch.until(lambda: not watch.health.raised, "well again by itself")


async def test_an_rtsp_camera_that_hangs_or_wants_a_password_says_so(eye, rtsp_camera, scenes):
    camera = rtsp_camera(scenes[0])
    watch = Watch(eye, camera.url)
    camera.ask_for("li", "s3cr@t/:")
    assert (await watch.look()).failure.reason is Reason.CREDENTIALS
    assert (await watch.look(user="li", password="wrong")).failure.reason is Reason.CREDENTIALS
    assert (await watch.look(user="li", password="s3cr@t/:")).failure is None

    camera.hang()
    began = time.monotonic()
    hung = await watch.look(user="li", password="s3cr@t/:", timeout_s=1.0)
    assert hung.failure.reason is Reason.SILENT
    assert time.monotonic() - began < 8.0
    camera.go_on()
