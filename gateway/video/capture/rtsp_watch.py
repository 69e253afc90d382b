"""Reads along what an RTSP camera sends, before FFmpeg gets it. Bytes in, bytes to pass on out; opens nothing.

Promises: nothing is passed on that would send FFmpeg to another address; messages and their bodies are bounded; tells
when pictures arrive and what the camera's own clock says of them. Leaves to others: the connection
(`rtsp_relay`), pictures (`streams`).

On one TCP connection there are messages (text, as in HTTP) and, between them, packets: `$`, a channel, a length of two
bytes, and that many bytes of RTP (even channels) or RTCP (odd ones). Only video is asked for, so there is one stream.
"""

import struct
from collections import deque

from gateway.video.capture.address import NotThere
from gateway.video.jobs import Reason

HEADERS_AT_MOST = 16 * 1024
BODY_AT_MOST = 64 * 1024
ARRIVALS_KEPT = 4096
"""Of a stream that is kept open: 2 minutes at 30 pictures a second."""

_PACKET = struct.Struct(">BBH")
_RTP = struct.Struct(">BBHII")
_SENDER_REPORT = struct.Struct(">BBHIIII")

_CLOCK_HZ = 90_000
"""Of RTP's timestamps; every kind of video uses it (RFC 3551)."""

_MARKER = 0x80
"""In the packet that ends a picture."""

_SAME_PICTURE_S = 0.015
"""A clock that stands still gives all pictures one stamp; then the marker parts them. Some cameras set it several times
within a picture, but in one burst."""

_SECONDS_1900_TO_1970 = 2_208_988_800
_EARLIEST_TOLD = 946_684_800.0
"""2000-01-01. A camera without a clock counts from its start, or tells nothing; neither is a time of day."""


class RtspWatch:
    """One connection, as the camera's side of it is read."""

    def __init__(self) -> None:
        self.status: int | None = None
        """Of the last answer."""
        self._kept = bytearray()
        self._arrived: deque[tuple[float, int]] = deque(maxlen=ARRIVALS_KEPT)
        self._last_stamp: int | None = None
        self._arrived_last = 0.0
        self._was_last = False
        self._count = 0
        self._report: tuple[float, int] | None = None

    def feed(self, data: bytes, now: float) -> bytes:
        """What may be passed on; `NotThere` where the connection has to end instead."""
        self._kept += data
        at = 0
        while at < len(self._kept):
            end = self._packet(at, now) if self._kept[at] == ord("$") else self._message(at)
            if end is None:
                break
            at = end
        passed = bytes(self._kept[:at])
        del self._kept[:at]
        return passed

    def arrivals(self) -> list[tuple[float, float | None]]:
        """Since the last call: when each picture's first packet came, and when the camera says it was taken."""
        arrived = [(received, self._told(count)) for received, count in self._arrived]
        self._arrived.clear()
        return arrived

    @property
    def tells_time_of_day(self) -> bool:
        """Whether the camera tells the time of day of its pictures; else `arrivals` has its stream's own count."""
        return self._report is not None

    def _told(self, count: int) -> float | None:
        if self._report is None:
            return count / _CLOCK_HZ
        wall, at_count = self._report
        return wall + (count - at_count) / _CLOCK_HZ

    def _packet(self, at: int, now: float) -> int | None:
        if len(self._kept) < at + _PACKET.size:
            return None
        channel: int
        length: int
        _, channel, length = _PACKET.unpack_from(self._kept, at)
        begin, end = at + _PACKET.size, at + _PACKET.size + length
        if len(self._kept) < end:
            return None
        if channel % 2 == 0 and length >= _RTP.size:
            _, kind, _, stamp, _ = _RTP.unpack_from(self._kept, begin)
            self._picture(stamp, now)
            self._was_last = bool(kind & _MARKER)
        elif channel % 2 == 1 and length >= _SENDER_REPORT.size:
            self._control(begin)
        return end

    def _picture(self, stamp: int, now: float) -> None:
        """All packets of one picture have one stamp. It has 32 bits and turns over each 13 hours."""
        if stamp == self._last_stamp and not (self._was_last and now - self._arrived_last > _SAME_PICTURE_S):
            return
        if self._last_stamp is not None:
            step = (stamp - self._last_stamp) & 0xFFFF_FFFF
            self._count += step if step < 0x8000_0000 else step - 0x1_0000_0000
        else:
            self._count = stamp
        self._last_stamp = stamp
        self._arrived_last = now
        self._arrived.append((now, self._count))

    def _control(self, begin: int) -> None:
        _, kind, _, _, seconds, fraction, stamp = _SENDER_REPORT.unpack_from(self._kept, begin)
        wall = seconds - _SECONDS_1900_TO_1970 + fraction / 2**32
        if kind != 200 or wall < _EARLIEST_TOLD or self._last_stamp is None:
            return
        step = (stamp - self._last_stamp) & 0xFFFF_FFFF
        self._report = wall, self._count + (step if step < 0x8000_0000 else step - 0x1_0000_0000)

    def _message(self, at: int) -> int | None:
        after = self._kept.find(b"\r\n\r\n", at, at + HEADERS_AT_MOST)
        if after < 0:
            if len(self._kept) - at >= HEADERS_AT_MOST:
                raise NotThere(Reason.BAD_STREAM, "its answer is not RTSP as it should be")
            return None
        lines = bytes(self._kept[at:after]).split(b"\r\n")
        self._judge(lines[0])
        length = _content_length(lines[1:])
        end = after + 4 + length
        return end if len(self._kept) >= end else None

    def _judge(self, first: bytes) -> None:
        words = first.split(b" ", 2)
        if words[0].startswith(b"RTSP/"):
            if len(words) < 2 or not words[1].isdigit() or len(words[1]) != 3:
                raise NotThere(Reason.BAD_STREAM, "its answer is not RTSP as it should be")
            self.status = int(words[1])
            if 300 <= self.status < 400:
                raise NotThere(Reason.REDIRECT, "it sent us to another address, which is not followed")
        elif len(words) == 3 and words[2].startswith(b"RTSP/"):
            # The camera asks something of us. One such question is to go elsewhere.
            if words[0] == b"REDIRECT":
                raise NotThere(Reason.REDIRECT, "it sent us to another address, which is not followed")
        else:
            raise NotThere(Reason.BAD_STREAM, "its answer is not RTSP as it should be")


def _content_length(lines: list[bytes]) -> int:
    for line in lines:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            value = value.strip()
            if not value.isdigit() or len(value) > 9 or int(value) > BODY_AT_MOST:
                raise NotThere(Reason.BAD_STREAM, "its answer is longer than answers are")
            return int(value)
    return 0
