"""The store's side of the devices' desk: the changes of an enrolment, and what the ledger has of one device.

Promises: every answer is bounded; a device's own words are found by their keys, what others say of it among the newest
rows of the ledger. Leaves to others: who may ask, and what the rows mean (`gateway.flows.device_view`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from gateway.flows.enrolment import Enrolment
from gateway.flows.reading import LedgerRow, RecordsAway
from gateway.store import enrolment as enrolments
from gateway.store.database import Database, DatabaseAway
from gateway.store.sealing import Sealer
from gateway.store.tables import ledger

T = TypeVar("T")

NEWEST_ROWS = 20_000
"""So far back is looked for what has no key of the device: some hours of the busiest campus, weeks of a small one."""
BOOTS_AT_MOST = 20
NEWEST_AT_MOST = 100
OUT_OF_ORDER = 50
"""So many events of a boot may have come before their turn: the protocol's most in flight."""
ABOUT = (
    "device_enrolled",
    "device_key_changed",
    "device_key_in_use",
    "device_replaced",
    "device_retired",
    "device_online",
    "device_lost",
    "bad_message",
    "quarantine_ended",
    "credential_list",
    "efo_armed",
    "efo_latch",
    "events_gap",
    "events_lost",
)
"""Kinds of records that say something of a device and have `device` in them, beside its events and commands."""


class StoredDevices:
    """Answers in a thread. Raises `RecordsAway` while the database is away."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    # ------------------------------------------------------------ enrolments

    def enrol(self, enrolment: Enrolment, now: datetime) -> enrolments.Change:
        return enrolments.enrol_change(enrolment, self._sealer, now)

    def rotate(self, device: str, key: bytes) -> enrolments.Change:
        # By the machine's clock, like the look at it: on a simulated campus a key lives no shorter than a real day.
        return enrolments.rotate_key_change(device, key, self._sealer, datetime.now(UTC))

    def replace(self, device: str, key: bytes, password: str, now: datetime) -> enrolments.Change:
        return enrolments.replace_change(device, key, password, self._sealer, now)

    def retire(self, device: str, now: datetime) -> enrolments.Change:
        return enrolments.retire_change(device, now)

    # ------------------------------------------------------------ records

    async def about(self, device: str, boots: Sequence[str], before: int | None, limit: int) -> Sequence[LedgerRow]:
        """What the device told and what was recorded of it, the newest first. `boots`: those that are known besides."""
        return await self._ask(lambda conn: find_about(conn, device, boots, before, limit))

    async def after(self, device: str, boots: Sequence[str], after: int, limit: int) -> Sequence[LedgerRow]:
        """The same after a number, the oldest first."""
        return await self._ask(lambda conn: find_after(conn, device, boots, after, limit))

    async def events_of(self, device: str, boot: str, limit: int) -> Sequence[LedgerRow]:
        """The newest events of one boot, the newest first."""
        wanted = sa.select(ledger).where(_of_boot(device, boot)).order_by(ledger.c.key.desc()).limit(limit)
        return await self._ask(lambda conn: [_row(row) for row in conn.execute(wanted)])

    async def commands(self, device: str, limit: int) -> Sequence[LedgerRow]:
        """What people commanded the device, the newest first."""
        first, last = (f"c:{device}:{digit * 32}" for digit in "0f")
        wanted = (
            sa.select(ledger)
            .where(ledger.c.key >= first, ledger.c.key <= last, ledger.c.kind == "command")
            # Plus nothing: else a database may walk the whole ledger from its end instead of these few keys.
            .order_by((ledger.c.seq + 0).desc())
            .limit(limit)
        )
        return await self._ask(lambda conn: [_row(row) for row in conn.execute(wanted)])

    async def newest(self, kinds: Sequence[str], device: str) -> Mapping[str, LedgerRow]:
        """The newest record of each kind that names the device, as far back as is looked; all in one look."""
        wanted = sa.select(ledger).where(_names(device, kinds)).order_by(ledger.c.seq.desc()).limit(NEWEST_AT_MOST)
        rows = await self._ask(lambda conn: conn.execute(wanted).all())
        return {row.kind: _row(row) for row in reversed(rows)}

    async def _ask(self, question: Callable[[Connection], T]) -> T:
        try:
            return await self._database.read(question)
        except DatabaseAway as error:
            raise RecordsAway(str(error)) from error


def find_about(
    connection: Connection, device: str, boots: Sequence[str], before: int | None, limit: int
) -> list[LedgerRow]:
    """Each sort of record by its own way to it, then the newest of all."""
    found: dict[int, LedgerRow] = {}
    # A boot's keys lie in the order of its events, nearly that of the ledger: take some more, and sort.
    parts = [(_of_boot(device, boot), ledger.c.key, limit + OUT_OF_ORDER) for boot in _boots(connection, device, boots)]
    for part, order, most in (*parts, (_names(device, ABOUT), ledger.c.seq, limit)):
        wanted = sa.select(ledger).where(part).order_by(order.desc()).limit(most)
        if before is not None:
            wanted = wanted.where(ledger.c.seq < before)
        found.update((row.seq, _row(row)) for row in connection.execute(wanted))
    return [found[seq] for seq in sorted(found, reverse=True)[:limit]]


def find_after(connection: Connection, device: str, boots: Sequence[str], after: int, limit: int) -> list[LedgerRow]:
    """The same from a number on."""
    found: dict[int, LedgerRow] = {}
    for part in (*(_of_boot(device, boot) for boot in _boots(connection, device, boots)), _names(device, ABOUT)):
        wanted = sa.select(ledger).where(part, ledger.c.seq > after).order_by(ledger.c.seq + 0).limit(limit)
        found.update((row.seq, _row(row)) for row in connection.execute(wanted))
    return [found[seq] for seq in sorted(found)[:limit]]


def _boots(connection: Connection, device: str, known: Sequence[str]) -> list[str]:
    """The boots of which events may be kept, as far as they are known: now, and among the newest records."""
    wanted = (
        sa.select(ledger.c.body)
        .where(_names(device, ("device_online",)))
        .order_by(ledger.c.seq.desc())
        .limit(BOOTS_AT_MOST)
    )
    told: list[Any] = [msgspec.json.decode(body).get("boot") for body in connection.execute(wanted).scalars()]
    return list(dict.fromkeys(boot for boot in (*known, *told) if boot))


def _of_boot(device: str, boot: str) -> sa.ColumnElement[bool]:
    """A boot's events: keys of one length, so that every database finds them in the same order."""
    first, last = (f"e:{device}:{boot}:{digit * 20}" for digit in "09")
    return sa.and_(ledger.c.key >= first, ledger.c.key <= last, ledger.c.kind == "event")


def _names(device: str, kinds: Sequence[str]) -> sa.ColumnElement[bool]:
    newest = sa.select(sa.func.max(ledger.c.seq) - NEWEST_ROWS).scalar_subquery()
    says = ledger.c.body.contains(f'"device":"{device}"', autoescape=True)
    return sa.and_(ledger.c.seq > newest, ledger.c.kind.in_(kinds), says)


def _row(row: Row[Any]) -> LedgerRow:
    at = datetime.fromtimestamp(row.at / 1000, UTC)
    return LedgerRow(row.seq, at, row.kind, row.key, msgspec.json.decode(row.body), row.hash)
