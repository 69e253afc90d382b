"""The record of the round: every planned check once, done or missed by its true reason, and covered by the ledger."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.core.camera_digest import BatchDigest
from gateway.core.cameras import Camera, Finding, Miss, Source, SourceKind, VideoRules
from gateway.core.nouns import Label
from gateway.flows import alarms, camera_checks, camera_gaps, camera_looks
from gateway.flows.cameras import CameraBook, Check, Standing, Window
from gateway.flows.checks_text import add_to
from gateway.flows.retention import Sweeper
from gateway.flows.site_rules import Rules
from gateway.store.database import open_database
from gateway.store.tables import camera_checks as checks_table
from gateway.store.tables import camera_hours, camera_pictures
from gateway.video import round as video_round
from gateway.video.jobs import Reason
from gateway.video.watcher import Watcher
from tests.flows.conftest import House
from tests.parts.gateway_process import SiteFolder
from tests.parts.scripted_sight import BLACK, COVERED, HEALTHY, INFRARED, ScriptedSight
from tests.parts.waiting import until


def a_camera(id: str, **how: Any) -> Camera:
    return Camera(id, Label(id, id), "campus", Source(SourceKind.PICTURE, f"http://10.0.0.1/{id}.jpg"), **how)


class Round:
    """A watcher over a house whose clock a test moves."""

    def __init__(self, house: House, cameras: int | list[Camera] = 3, slots: int = 64) -> None:
        made = cameras if isinstance(cameras, list) else [a_camera(f"cam-{number}") for number in range(cameras)]
        self.house, self.slots = house, slots
        self.cameras = {camera.id: camera for camera in made}
        self.sight = ScriptedSight(lambda: house.clock.now().timestamp())
        self.watcher: Watcher
        self.book: CameraBook

    async def begin(self) -> Round:
        self.book = self.house.site.cameras = CameraBook(self.cameras, VideoRules())
        self.watcher = Watcher(self.house.site, self.sight, self.slots, self._pause)
        await self.watcher.begin()
        return self

    async def _pause(self, seconds: float) -> None:
        self.house.clock.go_on(seconds)
        await asyncio.sleep(0)

    async def go_on(self, seconds: float, step_s: float = 1.0) -> None:
        """Time passes; what begins is done before it goes on."""
        until = self.house.clock.monotonic() + seconds
        while self.house.clock.monotonic() < until:
            self.house.clock.go_on(step_s)
            await self.turn()
        await self.watcher.write()

    async def turn(self) -> None:
        await self.watcher.turn()
        async with asyncio.timeout(20):
            while self.watcher._tasks:
                await asyncio.wait(self.watcher._tasks)
                await asyncio.sleep(0)

    async def killed_for(self, seconds: float) -> None:
        """As after a kill -9: nothing of what was in memory is written, and `seconds` later it starts again."""
        self.house.clock.go_on(seconds)
        await self.house.restart()
        await self.begin()

    async def checks(self) -> list[Check]:
        reads = self.house.site.archive.cameras
        now = self.house.clock.now()
        found: list[Check] = []
        for camera in self.cameras:
            found += await reads.checks(camera, now - timedelta(days=2), now + timedelta(days=2), 100_000)
        return sorted(found, key=lambda check: (check.camera, check.due_at))

    async def checks_of_all_times(self) -> list[dict[str, Any]]:
        return await table(self.house, checks_table)

    async def reasons(self) -> Counter[str]:
        return Counter("done" if check.miss is None else check.miss.value for check in await self.checks())


@pytest.fixture(scope="session")
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with its database and nobody in it: each test has a copy."""
    folder = SiteFolder(tmp_path_factory.mktemp("cameras") / "site")
    open_database(folder.settings.database_url).close()
    return folder.folder


@pytest.fixture
async def house(empty_site: Path, tmp_path: Path) -> AsyncIterator[House]:
    shutil.copytree(empty_site, tmp_path / "site")
    house = House(SiteFolder(tmp_path / "site", is_there=True), Rules())
    await house.start()
    yield house
    await house.stop()


@pytest.fixture
async def round(house: House) -> AsyncIterator[Round]:
    yield await Round(house).begin()


def gaps(checks: list[Check], camera: str) -> list[float]:
    dues = [check.due_at for check in checks if check.camera == camera]
    return [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(dues)]


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


# ---------------------------------------------------------------- the ledger covers it


async def test_each_ten_minutes_a_record_covers_the_checks_and_one_altered_row_is_found(round: Round) -> None:
    await round.go_on(630)
    await round.go_on(630)

    rows = await round.house.rows("camera_checks")
    assert [row["batch"] for row in rows] == [1, 2]
    assert sum(row["planned"] for row in rows) >= 59
    for row in rows:
        digest = BatchDigest()
        for check in await round.house.site.archive.cameras.batch(row["batch"]):
            add_to(digest, check)
        assert digest.hexdigest() == row["sha256"]
    assert round.house.folder.verify().holds

    await change(round.house, sa.update(checks_table).where(checks_table.c.batch == 2).values(findings="black"))
    verdict = round.house.folder.verify()
    assert not verdict.holds
    assert "camera checks" in (verdict.what or "")


async def test_a_removed_check_is_found(round: Round) -> None:
    await round.go_on(660)
    one = sa.select(sa.func.min(checks_table.c.due_at)).where(checks_table.c.camera == "cam-1").scalar_subquery()
    await change(
        round.house, sa.delete(checks_table).where(checks_table.c.camera == "cam-1", checks_table.c.due_at == one)
    )

    assert not round.house.folder.verify().holds


async def test_what_a_killed_gateway_had_not_covered_is_covered_at_the_next_start(round: Round) -> None:
    await round.go_on(300)
    assert await round.house.rows("camera_checks") == []
    await round.killed_for(30)

    rows = await round.house.rows("camera_checks")
    assert [(row["batch"], row["planned"], row["done"]) for row in rows] == [(1, 15, 15)]
    assert round.house.folder.verify().holds


async def test_a_gap_of_the_gateways_own_is_a_finding_of_the_round(round: Round) -> None:
    await round.go_on(300)
    await round.killed_for(900)
    await round.go_on(601)

    assert (alarms.ROUND_GAP, "cameras", "unacknowledged") in round.house.alarms
    await round.go_on(601)
    assert (alarms.ROUND_GAP, "cameras", "returned") in round.house.alarms


# ---------------------------------------------------------------- what is kept for how long


async def test_single_checks_are_kept_for_weeks_and_what_the_hours_came_to_for_years(round: Round) -> None:
    await round.go_on(300)
    round.house.clock.go_on(34 * 86_400)
    await Sweeper(round.house.site).run("test")
    assert len(await round.checks_of_all_times()) == 15

    round.house.clock.go_on(3 * 86_400)
    await Sweeper(round.house.site).run("test")

    assert await round.checks_of_all_times() == []
    assert sum(hour["planned"] for hour in await table(round.house, camera_hours)) == 15
    assert round.house.folder.verify().holds


async def test_evidence_goes_after_a_week_and_not_while_its_case_is_open(round: Round) -> None:
    await round.go_on(180)
    round.sight.shows |= {"cam-0": COVERED, "cam-1": COVERED}
    await round.go_on(120)
    del round.sight.shows["cam-1"]
    await round.go_on(120)
    await round.house.settle()
    round.house.clock.go_on(8 * 86_400)
    await Sweeper(round.house.site).run("test")

    left = {(one["camera"], one["why"]) for one in await table(round.house, camera_pictures)}
    assert {one for one in left if one[1] != "reference"} == {("cam-0", "finding")}
    assert {camera for camera, why in left if why == "reference"} == set(round.cameras)


async def test_the_picture_of_an_old_reference_goes_a_week_after_its_use_and_what_it_was_stays(round: Round) -> None:
    await round.go_on(90)
    site = round.house.site
    await camera_looks.relearn(site, "cam-0", "user:1")
    await round.go_on(90)
    new, old = await camera_looks.looks(site, "cam-0")
    round.house.clock.go_on(6 * 86_400)
    await Sweeper(site).run("test")
    assert await site.archive.cameras.picture(old.picture or "") is not None

    round.house.clock.go_on(2 * 86_400)
    await Sweeper(site).run("test")

    assert await site.archive.cameras.picture(old.picture or "") is None
    assert await site.archive.cameras.picture(new.picture or "") is not None
    assert await camera_looks.looks(site, "cam-0") == [new, replace(old, picture=None)]
    assert await site.archive.cameras.look_body(old.id) is not None


# ---------------------------------------------------------------- references


async def test_a_camera_is_learnt_by_itself_and_shown_as_not_confirmed(round: Round) -> None:
    await round.go_on(90)

    state = round.book.get("cam-0")
    assert state is not None
    assert [(look.mode, look.state) for look in state.looks] == [("day", "learnt")]
    assert not state.is_confirmed
    look = await camera_looks.confirm(round.house.site, "cam-0", state.looks[0].id, "user:1")
    assert (look.state, look.confirmed_by, state.is_confirmed) == ("confirmed", "user:1", True)
    assert round.sight.jobs[-1].references
    await round.killed_for(10)
    assert round.book.get("cam-0").is_confirmed  # type: ignore[union-attr]


@pytest.mark.parametrize("shown", [BLACK, replace(HEALTHY, flat=0.9), replace(HEALTHY, contrast=2.0)])
async def test_a_camera_that_shows_nothing_is_not_learnt(house: House, shown: Any) -> None:
    round = Round(house, 1)
    round.sight.shows["cam-0"] = shown
    await round.begin()
    await round.go_on(300)

    assert round.book.get("cam-0").looks == ()  # type: ignore[union-attr]
    assert round.book.get("cam-0").standing(house.clock.now()) in (Standing.UNSEEN, Standing.BLIND)  # type: ignore[union-attr]


async def test_infrared_is_learnt_beside_the_day(round: Round) -> None:
    await round.go_on(90)
    round.sight.shows["cam-0"] = INFRARED
    await round.go_on(120)

    assert {look.mode for look in round.book.get("cam-0").looks} == {"day", "infrared"}  # type: ignore[union-attr]


async def test_learning_anew_retires_what_was_and_keeps_it(round: Round) -> None:
    await round.go_on(90)
    before = round.book.get("cam-0").looks[0]  # type: ignore[union-attr]
    await camera_looks.relearn(round.house.site, "cam-0", "user:1")
    await round.go_on(120)

    known = await camera_looks.looks(round.house.site, "cam-0")
    assert [look.state for look in known] == ["learnt", "retired"]
    assert known[1].id == before.id
    assert [row["state"] for row in await round.house.rows("camera_look") if row["camera"] == "cam-0"] == [
        "learnt", "retired", "learnt",
    ]  # fmt: skip


async def test_a_restart_goes_on_with_what_stands(round: Round) -> None:
    await round.go_on(120)
    round.sight.shows["cam-0"] = COVERED
    await round.go_on(120)
    await round.house.settle()
    spell = round.book.get("cam-0").spells[Finding.OCCLUSION]  # type: ignore[union-attr]
    await round.killed_for(30)
    await round.go_on(120)

    assert round.book.get("cam-0").spells[Finding.OCCLUSION] == spell  # type: ignore[union-attr]
    del round.sight.shows["cam-0"]
    await round.go_on(120)
    await round.house.settle()
    known = await round.house.site.archive.cameras.spell(spell.id)
    assert known is not None
    assert known.cleared_at is not None
    assert len(await round.house.rows("camera_finding")) == 2


# ---------------------------------------------------------------- what the tests ask


def day_of(house: House) -> date:
    return house.clock.now().astimezone(house.site.campus.timezone).date()


async def table(house: House, which: sa.Table) -> list[dict[str, Any]]:
    return await house._database.read(
        lambda connection: [dict(row._mapping) for row in connection.execute(sa.select(which))]
    )


async def change(house: House, statement: Any) -> None:
    """What somebody with the database's password can do."""

    def act() -> None:
        with house._database.engine.begin() as connection:
            connection.execute(statement)

    await asyncio.to_thread(act)


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
