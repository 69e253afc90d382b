"""What is done with records themselves: a hold that keeps them for an open case, an export that takes some out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from gateway.core.papers.kinds import PaperKind


@dataclass(frozen=True, slots=True)
class Hold:
    """An open case: until it is released nothing is erased of `subject`, a holder's reference; None: of anybody."""

    paper: ClassVar[PaperKind] = PaperKind.HOLD
    id: str
    subject: str | None
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None

    @property
    def starts_at(self) -> datetime:
        return self.placed_at

    @property
    def ends_at(self) -> datetime | None:
        return self.released_at

    @property
    def is_live(self) -> bool:
        return self.released_at is None


class ExportWhat(StrEnum):
    """What can be exported."""

    VISITS = "visits"
    PASSAGES = "passages"
    DECISIONS = "decisions"
    ALARMS = "alarms"


class ExportFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class Export:
    """Somebody wants the records of [since, until) as a table. The table itself is never kept: it is made when it is
    fetched. `approved_by` is the second person, who is asked for where it has many rows."""

    paper: ClassVar[PaperKind] = PaperKind.EXPORT
    id: str
    what: ExportWhat
    format: ExportFormat
    since: datetime
    until: datetime
    reason: str
    rows: int
    requested_by: str
    requested_at: datetime
    needs_second: bool
    ends_at: datetime
    """Until then it can be fetched, by who asked for it."""
    approved_by: str | None = None
    approved_at: datetime | None = None
    refused_by: str | None = None
    over: bool = False

    @property
    def starts_at(self) -> datetime:
        return self.requested_at

    @property
    def may_be_fetched(self) -> bool:
        return self.is_live and (not self.needs_second or self.approved_by is not None)

    @property
    def is_live(self) -> bool:
        return self.refused_by is None and not self.over
