"""The truth log: what physically moved in the simulated campus, one JSON line each, written before the next thing.

Tests compare it with the gateway's ledger: every line has its cause. Kept apart from everything the devices say, so
that a lie or a loss on the wire cannot reach it.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firmware_sim.outputs import Moved

REMEMBERED = 50_000
"""Lines kept in memory for tests and people; the file has all."""


class Truth:
    """One log for a whole campus. Without a path it lives in memory only."""

    def __init__(self, path: Path | None = None) -> None:
        self._lines: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self._descriptor: int | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, device: str, kind: str, boot: str, moved: Moved) -> None:
        """One motion, now. The wall time is the true one, whatever the device's clock says."""
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "monotonic_ms": time.monotonic_ns() // 1_000_000,
            "device": device,
            "kind": kind,
            "boot": boot,
            "what": moved.what,
            "cause": {"by": moved.cause.by, "command": moved.cause.command, "tap": moved.cause.tap},
            "direction": moved.direction,
            "person": moved.person,
        }
        self._lines.append(line)
        if self._descriptor is not None:
            os.write(self._descriptor, json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def of(self, device: str | None = None) -> list[dict[str, Any]]:
        """The lines of one device, or all."""
        return [line for line in self._lines if device is None or line["device"] == device]

    def close(self) -> None:
        """No more lines."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def read(path: Path) -> list[dict[str, Any]]:
    """All lines of a log; a torn last one (the simulator was killed) is dropped."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return lines
