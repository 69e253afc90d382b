"""What a camera looks like when it is well: learnt from a few seconds of pictures, kept as a few kilobytes.

Promises: `from_bytes` takes only what `to_bytes` gives, of bounded size, without running anything that is in it. Slow
changes of daylight need no new reference: what is compared is structure, not brightness.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from gateway.video.checks.decoding import Pixels
from gateway.video.checks.looks import COLUMNS, GREY, HEIGHT, ROWS, WIDTH, Floats, Look, blocks, edges_of, saturation_of

FEWEST_ASKED = 12
"""A bare wall has hardly any structure; then its best blocks are asked, however weak."""

_MAGIC = b"WGR1"
_HEAD = struct.Struct("<4sIHHB")
_PER_BLOCK = ("detail", "grain", "likeness", "steady", "busy")
_SCALARS = ("bright", "residue", "grid", "lost", "change", "change_most", "still")
_GREY = WIDTH * HEIGHT
_COLOUR = ROWS * COLUMNS * 3
_RAW = _GREY + 4 * (_COLOUR + len(_PER_BLOCK) * ROWS * COLUMNS + len(_SCALARS))
MOST_BYTES = _RAW + 1024


class Reference:
    """The healthy look of a camera."""

    def __init__(
        self,
        grey: Pixels,
        colour: Floats | None,
        size: tuple[int, int],
        per_block: dict[str, Floats],
        scalars: dict[str, float],
    ) -> None:
        self.grey, self.colour, self.size = grey, colour, size
        self.tones: Floats = grey.astype(np.float32)
        self.means = blocks(self.tones)
        self.variance = np.maximum(blocks(self.tones * self.tones) - self.means * self.means, 0.0)
        self.spread = np.sqrt(self.variance)
        self.floored_variance = np.maximum(self.variance, 1.0)
        self.floored_spread = np.maximum(self.spread, 1.0)
        self.mean = float(self.means.mean())
        self.texture = float((self.spread > 4.0).mean())
        self.scalars = scalars
        self.per_block = per_block
        nothing = np.zeros((ROWS, COLUMNS), np.float32)
        self.detail = per_block.get("detail", nothing)
        """Power of the finest structure."""
        self.grain = per_block.get("grain", nothing)
        self.likeness = per_block.get("likeness", nothing)
        """Correlation of a healthy picture with this reference: the middle one, and nearly the least (`steady`)."""
        self.steady = per_block.get("steady", nothing)
        self.busy = per_block.get("busy", nothing)
        """Structure in the block when something passes by."""
        self.has_detail = self.detail > 2.0
        self.asked = self._asked()
        """Blocks with structure that is there in nearly every healthy picture: they are asked whether it still is."""
        self.usual_detail = float(np.median(self.detail[self.asked]))
        self._points: tuple[Sequence[cv2.KeyPoint], Pixels | None] | None = None
        self._edges: Floats | None = None

    def _asked(self) -> npt.NDArray[np.bool_]:
        asked = (self.spread > 1.5) & (self.steady > 0.5) & (self.likeness > 0.7)
        if np.count_nonzero(asked) < FEWEST_ASKED:
            worth = self.likeness * self.steady * np.minimum(self.spread, 3.0)
            asked = worth >= np.sort(worth.ravel())[-FEWEST_ASKED]
        return np.asarray(asked, np.bool_)

    @property
    def edges(self) -> Floats:
        if self._edges is None:
            self._edges = edges_of(self.tones)
        return self._edges

    def points(self, finder: cv2.ORB) -> tuple[Sequence[cv2.KeyPoint], Pixels | None]:
        if self._points is None:
            self._points = finder.detectAndCompute(self.grey, None)  # type: ignore[assignment]
        return self._points  # type: ignore[return-value]

    @classmethod
    def of(cls, looks: Sequence[Look]) -> Reference:
        """What the looks have in common. Eight seconds of a stream are right; one picture is the least."""
        from gateway.video.checks.learning import learn

        return learn(looks)

    @property
    def is_infrared(self) -> bool:
        """True if it was learnt from grey pictures: at night with infrared light, or from a camera without colour."""
        return self.colour is None or saturation_of(self.colour) < GREY

    def picture(self) -> Pixels:
        """A small picture for people (blue, green, red)."""
        grey = cv2.cvtColor(self.grey, cv2.COLOR_GRAY2BGR)
        if self.colour is None:
            return np.asarray(grey, np.uint8)
        tint = self.colour - self.colour.mean(2, keepdims=True)
        wide = cv2.resize(tint, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
        return np.asarray(np.clip(grey.astype(np.float32) + wide, 0, 255), np.uint8)

    def to_bytes(self) -> bytes:
        colour = np.zeros((ROWS, COLUMNS, 3), np.float32) if self.colour is None else self.colour
        raw = b"".join(
            [
                self.grey.tobytes(),
                colour.astype("<f4").tobytes(),
                *(self.per_block[name].astype("<f4").tobytes() for name in _PER_BLOCK),
                np.array([self.scalars[name] for name in _SCALARS], "<f4").tobytes(),
            ]
        )
        packed = zlib.compress(raw, 6)
        return _HEAD.pack(_MAGIC, zlib.crc32(raw), *self.size, self.colour is not None) + packed

    @classmethod
    def from_bytes(cls, data: bytes) -> Reference:
        """What `to_bytes` gave. Raises ValueError for anything else."""
        if not _HEAD.size < len(data) <= MOST_BYTES:
            raise ValueError("not a reference: its length")
        magic, check, width, height, has_colour = _HEAD.unpack_from(data)
        if magic != _MAGIC or has_colour > 1 or not width or not height:
            raise ValueError("not a reference: its head")
        unpacking = zlib.decompressobj()
        try:
            raw = unpacking.decompress(data[_HEAD.size :], _RAW)
            surplus = not unpacking.eof and unpacking.decompress(unpacking.unconsumed_tail, 1)
        except zlib.error as fault:
            raise ValueError("not a reference: it cannot be unpacked") from fault
        if len(raw) != _RAW or surplus or not unpacking.eof or unpacking.unused_data or zlib.crc32(raw) != check:
            raise ValueError("not a reference: its content")
        grey = np.frombuffer(raw, np.uint8, _GREY).reshape(HEIGHT, WIDTH).copy()
        numbers = np.frombuffer(raw, "<f4", offset=_GREY).astype(np.float32)
        if not np.isfinite(numbers).all() or float(np.abs(numbers).max()) > 1e7:
            raise ValueError("not a reference: its numbers")
        colour = numbers[:_COLOUR].reshape(ROWS, COLUMNS, 3)
        rest = numbers[_COLOUR:]
        per_block = {
            name: rest[k * ROWS * COLUMNS : (k + 1) * ROWS * COLUMNS].reshape(ROWS, COLUMNS)
            for k, name in enumerate(_PER_BLOCK)
        }
        scalars = dict(zip(_SCALARS, (float(x) for x in rest[len(_PER_BLOCK) * ROWS * COLUMNS :]), strict=True))
        return cls(grey, colour if has_colour else None, (width, height), per_block, scalars)


def best_reference(seen: Look, references: Sequence[Reference]) -> int:
    """Which of them the picture is to be held against: infrared or not, then the likeness. At least one is needed.

    A covered lens is like none of them; it is then held against the one that is least unlike, and found all the same.
    """
    if not references:
        raise ValueError("no reference to choose from")

    def likeness(index: int) -> tuple[bool, float]:
        reference = references[index]
        covariance = blocks(seen.tones * reference.tones) - seen.means * reference.means
        ncc = covariance / (np.maximum(seen.spread, 1.0) * reference.floored_spread)
        return seen.is_grey == reference.is_infrared, float(np.median(ncc))

    return max(range(len(references)), key=likeness)
