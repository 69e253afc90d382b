"""The statements of the hottest path, spelled once for the database at hand and run without ceremony.

SQLAlchemy Core takes about 120 µs for each statement that it builds, caches and wraps; a lone tap has four of them and
one commit, so they went through the driver's own cursor: 760 µs became 300 µs (`python3 dev.py bench tap`). The
statements themselves are still Core's, compiled by its dialect, and errors come out as SQLAlchemy's.

SQLite appends a lone record in one statement, with its own begin and commit (`append`): a view of the connection's own
takes the row, and its trigger moves the head on and inserts. The interpreter is let go once instead of four times.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from gateway.store.tables import head as head_table
from gateway.store.tables import ledger as ledger_table

Row = tuple[int, int, str, str | None, str, str]
"""seq, at, kind, key, body, hash"""

LOOK_UP_AT_ONCE = 500
"""Keys per query: old SQLite libraries take 999 variables."""


_APPENDING = (
    "CREATE TEMP VIEW IF NOT EXISTS ledger_end AS "
    "SELECT seq, at, kind, key, body, hash, hash AS previous, 0 AS version FROM main.ledger",
    """CREATE TEMP TRIGGER IF NOT EXISTS ledger_append INSTEAD OF INSERT ON ledger_end BEGIN
    UPDATE head SET "count" = NEW.seq, hash = NEW.hash
     WHERE id = 1 AND "count" = NEW.seq - 1 AND hash = NEW.previous AND directory_version = NEW.version;
    SELECT RAISE(ABORT, 'the ledger is not as we left it') WHERE changes() = 0;
    INSERT INTO ledger (seq, at, kind, key, body, hash)
    VALUES (NEW.seq, NEW.at, NEW.kind, NEW.key, NEW.body, NEW.hash);
    END""",
)
_APPEND = "INSERT INTO temp.ledger_end VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class LedgerSql:
    """Runs the statements on a connection that is in a transaction."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        driver: Any = dialect.dbapi
        self._errors: Any = driver.Error
        read = sa.select(head_table.c.count, head_table.c.hash, head_table.c.directory_version)
        self._read_head = str(
            read.where(head_table.c.id == sa.literal_column("1")).with_for_update().compile(dialect=dialect)
        )
        self._numbered = dialect.paramstyle == "qmark"
        mark = "?" if self._numbered else "%s"
        columns = ("seq", "at", "kind", "key", "body", "hash")
        quote = dialect.identifier_preparer.quote
        self._insert = (
            f"INSERT INTO {quote(ledger_table.name)} ({', '.join(quote(name) for name in columns)}) "
            f"VALUES ({', '.join(mark for _ in columns)})"
        )
        self._move_head = (
            f"UPDATE {quote(head_table.name)} SET {quote('count')} = {mark}, {quote('hash')} = {mark}, "
            f"{quote('directory_version')} = {mark} WHERE id = 1"
        )
        self._move_head_on = (
            f"UPDATE {quote(head_table.name)} SET {quote('count')} = {mark}, {quote('hash')} = {mark} WHERE id = 1 "
            f"AND {quote('count')} = {mark} AND {quote('hash')} = {mark} AND {quote('directory_version')} = {mark}"
        )
        self._told = f"SELECT {quote('key')}, {quote('body')} FROM {quote(ledger_table.name)} WHERE {quote('key')}"

    @contextmanager
    def cursor(self, connection: Connection) -> Iterator[Any]:
        """The driver's cursor; what the driver raises comes out as SQLAlchemy's error."""
        raw = self._open(connection)
        try:
            yield raw
        except self._errors as error:
            raise self._as_ours(connection, raw, error) from error
        finally:
            raw.close()

    def _open(self, connection: Connection) -> Any:
        """A connection that the database has dropped may refuse even a cursor."""
        driver: Any = connection.connection.dbapi_connection
        try:
            return driver.cursor()
        except self._errors as error:
            raise self._as_ours(connection, None, error) from error

    def _as_ours(self, connection: Connection, raw: Any, error: Any) -> BaseException:
        lost = self._dialect.is_disconnect(error, connection.connection.dbapi_connection, raw)
        ours: BaseException = sa.exc.DBAPIError.instance(
            "ledger", None, error, self._errors, connection_invalidated=lost, dialect=self._dialect
        )
        return ours

    def appender(self, connection: Connection) -> Any:
        """A cursor for `append`, to be kept as long as the connection; None where there is no such way."""
        if not self._numbered:
            return None
        raw = self._open(connection)
        try:
            for statement in _APPENDING:
                raw.execute(statement)
        except self._errors as error:
            raise self._as_ours(connection, raw, error) from error
        return raw

    def append(self, connection: Connection, appender: Any, row: Row, previous: str, version: int) -> bool:
        """Append and commit one record to a ledger that is as we left it; False if it is not, or has it already."""
        try:
            appender.execute(_APPEND, (*row, previous, version))
        except self._errors as error:
            ours = self._as_ours(connection, appender, error)
            if isinstance(ours, sa.exc.IntegrityError):
                return False
            raise ours from error
        return True

    def read_head(self, cursor: Any) -> tuple[int, str, int]:
        """Count, last hash and directory version, locked until the end of the transaction."""
        cursor.execute(self._read_head)
        count, last_hash, version = cursor.fetchone()
        return int(count), str(last_hash), int(version)

    def told(self, cursor: Any, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The bodies of those `keys` that the ledger has already."""
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(keys), LOOK_UP_AT_ONCE):
            some = keys[start : start + LOOK_UP_AT_ONCE]
            if self._numbered:
                cursor.execute(f"{self._told} IN ({','.join('?' * len(some))})", some)
            else:
                cursor.execute(f"{self._told} = ANY(%s)", (list(some),))
            for key, body in cursor.fetchall():
                found[key] = msgspec.json.decode(body)
        return found

    def insert(self, cursor: Any, rows: Sequence[Row]) -> None:
        """Append rows."""
        if len(rows) == 1:
            cursor.execute(self._insert, rows[0])
        else:
            cursor.executemany(self._insert, rows)

    def move_head_on(self, cursor: Any, old: tuple[int, str, int], count: int, last_hash: str) -> bool:
        """Say how long the ledger is now, if it is still as we left it; False if somebody else has written since."""
        cursor.execute(self._move_head_on, (count, last_hash, *old))
        return bool(cursor.rowcount == 1)

    @contextmanager
    def transaction(self, connection: Connection) -> Iterator[Any]:
        """A transaction by the driver alone; rolled back if anything is raised, or if the block calls it off."""
        with self.cursor(connection) as cursor:
            driver: Any = connection.connection.dbapi_connection
            if self._numbered:
                cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                driver.commit()
            except BaseException:
                with suppress(self._errors):
                    driver.rollback()
                raise

    def move_head(self, cursor: Any, count: int, last_hash: str, version: int) -> None:
        """Say how long the ledger is now."""
        cursor.execute(self._move_head, (count, last_hash, version))
