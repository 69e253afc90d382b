"""How an eye ends: with its gateway, however that ends, and never for good while the gateway runs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gateway.core.cameras import Source, SourceKind
from gateway.video.capture import limits
from gateway.video.eye import Eye
from gateway.video.jobs import Job, Reason
from tests.parts.eye_processes import children, gone

ROOT = Path(__file__).resolve().parents[2]

GATEWAY = """
    import asyncio, sys
    from gateway.video.eye import Eye

    async def run():
        eye = Eye(("127.0.0.0/8",))
        await eye.start()
        print(await eye.ready(), flush=True)
        await asyncio.Event().wait()

    asyncio.run(run())
    """


@pytest.fixture
def gateway() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(GATEWAY)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_when_the_gateway_is_killed_nothing_of_the_eye_is_left(gateway):
    assert gateway.stdout.readline().strip() == "True"
    below = psutil.Process(gateway.pid).children(recursive=True)
    assert len(below) >= 2
    # Even what cannot notice anything goes.
    below[-1].send_signal(signal.SIGSTOP)

    gateway.kill()

    gone(below)


async def test_an_eye_that_dies_is_replaced_and_stopping_leaves_nothing():
    eye = Eye(("127.0.0.0/8",))
    await eye.start()
    try:
        assert await eye.ready(), eye.why_away
        first = children()
        waiting = asyncio.ensure_future(eye.check(job(deadline_s=30.0)))
        os.kill(first[0].pid, signal.SIGKILL)

        assert (await waiting).failure.reason in (Reason.EYE_AWAY, Reason.REFUSED)
        gone(first)
        assert await eye.ready()
        assert (await eye.check(job())).failure.reason is Reason.REFUSED
        assert eye.restarts == 1
        second = children()
    finally:
        await eye.stop()

    assert second and not {process.pid for process in first} & {process.pid for process in second}
    gone(second)
    assert children() == []


def job(deadline_s: float = 5.0) -> Job:
    """Of a camera that is not there."""
    return Job(camera="a", source=Source(SourceKind.PICTURE, "http://127.0.0.1:9/"), deadline_s=deadline_s)


def test_the_gateways_process_never_loads_opencv():
    loads = "import sys, gateway.app, gateway.cli.commands as all; all.build(); print('cv2' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", loads], cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert done.stdout.strip() == "False", done.stderr


def test_a_process_that_only_waits_for_a_processor_is_told_from_one_that_hangs():
    """The first is no fault of the picture that it works on."""
    busy = subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE)
    idle = subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"], stdin=subprocess.PIPE, stdout=-1)
    try:
        for process in (busy, idle):
            process.stdout.readline()
        until_waits(idle.pid)
        assert limits.wants_processor(busy.pid)
    finally:
        for process in (busy, idle):
            process.kill()
            process.communicate()
    assert not limits.wants_processor(busy.pid)


def until_waits(pid: int) -> None:
    give_up_at = time.monotonic() + 20
    while limits.wants_processor(pid):
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
