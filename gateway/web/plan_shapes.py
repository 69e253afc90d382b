"""The shapes of the plan: what is drawn, where zones lie, where the sign of each thing stands."""

from datetime import datetime
from typing import Literal

from gateway.web.kiosk_shapes import Both
from gateway.web.shapes import Answer

Point = tuple[float, float]


class GroundInfo(Answer, frozen=True):
    """One thing of the drawing, painted in the colours of the page's theme; `width` of a line or a dot."""

    kind: Literal["green", "water", "paved", "road", "path", "pitch", "building", "wall", "tree"]
    shape: Literal["area", "line", "dots"]
    points: list[Point]
    width: float
    name: Both | None


class PlanZone(Answer, frozen=True):
    """A zone's outline, and where its name stands: at the `corner` of a box that was laid out, in the `middle`, or
    where the school's plan says (`given`)."""

    id: str
    name: Both
    kind: str
    parent: str | None
    outline: list[Point]
    label: Point
    anchor: Literal["corner", "middle", "given"]


class PlanSign(Answer, frozen=True):
    """A sign. `of`: what its id names; a camera that is a device too is one sign, `device` names that.

    `at` is null for what is on no plan. `turn`: whither it looks, degrees clockwise from up. `zone`: where it is; for a
    portal and what stands there the zone that it leads into. `sees`: portals and zones that a camera looks at.
    """

    id: str
    kind: Literal["gate", "lane", "door", "reader", "bollard", "panel", "camera"]
    of: Literal["portal", "camera", "device"]
    name: Both
    at: Point | None
    turn: float | None
    zone: str | None
    portal: str | None
    gate: str | None
    device: str | None
    sees: list[str]


class PlanInfo(Answer, frozen=True):
    """One plan. `laid_out`: nobody drew it, it was made from zones and portals."""

    id: str
    name: Both
    size: Point
    picture: str | None
    laid_out: bool
    ground: list[GroundInfo]
    zones: list[PlanZone]
    signs: list[PlanSign]


class Plans(Answer, frozen=True):
    """Every plan of the site. `elsewhere`: things that are on none. `places`: places of alarms that are no sign
    themselves (a gate, a post, a panel's button), and whose signs they are."""

    at: datetime
    plans: list[PlanInfo]
    elsewhere: list[PlanSign]
    places: dict[str, list[str]]
