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

from gateway.core.nouns import (
    Credential,
    CredentialKind,
    CredentialState,
    Directory,
    Holder,
    HolderKind,
    Presence,
    PresenceState,
)
from gateway.flows.open_alarms import Alarm
from gateway.flows.people_import import Known
from gateway.flows.ports import EnrolledDevice, EventMark, Issued
from gateway.store.database import Database
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
    postures,
    presence,
)

EVENT_KEY = "e:{device}:{boot}:{seq:020d}"
"""The ledger key of an event; the number is padded so that a boot's events lie in order."""

OPEN_WAITS_AT_MOST = 500


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
        return await self._database.read(_directory_version)

    async def enrolled(self) -> Mapping[str, EnrolledDevice]:
        """Every device that is enrolled and not retired, by id."""
        return await self._database.read(lambda connection: _enrolled(connection, self._sealer))

    async def issued(self) -> Mapping[str, Issued]:
        """What each device was last told to enforce."""
        return await self._database.read(_issued)

    async def presence(self) -> dict[str, Presence]:
        """Where everybody was last known to be."""
        return await self._database.read(_presence)

    async def told(self, keys: Sequence[str]) -> Mapping[str, dict[str, Any]]:
        """The bodies of those facts that the ledger has, by key; each with `at`, when it was written."""
        return await self._database.read(lambda connection: _told(connection, keys))

    async def event_mark(self, device: str, boot: str) -> EventMark:
        """Up to which event of a boot the ledger is complete, and which ones it has beyond."""
        return await self._database.read(lambda connection: _event_mark(connection, device, boot))

    async def known_people(self) -> Known:
        """Everybody there is, as an import compares them."""
        return await self._database.read(known_people)

    async def open_waits(self, since: datetime) -> Sequence[dict[str, Any]]:
        """Decisions to wait, made since then, that nobody has answered."""
        return await self._database.read(lambda connection: _open_waits(connection, since))


def load_directory(connection: Connection, known: Directory | None = None) -> Directory:
    """Read people and credentials; with `known`, copy it and bring it up to date."""
    version = _directory_version(connection)
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
    rows = connection.execute(
        sa.select(
            credentials.c.ref,
            credentials.c.holder,
            credentials.c.kind,
            credentials.c.value,
            credentials.c.state,
            credentials.c.not_before,
            credentials.c.not_after,
        )
        .where(credentials.c.version > after)
        .order_by(credentials.c.version)
    )
    for ref, holder, kind, value, state, not_before, not_after in rows:
        key = (card_kinds[kind], value)
        held = cards.get(key)
        owner = people.get(holder)
        credential = Credential(
            ref, holder if owner is None else owner.ref, key[0], value, states[state], not_before, not_after
        )
        # A card that went on to somebody else leaves a revoked row behind: the active one counts.
        if (
            held is None
            or held.ref == ref
            or credential.state is CredentialState.ACTIVE
            or (held.state is not CredentialState.ACTIVE)
        ):
            cards[key] = credential
    return Directory(version, people, cards)


def _directory_version(connection: Connection) -> int:
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


def _presence(connection: Connection) -> dict[str, Presence]:
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


def answer_key(device: str, tap: str) -> str:
    """The ledger key of the second answer to a tap that waited."""
    return f"a:{device}:{tap}"


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
