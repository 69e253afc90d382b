"""Whether this process runs when it wants to: how long its event loop stood still, and when.

A machine that has too much to do runs everything late, first what has a lower priority. What seems silent then may have
answered long ago. Leaves to others: what follows from it (`seeing`).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

EVERY_S = 0.25
_KEPT = 400
"""Beats: a minute and a half, several times the longest job."""


class Pulse:
    """`beat` runs beside everything else."""

    def __init__(self) -> None:
        self._beats: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        self._due = time.monotonic() + EVERY_S

    async def beat(self) -> None:
        """Until it is cancelled."""
        while True:
            self._due = time.monotonic() + EVERY_S
            await asyncio.sleep(EVERY_S)
            now = time.monotonic()
            self._beats.append((now, now - self._due))

    def stood_still_s(self, since: float) -> float:
        """For how long in all, since that moment of `time.monotonic()`."""
        now = time.monotonic()
        # What is late at this moment has not beaten yet.
        beats = [*self._beats, (now, max(0.0, now - self._due))]
        return sum(min(late_s, at - since) for at, late_s in beats if at > since)
