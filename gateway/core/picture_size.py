"""How large a picture is, by its head alone: nothing is decoded, so nothing in it can cost more than a look.

Promises: width and height as the head tells them, or None if there is none where it should be. Leaves to others:
whether the picture is whole, and how large one may be.
"""

import struct

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of a JPEG that tell its size."""


def png_size(raw: bytes) -> tuple[int, int] | None:
    """Of bytes that begin as a PNG."""
    if len(raw) < 33 or raw[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", raw[16:24])
    return width, height


def jpeg_size(raw: bytes) -> tuple[int, int] | None:
    """Of bytes that begin as a JPEG: the first frame's, which comes before any of its points."""
    at = 2
    while at + 9 <= len(raw):
        if raw[at] != 0xFF:
            return None
        marker = raw[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        elif marker in _FRAMES:
            height, width = struct.unpack(">HH", raw[at + 5 : at + 9])
            return width, height
        elif marker in (0xD9, 0xDA):
            return None
        else:
            (length,) = struct.unpack(">H", raw[at + 2 : at + 4])
            if length < 2:
                return None
            at += 2 + length
    return None
