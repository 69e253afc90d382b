"""What goes wrong in the sensor and behind it: exposure, noise, stripes, colours, flicker, damaged data, slates.

Each function takes a picture (BGR, 8 bit) and gives another one; chance comes from the spell and the moment, so that
the same moment looks the same again.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from firmware_sim.cameras.optics import ramp
from firmware_sim.cameras.spells import Spell

Array = Any

BLOCK = 16
"""A macroblock."""


def chance_at(spell: Spell, t: float) -> np.random.Generator:
    """Chance of a spell at a moment."""
    return np.random.default_rng([spell.seed, round(t * 1000) % 2**32])


def black(image: Array, spell: Spell, t: float) -> Array:
    """No light reaches the sensor: its floor and its noise; or nothing at all."""
    if spell.appearance == "flat":
        return np.zeros_like(image)
    level = spell.of((14, 9, 5, 1))
    noise = chance_at(spell, t).normal(level, 0.35 * math.sqrt(level) + 0.4, (*image.shape[:2], 1))
    return np.clip(noise, 0, 255).astype(np.uint8).repeat(3, axis=2)


def overexpose(image: Array, spell: Spell, since_s: float) -> Array:
    """The iris sticks open, or the picture is all white."""
    k = ramp(since_s, 5.0 if spell.appearance == "slow" else 0.6)
    if spell.appearance == "white":
        return np.full_like(image, 254) if k >= 1 else np.clip(image + 254.0 * k, 0, 254).astype(np.uint8)
    gain = 1 + (spell.of((1.8, 2.7, 4.2, 9)) - 1) * k
    lift = (15, 40, 85, 140)[spell.severity - 1] * k
    return np.clip(image * np.float32(gain) + np.float32(lift), 0, 255).astype(np.uint8)


def underexpose(image: Array, spell: Spell, t: float, since_s: float) -> Array:
    """Far too dark, and noisy with it."""
    gain = 1 - (1 - spell.of((0.36, 0.18, 0.09, 0.05))) * ramp(since_s, 0.6)
    noise = chance_at(spell, t).normal(0, 2.4, (*image.shape[:2], 1)).astype(np.float32)
    return np.clip(image * np.float32(gain) + noise, 0, 255).astype(np.uint8)


def noise(image: Array, spell: Spell, t: float) -> Array:
    """Grain of a sensor without light or with a bad cable; snow of a failing link."""
    rng = chance_at(spell, t)
    if spell.appearance == "snow":
        snowy = image.copy()
        where = rng.random(image.shape[:2]) < spell.of((0.02, 0.07, 0.2, 0.5))
        snowy[where] = rng.integers(0, 256, (int(where.sum()), 1), dtype=np.uint8)
        return snowy
    sigma = spell.of((10, 23, 42, 70))
    grey = rng.normal(0, sigma, (*image.shape[:2], 1)).astype(np.float32)
    colour = rng.normal(0, sigma * 0.3, image.shape).astype(np.float32)
    return np.clip(image + grey + colour, 0, 255).astype(np.uint8)


def turn(rounds: float) -> float:
    """The angle after so many rounds, small enough for arrays in single precision."""
    return 2 * math.pi * (rounds % 1)


def stripes(image: Array, spell: Spell, t: float) -> Array:
    """Interference: rolling bars, dead columns, slanting or fine lines."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    strong = spell.of((8, 19, 35, 60))
    rng = np.random.default_rng(spell.seed)
    look = spell.appearance
    if look == "columns":
        bars = (np.sin(x / width * 2 * math.pi * rng.uniform(10, 18)) > 0.75) * 1.6 - 0.5
    elif look == "diagonal":
        bars = np.sin((0.8 * y + 0.6 * x) / height * 2 * math.pi * rng.uniform(8, 12) + turn(0.6 * t))
    elif look == "fine":
        bars = np.sin(y / height * 2 * math.pi * min(height / 4, rng.uniform(45, 70)) + turn(1.2 * t))
    else:
        bars = np.sin(y / height * 2 * math.pi * rng.uniform(4, 8) + turn(0.4 * t))
    return np.clip(image + np.float32(strong) * bars[..., None].astype(np.float32), 0, 255).astype(np.uint8)


_CASTS = {
    "warm": (0.62, 1.0, 1.32), "green": (0.62, 1.3, 0.62), "pink": (1.24, 0.62, 1.3), "blue": (1.42, 0.98, 0.6),
    "red": (0.5, 0.62, 1.42),
}  # fmt: skip


def cast(image: Array, spell: Spell) -> Array:
    """A wrong white balance or a lost channel."""
    strong = spell.of((0.4, 0.75, 1.0, 1.45))
    gains = np.array(_CASTS[spell.appearance], np.float32) ** np.float32(strong)
    return np.clip(image * gains, 0, 255).astype(np.uint8)


def flicker(image: Array, spell: Spell, t: float) -> Array:
    """Brightness jumps to and fro."""
    strong = spell.of((0.08, 0.2, 0.36, 0.55))
    hertz = 2.3 if spell.appearance == "fast" else 1.1
    up = math.sin(2 * math.pi * hertz * (t - spell.from_s) + 0.3) >= 0
    return np.clip(image * np.float32(1 + strong if up else 1 - strong), 0, 255).astype(np.uint8)


def macroblocks(image: Array, spell: Spell, t: float) -> Array:
    """Lost slices of a video stream: runs of blocks from elsewhere, smeared, flat, grey or green."""
    rng = chance_at(spell, t)
    if rng.random() > (0.4, 0.7, 0.85, 1.0)[spell.severity - 1]:
        return image
    damaged = image.copy()
    down, across = image.shape[0] // BLOCK, image.shape[1] // BLOCK
    left = math.ceil(down * across * spell.of((0.03, 0.1, 0.25, 0.55)))
    while left > 0:
        run = int(min(left, rng.integers(2, 20)))
        start, way = int(rng.integers(0, down * across)), rng.random()
        shift = rng.integers((-40, -60), (40, 60))
        paint = (128, 128, 128) if rng.random() < 0.6 else (66, 190, 60)
        for number in range(start, min(start + run, down * across)):
            y, x = number // across * BLOCK, number % across * BLOCK
            block = damaged[y : y + BLOCK, x : x + BLOCK]
            if way < 0.4:
                from_y = int(np.clip(y + shift[0], 0, image.shape[0] - BLOCK))
                from_x = int(np.clip(x + shift[1], 0, image.shape[1] - BLOCK))
                block[:] = image[from_y : from_y + BLOCK, from_x : from_x + BLOCK]
            elif way < 0.7:
                block[:] = damaged[max(0, y - 1), x : x + BLOCK]
            elif way < 0.85:
                block[:] = block.mean(axis=(0, 1))
            else:
                block[:] = paint
        left -= run
    return damaged


def damage_jpeg(jpeg: bytes, spell: Spell, t: float) -> bytes:
    """Flipped bytes in the coded picture, or its end missing; what the header says stays true."""
    rng = chance_at(spell, t)
    start = jpeg.find(b"\xff\xda")
    if start < 0 or len(jpeg) - start < 64:
        return jpeg
    start += 14
    if spell.appearance == "truncated":
        keep = 1 - spell.of((0.15, 0.3, 0.5, 0.75))
        return jpeg[: start + int((len(jpeg) - start) * keep)]
    data = bytearray(jpeg)
    for _ in range(round(spell.of((2, 6, 16, 40)))):
        where = int(rng.integers(start + (len(data) - start) // 20, len(data) - 4))
        # Neither a marker nor half of one: decoders stop at those, and this is to look broken to the end.
        if data[where] != 0xFF and data[where - 1] != 0xFF:
            data[where] = int(rng.integers(0, 0xFE))
    return bytes(data)


def cut_off(image: Array, spell: Spell) -> Array:
    """What a patient decoder makes of a JPEG without its end: grey below."""
    damaged = image.copy()
    damaged[int(image.shape[0] * (1 - spell.of((0.15, 0.3, 0.5, 0.75)))) // BLOCK * BLOCK :] = 128
    return damaged


def slate(image: Array, spell: Spell, t: float) -> Array:
    """What a recorder shows in place of a camera it has lost."""
    import cv2

    height, width = image.shape[:2]
    look = spell.appearance
    if look == "snow":
        return chance_at(spell, t).integers(0, 256, (height, width, 1), dtype=np.uint8).repeat(3, axis=2)
    screen = np.zeros_like(image)
    if look == "bars":
        colours = (
            (190, 190, 190),
            (14, 190, 190),
            (190, 190, 14),
            (14, 190, 14),
            (190, 14, 190),
            (14, 14, 190),
            (190, 14, 14),
        )
        for number, colour in enumerate(colours):
            screen[:, number * width // 7 : (number + 1) * width // 7] = colour
        return screen
    screen[:] = {"blue": (198, 58, 18), "grey": (128, 128, 128)}.get(look, (0, 0, 0))
    if look != "grey":
        scale = max(0.3, height / 420)
        words = "NO SIGNAL" if look == "blue" else "VIDEO LOSS"
        (wide, high), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
        at = ((width - wide) // 2, (height + high) // 2)
        cv2.putText(screen, words, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 1, cv2.LINE_AA)
    return screen
