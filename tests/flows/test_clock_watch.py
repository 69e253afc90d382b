"""The clock leaps, forth and back: no order ends by it, nothing opens by it, and two people or the source settle it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from devices.messages import Action
from gateway.core.levels import Moment
from gateway.flows import alarms, clock_watch, directory_watch, level_changes
from gateway.flows.clock_watch import ClockIsGood, SamePerson, WatchedClock
from gateway.flows.ports import FastClock, SystemClock
from tests.flows.conftest import House, StoppedClock
from tests.flows.test_orders import Office

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEAPS = (HOUR, -HOUR, DAY, -DAY, timedelta(days=20 * 365), timedelta(days=-10 * 365), timedelta(seconds=6))


class LeapingClock(StoppedClock):
    """One that somebody sets: the boot clock does not care."""

    agrees: bool | None = None

    def leap(self, by: timedelta) -> None:
        self._now += by

    def source_agrees(self) -> bool | None:
        return self.agrees


class Watched(Office):
    """An office whose gateway watches its clock."""

    wall: LeapingClock

    async def begin(self) -> Watched:
        self.wall = LeapingClock()
        self.house.clock = self.house.site.clock = self.wall
        await directory_watch.take_over(self.house.site)
        await clock_watch.begin(self.house.site)
        return self

    @property
    def clock(self) -> WatchedClock:
        found = self.house.site.clock
        assert isinstance(found, WatchedClock)
        return found

    async def beats(self, seconds: int) -> None:
        """The gateway's looks of so many seconds."""
        for _ in range(seconds):
            self.wall.go_on(1)
            await clock_watch.look(self.house.site)
            await self.keeper.look()
        await self.house.settle()

    async def leap(self, by: timedelta) -> None:
        self.wall.leap(by)
        await self.beats(1)

    async def again(self) -> None:
        """The gateway is started anew, by the clock as it is."""
        self.keeper.close()
        await self.house.stop()
        await self.house.start()
        self.keeper = level_changes.LevelKeeper(self.house.site)
        await clock_watch.begin(self.house.site)
        await level_changes.begin(self.house.site)
        await self.house.settle()


@pytest.fixture
async def watched(house: House) -> AsyncIterator[Watched]:
    made = await Watched(house).begin()
    yield made
    made.keeper.close()
    house.site.clock = made.wall


@pytest.mark.parametrize("by", LEAPS, ids=str)
async def test_a_leap_ends_no_order_and_the_very_next_reading_knows(watched: Watched, by: timedelta) -> None:
    site = watched.house.site
    await watched.own(1, 0, 1_800)
    before = site.clock.now()

    watched.wall.leap(by)
    now = site.clock.now()  # as a tap does, before any beat

    assert site.trusted_until == site.world.trusted_until == before
    assert now == max(before, before + by), "the gateway's time does not run backwards"
    assert watched.level() == 1
    await watched.beats(3)
    assert watched.level() == watched.shown_level() == 1 and await watched.house.rows("order_ended") == []
    (row,) = await watched.house.rows("clock_suspect")
    assert row["why"] == "leap" and round(row["off_s"]) == round(by.total_seconds())
    assert {(c, p) for c, p, _ in watched.house.alarms} >= {(alarms.CLOCK_SUSPECT, "clock")}


@pytest.mark.parametrize("by", LEAPS, ids=str)
async def test_while_in_doubt_no_order_ends_however_long_it_takes(watched: Watched, by: timedelta) -> None:
    await watched.own(1, 0, 30)
    await watched.leap(by)

    await watched.beats(50)

    assert watched.level() == watched.shown_level() == 1
    assert clock_watch.state(watched.house.site)["state"] == "suspect"


@pytest.mark.parametrize("by", [-HOUR, -DAY, timedelta(days=-10 * 365)], ids=str)
async def test_an_order_whose_time_comes_while_the_clock_lies_behind_starts(watched: Watched, by: timedelta) -> None:
    await watched.unified(1, 20)
    await watched.leap(by)

    await watched.beats(10)
    assert watched.level() == 3
    await watched.beats(15)

    assert watched.level() == watched.shown_level() == 1


async def test_nothing_becomes_valid_by_a_leap(watched: Watched) -> None:
    site = watched.house.site
    soon = site.clock.now() + timedelta(minutes=5)

    watched.wall.leap(DAY)

    now = site.clock.now()
    moment = Moment(now, site.trusted_until)
    assert not moment.is_within(soon, soon + 3 * DAY)
    assert not moment.is_within(None, soon), "what a wrong clock calls over is refused too"
    assert moment.is_restricted(soon, None) and moment.is_restricted(soon - DAY, soon)


async def test_leaving_is_untouched_by_a_clock_that_leaps(watched: Watched) -> None:
    gate = watched.house.hand("exit")
    await gate.status()

    for by in LEAPS:
        watched.wall.leap(by)
        _, command = await gate.tap("STAFF1", "out")
        assert command is not None and command.action is Action.GRANT


@pytest.mark.parametrize("by", LEAPS, ids=str)
async def test_doubt_ends_when_the_clock_has_agreed_for_a_minute(watched: Watched, by: timedelta) -> None:
    """Set right again, it is believed after 60 s; what was due meanwhile is carried out then."""
    await watched.own(1, 0, 30)
    await watched.leap(by)
    await watched.beats(5)
    watched.wall.leap(-by)

    await watched.beats(60)
    assert watched.house.site.trusted_until is not None and watched.level() == 1
    await watched.beats(3)

    assert watched.house.site.trusted_until is None
    assert watched.level() == watched.shown_level() == 3
    assert [row["why"] for row in await watched.house.rows("clock_good")] == ["agrees"]
    assert {state for c, _, state in watched.house.alarms if c == alarms.CLOCK_SUSPECT} == {"returned"}


async def test_each_leap_begins_the_minute_anew(watched: Watched) -> None:
    await watched.leap(HOUR)
    watched.wall.leap(-HOUR)
    await watched.beats(40)
    watched.wall.leap(HOUR)
    await watched.beats(2)
    watched.wall.leap(-HOUR)

    await watched.beats(58)
    assert watched.house.site.trusted_until is not None
    await watched.beats(5)

    assert watched.house.site.trusted_until is None


async def test_the_systems_own_word_that_it_is_synchronised_settles_it(watched: Watched) -> None:
    """The clock was wrong before, and the time source has set it right: nothing will ever lie near the old time."""
    await watched.leap(-HOUR)
    await watched.beats(70)
    assert watched.house.site.trusted_until is not None
    watched.wall.agrees = True

    await watched.beats(62)

    assert watched.house.site.trusted_until is None
    assert watched.house.site.clock.now() == watched.wall.now()


async def test_two_different_people_confirm_the_clock(watched: Watched) -> None:
    site = watched.house.site
    await watched.own(1, 0, 1_800)
    await watched.leap(HOUR)

    assert await clock_watch.confirm(site, "leader-1") is False
    with pytest.raises(SamePerson):
        await clock_watch.confirm(site, "leader-1")
    assert watched.level() == 1
    assert await clock_watch.confirm(site, "principal-1") is True

    assert site.trusted_until is None and watched.level() == watched.shown_level() == 3
    (row,) = await watched.house.rows("clock_good")
    assert (row["why"], row["by"]) == ("confirmed", ["leader-1", "principal-1"])
    with pytest.raises(ClockIsGood):
        await clock_watch.confirm(site, "leader-1")


async def test_a_confirmation_is_of_what_the_clock_shows_then(watched: Watched) -> None:
    """After another leap, or a quarter of an hour, the first one counts no more."""
    site = watched.house.site
    await watched.leap(HOUR)
    await clock_watch.confirm(site, "leader-1")
    await watched.leap(DAY)
    assert await clock_watch.confirm(site, "principal-1") is False

    watched.wall.go_on(16 * 60)
    site.clock.now()

    assert await clock_watch.confirm(site, "leader-1") is False


async def test_an_order_that_a_wrong_clock_had_begun_waits_for_its_time_again(watched: Watched) -> None:
    await watched.own(1, 1_800, 3_600)
    await watched.leap(HOUR - timedelta(minutes=20))
    assert watched.level() == watched.shown_level() == 1, "orders may start"

    watched.wall.leap(-(HOUR - timedelta(minutes=20)))
    await watched.beats(65)
    assert watched.level() == watched.shown_level() == 3
    assert len(await watched.house.rows("order_held_back")) == 1
    await watched.beats(1)
    watched.wall.go_on(1_800)
    await watched.beats(1)

    assert watched.level() == watched.shown_level() == 1
    assert len(await watched.house.rows("order_started")) == 2
    assert await watched.course() == [(3, 1), (1, 3), (3, 1)]


async def test_an_order_that_a_wrong_clock_had_ended_counts_again(watched: Watched) -> None:
    """The machine was started with a clock a year ahead, and nothing could tell: until it is set right."""
    order = await watched.unified(1, 0, 1_800)
    watched.wall.leap(timedelta(days=365))
    await watched.again()
    assert watched.level() == 3 and len(await watched.house.rows("order_ended")) == 1

    await watched.leap(timedelta(days=-365))
    for leader in ("leader-1", "principal-1"):
        await clock_watch.confirm(watched.house.site, leader)
    await watched.beats(1)

    assert watched.level() == watched.shown_level() == 1
    assert [row["order"] for row in await watched.house.rows("order_resumed")] == [order.id]
    watched.wall.go_on(1_800)
    await watched.beats(1)
    assert watched.level() == 3 and len(await watched.house.rows("order_ended")) == 2


async def test_a_start_before_the_newest_row_is_in_doubt(watched: Watched) -> None:
    await watched.own(1, 0, 1_800)
    newest = watched.wall.now()
    watched.wall.leap(-DAY)

    await watched.again()

    site = watched.house.site
    assert site.trusted_until is not None and site.trusted_until >= newest - timedelta(seconds=1)
    assert watched.level() == 1 and (await watched.house.rows("clock_suspect"))[0]["why"] == "before_ledger"
    assert site.clock.now() >= newest


async def test_a_start_a_little_before_the_newest_row_is_not(watched: Watched) -> None:
    await watched.own(1, 0, 1_800)
    watched.wall.leap(-timedelta(seconds=4))

    await watched.again()

    assert watched.house.site.trusted_until is None


async def test_doubt_outlives_a_restart(watched: Watched) -> None:
    await watched.own(1, 0, 1_800)
    await watched.leap(HOUR)
    trusted = watched.house.site.trusted_until

    await watched.again()
    await watched.beats(70)

    site = watched.house.site
    assert site.trusted_until == trusted and watched.level() == 1
    for leader in ("leader-1", "principal-1"):
        await clock_watch.confirm(site, leader)
    await watched.again()
    assert watched.house.site.trusted_until is None and watched.level() == 3


async def test_a_machine_that_slept_is_no_leap(watched: Watched) -> None:
    """The boot clock counts the sleep."""
    watched.wall.go_on(8 * 3_600)
    await watched.beats(1)

    assert watched.house.site.trusted_until is None


@pytest.mark.parametrize("each", [0.0004, -0.0004])
async def test_a_clock_that_its_source_pulls_slowly_is_no_leap(watched: Watched, each: float) -> None:
    for _ in range(20_000):
        watched.wall.go_on(1)
        watched.wall.leap(timedelta(seconds=each))
        watched.house.site.clock.now()

    assert watched.house.site.trusted_until is None


async def test_many_small_steps_make_a_leap(watched: Watched) -> None:
    for _ in range(4):
        watched.wall.go_on(1)
        watched.wall.leap(timedelta(seconds=2))
        watched.house.site.clock.now()

    assert watched.house.site.trusted_until is not None


@pytest.mark.parametrize("factor", [1.0, 60.0, 1_000.0])
def test_a_simulated_day_that_runs_fast_is_no_leap(factor: float) -> None:
    clock = WatchedClock(FastClock(datetime.now(UTC), datetime(2026, 11, 23, tzinfo=UTC), factor))
    for _ in range(100):
        clock.now()
        time.sleep(0.002)

    assert clock.doubt is None
    assert clock.lasted_s(timedelta(seconds=factor)) == pytest.approx(1.0)


def test_the_machines_own_clock_is_good_and_says_what_its_source_says() -> None:
    clock = SystemClock()

    assert WatchedClock(clock).now() - clock.now() < timedelta(seconds=1)
    assert clock.boot_s() > 0 and clock.source_agrees() in (True, False, None)


async def test_without_a_watch_the_very_same_leap_ends_the_order(house: House) -> None:
    """The broken variant: what the watch is for."""
    office = Office(house)
    house.clock = house.site.clock = LeapingClock()
    await directory_watch.take_over(house.site)
    await office.own(1, 0, 1_800)

    house.clock.leap(HOUR)
    await office.keeper.look()

    assert office.level() == 3
    office.keeper.close()
