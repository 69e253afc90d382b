"""One gateway per site and database; the second one hears which one is running."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from gateway.store.site_lock import AnotherGateway, Instance, SiteLock
from tests.store.conftest import Book

FIRST = Instance("a1", "gatehouse", 4711, datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
SECOND = Instance("b2", "office", 4712, datetime(2026, 11, 21, 9, 0, tzinfo=UTC))


def test_the_second_one_hears_which_one_is_running(book: Book) -> None:
    first, second = SiteLock(book.database, "main"), SiteLock(book.another_database(), "main")
    first.take(FIRST)

    with pytest.raises(AnotherGateway) as refusal:
        second.take(SECOND)

    for word in ("main", "a1", "gatehouse", "4711", "2026-11-21 08:00:00"):
        assert word in str(refusal.value)
    first.let_go()


def test_the_lock_is_free_when_it_was_let_go(book: Book) -> None:
    first, second = SiteLock(book.database, "main"), SiteLock(book.another_database(), "main")
    first.take(FIRST)
    first.let_go()

    second.take(SECOND)

    assert second.is_held()
    second.let_go()


@pytest.mark.postgres
def test_two_sites_may_share_a_server(postgres_url: str, request: pytest.FixtureRequest) -> None:
    from gateway.store.database import open_database

    database = open_database(postgres_url)
    locks = [SiteLock(database, site) for site in ("main", "annex")]
    for lock in locks:
        lock.take(FIRST)

    assert all(lock.is_held() for lock in locks)
    for lock in locks:
        lock.let_go()
    database.close()


@pytest.mark.postgres
def test_a_lock_whose_connection_died_is_taken_again_unless_somebody_else_was_quicker(postgres_url: str) -> None:
    from gateway.store.database import open_database

    database, other = open_database(postgres_url), open_database(postgres_url)
    first, second = SiteLock(database, "main"), SiteLock(other, "main")
    first.take(FIRST)
    _cut_connections(postgres_url)
    assert first.is_held(), "nobody else wanted it"

    _cut_connections(postgres_url)
    second.take(SECOND)

    assert not first.is_held()
    assert second.is_held()
    second.let_go()
    first.let_go()
    database.close()
    other.close()


def _cut_connections(url: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()
