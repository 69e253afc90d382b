"""`wardgate ledger verify`: does every record still say what it said?"""

from gateway.cli.options import HERE, ConfigOption, JsonOption
from gateway.cli.speaking import FOUND_WRONG, fail, result, result_json
from gateway.settings import environment, load
from gateway.store.database import open_database
from gateway.store.head_file import HeadFile
from gateway.store.verification import verify as verify_ledger


def verify(config: ConfigOption = HERE, as_json: JsonOption = False) -> None:
    """Walk the whole ledger; name the first record that was edited, removed, swapped or cut off."""
    settings = load(config, environment())
    database = open_database(settings.database_url)
    try:
        # The file first: what is written after this moment is in the database only.
        head_file = HeadFile(settings.head_file, settings.ledger_key)
        try:
            on_file = head_file.newest()
        finally:
            head_file.close()
        verdict = verify_ledger(database, on_file, settings.head_copy, settings.ledger_key)
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
            }
        )
    elif verdict.holds:
        result(f"the ledger holds: {verdict.count} records, the last hash {verdict.hash}")
    if not verdict.holds:
        fail(f"the ledger does not hold: {verdict.what}", FOUND_WRONG)
