"""Many alarms are few entries: one that comes and goes, those that belong together, a flood; and none is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from gateway.core.alarm_catalogue import LIFE_SAFETY
from gateway.core.alarm_groups import CALM_S, FLOOD, WINDOW_S
from gateway.flows import alarm_acts, alarm_watch, alarms
from tests.flows.alarm_room import Room
from tests.flows.conftest import House


@pytest.fixture
async def room(house: House) -> Room:
    return Room(house)


# ---------------------------------------------------------------- what comes and goes


async def come_and_go(room: Room, times: int, pause: float = 10.0) -> None:
    for _ in range(times):
        await alarms.raise_alarm(room.site, alarms.HELD_DOOR, "gate")
        await room.go_on(pause / 2, pause / 2)
        await alarms.clear_alarm(room.site, alarms.HELD_DOOR, "gate")
        await room.go_on(pause / 2, pause / 2)


async def test_a_chattering_alarm_is_one_entry_that_sounds_three_times_and_says_how_often_it_came(room: Room) -> None:
    screen = room.site.feed.subscribe()

    await come_and_go(room, 30)

    events = [told.event for told in screen.take()]
    told = {(event["id"], event["told_at"]) for event in events if event["type"] == "alarm"}

    alarm = room.of(alarms.HELD_DOOR, "gate")
    assert (alarm.chattering, alarm.count, alarm.state) == (30, 30, "unacknowledged")
    assert len(told) == 3
    assert len(await room.house.rows("alarm")) <= 2 + 30


async def test_an_acknowledged_alarm_that_chatters_stays_so_and_ends_when_it_is_calm(room: Room) -> None:
    await come_and_go(room, 3)
    alarm = room.of(alarms.HELD_DOOR, "gate")
    await alarm_acts.acknowledge(room.site, alarm.id, "operator-1")

    await come_and_go(room, 10)
    chattering = room.state(alarm)
    await room.go_on(CALM_S + 2, 60)

    assert (chattering, room.state(alarm)) == ("acknowledged", None)


# ---------------------------------------------------------------- what belongs together


async def test_the_door_of_a_lost_device_is_a_part_of_that_alarm_until_the_device_is_back(room: Room) -> None:
    lost = await room.raised(alarms.DEVICE_LOST, "door")

    held = await room.raised(alarms.HELD_DOOR, "door")
    await alarms.clear_alarm(room.site, alarms.DEVICE_LOST, "door")
    await room.go_on(12)
    alone = room.of(alarms.HELD_DOOR, "door")

    assert held.in_group == lost.id
    assert (alone.in_group, alone.state, alone.holds) == (None, "unacknowledged", True)
    assert room.state(lost) == "returned"


async def test_acknowledging_and_closing_an_entry_goes_for_its_members(room: Room) -> None:
    lost = [await room.raised(alarms.DEVICE_LOST, name) for name in ("gate", "exit", "lane", "bollard")]
    head = lost[0].id
    assert [one.in_group for one in lost] == [None, head, head, head]

    await alarm_acts.acknowledge(room.site, lost[2].id, "operator-1")
    states = [room.state(one) for one in lost]
    await alarms.clear_alarm(room.site, alarms.DEVICE_LOST, "exit")
    await room.go_on(12)
    gone = room.state(lost[1])
    await alarm_acts.close(room.site, head, "repaired", "operator-1")

    assert states == ["acknowledged"] * 4 and gone is None
    assert list(room.site.alarms.by_id) == []
    assert Counter(row.state for row in await room.stored()) == {"closed": 4}


async def test_an_acknowledged_entry_that_doubles_is_heard_again(room: Room) -> None:
    first = await room.raised(alarms.DEVICE_LOST, "gate")
    await room.raised(alarms.DEVICE_LOST, "exit")
    await alarm_acts.acknowledge(room.site, first.id, "operator-1")

    await room.raised(alarms.DEVICE_LOST, "lane")
    three = room.state(first)
    await room.raised(alarms.DEVICE_LOST, "bollard")

    assert (three, room.state(first)) == ("acknowledged", "unacknowledged")


async def test_a_door_that_is_forced_in_an_evacuation_is_a_matter_of_record(room: Room) -> None:
    ordinary = await room.raised(alarms.FORCED_DOOR, "door")
    await alarm_acts.close(room.site, ordinary.id, "handled", "operator-1")
    room.site.fires.add("dorm-1")
    room.site.renew_world()

    in_evacuation = await room.raised(alarms.FORCED_DOOR, "door")

    assert (ordinary.priority, in_evacuation.priority) == ("high", "low")


# ---------------------------------------------------------------- a flood


async def test_a_thousand_a_minute_from_two_hundred_devices_are_ten_entries_and_none_is_lost(
    make_house: Callable[..., Any],
) -> None:
    room = Room(await make_house())
    kinds = (alarms.TAMPER, alarms.HELD_DOOR, alarms.FORCED_DOOR, alarms.DEVICE_CLOCK, alarms.EVENTS_LOST)
    causes = [(kinds[number % 5], f"device-{number:03d}") for number in range(200)]

    for turn in range(5):
        for number, (condition, place) in enumerate(causes):
            await alarms.raise_alarm(room.site, condition, place)
            if number % 17 == 0:
                room.house.clock.go_on(1)
                await alarm_watch.look(room.site)
        if turn == 2:
            await alarms.raise_alarm(room.site, alarms.FIRE, "dorm-1")
    await room.go_on(WINDOW_S - 62, 10)

    entries = [one for one in room.site.alarms.shown() if one.condition not in LIFE_SAFETY]
    everything = [one for one in room.site.alarms.by_id.values() if one.condition not in {FLOOD, "fire"}]
    assert len(entries) <= 10
    assert {(one.condition, one.place) for one in everything} == set(causes)
    assert sum(one.count for one in everything) == 1_000
    assert room.of(alarms.FIRE, "dorm-1").in_group is None

    stored = await room.stored()
    assert sum(row._mapping["count"] for row in stored if row.condition not in {FLOOD, "fire"}) == 1_000
    recorded = {row["place"] for row in await room.house.rows("alarm")}
    recorded |= {one["place"] for row in await room.house.rows("alarm_members") for one in row["joined"]}
    assert recorded >= {place for _, place in causes}
    rows = len(await room.house.rows("alarm")) + len(await room.house.rows("alarm_members"))
    assert rows < 300  # a thousand alarms, ten minutes

    await room.house.restart()
    assert sum(one.count for one in room.site.alarms.by_id.values() if one.condition not in {FLOOD, "fire"}) == 1_000
    assert len(list(room.site.alarms.shown())) == len(entries) + 1


async def test_a_quiet_minute_of_the_watch_writes_nothing(room: Room) -> None:
    alarm = await room.raised(alarms.DEVICE_LOST, "gate")
    await alarm_acts.acknowledge(room.site, alarm.id, "operator-1")
    await room.go_on(15)
    before = len(await room.house.all_rows())

    await room.go_on(60)

    assert len(await room.house.all_rows()) == before
    assert not room.site.alarms.unwritten


async def test_counts_that_grow_are_written_within_seconds(room: Room) -> None:
    await room.raised(alarms.TAMPER, "gate")
    for _ in range(40):
        await alarms.raise_alarm(room.site, alarms.TAMPER, "gate")

    await room.go_on(30)

    (stored,) = await room.stored()
    assert stored._mapping["count"] == 41
