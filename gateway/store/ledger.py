"""The append-only ledger: what is written together is a `Unit`, and units that wait together share one commit.

Every transaction reads the head row under a lock, so that a command line that writes beside the running gateway can
never fork the chain. The head row also carries the version of the directory: a unit that was decided on an older one
is not written (`Outdated`) and has to be decided again, so that a revocation holds from the very next commit on.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.chain import Head, link_hash
from gateway.flows.ports import Entry, Known, Outdated, Result, Unit, Written
from gateway.store.changes import apply_changes
from gateway.store.database import Database
from gateway.store.head_file import HeadFile
from gateway.store.tables import head as head_table
from gateway.store.tables import ledger as ledger_table

LOOK_UP_AT_ONCE = 500
"""Keys per query: SQLite takes up to 32,766 variables, older ones 999."""


@dataclass(slots=True)
class _Doubt:
    """A commit whose outcome the connection took with it."""

    seq: int
    hash: str
    results: list[Result]


class Ledger:
    """Writes units. One thread at a time; `Writer` is the gateway's, the command line calls `write` itself."""

    def __init__(
        self, database: Database, head_file: HeadFile | None = None, max_group: int = 500, known: Head | None = None
    ) -> None:
        """`known`: the newest head that was seen elsewhere; a ledger shorter than that says so in its next row."""
        self._database = database
        self._head_file = head_file
        self._connection: Connection | None = None
        self._doubt: _Doubt | None = None
        self._seen = known
        self.max_group = max_group

    def write(self, units: Sequence[Unit]) -> list[Result]:
        """Write all units in one transaction; one result each, in order.

        Raises what the database raises; then nothing was written, or it is found out on the next call.
        """
        connection = self._connect()
        try:
            return self._write(connection, units)
        except BaseException:
            self._drop_connection()
            raise

    def close(self) -> None:
        """Let the connection go; the head file is synced."""
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

    def _write(self, connection: Connection, units: Sequence[Unit]) -> list[Result]:
        transaction = connection.begin()
        try:
            count, last_hash, version = connection.execute(_READ_HEAD).one()
            settled = self._settle_doubt(connection)
            if settled is not None and len(settled) == len(units):
                transaction.rollback()
                return settled
            rows: list[dict[str, Any]] = []
            link = _Linker(count, last_hash, rows)
            if self._seen is not None and count < self._seen.count:
                link.add(_cut_entry(self._seen, count, last_hash))
            results = self._apply(connection, units, link, version)
            if rows:
                connection.execute(_INSERT, rows)
            new_version = max((r.directory_version for r in results if isinstance(r, Written)), default=version)
            if rows or new_version != version:
                connection.execute(_MOVE_HEAD, {"c": link.count, "h": link.hash, "d": new_version})
            self._doubt = _Doubt(link.count, link.hash, results) if rows else None
            transaction.commit()
            self._doubt = None
        except BaseException:
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                transaction.rollback()
            raise
        if rows:
            self._seen = Head(link.count, link.hash)
            if self._head_file is not None:
                self._head_file.write(self._seen)
        return results

    def _settle_doubt(self, connection: Connection) -> list[Result] | None:
        """After a connection that died in its commit: was it done? Its results if so."""
        doubt, self._doubt = self._doubt, None
        if doubt is None:
            return None
        found = connection.execute(sa.select(ledger_table.c.hash).where(ledger_table.c.seq == doubt.seq)).scalar()
        return doubt.results if found == doubt.hash else None

    def _apply(self, connection: Connection, units: Sequence[Unit], link: "_Linker", version: int) -> list[Result]:
        known = _look_up(connection, [e.key for unit in units for e in unit.entries if e.key is not None])
        results: list[Result] = []
        for unit in units:
            told = next((e.key for e in unit.entries if e.key is not None and e.key in known), None)
            if told is not None:
                results.append(Known(told, known[told]))
                continue
            if unit.based_on is not None and unit.based_on < version:
                results.append(Outdated(version))
                continue
            if unit.directory:
                version += 1
            apply_changes(connection, unit.changes, version)
            for entry in unit.entries:
                link.add(entry)
                if entry.key is not None:
                    known[entry.key] = entry.body
            results.append(Written(link.count, version))
        return results


class _Linker:
    """Gives each entry its number and its hash."""

    __slots__ = ("count", "hash", "rows")

    def __init__(self, count: int, last_hash: str, rows: list[dict[str, Any]]) -> None:
        self.count, self.hash, self.rows = count, last_hash, rows

    def add(self, entry: Entry) -> None:
        self.count += 1
        at = round(entry.at.timestamp() * 1000)
        body = msgspec.json.encode(entry.body).decode()
        self.hash = link_hash(self.hash, self.count, at, entry.kind, entry.key, body)
        self.rows.append(
            {"seq": self.count, "at": at, "kind": entry.kind, "key": entry.key, "body": body, "hash": self.hash}
        )


_READ_HEAD = (
    sa.select(head_table.c.count, head_table.c.hash, head_table.c.directory_version)
    .where(head_table.c.id == 1)
    .with_for_update()
)
_MOVE_HEAD = (
    sa.update(head_table)
    .where(head_table.c.id == 1)
    .values(count=sa.bindparam("c"), hash=sa.bindparam("h"), directory_version=sa.bindparam("d"))
)
_INSERT = sa.insert(ledger_table)


def _look_up(connection: Connection, keys: list[str]) -> dict[str, dict[str, Any]]:
    """The bodies of those `keys` that the ledger has already."""
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(keys), LOOK_UP_AT_ONCE):
        some = keys[start : start + LOOK_UP_AT_ONCE]
        query = sa.select(ledger_table.c.key, ledger_table.c.body).where(ledger_table.c.key.in_(some))
        for key, body in connection.execute(query):
            found[key] = msgspec.json.decode(body)
    return found


def _cut_entry(seen: Head, count: int, last_hash: str) -> Entry:
    """The ledger got shorter while we looked away: say so in it, for good."""
    body = {"head": {"count": seen.count, "hash": seen.hash}, "found": {"count": count, "hash": last_hash}}
    return Entry("ledger_cut", datetime.now(UTC), body)
