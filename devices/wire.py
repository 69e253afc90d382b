"""One TCP or TLS connection with a buffer on each side; also what paho takes for its socket.

paho reads a packet in three `recv` calls and writes each with its own `send`. Here up to 64 KiB are read at once, and
what was written during one turn of the event loop is sent in one piece: a tenth of the system calls at load, and no
delay for a lone message. Promises never to block. Leaves to `link.py` when to fill and when to flush.
"""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Callable
from typing import Any

from devices.packets import frame_at

_CHUNK = 64 * 1024
# Bytes that the other end's kernel has not acknowledged for so long mean a dead path; without it a lost network shows
# only after two keepalives.
_USER_TIMEOUT_MS = 20_000


class Wire:
    """An open connection."""

    def __init__(self, sock: socket.socket, max_packet: int) -> None:
        self._sock = sock
        self._max_packet = max_packet
        self._in = b""
        self._at = 0
        self._wanted = _CHUNK
        self._out = bytearray()
        self.end: OSError | None = None  # why nothing more will come

    # What paho calls

    def recv(self, size: int) -> bytes:
        """The next bytes that were read; BlockingIOError if there are none."""
        got = self._in[self._at : self._at + size]
        if got:
            self._at += len(got)
            return got
        if self.end is not None:
            raise self.end
        raise BlockingIOError

    def send(self, data: bytes | bytearray) -> int:
        """Takes everything; it leaves with the next flush."""
        self._out += data
        return len(data)

    def fileno(self) -> int:
        """The socket's file descriptor."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """Never blocks, whatever paho asks."""

    def close(self) -> None:
        """Sends what it can without waiting, then closes."""
        with contextlib.suppress(OSError):
            self.flush()
        self._sock.close()

    # What the link calls

    def fill(self) -> bool:
        """Reads what has come. True if there is more that the event loop will not announce."""
        if self.end is not None:
            return False
        try:
            got = self._sock.recv(self._wanted)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError as error:
            self.end = error
            return False
        if not got:
            self.end = ConnectionResetError("the broker closed the connection")
            return False
        self._in = self._in[self._at :] + got
        self._at = 0
        # TLS keeps decrypted bytes of its own, of which the file descriptor says nothing.
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    def next_packet(self) -> tuple[int, int, int] | None:
        """First byte, start and end of the body of the next whole packet; None if there is none yet.

        It is not taken: `take` does that, or paho by reading. ConnectionError for one above the limit.
        """
        found = frame_at(self._in, self._at)
        if found is None:
            return None
        start, end = found
        if end - start > self._max_packet:
            # Before it is collected: a broker without a limit of its own must not fill our memory.
            raise ConnectionError(f"a packet of {end - start} bytes is above the limit of {self._max_packet}")
        if end > len(self._in):
            self._wanted = max(_CHUNK, end - len(self._in))
            return None
        self._wanted = _CHUNK
        return self._in[self._at], start, end

    def take(self, start: int, end: int) -> bytes:
        """The body of the packet that `next_packet` found."""
        self._at = end
        return self._in[start:end]

    def has_input(self) -> bool:
        """Whether paho would learn something by reading: bytes, or that it is over."""
        return self._at < len(self._in) or self.end is not None

    def flush(self) -> bool:
        """Sends what was written; whether nothing is left. OSError when the connection is gone."""
        while self._out:
            try:
                sent = self._sock.send(self._out)
            except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
            del self._out[:sent]
        return True

    @property
    def backlog(self) -> int:
        """Bytes that wait to be sent."""
        return len(self._out)


async def open_wire(host: str, port: int, tls: ssl.SSLContext | None, timeout_s: float, max_packet: int) -> Wire:
    """A connection without Nagle's delay; OSError (TimeoutError among them) if there is none in time."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        sock = await _connect(loop, host, port)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(AttributeError, OSError):  # Linux only
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
            if tls is not None:
                sock = await _handshake(loop, tls, sock, host)
        except BaseException:
            sock.close()
            raise
    return Wire(sock, max_packet)


async def _connect(loop: asyncio.AbstractEventLoop, host: str, port: int) -> socket.socket:
    failure: OSError = OSError(f"no address for {host}")
    for family, address in await _addresses(loop, host, port):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            await loop.sock_connect(sock, address)
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure


async def _addresses(loop: asyncio.AbstractEventLoop, host: str, port: int) -> list[tuple[int, Any]]:
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)  # asks in a thread
        return [(family, address) for family, _, _, _, address in found]
    return [(socket.AF_INET if literal.version == 4 else socket.AF_INET6, (host, port))]


async def _handshake(
    loop: asyncio.AbstractEventLoop, tls: ssl.SSLContext, plain: socket.socket, host: str
) -> ssl.SSLSocket:
    sock = tls.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    try:
        while True:
            try:
                sock.do_handshake()
            except ssl.SSLWantReadError:
                await _ready(loop, loop.add_reader, loop.remove_reader, sock.fileno())
            except ssl.SSLWantWriteError:
                await _ready(loop, loop.add_writer, loop.remove_writer, sock.fileno())
            else:
                return sock
    except BaseException:
        sock.close()
        raise


async def _ready(
    loop: asyncio.AbstractEventLoop, add: Callable[..., None], remove: Callable[[int], bool], fd: int
) -> None:
    ready: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    add(fd, tell)
    try:
        await ready
    finally:
        remove(fd)
