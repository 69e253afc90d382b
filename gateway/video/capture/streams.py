"""Streams of pictures: opened for one look, or kept open and read on between looks.

Promises: a look ends after its time whether pictures come or not; what came before it ended is not lost; a kept stream
that breaks is opened again by itself, at growing distances. Leaves to others: single pictures (`web_camera.picture`),
measuring (`decoders`).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import Executor
from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec

from gateway.core.cameras import Source, SourceKind
from gateway.video.capture import tasks, wire
from gateway.video.capture.address import Networks, NotThere, take_apart
from gateway.video.capture.offspring import Died, Offspring, Process
from gateway.video.capture.rtsp_relay import Relay
from gateway.video.capture.rtsp_watch import ARRIVALS_KEPT
from gateway.video.capture.web_camera import Picture, WebCameras
from gateway.video.jobs import Reason

AGAIN_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""From a break of a kept stream to the next try; the last one stays."""

QUICK_S = 0.4
"""So long a new RTSP stream is listened to for its pictures' size. Most cameras tell it before the first one."""

RTSP_KEPT_S = 600.0
"""Then a kept RTSP stream is opened anew: pictures that change their size on the way come in that of the first."""

_encoder = msgspec.msgpack.Encoder()
_from_live = msgspec.msgpack.Decoder(tasks.FromLive)


@dataclass(slots=True)
class Gathered:
    """What a look brought. Filled while it goes on, so that nothing is lost when it is broken off."""

    frames: list[tasks.Frame] = field(default_factory=list)
    arrivals: list[tuple[float, float | None]] = field(default_factory=list)
    """When each picture came, measured or not, and when the camera says it took it."""
    told_is_wall_clock: bool = False
    since: float | None = None
    """Since when was listened; None: on from the last look."""
    failure: NotThere | Died | None = None
    wide: bytes = b""
    cost_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What a look wants."""

    look_s: float
    pictures: int
    timeout_s: float
    wide: int = 0


class Stream(ABC):
    """One camera's stream. `start` once, then one `look` at a time, then `close`."""

    def __init__(self, camera: str, source: Source, timeout_s: float, *, kept: bool) -> None:
        self.camera = camera
        self.source = source
        self.kept = kept
        self.used = time.monotonic()
        self._timeout_s = timeout_s
        self._is_first_look = True
        self._began = time.monotonic()
        self._failure: NotThere | Died | None = None
        self._changed = asyncio.Event()
        self._wanted = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    def is_worn(self, now: float) -> bool:
        """Whether it is better opened anew than looked at once more."""
        return self.source.kind is SourceKind.RTSP and now - self._began >= RTSP_KEPT_S

    def start(self) -> None:
        self._reading = asyncio.ensure_future(self._read_on())

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def look(self, wish: Wish, gathered: Gathered) -> None:
        """Gather pictures over `look_s`."""
        self.used = time.monotonic()
        if self._is_first_look:
            gathered.since = self._began
            self._is_first_look = False
        elif self._failure is not None:
            # Somebody wants to see it now; that is worth a try before its time.
            self._failure = None
            self._wanted.set()
        try:
            await self._look(wish, gathered)
        finally:
            self._tell_arrivals(gathered)

    @abstractmethod
    async def _look(self, wish: Wish, gathered: Gathered) -> None: ...

    @abstractmethod
    def _tell_arrivals(self, gathered: Gathered) -> None: ...

    @abstractmethod
    async def _read(self) -> None:
        """Open the stream and read it until it breaks: `NotThere` or `Died`."""

    async def _read_on(self) -> None:
        tries = 0
        while True:
            opened = time.monotonic()
            try:
                await self._read()
            except (NotThere, Died) as failure:
                self._failure = failure
            except Exception as error:
                from gateway.video.capture.looking import fault_of

                self._failure = Died(Reason.OWN_FAULT, fault_of(error))
            self._changed.set()
            if not self.kept:
                return
            tries = 0 if time.monotonic() - opened > 10.0 else tries + 1
            self._wanted.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S[min(tries, len(AGAIN_S) - 1)]):
                    await self._wanted.wait()

    async def _wait(self, until: float) -> bool:
        """Until something changed; False if nothing did in time."""
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True


class MultipartStream(Stream):
    """Pictures of an HTTP multipart stream."""

    def __init__(self, web: WebCameras, camera: str, source: Source, timeout_s: float, *, kept: bool) -> None:
        super().__init__(camera, source, timeout_s, kept=kept)
        self._web = web
        self._arrived: deque[tuple[float, float | None]] = deque(maxlen=ARRIVALS_KEPT)
        self._newest: Picture | None = None

    async def _read(self) -> None:
        async with contextlib.aclosing(self._web.stream(self.camera, self.source, self._timeout_s)) as pictures:
            async for picture in pictures:
                self._failure = None
                self._newest = picture
                self._arrived.append((picture.received, picture.told_s))
                self._changed.set()

    async def _look(self, wish: Wish, gathered: Gathered) -> None:
        began = time.monotonic()
        first: float | None = None
        seen = began
        # A little closer, so that the last of them comes before the look is over.
        apart_s = 0.9 * wish.look_s / max(1, wish.pictures - 1)
        while True:
            newest = self._newest
            if newest is not None and newest.received > seen:
                seen = newest.received
                first = first or seen
                if len(gathered.frames) < wish.pictures and seen - first >= len(gathered.frames) * apart_s - 0.02:
                    gathered.frames.append(tasks.Frame(seen, newest.jpeg))
            elif self._failure is not None:
                gathered.failure = self._failure
                return
            if first is not None and (time.monotonic() - first >= wish.look_s):
                return
            limit = began + wish.timeout_s if first is None else first + wish.look_s
            if not await self._wait(limit):
                if first is None:
                    gathered.failure = self._failure or NotThere(Reason.SILENT, "no whole picture came in time")
                return

    def _tell_arrivals(self, gathered: Gathered) -> None:
        gathered.arrivals = list(self._arrived)
        self._arrived.clear()
        told = [told for _, told in gathered.arrivals if told is not None]
        gathered.told_is_wall_clock = bool(told) and min(told) > 946_684_800.0


class _Sizeless(Exception):
    """The stream began without what tells its pictures' size."""


class RtspStream(Stream):
    """Pictures of an RTSP stream: a process of its own decodes it, the relay beside it sees it arrive."""

    def __init__(
        self,
        offspring: Offspring,
        networks: Networks,
        names: Executor,
        memory_mb: int,
        camera: str,
        source: Source,
        timeout_s: float,
        *,
        kept: bool,
    ) -> None:
        super().__init__(camera, source, timeout_s, kept=kept)
        self._offspring = offspring
        self._networks = networks
        self._names = names
        self._memory_mb = memory_mb
        self._relay: Relay | None = None
        self._process: Process | None = None
        self._is_live = False
        self._arrived: list[tuple[float, float | None]] = []
        self._taking: asyncio.Future[tasks.Taken] | None = None
        self._hung = False

    async def _read(self) -> None:
        try:
            await self._read_once(QUICK_S)
        except _Sizeless:
            # A camera that tells the size only with a whole picture: wait for the next one.
            try:
                await self._read_once(max(QUICK_S, self._timeout_s - 1.0))
            except _Sizeless:
                raise NotThere(Reason.BAD_STREAM, "its stream cannot be decoded") from None

    async def _read_once(self, analyse_s: float) -> None:
        relay = Relay()
        process: Process | None = None
        self._hung = False
        sizeless = False
        try:
            await relay.open(take_apart(self.source.url), self._networks, self._names, self._timeout_s)
            self._relay = relay
            process = await self._offspring.fork(tasks.LIVE, self._memory_mb)
            await process.send(wire.pack(tasks.Open(self._inner_url(relay.port), self._timeout_s, analyse_s), _encoder))
            # FFmpeg has its own limits for opening and for the first picture; this one is for FFmpeg itself.
            within_s = 2 * self._timeout_s + 2.0
            while True:
                message = _from_live.decode(await process.receive(within_s))
                if isinstance(message, tasks.Lost):
                    if message.sizeless:
                        sizeless = True
                        raise _Sizeless
                    raise _why(relay, opened=message.opened)
                if isinstance(message, tasks.Live):
                    self._process, self._is_live, self._failure = process, True, None
                    within_s = 86_400.0
                    self._changed.set()
                elif self._taking is not None and not self._taking.done():
                    self._taking.set_result(message)
        except Died as died:
            if self._hung:
                raise NotThere(Reason.SILENT, "nothing more came") from None
            if died.by_itself:
                raise _why(relay, opened=self._is_live) from None
            if relay.ended is not None and relay.ended.reason in (Reason.REDIRECT, Reason.BAD_STREAM):
                raise relay.ended from None
            raise
        finally:
            self._is_live, self._process = False, None
            if not sizeless:
                self._arrived += relay.watch.arrivals()
            self._relay = None
            if self._taking is not None and not self._taking.done():
                self._taking.cancel()
            # The camera is told first; FFmpeg's goodbye would wait for its answer.
            await relay.close()
            if process is not None:
                await process.end()

    async def _look(self, wish: Wish, gathered: Gathered) -> None:
        until = time.monotonic() + wish.timeout_s
        while not self._is_live:
            if self._failure is not None:
                gathered.failure = self._failure
                return
            if not await self._wait(until):
                gathered.failure = self._failure or NotThere(Reason.SILENT, "no whole picture came in time")
                return
        process = self._process
        assert process is not None
        self._taking = asyncio.get_running_loop().create_future()
        await process.send(wire.pack(tasks.Take(wish.look_s, wish.pictures, wish.wide), _encoder))
        try:
            async with asyncio.timeout(wish.look_s + wish.timeout_s):
                taken = await self._taking
        except TimeoutError:
            gathered.failure = NotThere(Reason.SILENT, "no whole picture came in time")
            # FFmpeg's own time limit does not reach everywhere.
            self._hung = True
            await process.end()
            return
        except asyncio.CancelledError:
            if asyncio.current_task().cancelling():  # type: ignore[union-attr]
                raise
            await self._wait(time.monotonic() + 1.0)
            gathered.failure = self._failure or NotThere(Reason.CLOSED, "it ended the stream")
            return
        finally:
            self._taking = None
        gathered.frames += taken.frames
        gathered.wide, gathered.cost_s = taken.wide, taken.cost_s

    def _tell_arrivals(self, gathered: Gathered) -> None:
        gathered.arrivals, self._arrived = self._arrived, []
        if self._relay is not None:
            gathered.arrivals += self._relay.watch.arrivals()
            gathered.told_is_wall_clock = self._relay.watch.tells_time_of_day

    def _inner_url(self, port: int) -> str:
        """What FFmpeg opens: our own port, the camera's path, and who asks."""
        user = ""
        if self.source.user:
            user = f"{quote(self.source.user, safe='')}:{quote(self.source.password, safe='')}@"
        return f"rtsp://{user}127.0.0.1:{port}{take_apart(self.source.url).path}"


def _why(relay: Relay, *, opened: bool) -> NotThere:
    """Why FFmpeg has no stream (any more), from what the camera said last."""
    if relay.ended is not None and relay.ended.reason != Reason.CLOSED:
        return relay.ended
    status = relay.watch.status
    if not opened and status is not None and status >= 400:
        if status in (401, 403):
            return NotThere(Reason.CREDENTIALS, "it does not accept the user and password")
        return NotThere(Reason.STATUS, f"it answered with status {status}")
    if relay.ended is not None:
        return relay.ended
    if opened or status is None:
        return NotThere(Reason.SILENT, "nothing more came")
    return NotThere(Reason.BAD_STREAM, "its stream cannot be decoded")


def is_stream(kind: SourceKind) -> bool:
    return kind in (SourceKind.RTSP, SourceKind.MJPEG)
