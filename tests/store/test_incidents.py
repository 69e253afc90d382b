"""What incidents ask of both databases: the ledger by a span of time, and pictures that an open one keeps."""

from __future__ import annotations

from datetime import timedelta

from gateway.core.papers.incidents import Closing, Incident, IncidentKind, MergedAlarm, Noticed
from gateway.flows.cameras import SmallPicture
from gateway.flows.changes import CameraPictureKept, PaperFiled
from gateway.flows.ports import Entry, Unit
from gateway.store.cameras import pictures_due
from gateway.store.queries import LOOKED_AT, find_span
from tests.store.conftest import AT, Book

MINUTE = timedelta(minutes=1)


def test_a_span_of_the_ledger_comes_in_its_order_a_page_at_a_time(book: Book) -> None:
    kinds = ["note", "alarm", "alarm_closed", "event", "alarm", "decision", "alarm"]
    rows = [
        Entry(kind, AT + number * MINUTE, {"place": "x" if number != 4 else "y"}) for number, kind in enumerate(kinds)
    ]
    late = Entry("alarm", AT + 2 * MINUTE, {"place": "x"})  # its clock was behind
    book.ledger().write([Unit((*rows, late))])

    found, after = [], 0
    with book.database.engine.connect() as connection:
        while after is not None:
            page, after = find_span(
                connection,
                ("event",),
                ("alarm",),
                AT + MINUTE,
                AT + 5 * MINUTE,
                after,
                2,
                lambda body: body["place"] == "x",
            )
            found.append([(row.kind, row.seq) for row in page])

    first = found[0][0][1]
    assert found == [
        [("alarm", first), ("alarm_closed", first + 1)],
        [("event", first + 2), ("alarm", first + 6)],
        [],
    ]
    assert LOOKED_AT >= 10_000


def test_pictures_that_an_open_incident_names_are_not_due(book: Book) -> None:
    alarm = MergedAlarm("a" * 16, "forced_door", "gate", AT, pictures=("b" * 16,))
    incident = Incident(
        "c" * 16, IncidentKind.OTHER, "gate", AT, Noticed.ALARM, "gate", AT, "user", alarms=(alarm,)
    )  # fmt: skip
    named = (("d" * 16, "a" * 16), ("b" * 16, "spell"), ("e" * 16, "f" * 16), ("0" * 16, None))
    pictures = [CameraPictureKept(SmallPicture(id, "cam", AT, "after", of, b"jpeg")) for id, of in named]
    ledger = book.ledger()
    ledger.write([Unit((Entry("note", AT, {}),), (*pictures, PaperFiled(incident)), directory=True)])
    closed = Closing(AT, "user", "c", ("outside",), "m", "l")

    with book.database.engine.connect() as connection:
        while_open = pictures_due(connection, AT + MINUTE, 10)
    over = Incident(
        "c" * 16, IncidentKind.OTHER, "gate", AT, Noticed.ALARM, "gate", AT, "user", alarms=(alarm,), closing=closed
    )  # fmt: skip
    ledger.write([Unit((Entry("note", AT, {}),), (PaperFiled(over),), directory=True)])
    with book.database.engine.connect() as connection:
        afterwards = pictures_due(connection, AT + MINUTE, 10)

    assert sorted(while_open) == ["0" * 16, "e" * 16]
    assert sorted(afterwards) == ["0" * 16, "b" * 16, "d" * 16, "e" * 16]
