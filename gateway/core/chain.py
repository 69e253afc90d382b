"""The hash chain that makes the ledger tell on whoever bends it.

Each row's hash covers its number, its kind, its key, its body and the hash before it, so that an edit, a removal or a
swap breaks every later link. A tail that was cut off leaves a sound chain: the head file, kept and MACed outside the
database, tells how long it has to be.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

GENESIS = "0" * 64
"""The hash before the first row."""


@dataclass(frozen=True, slots=True)
class Head:
    """How long the chain is, and the hash of its last row."""

    count: int
    hash: str


EMPTY = Head(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Link:
    """One row as the chain sees it; `at` in milliseconds since 1970 UTC."""

    seq: int
    at: int
    kind: str
    key: str | None
    body: str
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first record that does not fit, and what is wrong with it."""

    seq: int
    what: str


def link_hash(previous: str, seq: int, at: int, kind: str, key: str | None, body: str) -> str:
    """SHA-256, hex, over the previous hash and every column; only the body, the last, may contain a line feed."""
    line = f"{previous}\n{seq}\n{at}\n{kind}\n{'' if key is None else key}\n{body}"
    return hashlib.sha256(line.encode()).hexdigest()


def first_break(links: Iterable[Link], start: Head = EMPTY) -> tuple[Break | None, Head]:
    """Walk `links`, which follow `start` in order; the first break, if any, and the last sound head."""
    head = start
    for link in links:
        expected = head.count + 1
        if link.seq != expected:
            return Break(expected, f"record {expected} is missing: the next one is {link.seq}"), head
        if link.hash != link_hash(head.hash, link.seq, link.at, link.kind, link.key, link.body):
            return Break(link.seq, f"record {link.seq} does not fit its hash: it or its order was changed"), head
        head = Head(link.seq, link.hash)
    return None, head


def seal_head(head: Head, key: bytes) -> str:
    """One line for the head file: count, hash and their HMAC-SHA256 under `key`."""
    text = f"{head.count} {head.hash}"
    return f"{text} {hmac.digest(key, text.encode(), 'sha256').hex()}"


def open_head(line: str, key: bytes) -> Head | None:
    """The head that `seal_head` wrote, or None if the line is damaged or was made under another key."""
    parts = line.split()
    if len(parts) != 3 or not parts[0].isdecimal() or not parts[0].isascii():
        return None
    head = Head(int(parts[0]), parts[1])
    return head if hmac.compare_digest(seal_head(head, key).encode(), " ".join(parts).encode()) else None


@dataclass(frozen=True, slots=True)
class Lost:
    """A ledger that was taken back from a backup: the head that the backup has, and the newest that there ever was.

    `newest` None: nothing outside the database knew of more than the backup has.
    """

    kept: Head
    newest: Head | None

    @property
    def span(self) -> tuple[int, int] | None:
        """The first and last record that are gone; their numbers were given anew since."""
        return None if self.newest is None else (self.kept.count + 1, self.newest.count)


def seal_lost(lost: Lost, key: bytes) -> str:
    """One line for the head file: both heads and their HMAC-SHA256 under `key`."""
    newest = lost.newest or lost.kept
    text = f"restored {lost.kept.count} {lost.kept.hash} {newest.count} {newest.hash}"
    return f"{text} {hmac.digest(key, text.encode(), 'sha256').hex()}"


def open_lost(line: str, key: bytes) -> Lost | None:
    """What `seal_lost` wrote, or None if the line is damaged or was made under another key."""
    parts = line.split()
    if len(parts) != 6 or parts[0] != "restored" or not (parts[1] + parts[3]).isascii():
        return None
    if not (parts[1].isdecimal() and parts[3].isdecimal()):
        return None
    kept, newest = Head(int(parts[1]), parts[2]), Head(int(parts[3]), parts[4])
    lost = Lost(kept, newest if newest.count > kept.count else None)
    return lost if hmac.compare_digest(seal_lost(lost, key).encode(), " ".join(parts).encode()) else None
