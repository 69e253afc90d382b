"""What is due to be erased, and the erasing of it: rows, and the bytes in which they were.

Promises: a batch is found by reading and erased in one unit, a few rows at a time, so that a tap never waits long; what
is erased is looked at again within that unit, so that somebody who is registered anew in between stays. What a reader
cannot see any more is not in the files either: SQLite writes zeros over it (`secure_delete`) and the log beside it is
cut; PostgreSQL writes the tables anew. The ledger is never touched. Leaves to others: when (`gateway.flows.retention`).

PostgreSQL's own log (`pg_wal`) is the server's: it holds what was written until the server reuses it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.kinds import HolderKind
from gateway.core.papers import PaperKind
from gateway.flows.retention_rules import Kept, Retention
from gateway.flows.visitor_ids import HEX, LENGTH, PREFIX
from gateway.store import cameras, tables
from gateway.store.database import Database
from gateway.store.open_cases import Cases, first, named_beside, named_by_papers, open_now, walk
from gateway.store.tables import contacts, credentials, erased, holders, papers, pins, portraits, presence

AT_ONCE = {Kept.VISITS: 30, Kept.VISITORS: 30, Kept.LEFT: 20, Kept.CAMERA_CHECKS: 2}
"""Where one takes others with it; else a hundred rows."""
ROWS_AT_ONCE = 100
PASSAGES_AT_ONCE = 5_000
VISITING = tuple(
    kind.value
    for kind in (
        HolderKind.VISITOR,
        HolderKind.GUARDIAN,
        HolderKind.OFFICIAL,
        HolderKind.MEDIA,
        HolderKind.CONTRACTOR,
        HolderKind.SUPPLIER,
    )
)
STAYS = (PaperKind.VISIT, PaperKind.STANDING_PASS)
"""What was made for somebody from outside: their passes go with it."""
PERMITS = (
    PaperKind.SLIP,
    PaperKind.AUTHORISATION,
    PaperKind.BAN,
    PaperKind.IDENTIFICATION,
    PaperKind.OPENING,
    PaperKind.VEHICLE,
    PaperKind.ESSENTIAL,
)
AUDITED = (
    PaperKind.ORDER,
    PaperKind.EMERGENCY,
    PaperKind.GATHERING,
    PaperKind.SHIFT,
    PaperKind.HOLD,
    PaperKind.EXPORT,
    PaperKind.WORK_ORDER,
    PaperKind.MAINTENANCE,
    PaperKind.INCIDENT,
)
VACUUMED = (
    "papers",
    "holders",
    "credentials",
    "contacts",
    "portraits",
    "presence",
    "pins",
    "notes",
    "plates_seen",
    "alarms",
    "sessions",
    "tokens",
    "host_links",
    "outbox",
    "camera_pictures",
)

UNSORTED = frozenset({Kept.NOTES, Kept.DISPOSALS, Kept.PLATES, Kept.CAMERA_PICTURES})
"""What nobody can say of whom it is: while any case is open it may belong to that one."""

_ENDED = sa.func.coalesce(papers.c.ends_at, papers.c.starts_at)
_MADE_BY_VISITS = sa.and_(
    holders.c.kind.in_(VISITING),
    sa.func.length(holders.c.id) == len(PREFIX) + LENGTH,
    sa.func.substr(holders.c.id, 1, len(PREFIX)) == PREFIX,
    sa.func.ltrim(sa.func.substr(holders.c.id, len(PREFIX) + 1), HEX) == "",
)
"""People whom only a registration made known: see `visitor_ids`. To the letter; a LIKE would not tell V from v."""

Find = Callable[[Connection, datetime, Cases, int], list[str]]
Erase = Callable[[Connection, Sequence[str], int, Cases], None]


def due(connection: Connection, kept: Kept, rules: Retention, now: datetime, limit: int | None = None) -> list[str]:
    """Some of what is due, by its key, the oldest first; nothing that belongs to an open case."""
    case = open_now(connection)
    if _is_paused(kept, case):
        return []
    return list(_DUE[kept](connection, rules.cutoff(kept, now), case, limit or AT_ONCE.get(kept, ROWS_AT_ONCE)))


def erase(connection: Connection, kept: Kept, keys: Sequence[str], version: int) -> None:
    """Erase these, but for what belongs to a case that was opened meanwhile; `version` is the directory's after it."""
    case = open_now(connection, quick=True)
    if not _is_paused(kept, case):
        _ERASE[kept](connection, keys, version, case)


def _is_paused(kept: Kept, case: Cases) -> bool:
    return case.everything or (case.any and kept in UNSORTED)


# ---------------------------------------------------------------- what is due


def _papers_due(*kinds: PaperKind) -> Find:
    def find(connection: Connection, before: datetime, case: Cases, limit: int) -> list[str]:
        query = (
            sa.select(papers.c.kind, papers.c.id, papers.c.body)
            .where(papers.c.kind.in_([kind.value for kind in kinds]), sa.not_(papers.c.live), before > _ENDED)
            .order_by(_ENDED)
        )
        if not case.any:
            query = query.limit(limit)
        found = first(walk(connection, query), lambda row: not case.keeps(row.body), limit)
        return [f"{row.kind}:{row.id}" for row in found]

    return find


def _audit_due(connection: Connection, before: datetime, case: Cases, limit: int) -> list[str]:
    found = _papers_due(*AUDITED)(connection, before, case, limit)
    if case.any:
        return found
    closed = sa.select(tables.alarms.c.id).where(tables.alarms.c.closed_at < before).limit(limit)
    return [*found, *(f"alarm:{id}" for id in connection.execute(closed).scalars())][:limit]


def _visitors_due(connection: Connection, _before: datetime, case: Cases, limit: int) -> list[str]:
    named = sa.exists().where(papers.c.subject == holders.c.ref, papers.c.kind != PaperKind.HOLD.value)
    user = sa.exists().where(tables.users.c.holder == holders.c.ref)
    query = sa.select(holders.c.ref).where(_MADE_BY_VISITS, sa.not_(named), sa.not_(user))
    return _not_named(connection, query, case, limit)


def _left_due(connection: Connection, before: datetime, case: Cases, limit: int) -> list[str]:
    return _not_named(connection, sa.select(holders.c.ref).where(holders.c.left_at < before), case, limit)


def _not_named(connection: Connection, query: sa.Select[Any], case: Cases, limit: int) -> list[str]:
    """Those whom no paper that stays names in any part: somebody who collects a pupil, or drives a bus, stays."""
    if connection.execute(query.limit(1)).first() is None:
        return []
    named = named_by_papers(connection, case) | case.people
    found = first(walk(connection, query.order_by(holders.c.ref)), lambda row: row.ref not in named, limit)
    return [row.ref for row in found]


def _simple(table: sa.Table, key: str, *older: str) -> Find:
    """Rows of which one of the times `older` is past."""

    def find(connection: Connection, before: datetime, _case: Cases, limit: int) -> list[str]:
        query = sa.select(table.c[key]).where(sa.or_(*(table.c[name] < before for name in older))).limit(limit)
        return list(connection.execute(query).scalars())

    return find


def _presence_due(connection: Connection, before: datetime, case: Cases, limit: int) -> list[str]:
    """Where people were last seen; whoever is inside is still looked for in an emergency, however long it was."""
    query = sa.select(presence.c.holder).where(presence.c.since < before, presence.c.state != "inside")
    found = first(walk(connection, query), lambda row: row.holder not in case.people, limit)
    return [row.holder for row in found]


def _disposals_due(connection: Connection, before: datetime, _case: Cases, limit: int) -> list[str]:
    table = tables.alarms
    query = sa.select(table.c.id).where(table.c.closed_at < before, table.c.disposal.is_not(None)).limit(limit)
    return list(connection.execute(query).scalars())


_SESSIONS: Mapping[str, Find] = {
    "session": _simple(tables.sessions, "hash", "expires_at", "revoked_at"),
    "token": _simple(tables.tokens, "hash", "expires_at", "revoked_at"),
    "link": _simple(tables.host_links, "hash", "expires_at"),
    "notice": _simple(tables.outbox, "id", "made_at"),
}
_SESSION_KEYS = {
    "session": tables.sessions.c.hash,
    "token": tables.tokens.c.hash,
    "link": tables.host_links.c.hash,
    "notice": tables.outbox.c.id,
}
_OF_VISITS = ("link", "notice")
"""Who was asked and told: it belongs to a visit, and stays while any case is open."""


def _sessions_due(connection: Connection, before: datetime, case: Cases, limit: int) -> list[str]:
    finders = {name: find for name, find in _SESSIONS.items() if not (case.any and name in _OF_VISITS)}
    found = [f"{name}:{key}" for name, find in finders.items() for key in find(connection, before, case, limit)]
    return found[:limit]


_DUE: Mapping[Kept, Find] = {
    Kept.VISITS: _papers_due(*STAYS),
    Kept.PERMITS: _papers_due(*PERMITS),
    Kept.AUDIT: _audit_due,
    Kept.VISITORS: _visitors_due,
    Kept.LEFT: _left_due,
    Kept.PRESENCE: _presence_due,
    Kept.NOTES: _simple(tables.notes, "ref", "at"),
    Kept.DISPOSALS: _disposals_due,
    Kept.PLATES: _simple(tables.plates_seen, "ref", "at"),
    Kept.CAMERA_CHECKS: lambda connection, before, _case, limit: cameras.days_due(connection, before, limit),
    Kept.CAMERA_PICTURES: lambda connection, before, _case, limit: cameras.pictures_due(connection, before, limit),
    Kept.SESSIONS: _sessions_due,
}


# ---------------------------------------------------------------- erasing


def _erase_visits(connection: Connection, keys: Sequence[str], version: int, case: Cases) -> None:
    ids = [key.partition(":")[2] for key in keys]
    stays = papers.c.kind.in_([kind.value for kind in STAYS])
    over = sa.and_(stays, papers.c.id.in_(ids), sa.not_(papers.c.live))
    rows = connection.execute(sa.select(papers.c.id, papers.c.body).where(over)).all()
    rows = [row for row in rows if not case.keeps(row.body)]
    passes = [ref for row in rows for ref in msgspec.json.decode(row.body).get("passes") or ()]
    _erase_credentials(connection, credentials.c.ref.in_(passes), version)
    gone = [row.id for row in rows]
    vehicles = sa.and_(papers.c.kind == PaperKind.VEHICLE.value, papers.c.id.in_(passes), sa.not_(papers.c.live))
    connection.execute(sa.delete(papers).where(vehicles))
    connection.execute(sa.delete(tables.host_links).where(tables.host_links.c.visit.in_(gone)))
    connection.execute(sa.delete(tables.outbox).where(tables.outbox.c.about.in_(gone)))
    connection.execute(sa.delete(papers).where(stays, papers.c.id.in_(gone)))


def _erase_papers(connection: Connection, keys: Sequence[str], version: int, case: Cases) -> None:
    by_kind: dict[str, list[str]] = {}
    for key in keys:
        kind, _, id = key.partition(":")
        by_kind.setdefault(kind, []).append(id)
    alarms = by_kind.pop("alarm", [])
    if alarms and not case.any:
        connection.execute(sa.delete(tables.alarms).where(tables.alarms.c.id.in_(alarms)))
    for kind, ids in by_kind.items():
        over = (papers.c.kind == kind, papers.c.id.in_(ids), sa.not_(papers.c.live))
        rows = connection.execute(sa.select(papers.c.id, papers.c.body).where(*over)).all()
        gone = [row.id for row in rows if not case.keeps(row.body)]
        connection.execute(sa.delete(papers).where(papers.c.kind == kind, papers.c.id.in_(gone)))
        if kind == PaperKind.VEHICLE.value:  # the plate itself stands in a credential, by which the vehicle goes
            removed = sa.and_(credentials.c.ref.in_(gone), credentials.c.state != "active")
            _erase_credentials(connection, removed, version)


def _erase_people(connection: Connection, keys: Sequence[str], version: int, case: Cases) -> None:
    named_now = sa.exists().where(papers.c.subject == holders.c.ref, papers.c.live)
    still_gone = sa.or_(holders.c.left_at.is_not(None), _MADE_BY_VISITS)
    wanted = sa.select(holders.c.ref).where(holders.c.ref.in_(keys), sa.not_(named_now), still_gone)
    named = named_beside(connection, case) | case.people
    refs = [ref for ref in connection.execute(wanted).scalars() if ref not in named]
    if not refs:
        return
    _erase_credentials(connection, credentials.c.holder.in_(refs), version)
    for table in (pins, contacts, portraits, presence):
        connection.execute(sa.delete(table).where(table.c.holder.in_(refs)))
    connection.execute(sa.delete(tables.host_links).where(tables.host_links.c.holder.in_(refs)))
    connection.execute(sa.delete(tables.outbox).where(tables.outbox.c.recipient.in_(refs)))
    connection.execute(sa.update(tables.users).where(tables.users.c.holder.in_(refs)).values(holder=None))
    connection.execute(sa.delete(holders).where(holders.c.ref.in_(refs)))
    _gone(connection, refs, version)


def _erase_credentials(connection: Connection, which: Any, version: int) -> None:
    refs = list(connection.execute(sa.select(credentials.c.ref).where(which)).scalars())
    if refs:
        connection.execute(sa.delete(credentials).where(credentials.c.ref.in_(refs)))
        _gone(connection, refs, version)


def _gone(connection: Connection, refs: Sequence[str], version: int) -> None:
    """A gateway that runs forgets them as well; the references of earlier days have done their work."""
    connection.execute(sa.delete(erased).where(erased.c.version < version - 10_000))
    connection.execute(sa.delete(erased).where(erased.c.ref.in_(refs)))
    connection.execute(sa.insert(erased), [{"ref": ref, "version": version} for ref in refs])


def _erase_simple(table: sa.Table, key: str) -> Erase:
    def act(connection: Connection, keys: Sequence[str], _version: int, case: Cases) -> None:
        gone = [one for one in keys if one not in case.people]
        connection.execute(sa.delete(table).where(table.c[key].in_(gone)))

    return act


def _erase_disposals(connection: Connection, keys: Sequence[str], _version: int, _case: Cases) -> None:
    connection.execute(sa.update(tables.alarms).where(tables.alarms.c.id.in_(keys)).values(disposal=None, detail=""))


def _erase_sessions(connection: Connection, keys: Sequence[str], _version: int, case: Cases) -> None:
    for name, column in _SESSION_KEYS.items():
        if case.any and name in _OF_VISITS:
            continue
        some = [key.partition(":")[2] for key in keys if key.startswith(f"{name}:")]
        if some:
            connection.execute(sa.delete(column.table).where(column.in_(some)))


_ERASE: Mapping[Kept, Erase] = {
    Kept.VISITS: _erase_visits,
    Kept.PERMITS: _erase_papers,
    Kept.AUDIT: _erase_papers,
    Kept.VISITORS: _erase_people,
    Kept.LEFT: _erase_people,
    Kept.PRESENCE: _erase_simple(presence, "holder"),
    Kept.NOTES: _erase_simple(tables.notes, "ref"),
    Kept.DISPOSALS: _erase_disposals,
    Kept.PLATES: _erase_simple(tables.plates_seen, "ref"),
    Kept.CAMERA_CHECKS: lambda connection, keys, _version, _case: cameras.erase_days(connection, keys),
    Kept.CAMERA_PICTURES: lambda connection, keys, _version, _case: cameras.erase_pictures(connection, keys),
    Kept.SESSIONS: _erase_sessions,
}


# ---------------------------------------------------------------- numbers that stay


def uncounted_days(connection: Connection, zone: ZoneInfo, now: datetime, at_most: int = 400) -> list[date]:
    """The campus's days up to yesterday whose passages are not counted yet, the oldest first."""
    yesterday = now.astimezone(zone).date() - timedelta(days=1)
    counted = connection.execute(sa.select(sa.func.max(tables.passage_counts.c.day))).scalar()
    if counted is not None:
        first = date.fromisoformat(counted) + timedelta(days=1)
    else:
        first_at = connection.execute(sa.select(sa.func.min(tables.ledger.c.at))).scalar()
        if first_at is None:
            return []
        first = datetime.fromtimestamp(first_at / 1000, UTC).astimezone(zone).date()
    return [first + timedelta(days=n) for n in range(min(at_most, (yesterday - first).days + 1))]


def passages_of(connection: Connection, day: date, zone: ZoneInfo) -> dict[tuple[str, str], int]:
    """How many went through each portal on a day, from the ledger."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
    ledger = tables.ledger
    first, last = (round(moment.timestamp() * 1000) for moment in (start, end))
    counts: dict[tuple[str, str], int] = {}
    seq = -1
    while True:
        query = (
            sa.select(ledger.c.seq, ledger.c.kind, ledger.c.body)
            .where(ledger.c.at >= first, ledger.c.at < last, ledger.c.seq > seq, ledger.c.kind == "event")
            .order_by(ledger.c.seq)
            .limit(PASSAGES_AT_ONCE)
        )
        rows = connection.execute(query).all()
        for row in rows:
            body = msgspec.json.decode(row.body)
            if body.get("type") == "passage":
                key = (body.get("portal") or "-", body["data"]["direction"])
                counts[key] = counts.get(key, 0) + 1
        if len(rows) < PASSAGES_AT_ONCE:
            return counts
        seq = rows[-1].seq


# ---------------------------------------------------------------- the bytes


def clean_files(database: Database) -> bool:
    """After an erasure: what was erased is in no file of the database any more. False: try again in a moment.

    For a thread. SQLite: the log is copied into the file and cut; pages that nobody uses are zeros. PostgreSQL: the
    tables are written anew, which keeps each of them to itself for about a second; then a checkpoint lets the old
    files go.
    """
    if database.is_sqlite:
        with database.engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            return not busy
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        try:
            for name in VACUUMED:
                connection.exec_driver_sql(f"VACUUM (FULL) {name}")
        except sa.exc.OperationalError:
            return False  # somebody reads it just now
        finally:
            connection.exec_driver_sql("RESET statement_timeout")
        try:
            connection.exec_driver_sql("CHECKPOINT")
        except sa.exc.DBAPIError:
            pass  # only some roles may; the server makes one within minutes
    return True
