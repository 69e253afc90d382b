"""What happens, told live to whoever looks: every event numbered and kept for a while, so that a screen can go on.

Promises: each event has a number of its own, one after the other without a hole for as long as anybody listens;
whoever was cut off and knows the number of the last event it has gets exactly those after it, or is told that this is
not possible any more; publishing waits for nobody, however many listen. Leaves to others: what
the events are (the flows), who may hear which, and how they travel (the web).

Theory. There is one row of events, the newest at its end, and everybody who listens is a place in that row: nothing is
copied for a reader, so a slow one costs nothing but its own place. Whoever falls off the row's old end has lost events,
is told so (`Lagging`) and has to load everything anew. While nobody listens flows may skip the making of events
(`is_watched`), so the row would have holes: it is emptied then and a number left out, and nobody goes on over that.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from itertools import islice
from typing import Any

KEPT = 4_096
"""Events that are kept. A page notices a cut after seven seconds at most and comes back within two: at the 200 events a
second that the control room is built for these are twenty seconds; on a usual morning some minutes. About 2 kB each."""
WATCHED_ON_S = 60.0
"""So long after the last screen went events are still made and kept: a lone page that was cut off goes on, too."""


class Lagging(Exception):
    """This listener was too slow and has lost events: it has to load everything anew."""


class Told:
    """One event with its number. `made`: what edges have made of it, by whom it is for, so that it is made once."""

    __slots__ = ("event", "made", "seq")

    def __init__(self, seq: int, event: dict[str, Any]) -> None:
        self.seq = seq
        self.event = event
        self.made: dict[Hashable, Any] = {}


class Subscription:
    """One listener: a place in the row of events. An async iterator of events; `last` is the number of the newest one
    that it has handed out."""

    def __init__(self, feed: "Feed", seq: int) -> None:
        self._feed = feed
        self.seq = seq
        self._more = asyncio.Event()
        if feed.seq > seq:
            self._more.set()

    @property
    def behind(self) -> int:
        """How many events are waiting for this listener."""
        return self._feed.seq - self.seq

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        return self

    async def __anext__(self) -> dict[str, Any]:
        """The next event. Raises `Lagging` once the oldest that this one has not had is gone."""
        await self.wait()
        return self.take(1)[0].event

    async def wait(self) -> None:
        """Until there is an event to take."""
        while not self.behind:
            self._more.clear()
            await self._more.wait()

    def take(self, most: int = KEPT) -> list[Told]:
        """The oldest events that this one has not had, at most so many; none if there are none. Raises `Lagging`."""
        found = self._feed.since(self.seq, most)
        if found is None:
            self._feed.lost += self.behind
            raise Lagging(f"{self.behind} events lost")
        self.seq += len(found)
        return found

    def wake(self) -> None:
        """There is more."""
        self._more.set()

    def close(self) -> None:
        """Stop listening."""
        self._feed.forget(self)


class Feed:
    """Publishes to everybody who listens. Everything in an event is what msgspec makes JSON of, and never changes
    again; times are aware datetimes."""

    def __init__(self, instance: str = "", now_s: Callable[[], float] = time.monotonic, kept: int = KEPT) -> None:
        """`instance`: the run of the gateway, whose numbers mean nothing to another. `now_s`: never goes back."""
        self.instance = instance
        self._now_s = now_s
        self._subscriptions: set[Subscription] = set()
        self._row: deque[Told] = deque()
        self._left_at: float | None = None
        """When the last listener went; None while there is one, or when that is long ago."""
        self.kept = kept
        self.seq = 0
        """The number of the newest event."""
        self.lost = 0
        self.unfit = 0
        """Events that the edge could not encode and left out."""

    @property
    def is_watched(self) -> bool:
        """True if anybody listens or may come back for what it missed, so that a flow may skip the making of an event
        that nobody will see."""
        if self._subscriptions:
            return True
        if self._left_at is not None:
            if self._now_s() - self._left_at < WATCHED_ON_S:
                return True
            self._let_go()
        return False

    @property
    def watchers(self) -> int:
        return len(self._subscriptions)

    def subscribe(self) -> Subscription:
        """Listen from now on; close it when done."""
        return self._listen(self.seq)

    def resume(self, after: str) -> Subscription | None:
        """Listen from the event after `after` on, which is "<instance>-<seq>"; None if that cannot be done without a
        gap."""
        seq = self._number_of(after)
        if seq is None or not self.is_watched or self.since(seq, 0) is None:
            return None
        return self._listen(seq)

    def since(self, seq: int, most: int = KEPT) -> list[Told] | None:
        """The events after that number, the oldest first, at most so many; None if some of them are gone, or the number
        is none that was given."""
        behind = self.seq - seq
        if behind < 0 or behind > len(self._row):
            return None
        if most >= behind:
            return list(islice(reversed(self._row), behind))[::-1]
        first = len(self._row) - behind
        return [self._row[first + place] for place in range(most)]

    def kept_events(self) -> Iterator[dict[str, Any]]:
        """The events that are kept, the newest first."""
        return (told.event for told in reversed(self._row))

    def forget(self, subscription: Subscription) -> None:
        """End a subscription."""
        self._subscriptions.discard(subscription)
        if not self._subscriptions:
            self._left_at = self._now_s()

    def publish(self, event: dict[str, Any]) -> None:
        """Tell everybody who listens."""
        if not self.is_watched:
            return
        self.seq += 1
        self._row.append(Told(self.seq, event))
        while len(self._row) > self.kept:
            self._row.popleft()
        for subscription in self._subscriptions:
            subscription.wake()

    def _listen(self, seq: int) -> Subscription:
        self._left_at = None
        subscription = Subscription(self, seq)
        self._subscriptions.add(subscription)
        return subscription

    def _let_go(self) -> None:
        """Nobody hears of what comes now: who asks for what is after the newest number must learn that."""
        self._left_at = None
        self._row.clear()
        self.seq += 1

    def _number_of(self, id: str) -> int | None:
        instance, dash, digits = id.rpartition("-")
        if not dash or instance != self.instance or not (digits.isascii() and digits.isdecimal()):
            return None
        return int(digits) if len(digits) <= 18 else None
