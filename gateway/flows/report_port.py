"""What the pages ask of the reports; `gateway.reports` answers, and the two know each other only by this."""

from typing import Any, Protocol


class NoSuchPeriod(ValueError):
    """Neither a day (2026-11-22) nor a month (2026-11) that can be reported."""


class AvailabilityReports(Protocol):
    """How well the cameras did. `period` is a day or a month of the campus, `lang` en or zh. All raise `NoSuchPeriod`
    and `LedgerUnavailable`; making one of a big campus's month takes a second."""

    async def data(self, period: str) -> dict[str, Any]:
        """As the API gives it: JSON-able but for datetimes."""
        ...

    async def page(self, period: str, lang: str) -> dict[str, Any]:
        """What the printable page shows: see `gateway.reports.printable.context`."""
        ...

    async def xlsx(self, period: str, lang: str) -> bytes:
        """A workbook."""
        ...
