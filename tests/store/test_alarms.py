"""Alarms on disk: the whole of an open one, the end of a closed one, and the story of each, on both databases."""

from __future__ import annotations

from datetime import timedelta

from gateway.flows.alarm_rows import key, named, timeline_key
from gateway.flows.changes import AlarmKept, AlarmsClosed
from gateway.flows.open_alarms import Alarm, AlarmCall
from gateway.flows.ports import Entry, Unit
from gateway.store.alarms import load_open_alarms
from gateway.store.queries import Queries
from tests.store.conftest import AT, Book

DOOR = Alarm(
    "a1", "forced_door", "north-in-1", "high", "", "shelved", 3, AT, AT + timedelta(minutes=1), "operator-1",
    holds=False, zone="campus", room="main", taken_over_by="south", in_group="a2", chattering=4, acknowledged_at=AT,
    told_at=AT, escalated_at=AT, shelved_until=AT + timedelta(hours=1), shelf_reason="work", shelved_by="operator-2",
    steps_done=("picture", "send"), calls=(AlarmCall("police", "answered", AT, "operator-1"),), incident="i1",
)  # fmt: skip
HEAD = Alarm("a2", "alarm_flood", "main", "high", "", "unacknowledged", 0, AT, AT)


async def test_an_open_alarm_comes_back_as_it_was_and_its_entry_before_it(book: Book) -> None:
    book.ledger().write([Unit((), (AlarmKept(DOOR), AlarmKept(HEAD)))])

    assert await book.database.read(load_open_alarms) == [HEAD, DOOR]


async def test_what_is_closed_stays_closed_whatever_is_written_late(book: Book) -> None:
    closed = AlarmsClosed(("a1", "a2"), AT, "test", "a drill")
    for changes in ((AlarmKept(DOOR), AlarmKept(HEAD)), (closed,), (AlarmKept(DOOR),)):
        book.ledger().write([Unit((), changes)])
    found = await Queries(book.database).alarm("a1")

    assert await book.database.read(load_open_alarms) == []
    assert found is not None and (found.alarm.state, found.code, found.words, found.closed_at) == (
        "closed", "test", "a drill", AT,
    )  # fmt: skip
    assert found.alarm.steps_done == ("picture", "send")


async def test_an_alarms_own_rows_are_found_in_their_order_and_no_others(book: Book) -> None:
    for number, kind in enumerate(("alarm", "alarm_acknowledged", "alarm_closed")):
        at = AT + timedelta(seconds=number)
        for alarm in (DOOR, HEAD):
            book.ledger().write([Unit((Entry(kind, at, named(alarm), key(alarm, at)),))])

    rows = await Queries(book.database).keyed(timeline_key("a1"), 10)

    assert [row.kind for row in rows] == ["alarm", "alarm_acknowledged", "alarm_closed"]
    assert {row.body["alarm"] for row in rows} == {"a1"}
