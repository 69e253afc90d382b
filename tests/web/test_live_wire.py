"""A frame is the same bytes for everybody: whole, packed only for those who can unpack, and never waited for."""

import asyncio
import itertools
import struct
import zlib

import pytest
from aiohttp import web

from gateway.web.live_wire import PACKED_FROM, Message, Wire, takes_packed


@pytest.mark.parametrize(
    ("offers", "taken"),
    [
        ("permessage-deflate; client_max_window_bits", True),  # Chromium, Firefox
        ("permessage-deflate", True),  # Safari
        (" permessage-deflate ; server_no_context_takeover; client_max_window_bits = 15", True),
        ("x-webkit-deflate-frame, permessage-deflate", True),
        ("permessage-deflate; server_max_window_bits=10, permessage-deflate; client_max_window_bits", True),
        ("permessage-deflate; server_max_window_bits=10", False),  # a window that ours would not fit into
        ("permessage-deflate; something_new", False),
        ("permessage-deflated", False),
        ("", False),
        (";,;", False),
    ],
)
def test_only_whoever_says_so_gets_packed_messages(offers: str, taken: bool) -> None:
    assert takes_packed(offers) is taken


def opened(frame: bytes) -> tuple[bool, bytes]:
    """Whether it is packed, and the text in it: one whole frame and nothing after it."""
    first, size, begin = frame[0], frame[1], 2
    assert first & 0x8F == 0x81 and size < 128, "the last frame of a text, without a mask"
    if size == 126:
        (size,), begin = struct.unpack("!H", frame[2:4]), 4
        assert size > 125
    elif size == 127:
        (size,), begin = struct.unpack("!Q", frame[2:10]), 10
        assert size > 0xFFFF
    assert len(frame) == begin + size
    if first & 0x40:
        return True, zlib.decompressobj(-zlib.MAX_WBITS).decompress(frame[begin:] + b"\x00\x00\xff\xff")
    return False, frame[begin:]


@pytest.mark.parametrize("size", [2, 125, 126, PACKED_FROM - 1, PACKED_FROM, 0xFFFF, 0x10000, 200_000])
@pytest.mark.parametrize("is_for_many", [False, True])
def test_a_message_of_any_size_is_one_frame_that_says_what_was_said(size: int, is_for_many: bool) -> None:
    text = bytes(itertools.islice(itertools.cycle(b'{"type":"decision","holder":1},'), size))
    message = Message(text, is_for_many)

    assert opened(message.plain) == (False, text)
    assert message.is_packed == (is_for_many and size >= PACKED_FROM)
    assert opened(message.packed) == (True, text)
    assert size < PACKED_FROM or len(message.packed) < size / 3


class Screen(asyncio.WriteTransport):
    """A connection whose other side takes what it is told to take."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.taken = 0
        self.is_gone = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return len(self.written) - self.taken

    def is_closing(self) -> bool:
        return self.is_gone


async def test_a_screen_that_takes_anything_has_not_stopped_however_slow_it_is() -> None:
    screen = Screen()
    wire = Wire(web.WebSocketResponse(), screen)
    assert wire.stopped_for(0.0) == 0.0
    wire.write(Message(b"x" * 100))

    slow = []
    for second in range(1, 40):
        screen.taken += 1
        slow.append(wire.stopped_for(float(second)))
    stopped = [wire.stopped_for(float(second)) for second in (40, 45, 50)]
    screen.taken = len(screen.written)
    caught_up = wire.stopped_for(60.0)

    assert set(slow) == {0.0} and stopped == [1.0, 6.0, 11.0] and caught_up == 0.0


async def test_what_would_be_too_much_is_not_written_and_one_message_alone_never_is() -> None:
    screen = Screen()
    wire = Wire(web.WebSocketResponse(), screen)

    assert wire.write(Message(b"x" * 1_000), 100)
    assert not wire.write(Message(b"y"), 100)
    screen.taken = len(screen.written)
    assert wire.write(Message(b"z"), 100)

    assert screen.written.endswith(b"x\x81\x01z") and b"y" not in screen.written


async def test_nothing_is_written_after_the_end() -> None:
    screen = Screen()
    wire = Wire(web.WebSocketResponse(), screen)
    screen.is_gone = True

    assert wire.write(Message(b"x"))
    assert screen.written == b"" and Wire(web.WebSocketResponse(), None).write(Message(b"x"))
