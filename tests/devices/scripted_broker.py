"""A broker that misbehaves as told, for what no real one does on request. It speaks just enough MQTT to be believed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

CONNACK = b"\x20\x02\x00\x00"


class ScriptedBroker:
    """Answers CONNECT and SUBSCRIBE with the bytes it was given, and sends `then` after the CONNACK."""

    def __init__(self, connack: bytes = CONNACK, suback: int = 1, then: bytes = b"") -> None:
        self.connack, self.suback, self.then = connack, suback, then
        self.heard: list[int] = []  # first bytes of the packets that came
        self.connections = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                first, body = await self._packet(reader)
                self.heard.append(first)
                if first == 0x10:
                    writer.write(self.connack + self.then)
                elif first == 0x82:
                    writer.write(b"\x90\x03" + body[:2] + bytes([self.suback]))
                await writer.drain()
        writer.close()

    async def _packet(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        first = (await reader.readexactly(1))[0]
        length, shift = 0, 0
        while True:
            byte = (await reader.readexactly(1))[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return first, await reader.readexactly(length)


@contextlib.asynccontextmanager
async def scripted(broker: ScriptedBroker) -> AsyncIterator[ScriptedBroker]:
    """The broker on a free port, gone afterwards."""
    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        try:
            await broker.serve(reader, writer)
        finally:
            handlers.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    broker.port = server.sockets[0].getsockname()[1]
    try:
        yield broker
    finally:
        server.close()
        for task in list(handlers):
            task.cancel()
        await asyncio.sleep(0)
