"""A hundred open pages of the control room, as cheap as can be: a process of its own for `bench control`.

    python -m tests.benchmarks.control_pages PORT PAGES < tokens

Takes one bearer token a line for every ten pages, opens the pages, prints "ready", and reads whatever comes. After the
word "measure S" on its input it prints one JSON object: for S seconds, how long after each decision each page had it.
Between measurements bytes are read and thrown away, so that this process takes as little as it can from the gateway.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import time
from datetime import datetime
from typing import Any

PAGES_PER_USER = 10
PONG_EVERY_S = 5.0
PONG = b"\x8a\x80" + os.urandom(4)
"""A masked frame without a body; the gateway's own pings are then never overdue."""
PATH = "/api/v1/stream?of=control"


class Page(asyncio.Protocol):
    """One connection; frames are only looked at while it measures."""

    def __init__(self, board: Board, token: str, port: int) -> None:
        self._board = board
        self._hello = (
            f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n"
        ).encode()
        self._buffer = bytearray()
        self._to_skip = 0
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._hello)

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost = True

    def data_received(self, data: bytes) -> None:
        if not self.greeted.done():
            self._buffer += data
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.greeted.set_exception(ConnectionError(head.decode(errors="replace")[:300]))
                return
            self.greeted.set_result(None)
            self._buffer.clear()
            data = rest
        self._read(data)

    def _read(self, data: bytes) -> None:
        """Frames without copying what nobody looks at: a server's frames are not masked."""
        if self._to_skip >= len(data):
            self._to_skip -= len(data)
            return
        buffer = self._buffer
        buffer += data[self._to_skip :]
        self._to_skip, at = 0, 0
        while len(buffer) - at >= 2:
            size, begin = buffer[at + 1], at + 2
            if size >= 126:
                more = 2 if size == 126 else 8
                if len(buffer) - begin < more:
                    break
                size = int.from_bytes(buffer[begin : begin + more], "big")
                begin += more
            if len(buffer) - begin < size:
                if not self._board.measuring:
                    self._to_skip = size - (len(buffer) - begin)
                    at = len(buffer)
                break
            if self._board.measuring:
                self._board.hear(bytes(buffer[begin : begin + size]))
            at = begin + size
        del buffer[:at]


class Board:
    """What all pages have heard. A message is the same bytes for all of them and is read once."""

    def __init__(self) -> None:
        self.measuring = False
        self.took_ms: list[float] = []
        self._read: dict[bytes, list[float]] = {}

    def hear(self, message: bytes) -> None:
        now = time.time()
        decided = self._read.get(message)
        if decided is None:
            told = json.loads(message)
            events = told if isinstance(told, list) else [told]
            decided = [datetime.fromisoformat(one["at"]).timestamp() for one in events if one["type"] == "decision"]
            self._read[message] = decided
        self.took_ms += [(now - at) * 1000 for at in decided]

    def begin(self) -> None:
        self.took_ms, self._read, self.measuring = [], {}, True


async def main() -> None:
    port, count = int(sys.argv[1]), int(sys.argv[2])
    tokens = [sys.stdin.readline().strip() for _ in range(-(-count // PAGES_PER_USER))]
    loop, board, pages = asyncio.get_running_loop(), Board(), []
    for number in range(count):
        _, page = await loop.create_connection(
            lambda token=tokens[number // PAGES_PER_USER]: Page(board, token, port), "127.0.0.1", port
        )
        await asyncio.wait_for(page.greeted, 30)
        pages.append(page)
    words = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(words), sys.stdin)
    print("ready", flush=True)

    async def stay() -> None:
        while True:
            await asyncio.sleep(PONG_EVERY_S)
            for page in pages:
                page.transport.write(PONG)

    staying = asyncio.create_task(stay())
    while line := await words.readline():
        seconds = float(line.split()[1])
        board.begin()
        await asyncio.sleep(seconds)
        board.measuring = False
        took = sorted(board.took_ms)
        at = {f"p{share}": took[int((len(took) - 1) * share / 100)] if took else None for share in (50, 99, 100)}
        open_now = sum(not page.lost for page in pages)
        print(json.dumps({"heard": len(took), "open": open_now, "messages": len(board._read), **at}), flush=True)
    staying.cancel()


if __name__ == "__main__":
    asyncio.run(main())
