"""One hub for all screens of the control room: each event is made ready once, however many pages are open.

Promises: a page is told everything after its snapshot or after the last event it had, in order, nothing twice; an event
is encoded, and a message framed, once for each class of rights that looks, never once for each page; what comes within
50 ms of what went before goes out together, a lone event at once; in a flood decisions wait for each other up to a
quarter of a second, and nothing else does; no page is waited for: each has a bounded place of its own for what it has
not taken yet, and whoever lets that fill up is cut off and counted, as all are if the telling itself fails, so that no
page takes the past for now; an event that cannot be encoded is left out and counted; between a few pages the gateway's
taps get their turn. Leaves to others: who may connect (`live`), what the snapshot holds and what each class may hear
(`control_stream`), how bytes go (`live_wire`).

Theory. The pump reads the feed's row of events in batches. A page that has begun stands at an event (`after`), and only
what comes after that is handed to it: it does not matter whether the pump is ahead of the snapshot or behind it.
A page that is still making its snapshot has not begun: it takes part from the number that its snapshot names. What a
page is told goes straight into its connection's buffer: no task wakes for it, and the bytes are the same for all pages.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from gateway.core.rights import Right
from gateway.flows.feed import Feed, Lagging, Subscription, Told
from gateway.web.live_wire import Message, Wire

log = structlog.get_logger(__name__)

Rights = frozenset[Right]

GATHER_S = 0.05
"""What follows so soon upon what went before is gathered."""
FLOOD_S = 0.25
"""So long decisions are gathered while there are more of them than anybody can read: 200 events a second are 4 messages
a second to a page."""
CALM_PER_S = 100
"""Up to so many events a second it is calm: a batch of 5 is followed by a rest of 50 ms, one of 25 by 250 ms. A rush of
500 taps a minute is calm; above, what costs whoever taps is not the events but a write for each page and message."""
CAN_WAIT = frozenset({"decision"})
"""What may wait in a flood; alarms, people who wait, orders and devices go out within 50 ms at any time."""
LOAD = 1_024
"""With so many on their way it does not rest at all: the row must not run out."""
TICK_S = 2.0
BATCH = 256
"""Events in one message, at most: a browser paints between two messages, and a flood that is handed out in fewer pieces
leaves more time for taps."""
ENCODED_IN_ONE_GO = 8
PAGES_IN_ONE_GO = 8
"""After so many the loop turns once: a tap waits for a tenth of a millisecond, not for a hundred pages."""
MANY = 4
"""Pages with the same rights: for so many a message is packed, which takes as long as writing it to some of them."""
MOST_UNSENT_BYTES = 2 * 1024 * 1024
"""What a page may leave untaken: some seconds of the busiest moment, and a hundred such pages share most of it."""
MOST_MISSED_BYTES = MOST_UNSENT_BYTES // 2
"""Who missed more begins with a snapshot: all of it is on its way at once, and what comes meanwhile needs its place."""
SEND_WITHIN_S = 10.0
"""A browser that has taken nothing for that long has gone to sleep, or means harm."""


class View(Protocol):
    """What the pages of this hub are told."""

    def encode(self, told: Told, rights: Rights) -> bytes | None:
        """One event for those with these rights, with its id; None if it is not for them."""
        ...

    def resume(self, after: str, rights: Rights) -> Subscription | None:
        """Listen from the event of that id on; None if that cannot be done without a gap."""
        ...

    def look(self) -> None:
        """Called before each tick: tell what nobody publishes by itself."""
        ...

    def tick(self, rights: Rights) -> bytes:
        """Proof that the stream lives, with what changes by itself."""
        ...


class Page:
    """One open page: where it stands, and its way."""

    def __init__(self, rights: Rights, wire: Wire) -> None:
        self.rights = rights
        self.after: int | None = None
        """The number of the newest event it has; None until its first message is made."""
        self.skip: set[str] = set()
        """Decisions that its snapshot has already, although they are told only now."""
        self.ticks = 0
        self._wire = wire
        self._cut = asyncio.Event()

    def begin_with(self, first: bytes) -> None:
        """Its snapshot: whatever its size, it is before anything else."""
        self._wire.write(Message(first))

    def offer(self, message: Message) -> None:
        """Put one message on its way. A page that has left too much untaken gets nothing more."""
        if not self._cut.is_set() and not self._wire.write(message, MOST_UNSENT_BYTES):
            self.cut()

    def cut(self) -> None:
        """It has lost something: it has to begin anew."""
        self._cut.set()

    def look(self, now: float) -> None:
        """Called with each tick, which is cheaper than a timer for each message: a browser that sleeps is cut off."""
        if self._wire.stopped_for(now) > SEND_WITHIN_S:
            self.cut()

    async def keep_up(self) -> None:
        """Raises `Lagging` as soon as it is cut, though something may be on its way to a sleeping browser."""
        await self._cut.wait()
        raise Lagging("this page has not kept up")


class Hub:
    """All pages of one view. Runs while there is a page."""

    def __init__(self, feed: Feed, view: View) -> None:
        self._feed = feed
        self._view = view
        self._pages: set[Page] = set()
        self._work: list[asyncio.Task[None]] = []

    @property
    def pages(self) -> Sequence[Page]:
        return tuple(self._pages)

    def join(self, page: Page) -> None:
        """From now on its events are kept for it; it hears them once it has begun."""
        if not self._pages:
            row = self._feed.subscribe()
            jobs: tuple[Callable[[], Awaitable[None]], ...] = (lambda: self._pump(row), self._tick)
            self._work = [asyncio.create_task(self._stay_alive(job)) for job in jobs]
        # Equal rights are one object: a batch looks them up for each page.
        page.rights = next((other.rights for other in self._pages if other.rights == page.rights), page.rights)
        self._pages.add(page)

    async def leave(self, page: Page) -> None:
        """The page is gone; with the last one the work ends."""
        self._pages.discard(page)
        if not self._pages:
            work, self._work = self._work, []
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    def go_on(self, page: Page, after: str) -> bool:
        """Begin after that event, if nothing after it is lost and it is not too much: everything since is on its way to
        the page then."""
        resumed = self._view.resume(after, page.rights)
        if resumed is None:
            return False
        try:
            missed = resumed.take()
        finally:
            resumed.close()
        messages = [Message(_resumed(after))]
        room = MOST_MISSED_BYTES
        for begin in range(0, len(missed), BATCH):
            text = self._text(missed[begin : begin + BATCH], page)
            if text is not None:
                messages.append(Message(text))
                room -= len(text)
            if room < 0:
                return False
        page.after = self._feed.seq
        for message in messages:
            page.offer(message)
        return True

    async def _stay_alive(self, job: Callable[[], Awaitable[None]]) -> None:
        """Work without which the pages would be told half of it: if it fails all begin anew, and the work with them."""
        try:
            await job()
        except Exception as error:
            log.error("control_hub_failed", error=repr(error)[:300], pages=len(self._pages))
            for page in self.pages:
                page.cut()
            self._pages.clear()
            work, self._work = self._work, []
            for task in work:
                if task is not asyncio.current_task():
                    task.cancel()

    async def _pump(self, row: Subscription) -> None:
        loop = asyncio.get_running_loop()
        last, told = -1e9, 0
        try:
            while True:
                await row.wait()
                await self._gather(row, last, told)
                last, told = loop.time(), row.behind
                try:
                    # What comes while this is told is gathered for the next time.
                    for begin in range(0, told, BATCH):
                        await self._hand_out(row.take(min(BATCH, told - begin)))
                except Lagging:
                    # More at once than is kept at all: nobody has everything.
                    for page in self.pages:
                        page.cut()
                    row.close()
                    row = self._feed.subscribe()
        finally:
            row.close()

    async def _gather(self, row: Subscription, last: float, told: int) -> None:
        """Let more come together: longer after a large batch, as long as nothing is there that cannot wait."""
        loop, looked = asyncio.get_running_loop(), row.seq
        rest = min(FLOOD_S, max(GATHER_S, told / CALM_PER_S))
        while row.behind < LOAD and (left := last + rest - loop.time()) > 0:
            await asyncio.sleep(min(left, GATHER_S))
            new, looked = self._feed.since(looked) or (), self._feed.seq
            if any(one.event.get("type") not in CAN_WAIT for one in new):
                rest = GATHER_S

    async def _hand_out(self, batch: Sequence[Told]) -> None:
        pages = Counter(page.rights for page in self._pages)
        texts: dict[Rights, list[bytes]] = {rights: [] for rights in pages}
        for number, told in enumerate(batch, 1):
            for rights, found in texts.items():
                if (encoded := self._encoded(told, rights)) is not None:
                    found.append(encoded)
            if number % ENCODED_IN_ONE_GO == 0:
                await asyncio.sleep(0)
        shared = {rights: _message(_joined(found), pages[rights]) for rights, found in texts.items()}
        first, newest = batch[0].seq, batch[-1].seq
        for number, page in enumerate(self.pages, 1):
            if page.after is not None and page.after < newest:
                if page.skip or page.after >= first:
                    message = _message(self._text([told for told in batch if told.seq > page.after], page))
                elif page.rights in shared:
                    message = shared[page.rights]
                else:  # the first one of these rights, and it has begun just now
                    message = _message(self._text(batch, page))
                page.after = newest
                if message is not None:
                    page.offer(message)
            if number % PAGES_IN_ONE_GO == 0:
                await asyncio.sleep(0)

    def _text(self, batch: Sequence[Told], page: Page) -> bytes | None:
        """These events as one message to this page; None if none is for it."""
        return _joined(
            [
                encoded
                for told in batch
                if not (page.skip and _is_known(told, page.skip))
                and (encoded := self._encoded(told, page.rights)) is not None
            ]
        )

    def _encoded(self, told: Told, rights: Rights) -> bytes | None:
        if _UNFIT in told.made:
            return None
        try:
            return self._view.encode(told, rights)
        except Exception as error:
            # One bad event is a fault of whoever published it; all others are still wanted.
            told.made[_UNFIT] = True
            self._feed.unfit += 1
            log.error("event_unfit", type=str(told.event.get("type"))[:50], error=repr(error)[:300])
            return None

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._view.look()
            shared: dict[Rights, Message] = {}
            classes = Counter(page.rights for page in self._pages)
            for number, page in enumerate(self.pages, 1):
                page.look(time.monotonic())
                if page.after is not None:
                    if page.rights not in shared:
                        shared[page.rights] = Message(self._view.tick(page.rights), classes[page.rights] >= MANY)
                    page.offer(shared[page.rights])
                    page.ticks += 1
                    if page.ticks > 1:
                        page.skip.clear()
                if number % PAGES_IN_ONE_GO == 0:
                    await asyncio.sleep(0)


_UNFIT = "unfit"
"""In what was made of an event: nothing can be."""


def cached(told: Told, key: object, make: Callable[[], bytes | None]) -> bytes | None:
    """What was made of an event for this class, made now if it is the first time."""
    if key not in told.made:
        told.made[key] = make()
    found: bytes | None = told.made[key]
    return found


def _is_known(told: Told, skip: set[str]) -> bool:
    if told.event["type"] != "decision" or told.event["id"] not in skip:
        return False
    skip.discard(told.event["id"])
    return True


def _joined(found: list[bytes]) -> bytes | None:
    """Events as one message: one is itself, several are a list."""
    if len(found) > 1:
        return b"[" + b",".join(found) + b"]"
    return found[0] if found else None


def _message(text: bytes | None, pages: int = 1) -> Message | None:
    """For so many pages."""
    return None if text is None else Message(text, pages >= MANY)


def _resumed(after: str) -> bytes:
    return b'{"type":"resumed","after":"' + after.encode() + b'"}'
