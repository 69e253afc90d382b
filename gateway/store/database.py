"""One database by URL: SQLite (WAL, `synchronous=FULL`) or PostgreSQL, opened and brought to the newest schema.

This file knows the two engines apart; nobody else does. Reading happens in short-lived connections in a thread, writing
only through the one `writer`.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from gateway.flows.ports import LedgerUnavailable
from gateway.store.schema import SchemaNotKnown, bring_up_to_date, check_is_ours

T = TypeVar("T")

BUSY_TIMEOUT_MS = 1_000
"""How long SQLite waits for another process's lock. Short: the writer retries by itself, and entry must not wait."""


SQLITE_ERROR = 1
READ_ONLY_STATE = "25006"
"""PostgreSQL's word for a server that takes no writes: a replica, or one that an operator has set so."""


class DatabaseAway(LedgerUnavailable):
    """The database cannot be reached or written right now; nothing is wrong with what was asked."""


class NotOurDatabase(Exception):
    """What lies at the URL is damaged, or newer than this program: no silent new start over it."""


class Database:
    """Connections to one database. `read` serves the event loop; `engine` is for the writer and the command line."""

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.engine = _engine(self.url)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    async def read(self, question: Callable[[Connection], T]) -> T:
        """Answer `question` on a reading connection, in a thread. Raises `DatabaseAway`."""
        return await asyncio.to_thread(self.read_now, question)

    def read_now(self, question: Callable[[Connection], T]) -> T:
        """The same, on the calling thread."""
        try:
            with self.engine.connect() as connection:
                return question(connection)
        except sa.exc.SQLAlchemyError as error:
            if not is_away(error):
                raise
            raise DatabaseAway(in_short(error)) from error

    def close(self) -> None:
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Open and migrate. Raises `DatabaseAway` if it cannot be reached, `NotOurDatabase` if it must not be touched."""
    database = Database(url)
    try:
        if database.is_sqlite and database.url.database not in (None, ""):
            _make_private(Path(str(database.url.database)))
        if database.is_sqlite:
            check_is_ours(database.url)
        bring_up_to_date(database.engine)
    except (sa.exc.SQLAlchemyError, SchemaNotKnown) as error:
        database.close()
        if isinstance(error, sa.exc.OperationalError) and not _is_read_only(error) and not _is_another_schema(error):
            raise DatabaseAway(in_short(error)) from error
        raise NotOurDatabase(in_short(error)) from error
    return database


def _make_private(path: Path) -> None:
    """A database that is not there yet begins as a file of ours alone: it will hold names and card numbers."""
    if path.exists() or str(path).startswith("file:"):
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def is_away(error: BaseException) -> bool:
    """True if `error` says that the database is away, locked, full, read-only or damaged: not one unit's fault."""
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.TimeoutError):
        return True
    # Exactly this class: "database disk image is malformed"; its subclasses speak of one statement.
    damaged = type(error) is sa.exc.DatabaseError
    return isinstance(error, sa.exc.DBAPIError) and (damaged or error.connection_invalidated or _is_read_only(error))


def _is_another_schema(error: sa.exc.DBAPIError) -> bool:
    """SQLite's word for a statement that does not fit what is there: no such column, table already exists."""
    return getattr(error.orig, "sqlite_errorcode", None) == SQLITE_ERROR


def _is_read_only(error: sa.exc.DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) == READ_ONLY_STATE or "readonly database" in str(error.orig)


def _engine(url: sa.URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    return sa.create_engine(
        url,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 3,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "options": "-c lock_timeout=1000 -c statement_timeout=30000",
        },
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # sqlite3's own transaction handling begins too late for a writer: we begin ourselves (see _begin_immediate).
    connection.isolation_level = None
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-32768")
    for pragma in (*pragmas, "secure_delete=ON"):  # what is deleted is overwritten: see `retention`
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    # A reader begins deferred; a writer takes the lock at once, so that what it reads is what it writes upon.
    # By the driver itself: through SQLAlchemy this one word costs 60 µs of every commit.
    driver: Any = connection.connection.dbapi_connection
    try:
        driver.execute("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError.instance("BEGIN", None, error, sqlite3.Error, dialect=connection.dialect) from error


def in_short(error: BaseException) -> str:
    """The first line of what the database said."""
    return (
        str(getattr(error, "orig", None) or error).strip().splitlines()[0][:300] if str(error).strip() else repr(error)
    )
