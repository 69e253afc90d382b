"""One gateway per site: a lock that the operating system or the database lets go of when its holder dies.

SQLite: a lock on a file beside the database. PostgreSQL: an advisory lock on a connection of its own. Who holds it is
written in `instances`, so that the one that comes second can say which one is running.
"""

import fcntl
import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.store.changes import upsert
from gateway.store.database import Database, DatabaseAway, in_short, is_away
from gateway.store.tables import instances


@dataclass(frozen=True, slots=True)
class Instance:
    """One running gateway."""

    instance: str
    host: str
    pid: int
    started_at: datetime

    def __str__(self) -> str:
        since = f"{self.started_at:%Y-%m-%d %H:%M:%S} UTC"
        return f"instance {self.instance} on {self.host}, process {self.pid}, since {since}"


class AnotherGateway(Exception):
    """The site has a gateway already."""


class SiteLock:
    """Held from `take` until `let_go` or the end of the process."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site
        self._file: int | None = None
        self._connection: Connection | None = None

    def take(self, me: Instance) -> None:
        """Take the lock and write who holds it. Raises `AnotherGateway`, which says who does."""
        if not self._try():
            raise AnotherGateway(f"the gateway of site {self._site} is running already: {self._holder()}")
        row = {"site": self._site, "instance": me.instance, "host": me.host, "pid": me.pid, "started_at": me.started_at}
        with self._database.engine.connect().execution_options(writing=True) as connection, connection.begin():
            upsert(connection, instances, row)

    def is_held(self) -> bool:
        """False if the database let go of it: its connection died. It is taken again if nobody else has it.

        Raises `DatabaseAway`: then nobody knows, and nobody else can take it either.
        """
        if self._database.is_sqlite:
            return self._file is not None
        if self._connection is not None:
            try:
                self._connection.execute(sa.text("SELECT 1"))
                self._connection.commit()
                return True
            except sa.exc.DBAPIError:
                self._drop_connection()
        try:
            return self._try()
        except sa.exc.DBAPIError as error:
            if not is_away(error):
                raise
            raise DatabaseAway(in_short(error)) from error

    def let_go(self) -> None:
        """Let another one come."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._connection is not None:
            self._drop_connection()

    def _drop_connection(self) -> None:
        """Not back into the pool: the server holds the lock for as long as it has the session."""
        assert self._connection is not None
        self._connection.invalidate()
        self._connection.close()
        self._connection = None

    def _try(self) -> bool:
        if self._database.is_sqlite:
            path = Path(f"{self._database.url.database}.lock")
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._file)
                self._file = None
                return False
            return True
        number = int.from_bytes(hashlib.sha256(f"wardgate {self._site}".encode()).digest()[:8], "big", signed=True)
        connection = self._database.engine.connect()
        taken = connection.execute(sa.text("SELECT pg_try_advisory_lock(:n)"), {"n": number}).scalar_one()
        connection.commit()
        if taken:
            self._connection = connection
        else:
            connection.close()
        return bool(taken)

    def _holder(self) -> str:
        row = self._database.read_now(
            lambda connection: connection.execute(sa.select(instances).where(instances.c.site == self._site)).first()
        )
        return "unknown" if row is None else str(Instance(row.instance, row.host, row.pid, row.started_at))
