"""The command line's own way into the database: one unit at a time, in the same ledger as the running gateway."""

import os
import pwd
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from gateway.cli.speaking import COULD_NOT_RUN, FOUND_WRONG, fail
from gateway.flows.ports import Outdated, Unit, Written
from gateway.settings import Settings
from gateway.store.database import Database, DatabaseAway, is_away, open_database
from gateway.store.head_file import HeadFile
from gateway.store.ledger import Ledger
from gateway.store.sealing import Sealer
from gateway.store.verification import is_shorter_than

T = TypeVar("T")

BY = "cli"
"""Who did it, in the ledger: whoever may run commands on this machine."""
WAIT_FOR_DATABASE_S = 30.0
"""A running gateway holds the database for milliseconds at a time, an import for a few seconds."""


class SiteStore:
    """What commands read and write."""

    def __init__(self, settings: Settings, database: Database, ledger: Ledger) -> None:
        self.settings = settings
        self.sealer = Sealer(settings.store_key)
        self.database = database
        self._ledger = ledger

    def read(self, question: Callable[..., T]) -> T:
        return self.database.read_now(question)

    def commit(self, unit: Unit) -> Written | Outdated:
        """Write `unit` and its record; waits its turn while another process writes. Raises `DatabaseAway`."""
        give_up_at = time.monotonic() + WAIT_FOR_DATABASE_S
        while True:
            try:
                written = self._ledger.write([unit])[0]
                break
            except Exception as error:
                if not is_away(error):
                    raise
                if time.monotonic() > give_up_at:
                    raise DatabaseAway(str(error)) from error
                time.sleep(0.05)
        assert isinstance(written, Written | Outdated), "the command line writes no units that may be known already"
        return written


def now() -> datetime:
    """The machine's time, as fine as times are kept."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@contextmanager
def open_site_store(settings: Settings) -> Iterator[SiteStore]:
    """The site's database, brought to the newest schema; closed at the end."""
    _check_owner(settings)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings.database_url)
    try:
        head_file = HeadFile(settings.head_file, settings.ledger_key, settings.head_copy)
        try:
            if is_shorter_than(database, head_file.newest()):
                # One more record would cover the gap up; what happened here has to be looked at first.
                fail("records are missing at the end of the ledger: see `wardgate ledger verify`", FOUND_WRONG)
            ledger = Ledger(database, head_file)
            try:
                yield SiteStore(settings, database, ledger)
            finally:
                ledger.close()
        finally:
            head_file.close()
    finally:
        database.close()


def _check_owner(settings: Settings) -> None:
    """As root beside a gateway that runs as somebody else, the database would get files that it cannot open."""
    name = other_owner(settings)
    if name is not None:
        fail(f"{settings.data} belongs to {name}; run this as that user: sudo -u {name} wardgate …", COULD_NOT_RUN)


def other_owner(settings: Settings) -> str | None:
    """Whose the data folder is, if this is root and it is somebody else's."""
    if os.geteuid() != 0 or not settings.data.exists():
        return None
    owner = settings.data.stat().st_uid
    if owner == 0:
        return None
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return f"#{owner}"
