"""Is the ledger what it was? Verified each night by itself, and whenever somebody who reads it wants to know.

Promises: one verification at a time, beside the taps; every end of one is a row of the ledger itself, so that how long
it held is known after a restart; what does not hold is an alarm at once, until one holds. A night whose walk could not
be read to its end is tried again after `AGAIN_S`. Leaves to others: the walk (the store's `verification`), who may
start one (`web`).
"""

import asyncio
from typing import Any

from gateway.core.rights import Right
from gateway.flows import alarms, rounds
from gateway.flows.ledger_book import LedgerBook, Running, Verified, Walked, WalkEnded
from gateway.flows.ports import Entry, LedgerUnavailable, Unit, timed_key
from gateway.flows.site import Site
from gateway.flows.told import as_time

ROUND = "ledger-verification"
AT_MIN = 4 * 60 + 10
"""After the night's erasing and the papers of the day, before anybody comes."""
AGAIN_S = 600.0
KEY = "lv:"
PLACE = "ledger"
GATEWAY = "gateway"
READERS = frozenset({Right.READ_LEDGER})


class NotHere(Exception):
    """There is nothing that could walk the ledger."""


class LedgerWatch:
    """Looks each second whether the night's verification is due; one for a gateway."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._not_before = -1e9

    async def look(self) -> None:
        """Begin the night's one if it is due: whatever was verified since its minute counts."""
        site, book = self._site, self._site.ledger_book
        await load(site)
        moment = rounds.moment_due(site, ROUND, AT_MIN)
        if moment is None or book.walk is None or book.running is not None:
            return
        if book.last is not None and book.last.started_at >= moment and book.last.state != "unread":
            rounds.made(site, ROUND, moment)
            return
        if site.clock.monotonic() < self._not_before:
            return
        self._not_before = site.clock.monotonic() + AGAIN_S
        begin(site, GATEWAY)


async def load(site: Site) -> LedgerBook:
    """What the last verification found, from before a restart too."""
    book = site.ledger_book
    if not book.is_loaded:
        try:
            told = await site.archive.newest_told(KEY)
        except LedgerUnavailable:
            return book
        book.is_loaded = True
        if told is not None and book.last is None:
            book.last = _read_back(told[1])
    return book


def begin(site: Site, by: str) -> Running:
    """Start one, or say which one runs already. Raises `NotHere`."""
    book = site.ledger_book
    if book.walk is None:
        raise NotHere
    if book.running is None:
        book.running = Running(by, site.clock.now())
        site.spawn(_run(site, book.running))
        _tell(site)
    return book.running


async def _run(site: Site, running: Running) -> None:
    book = site.ledger_book
    assert book.walk is not None
    walked: Walked | None = None
    what: str | None = None
    try:
        walked = await asyncio.to_thread(book.walk, running.moved)
        what = walked.what
    except LedgerUnavailable as error:
        what = str(error)[:300]
    except WalkEnded:
        return
    except asyncio.CancelledError:
        running.is_over = True
        raise
    finally:
        book.running = None
    book.last = Verified(running.by, running.started_at, site.clock.now(), walked, what)
    await _say(site, book.last)
    _tell(site)
    try:
        await site.ledger.commit(Unit((_row(book.last),)))
    except LedgerUnavailable:
        return  # what was found stands in memory, and the next one is put on record


async def _say(site: Site, last: Verified) -> None:
    """What does not hold is urgent until a walk holds; one that could not read to the end proves neither."""
    match last.state:
        case "holds":
            await alarms.clear_alarm(site, alarms.LEDGER_TROUBLE, PLACE)
            await alarms.clear_alarm(site, alarms.LEDGER_UNREAD, PLACE)
        case "bent":
            await alarms.clear_alarm(site, alarms.LEDGER_UNREAD, PLACE)
            await alarms.raise_alarm(site, alarms.LEDGER_TROUBLE, PLACE, last.what or "")
        case _:
            await alarms.raise_alarm(site, alarms.LEDGER_UNREAD, PLACE, last.what or "")


def _tell(site: Site) -> None:
    book = site.ledger_book
    state = "running" if book.running is not None else "never" if book.last is None else book.last.state
    site.feed.publish({"type": "ledger_verification", "at": site.clock.now(), "state": state, "only": READERS})


def _row(last: Verified) -> Entry:
    walked = last.walked
    body: dict[str, Any] = {
        "by": last.by,
        "started_at": last.started_at,
        "ended_at": last.ended_at,
        "state": last.state,
        "count": None if walked is None else walked.count,
        "head": None if walked is None else walked.hash,
        "bad_seq": None if walked is None else walked.bad_seq,
        "what": last.what,
    }
    return Entry("ledger_verified", last.ended_at, body, timed_key(KEY, last.ended_at, ""))


def _read_back(body: dict[str, Any]) -> Verified:
    walked = None if body["count"] is None else Walked(body["count"], body["head"], body["bad_seq"], body["what"])
    return Verified(body["by"], as_time(body["started_at"]), as_time(body["ended_at"]), walked, body["what"])
