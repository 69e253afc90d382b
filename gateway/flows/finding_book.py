"""What was told of the cameras' findings, and what waits to be written of them; in memory, values only.

What stands is in the cameras' own book (`cameras`), and on disk as spells; here is who was told of it and when.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from gateway.core.cameras import Finding
from gateway.flows.ports import Unit

UNWRITTEN_AT_MOST = 5_000
"""Rows that wait for a ledger that is away: a whole campus going dark and coming back."""


@dataclass(slots=True)
class Told:
    """What people were told of one spell."""

    spell: str
    camera: str
    finding: Finding
    priority: str
    found_at: datetime
    told_at: datetime | None = None
    """When last; None: nobody was told, because somebody works on the camera."""
    times: int = 0
    picture: str | None = None
    """What the camera showed when it was found."""
    reference: str | None = None
    """What it looks like when all is well."""
    reference_at: datetime | None = None
    """When that was learnt."""


@dataclass(slots=True)
class FindingBook:
    """One for a gateway."""

    told: dict[str, Told] = field(default_factory=dict)
    """By spell; what is over is not in it."""
    unwritten: deque[Unit] = field(default_factory=lambda: deque(maxlen=UNWRITTEN_AT_MOST))
    is_flushing: bool = False
    is_loaded: bool = False
    """What stood before the start is known: only then something can begin to stand."""
    checked_at: dict[str, datetime] = field(default_factory=dict)
    """By camera with a live work order: the newest check that was done."""
    recorder_heard: dict[str, float] = field(default_factory=dict)
    """By camera: when its recorder was last heard of, monotonic; the start of the gateway counts as a word."""
    overdue_told: dict[str, datetime] = field(default_factory=dict)
    """By work order: when it was last told that it is overdue."""
    healthy_since: dict[str, datetime] = field(default_factory=dict)
    """By work order that nobody has taken: since when nothing stands."""

    def of(self, spell: str) -> Told | None:
        """What was told of a spell that stands."""
        return self.told.get(spell)
