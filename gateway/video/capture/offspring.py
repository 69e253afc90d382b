"""The eye's side of the zygote: processes asked for, spoken to, watched and ended.

Promises: an answer, or `Died` with the reason, within the time that was given; a process that did not answer in time
is ended. Leaves to others: which process does what (`decoders`, `live`).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections import deque

import msgspec

from gateway.video.capture import limits, wire, zygote
from gateway.video.jobs import Reason

_answers = msgspec.msgpack.Decoder(zygote.Answer)
_encode = msgspec.msgpack.Encoder().encode

ENDS_WITHIN_S = 5.0
"""A killed process is gone in milliseconds; a machine that swaps takes longer."""


class Died(Exception):
    """The process ended, or had to be ended, before it answered."""

    def __init__(self, reason: Reason, detail: str, *, by_itself: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.by_itself = by_itself
        """It had nothing more to do and ended; what it said last may be lost."""


class Offspring:
    """All processes of one zygote."""

    def __init__(self, control: socket.socket) -> None:
        control.setblocking(False)
        self._control = control
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked: deque[asyncio.Future[int]] = deque()
        self._ends: dict[int, asyncio.Future[int]] = {}
        self.gone = asyncio.Event()
        """Set when the zygote itself is gone; then nothing here works any more."""

    async def start(self, within_s: float) -> None:
        """Wait until OpenCV is loaded; `Died` if it cannot be."""
        asyncio.get_running_loop().add_reader(self._control, self._hear)
        try:
            async with asyncio.timeout(within_s):
                await self._ready
        except TimeoutError as error:
            raise Died(Reason.EYE_AWAY, "OpenCV could not be loaded in time") from error

    def close(self) -> None:
        """Have the zygote end, and all its processes with it."""
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()

    async def fork(self, work: str, memory_mb: int) -> Process:
        """A new process."""
        if self.gone.is_set():
            raise Died(Reason.EYE_AWAY, "the eye is ending")
        here, there = socket.socketpair()
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        try:
            request = _encode(zygote.Fork(work, memory_mb))
            # A socket pair of our own holds far more requests than are ever outstanding.
            socket.send_fds(self._control, [request], [there.fileno()])
            self._asked.append(future)
        except OSError as error:
            here.close()
            raise Died(Reason.OWN_FAULT, "no process could be started") from error
        finally:
            there.close()
        number = await asyncio.shield(future)
        here.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=here, limit=1024 * 1024)
        return Process(self, number, reader, writer)

    def kill(self, number: int) -> None:
        with contextlib.suppress(OSError):
            self._control.send(_encode(zygote.Kill(number)))

    def end_of(self, number: int) -> asyncio.Future[int]:
        """The exit status, or minus the signal, of a process."""
        return self._ends[number]

    def _hear(self) -> None:
        try:
            data = self._control.recv(zygote.LONGEST)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._control)
            self.gone.set()
            if not self._ready.done():
                self._ready.set_exception(Died(Reason.EYE_AWAY, "the process that loads OpenCV ended"))
            for future in self._asked:
                if not future.done():
                    future.set_exception(Died(Reason.EYE_AWAY, "the eye is ending"))
            for end in self._ends.values():
                if not end.done():
                    end.set_result(-signal.SIGKILL)
            return
        answer = _answers.decode(data)
        if isinstance(answer, zygote.Ready):
            self._ready.set_result(None)
        elif isinstance(answer, zygote.CannotLoad):
            self._ready.set_exception(Died(Reason.EYE_AWAY, f"OpenCV cannot be loaded: {answer.why}"))
        elif isinstance(answer, zygote.Forked):
            self._ends[answer.process] = asyncio.get_running_loop().create_future()
            future = self._asked.popleft()
            if not future.done():
                future.set_result(answer.process)
        else:
            end = self._ends.pop(answer.process)
            if not end.done():
                end.set_result(answer.status)


class Process:
    """One child: messages there and back, and its end."""

    def __init__(
        self, offspring: Offspring, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.number = number
        self._offspring = offspring
        self._end = offspring.end_of(number)
        self._reader = reader
        self._writer = writer

    async def send(self, message: bytes) -> None:
        """Hand over a packed message. That the process has ended is told by `receive`."""
        with contextlib.suppress(ConnectionError):
            self._writer.write(message)
            await self._writer.drain()

    async def receive(self, within_s: float, *, patient: bool = False) -> bytes:
        """Its next message; `Died` and a dead process otherwise.

        `patient`: a process that could run and gets no processor is waited for. That is the machine's fault, not that
        of what it works on; one that runs for too long is ended by its own limit of processor time.
        """
        reading = asyncio.ensure_future(wire.read(self._reader))
        try:
            while not (await asyncio.wait({reading}, timeout=within_s))[0]:
                if not (patient and limits.wants_processor(self.number)):
                    await self.end()
                    raise Died(Reason.DECODER_STUCK, "what it sent kept the decoder busy for too long")
            return reading.result()
        except (EOFError, wire.TooLong) as error:
            raise _how(await self.end()) from error
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def end(self) -> int:
        """End it, if it has not ended; its exit status, or minus the signal that ended it."""
        self._writer.close()
        try:
            async with asyncio.timeout(0.25):
                # At the end of its socket it goes by itself, and its own status says more than our signal.
                return await asyncio.shield(self._end)
        except TimeoutError:
            self._offspring.kill(self.number)
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                return await asyncio.shield(self._end)
        except TimeoutError:
            return -signal.SIGKILL


def _how(status: int) -> Died:
    if status == -signal.SIGXCPU:
        return Died(Reason.DECODER_STUCK, "what it sent kept the decoder busy for too long")
    if status == 3:
        return Died(Reason.DECODER_DIED, "what it sent took more memory than a picture may")
    if status < 0:
        return Died(Reason.DECODER_DIED, f"what it sent ended the decoder ({signal.Signals(-status).name})")
    return Died(Reason.DECODER_DIED, "what it sent ended the decoder", by_itself=status == 0)
