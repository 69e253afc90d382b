"""Answers what the flows ask of the database: the directory, the devices, what was told before.

Whole tables are read with plain rows and few objects, because a hundred thousand people have to be in memory seconds
after a start; afterwards only what changed is read again.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.kinds import CredentialKind, CredentialState, HolderKind, PresenceState
from gateway.core.nouns import Credential, Directory, Holder, Presence
from gateway.core.papers import Order, Paper, PaperKind, arrange, key_of
from gateway.flows.open_alarms import Alarm
from gateway.flows.people_import import Known
from gateway.flows.ports import NUMBER_DIGITS, EnrolledDevice, EventMark, Issued, PinDigests, timed_key
from gateway.store.database import Database
from gateway.store.papers import changed_since, find_paper, list_papers
from gateway.store.people import known_people
from gateway.store.sealing import Sealer
from gateway.store.tables import (
    alarms,
    credentials,
    devices,
    event_marks,
    head,
    holders,
    ledger,
    notes,
    pins,
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
        self, kind: PaperKind, *, live: bool | None = None, subject: str | None = None, limit: int = 200
    ) -> list[Paper]:
        """Papers of a kind, the newest start first."""
        return await self._database.read(
            lambda connection: list_papers(connection, kind, live=live, subject=subject, limit=limit)
        )

    async def note(self, ref: str) -> str | None:
        """What somebody typed; None once it is erased."""
        wanted = sa.select(notes.c.text).where(notes.c.ref == ref)
        return await self._database.read(lambda connection: connection.execute(wanted).scalar())

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


def load_directory(connection: Connection, known: Directory | None = None) -> Directory:
    """Read people and credentials; with `known`, copy it and bring it up to date."""
    version = directory_version(connection)
    if known is not None and known.version == version:
        return known
    after = 0 if known is None else known.version
    people: dict[str, Holder] = {} if known is None else dict(known.holders)
    cards: dict[tuple[str, str], Credential] = {} if known is None else dict(known.credentials)
    kinds = {kind.value: kind for kind in HolderKind}
    groups_of: dict[str, frozenset[str]] = {}
    dormitories: dict[str, str] = {}
    rows = connection.execute(
        sa.select(
            holders.c.ref,
            holders.c.id,
            holders.c.name,
            holders.c.kind,
            holders.c.groups,
            holders.c.dormitory,
            holders.c.suspended,
        ).where(holders.c.version > after)
    )
    for ref, id_, name, kind, groups, dormitory, suspended in rows:
        group_set = groups_of.get(groups)
        if group_set is None:
            group_set = groups_of[groups] = frozenset(filter(None, groups.split(";")))
        if dormitory is not None:
            dormitory = dormitories.setdefault(dormitory, dormitory)
        people[ref] = Holder(ref, id_, name, kinds[kind], group_set, dormitory, suspended)
    states = {state.value: state for state in CredentialState}
    card_kinds = {kind.value: kind for kind in CredentialKind}
    held_rows = connection.execute(
        sa.select(
            credentials.c.ref,
            credentials.c.holder,
            credentials.c.kind,
            credentials.c.value,
            credentials.c.state,
            credentials.c.not_before,
            credentials.c.not_after,
            credentials.c.max_uses,
        )
        .where(credentials.c.version > after)
        .order_by(credentials.c.version)
    )
    for ref, holder, kind, value, state, not_before, not_after, max_uses in held_rows:
        key = (card_kinds[kind], value)
        held = cards.get(key)
        owner = people.get(holder)
        credential = Credential(
            ref,
            holder if owner is None else owner.ref,
            key[0],
            value,
            states[state],
            not_before,
            not_after,
            max_uses,
        )
        # A card that went on to somebody else leaves a revoked row behind: the active one counts.
        if (
            held is None
            or held.ref == ref
            or credential.state is CredentialState.ACTIVE
            or (held.state is not CredentialState.ACTIVE)
        ):
            cards[key] = credential
    on_file: dict[str, Paper] = {} if known is None else dict(known.papers.by_id)
    changed = list(changed_since(connection, after))
    on_file.update((key_of(paper), paper) for paper in changed)
    papers = known.papers if known is not None and not changed else arrange(on_file)
    return Directory(version, people, cards, papers)


def directory_version(connection: Connection) -> int:
    """The directory's version, at the price of one row."""
    return int(connection.execute(sa.select(head.c.directory_version).where(head.c.id == 1)).scalar_one())


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
        if body["outcome"] == "wait":
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


def load_open_alarms(connection: Connection) -> list[Alarm]:
    """Alarms that nobody has closed yet."""
    return [
        Alarm(
            row.id,
            row.condition,
            row.place,
            row.priority,
            row.detail,
            row.state,
            row._mapping["count"],
            row.opened_at,
            row.last_at,
            row.acknowledged_by,
        )
        for row in connection.execute(sa.select(alarms).where(alarms.c.state != "closed"))
    ]
