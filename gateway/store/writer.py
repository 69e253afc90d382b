"""The one writer: a thread, a queue, and as few commits as the disk allows.

It takes whatever waits, writes it in one commit and takes again; there is no timer, so a lone unit is written at once
and a crowd shares its fsync. While the database is away it says so once, keeps what must not be lost, and gives up what
has a deadline.
"""

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from gateway.flows.ports import LedgerUnavailable, Result, Unit
from gateway.store.database import in_short, is_away
from gateway.store.ledger import Ledger

log = structlog.get_logger(__name__)

QUEUE_SIZE = 100_000
"""Units that may wait. Reached only if the database is away for long and everything that waits is an exit's record."""
STALL_S = 1.0
"""A commit that takes longer counts as away: entry must be answered within that time or not at all."""
SWEEP_S = 0.05
"""How often those that wait are looked over for one that has waited too long."""
SWEEPS_FOR_NOBODY = 20
"""The timer goes on for so long after the last one, because the next one mostly comes: one timer less for each tap."""
HEAD_IDLE_S = 0.002
"""The head file gets its head when nobody has come for so long, else before the next commit: telling it at once would
hold the interpreter just when the event loop needs it for the answer."""
FOR_EVER = float("inf")
RETRY_S = (0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(slots=True)
class _Job:
    unit: Unit
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Result]
    deadline: float
    settled: bool = False


class Writer:
    """Gives async code its commits; every call is from the event loop, the writing is in a thread of its own."""

    def __init__(self, ledger: Ledger, on_away: Callable[[str | None], None] | None = None) -> None:
        self._ledger = ledger
        self._on_away = on_away
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._open: deque[_Job] = deque()
        self._sweep: asyncio.TimerHandle | None = None
        self._for_nobody = 0
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
        return await self.hand_over(unit, within_s)

    def hand_over(self, unit: Unit, within_s: float | None = None) -> asyncio.Future[Result]:
        """The same without waiting: what is given to the ledger afterwards is written after `unit`. Raises
        `LedgerUnavailable` if too many wait."""
        if self._queue.qsize() >= QUEUE_SIZE:
            raise LedgerUnavailable("too many records wait for the database")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        deadline = time.monotonic() + within_s if within_s is not None else FOR_EVER
        job = _Job(unit, loop, future, deadline)
        self._queue.put(job)
        if within_s is not None:
            self._open.append(job)
            if self._sweep is None:
                self._for_nobody = 0
                self._sweep = loop.call_later(SWEEP_S, self._give_up_the_late, loop)
        return future

    def _give_up_the_late(self, loop: asyncio.AbstractEventLoop) -> None:
        """One timer for all that wait, instead of one for each: most are done long before."""
        now = time.monotonic()
        still = deque(job for job in self._open if not job.future.done())
        self._open = still
        for job in still:
            if job.deadline <= now:
                job.future.set_exception(LedgerUnavailable("the record was not written in time"))
        self._for_nobody = 0 if still else self._for_nobody + 1
        goes_on = self._for_nobody < SWEEPS_FOR_NOBODY
        self._sweep = loop.call_later(SWEEP_S, self._give_up_the_late, loop) if goes_on else None

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
            self._ledger.tell_head()
            if now - synced >= 1:
                self._sync_head()
                synced = now
            pending = _drop_late(pending, now)
            if not pending:
                continue
            group, rest = pending, []
            if len(pending) > self._ledger.max_group:
                group, rest = pending[: self._ledger.max_group], pending[self._ledger.max_group :]
            try:
                self._busy_since = now
                self._write(group)
            except sa.exc.SQLAlchemyError as error:
                pending = [job for job in pending if not job.settled]
                if stopping:
                    _fail(pending, LedgerUnavailable("the gateway stops"))
                    break
                self._say_away(in_short(error))
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
        waiting = self._queue
        if wait:
            try:
                job = waiting.get(timeout=HEAD_IDLE_S if self._ledger.head_is_due else 1.0)
            except queue.Empty:
                return False
            if job is None:
                return True
            pending.append(job)
        while not waiting.empty() and len(pending) < 2 * self._ledger.max_group:  # nobody else takes out of it
            job = waiting.get_nowait()
            if job is None:
                return True
            pending.append(job)
        return False

    def _write(self, group: list[_Job]) -> None:
        """One commit; if one unit is at fault (not the database), each alone, so that only that one fails."""
        try:
            results = self._ledger.write([job.unit for job in group], head_later=True)
        except Exception as error:
            if is_away(error):
                raise
            if len(group) == 1:
                log.error(
                    "unit_not_written", kinds=[entry.kind for entry in group[0].unit.entries], error=repr(error)[:300]
                )
                # The database refused this one (a reference to what is gone): nothing that depends on it may happen.
                _fail(group, LedgerUnavailable(in_short(error)) if isinstance(error, sa.exc.DBAPIError) else error)
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
    if all([job.deadline > now for job in pending]):
        return pending
    _fail([job for job in pending if job.deadline <= now], LedgerUnavailable("the record was not written in time"))
    return [job for job in pending if job.deadline > now]


def _deliver(group: Sequence[_Job], results: Sequence[Result]) -> None:
    for job in group:
        job.settled = True

    def settle() -> None:
        for job, result in zip(group, results, strict=True):
            if not job.future.done():
                job.future.set_result(result)

    _call(group, settle)


def _fail(group: Sequence[_Job], error: BaseException) -> None:
    for job in group:
        job.settled = True

    def settle() -> None:
        for job in group:
            if not job.future.done():
                job.future.set_exception(error)

    _call(group, settle)


def _call(group: Sequence[_Job], settle: Callable[[], None]) -> None:
    """One wake-up of the loop for the whole group."""
    if group and not group[0].loop.is_closed():
        group[0].loop.call_soon_threadsafe(settle)
