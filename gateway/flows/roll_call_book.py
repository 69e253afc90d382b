"""Who is accounted for in an emergency: the marks of each roll call as they stand. State only."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """Somebody has said that a person stands at the assembly point, or is safe where they are."""

    at: datetime
    by: str


@dataclass(slots=True)
class Marks:
    """Of one emergency, by reference; `written` rows are in the ledger."""

    here: dict[str, Mark] = field(default_factory=dict)
    written: int = 0
    is_loaded: bool = False
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)


class RollCallBook:
    """One for a gateway: of the emergencies in force."""

    def __init__(self) -> None:
        self._of: dict[str, Marks] = {}

    def of(self, emergency: str, in_force: set[str]) -> Marks:
        """The marks of this one; those of emergencies that are over are forgotten here, the ledger has them."""
        self._of = {id: marks for id, marks in self._of.items() if id in in_force or id == emergency}
        return self._of.setdefault(emergency, Marks())
