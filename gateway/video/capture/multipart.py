"""Takes a `multipart/x-mixed-replace` stream apart: bytes in, pictures out. Opens nothing, waits for nothing.

Promises: whatever the bytes are, at most one part and one read are kept in memory; a part, a part's headers or bytes
between parts beyond their limits are `BadStream`. Leaves to others: whether a part is a picture.

What cameras get wrong and is taken anyway: a boundary that is announced with its dashes, no `Content-Length`, lines
that end in a bare LF, text before the first boundary.
"""

from dataclasses import dataclass

HEADERS_AT_MOST = 4096
"""Of one part. Cameras send two or three lines."""


class BadStream(Exception):
    """These bytes are not a stream of pictures within their limits."""


class PartTooLarge(BadStream):
    """One picture is larger than pictures may be."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part's body, and the camera's own time where its headers tell it."""

    body: bytes
    told_s: float | None = None


class Multipart:
    """The state of one stream: looking for a boundary, reading headers, reading a body."""

    def __init__(self, boundary: str, part_at_most: int) -> None:
        core = boundary.strip('"').lstrip("-").encode("latin-1", "replace")
        if not core or len(core) > 200:
            raise BadStream("the stream names no boundary between its pictures")
        self._mark = b"--" + core
        self._at_most = part_at_most
        self._kept = bytearray()
        self._searched = 0
        self._in_body = False
        self._length: int | None = None
        self._told_s: float | None = None

    def feed(self, data: bytes) -> list[Part]:
        """The parts that are whole now."""
        self._kept += data
        parts: list[Part] = []
        while self._body(parts) if self._in_body else self._head():
            pass
        return parts

    def _head(self) -> bool:
        """From a boundary to the blank line after the headers; False while bytes are missing."""
        at = self._kept.find(self._mark)
        if at < 0:
            if len(self._kept) > 2 * HEADERS_AT_MOST:
                raise BadStream("no boundary between pictures where one should be")
            return False
        first_line = self._kept.find(b"\n", at)
        blank, after = _blank_line(self._kept, first_line)
        if first_line < 0 or blank < 0:
            if len(self._kept) - at > HEADERS_AT_MOST + len(self._mark):
                raise BadStream("the headers of a picture are too long")
            return False
        if after - at > HEADERS_AT_MOST + len(self._mark):
            raise BadStream("the headers of a picture are too long")
        self._length, self._told_s = _read_headers(bytes(self._kept[first_line + 1 : blank]))
        if self._length is not None and self._length > self._at_most:
            raise PartTooLarge(f"a picture of {self._length} bytes was announced")
        del self._kept[:after]
        self._in_body, self._searched = True, 0
        return True

    def _body(self, parts: list[Part]) -> bool:
        if self._length is not None:
            if len(self._kept) < self._length:
                return False
            self._take(parts, self._length)
            return True
        at = self._kept.find(self._mark, self._searched)
        if at < 0:
            if len(self._kept) > self._at_most + len(self._mark):
                raise PartTooLarge("a picture does not end")
            self._searched = max(0, len(self._kept) - len(self._mark))
            return False
        self._take(parts, at)
        return True

    def _take(self, parts: list[Part], length: int) -> None:
        body = bytes(self._kept[:length])
        del self._kept[:length]
        if self._length is None:
            body = body.removesuffix(b"\n").removesuffix(b"\r")
        if body:
            parts.append(Part(body, self._told_s))
        self._in_body = False


def _blank_line(kept: bytearray, since: int) -> tuple[int, int]:
    """Where the blank line after the headers begins and what follows it; the first line may be blank already."""
    if since < 0:
        return -1, -1
    for end in (b"\n\r\n", b"\n\n"):
        at = kept.find(end, since, since + HEADERS_AT_MOST)
        if at >= 0:
            return at, at + len(end)
    return -1, -1


def _read_headers(text: bytes) -> tuple[int | None, float | None]:
    length: int | None = None
    told_s: float | None = None
    for line in text.split(b"\n"):
        name, _, value = line.partition(b":")
        name, value = name.strip().lower(), value.strip()
        if name == b"content-length" and value.isdigit() and len(value) <= 12:
            length = int(value) or None
        elif name == b"x-timestamp":
            told_s = seconds_of(value)
    return length, told_s


def seconds_of(value: bytes) -> float | None:
    """What cameras write into `X-Timestamp`; None if it is no time."""
    try:
        seconds = float(value[:32])
    except ValueError:
        return None
    return seconds if 0 < seconds < 1e11 else None
