"""What one camera sees: a place in its light, with leaves, clouds and people who pass, as the sensor gives it.

`Scene.picture(t)` is a pure function of the scene's description and the moment: the same call gives the same pixels,
and any moment can be asked for. What can be wrong with a picture is not here (`optics.py`, `sensor.py`), nor when
(`camera.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np

from firmware_sim.cameras import grounds, light, places, traffic
from firmware_sim.cameras.grounds import KINDS

Array = Any

NOISE_SIGMA = 32.0
_MARGIN = 64


@dataclass(frozen=True, slots=True)
class Weather:
    """What is unusual, and no fault, at a moment."""

    infrared: bool | None = None
    """True or False overrules the camera's switch between day and infrared."""
    gain: float = 1.0
    """More or less light, as when lamps are switched."""
    wind: float = 1.0
    noise: float = 1.0


USUAL = Weather()


class Scene:
    """One camera's view. Drawing it the first time takes some milliseconds; a picture then little."""

    def __init__(
        self,
        kind: str,
        seed: int,
        width: int = 640,
        height: int = 360,
        *,
        name: str = "",
        utc_offset_s: float = light.CHINA_S,
        clock: bool = True,
        place: int | None = None,
    ) -> None:
        """`name` and time are burnt into the picture unless `clock` is False. Scenes with the same `place` (the seed if
        none is named) look at the same walls and trees, and share their drawing."""
        if not (16 <= width <= 4096 and 16 <= height <= 4096):
            raise ValueError("width, height: expected 16 to 4096")
        self.kind, self.seed, self.width, self.height = kind, seed, width, height
        self.name, self.utc_offset_s, self.clock = name, utc_offset_s, clock
        self._place = _place(kind, seed if place is None else place, width, height)
        self._lighting = light.Lighting(self._place, seed, width, height)
        self._trees = [_Swaying(tree) for tree in self._place.trees]

    def picture(self, t: float, weather: Weather = USUAL) -> Array:
        """BGR, 8 bit, as the sensor gives it at a moment (seconds since 1970, UTC)."""
        image, falling = self.seen(t, weather)
        sensor_noise(image, self.seed, t, falling.noise * weather.noise)
        if self.clock:
            burn_clock(image, self.caption(t))
        return image

    def seen(self, t: float, weather: Weather = USUAL) -> tuple[Array, light.Light]:
        """The same before noise and clock, and the light it was drawn in."""
        import cv2

        falling = light.light_at(t, self.seed, self._place.indoors, self.utc_offset_s, weather.infrared)
        place = self._place
        image = (place.lit if place.lit is not None and light.windows_lit(falling.hour) else place.still).copy()
        self._clouds(cv2, image, t, falling.sky)
        for tree in self._trees:
            tree.draw(cv2, image, t, light.wind(t, self.seed) * weather.wind, falling.infrared)
        passers = traffic.passing(self._place.ways, self.seed, t, falling.hour)
        shadow = (0.0 if place.indoors else -1.6 * math.cos((falling.hour - 6) / 12 * math.pi), 0.25)
        for passer in passers:
            traffic.draw(image, passer, -1 if falling.infrared else falling.sun, shadow)
        if falling.infrared:
            cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR, image)
        map_ = self._lighting.map_of(falling)
        cv2.multiply(image, map_, image, falling.gain * weather.gain / light.ONE)
        if falling.lamps > 0.2:
            for passer in passers:
                if passer.who == "car":
                    glare(image, *traffic.headlight(passer), 150 * falling.lamps)
        return image, falling

    def caption(self, t: float) -> tuple[str, str]:
        """The camera's name and its time as they are burnt in."""
        local = datetime.fromtimestamp(t + self.utc_offset_s, UTC)
        return self.name, f"{local:%Y-%m-%d %H:%M:%S}"

    def _clouds(self, cv2: Any, image: Array, t: float, bright: float) -> None:
        place = self._place
        if place.sky is None or place.clouds is None:
            return
        rows, wide = place.sky.shape[0], place.clouds.shape[1]
        left = int((t + 977 * self.seed) * self.width / 900) % wide
        strip = place.clouds[:, left : left + self.width]
        if strip.shape[1] < self.width:
            strip = np.concatenate([strip, place.clouds[:, : self.width - strip.shape[1]]], axis=1)
        seen = cv2.convertScaleAbs(strip[:rows], alpha=bright)
        cv2.copyTo(seen, place.sky, image[:rows])


class _Swaying:
    """A crown in the wind."""

    def __init__(self, tree: places.Tree) -> None:
        self._tree = tree
        high, wide = tree.cover.shape
        self._y, self._x = np.mgrid[:high, :wide].astype(np.float32)
        self._bend = (1 - self._y / high) ** 1.5
        look = np.dstack([tree.colours, tree.cover * 255]).astype(np.uint8)
        grey = np.clip(tree.colours.mean(axis=2, keepdims=True) * 1.35 + 40, 0, 255).repeat(3, axis=2)
        self._looks = (look, np.dstack([grey, tree.cover * 255]).astype(np.uint8))

    def draw(self, cv2: Any, image: Array, t: float, wind: float, infrared: bool) -> None:
        tree = self._tree
        high, wide = tree.cover.shape
        far = wide * 0.022 * wind
        sway = math.sin(t * 1.9 + tree.phase) + 0.5 * math.sin(t * 4.3 + 2 * tree.phase)
        flutter = np.sin(self._y * (14.0 / high) + np.float32((t * 5.1 + tree.phase) % (2 * math.pi))) * np.float32(
            far * 0.6
        )
        moved = cv2.remap(
            self._looks[infrared], self._x + self._bend * np.float32(far * 1.6 * sway) + flutter, self._y,
            cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0, 0),
        )  # fmt: skip
        top, left = tree.top, tree.left
        part = image[top : top + high, left : left + wide]
        cover = cv2.merge([moved[..., 3]] * 3)
        behind = cv2.multiply(part, cv2.bitwise_not(cover), scale=1 / 255)
        front = cv2.multiply(np.ascontiguousarray(moved[..., :3]), cover, scale=1 / 255)
        cv2.add(behind, front, part)


def sensor_noise(image: Array, seed: int, t: float, sigma: float) -> None:
    """Add the noise of a moment to a picture."""
    import cv2

    if sigma <= 0:
        return
    height, width = image.shape[:2]
    bank = _noise_bank(width, height)
    number = hash((round(t * 1000), seed)) & 0xFFFFFFFF
    y, x = number % _MARGIN, number // _MARGIN % _MARGIN
    k = sigma / NOISE_SIGMA
    cv2.addWeighted(image, 1.0, bank[y : y + height, x : x + width], k, -128.0 * k, image)


def glare(image: Array, x: float, y: float, reach: float, level: float) -> None:
    """Light that blinds the sensor at a place of the picture."""
    import cv2

    height, width = image.shape[:2]
    radius = max(2, round(reach * height))
    px, py = round(x * width), round(y * height)
    left, right = max(0, px - 2 * radius), min(width, px + 2 * radius)
    top, bottom = max(0, py - radius), min(height, py + radius)
    if right - left < 2 or bottom - top < 2:
        return
    ys = ((np.arange(top, bottom, dtype=np.float32) - py) / radius) ** 2
    xs = ((np.arange(left, right, dtype=np.float32) - px) / radius) ** 2
    spot = (np.exp(-3 * ys)[:, None] * np.exp(-1.3 * xs)[None, :] * level).astype(np.uint8)
    part = image[top:bottom, left:right]
    cv2.add(part, cv2.merge([spot, spot, spot]), part)


def burn_clock(image: Array, caption: tuple[str, str]) -> None:
    """Name below on the left, time above on the left, white with a dark edge, as cameras do."""
    import cv2

    height = image.shape[0]
    scale = max(0.25, height / 900)
    thick = max(1, round(height / 480))
    edge = round(height * 0.02) + 1
    for text, y in ((caption[1], edge + round(22 * scale)), (caption[0], height - edge)):
        if text:
            # A thicker text would be a wider one with some fonts of OpenCV; a shadow is the same everywhere.
            under = (edge + thick, y + thick)
            cv2.putText(image, text, under, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), thick, cv2.LINE_AA)
            cv2.putText(image, text, (edge, y), cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), thick, cv2.LINE_AA)


@lru_cache(maxsize=4)
def _noise_bank(width: int, height: int) -> Array:
    """One field of noise for a size of picture; a picture takes a window of it."""
    rng = np.random.default_rng(4711)
    shape = (height + _MARGIN, width + _MARGIN)
    common = rng.standard_normal(shape, dtype=np.float32)
    own = rng.standard_normal((*shape, 3), dtype=np.float32)
    return np.clip(128 + NOISE_SIGMA * (0.9 * common[..., None] + 0.44 * own), 0, 255).astype(np.uint8)


@lru_cache(maxsize=160)
def _place(kind: str, seed: int, width: int, height: int) -> places.Place:
    """Drawn at once at full size; small pictures are drawn larger and made smaller, as a lens does."""
    import cv2

    times = 2 if width < 400 else 1
    place = grounds.build(kind, seed, width * times, height * times)
    if times == 1:
        return place
    place.still = cv2.resize(place.still, (width, height), interpolation=cv2.INTER_AREA)
    if place.lit is not None:
        place.lit = cv2.resize(place.lit, (width, height), interpolation=cv2.INTER_AREA)
    if place.sky is not None and place.clouds is not None:
        rows = max(1, place.sky.shape[0] // times)
        place.sky = cv2.resize(place.sky[: rows * times], (width, rows), interpolation=cv2.INTER_AREA)
        place.clouds = cv2.resize(place.clouds[: rows * times], (2 * width, rows), interpolation=cv2.INTER_AREA)
    place.trees = [_smaller(cv2, tree, times) for tree in place.trees]
    return place


def _smaller(cv2: Any, tree: places.Tree, times: int) -> places.Tree:
    size = (max(2, tree.cover.shape[1] // times), max(2, tree.cover.shape[0] // times))
    return replace(
        tree,
        left=tree.left // times,
        top=tree.top // times,
        colours=cv2.resize(tree.colours, size, interpolation=cv2.INTER_AREA),
        cover=cv2.resize(tree.cover, size, interpolation=cv2.INTER_AREA),
    )


__all__ = ["KINDS", "USUAL", "Scene", "Weather", "burn_clock", "glare", "sensor_noise"]
