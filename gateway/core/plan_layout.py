"""A plan for a campus that nobody has drawn: zones as boxes within boxes, portals on their borders, the rest beside.

Promises: every zone has a box that lies within its parent's and overlaps no sibling; every portal stands on the border
of the zone into which it leads, portals of one gate side by side; what stands at a portal is lined up behind it, what
stands in a zone lies in rows at the bottom of its box; no two signs at one spot, all inside the plan. The same campus
gives the same plan. It is a schematic: it says what is within what, not where north is.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from gateway.core.nouns import Campus, Label, Portal
from gateway.core.plan import IS_PORTAL, Plan, Point, Spot, Thing

CELL = 60.0
"""What a sign with its word takes, in the plan's units."""
PAD = 36.0
"""Between a box and what is in it."""
TITLE = 44.0
"""The height of a zone's name and level."""
BEHIND = 3
"""So many devices line up behind a portal; more make a second line."""
LABEL_IN = (14.0, 30.0)
"""From the upper left corner of a box to where its name begins."""
LATIN, CHINESE = 13.0, 22.0
"""What a letter of a zone's name takes, when the whole plan is seen."""
READ_AT = 1_700.0
"""On a plan as wide as this names take what `TITLE` says."""
MOST_ROWS = 12
WIDER_THAN_HIGH = 1.8
"""As screens are."""


@dataclass(slots=True)
class _Box:
    """One zone while it is laid out: first how large, then where."""

    zone: str
    above: list[Portal]
    """Portals on its upper border."""
    below: list[Portal]
    inner: "list[_Box]"
    things: list[Thing]
    """What stands in the zone itself."""
    width: float = 0.0
    height: float = 0.0
    at: Point = (0.0, 0.0)
    rows: "list[list[_Box]]" = field(default_factory=list)


def lay_out(campus: Campus, things: Iterable[Thing]) -> Plan:
    """The plan of a campus on which every one of these things has a spot, if its portal or zone exists."""
    things = list(things)
    at_portal: dict[str, list[Thing]] = {portal: [] for portal in campus.portals}
    in_zone: dict[str, list[Thing]] = {zone: [] for zone in campus.zones}
    for thing in sorted(things, key=lambda one: (one.kind, one.id)):
        if thing.kind in IS_PORTAL:
            continue
        if thing.portal in at_portal:
            at_portal[thing.portal or ""].append(thing)
        elif thing.zone in in_zone:
            in_zone[thing.zone or ""].append(thing)
    roots = [zone for zone in campus.zones if campus.zones[zone].parent not in campus.zones]
    boxes: list[_Box] = []
    width, height, text, largest = 0.0, 0.0, 1.0, 1.0
    for _ in range(2):  # names are read with all of the plan in view: on a larger plan they take more of it
        boxes = [_box(campus, zone, in_zone) for zone in roots]
        for box in boxes:
            _measure(campus, box, at_portal, text)
        rows = min(_ways(boxes), key=_unlike_a_screen)
        width, height = _extent(rows)
        _put_rows(rows, (CELL, CELL), at_portal, text)
        largest = text
        text = max(1.0, width / READ_AT, height * WIDER_THAN_HIGH / READ_AT)
        if text <= largest:
            break
    zones: dict[str, tuple[Point, ...]] = {}
    spots: dict[str, Spot] = {}
    for box in boxes:
        _read_off(box, at_portal, zones, spots)
    return Plan(
        id="campus",
        name=Label(campus.name.en, campus.name.zh),
        size=(width + 2 * CELL, height + 2 * CELL),
        zones=MappingProxyType(zones),
        labels=MappingProxyType(
            {zone: (x + LABEL_IN[0] * largest, y + LABEL_IN[1] * largest) for zone, ((x, y), *_) in zones.items()}
        ),
        spots=MappingProxyType(spots),
        is_laid_out=True,
    )


def _box(campus: Campus, zone: str, in_zone: Mapping[str, list[Thing]]) -> _Box:
    """A zone with all that it contains. Gates take turns above and below; a door of a building is below."""
    own = [portal for portal in campus.portals.values() if portal.zone == zone]
    gates = list(dict.fromkeys(portal.gate for portal in own if portal.gate is not None))
    upper = {gate for number, gate in enumerate(gates) if number % 2 == 0}
    inner = [_box(campus, one.id, in_zone) for one in campus.zones.values() if one.parent == zone]
    return _Box(
        zone,
        above=[portal for gate in gates if gate in upper for portal in own if portal.gate == gate],
        below=[portal for gate in gates if gate not in upper for portal in own if portal.gate == gate]
        + [portal for portal in own if portal.gate is None],
        inner=inner,
        things=in_zone[zone],
    )


# ------------------------------------------------------------ how large


def _measure(campus: Campus, box: _Box, at_portal: Mapping[str, Sequence[Thing]], text: float) -> None:
    """The size of a box and of all in it. Of the ways to put what is in it into rows the one is taken that makes the
    box most like a screen."""
    for one in box.inner:
        _measure(campus, one, at_portal, text)
    border = max(_border_width(box.above, at_portal), _border_width(box.below, at_portal))
    least = max(border, text * _name_width(campus.zones[box.zone].name), CELL * min(len(box.things), 4), 3 * CELL)
    if len(box.things) > 8:  # many things make a wide box, not a tower
        least = max(least, (len(box.things) * WIDER_THAN_HIGH) ** 0.5 * CELL)
    best = None
    for rows in _ways(box.inner):
        inner_width, inner_height = _extent(rows)
        width = max(inner_width, least)
        high = (
            _depth(box.above, at_portal)
            + TITLE * text
            + PAD
            + inner_height
            + (PAD if rows else 0.0)
            + CELL * _rows_of_things(len(box.things), width)
            + _depth(box.below, at_portal)
            + PAD
        )
        wrong = abs(math.log((width + 2 * PAD) / high / WIDER_THAN_HIGH))
        if best is None or wrong < best[0]:
            best = (wrong, rows, width + 2 * PAD, high)
    if best is not None:
        _, box.rows, box.width, box.height = best


def _name_width(name: Label) -> float:
    return max(len(name.en) * LATIN, len(name.zh) * CHINESE)


def _rows_of_things(count: int, width: float) -> int:
    return -(-count // max(1, int(width // CELL)))


def _per_row(box: _Box) -> int:
    return max(1, int((box.width - 2 * PAD) // CELL))


def _lines(portal: Portal, at_portal: Mapping[str, Sequence[Thing]]) -> int:
    return max(1, -(-len(at_portal[portal.id]) // BEHIND))


def _border_width(portals: Sequence[Portal], at_portal: Mapping[str, Sequence[Thing]]) -> float:
    gaps = len({portal.gate or portal.id for portal in portals})
    return CELL * (sum(_lines(portal, at_portal) for portal in portals) + max(0, gaps - 1))


def _depth(portals: Sequence[Portal], at_portal: Mapping[str, Sequence[Thing]]) -> float:
    """How far what stands behind portals reaches into the box."""
    if not portals:
        return 0.0
    return CELL * (max(min(BEHIND, len(at_portal[portal.id])) for portal in portals) + 0.5)


def _ways(boxes: Sequence[_Box]) -> list[list[list[_Box]]]:
    """Boxes in rows, in their order: one row, two, and so on."""
    if not boxes:
        return [[]]
    widths = sorted((box.width + PAD for box in boxes), reverse=True)
    counts = {-(-len(boxes) // number) for number in range(1, MOST_ROWS + 1)}
    return [_shelves(boxes, sum(widths[:count])) for count in sorted(counts)]


def _shelves(boxes: Sequence[_Box], wide: float) -> list[list[_Box]]:
    rows: list[list[_Box]] = [[]]
    for box in boxes:
        used = sum(one.width + PAD for one in rows[-1])
        if rows[-1] and used + box.width > wide:
            rows.append([])
        rows[-1].append(box)
    return rows


def _unlike_a_screen(rows: Sequence[Sequence[_Box]]) -> float:
    width, height = _extent(rows)
    return abs(math.log(width / height / WIDER_THAN_HIGH)) if width and height else 0.0


def _extent(rows: Sequence[Sequence[_Box]]) -> tuple[float, float]:
    width = max((sum(box.width for box in row) + PAD * (len(row) - 1) for row in rows), default=0.0)
    height = sum(max(box.height for box in row) for row in rows) + PAD * max(0, len(rows) - 1)
    return width, height


# ------------------------------------------------------------ where


def _put_rows(rows: Sequence[Sequence[_Box]], at: Point, at_portal: Mapping[str, Sequence[Thing]], text: float) -> None:
    top = at[1]
    for row in rows:
        left = at[0]
        for box in row:
            box.at = (left, top)
            inside = (left + PAD, top + _depth(box.above, at_portal) + TITLE * text + PAD)
            _put_rows(box.rows, inside, at_portal, text)
            left += box.width + PAD
        top += max(box.height for box in row) + PAD


def _read_off(
    box: _Box,
    at_portal: Mapping[str, Sequence[Thing]],
    zones: dict[str, tuple[Point, ...]],
    spots: dict[str, Spot],
) -> None:
    """What was laid out, as outlines and spots; a box before those in it."""
    (left, top), right, bottom = box.at, box.at[0] + box.width, box.at[1] + box.height
    zones[box.zone] = ((left, top), (right, top), (right, bottom), (left, bottom))
    _along(box.above, left, box.width, top, 1, at_portal, spots)
    _along(box.below, left, box.width, bottom, -1, at_portal, spots)
    per_row = _per_row(box)
    rows = _rows_of_things(len(box.things), box.width - 2 * PAD)
    first = bottom - _depth(box.below, at_portal) - PAD - CELL * (rows - 0.5)
    for number, thing in enumerate(box.things):
        row, column = divmod(number, per_row)
        spots[thing.id] = Spot((left + PAD + CELL * (column + 0.5), first + CELL * row))
    for one in box.inner:
        _read_off(one, at_portal, zones, spots)


def _along(
    portals: Sequence[Portal],
    left: float,
    width: float,
    border: float,
    inward: int,
    at_portal: Mapping[str, Sequence[Thing]],
    spots: dict[str, Spot],
) -> None:
    """Portals in the middle of a border, a gap between gates, and behind each what stands there."""
    x = left + (width - _border_width(portals, at_portal)) / 2
    before: str | None = None
    for portal in portals:
        group = portal.gate or portal.id
        if before not in (None, group):
            x += CELL
        before = group
        lines = _lines(portal, at_portal)
        spots[portal.id] = Spot((x + CELL * lines / 2, border))
        for number, thing in enumerate(at_portal[portal.id]):
            line, row = divmod(number, BEHIND)
            spots[thing.id] = Spot((x + CELL * (line + 0.5), border + inward * CELL * (row + 1)))
        x += CELL * lines
