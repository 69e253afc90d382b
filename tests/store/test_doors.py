"""What the doors ask of both databases: numbered rows in order, rows of some hours, presence that is doubted, uses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.flows.changes import PassUsed, PinSet, PresenceDoubted, PresenceMoved
from gateway.flows.ports import NUMBER_DIGITS, Entry, PinDigests, Unit, timed_key
from gateway.store.archive import StoreArchive
from gateway.store.sealing import Sealer
from gateway.store.tables import credentials
from tests.store.conftest import AT, Book
from tests.store.test_archive import card, person


@pytest.fixture
def archive(book: Book) -> StoreArchive:
    return StoreArchive(book.database, Sealer(b"\1" * 32))


def write(book: Book, *entries: Entry, **how: Any) -> None:
    book.ledger().write([Unit(tuple(entries), **how)])


def use(credential: str, number: int) -> Entry:
    return Entry("pass_used", AT, {"n": number}, f"u:{credential}:{number:0{NUMBER_DIGITS}d}")


async def test_the_rows_of_one_pass_come_in_their_order_and_nobody_elses(book: Book, archive: StoreArchive) -> None:
    rows = [use("ab", number) for number in (10, 2, 1)] + [use("abc", 3), use("AB", 4), use("a", 5)]
    write(book, *rows, Entry("other", AT, {}, "u:ab"))

    assert [row["n"] for row in await archive.numbered("u:ab:")] == [1, 2, 10]
    assert await archive.numbered("u:nobody:") == []


async def test_facts_that_are_looked_up_by_their_time_come_from_a_moment_on(book: Book, archive: StoreArchive) -> None:
    moments = [AT - timedelta(milliseconds=1), AT, AT + timedelta(days=400)]
    rows = [Entry("pin_tried", at, {"n": n}, timed_key("w:", at, f"control:{n}")) for n, at in enumerate(moments)]
    write(book, *rows, Entry("other", AT, {}, timed_key("v:", AT, "a")), Entry("other", AT, {}, "wa"))

    assert [(row["n"], row["at"]) for row in await archive.timed("w:", AT)] == [(1, AT), (2, moments[2])]


async def test_rows_of_some_kinds_since_a_moment_by_what_stands_in_them(book: Book, archive: StoreArchive) -> None:
    before, after = AT - timedelta(hours=1), AT + timedelta(hours=1)
    told = ((1, before, "decision"), (2, AT, "decision"), (4, after, "pin_set"), (5, after, "command"))
    for number, at, kind in told:
        write(book, Entry(kind, at, {"n": number, "pin": "wrong"}))
    write(book, Entry("decision", after, {"n": 3}))

    rows = await archive.rows_since({"decision": '"pin":"', "pin_set": ""}, AT)

    assert [(row["n"], row["at"]) for row in rows] == [(2, AT), (4, after)]
    assert await archive.rows_since({"decision": '"pin":"%"'}, before) == []


async def test_presence_that_is_doubted_keeps_its_place(book: Book, archive: StoreArchive) -> None:
    book.bend(*(person(ref, 2) for ref in ("h1", "h2", "h3")))
    moved = tuple(PresenceMoved(holder, "campus", "inside", AT) for holder in ("h1", "h2", "h3"))
    write(book, Entry("note", AT, {}), changes=moved)
    later = AT + timedelta(hours=1)

    doubts = (PresenceDoubted(("h1", "h3", "gone"), later), PresenceDoubted((), later))
    write(book, Entry("note", AT, {}), changes=doubts)

    found = {holder: (one.zone, one.state.value, one.since) for holder, one in (await archive.presence()).items()}
    doubted = ("campus", "uncertain", later)
    assert found == {"h1": doubted, "h2": ("campus", "inside", AT), "h3": doubted}


async def test_uses_and_pins_are_read_back(book: Book, archive: StoreArchive) -> None:
    book.bend(person("h1", 2), card("c1", "h1", "AA", 2), card("c2", "h1", "BB", 2))
    book.bend(sa.update(credentials).where(credentials.c.ref == "c1").values(max_uses=3))
    digests = PinDigests("d" * 64, None)
    write(book, Entry("note", AT, {}), changes=(PassUsed("c1", 2), PinSet("h1", digests.digest, None, AT)))

    assert await archive.used() == {"c1": 2}
    assert await archive.pins() == {"h1": digests}
    write(book, Entry("note", AT, {}), changes=(PinSet("h1", None, None, AT),))
    assert await archive.pins() == {}
