"""The plan that is laid out by itself, and spots for what nobody has placed: everything on it, nothing on top of
another, the same each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

from gateway.core.kinds import Direction, PortalKind, ZoneKind
from gateway.core.nouns import Campus, Portal, Zone
from gateway.core.plan import Plan, Point, Signed, SignKind, Spot, Thing
from gateway.core.plan_layout import CELL, lay_out
from gateway.core.plan_spots import is_within, signed
from tests.core.campus import PORTALS, campus, name
from tests.core.random_campus import Chance, random_campus

KINDS = (SignKind.READER, SignKind.BOLLARD, SignKind.PANEL, SignKind.CAMERA)


def portals_of(of: Campus) -> list[Thing]:
    return [Thing(portal.id, SignKind.GATE, portal.zone, portal.id) for portal in of.portals.values()]


def crowd(of: Campus, chance: Chance, many: int) -> list[Thing]:
    """Portals, and things at portals and in zones as they come; some of a place that is no more."""
    portals, zones = [*of.portals, "gone"], [*of.zones, "gone"]
    things = portals_of(of)
    for number in range(many):
        kind = chance.one(KINDS)
        if chance.is_so(0.4):
            things.append(Thing(f"t{number}", kind, None, chance.one(portals)))
        else:
            things.append(Thing(f"t{number}", kind, chance.one(zones)))
    return things


def exists(thing: Thing, of: Campus) -> bool:
    return thing.portal in of.portals or thing.zone in of.zones


def boxed(outline: tuple[Point, ...]) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    return min(xs), min(ys), max(xs), max(ys)


def overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("seed", range(40))
def test_a_laid_out_plan_has_everything_inside_it_and_no_two_signs_on_each_other(seed: int) -> None:
    chance = Chance(f"plan {seed}")
    of = random_campus(chance)
    things = crowd(of, chance, seed * 7)

    plan = lay_out(of, things)

    assert set(plan.spots) == {thing.id for thing in things if exists(thing, of)}
    assert set(plan.zones) == set(of.zones)
    points = [spot.at for spot in plan.spots.values()]
    assert all(0 < x < plan.size[0] and 0 < y < plan.size[1] for x, y in points)
    assert nearest(points) >= CELL * 0.49, "signs lie on each other"
    assert plan == lay_out(of, reversed(things)), "the same campus has the same plan"


@pytest.mark.parametrize("seed", range(20))
def test_boxes_lie_within_their_parents_and_overlap_no_sibling_and_portals_stand_on_the_border(seed: int) -> None:
    chance = Chance(f"boxes {seed}")
    of = random_campus(chance)
    plan = lay_out(of, crowd(of, chance, 60))

    boxes = {zone: boxed(outline) for zone, outline in plan.zones.items()}
    for zone in of.zones.values():
        left, top, right, bottom = boxes[zone.id]
        if zone.parent in boxes:
            around = boxes[zone.parent]
            assert around[0] < left and around[1] < top and right < around[2] and bottom < around[3]
        for other in of.zones.values():
            if other.id != zone.id and other.parent == zone.parent:
                assert not overlap(boxes[zone.id], boxes[other.id])
    for portal in of.portals.values():
        left, top, right, bottom = boxes[portal.zone]
        x, y = plan.spots[portal.id].at
        assert y in (top, bottom) and left < x < right
    for thing in crowd(of, Chance(f"boxes {seed}"), 0):
        assert thing.id in plan.spots


def test_portals_of_one_gate_stand_side_by_side() -> None:
    north = ("north-in", "north-out")
    gated = {id: replace(portal, gate="north" if id in north else None) for id, portal in PORTALS.items()}
    of = campus(portals=gated)

    spots = lay_out(of, portals_of(of)).spots

    assert spots["north-in"].at[1] == spots["north-out"].at[1]
    assert abs(spots["north-in"].at[0] - spots["north-out"].at[0]) == CELL


def test_five_hundred_devices_and_cameras_make_a_plan_that_fits_a_screen() -> None:
    of = campus()
    zones = list(of.zones)
    things = [*portals_of(of), *(Thing(f"c{n}", SignKind.CAMERA, zones[n % len(zones)]) for n in range(1_000))]

    plan = lay_out(of, things)

    assert len(plan.spots) == len(things)
    assert 1.0 < plan.size[0] / plan.size[1] < 3.2


def test_a_zone_that_is_deep_within_others_has_its_box() -> None:
    zones = {"z0": Zone("z0", ZoneKind.SITE, name("z0"), None)}
    for number in range(1, 12):
        zones[f"z{number}"] = Zone(f"z{number}", ZoneKind.BUILDING, name(f"z{number}"), f"z{number - 1}")
    door = Portal("door", PortalKind.GATE, name("door"), "z11", "z10", directions=frozenset({Direction.IN}))
    of = replace(campus(), zones=MappingProxyType(zones), portals=MappingProxyType({"door": door}), permissions=())

    assert set(lay_out(of, portals_of(of)).zones) == set(zones)


# ------------------------------------------------------------ spots on a plan that somebody drew


def drawn(spots: Mapping[str, Point], zones: Mapping[str, tuple[Point, ...]] | None = None, id: str = "campus") -> Plan:
    return Plan(
        id,
        name(id),
        (1600.0, 1000.0),
        zones=zones or {"campus": ((100.0, 100.0), (1500.0, 100.0), (1500.0, 900.0), (100.0, 900.0))},
        spots={id: Spot(at) for id, at in spots.items()},
    )


def spots_of(boards: list[Signed]) -> dict[str, Point]:
    return {sign.thing.id: sign.spot.at for board in boards for sign in board.signs}


def test_what_the_file_says_stays_and_the_rest_is_found_a_spot_of_its_own() -> None:
    of = campus()
    things = [*portals_of(of), *(Thing(f"r{n}", SignKind.READER, None, "north-in") for n in range(5))]
    things += [Thing(f"c{n}", SignKind.CAMERA, "dorm-1") for n in range(30)]

    boards, left_over = signed([drawn({"north-in": (700.0, 100.0), "c3": (5.0, 5.0)})], of, things)

    spots = spots_of(boards)
    assert left_over == []
    assert (spots["north-in"], spots["c3"]) == ((700.0, 100.0), (5.0, 5.0))
    assert set(spots) == {thing.id for thing in things}
    assert all(0 <= x <= 1600 and 0 <= y <= 1000 for x, y in spots.values())
    assert nearest(list(spots.values())) > 30
    for number in range(5):
        x, y = spots[f"r{number}"]
        assert abs(x - 700) <= 80 and abs(y - 100) <= 80, "a reader stands beside its portal"
    again, _ = signed([drawn({"north-in": (700.0, 100.0), "c3": (5.0, 5.0)})], of, list(reversed(things)))
    assert spots_of(again) == spots


def test_a_thing_lies_in_the_outline_of_its_zone_and_not_in_that_of_another_one_within() -> None:
    of = campus()
    inner = ((200.0, 200.0), (600.0, 200.0), (600.0, 800.0), (200.0, 800.0))
    outer = ((100.0, 100.0), (1500.0, 100.0), (1500.0, 900.0), (100.0, 900.0))
    things = [Thing(f"c{n}", SignKind.CAMERA, "campus") for n in range(20)] + [Thing("d", SignKind.CAMERA, "dorm-1")]

    boards, _ = signed([drawn({}, {"campus": outer, "dorm-1": inner})], of, things)

    spots = spots_of(boards)
    assert is_within(spots["d"], inner)
    for number in range(20):
        assert is_within(spots[f"c{number}"], outer) and not is_within(spots[f"c{number}"], inner)


def test_what_is_on_no_plan_is_told_and_never_dropped() -> None:
    of = campus()
    gone = [Thing("a", SignKind.CAMERA, "gone"), Thing("b", SignKind.READER, None, "gone")]
    outside = Thing("c", SignKind.PANEL, "site")

    boards, left_over = signed([drawn({})], of, [*gone, outside])

    assert {thing.id for thing in left_over} == {"a", "b", "c"}
    assert spots_of(boards) == {}


def test_very_many_things_in_a_small_outline_stand_closer_and_none_is_left_out() -> None:
    of = campus()
    small = ((100.0, 100.0), (300.0, 100.0), (300.0, 300.0), (100.0, 300.0))
    things = [Thing(f"c{n}", SignKind.CAMERA, "campus") for n in range(500)]

    boards, left_over = signed([drawn({}, {"campus": small})], of, things)

    spots = spots_of(boards)
    assert (len(spots), left_over) == (500, [])
    assert all(is_within(at, small) for at in spots.values())
    assert len(set(spots.values())) == 500 and nearest(list(spots.values())) > 4


def test_each_thing_is_on_the_plan_of_its_campus() -> None:
    of = campus()
    east = drawn({}, {"dorm-1": ((0.0, 0.0), (800.0, 0.0), (800.0, 900.0))}, "east")
    west = drawn({}, {"dorm-2": ((0.0, 0.0), (800.0, 0.0), (800.0, 900.0))}, "west")
    things = [Thing("one", SignKind.CAMERA, "dorm-1"), Thing("two", SignKind.CAMERA, "dorm-2")]

    boards, _ = signed([east, west], of, things)

    assert [[sign.thing.id for sign in board.signs] for board in boards] == [["one"], ["two"]]


def nearest(points: list[Point]) -> float:
    """How near the two nearest are to each other, along the axis on which they are farther apart."""
    return min(
        (
            max(abs(one[0] - other[0]), abs(one[1] - other[1]))
            for index, one in enumerate(points)
            for other in points[:index]
        ),
        default=1e9,
    )
