"""A planned day of many cameras, scenarios with camera faults, and what a demonstration shows."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from typing import Any

import pytest

from firmware_sim import example, scenario
from firmware_sim.cameras import day
from firmware_sim.cameras.mischief import AT_LEAST_S, turns
from firmware_sim.cameras.spells import FAULTS, Spell

HOUR = 3600.0


def test_the_same_seed_plans_the_same_day_and_another_one_another() -> None:
    assert day.plan(3, 100) == day.plan(3, 100)
    assert day.plan(3, 100) != day.plan(4, 100)


def test_a_plan_keeps_what_it_promises() -> None:
    plan = day.plan(1, 500)
    by_camera: dict[str, list[Spell]] = {}
    for spell in plan:
        by_camera.setdefault(spell.camera, []).append(spell)

    assert {spell.finding for spell in plan} == {*day.SEEN_IN_ONE_PICTURE, *day.RECORDER_FAULTS}
    assert min(spell.from_s for spell in plan) >= day.CALM_S
    assert max(spell.to_s for spell in plan) <= day.FULL_DAY_S
    assert min(spell.to_s - spell.from_s for spell in plan) >= day.SHORTEST_S
    for spells in by_camera.values():
        assert all(b.from_s - a.to_s >= day.APART_S for a, b in itertools.pairwise(spells))
    assert max(Counter((spell.from_s, spell.to_s) for spell in plan if spell.look == "dead").values()) == 50
    assert len(by_camera) < 200, "most cameras are well all day"


def test_truth_and_picture_of_a_day_agree() -> None:
    planned = day.Day(2, 60)
    dead = next(spell for spell in planned.plan if spell.look == "dead")
    black = next(spell for spell in planned.plan if spell.finding == "black")
    middle = (black.from_s + black.to_s) / 2

    assert planned.truth_at(dead.camera, dead.from_s + 1) == {"signal_loss"}
    assert planned.picture_at(dead.camera, dead.from_s + 1) is None
    assert not planned.answers_at(dead.camera, dead.from_s + 1)
    assert planned.answers_at(dead.camera, dead.to_s)
    assert planned.truth_at(black.camera, middle) == {"black"}
    assert planned.picture_at(black.camera, middle)[20:100].mean() < 15
    assert planned.recording_at(black.camera, middle)[0]
    assert planned.picture_at(black.camera, 600.0).shape == (120, 160, 3)


def test_a_day_that_begins_at_a_moment_has_its_noon_twelve_hours_later() -> None:
    start_s = 1_795_276_800.0 - 8 * HOUR
    planned = day.Day(1, 10, start_s=start_s)

    assert planned.camera("cam-001").scene.caption(start_s + 12 * HOUR)[1].endswith("12:00:00")
    assert planned.plan == [
        Spell(s.camera, s.finding, s.from_s + start_s, s.to_s + start_s, s.severity, s.look) for s in day.plan(1, 10)
    ]


def test_a_small_picture_costs_little() -> None:
    planned = day.Day(1, 20)
    for camera in planned.ids:
        planned.picture_at(camera, 10 * HOUR)
    began = time.process_time()
    for minute in range(5):
        for camera in planned.ids:
            planned.picture_at(camera, 10 * HOUR + 60 * minute)

    # 2 ms on the machine of the figures; the one that runs tests is shared.
    assert (time.process_time() - began) / 100 < 0.008


# Scenarios and the demonstration


def incident(**how: Any) -> dict[str, Any]:
    return {"starts_at": "06:00", "ends_at": "08:00", "flows": [], "incidents": [{"at": "07:00", **how}]}


def test_a_scenario_can_let_something_happen_to_a_camera() -> None:
    plan = scenario.parse(
        incident(
            what="camera", device="cam-parking", fault="occlusion", seconds=300, how={"look": "bag", "severity": 4}
        ),
        "mine.yaml",
    )

    (one,) = plan.incidents
    assert (one.device, one.fault, one.seconds, dict(one.how)) == (
        "cam-parking", "occlusion", 300, {"look": "bag", "severity": 4},
    )  # fmt: skip


@pytest.mark.parametrize(
    "how",
    [
        {"fault": "gremlins"},
        {"fault": "blur", "how": {"look": "bag"}},
        {"fault": "blur", "how": {"severity": 7}},
        {"fault": "blur", "how": {"mode": "black"}},
    ],
)
def test_a_scenario_with_an_impossible_camera_fault_is_refused(how: dict[str, Any]) -> None:
    with pytest.raises(scenario.BadScenario, match="incident 1"):
        scenario.parse(incident(what="camera", device="cam-parking", **how), "mine.yaml")


def test_a_demonstration_shows_one_fault_after_the_other_each_long_enough() -> None:
    shown = list(itertools.islice(turns(["a", "b", "c"], 1, 10.0), 24))

    assert shown == list(itertools.islice(turns(["a", "b", "c"], 1, 10.0), 24))
    assert {turn.finding for turn in shown} <= set(FAULTS)
    assert {turn.finding for turn in shown} >= {"occlusion", "freeze", "not_recording"}
    for before, turn in itertools.pairwise(shown):
        assert turn.after_s > before.lasts_s / 10, "the one before is over"
        assert turn.lasts_s >= AT_LEAST_S


def test_the_example_campus_has_cameras_where_a_school_may_have_them() -> None:
    devices = {one["device"]: one for one in example.devices()}
    cameras = example.cameras_file("http://127.0.0.1:1")["cameras"]

    assert len(cameras) == 8
    assert all(devices[one["device"]]["kind"] == "camera" for one in cameras)
    assert all(one["zone"] in ("site", "campus") for one in cameras)
    assert {one["source"]["kind"] for one in cameras} == {"picture", "mjpeg", "frame"}
    assert [one["id"] for one in cameras] == [one["id"] for one in example.cameras()]
