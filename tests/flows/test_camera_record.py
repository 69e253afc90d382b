"""What the round leaves behind: covered by the ledger, kept as long as is said, and the references it learns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.core.camera_digest import BatchDigest
from gateway.core.cameras import Finding
from gateway.flows import alarms, camera_looks
from gateway.flows.cameras import Standing
from gateway.flows.checks_text import add_to
from gateway.flows.retention import Sweeper
from gateway.flows.site_rules import Rules
from gateway.store.tables import camera_checks as checks_table
from gateway.store.tables import camera_hours, camera_pictures
from tests.flows.conftest import House
from tests.flows.round_scene import Round, change, empty_site, table
from tests.parts.scripted_sight import BLACK, COVERED, HEALTHY, INFRARED


@pytest.fixture
async def house(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> AsyncIterator[House]:
    house = House(empty_site(tmp_path_factory, tmp_path), Rules())
    await house.start()
    yield house
    await house.stop()


@pytest.fixture
async def round(house: House) -> AsyncIterator[Round]:
    yield await Round(house).begin()


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
