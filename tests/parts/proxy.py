"""A TCP proxy that misbehaves on demand: delays, swallows, cuts, or lets one side believe that all is well.

Promises: until a fault is set it passes bytes on as they come; `blackhole` keeps every connection open and carries
nothing, like a network that is gone without a word; what was swallowed is never delivered later. Runs in a thread of
its own, so that tests without a loop can use it too.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest


class ChaosProxy:
    """Between a client and 127.0.0.1:`target`. Start it, connect to `port`, set faults from any thread."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.connections = 0
        """Connections that were accepted so far."""
        self._blackhole = False
        self._delay_s = 0.0
        self._refuse = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._ready = threading.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> ChaosProxy:
        self._thread.start()
        assert self._ready.wait(5), "the proxy does not listen"
        return self

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def blackhole(self, on: bool = True) -> None:
        """Carry nothing more, and close nothing."""
        self._blackhole = on

    def delay(self, seconds: float) -> None:
        """Hold every piece back for so long, in order."""
        self._delay_s = seconds

    def refuse(self, on: bool = True) -> None:
        """Accept no new connection."""
        self._refuse = on

    def cut(self) -> None:
        """Reset every connection, now."""
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            self._cut()
            for task in self._tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._refuse:
            writer.transport.abort()
            return
        try:
            there_reader, there = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, there}
        self._spawn(self._carry(reader, there))
        self._spawn(self._carry(there_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                if self._delay_s:
                    await asyncio.sleep(self._delay_s)
                if not self._blackhole:
                    writer.write(data)
                    await writer.drain()
        except OSError:
            pass
        # The end of one side is a word too: a network that is gone does not pass it on.
        while self._blackhole:  # noqa: ASYNC110  # set from another thread
            await asyncio.sleep(0.05)
        self._writers.discard(writer)
        with contextlib.suppress(OSError):
            writer.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@pytest.fixture
def make_proxy() -> Iterator[Callable[[int], ChaosProxy]]:
    """Makes running proxies that end with the test."""
    made: list[ChaosProxy] = []

    def make(target: int) -> ChaosProxy:
        proxy = ChaosProxy(target).start()
        made.append(proxy)
        return proxy

    yield make
    for proxy in made:
        proxy.stop()
