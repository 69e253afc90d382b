"""The record of the round: every planned check once, done or missed by its true reason, whatever comes between."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.core.cameras import Finding, Miss
from gateway.flows import alarms, camera_checks, camera_gaps, camera_looks
from gateway.flows.cameras import Standing, Window
from gateway.flows.site_rules import Rules
from gateway.store.tables import camera_hours
from gateway.video import round as video_round
from gateway.video.jobs import Reason
from tests.flows.conftest import House
from tests.flows.round_scene import Round, day_of, empty_site, gaps, table
from tests.parts.scripted_sight import BLACK, COVERED
from tests.parts.waiting import until


@pytest.fixture
async def house(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> AsyncIterator[House]:
    house = House(empty_site(tmp_path_factory, tmp_path), Rules())
    await house.start()
    yield house
    await house.stop()


@pytest.fixture
async def round(house: House) -> AsyncIterator[Round]:
    yield await Round(house).begin()


async def test_every_planned_check_is_on_record_with_measures_and_verdict(round: Round) -> None:
    await round.go_on(600)

    checks = await round.checks()
    assert Counter(check.camera for check in checks) == {"cam-0": 10, "cam-1": 10, "cam-2": 10}
    assert all(check.is_healthy and check.measures["mean"] == 118.0 for check in checks)
    assert all(abs(gap - 60.0) < 0.1 for gap in gaps(checks, "cam-1"))


async def test_a_camera_that_gives_no_picture_is_a_finding_and_its_checks_are_missed_for_it(round: Round) -> None:
    await round.go_on(300)
    round.sight.shows["cam-1"] = Reason.REFUSED
    await round.go_on(300)

    assert (alarms.of_camera(Finding.SIGNAL_LOSS), "cam-1", "unacknowledged") in round.house.alarms
    missed = [check for check in await round.checks() if check.miss is not None]
    assert {check.camera for check in missed} == {"cam-1"}
    assert {check.miss for check in missed} == {Miss.CAMERA}
    assert len(missed) == 5
    state = round.book.get("cam-1")
    assert state is not None
    assert (state.standing(round.house.clock.now()), state.trouble) == (Standing.BLIND, "refused")

    del round.sight.shows["cam-1"]
    await round.go_on(120)

    assert round.book.get("cam-1").spells == {}  # type: ignore[union-attr]
    assert (alarms.of_camera(Finding.SIGNAL_LOSS), "cam-1", "returned") in round.house.alarms


async def test_what_the_eye_could_not_do_is_never_laid_on_the_camera(round: Round) -> None:
    await round.go_on(180)
    round.sight.shows["cam-0"] = Reason.EYE_AWAY
    round.sight.shows["cam-1"] = Reason.OVERLOAD
    await round.go_on(300)

    reasons = await round.reasons()
    assert (reasons["gateway"], reasons["overload"], reasons["camera"]) == (5, 5, 0)
    assert all(not state.spells for state in round.book)


async def test_a_suspicion_is_looked_into_at_once_and_the_extra_looks_are_not_planned_checks(round: Round) -> None:
    await round.go_on(180)
    round.sight.shows["cam-2"] = BLACK
    before = len(round.sight.jobs)
    await round.go_on(60)

    assert Finding.BLACK in round.book.get("cam-2").spells  # type: ignore[union-attr]
    assert 2 <= len([job for job in round.sight.jobs[before:] if job.camera == "cam-2"]) <= 16
    assert Counter(check.camera for check in await round.checks())["cam-2"] == 4


async def test_evidence_of_a_finding_is_kept_with_the_reference_beside_it(round: Round) -> None:
    await round.go_on(180)
    round.sight.shows["cam-0"] = COVERED
    await round.go_on(90)

    await round.house.settle()
    spell = round.book.get("cam-0").spells[Finding.OCCLUSION]  # type: ignore[union-attr]
    kept = await round.house.site.archive.cameras.pictures_of(spell.id)
    assert [(one.why, one.camera) for one in kept] == [("finding", "cam-0")]
    look = round.book.get("cam-0").looks[0]  # type: ignore[union-attr]
    assert look.picture is not None
    reference = await round.house.site.archive.cameras.picture(look.picture)
    assert reference is not None
    assert reference.why == "reference"
    row = next(row for row in await round.house.rows("camera_finding") if row["camera"] == "cam-0")
    assert (row["finding"], row["state"], row["picture"]) == ("occlusion", "raised", kept[0].id)


# ---------------------------------------------------------------- nothing is lost, nothing counted twice


async def test_a_gateway_that_was_killed_writes_what_it_missed_and_nothing_twice(round: Round) -> None:
    await round.go_on(605)
    await round.killed_for(1_200)
    await round.go_on(600)

    checks = await round.checks()
    for camera in round.cameras:
        assert all(abs(gap - 60.0) < 0.1 for gap in gaps(checks, camera)), gaps(checks, camera)
    assert (await round.reasons()) == {"done": 60, "gateway": 60} | {}
    tallies = await camera_checks.day(round.house.site, day_of(round.house))
    assert {camera: (tally.planned, tally.done) for camera, tally in tallies.items()} == dict.fromkeys(
        round.cameras, (40, 20)
    )


async def test_a_check_whose_record_was_not_written_counts_as_missed_by_the_gateway(round: Round) -> None:
    await round.go_on(300)
    until = round.house.clock.monotonic() + 120
    while round.house.clock.monotonic() < until:  # looked at, and not written
        round.house.clock.go_on(1)
        await round.turn()
    await round.killed_for(5)
    await round.watcher.write()

    reasons = await round.reasons()
    assert reasons["done"] == 15
    assert 6 <= reasons["gateway"] <= 8


async def test_a_machine_that_slept_owns_up_to_what_it_missed(round: Round) -> None:
    await round.go_on(300)
    round.house.clock.go_on(900)
    await round.go_on(300)

    reasons = await round.reasons()
    assert reasons["overload"] == 0
    assert 44 <= reasons["gateway"] <= 46
    assert reasons["done"] + reasons["gateway"] == 75


async def test_too_much_to_do_is_told_as_overload(house: House) -> None:
    round = await Round(house, 12, slots=1).begin()
    await round.go_on(300, 9.0)  # 34 can be begun of the 60 that are planned
    await round.watcher.end()

    reasons = await round.reasons()
    assert reasons["done"] == 34
    assert reasons["overload"] >= 60 - 34 - len(round.cameras)
    assert reasons["camera"] == 0


async def test_announced_work_is_the_reason_while_it_lasts_and_the_camera_is_left_alone(round: Round) -> None:
    await round.go_on(120)
    now = round.house.clock.now()
    round.book.get("cam-0").windows = (Window("w", now, now + timedelta(minutes=5)),)  # type: ignore[union-attr]
    before = len(round.sight.jobs)
    await round.go_on(300)

    assert not [job for job in round.sight.jobs[before:] if job.camera == "cam-0"]
    assert (await round.reasons())["maintenance"] == 5
    await round.go_on(120)
    assert (await round.reasons())["maintenance"] == 5


async def test_a_wall_clock_that_is_set_back_makes_no_record_twice_and_moves_no_check(round: Round) -> None:
    await round.go_on(600)
    round.house.clock._now -= timedelta(minutes=7)
    await round.go_on(600)
    round.house.clock._now += timedelta(minutes=7)
    await round.go_on(600)

    checks = await round.checks()
    assert len({(check.camera, check.due_at) for check in checks}) == len(checks) == 3 * 30
    assert all(check.is_done for check in checks)
    assert sum(hour["planned"] for hour in await table(round.house, camera_hours)) == 90


async def test_a_camera_that_was_out_of_the_file_has_no_plan_for_that_time(round: Round) -> None:
    await round.go_on(300)
    left = round.cameras.pop("cam-2")
    await round.killed_for(60)
    await round.go_on(3_600)
    round.cameras["cam-2"] = left
    await round.killed_for(60)
    await round.go_on(60)

    assert len([check for check in await round.checks() if check.camera == "cam-2"]) == 6
    looks = await camera_looks.looks(round.house.site, "cam-2")
    assert [look.state for look in looks] == ["learnt", "retired"], "it begins anew"


async def test_coverage_is_a_question_by_hour_and_day(round: Round) -> None:
    await round.go_on(900)
    round.sight.shows["cam-1"] = Reason.SILENT
    await round.go_on(300)

    tally = (await camera_checks.day(round.house.site, day_of(round.house)))["cam-1"]
    assert (tally.planned, tally.done, tally.healthy, tally.missed[Miss.CAMERA]) == (20, 15, 15, 5)
    strip = camera_checks.strip(round.house.site, "cam-1")
    assert len(strip) == 24
    assert sum(hour.tally.planned for hour in strip) == 20
    assert strip[0].tally.planned == 0


async def test_a_round_that_cannot_begin_is_an_alarm_and_is_tried_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    real = camera_gaps.begin

    async def broken_once(*values: Any) -> None:
        tries.append("begin")
        if len(tries) == 1:
            raise ValueError("a finding of a later version")
        await real(*values)

    monkeypatch.setattr(camera_gaps, "begin", broken_once)
    monkeypatch.setattr(video_round, "LATER_S", 0.01)
    round = video_round.Round(house.site)

    await round.start()
    await until(lambda: round.is_running)
    await round.stop()

    (alarm,) = house.site.alarms.by_id.values()
    assert (alarm.condition, len(tries)) == (alarms.ROUND_GAP, 2)
