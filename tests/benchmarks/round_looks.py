"""The part of `bench round` with real pictures: many cameras over HTTP, some that accept and hang, one worker."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from argparse import Namespace
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.store.cameras import StoredCameras
from gateway.store.database import Database
from tests.benchmarks.rig import CannotMeasure, say
from tests.parts.gateway_process import ROOT, GatewayProcess, SiteFolder
from tests.parts.mosquitto import free_port

MOMENTS = 6
"""So many pictures of each scene, shown in turn."""
LEARNT_WITHIN_S = 300.0


def looks(options: Namespace, folder: Path) -> dict[str, Any]:
    """A gateway on one core looks at all of them; what its record says, and what it cost."""
    folder.mkdir()
    port, hanging = free_port(), free_port()
    words = [sys.executable, "-m", "tests.benchmarks.round_looks", str(port), str(hanging), options.size]
    served = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    gateway: GatewayProcess | None = None
    try:
        assert served.stdout is not None
        if not served.stdout.readline():
            raise CannotMeasure("the cameras did not start")
        site = SiteFolder(folder / "site")
        ids = write_cameras(site.folder, options.cameras, options.dead, port, hanging)
        gateway = GatewayProcess(site, folder / "gateway.log")
        cores = sorted(os.sched_getaffinity(0))
        gateway.spawn()
        os.sched_setaffinity(gateway.pid, cores[:1])
        gateway.wait_ready(120)
        return _measure(options, gateway, ids)
    finally:
        if gateway is not None and gateway.is_running:
            gateway.stop()
        served.kill()
        served.wait(10)


def write_cameras(site: Path, count: int, dead: int, port: int, hanging: int) -> list[str]:
    """The site's cameras.yaml, with loopback as the camera network. Their ids."""
    cameras = []
    for number in range(count):
        is_dead = number < dead
        url = f"http://127.0.0.1:{hanging if is_dead else port}/{number}.jpg"
        name = f"{'dead' if is_dead else 'cam'}-{number:03d}"
        cameras.append(
            {"id": name, "name": {"en": name, "zh": name}, "zone": "campus", "source": {"kind": "picture", "url": url}}
        )
    (site / "cameras.yaml").write_text(json.dumps({"cameras": cameras}), "utf-8")
    config = site / "wardgate.yaml"
    text = config.read_text("utf-8").replace("video:\n", 'video:\n  networks: ["127.0.0.0/8"]\n', 1)
    config.write_text(text, "utf-8")
    return [camera["id"] for camera in cameras]


def _measure(options: Namespace, gateway: GatewayProcess, ids: list[str]) -> dict[str, Any]:
    database = Database(gateway.site.settings.database_url)
    reads = StoredCameras(database)
    try:
        began = time.monotonic()
        wanted = options.cameras - options.dead
        while (learnt := len({look.camera for look in asyncio.run(reads.looks_in_use())})) < wanted:
            if time.monotonic() - began > LEARNT_WITHIN_S:
                say(f"only {learnt} of {wanted} cameras were learnt")
                break
            time.sleep(2)
        learnt_s = time.monotonic() - began
        since, cpu, mono = datetime.now(UTC), cpu_of(gateway.pid), time.monotonic()
        time.sleep(options.seconds)
        until, lasted_s = datetime.now(UTC), time.monotonic() - mono
        spent = {name: after - cpu[name] for name, after in cpu_of(gateway.pid).items()}
        time.sleep(15)  # what was due at the end is on record by now
        outcomes: Counter[str] = Counter()
        late: list[float] = []
        for camera in ids:
            for check in asyncio.run(reads.checks(camera, since, until - timedelta(seconds=1))):
                outcomes[f"{camera.partition('-')[0]} {check.miss.value if check.miss else 'done'}"] += 1
                if check.miss is None:
                    late.append((check.at - check.due_at).total_seconds())
    finally:
        database.close()
    late.sort()
    not_theirs = {name: count for name, count in outcomes.items() if name not in ("cam done", "dead camera")}
    for name, count in not_theirs.items():
        say(f"wrong: {count} × {name}")
    # The record says whose fault it was, the log what it was.
    for line in gateway.words().splitlines():
        if "camera_not_seen" in line and "cam-" in line:
            say(line)
    return {
        "cameras": options.cameras,
        "dead": options.dead,
        "learnt_after_s": round(learnt_s, 1),
        "seconds": round(lasted_s, 1),
        "outcomes": dict(outcomes),
        "done_after_p50_s": round(late[len(late) // 2], 2) if late else None,
        "done_after_p99_s": round(late[int(len(late) * 0.99)], 2) if late else None,
        "core_of_gateway": round(spent["gateway"] / lasted_s, 3),
        "core_of_eye": round(spent["eye"] / lasted_s, 3),
        "ms_a_check_of_eye": round(1_000 * spent["eye"] / max(1, outcomes["cam done"]), 1),
        "wrong": sum(not_theirs.values()),
    }


def cpu_of(pid: int) -> dict[str, float]:
    """Processor seconds of the gateway, and of everything below it."""
    below = [one for one in _tree(pid) if one != pid]
    return {"gateway": _cpu(pid), "eye": sum(map(_cpu, below))}


def _tree(pid: int) -> list[int]:
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [pid, *itertools.chain.from_iterable(_tree(int(one)) for one in found)]


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    # User and system time, with that of children that have ended.
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


async def _serve(port: int, hanging: int, width: int, height: int) -> None:
    from aiohttp import web

    from firmware_sim.cameras.camera import Camera
    from firmware_sim.cameras.grounds import KINDS

    now = time.time()
    offset_s = 10 * 3_600 - now % 86_400
    scenes = []
    for number, kind in enumerate(KINDS):
        camera = Camera(f"scene-{number}", kind, number, width, height, fps=5.0, utc_offset_s=offset_s)
        shots = [camera.shot(now + 2.0 * moment) for moment in range(MOMENTS)]
        scenes.append([shot.jpeg for shot in shots if shot is not None])
    turns: Counter[str] = Counter()

    async def picture(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        turns[name] += 1
        scene = scenes[int(name.partition(".")[0]) % len(scenes)]
        return web.Response(body=scene[turns[name] % len(scene)], content_type="image/jpeg")

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3_600)
        writer.close()

    app = web.Application()
    app.router.add_get("/{name}", picture)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.start_server(hang, "127.0.0.1", hanging)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    _width, _, _height = sys.argv[3].partition("x")
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), int(_width), int(_height)))
