"""What light there is at a moment: day, dusk, lamps, infrared, clouds, and how a camera exposes it.

A camera evens out most of what the sun does: from noon to dusk the light falls by a factor of thousands and the picture
to a half. What is left of it is here, as numbers; `Lighting` turns them into a map that a place is multiplied by.

Moments are seconds since 1970 in UTC; the hour that counts is that of the place (`utc_offset_s`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from firmware_sim.cameras.places import Place

Array = Any

CHINA_S = 8 * 3600
"""The clock of the example campus."""
ONE = 72.0
"""Full light in an 8-bit map: lamps at night give up to three times what falls from the sky."""
SWITCH_S = 0.4
"""The infrared filter moves: so long the picture is dark."""


@dataclass(frozen=True, slots=True)
class Light:
    """The light of one moment."""

    gain: float
    colour: tuple[float, float, float]
    """of what falls from the sky, BGR"""
    lamps: float
    """0 to 1: how much the lamps count in the picture"""
    infrared: bool
    sun: float
    """0 (none or behind clouds) to 1: how hard shadows are"""
    noise: float
    """sigma of the sensor's noise, in grey values"""
    hour: float
    sky: float = 1.0
    """how bright the sky is beside the ground: at night it is dark"""


def hour_of(t: float, utc_offset_s: float = CHINA_S) -> float:
    """The local hour, 0 to 24."""
    return ((t + utc_offset_s) % 86_400) / 3600


def moment(hour: float, day: int = 20_779, utc_offset_s: float = CHINA_S) -> float:
    """The moment of a local hour on a day (since 1970); a Saturday in November 2026 if none is named."""
    return day * 86_400 + hour * 3600 - utc_offset_s


def height_of_sun(hour: float) -> float:
    """-1 to 1; 0 at six in the morning and in the evening."""
    return math.sin((hour - 6) / 12 * math.pi)


def light_at(t: float, seed: int, indoors: bool, utc_offset_s: float = CHINA_S, infrared: bool | None = None) -> Light:
    """The light at a moment. `infrared` True or False overrules the camera's own switch."""
    hour = hour_of(t, utc_offset_s)
    own = (seed * 2654435761 % 2**32) / 2**32
    if indoors:
        return _indoors(hour, own, infrared)
    sun = height_of_sun(hour)
    switch_at = -0.16 - 0.1 * own  # each camera's sensor has a threshold of its own
    has_infrared = own < 0.75
    dark = sun < switch_at and has_infrared
    if infrared is not None:
        dark = infrared
    clouds = cloudiness(t, seed)
    if dark:
        return Light(0.95, (1, 1, 1), 0.15, True, 0.0, 4.5, hour, sky=0.14)
    day = min(1.0, max(0.0, (sun + 0.12) / 0.42))
    gain = (0.36 + 0.69 * day) * (1 - 0.16 * clouds * day)
    blue = max(0.0, 1 - abs(sun) / 0.15) if sun < 0.1 else 0.0
    low = max(0.0, 1 - abs(sun - 0.16) / 0.16)  # a low sun is yellow
    colour = (1 + 0.16 * blue - 0.12 * low, 1 - 0.01 * blue, 1 - 0.1 * blue + 0.06 * low)
    hard = max(0.0, min(1.0, sun * 2.2)) * (1 - 0.85 * clouds)
    sky = max(0.2, min(1.0, 0.5 + sun * 3))
    return Light(gain, colour, max(0.0, min(1.0, (0.06 - sun) / 0.18)), False, hard, 1.6 + 3.4 * (1 - day), hour, sky)


def _indoors(hour: float, own: float, infrared: bool | None) -> Light:
    lit = 6.2 + 0.4 * own <= hour < 22.4 + 0.5 * own
    dark = not lit if infrared is None else infrared
    if dark:
        return Light(0.85, (1, 1, 1), 0.2, True, 0.0, 5.0, hour)
    day = max(0.0, height_of_sun(hour))
    return Light(0.86 + 0.1 * day, (1.0 - 0.02 * day, 1.0, 1.0), 0.5, False, 0.35, 2.2, hour)


def windows_lit(hour: float) -> bool:
    """Whether people have light on behind their windows."""
    return 16.8 <= hour < 22.6 or 5.9 <= hour < 7.1


def cloudiness(t: float, seed: int) -> float:
    """0 to 1, as clouds pass: some minutes between light and shade."""
    a = math.sin(t / 97 + seed) + math.sin(t / 41 + 2.1 * seed) * 0.6 + math.sin(t / 311 + 0.7 * seed)
    return 1 / (1 + math.exp(-3.0 * (a - 0.4)))


def wind(t: float, seed: int) -> float:
    """0.2 to 1: gusts."""
    a = math.sin(t / 7.3 + seed) * math.sin(t / 3.1 + 1.7 * seed) + 0.5 * math.sin(t / 19 + seed)
    return 0.2 + 0.8 * max(0.0, min(1.0, 0.5 + 0.5 * a))


class Lighting:
    """The light of a place as a map to multiply it by; the last maps are remembered."""

    def __init__(self, place: Place, seed: int, width: int, height: int) -> None:
        self._place, self._seed, self._width, self._height = place, seed, width, height
        self._maps: dict[Light, Array] = {}
        self._rows, self._cols = max(12, height // 8), max(16, width // 8)
        y, x = np.mgrid[: self._rows, : self._cols].astype(np.float32)
        self._x, self._y = x / self._cols, y / self._rows
        self._edges = (1 - 0.32 * ((self._x - 0.5) ** 2 + (self._y - 0.5) ** 2))[..., None]
        # The camera's own lamp: bright in the middle and near, dark at the edges.
        self._spot = 0.22 + 0.95 * np.exp(-(((self._x - 0.5) / 0.42) ** 2 + ((self._y - 0.54) / 0.44) ** 2))[..., None]
        self._fall = np.zeros((self._rows, self._cols, 3), np.float32)
        for lamp in place.lamps:
            away = ((self._x - lamp.at[0]) / lamp.reach) ** 2
            away += ((self._y - lamp.at[1] - lamp.reach * 0.5) / lamp.reach) ** 2
            self._fall += np.exp(-1.6 * away)[..., None] * np.array(lamp.colour, np.float32)
        self._an_hour = 30 if width >= 400 else 6
        """How often in an hour the shade is drawn anew: before it has wandered by a pixel or two."""

    def map_of(self, light: Light) -> Array:
        """Three channels, 8 bit, `ONE` is full light; the same for some minutes of the same weather."""
        # In steps, and drawn from the steps: which moment was asked for first must not be seen in a picture.
        b, g, r = (round(value * 80) / 80 for value in light.colour)
        sun = round(light.sun * 10) / 10
        lamps = round(light.lamps * 40) / 40
        steps = replace(
            light, gain=round(light.gain * 40) / 40 if lamps else 1.0, colour=(b, g, r), lamps=lamps, sun=sun, sky=1.0,
            noise=0.0, hour=round(light.hour * self._an_hour) / self._an_hour if sun else 0.0,
        )  # fmt: skip
        found = self._maps.get(steps)
        if found is None:
            if len(self._maps) > 2:
                self._maps.clear()
            found = self._maps[steps] = self._draw(steps)
        return found

    def _draw(self, light: Light) -> Array:
        import cv2

        if light.infrared:
            level = self._spot.repeat(3, axis=2)
        else:
            level = np.empty((self._rows, self._cols, 3), np.float32)
            level[:] = light.colour
            if light.sun > 0.02 and self._place.shade:
                level *= (1 - 0.34 * light.sun * self._shade(light.hour))[..., None]
        if light.lamps > 0.01:
            strength = 0.3 if self._place.indoors else 0.55 / light.gain
            level += light.lamps * strength * self._fall
        level *= self._edges
        level *= ONE
        big = cv2.resize(level, (self._width, self._height), interpolation=cv2.INTER_LINEAR)
        # Rounding would leave rings in a smooth sky; a fixed grain hides them, as a real sensor's does.
        cv2.add(big, _grain(self._width, self._height), big)
        return cv2.convertScaleAbs(big)

    def _shade(self, hour: float) -> Array:
        """Where the buildings' shade falls: it wanders over the day."""
        import cv2

        mask = np.zeros((self._rows, self._cols), np.float32)
        shift = (hour - 12) * 0.045
        for corners in self._place.shade:
            points = [((x + shift) * self._cols, (y + abs(shift) * 0.15) * self._rows) for x, y in corners]
            cv2.fillPoly(mask, [np.round(np.array(points) * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
        return cv2.GaussianBlur(mask, (0, 0), max(0.6, self._cols / 160))


@lru_cache(maxsize=4)
def _grain(width: int, height: int) -> Array:
    one = np.random.default_rng(11).random((height, width, 1), dtype=np.float32) - 0.5
    return np.ascontiguousarray(one.repeat(3, axis=2))
