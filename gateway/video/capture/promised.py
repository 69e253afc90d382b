"""How long a video file says that it lasts, read from its head: MP4 and QuickTime, Matroska and WebM, AVI.

A recording that was cut off, or whose sound goes on after the last picture, has fewer pictures than it says; decoders
tell only that there are no more. Promises: never raises for what stands in a file, reads little of it and stops after a
bounded number of steps; None where a file says nothing, or nothing that can be believed. Leaves to others: the pictures
(`examine`).

Of an MP4 it is the length of its presentation, so that what an edit leaves out is not missed. Of an AVI the number of
pictures in its head counts only if the file is shorter than it says itself: many recorders write that number wrong.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import BinaryIO

STEPS = 4_096
"""Boxes or elements that are looked at before giving up; a file has some dozens before what is asked for."""

LONGEST_S = 30 * 86_400.0
"""What says that it lasts longer is not believed."""

_EBML, _SEGMENT, _INFO, _SCALE, _DURATION = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x2AD7B1, 0x4489
_CLUSTER = 0x1F43B675


def promised_s(path: Path) -> float | None:
    """Seconds from a file's beginning to the end that it says it has."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
            file.seek(0)
            if head[4:8] in (b"ftyp", b"moov", b"wide", b"free", b"skip"):
                lasts_s = _iso(file)
            elif head[:4] == _EBML.to_bytes(4, "big"):
                lasts_s = _matroska(file)
            elif head[:4] == b"RIFF" and head[8:12] == b"AVI ":
                lasts_s = _avi(file, path.stat().st_size)
            else:
                lasts_s = None
    except (OSError, struct.error, OverflowError):
        return None
    if lasts_s is None or not math.isfinite(lasts_s) or not 0 < lasts_s <= LONGEST_S:
        return None
    return lasts_s


# --- MP4, QuickTime: boxes of (size, kind, content) -------------------------------------------------------------------


def _iso(file: BinaryIO) -> float | None:
    begin, end = _box(file, 0, None, b"moov") or (0, 0)
    found = _box(file, begin, end, b"mvhd") if end else None
    if found is None:
        return None
    file.seek(found[0])
    version = file.read(4)[:1]
    long = version == b"\x01"
    file.read(16 if long else 8)  # when it was made, and changed
    scale, length = struct.unpack(">IQ" if long else ">II", file.read(12 if long else 8))
    unknown = 0xFFFF_FFFF_FFFF_FFFF if long else 0xFFFF_FFFF
    return length / scale if scale and length != unknown else None


def _box(file: BinaryIO, at: int, until: int | None, wanted: bytes) -> tuple[int, int] | None:
    """Where the content of the first box of this kind begins and ends."""
    for _ in range(STEPS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return None
        size, kind = struct.unpack(">I4s", head)
        begin = at + 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            begin += 8
        if size < begin - at:
            return None  # to the end of the file, or nonsense
        if kind == wanted:
            return begin, at + size
        at += size
        if until is not None and at >= until:
            return None
    return None


# --- Matroska, WebM: elements of (id, length, content) ----------------------------------------------------------------


def _matroska(file: BinaryIO) -> float | None:
    at, until = 0, None
    scale_ns = 1_000_000
    length: float | None = None
    for _ in range(STEPS):
        file.seek(at)
        element, size = _number(file, keep_mark=True), _number(file, keep_mark=False)
        if element is None or size is None:
            return None
        at = file.tell()
        if until is not None and at > until:
            break
        if element == _CLUSTER:
            break  # pictures: what describes the whole stands before them
        if element in (_SEGMENT, _INFO):
            until = at + size if element == _INFO else None
            continue  # into it
        if element == _SCALE and 0 < size <= 8:
            scale_ns = int.from_bytes(file.read(size), "big")
        elif element == _DURATION and size in (4, 8):
            (length,) = struct.unpack(">f" if size == 4 else ">d", file.read(size))
        at += size
        if until is not None and at >= until:
            break
    return None if length is None else length * scale_ns / 1e9


def _number(file: BinaryIO, *, keep_mark: bool) -> int | None:
    """A number of one to eight bytes; the first set bit says how many."""
    first = file.read(1)
    if not first or first == b"\0":
        return None
    more = 8 - first[0].bit_length()
    rest = file.read(more)
    if len(rest) < more:
        return None
    value = first[0] if keep_mark else first[0] & (0xFF >> (more + 1))
    return int.from_bytes(bytes([value]) + rest, "big")


# --- AVI --------------------------------------------------------------------------------------------------------------


def _avi(file: BinaryIO, size: int) -> float | None:
    head = file.read(64)
    (said,) = struct.unpack_from("<I", head, 4)
    if said + 8 <= size or head[24:28] != b"avih":
        return None
    apart_us: int = struct.unpack_from("<I", head, 32)[0]
    count: int = struct.unpack_from("<I", head, 48)[0]
    return count * apart_us / 1e6
