"""Nobody misses an alarm because its entry was seen, closed or put aside, at that moment or before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from gateway.core.alarm_catalogue import LIFE_SAFETY, Priority
from gateway.core.alarm_groups import FLOOD, ROOM_FOR
from gateway.flows import alarm_acts, alarms, directory_watch
from gateway.flows.open_alarms import AlarmPicture
from gateway.flows.ports import LedgerUnavailable, Unit
from tests.flows.alarm_room import Room
from tests.flows.conftest import House


class SlowLedger:
    """The ledger, whose next commit goes on only when a test lets it, or fails."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self.begun, self.goes_on = asyncio.Event(), asyncio.Event()
        self.fails = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def commit(self, unit: Unit, within_s: float | None = None) -> Any:
        if not self.begun.is_set():
            self.begun.set()
            await self.goes_on.wait()
            if self.fails:
                raise LedgerUnavailable("the disk is full")
        return await self._ledger.commit(unit, within_s)


@contextlib.asynccontextmanager
async def while_written(room: Room, act: Any, *, fails: bool = False) -> AsyncIterator[None]:
    """What a test does between the beginning of an act's commit and its end."""
    ledger, slow = room.site.ledger, SlowLedger(room.site.ledger)
    slow.fails = fails
    room.site.ledger = slow
    acting = asyncio.create_task(act)
    await slow.begun.wait()
    try:
        yield
    finally:
        slow.goes_on.set()
        with contextlib.suppress(LedgerUnavailable):
            await acting
        room.site.ledger = ledger
        await room.house.settle()


@pytest.fixture
async def room(house: House) -> Room:
    return Room(house)


@pytest.fixture
def shelf(room: Room) -> Iterator[Any]:
    """The end of an hour on the shelf."""
    yield room.house.clock.now() + timedelta(hours=1)


# ---------------------------------------------------------------- seen


async def test_a_third_forced_door_of_a_zone_is_heard_though_the_others_are_acknowledged(room: Room) -> None:
    doors = [await room.raised(alarms.FORCED_DOOR, name) for name in ("gate", "exit")]
    for door in doors:
        await alarm_acts.acknowledge(room.site, door.id, "operator-1")
    room.house.clock.go_on(240)
    screen = room.site.feed.subscribe()

    third = await room.raised(alarms.FORCED_DOOR, "lane")
    told = [one.event for one in screen.take() if one.event["type"] == "alarm"]
    await room.go_on(200, 10)

    (head,) = [door for door in doors if door.id == third.in_group]
    assert room.state(head) == "unacknowledged"
    assert [(one["id"], one["state"], one["told_at"]) for one in told] == [(head.id, "unacknowledged", third.opened_at)]
    assert [row["alarm"] for row in await room.house.rows("alarm_escalated")] == [head.id]


async def test_each_high_alarm_that_joins_an_acknowledged_entry_is_heard(room: Room) -> None:
    doors = [await room.raised(alarms.FORCED_DOOR, f"door-{number}") for number in range(8)]
    head = doors[-1].in_group or ""
    await alarm_acts.acknowledge(room.site, head, "operator-1")

    await room.raised(alarms.FORCED_DOOR, "door-8")

    assert room.site.alarms.by_id[head].state == "unacknowledged"


async def test_who_acknowledges_has_not_seen_what_joined_while_that_was_written(room: Room) -> None:
    doors = [await room.raised(alarms.FORCED_DOOR, name) for name in ("gate", "exit", "lane")]
    head = doors[2].in_group or ""

    async with while_written(room, alarm_acts.acknowledge(room.site, head, "operator-1")):
        await alarms.raise_alarm(room.site, alarms.FORCED_DOOR, "bollard")

    assert room.of(alarms.FORCED_DOOR, "bollard").in_group == head
    assert room.site.alarms.by_id[head].state == "unacknowledged"


@pytest.mark.parametrize("condition", sorted(LIFE_SAFETY))
async def test_acknowledging_what_was_about_a_life_never_ends_it(room: Room, condition: str) -> None:
    alarm = await room.raised(condition, "dorm-1")
    await alarms.clear_alarm(room.site, condition, "dorm-1")
    room.house.clock.go_on(5)

    both = [await alarm_acts.acknowledge(room.site, alarm.id, by) for by in ("guard-1", "guard-2")]
    await room.go_on(20, 5)
    after = room.of(condition, "dorm-1")
    await alarm_acts.close(room.site, alarm.id, "false_alarm", "operator-1")

    assert [(one.state, one.acknowledged_by) for one in both] == [("returned", "guard-1")] * 2
    assert (after.state, after.id in room.site.alarms.unseen) == ("returned", False)
    assert len(await room.house.rows("alarm_acknowledged")) == 1
    assert [row["code"] for row in await room.house.rows("alarm_closed")] == ["false_alarm"]


# ---------------------------------------------------------------- closed


@pytest.mark.parametrize("act", ["close", "shelve", "out-of-service"])
async def test_what_comes_while_its_entry_is_closed_or_put_aside_stands_for_itself(
    room: Room, shelf: Any, act: str
) -> None:
    lost = await room.raised(alarms.DEVICE_LOST, "door")
    acts = {
        "close": alarm_acts.close(room.site, lost.id, "repaired", "operator-1"),
        "shelve": alarm_acts.shelve(room.site, lost.id, shelf, "being_repaired", "operator-1"),
        "out-of-service": alarm_acts.put_out_of_service(room.site, lost.id, "broken", "officer-1"),
    }
    wanted = acts.pop(act)
    for other in acts.values():
        other.close()

    async with while_written(room, wanted):
        await alarms.raise_alarm(room.site, alarms.HELD_DOOR, "door")  # which the lost device would explain
        await alarms.raise_alarm(room.site, alarms.DEVICE_LOST, "control")

    for cause in ((alarms.HELD_DOOR, "door"), (alarms.DEVICE_LOST, "control")):
        alarm = room.of(*cause)
        assert (alarm.in_group, alarm.state) == (None, "unacknowledged")
        assert alarm in list(room.site.alarms.shown())


async def test_an_entry_whose_closing_fails_takes_members_as_before(room: Room) -> None:
    lost = await room.raised(alarms.DEVICE_LOST, "gate")

    async with while_written(room, alarm_acts.close(room.site, lost.id, "repaired", "operator-1"), fails=True):
        pass
    other = await room.raised(alarms.DEVICE_LOST, "exit")

    assert room.state(lost) == "unacknowledged"
    assert other.in_group == lost.id
    assert not room.site.alarms.put_off


async def test_a_picture_that_comes_while_an_alarm_is_closed_does_not_take_the_place_of_a_new_one(room: Room) -> None:
    first = await room.raised(alarms.FORCED_DOOR, "gate")

    async with while_written(room, alarm_acts.close(room.site, first.id, "handled", "operator-1")):
        second = await alarms.raise_alarm(room.site, alarms.FORCED_DOOR, "gate")
        alarms.add_pictures(room.site, first.id, [AlarmPicture("p1", "lane", "before", first.opened_at)])

    assert room.of(alarms.FORCED_DOOR, "gate").id == second.id != first.id


async def test_after_a_restart_nothing_joins_what_is_put_aside(room: Room, shelf: Any) -> None:
    first = await room.raised(alarms.DEVICE_LOST, "gate")
    await alarm_acts.shelve(room.site, first.id, shelf, "being_repaired", "operator-1")

    await room.house.restart()
    second = await room.raised(alarms.DEVICE_LOST, "exit")

    assert (second.in_group, second.state) == (None, "unacknowledged")


# ---------------------------------------------------------------- put aside


async def test_an_entry_in_which_other_things_stand_can_be_neither_shelved_nor_taken_out_of_service(
    room: Room, shelf: Any
) -> None:
    for number in range(3):
        await room.raised(alarms.TAMPER, f"device-{number}")
    low = (alarms.DEVICE_CLOCK, alarms.EVENTS_LOST, alarms.HELD_DOOR, alarms.FLOOD, alarms.BAD_MESSAGES)
    for number, condition in enumerate(low):
        await room.raised(condition, f"other-{number}")
    (head,) = [one for one in room.site.alarms.shown() if one.condition == FLOOD]
    assert len(list(room.site.alarms.shown())) == ROOM_FOR[Priority.LOW] + 1
    assert (await room.raised(alarms.LATE_RETURN, "dorm-1")).in_group is None  # medium: there is room for one more
    assert (await room.raised(alarms.POST_UNMANNED, "gate")).in_group == head.id

    with pytest.raises(alarm_acts.NotForThisKind, match="other alarms") as shelved:
        await alarm_acts.shelve(room.site, head.id, shelf, "nuisance", "operator-1")
    with pytest.raises(alarm_acts.NotForThisKind):
        await alarm_acts.put_out_of_service(room.site, head.id, "broken", "officer-1")

    assert shelved.value.code == "of_many"
    assert {one.state for one in room.site.alarms.by_id.values()} == {"unacknowledged"}


async def test_an_explained_door_keeps_its_device_from_the_shelf_and_its_like_do_not(room: Room, shelf: Any) -> None:
    lost = await room.raised(alarms.DEVICE_LOST, "door")
    like = await room.raised(alarms.DEVICE_LOST, "control")
    assert like.in_group is None or like.in_group == lost.id
    await room.raised(alarms.HELD_DOOR, "door")

    with pytest.raises(alarm_acts.NotForThisKind):
        await alarm_acts.shelve(room.site, lost.id, shelf, "being_repaired", "operator-1")
    await alarms.clear_alarm(room.site, alarms.HELD_DOOR, "door")
    await alarm_acts.acknowledge(room.site, lost.id, "operator-1")
    shelved = await alarm_acts.shelve(room.site, lost.id, shelf, "being_repaired", "operator-1")

    assert shelved.state == "shelved"


# ---------------------------------------------------------------- closed too early


async def test_what_is_found_once_and_closed_while_it_lasts_is_raised_again_after_its_time(room: Room) -> None:
    lost = await room.raised(alarms.DEVICE_LOST, "gate")
    await alarm_acts.close(room.site, lost.id, "handled", "operator-1")

    await room.go_on(3_590, 30)
    before = room.site.alarms.of(alarms.DEVICE_LOST, "gate")
    await room.go_on(20, 5)
    again = room.of(alarms.DEVICE_LOST, "gate")

    assert before is None
    assert (again.state, again.id != lost.id) == ("unacknowledged", True)
    assert not room.site.alarms.put_off


async def test_what_was_closed_and_is_over_before_its_time_stays_away(room: Room) -> None:
    lost = await room.raised(alarms.DEVICE_LOST, "gate")

    async with while_written(room, alarm_acts.close(room.site, lost.id, "handled", "operator-1")):
        await alarms.clear_alarm(room.site, alarms.DEVICE_LOST, "gate")
    await room.go_on(3_700, 60)

    assert room.site.alarms.of(alarms.DEVICE_LOST, "gate") is None


async def test_what_was_closed_of_a_device_that_is_not_enrolled_any_more_does_not_come_back(room: Room) -> None:
    for condition in (alarms.DEVICE_CLOCK, alarms.POSTURE_LATE):
        alarm = await room.raised(condition, "gate")
        await alarm_acts.close(room.site, alarm.id, "handled", "operator-1")

    await directory_watch.retire(room.site, room.site.devices.get("gate"))
    await room.go_on(3_600, 300)

    assert not room.site.alarms.by_id


async def test_what_is_looked_for_each_second_comes_back_after_its_time_as_one_entry(room: Room) -> None:
    due = await room.raised(alarms.DISPOSAL_DUE, "north-in")
    await alarm_acts.close(room.site, due.id, "handled", "operator-1")

    found = []
    for _ in range(91):
        room.house.clock.go_on(10)
        if (alarms.DISPOSAL_DUE, "north-in") not in room.site.alarms.by_cause:
            await alarms.raise_alarm(room.site, alarms.DISPOSAL_DUE, "north-in")
        found.append(room.site.alarms.of(alarms.DISPOSAL_DUE, "north-in"))
    await room.house.settle()

    assert found[:89] == [None] * 89
    assert found[-1] is not None and found[-1].id != due.id
    assert len(await room.house.rows("alarm")) == 2


async def test_what_ended_and_begins_anew_is_heard_at_once(room: Room) -> None:
    due = await room.raised(alarms.DISPOSAL_DUE, "north-in")
    await alarm_acts.close(room.site, due.id, "handled", "operator-1")
    await alarms.clear_alarm(room.site, alarms.DISPOSAL_DUE, "north-in")

    assert (await room.raised(alarms.DISPOSAL_DUE, "north-in")).state == "unacknowledged"


@pytest.mark.parametrize("condition", [*sorted(LIFE_SAFETY), alarms.FORCED_DOOR, alarms.TAMPER])
async def test_what_happens_again_after_somebody_closed_it_is_never_held_back(room: Room, condition: str) -> None:
    first = await room.raised(condition, "gate")
    await alarm_acts.close(room.site, first.id, "handled", "operator-1")

    second = await room.raised(condition, "gate")

    assert (second.state, second.id != first.id) == ("unacknowledged", True)
    await room.go_on(7_200, 600)
    assert second.id in room.site.alarms.by_id and len(room.site.alarms.by_id) == 1


@pytest.mark.parametrize(("condition", "is_left"), [(alarms.FIRE, True), (alarms.DEVICE_CLOCK, False)])
async def test_a_cause_that_ends_while_somebody_acknowledges_ends_as_it_would_have_before(
    house: House, condition: str, is_left: bool
) -> None:
    alarm = await alarms.raise_alarm(house.site, condition, "dorm-1")
    await house.settle()

    await asyncio.gather(
        alarm_acts.acknowledge(house.site, alarm.id, "operator-1"),
        alarms.clear_alarm(house.site, condition, "dorm-1"),
    )
    await house.settle()

    left = house.site.alarms.by_id.get(alarm.id)
    assert (left is not None) == is_left
    if left is not None:
        assert (left.state, left.acknowledged_by) == ("returned", "operator-1")
        await alarm_acts.close(house.site, alarm.id, "test", "operator-1")
        assert alarm.id not in house.site.alarms.by_id
