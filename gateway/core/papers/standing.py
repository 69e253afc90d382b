"""Standing passes: contractors and suppliers who come again and again, within their hours."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from gateway.core.papers.kinds import PaperKind
from gateway.core.windows import Window


@dataclass(frozen=True, slots=True)
class StandingPass:
    """A contractor or supplier may enter at `portals` in `windows` (None: at any hour), in [starts_at, ends_at).

    It stands for a permission and lifts nothing: what the level asks beside that is asked all the same. `holder` and
    `host` (who answers for them, and sees to an escort) are references. `organisation` and `unit` may be erased.
    """

    paper: ClassVar[PaperKind] = PaperKind.STANDING_PASS
    id: str
    holder: str
    portals: frozenset[str]
    starts_at: datetime
    ends_at: datetime
    given_by: str
    given_at: datetime
    windows: tuple[Window, ...] | None = None
    organisation: str = ""
    unit: str = ""
    """Which unit of the school they work for."""
    host: str | None = None
    passes: tuple[str, ...] = ()
    """The credentials that were made for it, by reference; void when it is revoked or over."""
    document_kind: str = ""
    document_ending: str = ""
    document_hash: str = ""
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    over: bool = False

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and not self.over
