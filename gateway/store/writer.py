"""The one writer: a thread, a queue, and as few commits as the disk allows.

It takes whatever waits, writes it in one commit and takes again; there is no timer, so a lone unit is written at once
and a crowd shares its fsync. While the database is away it says so once, keeps what must not be lost, and gives up what
has a deadline.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from gateway.flows.ports import LedgerUnavailable, Result, Unit
from gateway.store.database import is_away
from gateway.store.ledger import Ledger

log = structlog.get_logger(__name__)

QUEUE_SIZE = 100_000
"""Units that may wait. Reached only if the database is away for long and everything that waits is an exit's record."""
STALL_S = 1.0
"""A commit that takes longer counts as away: entry must be answered within that time or not at all."""
RETRY_S = (0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(slots=True)
class _Job:
    unit: Unit
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Result]
    deadline: float


class Writer:
    """Gives async code its commits; every call is from the event loop, the writing is in a thread of its own."""

    def __init__(self, ledger: Ledger, on_away: Callable[[str | None], None] | None = None) -> None:
        self._ledger = ledger
        self._on_away = on_away
        self._queue: queue.Queue[_Job | None] = queue.Queue(QUEUE_SIZE)
        self._away: str | None = None
        self._busy_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self.commits = 0
        self.units = 0

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    @property
    def is_away(self) -> bool:
        """True while the database refuses, or has been silent for longer than a commit may take."""
        since = self._busy_since
        return self._away is not None or (since is not None and time.monotonic() - since > STALL_S)

    @property
    def waiting(self) -> int:
        """How many units wait."""
        return self._queue.qsize()

    async def commit(self, unit: Unit, within_s: float | None = None) -> Result:
        """Write `unit`; returns when it is on disk. Without `within_s` it waits for as long as it takes.

        Raises `LedgerUnavailable` if it was not written in time: it will not be written later, unless the commit was
        under way at that moment.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        deadline = time.monotonic() + within_s if within_s is not None else float("inf")
        try:
            self._queue.put_nowait(_Job(unit, loop, future, deadline))
        except queue.Full:
            raise LedgerUnavailable("too many records wait for the database") from None
        if within_s is None:
            return await future
        timer = loop.call_later(within_s, _give_up, future)
        try:
            return await future
        finally:
            timer.cancel()

    def stop(self) -> None:
        """Write what waits and end; what cannot be written within five seconds is given up."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(5)

    def _run(self) -> None:
        pending: list[_Job] = []
        tries = 0
        synced = time.monotonic()
        stopping = False
        while not (stopping and not pending):
            stopping = self._take(pending, wait=not pending and not stopping) or stopping
            now = time.monotonic()
            if now - synced >= 1:
                self._sync_head()
                synced = now
            pending = _drop_late(pending, now)
            if not pending:
                continue
            group, rest = pending[: self._ledger.max_group], pending[self._ledger.max_group :]
            try:
                self._busy_since = now
                self._write(group)
            except sa.exc.DBAPIError as error:
                if stopping:
                    _fail(pending, LedgerUnavailable("the gateway stops"))
                    break
                self._say_away(str(error.orig).splitlines()[0] if error.orig else str(error))
                time.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
                tries += 1
                continue
            finally:
                self._busy_since = None
            self._say_away(None)
            tries = 0
            pending = rest
        self._sync_head()
        self._ledger.close()

    def _take(self, pending: list[_Job], wait: bool) -> bool:
        """Move what waits into `pending`; True if the end was asked for."""
        try:
            job = self._queue.get(timeout=1.0) if wait else self._queue.get_nowait()
            while True:
                if job is None:
                    return True
                pending.append(job)
                if len(pending) >= 2 * self._ledger.max_group:
                    return False
                job = self._queue.get_nowait()
        except queue.Empty:
            return False

    def _write(self, group: list[_Job]) -> None:
        """One commit; if one unit is at fault (not the database), each alone, so that only that one fails."""
        try:
            results = self._ledger.write([job.unit for job in group])
        except Exception as error:
            if is_away(error):
                raise
            if len(group) == 1:
                log.error(
                    "unit_not_written", kinds=[entry.kind for entry in group[0].unit.entries], error=repr(error)[:300]
                )
                _fail(group, error)
                return
            for job in group:
                self._write([job])
            return
        self.commits += 1
        self.units += len(group)
        _deliver(group, results)

    def _sync_head(self) -> None:
        try:
            self._ledger.sync_head()
        except OSError as error:
            log.error("head_file_not_synced", error=str(error))

    def _say_away(self, why: str | None) -> None:
        """Once when it goes, once when it is back."""
        if (why is None) == (self._away is None):
            return
        self._away = why
        if why is None:
            log.warning("database_back")
        else:
            log.error("database_away", error=why[:300], waiting=self._queue.qsize())
        if self._on_away is not None:
            self._on_away(why)


def _drop_late(pending: list[_Job], now: float) -> list[_Job]:
    if all(job.deadline > now for job in pending):
        return pending
    _fail([job for job in pending if job.deadline <= now], LedgerUnavailable("the record was not written in time"))
    return [job for job in pending if job.deadline > now]


def _give_up(future: "asyncio.Future[Result]") -> None:
    if not future.done():
        future.set_exception(LedgerUnavailable("the record was not written in time"))


def _deliver(group: Sequence[_Job], results: Sequence[Result]) -> None:
    def settle() -> None:
        for job, result in zip(group, results, strict=True):
            if not job.future.done():
                job.future.set_result(result)

    _call(group, settle)


def _fail(group: Sequence[_Job], error: BaseException) -> None:
    def settle() -> None:
        for job in group:
            if not job.future.done():
                job.future.set_exception(error)

    _call(group, settle)


def _call(group: Sequence[_Job], settle: Callable[[], None]) -> None:
    """One wake-up of the loop for the whole group."""
    if group and not group[0].loop.is_closed():
        group[0].loop.call_soon_threadsafe(settle)
