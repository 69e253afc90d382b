"""`wardgate calendar seed` prints holidays as campus.yaml takes them; a year that nobody knows yet is no fault."""

import sys
from datetime import date, timedelta
from enum import Enum
from importlib.util import find_spec
from types import ModuleType

import pytest

from gateway.calendar_seed import NoSource, NotAnnounced, announced, seeded
from gateway.core.kinds import DayKind


def of(*spans):
    """A source in which these days are holidays: (first day, how many, name)."""
    days = {first + timedelta(days=n): called for first, count, called in spans for n in range(count)}
    return days.get


SPRING = (date(2027, 2, 5), 8, "Spring Festival 春节")
LABOUR = (date(2027, 5, 1), 1, "Labour Day 劳动节")


def test_each_holiday_is_one_line():
    assert seeded(2027, of(SPRING, LABOUR)) == [
        "  - {from: 2027-02-05, to: 2027-02-12, kind: holiday}  # Spring Festival 春节",
        "  - {from: 2027-05-01, kind: holiday}  # Labour Day 劳动节",
    ]
    assert seeded(2026, of(SPRING, LABOUR)) == []


def test_two_holidays_side_by_side_stay_two_and_the_year_bounds_both_ends():
    autumn, national = (date(2028, 9, 30), 1, "Mid-autumn"), (date(2028, 10, 1), 3, "National Day")
    new_year = (date(2027, 12, 31), 3, "New Year")

    assert [line.partition(",  ")[0].strip() for line in seeded(2028, of(new_year, autumn, national))] == [
        "- {from: 2028-01-01, to: 2028-01-02, kind: holiday}  # New Year",
        "- {from: 2028-09-30, kind: holiday}  # Mid-autumn",
        "- {from: 2028-10-01, to: 2028-10-03, kind: holiday}  # National Day",
    ]


def test_what_is_printed_is_what_campus_yaml_takes(wardgate):
    campus = wardgate.site / "campus.yaml"
    lines = "\n".join(["calendar:", *seeded(2027, of(SPRING, LABOUR))])
    campus.write_text(campus.read_text("utf-8").replace("calendar: []", lines), "utf-8")

    calendar = wardgate.settings.campus.calendar

    assert len(calendar) == 9
    assert set(calendar.values()) == {DayKind.HOLIDAY}
    assert date(2027, 2, 12) in calendar and date(2027, 2, 13) not in calendar


class FakeSource(ModuleType):
    """What of the package is used: it knows Labour Day of 2027, that weekends are free, and no year after."""

    class Holiday(Enum):
        labour_day = "Labour Day"

        @property
        def chinese(self):
            return "劳动节"

    @staticmethod
    def get_holiday_detail(day):
        if day.year > 2027:
            raise NotImplementedError("no available data for year 2028, only year between [2004, 2027] supported")
        if day == LABOUR[0]:
            return True, "Labour Day"
        return day.weekday() >= 5, None


@pytest.fixture
def source(monkeypatch):
    monkeypatch.setitem(sys.modules, "chinese_calendar", FakeSource("chinese_calendar"))


def test_a_year_that_is_not_announced_is_said_and_the_others_go_on(wardgate, source):
    answer = wardgate.bare("calendar", "seed", "--year", "2028", "--year", "2027")

    assert answer.status == 0
    assert answer.out == "calendar:\n  - {from: 2027-05-01, kind: holiday}  # Labour Day 劳动节\n"
    assert "2028 is not announced yet" in answer.err
    assert wardgate.bare("calendar", "seed", "--year", "2028").out == ""


def test_without_the_package_it_could_not_run(wardgate, monkeypatch):
    monkeypatch.setitem(sys.modules, "chinese_calendar", None)  # as if it were not installed

    answer = wardgate.bare("calendar", "seed", "--year", "2027")

    assert (answer.status, answer.out) == (2, "")
    assert "chinesecalendar is not installed" in answer.err


def test_where_the_package_is_installed_it_knows_the_national_day():
    if find_spec("chinese_calendar") is None:
        with pytest.raises(NoSource):
            announced()
        return
    name = announced()

    assert any("2026-10-01" in line and "国庆节" in line for line in seeded(2026, name))
    with pytest.raises(NotAnnounced):
        seeded(2190, name)
