"""A code as a picture, and a picture's code: drawn for screens, found in what a camera saw.

Promises: what is no picture, or too large a one, is refused by its first bytes, before anything is unpacked; reading
runs beside the decisions, two at a time, and is given up after some seconds. Nothing of a picture is kept. Leaves to
others: what the code means (`flows`).
"""

import asyncio
import functools
import io
from collections.abc import Callable
from typing import Any

import segno
import zxingcpp

MOST_PIXELS = 12_000_000
"""A telephone's picture; it is unpacked in grey, so that is 12 MB."""
LONGEST_SIDE = 6_000
READ_SIDE = 1_600
"""A code that a guard holds before a camera has dots of several pixels even so."""
WITHIN_S = 4.0
AT_ONCE = 2


class NoPicture(Exception):
    """It is no JPEG or PNG that can be read; the message says why."""


class TooBusy(Exception):
    """Others are being read."""


@functools.lru_cache(maxsize=256)
def svg_of(value: str) -> str:
    """The code in black on white, whatever the page's colours, as a picture for an `img`."""
    out = io.BytesIO()
    code = segno.make(value, error="h", micro=False, boost_error=False)
    code.save(out, kind="svg", scale=8, border=4, dark="#000", light="#fff", xmldecl=False, nl=False)
    return out.getvalue().decode("ascii")


class CodeDrawer:
    """Draws for the public: beside the decisions, two at a time."""

    def __init__(self) -> None:
        self._under_way = 0

    async def draw(self, value: str) -> str:
        """As `svg_of`. Raises `TooBusy`."""
        if self._under_way >= AT_ONCE:
            raise TooBusy
        self._under_way += 1
        try:
            return await asyncio.to_thread(svg_of, value)
        finally:
            self._under_way -= 1


class CodeReader:
    """Finds a code in a picture."""

    def __init__(self) -> None:
        self._under_way = 0

    async def read(self, raw: bytes) -> str | None:
        """The value of the QR code in a picture; None if there is none to be found. Raises `NoPicture`, `TooBusy`."""
        size = size_of(raw)
        if max(size) > LONGEST_SIDE or size[0] * size[1] > MOST_PIXELS:
            raise NoPicture(f"at most {LONGEST_SIDE} pixels at a side and {MOST_PIXELS // 1_000_000} million in all")
        if self._under_way >= AT_ONCE:
            raise TooBusy
        self._under_way += 1
        work = asyncio.ensure_future(asyncio.to_thread(find_code, raw))
        work.add_done_callback(self._is_done)
        try:
            return await asyncio.wait_for(asyncio.shield(work), WITHIN_S)
        except TimeoutError:
            return None  # it goes on to its end, and nobody else is read in its place meanwhile

    def _is_done(self, work: "asyncio.Future[str | None]") -> None:
        self._under_way -= 1
        if not work.cancelled():
            work.exception()


def size_of(raw: bytes) -> tuple[int, int]:
    """Width and height as the first bytes of a JPEG or PNG tell them. Raises `NoPicture`."""
    if raw[:8] == b"\x89PNG\r\n\x1a\n" and raw[12:16] == b"IHDR" and len(raw) >= 33:
        size = int.from_bytes(raw[16:20], "big"), int.from_bytes(raw[20:24], "big")
    elif raw[:2] == b"\xff\xd8":
        size = _jpeg_size(raw)
    else:
        raise NoPicture("neither JPEG nor PNG")
    if 0 in size:
        raise NoPicture("a picture without an extent")
    return size


def _jpeg_size(raw: bytes) -> tuple[int, int]:
    """From its frame header, wherever that stands: parts before it are skipped by their length."""
    at = 2
    while at + 9 <= len(raw):
        if raw[at] != 0xFF:
            break
        kind = raw[at + 1]
        if kind == 0xFF:
            at += 1
        elif kind in (0x01, *range(0xD0, 0xD8)):
            at += 2
        elif 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(raw[at + 7 : at + 9], "big"), int.from_bytes(raw[at + 5 : at + 7], "big")
        else:
            at += 2 + max(2, int.from_bytes(raw[at + 2 : at + 4], "big"))
    raise NoPicture("a JPEG that breaks off")


def find_code(raw: bytes) -> str | None:
    """The same, at once: as it is, then with the dark made light, then twice as large."""
    import cv2  # late: it needs libraries that a bare server lacks
    import numpy as np

    seen: Any = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE)
    if seen is None:
        raise NoPicture("a picture that cannot be unpacked")
    longest = max(seen.shape)
    if longest > READ_SIDE:
        seen = cv2.resize(seen, None, fx=READ_SIDE / longest, fy=READ_SIDE / longest, interpolation=cv2.INTER_AREA)

    def stretched(dark: Any) -> Any:
        low, high = float(dark.min()), float(dark.max())
        return ((dark - low) * (255.0 / max(1.0, high - low))).astype(np.uint8)

    read: Any = zxingcpp.read_barcodes
    tries: tuple[Callable[[], Any], ...] = (
        lambda: seen,
        lambda: cv2.createCLAHE(4.0, (8, 8)).apply(stretched(seen)),
        lambda: cv2.resize(seen, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) if longest <= 800 else seen,
    )
    for picture in tries:
        found = read(np.ascontiguousarray(picture()), formats=zxingcpp.BarcodeFormat.QRCode)
        if found and found[0].text:
            return str(found[0].text)
    return None
