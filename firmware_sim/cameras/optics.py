"""What goes wrong before the sensor: a hand, a bag, a cloth or paint before the lens, a lens out of focus, fog, a mast
that shakes, a camera that was turned; and the harmless things that come close to it.

Each function takes the picture without noise (BGR, 8 bit) and gives another one; none decides when.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from firmware_sim.cameras.spells import Spell
from firmware_sim.cameras.textures import grain

Array = Any


def ramp(since_s: float, takes_s: float) -> float:
    """0 to 1 over a time."""
    return 1.0 if takes_s <= 0 else max(0.0, min(1.0, since_s / takes_s))


def blur(image: Array, spell: Spell, since_s: float) -> Array:
    """Out of focus: a disc in place of each point; grease spreads with a soft skirt instead."""
    import cv2

    radius = spell.of((1.5, 3.5, 6, 12)) * image.shape[1] / 640
    radius *= ramp(since_s, 7.0 if spell.appearance == "slow" else 0.5)
    if radius < 0.3:
        return image
    if spell.appearance == "grease":
        haze = cv2.blur(image, (_odd(radius * 8), _odd(radius * 8)))
        return cv2.addWeighted(cv2.GaussianBlur(image, (0, 0), radius), 0.93, haze, 0.07, 0)
    return cv2.filter2D(image, -1, _disc(round(radius, 2)), borderType=cv2.BORDER_REFLECT)


def _odd(value: float) -> int:
    return max(1, int(value) // 2 * 2 + 1)


@lru_cache(maxsize=64)
def _disc(radius: float) -> Array:
    reach = math.ceil(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return disc / disc.sum()


def occlude(image: Array, spell: Spell, since_s: float, t: float) -> Array:
    """Something before the lens, over a part of the picture; it comes within a second, paint within three."""
    height, width = image.shape[:2]
    share = min(1.0, spell.of((0.3, 0.5, 0.75, 1.0)))
    look = spell.appearance
    cover, thing = _thing(spell.seed, look, round(share, 3), height, width)
    here = ramp(since_s, 3.0 if look == "spray" else 0.7)
    level = (
        np.clip((cover - (1 - here)) * 12, 0, 1)[..., None]
        if here < 1
        else (cover > 0)[..., None] * np.clip(cover * 12, 0, 1)[..., None]
    )
    through = {"bag": 0.16, "cap": 0.0, "hand": 0.0, "cloth": 0.02, "spray": 0.05}[look]
    own = thing
    if look in ("cloth", "bag"):  # it stirs a little in the wind
        own = np.roll(thing, (round(2 * math.sin(t * 0.9)), round(3 * math.sin(t * 0.6 + 1))), axis=(0, 1))
    if look in ("hand", "cap"):  # nothing lights it from behind
        own = own * np.float32(0.9 + 0.02 * math.sin(t * 2.3))
    seen = image.astype(np.float32)
    ambient = max(0.12, min(1.15, float(image.mean()) / 105))
    if through:
        import cv2

        soft = cv2.GaussianBlur(seen, (0, 0), max(1.0, width / 26))
        own = own * ambient * (1 - through) + soft * through
    else:
        own = own * ambient
    return np.clip(seen * (1 - level) + own * level, 0, 255).astype(np.uint8)


@lru_cache(maxsize=24)
def _thing(seed: int, look: str, share: float, height: int, width: int) -> tuple[Array, Array]:
    """How early each pixel is covered (above 0: at last it is), and what is seen there."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x, y = x / width, y / height
    angle = rng.uniform(0, 2 * math.pi)
    away = math.cos(angle) * (x - 0.5) + math.sin(angle) * (y - 0.5)
    if look == "hand":  # fingers side by side, with light between the tips
        across = -math.sin(angle) * (x - 0.5) + math.cos(angle) * (y - 0.5)
        away = (
            away
            + 0.12 * np.abs(np.sin(across * rng.uniform(7, 10) + rng.uniform(0, 3)))
            + grain(rng, height, width, 4, 0.04)
        )
    elif look == "spray":
        away = grain(rng, height, width, 7, 0.5) + grain(rng, height, width, 18, 0.3)
        drips = np.clip(grain(rng, 1, width, 26, 1.0) - 0.2, 0, 1) * (y - 0.2)
        away = away - 0.5 * drips
    else:
        away = away + grain(rng, height, width, 4, 0.16) + grain(rng, height, width, 12, 0.04)
    edge = np.quantile(away, share)
    scale = max(1e-6, float(np.quantile(np.abs(away - edge), 0.95)))
    cover = (
        np.clip((edge - away) / scale, -1, 1)
        if share < 0.999
        else 0.3 + 0.7 * (away.max() - away) / max(1e-6, np.ptp(away))
    )
    thing = np.empty((height, width, 3), np.float32)
    if look == "hand":
        thing[:] = (24, 30, 46)
        thing += grain(rng, height, width, 5, 12)[..., None]
    elif look == "cap":
        thing[:] = rng.uniform(4, 14)
        thing += grain(rng, height, width, 3, 4)[..., None]
    elif look == "bag":
        thing[:] = np.array((188, 190, 192)) * rng.uniform(0.8, 1.15)
        folds = np.abs(grain(rng, height, width, 6, 1) + grain(rng, height, width, 15, 0.5))
        thing += (np.exp(-folds * 14) * 46 - 12 + grain(rng, height, width, 5, 16))[..., None]
    elif look == "cloth":
        thing[:] = rng.uniform(45, 165, 3)
        pitch = max(2.5, width / rng.uniform(90, 160))
        weave = np.sin(x * width / pitch * 2 * math.pi) * np.sin(y * height / pitch * 2 * math.pi)
        folds = np.sin((x * math.cos(angle) + y * math.sin(angle)) * 26 + grain(rng, height, width, 4, 2.4))
        thing += (9 * weave + 16 * folds + grain(rng, height, width, 9, 12))[..., None]
    else:
        thing[:] = rng.uniform(25, 225, 3)
        thing += (grain(rng, height, width, 30, 10) + grain(rng, height, width, 4, 10))[..., None]
    return cover.astype(np.float32), thing


def fog(image: Array, spell: Spell, since_s: float) -> Array:
    """Less contrast: even, or thicker in the distance."""
    share = spell.of((0.4, 0.66, 0.8, 0.92)) * ramp(since_s, 4.0 if spell.appearance == "fog" else 0.6)
    if spell.appearance == "fog":
        height = image.shape[0]
        depth = (share * np.linspace(1.04, 0.72, height, dtype=np.float32))[:, None, None].clip(0, 0.98)
        return (image * (1 - depth) + 200 * depth).astype(np.uint8)
    middle = float(image.mean()) * 0.5 + 64
    return np.clip(image * np.float32(1 - share) + np.float32(middle * share), 0, 255).astype(np.uint8)


def displacement(spell: Spell, since_s: float, room: tuple[float, float]) -> tuple[float, float, float, float]:
    """(dx, dy, degrees, zoom) of a camera that was moved; shifts in parts of the picture, to where there is `room`."""
    look = spell.appearance
    k = ramp(since_s, 12.0 if look == "slow" else 0.8)
    side = 1.0 if room[0] >= 0 else -1.0
    updown = 1.0 if room[1] >= 0 else -1.0
    if look == "rotation":
        return 0.02 * side * k, 0.0, spell.of((1.5, 4, 9, 16)) * k * (1 if spell.seed % 2 else -1), 1.0
    if look == "zoom":
        return 0.0, 0.0, 0.0, 1 + (spell.of((1.04, 1.14, 1.3, 1.6)) - 1) * k
    amount = spell.of((0.03, 0.09, 0.2, 0.33)) * k
    if look == "shift_y":
        return 0.0, amount * updown, 0.0, 1.0
    return amount * side, amount * 0.2 * updown, 0.0, 1.0


def tremble(spell: Spell, t: float) -> tuple[float, float]:
    """Where a shaking mast points at a moment, in parts of the picture's width."""
    far = spell.of((0.006, 0.014, 0.03, 0.05))
    seed = spell.seed % 1000
    x = math.sin(t * 17.3 + seed) + 0.7 * math.sin(t * 29.9 + 2 * seed) + 0.5 * math.sin(t * 7.1)
    y = math.sin(t * 19.7 + seed) + 0.7 * math.sin(t * 31.3 + 3 * seed)
    return far * x, far * 0.6 * y


def somebody_close(image: Array, spell: Spell, since_s: float) -> Array:
    """Somebody, or a lorry, passes right before the lens and fills the picture for a few seconds."""
    import cv2

    height, width = image.shape[:2]
    lorry = spell.finding == "lorry_close"
    takes_s = spell.to_s - spell.from_s if math.isfinite(spell.to_s) else 4.0
    wide = spell.of((0.4, 0.6, 0.8, 1.1)) * (1.5 if lorry else 1.0)
    k = since_s / max(0.1, takes_s)
    rng = np.random.default_rng(spell.seed)
    middle = (-wide / 2 + (1 + wide) * k) if spell.seed % 2 else (1 + wide / 2 - (1 + wide) * k)
    left, right = middle - wide / 2, middle + wide / 2
    layer, mask = image.copy(), np.zeros((height, width), np.uint8)
    coat = [float(c) for c in rng.uniform(30, 190, 3)]
    bright = max(0.2, min(1.2, float(image.mean()) / 110))
    coat = [c * bright for c in coat]

    def at(x: float, y: float) -> list[int]:
        return [round((left + x * (right - left)) * width), round(y * height)]

    parts: list[tuple[list[list[int]], list[float]]]
    if lorry:
        parts = [
            ([at(0, 0.06), at(1, 0.06), at(1, 0.86), at(0, 0.86)], coat),
            ([at(0, 0.86), at(1, 0.86), at(1, 0.93), at(0, 0.93)], [28, 28, 30]),
        ]
        parts += [
            ([at(x, 0.06), at(x + 0.012, 0.06), at(x + 0.012, 0.86), at(x, 0.86)], [c * 0.72 for c in coat])
            for x in (0.12, 0.3, 0.48, 0.66, 0.84)
        ]
        parts += [([at(0.3, 0.3), at(0.7, 0.3), at(0.7, 0.45), at(0.3, 0.45)], [225 * bright] * 3)]
    else:
        body = [at(0.22, 0.3), at(0.78, 0.3), at(0.97, 0.45), at(1.0, 1.05), at(0.0, 1.05), at(0.03, 0.45)]
        fold = [at(0.3, 0.34), at(0.42, 0.32), at(0.4, 1.05), at(0.26, 1.05)]
        head = [at(0.5 + 0.17 * math.cos(a), 0.16 + 0.19 * math.sin(a)) for a in np.arange(0, 2 * math.pi, 0.2)]
        hair = [at(0.5 + 0.18 * math.cos(a), 0.13 - 0.18 * math.sin(a)) for a in np.arange(0, math.pi, 0.2)]
        parts = [
            (body, coat),
            (fold, [min(255, c * 1.2) for c in coat]),
            (head, [118 * bright, 150 * bright, 196 * bright]),
            (hair, [30, 28, 30]),
        ]
    for points, colour in parts:
        outline = np.array(points, np.int32)
        cv2.fillPoly(layer, [outline], colour, cv2.LINE_AA)
        cv2.fillPoly(mask, [outline], 255, cv2.LINE_AA)
    soft = width / 160
    edge = cv2.GaussianBlur(mask, (0, 0), soft)[..., None].astype(np.float32) / 255
    layer = cv2.GaussianBlur(layer, (0, 0), soft)
    return (image * (1 - edge) + layer * edge).astype(np.uint8)


def rain(image: Array, spell: Spell, t: float) -> Array:
    """Streaks of rain, other ones at each moment, in a slightly greyer picture."""
    import cv2

    height, width = image.shape[:2]
    rng = np.random.default_rng([spell.seed, round(t * 1000) % 2**32])
    streaks = np.zeros((height, width), np.uint8)
    for _ in range(round(spell.of((40, 90, 160, 240)))):
        x, y = rng.integers(0, width), rng.integers(-height // 10, height)
        long = rng.uniform(0.025, 0.07) * height
        cv2.line(
            streaks, (int(x), int(y)), (int(x + long / 6), int(y + long)), int(rng.integers(25, 70)), 1, cv2.LINE_AA
        )
    wet = cv2.addWeighted(image, 0.92, np.full_like(image, 150), 0.05, 0)
    return cv2.add(wet, cv2.merge([streaks] * 3))


def headlights(image: Array, spell: Spell, since_s: float) -> Array:
    """A car turns and blinds the camera for about two seconds; the camera shuts its iris meanwhile."""
    from firmware_sim.cameras.scenes import glare

    takes_s = min(2.5, spell.to_s - spell.from_s)
    k = since_s / takes_s
    if not 0 <= k <= 1:
        return image
    strong = math.sin(math.pi * k)
    dimmed = np.clip(image * np.float32(1 - 0.35 * strong), 0, 255).astype(np.uint8)
    for apart in (-0.05, 0.05):
        glare(dimmed, 0.2 + 0.6 * k + apart, 0.55, 0.3, 255 * strong)
    return dimmed
