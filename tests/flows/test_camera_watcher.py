"""The round while things change around it: levels, cameras that speak MQTT, a database that is away, other hours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devices.messages import Action, Frame
from gateway.core.cameras import Camera, Finding, Miss, Source, SourceKind
from gateway.core.nouns import Label
from gateway.core.order_wish import Wish
from gateway.core.papers import Authority
from gateway.core.rights import Right
from gateway.flows import camera_checks, camera_looks, orders
from gateway.flows.frames import frame
from gateway.flows.sign_in import Who
from gateway.flows.site_rules import Rules
from tests.flows.camera_house import JPEG, prepared
from tests.flows.conftest import House
from tests.flows.round_scene import Round, gaps
from tests.parts.locked import locked
from tests.parts.scripted_sight import COVERED, HEALTHY

OFFICER = Who("o", "officer-1", frozenset({"o"}), frozenset({Right.REQUEST_ORDERS, Right.RECORD_UNIFIED_ORDERS}), "en")

OTHER_SHADOWS = replace(HEALTHY, kept=0.8, lost=0.04, area=0.03, level=1.1)
"""The same view in another light: it fits, and a reference of that hour would fit better."""


@pytest.fixture
async def house(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> AsyncIterator[House]:
    house = House(prepared(tmp_path_factory, tmp_path), Rules())
    await house.start()
    yield house
    await house.stop()


@pytest.fixture
async def round(house: House) -> Round:
    return await Round(house, 1).begin()


# ---------------------------------------------------------------- levels


async def test_a_higher_level_is_followed_at_once_and_its_end_too(round: Round) -> None:
    house = round.house
    await round.go_on(130)
    raised_at = house.clock.now()
    wish = Wish(
        level=1,
        zones=("campus",),
        reason="week",
        document="2026-1",
        authority=Authority.UNIFIED,
        starts_at=raised_at,
        ends_at=house.clock.after(120),
    )
    await orders.file(house.site, wish, OFFICER)
    await round.go_on(119)

    meanwhile = [check for check in await round.checks() if check.due_at > raised_at]
    assert (meanwhile[0].due_at - raised_at).total_seconds() <= 15 + 1
    assert all(abs(gap - 15.0) < 0.1 for gap in gaps(meanwhile, "cam-0"))
    assert len(meanwhile) in (7, 8)

    await round.go_on(240)
    assert all(abs(gap - 60.0) < 0.1 for gap in gaps((await round.checks())[-3:], "cam-0"))
    assert await round.reasons() == {"done": len(await round.checks())}


# ---------------------------------------------------------------- a camera that speaks MQTT


async def test_a_camera_is_asked_for_its_frame_and_what_comes_is_looked_at_and_recorded(house: House) -> None:
    lane = house.hand("lane")
    await lane.status()
    round = await Round(house, [_over_mqtt()]).begin()
    house.site.cameras.rules = replace(house.site.cameras.rules, timeout_s=0.3)
    house.site.broker_connected = True
    sends = asyncio.create_task(_send_frames(house))
    for _ in range(48):
        await lane.heartbeat()
        await round.go_on(5, 5.0)
    sends.cancel()
    await asyncio.gather(sends, return_exceptions=True)

    checks = await round.checks()
    assert [(check.miss, check.is_healthy) for check in checks] == [(None, True)] * 4
    assert {job.jpeg for job in round.sight.jobs} == {JPEG}
    assert {command.reason for command in house.courier.commands("lane")} == {"health_check"}

    for step in range(36):  # it sends none any more, and after two minutes the broker is away
        house.courier.connected = step < 24
        await lane.heartbeat()
        await round.go_on(5, 5.0)

    assert [check.miss for check in (await round.checks())[4:]] == [Miss.CAMERA, Miss.CAMERA, Miss.GATEWAY]


def _over_mqtt() -> Camera:
    return Camera("lane-cam", Label("Lane", "车道"), "campus", Source(SourceKind.FRAME), device="lane")


async def _send_frames(house: House) -> None:
    """A camera that answers each command with its picture."""
    answered: set[str] = set()
    while True:
        for command in house.courier.commands("lane"):
            if command.action is Action.SNAPSHOT and command.id not in answered:
                answered.add(command.id)
                hand = house.hand("lane")
                picture = Frame(
                    id=f"f-{len(answered)}", boot=hand.boot, at=house.clock.now(), command=command.id, sha256="0" * 64
                )
                await frame(house.site, hand.device, picture, JPEG)
        await asyncio.sleep(0.002)


# ---------------------------------------------------------------- the database is away


@pytest.mark.parametrize("room", [camera_checks.FULL, 4])
async def test_while_the_database_is_away_no_check_is_lost_and_none_is_told_twice(
    house: House, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    round = await Round(house, 2).begin()
    await round.go_on(180)
    monkeypatch.setattr(camera_checks, "FULL", room)
    with locked(house.folder.sqlite_file):
        writing = asyncio.create_task(round.watcher.write())
        for _ in range(300):
            house.clock.go_on(1)
            await round.turn()
        waited = round.watcher.record.waiting
    await writing
    for _ in range(18):
        await round.go_on(10)

    checks = await round.checks()
    assert waited == min(room, 10)
    assert all(abs(gap - 60.0) < 0.1 for camera in round.cameras for gap in gaps(checks, camera))
    assert len({(check.camera, check.due_at) for check in checks}) == len(checks) == 2 * 11
    reasons = await round.reasons()
    assert (reasons["done"], reasons["gateway"]) in ([(22, 0)] if room > 10 else [(16, 6), (15, 7)])
    await round.watcher.end()
    assert house.folder.verify().holds


# ---------------------------------------------------------------- what a camera looks like at other hours


def parts(round: Round) -> list[tuple[str, int]]:
    return [(look.mode, look.part) for look in _state(round).looks]


async def at_noon(round: Round, shown: Any) -> None:
    """Learnt at eight in the morning; now it is noon and the camera shows this."""
    await round.go_on(90)
    assert parts(round) == [("day", 2)]
    round.sight.shows["cam-0"] = shown
    round.house.clock.set(12, 1)


async def test_a_camera_that_is_well_is_learnt_at_another_hour_and_held_against_what_fits_that_hour(
    round: Round,
) -> None:
    await at_noon(round, OTHER_SHADOWS)
    await round.go_on(1_500, 5.0)
    assert parts(round) == [("day", 2)]
    await round.go_on(600, 5.0)

    assert parts(round) == [("day", 2), ("day", 3)]
    first, noon = _state(round).looks
    (learning,) = [job for job in round.sight.jobs[1:] if job.learn and job.references]
    assert [ref.key for ref in learning.references] == [first.id], "never against another hour's"
    assert {ref.key for ref in round.sight.jobs[-1].references} == {first.id, noon.id}
    await round.go_on(4_000, 5.0)
    assert len(parts(round)) == 2

    round.house.clock.set(16, 1)
    await round.go_on(60, 5.0)
    assert [ref.key for ref in round.sight.jobs[-1].references] == [first.id]
    await round.killed_for(10)
    assert parts(round) == [("day", 2), ("day", 3)]
    await camera_looks.confirm(round.house.site, "cam-0", noon.id, "user:1")
    assert [(look.part, look.state) for look in _state(round).looks] == [(3, "confirmed"), (2, "learnt")]
    await camera_looks.relearn(round.house.site, "cam-0", "user:1")
    assert parts(round) == []
    known = await camera_looks.looks(round.house.site, "cam-0")
    assert [(look.part, look.state) for look in known] == [(3, "retired"), (2, "retired")]


@pytest.mark.parametrize(
    "shown",
    [
        HEALTHY,
        replace(OTHER_SHADOWS, area=0.2, lost=0.18),
        replace(OTHER_SHADOWS, shift_x=0.02),
        replace(OTHER_SHADOWS, level=0.45, gain=0.5),
        replace(OTHER_SHADOWS, sharp=0.55),
    ],
    ids=["as it was", "covered a little", "turned a little", "dim", "soft"],
)
async def test_what_is_not_worth_it_or_may_be_the_beginning_of_a_fault_is_not_learnt(round: Round, shown: Any) -> None:
    await at_noon(round, shown)
    await round.go_on(4_000, 10.0)

    assert parts(round) == [("day", 2)]
    assert not _state(round).spells


async def test_a_camera_at_which_something_was_found_is_learnt_only_after_it_was_well_again_for_a_while(
    round: Round,
) -> None:
    await at_noon(round, OTHER_SHADOWS)
    await round.go_on(1_500, 5.0)
    round.sight.shows["cam-0"] = COVERED
    await round.go_on(120, 5.0)
    assert Finding.OCCLUSION in _state(round).spells
    round.sight.shows["cam-0"] = OTHER_SHADOWS
    await round.go_on(1_500, 5.0)
    assert parts(round) == [("day", 2)]

    await round.go_on(900, 5.0)
    assert parts(round) == [("day", 2), ("day", 3)]


async def test_of_each_mode_and_part_of_the_day_at_most_one_is_in_use(round: Round) -> None:
    await round.go_on(90)
    for number in range(9):
        round.house.clock.go_on(4 * 3_600 - 2_400)
        round.sight.shows["cam-0"] = OTHER_SHADOWS if 1 <= number % 6 <= 3 else replace(OTHER_SHADOWS, saturation=0.5)
        await round.go_on(2_400, 10.0)
        assert len(set(parts(round))) == len(parts(round))

    assert 6 <= len(parts(round)) <= 8
    assert {mode for mode, _ in parts(round)} == {"day", "infrared"}
    assert max(len(job.references) for job in round.sight.jobs) <= 4


def _state(round: Round) -> Any:
    return round.house.site.cameras.get("cam-0")
