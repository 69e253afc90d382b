"""The shift signs what is open, not 500 ticks; and what the cameras showed before and after another alarm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.cameras import Finding, Miss
from gateway.flows import alarm_pictures, alarms, camera_rounds, maintenance, snapshots, work_orders
from gateway.flows.alarm_pictures import AlarmPictures, cameras_at
from gateway.flows.permits import NotPossible
from gateway.flows.site import Picture
from tests.flows.camera_house import CameraHouse, LookerByHand, a_camera, camera_house
from tests.parts.waiting import until

MISSED = alarms.CAMERA_ROUND_MISSED


@pytest.fixture
async def scene(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> AsyncIterator[CameraHouse]:
    async with camera_house(tmp_path_factory, tmp_path) as made:
        yield made


def local(scene: CameraHouse, hour: int, minute: int = 0) -> None:
    """Time goes on to that hour of the campus, of today or tomorrow."""
    now = scene.house.clock.now() + timedelta(hours=8)
    wanted = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    ahead = (wanted - now).total_seconds()
    scene.house.clock.go_on(ahead if ahead >= 0 else ahead + 86_400)


async def signed(scene: CameraHouse, note: str = "") -> camera_rounds.Round:
    site = scene.house.site
    return await camera_rounds.sign(site, camera_rounds.open_points(site).digest, note, "operator-1")


# ---------------------------------------------------------------- rounds


async def test_a_round_is_signed_over_what_is_open_and_nothing_else(scene: CameraHouse) -> None:
    site, now = scene.house.site, scene.house.clock.now()
    await scene.find("yard", Finding.NOISE)
    await scene.find("gate", Finding.OCCLUSION)
    await scene.go_on(150, 10)
    window = await maintenance.announce(
        site, cameras=["hall"], starts_at=now, ends_at=now + timedelta(hours=3), reason="paint", by="m-1"
    )
    order = work_orders.of(site, "gate")

    points = camera_rounds.open_points(site).points
    done = await signed(scene, "the bag is on the gate's camera")

    assert [(one.kind, one.place, one.what) for one in points] == [
        ("finding", "gate", "occlusion"),
        ("finding", "yard", "noise"),
        ("maintenance", "hall", window.id),
    ]
    assert points[0].order == order.id
    (row,) = await scene.house.rows("camera_round")
    assert (row["digest"], row["count"], row["by"]) == (camera_rounds.digest_of(points), 3, "operator-1")
    assert "bag" not in str(row)
    assert await site.archive.note(done.note) == "the bag is on the gate's camera"
    (kept,) = await camera_rounds.history(site, now)
    assert camera_rounds.digest_of(kept.points) == done.digest == kept.digest


async def test_whoever_signs_has_seen_what_they_sign(scene: CameraHouse) -> None:
    seen = camera_rounds.open_points(scene.house.site).digest
    await scene.find("yard", Finding.BLACK)

    with pytest.raises(NotPossible, match="look again"):
        await camera_rounds.sign(scene.house.site, seen, "", "operator-1")

    assert await scene.house.rows("camera_round") == []


async def test_a_camera_that_nobody_looks_at_is_open_though_nothing_was_found(scene: CameraHouse) -> None:
    scene.check("yard")
    state = scene.state("yard")
    scene.house.clock.go_on(3_600)
    state.miss, state.checked_at = Miss.OVERLOAD, scene.house.clock.now()

    (point,) = camera_rounds.open_points(scene.house.site).points

    assert (point.kind, point.place, point.what) == ("not_seen", "yard", "overload")


async def test_a_round_is_due_for_each_part_of_the_day_and_a_missing_one_shows(scene: CameraHouse) -> None:
    site = scene.house.site
    today = scene.house.clock.now().astimezone(site.campus.timezone).date()
    local(scene, 8)
    await scene.look()
    await signed(scene)
    local(scene, 16)
    await scene.look()

    states = [slot.state for slot in await camera_rounds.day(site, today)]
    alarm = scene.alarm(MISSED, camera_rounds.PLACE)
    await scene.go_on(3_600, 60)
    once = scene.alarm(MISSED, camera_rounds.PLACE).count
    await signed(scene)
    await scene.house.settle()

    assert states == ["signed", "missed", "due", "ahead", "ahead"]
    assert (alarm.priority, once) == ("low", 1)
    assert scene.alarm(MISSED, camera_rounds.PLACE).state == "returned"
    (row,) = await scene.house.rows("camera_round_missed")
    assert row["starts_at"].startswith("2026-11-23T03:30")
    assert [slot.state for slot in await camera_rounds.day(site, today)][:3] == ["signed", "missed", "signed"]


async def test_a_school_that_has_just_begun_has_missed_no_round(scene: CameraHouse) -> None:
    local(scene, 13)
    await scene.look()

    assert scene.alarm(MISSED, camera_rounds.PLACE) is None


# ---------------------------------------------------------------- pictures of other alarms


async def test_an_alarm_has_pictures_from_before_and_after_of_the_cameras_that_see_the_place(
    scene: CameraHouse,
) -> None:
    site = scene.house.site
    looker = site.cameras.looker = LookerByHand(scene.house, b"after")
    AlarmPictures(site, later_s=0.05).begin()
    scene.show("gate", b"before")
    scene.show("hall", b"elsewhere")
    scene.house.clock.go_on(30)

    alarm = await alarms.raise_alarm(site, alarms.FORCED_DOOR, "gate")
    await until(lambda: len(site.alarms.by_id[alarm.id].pictures) == 3)

    kept = await site.archive.cameras.pictures_of(alarm.id)
    assert sorted((one.why, one.camera, one.jpeg) for one in kept) == [
        ("after", "gate", b"after"),
        ("after", "gate", b"after"),
        ("before", "gate", b"before"),
    ]
    assert looker.asked == ["gate", "gate"]
    before = next(one for one in kept if one.why == "before")
    assert before.at < alarm.opened_at
    rows = await scene.house.rows("alarm_pictures")
    assert [(row["alarm"], row["why"]) for row in rows] == [(alarm.id, why) for why in ("before", "after", "after")]
    await scene.restart()
    again = scene.house.site.alarms.by_id[alarm.id]
    assert sorted(one.why for one in again.pictures) == ["after", "after", "before"]


async def test_another_alarm_at_the_same_place_has_pictures_of_its_own(scene: CameraHouse) -> None:
    site = scene.house.site
    AlarmPictures(site, later_s=0.0).begin()
    scene.show("gate")

    forced = await alarms.raise_alarm(site, alarms.FORCED_DOOR, "gate")
    help = await alarms.raise_alarm(site, alarms.DURESS, "gate")
    await scene.house.settle()

    assert {row["alarm"] for row in await scene.house.rows("alarm_pictures")} == {forced.id, help.id}


async def test_an_old_picture_is_no_before_and_an_alarm_of_another_kind_has_no_pictures(scene: CameraHouse) -> None:
    site = scene.house.site
    AlarmPictures(site, later_s=0.0).begin()
    scene.show("gate")
    scene.house.clock.go_on(alarm_pictures.NOT_BEFORE.total_seconds() + 1)

    await alarms.raise_alarm(site, alarms.FORCED_DOOR, "gate")
    await alarms.raise_alarm(site, alarms.HELD_DOOR, "exit")
    await scene.house.settle()

    assert await scene.house.rows("alarm_pictures") == []


async def test_the_cameras_of_a_place_are_those_that_see_it_else_those_that_stand_there(scene: CameraHouse) -> None:
    site = scene.house.site

    def seen(place: str) -> list[str]:
        return [state.camera.id for state in cameras_at(site, place)]

    assert seen("gate") == ["gate"], "the reader's portal"
    assert seen("bollard") == ["yard"]
    assert seen("control") == [], "no camera sees that door or stands behind it"
    assert seen("dorm-1") == ["hall"], "fire in a zone"
    assert seen("desk") == ["hall"], "a panic button of the dormitory's panel"
    assert "gate" in seen("north"), "a gate, of whose guard nobody may see anything"
    assert seen("nowhere") == []


async def test_a_flood_of_alarms_asks_for_no_more_looks_than_there_is_time_for(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    cameras = tuple(a_camera(f"c{number}", zone="dorm-1", sees=frozenset({"dorm-1"})) for number in range(8))
    async with camera_house(tmp_path_factory, tmp_path, cameras) as scene:
        site = scene.house.site
        slow = Slow(scene.house)
        site.cameras.looker = slow
        pictures = AlarmPictures(site, later_s=0.0)
        pictures.begin()
        for number in range(40):
            scene.house.clock.go_on(0.1)
            site.alarm_opened(await alarms.raise_alarm(site, alarms.FIRE, "dorm-1", str(number)))
            pictures._pictured_at.clear()
        await asyncio.sleep(0.05)

        most = slow.most
        slow.go.set()
        await scene.house.settle()

        assert most == alarm_pictures.AT_ONCE
        assert pictures.left_out >= 40 * alarm_pictures.CAMERAS_AT_MOST - alarm_pictures.WAIT_AT_MOST


class Slow(LookerByHand):
    """Each look takes until `go`; `most` were under way at once."""

    def __init__(self, house: object) -> None:
        super().__init__(house)
        self.go, self.now, self.most = asyncio.Event(), 0, 0

    async def look(self, camera: str) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await self.go.wait()
        self.now -= 1


async def test_of_a_picture_that_a_check_asked_for_only_its_number_is_remembered(scene: CameraHouse) -> None:
    site, lane = scene.house.site, scene.house.hand("lane")
    await lane.status()
    asked = asyncio.create_task(snapshots.ask(site, "lane", 5.0))
    await until(lambda: bool(scene.house.courier.commands("lane")))
    (command,) = scene.house.courier.commands("lane")
    sent = Picture(scene.house.clock.now(), command.id, b"jpeg")

    assert snapshots.came(site, command.id, sent)
    assert await asked is sent

    assert snapshots.came(site, command.id, sent), "sent twice it is still that check's, and nobody else's matter"
    assert snapshots.answered(site, command.id, True, "")
    assert all(known.cancelled() for known in site.snapshots_for_checks.values())
