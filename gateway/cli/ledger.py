"""`wardgate ledger verify`: does every record still say what it said? It makes nothing that was not there."""

from pathlib import Path

from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.speaking import COULD_NOT_RUN, FOUND_WRONG, fail, result, result_json, say
from gateway.core.chain import Head, Lost
from gateway.settings import Settings, environment, load
from gateway.store.database import open_database
from gateway.store.head_file import HeadFile
from gateway.store.verification import verify as verify_ledger


def verify(config: ConfigOption = HERE, as_json: JsonOption = False) -> None:
    """Walk the whole ledger; name the first record that was edited, removed, swapped or cut off."""
    settings = load(config, environment())
    # The file first: what is written after this moment is in the database only.
    on_file, taken_back = _head_on_file(settings)
    _need_database(settings, on_file)
    database = open_database(settings.database_url)
    try:
        verdict = verify_ledger(database, on_file, settings.head_copy, settings.ledger_key, taken_back=taken_back)
    finally:
        database.close()
    if as_json:
        result_json(
            {
                "holds": verdict.holds,
                "records": verdict.count,
                "hash": verdict.hash,
                "first_bad": verdict.bad_seq,
                "what": verdict.what,
                "restored": [
                    {"after": lost.kept.count, "lost": None if lost.span is None else list(lost.span)}
                    for lost in verdict.restored
                ],
            }
        )
    elif verdict.holds:
        for lost in verdict.restored:
            gone = "nothing known is lost" if lost.span is None else "records {} to {} are lost".format(*lost.span)
            say(f"a backup was taken back after record {lost.kept.count}: {gone}, as record {lost.kept.count + 1} says")
        result(f"the ledger holds: {verdict.count} records, the last hash {verdict.hash}")
    if not verdict.holds:
        fail(f"the ledger does not hold: {verdict.what}", FOUND_WRONG)


def _head_on_file(settings: Settings) -> tuple[Head | None, list[Lost]]:
    if not settings.head_file.exists():
        return None, []
    head_file = HeadFile(settings.head_file, settings.ledger_key)
    try:
        return head_file.newest(), head_file.restored()
    finally:
        head_file.close()


def _need_database(settings: Settings, on_file: Head | None) -> None:
    """A SQLite file that is not there would be made by opening it, and an empty ledger always holds."""
    if not settings.database_url.startswith("sqlite:///"):
        return
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    if path.exists():
        return
    if on_file is not None and on_file.count:
        fail(f"the ledger does not hold: {path} is gone, and the head file knows {on_file.count} records", FOUND_WRONG)
    fail(f"there is no database at {path} yet: nothing has been recorded", COULD_NOT_RUN)
