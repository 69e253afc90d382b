"""plan.yaml made into plans: shapes first, then whether the zones exist, points lie on the plan, pictures are pictures.

The file may be missing: then a plan is laid out from zones and portals (`core.plan_layout`). A sign may be that of a
device that is yet to be enrolled: an unknown name is no fault. What is not on a plan is told by `notes`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from gateway.config_faults import Fault, FaultList, nearest
from gateway.core.nouns import Campus, Label
from gateway.core.plan import Ground, GroundShape, Picture, Plan, Point, Spot
from gateway.core.plan_spots import not_placed
from gateway.plan_picture import NoPicture, read_picture
from gateway.plan_schema import GroundPart, PlanPart, PlansFile
from gateway.yaml_lines import FieldPath, read_file

FILE = "plan.yaml"
ONE = "campus"
"""What the only plan of a site goes by."""


def load_plans(directory: Path, campus: Campus) -> tuple[tuple[Plan, ...], list[Fault]]:
    """The school's plans in the order of the file, or every fault; none if there is no file."""
    path = directory / FILE
    if not path.exists() and not path.is_symlink():
        return (), []
    document = read_file(path)
    faults = FaultList(path.name, document)
    data = document.data
    if data is None:
        if not faults.faults:
            faults.add((), "is empty; remove it, and a plan is laid out from zones and portals")
        return (), faults.faults
    is_many = isinstance(data, dict) and "plans" in data
    try:
        parts = PlansFile.model_validate(data).plans if is_many else [PlanPart.model_validate(data)]
    except ValidationError as error:
        faults.add_all(error, PlansFile if is_many else PlanPart)
        return (), faults.faults
    plans: list[Plan] = []
    for number, part in enumerate(parts):
        at: FieldPath = ("plans", number) if is_many else ()
        _check(part, at, parts[:number], campus, faults, is_many=is_many)
        picture = None if part.picture is None else _picture(directory, part.picture, at, faults)
        plans.append(_plan(part, campus, picture))
    return (() if faults.faults else tuple(plans)), faults.faults


def notes(directory: Path, plans: Sequence[Plan], campus: Campus, cameras: Iterable[str]) -> list[Fault]:
    """What the school's own plan does not say: zones without an outline, portals and cameras without a sign."""
    if not plans:
        return []
    faults = FaultList(FILE, read_file(directory / FILE))
    many = len(plans) > 1
    named = {name for plan in plans for name in plan.spots}
    known = {*campus.portals, *cameras}
    # What is around everything is no place on a plan: the street, the town.
    zones = [zone for zone in campus.zones if campus.zones[zone].parent is not None]
    for zone in not_placed(plans, zones):
        faults.add(("plans",) if many else ("zones",), f"zone {zone!r} has no outline on the plan")
    strange = named - known
    for what, ids in (("portal", campus.portals), ("camera", cameras)):
        for id in not_placed(plans, ids):
            said = f"{what} {id!r} has no sign on the plan: it is put beside its portal or into its zone"
            faults.add(("plans",) if many else ("signs",), f"{said}{nearest(id, strange, 0.85)}")
    return faults.faults


def _picture(directory: Path, name: str, at: FieldPath, faults: FaultList) -> Picture | None:
    try:
        return read_picture(directory, name)
    except NoPicture as why:
        faults.add((*at, "picture"), f"{name}: {why}")
        return None


def _check(
    part: PlanPart, at: FieldPath, before: Sequence[PlanPart], campus: Campus, faults: FaultList, *, is_many: bool
) -> None:
    if is_many:
        for field in ("id", "name"):
            if getattr(part, field) is None:
                faults.add((*at, field), "is missing: one of several plans needs it")
    if part.id is not None and any(other.id == part.id for other in before):
        faults.add((*at, "id"), f"{part.id!r} is there twice")
    for zone, outline in part.zones.items():
        if zone not in campus.zones:
            faults.add((*at, "zones", zone), f"there is no zone {zone!r} in campus.yaml{nearest(zone, campus.zones)}")
        if any(zone in other.zones for other in before):
            faults.add((*at, "zones", zone), f"zone {zone!r} is on another plan already")
        _check_points(outline.outline, (*at, "zones", zone, "outline"), part, faults)
        if outline.label is not None:
            _check_points([outline.label], (*at, "zones", zone, "label"), part, faults, single=True)
    for id, sign in part.signs.items():
        if id in campus.zones and id not in campus.portals:
            faults.add((*at, "signs", id), f"{id!r} is a zone: it has an outline in `zones`, no sign")
        if any(id in other.signs for other in before):
            faults.add((*at, "signs", id), f"{id!r} is on another plan already")
        _check_points([sign.at], (*at, "signs", id, "at"), part, faults, single=True)
    for number, ground in enumerate(part.ground):
        shapes = [shape for shape in GroundShape if getattr(ground, shape.value) is not None]
        if len(shapes) != 1:
            faults.add((*at, "ground", number), "expected one of area, line, dots")
            continue
        points = getattr(ground, shapes[0].value)
        _check_points(points, (*at, "ground", number, shapes[0].value), part, faults)


def _check_points(
    points: Sequence[Sequence[float]], at: FieldPath, part: PlanPart, faults: FaultList, *, single: bool = False
) -> None:
    width, height = part.size
    for number, (x, y) in enumerate(points):
        if not (0 <= x <= width and 0 <= y <= height):
            where = at if single else (*at, number)
            faults.add(where, f"[{x:g}, {y:g}] does not lie on the plan, which is {width:g} × {height:g}")


def _plan(part: PlanPart, campus: Campus, picture: Picture | None) -> Plan:
    return Plan(
        id=part.id or ONE,
        name=campus.name if part.name is None else Label(part.name.en, part.name.zh),
        size=(part.size[0], part.size[1]),
        zones=MappingProxyType({zone: _points(outline.outline) for zone, outline in part.zones.items()}),
        labels=MappingProxyType(
            {zone: _points([outline.label])[0] for zone, outline in part.zones.items() if outline.label is not None}
        ),
        spots=MappingProxyType({id: Spot(_points([sign.at])[0], sign.turn) for id, sign in part.signs.items()}),
        ground=tuple(_ground(one) for one in part.ground if _shape(one) is not None),
        picture=picture,
    )


def _shape(part: GroundPart) -> GroundShape | None:
    return next((shape for shape in GroundShape if getattr(part, shape.value) is not None), None)


def _ground(part: GroundPart) -> Ground:
    shape = _shape(part) or GroundShape.AREA
    return Ground(
        kind=part.kind,
        shape=shape,
        points=_points(getattr(part, shape.value) or ()),
        width=0.0 if shape is GroundShape.AREA else part.width,
        name=None if part.name is None else Label(part.name.en, part.name.zh),
    )


def _points(points: Sequence[Sequence[float]]) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in points)
