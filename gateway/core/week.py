"""Parts of a week: when windows are open, what of one time lies in no other, and how a person says it."""

from collections.abc import Iterable

from gateway.core.windows import DAY_MIN, EVERY_DAY, WEEK_MIN, Window, utc_spans

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Spans = tuple[tuple[int, int], ...]
"""Parts of a week, [from, to) minutes since Monday 00:00, sorted and apart."""


def open_spans(windows: Iterable[Window] | None) -> Spans:
    """When any of `windows` is open in a week of local time; None stands for always."""
    spans = utc_spans(windows, 0)
    return ((0, WEEK_MIN),) if spans is None else spans


def spans_beyond(spans: Spans, others: Spans) -> Spans:
    """What of `spans` lies in none of `others`."""
    left = []
    for start, end in spans:
        at = start
        for other_start, other_end in others:
            if other_end <= at or other_start >= end:
                continue
            if other_start > at:
                left.append((at, other_start))
            at = max(at, other_end)
        if at < end:
            left.append((at, end))
    return tuple(left)


def spans_in_words(spans: Spans) -> str:
    """Spans as a person says them: `00:00-05:30, 22:30-24:00 every day`."""
    days: dict[tuple[int, int], set[int]] = {}
    for start, end in spans:
        while start < end:
            day, minute = divmod(start, DAY_MIN)
            stop = min(end, (day + 1) * DAY_MIN)
            days.setdefault((minute, stop - day * DAY_MIN), set()).add(day)
            start = stop
    times: dict[frozenset[int], list[str]] = {}
    for (start, end), on in sorted(days.items()):
        times.setdefault(frozenset(on), []).append(f"{_clock(start)}-{_clock(end)}")
    return "; ".join(f"{', '.join(some)} {_days(on)}" for on, some in times.items())


def _days(days: frozenset[int]) -> str:
    return "every day" if days == EVERY_DAY else "on " + " ".join(DAY_NAMES[day] for day in sorted(days))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
