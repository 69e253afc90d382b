"""The plan of a campus: what is drawn, where each zone lies, and where the sign of each thing stands.

Frozen values, nothing more. A plan comes from the school's own file (`gateway.plan_file`) or is laid out from zones and
portals (`core.plan_layout`); `core.plan_spots` finds a spot for what nobody has placed. Points are in the plan's own
units, x to the right and y down, both from 0 to its size.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core.nouns import Label

Point = tuple[float, float]


class SignKind(StrEnum):
    """What a sign stands for; each has a symbol of its own."""

    GATE = "gate"
    """A portal that people pass on foot, at the edge of the grounds."""
    LANE = "lane"
    """A portal for vehicles."""
    DOOR = "door"
    """A portal of a dormitory or a restricted room."""
    READER = "reader"
    BOLLARD = "bollard"
    PANEL = "panel"
    CAMERA = "camera"


IS_PORTAL = frozenset({SignKind.GATE, SignKind.LANE, SignKind.DOOR})


class GroundKind(StrEnum):
    """What is drawn under the signs, in the colours of the page's theme."""

    GREEN = "green"
    WATER = "water"
    PAVED = "paved"
    ROAD = "road"
    PATH = "path"
    PITCH = "pitch"
    BUILDING = "building"
    WALL = "wall"
    TREE = "tree"


class GroundShape(StrEnum):
    AREA = "area"
    LINE = "line"
    DOTS = "dots"


@dataclass(frozen=True, slots=True)
class Ground:
    """One thing of the drawing: an area, a line of some width, or dots of it."""

    kind: GroundKind
    shape: GroundShape
    points: tuple[Point, ...]
    width: float = 0.0
    """Of a line, and how large a dot is; an area has none."""
    name: Label | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a sign stands, and whither it looks: degrees clockwise, 0 is up; None: nobody said."""

    at: Point
    turn: float | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture under the plan, as it is sent to browsers: checked, and an SVG written anew."""

    media: str
    body: bytes = field(repr=False)
    tag: str
    """Another one with each other content."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan. Several of them are several campuses."""

    id: str
    name: Label
    size: tuple[float, float]
    zones: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    """The outline of each zone that is on it."""
    labels: Mapping[str, Point] = field(default_factory=dict)
    """Where a zone's name stands, if not in its middle."""
    spots: Mapping[str, Spot] = field(default_factory=dict)
    """By portal, camera or device; devices that are not enrolled yet may have theirs already."""
    ground: tuple[Ground, ...] = ()
    picture: Picture | None = None
    is_laid_out: bool = False
    """Nobody drew it."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that has a sign: a portal, a camera, or a device at a portal or in a zone."""

    id: str
    kind: SignKind
    zone: str | None
    portal: str | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """A thing at its spot."""

    thing: Thing
    spot: Spot


@dataclass(frozen=True, slots=True)
class Signed:
    """A plan with every sign on it."""

    plan: Plan
    signs: tuple[Sign, ...]
