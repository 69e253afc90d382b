"""Waiting for what shows only when it is looked at."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(is_true: Callable[[], object], what: str, within_s: float = 15.0) -> None:
    """Return when it is so; AssertionError with `what` if it does not come to pass in time."""
    give_up_at = time.monotonic() + within_s
    while not is_true():
        assert time.monotonic() < give_up_at, f"not within {within_s} s: {what}"
        time.sleep(0.05)
