"""Does the ledger still say what it said? Walks every record and compares the end with what is kept elsewhere.

Promises that any edit, removal, swap or cut-off tail is found and its first record named, as long as the key or the
second place is out of the reach of whoever bent the database. Reads in pieces: a million records need no memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.chain import Head, Link, first_break
from gateway.store.camera_verification import first_bent_batch
from gateway.store.database import Database
from gateway.store.head_file import read_copy
from gateway.store.tables import head as head_table
from gateway.store.tables import ledger

PIECE = 5_000
CUT = "ledger_cut"
"""The kind of the record with which a running gateway says that the ledger got shorter under it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: how many records hold, and the first that does not with what is wrong."""

    count: int
    hash: str
    bad_seq: int | None = None
    what: str | None = None

    @property
    def holds(self) -> bool:
        return self.bad_seq is None


def verify(database: Database, on_file: Head | None, copy: Path | None, key: bytes) -> Verdict:
    """Walk the ledger. `on_file` is the newest head of the head file, read before: the database may be ahead of it.

    Raises `DatabaseAway` where it cannot be read to its end, which a damaged file is too.
    """
    second = None if copy is None else read_copy(copy, key)
    return database.read_now(lambda connection: _verify(connection, on_file, second, copy))


def is_shorter_than(database: Database, on_file: Head | None) -> bool:
    """True if records are missing that the head file knows: nothing may be written over that gap."""
    if on_file is None:
        return False
    with database.engine.connect() as connection:
        count = connection.execute(sa.select(head_table.c.count).where(head_table.c.id == 1)).scalar_one()
    return int(count) < on_file.count


def _verify(connection: Connection, on_file: Head | None, second: Head | None, copy: Path | None) -> Verdict:
    witnesses = {
        "the head file": on_file,
        "the head's second place": second,
        "the head row": _head_row(connection),
    }
    asked = {head.count for head in witnesses.values() if head is not None}
    walk = _Walk(asked)
    broken, end = first_break(walk.over(_links(connection)))
    if broken is not None:
        return Verdict(end.count, end.hash, broken.seq, broken.what)
    for name, head in witnesses.items():
        if head is None:
            continue
        if head.count > end.count:
            what = f"records {end.count + 1} to {head.count} are missing at the end: {name} knows them"
            return Verdict(end.count, end.hash, end.count + 1, what)
        if head.count and walk.hashes.get(head.count) != head.hash:
            what = f"record {head.count} is not the one that {name} knows: it or one before it was written anew"
            return Verdict(end.count, end.hash, head.count, what)
    if walk.cut is not None:
        what = f"record {walk.cut} says that records before it were cut off while the gateway ran"
        return Verdict(end.count, end.hash, walk.cut, what)
    if end.count and on_file is None:
        what = "the head file is missing or was not made under this key: a cut-off tail could not be found"
        return Verdict(end.count, end.hash, end.count, what)
    if end.count and copy is not None and second is None and copy.exists():
        what = f"the head's second place ({copy}) was not made under this key"
        return Verdict(end.count, end.hash, end.count, what)
    bent = first_bent_batch(connection)
    if bent is not None:
        return Verdict(end.count, end.hash, *bent)
    return Verdict(end.count, end.hash)


class _Walk:
    """Looks over the chain's shoulder: keeps the hashes that witnesses speak of, and the first record of a cut."""

    def __init__(self, asked: set[int]) -> None:
        self._asked = asked
        self.hashes: dict[int, str] = {}
        self.cut: int | None = None

    def over(self, links: Iterator[Link]) -> Iterator[Link]:
        for link in links:
            if link.seq in self._asked:
                self.hashes[link.seq] = link.hash
            if link.kind == CUT and self.cut is None:
                self.cut = link.seq
            yield link


def _head_row(connection: Connection) -> Head:
    count, last_hash = connection.execute(
        sa.select(head_table.c.count, head_table.c.hash).where(head_table.c.id == 1)
    ).one()
    return Head(int(count), last_hash)


def _links(connection: Connection) -> Iterator[Link]:
    columns = (ledger.c.seq, ledger.c.at, ledger.c.kind, ledger.c.key, ledger.c.body, ledger.c.hash)
    after = -(2**62)
    # By key and not by offset or one long cursor: each piece costs the same, and the memory stays flat.
    while rows := connection.execute(
        sa.select(*columns).where(ledger.c.seq > after).order_by(ledger.c.seq).limit(PIECE)
    ).all():
        for row in rows:
            yield Link(*row)
        after = rows[-1].seq


def ledger_length(connection: Connection) -> int:
    """How many records the head row counts."""
    return _head_row(connection).count
