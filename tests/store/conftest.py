"""A database that is open and migrated, on both engines, and ledgers that write into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.flows.ports import Entry, Unit
from gateway.store.database import Database, open_database
from gateway.store.head_file import HeadFile
from gateway.store.ledger import Ledger
from gateway.store.tables import ledger
from gateway.store.verification import Verdict
from gateway.store.verification import verify as verify_ledger

KEY = bytes(range(32))
AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def entry(number: int, key: str | None = None, kind: str = "note") -> Entry:
    return Entry(kind, AT, {"number": number}, key)


def unit(number: int, key: str | None = None, **how: Any) -> Unit:
    return Unit((entry(number, key),), **how)


@dataclass
class Book:
    """One database with its head file, and what tests do to them."""

    url: str
    head_path: Path
    database: Database
    open_things: list[Any] = field(default_factory=list)

    def head_file(self, key: bytes = KEY, copy: Path | None = None) -> HeadFile:
        made = HeadFile(self.head_path, key, copy)
        self.open_things.append(made)
        return made

    def ledger(self, database: Database | None = None, **how: Any) -> Ledger:
        made = Ledger(database or self.database, self.head_file(), **how)
        self.open_things.append(made)
        return made

    def another_database(self) -> Database:
        """The same one with connections of its own, as another process has them."""
        made = Database(self.url)
        self.open_things.append(made)
        return made

    def bend(self, *statements: sa.Executable | str) -> None:
        """What the database's owner can do behind our back."""
        with self.database.engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement) if isinstance(statement, str) else statement)

    def ask(self, question: str) -> Any:
        with self.database.engine.connect() as connection:
            return connection.execute(sa.text(question)).scalar()

    def rows(self) -> list[sa.Row[Any]]:
        with self.database.engine.connect() as connection:
            return list(connection.execute(sa.select(ledger).order_by(ledger.c.seq)))

    def verdict(self, copy: Path | None = None) -> Verdict:
        head_file = HeadFile(self.head_path, KEY)
        try:
            return verify_ledger(self.database, head_file.newest(), copy, KEY, taken_back=head_file.restored())
        finally:
            head_file.close()

    def close(self) -> None:
        for thing in reversed(self.open_things):
            thing.close()
        self.database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'wardgate.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def book(store_url: str, tmp_path: Path) -> Iterator[Book]:
    made = Book(store_url, tmp_path / "ledger.head", open_database(store_url))
    yield made
    made.close()


@pytest.fixture
def sqlite_book(tmp_path: Path) -> Iterator[Book]:
    url = f"sqlite:///{tmp_path / 'wardgate.db'}"
    made = Book(url, tmp_path / "ledger.head", open_database(url))
    yield made
    made.close()


@pytest.fixture
def written(book: Book) -> Book:
    """Twelve records, in groups, some with a key."""
    ledger_ = book.ledger()
    ledger_.write([unit(1, "a:1"), unit(2)])
    ledger_.write([Unit((entry(3), entry(4, "a:4"), entry(5))), unit(6)])
    ledger_.write([unit(number, f"a:{number}") for number in range(7, 13)])
    ledger_.close()
    return book


Bend = Callable[[Book], None]
