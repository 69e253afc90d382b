"""What is read back: the directory, how far a boot's events are complete, who still waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.core.kinds import CredentialKind, CredentialState
from gateway.flows.changes import EventsComplete
from gateway.flows.ports import Entry, EventMark, Unit
from gateway.store.archive import StoreArchive
from gateway.store.sealing import Sealer
from gateway.store.tables import credentials, erased, holders
from tests.store.conftest import AT, Book


@pytest.fixture
def archive(book: Book) -> StoreArchive:
    return StoreArchive(book.database, Sealer(b"\1" * 32))


def person(ref: str, version: int, **how: Any) -> sa.Executable:
    row = {
        "ref": ref, "id": f"id-{ref}", "name": "A Person", "kind": "staff", "groups": "staff;security",
        "dormitory": None, "suspended": False, "version": version,
    }  # fmt: skip
    return sa.insert(holders).values(row | how)


def card(ref: str, holder: str, value: str, version: int, state: str = "active") -> sa.Executable:
    row = {
        "ref": ref, "holder": holder, "kind": "card", "value": value, "state": state, "not_before": None,
        "not_after": AT, "version": version,
    }  # fmt: skip
    return sa.insert(credentials).values(row)


def event(device: str, boot: str, seq: int) -> Entry:
    return Entry("event", AT, {"device": device, "boot": boot, "seq": seq}, f"e:{device}:{boot}:{seq:020d}")


def gap(device: str, boot: str, first: int, last: int, told_by: str = "x") -> Entry:
    body = {"device": device, "boot": boot, "from_seq": first, "to_seq": last}
    return Entry("events_gap", AT, body, f"g:{device}:{boot}:{first:020d}:{told_by}")


def write(book: Book, *entries: Entry, **how: Any) -> None:
    book.ledger().write([Unit(tuple(entries), **how)])


async def test_bringing_a_directory_up_to_date_gives_what_reading_it_anew_gives(
    book: Book, archive: StoreArchive
) -> None:
    book.bend(person("h1", 2), person("h2", 2), card("c1", "h1", "AA", 2), card("c2", "h2", "BB", 2))
    write(book, Entry("note", AT, {}), directory=True)
    before = await archive.directory(None)

    book.bend(
        person("h3", 3, dormitory="dorm-1", kind="student"),
        card("c3", "h3", "CC", 3),
        sa.update(credentials).where(credentials.c.ref == "c1").values(state="revoked", version=3),
        card("c4", "h2", "AA", 3),  # the card went on to somebody else
    )
    write(book, Entry("note", AT, {}), directory=True)
    after, anew = await archive.directory(before), await archive.directory(None)

    assert after == anew
    assert after.version == before.version + 1
    now_with = after.credentials[CredentialKind.CARD, "AA"]
    assert (now_with.holder, now_with.state) == ("h2", CredentialState.ACTIVE)
    assert before.credentials[CredentialKind.CARD, "AA"].holder == "h1", "a directory is never changed in place"
    assert after.by_ref == anew.by_ref == {held.ref: held for held in after.credentials.values()}
    assert sorted(after.by_ref) == ["c2", "c3", "c4"] and sorted(before.by_ref or ()) == ["c1", "c2"]

    book.bend(sa.delete(credentials).where(credentials.c.ref == "c3"), sa.insert(erased).values(ref="c3", version=4))
    write(book, Entry("note", AT, {}), directory=True)
    later = await archive.directory(after)

    assert later.credential("c3") is None and sorted(later.by_ref or ()) == ["c2", "c4"]


async def test_a_directory_that_is_new_enough_is_not_read_again(book: Book, archive: StoreArchive) -> None:
    known = await archive.directory(None)

    assert await archive.directory(known) is known
    assert await archive.directory_version() == known.version


async def test_events_are_complete_up_to_the_first_hole(book: Book, archive: StoreArchive) -> None:
    write(book, *(event("r1", "b1", seq) for seq in (1, 2, 3, 5, 9)))

    assert await archive.event_mark("r1", "b1") == EventMark(3, frozenset({5, 9}))
    assert await archive.event_mark("r1", "b2") == EventMark(0)


async def test_what_was_saved_of_a_boot_need_not_be_counted_again(book: Book, archive: StoreArchive) -> None:
    write(
        book,
        *(event("r1", "b1", seq) for seq in range(90, 120)),
        changes=(EventsComplete("r1", "b1", 100, AT),),
    )

    assert await archive.event_mark("r1", "b1") == EventMark(119)


async def test_the_gaps_of_a_boot_are_found_again(book: Book, archive: StoreArchive) -> None:
    write(book, gap("r1", "b1", 1, 3), gap("r1", "b1", 7, 2**60), gap("r1", "b2", 1, 1), event("r1", "b1", 4))

    assert await archive.event_mark("r1", "b1") == EventMark(0, frozenset({4}), ((1, 3), (7, 2**60)))


async def test_a_boot_has_only_its_own_events(book: Book, archive: StoreArchive) -> None:
    """Some databases sort upper and lower case together, and leave out hyphens."""
    write(
        book,
        event("r1", "ab", 1),
        *(event(device, boot, seq) for device, boot in (("r1", "AB"), ("r-1", "ab"), ("r1", "a-b")) for seq in (2, 3)),
        *(gap(device, boot, 5, 9) for device, boot in (("r1", "AB"), ("r-1", "ab"), ("r1", "a-b"))),
    )

    assert await archive.event_mark("r1", "ab") == EventMark(1)


async def test_only_those_still_wait_whom_nobody_has_answered(book: Book, archive: StoreArchive) -> None:
    def decision(tap: str, outcome: str, at: datetime = AT) -> Entry:
        return Entry("decision", at, {"device": "r1", "tap": tap, "outcome": outcome}, f"t:r1:{tap}")

    write(
        book,
        decision("old", "wait", AT - timedelta(minutes=5)),
        decision("granted", "grant"),
        decision("answered", "wait"),
        decision("waits", "wait"),
        Entry("answer", AT, {"device": "r1", "tap": "answered", "outcome": "grant"}, "a:r1:answered"),
    )

    found = await archive.open_waits(AT - timedelta(minutes=1))

    assert [body["tap"] for body in found] == ["waits"]
    assert found[0]["at"] == AT


async def test_what_was_told_comes_back_with_its_time(book: Book, archive: StoreArchive) -> None:
    at = datetime(2026, 11, 21, 8, 0, 0, 123_000, tzinfo=UTC)
    write(book, replace(event("r1", "b1", 1), at=at))

    told = await archive.told([event("r1", "b1", 1).key or "", "no such key"])

    assert list(told.values()) == [{"device": "r1", "boot": "b1", "seq": 1, "at": at}]
