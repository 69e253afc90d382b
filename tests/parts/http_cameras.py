"""Simulated cameras over HTTP in a process of their own, which a test can cut off, switch on and spoil.

It is ten in the morning where they stand, whatever the machine's clock shows, and their own clocks are right.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.parts.mosquitto import free_port

ROOT = Path(__file__).resolve().parent.parent.parent


class HttpCameras:
    """camera-1, camera-2 … on one port of loopback."""

    def __init__(self, count: int, size: str = "640x360") -> None:
        self.port = free_port()
        self._count, self._size = count, size
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Power on; each has its first picture ready."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.parts.http_cameras", str(self.port), str(self._count), self._size],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline(), "the cameras did not start"

    def cut(self) -> None:
        """Power off: nobody listens."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(10)
            assert process.stdout is not None
            process.stdout.close()

    def url(self, number: int, what: str = "picture.jpg") -> str:
        return f"http://127.0.0.1:{self.port}/cameras/camera-{number}/{what}"

    def fault(self, number: int, finding: str, look: str = "") -> None:
        """From now on this is wrong."""
        body = json.dumps({"class": finding, "severity": 4, "look": look}).encode()
        request = urllib.request.Request(self.url(number, "fault"), body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=20).close()

    def mend(self, number: int) -> None:
        """All is well with it again."""
        urllib.request.urlopen(urllib.request.Request(self.url(number, "fault"), method="DELETE"), timeout=20).close()


async def _serve(port: int, count: int, width: int, height: int) -> None:
    from firmware_sim.cameras.camera import Camera
    from firmware_sim.cameras.server import CameraServer
    from firmware_sim.cameras.site import Cameras

    # Ten in the morning, now.
    offset_s = 10 * 3_600 - time.time() % 86_400
    kinds = ("yard", "school_gate", "corridor")
    cameras = [
        Camera(
            f"camera-{number}", kinds[(number - 1) % len(kinds)], number, width, height, fps=5.0, utc_offset_s=offset_s
        )
        for number in range(1, count + 1)
    ]
    for camera in cameras:
        camera.shot(time.time())
    async with CameraServer(Cameras(cameras), port=port):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    _width, _, _height = sys.argv[3].partition("x")
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), int(_width), int(_height)))
