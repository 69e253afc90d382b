"""The head of the ledger, kept where the database's owner cannot rewrite it.

Two fixed slots, written in turn, so that a torn write leaves the older one; the newest that opens under the key counts.
The database may be ahead of the file, never behind. Writing costs one `pwrite` for each commit, at the latest
before the next one (`Writer` says when); `sync`, once a second, makes it durable and once a minute copies the newest
head to a second place.

Behind the slots stand the lines of backups that were taken back: from which head, and what there had been before.
"""

import os
import time
from pathlib import Path

from gateway.core.chain import Head, Lost, open_head, open_lost, seal_head, seal_lost

SLOT = 256
"""Bytes a slot: count, hash and MAC need less than 170."""
COPY_EVERY_S = 60
MOST_RESTORED = 1_000


class HeadFile:
    """The head file at `path`, and its copy. The key lives in the configuration's secrets, not in the database."""

    def __init__(self, path: Path, key: bytes, copy: Path | None = None) -> None:
        self._key = key
        self._copy = copy
        self._copied_at = 0.0
        self._dirty = False
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._next = 0
        slots = self._slots()
        if slots[0] is not None and (slots[1] is None or slots[0].count >= slots[1].count):
            self._next = 1
        self._newest = max((slot for slot in slots if slot is not None), key=lambda head: head.count, default=None)

    def newest(self) -> Head | None:
        """The newest head on file, by whoever wrote it; None if there is none that opens under the key."""
        return max((slot for slot in self._slots() if slot is not None), key=lambda head: head.count, default=None)

    def write(self, head: Head) -> None:
        """Note `head`; durable after the next `sync`."""
        os.pwrite(self._fd, seal_head(head, self._key).encode().ljust(SLOT - 1) + b"\n", self._next * SLOT)
        self._next = 1 - self._next
        self._newest = head
        self._dirty = True

    def sync(self) -> None:
        """Make it durable; refresh the copy when it is due. A second place that is away is tried again next time."""
        if self._dirty:
            os.fdatasync(self._fd)
            self._dirty = False
        now = time.monotonic()
        if self._copy is None or self._newest is None or (self._copied_at and now - self._copied_at < COPY_EVERY_S):
            return
        write_copy(self._copy, seal_head(self._newest, self._key))
        self._copied_at = now

    def begin_again(self, lost: Lost) -> None:
        """A backup was taken back: its head is the newest from now on, and what there had been stays on file."""
        line = seal_lost(lost, self._key).encode().ljust(SLOT - 1) + b"\n"
        os.pwrite(self._fd, line, max(os.fstat(self._fd).st_size, 2 * SLOT))
        for slot in range(2):
            os.pwrite(self._fd, seal_head(lost.kept, self._key).encode().ljust(SLOT - 1) + b"\n", slot * SLOT)
        os.fdatasync(self._fd)
        self._newest, self._next = lost.kept, 0

    def restored(self) -> list[Lost]:
        """Every backup that was ever taken back, the oldest first."""
        data = os.pread(self._fd, MOST_RESTORED * SLOT, 2 * SLOT)
        lines = [data[at : at + SLOT].decode("ascii", "replace") for at in range(0, len(data), SLOT)]
        return [lost for line in lines if (lost := open_lost(line, self._key)) is not None]

    def as_line(self, head: Head) -> str:
        """What the second place holds for that head."""
        return seal_head(head, self._key)

    def close(self) -> None:
        """Sync and let the file go."""
        self.sync()
        os.close(self._fd)

    def _slots(self) -> list[Head | None]:
        data = os.pread(self._fd, 2 * SLOT, 0)
        return [open_head(data[i * SLOT : (i + 1) * SLOT].decode("ascii", "replace"), self._key) for i in range(2)]


def write_copy(path: Path, line: str) -> None:
    """Replace the copy whole: it is on another disk or share, where a torn write is likelier."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with open(fresh, "w") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def read_copy(path: Path, key: bytes) -> Head | None:
    """The head that the second place holds, or None."""
    try:
        return open_head(path.read_text(), key)
    except (OSError, UnicodeDecodeError):
        return None
