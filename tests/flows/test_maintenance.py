"""Work on cameras is announced, bounded, and never hides a recording that is missing; recorders are heard or missed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.messages import Recording
from gateway.core.cameras import Finding
from gateway.flows import camera_gaps, maintenance, recorders
from gateway.flows.permits import NoSuchPermit, NotPossible, WrongField
from tests.flows.camera_house import CameraHouse, camera_house

DAY = timedelta(days=1)


@pytest.fixture
async def scene(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> AsyncIterator[CameraHouse]:
    async with camera_house(tmp_path_factory, tmp_path) as made:
        yield made


async def announced(scene: CameraHouse, hours: float = 2, **how: Any) -> Any:
    now = scene.house.clock.now()
    parts: dict[str, Any] = {
        "cameras": ["yard"],
        "starts_at": now,
        "ends_at": now + timedelta(hours=hours),
        "reason": "new lens",
        "by": "m-1",
    }
    return await maintenance.announce(scene.house.site, **(parts | how))


async def test_a_camera_is_under_maintenance_for_as_long_as_was_announced(scene: CameraHouse) -> None:
    site, now = scene.house.site, scene.house.clock.now()
    window = await announced(scene)

    during, after = now + timedelta(hours=1), now + timedelta(hours=2)

    assert maintenance.is_under_maintenance(site, "yard", during)
    assert not maintenance.is_under_maintenance(site, "gate", during)
    assert not maintenance.is_under_maintenance(site, "yard", after)
    await scene.go_on(7_300, 600)
    assert maintenance.live(site) == []
    assert maintenance.is_under_maintenance(site, "yard", during), "a check that is only now recorded asks for then"
    (row,) = [row for row in await scene.house.rows("permit") if row["step"] == "announced"]
    assert (row["id"], row["cameras"], row["by"]) == (window.id, ["yard"], "m-1")
    assert "new lens" not in str(row)
    assert await site.archive.note(window.reason) == "new lens"


async def test_it_ends_early_is_renewed_and_survives_a_restart(scene: CameraHouse) -> None:
    site, now = scene.house.site, scene.house.clock.now()
    window = await announced(scene)
    await maintenance.renew(site, window.id, now + timedelta(hours=20), "m-1")

    await scene.restart()
    site = scene.house.site
    held = maintenance.is_under_maintenance(site, "yard", now + timedelta(hours=19))
    scene.house.clock.go_on(600)
    ended = await maintenance.end(site, window.id, "m-2")

    assert held
    assert (ended.ended_by, ended.ended_at) == ("m-2", scene.house.clock.now())
    assert not maintenance.is_under_maintenance(site, "yard", now + timedelta(hours=1))
    assert maintenance.is_under_maintenance(site, "yard", now + timedelta(minutes=5))
    assert [one.id for one in await maintenance.history(site)] == [window.id]


async def test_nobody_announces_more_than_a_day_at_a_time(scene: CameraHouse) -> None:
    now = scene.house.clock.now()

    with pytest.raises(WrongField, match="24 hours"):
        await announced(scene, hours=24.1)
    with pytest.raises(WrongField, match="days ahead"):
        await announced(scene, starts_at=now + 90 * DAY, ends_at=now + 91 * DAY)
    with pytest.raises(WrongField, match="no such camera"):
        await announced(scene, cameras=["yard", "nowhere"])
    with pytest.raises(WrongField, match="after starts_at"):
        await announced(scene, ends_at=now - DAY)
    with pytest.raises(WrongField, match="what the work is"):
        await announced(scene, reason=" ")
    window = await announced(scene, hours=24)
    with pytest.raises(WrongField, match="24 hours"):
        await maintenance.renew(scene.house.site, window.id, now + timedelta(hours=25), "m-1")
    with pytest.raises(NoSuchPermit):
        await maintenance.end(scene.house.site, "0" * 16, "m-1")
    scene.house.clock.go_on(86_400)
    with pytest.raises(NotPossible):
        await maintenance.renew(scene.house.site, window.id, now + 2 * DAY, "m-1")


async def test_a_camera_is_learnt_again_afterwards_unless_its_old_look_is_to_be_kept(scene: CameraHouse) -> None:
    asked = await announced(scene, cameras=["yard", "hall"])
    await announced(scene, cameras=["gate"], relearn=False)

    await scene.go_on(7_300, 600)

    rows = await scene.house.rows("camera_look")
    assert [(row["camera"], row["by"]) for row in rows] == [
        ("yard", f"maintenance:{asked.id}"),
        ("hall", f"maintenance:{asked.id}"),
    ]
    assert [scene.state(camera).is_fresh for camera in ("yard", "hall", "gate")] == [True, True, False]


# ---------------------------------------------------------------- recorders


def word(scene: CameraHouse, ok: bool = True, gb: float = 500.0, days: float = 40.0) -> Recording:
    oldest = scene.house.clock.now() - timedelta(days=days)
    return Recording(ok=ok, free_bytes=round(gb * 1e9), oldest_at=oldest)


async def say(scene: CameraHouse, **how: Any) -> None:
    await scene.house.hand("lane").event("recording", word(scene, **how))
    await scene.house.settle()


def found(scene: CameraHouse) -> set[str]:
    return {finding.value for finding in scene.state("yard").spells}


async def test_a_recorder_that_does_not_record_is_told_at_its_word_and_is_over_at_its_word(scene: CameraHouse) -> None:
    await say(scene)
    healthy = found(scene)
    await say(scene, ok=False)
    broken, alarm = found(scene), scene.alarm("camera_not_recording", "yard")
    await say(scene)

    assert (healthy, broken, found(scene)) == (set(), {"not_recording"}, set())
    assert alarm.priority == "medium"
    assert scene.alarm("camera_not_recording", "yard").state == "returned"
    spells = await scene.house.site.archive.cameras.spells(
        scene.house.clock.now() - DAY, scene.house.clock.now() + DAY, "yard"
    )
    assert [(spell.finding, spell.cleared_at is None) for spell in spells] == [(Finding.NOT_RECORDING, False)]


async def test_a_recorder_that_used_to_tell_and_is_silent_is_missed_also_during_maintenance(
    scene: CameraHouse,
) -> None:
    await announced(scene)
    await scene.go_on(1_800, 60)
    never_told = found(scene)
    await say(scene)
    await scene.go_on(14 * 60, 60)
    soon = found(scene)
    scene.house.site.broker_connected = False
    await scene.go_on(1_800, 60)
    unheard = found(scene)
    scene.house.site.broker_connected = True
    await scene.go_on(16 * 60, 60)

    assert (never_told, soon, unheard) == (set(), set(), set())
    assert found(scene) == {"not_recording"}
    assert scene.alarm("camera_not_recording", "yard").detail == "no word from it"


async def test_little_room_is_told_and_does_not_come_and_go(scene: CameraHouse) -> None:
    told = []
    for gb in (25.0, 19.9, 20.5, 21.9, 22.1, 20.5):
        await say(scene, gb=gb)
        told.append("disk_low" in found(scene))

    assert told == [False, True, True, True, False, False]


async def test_days_are_short_when_recordings_are_removed_before_their_time_and_not_while_a_recorder_is_new(
    scene: CameraHouse,
) -> None:
    began = scene.house.clock.now()
    told = []
    for day, oldest in ((0, 0), (10, 0), (20, 0), (21, 3), (40, 9), (45, 20)):
        scene.house.clock.go_on((began + day * DAY - scene.house.clock.now()).total_seconds())
        await say(scene, days=day - oldest)
        state = recorders.state(scene.house.site, "yard")
        assert state is not None
        told.append((round(state.days_kept), state.growing, "retention_short" in found(scene)))

    assert told == [
        (0, True, False),
        (10, True, False),
        (20, True, False),
        (18, False, True),
        (31, False, False),
        (25, False, True),
    ]


async def test_a_new_disk_counts_from_its_first_day_when_the_work_on_it_was_announced_so(scene: CameraHouse) -> None:
    await say(scene, days=40)
    await announced(scene, new_recorder=True)
    await scene.go_on(7_300, 600)

    await say(scene, days=0)

    assert "retention_short" not in found(scene)
    assert recorders.state(scene.house.site, "yard").growing


async def test_work_on_a_camera_does_not_excuse_recordings_that_are_gone_after_it(scene: CameraHouse) -> None:
    await say(scene, days=40)
    await announced(scene)
    await scene.go_on(7_300, 600)

    await say(scene, days=0)

    assert "retention_short" in found(scene)


async def test_the_word_of_a_camera_that_is_not_configured_is_only_recorded(scene: CameraHouse) -> None:
    scene.state("yard").recording = {}
    device = scene.house.site.devices.get("door")

    await recorders.heard(scene.house.site, device, word(scene, ok=False))

    assert scene.house.site.alarms.by_id == {}


async def test_a_word_that_comes_before_the_start_is_known_begins_nothing_twice(scene: CameraHouse) -> None:
    """Devices tell what was not acknowledged as soon as the gateway is back; what stood before is read just then."""
    await say(scene, ok=False)
    (spell,) = scene.state("yard").spells.values()
    book = scene.house.site.findings
    scene.state("yard").spells = {}
    book.is_loaded = False

    await say(scene, ok=False)
    before = found(scene)
    await camera_gaps.load(scene.house.site)
    await scene.watch.load()
    await say(scene, ok=False)

    assert before == set()
    assert [one.id for one in scene.state("yard").spells.values()] == [spell.id]
    assert [one.id for one in await scene.house.site.archive.cameras.open_spells()] == [spell.id]
