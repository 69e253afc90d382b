"""The shape of plan.yaml: which fields there are and what each may hold. What they mean is checked in `plan_file`."""

import math
from typing import Annotated

from pydantic import AfterValidator, Field

from gateway.config_values import LabelPart, Name, Part, PathText, listed
from gateway.core.plan import GroundKind

MOST_PLANS, MOST_ZONES, MOST_SIGNS, MOST_GROUND, MOST_POINTS = 20, 500, 5_000, 1_000, 500
SIZE_FROM, SIZE_TO = 100, 20_000

_Number = Annotated[float, Field(strict=False, ge=-1e6, le=1e6)]


def _point(numbers: list[float]) -> list[float]:
    if len(numbers) != 2 or not all(math.isfinite(number) for number in numbers):
        raise ValueError("expected a point: [x, y]")
    return numbers


def _size(numbers: list[float]) -> list[float]:
    if len(numbers) != 2 or not all(SIZE_FROM <= number <= SIZE_TO for number in numbers):
        raise ValueError(f"expected width and height, each from {SIZE_FROM} to {SIZE_TO}: [1600, 1000]")
    return numbers


def _at_least(count: int) -> AfterValidator:
    def check(points: list[list[float]]) -> list[list[float]]:
        if len(points) < count:
            raise ValueError(f"expected {count} points or more")
        return points

    return AfterValidator(check)


PointPart = Annotated[list[_Number], AfterValidator(_point)]
Size = Annotated[list[_Number], AfterValidator(_size)]


class OutlinePart(Part):
    """Where a zone lies: the corners of its outline, and where its name stands if not in the middle."""

    outline: Annotated[list[PointPart], Field(max_length=MOST_POINTS), _at_least(3)]
    label: PointPart | None = None


class SignPart(Part):
    """Where a sign stands; `turn`: whither a camera looks, degrees clockwise from up."""

    at: PointPart
    turn: Annotated[_Number, Field(ge=0, le=360)] | None = None


class GroundPart(Part):
    """One thing of the drawing: an `area`, a `line`, or `dots` such as trees."""

    kind: Annotated[GroundKind, listed(GroundKind)]
    area: Annotated[list[PointPart], Field(max_length=MOST_POINTS), _at_least(3)] | None = None
    line: Annotated[list[PointPart], Field(max_length=MOST_POINTS), _at_least(2)] | None = None
    dots: Annotated[list[PointPart], Field(min_length=1, max_length=MOST_POINTS)] | None = None
    width: Annotated[_Number, Field(ge=1, le=500)] = 10
    name: LabelPart | None = None


class PlanPart(Part):
    """One plan. The only one of a site is the whole file, and needs neither id nor name."""

    id: Name | None = None
    name: LabelPart | None = None
    size: Size
    picture: PathText | None = None
    ground: Annotated[list[GroundPart], Field(max_length=MOST_GROUND)] = Field(default_factory=list)
    zones: dict[Name, OutlinePart] = Field(default_factory=dict)
    signs: dict[Name, SignPart] = Field(default_factory=dict)


class PlansFile(Part):
    """plan.yaml of a site with several campuses: each plan has an id and a name."""

    plans: Annotated[list[PlanPart], Field(min_length=1, max_length=MOST_PLANS)]
