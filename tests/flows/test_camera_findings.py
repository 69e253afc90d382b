"""What is found at a camera is told with a picture, and told again until it is mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.core.cameras import BLIND, OF_THE_RECORDING, Finding
from gateway.core.health import Change
from gateway.flows import alarm_acts, alarms, camera_findings, camera_gaps, maintenance, work_orders
from gateway.flows.camera_checks import CheckRecord
from gateway.flows.cameras import CameraBook, Evidence, Spell
from gateway.flows.changes import CameraSpellMoved
from gateway.flows.ports import LedgerUnavailable, Unit
from tests.flows.camera_house import CameraHouse, a_camera, camera_house
from tests.parts.waiting import until

COVERED = alarms.of_camera(Finding.OCCLUSION)


@pytest.fixture
async def scene(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> AsyncIterator[CameraHouse]:
    async with camera_house(tmp_path_factory, tmp_path) as made:
        yield made


async def test_a_finding_is_an_alarm_with_its_picture_beside_what_it_should_look_like(scene: CameraHouse) -> None:
    seen = scene.house.site.feed.subscribe()

    spell = await scene.find("yard", Finding.OCCLUSION)

    alarm = scene.alarm(COVERED, "yard")
    assert (alarm.priority, alarm.state, alarm.count) == ("medium", "unacknowledged", 1)
    picture = scene.house.site.findings.of(spell.id).picture
    assert [(one.why, one.camera, one.id) for one in alarm.pictures] == [("finding", "yard", picture)]
    kept = await scene.house.site.archive.cameras.picture(picture)
    assert (kept.of, kept.why) == (spell.id, "finding")
    event = await anext(aiter(seen))
    assert (event["type"], event["pictures"][0]["id"]) == ("alarm", picture)
    (row,) = await scene.house.rows("camera_finding")
    assert (row["spell"], row["camera"], row["finding"], row["state"]) == (spell.id, "yard", "occlusion", "raised")
    assert (row["picture"], row["value"], row["threshold"], row["maintenance"]) == (picture, 0.9, 0.6, None)


async def test_it_returns_to_normal_when_it_is_over(scene: CameraHouse) -> None:
    spell = await scene.find("yard", Finding.OCCLUSION)

    await scene.clear("yard", Finding.OCCLUSION)

    assert scene.alarm(COVERED, "yard").state == "returned"
    rows = await scene.house.rows("camera_finding")
    assert [(row["spell"], row["state"]) for row in rows] == [(spell.id, "raised"), (spell.id, "cleared")]
    assert (await scene.house.site.archive.cameras.spell(spell.id)).cleared_at is not None


async def test_told_twice_it_is_told_once(scene: CameraHouse) -> None:
    spell = await scene.find("yard", Finding.BLACK)
    state = scene.state("yard")
    change = Change(scene.house.clock.now().timestamp(), Finding.BLACK, True, 1.0, 0.5)

    await camera_findings.found(scene.house.site, state.camera, change, Evidence(spell.id))

    assert len(await scene.house.rows("camera_finding")) == 1
    assert scene.alarm("camera_black", "yard").count == 1


@pytest.mark.parametrize("seen", ["unacknowledged", "acknowledged", "closed"])
async def test_it_is_told_again_until_it_is_mended_whoever_has_seen_it(scene: CameraHouse, seen: str) -> None:
    await scene.find("yard", Finding.OCCLUSION)
    first = scene.alarm(COVERED, "yard")
    if seen == "acknowledged":
        await alarm_acts.acknowledge(scene.house.site, first.id, "operator-1")
    elif seen == "closed":
        await alarm_acts.close(scene.house.site, first.id, "passed_on", "operator-1", "somebody else's matter")

    await scene.go_on(29 * 60, 60)
    before = scene.alarm(COVERED, "yard")
    await scene.go_on(2 * 60, 60)
    told = scene.alarm(COVERED, "yard")
    await scene.clear("yard", Finding.OCCLUSION)
    await scene.go_on(70 * 60, 300)

    assert before is None if seen == "closed" else (before.state, before.count) == (seen, 1)
    assert (told.state, told.count) == ("unacknowledged", 1 if seen == "closed" else 2)
    assert (told.id == first.id) is (seen != "closed")
    assert told.pictures == first.pictures != ()
    assert scene.alarm(COVERED, "yard").state == "returned"
    rows = await scene.house.rows("alarm")
    assert [row.get("again", False) for row in rows if row["condition"] == COVERED] == [False, True]


async def test_what_presses_more_is_told_more_often(scene: CameraHouse) -> None:
    await scene.find("gate", Finding.OCCLUSION)
    await scene.find("hall", Finding.NOISE)

    await scene.go_on(121 * 60, 30)

    blind, noisy = scene.alarm(COVERED, "gate"), scene.alarm("camera_noise", "hall")
    assert (blind.priority, blind.count) == ("high", 13)
    assert (noisy.priority, noisy.count) == ("low", 2)


async def test_a_restart_forgets_neither_the_finding_nor_when_it_was_told(scene: CameraHouse) -> None:
    spell = await scene.find("yard", Finding.OCCLUSION)
    await alarm_acts.acknowledge(scene.house.site, scene.alarm(COVERED, "yard").id, "operator-1")
    await scene.go_on(20 * 60, 60)

    await scene.restart()
    after = scene.alarm(COVERED, "yard")
    await scene.go_on(9 * 60, 60)
    not_yet = scene.alarm(COVERED, "yard")
    await scene.go_on(2 * 60, 60)

    assert [(one.why, one.camera) for one in after.pictures] == [("finding", "yard")]
    assert scene.house.site.findings.of(spell.id) is not None
    assert not_yet.state == "acknowledged"
    assert (scene.alarm(COVERED, "yard").state, scene.alarm(COVERED, "yard").count) == ("unacknowledged", 2)


async def test_an_alarm_whose_finding_was_over_before_a_restart_returns_to_normal(scene: CameraHouse) -> None:
    spell = await scene.find("yard", Finding.OCCLUSION)
    # The spell ends on disk, and the power goes before the alarm's row comes to be.
    over = Spell(spell.id, "yard", spell.finding, spell.began_at, spell.raised_at, spell.raised_at)
    await scene.house.site.ledger.commit(Unit((), (CameraSpellMoved(over),)))

    await scene.restart()

    assert scene.alarm(COVERED, "yard").state == "returned"


async def test_what_stood_at_a_camera_that_was_taken_out_of_the_file_is_over(scene: CameraHouse) -> None:
    site = scene.house.site
    spell = await scene.find("yard", Finding.OCCLUSION)
    others = {camera.id: camera for camera in scene.cameras if camera.id != "yard"}
    site.cameras = CameraBook(others, site.cameras.rules)

    await camera_gaps.begin(site, CheckRecord(site))
    await camera_findings.load(site)
    await scene.house.settle()

    assert await site.archive.cameras.open_spells() == []
    assert scene.alarm(COVERED, "yard").state == "returned"
    rows = await scene.house.rows("camera_finding")
    assert [(row["spell"], row["state"]) for row in rows] == [(spell.id, "raised"), (spell.id, "cleared")]


async def test_while_somebody_works_there_pictures_alarm_nobody_and_a_missing_recording_does(
    scene: CameraHouse,
) -> None:
    now = scene.house.clock.now()
    await maintenance.announce(
        scene.house.site, cameras=["yard"], starts_at=now, ends_at=now + timedelta(hours=2), reason="new lens", by="m-1"
    )

    await scene.find("yard", Finding.OCCLUSION)
    await scene.find("yard", Finding.NOT_RECORDING)
    await scene.go_on(3_000, 60)
    quiet = scene.alarm(COVERED, "yard")
    await scene.go_on(4_500, 60)

    assert quiet is None
    assert scene.alarm("camera_not_recording", "yard").count > 1
    assert scene.alarm(COVERED, "yard").state == "unacknowledged", "it stands when the work is over"
    rows = {row["finding"]: row["maintenance"] for row in await scene.house.rows("camera_finding")}
    assert rows["occlusion"] is not None


async def test_what_happens_while_the_ledger_is_away_is_on_the_screens_and_written_when_it_is_back(
    scene: CameraHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = scene.house.site
    away = Away(site.ledger)
    site.ledger = away

    spell = await scene.find("yard", Finding.OCCLUSION)
    shown = scene.alarm(COVERED, "yard")
    await scene.look()
    site.ledger = away.real
    await scene.look()

    assert shown.state == "unacknowledged"
    assert [row["spell"] for row in await scene.house.rows("camera_finding")] == [spell.id]
    assert len([row for row in await scene.house.rows("alarm") if row["condition"] == COVERED]) == 1


async def test_while_the_ledger_is_away_what_is_told_again_does_not_push_out_what_began(
    scene: CameraHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = scene.house.site
    away = Away(site.ledger)
    site.ledger = away
    spell = await scene.find("yard", Finding.OCCLUSION)
    waiting = len(site.findings.unwritten)

    for _ in range(5):
        scene.house.clock.go_on(31 * 60)
        await camera_findings.look(site)
    told, still_waiting = scene.alarm(COVERED, "yard").count, len(site.findings.unwritten)
    site.ledger = away.real
    scene.house.clock.go_on(31 * 60)
    await scene.look()

    assert (told, still_waiting) == (6, waiting)
    assert [row["spell"] for row in await scene.house.rows("camera_finding")] == [spell.id]
    assert [row["count"] for row in await scene.house.rows("alarm") if row["condition"] == COVERED] == [1, 7]


async def test_an_order_that_cannot_be_made_keeps_no_finding_from_being_told_again(
    scene: CameraHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(site: object, now: object) -> object:
        raise ValueError("a paper of a later version")

    await scene.find("yard", Finding.OCCLUSION)
    monkeypatch.setattr(work_orders, "due", broken)
    scene.house.clock.go_on(31 * 60)

    with pytest.raises(ValueError, match="a later version"):
        await scene.watch.look()

    assert scene.alarm(COVERED, "yard").count == 2


async def test_hundreds_that_are_told_again_at_once_leave_room_for_others(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    cameras = tuple(a_camera(f"c{number:03d}") for number in range(100))
    async with camera_house(tmp_path_factory, tmp_path, cameras) as scene:
        for camera in cameras:
            await scene.find(camera.id, Finding.SIGNAL_LOSS, settle=False)
        scene.house.clock.go_on(31 * 60)
        told: list[int] = []

        async def somebody_taps() -> None:
            while True:
                told.append(sum(alarm.count > 1 for alarm in scene.house.site.alarms.by_id.values()))
                await asyncio.sleep(0)

        tapping = asyncio.create_task(somebody_taps())
        await camera_findings.look(scene.house.site)
        tapping.cancel()

        steps = [later - before for before, later in pairwise([0, *told])]
        assert told[-1] >= 100 - camera_findings.IN_ONE_GO
        assert max(steps) <= camera_findings.IN_ONE_GO
        await scene.house.settle()


class Away:
    """A ledger whose database is away."""

    is_away = True

    def __init__(self, real: object) -> None:
        self.real = real

    async def commit(self, unit: object, within_s: float | None = None) -> object:
        raise LedgerUnavailable("away")

    def hand_over(self, unit: object) -> asyncio.Future[object]:
        raise LedgerUnavailable("away")


async def test_a_campus_going_dark_at_once_loses_no_row(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    cameras = tuple(a_camera(f"c{number:03d}") for number in range(100))
    async with camera_house(tmp_path_factory, tmp_path, cameras) as scene:
        for camera in cameras:
            await scene.find(camera.id, Finding.SIGNAL_LOSS, settle=False)
        book = scene.house.site.findings
        await until(lambda: not book.unwritten and not book.is_flushing, 20)

        rows = await scene.house.rows("camera_finding")
        assert {row["camera"] for row in rows} == {camera.id for camera in cameras}


async def test_a_school_is_not_told_loudly_of_what_is_only_bad(scene: CameraHouse) -> None:
    site = scene.house.site
    ordinary, key = a_camera("a"), a_camera("b", is_key_site=True)
    loud = {
        finding: (
            camera_findings.priority_of(site, ordinary, finding),
            camera_findings.priority_of(site, key, finding),
        )
        for finding in Finding
    }

    assert {finding for finding, (_, at_key) in loud.items() if at_key == "high"} == BLIND
    assert all(priority == ("medium" if finding in BLIND else "low") for finding, (priority, _) in loud.items())
    assert all(at_key != "low" for finding, (_, at_key) in loud.items() if finding in OF_THE_RECORDING)
