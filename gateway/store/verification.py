"""Does the ledger still say what it said? Walks every record and compares the end with what is kept elsewhere.

Promises that any edit, removal, swap or cut-off tail is found and its first record named, as long as the key or the
second place is out of the reach of whoever bent the database. Reads in pieces: a million records need no memory.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.chain import Head, Link, Lost, first_break, open_lost, seal_lost
from gateway.flows.ledger_book import Walked
from gateway.store.camera_verification import first_bent_batch
from gateway.store.database import Database
from gateway.store.head_file import read_copy
from gateway.store.tables import head as head_table
from gateway.store.tables import ledger

PIECE = 5_000
BREATH = 500
"""After so many records a walk beside a running gateway lets others have the interpreter."""
BREATH_S = 0.003
RESTORED = "restored"
"""The kind of the record with which `restore` says that a backup was taken back, and what is gone."""
CUT = "ledger_cut"
"""The kind of the record with which a running gateway says that the ledger got shorter under it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: how many records hold, and the first that does not with what is wrong."""

    count: int
    hash: str
    bad_seq: int | None = None
    what: str | None = None
    restored: tuple[Lost, ...] = ()
    """Backups that were taken back, as the ledger itself says under the site's key: what is gone is known and said."""

    @property
    def holds(self) -> bool:
        return self.bad_seq is None


def verify(
    database: Database,
    on_file: Head | None,
    copy: Path | None,
    key: bytes,
    on: Callable[[int, int], None] | None = None,
    taken_back: Sequence[Lost] = (),
) -> Verdict:
    """Walk the ledger. `on_file` is the newest head of the head file, read before: the database may be ahead of it.
    `taken_back`: the backups of which the head file knows that they were taken back.
    `on`: called now and then with how many records were looked at and how many there are; between, others get a turn.

    Raises `DatabaseAway` where it cannot be read to its end, which a damaged file is too, and what `on` raises.
    """
    second = None if copy is None else read_copy(copy, key)
    return database.read_now(lambda connection: _verify(connection, on_file, second, copy, on, key, taken_back))


def verify_on(connection: Connection, head: Head, key: bytes) -> Verdict:
    """The same of a ledger that nobody else sees yet; `head` is where it has to end."""
    return _verify(connection, head, None, None, None, key, ())


class LedgerWalk:
    """The walk of a running gateway. `newest`: the newest head of the head file."""

    def __init__(self, database: Database, newest: Callable[[], Head | None], copy: Path | None, key: bytes) -> None:
        self._database = database
        self._newest = newest
        self._copy = copy
        self._key = key

    def __call__(self, on: Callable[[int, int], None]) -> Walked:
        """Takes minutes where there are millions of records: for a thread. Raises as `verify` does."""
        found = verify(self._database, self._newest(), self._copy, self._key, on)
        return Walked(found.count, found.hash, found.bad_seq, found.what)


def is_shorter_than(database: Database, on_file: Head | None) -> bool:
    """True if records are missing that the head file knows: nothing may be written over that gap."""
    if on_file is None:
        return False
    with database.engine.connect() as connection:
        count = connection.execute(sa.select(head_table.c.count).where(head_table.c.id == 1)).scalar_one()
    return int(count) < on_file.count


def _verify(
    connection: Connection,
    on_file: Head | None,
    second: Head | None,
    copy: Path | None,
    on: Callable[[int, int], None] | None,
    key: bytes,
    taken_back: Sequence[Lost],
) -> Verdict:
    witnesses = {
        "the head file": on_file,
        "the head's second place": second,
        "the head row": _head_row(connection),
    }
    asked = {head.count for head in witnesses.values() if head is not None}
    walk = _Walk(asked)
    links = _links(connection)
    broken, end = first_break(walk.over(links if on is None else _told(links, ledger_length(connection), on)))
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
    return _restored(walk, end, key, taken_back)


def _restored(walk: "_Walk", end: Head, key: bytes, taken_back: Sequence[Lost]) -> Verdict:
    """A record that says a backup was taken back counts only under the key; and where the head file says so, it is
    there."""
    found: list[Lost] = []
    for seq, body in walk.restored:
        lost = _as_lost(body, key)
        if lost is None or seq != lost.kept.count + 1:
            return Verdict(end.count, end.hash, seq, f"record {seq} says a backup was taken back, and nobody here did")
        found.append(lost)
    if taken_back and taken_back[-1] not in found:
        seq = taken_back[-1].kept.count + 1
        what = f"a backup was taken back, and record {seq}, which has to say so, does not: take it back once more"
        return Verdict(end.count, end.hash, seq, what)
    return Verdict(end.count, end.hash, restored=tuple(found))


def _as_lost(body: str, key: bytes) -> Lost | None:
    try:
        said = json.loads(body)
        kept = Head(int(said["kept"]["count"]), str(said["kept"]["hash"]))
        old = said["old"]
        lost = Lost(kept, None if old is None else Head(int(old["count"]), str(old["hash"])))
        sealed = f"{seal_lost(lost, key).rpartition(' ')[0]} {said['mac']}"
    except (ValueError, KeyError, TypeError):
        return None
    return open_lost(sealed, key)


class _Walk:
    """Looks over the chain's shoulder: keeps the hashes that witnesses speak of, and the first record of a cut."""

    def __init__(self, asked: set[int]) -> None:
        self._asked = asked
        self.hashes: dict[int, str] = {}
        self.cut: int | None = None
        self.restored: list[tuple[int, str]] = []

    def over(self, links: Iterator[Link]) -> Iterator[Link]:
        for link in links:
            if link.seq in self._asked:
                self.hashes[link.seq] = link.hash
            if link.kind == CUT and self.cut is None:
                self.cut = link.seq
            if link.kind == RESTORED:
                self.restored.append((link.seq, link.body))
            yield link


def _told(links: Iterator[Link], of: int, on: Callable[[int, int], None]) -> Iterator[Link]:
    on(0, of)
    for number, link in enumerate(links, start=1):
        yield link
        if number % BREATH == 0:
            on(number, of)
            time.sleep(BREATH_S)
    on(of, of)


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
