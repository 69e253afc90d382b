"""The processes that decode and measure, and which camera's pictures go to which of them.

Promises: a camera's pictures always go to the same process, which remembers its last look and its references; a picture
that ends a process costs its own job and no other, and the process is replaced at once; a camera whose picture did so
shares a process only with others of that kind for a while. Leaves to others: what a process does (`looking`).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import zlib
from dataclasses import dataclass, field

import msgspec

from gateway.video.capture import tasks, wire
from gateway.video.capture.offspring import Died, Offspring, Process
from gateway.video.jobs import Reason

APART_S = 600.0
"""So long a camera whose picture ended a decoder is kept apart from the well-behaved ones."""

JOBS_OF_ONE = 20_000
"""Then the process is replaced: what a C library loses piece by piece comes back that way."""

_encoder = msgspec.msgpack.Encoder()
_results = msgspec.msgpack.Decoder(tasks.Result)


@dataclass(slots=True)
class _Waiting:
    task: tasks.Task
    due: float
    result: asyncio.Future[tasks.Result]


@dataclass(slots=True)
class _Place:
    """One process's place: when it ends, the next takes it over, with the jobs that wait here."""

    waiting: asyncio.Queue[_Waiting] = field(default_factory=asyncio.Queue)
    process: Process | None = None
    done: int = 0


class Decoders:
    """The pool. One place more than asked for is kept for cameras that ended a process."""

    def __init__(self, offspring: Offspring, count: int, memory_mb: int) -> None:
        self._offspring = offspring
        self._memory_mb = memory_mb
        self._places = [_Place() for _ in range(count + 1)]
        self._apart: dict[str, float] = {}
        self._turns: list[asyncio.Task[None]] = []
        self.replaced = 0
        """Processes that ended before their time."""

    def start(self) -> None:
        self._turns = [asyncio.ensure_future(self._serve(place)) for place in self._places]

    async def close(self) -> None:
        for turn in self._turns:
            turn.cancel()
        await asyncio.gather(*self._turns, return_exceptions=True)
        for place in self._places:
            if place.process is not None:
                await place.process.end()

    async def measure(self, task: tasks.Task, within_s: float) -> tasks.Result:
        """Decode and measure; `Died` where that ended or outlived its process, or its turn did not come."""
        waiting = _Waiting(task, time.monotonic() + within_s, asyncio.get_running_loop().create_future())
        self._place_of(task.camera).waiting.put_nowait(waiting)
        return await waiting.result

    def _place_of(self, camera: str) -> _Place:
        since = self._apart.get(camera)
        if since is not None:
            if time.monotonic() - since < APART_S:
                return self._places[-1]
            del self._apart[camera]
        return self._places[zlib.crc32(camera.encode()) % (len(self._places) - 1)]

    async def _serve(self, place: _Place) -> None:
        while True:
            waiting = await place.waiting.get()
            if waiting.result.done():
                continue
            try:
                result = await self._do(place, waiting)
            except Died as died:
                if died.reason in (Reason.DECODER_DIED, Reason.DECODER_STUCK):
                    self._apart[waiting.task.camera] = time.monotonic()
                    self.replaced += 1
                    place.process = None
                if not waiting.result.done():
                    waiting.result.set_exception(died)
            except Exception as error:
                # A fault of ours; the place goes on, with a new process.
                place.process = None
                if not waiting.result.done():
                    waiting.result.set_exception(error)
            else:
                if not waiting.result.done():
                    waiting.result.set_result(result)

    async def _do(self, place: _Place, waiting: _Waiting) -> tasks.Result:
        if waiting.due <= time.monotonic():
            raise Died(Reason.OVERLOAD, "there was no time left to look at it")
        if place.process is not None and place.done >= JOBS_OF_ONE:
            await place.process.end()
            place.process = None
        if place.process is None:
            place.process, place.done = await self._offspring.fork(tasks.LOOK, self._memory_mb), 0
        place.done += 1
        await place.process.send(wire.pack(waiting.task, _encoder))
        body = await place.process.receive(tasks.LOOKING_AT_MOST_S, patient=True)
        try:
            return _results.decode(body)
        except msgspec.DecodeError as error:
            with contextlib.suppress(Died):
                await place.process.end()
            raise Died(Reason.DECODER_DIED, "what it sent confused the decoder") from error
