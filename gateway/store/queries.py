"""The questions that pages ask of the database: people, records, alarms. Reads only.

Promises: what somebody sent is a bound value, never a part of the statement; every answer is bounded. Leaves to others:
who may ask, and recording that they did (`gateway.flows.reading`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from gateway.core.kinds import HolderKind
from gateway.core.nouns import Holder
from gateway.flows.reading import HeldCredential, LedgerRow, PastAlarm, RecordsAway, Wanted
from gateway.store.alarms import find_one, find_past
from gateway.store.database import Database, DatabaseAway
from gateway.store.movements import find_about
from gateway.store.tables import credentials, holders, ledger

T = TypeVar("T")

CHUNK = 500
CLOCK_SLACK = 1_000
"""Records before the first one of a span that may bear a later time, because the clock was set."""
LOOKED_AT = 20_000
"""Records that one question looks at; with a rare filter an answer may be short and say where to go on."""


class Queries:
    """Answers questions in a thread. Raises `RecordsAway` while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def people(self, kind: str | None, after: str, limit: int) -> Sequence[Holder]:
        return await self._ask(lambda connection: find_people(connection, kind, after, limit))

    async def person(self, id: str) -> Holder | None:
        return await self._ask(lambda connection: _person(connection, id))

    async def credentials(self, holder: str) -> Sequence[HeldCredential]:
        return await self._ask(lambda connection: _credentials(connection, holder))

    async def has_credential(self, ref: str) -> bool:
        wanted = sa.select(credentials.c.ref).where(credentials.c.ref == ref)
        return await self._ask(lambda connection: connection.execute(wanted).first() is not None)

    async def rows(self, after: int, limit: int) -> Sequence[LedgerRow]:
        wanted = sa.select(ledger).where(ledger.c.seq > after).order_by(ledger.c.seq).limit(limit)
        return await self._ask(lambda connection: [_ledger_row(row) for row in connection.execute(wanted)])

    async def newest(
        self, kind: str, before: int | None, limit: int, since: datetime | None, until: datetime | None, wanted: Wanted
    ) -> tuple[Sequence[LedgerRow], int | None]:
        return await self._ask(lambda connection: find_newest(connection, kind, before, limit, since, until, wanted))

    async def span(
        self,
        kinds: tuple[str, ...],
        prefixes: tuple[str, ...],
        since: datetime,
        until: datetime | None,
        after: int,
        limit: int,
        wanted: Wanted,
    ) -> tuple[list[LedgerRow], int | None]:
        return await self._ask(
            lambda connection: find_span(connection, kinds, prefixes, since, until, after, limit, wanted)
        )

    async def row(self, seq: int) -> LedgerRow | None:
        wanted = sa.select(ledger).where(ledger.c.seq == seq)
        found = await self._ask(lambda connection: connection.execute(wanted).first())
        return None if found is None else _ledger_row(found)

    async def about(
        self, kinds: Sequence[str], holder: str, since: datetime, until: datetime, limit: int
    ) -> tuple[Sequence[LedgerRow], datetime | None]:
        rows, more = await self._ask(lambda connection: find_about(connection, kinds, holder, since, until, limit))
        return [_ledger_row(row) for row in rows], more

    async def told(self, keys: Sequence[str]) -> Mapping[str, dict[str, Any]]:
        wanted = sa.select(ledger.c.key, ledger.c.body).where(ledger.c.key.in_(keys))
        rows = await self._ask(lambda connection: connection.execute(wanted).all())
        return {key: msgspec.json.decode(body) for key, body in rows}

    async def alarms(self, state: str | None, limit: int) -> Sequence[PastAlarm]:
        return await self._ask(lambda connection: find_past(connection, state, limit))

    async def alarm(self, id: str) -> PastAlarm | None:
        return await self._ask(lambda connection: find_one(connection, id))

    async def keyed(self, prefix: str, limit: int) -> Sequence[LedgerRow]:
        between = (ledger.c.key >= prefix, ledger.c.key <= prefix + "9" * 20)
        wanted = sa.select(ledger).where(*between).order_by(ledger.c.seq).limit(limit)
        rows = await self._ask(lambda connection: connection.execute(wanted).all())
        return [_ledger_row(row) for row in rows]

    async def _ask(self, question: Callable[[Connection], T]) -> T:
        try:
            return await self._database.read(question)
        except DatabaseAway as error:
            raise RecordsAway(str(error)) from error


def find_people(connection: Connection, kind: str | None, after: str, limit: int) -> list[Holder]:
    """Holders in the order of their ids, after `after`."""
    wanted = sa.select(holders).where(holders.c.id > after).order_by(holders.c.id).limit(limit)
    if kind is not None:
        wanted = wanted.where(holders.c.kind == kind)
    return [_holder(row) for row in connection.execute(wanted)]


def find_newest(
    connection: Connection,
    kind: str,
    before: int | None,
    limit: int,
    since: datetime | None,
    until: datetime | None,
    wanted: Wanted,
) -> tuple[list[LedgerRow], int | None]:
    """Up to `limit` records of a kind that are `wanted`, the newest first, and the number to go on before."""
    found: list[LedgerRow] = []
    looked_at = 0
    while looked_at < LOOKED_AT:
        query = sa.select(ledger).where(ledger.c.kind == kind).order_by(ledger.c.seq.desc()).limit(CHUNK)
        if before is not None:
            query = query.where(ledger.c.seq < before)
        if since is not None:
            query = query.where(ledger.c.at >= _ms(since))
        if until is not None:
            query = query.where(ledger.c.at < _ms(until))
        rows = connection.execute(query).all()
        for row in rows:
            before = row.seq
            record = _ledger_row(row)
            if wanted(record.body):
                found.append(record)
                if len(found) == limit:
                    return found, before
        if len(rows) < CHUNK:
            return found, None
        looked_at += len(rows)
    return found, before


def find_span(
    connection: Connection,
    kinds: Sequence[str],
    prefixes: Sequence[str],
    since: datetime,
    until: datetime | None,
    after: int,
    limit: int,
    wanted: Wanted,
) -> tuple[list[LedgerRow], int | None]:
    """Up to `limit` records of these kinds that are `wanted`, from `since` on and after a record, the oldest first, and
    the number to go on after; None: there is no more."""
    # By number, so that what is written while somebody reads comes next; the clock may have been set meanwhile.
    first = sa.select(ledger.c.seq).where(ledger.c.at >= _ms(since)).order_by(ledger.c.at, ledger.c.seq).limit(1)
    begin = connection.execute(first).scalar()
    if begin is None:
        return [], None
    after = max(after, begin - CLOCK_SLACK)
    of_kind = sa.or_(ledger.c.kind.in_(kinds), *(ledger.c.kind.startswith(one, autoescape=True) for one in prefixes))
    found: list[LedgerRow] = []
    for _ in range(LOOKED_AT // CHUNK):
        query = sa.select(ledger).where(ledger.c.seq > after, ledger.c.at >= _ms(since), of_kind)
        if until is not None:
            query = query.where(ledger.c.at <= _ms(until))
        rows = connection.execute(query.order_by(ledger.c.seq).limit(CHUNK)).all()
        for row in rows:
            after = row.seq
            record = _ledger_row(row)
            if wanted(record.body):
                found.append(record)
                if len(found) == limit:
                    return found, after
        if len(rows) < CHUNK:
            return found, None
    return found, after


def _person(connection: Connection, id: str) -> Holder | None:
    row = connection.execute(sa.select(holders).where(holders.c.id == id)).first()
    return None if row is None else _holder(row)


def _credentials(connection: Connection, holder: str) -> list[HeldCredential]:
    wanted = (
        sa.select(credentials).where(credentials.c.holder == holder).order_by(credentials.c.kind, credentials.c.ref)
    )
    return [
        HeldCredential(row.ref, row.kind, row.value[-4:], row.state, row.not_before, row.not_after)
        for row in connection.execute(wanted)
    ]


def _holder(row: Row[Any]) -> Holder:
    groups = frozenset(group for group in row.groups.split(";") if group)
    return Holder(row.ref, row.id, row.name, HolderKind(row.kind), groups, row.dormitory, row.suspended)


def _ledger_row(row: Row[Any]) -> LedgerRow:
    at = datetime.fromtimestamp(row.at / 1000, UTC)
    return LedgerRow(row.seq, at, row.kind, row.key, msgspec.json.decode(row.body), row.hash)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
