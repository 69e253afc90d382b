"""One picture made small, and what it shows by itself.

All work is done at WIDTH × HEIGHT, whatever the camera's own size and shape, in COLUMNS × ROWS blocks: everything that
makes a camera useless can be seen there, and a picture of a crowded hall costs a quarter of a millisecond.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from gateway.video.checks.decoding import Decoded, Pixels

WIDTH, HEIGHT = 240, 135
COLUMNS, ROWS = 16, 9
_BLOCKS = (COLUMNS, ROWS)

GREY = 4.0
"""Less colour than this is none: what compression leaves of it in an infrared picture."""

Floats = npt.NDArray[Any]
"""Single precision; OpenCV's declarations know no nearer."""


class Look:
    """What the checks need of one picture. Costs the same for every size of camera."""

    __slots__ = (
        "_grain", "colour", "detail", "gone", "grey", "means", "reduction", "size", "source", "spread", "tones"
    )  # fmt: skip

    def __init__(self, pixels: Pixels, size: tuple[int, int], reduction: int) -> None:
        self.size, self.reduction = size, reduction
        self.source = pixels
        """The picture as it was decoded, for what is looked at more closely only when something seems wrong."""
        self.grey: Pixels = _small(pixels)
        self.tones: Floats = self.grey.astype(np.float32)
        self.means = blocks(self.tones)
        self.spread = np.sqrt(np.maximum(blocks(self.tones * self.tones) - self.means * self.means, 0.0))
        edges = cv2.Laplacian(self.tones, cv2.CV_32F, ksize=1)
        self.detail = blocks(edges * edges)
        """Power of the finest structure, by block."""
        self.colour: Floats | None = _colour(pixels)
        self._grain: Floats | None = None
        self.gone: npt.NDArray[np.bool_] | None = None
        """Blocks in which nothing of the reference was left, once it has been measured."""

    @property
    def grain(self) -> Floats:
        """What is left of each block when everything larger than a pixel is taken away."""
        if self._grain is None:
            self._grain = blocks(cv2.absdiff(self.grey, cv2.medianBlur(self.grey, 3)).astype(np.float32))
        return self._grain

    @property
    def dark(self) -> float:
        """Share of pixels next to black."""
        return int(cv2.countNonZero(cv2.inRange(self.grey, 0, 20))) / self.grey.size

    @property
    def bright(self) -> float:
        """Share of pixels next to white."""
        return int(cv2.countNonZero(cv2.inRange(self.grey, 245, 255))) / self.grey.size

    @property
    def saturation(self) -> float:
        return 0.0 if self.colour is None else saturation_of(self.colour)

    @property
    def is_grey(self) -> bool:
        """True of infrared pictures and of cameras without colour."""
        return self.saturation < GREY


def look(picture: Decoded | Pixels) -> Look:
    """The look of a picture: decoded from a file, or a frame of a stream (blue, green, red, or grey)."""
    if isinstance(picture, Decoded):
        return Look(picture.pixels, picture.size, picture.reduction)
    return Look(picture, (picture.shape[1], picture.shape[0]), 1)


def saturation_of(colour: Floats) -> float:
    """How much colour there is, in grey levels."""
    blue, green, red = colour[..., 0], colour[..., 1], colour[..., 2]
    return float(np.add.reduce(np.abs(blue - red) + np.abs(green - red), axis=None)) / blue.size


def blocks(values: Floats) -> Floats:
    """Mean of each block."""
    return cv2.resize(values, _BLOCKS, interpolation=cv2.INTER_AREA)


def _small(pixels: Pixels) -> Pixels:
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    while grey.shape[1] >= 2 * WIDTH and grey.shape[0] >= 2 * HEIGHT:
        # Halving is much quicker than one step by an odd factor.
        even = grey[: grey.shape[0] & ~1, : grey.shape[1] & ~1]
        grey = cv2.resize(even, (even.shape[1] // 2, even.shape[0] // 2), interpolation=cv2.INTER_AREA)
    if grey.shape != (HEIGHT, WIDTH):
        grey = cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    return np.asarray(grey, np.uint8)


def _colour(pixels: Pixels) -> Floats | None:
    if pixels.ndim == 2:
        return None
    few = cv2.resize(pixels, (COLUMNS * 5, ROWS * 5), interpolation=cv2.INTER_NEAREST)
    return cv2.resize(few, _BLOCKS, interpolation=cv2.INTER_AREA).astype(np.float32)


_WINDOW: Floats = cv2.createHanningWindow((WIDTH, HEIGHT), cv2.CV_32F)


def edges_of(tones: Floats) -> Floats:
    """Strength of edges, fading to the borders: what is laid over each other to find a shift."""
    strength = cv2.magnitude(cv2.Sobel(tones, cv2.CV_32F, 1, 0), cv2.Sobel(tones, cv2.CV_32F, 0, 1))
    return np.sqrt(np.minimum(strength, 200.0)) * _WINDOW
