"""The reports as the pages ask for them: by a period in words, as data, as a page, as a workbook."""

import asyncio
import re
from datetime import date, timedelta
from typing import Any

from gateway.flows.report_port import NoSuchPeriod
from gateway.flows.site import Site
from gateway.reports import availability, printable, workbook
from gateway.reports.availability import Report

OLDEST = timedelta(days=3_660)


class Shelf:
    """See `AvailabilityReports`; one for a gateway. One report is made at a time: they are big and nobody waits."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._one = asyncio.Lock()

    async def data(self, period: str) -> dict[str, Any]:
        return availability.as_data(self._site, await self._report(period))

    async def page(self, period: str, lang: str) -> dict[str, Any]:
        report = await self._report(period)
        return await asyncio.to_thread(printable.context, self._site, report, lang)

    async def xlsx(self, period: str, lang: str) -> bytes:
        report = await self._report(period)
        async with self._one:
            return await asyncio.to_thread(workbook.as_xlsx, self._site, report, lang)

    async def _report(self, period: str) -> Report:
        first, is_month = first_day(period)
        today = self._site.clock.now().astimezone(self._site.campus.timezone).date()
        if first > today or today - first > OLDEST:
            raise NoSuchPeriod("expected a day or month that has begun")
        async with self._one:
            if is_month:
                return await availability.month(self._site, first.year, first.month)
            return await availability.day(self._site, first)


def first_day(period: str) -> tuple[date, bool]:
    """The first day of a period, and whether it is a month. Raises `NoSuchPeriod`."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?", period):
        raise NoSuchPeriod("expected a day such as 2026-11-22, or a month such as 2026-11")
    is_month = len(period) == 7
    try:
        return date.fromisoformat(f"{period}-01" if is_month else period), is_month
    except ValueError:
        raise NoSuchPeriod("there is no such day") from None
