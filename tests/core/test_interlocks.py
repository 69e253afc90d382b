"""The interlocks one by one agree with the one table that decides, in every state there is."""

import itertools

from gateway.core.interlocks import Interlock, conditions, counts_as, unmet
from gateway.core.lanes import NOTHING_HEARD, Act, Lane, Origin, Seen, Sensors, heard, why_not

NOW = 100.0


def every_lane() -> list[Lane]:
    """Every word of both loops, said for too short a time, long enough, or too long ago; latched or not."""
    since = (None, NOW - 0.5, NOW - 1.0, NOW - 5.0)
    lanes = [Lane(NOTHING_HEARD, latched) for latched in (False, True)]
    for vehicle, walker, heard_at, v_since, p_since, latched in itertools.product(
        Seen, Seen, (NOW, NOW - 2.0, NOW - 2.1), since, since, (False, True)
    ):
        lanes.append(Lane(Sensors("b", vehicle, walker, 7, heard_at, v_since, p_since), latched))
    return lanes


def test_nothing_is_missing_exactly_where_the_table_finds_no_obstacle() -> None:
    for lane, act in itertools.product(every_lane(), Act):
        obstacle = why_not(lane, act, Origin.CONFIRMED, NOW)
        assert (unmet(lane, act, NOW) == ()) == (obstacle is None), (lane, act, obstacle)


def test_an_efo_waits_for_people_and_never_for_the_vehicle_loop() -> None:
    lane = Lane(Sensors("b", Seen.PRESENT, Seen.CLEAR, 7, NOW, None, NOW - 2))

    assert unmet(lane, Act.EFO, NOW) == ()
    assert unmet(lane, Act.RAISE, NOW) == (Interlock.VEHICLE,)


def test_a_frozen_counter_is_silence_and_everybody_counts_as_there() -> None:
    sensors = NOTHING_HEARD
    for second in range(5):
        sensors = heard(sensors, "b", Seen.CLEAR, Seen.CLEAR, 7, NOW + second)
    lane = Lane(sensors)

    missing = unmet(lane, Act.RAISE, NOW + 5)

    assert missing == (Interlock.SPEAKS, Interlock.PEDESTRIAN, Interlock.VEHICLE)
    speaks = next(one for one in conditions(lane, NOW + 5) if one.interlock is Interlock.SPEAKS)
    assert speaks.for_s == 5.0
    assert counts_as(Seen.CLEAR, speaks.met) is counts_as(Seen.UNKNOWN, True) is Seen.PRESENT
