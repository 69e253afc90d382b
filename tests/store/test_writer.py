"""The one writer: order, groups, one bad unit, and a database that goes away and comes back."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.flows.changes import PresenceMoved
from gateway.flows.ports import LedgerUnavailable, Unit, Written
from gateway.store.writer import Writer
from tests.parts.waiting import until
from tests.store.conftest import AT, Book, entry, unit


class Site:
    """A writer with what it said about the database."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.said: list[str | None] = []
        self.writer = Writer(book.ledger(), self.said.append)
        self.writer.start()

    def numbers(self) -> list[str]:
        return [row.body for row in self.book.rows()]


@pytest.fixture
def site(book: Book) -> Iterator[Site]:
    made = Site(book)
    yield made
    made.writer.stop()


@pytest.fixture
def sqlite_site(sqlite_book: Book) -> Iterator[Site]:
    made = Site(sqlite_book)
    yield made
    made.writer.stop()


@pytest.fixture
def lock_database(sqlite_book: Book) -> Iterator[Callable[[], Callable[[], None]]]:
    """Somebody outside takes the database for himself; what comes back lets it go again."""
    held: list[sqlite3.Connection] = []

    def lock() -> Callable[[], None]:
        outside = sqlite3.connect(str(sqlite_book.database.url.database), isolation_level=None, check_same_thread=False)
        outside.execute("BEGIN EXCLUSIVE")
        held.append(outside)
        return outside.rollback

    yield lock
    for outside in held:
        outside.close()


async def test_what_waits_together_shares_commits_and_keeps_its_order(site: Site) -> None:
    results = await asyncio.gather(*(site.writer.commit(unit(number)) for number in range(300)))

    assert [result.seq for result in results if isinstance(result, Written)] == list(range(1, 301))
    assert site.numbers() == [f'{{"number":{number}}}' for number in range(300)]
    assert site.writer.commits < 100


async def test_a_lone_unit_is_on_disk_when_commit_returns(site: Site) -> None:
    await site.writer.commit(unit(1))

    assert site.numbers() == ['{"number":1}']


async def test_one_bad_unit_does_not_take_the_others_with_it(site: Site) -> None:
    nobody = PresenceMoved("no-such-holder", "campus", "inside", AT)
    gate = threading.Event()

    def hold(_connection: Connection, _version: int) -> None:
        gate.wait(5)

    first = asyncio.create_task(site.writer.commit(unit(0, changes=(hold,))))  # the others gather behind this one
    await asyncio.sleep(0.05)
    group = [site.writer.commit(unit(n, changes=(nobody,) if n == 3 else ())) for n in range(1, 6)]
    tasks = [asyncio.create_task(one) for one in group]
    await asyncio.sleep(0)
    gate.set()
    await first
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(result) for result in results] == [Written, Written, LedgerUnavailable, Written, Written]
    assert site.numbers() == [f'{{"number":{number}}}' for number in (0, 1, 2, 4, 5)]
    assert site.said == []


async def test_a_bug_in_a_unit_is_the_bug_of_who_made_it(site: Site) -> None:
    with pytest.raises(TypeError):
        await site.writer.commit(Unit((entry(1),), changes=(lambda: None,)))

    assert isinstance(await site.writer.commit(unit(2)), Written)


async def test_entry_is_given_up_and_an_exits_record_is_kept_while_the_database_is_away(
    sqlite_site: Site, lock_database: Callable[[], Callable[[], None]]
) -> None:
    writer = sqlite_site.writer
    await writer.commit(unit(0))
    let_go = lock_database()
    began = time.monotonic()
    exits = [asyncio.create_task(writer.commit(unit(number))) for number in (1, 2)]
    await asyncio.sleep(0.1)

    with pytest.raises(LedgerUnavailable):
        await writer.commit(unit(99), 1.0)

    assert 1.0 <= time.monotonic() - began < 4.0  # given up, though the database is away for longer
    assert writer.is_away
    await asyncio.sleep(1.5)  # the attempt that was under way when it was given up is over too
    assert not any(task.done() for task in exits)
    let_go()
    assert [type(result) for result in await asyncio.gather(*exits)] == [Written, Written]
    assert sqlite_site.numbers() == [f'{{"number":{number}}}' for number in (0, 1, 2)]


async def test_the_database_going_and_coming_is_said_once_each(
    sqlite_site: Site, lock_database: Callable[[], Callable[[], None]]
) -> None:
    let_go = lock_database()
    kept = asyncio.create_task(sqlite_site.writer.commit(unit(1)))
    await until(lambda: sqlite_site.said)
    with pytest.raises(LedgerUnavailable):
        await sqlite_site.writer.commit(unit(2), 1.5)
    let_go()
    await kept
    await until(lambda: len(sqlite_site.said) == 2)

    assert [said is None for said in sqlite_site.said] == [False, True]
    assert not sqlite_site.writer.is_away
    assert isinstance(await sqlite_site.writer.commit(unit(3), 1.0), Written)


async def test_a_group_that_is_written_one_by_one_is_not_begun_anew_when_the_database_goes_away(site: Site) -> None:
    """Its first units are on disk then; without a key nobody would see that they are there already."""
    gate, away = threading.Event(), [True]

    def hold(_connection: Connection, _version: int) -> None:
        gate.wait(5)

    def bad(_connection: Connection, _version: int) -> None:
        raise ValueError("this one is at fault")

    def goes_away(_connection: Connection, _version: int) -> None:
        if away.pop() if away else False:
            raise sa.exc.OperationalError("INSERT", None, Exception("server closed the connection"))

    first = asyncio.create_task(site.writer.commit(unit(0, changes=(hold,))))
    await asyncio.sleep(0.05)
    changes = {1: (), 2: (bad,), 3: (goes_away,), 4: ()}
    tasks = [asyncio.create_task(site.writer.commit(unit(n, changes=c))) for n, c in changes.items()]
    await asyncio.sleep(0)
    gate.set()
    await first
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(result) for result in results] == [Written, ValueError, Written, Written]
    assert site.numbers() == [f'{{"number":{number}}}' for number in (0, 1, 3, 4)]


async def test_too_few_connections_do_not_end_the_writer(site: Site) -> None:
    once = [True]

    def starved(_connection: Connection, _version: int) -> None:
        if once.pop() if once else False:
            raise sa.exc.TimeoutError("QueuePool limit reached")

    assert isinstance(await site.writer.commit(unit(1, changes=(starved,))), Written)
    assert isinstance(await site.writer.commit(unit(2)), Written)


async def test_stopping_writes_what_waits(book: Book) -> None:
    site = Site(book)
    tasks = [asyncio.create_task(site.writer.commit(unit(number))) for number in range(50)]
    await asyncio.sleep(0)

    await asyncio.to_thread(site.writer.stop)

    assert all(isinstance(result, Written) for result in await asyncio.gather(*tasks))
    assert len(site.numbers()) == 50


async def test_stopping_does_not_wait_for_ever_for_a_database_that_is_away(
    sqlite_book: Book, lock_database: Callable[[], Callable[[], None]]
) -> None:
    site = Site(sqlite_book)
    let_go = lock_database()
    kept = asyncio.create_task(site.writer.commit(unit(1)))
    await asyncio.sleep(0.05)
    began = time.monotonic()

    await asyncio.to_thread(site.writer.stop)

    assert time.monotonic() - began < 6
    with pytest.raises(LedgerUnavailable):
        await kept
    let_go()
