"""What the ledger promises to those who write: order, once, nothing on an outdated directory, no fork."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from gateway.flows.changes import PresenceMoved
from gateway.flows.ports import Known, Outdated, Unit, Written
from gateway.store.database import is_away
from gateway.store.ledger import Ledger
from gateway.store.tables import presence
from tests.store.conftest import AT, Book, entry, unit

FIRST = 1
"""The directory's version in a fresh database."""
ROOT = Path(__file__).resolve().parents[2]


def test_units_of_a_group_are_written_in_order_and_each_gets_its_number(book: Book) -> None:
    results = book.ledger().write([unit(1), Unit((entry(2), entry(3))), unit(4)])

    assert results == [Written(1, FIRST), Written(3, FIRST), Written(4, FIRST)]
    assert [row.body for row in book.rows()] == [f'{{"number":{n}}}' for n in (1, 2, 3, 4)]
    assert book.verdict().holds


def test_a_fact_that_is_told_twice_is_written_once(book: Book) -> None:
    ledger = book.ledger()

    first = ledger.write([unit(1, "tap"), unit(2, "tap")])
    later = ledger.write([unit(3, "tap"), unit(4)])

    assert first == [Written(1, FIRST), Known("tap", {"number": 1})]
    assert later == [Known("tap", {"number": 1}), Written(2, FIRST)]


def test_a_unit_of_which_one_fact_is_known_is_not_written_at_all(book: Book) -> None:
    ledger = book.ledger()
    ledger.write([unit(1, "tap")])

    result = ledger.write([Unit((entry(2, "event"), entry(3, "tap")))])

    assert result == [Known("tap", {"number": 1})]
    assert len(book.rows()) == 1


def test_nothing_is_written_that_was_decided_on_an_older_directory(book: Book) -> None:
    ledger = book.ledger()

    results = ledger.write(
        [
            unit(1, based_on=FIRST),
            unit(2, directory=True),
            unit(3, based_on=FIRST),
            unit(4, based_on=FIRST + 1),
        ]
    )

    assert results == [Written(1, FIRST), Written(2, FIRST + 1), Outdated(FIRST + 1), Written(3, FIRST + 1)]
    assert [row.body for row in book.rows()] == ['{"number":1}', '{"number":2}', '{"number":4}']


def test_what_another_process_changed_in_the_directory_outdates_too(book: Book) -> None:
    here, there = book.ledger(), book.ledger(book.another_database())
    here.write([unit(1, based_on=FIRST)])

    there.write([unit(2, directory=True)])

    assert here.write([unit(3, based_on=FIRST)]) == [Outdated(FIRST + 1)]


def test_a_unit_that_fails_leaves_nothing_behind(book: Book) -> None:
    ledger = book.ledger()
    nobody = PresenceMoved("no-such-holder", "campus", "inside", AT)

    with pytest.raises(sa.exc.IntegrityError):
        ledger.write([unit(1), unit(2, changes=(nobody,))])

    assert book.rows() == []
    assert ledger.write([unit(3)]) == [Written(1, FIRST)]
    assert book.ask(f"SELECT count(*) FROM {presence.name}") == 0


def test_two_writers_in_turn_never_fork_the_chain(book: Book) -> None:
    writers = [book.ledger(book.another_database()) for _ in range(3)]

    for number in range(60):
        writers[number % 3].write([unit(number)])

    assert [row.seq for row in book.rows()] == list(range(1, 61))
    assert book.verdict().holds


def test_two_processes_that_write_at_once_never_fork_the_chain(book: Book) -> None:
    there = subprocess.Popen(
        [sys.executable, "-m", "tests.store.other_writer", book.url, str(book.head_path), "40"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    ledger = book.ledger()
    try:
        assert there.stdout is not None
        assert there.stdout.readline() == b"writing\n"
        written = 0
        while written < 40 or there.poll() is None:
            try:
                ledger.write([unit(written)])
                written += 1
            except sa.exc.OperationalError:
                # SQLite: the other one had its turn for a second. On PostgreSQL that would be a deadlock.
                assert book.database.is_sqlite
    finally:
        there.wait(30)
        there.stdout.close()

    assert there.returncode == 0
    rows = book.rows()
    assert len(rows) == written + 40
    assert {row.kind for row in rows} == {"note", "other"}
    assert book.verdict().holds


class _DiesInItsCommit(sqlite3.Connection):
    """A connection that is lost at the worst moment: the commit is done or not, and nobody says which."""

    die: str | None = None

    def commit(self) -> None:
        how, _DiesInItsCommit.die = _DiesInItsCommit.die, None
        if how == "after":
            super().commit()
        if how is not None:
            raise sqlite3.OperationalError("disk I/O error")
        super().commit()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_commit_whose_outcome_nobody_heard_is_neither_lost_nor_done_twice(sqlite_book: Book, moment: str) -> None:
    database = sqlite_book.another_database()
    path = str(database.url.database)
    event.listen(database.engine, "do_connect", lambda *_: sqlite3.connect(path, timeout=1.0, factory=_DiesInItsCommit))
    ledger = sqlite_book.ledger(database)
    ledger.write([unit(1)])
    group = [unit(2), unit(3, "tap"), Unit((entry(4), entry(5)), directory=True)]
    _DiesInItsCommit.die = moment
    with pytest.raises(sa.exc.OperationalError):
        ledger.write(group)

    # Others came to wait meanwhile, and one of the group has given up.
    again = ledger.write([group[0], group[2], unit(6)])

    bodies = [row.body for row in sqlite_book.rows()]
    if moment == "after":
        assert bodies == [f'{{"number":{n}}}' for n in (1, 2, 3, 4, 5, 6)]
        assert again == [Written(2, FIRST), Written(5, FIRST + 1), Written(6, FIRST + 1)]
    else:
        assert bodies == [f'{{"number":{n}}}' for n in (1, 2, 4, 5, 6)]
        assert again == [Written(2, FIRST), Written(4, FIRST + 1), Written(5, FIRST + 1)]
    assert sqlite_book.verdict().holds


def test_a_head_file_that_cannot_be_written_stops_no_record(sqlite_book: Book, tmp_path: Path) -> None:
    """On a full disk the rows may fit and the head may not: written is written."""
    head_file = sqlite_book.head_file()
    ledger = Ledger(sqlite_book.database, head_file)
    ledger.write([unit(1)])
    fd, head_file._fd = head_file._fd, os.open("/dev/full", os.O_RDWR)
    try:
        results = ledger.write([unit(2), unit(3)])
    finally:
        os.close(head_file._fd)
        head_file._fd = fd

    assert results == [Written(2, FIRST), Written(3, FIRST)]
    assert len(sqlite_book.rows()) == 3
    assert ledger.write([unit(4)]) == [Written(4, FIRST)]
    ledger.close()
    assert sqlite_book.verdict().holds


def test_a_connection_that_was_dropped_between_two_commits_means_away_and_the_next_try_writes(book: Book) -> None:
    ledger = book.ledger()
    ledger.write([unit(1)])
    assert ledger._connection is not None
    ledger._connection.connection.driver_connection.close()  # as the driver finds it when the server has gone

    with pytest.raises(sa.exc.SQLAlchemyError) as dropped:
        ledger.write([unit(2, "tap")])

    assert is_away(dropped.value)
    ledger.write([unit(2, "tap")])
    assert [row.body for row in book.rows()] == ['{"number":1}', '{"number":2}']
    assert book.verdict().holds
