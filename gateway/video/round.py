"""The round of health checks as one part of the gateway: the eye, the watcher, and what follows from what they find.

Promises: nothing starts where no camera is configured; a gateway opens no door later because of its cameras: everything
here happens beside, also what is written at the start of what was missed. Leaves to others: all the rest.
"""

import asyncio

import structlog

from gateway.flows import alarms, camera_gaps
from gateway.flows.camera_checks import CheckRecord
from gateway.flows.camera_watch import CameraWatch
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.recorder_round import RecorderRound
from gateway.flows.site import Site
from gateway.video.eye import Eye
from gateway.video.watcher import Watcher

log = structlog.get_logger(__name__)

AGAIN_S = 1.0
LATER_S = 30.0
"""After a fault of ours."""
STREAMS_AT_LEAST, STREAMS_AT_MOST = 16, 64
CAMERAS_A_STREAM = 8
"""A stream that is looked at for 4 s once a minute takes a fifteenth of a place; twice that for level 2 and dead
ones."""


class Round:
    """`start` it once the site runs, `stop` it before the ledger ends."""

    def __init__(self, site: Site) -> None:
        rules, count = site.cameras.rules, len(site.cameras)
        self._site = site
        self._eye = Eye(
            rules.networks,
            workers=rules.workers,
            memory_mb=rules.memory_mb,
            streams=min(STREAMS_AT_MOST, max(STREAMS_AT_LEAST, count // CAMERAS_A_STREAM)),
            clock=lambda: site.clock.now().timestamp(),
        )
        self._watcher = Watcher(site, self._eye)
        self._watch = CameraWatch(site)
        self._recorders = RecorderRound(site, self._eye.ask_recorder)
        self._task: asyncio.Task[None] | None = None
        self.is_running = False
        """The cameras' book is loaded and the plan goes on."""

    async def start(self) -> None:
        """Begin; returns at once."""
        if len(self._site.cameras):
            await self._eye.start()
        self._task = asyncio.create_task(self._run(), name="cameras")
        self._task.add_done_callback(_say_why)

    async def stop(self) -> None:
        """What is under way is missed for the gateway, and written; no process is left."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self._recorders.stop()
        if self.is_running and len(self._site.cameras):
            await self._watcher.end()
        await self._eye.stop()

    async def look(self) -> None:
        """Each second: recorders asked, findings told again, orders, windows, rounds."""
        if self.is_running:
            await self._recorders.look()
            await self._watch.look()

    async def _run(self) -> None:
        await self._load()
        if len(self._site.cameras):
            await self._eye.ready()
            await self._watcher.run()

    async def _load(self) -> None:
        """What a restart must not lose; again until the database answers."""
        while True:
            try:
                if len(self._site.cameras):
                    await self._watcher.begin()
                    await self._watch.load()
                else:
                    # Cameras that are not in the file any more have no plan.
                    await camera_gaps.begin(self._site, CheckRecord(self._site))
            except LedgerUnavailable:
                await asyncio.sleep(AGAIN_S)
            except Exception as error:
                # Not one camera is looked at, and nothing else would say so.
                log.error("round_cannot_begin", error=repr(error)[:300], exc_info=error)
                said = "the cameras are not looked at: their round cannot begin, the log says why"
                await alarms.raise_alarm(self._site, alarms.ROUND_GAP, "cameras", said)
                await asyncio.sleep(LATER_S)
            else:
                self.is_running = True
                return


def _say_why(task: asyncio.Task[None]) -> None:
    """A bug that ends the round must not end it in silence: the planned checks would only be missing."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("round_ended", error=repr(error)[:300], exc_info=error)
