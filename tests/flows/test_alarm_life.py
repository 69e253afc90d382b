"""One alarm from its first cause to its end, whoever acts on it and however long it takes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.core.alarm_catalogue import LIFE_SAFETY
from gateway.flows import alarm_acts, alarms
from gateway.flows.notice_rules import NoticeRules
from gateway.flows.permits import WrongField
from gateway.flows.ports import LedgerUnavailable, Unit
from tests.flows.alarm_room import Room
from tests.flows.conftest import House


@pytest.fixture
async def room(house: House) -> Room:
    return Room(house)


# ---------------------------------------------------------------- what people do


async def test_two_operators_acknowledge_one_alarm_and_both_see_who_was_first(room: Room) -> None:
    alarm = await room.raised(alarms.TAMPER, "gate")

    both = await asyncio.gather(
        alarm_acts.acknowledge(room.site, alarm.id, "operator-1"),
        alarm_acts.acknowledge(room.site, alarm.id, "operator-2"),
    )

    assert [one.state for one in both] == ["acknowledged"] * 2
    assert {one.acknowledged_by for one in both} == {"operator-1"}
    assert [row["by"] for row in await room.house.rows("alarm_acknowledged")] == ["operator-1"]


async def test_of_two_who_close_and_shelve_the_second_is_told(room: Room) -> None:
    alarm = await room.raised(alarms.TAMPER, "gate")
    until = room.house.clock.now() + timedelta(hours=1)

    closed, shelved = await asyncio.gather(
        alarm_acts.close(room.site, alarm.id, "handled", "operator-1"),
        alarm_acts.shelve(room.site, alarm.id, until, "work", "operator-2"),
        return_exceptions=True,
    )

    assert closed.state == "closed" and isinstance(shelved, alarms.NoSuchAlarm)
    assert await room.house.rows("alarm_shelved") == []


async def test_closing_says_by_a_code_what_it_was_and_keeps_the_words_beside_the_ledger(room: Room) -> None:
    alarm = await room.raised(alarms.FIRE, "dorm-1")

    with pytest.raises(WrongField):
        await alarm_acts.close(room.site, alarm.id, "repaired", "operator-1")  # none of a fire's codes
    await alarm_acts.close(room.site, alarm.id, "test", "operator-1", "Wang held a lighter to it")

    (row,) = await room.house.rows("alarm_closed")
    (stored,) = await room.stored()
    assert (row["code"], row["by"]) == ("test", "operator-1") and "Wang" not in str(row)
    assert (stored.state, stored.disposal_code, stored.disposal) == ("closed", "test", "Wang held a lighter to it")


async def test_steps_and_calls_stand_with_the_alarm_also_after_a_restart(room: Room) -> None:
    alarm = await room.raised(alarms.FORCED_DOOR, "gate")

    await alarm_acts.tick(room.site, alarm.id, "picture", True, "operator-1")
    await alarm_acts.tick(room.site, alarm.id, "send", True, "operator-1")
    await alarm_acts.tick(room.site, alarm.id, "picture", False, "operator-1")
    await alarm_acts.call(room.site, alarm.id, "duty-leader", "no_answer", "operator-1")
    await alarm_acts.call(room.site, alarm.id, "police", "answered", "operator-1", "Sergeant Li")
    await room.house.restart()
    after = room.of(alarms.FORCED_DOOR, "gate")

    assert after.steps_done == ("send",)
    assert [(one.to, one.outcome, one.by) for one in after.calls] == [
        ("duty-leader", "no_answer", "operator-1"),
        ("police", "answered", "operator-1"),
    ]
    assert [row["note"] is not None for row in await room.house.rows("alarm_call")] == [False, True]
    with pytest.raises(WrongField):
        await alarm_acts.tick(room.site, alarm.id, "paint", True, "operator-1")
    with pytest.raises(WrongField):
        await alarm_acts.call(room.site, alarm.id, "grandmother", "busy", "operator-1")


async def test_another_room_takes_an_alarm_over_and_its_own_takes_it_back(room: Room) -> None:
    alarm = await room.raised(alarms.TAMPER, "gate")
    assert alarm.room == "main"

    with pytest.raises(WrongField):
        await alarm_acts.take_over(room.site, alarm.id, "nowhere", "operator-1")
    room.site.alarms.put(replace(alarm, room="south"))
    taken = await alarm_acts.take_over(room.site, alarm.id, "main", "operator-1")

    assert (taken.room, taken.taken_over_by) == ("south", "main")
    assert [row["room"] for row in await room.house.rows("alarm_taken_over")] == ["main"]


# ---------------------------------------------------------------- put aside


async def test_what_is_shelved_comes_back_to_the_second_if_its_cause_holds(room: Room) -> None:
    alarm = await room.raised(alarms.HELD_DOOR, "gate")
    until = room.house.clock.now() + timedelta(hours=2)
    await alarm_acts.shelve(room.site, alarm.id, until, "nuisance", "operator-1", "the spring is weak")

    await room.raised(alarms.HELD_DOOR, "gate")
    await room.go_on(2 * 3_600 - 2, 600)
    quiet = room.of(alarms.HELD_DOOR, "gate")
    await room.go_on(2)
    back = room.of(alarms.HELD_DOOR, "gate")

    assert (quiet.state, quiet.count, quiet.shelf_reason) == ("shelved", 2, "nuisance")
    assert (back.state, back.shelved_until, back.told_at) == ("unacknowledged", None, until)
    assert [row["by"] for row in await room.house.rows("alarm_back")] == ["gateway"]


async def test_what_is_shelved_and_over_is_closed_when_its_time_comes_also_after_a_restart(room: Room) -> None:
    alarm = await room.raised(alarms.HELD_DOOR, "gate")
    until = room.house.clock.now() + timedelta(hours=1)
    await alarm_acts.shelve(room.site, alarm.id, until, "work", "operator-1")
    await alarms.clear_alarm(room.site, alarms.HELD_DOOR, "gate")
    await room.go_on(20)

    await room.house.restart()
    on_the_shelf = room.of(alarms.HELD_DOOR, "gate").state
    await room.go_on(3_600, 300)

    assert on_the_shelf == "shelved" and room.state(alarm) is None
    (stored,) = await room.stored()
    assert (stored.state, stored.disposal_code) == ("closed", "by_itself")


@pytest.mark.parametrize("condition", sorted(LIFE_SAFETY))
async def test_what_is_about_a_life_can_be_neither_shelved_nor_taken_out_of_service(room: Room, condition: str) -> None:
    alarm = await room.raised(condition, "dorm-1")
    until = room.house.clock.now() + timedelta(minutes=1)

    with pytest.raises(alarm_acts.NotForThisKind):
        await alarm_acts.shelve(room.site, alarm.id, until, "work", "operator-1")
    with pytest.raises(alarm_acts.NotForThisKind):
        await alarm_acts.put_out_of_service(room.site, alarm.id, "broken", "officer-1")

    assert room.state(alarm) == "unacknowledged"


async def test_the_shelf_asks_for_an_end_within_the_shift_and_for_words_where_no_code_fits(room: Room) -> None:
    alarm = await room.raised(alarms.HELD_DOOR, "gate")
    now = room.house.clock.now()

    for until, reason in ((now + timedelta(hours=9), "work"), (now, "work"), (now + timedelta(hours=1), "other")):
        with pytest.raises(WrongField):
            await alarm_acts.shelve(room.site, alarm.id, until, reason, "operator-1")

    assert room.state(alarm) == "unacknowledged"


async def test_out_of_service_lasts_until_somebody_says_so(room: Room) -> None:
    alarm = await room.raised(alarms.HELD_DOOR, "gate")
    await alarm_acts.put_out_of_service(room.site, alarm.id, "rebuilt", "officer-1")

    await room.go_on(48 * 3_600, 3_600)
    await room.raised(alarms.HELD_DOOR, "gate")
    quiet = room.state(alarm)
    await alarm_acts.put_in_service(room.site, alarm.id, "officer-1")

    assert (quiet, room.state(alarm)) == ("out_of_service", "unacknowledged")
    with pytest.raises(alarm_acts.NotNow):
        await alarm_acts.put_in_service(room.site, alarm.id, "officer-1")


async def test_what_is_shelved_takes_no_other_with_it(room: Room) -> None:
    first = await room.raised(alarms.DEVICE_LOST, "gate")
    until = room.house.clock.now() + timedelta(hours=1)
    await alarm_acts.shelve(room.site, first.id, until, "being_repaired", "operator-1")

    second = await room.raised(alarms.DEVICE_LOST, "exit")

    assert second.in_group is None and second.state == "unacknowledged"


# ---------------------------------------------------------------- what time does


async def test_what_stands_and_nobody_closes_is_told_again(room: Room) -> None:
    alarm = await room.raised(alarms.FORCED_DOOR, "gate")
    await alarm_acts.acknowledge(room.site, alarm.id, "operator-1")

    await room.go_on(14 * 60, 30)
    before = room.state(alarm)
    await room.go_on(60, 30)

    assert (before, room.state(alarm)) == ("acknowledged", "unacknowledged")
    assert room.of(alarms.FORCED_DOOR, "gate").count == 1
    assert [row.get("again", False) for row in await room.house.rows("alarm")] == [False, True]


async def test_what_is_over_is_not_told_again(room: Room) -> None:
    alarm = await room.raised(alarms.DEVICE_LOST, "gate")
    await alarms.clear_alarm(room.site, alarms.DEVICE_LOST, "gate")

    await room.go_on(3 * 3_600, 600)

    assert room.state(alarm) == "returned"
    assert len(await room.house.rows("alarm")) == 1


async def test_what_nobody_has_seen_goes_to_the_duty_leader_once(room: Room) -> None:
    room.site.notices = NoticeRules(robots=frozenset({"leaders"}), duty_leader="robot:leaders")
    alarm = await room.raised(alarms.FORCED_DOOR, "gate")
    seen = await room.raised(alarms.PANIC, "desk")
    await alarm_acts.acknowledge(room.site, seen.id, "operator-1")

    await room.go_on(170, 10)
    too_soon = await room.house.rows("notice_queued")
    await room.go_on(1_200, 10)

    assert too_soon == []
    told = [row for row in await room.house.rows("alarm_escalated") if row["condition"] == "forced_door"]
    assert [(row["alarm"], row["notices"]) for row in told] == [(alarm.id, 1)]
    (queued,) = [row for row in await room.house.rows("notice_queued") if row["about"] == alarm.id]
    assert (queued["of"], queued["recipient"]) == ("alarm", "robot:leaders")


async def test_where_no_notice_reaches_a_leader_the_alarm_is_marked_all_the_same(room: Room) -> None:
    await room.raised(alarms.FORCED_DOOR, "gate")

    await room.go_on(200, 10)

    assert room.of(alarms.FORCED_DOOR, "gate").escalated_at is not None
    assert [row["notices"] for row in await room.house.rows("alarm_escalated")] == [0]


async def test_telling_a_fire_again_does_not_put_off_the_leader(room: Room) -> None:
    kinds = room.site.catalogue.kinds
    room.site.catalogue = replace(
        room.site.catalogue, kinds={**kinds, "fire": replace(kinds["fire"], again_after_s=30)}
    )
    await room.raised(alarms.FIRE, "dorm-1")

    await room.go_on(61, 10)

    assert room.of(alarms.FIRE, "dorm-1").escalated_at is not None
    assert len(await room.house.rows("alarm_escalated")) == 1
    assert len([row for row in await room.house.rows("alarm") if row.get("again")]) == 2


async def test_a_fire_that_went_out_before_anybody_saw_it_is_told_again_and_goes_to_a_leader(room: Room) -> None:
    alarm = await room.raised(alarms.FIRE, "dorm-1")
    await alarms.clear_alarm(room.site, alarms.FIRE, "dorm-1")

    await room.go_on(125, 5)
    over = room.of(alarms.FIRE, "dorm-1")
    await room.go_on(125, 5)

    assert (over.state, over.holds, over.escalated_at is not None) == ("returned", False, True)
    assert over.told_at is not None and alarm.told_at is not None and over.told_at > alarm.told_at
    assert len([row for row in await room.house.rows("alarm") if row.get("again")]) == 2
    assert len(await room.house.rows("alarm_escalated")) == 1


@pytest.mark.parametrize("condition", sorted(LIFE_SAFETY))
async def test_what_was_about_a_life_never_closes_by_itself_and_is_quiet_once_somebody_has_seen_it(
    room: Room, condition: str
) -> None:
    alarm = await room.raised(condition, "dorm-1")
    room.house.clock.go_on(5)
    await alarm_acts.acknowledge(room.site, alarm.id, "operator-1")
    await alarms.clear_alarm(room.site, condition, "dorm-1")

    await room.go_on(1_000, 50)
    left = room.of(condition, "dorm-1")
    await alarm_acts.close(room.site, alarm.id, "false_alarm", "officer-1")

    assert (left.state, left.told_at) == ("returned", alarm.told_at)
    assert [row["code"] for row in await room.house.rows("alarm_closed")] == ["false_alarm"]


class Away:
    """The house's ledger, which takes nothing just now."""

    is_away = True

    async def commit(self, unit: Unit, within_s: float | None = None) -> None:
        raise LedgerUnavailable("away")

    def hand_over(self, unit: Unit) -> asyncio.Future[Any]:
        raise LedgerUnavailable("away")


async def test_time_goes_on_on_the_screens_while_the_ledger_is_away_and_is_on_record_afterwards(room: Room) -> None:
    room.site.notices = NoticeRules(robots=frozenset({"leaders"}), duty_leader="robot:leaders")
    shelved = await room.raised(alarms.HELD_DOOR, "gate")
    until = room.house.clock.now() + timedelta(seconds=90)
    await alarm_acts.shelve(room.site, shelved.id, until, "work", "operator-1")
    cries = [await room.raised(condition, "dorm-1") for condition in (alarms.FIRE, alarms.PANIC)]
    screen = room.site.feed.subscribe()
    ledger, room.site.ledger = room.site.ledger, Away()

    await room.go_on(130, 10)
    told = {(one.event["id"], one.event["state"]) for one in screen.take() if one.event["type"] == "alarm"}
    away = [room.site.alarms.by_id[one.id] for one in (*cries, shelved)]
    room.site.ledger = ledger
    await room.go_on(2)

    assert {(one.id, "unacknowledged") for one in away} <= told
    assert [one.escalated_at is not None for one in away] == [True, True, False]
    assert [one.told_at > cries[0].told_at for one in away] == [True] * 3
    assert [row["notices"] for row in await room.house.rows("alarm_escalated")] == [1, 1]
    assert len(await room.house.rows("notice_queued")) == 2
    assert [row["by"] for row in await room.house.rows("alarm_back")] == ["gateway"]
    assert len([row for row in await room.house.rows("alarm") if row.get("again")]) == 2
    assert not room.site.alarms.untold and not room.site.alarms.unrecorded
    await room.house.restart()
    assert room.of(alarms.HELD_DOOR, "gate").state == "unacknowledged"


async def test_somebody_who_calls_for_help_again_is_heard_again(room: Room) -> None:
    alarm = await room.raised(alarms.PANIC, "desk")
    await alarm_acts.acknowledge(room.site, alarm.id, "operator-1")

    room.house.clock.go_on(5)
    await room.raised(alarms.PANIC, "desk")
    same_call = room.state(alarm)
    room.house.clock.go_on(60)
    await room.raised(alarms.PANIC, "desk")

    assert (same_call, room.state(alarm)) == ("acknowledged", "unacknowledged")
