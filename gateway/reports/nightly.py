"""Each night the report of the day that is over is made and put on record by its digest; after a month's last day its.

Promises: once for each day, by the ledger's word; a gateway that was away makes what is missing of the last week when
it is back, once what it missed is on record itself. While the clock is suspect nothing is made. Whoever makes the
report again later sees by the digest whether its numbers are still those of that night.
"""

import contextlib
from collections.abc import Callable
from datetime import date, timedelta

from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site
from gateway.reports import availability
from gateway.reports.availability import Report

AT_MIN = 20
"""Minutes after midnight: by then the day's last checks are on disk."""
DAYS_BACK = 7
LOOK_EVERY_S = 30.0
WITHIN_S = 10.0


class NightlyReport:
    """Looks each second; one for a gateway. `may_begin`: what was missed while the gateway was away is on record."""

    def __init__(self, site: Site, may_begin: Callable[[], bool] = lambda: True) -> None:
        self._site = site
        self._may_begin = may_begin
        self._next = -1e9
        self._settled: date | None = None

    async def look(self) -> None:
        """What is due. The next look tries again where the ledger is away."""
        site = self._site
        if (
            not self._may_begin()
            or not len(site.cameras)
            or site.trusted_until is not None
            or site.clock.monotonic() < self._next
        ):
            return
        self._next = site.clock.monotonic() + LOOK_EVERY_S
        local = site.clock.now().astimezone(site.campus.timezone)
        newest = (local - timedelta(days=1, minutes=AT_MIN)).date()
        if newest == self._settled:
            return
        with contextlib.suppress(LedgerUnavailable):
            await self._make_missing(newest)
            self._settled = newest

    async def _make_missing(self, newest: date) -> None:
        days = [newest - timedelta(days=back) for back in range(DAYS_BACK)]
        months = {(day.year, day.month) for day in days if (day + timedelta(days=1)).day == 1}
        keys = [availability.KEY + f"{day:%Y-%m-%d}" for day in days]
        told = await self._site.archive.told([*keys, *(availability.KEY + f"{y:04d}-{m:02d}" for y, m in months)])
        for day, key in zip(reversed(days), reversed(keys), strict=True):
            if key not in told:
                await put_on_record(self._site, await availability.day(self._site, day))
        for year, month in sorted(months):
            if availability.KEY + f"{year:04d}-{month:02d}" not in told:
                await put_on_record(self._site, await availability.month(self._site, year, month))


async def put_on_record(site: Site, report: Report) -> bool:
    """Write a report's digest and sums; False if there was nothing to report. Raises `LedgerUnavailable`."""
    total = report.total
    if not report.is_over or (not total.tally.planned and not total.findings):
        return False
    row = availability.as_rows([total])[0]
    body = {
        "period": report.period,
        "since": report.since,
        "until": report.until,
        "cameras": len(report.lines),
        "digest": report.digest,
        **{name: row[name] for name in ("planned", "done", "missed", "healthy", "standing", "orders_open")},
        "raised": total.raised,
    }
    entry = Entry("camera_report", site.clock.now(), body, availability.KEY + report.period)
    await site.ledger.commit(Unit((entry,)), WITHIN_S)
    site.feed.publish({"type": "camera_report", "period": report.period, "at": site.clock.now()})
    return True
