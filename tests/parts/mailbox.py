"""Where notices arrive in tests: a mail server and an HTTP listener on real sockets, as small as the sender needs them.

Promises: both listen on a free port of this machine, keep what they were given, and can be told to fail or to hang.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Mail:
    """One mail as it came."""

    sender: str
    to: list[str]
    subject: str
    text: str


@dataclass
class MailServer:
    """SMTP, as much as one mail needs. `refuse`: 450 to every recipient; `hang`: connections are taken, not served."""

    refuse: bool = False
    hang: bool = False
    mails: list[Mail] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> MailServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.hang:
            await reader.read()
            return
        sender, to = "", []
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode().strip():
            verb = line.upper()
            if verb.startswith(("EHLO", "HELO")):
                writer.write(b"250 test\r\n")
            elif verb.startswith("MAIL FROM:"):
                sender, to = line[10:].split()[0].strip("<>"), []
                writer.write(b"250 ok\r\n")
            elif verb.startswith("RCPT TO:"):
                to.append(line[8:].split()[0].strip("<>"))
                writer.write(b"450 not now\r\n" if self.refuse else b"250 ok\r\n")
            elif verb == "DATA":
                writer.write(b"354 go on\r\n")
                raw = await reader.readuntil(b"\r\n.\r\n")
                found: Any = email.message_from_bytes(raw[:-5], policy=email.policy.default)
                text = found.get_body(("plain",)).get_content().replace("\r\n", "\n")
                self.mails.append(Mail(sender, to, str(found["Subject"]), text))
                writer.write(b"250 ok\r\n")
            elif verb == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"250 ok\r\n")


@dataclass
class Relay:
    """The school's own service: takes JSON by POST. `status`: what it answers."""

    status: int = 200
    taken: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Relay:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/notices"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split()[0])
        body = await reader.readexactly(length)
        if self.status == 200:
            self.taken.append(json.loads(body))
        writer.write(f"HTTP/1.1 {self.status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@contextmanager
def served(server: MailServer) -> Iterator[MailServer]:
    """The mail server in a thread of its own, for tests that do not wait in a loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end(server: MailServer) -> None:
    """It, and whoever still talks to it."""
    await server.__aexit__()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
