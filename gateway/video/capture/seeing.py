"""The eye: takes jobs, fetches many cameras' pictures at once, has them measured, tells what came.

Promises: each job has its outcome within its deadline, whatever other cameras do; memory for pictures, streams and
references is bounded; ends with all its processes when the gateway's end of the pipe closes. Leaves to others: the
plan, the verdict, the records. No picture is decoded in this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import msgspec

from gateway.core.cameras import SourceKind
from gateway.core.health import Timing
from gateway.core.recordings import Answer, Trouble
from gateway.video.capture import talk, tasks, web_recorder, wire
from gateway.video.capture.address import Networks, NotThere
from gateway.video.capture.decoders import Decoders
from gateway.video.capture.looking import fault_of
from gateway.video.capture.offspring import Died, Offspring
from gateway.video.capture.pulse import Pulse
from gateway.video.capture.streams import Gathered, MultipartStream, RtspStream, Stream, Wish
from gateway.video.capture.web_camera import WebCameras
from gateway.video.jobs import Failure, Job, Outcome, Reason, Ref, Seen

LOADS_WITHIN_S = 60.0
"""OpenCV is loaded in half a second; from a cold disk, on a busy machine, it has taken ten."""

STALLED = 0.25
"""Of the time that a camera has to answer: if this process stood still for so much of it, it was not the camera."""

SPARE_S = 0.5
"""Of a job's deadline, for telling its outcome."""

KEPT_UNUSED_S = 120.0
"""A kept stream that nobody looked at for so long is closed."""

NAMES_AT_ONCE = 64
"""Names that are asked for at once. A name service that is away takes 10 to 30 s to say so."""

FETCHES_AT_ONCE = 256

REFERENCES_BYTES = 256 * 1024 * 1024

_encoder = msgspec.msgpack.Encoder()
_messages = msgspec.msgpack.Decoder(talk.ToEye)


class Eye:
    """One running eye."""

    def __init__(
        self, begin: talk.Begin, offspring: Offspring, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._offspring = offspring
        self._memory_mb = begin.memory_mb
        self._networks = Networks(begin.networks)
        self._names = ThreadPoolExecutor(NAMES_AT_ONCE, "names")
        self._web = WebCameras(self._networks, self._names)
        self._decoders = Decoders(offspring, begin.decoders, begin.memory_mb)
        self._fetches = asyncio.Semaphore(FETCHES_AT_ONCE)
        self._live = asyncio.Semaphore(begin.streams)
        self._kept: dict[str, Stream] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        self._references: OrderedDict[str, bytes] = OrderedDict()
        self._references_bytes = 0
        self._pulse = Pulse()

    async def run(self) -> None:
        """Until the gateway's end closes, or the zygote is gone."""
        self._decoders.start()
        self._say(talk.Begun())
        pulse = asyncio.ensure_future(self._pulse.beat())
        tidy = asyncio.ensure_future(self._close_unused())
        gone = asyncio.ensure_future(self._offspring.gone.wait())
        hear = asyncio.ensure_future(self._hear())
        try:
            await asyncio.wait((hear, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (pulse, tidy, gone, hear, *self._jobs):
                task.cancel()
            # The kernel ends what is left; nothing here is worth waiting for.
            self._offspring.close()

    async def _hear(self) -> None:
        while True:
            try:
                message = _messages.decode(await wire.read(self._reader))
            except EOFError:
                return
            if isinstance(message, talk.Ask):
                self._ask(message.number, message.job)
            elif isinstance(message, talk.AskRecorder):
                self._start(self._ask_recorder(message))
            elif isinstance(message, talk.Forget):
                self._web.forget(message.camera)
                self._start(self._drop(message.camera))
            elif isinstance(message, talk.Ping):
                self._say(talk.Pong())

    def _ask(self, number: int, job: Job) -> None:
        references = self._complete(job.references)
        if references is None:
            self._say(talk.Lacks(number))
        else:
            self._start(self._do(number, msgspec.structs.replace(job, references=references)))

    def _start(self, work) -> None:  # type: ignore[no-untyped-def]
        task = asyncio.ensure_future(work)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    def _say(self, message: talk.FromEye) -> None:
        # Outcomes are small; a gateway that does not read them for a minute has this process ended.
        self._writer.write(wire.pack(message, _encoder))

    async def _ask_recorder(self, asked: talk.AskRecorder) -> None:
        try:
            answer = await web_recorder.ask(asked.recorder, asked.tokens, self._networks, self._names)
        except Exception as error:
            fault = fault_of(error)
            self._say(talk.Said(fault))
            # It was asked: held to be our own fault, its silence would never count.
            answer = Answer(datetime.now(UTC), trouble=Trouble.FAULT, detail="its answer cannot be read")
        self._say(talk.RecorderTold(asked.number, answer))

    # --- one job ------------------------------------------------------------------------------------------------------

    async def _do(self, number: int, job: Job) -> None:
        started = time.monotonic()
        try:
            outcome = await self._outcome(job, started)
        except Exception as error:
            fault = fault_of(error)
            self._say(talk.Said(fault))
            failure = Failure(Reason.OWN_FAULT, fault)
            outcome = Outcome(camera=job.camera, started_s=started, took_s=time.monotonic() - started, failure=failure)
        self._say(talk.Told(number, outcome))

    async def _outcome(self, job: Job, started: float) -> Outcome:
        due = started + job.deadline_s - SPARE_S
        gathered = Gathered()
        try:
            async with asyncio.timeout(max(0.0, due - time.monotonic())):
                await self._gather(job, gathered)
        except TimeoutError:
            gathered.failure = gathered.failure or NotThere(Reason.SILENT, "no whole picture came in time")
        except (NotThere, Died) as failure:
            gathered.failure = failure
        silent = gathered.failure is not None and gathered.failure.reason is Reason.SILENT
        if silent and self._pulse.stood_still_s(started) > STALLED * min(job.timeout_s, job.deadline_s):
            # Whoever does not listen may not call another silent.
            gathered.failure = Died(Reason.OVERLOAD, "the machine had no time to hear its answer")
        result, died = await self._measured(job, gathered, due)
        why = gathered.failure or died
        if result.fault is not None:
            self._say(talk.Said(result.fault))
            why = why or NotThere(Reason.OWN_FAULT, result.fault)
        if why is None and not result.seen:
            why = NotThere(Reason.BAD_PICTURE, result.bad or "no picture came")
        return Outcome(
            camera=job.camera,
            started_s=started,
            took_s=time.monotonic() - started,
            failure=None if why is None else Failure(why.reason, why.detail),
            seen=tuple(Seen(one.received, one.measures, one.width, one.height, one.reference) for one in result.seen),
            timing=_timing(gathered, result),
            picture=result.picture,
            learnt=result.learnt,
            cost_s=result.cost_s + gathered.cost_s,
        )

    async def _measured(self, job: Job, gathered: Gathered, due: float) -> tuple[tasks.Result, Died | None]:
        if not gathered.frames:
            return tasks.Result(), None
        task = tasks.Task(
            camera=job.camera,
            frames=tuple(gathered.frames),
            references=job.references,
            blurred=job.blurred,
            picture_width=job.picture_width if job.want_picture else 0,
            wide=gathered.wide,
            learn=job.learn,
            fresh=job.fresh,
        )
        try:
            async with asyncio.timeout(max(0.0, due + SPARE_S / 2 - time.monotonic())):
                return await self._decoders.measure(task, due - time.monotonic()), None
        except TimeoutError:
            return tasks.Result(), Died(Reason.OVERLOAD, "there was no time left to look at it")
        except Died as died:
            return tasks.Result(), died

    async def _gather(self, job: Job, gathered: Gathered) -> None:
        kind = job.source.kind
        if kind is SourceKind.FRAME:
            now = time.monotonic()
            gathered.frames.append(tasks.Frame(now, job.jpeg or b""))
            gathered.arrivals.append((now, job.jpeg_told_s))
            gathered.told_is_wall_clock, gathered.since = True, now
        elif kind is SourceKind.PICTURE:
            await self._turn(self._fetches)
            try:
                await self._pictures(job, gathered)
            finally:
                self._fetches.release()
        else:
            await self._look(job, gathered)

    async def _pictures(self, job: Job, gathered: Gathered) -> None:
        """Pictures asked for one by one. Their distances are ours, so only the last tells of the camera's time."""
        began = time.monotonic()
        apart_s = job.look_s / max(1, job.pictures - 1)
        for number in range(max(1, job.pictures)):
            await asyncio.sleep(max(0.0, began + number * apart_s - time.monotonic()))
            picture = await self._web.picture(job.camera, job.source, job.timeout_s)
            gathered.frames.append(tasks.Frame(picture.received, picture.jpeg))
            gathered.arrivals = [(picture.received, picture.told_s)]
            gathered.told_is_wall_clock, gathered.since = True, picture.received
            if time.monotonic() - began > job.look_s + apart_s:
                return

    async def _look(self, job: Job, gathered: Gathered) -> None:
        wish = Wish(job.look_s, job.pictures, job.timeout_s, job.picture_width if job.want_picture else 0)
        kept = self._kept.get(job.camera)
        if kept is not None and (not job.keep_open or kept.source != job.source or kept.is_worn(time.monotonic())):
            await self._drop(job.camera)
            kept = None
        if kept is None and job.keep_open:
            kept = self._kept[job.camera] = self._stream(job, kept=True)
            kept.start()
        if kept is not None:
            await kept.look(wish, gathered)
            return
        turns = self._live if job.source.kind is SourceKind.RTSP else self._fetches
        await self._turn(turns)
        stream = self._stream(job, kept=False)
        stream.start()
        try:
            await stream.look(wish, gathered)
        finally:
            # The goodbye may take a second, and nobody has to wait for it.
            self._start(self._close(stream, turns))

    async def _close(self, stream: Stream, turns: asyncio.Semaphore) -> None:
        try:
            await stream.close()
        finally:
            turns.release()

    def _stream(self, job: Job, *, kept: bool) -> Stream:
        if job.source.kind is SourceKind.MJPEG:
            return MultipartStream(self._web, job.camera, job.source, job.timeout_s, kept=kept)
        return RtspStream(
            self._offspring,
            self._networks,
            self._names,
            self._memory_mb,
            job.camera,
            job.source,
            job.timeout_s,
            kept=kept,
        )

    async def _turn(self, turns: asyncio.Semaphore) -> None:
        try:
            await turns.acquire()
        except asyncio.CancelledError:
            # The deadline came first. `_outcome` would call the camera silent, which it is not.
            raise Died(Reason.OVERLOAD, "it was not its turn before its time was over") from None

    # --- what is kept -------------------------------------------------------------------------------------------------

    def _complete(self, references: tuple[Ref, ...]) -> tuple[Ref, ...] | None:
        """The references with their bytes; None if some are neither here nor in the job."""
        complete = []
        for ref in references:
            data = ref.data or self._references.get(ref.key)
            if data is None:
                return None
            if ref.key not in self._references:
                self._references[ref.key] = data
                self._references_bytes += len(data)
            self._references.move_to_end(ref.key)
            complete.append(Ref(ref.key, data))
        while self._references_bytes > REFERENCES_BYTES:
            _, data = self._references.popitem(last=False)
            self._references_bytes -= len(data)
        return tuple(complete)

    async def _drop(self, camera: str) -> None:
        stream = self._kept.pop(camera, None)
        if stream is not None:
            await stream.close()

    async def _close_unused(self) -> None:
        while True:
            await asyncio.sleep(KEPT_UNUSED_S / 4)
            now = time.monotonic()
            for camera in [camera for camera, stream in self._kept.items() if now - stream.used > KEPT_UNUSED_S]:
                await self._drop(camera)


def _timing(gathered: Gathered, result: tasks.Result) -> Timing | None:
    if gathered.since is None and not gathered.arrivals and not gathered.frames and gathered.failure is not None:
        return None
    newest = result.seen[-1] if result.seen else None
    told = any(told is not None for _, told in gathered.arrivals)
    return Timing(
        at_s=time.monotonic(),
        received_s=tuple(received for received, _ in gathered.arrivals),
        taken_s=tuple(told for _, told in gathered.arrivals) if told else (),
        taken_is_wall_clock=gathered.told_is_wall_clock,
        size=None if newest is None else (newest.width, newest.height),
        since_s=gathered.since,
    )


async def see(control: socket.socket, inlet: int, outlet: int) -> None:
    """Be an eye: the zygote at one end, the gateway's two pipes at the other."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1024 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(inlet, "rb", buffering=0))
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.streams.FlowControlMixin(loop), os.fdopen(outlet, "wb", buffering=0)
    )
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    offspring = Offspring(control)
    try:
        begin = _messages.decode(await wire.read(reader))
        assert isinstance(begin, talk.Begin)
        await offspring.start(LOADS_WITHIN_S)
        await Eye(begin, offspring, reader, writer).run()
    except EOFError:
        pass
    except Died as died:
        writer.write(wire.pack(talk.CannotBegin(died.detail), _encoder))
        # The gateway reads it and closes; until then the bytes are on their way.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5.0):
                await reader.read()
    # Threads that still wait for a name, and connections that still say goodbye, keep nobody.
    os._exit(0)
