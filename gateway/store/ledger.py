"""The append-only ledger: what is written together is a `Unit`, and units that wait together share one commit.

Every transaction reads the head row under a lock, so that a command line that writes beside the running gateway can
never fork the chain. The head row also carries the version of the directory: a unit that was decided on an older one
is not written (`Outdated`) and has to be decided again, so that a revocation holds from the very next commit on.
"""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from gateway.core.chain import Head, link_hash
from gateway.flows.ports import Entry, Known, Outdated, Result, Unit, Written
from gateway.store.changes import apply_changes
from gateway.store.database import Database
from gateway.store.head_file import HeadFile
from gateway.store.ledger_sql import LedgerSql, Row
from gateway.store.tables import ledger as ledger_table

log = structlog.get_logger(__name__)


HEAD_LOOKS, HEAD_LOOK_S = 10, 0.05


class _NotAsWeLeftIt(Exception):
    """Somebody else has written since our last commit."""


@dataclass(slots=True)
class _Doubt:
    """A commit whose outcome the connection took with it."""

    seq: int
    hash: str
    units: Sequence[Unit]
    results: list[Result]


class Ledger:
    """Writes units. One thread at a time; `Writer` is the gateway's, the command line calls `write` itself."""

    def __init__(
        self, database: Database, head_file: HeadFile | None = None, max_group: int = 500, known: Head | None = None
    ) -> None:
        """`known`: the newest head that was seen elsewhere (if not given: in the head file). A ledger that is shorter
        than that, or has another record there, says so in its next row."""
        self._database = database
        self._sql = LedgerSql(database.engine.dialect)
        self._head_file = head_file
        self._connection: Connection | None = None
        self._appender: Any = None
        self._doubt: _Doubt | None = None
        self._seen = known if known is not None or head_file is None else head_file.newest()
        self._at: tuple[int, str, int] | None = None
        """Count, last hash and directory version as our own last commit left them."""
        self._head_is_due = False
        self._head_is_behind = False
        self.max_group = max_group

    def write(self, units: Sequence[Unit], head_later: bool = False) -> list[Result]:
        """Write all units in one transaction; one result each, in order.

        `head_later`: the caller will `tell_head` itself, when nobody waits for the next commit.
        Raises what the database raises; then nothing was written, or it is found out on the next call.
        """
        connection = self._connect()
        try:
            results = self._write_on(connection, units) or self._write(connection, units)
        except BaseException:
            self._drop_connection()
            self._at = None
            raise
        if not head_later:
            self.tell_head()
        return results

    def tell_head(self) -> None:
        """Note the newest head beside the database."""
        if self._head_is_due and self._seen is not None:
            self._head_is_due = False
            self._note_head(self._seen)

    @property
    def head_is_due(self) -> bool:
        """The head file is behind."""
        return self._head_is_due

    def close(self) -> None:
        """Let the connection go; the head file is synced."""
        self.tell_head()
        self._drop_connection()
        if self._head_file is not None:
            self._head_file.sync()

    def sync_head(self) -> None:
        """Make the newest head durable; called each second."""
        if self._head_file is not None:
            self._head_file.sync()

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._database.engine.connect().execution_options(writing=True)
        return self._connection

    def _drop_connection(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                self._connection.close()
            self._connection = None
            self._appender = None

    def _write(self, connection: Connection, units: Sequence[Unit]) -> list[Result]:
        transaction = connection.begin()
        try:
            with self._sql.cursor(connection) as cursor:
                count, last_hash, version = self._sql.read_head(cursor)
                link = _Linker(count, last_hash)
                done = self._settle_doubt(connection)
                if self._seen is None and count:
                    self._seen = self._head_of_others()
                lost_head = self._seen is None and self._head_file is not None and count > 0
                if lost_head or (
                    self._seen is not None and not _goes_on_from(connection, self._seen, count, last_hash)
                ):
                    link.add(_cut_entry(self._seen, count, last_hash))
                known = self._sql.told(cursor, [e.key for unit in units for e in unit.entries if e.key is not None])
                results, new_version = _apply(connection, units, link, version, known, done)
                if link.rows:
                    self._sql.insert(cursor, link.rows)
                if link.rows or new_version != version:
                    self._sql.move_head(cursor, link.count, link.hash, new_version)
                if link.rows:
                    self._doubt = _Doubt(link.count, link.hash, units, results)
            transaction.commit()
            self._doubt = None
        except BaseException:
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                transaction.rollback()
            raise
        self._at = (link.count, link.hash, new_version)
        if link.rows:
            self._seen = Head(link.count, link.hash)
            self._head_is_due = True
        return results

    def _write_on(self, connection: Connection, units: Sequence[Unit]) -> list[Result] | None:
        """The short way of most commits: plain records on a ledger that is as we left it, none of them told before.

        Two statements instead of five, or one for a lone record in SQLite, because a lone tap waits for each of them.
        None if it is not like that: nothing was written then, and the long way finds out why.
        """
        if self._at is None or self._doubt is not None:
            return None
        for unit in units:
            if unit.changes or unit.directory:
                return None
        count, last_hash, version = self._at
        link = _Linker(count, last_hash)
        results: list[Result] = []
        for unit in units:
            if unit.based_on is not None and unit.based_on < version:
                return None
            for entry in unit.entries:
                link.add(entry)
            results.append(Written(link.count, version))
        if not link.rows:
            return None
        if len(link.rows) == 1:
            if self._appender is None:
                self._appender = self._sql.appender(connection)
            if self._appender is not None:
                self._doubt = _Doubt(link.count, link.hash, units, results)
                appended = self._sql.append(connection, self._appender, link.rows[0], last_hash, version)
                self._doubt = None
                return self._left_at(link, version, results) if appended else None
        try:
            with self._sql.transaction(connection) as cursor:
                # The head first, as on the long way: two processes that lock in different orders wait for each other.
                if not self._sql.move_head_on(cursor, self._at, link.count, link.hash):
                    raise _NotAsWeLeftIt
                self._sql.insert(cursor, link.rows)
                self._doubt = _Doubt(link.count, link.hash, units, results)
        except (sa.exc.IntegrityError, _NotAsWeLeftIt):
            self._doubt = None
            return None
        self._doubt = None
        return self._left_at(link, version, results)

    def _left_at(self, link: "_Linker", version: int, results: list[Result]) -> list[Result]:
        self._at = (link.count, link.hash, version)
        self._seen = Head(link.count, link.hash)
        self._head_is_due = True
        return results

    def _note_head(self, head: Head) -> None:
        """The rows are on disk already: a head file that cannot be written falls behind, and nothing else."""
        if self._head_file is None:
            return
        try:
            self._head_file.write(head)
        except OSError as error:
            if not self._head_is_behind:
                log.error("head_file_not_written", error=str(error))
            self._head_is_behind = True
        else:
            self._head_is_behind = False

    def _head_of_others(self) -> Head | None:
        """Another process may have begun the ledger since we opened it: its head follows its commit by a moment."""
        if self._head_file is None:
            return None
        found = self._head_file.newest()
        for _ in range(HEAD_LOOKS):
            if found is not None:
                break
            time.sleep(HEAD_LOOK_S)
            found = self._head_file.newest()
        return found

    def _settle_doubt(self, connection: Connection) -> dict[int, Result]:
        """After a connection that died in its commit: was it done? Then the results of its units, by identity."""
        doubt, self._doubt = self._doubt, None
        if doubt is None:
            return {}
        found = connection.execute(sa.select(ledger_table.c.hash).where(ledger_table.c.seq == doubt.seq)).scalar()
        if found != doubt.hash:
            return {}
        return {id(unit): result for unit, result in zip(doubt.units, doubt.results, strict=True)}


def _apply(
    connection: Connection,
    units: Sequence[Unit],
    link: "_Linker",
    version: int,
    known: dict[str, dict[str, Any]],
    done: dict[int, Result],
) -> tuple[list[Result], int]:
    """Settle each unit in order; its rows go to `link`. Returns the results, and the directory's version after them."""
    results: list[Result] = []
    for unit in units:
        if id(unit) in done:
            results.append(done[id(unit)])
            continue
        told = next((e.key for e in unit.entries if e.key is not None and e.key in known), None)
        if told is not None:
            results.append(Known(told, known[told]))
            continue
        if unit.based_on is not None and unit.based_on < version:
            results.append(Outdated(version))
            continue
        if unit.directory:
            version += 1
        if unit.changes:
            apply_changes(connection, unit.changes, version)
        for entry in unit.entries:
            link.add(entry)
            if entry.key is not None:
                known[entry.key] = entry.body
        results.append(Written(link.count, version))
    return results, version


class _Linker:
    """Gives each entry its number and its hash."""

    __slots__ = ("count", "hash", "rows")

    def __init__(self, count: int, last_hash: str) -> None:
        self.count, self.hash = count, last_hash
        self.rows: list[Row] = []

    def add(self, entry: Entry) -> None:
        self.count += 1
        at = round(entry.at.timestamp() * 1000)
        body = msgspec.json.encode(entry.body).decode()
        self.hash = link_hash(self.hash, self.count, at, entry.kind, entry.key, body)
        self.rows.append((self.count, at, entry.kind, entry.key, body, self.hash))


def _goes_on_from(connection: Connection, seen: Head, count: int, last_hash: str) -> bool:
    """True if what we saw last is still there. Another process may have written more; nobody may have written anew."""
    if count <= seen.count:
        return count == seen.count and (last_hash == seen.hash or not count)
    if not seen.count:
        return True
    then = sa.select(ledger_table.c.hash).where(ledger_table.c.seq == seen.count)
    return connection.execute(then).scalar() == seen.hash


def _cut_entry(seen: Head | None, count: int, last_hash: str) -> Entry:
    """The ledger got shorter or was written anew while we looked away, or its head file is gone (`head` is null), so
    that nobody can tell: say so in it, for good."""
    head = None if seen is None else {"count": seen.count, "hash": seen.hash}
    body = {"head": head, "found": {"count": count, "hash": last_hash}}
    return Entry("ledger_cut", datetime.now(UTC), body)
