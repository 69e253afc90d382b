"""The promises of Health, fed with numbers alone: what holds, what ends, what explains, and what a restart keeps."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.cameras import Finding
from gateway.core.health import Change, Health, HealthSettings, Measures, Timing
from gateway.core.health.holding import Signs

F = Finding

WELL = Measures(
    mean=110.0, contrast=50.0, dark=0.01, bright=0.0, flat=0.02, saturation=30.0, texture=0.7,
    usual_mean=110.0, usual_bright=0.0, usual_texture=0.7, usual_lost=0.0, votes=0.8, kept=0.95, lost=0.0, area=0.0,
    gain=1.0, offset=0.0, level=1.0, ratio=1.0, sharp=1.0, crisp=1.0, detail=1.0, noise=0.0, cast=0.01, stripe=0.0,
    stripe_peak=0.0, stripe_even=0.0, residue=0.0, grid=1.0, shift_x=0.0, shift_y=0.0, turned=0.0, zoomed=1.0,
    since_s=0.2, change=0.8, change_most=4.0, change_edges=0.9, usual_change=0.8, usual_change_most=3.0,
    usual_still=0.0, grid_change=1.0, churn=0.0,
)  # fmt: skip
BLACK = replace(WELL, mean=3.0, dark=1.0, contrast=1.0, kept=0.0, lost=1.0, area=1.0, gain=0.0, level=0.03, ratio=0.0)
COVERED = replace(WELL, kept=0.3, lost=0.65, area=0.6, ratio=0.4)
BLURRED = replace(WELL, sharp=0.1, crisp=0.1)
FROZEN = replace(WELL, change=0.0, change_most=0.0, change_edges=0.05)


def see(health: Health, measures: Measures, from_s: float, to_s: float, every_s: float = 0.2) -> list[Change]:
    changes: list[Change] = []
    at_s = from_s
    while at_s < to_s - 1e-9:
        changes += health.see(at_s, measures)
        at_s += every_s
    return changes


def names(changes: list[Change]) -> list[tuple[Finding, bool]]:
    return [(change.finding, change.raised) for change in changes]


def test_a_healthy_camera_raises_nothing() -> None:
    assert see(Health(), WELL, 0, 60) == []


@pytest.mark.parametrize(
    ("measures", "finding", "within_s"),
    [(BLACK, F.BLACK, 4), (COVERED, F.OCCLUSION, 8), (BLURRED, F.BLUR, 6), (FROZEN, F.FREEZE, 10)],
)
@pytest.mark.parametrize("every_s", [0.04, 0.2, 1.0])
def test_what_lasts_is_raised_and_ends_by_itself(measures, finding, within_s, every_s) -> None:
    health = Health()
    see(health, WELL, 0, 10, every_s)
    raised = see(health, measures, 10, 30, every_s)
    assert names(raised) == [(finding, True)]
    assert raised[0].at_s - 10 <= within_s + 3 * every_s
    assert finding in health.raised
    cleared = see(health, WELL, 30, 45, every_s)
    assert names(cleared) == [(finding, False)]
    assert not health.raised


@pytest.mark.parametrize("measures", [BLACK, COVERED, BLURRED, FROZEN])
def test_what_lasts_a_moment_is_not_raised(measures) -> None:
    health = Health()
    see(health, WELL, 0, 10)
    assert see(health, measures, 10, 11.2) + see(health, WELL, 11.2, 30) == []


def test_a_camera_that_is_looked_at_once_a_minute_is_suspected_at_once_and_judged_by_a_burst() -> None:
    health = Health()
    see(health, WELL, 0, 600, 60)
    assert not health.suspects
    assert health.see(600, COVERED) == ()
    assert health.suspects == {F.OCCLUSION}
    assert names(see(health, COVERED, 601.5, 610, 1.5)) == [(F.OCCLUSION, True)]
    assert not health.suspects
    health.see(660, WELL)
    assert health.suspects == {F.OCCLUSION}, "it may be over: look again"
    assert names(see(health, WELL, 661.5, 670, 1.5)) == [(F.OCCLUSION, False)]


@pytest.mark.parametrize("every_s", [0.5, 1.0])
def test_a_lorry_that_passes_when_a_camera_is_looked_at_once_a_minute_is_no_alarm(every_s: float) -> None:
    health = Health()
    changes: list[Change] = []
    for minute in range(10):
        changes += see(health, WELL, 60.0 * minute, 60.0 * minute + 2, every_s)
    changes += see(health, COVERED, 600, 604.5, every_s) + see(health, WELL, 604.5, 612, every_s)

    assert changes == [] and not health.suspects


def test_what_comes_and_goes_is_found_by_one_picture_a_minute_too() -> None:
    signs = Signs()
    held = []
    for look in range(12):
        signs.add(60.0 * look, look % 5 in (1, 3))  # corrupt in two of five
        held.append(signs.holds(8.0, share=0.35))

    assert any(held) and held.index(True) <= 8
    assert not any(held[:3])


def test_without_bursts_a_fault_is_raised_after_four_looks() -> None:
    health = Health()
    see(health, WELL, 0, 300, 60)
    assert names(see(health, BLURRED, 300, 600, 60)) == [(F.BLUR, True)]


def test_a_covered_lens_is_not_also_out_of_focus_and_without_colour() -> None:
    health = Health()
    see(health, WELL, 0, 10)
    everything = replace(COVERED, sharp=0.05, crisp=0.05, cast=0.5, lost=0.55)
    assert {finding for finding, raised in names(see(health, everything, 10, 40)) if raised} == {F.OCCLUSION}


def test_what_is_explained_later_is_withdrawn() -> None:
    health = Health()
    see(health, WELL, 0, 10)
    see(health, BLURRED, 10, 20)
    changes = names(see(health, replace(COVERED, sharp=0.1, crisp=0.1, lost=0.7), 20, 40))
    assert (F.OCCLUSION, True) in changes and (F.BLUR, False) in changes
    assert set(health.raised) == {F.OCCLUSION}


ANOTHER = replace(WELL, lost=0.88, kept=0.03, texture=0.9, gain=0.0, noise=2.7, fresh=0.9, aligned=None)
GRAINY = replace(WELL, lost=0.3, kept=0.5, noise=4.6, fresh=4.9, change=8.0)


@pytest.mark.parametrize("every_s", [0.2, 1.5])
def test_noise_is_new_in_each_picture_and_the_texture_of_another_scene_stands_still(every_s) -> None:
    for measures, finding in ((ANOTHER, F.MOVED), (GRAINY, F.NOISE)):
        health = Health()
        see(health, WELL, 0, 6, every_s)
        first = replace(measures, fresh=4.0 if measures is ANOTHER else measures.fresh)
        changes = list(health.see(6, first))
        assert names([*changes, *see(health, measures, 6 + every_s, 20, every_s)]) == [(finding, True)]


@pytest.mark.parametrize("since_s", [None, 60.0])
def test_without_a_picture_of_just_now_grain_is_noise_only_where_the_scene_is_still_seen(since_s) -> None:
    for measures, finding in ((ANOTHER, F.MOVED), (GRAINY, F.NOISE)):
        health = Health()
        see(health, WELL, 0, 300, 60)
        assert names(see(health, replace(measures, since_s=since_s, fresh=5.0), 300, 600, 60)) == [(finding, True)]


def test_a_smeared_lens_is_blur_and_fog_is_not() -> None:
    veiled = replace(WELL, gain=0.4, offset=70.0, ratio=0.55, kept=0.55, lost=0.15, detail=0.01)
    for fine, finding in ((0.06, F.BLUR), (1.05, F.LOW_CONTRAST)):
        health = Health()
        see(health, WELL, 0, 10)
        assert names(see(health, replace(veiled, sharp=fine, crisp=fine), 10, 25)) == [(finding, True)]


def test_a_little_fineness_that_goes_with_much_of_the_scene_is_a_car_on_bare_ground() -> None:
    assert see(Health(), replace(WELL, sharp=0.38, crisp=0.9, lost=0.42, kept=0.3, area=0.2), 0, 30) == []
    assert names(see(Health(), replace(WELL, sharp=0.38, crisp=0.9, lost=0.2, kept=0.5), 0, 30)) == [(F.BLUR, True)]


def test_colour_bars_that_stand_still_are_a_lost_signal_and_nothing_else() -> None:
    bars = replace(
        WELL, flat=0.62, contrast=70.0, lost=0.98, kept=0.0, area=1.0, gain=0.0, ratio=0.0, sharp=0.0, crisp=0.0,
        detail=0.0, change=0.0, change_most=0.0, change_edges=0.0, cast=0.4, stripe=60.0, stripe_peak=500.0,
        stripe_even=0.94, texture=0.38,
    )  # fmt: skip
    health = Health()
    see(health, WELL, 0, 10)
    assert names(see(health, bars, 10, 40)) == [(F.SIGNAL_LOSS, True)]


def test_a_camera_that_does_not_answer_has_lost_its_signal_and_finds_it_again() -> None:
    health = Health()
    see(health, WELL, 0, 300, 60)
    assert health.lost(300) == ()
    assert F.SIGNAL_LOSS in health.suspects
    assert names([*health.lost(302), *health.lost(304)]) == [(F.SIGNAL_LOSS, True)]
    assert names(see(health, WELL, 306, 316, 1.5)) == [(F.SIGNAL_LOSS, False)]


# --- arrivals ---------------------------------------------------------------------------------------------------------


def stream(health: Health, arrivals: list[float], taken: list[float] | None = None, size=(640, 360)) -> list[Change]:
    changes: list[Change] = []
    for k, at_s in enumerate(arrivals):
        stamps = (taken[k],) if taken else ()
        changes += health.hear(Timing(at_s, (at_s,), stamps, size=size))
    return changes


def steady(from_s: float, to_s: float, fps: float = 5.0) -> list[float]:
    return [from_s + k / fps for k in range(round((to_s - from_s) * fps))]


def test_pictures_that_come_as_usual_are_nothing() -> None:
    assert stream(Health(), steady(0, 60)) == []


@pytest.mark.parametrize("hole_s", [2.0, 6.0])
def test_a_hole_is_a_gap_and_over_soon_after(hole_s: float) -> None:
    changes = stream(Health(), steady(0, 15) + steady(15 + hole_s, 40 + hole_s))
    assert names(changes) == [(F.GAP, True), (F.GAP, False)]


@pytest.mark.parametrize("fps", [0.5, 2.0])
def test_fewer_pictures_than_usual_are_found(fps: float) -> None:
    changes = stream(Health(), steady(0, 15) + steady(15, 45, fps))
    assert F.LOW_FPS in {change.finding for change in changes if change.raised}
    assert min(change.at_s for change in changes) < 30


def test_the_configured_pace_is_what_counts() -> None:
    changes = stream(Health(HealthSettings(fps=10.0)), steady(0, 30, 5.0))
    assert names(changes)[0] == (F.LOW_FPS, True)


def in_bursts(from_s: float, to_s: float, of: int = 5, each_s: float = 0.5) -> list[float]:
    """As they come over RTSP: some at once, then nothing for a while."""
    count = round((to_s - from_s) / each_s)
    return [from_s + each_s * burst + 0.015 * k for burst in range(count) for k in range(of)]


def test_the_usual_pace_of_pictures_in_bursts_is_what_comes_in_seconds() -> None:
    backlog = [0.002 * k for k in range(14)]
    health = Health()
    assert stream(health, backlog + in_bursts(0.1, 20.1) + steady(20.1, 60.1, 10.0)) == []
    assert names(stream(health, steady(60.1, 75.1, 5.0))) == [(F.LOW_FPS, True)]


def test_the_usual_pace_is_learnt_from_short_looks_as_well() -> None:
    health, changes = Health(), []
    for minute in range(12):
        arrivals = tuple(steady(60.0 * minute, 60.0 * minute + 1.6))
        changes += health.hear(Timing(arrivals[-1], arrivals, since_s=60.0 * minute))
    changes += health.hear(Timing(720.0, since_s=720.0))
    assert changes == []
    assert names(health.tick(722.0)) == [(F.GAP, True)], "pictures are known to come five times a second"


def test_silence_is_a_gap_and_then_a_lost_signal() -> None:
    health = Health()
    stream(health, steady(0, 15))
    changes = [change for second in range(16, 40) for change in health.tick(float(second))]
    assert names(changes) == [(F.GAP, True), (F.SIGNAL_LOSS, True)] or names(changes)[:1] == [(F.GAP, True)]
    assert F.SIGNAL_LOSS in health.raised


@pytest.mark.parametrize("wrong", [lambda t: 15.0, lambda t: t - 3600, lambda t: t + 600])
def test_stamps_that_cannot_be_right_are_found(wrong) -> None:
    arrivals = steady(0, 40)
    taken = [t if t < 15 else wrong(t) for t in arrivals]
    changes = stream(Health(), arrivals, taken)
    assert names(changes) == [(F.STALE_TIMESTAMP, True)]
    assert changes[0].at_s < 25


def test_a_clock_that_is_told_is_held_against_ours() -> None:
    health = Health()
    changes: list[Change] = []
    for at_s in steady(0, 20):
        timing = Timing(at_s, (at_s,), (at_s + 1000.0,), taken_is_wall_clock=True, size=(640, 360))
        changes += health.hear(timing)
    assert names(changes) == [(F.STALE_TIMESTAMP, True)]


def test_another_size_is_found_and_ends_with_the_old_one() -> None:
    health = Health()
    stream(health, steady(0, 10))
    assert names(stream(health, steady(10, 20), size=(352, 288))) == [(F.WRONG_RESOLUTION, True)]
    assert names(stream(health, steady(20, 30))) == [(F.WRONG_RESOLUTION, False)]


# --- whatever comes ---------------------------------------------------------------------------------------------------

LOOKS = st.sampled_from([WELL, BLACK, COVERED, BLURRED, FROZEN])
STEPS = st.lists(
    st.tuples(st.sampled_from(["see", "hear", "lost", "tick"]), st.floats(-3, 30), LOOKS), min_size=1, max_size=80
)


def do(health: Health, act: str, at_s: float, measures: Measures) -> tuple[Change, ...]:
    if act == "see":
        return health.see(at_s, measures)
    if act == "hear":
        return health.hear(Timing(at_s, (at_s,), (at_s,), size=(640, 360)))
    return health.lost(at_s) if act == "lost" else health.tick(at_s)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_each_finding_begins_and_ends_in_turn_and_time_never_runs_back(steps) -> None:
    health, at_s, last_s = Health(), 0.0, float("-inf")
    up: set[Finding] = set()
    for act, step_s, measures in steps:
        at_s += step_s
        changes = do(health, act, at_s, measures)
        assert len({change.finding for change in changes}) == len(changes), "nothing begins and ends in one moment"
        for change in changes:
            assert change.at_s >= last_s
            last_s = change.at_s
            assert (change.finding in up) is not change.raised
            (up.add if change.raised else up.discard)(change.finding)
        assert set(health.raised) == up
        assert all(raised.since_s <= last_s for raised in health.raised.values())


@settings(max_examples=40, deadline=None)
@given(STEPS, st.lists(st.tuples(st.sampled_from(["see", "lost"]), st.floats(0, 30), LOOKS), max_size=30))
def test_what_is_dumped_and_loaded_goes_on_as_if_nothing_had_happened(before, after) -> None:
    health, at_s = Health(), 0.0
    for act, step_s, measures in before:
        at_s += step_s
        do(health, act, at_s, measures)
    again = Health.load(json.loads(json.dumps(health.dump())))
    assert again.raised == health.raised and again.suspects == health.suspects
    for act, step_s, measures in after:
        at_s += step_s
        assert do(again, act, at_s, measures) == do(health, act, at_s, measures)


@pytest.mark.parametrize(
    "wrong", [{}, {"v": 1}, {"v": 2, "now_s": "x"}, {"v": 2, "now_s": 1, "raised": {"tired": [1, 2, 3]}}]
)
def test_what_is_no_dump_is_refused(wrong) -> None:
    with pytest.raises(ValueError):
        Health.load(wrong)
