"""Whoever edits, removes, swaps or cuts off records is found out, and the first bad record is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.core.chain import Head, link_hash
from gateway.flows.ledger_book import WalkEnded
from gateway.store.head_file import HeadFile, write_copy
from gateway.store.ledger import Ledger
from gateway.store.tables import head, ledger
from gateway.store.verification import LedgerWalk
from tests.store.conftest import KEY, Book, unit

COUNT = 12


def test_a_ledger_that_nobody_touched_holds(written: Book) -> None:
    verdict = written.verdict()

    assert verdict.holds
    assert verdict.count == COUNT


@pytest.mark.parametrize("column", ["at", "kind", "key", "body", "hash"])
def test_an_edit_of_any_record_is_found_and_named(written: Book, column: str) -> None:
    for row in written.rows():
        before = getattr(row, column)
        after = before + 1 if column == "at" else f"{str(before)[:-1]}~"
        written.bend(sa.update(ledger).where(ledger.c.seq == row.seq).values({column: after}))

        assert written.verdict().bad_seq == row.seq, f"{column} of record {row.seq}"

        written.bend(sa.update(ledger).where(ledger.c.seq == row.seq).values({column: before}))
    assert written.verdict().holds


def test_an_edit_with_a_hash_made_anew_is_found_at_the_next_record_or_by_the_head(written: Book) -> None:
    rows = written.rows()
    for index, row in enumerate(rows):
        previous = rows[index - 1].hash if index else "0" * 64
        body = row.body.replace("number", "Number")
        forged = link_hash(previous, row.seq, row.at, row.kind, row.key, body)
        written.bend(sa.update(ledger).where(ledger.c.seq == row.seq).values(body=body, hash=forged))

        assert written.verdict().bad_seq == min(row.seq + 1, COUNT)

        written.bend(sa.update(ledger).where(ledger.c.seq == row.seq).values(body=row.body, hash=row.hash))


def test_any_record_that_is_removed_is_found_and_named(written: Book) -> None:
    for row in written.rows():
        written.bend(sa.delete(ledger).where(ledger.c.seq == row.seq))

        assert written.verdict().bad_seq == row.seq

        written.bend(sa.insert(ledger).values(row._asdict()))
    assert written.verdict().holds


def test_any_two_neighbours_that_are_swapped_are_found(written: Book) -> None:
    for seq in range(1, COUNT):
        _swap(written, seq, seq + 1)

        assert written.verdict().bad_seq == seq

        _swap(written, seq, seq + 1)
    assert written.verdict().holds


@pytest.mark.parametrize("cut", [1, 5, COUNT])
def test_a_tail_that_was_cut_off_is_found(written: Book, cut: int) -> None:
    written.bend(sa.delete(ledger).where(ledger.c.seq > COUNT - cut))

    assert written.verdict().bad_seq == COUNT - cut + 1


@pytest.mark.parametrize("cut", [1, 5, COUNT])
def test_a_tail_that_was_cut_off_with_the_head_row_is_found_by_the_head_file(written: Book, cut: int) -> None:
    _cut(written, cut)

    verdict = written.verdict()

    assert verdict.bad_seq == COUNT - cut + 1
    assert verdict.what is not None and "the head file knows them" in verdict.what


def test_a_ledger_written_anew_from_some_record_on_is_found_by_the_head_file(written: Book) -> None:
    for first in (1, 6, COUNT):
        rows = written.rows()

        _forge_from(written, first)

        verdict = written.verdict()
        assert not verdict.holds
        assert verdict.bad_seq == COUNT
        _put_back(written, rows)
    assert written.verdict().holds


def test_without_the_head_file_nobody_says_that_the_ledger_holds(written: Book) -> None:
    written.head_path.unlink()

    assert not written.verdict().holds


def test_a_head_file_made_under_another_key_is_no_witness(written: Book) -> None:
    newest = HeadFile(written.head_path, KEY).newest()
    assert newest is not None
    written.head_path.unlink()
    forged = HeadFile(written.head_path, b"\7" * 32)
    forged.write(newest)
    forged.close()

    assert not written.verdict().holds


def test_the_second_place_finds_what_the_first_was_made_to_forget(written: Book, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "head"
    with_copy = HeadFile(written.head_path, KEY, copy)
    newest = with_copy.newest()
    assert newest is not None
    with_copy.sync()
    with_copy.close()
    _forge_from(written, 4)
    row = written.rows()[-1]
    written.head_path.unlink()
    bent = HeadFile(written.head_path, KEY)  # somebody who has the key, but not the second place
    bent.write(Head(COUNT, row.hash))
    bent.close()

    assert written.verdict().holds
    assert written.verdict(copy).bad_seq == COUNT


def test_a_second_place_of_another_key_is_said(written: Book, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    write_copy(copy, f"{COUNT} {'0' * 64} {'1' * 64}")

    assert not written.verdict(copy).holds


def test_a_database_ahead_of_its_head_file_holds(written: Book) -> None:
    """The power may fail between the commit and the head file; never the other way round."""
    ahead = Ledger(written.database)
    ahead.write([unit(13)])
    ahead.close()

    assert written.verdict().holds


def test_records_cut_off_under_a_running_ledger_are_told_by_the_ledger_itself(written: Book) -> None:
    running = written.ledger()
    running.write([unit(13)])
    _cut(written, 3, COUNT + 1)

    running.write([unit(14)])
    running.write([unit(15)])

    told = [row for row in written.rows() if row.kind == "ledger_cut"]
    assert [row.seq for row in told] == [11]
    verdict = written.verdict()
    assert verdict.bad_seq == 11
    assert verdict.what is not None and "cut off" in verdict.what


def test_records_written_anew_under_a_running_ledger_are_told_by_the_ledger_itself(written: Book) -> None:
    """Otherwise the next head would vouch for the forged chain."""
    running = written.ledger()
    running.write([unit(13)])
    _forge_from(written, 10, COUNT + 1)

    running.write([unit(14)])

    assert [row.seq for row in written.rows() if row.kind == "ledger_cut"] == [14]
    assert not written.verdict().holds


def test_a_longer_forged_tail_under_a_running_ledger_is_told_too(written: Book) -> None:
    running = written.ledger()
    running.write([unit(13)])
    _forge_from(written, 10, COUNT + 1)
    forger = Ledger(written.database)
    forger.write([unit(99), unit(100)])
    forger.close()

    running.write([unit(14)])

    assert [row.kind for row in written.rows()].count("ledger_cut") == 1


def test_a_command_line_does_not_cover_up_a_forged_tail(written: Book) -> None:
    """It starts anew each time: what it knows of before is the head file."""
    _forge_from(written, 10)

    written.ledger().write([unit(13)])

    assert [row.kind for row in written.rows()].count("ledger_cut") == 1
    assert not written.verdict().holds


def test_what_another_process_added_meanwhile_is_no_cut(written: Book) -> None:
    running, other = written.ledger(), written.ledger(written.another_database())
    running.write([unit(13)])
    other.write([unit(14), unit(15)])
    running.write([unit(16)])
    other.write([unit(17)])

    assert [row.kind for row in written.rows()].count("ledger_cut") == 0
    assert written.verdict().holds


def _swap(book: Book, one: int, other: int) -> None:
    book.bend(
        sa.update(ledger).where(ledger.c.seq == one).values(seq=-1),
        sa.update(ledger).where(ledger.c.seq == other).values(seq=one),
        sa.update(ledger).where(ledger.c.seq == -1).values(seq=other),
    )


def _cut(book: Book, cut: int, count: int = COUNT) -> None:
    last = next((row.hash for row in book.rows() if row.seq == count - cut), "0" * 64)
    book.bend(sa.delete(ledger).where(ledger.c.seq > count - cut), sa.update(head).values(count=count - cut, hash=last))


def _forge_from(book: Book, first: int, count: int = COUNT) -> None:
    """A clean chain with another story: every hash made anew, the head row too."""
    rows = book.rows()
    previous = "0" * 64 if first == 1 else rows[first - 2].hash
    statements: list[sa.Executable] = []
    for row in rows[first - 1 :]:
        body = row.body.replace("number", "Number")
        previous = link_hash(previous, row.seq, row.at, row.kind, row.key, body)
        statements.append(sa.update(ledger).where(ledger.c.seq == row.seq).values(body=body, hash=previous))
    book.bend(*statements, sa.update(head).values(count=count, hash=previous))


def _put_back(book: Book, rows: list[sa.Row[tuple[object, ...]]]) -> None:
    statements: list[sa.Executable] = [
        sa.update(ledger).where(ledger.c.seq == row.seq).values(body=row.body, hash=row.hash) for row in rows
    ]
    book.bend(*statements, sa.update(head).values(hash=rows[-1].hash))


def test_a_head_file_that_is_gone_is_told_by_the_next_writer_for_good(written: Book) -> None:
    """Otherwise a tail could be cut off and the only witness removed."""
    _cut(written, 3, COUNT)
    written.head_path.unlink()

    written.ledger().write([unit(13)])

    told = [row for row in written.rows() if row.kind == "ledger_cut"]
    assert len(told) == 1
    assert not written.verdict().holds


def test_a_walk_beside_a_gateway_tells_how_far_it_is_and_ends_when_it_is_told_to(written: Book) -> None:
    told: list[tuple[int, int]] = []

    walk = LedgerWalk(written.database, written.head_file().newest, None, KEY)

    assert walk(lambda count, of: told.append((count, of))).holds
    assert told == [(0, COUNT), (COUNT, COUNT)]

    def ended(_count: int, _of: int) -> None:
        raise WalkEnded

    with pytest.raises(WalkEnded):
        walk(ended)
