"""Another process that writes into the same ledger, as the command line does beside a running gateway."""

import sys
import time
from pathlib import Path

import sqlalchemy as sa

from gateway.flows.ports import Entry, Unit
from gateway.store.database import Database
from gateway.store.head_file import HeadFile
from gateway.store.ledger import Ledger
from tests.store.conftest import AT, KEY


def main(url: str, head: str, count: str) -> None:
    database = Database(url)
    head_file = HeadFile(Path(head), KEY)
    ledger = Ledger(database, head_file)
    print("writing", flush=True)
    written = 0
    while written < int(count):
        try:
            ledger.write([Unit((Entry("other", AT, {"number": written}),))])
            written += 1
        except sa.exc.OperationalError:
            if not database.is_sqlite:
                raise
            time.sleep(0.01)
    ledger.close()
    head_file.close()
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
