"""What is known of the ledger's soundness: the verification that runs, and how the last one ended. State only."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk over the whole ledger found: how many records hold and the last one's hash, and the first that does
    not with what is wrong."""

    count: int
    hash: str
    bad_seq: int | None = None
    what: str | None = None

    @property
    def holds(self) -> bool:
        return self.bad_seq is None


class WalkEnded(Exception):
    """Somebody ended the walk before its end: nothing is known."""


class Walk(Protocol):
    """Goes through every record, on a thread that it may keep for minutes.

    Calls `on` with how many records were looked at and how many there are, some times a second; ends with what that
    raises. Raises `LedgerUnavailable` where the ledger cannot be read to its end.
    """

    def __call__(self, on: Callable[[int, int], None]) -> Walked: ...


@dataclass(slots=True)
class Running:
    """A verification that is under way."""

    by: str
    started_at: datetime
    looked_at: int = 0
    of: int = 0
    is_over: bool = False
    """The gateway ends, and this with it."""

    def moved(self, looked_at: int, of: int) -> None:
        """Called on the walk's thread."""
        if self.is_over:
            raise WalkEnded
        self.looked_at, self.of = looked_at, of


@dataclass(frozen=True, slots=True)
class Verified:
    """How a verification ended. `walked` is None where the ledger could not be read to its end, and `what` says why."""

    by: str
    started_at: datetime
    ended_at: datetime
    walked: Walked | None
    what: str | None

    @property
    def state(self) -> str:
        """`holds`, `bent` or `unread`."""
        if self.walked is None:
            return "unread"
        return "holds" if self.walked.holds else "bent"


class LedgerBook:
    """One for a gateway. `walk` is None where nothing can be verified: in a test, or before the database is open."""

    def __init__(self) -> None:
        self.walk: Walk | None = None
        self.running: Running | None = None
        self.last: Verified | None = None
        self.is_loaded = False
        """What was found before a restart was looked up."""
