"""Waiting for what shows only when it is looked at. Every wait has an end far beyond what a busy machine needs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

WITHIN_S = 20.0


def wait_until(is_true: Callable[[], object], what: str = "what was waited for", within_s: float = WITHIN_S) -> None:
    """Return when it is so; AssertionError with `what` if it does not come to pass in time."""
    give_up_at = time.monotonic() + within_s
    while not is_true():
        assert time.monotonic() < give_up_at, f"not within {within_s} s: {what}"
        time.sleep(0.02)


async def until(is_true: Callable[[], object], what: str = "what was waited for", within_s: float = WITHIN_S) -> None:
    """The same for what happens in the test's own process, or is asked without blocking."""
    give_up_at = time.monotonic() + within_s
    while not is_true():  # it is looked at from outside; nobody could set an event
        assert time.monotonic() < give_up_at, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.002)
