"""The plan of the round: every planned moment once, at the cadence in force, fair when there is too much to do."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from gateway.core.cameras import Camera, Source, SourceKind, VideoRules
from gateway.core.check_plan import TOO_SOON, CheckPlan, Due, cadence_of, due_after, phase_of, planned
from gateway.core.kinds import Level
from gateway.core.nouns import Label

START = 1_700_000_000.0


def camera(id: str = "cam", **how: object) -> Camera:
    return Camera(id, Label(id, id), "campus", Source(SourceKind.PICTURE, "http://10.0.0.1/"), **how)  # type: ignore[arg-type]


def names(count: int) -> list[str]:
    return [f"cam-{number:03d}" for number in range(count)]


def plan_of(cameras: list[str], cadence_s: float = 60.0, slots: int = 64) -> CheckPlan:
    plan = CheckPlan(slots)
    for one in cameras:
        plan.add(one, cadence_s, START - TOO_SOON * cadence_s)
    return plan


def ride(
    plan: CheckPlan, from_s: float, to_s: float, step_s: float = 0.25, takes_s: float = 0.0
) -> list[tuple[str, Due]]:
    """Let time pass; each check that begins takes `takes_s`. What came out, as (begun or missed, which)."""
    told: list[tuple[str, Due]] = []
    under_way: list[tuple[float, str]] = []
    now_s = from_s
    while now_s <= to_s:
        for _, one in [pair for pair in under_way if pair[0] <= now_s]:
            plan.ended(one, was_slow=False)
        under_way = [pair for pair in under_way if pair[0] > now_s]
        begun, missed = plan.turn(now_s)
        told += [("missed", due) for due in missed] + [("begun", due) for due in begun]
        under_way += [(now_s + takes_s, due.camera) for due in begun]
        now_s += step_s
    return told


def test_the_cadence_follows_the_level_and_the_camera_has_the_last_word() -> None:
    rules = VideoRules()

    assert [cadence_of(camera(), rules, level) for level in (Level.L3, Level.L2, Level.L1)] == [60.0, 30.0, 15.0]
    own = camera(cadence_s={2: 10.0})
    assert [cadence_of(own, rules, level) for level in (Level.L3, Level.L2, Level.L1)] == [60.0, 10.0, 15.0]


def test_cameras_lie_spread_over_the_cadence_and_always_at_the_same_place() -> None:
    tenths = Counter(int(phase_of(one) * 10) for one in names(1_000))

    assert set(tenths) == set(range(10))
    assert max(tenths.values()) < 2 * min(tenths.values())
    assert phase_of("cam-north") == phase_of("cam-north")


def test_each_camera_is_due_once_in_each_cadence() -> None:
    cameras = names(40)

    told = ride(plan_of(cameras), START, START + 3_600)

    assert Counter(due.camera for _, due in told) == dict.fromkeys(cameras, 60)
    assert {what for what, _ in told} == {"begun"}


def test_a_stricter_level_takes_effect_at_once_and_a_looser_one_leaves_no_gap() -> None:
    cameras = names(50)
    plan = plan_of(cameras)
    told = ride(plan, START, START + 300)
    for one in cameras:
        plan.set_cadence(one, 15.0, START + 300)
    told += ride(plan, START + 300.25, START + 600)
    for one in cameras:
        plan.set_cadence(one, 60.0, START + 600)
    told += ride(plan, START + 600.25, START + 900)

    for one in cameras:
        dues = [due.due_s for what, due in told if due.camera == one]
        gaps = [later - earlier for earlier, later in itertools.pairwise(dues)]
        first = next(due for due in dues if due > START + 300)
        assert first <= START + 315
        assert all(
            gap <= 15.0 + 1e-6 for due, gap in zip(dues[1:], gaps, strict=True) if START + 315 < due <= START + 600
        )
        assert max(gaps) <= 60.0 + 1e-6


def test_too_much_to_do_is_missed_for_overload_and_hits_everybody_alike() -> None:
    cameras = names(40)
    plan = plan_of(cameras, slots=2)

    told = ride(plan, START, START + 3_600, takes_s=6.0)  # 20 a minute can be done of 40

    done = Counter(due.camera for what, due in told if what == "begun")
    assert 0.45 < sum(done.values()) / len(told) < 0.55
    assert min(done.values()) >= 0.8 * max(done.values())


def test_the_longest_overdue_goes_first() -> None:
    plan = plan_of(["a", "b"], slots=1)
    plan.turn(START + 60)
    first = next(one for one in ("a", "b") if plan.waiting_now() != [one])
    plan.ended(first, was_slow=False)

    begun, _ = plan.turn(START + 60.1)

    assert [due.camera for due in begun] == [one for one in ("a", "b") if one != first]


def test_a_camera_has_one_check_under_way_however_long_it_takes() -> None:
    plan = plan_of(["slow"])

    told = ride(plan, START, START + 600, takes_s=150.0)

    begun = [due.due_s for what, due in told if what == "begun"]
    assert 4 <= len(begun) <= 5
    assert sum(what == "missed" for what, _ in told) >= 5


def test_cameras_that_do_not_answer_cost_only_themselves() -> None:
    dead, well = [f"dead-{number}" for number in range(30)], names(30)
    plan = CheckPlan(slots=8)
    for one in dead + well:
        plan.add(one, 60.0, START)
    told: list[tuple[str, Due]] = []
    under_way: list[tuple[float, str]] = []
    now_s = START
    while now_s < START + 1_200:
        for _, one in [pair for pair in under_way if pair[0] <= now_s]:
            plan.ended(one, was_slow=one.startswith("dead"))
        under_way = [pair for pair in under_way if pair[0] > now_s]
        begun, missed = plan.turn(now_s)
        told += [("missed", due) for due in missed] + [("begun", due) for due in begun]
        under_way += [(now_s + (20.0 if due.camera.startswith("dead") else 0.2), due.camera) for due in begun]
        now_s += 0.25

    late = [
        due for what, due in told if what == "missed" and not due.camera.startswith("dead") and due.due_s > START + 120
    ]
    assert late == []


def test_what_was_planned_while_the_gateway_slept_comes_out_once() -> None:
    cameras = names(20)
    plan = plan_of(cameras)
    told = ride(plan, START, START + 300)

    slept = list(plan.skip(START + 900))
    told += [("slept", due) for due in slept] + ride(plan, START + 900, START + 1_200)

    assert len({(due.camera, due.due_s) for _, due in told}) == len(told) == 20 * 20
    assert len(slept) == 20 * 10


@seed(5)
@settings(max_examples=60, deadline=None)
@given(
    after=st.floats(0, 5_000),
    lasts=st.floats(0, 5_000),
    cut=st.floats(0, 1),
    cadence=st.sampled_from([1.0, 15.0, 30.0, 60.0]),
)
def test_a_restart_plans_what_the_run_would_have_planned(
    after: float, lasts: float, cut: float, cadence: float
) -> None:
    begin, end = START + after, START + after + lasts
    middle = begin + cut * lasts
    phase = phase_of("cam")

    whole = list(planned(begin, end, [(0.0, cadence)], phase))
    first = list(planned(begin, middle, [(0.0, cadence)], phase))
    second = list(planned(first[-1] if first else begin, end, [(0.0, cadence)], phase))

    assert first + second == whole


@pytest.mark.parametrize("at", [0.0, START, START + 59.999, START + 1e-4])
@pytest.mark.parametrize("cadence", [1.0, 15.0, 60.0, 7.3])
def test_the_next_moment_is_clearly_later_and_within_the_cadence(at: float, cadence: float) -> None:
    due = due_after(at, cadence, phase_of("cam"))

    assert 0.05 * cadence < due - at <= 1.05 * cadence + 1e-6


def test_a_changed_level_in_a_gap_is_planned_as_it_would_have_been() -> None:
    phase = phase_of("cam")
    steps = [(0.0, 60.0), (START + 600, 15.0), (START + 900, 60.0)]

    found = list(planned(START, START + 1_500, steps, phase))

    assert len([due for due in found if due <= START + 600]) == 10
    assert len([due for due in found if START + 600 < due <= START + 900]) == 20
    gaps = [later - earlier for earlier, later in itertools.pairwise(found)]
    assert max(gaps) <= 60.0 + 1e-6
