"""Answers what the flows ask of the database: the directory, the devices, what was told before.

How the directory itself is read stands in `directory`."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.kinds import PresenceState
from gateway.core.nouns import Directory, Presence
from gateway.core.papers import ExportWhat, Order, Paper, PaperKind
from gateway.flows.people_import import Known
from gateway.flows.ports import (
    NUMBER_DIGITS,
    Contact,
    EnrolledDevice,
    EventMark,
    HostLink,
    Issued,
    Notice,
    PinDigests,
    timed_key,
)
from gateway.flows.retention_rules import Kept, Retention
from gateway.store import exports, notices, retention
from gateway.store.cameras import StoredCameras
from gateway.store.contacts import find_contact, find_portrait
from gateway.store.database import Database
from gateway.store.directory import directory_version, load_directory
from gateway.store.papers import find_paper, list_papers
from gateway.store.people import known_about, known_people
from gateway.store.sealing import Sealer
from gateway.store.tables import (
    credentials,
    devices,
    event_marks,
    ledger,
    notes,
    pins,
    plates_seen,
    postures,
    presence,
)

EVENT_KEY = "e:{device}:{boot}:{seq:020d}"
"""The ledger key of an event; the number is padded so that a boot's events lie in order."""

OPEN_WAITS_AT_MOST = 500
NEWEST_ROWS = 20_000
"""More than the busiest campus writes in a minute."""
ORDERS_AT_MOST = 1_000


class StoreArchive:
    """The reading side of the store, as the flows see it."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self.cameras = StoredCameras(database)

    async def directory(self, known: Directory | None) -> Directory:
        """The directory as of now; from `known`, only what changed since is read."""
        return await self._database.read(lambda connection: load_directory(connection, known))

    async def directory_version(self) -> int:
        """The directory's version, at the price of one row."""
        return await self._database.read(directory_version)

    async def enrolled(self) -> Mapping[str, EnrolledDevice]:
        """Every device that is enrolled and not retired, by id."""
        return await self._database.read(lambda connection: _enrolled(connection, self._sealer))

    async def issued(self) -> Mapping[str, Issued]:
        """What each device was last told to enforce."""
        return await self._database.read(_issued)

    async def presence(self) -> dict[str, Presence]:
        """Where everybody was last known to be."""
        return await self._database.read(load_presence)

    async def told(self, keys: Sequence[str]) -> Mapping[str, dict[str, Any]]:
        """The bodies of those facts that the ledger has, by key; each with `at`, when it was written."""
        return await self._database.read(lambda connection: _told(connection, keys))

    async def event_mark(self, device: str, boot: str) -> EventMark:
        """Up to which event of a boot the ledger is complete, and which ones it has beyond."""
        return await self._database.read(lambda connection: _event_mark(connection, device, boot))

    async def paper(self, kind: PaperKind, id: str) -> Paper | None:
        """One paper, live or over; None if there is none."""
        return await self._database.read(lambda connection: find_paper(connection, kind, id))

    async def papers(
        self,
        kind: PaperKind,
        *,
        live: bool | None = None,
        subject: str | None = None,
        starts_from: datetime | None = None,
        limit: int = 200,
    ) -> list[Paper]:
        """Papers of a kind, the newest start first."""
        return await self._database.read(
            lambda connection: list_papers(
                connection, kind, live=live, subject=subject, starts_from=starts_from, limit=limit
            )
        )

    async def note(self, ref: str) -> str | None:
        """What somebody typed; None once it is erased."""
        wanted = sa.select(notes.c.text).where(notes.c.ref == ref)
        return await self._database.read(lambda connection: connection.execute(wanted).scalar())

    async def notices_due(self, now: datetime, limit: int) -> list[Notice]:
        """Notices that wait to be sent and whose time has come, the oldest first."""
        return await self._database.read(lambda connection: notices.due(connection, now, limit))

    async def notices_of(self, kind: str, about: Sequence[str]) -> list[Notice]:
        """What was to be told of these things, whether it was sent or not, the oldest first."""
        return await self._database.read(lambda connection: notices.about(connection, kind, about))

    async def host_link(self, hash: str) -> HostLink | None:
        """The link whose secret has this SHA-256."""
        return await self._database.read(lambda connection: notices.host_link(connection, hash))

    async def plate(self, ref: str) -> str | None:
        """What a camera read; None once it is erased."""
        wanted = sa.select(plates_seen.c.plate).where(plates_seen.c.ref == ref)
        return await self._database.read(lambda connection: connection.execute(wanted).scalar())

    async def contact(self, ref: str) -> Contact | None:
        """How to reach somebody; None where the directory does not say."""
        return await self._database.read(lambda connection: find_contact(connection, ref, self._sealer))

    async def portrait(self, ref: str) -> bytes | None:
        """The school's picture of somebody, a JPEG; None if there is none."""
        return await self._database.read(lambda connection: find_portrait(connection, ref))

    def seal(self, secret: str) -> str:
        """What the database may keep of a secret."""
        return self._sealer.seal(secret.encode())

    async def due(self, kept: Kept, rules: Retention, now: datetime, limit: int | None = None) -> list[str]:
        """Some of what is to be erased, by its key; nothing of whom an open case holds."""
        return await self._database.read(lambda connection: retention.due(connection, kept, rules, now, limit))

    async def uncounted_days(self, zone: ZoneInfo, now: datetime) -> list[date]:
        """Past days whose passages are not counted yet."""
        return await self._database.read(lambda connection: retention.uncounted_days(connection, zone, now))

    async def passages_of(self, day: date, zone: ZoneInfo) -> dict[tuple[str, str], int]:
        """How many went through, by portal and direction."""
        return await self._database.read(lambda connection: retention.passages_of(connection, day, zone))

    async def clean_files(self) -> bool:
        """Have what was erased be in no file of the database; False: somebody reads it, try again in a moment."""
        return await asyncio.to_thread(retention.clean_files, self._database)

    async def count_exported(self, what: ExportWhat, since: datetime, until: datetime, at_most: int) -> int:
        """How many rows an export of [since, until) would have; `at_most` for as many or more."""
        return await self._database.read(lambda connection: exports.count(connection, what, since, until, at_most))

    async def exported(self, what: ExportWhat, since: datetime, until: datetime, at_most: int) -> list[dict[str, Any]]:
        """The rows of an export, the oldest first, people by reference."""
        return await self._database.read(lambda connection: exports.rows(connection, what, since, until, at_most))

    async def used(self) -> dict[str, int]:
        """How often each pass with limited uses has opened."""
        return await self._database.read(_used)

    async def pins(self) -> dict[str, PinDigests]:
        """The digests of everybody's PINs, by holder."""
        return await self._database.read(_pins)

    def document_hash(self, kind: str, number: str) -> str:
        """What is kept of a document's number besides its last four characters."""
        return self._sealer.document_hash(kind, number)

    async def known_people(self) -> Known:
        """Everybody there is, as an import compares them."""
        return await self._database.read(known_people)

    async def known_about(self, id: str, values: Sequence[str]) -> Known:
        """The same of one person and of whoever holds one of these cards or plates."""
        return await self._database.read(lambda connection: known_about(connection, id, values))

    async def open_waits(self, since: datetime) -> Sequence[dict[str, Any]]:
        """Decisions to wait, made since then, that nobody has answered."""
        return await self._database.read(lambda connection: _open_waits(connection, since))

    async def timed(self, prefix: str, since: datetime) -> Sequence[dict[str, Any]]:
        """The bodies of all facts whose key is this and a time from `since` on, the oldest first; each with `at`."""
        return await self._database.read(lambda connection: _timed(connection, prefix, since))

    async def rows_since(self, kinds: Mapping[str, str], since: datetime) -> Sequence[dict[str, Any]]:
        """The bodies of rows of these kinds whose text contains what stands beside the kind, the oldest first; each
        with `at`. Only the newest rows of the ledger are looked at, because it may have millions: for moments ago."""
        return await self._database.read(lambda connection: _rows_since(connection, kinds, since))

    async def numbered(self, prefix: str) -> Sequence[dict[str, Any]]:
        """The bodies of all facts whose key is this and a number, by that number; each with `at`."""
        return await self._database.read(lambda connection: _numbered(connection, prefix))

    async def newest_record(self) -> datetime | None:
        """When the ledger's last row was written, by the clock of then."""
        return await self._database.read(newest_record)

    async def newest_told(self, prefix: str) -> tuple[str, dict[str, Any]] | None:
        """Of the facts whose key begins with `prefix` (letters and a colon), the one with the highest key."""
        return await self._database.read(lambda connection: newest_told(connection, prefix))


def _enrolled(connection: Connection, sealer: Sealer) -> dict[str, EnrolledDevice]:
    now = datetime.now(UTC)
    found: dict[str, EnrolledDevice] = {}
    for row in connection.execute(sa.select(devices).where(devices.c.retired_at.is_(None))):
        keys = [sealer.open(row.key)]
        if row.previous_key is not None and row.previous_key_until is not None and row.previous_key_until > now:
            keys.append(sealer.open(row.previous_key))
        found[row.id] = EnrolledDevice(
            row.id, row.kind, row.portal, row.zone, tuple(msgspec.json.decode(row.locations)), tuple(keys), row.version
        )
    return found


def _issued(connection: Connection) -> dict[str, Issued]:
    return {
        row.device: Issued(
            row.version,
            row.body.encode(),
            row.list_version,
            row.list_digest,
            row.list_expires_at,
            row.revoked_version,
            tuple(msgspec.json.decode(row.revoked_tokens)),
            row.list_directory,
        )
        for row in connection.execute(sa.select(postures))
    }


def _used(connection: Connection) -> dict[str, int]:
    rows = connection.execute(
        sa.select(credentials.c.ref, credentials.c.used).where(credentials.c.max_uses.is_not(None))
    )
    return {ref: used for ref, used in rows}


def _pins(connection: Connection) -> dict[str, PinDigests]:
    return {row.holder: PinDigests(row.digest, row.duress) for row in connection.execute(sa.select(pins))}


def load_presence(connection: Connection) -> dict[str, Presence]:
    """Where everybody was last known to be, by reference."""
    states = {state.value: state for state in PresenceState}
    return {
        row.holder: Presence(row.zone, states[row.state], row.since) for row in connection.execute(sa.select(presence))
    }


def _told(connection: Connection, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = connection.execute(sa.select(ledger.c.key, ledger.c.at, ledger.c.body).where(ledger.c.key.in_(keys)))
    return {key: msgspec.json.decode(body) | {"at": datetime.fromtimestamp(at / 1000, UTC)} for key, at, body in rows}


def _event_mark(connection: Connection, device: str, boot: str) -> EventMark:
    mark = connection.execute(
        sa.select(event_marks.c.seq).where(event_marks.c.device == device, event_marks.c.boot == boot)
    ).scalar()
    seq = int(mark or 0)
    first, last = (EVENT_KEY.format(device=device, boot=boot, seq=n) for n in (seq + 1, 10**19))
    prefix = first[:-20]
    keys = connection.execute(
        sa.select(ledger.c.key).where(ledger.c.key >= first, ledger.c.key <= last).order_by(ledger.c.key)
    ).scalars()
    # A database that compares as people do, not byte by byte, may find the keys of a boot spelled in other cases too.
    beyond = {int(key[-20:]) for key in keys if key.startswith(prefix)}
    while seq + 1 in beyond:
        seq += 1
        beyond.discard(seq)
    return EventMark(seq, frozenset(beyond), _gaps(connection, device, boot))


def _gaps(connection: Connection, device: str, boot: str) -> tuple[tuple[int, int], ...]:
    """Which numbers of a boot are known to be gone for good."""
    first, last = (f"g:{device}:{boot}:{n:020d}" for n in (0, 10**19))
    rows = connection.execute(sa.select(ledger.c.key, ledger.c.body).where(ledger.c.key >= first, ledger.c.key <= last))
    bodies = [msgspec.json.decode(body) for key, body in rows if key.startswith(first[:-20])]
    return tuple((body["from_seq"], body["to_seq"]) for body in bodies)


def _open_waits(connection: Connection, since: datetime) -> list[dict[str, Any]]:
    rows = connection.execute(
        sa.select(ledger.c.at, ledger.c.body)
        .where(ledger.c.kind == "decision", ledger.c.at >= round(since.timestamp() * 1000))
        .order_by(ledger.c.seq.desc())
        .limit(OPEN_WAITS_AT_MOST)
    )
    waits = []
    for at, text in rows:
        body = msgspec.json.decode(text)
        if body["outcome"] == "wait" and "by_hand" not in body:  # a code shown to a guard has the guard's own word
            waits.append(body | {"at": datetime.fromtimestamp(at / 1000, UTC)})
    answered = _told(connection, [answer_key(body["device"], body["tap"]) for body in waits])
    return [body for body in waits if answer_key(body["device"], body["tap"]) not in answered]


def _rows_since(connection: Connection, kinds: Mapping[str, str], since: datetime) -> list[dict[str, Any]]:
    wanted = sa.or_(
        *(
            sa.and_(ledger.c.kind == kind, ledger.c.body.contains(text, autoescape=True) if text else sa.true())
            for kind, text in kinds.items()
        )
    )
    newest = sa.select(sa.func.max(ledger.c.seq) - NEWEST_ROWS).scalar_subquery()
    rows = connection.execute(
        sa.select(ledger.c.at, ledger.c.body)
        .where(ledger.c.seq > newest, ledger.c.at >= round(since.timestamp() * 1000), wanted)
        .order_by(ledger.c.seq)
    )
    return [msgspec.json.decode(body) | {"at": datetime.fromtimestamp(at / 1000, UTC)} for at, body in rows]


def _timed(connection: Connection, prefix: str, since: datetime) -> list[dict[str, Any]]:
    first, last = timed_key(prefix, since, ""), f"{prefix}{'9' * 14}"
    rows = connection.execute(
        sa.select(ledger.c.seq, ledger.c.key, ledger.c.at, ledger.c.body).where(
            ledger.c.key >= first, ledger.c.key <= last
        )
    )
    # As in `_event_mark`: a database that compares as people do may find keys spelled in other cases too. Sorted here:
    # asked for that order, a database may walk the whole ledger in it.
    found = sorted((seq, at, body) for seq, key, at, body in rows if key.startswith(prefix))
    return [msgspec.json.decode(body) | {"at": datetime.fromtimestamp(at / 1000, UTC)} for _, at, body in found]


def _numbered(connection: Connection, prefix: str) -> list[dict[str, Any]]:
    first, last = (prefix + digit * NUMBER_DIGITS for digit in "09")
    rows = connection.execute(
        sa.select(ledger.c.key, ledger.c.at, ledger.c.body).where(ledger.c.key >= first, ledger.c.key <= last)
    )
    # As in `_event_mark`: a database that compares as people do may find keys spelled in other cases too.
    found = sorted((key, at, body) for key, at, body in rows if key.startswith(prefix))
    return [msgspec.json.decode(body) | {"at": datetime.fromtimestamp(at / 1000, UTC)} for _, at, body in found]


def answer_key(device: str, tap: str) -> str:
    """The ledger key of the second answer to a tap that waited."""
    return f"a:{device}:{tap}"


def live_orders(connection: Connection) -> tuple[int, list[Order]]:
    """All orders that still matter, and a version of the directory that is not newer than they are."""
    version = directory_version(connection)  # first: what comes in between makes a decision outdated, not wrong
    found = list_papers(connection, PaperKind.ORDER, live=True, limit=ORDERS_AT_MOST)
    return version, [paper for paper in found if isinstance(paper, Order)]


def newest_record(connection: Connection) -> datetime | None:
    """When the ledger's last row was written."""
    at = connection.execute(sa.select(ledger.c.at).order_by(ledger.c.seq.desc()).limit(1)).scalar()
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC)


def newest_told(connection: Connection, prefix: str) -> tuple[str, dict[str, Any]] | None:
    """The key and body of the fact with the highest key that begins with `prefix`."""
    row = connection.execute(
        sa.select(ledger.c.key, ledger.c.body)
        .where(ledger.c.key >= prefix, ledger.c.key <= prefix + "9" * 20)
        .order_by(ledger.c.key.desc())
        .limit(1)
    ).first()
    return None if row is None else (row.key, msgspec.json.decode(row.body))
