"""What happens, told live to whoever looks. Screens subscribe, flows publish; what a slow screen loses is counted."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

QUEUE_SIZE = 1_000
"""Events that a screen may lag behind before it is cut off; at the busiest gates about a minute."""


class Lagging(Exception):
    """This subscriber was too slow and has lost events: it has to load everything anew."""


class Subscription:
    """One screen's view of the feed: an async iterator of events."""

    def __init__(self, feed: "Feed") -> None:
        self._feed = feed
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(QUEUE_SIZE)
        self.lost = 0

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        return self

    async def __anext__(self) -> dict[str, Any]:
        """The next event. Raises `Lagging` once the queue has overflowed and what was in it is read."""
        if self.lost and self._queue.empty():
            raise Lagging(f"{self.lost} events lost")
        return await self._queue.get()

    def offer(self, event: dict[str, Any]) -> None:
        """Hand over one event, or count it as lost."""
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self.lost += 1
            self._feed.lost += 1

    def close(self) -> None:
        """Stop listening."""
        self._feed.forget(self)


class Feed:
    """Publishes to all subscriptions. Everything in an event is JSON-able; times are aware datetimes."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self.lost = 0

    @property
    def is_watched(self) -> bool:
        """True if anybody listens, so that a flow may skip the making of an event that nobody will see."""
        return bool(self._subscriptions)

    @property
    def watchers(self) -> int:
        return len(self._subscriptions)

    def subscribe(self) -> Subscription:
        """Listen from now on; close it when done."""
        subscription = Subscription(self)
        self._subscriptions.add(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """End a subscription."""
        self._subscriptions.discard(subscription)

    def publish(self, event: dict[str, Any]) -> None:
        """Tell everybody who listens."""
        for subscription in self._subscriptions:
            subscription.offer(event)
