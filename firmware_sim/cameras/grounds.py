"""Five kinds of place: a school gate at a road, a corridor, a yard, the door of a dormitory, a car park.

Each is drawn with chance in its measures, walls and trees, so that no two seeds look at the same one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from firmware_sim.cameras import textures
from firmware_sim.cameras.drawing_board import Board
from firmware_sim.cameras.places import Lamp, Place, Point, Way

_WALLS = ((96, 112, 172), (150, 176, 196), (172, 178, 180), (120, 150, 178), (104, 124, 150), (158, 160, 150))
"""What school buildings are painted in, BGR."""
_FLOORS = ((150, 160, 164), (128, 142, 158), (158, 160, 150), (140, 150, 140))
_PAINTS = ((196, 204, 206), (186, 208, 196), (180, 204, 214), (206, 206, 200))
KINDS = ("school_gate", "corridor", "yard", "dormitory", "car_park")


def build(kind: str, seed: int, width: int, height: int) -> Place:
    """The place of this kind and seed."""
    if kind not in KINDS:
        raise ValueError(f"no place {kind!r}; known: {', '.join(KINDS)}")
    board = Board(kind, np.random.default_rng([seed & 0xFFFFFFFF, KINDS.index(kind)]), width, height)
    _BUILD[kind](board)
    return board.done()


def _school_gate(b: Board) -> None:
    horizon = b.near(0.36)
    b.open_sky(horizon)
    left, right = b.near(0.06), b.near(0.46)
    wall = _WALLS[int(b.rng.integers(len(_WALLS)))]
    b.front((left, b.near(0.1)), (right, horizon + 0.14), wall, 4, 6)
    b.front((right + 0.16, b.near(0.2)), (1.02, horizon + 0.14), (150, 168, 178), 2, 5)
    b.lay(
        [(-0.3, horizon + 0.14), (1.3, horizon + 0.14), (1.6, 0.72), (-0.6, 0.72)],
        lambda h, w: textures.tiles(b.rng, h, w, (146, 150, 152), 36, 16),
    )
    # The gate: two pillars, a beam with the school's name, a sliding fence at each side.
    gate_l, gate_r, top, foot = b.near(0.36), b.near(0.68), horizon - 0.14, 0.62
    b.fence(-0.01, gate_l, horizon + 0.02, foot - 0.02, 0.018)
    b.fence(gate_r, 1.01, horizon + 0.02, foot - 0.02, 0.018)
    for x in (gate_l, gate_r):
        b.fill((x - 0.03, top), (x + 0.03, foot), lambda h, w: textures.bricks(b.rng, h, w, (92, 104, 158), rows=18))
    b.board((gate_l - 0.05, top - 0.07), (gate_r + 0.05, top + 0.03), 7, (36, 30, 150), (70, 210, 245))
    b.rect((gate_r + 0.05, horizon), (gate_r + 0.16, foot - 0.01), (150, 172, 178))
    b.window((gate_r + 0.06, horizon + 0.03), (gate_r + 0.15, horizon + 0.13))
    b.lay([(-0.1, 0.72), (1.1, 0.72), (1.3, 1.02), (-0.3, 1.02)], lambda h, w: textures.asphalt(b.rng, h, w))
    b.rect((0, 0.712), (1, 0.728), (188, 190, 190))
    for x in np.arange(-0.05, 1.1, 0.16):
        b.poly([(x, 0.86), (x + 0.08, 0.86), (x + 0.084, 0.875), (x + 0.002, 0.875)], (214, 218, 220))
    for k in range(9):  # the crossing
        x = gate_l + 0.02 + k * 0.033
        b.poly(
            [(x, 0.73), (x + 0.017, 0.73), (x + 0.03 + (k - 4) * 0.012, 1.0), (x + (k - 4) * 0.012, 1.0)],
            (206, 210, 212),
        )
    b.tree((b.near(0.12), 0.66), 0.58, 0.3)
    b.tree((b.near(0.9), 0.66), 0.5, 0.26)
    b.lamp((b.near(0.27), 0.28), 0.3, foot=0.68)
    b.lamp((gate_r, top), 0.22)
    b.place.shade.append([(-0.2, 0.5), (0.55, 0.5), (0.45, 0.66), (-0.2, 0.66)])
    b.place.ways += [
        Way("person", (-0.08, 0.69), (1.08, 0.69), (0.25, 0.25), 22, 21, 2.5),
        Way("person", (1.08, 0.665), (-0.08, 0.665), (0.235, 0.235), 26, 24, 2.5),
        Way("person", (0.52, 0.95), (0.51, 0.54), (0.4, 0.17), 30, 15, 6),
        Way("person", (0.56, 0.54), (0.6, 0.97), (0.17, 0.41), 30, 15, 6),
        Way("car", (-0.35, 0.83), (1.35, 0.83), (0.33, 0.33), 17, 5.5, 1.5),
        Way("car", (1.4, 0.97), (-0.4, 0.97), (0.42, 0.42), 19, 5.0, 1.5),
        Way("bicycle", (-0.12, 0.755), (1.12, 0.755), (0.29, 0.29), 40, 9, 2),
    ]


def _corridor(b: Board) -> None:
    vx, vy = b.near(0.5, 0.12), b.near(0.4, 0.1)
    far = 0.085
    l, r, t, d = vx - far, vx + far, vy - far * 1.1, vy + far * 1.3  # noqa: E741 - the far wall's sides
    floor = _FLOORS[int(b.rng.integers(len(_FLOORS)))]
    wall = _PAINTS[int(b.rng.integers(len(_PAINTS)))]
    b.lay(
        [(l, t), (r, t), (1.35, -0.35), (-0.35, -0.35)],
        lambda h, w: textures.tiles(b.rng, h, w, (205, 208, 206), 8, 22, 0.06),
    )
    b.lay([(l, d), (r, d), (1.35, 1.25), (-0.35, 1.25)], lambda h, w: textures.tiles(b.rng, h, w, floor, 9, 26), rows=6)
    for near, inner in ((-0.35, l), (1.35, r)):
        sides = [(inner, t), (near, -0.35), (near, 1.25), (inner, d)]
        b.lay([sides[0], sides[1], sides[2], sides[3]], lambda h, w: textures.plaster(b.rng, h, w, wall), cols=5)
    b.fill((l, t), (r, d), lambda h, w: textures.plaster(b.rng, h, w, (150, 160, 162)))

    def at(side: int, deep: float, high: float) -> Point:
        """A point of a side wall: `deep` 0 (near) to 1 (far), `high` 0 (floor) to 1 (ceiling)."""
        share = deep / (deep + (1 - deep) * 0.16)
        near_x, inner = (-0.35, l) if side < 0 else (1.35, r)
        x = near_x + (inner - near_x) * share
        floor_y, top_y = 1.25 + (d - 1.25) * share, -0.35 + (t + 0.35) * share
        return x, floor_y + (top_y - floor_y) * high

    for side in (-1, 1):
        for low, high, colour in ((0.0, 0.06, (96, 100, 104)), (0.0, 0.035, (70, 74, 78))):
            b.poly([at(side, 0, low), at(side, 1, low), at(side, 1, high), at(side, 0, high)], colour)
        door = tuple(float(c) for c in b.rng.uniform((40, 70, 100), (95, 120, 150)))
        for k, deep in enumerate((0.05, 0.3, 0.55, 0.78)):
            wide = 0.13
            b.poly(
                [at(side, deep, 0), at(side, deep + wide, 0), at(side, deep + wide, 0.66), at(side, deep, 0.66)],
                (88, 92, 96),
            )
            inner_from, inner_to = deep + 0.012, deep + wide - 0.012
            b.poly(
                [at(side, inner_from, 0), at(side, inner_to, 0), at(side, inner_to, 0.64), at(side, inner_from, 0.64)],
                door,
            )
            b.poly(
                [
                    at(side, deep + 0.05, 0.4),
                    at(side, deep + 0.08, 0.4),
                    at(side, deep + 0.08, 0.56),
                    at(side, deep + 0.05, 0.56),
                ],
                (196, 200, 190),
            )
            plate = 0.69 + 0.01 * k
            b.poly(
                [
                    at(side, deep + 0.03, plate),
                    at(side, deep + 0.09, plate),
                    at(side, deep + 0.09, plate + 0.05),
                    at(side, deep + 0.03, plate + 0.05),
                ],
                (150, 90, 30) if side < 0 else (40, 130, 40),
            )
        for deep in (0.2, 0.46, 0.7):
            corners = [
                at(side, deep, 0.35),
                at(side, deep + 0.07, 0.35),
                at(side, deep + 0.07, 0.6),
                at(side, deep, 0.6),
            ]
            b.poly(corners, tuple(float(c) for c in b.rng.uniform(60, 220, 3)))
    b.rect((vx - 0.04, vy - 0.02), (vx + 0.04, d), (94, 120, 132))
    b.rect((vx - 0.03, t + 0.02), (vx + 0.03, t + 0.05), (60, 170, 40))
    for deep in (0.0, 0.35, 0.6, 0.8, 0.93):
        a, c = at(-1, deep, 1), at(1, deep, 1)
        e, f = at(-1, deep + 0.06, 1), at(1, deep + 0.06, 1)
        tube = [_between(e, f, 0.38), _between(e, f, 0.62), _between(c, a, 0.38), _between(c, a, 0.62)]
        b.poly(tube, (250, 252, 252))
    b.place.lamps += [Lamp((vx, 0.1), 0.9, (0.95, 1.0, 0.98)), Lamp((vx, vy), 0.3, (0.95, 1.0, 0.98))]
    b.place.ways += [
        Way("person", (vx - 0.02, d + 0.005), (vx - 0.3, 1.5), (0.17, 1.25), 40, 17, 4),
        Way("person", (vx + 0.28, 1.45), (vx + 0.02, d + 0.01), (1.2, 0.18), 40, 17, 4),
        Way("person", (vx + 0.24, 0.8), (vx - 0.26, 0.86), (0.62, 0.68), 150, 6, 3),
    ]


def _between(one: Point, other: Point, share: float) -> Point:
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def _yard(b: Board) -> None:
    horizon = b.near(0.3)
    b.open_sky(horizon + 0.06)
    b.front((b.near(0.3), b.near(0.08)), (b.near(0.83), horizon + 0.1), (156, 176, 190), 4, 9)
    b.front((-0.02, b.near(0.16)), (b.near(0.22), horizon + 0.1), (110, 128, 168), 3, 3)
    b.lay(
        [(-0.4, horizon + 0.1), (1.4, horizon + 0.1), (2.2, 1.05), (-1.2, 1.05)],
        lambda h, w: textures.grass(b.rng, h, w),
        rows=5,
    )
    bend = b.near(0.42, 0.2)
    b.lay(
        [(bend, horizon + 0.1), (bend + 0.07, horizon + 0.1), (0.78, 1.05), (0.22, 1.05)],
        lambda h, w: textures.tiles(b.rng, h, w, (150, 160, 166), 7, 34),
        rows=5,
    )
    b.lay(
        [(-0.2, 0.62), (1.2, 0.62), (1.25, 0.72), (-0.25, 0.72)],
        lambda h, w: textures.tiles(b.rng, h, w, (128, 138, 160), 40, 4),
    )
    for x in (0.1, 0.76):  # benches
        b.rect((x, 0.575), (x + 0.12, 0.595), (60, 96, 140))
        b.rect((x + 0.012, 0.595), (x + 0.022, 0.63), (52, 54, 58))
        b.rect((x + 0.098, 0.595), (x + 0.108, 0.63), (52, 54, 58))
    b.board((0.885, 0.5), (0.985, 0.58), 3, (120, 70, 30), (240, 240, 240))
    b.rect((0.9, 0.58), (0.908, 0.66), (70, 72, 74))
    for x, y, tall, wide in (
        (0.1, 0.56, 0.56, 0.28),
        (0.27, 0.5, 0.36, 0.17),
        (0.9, 0.52, 0.5, 0.28),
        (0.66, 0.47, 0.26, 0.13),
        (0.04, 0.98, 0.95, 0.4),
    ):
        b.tree((b.near(x), y), b.near(tall), wide)
    b.lamp((b.near(0.62), 0.26), 0.26, foot=0.6)
    b.lamp((b.near(0.2), 0.2), 0.32, foot=0.72)
    b.place.shade.append([(0.2, 0.4), (0.75, 0.4), (0.62, 0.52), (0.08, 0.52)])
    b.place.ways += [
        Way("person", (0.5, 1.15), (bend + 0.04, horizon + 0.115), (0.58, 0.1), 40, 38, 3),
        Way("person", (bend + 0.02, horizon + 0.115), (0.42, 1.15), (0.1, 0.58), 40, 38, 3),
        Way("person", (-0.1, 0.69), (1.1, 0.69), (0.29, 0.29), 30, 22, 3),
        Way("person", (1.1, 0.665), (-0.1, 0.665), (0.28, 0.28), 35, 24, 3),
        Way("bicycle", (-0.12, 0.71), (1.12, 0.71), (0.3, 0.3), 90, 8, 2),
    ]


def _dormitory(b: Board) -> None:
    horizon = b.near(0.34)
    b.open_sky(b.near(0.1))
    wall = _WALLS[int(b.rng.integers(len(_WALLS)))]
    b.front((-0.02, 0.06), (1.02, 0.56), wall, 3, 8)
    b.lay(
        [(-0.3, 0.56), (1.3, 0.56), (1.9, 1.05), (-0.9, 1.05)],
        lambda h, w: textures.tiles(b.rng, h, w, (142, 148, 150), 30, 16),
        rows=4,
    )
    door_l, door_r, top = b.near(0.36), b.near(0.62), horizon - 0.02
    b.rect((door_l - 0.03, top - 0.02), (door_r + 0.03, 0.6), (168, 176, 180))
    b.rect((door_l, top + 0.06), (door_r, 0.595), (86, 76, 62))
    middle = (door_l + door_r) / 2
    for left, right in ((door_l + 0.01, middle - 0.006), (middle + 0.006, door_r - 0.01)):
        b.fill((left, top + 0.075), (right, 0.59), lambda h, w: textures.plaster(b.rng, h, w, (112, 104, 92)))
        b.line((left + 0.012, top + 0.09), (right - 0.03, 0.5), (150, 146, 138), 0.012)
        b.rect((left + 0.006, 0.47), (right - 0.006, 0.485), (150, 156, 160))
    b.poly(
        [
            (door_l - 0.07, top - 0.05),
            (door_r + 0.07, top - 0.05),
            (door_r + 0.1, top + 0.0),
            (door_l - 0.1, top + 0.0),
        ],
        (96, 102, 108),
    )
    b.board((middle - 0.09, top - 0.13), (middle + 0.09, top - 0.06), 4, (110, 50, 24), (235, 235, 235))
    b.rect((door_r + 0.04, 0.44), (door_r + 0.07, 0.5), (40, 40, 42))  # the card reader
    for k in range(3):  # steps
        b.rect(
            (door_l - 0.05 - 0.015 * k, 0.595 + 0.018 * k),
            (door_r + 0.05 + 0.015 * k, 0.613 + 0.018 * k),
            (172 - 18 * k,) * 3,
        )
    for x in (0.1, 0.84):  # hedges
        b.fill((x - 0.09, 0.5), (x + 0.09, 0.6), lambda h, w: textures.leaves(b.rng, h, w))
    b.lay([(0.7, 0.78), (0.98, 0.78), (1.1, 0.98), (0.76, 0.98)], lambda h, w: textures.asphalt(b.rng, h, w, 110))
    for k in range(5):  # bicycles at a rack
        x = 0.74 + 0.05 * k
        colour = tuple(float(c) for c in b.rng.uniform(40, 190, 3))
        b.line((x, 0.86), (x + 0.03, 0.8), colour, 0.01)
        b.line((x - 0.012, 0.88), (x + 0.035, 0.86), (38, 38, 40), 0.008)
    b.tree((b.near(0.08), 0.92), 0.8, 0.34)
    b.lamp((door_l - 0.05, top), 0.3)
    b.lamp((door_r + 0.05, top), 0.3)
    b.lamp((b.near(0.93), 0.3), 0.26, foot=0.7)
    b.place.shade.append([(-0.2, 0.56), (1.2, 0.56), (1.2, 0.66), (-0.2, 0.7)])
    b.place.ways += [
        Way("person", (middle - 0.2, 1.2), (middle, 0.64), (0.75, 0.27), 60, 14, 4),
        Way("person", (middle + 0.01, 0.64), (middle + 0.3, 1.2), (0.27, 0.75), 60, 14, 4),
        Way("person", (-0.1, 0.8), (1.1, 0.77), (0.42, 0.4), 60, 16, 2),
    ]


def _car_park(b: Board) -> None:
    horizon = b.near(0.2)
    b.open_sky(horizon + 0.03)
    b.front((b.near(0.5), b.near(0.04)), (1.02, horizon + 0.1), (165, 172, 172), 2, 10)
    b.fill(
        (-0.02, horizon - 0.02),
        (b.near(0.5), horizon + 0.09),
        lambda h, w: textures.bricks(b.rng, h, w, (110, 120, 160), rows=9),
    )
    b.lay(
        [(-0.4, horizon + 0.08), (1.4, horizon + 0.08), (1.9, 1.05), (-0.9, 1.05)],
        lambda h, w: textures.asphalt(b.rng, h, w, 104),
        rows=5,
    )
    for y, tall in ((0.4, 0.12), (0.68, 0.21)):  # two rows of bays
        for k in range(8):
            x = 0.04 + k * 0.125
            lean = (x - 0.5) * 0.12
            b.line((x, y), (x + lean, y + tall * 0.75), (206, 210, 212), 0.008)
            if k < 7 and b.rng.random() < 0.7:
                _parked(b, (x + 0.062 + lean / 2, y + tall * 0.6), tall)
    for x in (0.2, 0.6):
        b.poly(
            [
                (x, 0.575),
                (x + 0.1, 0.575),
                (x + 0.1, 0.565),
                (x + 0.13, 0.585),
                (x + 0.1, 0.605),
                (x + 0.1, 0.595),
                (x, 0.595),
            ],
            (198, 202, 204),
        )
    b.board((b.near(0.12), horizon - 0.11), (b.near(0.22), horizon - 0.01), 1, (170, 80, 20), (240, 240, 240))
    b.rect((0.165, horizon - 0.01), (0.173, horizon + 0.1), (80, 82, 84))
    b.tree((b.near(0.33), horizon + 0.1), 0.27, 0.15)
    b.tree((b.near(0.9), 0.42), 0.34, 0.2)
    b.lamp((b.near(0.4), 0.06), 0.35, foot=0.36)
    b.lamp((b.near(0.8), 0.1), 0.35, foot=0.6)
    b.place.shade.append([(0.45, 0.28), (1.2, 0.28), (1.2, 0.36), (0.4, 0.38)])
    b.place.ways += [
        Way("car", (-0.3, 0.6), (1.3, 0.6), (0.2, 0.2), 45, 9, 4),
        Way("car", (1.35, 0.97), (-0.35, 0.97), (0.34, 0.34), 60, 8, 4),
        Way("person", (0.1, 1.15), (0.62, 0.32), (0.42, 0.1), 60, 30, 3),
        Way("person", (0.8, 0.33), (0.75, 1.18), (0.1, 0.43), 60, 30, 3),
    ]


def _parked(b: Board, foot: Point, tall: float) -> None:
    """A car seen from the front."""
    colour = tuple(
        float(c) for c in b.rng.choice([(40, 40, 44), (225, 226, 226), (150, 152, 154), (40, 40, 150), (120, 70, 40)])
    )
    x, y = foot
    wide = tall * 0.62 * b.height / b.width
    dark = tuple(c * 0.55 for c in colour)
    b.poly(
        [
            (x - wide, y - tall * 0.03),
            (x + wide, y - tall * 0.03),
            (x + wide, y + tall * 0.05),
            (x - wide, y + tall * 0.05),
        ],
        (52, 52, 54),
    )
    b.poly([(x - wide, y - tall * 0.3), (x + wide, y - tall * 0.3), (x + wide, y), (x - wide, y)], colour)
    b.poly(
        [
            (x - wide * 0.72, y - tall * 0.58),
            (x + wide * 0.72, y - tall * 0.58),
            (x + wide * 0.95, y - tall * 0.3),
            (x - wide * 0.95, y - tall * 0.3),
        ],
        dark,
    )
    b.poly(
        [
            (x - wide * 0.62, y - tall * 0.54),
            (x + wide * 0.62, y - tall * 0.54),
            (x + wide * 0.8, y - tall * 0.33),
            (x - wide * 0.8, y - tall * 0.33),
        ],
        (118, 104, 90),
    )
    for side in (-1, 1):
        b.rect(
            (x + side * wide * 0.75 - 0.008, y - tall * 0.22),
            (x + side * wide * 0.75 + 0.008, y - tall * 0.14),
            (225, 232, 235),
        )
    b.rect((x - wide * 0.2, y - tall * 0.1), (x + wide * 0.2, y - tall * 0.04), (150, 90, 30))


_BUILD: dict[str, Callable[[Board], None]] = {
    "school_gate": _school_gate,
    "corridor": _corridor,
    "yard": _yard,
    "dormitory": _dormitory,
    "car_park": _car_park,
}
