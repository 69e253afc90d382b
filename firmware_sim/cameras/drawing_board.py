"""A picture of a place in the making: surfaces, fronts, windows, trees and lamps, drawn from the back to the front."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from firmware_sim.cameras import textures
from firmware_sim.cameras.places import Lamp, Place, Point, Tree

Array = Any


class Board:
    """A picture in the making: float32 BGR, drawn from the back to the front."""

    def __init__(self, kind: str, rng: np.random.Generator, width: int, height: int) -> None:
        self.rng, self.width, self.height = rng, width, height
        self.image = np.zeros((height, width, 3), np.float32)
        self.sky = np.zeros((height, width), np.float32)
        """What is seen of each pixel: 1 is sky, 2 and more the panes of windows, 0 all else."""
        self.horizon = 0.0
        self.place = Place(kind, kind == "corridor", self.image)

    def near(self, value: float, by: float = 0.06) -> float:
        """The value, a little off by chance, so that no two places of a kind are the same."""
        return float(value * (1 + self.rng.uniform(-by, by)))

    def pixel(self, at: Point) -> tuple[int, int]:
        return round(at[0] * self.width), round(at[1] * self.height)

    def box(self, start: Point, end: Point) -> tuple[int, int, int, int]:
        (left, top), (right, bottom) = self.pixel(start), self.pixel(end)
        left, top = max(0, left), max(0, top)
        return left, top, max(left + 1, min(self.width, right)), max(top + 1, min(self.height, bottom))

    def fill(self, start: Point, end: Point, surface: Callable[[int, int], Array]) -> None:
        """A surface seen straight on."""
        left, top, right, bottom = self.box(start, end)
        self.image[top:bottom, left:right] = surface(bottom - top, right - left)
        self.sky[top:bottom, left:right] = 0

    def lay(self, corners: list[Point], surface: Callable[[int, int], Array], rows: int = 3, cols: int = 3) -> None:
        """A surface seen in perspective: far left, far right, near right, near left."""
        import cv2

        height, width = max(24, rows * self.height // 3), max(24, cols * self.width // 3)
        flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        seen = np.array([(x * self.width, y * self.height) for x, y in corners], np.float32)
        turned = cv2.getPerspectiveTransform(flat, seen)
        size = (self.width, self.height)
        laid = cv2.warpPerspective(surface(height, width), turned, size, flags=cv2.INTER_AREA)
        mask = np.zeros((self.height, self.width), np.uint8)
        cv2.fillConvexPoly(mask, np.round(seen).astype(np.int32), 255)
        inside = mask > 0
        self.image[inside] = laid[inside]
        self.sky[inside] = 0

    def poly(self, corners: list[Point], colour: textures.Colour) -> None:
        import cv2

        points = np.array([self.pixel(corner) for corner in corners], np.int32)
        cv2.fillPoly(self.image, [points], colour, cv2.LINE_AA)
        cv2.fillPoly(self.sky, [points], 0.0)

    def rect(self, start: Point, end: Point, colour: textures.Colour) -> None:
        left, top, right, bottom = self.box(start, end)
        self.image[top:bottom, left:right] = colour
        self.sky[top:bottom, left:right] = 0

    def line(self, start: Point, end: Point, colour: textures.Colour, thick: float) -> None:
        import cv2

        pixels = max(1, round(thick * self.height))
        cv2.line(self.image, self.pixel(start), self.pixel(end), colour, pixels, cv2.LINE_AA)
        cv2.line(self.sky, self.pixel(start), self.pixel(end), 0.0, pixels)

    def open_sky(self, horizon: float) -> None:
        """Everything above the horizon is sky until something is drawn before it."""
        self.horizon = horizon
        self.sky[: round(horizon * self.height)] = 1
        rows = max(2, round(horizon * self.height))
        strip = textures.sky(self.rng, rows, 2 * self.width, self.rng.uniform(0.1, 0.6))
        self.place.clouds = np.clip(strip, 0, 255).astype(np.uint8)
        self.image[:rows] = strip[:, : self.width]
        self.image[rows:] = textures.plaster(self.rng, self.height - rows, self.width, (118, 122, 124))

    def window(self, start: Point, end: Point, frame: textures.Colour = (196, 200, 204)) -> None:
        """A window with frame, panes and perhaps a curtain."""
        left, top, right, bottom = self.box(start, end)
        high, wide = bottom - top, right - left
        self.image[top:bottom, left:right] = frame
        self.sky[top:bottom, left:right] = 0
        edge = max(1, round(min(high, wide) * 0.09))
        if high > 2 * edge + 1 and wide > 2 * edge + 1:
            glass = np.linspace(118, 62, high - 2 * edge, dtype=np.float32)[:, None, None] * (1.12, 1.0, 0.88)
            glass = np.broadcast_to(glass, (high - 2 * edge, wide - 2 * edge, 3)).copy()
            if self.rng.random() < 0.4:
                drawn = max(1, round(glass.shape[1] * self.rng.uniform(0.2, 0.5)))
                glass[:, :drawn] = self.rng.uniform(120, 200, 3)
            self.image[top + edge : bottom - edge, left + edge : right - edge] = glass
            middle = (left + right) // 2
            self.image[top:bottom, middle : middle + edge] = frame
        self.place.windows.append((start, end))
        self.sky[top:bottom, left:right] = 1 + len(self.place.windows)

    def front(self, start: Point, end: Point, colour: textures.Colour, floors: int, per_floor: int) -> None:
        """A building's front: bricks or plaster, rows of windows, a sill under each row, an edge of roof."""
        (left, top), (right, bottom) = start, end
        if self.rng.random() < 0.5:
            self.fill(start, end, lambda h, w: textures.bricks(self.rng, h, w, colour, rows=floors * 9))
        else:
            self.fill(start, end, lambda h, w: textures.plaster(self.rng, h, w, colour))
        high, wide = (bottom - top) / floors, (right - left) / per_floor
        for floor in range(floors):
            y = top + high * floor
            self.rect((left, y + high * 0.88), (right, y + high * 0.93), tuple(c * 0.72 for c in colour))
            for number in range(per_floor):
                x = left + wide * number
                self.window((x + wide * 0.2, y + high * 0.2), (x + wide * 0.8, y + high * 0.8))
        self.rect((left, top - 0.012), (right, top + 0.008), tuple(c * 0.55 for c in colour))

    def board(self, start: Point, end: Point, signs: int, colour: textures.Colour, ink: textures.Colour) -> None:
        """A sign with lettering."""
        self.rect(start, end, colour)
        left, top, right, bottom = self.box(start, end)
        textures.lettering(self.rng, self.image[top:bottom, left:right], signs, ink)

    def tree(self, foot: Point, tall: float, wide: float) -> None:
        """A trunk on the ground and a crown that will sway."""
        x, y = foot
        self.line((x, y), (x + self.rng.uniform(-0.01, 0.01), y - tall * 0.6), (58, 74, 92), tall * 0.05)
        left, top, right, bottom = self.box((x - wide / 2, y - tall), (x + wide / 2, y - tall * 0.3))
        high, across = bottom - top, right - left
        if high < 4 or across < 4:
            return
        colours = np.clip(textures.leaves(self.rng, high, across), 0, 255)
        cover = textures.crown(self.rng, high, across)
        self.place.trees.append(
            Tree(left, top, colours.astype(np.float32), cover.astype(np.float32), float(self.rng.uniform(0, 6.3)))
        )

    def lamp(self, at: Point, reach: float, foot: float | None = None) -> None:
        """A lamp, on a post if it stands on the ground."""
        if foot is not None:
            self.line((at[0], foot), at, (78, 80, 82), 0.012)
            self.rect((at[0] - 0.012, at[1] - 0.012), (at[0] + 0.03, at[1] + 0.012), (205, 214, 220))
        self.place.lamps.append(Lamp(at, reach))

    def fence(self, left: float, right: float, top: float, bottom: float, pitch: float) -> None:
        """Iron bars with two rails."""
        for x in np.arange(left, right, pitch):
            self.line((float(x), top), (float(x), bottom), (48, 50, 54), 0.006)
        for y in (top + 0.02, bottom - 0.03):
            self.line((left, y), (right, y), (48, 50, 54), 0.009)

    def done(self) -> Place:
        place = self.place
        place.still = np.clip(self.image, 0, 255).astype(np.uint8)
        place.lit = self._with_windows_lit(place.still) if place.windows else place.still
        rows = round(self.horizon * self.height)
        if rows and place.clouds is not None:
            place.sky = np.repeat(((self.sky[:rows] == 1) * np.uint8(255))[..., None], 3, axis=2)
        return place

    def _with_windows_lit(self, still: Array) -> Array:
        """Where glass is still to be seen (no tree, no pillar was drawn over it), about half of the windows glow."""
        lit = still.copy()
        for number, (start, end) in enumerate(self.place.windows):
            if self.rng.random() < 0.5:
                left, top, right, bottom = self.box(start, end)
                glass = self.sky[top:bottom, left:right] == number + 2
                warm = np.array((170, 235, 255), np.float32) * self.rng.uniform(0.75, 1.0)
                pane = lit[top:bottom, left:right]
                pane[glass] = np.clip(pane[glass] * 0.35 + warm * 0.75, 0, 255).astype(np.uint8)
        return lit
