"""A bollard's acts, every state there is: the table against a reading of S4, S6 and rule 11, and broken tables.

The space is finite: what each loop said and how long ago that began, how old the last word is, the latch, the act and
where it comes from. S7 is the origin `nobody`: a detection has no other.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date as Date
from datetime import datetime

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from gateway.core import lanes
from gateway.core.kinds import DayKind
from gateway.core.lanes import NOTHING_HEARD, Act, Lane, Obstacle, Origin, Seen, Sensors
from gateway.core.nouns import Campus, VehicleWindow
from gateway.core.windows import Window
from tests.core.campus import PORTALS, at, campus

NOW = 100.0
CLEAR_FOR = (None, 0.0, 0.99, 1.0, 30.0)
"""Seconds for which a loop has said clear; None: it does not say clear now."""
AGES = (None, 0.0, 1.99, 2.0, 2.01, 60.0)
"""Seconds since the last word; None: never heard."""
Table = Callable[[Lane, Act, Origin, float], Obstacle | None]


@dataclass(frozen=True)
class Case:
    vehicle: tuple[Seen, float | None]
    pedestrian: tuple[Seen, float | None]
    age: float | None
    latched: bool
    act: Act
    origin: Origin

    @property
    def lane(self) -> Lane:
        if self.age is None:
            return Lane(NOTHING_HEARD, self.latched)
        heard_at = NOW - self.age
        since = [None if clear is None else NOW - max(clear, self.age) for _, clear in (self.vehicle, self.pedestrian)]
        sensors = Sensors("b", self.vehicle[0], self.pedestrian[0], 7, heard_at, since[0], since[1])
        return Lane(sensors, self.latched)

    def is_surely_clear(self, loop: tuple[Seen, float | None]) -> bool:
        if self.age is None or self.age > 2.0 or loop[0] is not Seen.CLEAR:
            return False
        return loop[1] is not None and max(loop[1], self.age) >= 1.0


def loops() -> Iterator[tuple[Seen, float | None]]:
    yield from ((Seen.CLEAR, clear) for clear in CLEAR_FOR if clear is not None)
    yield from ((said, None) for said in (Seen.PRESENT, Seen.UNKNOWN))


CASES = [Case(*parts) for parts in itertools.product(list(loops()), list(loops()), AGES, (False, True), Act, Origin)]


def may_be_sent(case: Case) -> bool:
    """The policy's words, read one after the other."""
    if case.origin is Origin.NOBODY:
        return False  # S6, S7
    if case.origin is Origin.GRANT and case.act is not Act.LOWER:
        return False  # rule 11: only what a person gave
    on_foot, driving = case.is_surely_clear(case.pedestrian), case.is_surely_clear(case.vehicle)
    if case.act is Act.EFO:
        return on_foot and case.origin is Origin.CONFIRMED  # S4: over the vehicle loop only, in two steps
    if case.act is Act.EFO_RESET:
        return case.latched
    if case.latched:
        return False  # rule 9
    return case.act is Act.LOWER or (on_foot and driving)


def wrong(table: Table) -> list[Case]:
    return [case for case in CASES if (table(case.lane, case.act, case.origin, NOW) is None) != may_be_sent(case)]


def test_every_state_there_is() -> None:
    assert len(CASES) > 5_000
    assert wrong(lanes.why_not) == []


def raises_by_itself(lane: Lane, act: Act, origin: Origin, now: float) -> Obstacle | None:
    return lanes.why_not(lane, act, Origin.PERSON if origin is Origin.NOBODY else origin, now)


def unknown_is_clear(lane: Lane, act: Act, origin: Origin, now: float) -> Obstacle | None:
    if lane.sensors.pedestrian is Seen.UNKNOWN:
        lane = replace(lane, sensors=replace(lane.sensors, pedestrian_clear_since=0.0))
    return lanes.why_not(lane, act, origin, now)


def frozen_is_clear(lane: Lane, act: Act, origin: Origin, now: float) -> Obstacle | None:
    if lane.sensors.heard_at is not None:
        lane = replace(lane, sensors=replace(lane.sensors, heard_at=now))
    return lanes.why_not(lane, act, origin, now)


def efo_over_people(lane: Lane, act: Act, origin: Origin, now: float) -> Obstacle | None:
    found = lanes.why_not(lane, act, origin, now)
    return None if act is Act.EFO and origin is Origin.CONFIRMED else found


def efo_in_one_step(lane: Lane, act: Act, origin: Origin, now: float) -> Obstacle | None:
    return lanes.why_not(lane, act, Origin.CONFIRMED if origin is Origin.PERSON else origin, now)


def no_latch(lane: Lane, act: Act, origin: Origin, now: float) -> Obstacle | None:
    return lanes.why_not(replace(lane, efo_latched=act is Act.EFO_RESET and lane.efo_latched), act, origin, now)


@pytest.mark.parametrize(
    "broken",
    [raises_by_itself, unknown_is_clear, frozen_is_clear, efo_over_people, efo_in_one_step, no_latch],
)
def test_each_broken_table_is_found_out(broken: Table) -> None:
    assert wrong(broken)


WORDS = st.lists(
    st.tuples(
        st.sampled_from(["b1"] * 6 + ["b2"]),
        st.sampled_from([Seen.CLEAR, Seen.CLEAR, Seen.PRESENT, Seen.UNKNOWN]),
        st.sampled_from([Seen.CLEAR, Seen.CLEAR, Seen.PRESENT, Seen.UNKNOWN]),
        st.integers(0, 3),
        st.sampled_from([0.1, 0.5, 0.5, 1.0, 1.9, 2.1]),
    ),
    max_size=25,
)


def clear_as_written(told: list[tuple[str, Seen, int, float]], now: float) -> bool:
    """Back from now: clear, clear … with no pause above two seconds, one boot, counters that grow, for a second."""
    news: list[tuple[str, Seen, int, float]] = []
    for word in told:
        if news and news[-1][0] != word[0]:
            news = []
        if not news or word[2] > news[-1][2]:
            news.append(word)
    if not news or now - news[-1][3] > 2.0:
        return False
    began, later = None, None
    for _, said, _, heard_at in reversed(news):
        if said is not Seen.CLEAR or (later is not None and later - heard_at > 2.0):
            break
        began = later = heard_at
    return began is not None and now - began >= 1.0


@seed(3)
@settings(max_examples=500, deadline=None)
@given(WORDS)
def test_clear_is_what_living_sensors_have_said_for_a_second(words: list[tuple[str, Seen, Seen, int, float]]) -> None:
    sensors, now, counter = NOTHING_HEARD, 0.0, 0
    told: list[tuple[str, Seen, int, float]] = []
    for boot, vehicle, pedestrian, step, pause in words:
        now = round(now + pause, 3)
        counter += step
        sensors = lanes.heard(sensors, boot, vehicle, pedestrian, counter, now)
        told.append((boot, pedestrian, counter, now))
        for later in (0.0, 0.5, 1.0, 2.0, 2.1):
            then = round(now + later, 3)
            assert lanes.pedestrian_is_clear(sensors, then) == clear_as_written(told, then)


# ---------------------------------------------------------------- windows


def with_windows(*some: VehicleWindow, calendar: dict[Date, DayKind] | None = None) -> Campus:
    portals = dict(PORTALS)
    portals["north-vehicle"] = replace(portals["north-vehicle"], vehicle_windows=some)
    return replace(campus(portals=portals), calendar=calendar or {})


ARRIVAL = VehicleWindow(Window(7 * 60, 8 * 60, frozenset(range(5))))


@pytest.mark.parametrize(("clock", "held"), [("06:59", False), ("07:00", True), ("07:59", True), ("08:00", False)])
def test_a_lane_is_held_from_the_minute_on(clock: str, held: bool) -> None:
    of = with_windows(ARRIVAL)

    assert lanes.lane_is_held(of, of.portals["north-vehicle"], at(clock)) is held


def test_a_holiday_has_no_arrival_and_a_lane_without_windows_is_never_held() -> None:
    of = with_windows(ARRIVAL, calendar={Date(2026, 11, 23): DayKind.HOLIDAY})

    assert not lanes.lane_is_held(of, of.portals["north-vehicle"], at("07:30"))
    assert not lanes.lane_is_held(of, of.portals["north-in"], at("07:30", "2026-11-24"))


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts() -> None:
    night = VehicleWindow(Window(23 * 60, 60), frozenset({DayKind.EXAM}))
    of = with_windows(night, calendar={Date(2026, 11, 23): DayKind.EXAM})
    lane = of.portals["north-vehicle"]

    held = [lanes.lane_is_held(of, lane, at(clock, day)) for day, clock in (
        ("2026-11-23", "00:30"), ("2026-11-23", "23:30"), ("2026-11-24", "00:30"), ("2026-11-24", "23:30"),
    )]  # fmt: skip

    assert held == [False, True, True, False]


@pytest.mark.parametrize(
    ("clock", "found"), [("06:49:59", None), ("06:50:00", "07:00"), ("06:59:59", "07:00"), ("07:00:00", None)]
)
def test_ten_minutes_ahead_the_window_is_announced(clock: str, found: str | None) -> None:
    of = with_windows(ARRIVAL)

    opens: datetime | None = lanes.opens_within(of, of.portals["north-vehicle"], at(clock))

    assert opens == (None if found is None else at(found))
