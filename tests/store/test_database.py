"""Which databases are opened, which are waited for, and which are left alone with words."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from gateway.flows.ports import LedgerUnavailable
from gateway.store.database import Database, DatabaseAway, NotOurDatabase, open_database
from gateway.store.sealing import Sealer, WrongStoreKey
from gateway.store.tables import instances, metadata
from tests.parts.mosquitto import free_port
from tests.store.conftest import Book, unit


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(book: Book) -> None:
    with book.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})

        assert compare_metadata(context, metadata) == []


def test_opening_again_changes_nothing(book: Book) -> None:
    book.ledger().write([unit(1)])

    open_database(book.url).close()

    assert len(book.rows()) == 1


def test_sqlite_is_opened_as_a_ledger_needs_it(sqlite_book: Book) -> None:
    assert sqlite_book.ask("PRAGMA journal_mode") == "wal"
    assert sqlite_book.ask("PRAGMA synchronous") == 2
    assert sqlite_book.ask("PRAGMA foreign_keys") == 1


def test_a_time_without_a_zone_is_refused(book: Book) -> None:
    row = {"site": "main", "instance": "i", "host": "h", "pid": 1}

    with pytest.raises(sa.exc.StatementError, match="without a zone"):
        book.bend(sa.insert(instances).values(row | {"started_at": datetime(2026, 1, 1)}))

    book.bend(sa.insert(instances).values(row | {"started_at": datetime(2026, 1, 1, tzinfo=UTC)}))
    with book.database.engine.connect() as connection:
        kept = connection.execute(sa.select(instances.c.started_at)).scalar_one()
    assert kept == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("damage", ["rubbish", "a torn header", "another program's"])
def test_a_file_that_is_not_our_database_is_left_as_it_is(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "wardgate.db"
    if damage == "rubbish":
        path.write_bytes(b"this is no database at all" * 100)
    elif damage == "a torn header":
        open_database(f"sqlite:///{path}").close()
        path.write_bytes(b"\xff" * 64 + path.read_bytes()[64:])
    else:
        other = sqlite3.connect(path)
        other.executescript(
            "PRAGMA journal_mode=WAL; CREATE TABLE alembic_version (version_num TEXT);"
            "INSERT INTO alembic_version VALUES ('9')"
        )
        other.close()
    before = path.read_bytes()

    with pytest.raises(NotOurDatabase):
        open_database(f"sqlite:///{path}")

    assert path.read_bytes() == before


def test_a_database_from_a_newer_program_is_left_alone(book: Book) -> None:
    book.bend("UPDATE alembic_version SET version_num = '9999_from_the_future'")

    with pytest.raises(NotOurDatabase, match="9999_from_the_future"):
        open_database(book.url)


def test_a_database_that_takes_no_writes_is_no_place_for_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "wardgate.db"
    sqlite3.connect(path).execute("PRAGMA journal_mode=WAL").connection.close()

    with pytest.raises(NotOurDatabase, match="readonly"):
        open_database(f"sqlite:///file:{path}?mode=ro&uri=true")


def test_tables_that_are_there_without_a_version_are_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "wardgate.db"
    open_database(f"sqlite:///{path}").close()
    outside = sqlite3.connect(path)
    outside.execute("DELETE FROM alembic_version")
    outside.commit()
    outside.close()

    with pytest.raises(NotOurDatabase, match="already exists"):
        open_database(f"sqlite:///{path}")


def test_a_server_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAway):
        open_database(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/wardgate")


def test_a_database_that_somebody_holds_is_waited_for(sqlite_book: Book) -> None:
    sqlite_book.bend("DELETE FROM alembic_version")
    outside = sqlite3.connect(str(sqlite_book.database.url.database), isolation_level=None)
    outside.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(DatabaseAway):
            open_database(sqlite_book.url)
    finally:
        outside.rollback()
        outside.close()


def test_to_the_flows_a_database_that_is_away_is_a_ledger_that_is_unavailable(tmp_path: Path) -> None:
    away = Database(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/wardgate")

    with pytest.raises(LedgerUnavailable):
        away.read_now(lambda connection: connection.execute(sa.text("SELECT 1")))

    away.close()


def test_what_was_sealed_under_one_key_opens_under_no_other() -> None:
    sealed = Sealer(b"\1" * 32).seal(b"a device's key")

    assert Sealer(b"\1" * 32).open(sealed) == b"a device's key"
    assert "device" not in sealed
    with pytest.raises(WrongStoreKey):
        Sealer(b"\2" * 32).open(sealed)
