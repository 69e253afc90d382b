"""Who passes: people, cars and bicycles along the ways of a place, as a pure function of seed and moment.

Time on each way is cut into slots; chance, fed with the seed, the way and the slot's number, says whether somebody sets
out in it, when, how fast and what they look like. So any moment can be asked for without going through those before it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from firmware_sim.cameras.places import Way

Array = Any

MOST = 3.0
"""At the busiest, this many times as many pass as in a quiet daytime hour."""
_SKIN = ((132, 164, 206), (108, 140, 190), (146, 178, 216))
_CLOTHES = (
    (150, 70, 40), (60, 50, 160), (70, 120, 60), (40, 40, 44), (200, 200, 205), (60, 170, 200), (150, 130, 60),
    (110, 60, 120), (90, 96, 104), (200, 150, 60), (235, 235, 235), (70, 60, 50),
)  # fmt: skip
_PAINT = ((235, 235, 236), (38, 38, 42), (160, 162, 166), (52, 46, 150), (140, 84, 40), (96, 110, 118), (60, 90, 60))


@dataclass(frozen=True, slots=True)
class Passer:
    """Somebody who sets out at a moment."""

    starts: float
    takes_s: float
    aside: float
    size: float
    coat: tuple[int, int, int]
    legs: tuple[int, int, int]
    skin: tuple[int, int, int]
    gait: float
    bag: bool
    kind: int


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody at a moment: foot point and height in parts of the picture, and which way they go."""

    who: str
    x: float
    y: float
    tall: float
    way: tuple[float, float]
    phase: float
    passer: Passer


def busy(hour: float, rush: float) -> float:
    """How many pass in this hour, beside a quiet one in daytime."""
    if hour < 5 or hour >= 23:
        return 0.03
    if hour < 6.5 or hour >= 21:
        return 0.25
    peak = max(
        math.exp(-(((hour - at) / wide) ** 2)) for at, wide in ((7.4, 0.5), (12.0, 0.5), (13.6, 0.4), (17.0, 0.7))
    )
    return 0.5 + (rush - 0.5) * peak * 0.6


def passing(ways: list[Way], seed: int, t: float, hour: float) -> list[Seen]:
    """Everybody who is on their way at a moment, the farthest first."""
    seen = [one for number, way in enumerate(ways) for one in _on(way, number, seed, t, hour)]
    return sorted(seen, key=lambda one: one.y)


def _on(way: Way, number: int, seed: int, t: float, hour: float) -> Iterator[Seen]:
    slot_s = way.every_s / MOST
    share = min(1.0, busy(hour, way.rush) / MOST)
    for slot in range(math.floor((t - way.takes_s * 1.45) / slot_s), math.floor(t / slot_s) + 1):
        if not _sets_out(seed, number, slot, share):
            continue
        passer = _passer(seed, number, slot, slot_s, way.takes_s)
        k = (t - passer.starts) / passer.takes_s
        if 0 <= k <= 1:
            (x0, y0), (x1, y1) = way.start, way.end
            tall = way.tall[0] + (way.tall[1] - way.tall[0]) * k
            # Near things pass quickly: the way is even on the ground and not in the picture.
            if way.tall[0] != way.tall[1]:
                k = k * way.tall[0] / (way.tall[1] + k * (way.tall[0] - way.tall[1]))
                tall = way.tall[0] + (way.tall[1] - way.tall[0]) * k
            x = x0 + (x1 - x0) * k + passer.aside * tall * 0.25
            y = y0 + (y1 - y0) * k + passer.aside * tall * 0.05
            phase = (t - passer.starts) * passer.gait
            yield Seen(way.who, x, y, tall * passer.size, (x1 - x0, y1 - y0), phase, passer)


def _sets_out(seed: int, way: int, slot: int, share: float) -> bool:
    """Chance without a generator: most slots are empty, and this is asked for each of them."""
    mixed = (seed * 0x9E3779B97F4A7C15 + way * 0xBF58476D1CE4E5B9 + slot * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return (mixed ^ (mixed >> 31)) / 2**64 < share


@lru_cache(maxsize=16_384)
def _passer(seed: int, way: int, slot: int, slot_s: float, takes_s: float) -> Passer:
    chance = random.Random((seed * 1_000_003 + way) * 1_000_000_007 + slot)
    return Passer(
        starts=(slot + chance.random()) * slot_s,
        takes_s=takes_s * chance.uniform(0.8, 1.4),
        aside=chance.uniform(-1, 1),
        size=chance.uniform(0.86, 1.06),
        coat=chance.choice(_CLOTHES),
        legs=chance.choice(_CLOTHES[:9]),
        skin=chance.choice(_SKIN),
        gait=chance.uniform(1.6, 2.2),
        bag=chance.random() < 0.5,
        kind=chance.choice((0, 0, 0, 0, 0, 1, 1, 2)),
    )


SHIFT = 4
"""Points are drawn in sixteenths of a pixel, so that slow things do not jump."""


def _at(x: float, y: float) -> tuple[int, int]:
    return round(x * 16), round(y * 16)


def draw(image: Array, seen: Seen, sun: float, shadow: tuple[float, float]) -> None:
    """One passer with their shadow; `shadow` is where the top of an upright thing's shadow falls, in its heights."""
    height, width = image.shape[:2]
    tall = seen.tall * height
    if tall < 3:
        return
    x, y = seen.x * width, seen.y * height
    if sun >= 0:
        wide = 0.2 if seen.who == "person" else 0.9
        _shadow(image, x, y, tall, wide, shadow, 0.16 + 0.3 * sun)
    if seen.who == "car":
        _car(image, seen, x, y, tall)
    else:
        lift = tall * 0.12 if seen.who == "bicycle" else 0.0
        if seen.who == "bicycle":
            _bicycle(image, seen, x, y, tall)
        person(image, seen, x, y - lift, tall)


def _shadow(
    image: Array, x: float, y: float, tall: float, wide: float, shadow: tuple[float, float], strength: float
) -> None:
    import cv2

    dx, dy = shadow[0] * tall * 0.3, shadow[1] * tall * 0.2
    reach = tall * (wide + 0.3 * abs(shadow[0])) + 2
    left, right = max(0, int(x + dx - reach)), min(image.shape[1], int(x + dx + reach) + 1)
    top, bottom = (
        max(0, int(y + min(0, dy) - tall * 0.2) - 1),
        min(image.shape[0], int(y + max(0, dy) + tall * 0.2) + 2),
    )
    if right - left < 2 or bottom - top < 2:
        return
    part = image[top:bottom, left:right]
    dark = np.full(part.shape, 255, np.uint8)
    axes = _at(reach * 0.85, max(1.0, tall * 0.06 + abs(dy) * 0.5))
    level = round(255 * (1 - strength))
    cv2.ellipse(
        dark, _at(x + dx - left, y + dy * 0.5 - top), axes, 0, 0, 360, (level, level, level), -1, cv2.LINE_AA, SHIFT
    )
    cv2.multiply(part, dark, part, 1 / 255)


def person(image: Array, seen: Seen, x: float, y: float, tall: float) -> None:
    """A walking person: legs and arms swing, the head is above a coat, perhaps with a bag."""
    import cv2

    look = seen.passer
    side = min(1.0, abs(seen.way[0]) / (abs(seen.way[0]) + abs(seen.way[1]) + 1e-6) + 0.15)
    facing = 1 if seen.way[0] >= 0 else -1
    swing = math.sin(seen.phase * math.pi * 2 / 2)
    y -= abs(swing) * tall * 0.012
    hip, neck = y - tall * 0.48, y - tall * 0.83
    step = tall * 0.15 * swing * side
    spread = tall * 0.05 * (1.2 - side)
    thick = max(1, round(tall * 0.075))
    for sign in (1, -1):
        foot_x = x + sign * (step + spread)
        lift = max(0.0, sign * math.cos(seen.phase * math.pi)) * tall * 0.05
        shade = look.legs if sign > 0 else tuple(v * 0.75 for v in look.legs)
        cv2.line(image, _at(x + sign * spread * 0.7, hip), _at(foot_x, y - lift), shade, thick, cv2.LINE_AA, SHIFT)
        cv2.line(
            image, _at(foot_x - facing * tall * 0.01, y - lift), _at(foot_x + facing * side * tall * 0.06, y - lift),
            (36, 36, 38), max(1, thick // 2), cv2.LINE_AA, SHIFT,
        )  # fmt: skip
    wide = tall * (0.115 + 0.035 * (1 - side))
    far = tuple(v * 0.7 for v in look.coat)
    arm = tall * 0.13 * swing * side
    cv2.line(
        image,
        _at(x + wide * 0.6, neck + tall * 0.05),
        _at(x + wide * 0.7 - arm, hip + tall * 0.02),
        far,
        max(1, thick * 2 // 3),
        cv2.LINE_AA,
        SHIFT,
    )
    coat = [
        (-0.8, neck),
        (0.8, neck),
        (1.0, neck + tall * 0.1),
        (0.85, hip + tall * 0.06),
        (-0.85, hip + tall * 0.06),
        (-1.0, neck + tall * 0.1),
    ]
    points = np.array([_at(x + k * wide, level) for k, level in coat], np.int32)
    cv2.fillConvexPoly(image, points, look.coat, cv2.LINE_AA, SHIFT)
    lit = tuple(min(255, v * 1.18 + 8) for v in look.coat)
    band = np.array(
        [
            _at(x - wide * 0.9, neck + tall * 0.09),
            _at(x - wide * 0.2, neck + tall * 0.02),
            _at(x - wide * 0.35, hip),
            _at(x - wide * 0.85, hip),
        ],
        np.int32,
    )
    cv2.fillConvexPoly(image, band, lit, cv2.LINE_AA, SHIFT)
    if look.bag:
        middle = _at(x - facing * wide * 0.9 * side, neck + tall * 0.16)
        cv2.ellipse(image, middle, _at(wide * 0.6, tall * 0.1), 0, 0, 360, look.legs, -1, cv2.LINE_AA, SHIFT)
    cv2.line(
        image,
        _at(x - wide * 0.6, neck + tall * 0.05),
        _at(x - wide * 0.7 + arm, hip + tall * 0.02),
        far,
        max(1, thick * 2 // 3),
        cv2.LINE_AA,
        SHIFT,
    )
    head = (x + facing * side * tall * 0.012, neck - tall * 0.075)
    cv2.ellipse(image, _at(*head), _at(tall * 0.062, tall * 0.085), 0, 0, 360, look.skin, -1, cv2.LINE_AA, SHIFT)
    start, end = (180, 360) if seen.way[1] >= -0.15 else (0, 360)
    cv2.ellipse(
        image,
        _at(head[0], head[1] - tall * 0.012),
        _at(tall * 0.066, tall * 0.08),
        0,
        start,
        end,
        (34, 32, 34),
        -1,
        cv2.LINE_AA,
        SHIFT,
    )


def _bicycle(image: Array, seen: Seen, x: float, y: float, tall: float) -> None:
    import cv2

    wheel = tall * 0.2
    thick = max(1, round(tall * 0.025))
    for side in (-1, 1):
        cv2.circle(
            image, _at(x + side * tall * 0.3, y - wheel), round(wheel * 16), (40, 40, 42), thick, cv2.LINE_AA, SHIFT
        )
    frame = [(-0.3, -0.2), (-0.08, -0.45), (0.22, -0.45), (0.3, -0.2), (0.0, -0.2), (-0.08, -0.45)]
    points = np.array([_at(x + dx * tall, y + dy * tall) for dx, dy in frame], np.int32)
    cv2.polylines(image, [points], False, seen.passer.coat, thick, cv2.LINE_AA, SHIFT)


_BODIES = (
    # roof line from the back to the front: (part of length, part of height), and length and height in person heights
    (((0.0, 0.42), (0.12, 0.5), (0.26, 0.97), (0.6, 1.0), (0.74, 0.56), (0.97, 0.46), (1.0, 0.14)), 2.5, 0.84),
    (((0.0, 0.9), (0.03, 1.0), (0.74, 1.0), (0.87, 0.58), (0.98, 0.5), (1.0, 0.12)), 2.9, 1.15),
    (((0.0, 1.0), (0.7, 1.0), (0.71, 0.7), (0.75, 0.92), (0.97, 0.88), (1.0, 0.4), (1.0, 0.12)), 4.3, 1.75),
)


def _car(image: Array, seen: Seen, x: float, y: float, tall: float) -> None:
    import cv2

    roof, length, high = _BODIES[seen.passer.kind]
    long, up = tall * length, tall * high
    facing = 1 if seen.way[0] >= 0 else -1
    paint = _PAINT[(seen.passer.coat[0] + seen.passer.legs[1]) % len(_PAINT)]

    def points(corners: Any) -> Array:
        return np.array([_at(x + facing * (k - 0.5) * long, y - level * up) for k, level in corners], np.int32)

    dark = tuple(v * 0.62 for v in paint)
    cv2.fillPoly(image, [points(((0.0, 0.12), *roof))], paint, cv2.LINE_AA, SHIFT)
    cv2.fillPoly(image, [points(((0.0, 0.12), (0.0, 0.26), (1.0, 0.26), (1.0, 0.12)))], dark, cv2.LINE_AA, SHIFT)
    glass = (120, 104, 88)
    if seen.passer.kind == 0:
        panes: Any = (
            ((0.2, 0.58), (0.29, 0.92), (0.42, 0.94), (0.42, 0.58)),
            ((0.45, 0.58), (0.45, 0.94), (0.58, 0.94), (0.7, 0.58)),
        )
    elif seen.passer.kind == 1:
        panes = (
            ((0.06, 0.62), (0.06, 0.92), (0.36, 0.92), (0.36, 0.62)),
            ((0.42, 0.62), (0.42, 0.92), (0.73, 0.92), (0.83, 0.62)),
        )
    else:
        panes = (((0.78, 0.6), (0.78, 0.84), (0.95, 0.82), (0.98, 0.6)),)
    for pane in panes:
        cv2.fillPoly(image, [points(pane)], glass, cv2.LINE_AA, SHIFT)
    for k in (0.19, 0.8):
        middle = _at(x + facing * (k - 0.5) * long, y - tall * 0.13)
        cv2.circle(image, middle, round(tall * 0.16 * 16), (30, 30, 32), -1, cv2.LINE_AA, SHIFT)
        cv2.circle(image, middle, round(tall * 0.08 * 16), (150, 150, 152), -1, cv2.LINE_AA, SHIFT)
    cv2.fillPoly(
        image, [points(((0.96, 0.34), (0.99, 0.34), (1.0, 0.44), (0.97, 0.44)))], (235, 242, 245), cv2.LINE_AA, SHIFT
    )
    cv2.fillPoly(
        image, [points(((0.0, 0.34), (0.02, 0.34), (0.02, 0.44), (0.0, 0.44)))], (40, 40, 190), cv2.LINE_AA, SHIFT
    )


def headlight(seen: Seen) -> tuple[float, float, float]:
    """Where a car's light shines at night: x, y and reach in parts of the picture."""
    facing = 1 if seen.way[0] >= 0 else -1
    length = _BODIES[seen.passer.kind][1]
    return seen.x + facing * seen.tall * length * 0.34, seen.y - seen.tall * 0.25, seen.tall * 0.8
