"""The cameras of a running campus, together: drawn, served, wrong now and then, and written down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from firmware_sim.cameras.mischief import mischief
from firmware_sim.cameras.of_fleet import CameraTruth, cameras_of
from firmware_sim.cameras.server import CameraServer
from firmware_sim.cameras.site import Cameras
from firmware_sim.clock import WallClock
from firmware_sim.fleet import Fleet


class Watched:
    """What `watch` began; `stop` ends all of it."""

    def __init__(self, cameras: Cameras, server: CameraServer, truth: CameraTruth | None) -> None:
        self.cameras, self._server, self._truth = cameras, server, truth
        self._mischief: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Where the cameras answer."""
        return self._server.port

    def begin_mischief(self, seed: int, speed: float) -> None:
        """From now on something goes wrong now and then."""
        self._mischief = asyncio.get_running_loop().create_task(mischief(self.cameras, seed, speed))

    async def stop(self) -> None:
        """What is still wrong stays open in the log: nobody mended it."""
        if self._mischief is not None:
            self._mischief.cancel()
            await asyncio.gather(self._mischief, return_exceptions=True)
            self._mischief = None
        await self._server.stop()
        if self._truth is not None:
            self._truth.close()


async def watch(
    fleet: Fleet, described: Sequence[Mapping[str, Any]], wall: WallClock, port: int, truth: Path | None
) -> Watched:
    """Serve the described cameras on a port of this machine, by the campus's clock."""
    import cv2

    # One picture at a time is drawn here anyway; more threads would only disturb the devices.
    cv2.setNumThreads(1)
    cameras = cameras_of(fleet, described, lambda: wall().timestamp())
    log = CameraTruth(truth) if truth is not None else None
    if log is not None:
        cameras.listeners.append(log)
    server = CameraServer(cameras, port=port)
    await server.start()
    return Watched(cameras, server, log)
