"""Spots for what nobody has placed on a drawn plan: a reader beside its portal, a camera in its zone.

Promises: what the plan's file says stays as it is; what it does not name is put beside its portal, or into the outline
of its zone or of the next one around it, on the first plan that has it, no two signs nearer than a cell (or a half, a
quarter, an eighth of one, where very many stand in a small outline); what has neither is left over and told. The same
things give the same spots. Leaves to others: whole plans (`core.plan_layout`).
"""

from collections.abc import Iterable, Iterator, Sequence

from gateway.core.nouns import Campus
from gateway.core.plan import IS_PORTAL, Plan, Point, Sign, Signed, Spot, Thing
from gateway.core.plan_layout import lay_out

CELLS = 40
"""So many signs stand side by side along the longer side of a plan."""
DENSER = (1.0, 0.5, 0.25, 0.125)
"""Parts of a cell, tried one after the other."""
ROUNDS = 12
"""How far around its portal a device may be put, in cells."""


def signed(plans: Sequence[Plan], campus: Campus, things: Iterable[Thing]) -> tuple[list[Signed], list[Thing]]:
    """Every plan with its signs, and the things that are on none of them. Without a plan one is laid out."""
    things = sorted(things, key=lambda one: (one.kind not in IS_PORTAL, one.portal or "", one.kind, one.id))
    plans = plans or [lay_out(campus, things)]
    boards = [_Board(plan, campus) for plan in plans]
    left_over: list[Thing] = []
    loose: list[Thing] = []
    for thing in things:
        board = next((board for board in boards if thing.id in board.plan.spots), None)
        if board is None:
            loose.append(thing)
        else:
            board.put(thing, board.plan.spots[thing.id])
    for thing in loose:
        if not any(board.find(thing) for board in boards):
            left_over.append(thing)
    return [Signed(board.plan, tuple(board.signs)) for board in boards], left_over


class _Board:
    """One plan while signs are put on it."""

    def __init__(self, plan: Plan, campus: Campus) -> None:
        self.plan = plan
        self.signs: list[Sign] = []
        self._campus = campus
        self._cell = max(plan.size) / CELLS
        self._taken: dict[tuple[int, int], list[Point]] = {}
        self._portals: dict[str, Point] = {}
        self._begun: dict[str, Iterator[tuple[Point, float]]] = {}
        """By zone: where the search for the next free spot goes on."""

    def put(self, thing: Thing, spot: Spot) -> None:
        self.signs.append(Sign(thing, spot))
        self._taken.setdefault(self._square(spot.at), []).append(spot.at)
        if thing.kind in IS_PORTAL:
            self._portals[thing.id] = spot.at

    def find(self, thing: Thing) -> bool:
        """Put it where it belongs; False if this plan has no such place, or no room there."""
        spot = self._beside(thing) or self._within(thing)
        if spot is not None:
            self.put(thing, Spot(spot))
        return spot is not None

    def _beside(self, thing: Thing) -> Point | None:
        portal = self._portals.get(thing.portal or "")
        if portal is None or thing.kind in IS_PORTAL:
            return None
        return next((point for point in _around(portal, self._cell) if self._is_free(point, 1.0)), None)

    def _within(self, thing: Thing) -> Point | None:
        """In the outline of its zone, or of the next zone around it that has one."""
        if thing.zone not in self._campus.zones:
            return None
        for zone in self._campus.around(thing.zone or ""):
            outline = self.plan.zones.get(zone)
            if outline is not None:
                points = self._begun.setdefault(zone, self._points_of(zone, outline))
                return next((point for point, part in points if self._is_free(point, part)), None)
        return None

    def _points_of(self, zone: str, outline: Sequence[Point]) -> Iterator[tuple[Point, float]]:
        """Points within the outline, first those that lie in no other zone's, ever denser; each with how dense."""
        inner = [
            other
            for id, other in self.plan.zones.items()
            if id != zone and id in self._campus.zones and zone in self._campus.around(id)
        ]
        xs, ys = [x for x, _ in outline], [y for _, y in outline]
        for part in DENSER:
            step = self._cell * part
            crowded = []
            for y in _steps(max(ys) - step / 2, min(ys), -step):
                for x in _steps(min(xs) + step / 2, max(xs), step):
                    if not is_within((x, y), outline):
                        continue
                    if any(is_within((x, y), other) for other in inner):
                        crowded.append(((x, y), part))
                    else:
                        yield (x, y), part
            yield from crowded

    def _is_free(self, at: Point, part: float) -> bool:
        """Inside the plan, and no other sign within nine tenths of this part of a cell."""
        near = self._cell * 0.9 * part
        if any(not near / 2 <= along <= size - near / 2 for along, size in zip(at, self.plan.size, strict=True)):
            return False
        column, row = self._square(at)
        return not any(
            abs(other[0] - at[0]) < near and abs(other[1] - at[1]) < near
            for x in (column - 1, column, column + 1)
            for y in (row - 1, row, row + 1)
            for other in self._taken.get((x, y), ())
        )

    def _square(self, at: Point) -> tuple[int, int]:
        return int(at[0] // self._cell), int(at[1] // self._cell)


def is_within(point: Point, outline: Sequence[Point]) -> bool:
    """True if a point lies inside an outline, however that is bent."""
    x, y = point
    inside = False
    before = outline[-1]
    for corner in outline:
        crosses = (corner[1] > y) != (before[1] > y)
        if crosses and x < (before[0] - corner[0]) * (y - corner[1]) / (before[1] - corner[1]) + corner[0]:
            inside = not inside
        before = corner
    return inside


def not_placed(plans: Sequence[Plan], ids: Iterable[str]) -> list[str]:
    """Which of these the plans' own files do not name, in their order."""
    return [id for id in ids if not any(id in plan.spots or id in plan.zones for plan in plans)]


def _around(at: Point, cell: float) -> Iterator[Point]:
    """Squares around a point, the nearest ring first, each from below on."""
    for ring in range(1, ROUNDS + 1):
        square = [(x, y) for x in range(-ring, ring + 1) for y in range(-ring, ring + 1) if max(abs(x), abs(y)) == ring]
        for x, y in sorted(square, key=lambda one: (abs(one[0]) + abs(one[1]), -one[1], one[0])):
            yield at[0] + x * cell, at[1] + y * cell


def _steps(first: float, last: float, step: float) -> Iterator[float]:
    at = first
    while (at <= last) if step > 0 else (at >= last):
        yield at
        at += step
