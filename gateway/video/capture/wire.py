"""Messages between our own processes: four bytes of length, then msgpack.

Promises: a message longer than the limit is refused before its bytes are read; the end of the other side is
`EOFError`. Leaves to others: what the messages mean.
"""

import asyncio
import socket
import struct
from typing import Any

import msgspec

_LENGTH = struct.Struct(">I")

LONGEST = 64 * 1024 * 1024
"""A few pictures of 8 MB or one raw 4K picture (25 MB) fit; nothing we send is longer."""


class TooLong(Exception):
    """A message beyond `LONGEST`: the other side is broken or no longer ours."""


def pack(message: Any, encoder: msgspec.msgpack.Encoder) -> bytes:
    """The bytes of one message with their length before them."""
    body = encoder.encode(message)
    if len(body) > LONGEST:
        raise TooLong(f"{len(body)} bytes")
    return _LENGTH.pack(len(body)) + body


async def read(reader: asyncio.StreamReader) -> bytes:
    """The next message's bytes."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > LONGEST:
            raise TooLong(f"{length} bytes")
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise EOFError from error


def receive(sock: socket.socket) -> bytes:
    """The next message's bytes, waiting for them in a process that has nothing else to do."""
    (length,) = _LENGTH.unpack(_exactly(sock, _LENGTH.size))
    if length > LONGEST:
        raise TooLong(f"{length} bytes")
    return bytes(_exactly(sock, length))


def _exactly(sock: socket.socket, count: int) -> bytearray:
    data = bytearray(count)
    view, at = memoryview(data), 0
    while at < count:
        got = sock.recv_into(view[at:])
        if got == 0:
            raise EOFError
        at += got
    return data
