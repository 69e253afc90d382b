"""A hundred open pages of the control room, as cheap as can be: a process of its own for `bench control`.

    python -m tests.benchmarks.control_pages PORT PAGES < tokens

Takes one bearer token a line for every ten pages, opens the pages as browsers do (they take packed messages), prints
"ready", and obeys one word a line on its input:

- "measure S": for S seconds it reads everything as it comes, then prints one JSON object: how long after each decision
  each page had it. A message is the same bytes for all pages and is looked into once;
- "look away": from now on what comes is thrown away in the kernel, every 20 ms, so that this process takes next to
  nothing from the gateway on the same processors; the first page alone is still read, and its decisions counted;
- "count": prints how many decisions the first page has heard since "look away", and how many pages are still open.
"""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import sys
import time
import zlib
from datetime import datetime

PAGES_PER_USER = 10
PONG_EVERY_S = 5.0
PONG = b"\x8a\x80" + os.urandom(4)
"""A masked frame without a body; the gateway's own pings are then never overdue."""
PATH = "/api/v1/stream?of=control"
AWAY_S = 0.02
CHUNK = 1 << 20
IS_DECISION = b'"type":"decision"'


class Page:
    """One connection."""

    def __init__(self, port: int, token: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.is_open = True
        self._buffer = bytearray()
        self.socket.sendall(
            f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            if not (data := self.socket.recv(65536)):
                break
            self._buffer += data
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.decode(errors="replace")[:300])
        self._buffer = bytearray(rest)
        self.socket.setblocking(False)

    def read(self) -> list[tuple[bool, bytes]]:
        """The messages that have come whole: whether each is packed, and its body. A server's frames bear no mask."""
        while self.is_open:
            try:
                data = self.socket.recv(CHUNK)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            self.is_open = bool(data)
            self._buffer += data
        found, at, buffer = [], 0, self._buffer
        while len(buffer) - at >= 2:
            size, begin = buffer[at + 1], at + 2
            if size >= 126:
                more = 2 if size == 126 else 8
                if len(buffer) - begin < more:
                    break
                size = int.from_bytes(buffer[begin : begin + more], "big")
                begin += more
            if len(buffer) - begin < size:
                break
            if buffer[at] & 0x0F == 1:
                found.append((bool(buffer[at] & 0x40), bytes(buffer[begin : begin + size])))
            at = begin + size
        del buffer[:at]
        return found

    def throw_away(self, room: bytearray) -> None:
        """Whatever has come, unseen: with MSG_TRUNC the kernel copies nothing."""
        while self.is_open:
            try:
                size = self.socket.recv_into(room, len(room), socket.MSG_TRUNC)
            except BlockingIOError:
                return
            except OSError:
                size = 0
            self.is_open = size > 0
            if size < len(room):
                return

    def stay(self) -> None:
        if self.is_open:
            try:
                self.socket.send(PONG)
            except OSError:
                self.is_open = False


def text_of(message: tuple[bool, bytes]) -> bytes:
    is_packed, body = message
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body + b"\x00\x00\xff\xff") if is_packed else body


def decided_in(message: tuple[bool, bytes]) -> list[float]:
    """When each decision in a message was made."""
    told = json.loads(text_of(message))
    events = told if isinstance(told, list) else [told]
    return [datetime.fromisoformat(one["at"]).timestamp() for one in events if one["type"] == "decision"]


class Pages:
    """All of them."""

    def __init__(self, pages: list[Page]) -> None:
        self._pages = pages
        self._by_descriptor = {page.socket.fileno(): page for page in pages}
        self._poll = select.epoll()
        for descriptor in self._by_descriptor:
            self._poll.register(descriptor, select.EPOLLIN)
        self._poll.register(sys.stdin.fileno(), select.EPOLLIN)
        self._pong_at = 0.0
        self._room = bytearray(CHUNK)
        self.looks_away = False
        self.heard = 0

    @property
    def open(self) -> int:
        return sum(page.is_open for page in self._pages)

    def wait_for_a_word(self) -> str:
        """The next line of the input; meanwhile the pages are read, or what they are told thrown away."""
        while True:
            self._stay()
            if self.looks_away:
                time.sleep(AWAY_S)
                for message in self._pages[0].read():
                    self.heard += text_of(message).count(IS_DECISION)
                for page in self._pages[1:]:
                    page.throw_away(self._room)
                if select.select([sys.stdin], [], [], 0)[0]:
                    return sys.stdin.readline()
            else:
                for descriptor, _ in self._poll.poll(0.5):
                    if descriptor == sys.stdin.fileno():
                        return sys.stdin.readline()
                    self._read(descriptor)

    def measure(self, seconds: float) -> dict[str, float | int | None]:
        took: list[float] = []
        known: dict[tuple[bool, bytes], list[float]] = {}
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._stay()
            for descriptor, _ in self._poll.poll(min(left, 0.5)):
                if descriptor == sys.stdin.fileno():
                    continue
                found = self._read(descriptor)
                now = time.time()
                for message in found:
                    if message not in known:
                        known[message] = decided_in(message)
                    took += [(now - at) * 1000 for at in known[message]]
        took.sort()
        at = {f"p{share}": took[int((len(took) - 1) * share / 100)] if took else None for share in (50, 99, 100)}
        return {"heard": len(took), "open": self.open, "messages": len(known), **at}

    def _read(self, descriptor: int) -> list[tuple[bool, bytes]]:
        page = self._by_descriptor[descriptor]
        found = page.read()
        if not page.is_open:
            self._poll.unregister(descriptor)
        return found

    def _stay(self) -> None:
        if time.monotonic() > self._pong_at:
            self._pong_at = time.monotonic() + PONG_EVERY_S
            for page in self._pages:
                page.stay()


def main() -> None:
    port, count = int(sys.argv[1]), int(sys.argv[2])
    tokens = [sys.stdin.readline().strip() for _ in range(-(-count // PAGES_PER_USER))]
    pages = Pages([Page(port, tokens[number // PAGES_PER_USER]) for number in range(count)])
    print("ready", flush=True)
    while line := pages.wait_for_a_word():
        match line.split():
            case ["measure", seconds]:
                print(json.dumps(pages.measure(float(seconds))), flush=True)
            case ["look", "away"]:
                pages.looks_away = True
            case ["count"]:
                print(json.dumps({"heard": pages.heard, "open": pages.open}), flush=True)


if __name__ == "__main__":
    main()
