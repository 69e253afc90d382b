"""What a link is made with, what it carries, and how it says that it failed. Values only; `link.py` does the work."""

import asyncio
from collections.abc import Generator
from typing import Any, Literal, NamedTuple


class Will(NamedTuple):
    """What the broker says for us when we are gone."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True


class Options(NamedTuple):
    """What a connection is made with."""

    host: str
    port: int
    client_id: str
    username: str | None
    password: str | None
    will: Will | None
    keepalive_s: int
    clean_session: bool
    protocol: Literal[4, 5]
    max_inflight: int
    max_queued: int


class ConnectionLost(ConnectionError):
    """The link died before the broker answered."""


class SubscriptionRefused(Exception):
    """The broker does not let this user hear these filters."""

    def __init__(self, filters: list[str]) -> None:
        self.filters = tuple(filters)
        super().__init__(f"the broker refused {', '.join(filters)}")


class Publication:
    """A message on its way. Awaiting it waits for the broker's PUBACK, or raises ConnectionLost."""

    __slots__ = ("_future", "acked", "lost")

    def __init__(self) -> None:
        self.acked = False
        self.lost = False
        self._future: asyncio.Future[None] | None = None  # made only when somebody waits: mostly nobody does

    def settle(self, acked: bool) -> None:
        """Says how it ended."""
        self.acked, self.lost = acked, not acked
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    def __await__(self) -> Generator[Any, None, None]:
        if not self.acked and not self.lost:
            if self._future is None:
                self._future = asyncio.get_running_loop().create_future()
            yield from asyncio.shield(self._future)  # one who gives up does not take it from the others
        if self.lost:
            raise ConnectionLost("the connection was lost before the broker acknowledged")


class Outgoing(NamedTuple):
    """A message to send with QoS 1."""

    topic: str
    payload: bytes
    retain: bool
    expiry_s: int | None
    publication: Publication
