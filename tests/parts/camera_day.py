"""A gateway's round of checks on a simulated day, as fast as it goes, in a process that may be killed at any moment.

    python -m tests.parts.camera_day FOLDER CAMERAS HOURS SEED BEGIN [STOP]

Everything is the real thing from the checks' measures on: plan, watcher, judge, record, ledger, database. Only time and
the eye are made: measures are fed in behind the checks, by the truth of `firmware_sim.cameras.day`. It goes on from
the newest record in FOLDER, and says each simulated minute on standard output. At the second STOP of the day it says
so and goes no further, whatever is under way or not written yet, so that whoever started it can kill it there.
"""

from __future__ import annotations

import asyncio
import math
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from firmware_sim.cameras.day import Day
from gateway.core.cameras import Camera, Source, SourceKind, VideoRules
from gateway.core.health import Health, Measures, Timing
from gateway.core.nouns import Label
from gateway.flows.camera_watch import CameraWatch
from gateway.flows.cameras import CameraBook, Window
from gateway.flows.site_rules import Rules
from gateway.video.jobs import Failure, Job, Outcome, Reason, Seen
from gateway.video.watcher import Watcher
from tests.flows.conftest import House, StoppedClock
from tests.parts.gateway_process import SiteFolder
from tests.parts.scripted_sight import ALONE, BLACK, COVERED, HEALTHY, JPEG

FINDINGS = (
    "signal_loss", "black", "blur", "occlusion", "moved", "freeze", "noise", "color_cast", "stale_timestamp",
    "wrong_resolution",
)  # fmt: skip
NOT_IN_ONE = ("signal_loss", "stale_timestamp", "wrong_resolution")
"""These show in how a picture comes, not in what it shows."""
SIZE = (640, 360)
WORKED_ON = 7
"""Every so many cameras has announced work, half an hour, beginning after a third of the day."""
WORK = timedelta(minutes=30)


def day_of(cameras: int, hours: float, seed: int, begin: datetime) -> Day:
    """The truth, the same for whoever asks."""
    return Day(seed, cameras, hours, width=160, height=120, start_s=begin.timestamp(), findings=FINDINGS)


def work_on(camera: str, hours: float, begin: datetime) -> Window | None:
    """Announced work on a camera."""
    if int(camera.rpartition("-")[2]) % WORKED_ON:
        return None
    starts = begin + timedelta(hours=hours / 3)
    return Window(f"work on {camera}", starts, starts + WORK)


def shown(finding: str) -> Measures:
    """What the checks measure of a camera with this fault; plain enough that no threshold of the judge lies near."""
    found: dict[str, Measures] = {
        "": HEALTHY,
        "black": BLACK,
        "occlusion": COVERED,
        "blur": replace(HEALTHY, sharp=0.05, crisp=0.1),
        "moved": replace(HEALTHY, lost=0.9, kept=0.02, area=0.9, aligned=0.9, shift_x=0.3, shift_y=0.0),
        "freeze": replace(HEALTHY, change=0.0, change_most=0.0, change_edges=0.0),
        "noise": replace(HEALTHY, noise=12.0),
        "color_cast": replace(HEALTHY, cast=0.9),
    }
    return found[finding if finding in found else ""]


def called(measures: Measures) -> set[str]:
    """What the judge calls a camera that was well and shows this from now on, in looks like the watcher's."""
    health = Health()
    for minute in range(5):
        health.see(60.0 * minute, HEALTHY)
    at_s = 300.0
    for _ in range(16):
        health.see(at_s, measures)
        at_s += 1.0
    return {finding.value for finding in health.raised}


class DaySight:
    """An eye on the simulated day."""

    def __init__(self, day: Day, clock: StoppedClock) -> None:
        self._day, self._clock = day, clock
        self._shown = {finding: shown(finding) for finding in ("", *FINDINGS)}
        for finding, measures in self._shown.items():
            expected = set() if not finding or finding in NOT_IN_ONE else {finding}
            assert called(measures) == expected, f"the judge calls {finding or 'a healthy picture'} {called(measures)}"

    async def check(self, job: Job) -> Outcome:
        now_s = self._clock.now().timestamp()
        wrong = self._day.truth_at(job.camera, now_s)
        if not self._day.answers_at(job.camera, now_s) or "signal_loss" in wrong:
            return Outcome(
                camera=job.camera, started_s=now_s, took_s=0.0, failure=Failure(Reason.SILENT, "no picture came")
            )
        finding = next((one for one in FINDINGS if one in wrong), "")
        measures = self._shown[finding] if job.references else ALONE
        stale = "stale_timestamp" in wrong
        size = (320, 180) if "wrong_resolution" in wrong else SIZE
        timing = Timing(
            now_s, (now_s,), (now_s - (7_200.0 if stale else 0.0),), taken_is_wall_clock=True, size=size, since_s=now_s
        )
        return Outcome(
            camera=job.camera,
            started_s=now_s,
            took_s=0.0,
            seen=(Seen(now_s, measures, *size),),
            timing=timing,
            picture=JPEG,
            learnt=b"look" if job.learn else None,
        )


async def live(folder: Path, cameras: int, hours: float, seed: int, begin: datetime, stop_s: float) -> None:
    """From the newest record, or the day's begin, to its end."""
    day = day_of(cameras, hours, seed, begin)
    here = folder / "reached"
    reached = datetime.fromisoformat(here.read_text()) if here.exists() else begin
    site_folder = SiteFolder(folder / "site", is_there=(folder / "site" / "wardgate.yaml").exists())
    house = House(site_folder, Rules())
    house.clock = StoppedClock(reached)
    await house.start()
    site, clock = house.site, house.clock
    configured = {id: _camera(id) for id in day.ids}
    site.cameras = CameraBook(configured, VideoRules())
    for state in site.cameras:
        window = work_on(state.camera.id, hours, begin)
        state.windows = () if window is None else (window,)

    async def pause(seconds: float) -> None:
        until = clock.monotonic() + seconds
        while clock.monotonic() < until:  # noqa: ASYNC110  # a clock that is moved by hand has no event
            await asyncio.sleep(0)

    watcher = Watcher(site, DaySight(day, clock), slots=64, pause=pause)
    await watcher.begin()
    watch = CameraWatch(site)
    await watch.load()
    print("begun", flush=True)
    end = begin + timedelta(hours=hours)
    writing = asyncio.create_task(watcher.write())
    seconds = 0
    while clock.now() < end:
        clock.go_on(1.0)
        seconds += 1
        await watcher.turn()
        await _drain(watcher)
        if seconds % 10 == 0:
            # Beside the checks, as in a gateway, and never more than one behind.
            await writing
            writing = asyncio.create_task(watcher.write())
            here.write_text(clock.now().isoformat())
        if seconds % 60 == 0:
            await watch.look()
        gone_s = int((clock.now() - begin).total_seconds())
        if seconds % 60 == 0 or gone_s >= stop_s:
            print(gone_s, flush=True)
        if gone_s >= stop_s:
            await asyncio.Event().wait()
    for _ in range(60):
        clock.go_on(1.0)
        await _drain(watcher)
    await writing
    await watcher.end()
    await house.stop()
    print("over", flush=True)


async def _drain(watcher: Watcher) -> None:
    """Let what is under way go on until it waits for time to pass."""
    for _ in range(20):
        if not watcher.under_way:
            return
        await asyncio.sleep(0)


def _camera(id: str) -> Camera:
    return Camera(id, Label(id, id), "campus", Source(SourceKind.PICTURE, f"http://10.0.0.1/{id}.jpg"))


def main(words: list[str]) -> None:
    folder, cameras, hours, seed, begin, *stop = words
    at: Any = datetime.fromisoformat(begin).astimezone(UTC)
    asyncio.run(live(Path(folder), int(cameras), float(hours), int(seed), at, float(stop[0]) if stop else math.inf))


if __name__ == "__main__":
    main(sys.argv[1:])
