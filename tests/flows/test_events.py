"""Events: kept once with all they mean, in any order, over restarts; a passage without a cause is a forced door."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from devices.messages import (
    Access,
    AccessOutcome,
    CredentialKind,
    CredentialToken,
    Direction,
    DoorForced,
    DoorOpened,
    ExitButton,
    FireAlarm,
    FireClear,
    Gap,
    LockState,
    LockStateChanged,
    Passage,
    PlateSeen,
    Previous,
    UnreadableEvent,
)
from devices.signing import token
from gateway.flows import alarms, command
from gateway.flows.device_events import NotItsPlace, device_event
from gateway.flows.event_marks import Marks
from gateway.flows.ports import Entry, Unit
from tests.flows.conftest import Hand, House
from tests.parts.locked import locked
from tests.parts.waiting import until

IN, OUT = Direction.IN, Direction.OUT


def acked(house: House, hand: Hand) -> int:
    return max((ack.seq for ack in house.courier.acks(hand.name) if ack.boot == hand.boot), default=0)


async def test_what_is_acked_is_complete_up_to_there_in_whatever_order_it_came(house: House) -> None:
    door = house.hand("door")
    await door.status()
    for seq in (2, 3, 5):
        await door.event("door_opened", DoorOpened(), seq=seq)
    await house.settle()
    assert acked(house, door) == 0

    await door.event("door_opened", DoorOpened(), seq=1)
    await house.settle()

    assert acked(house, door) == 3


async def test_an_event_told_again_is_kept_once_and_acked_again(house: House) -> None:
    door = house.hand("door")
    await door.status()
    await door.event("door_opened", DoorOpened(), seq=1)
    await house.settle()
    before = len(house.courier.acks("door"))

    await door.event("door_opened", DoorOpened(), seq=1)
    await house.restart()
    await door.status()
    await door.event("door_opened", DoorOpened(), seq=1)
    await house.settle()

    assert len(await house.rows("event")) == 1
    assert len(house.courier.acks("door")) >= before + 2


async def test_an_alarm_event_that_is_told_again_is_one_alarm_that_was_raised_once(house: House) -> None:
    door = house.hand("door")
    await door.status()
    for seq in (2, 2, 1, 1, 2):
        await door.event("door_forced", DoorForced(), seq=seq)
    await house.settle()

    (alarm,) = house.site.alarms.by_id.values()
    assert (alarm.condition, alarm.count) == (alarms.FORCED_DOOR, 2)


async def test_an_alarm_is_on_disk_with_its_event_or_not_at_all(house: House) -> None:
    """A kill between the two would leave a fire in the ledger of which no screen ever hears."""
    panel = house.hand("panel")
    await panel.status()

    await panel.event("fire_alarm", FireAlarm(zone="dorm-1"))

    # At once, without waiting for anything that goes on beside:
    outside = sqlite3.connect(house.folder.sqlite_file)
    kinds = [kind for (kind,) in outside.execute("SELECT kind FROM ledger ORDER BY seq DESC LIMIT 2")]
    places = outside.execute("SELECT condition, place FROM alarms").fetchall()
    outside.close()
    assert kinds == ["alarm", "event"]
    assert ("fire", "dorm-1") in places


async def test_a_fire_is_on_the_screens_though_nothing_can_be_recorded(house: House) -> None:
    panel = house.hand("panel")
    await panel.status()
    with locked(house.folder.sqlite_file):
        await panel.event("fire_alarm", FireAlarm(zone="dorm-1"))
        assert ("fire", "dorm-1", "unacknowledged") in house.alarms
        assert acked(house, panel) == 0

    await panel.event("fire_alarm", FireAlarm(zone="dorm-1"), seq=1)  # the device has it still
    await house.settle()

    assert acked(house, panel) == 1
    assert {row["condition"] for row in await house.rows("alarm")} >= {"fire"}
    await house.restart()
    assert ("fire", "dorm-1", "unacknowledged") in house.alarms


async def test_an_alarm_that_had_passed_is_new_when_it_comes_again(house: House) -> None:
    panel = house.hand("panel")
    await panel.status()
    await panel.event("fire_alarm", FireAlarm(zone="dorm-1"))
    await panel.event("fire_clear", FireClear(zone="dorm-1"))
    await house.settle()
    assert ("fire", "dorm-1", "returned") in house.alarms

    await panel.event("fire_alarm", FireAlarm(zone="dorm-1"))
    await house.settle()

    assert ("fire", "dorm-1", "unacknowledged") in house.alarms
    await house.restart()
    assert ("fire", "dorm-1", "unacknowledged") in house.alarms


@pytest.mark.parametrize("zone", ["dorm-2", "campus", "nowhere"])
async def test_a_panel_speaks_for_its_own_zone_only(house: House, zone: str) -> None:
    panel = house.hand("panel")

    with pytest.raises(NotItsPlace):
        await panel.event("fire_alarm", FireAlarm(zone=zone))

    assert house.alarms == set()
    assert await house.rows("event") == []


async def test_what_cannot_be_read_has_its_number_kept_and_acked(house: House) -> None:
    door = house.hand("door")
    await door.status()

    await device_event(house.site, door.device, UnreadableEvent(boot=door.boot, seq=1, id=None, why="field"))
    await house.settle()

    assert acked(house, door) == 1
    assert [(row["type"], row["why"]) for row in await house.rows("event")] == [("unreadable", "field")]


# Gaps


async def test_a_gap_counts_as_told_over_a_restart(house: House) -> None:
    door = house.hand("door")
    await door.status()
    await door.event("gap", Gap(boot=door.boot, from_seq=1, to_seq=6), seq=7)
    await house.settle()
    assert acked(house, door) == 7
    house.courier.sent.clear()

    await house.restart()
    await door.status()
    await door.event("door_opened", DoorOpened(), seq=8)
    await house.settle()

    assert acked(house, door) == 8
    assert ("events_lost", "door", "unacknowledged") in house.alarms


async def test_a_gap_of_the_boot_before_completes_that_boot(house: House) -> None:
    door = house.hand("door")
    await door.status()
    first = door.boot
    await door.event("door_opened", DoorOpened(), seq=4)
    later = house.hand("door")
    await later.status()
    await later.event("gap", Gap(boot=first, from_seq=1, to_seq=3))
    await house.settle()

    assert acked(house, door) == 4
    await house.restart()
    marks = await house.site.archive.event_mark("door", first)
    assert marks.gaps == ((1, 3),)


async def test_a_gap_as_wide_as_the_numbers_go_costs_nothing(house: House) -> None:
    """An enrolled device with a broken counter must not stop the gateway."""
    door = house.hand("door")
    await door.status()

    await door.event("gap", Gap(boot=door.boot, from_seq=5, to_seq=2**62), seq=1)
    await house.settle()

    assert acked(house, door) == 1


def test_marks_go_on_over_events_and_gaps_in_any_order() -> None:
    marks = Marks(0, set())
    assert not marks.add(3, 3)
    assert not marks.add(4, 8)
    assert not marks.add(10, 10)
    assert marks.add(1, 2)
    assert (marks.seq, marks.beyond, marks.gaps) == (8, {10}, [])
    assert marks.add(9, 9)
    assert (marks.seq, marks.beyond) == (10, set())
    assert not marks.add(2, 5)


def test_marks_drop_what_a_gap_has_passed_over() -> None:
    marks = Marks(0, set())
    for seq in (4, 6, 20):
        marks.add(seq, seq)
    marks.add(3, 9)

    assert marks.add(1, 2)
    assert (marks.seq, marks.beyond) == (9, {20})


async def test_events_lost_with_a_boot_are_said_once_the_device_holds_nothing_back(house: House) -> None:
    door = house.hand("door")
    await door.status()
    await door.event("door_opened", DoorOpened())
    first = door.boot
    later = house.hand("door")
    later.previous, later.buffered = Previous(boot=first, last_seq=4), 3
    await later.status()
    assert await house.rows("events_lost") == [], "it has something to tell yet"

    later.buffered = 0
    await later.heartbeat()

    (row,) = await house.rows("events_lost")
    assert (row["boot"], row["from_seq"], row["to_seq"], row["count"]) == (first, 2, 4, 3)
    await later.status()
    assert len(await house.rows("events_lost")) == 1


# Passages and their causes


async def test_a_passage_after_a_grant_is_no_forced_door(house: House) -> None:
    gate = house.hand("gate")
    tap, _ = await gate.tap("STAFF1")
    house.clock.go_on(2)

    await gate.event("passage", Passage(tap=tap, direction=IN))
    await gate.event("passage", Passage(tap=None, direction=IN))  # somebody close behind
    await house.settle()

    assert house.alarms == set()


async def test_a_passage_that_nothing_allowed_is_a_forced_door(house: House) -> None:
    gate = house.hand("gate")

    await gate.event("passage", Passage(tap=None, direction=IN))
    await house.settle()

    assert (alarms.FORCED_DOOR, "gate", "unacknowledged") in house.alarms


async def test_a_passage_long_after_its_cause_is_a_forced_door(house: House) -> None:
    door = house.hand("door")
    await door.event("exit_button", ExitButton())
    house.clock.go_on(14)
    await door.event("passage", Passage(tap=None, direction=OUT))
    assert house.alarms == set()

    house.clock.go_on(2)
    await door.event("passage", Passage(tap=None, direction=OUT))
    await house.settle()

    assert (alarms.FORCED_DOOR, "door", "unacknowledged") in house.alarms


async def test_a_passage_with_a_refused_tap_is_a_forced_door(house: House) -> None:
    gate = house.hand("gate")
    tap, _ = await gate.tap("NOBODYS")

    await gate.event("passage", Passage(tap=tap, direction=IN))
    await house.settle()

    assert (alarms.FORCED_DOOR, "gate", "unacknowledged") in house.alarms


async def test_through_a_released_door_everybody_may_pass(house: House) -> None:
    door = house.hand("door")
    await door.event("lock_state", LockStateChanged(state=LockState.RELEASED))
    house.clock.go_on(600)

    await door.event("passage", Passage(tap=None, direction=OUT))
    await house.settle()

    assert house.alarms == set()


async def test_the_cause_of_a_passage_is_known_after_a_restart_too(house: House) -> None:
    door = house.hand("door")
    await door.event("exit_button", ExitButton())
    await house.restart()
    house.clock.go_on(3)

    await door.event("passage", Passage(tap=None, direction=OUT))
    await house.settle()

    assert house.alarms == set()


async def test_a_passage_after_a_guards_unlock_is_no_forced_door(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    sent = await command.send(house.site, "gate", "unlock", "delivery", "guard-1")
    await gate.result(sent)
    house.clock.go_on(3)

    await gate.event("passage", Passage(tap=None, direction=IN))
    await house.settle()

    assert house.alarms == set()


async def test_an_unlock_that_the_device_refused_is_no_cause(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    sent = await command.send(house.site, "gate", "unlock", "delivery", "guard-1")
    await gate.result(sent, "refused", "stale")

    await gate.event("passage", Passage(tap=None, direction=IN))
    await house.settle()

    assert (alarms.FORCED_DOOR, "gate", "unacknowledged") in house.alarms


# What the gateway never saw


def lone(house: House, hand: Hand, tap: str, card: str, outcome: AccessOutcome = AccessOutcome.GRANT) -> Access:
    shown = CredentialToken(kind=CredentialKind.CARD, token=token(hand.device.token_key, "card", card))
    return Access(tap=tap, credential=shown, direction=IN, outcome=outcome, reason="ok", posture=1)


async def test_a_lone_decision_makes_the_record_that_is_missing_and_names_the_holder(house: House) -> None:
    gate = house.hand("gate")
    await gate.event("access", lone(house, gate, "t-alone", "STAFF1"))
    await gate.event("passage", Passage(tap="t-alone", direction=IN))
    await house.settle()

    (row,) = await house.rows("decision")
    holder = next(h.ref for h in house.site.directory.holders.values() if h.id == "t1")
    assert (row["tap"], row["alone"], row["outcome"], row["holder"]) == ("t-alone", True, "grant", holder)
    assert house.site.presence[holder].zone == "campus"
    assert house.alarms == set()


async def test_a_lone_decision_and_its_event_are_on_disk_together(house: House) -> None:
    gate = house.hand("gate")
    await gate.event("access", lone(house, gate, "t-alone", "STAFF1"))

    outside = sqlite3.connect(house.folder.sqlite_file)
    kinds = [kind for (kind,) in outside.execute("SELECT kind FROM ledger ORDER BY seq DESC LIMIT 2")]
    outside.close()
    assert sorted(kinds) == ["decision", "event"]


async def test_two_events_of_one_unseen_tap_that_come_at_once_make_one_record_and_both_are_kept(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()

    await asyncio.gather(
        gate.event("passage", Passage(tap="t-alone", direction=IN), seq=2),
        gate.event("access", lone(house, gate, "t-alone", "STAFF1"), seq=1),
    )
    await house.settle()

    assert len(await house.rows("decision")) == 1
    assert sorted(row["seq"] for row in await house.rows("event")) == [1, 2]
    assert acked(house, gate) == 2


async def test_a_forced_door_that_was_none_after_all_is_on_record_and_over(house: House) -> None:
    """Its alarm was on the screens, with pictures perhaps, when the record of the tap was found on disk."""
    gate = house.hand("gate")
    await gate.status()
    passing = gate.event("passage", Passage(tap="t-alone", direction=IN), seq=1)
    told = house.site.archive.told
    opened: list[str] = []

    async def told_before_the_other_one(keys: Sequence[str]) -> Mapping[str, Any]:
        found = await told(keys)
        if not opened:  # between the look for its record and its own commit
            opened.append("gate")
            body = {"device": "gate", "tap": "t-alone", "outcome": "grant", "reason": "ok", "holder": None}
            body |= {"command": "", "direction": "in", "device_at": house.clock.now(), "hold_ms": 0, "wait_ms": None}
            await house.site.ledger.commit(Unit((Entry("decision", house.clock.now(), body, "t:gate:t-alone"),)))
        return found

    house.site.archive.told = told_before_the_other_one  # type: ignore[method-assign]
    await passing
    await house.settle()

    (alarm,) = house.site.alarms.by_id.values()
    assert (alarm.condition, alarm.state) == (alarms.FORCED_DOOR, "returned")
    assert [row["alarm"] for row in await house.rows("alarm")] == [alarm.id]
    assert [row["alarm"] for row in await house.rows("alarm_returned")] == [alarm.id]
    assert acked(house, gate) == 1


async def test_a_decision_that_was_made_keeps_its_record_when_the_device_decided_too(house: House) -> None:
    gate = house.hand("gate")
    tap, _ = await gate.tap("STAFF1")

    await gate.event("access", lone(house, gate, tap, "STAFF1", AccessOutcome.DENY))
    await house.settle()

    (row,) = await house.rows("decision")
    assert row["outcome"] == "grant" and "alone" not in row
    (event,) = await house.rows("event")
    assert event["data"]["outcome"] == "deny"


async def test_no_event_names_a_credential(house: House) -> None:
    gate, lane = house.hand("gate"), house.hand("lane")
    await gate.event("access", lone(house, gate, "t-alone", "STAFF1"))
    await lane.event("plate", PlateSeen(plate="京A12345", confidence=0.9, direction=IN))
    await house.settle()

    text = str([row.body for row in await house.all_rows()])
    assert "京A12345" not in text
    assert token(gate.device.token_key, "card", "STAFF1") not in text
    outside = sqlite3.connect(house.folder.sqlite_file)
    assert outside.execute("SELECT plate FROM plates_seen").fetchall() == [("京A12345",)]
    outside.close()


async def test_when_the_ledger_is_away_an_event_is_not_acked_and_nothing_is_believed_of_it(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    tap, _ = await gate.tap("STAFF1")
    with locked(house.folder.sqlite_file):
        await gate.event("passage", Passage(tap=tap, direction=IN), seq=1)
        assert acked(house, gate) == 0
        assert house.site.presence == {}

    await until(lambda: not house.writer.is_away, 5)
    await gate.event("passage", Passage(tap=tap, direction=IN), seq=1)
    await house.settle()

    assert acked(house, gate) == 1
    assert len(house.site.presence) == 1
