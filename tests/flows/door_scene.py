"""What the tests of the doors set up before anybody taps: another campus, a level, a pass with few uses, a PIN."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from devices.messages import Command
from gateway.core.kinds import Level
from gateway.core.nouns import Holder
from gateway.core.papers import Authorisation, Order, Paper
from gateway.flows import directory_watch, pins
from gateway.flows.changes import PaperFiled
from gateway.flows.ports import Entry, Unit
from gateway.store.tables import credentials, holders
from tests.flows.conftest import House

PIN, DURESS = "4071", "8362"


async def rewrite(house: House, *pairs: tuple[str, str]) -> None:
    """Change the campus as it is configured, and start anew with it."""
    path = house.folder.folder / "campus.yaml"
    text = path.read_text()
    for old, new in pairs:
        assert old in text, f"the example campus has no {old!r}"
        text = text.replace(old, new, 1)
    path.write_text(text)
    await house.restart()


async def file(house: House, *papers: Paper) -> None:
    """As if it had been asked for and signed."""
    entry = Entry("tests", house.clock.now(), {})
    await house.site.ledger.commit(Unit((entry,), tuple(PaperFiled(one) for one in papers), directory=True))
    await directory_watch.take_over(house.site)


async def level(house: House, number: int) -> None:
    """The whole site is at this level from now on."""
    now = house.clock.now()
    await file(house, Order("order", Level(number), frozenset({"site"}), now - timedelta(seconds=1)))


async def authorise(house: House, holder: str, portal: str) -> None:
    now, ref = house.clock.now(), person(house, holder).ref
    ends = now + timedelta(hours=1)
    await file(house, Authorisation(f"a-{holder}", ref, frozenset({portal}), now, ends, "", "l", now))


async def limit_uses(house: House, value: str, uses: int) -> str:
    """What is shown as `value` opens so often and no more; its reference."""

    def change(connection: Connection, version: int) -> None:
        of = sa.update(credentials).where(credentials.c.value == value)
        connection.execute(of.values(max_uses=uses, version=version))

    await house.site.ledger.commit(Unit((Entry("tests", house.clock.now(), {}),), (change,), directory=True))
    await directory_watch.take_over(house.site)
    return next(c.ref for c in house.site.directory.credentials.values() if c.value == value)


async def make_kind(house: House, person: str, kind: str) -> None:
    """Somebody is of another kind than the import said."""

    def change(connection: Connection, version: int) -> None:
        connection.execute(sa.update(holders).where(holders.c.id == person).values(kind=kind, version=version))

    await house.site.ledger.commit(Unit((Entry("tests", house.clock.now(), {}),), (change,), directory=True))
    await directory_watch.take_over(house.site)


async def give_pin(house: House, person: str, pin: str = PIN, duress: str | None = DURESS) -> None:
    await pins.set_pin(house.site, person, pin, duress, "u-1")


def person(house: House, id: str) -> Holder:
    return next(h for h in house.site.directory.holders.values() if h.id == id)


def said(command: Command | None) -> tuple[str, str]:
    assert command is not None, "nothing was answered"
    return command.action.value, command.reason


def used(house: House, credential: str) -> int:
    """How often it has opened, as the database has it."""
    outside = sqlite3.connect(house.folder.sqlite_file)
    try:
        found: int = outside.execute("SELECT used FROM credentials WHERE ref = ?", (credential,)).fetchone()[0]
        return found
    finally:
        outside.close()


def moved_to(house: House, hour: int, minute: int = 0, days: int = 0) -> datetime:
    """That time of the campus, so many days on."""
    house.clock.go_on(days * 86_400.0)
    house.clock.set(hour, minute)
    return house.clock.now()


Row = dict[str, Any]
