"""A change of posture on its way to the devices: who was asked to follow, and who has shown it.

Facts and counts, nothing more. Leaves to others: whom to ask and what an answer means (`propagation`).
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Asked:
    """One device of a spread: the version that it was given, and when it showed it."""

    version: int
    asked_at: datetime
    shown_at: datetime | None = None


@dataclass(slots=True)
class Spread:
    """One change of posture on its way: what changed, and every device that was asked to follow."""

    cause: str
    """`emergency`, `level`, or `settings`."""
    of: str | None
    """The emergency's id or the order's."""
    zones: tuple[str, ...]
    drill: bool
    at: datetime
    devices: dict[str, Asked]
    shown: int = 0
    """How many of them have shown it."""
    is_told: bool = False
    """Its record is written."""
