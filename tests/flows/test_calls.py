"""A guard calls by the list, calls for help in silence, and asks to be stood in for."""

from __future__ import annotations

import pytest

from gateway.flows import alarm_acts, alarms, calls, gate_help
from gateway.flows.gate_books import ANSWERED, BUSY, CALLING, DONE, NOT_ANSWERED, About
from gateway.flows.permits import NoSuchPermit, NotPossible, WrongField
from gateway.web.alarm_views import open_alarms
from tests.flows.conftest import House

VISIT = About("visit", "0123456789abcdef")
ORDER = ["duty-leader", "host", "control-room", "police", "fire", "ambulance"]


def next_of(house: House, calling) -> str | None:
    return calls.as_told(house.site, calling)["next"]


async def test_after_somebody_who_does_not_answer_the_next_of_the_list_stands_there(house: House) -> None:
    seen = []
    for to in ORDER[:3]:
        calling = await calls.record(house.site, "north", to, NOT_ANSWERED, "guard-1", VISIT)
        seen.append(next_of(house, calling))

    assert seen == ["host", "control-room", "police"]


async def test_the_host_is_on_the_list_only_where_there_is_a_visit(house: House) -> None:
    assert [line.id for line in calls.lines_for(house.site, VISIT)] == ORDER
    assert [line.id for line in calls.lines_for(house.site, About("alarm", "0" * 16))] == [
        one for one in ORDER if one != "host"
    ]
    with pytest.raises(WrongField):
        await calls.record(house.site, "north", "host", CALLING, "guard-1")


async def test_who_answered_ends_the_round_and_the_next_call_begins_a_new_one(house: House) -> None:
    first = await calls.record(house.site, "north", "duty-leader", ANSWERED, "guard-1", VISIT, "the deputy")
    second = await calls.record(house.site, "north", "police", CALLING, "guard-1", VISIT)

    assert first.is_over and next_of(house, first) is None
    assert second.id != first.id and next_of(house, second) == "police"


async def test_a_round_survives_a_restart(house: House) -> None:
    await calls.record(house.site, "north", "duty-leader", BUSY, "guard-1", VISIT)
    before = await calls.record(house.site, "north", "host", CALLING, "guard-1", VISIT)

    await house.restart()
    after = await calls.running(house.site, "north", VISIT)

    assert after is not None
    assert calls.as_told(house.site, after) == calls.as_told(house.site, before)
    assert await calls.running(house.site, "south", None) is None


async def test_the_same_touch_twice_is_one_call(house: House) -> None:
    for _ in range(2):
        calling = await calls.record(house.site, "north", "police", NOT_ANSWERED, "guard-1", VISIT, key="touch-0001")

    assert len(calling.attempts) == 1
    assert len(await house.rows("called")) == 1


async def test_a_round_that_nobody_goes_on_with_is_over(house: House) -> None:
    await calls.record(house.site, "north", "police", CALLING, "guard-1", VISIT)

    house.clock.go_on(31 * 60)

    assert await calls.running(house.site, "north", None) is None
    assert await calls.running_at(house.site, "north") == 0


async def test_rows_hold_no_number_and_no_name(house: House) -> None:
    await calls.record(house.site, "north", "police", ANSWERED, "guard-1", VISIT, "Sergeant Wang Lei")

    (row,) = await house.rows("called")
    assert "Wang" not in str(row) and "110" not in str({**row, "at": None, "note": None, "round": None})
    assert (row["to"], row["result"], row["about"], row["of"]) == ("police", "answered", *VISIT)
    assert await house.site.archive.note(row["note"]) == "Sergeant Wang Lei"


async def test_somebody_who_is_not_on_the_list_cannot_be_called(house: House) -> None:
    with pytest.raises(WrongField) as wrong:
        await calls.record(house.site, "north", "<b>110</b>", ANSWERED, "guard-1")

    assert wrong.value.field == "to" and await house.rows("called") == []


# ---------------------------------------------------------------- help


async def test_a_silent_call_shows_to_the_control_room_and_nowhere_else(house: House) -> None:
    events = house.site.feed.subscribe()

    await gate_help.panic(house.site, "north", "guard-1")

    assert (alarms.GUARD_PANIC, "north", "unacknowledged") in house.alarms
    assert [one.condition for one in open_alarms(house.site, with_silent=False)] == []
    assert [one.condition for one in open_alarms(house.site, with_silent=True)] == ["guard_panic"]
    (row,) = await house.rows("guard_panic")
    assert (row["gate"], row["by"]) == ("north", "guard-1")
    told = await anext(aiter(events))
    assert told["silent"] and told["priority"] == "high"
    events.close()


async def test_pressed_again_within_half_a_minute_it_is_the_same_call(house: House) -> None:
    for _ in range(5):
        await gate_help.panic(house.site, "north", "guard-1")
        house.clock.go_on(4)

    assert len(await house.rows("guard_panic")) == 1
    (alarm,) = house.site.alarms.by_id.values()
    assert alarm.count == 1


async def test_a_later_call_shows_anew_though_the_first_one_was_acknowledged(house: House) -> None:
    await gate_help.panic(house.site, "north", "guard-1")
    await house.settle()
    (alarm,) = house.site.alarms.by_id.values()
    await alarm_acts.acknowledge(house.site, alarm.id, "operator-1")

    house.clock.go_on(31)
    await gate_help.panic(house.site, "north", "guard-1")

    assert (alarms.GUARD_PANIC, "north", "unacknowledged") in house.alarms
    assert len(await house.rows("guard_panic")) == 2


async def test_a_silent_call_does_not_wait_for_the_ledger(house: House) -> None:
    await house.stop()

    await gate_help.panic(house.site, "north", "guard-1")

    assert (alarms.GUARD_PANIC, "north", "unacknowledged") in house.alarms
    await house.site.finish(0.1)
    await house.start()


async def test_relief_is_asked_for_once_answered_and_cleared(house: House) -> None:
    asked = await gate_help.ask_relief(house.site, "north", 5, "guard-1")
    again = await gate_help.ask_relief(house.site, "north", 9, "guard-1")
    assert again == asked and (alarms.RELIEF_WANTED, "north", "unacknowledged") in house.alarms
    with pytest.raises(NotPossible):
        await gate_help.coming(house.site, asked.id, "guard-1")

    sent = await gate_help.coming(house.site, asked.id, "operator-1")
    done = await gate_help.relieved(house.site, asked.id, "guard-1")

    assert (sent.state, done.state) == ("coming", DONE)
    assert [row["state"] for row in await house.rows("relief")] == ["wanted", "coming", "done"]
    assert (alarms.RELIEF_WANTED, "north", "returned") in house.alarms
    with pytest.raises(NoSuchPermit):
        await gate_help.coming(house.site, asked.id, "operator-1")


async def test_relief_that_nobody_answers_is_told_once_more_and_no_third_time(house: House) -> None:
    await gate_help.ask_relief(house.site, "north", 5, "guard-1")
    house.clock.go_on(299)
    await gate_help.look_for_unanswered(house.site)
    assert (alarms.RELIEF_UNANSWERED, "north", "unacknowledged") not in house.alarms

    for _ in range(3):
        house.clock.go_on(60)
        await gate_help.look_for_unanswered(house.site)
        await house.settle()
    await house.restart()
    await gate_help.look_for_unanswered(house.site)

    assert (alarms.RELIEF_UNANSWERED, "north", "unacknowledged") in house.alarms
    (alarm,) = [one for one in house.site.alarms.by_id.values() if one.condition == alarms.RELIEF_UNANSWERED]
    assert alarm.count == 1


async def test_what_was_answered_is_not_told_again(house: House) -> None:
    asked = await gate_help.ask_relief(house.site, "north", 5, "guard-1")
    await gate_help.coming(house.site, asked.id, "operator-1")

    house.clock.go_on(3600)
    await gate_help.look_for_unanswered(house.site)

    assert (alarms.RELIEF_UNANSWERED, "north", "unacknowledged") not in house.alarms
