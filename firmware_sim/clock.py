"""The wall clock of a simulated campus: the machine's own, or one on which the day passes faster.

Only what devices show as time of day hangs on it; timeouts, challenges and everything else that lasts is monotonic and
true. Gateway and simulator are given the same clock, so that a quarter of an hour can be a whole school day for both.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

WallClock = Callable[[], datetime]


def true_time() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)


def parse(text: str) -> tuple[WallClock, float]:
    """`REAL=SHOWN@FACTOR`: at the moment REAL the clock showed SHOWN, and it runs FACTOR times as fast.

    Both times RFC 3339 with their offset. Returns the clock and the factor; ValueError for anything else.
    """
    moments, at, speed = text.rpartition("@")
    first, equals, second = moments.partition("=")
    try:
        real, shown, factor = datetime.fromisoformat(first), datetime.fromisoformat(second), float(speed)
    except ValueError:
        real = shown = datetime.min
        factor = 0.0
    if not at or not equals or real.tzinfo is None or shown.tzinfo is None or not 0 < factor < 1e6:
        raise ValueError("--clock: expected REAL=SHOWN@FACTOR, both times with their offset, such as "
                         "2026-11-23T01:00:00Z=2026-11-23T06:20:00+08:00@60")  # fmt: skip
    return (lambda: (shown + (true_time() - real) * factor).astimezone(UTC)), factor
