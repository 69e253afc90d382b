"""The gateway's side of the eye: start it, ask it, and go on without it when it is not there.

Promises: `check` never raises and answers within the job's deadline and a second; nothing that a camera sends is
decoded or even looked at in this process, which never loads OpenCV; an eye that ends or no longer answers is replaced
by itself; after `stop` no process is left. Leaves to others: when to look (`gateway.video.watcher`), what it means.

The eye is a process of its own with processes below it (`gateway.video.capture`). They talk over the eye's standard
input and output; credentials go no other way. When this process ends, however it ends, that pipe closes, and with it
they all go.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
import structlog

from gateway.core.health import Timing
from gateway.core.recordings import Answer, Recorder, Trouble
from gateway.video import child_process
from gateway.video.capture import talk, wire
from gateway.video.jobs import Failure, Job, Outcome, Reason, Ref

LATE_S = 0.8
"""Past a job's deadline, an eye that has not answered will not."""

RECORDER_S = 60.0
"""The eye gives a recorder 45 s."""

PING_EVERY_S = 5.0
DEAF_AFTER = 4
"""An eye that answers so many pings in a row not at all is replaced. Its loop never waits; a machine that swaps makes
it slow. They are counted, not timed: a gateway that was held up itself has not heard what was said meanwhile."""

BEGINS_WITHIN_S = 90.0
AGAIN_S = (0.2, 1.0, 5.0, 15.0)
"""From an eye's end to the next one's start; the last one stays."""

WELL_AFTER_S = 30.0
"""An eye that ran for so long was well: the next is started soon again."""

STOPS_WITHIN_S = 3.0

_encoder = msgspec.msgpack.Encoder()
_messages = msgspec.msgpack.Decoder(talk.FromEye)
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Asked:
    job: Job
    answer: asyncio.Future[Outcome]


@dataclass(slots=True)
class _Running:
    """One eye process and what it was told."""

    process: asyncio.subprocess.Process
    asked: dict[int, _Asked] = field(default_factory=dict)
    recorders: dict[int, asyncio.Future[Answer]] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    """Keys of references whose bytes it has."""
    heard: float = field(default_factory=time.monotonic)
    begun: bool = False


class Eye:
    """Looks at cameras in processes of its own. `start` before, `stop` after; `check` at any time."""

    def __init__(
        self,
        networks: tuple[str, ...],
        *,
        workers: int = 1,
        memory_mb: int = 512,
        streams: int = 32,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._begin = talk.Begin(networks, workers, memory_mb, streams)
        self._clock = clock
        self._numbers = 0
        self._running: _Running | None = None
        self._care: asyncio.Task[None] | None = None
        self._began = asyncio.Event()
        self.why_away: str | None = None
        """Why there is no eye, for people; None while there is one or it is only just starting."""
        self.restarts = 0
        """How often an eye had to be replaced."""

    @property
    def is_open(self) -> bool:
        """Whether a check can be done now."""
        return self._running is not None and self._running.begun

    async def start(self) -> None:
        """Start the eye and keep it alive from now on. Does not wait until it sees: `ready` does."""
        self._care = asyncio.create_task(self._keep_alive(), name="eye")

    async def ready(self, within_s: float = BEGINS_WITHIN_S) -> bool:
        """Wait until the eye sees; False if it does not in this time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._began.wait()
        return self.is_open

    async def stop(self) -> None:
        """End the eye and everything below it."""
        care, self._care = self._care, None
        if care is not None:
            care.cancel()
            await asyncio.gather(care, return_exceptions=True)

    async def check(self, job: Job) -> Outcome:
        """Look at a camera once. Never raises, except when it is cancelled itself."""
        began, mono = self._clock(), time.monotonic()
        running = self._running
        if running is None or not running.begun:
            return self._failed(job, began, mono, Reason.EYE_AWAY, self.why_away or "the eye is starting")
        self._numbers += 1
        number = self._numbers
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        running.asked[number] = _Asked(job, answer)
        try:
            self._ask(running, number, job)
            async with asyncio.timeout(job.deadline_s + LATE_S):
                outcome = await answer
        except TimeoutError:
            return self._failed(job, began, mono, Reason.OVERLOAD, "the eye did not answer in time")
        except wire.TooLong:
            return self._failed(job, began, mono, Reason.TOO_LARGE, "what was handed over is too large to look at")
        finally:
            running.asked.pop(number, None)
        if outcome.failure is not None and outcome.failure.reason is Reason.EYE_AWAY and not outcome.seen:
            return self._failed(job, began, mono, Reason.EYE_AWAY, outcome.failure.detail)
        return _on_clock(outcome, began, mono)

    async def ask_recorder(self, recorder: Recorder, tokens: tuple[str, ...]) -> Answer:
        """What a recorder tells of its recordings. Never raises, except when it is cancelled itself."""
        running = self._running
        if running is None or not running.begun:
            return _not_asked(self.why_away or "the eye is starting")
        self._numbers += 1
        number = self._numbers
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        running.recorders[number] = answer
        try:
            self._tell(running, talk.AskRecorder(number, recorder, tokens))
            async with asyncio.timeout(RECORDER_S):
                return await answer
        except TimeoutError:
            return _not_asked("the eye did not answer in time")
        finally:
            running.recorders.pop(number, None)

    def forget(self, camera: str) -> None:
        """Close what is kept open of this camera: it was removed, or its address changed."""
        if self._running is not None and self._running.begun:
            self._tell(self._running, talk.Forget(camera))

    # --- asking -------------------------------------------------------------------------------------------------------

    def _ask(self, running: _Running, number: int, job: Job) -> None:
        fresh = {ref.key for ref in job.references} - running.sent
        references = tuple(ref if ref.key in fresh else Ref(ref.key) for ref in job.references)
        self._tell(running, talk.Ask(number, msgspec.structs.replace(job, references=references)))
        running.sent |= fresh

    def _tell(self, running: _Running, message: talk.ToEye) -> None:
        inlet = running.process.stdin
        if inlet is not None and not inlet.is_closing():
            inlet.write(wire.pack(message, _encoder))

    def _failed(self, job: Job, began: float, mono: float, reason: Reason, detail: str) -> Outcome:
        took_s = time.monotonic() - mono
        return Outcome(camera=job.camera, started_s=began, took_s=took_s, failure=Failure(reason, detail))

    # --- the process --------------------------------------------------------------------------------------------------

    async def _keep_alive(self) -> None:
        tries = 0
        while True:
            began = time.monotonic()
            try:
                await self._run_once()
            except Exception as error:
                _log.exception("eye_fault", what=type(error).__name__)
            self.restarts += 1
            tries = 0 if time.monotonic() - began > WELL_AFTER_S else tries + 1
            await asyncio.sleep(AGAIN_S[min(tries, len(AGAIN_S) - 1)])

    async def _run_once(self) -> None:
        """One eye from its start to its end."""
        try:
            process = await asyncio.create_subprocess_exec(
                *child_process.command("gateway.video.capture"),
                env=child_process.environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            self.why_away = f"the eye cannot be started: {error.strerror}"
            _log.error("eye_not_started", why=error.strerror)
            return
        running = self._running = _Running(process)
        ping = asyncio.create_task(self._ping(running), name="eye ping")
        why = "the eye is ending"
        try:
            self._tell(running, self._begin)
            await self._hear(running)
            why = "the eye ended; another is being started"
        finally:
            ping.cancel()
            self._running = None
            self._began.clear()
            self._let_go(running, why)
            await asyncio.shield(_end(process))
            if why != "the eye is ending":
                _log.warning("eye_ended", status=process.returncode)

    async def _hear(self, running: _Running) -> None:
        assert running.process.stdout is not None
        while True:
            try:
                message = _messages.decode(await wire.read(running.process.stdout))
            except (EOFError, wire.TooLong, msgspec.DecodeError):
                return
            running.heard = time.monotonic()
            if isinstance(message, talk.Told):
                asked = running.asked.get(message.number)
                if asked is not None and not asked.answer.done():
                    asked.answer.set_result(message.outcome)
            elif isinstance(message, talk.RecorderTold):
                answer = running.recorders.get(message.number)
                if answer is not None and not answer.done():
                    answer.set_result(message.answer)
            elif isinstance(message, talk.Lacks):
                asked = running.asked.get(message.number)
                if asked is not None:
                    running.sent -= {ref.key for ref in asked.job.references}
                    self._ask(running, message.number, asked.job)
            elif isinstance(message, talk.Begun):
                running.begun, self.why_away = True, None
                self._began.set()
            elif isinstance(message, talk.CannotBegin):
                self.why_away = message.why
                _log.error("eye_cannot_begin", why=message.why)
                return
            elif isinstance(message, talk.Said):
                _log.error("eye_fault", what=message.what)

    async def _ping(self, running: _Running) -> None:
        missed = 0
        while True:
            asked = time.monotonic()
            if running.begun:
                self._tell(running, talk.Ping())
            await asyncio.sleep(PING_EVERY_S)
            missed = missed + 1 if running.heard < asked else 0
            if missed >= (DEAF_AFTER if running.begun else BEGINS_WITHIN_S / PING_EVERY_S):
                _log.error("eye_deaf", pings=missed)
                _kill(running.process)
                return

    def _let_go(self, running: _Running, why: str) -> None:
        """Nobody waits for an eye that is gone."""
        for asked in running.asked.values():
            if not asked.answer.done():
                asked.answer.set_result(
                    Outcome(camera=asked.job.camera, started_s=0.0, took_s=0.0, failure=Failure(Reason.EYE_AWAY, why))
                )
        for answer in running.recorders.values():
            if not answer.done():
                answer.set_result(_not_asked(why))


def _not_asked(why: str) -> Answer:
    return Answer(datetime.now(UTC), trouble=Trouble.OURS, detail=why)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close its pipe, which ends it; if not, end it and all that it started."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(STOPS_WITHIN_S):
            await process.wait()
    except TimeoutError:
        _kill(process)
        await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    # It leads a session of its own, so its group is exactly what it started.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _on_clock(outcome: Outcome, began: float, mono: float) -> Outcome:
    """The eye's times are the machine's steady clock; everybody else's are the site's."""
    ahead_s = began - mono

    def at(steady: float) -> float:
        return steady + ahead_s

    timing = outcome.timing
    if timing is not None:
        timing = Timing(
            at_s=at(timing.at_s),
            received_s=tuple(map(at, timing.received_s)),
            taken_s=timing.taken_s,
            taken_is_wall_clock=timing.taken_is_wall_clock,
            # The camera's clock is compared with the real one, whatever the site's says.
            offset_s=time.time() - time.monotonic() - ahead_s,
            size=timing.size,
            since_s=None if timing.since_s is None else at(timing.since_s),
        )
    seen = tuple(msgspec.structs.replace(one, at_s=at(one.at_s)) for one in outcome.seen)
    return msgspec.structs.replace(outcome, started_s=at(outcome.started_s), seen=seen, timing=timing)
