"""Weekly time windows, in the site's local time.

A window belongs to the day on which it starts; one whose end is not after its start runs over midnight. The start is
inside, the end is not: a gate open from 05:30 to 22:30 refuses at 22:30:00.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

DAY_MIN = 24 * 60
WEEK_MIN = 7 * DAY_MIN
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Window:
    """Open on `days` (0 = Monday) from `from_min` to `to_min`, minutes since local midnight."""

    from_min: int
    to_min: int
    days: frozenset[int] = EVERY_DAY

    def __post_init__(self) -> None:
        if not (0 <= self.from_min < DAY_MIN and 0 < self.to_min <= DAY_MIN):
            raise ValueError(f"a window lies within a day, not {self.from_min}..{self.to_min} minutes")
        if not self.days or not self.days <= EVERY_DAY:
            raise ValueError("a window needs at least one day, 0 (Monday) to 6 (Sunday)")

    def is_open_at(self, local: datetime) -> bool:
        """True if `local`, a time on the site's own clock, lies inside."""
        minute = local.hour * 60 + local.minute
        today = local.weekday()
        if self.from_min < self.to_min:
            return today in self.days and self.from_min <= minute < self.to_min
        return (today in self.days and minute >= self.from_min) or (
            (today - 1) % 7 in self.days and minute < self.to_min
        )


def is_open_at(windows: Iterable[Window] | None, local: datetime) -> bool:
    """True if any of `windows` is open at `local`; None stands for always."""
    return windows is None or any(window.is_open_at(local) for window in windows)


def utc_spans(windows: Iterable[Window] | None, offset_min: int) -> tuple[tuple[int, int], ...] | None:
    """The windows as [from, to) minutes since Monday 00:00 UTC, sorted and joined; None stands for always.

    `offset_min` is the site's offset from UTC, so the spans hold only until that offset changes.
    """
    if windows is None:
        return None
    spans: list[tuple[int, int]] = []
    for window in windows:
        length = (window.to_min - window.from_min) % DAY_MIN or DAY_MIN
        for day in window.days:
            start = (day * DAY_MIN + window.from_min - offset_min) % WEEK_MIN
            end = start + length
            spans.append((start, min(end, WEEK_MIN)))
            if end > WEEK_MIN:
                spans.append((0, end - WEEK_MIN))
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)
