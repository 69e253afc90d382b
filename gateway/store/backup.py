"""A backup: everything that the database holds at one moment, in one file that this and later versions can take back.

Promises: made beside a running gateway, all of it of the same moment; sealed under the ledger's key, so that a file
that was bent or cut is refused; readable by nobody but its owner; there whole under its name, or not at all. It works
the same on SQLite and PostgreSQL, and goes from one to the other. Not in it: the configuration and its secrets, which
lie elsewhere (what opens the device keys must not lie beside them), and sessions, which nobody gets back.
Leaves to others: taking it back (`restoring`), when it is made (`flows.backups`).

The file is a ZIP: `tables/NAME.jsonl`, one JSON array a row in the order of `columns`, and `manifest.json`, the last.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.chain import Head
from gateway.store.database import Database
from gateway.store.schema import revision_of
from gateway.store.tables import head as head_table

FORMAT = 1
MANIFEST = "manifest.json"
NOT_KEPT = frozenset({"alembic_version", "sessions", "instances"})
"""The schema's number stands in the manifest; whoever was signed in signs in again; nobody holds the lock any more."""
PIECE = 2_000
LARGEST_MANIFEST = 1024 * 1024
NAMED = re.compile(r"wardgate-([a-z0-9-]{1,63})-(\d{8}T\d{6}Z)\.zip")


class BadBackup(Exception):
    """This is no backup, or not all of one, or not made under this site's key; the message says which."""


@dataclass(frozen=True, slots=True)
class TableKept:
    """One table of a backup."""

    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: of which site and moment, the ledger's head at that moment, and each table."""

    site: str
    made_at: datetime
    revision: str
    head: Head
    tables: dict[str, TableKept]


def file_name(site: str, at: datetime) -> str:
    """`wardgate-main-20261122T030000Z.zip`."""
    return f"wardgate-{site}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.zip"


def write_backup(
    database: Database,
    path: Path,
    site: str,
    key: bytes,
    on: Callable[[str, int], None] = lambda table, rows: None,
) -> Manifest:
    """Everything of this moment into `path`; `on` hears of each table that is done, and how many rows it has.

    Raises `DatabaseAway`, `OSError` (a full disk leaves nothing behind).
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".part")
    try:
        with open(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            manifest = database.read_now(lambda connection: _write(connection, file, site, key, on))
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
        _sync_folder(path.parent)
    finally:
        fresh.unlink(missing_ok=True)
    return manifest


def _write(connection: Connection, file: Any, site: str, key: bytes, on: Callable[[str, int], None]) -> Manifest:
    if connection.dialect.name == "postgresql":
        # One moment for all tables; SQLite's reader has one anyway.
        connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    made_at = datetime.now(UTC).replace(microsecond=0)
    count, last_hash = connection.execute(
        sa.select(head_table.c.count, head_table.c.hash).where(head_table.c.id == 1)
    ).one()
    revision = revision_of(connection)
    assert revision is not None, "a database that was opened as ours has a schema"
    tables: dict[str, TableKept] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as archive:
        for table in tables_of(connection):
            tables[table.name] = _write_table(connection, archive, table)
            on(table.name, tables[table.name].rows)
        manifest = Manifest(site, made_at, revision, Head(int(count), last_hash), tables)
        archive.writestr(MANIFEST, json.dumps(_sealed(manifest, key)))
    return manifest


def tables_of(connection: Connection) -> list[sa.Table]:
    """The tables as the database has them, each after those that it refers to."""
    found = sa.MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in NOT_KEPT]


def _write_table(connection: Connection, archive: zipfile.ZipFile, table: sa.Table) -> TableKept:
    digest, rows = hashlib.sha256(), 0
    with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as out:
        for piece in _pieces(connection, table):
            lines = "".join(json.dumps([_plain(value) for value in row], ensure_ascii=False) + "\n" for row in piece)
            data = lines.encode()
            digest.update(data)
            out.write(data)
            rows += len(piece)
    return TableKept(tuple(table.columns.keys()), rows, digest.hexdigest())


def _pieces(connection: Connection, table: sa.Table) -> Iterator[list[tuple[Any, ...]]]:
    """All rows, some at a time: by a cursor of the database's own, so that a million need no memory."""
    wanted = sa.select(table).order_by(*table.primary_key.columns)
    rows = connection.execution_options(yield_per=PIECE).execute(wanted)
    for piece in rows.partitions():
        yield [tuple(row) for row in piece]


def _plain(value: Any) -> Any:
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes | memoryview) else value


def from_plain(value: Any) -> Any:
    """A value of a row as the database takes it."""
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value


def _sealed(manifest: Manifest, key: bytes) -> dict[str, Any]:
    body = {
        "format": FORMAT,
        "site": manifest.site,
        "made_at": manifest.made_at.isoformat(),
        "revision": manifest.revision,
        "head": {"count": manifest.head.count, "hash": manifest.head.hash},
        "tables": {
            name: {"columns": list(kept.columns), "rows": kept.rows, "sha256": kept.sha256}
            for name, kept in manifest.tables.items()
        },
    }
    return body | {"mac": _mac(body, key)}


def _mac(body: dict[str, Any], key: bytes) -> str:
    return hmac.digest(key, json.dumps(body, sort_keys=True).encode(), "sha256").hex()


def read_manifest(archive: zipfile.ZipFile, key: bytes) -> Manifest:
    """What an open backup says that it holds; raises `BadBackup` unless it was sealed under `key`."""
    try:
        if archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
            raise BadBackup("its manifest is too large")
        body = json.loads(archive.read(MANIFEST))
        mac = body.pop("mac")
        if not hmac.compare_digest(str(mac), _mac(body, key)):
            raise BadBackup("it was changed, or made under another site's key (secrets/ledger.key)")
        if body["format"] != FORMAT:
            raise BadBackup(f"it has the format {body['format']!r}, which this version does not know")
        head = Head(body["head"]["count"], body["head"]["hash"])
        tables = {
            name: TableKept(tuple(kept["columns"]), kept["rows"], kept["sha256"])
            for name, kept in body["tables"].items()
        }
        return Manifest(body["site"], datetime.fromisoformat(body["made_at"]), body["revision"], head, tables)
    except (KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile, OSError) as error:
        raise BadBackup(f"it holds no manifest that can be read ({type(error).__name__})") from error


def rows_of(archive: zipfile.ZipFile, name: str, kept: TableKept) -> Iterator[list[dict[str, Any]]]:
    """One table's rows by their columns' names, some at a time; raises `BadBackup` where they are not those sealed."""
    digest, rows = hashlib.sha256(), 0
    piece: list[dict[str, Any]] = []
    try:
        with archive.open(f"tables/{name}.jsonl") as lines:
            for line in lines:
                digest.update(line)
                rows += 1
                values = [from_plain(value) for value in json.loads(line)]
                piece.append(dict(zip(kept.columns, values, strict=True)))
                if len(piece) == PIECE:
                    yield piece
                    piece = []
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise BadBackup(f"its table {name} cannot be read ({type(error).__name__})") from error
    if rows != kept.rows or digest.hexdigest() != kept.sha256:
        raise BadBackup(f"its table {name} is not the one that was sealed")
    if piece:
        yield piece


def check(path: Path, key: bytes) -> Manifest:
    """Read a backup to its end: every row of it is there and unchanged. Raises `BadBackup`."""
    with opened(path) as archive:
        manifest = read_manifest(archive, key)
        for name, kept in manifest.tables.items():
            for _ in rows_of(archive, name, kept):
                pass
    return manifest


def opened(path: Path) -> zipfile.ZipFile:
    """The file as an archive; raises `BadBackup`."""
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise BadBackup(f"{path.name} is no backup: {error}") from error


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
