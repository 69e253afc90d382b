"""The report says what is on record: its sums are those of its rows, and it can be made again."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.cameras import Finding, Miss
from gateway.core.nouns import Label
from gateway.core.papers import WorkOrder
from gateway.flows.cameras import CameraHour, Check, Spell, Tally
from gateway.flows.changes import CameraChecksKept, CameraSpellMoved, PaperFiled
from gateway.flows.ports import Unit
from gateway.flows.report_port import NoSuchPeriod
from gateway.reports import availability, report_words
from gateway.reports.availability import KEY, Line, digest_of, make, total_of
from gateway.reports.nightly import NightlyReport
from gateway.reports.shelf import Shelf
from tests.flows.camera_house import CameraHouse, a_camera, camera_house

AT = datetime(2026, 11, 22, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def hour(id: str, number: int, done: int = 60, healthy: int = 60, **missed: int) -> CameraHour:
    tally = Tally(done, healthy, {miss: missed.get(miss.value, 0) for miss in Miss})
    return CameraHour(id, AT + timedelta(hours=number), tally)


def spell(camera: str, began: float, raised: float, cleared: float | None, finding: Finding = Finding.BLACK) -> Spell:
    """Minutes from the beginning of the day."""
    until = None if cleared is None else AT + cleared * MINUTE
    return Spell(f"{camera}-{began}", camera, finding, AT + began * MINUTE, AT + raised * MINUTE, until)


# ---------------------------------------------------------------- the numbers


def test_shares_count_what_was_planned_and_not_what_was_announced() -> None:
    hours = [hour("a", 0, done=50, healthy=45, camera=4, maintenance=6), hour("a", 1, done=40, healthy=40, gateway=20)]

    (line,) = make(["a"], hours, [], [], AT, AT + DAY)

    assert (line.tally.planned, line.tally.done, line.tally.healthy) == (120, 90, 85)
    assert line.coverage == 90 / 120
    assert line.healthy_share == 85 / 90
    assert line.availability == 85 / 114


def test_what_cannot_be_said_is_not_zero() -> None:
    (line,) = make(["a"], [], [], [], AT, AT + DAY)

    assert line.is_empty
    assert {line.coverage, line.healthy_share, line.availability, line.mean_notice_s, line.mean_mend_s} == {None}


def test_a_spell_counts_where_it_began_and_stands_in_every_time_that_it_touches() -> None:
    over_midnight = spell("a", 1430, 1435, 1500)

    (today,) = make([], [], [over_midnight], [], AT, AT + DAY)
    (tomorrow,) = make([], [], [over_midnight], [], AT + DAY, AT + 2 * DAY)

    assert (today.raised, today.minutes, today.standing, today.mended) == (1, 5.0, 1, 0)
    assert (tomorrow.raised, tomorrow.minutes, tomorrow.standing, tomorrow.mended) == (0, 60.0, 0, 1)
    assert (today.mean_notice_s, today.mean_mend_s) == (300.0, None)
    assert (tomorrow.mean_notice_s, tomorrow.mean_mend_s) == (None, 65 * 60.0)


def test_times_to_notice_and_to_mend_agree_with_the_truth_but_for_one_look() -> None:
    chance, cadence, hold = random.Random(5), 60.0, 8.0
    spells, noticed, mended = [], [], []
    for number in range(200):
        onset, lasts = chance.uniform(0, 80_000), chance.uniform(300, 5_000)
        began = (onset // cadence + 1) * cadence
        seen_gone = ((onset + lasts) // cadence + 1) * cadence
        raised, cleared = began + hold, seen_gone + hold
        noticed.append(raised - onset)
        mended.append(cleared - raised)
        spells.append(spell(f"c{number}", began / 60, raised / 60, cleared / 60))

    total = total_of(make([], [], spells, [], AT, AT + DAY))

    assert total.raised == total.noticed == total.mended == 200
    truth = sum(noticed) / 200
    assert 0 <= truth - total.mean_notice_s <= cadence, "the first look that showed it comes at most one look late"
    assert total.mean_mend_s == pytest.approx(sum(mended) / 200)


counts = st.integers(0, 5_000)
some_hours = st.lists(
    st.builds(
        lambda camera, number, done, healthy, missed: CameraHour(
            camera, AT + timedelta(hours=number), Tally(done, min(done, healthy), dict(zip(Miss, missed, strict=True)))
        ),
        st.sampled_from("abc"), st.integers(0, 23), counts, counts, st.tuples(counts, counts, counts, counts),
    ),
    max_size=20,
)  # fmt: skip
some_spells = st.lists(
    st.builds(
        lambda camera, finding, began, holds, stands: spell(
            camera, began, began + holds, None if stands is None else began + holds + stands, finding
        ),
        st.sampled_from("abc"), st.sampled_from(Finding), st.integers(-600, 1_400), st.integers(0, 30),
        st.none() | st.integers(0, 3_000),
    ),
    max_size=15,
)  # fmt: skip


@settings(max_examples=40)
@given(some_hours, some_spells)
def test_every_sum_is_the_sum_of_its_rows(hours: list[CameraHour], spells: list[Spell]) -> None:
    lines = make("abc", hours, spells, [], AT, AT + DAY)
    total = total_of(lines)
    rows, whole = availability.as_rows(lines), availability.as_rows([total])[0]

    for name in ("planned", "done", "healthy", "noticed", "mended", "standing"):
        assert whole[name] == sum(row[name] for row in rows)
    for miss in Miss:
        assert whole["missed"][miss.value] == sum(row["missed"][miss.value] for row in rows)
    assert total.raised == sum(line.raised for line in lines)
    assert total.minutes == pytest.approx(sum(line.minutes for line in lines))
    assert whole["planned"] == whole["done"] + sum(whole["missed"].values())
    assert all(0 <= line.minutes <= 1_440 * len(spells) for line in lines)


def test_the_digest_is_of_the_numbers_and_of_no_camera_that_has_none() -> None:
    hours = [hour("a", 0), hour("b", 0)]
    lines = make(["a", "b"], hours, [], [], AT, AT + DAY)

    assert digest_of("2026-11-22", make(["b", "a", "new"], hours[::-1], [], [], AT, AT + DAY)) == digest_of(
        "2026-11-22", lines
    )
    assert digest_of("2026-11-22", make(["a"], [hours[0]], [], [], AT, AT + DAY)) != digest_of("2026-11-22", lines)
    other = [replace(hours[0], tally=Tally(59, 59, {**hours[0].tally.missed, Miss.CAMERA: 1})), hours[1]]
    assert digest_of("2026-11-22", make(["a", "b"], other, [], [], AT, AT + DAY)) != digest_of("2026-11-22", lines)


def test_words_and_times_are_there_in_both_languages() -> None:
    labels = [*report_words.COLUMNS.values(), *report_words.FINDINGS.values()]

    assert set(report_words.FINDINGS) == set(Finding)
    assert all(label.en and label.zh and label.en != label.zh for label in labels)
    assert [report_words.time_text(one, "en") for one in (None, 0, 59.6, 3_605, 90_000)] == [
        "–", "0 s", "1 min", "1 h", "1 d 1 h",
    ]  # fmt: skip
    assert report_words.time_text(3_700, "zh") == "1小时 1分"
    assert (report_words.share_text(0.99999), report_words.share_text(1.0)) == ("99.99 %", "100.00 %")


# ---------------------------------------------------------------- from what is on disk


@pytest.fixture
async def scene(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> AsyncIterator[CameraHouse]:
    cameras = (
        a_camera("yard", name=Label("=HYPERLINK(\"x\")", "操场")),
        a_camera("gate", is_key_site=True),
    )  # fmt: skip
    async with camera_house(tmp_path_factory, tmp_path, cameras) as made:
        yield made


async def a_day(scene: CameraHouse) -> date:
    """Monday, the campus's own: 10 checks an hour of two cameras, of which some are missed and some find something."""
    zone = scene.house.site.campus.timezone
    today = scene.house.clock.now().astimezone(zone).date()
    begin = datetime(today.year, today.month, today.day, tzinfo=zone).astimezone(UTC)
    checks = [
        Check(camera, begin + number * 6 * MINUTE, begin + number * 6 * MINUTE, miss, (Finding.BLACK,) * black)
        for camera in ("yard", "gate")
        for number in range(240)
        for miss in [Miss.GATEWAY if camera == "gate" and number % 40 == 7 else None]
        for black in [camera == "yard" and 100 <= number < 110]
    ]
    at = begin + 600 * MINUTE
    stood = Spell("s1", "yard", Finding.BLACK, at, at + MINUTE, at + 61 * MINUTE)
    order = WorkOrder("w1", "yard", at + 3 * MINUTE, at + DAY, "medium", "gateway", ("black",))
    facts = (CameraChecksKept(1, tuple(checks)), CameraSpellMoved(stood), PaperFiled(order))
    await scene.house.site.ledger.commit(Unit((), facts, directory=True))
    return today


async def test_the_report_of_a_day_is_what_is_on_record_of_it(scene: CameraHouse) -> None:
    today = await a_day(scene)
    scene.house.clock.go_on(86_400)

    report = await availability.day(scene.house.site, today)
    lines = {line.camera: line for line in report.lines}
    before = await availability.day(scene.house.site, today - DAY)

    assert report.is_over
    assert (report.until - report.since) == DAY
    assert (lines["yard"].tally.planned, lines["yard"].tally.healthy) == (240, 230)
    assert (lines["gate"].tally.done, lines["gate"].tally.missed[Miss.GATEWAY]) == (234, 6)
    assert (lines["yard"].raised, lines["yard"].minutes, lines["yard"].mean_notice_s) == (1, 60.0, 60.0)
    assert (lines["yard"].orders_opened, lines["yard"].orders_open) == (1, 1)
    assert report.total.tally.planned == 480
    assert before.total.tally.planned == 0
    month = await availability.month(scene.house.site, today.year, today.month)
    assert availability.as_rows([month.total])[0] == availability.as_rows([report.total])[0] | {"orders_open": 1}


async def test_each_night_the_day_is_put_on_record_once_and_can_be_made_again(scene: CameraHouse) -> None:
    site, today = scene.house.site, await a_day(scene)
    night = NightlyReport(site)
    await night.look()
    early = await scene.house.rows("camera_report")
    scene.house.clock.go_on(86_400)
    await night.look()
    await NightlyReport(site).look()  # a restart

    (row,) = await scene.house.rows("camera_report")
    again = await availability.day(site, today)
    late = Check("gate", again.since + 7 * MINUTE, again.since + 7 * MINUTE, Miss.OVERLOAD)
    await site.ledger.commit(Unit((), (CameraChecksKept(2, (late,)),)))
    changed = await availability.day(site, today)

    assert early == []
    assert (row["period"], row["digest"], row["planned"]) == (f"{today}", again.digest, 480)
    assert again.agrees
    assert (changed.agrees, changed.on_record) == (False, row["digest"])
    assert scene.house.folder.verify().holds


async def test_a_gateway_that_was_away_makes_the_missing_days_when_it_is_back(scene: CameraHouse) -> None:
    today = await a_day(scene)
    scene.house.clock.go_on(3 * 86_400)
    ready = False
    night = NightlyReport(scene.house.site, lambda: ready)
    await night.look()
    nothing = await scene.house.rows("camera_report")
    ready = True
    await night.look()

    rows = await scene.house.rows("camera_report")

    assert nothing == []
    assert f"{today}" in {row["period"] for row in rows}
    assert len(await scene.house.site.archive.told([KEY + f"{today}"])) == 1


async def test_the_month_is_put_on_record_after_its_last_day(scene: CameraHouse) -> None:
    await a_day(scene)
    scene.house.clock.go_on(8.5 * 86_400)

    await NightlyReport(scene.house.site).look()

    months = [row["period"] for row in await scene.house.rows("camera_report") if len(row["period"]) == 7]
    assert months == ["2026-11"]


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_page_and_workbook_show_the_same_numbers_and_no_cell_is_a_formula(scene: CameraHouse, lang: str) -> None:
    today = await a_day(scene)
    scene.house.clock.go_on(86_400)
    shelf = Shelf(scene.house.site)

    page = await shelf.page(f"{today}", lang)
    data = await shelf.data(f"{today}")
    book = zipfile.ZipFile(io.BytesIO(await shelf.xlsx(f"{today}", lang)))

    cells = {cell["key"]: cell["text"] for cell in page["total"]["cells"]}
    assert (cells["planned"], cells["healthy"], cells["availability"]) == ("480", "464", "96.66 %")
    assert data["total"]["healthy"] == 464
    assert page["findings"][0]["name"] == ("Black picture" if lang == "en" else "黑屏")
    sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    text = book.read("xl/sharedStrings.xml").decode()
    assert len(sheets) == 2
    assert all("<f>" not in sheet and "hyperlink" not in sheet for sheet in sheets)
    assert ("=HYPERLINK" if lang == "en" else "操场") in text
    assert "<v>480</v>" in sheets[0]


async def test_only_a_time_that_has_begun_can_be_reported(scene: CameraHouse) -> None:
    shelf = Shelf(scene.house.site)

    for period in ("2026-12-01", "2026-13", "yesterday", "2026-02-30", "1999-01", "2026-1-1"):
        with pytest.raises(NoSuchPeriod):
            await shelf.data(period)
    so_far = await shelf.page("2026-11-23", "en")
    assert so_far["so_far"].startswith("so far")
    assert Line(None).is_empty
