"""The list of a device that decides alone follows the calendar: it never opens what a special day has closed."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from devices.limits import PAGE_CHANGE_S
from devices.messages import CredentialPage
from gateway.core.kinds import DayKind
from gateway.flows.credential_lists import days_of
from tests.flows.conftest import House

DAY_S = 24 * 3_600
WEDNESDAY = date(2026, 11, 25)


@pytest.fixture
async def at_the_exit(house: House) -> House:
    """The house with its `exit` reader, which lets pupils out in the leaving windows."""
    house.site.campus = replace(house.site.campus, calendar={WEDNESDAY: DayKind.HOLIDAY})
    await house.look()
    return house


def days_with_leaving_windows(page: CredentialPage) -> set[int]:
    """The weekdays on which somebody may leave in windows, 0 is Monday; the campus is 8 hours ahead of UTC."""
    starts = {start for entry in page.entries if entry.windows for start, _ in entry.windows}
    return {(start + 8 * 60) // (24 * 60) % 7 for start in starts}


async def test_a_holiday_ahead_closes_its_weekday_until_it_is_over(at_the_exit: House) -> None:
    house = at_the_exit
    before = house.courier.page("exit")
    assert days_with_leaving_windows(before) == {0, 1, 3, 4, 5, 6}

    house.clock.go_on(2 * DAY_S)
    await house.look()
    on_the_day = house.courier.page("exit")
    house.clock.go_on(DAY_S)
    await house.look()
    after = house.courier.page("exit")

    assert on_the_day == before
    assert days_with_leaving_windows(after) == set(range(7))
    assert after.version == before.version + 1


async def test_a_calendar_that_changed_while_the_gateway_was_away_is_followed_at_start(at_the_exit: House) -> None:
    house = at_the_exit
    before = house.courier.page("exit")
    await house.restart()
    for device in house.site.devices:
        device.list_is_due = False  # as the start does for lists that were made from this directory
    house.site.campus = replace(house.site.campus, calendar={WEDNESDAY + timedelta(1): DayKind.HOLIDAY})

    await house.look()

    assert days_with_leaving_windows(house.courier.page("exit")) == {0, 1, 2, 4, 5, 6}
    assert house.courier.page("exit").version == before.version + 1


async def test_a_list_whose_rules_are_the_same_is_not_made_again(at_the_exit: House) -> None:
    house = at_the_exit
    before = house.courier.page("exit")
    await house.restart()
    for device in house.site.devices:
        device.list_is_due = False
    house.site.campus = replace(house.site.campus, calendar={WEDNESDAY: DayKind.HOLIDAY})
    house.clock.go_on(2 * PAGE_CHANGE_S)

    await house.look()

    assert house.courier.page("exit") == before
    assert house.site.devices.get("exit").list_built_at < 0  # type: ignore[union-attr]


def test_the_days_of_a_list_are_the_campus_own_from_the_first_to_the_last(house: House) -> None:
    late = datetime.fromisoformat("2026-11-23T17:00+00:00")  # already Tuesday at the campus

    days = days_of(house.site.campus, late, late + timedelta(days=7))

    assert (days[0], days[-1], len(days)) == (date(2026, 11, 24), date(2026, 12, 1), 8)
