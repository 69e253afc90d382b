"""The process that decoders are forked from: OpenCV is loaded, and nothing that a camera sent has ever been read here.

Promises: a new decoder is there in a few milliseconds, with its limits, talking over a socket that was handed in; every
decoder ends when this process ends, and this one when the eye ends. Leaves to others: what decoders do.

The eye and this process talk over one socket: a request is `fork` (with the decoder's end of a socket pair) or `kill`;
an answer is the number of the new process, or that one has ended and how. Forking a process that has threads or an
event loop is unsound; this one has neither.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
from collections.abc import Callable

import msgspec

from gateway.video.capture import limits

LONGEST = 4096

Work = Callable[[socket.socket, str], None]
"""What a decoder does until its socket ends; the text says which kind of work."""


class Fork(msgspec.Struct, tag="fork"):
    """Start a process; its end of the socket pair comes along."""

    work: str
    memory_mb: int


class Kill(msgspec.Struct, tag="kill"):
    """End a process that was forked here and has not ended."""

    process: int


class Ready(msgspec.Struct, tag="ready"):
    """Everything is loaded."""


class CannotLoad(msgspec.Struct, tag="cannot"):
    """Something that is needed is not here; this process ends."""

    why: str


class Forked(msgspec.Struct, tag="forked"):
    """The answer to `Fork`, in order."""

    process: int


class Ended(msgspec.Struct, tag="ended"):
    """A process ended: its exit status, or minus the signal's number."""

    process: int
    status: int


Request = Fork | Kill
Answer = Ready | CannotLoad | Forked | Ended

_requests = msgspec.msgpack.Decoder(Request)
_encode = msgspec.msgpack.Encoder().encode


def start(load: Callable[[], Work]) -> tuple[socket.socket, int]:
    """Fork the zygote off this process, which must have no threads yet; the socket to it and its number.

    `load` runs inside it and returns what its children do.
    """
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    parent = os.getpid()
    process = os.fork()
    if process == 0:
        try:
            here.close()
            limits.die_with(parent)
            _close_standard_streams()
            try:
                work = load()
            except Exception as error:
                there.send(_encode(CannotLoad(f"{type(error).__name__}: {error}"[:1000])))
            else:
                _Zygote(there, work).serve()
        finally:
            os._exit(0)
    there.close()
    return here, process


def _close_standard_streams() -> None:
    """The eye's pipes to the gateway are not ours, and what FFmpeg prints may hold a password."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


class _Zygote:
    def __init__(self, control: socket.socket, work: Work) -> None:
        self._control = control
        self._work = work
        self._children: set[int] = set()

    def serve(self) -> None:
        wake, waker = socket.socketpair()
        wake.setblocking(False)
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # What is loaded stays shared with the children: the collector does not touch it any more.
        gc.freeze()
        self._say(Ready())
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if wake in ready:
                    wake.recv(4096)
                    self._reap()
                if self._control in ready and not self._heed(waker, wake):
                    break
        for child in self._children:
            os.kill(child, signal.SIGKILL)
        for child in self._children:
            os.waitpid(child, 0)

    def _heed(self, *own: socket.socket) -> bool:
        """One request; False when the eye is gone."""
        data, handed, _, _ = socket.recv_fds(self._control, LONGEST, 1)
        if not data:
            return False
        request = _requests.decode(data)
        if isinstance(request, Kill):
            # Only what has not been waited for: its number cannot be anybody else's.
            if request.process in self._children:
                os.kill(request.process, signal.SIGKILL)
            return True
        process = self._fork(request, handed[0], own)
        os.close(handed[0])
        self._children.add(process)
        self._say(Forked(process))
        return True

    def _fork(self, request: Fork, handed: int, own: tuple[socket.socket, ...]) -> int:
        parent = os.getpid()
        process = os.fork()
        if process:
            return process
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            limits.die_with(parent)
            self._control.close()
            for sock in own:
                sock.close()
            limits.hold_to(request.memory_mb)
            with socket.socket(fileno=handed) as sock:
                self._work(sock, request.work)
            status = 0
        except EOFError:
            status = 0
        except MemoryError:
            status = 3
        finally:
            os._exit(status)

    def _reap(self) -> None:
        while self._children:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            self._children.discard(process)
            self._say(Ended(process, os.waitstatus_to_exitcode(status)))

    def _say(self, answer: Answer) -> None:
        self._control.send(_encode(answer))
