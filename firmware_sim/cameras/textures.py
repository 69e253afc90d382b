"""Surfaces drawn from chance: plaster, bricks, tiles, asphalt, grass, leaves, clouds, lettering.

Each is a picture (height, width, 3) in float32, BGR, as it would look in white light. The same generator in the same
state gives the same surface. Grain is set in parts of the surface and not in pixels, so that one wall looks the same at
every size of picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Colour = Sequence[float]
Array = Any


def grain(rng: np.random.Generator, height: int, width: int, cells: int, amplitude: float) -> Array:
    """Soft random hills between plus and minus `amplitude`, about `cells` of them along the width."""
    import cv2

    rows = max(2, round(cells * height / max(1, width)))
    grid = rng.random((min(rows, 2 * height), min(max(2, cells), 2 * width)), dtype=np.float32) - 0.5
    return cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * (2 * amplitude)


def plain(height: int, width: int, colour: Colour) -> Array:
    """One colour."""
    return np.full((height, width, 3), colour, np.float32)


def plaster(rng: np.random.Generator, height: int, width: int, colour: Colour) -> Array:
    """A painted wall: stains, fine grain, darker towards the foot."""
    tone = grain(rng, height, width, 5, 7) + grain(rng, height, width, 40, 4) + grain(rng, height, width, 160, 3)
    tone -= (np.linspace(0, 1, height, dtype=np.float32)[:, None] ** 4) * 18
    return plain(height, width, colour) + tone[..., None]


def bricks(rng: np.random.Generator, height: int, width: int, colour: Colour, rows: int = 14) -> Array:
    """Bricks in bond, each of its own shade."""
    per_row = max(2, round(rows * width / max(1, height) / 2.6))
    y = np.arange(height, dtype=np.float32) / height * rows
    x = np.arange(width, dtype=np.float32) / width * per_row
    row = y.astype(int)
    along = x[None, :] + 0.5 * (row % 2)[:, None]
    shade = rng.normal(0, 14, (rows + 1, per_row + 2)).astype(np.float32)
    wall = plain(height, width, colour) + shade[row[:, None], along.astype(int)][..., None]
    mortar = ((along % 1) < 0.07) | ((y % 1) < 0.14)[:, None]
    wall[mortar] = (168, 172, 176)
    return wall + grain(rng, height, width, 90, 5)[..., None]


def tiles(
    rng: np.random.Generator, height: int, width: int, colour: Colour, across: int, down: int, joint: float = 0.05
) -> Array:
    """Paving or floor tiles, each of its own shade, with dark joints."""
    y = np.arange(height, dtype=np.float32) / height * down
    x = np.arange(width, dtype=np.float32) / width * across
    shade = rng.normal(0, 7, (down + 1, across + 1)).astype(np.float32)
    floor = plain(height, width, colour) + shade[y.astype(int)[:, None], x.astype(int)[None, :]][..., None]
    floor[((x % 1) < joint)[None, :] | ((y % 1) < joint)[:, None]] -= 45
    return floor + (grain(rng, height, width, 8, 7) + grain(rng, height, width, 120, 5))[..., None]


def asphalt(rng: np.random.Generator, height: int, width: int, level: float = 92) -> Array:
    """A road: patches, speckle, a few cracks."""
    import cv2

    tone = (
        level + grain(rng, height, width, 6, 12) + grain(rng, height, width, 60, 6) + grain(rng, height, width, 300, 12)
    )
    road = plain(height, width, (1.02, 1.0, 0.99)) * tone[..., None]
    for _ in range(7):
        here = rng.uniform((0, 0), (width, height))
        points = [here]
        for _ in range(6):
            here = here + rng.normal(0, 1, 2) * (width / 22, height / 16)
            points.append(here)
        cv2.polylines(road, [np.array(points, np.int32)], False, (58, 58, 60), max(1, width // 400), cv2.LINE_AA)
    return road


def grass(rng: np.random.Generator, height: int, width: int) -> Array:
    """A lawn with bare places."""
    tone = grain(rng, height, width, 5, 20) + grain(rng, height, width, 70, 14) + grain(rng, height, width, 260, 16)
    lawn = plain(height, width, (52, 112, 82)) + tone[..., None] * (0.6, 1.0, 0.8)
    bare = np.clip(grain(rng, height, width, 9, 1) - 0.55, 0, 1)[..., None] * 2
    return (lawn * (1 - bare) + plain(height, width, (92, 124, 142)) * bare).astype(np.float32)


def leaves(rng: np.random.Generator, height: int, width: int) -> Array:
    """The inside of a crown: lit and dark leaves."""
    tone = grain(rng, height, width, 7, 28) + grain(rng, height, width, 24, 30) + grain(rng, height, width, 60, 24)
    crown = plain(height, width, (40, 88, 62)) + tone[..., None] * (0.55, 1.0, 0.75)
    return (crown + np.linspace(22, -26, height, dtype=np.float32)[:, None, None]).astype(np.float32)


def crown(rng: np.random.Generator, height: int, width: int) -> Array:
    """Where a crown has leaves, 0 to 1, with holes and a ragged edge."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    away = ((x / width - 0.5) / 0.46) ** 2 + ((y / height - 0.5) / 0.46) ** 2
    ragged = grain(rng, height, width, 8, 0.45) + grain(rng, height, width, 26, 0.5)
    return np.clip((1 - away + ragged) * 6, 0, 1).astype(np.float32)


def sky(rng: np.random.Generator, height: int, width: int, cover: float) -> Array:
    """Blue with clouds; the left edge fits the right one, so that it can be drawn past for ever."""
    half = max(2, width // 2)
    hills = grain(rng, height, half, 4, 0.5) + grain(rng, height, half, 11, 0.3) + grain(rng, height, half, 30, 0.12)
    hills = np.concatenate([hills, hills[:, ::-1]], axis=1)[:, :width]
    if hills.shape[1] < width:
        hills = np.concatenate([hills, hills[:, -1:]], axis=1)
    cloud = np.clip((hills + cover - 0.35) * 2.2, 0, 1)[..., None]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    blue = np.array((214, 172, 132), np.float32) * (1 - down) + np.array((226, 212, 196), np.float32) * down
    return (blue * (1 - cloud) + np.array((236, 234, 232), np.float32) * cloud).astype(np.float32)


def lettering(rng: np.random.Generator, board: Array, signs: int, colour: Colour) -> None:
    """Signs like brush-written characters in a row on a board."""
    import cv2

    height, width = board.shape[:2]
    pitch = width / (signs + 0.6)
    side = min(pitch * 0.8, height * 0.7)
    thick = max(1, round(side / 9))
    for number in range(signs):
        left, top = pitch * (number + 0.4), (height - side) / 2
        for _ in range(3):  # strokes across
            y = top + side * rng.uniform(0.05, 0.95)
            start, end = left + side * rng.uniform(0, 0.25), left + side * rng.uniform(0.65, 1)
            cv2.line(board, (round(start), round(y)), (round(end), round(y)), colour, thick, cv2.LINE_AA)
        for _ in range(2):  # strokes down and slanting
            x = left + side * rng.uniform(0.15, 0.85)
            lean = side * rng.uniform(-0.3, 0.3)
            head, foot = top + side * rng.uniform(0, 0.3), top + side
            cv2.line(board, (round(x), round(head)), (round(x + lean), round(foot)), colour, thick, cv2.LINE_AA)
