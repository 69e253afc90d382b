"""`wardgate backup` and `wardgate restore`: the database in one sealed file, and back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.site_store import other_owner
from gateway.cli.speaking import COULD_NOT_RUN, FOUND_WRONG, fail, result, result_json, say
from gateway.settings import Settings, environment, load
from gateway.store.backup import BadBackup, Manifest, check, file_name, write_backup
from gateway.store.database import open_database
from gateway.store.restoring import NotEmpty
from gateway.store.restoring import restore as take_back


def backup(
    config: ConfigOption = HERE,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where it goes; else the folder of the settings.")
    ] = None,
    only_check: Annotated[
        Path | None, typer.Option("--check", metavar="FILE", help="Make none: read one to its end.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Everything that the database holds at this moment, in one file; the gateway may run meanwhile.

    The configuration with its secrets is not in it: keep a copy of that folder somewhere else. Without
    secrets/ledger.key and secrets/store.key nobody can take a backup back.
    """
    settings = load(config, environment())
    _check_owner(settings)
    if only_check is not None:
        try:
            manifest = check(only_check, settings.ledger_key)
        except BadBackup as error:
            fail(f"{only_check}: {error}", FOUND_WRONG)
        _answer(only_check, manifest, as_json)
        return
    database = open_database(settings.database_url)
    path = (out or settings.backup.out) / file_name(settings.campus.site, datetime.now(UTC))
    try:
        manifest = write_backup(database, path, settings.campus.site, settings.ledger_key, _progress)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}", COULD_NOT_RUN)
    finally:
        database.close()
    _answer(path, manifest, as_json)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `wardgate backup` wrote.")],
    config: ConfigOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Take a backup back into an empty database; what happened after it is lost, and the ledger says so.

    Stop the gateway first and put the old database away (SQLite: move wardgate.db and the files beside it that begin
    with its name; PostgreSQL: make a new database). Leave the head file where it is: it knows what is lost.
    """
    settings = load(config, environment())
    _check_owner(settings)
    try:
        done = take_back(
            file,
            settings.database_url,
            settings.head_file,
            settings.head_copy,
            settings.campus.site,
            settings.ledger_key,
            _progress,
        )
    except BadBackup as error:
        fail(f"{file}: {error}; nothing was taken back", FOUND_WRONG)
    except NotEmpty:
        fail(
            "the database is not empty; nothing was touched. Stop the gateway, put the old database away, try again",
            COULD_NOT_RUN,
        )
    lost = done.lost.span
    if as_json:
        result_json({"records": done.records, "made_at": _moment(done.manifest), "lost": lost and list(lost)})
        return
    if lost is not None:
        say(f"records {lost[0]} to {lost[1]} are lost: what happened after {_moment(done.manifest)} is not known here.")
        say("Look through what was changed since: a card that was blocked after the backup opens again.")
    result(f"taken back: {done.records} records, as of {_moment(done.manifest)}; `wardgate ledger verify` tells more")


def _moment(manifest: Manifest) -> str:
    return manifest.made_at.isoformat()


def _progress(table: str, rows: int) -> None:
    if rows:
        say(f"{table}: {rows}")


def _answer(path: Path, manifest: Manifest, as_json: bool) -> None:
    rows = sum(kept.rows for kept in manifest.tables.values())
    size = path.stat().st_size
    if as_json:
        said = {"file": str(path), "made_at": _moment(manifest), "records": manifest.head.count, "rows": rows}
        result_json({**said, "bytes": size})
    else:
        records = manifest.head.count
        result(f"{path}: as of {_moment(manifest)}, {records} records of the ledger, {rows} rows, {size / 1e6:.1f} MB")


def _check_owner(settings: Settings) -> None:
    name = other_owner(settings)
    if name is not None:
        fail(f"{settings.data} belongs to {name}; run this as that user: sudo -u {name} wardgate …", COULD_NOT_RUN)
