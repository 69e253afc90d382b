"""What stands still before a camera: a place, and what others have to know of it.

That is where the sky is and where lamps hang (for the light), where leaves move, and along which ways people and cars
go. A place is drawn once, from a seed, at the size that is asked (`grounds.py`). Lengths are parts of the picture: x of
its width, y of its height.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Array = Any
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Way:
    """Where somebody passes: a line on the ground, and how tall a person is at both of its ends."""

    who: str
    """person, car or bicycle"""
    start: Point
    end: Point
    tall: tuple[float, float]
    """Height of a grown person at start and end, in picture heights."""
    every_s: float
    """One passes about this often at a quiet daytime hour."""
    takes_s: float
    """How long the whole way takes."""
    rush: float = 1.0
    """How much the hours of rush matter here."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """A lamp: where its light falls, how far, and its colour."""

    at: Point
    reach: float
    colour: tuple[float, float, float] = (0.62, 0.86, 1.0)


@dataclass(frozen=True, slots=True)
class Tree:
    """A crown that sways; `look` is BGR and how much of it covers."""

    left: int
    top: int
    colours: Array
    cover: Array
    phase: float


@dataclass(slots=True)
class Place:
    """A drawn place."""

    kind: str
    indoors: bool
    still: Array
    """BGR, 8 bit, as in white light"""
    lit: Array | None = None
    """the same with light behind some windows"""
    sky: Array | None = None
    """How much of each pixel is sky, 8 bit; rows below the sky are left out."""
    clouds: Array | None = None
    """BGR strip of sky, wider than the picture."""
    trees: list[Tree] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)
    windows: list[tuple[Point, Point]] = field(default_factory=list)
    """Panes that may glow at night: two corners each."""
    ways: list[Way] = field(default_factory=list)
    shade: list[list[Point]] = field(default_factory=list)
    """Ground that a building shades in the morning; moves over the day."""
