"""What the gateway remembers of its control rooms: who sits at their desks now, who stands in for whom, and how it
stands with the question to an operator who is alone. Values only; nothing of it is kept of anybody who has gone."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from gateway.core.vigilance import Manning, Vigil


@dataclass(slots=True)
class Desks:
    """One room's open desk pages, by who has them (by reference), and the last sign of life from any of them."""

    pages: Counter[str] = field(default_factory=Counter)
    page_at: datetime | None = None
    """When a page of it was open last; None if none was since the start."""
    seen_at: datetime | None = None
    """When somebody at it last did something."""

    @property
    def manning(self) -> Manning:
        if not self.pages:
            return Manning.NOBODY
        return Manning.ALONE if len(self.pages) == 1 else Manning.SEVERAL


@dataclass(slots=True)
class RoomBook:
    """All rooms, by id."""

    desks: dict[str, Desks] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    """Rooms that were taken over, and by which."""
    vigils: dict[str, Vigil] = field(default_factory=dict)
    told_unmanned: set[str] = field(default_factory=set)
    """Rooms without anybody whose alarms were told to the others."""
    empty_since: dict[str, float] = field(default_factory=dict)
    """Rooms at whose desks nobody is, and since when (monotonic)."""
    moves: int = 0
    """Takeovers and their ends since the start."""

    def of(self, room: str) -> Desks:
        return self.desks.setdefault(room, Desks())

    def open_page(self, room: str, ref: str, now: datetime) -> None:
        """Somebody has opened a desk page: whoever does that is awake, but a page may also come back by itself."""
        desks = self.of(room)
        desks.pages[ref] += 1
        desks.page_at = now

    def close_page(self, room: str, ref: str, now: datetime) -> None:
        desks = self.of(room)
        desks.pages[ref] -= 1
        if desks.pages[ref] <= 0:
            del desks.pages[ref]
        desks.page_at = now

    def acted(self, ref: str, now: datetime) -> None:
        """Somebody has done something: a sign of life at every desk where they have a page."""
        for desks in self.desks.values():
            if ref in desks.pages:
                desks.seen_at = now
