"""A small yard with people walking in it, drawn for the tests of the checks, and what can go wrong with its camera."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import cv2
import numpy as np

FPS = 5
WIDTH, HEIGHT = 320, 176
SETTLE_S = 4.0
ONSET_S = 5.0
Picture = np.ndarray
_GRAIN = np.random.default_rng(9).normal(0, 1.2, (3, HEIGHT * 2, WIDTH, 1)).astype(np.float32)
Effect = Callable[[Picture, float, np.random.Generator], Picture | None]
"""What becomes of a picture so many seconds after the onset; None: it never comes."""


def hiss(rng: np.random.Generator, sigma: float) -> np.ndarray:
    """Grain that is new in each picture."""
    return rng.standard_normal((HEIGHT, WIDTH, 1), np.float32) * np.float32(sigma)


@cache
def background(seed: int = 1) -> Picture:
    rng = np.random.default_rng(seed)
    ground = cv2.resize(
        rng.random((8, 12, 3)).astype(np.float32), (WIDTH * 2, HEIGHT * 2), interpolation=cv2.INTER_CUBIC
    )
    yard = np.clip(ground * 70 + 70, 0, 255).astype(np.uint8)
    for _ in range(120):
        x, y = int(rng.integers(0, WIDTH * 2)), int(rng.integers(0, HEIGHT * 2))
        size = int(rng.integers(6, 60))
        colour = [int(c) for c in rng.integers(30, 210, 3)]
        cv2.rectangle(yard, (x, y), (x + size, y + int(size * 0.7)), colour, -1)
        cv2.line(yard, (x, y), (x + size * 2, y + size), [255 - c for c in colour], 1)
    return yard


def pictures(
    seconds: float, effect: Effect | None = None, seed: int = 1, people: int = 2
) -> Iterator[tuple[float, Picture | None]]:
    """The camera sees the middle of a wider yard, so that it can be turned; the effect begins at ONSET_S."""
    rng = np.random.default_rng(seed)
    wide = background(seed)
    for step in range(int(seconds * FPS)):
        at_s = step / FPS
        scene = wide.copy()
        for k in range(people):
            x = WIDTH // 2 + int((0.5 + 0.45 * np.sin(at_s * (0.35 + 0.13 * k) + k * 2)) * WIDTH)
            y = HEIGHT // 2 + int(HEIGHT * (0.45 + 0.3 * k / max(1, people)))
            cv2.ellipse(scene, (x, y), (9, 26), 0, 0, 360, (60, 40 + 50 * k, 90), -1)
            cv2.circle(scene, (x, y - 32), 7, (140, 160, 200), -1)
        seen = scene[HEIGHT // 2 : HEIGHT // 2 + HEIGHT, WIDTH // 2 : WIDTH // 2 + WIDTH]
        if effect is not None and at_s >= ONSET_S:
            changed = effect(scene if getattr(effect, "sees_wide", False) else seen, at_s - ONSET_S, rng)
            if changed is None:
                yield at_s, None
                continue
            seen = changed
        if getattr(effect, "is_final", False) and at_s >= ONSET_S:
            yield at_s, seen
            continue
        top = step * 37 % HEIGHT
        yield at_s, to_bytes(seen.astype(np.float32) + _GRAIN[step % 3, top : top + HEIGHT])


def to_bytes(values: np.ndarray) -> Picture:
    return np.clip(values, 0, 255).astype(np.uint8)


def final(effect: Effect) -> Effect:
    """No sensor adds its grain behind this."""
    effect.is_final = True  # type: ignore[attr-defined]
    return effect


def wide(effect: Effect) -> Effect:
    """The effect gets the whole yard and cuts its own view out of it."""
    effect.sees_wide = True  # type: ignore[attr-defined]
    return effect


def view(scene: Picture, right: float = 0.0, down: float = 0.0, turn: float = 0.0, zoom: float = 1.0) -> Picture:
    move = cv2.getRotationMatrix2D((WIDTH + right * WIDTH, HEIGHT + down * HEIGHT), turn, zoom)
    move[0, 2] -= WIDTH / 2 + right * WIDTH
    move[1, 2] -= HEIGHT / 2 + down * HEIGHT
    return cv2.warpAffine(scene, move, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)


def cover(share: float, colour: tuple[int, int, int]) -> Effect:
    def covered(seen: Picture, _s: float, rng: np.random.Generator) -> Picture:
        mask = np.zeros((HEIGHT, WIDTH, 1), np.float32)
        edge = int(WIDTH * share)
        mask[:, :edge] = 1
        mask = cv2.GaussianBlur(mask, (0, 0), 6)[..., None]
        return to_bytes(seen * (1 - mask) + np.array(colour, np.float32) * mask)

    return covered


def stripes(amplitude: float, cycles: float) -> Effect:
    def striped(seen: Picture, after_s: float, _rng: np.random.Generator) -> Picture:
        rows = np.arange(HEIGHT, dtype=np.float32)[:, None, None]
        return to_bytes(seen + amplitude * np.sin(2 * np.pi * (rows * cycles / HEIGHT + after_s * 0.4)))

    return striped


def broken_blocks(seen: Picture, _s: float, rng: np.random.Generator) -> Picture:
    broken = seen.copy()
    for _ in range(40):
        y, x = int(rng.integers(0, HEIGHT // 16)) * 16, int(rng.integers(0, WIDTH // 16)) * 16
        other_y, other_x = int(rng.integers(0, HEIGHT - 16)), int(rng.integers(0, WIDTH - 48))
        part = seen[other_y : other_y + 16, other_x : other_x + 48]
        room = broken[y : y + 16, x : x + 48]
        room[...] = part[: room.shape[0], : room.shape[1]]
    return broken


def shaken(share: float, for_s: float = 1e9) -> Effect:
    def moved(scene: Picture, after_s: float, rng: np.random.Generator) -> Picture:
        if after_s > for_s:
            return view(scene)
        return view(scene, float(rng.normal(0, share)), float(rng.normal(0, share)))

    return wide(moved)


def walking_by(for_s: float, width: float) -> Effect:
    """Somebody who fills much of the picture for some seconds."""

    def passed(seen: Picture, after_s: float, rng: np.random.Generator) -> Picture:
        if after_s > for_s:
            return seen
        near = seen.copy()
        middle = int((after_s / for_s * (1 + width) - width / 2) * WIDTH)
        left, right = max(0, middle - int(width * WIDTH / 2)), max(0, middle + int(width * WIDTH / 2))
        near[HEIGHT // 6 :, left:right] = (70, 60, 110)
        return near

    return passed
