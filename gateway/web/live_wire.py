"""The way to one screen for messages that are the same for many: a frame is made once and written to all of them.

Promises: a write waits for nobody and costs one call; a message that many get goes packed to those whose browser can
unpack it (RFC 7692, all of them can) and plain to the others; what a screen has not taken yet can be asked, and for how
long it has taken nothing. Leaves to others: the rest of the handshake, pings, and what is said with the end (`live` by
aiohttp), how much a screen may leave untaken (`live_hub`).

Theory. A server's frames bear no mask (RFC 6455, 5.1), and each packed message stands for itself ("no context
takeover"), so that one text is the same bytes for everybody. A frame goes whole into the connection's buffer, in one
call, and so do aiohttp's own, which packs nothing here: they never mix. What screens send is never packed: they only
answer pings.
"""

import asyncio
import functools
import struct
import zlib

from aiohttp import web

EXTENSIONS = "Sec-WebSocket-Extensions"
AGREED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
"""The answer to a browser that can unpack."""
_HARMLESS = frozenset({"client_max_window_bits", "client_no_context_takeover", "server_no_context_takeover"})
"""What such a browser may ask for beside. A smaller window for what we pack it must be promised: it gets plain text."""
PACKED_FROM = 256
"""Shorter ones gain nothing."""
_LEVEL = 1
"""The events of a minute are so alike that it leaves a fifteenth; more work leaves hardly less."""
_PLAIN, _PACKED = 0x81, 0xC1
"""A whole message of text in one frame."""
_SHORT, _MEDIUM = 125, 0xFFFF


def takes_packed(offers: str) -> bool:
    """True if the browser with this header can unpack; it must be answered with `AGREED` then."""
    for offer in offers.split(","):
        name, *more = (word.strip() for word in offer.split(";"))
        if name == "permessage-deflate" and {word.partition("=")[0].strip() for word in more} <= _HARMLESS:
            return True
    return False


class Message:
    """One text on its way to many; its bytes are made once each way, and only if somebody gets them so."""

    def __init__(self, text: bytes, is_for_many: bool = False) -> None:
        """`is_for_many`: packing it is worth the work."""
        self._text = text
        self.is_packed = is_for_many and len(text) >= PACKED_FROM
        """To whoever can unpack."""

    @functools.cached_property
    def plain(self) -> bytes:
        return _frame(_PLAIN, self._text)

    @functools.cached_property
    def packed(self) -> bytes:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packer.compress(self._text) + packer.flush(zlib.Z_SYNC_FLUSH)
        return _frame(_PACKED, packed.removesuffix(b"\x00\x00\xff\xff"))


def _frame(first: int, body: bytes) -> bytes:
    size = len(body)
    if size <= _SHORT:
        return struct.pack("!BB", first, size) + body
    if size <= _MEDIUM:
        return struct.pack("!BBH", first, 126, size) + body
    return struct.pack("!BBQ", first, 127, size) + body


class Wire:
    """The connection of one screen."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.WriteTransport | None, unpacks: bool = False
    ) -> None:
        """`transport`: None if the connection went while its handshake was answered. `unpacks`: see `takes_packed`."""
        self._socket = socket
        self._transport = transport
        self._unpacks = unpacks
        self._written = 0
        self._taken = 0
        self._taken_at: float | None = None

    @property
    def is_open(self) -> bool:
        """False once either side has begun to end it: nothing may follow that."""
        return self._transport is not None and not (self._socket.closed or self._transport.is_closing())

    @property
    def untaken(self) -> int:
        """Bytes that neither the screen nor the network between has taken."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def write(self, message: Message, most_untaken: int | None = None) -> bool:
        """Put one message on its way; one that is not open any more takes everything. False, and nothing is written, if
        there would be more than `most_untaken` bytes then that it has not taken."""
        if not self.is_open:
            return True
        assert self._transport is not None
        frame = message.packed if self._unpacks and message.is_packed else message.plain
        if most_untaken is not None:
            untaken = self._transport.get_write_buffer_size()
            if untaken and untaken + len(frame) > most_untaken:
                return False
        self._written += len(frame)
        self._transport.write(frame)
        return True

    def stopped_for(self, now: float) -> float:
        """For how many seconds it has taken nothing of what waits for it, as far as was looked; `now` never goes
        back."""
        untaken = self.untaken
        taken = self._written - untaken
        if not untaken or taken > self._taken or self._taken_at is None:
            self._taken, self._taken_at = taken, now
        return now - self._taken_at

    def abort(self) -> None:
        """Let go of it with all that it has not taken."""
        if self._transport is not None:
            self._transport.abort()
