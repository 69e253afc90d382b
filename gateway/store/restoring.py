"""A backup taken back: into a database that is empty, whole or not at all, and with a record that says what was lost.

Promises: the chain of the restored ledger is walked before anything of it stays; a power cut leaves an empty database,
or one that the same command finishes; the next record of the ledger is `restored` and names the old head and the span
that is gone, under a MAC that only the site's key makes; the head file says the same, so that `verify` accepts the
shorter ledger and everybody can read how much shorter it is.
Leaves to others: that no gateway runs (`site_lock`), words for people (`cli.backup`).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.chain import Head, Lost, seal_lost
from gateway.flows.ports import Entry, Unit
from gateway.store.backup import BadBackup, Manifest, opened, read_manifest, rows_of, tables_of
from gateway.store.database import Database
from gateway.store.head_file import HeadFile, read_copy, write_copy
from gateway.store.ledger import Ledger
from gateway.store.schema import NEWEST, known, make, revision_of
from gateway.store.tables import instances
from gateway.store.verification import ledger_length, verify_on

UNFINISHED = "~restoring"
"""No site's name: the row of `instances` of a database that waits for its record."""


class NotEmpty(Exception):
    """There is something in the database already: nothing was touched."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was taken back, and what is gone: records `lost.first` to `lost.last`, or none."""

    manifest: Manifest
    lost: Lost
    records: int


def restore(
    path: Path,
    database_url: str,
    head_path: Path,
    head_copy: Path | None,
    site: str,
    key: bytes,
    on: Callable[[str, int], None] = lambda table, rows: None,
) -> Restored:
    """Take `path` back. Raises `BadBackup`, `NotEmpty`, `DatabaseAway`; then the database is as empty as before."""
    with opened(path) as archive:
        manifest = read_manifest(archive, key)
        if manifest.site != site:
            raise BadBackup(f"it is of the site {manifest.site}, and this is {site}")
        if manifest.revision not in known():
            raise BadBackup("it was made by a newer version than this one")
        database = Database(database_url)
        try:
            if _is_empty(database):
                with database.engine.connect().execution_options(writing=True) as connection, connection.begin():
                    make(connection, manifest.revision)
                    _fill(connection, archive, manifest, on)
                    make(connection, NEWEST)
                    _check(connection, manifest, key)
                    _mark(connection, path)
            elif not _is_unfinished(database, path, manifest):
                raise NotEmpty
            lost = _lost(head_path, head_copy, key, manifest.head)
            _put_on_record(database, head_path, head_copy, key, path, manifest, lost)
            with database.engine.connect().execution_options(writing=True) as connection, connection.begin():
                connection.execute(sa.delete(instances).where(instances.c.site == UNFINISHED))
        finally:
            database.close()
    return Restored(manifest, lost, manifest.head.count + 1)


def _check(connection: Connection, manifest: Manifest, key: bytes) -> None:
    """The ledger that was filled in holds to its last record; else nothing of it stays."""
    verdict = verify_on(connection, manifest.head, key)
    if not verdict.holds or verdict.count != manifest.head.count:
        raise BadBackup(f"the ledger in it does not hold: {verdict.what or 'it has another length'}")


def _mark(connection: Connection, path: Path) -> None:
    """Until the ledger says so the database says by itself of which backup it is."""
    row = {"site": UNFINISHED, "instance": _digest(path)[:32], "host": "", "pid": 0, "started_at": datetime.now(UTC)}
    connection.execute(sa.insert(instances).values(row))


def _is_unfinished(database: Database, path: Path, manifest: Manifest) -> bool:
    """True if this very backup was filled in before, and the power went before the ledger said so."""

    def look(connection: Connection) -> bool:
        if revision_of(connection) != known()[-1]:
            return False
        wanted = sa.select(instances.c.instance).where(instances.c.site == UNFINISHED)
        is_of_it = connection.execute(wanted).scalar() == _digest(path)[:32]
        return is_of_it and ledger_length(connection) == manifest.head.count

    return database.read_now(look)


def _is_empty(database: Database) -> bool:
    return database.read_now(lambda connection: not sa.inspect(connection).get_table_names())


def _fill(connection: Connection, archive: ZipFile, manifest: Manifest, on: Callable[[str, int], None]) -> None:
    tables = tables_of(connection)
    strange = set(manifest.tables) - {table.name for table in tables}
    if strange:
        raise BadBackup(f"it has tables that its own version does not know: {', '.join(sorted(strange))}")
    for table in reversed(tables):
        connection.execute(sa.delete(table))  # the rows with which a new schema begins
    for table in tables:
        kept = manifest.tables.get(table.name)
        if kept is None:
            raise BadBackup(f"it has no table {table.name}")
        for piece in rows_of(archive, table.name, kept):
            connection.execute(sa.insert(table), piece)
        on(table.name, kept.rows)


def _lost(head_path: Path, head_copy: Path | None, key: bytes, kept: Head) -> Lost:
    """The span between the backup and the newest head that anything outside the database knows."""
    file = HeadFile(head_path, key)
    try:
        heads = [file.newest(), None if head_copy is None else read_copy(head_copy, key)]
    finally:
        file.close()
    newest = max((head for head in heads if head is not None), key=lambda head: head.count, default=None)
    return Lost(kept, newest if newest is not None and newest.count > kept.count else None)


def _put_on_record(
    database: Database, head_path: Path, copy: Path | None, key: bytes, path: Path, manifest: Manifest, lost: Lost
) -> None:
    file = HeadFile(head_path, key, copy)
    try:
        file.begin_again(lost)
        if copy is not None:
            write_copy(copy, file.as_line(lost.kept))
        ledger = Ledger(database, file)
        now = datetime.now(UTC)
        body = {
            "backup": _digest(path),
            "made_at": manifest.made_at.isoformat(),
            "kept": {"count": lost.kept.count, "hash": lost.kept.hash},
            "old": None if lost.newest is None else {"count": lost.newest.count, "hash": lost.newest.hash},
            "by": "cli",
            "mac": seal_lost(lost, key).rpartition(" ")[2],
        }
        at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        ledger.write([Unit((Entry("restored", at, body),))])
        ledger.close()
    finally:
        file.close()


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
