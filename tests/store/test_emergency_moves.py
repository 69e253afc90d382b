"""An emergency moves on from several sides at once; postures and lists share a row: nobody undoes another's word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from gateway.core.papers import Emergency, EmergencyKind, Followed, PaperKind, Remark
from gateway.flows.changes import EmergencyMoved, ListsIssued, PostureIssued
from gateway.flows.ports import Issued, Unit
from gateway.store.archive import StoreArchive
from gateway.store.sealing import Sealer
from gateway.store.tables import devices
from tests.store.conftest import AT, Book, entry

CALLED = Emergency("e1", EmergencyKind.EVACUATE, frozenset({"dorm-1"}), AT, "guard", inputs={"door": "boot-1"})


def written(book: Book, *changes: Any) -> None:
    ledger = book.ledger()
    for number, change in enumerate(changes, 1):
        ledger.write([Unit((entry(number),), (change,), directory=True)])
    ledger.close()


async def read(book: Book) -> Any:
    return await StoreArchive(book.database, Sealer(b"\1" * 32)).paper(PaperKind.EMERGENCY, "e1")


async def test_it_is_filed_where_there_is_no_paper_yet_and_read_back_whole(book: Book) -> None:
    shown = AT + timedelta(seconds=1)
    fields = {"followed": (Followed("door", 3, AT, shown), Followed("gate", 2, AT)), "remarks": (Remark(AT, "u", "x"),)}

    written(book, EmergencyMoved(CALLED, fields))

    assert await read(book) == replace(CALLED, **fields)  # type: ignore[arg-type]


async def test_each_side_moves_its_own_part_and_the_older_view_undoes_nothing(book: Book) -> None:
    written(
        book,
        EmergencyMoved(CALLED, {}),
        EmergencyMoved(CALLED, {"signed_by": "leader"}),
        EmergencyMoved(CALLED, {"ending_by": None}, "panel:dorm-1", "boot-7"),
        EmergencyMoved(CALLED, {"inside_at_start": 12}),
        EmergencyMoved(CALLED, {}, "door"),
    )

    found = await read(book)

    assert (found.signed_by, found.inside_at_start, found.inputs) == ("leader", 12, {"panel:dorm-1": "boot-7"})


async def test_a_posture_and_a_list_that_are_written_at_once_do_not_undo_each_other(book: Book) -> None:
    row = {
        "id": "gate",
        "kind": "reader",
        "locations": "[]",
        "key": "",
        "password": "",
        "enrolled_at": AT,
        "version": 1,
    }
    book.bend(sa.insert(devices).values(row))
    first = Issued(version=1, body=b"{}", list_version=1, list_digest="a")

    written(
        book,
        PostureIssued("gate", first),
        ListsIssued("gate", replace(first, list_version=2, list_digest="b")),
        PostureIssued("gate", replace(first, version=9, body=b'{"v":9}')),
        ListsIssued("gate", replace(first, list_version=3, list_digest="c")),
    )

    found = (await StoreArchive(book.database, Sealer(b"\1" * 32)).issued())["gate"]
    assert (found.version, found.body, found.list_version, found.list_digest) == (9, b'{"v":9}', 3, "c")
