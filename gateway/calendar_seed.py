"""The announced public holidays of a year, as lines for campus.yaml that people then edit.

Only a beginning: a school's own half days, examinations and closed periods are nobody else's to know. What is
announced comes from `chinesecalendar`, and is asked for when it is needed; a year that is not announced yet is none.
"""

from collections.abc import Callable, Iterator
from datetime import date as Date
from datetime import timedelta
from importlib import import_module
from itertools import pairwise

Name = Callable[[Date], str | None]
"""What a day is called if it is a public holiday, else None."""


class NotAnnounced(Exception):
    """Nobody knows the holidays of that year yet; the text says what is known."""


class NoSource(Exception):
    """The package that knows the holidays is not installed."""


def announced() -> Name:
    """The names of the announced holidays. Raises `NoSource`; what it returns raises `NotAnnounced`."""
    try:
        source = import_module("chinese_calendar")
    except ImportError:
        raise NoSource("the package chinesecalendar is not installed") from None
    chinese = {holiday.value: holiday.chinese for holiday in source.Holiday}

    def name(day: Date) -> str | None:
        try:
            is_holiday, called = source.get_holiday_detail(day)
        except NotImplementedError as error:
            raise NotAnnounced(str(error)) from error
        return f"{called} {chinese.get(called, '')}".strip() if is_holiday and called else None

    return name


def seeded(year: int, name: Name) -> list[str]:
    """One line of YAML for each holiday of the year, as `calendar:` takes it."""
    lines = []
    for first, last, called in _holidays(year, name):
        until = f", to: {last}" if last != first else ""
        lines.append(f"  - {{from: {first}{until}, kind: holiday}}  # {called}")
    return lines


def _holidays(year: int, name: Name) -> Iterator[tuple[Date, Date, str]]:
    """(first day, last day, name) of each holiday; two that follow each other without a gap stay two."""
    first = Date(year, 1, 1)
    days = [first + timedelta(days=number) for number in range((Date(year + 1, 1, 1) - first).days)]
    named = [(day, called) for day in days if (called := name(day)) is not None]
    ends = [
        index + 1
        for index, ((day, called), (next_day, next_called)) in enumerate(pairwise(named))
        if next_day != day + timedelta(days=1) or next_called != called
    ]
    starts = [0, *ends] if named else []
    for start, end in zip(starts, [*ends, len(named)], strict=False):
        yield named[start][0], named[end - 1][0], named[start][1]
