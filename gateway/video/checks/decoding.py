"""Bytes to a picture, within limits and no larger than the checks need it.

Promises: reads the size from the header before anything is allocated; refuses what is not JPEG or PNG, what is too
large in bytes or in pixels, and what the decoder makes nothing of; decodes a large JPEG reduced, which
costs a fifth to a half of decoding it in full. Leaves to others: being killed. A decoder is native code, so this runs
in child processes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from gateway.core.cameras import Area

Pixels = npt.NDArray[np.uint8]

MOST_BYTES = 16 * 1024 * 1024
"""A 4K JPEG at the best quality has 8 MB."""

MOST_PIXELS = 40_000_000
"""8K is 33 million; decoded in full that is 120 MB, reduced 2 MB."""

MOST_SIDE = 16_384
LEAST_SIDE = 16
"""Below this nothing can be said of a picture, and decoders have their odd cases there."""

ENOUGH = 240
"""A picture is decoded no smaller than so wide: the checks work at this width."""

_START_OF_FRAME = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive; lossless and arithmetic coding do not come from cameras."""

_PNG = b"\x89PNG\r\n\x1a\n"


class BadPicture(Exception):
    """Bytes that are not a picture we look at. `reason` is a word for records, the text is for people."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture, reduced by a whole number."""

    pixels: Pixels
    """Height × width × 3 (blue, green, red), or height × width where the file is grey."""
    size: tuple[int, int]
    """Width and height of the picture as it was sent."""
    reduction: int = 1


def decode(data: bytes) -> Decoded:
    """The picture in `data`."""
    if len(data) > MOST_BYTES:
        raise BadPicture("too_large", f"{len(data)} bytes, more than {MOST_BYTES}")
    if data[:3] == b"\xff\xd8\xff":
        width, height, channels = _jpeg_header(data)
        reduction = _reduction(width, height)
    elif data[:8] == _PNG:
        width, height, channels = _png_header(data)
        reduction = 1
    else:
        raise BadPicture("not_a_picture", "neither JPEG nor PNG")
    if not (LEAST_SIDE <= width <= MOST_SIDE and LEAST_SIDE <= height <= MOST_SIDE) or width * height > MOST_PIXELS:
        raise BadPicture("bad_size", f"{width} × {height} pixels")
    flag = _FLAGS[reduction, channels == 1] | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error as fault:
        raise BadPicture("bad_picture", "the decoder refused it") from fault
    if pixels is None:
        raise BadPicture("bad_picture", "the decoder made nothing of it")
    return Decoded(pixels, (width, height), reduction)  # type: ignore[arg-type]


_FLAGS = {
    (1, False): cv2.IMREAD_COLOR,
    (2, False): cv2.IMREAD_REDUCED_COLOR_2,
    (4, False): cv2.IMREAD_REDUCED_COLOR_4,
    (8, False): cv2.IMREAD_REDUCED_COLOR_8,
    (1, True): cv2.IMREAD_GRAYSCALE,
    (2, True): cv2.IMREAD_REDUCED_GRAYSCALE_2,
    (4, True): cv2.IMREAD_REDUCED_GRAYSCALE_4,
    (8, True): cv2.IMREAD_REDUCED_GRAYSCALE_8,
}


def _reduction(width: int, height: int) -> int:
    for reduction in (8, 4, 2):
        if width >= ENOUGH * reduction and height >= ENOUGH // 2 * reduction:
            return reduction
    return 1


def _jpeg_header(data: bytes) -> tuple[int, int, int]:
    """Width, height and number of components, from the first frame header."""
    at = 2
    for _ in range(2000):
        while at < len(data) and data[at] == 0xFF and at + 1 < len(data) and data[at + 1] == 0xFF:
            at += 1
        if at + 9 >= len(data) or data[at] != 0xFF:
            break
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _START_OF_FRAME:
            height, width = int.from_bytes(data[at + 5 : at + 7], "big"), int.from_bytes(data[at + 7 : at + 9], "big")
            return width, height, data[at + 9]
        if marker == 0x01 or 0xD0 <= marker <= 0xD9:
            at += 2
            continue
        if marker == 0xDA or length < 2 or (0xC3 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            break
        at += 2 + length
    raise BadPicture("bad_picture", "no frame header that we know")


def _png_header(data: bytes) -> tuple[int, int, int]:
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise BadPicture("bad_picture", "no header")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"), 1 if data[25] == 0 else 3


def thumbnail(picture: Decoded | Pixels, blurred: Iterable[Area] = (), width: int = 320) -> bytes:
    """A small JPEG of the picture in which nobody can be recognised in the blurred areas."""
    pixels = picture.pixels if isinstance(picture, Decoded) else picture
    height = max(1, round(pixels.shape[0] * width / pixels.shape[1]))
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    for area in blurred:
        left, right = int(area.x * width), int(np.ceil((area.x + area.width) * width))
        top, bottom = int(area.y * height), int(np.ceil((area.y + area.height) * height))
        part = small[max(0, top) : bottom, max(0, left) : right]
        if part.size:
            # Few means, not a filter: what a filter smears can be sharpened again.
            few = cv2.resize(part, (3, 3), interpolation=cv2.INTER_AREA)
            part[...] = cv2.resize(few, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR).reshape(
                part.shape
            )
    done, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 75])
    if not done:
        raise BadPicture("bad_picture", "cannot be written as JPEG")
    return jpeg.tobytes()
