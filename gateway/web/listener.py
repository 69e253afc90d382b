"""The listening socket, and what keeps one caller from taking it from the others.

Promises: at most so many connections, and so many from one address; a connection that has not sent a whole request head
within 15 s is closed, and so is one that idles; request heads and bodies are bounded. Leaves to others: everything
about requests.
"""

import asyncio
import ssl
from collections import Counter
from typing import Any

import structlog
from aiohttp import web

from gateway.web.context import PARTS

log = structlog.get_logger(__name__)

MOST_CONNECTIONS = 2_000
MOST_FROM_ONE_ADDRESS = 600
"""Above the 500 of a slowloris that the tests bring, so that honest callers behind the same address still get in."""
HEAD_WITHIN_S = 15.0
LONGEST_LINE = 8_190
BACKLOG = 1_024
STOP_WITHIN_S = 3.0


class Listener:
    """An app that listens. `port` is the real one, also if 0 was asked for."""

    def __init__(self, app: web.Application, host: str, port: int) -> None:
        self.app, self.host, self.port = app, host, port
        self._tls: ssl.SSLContext | None = app[PARTS].tls
        self._connections = _Connections(app)
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Open the socket; raises `OSError` if the address cannot be had."""
        runner = web.AppRunner(
            self.app,
            access_log=None,
            keepalive_timeout=HEAD_WITHIN_S,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
            auto_decompress=False,
            lingering_time=2.0,
            shutdown_timeout=STOP_WITHIN_S,
        )
        await runner.setup()
        self._runner = runner
        try:
            self._server = await asyncio.get_running_loop().create_server(
                self._connection, self.host, self.port, ssl=self._tls, backlog=BACKLOG
            )
        except BaseException:
            await runner.cleanup()
            raise
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """No new connections; those that are open get a moment to end."""
        if self._server is not None:
            self._server.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._server is not None:
            await self._server.wait_closed()

    def _connection(self) -> asyncio.Protocol:
        assert self._runner is not None and self._runner.server is not None
        return _Guarded(self._runner.server(), self._connections)


class _Connections:
    """How many there are, all told and by address."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._by_address: Counter[str] = Counter()
        self._said = False

    def open(self, address: str) -> bool:
        """Count one in, if there is room."""
        cause = None
        if self._by_address.total() >= MOST_CONNECTIONS:
            cause = "all"
        elif self._by_address[address] >= MOST_FROM_ONE_ADDRESS:
            cause = "address"
        if cause is not None:
            self._app[PARTS].metrics.connection_refused(cause)
            if not self._said:
                log.warning("connections_refused", cause=cause)
            self._said = True
            return False
        self._said = False
        self._by_address[address] += 1
        return True

    def close(self, address: str) -> None:
        self._by_address[address] -= 1
        if self._by_address[address] <= 0:
            del self._by_address[address]


class _Guarded(asyncio.Protocol):
    """Lets a connection through to aiohttp's protocol, or drops it at the door."""

    def __init__(self, inner: Any, connections: _Connections) -> None:
        self._inner = inner
        self._connections = connections
        self._address: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) else "?"
        if not self._connections.open(address):
            assert isinstance(transport, asyncio.Transport)
            transport.abort()
            return
        self._address = address
        self._inner.connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._address is not None:
            self._connections.close(self._address)
            self._inner.connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if self._address is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._address is not None else None

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
