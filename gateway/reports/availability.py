"""How well the cameras did on a day or in a month: checks planned, done and missed, what was found, and for how long.

Promises: every number of a report follows from what is on record for its time (`camera_hours`, spells, work orders), so
that it can be made again with the same result and the same digest; `total` is the sum of the lines, nothing else; what
cannot be said is None, never zero. A day is the campus's own. Leaves to others: the words (`report_words`), paper and
workbook (`printable`, `workbook`), making one each night (`nightly`).

Shares: *coverage* is done of planned; *availability* is healthy of what was planned and not kept from us by announced
maintenance. Noticing is measured from the first look that showed something to the moment it was raised; mending from
there to the look that showed it gone.
"""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from gateway.core.cameras import Finding, Miss
from gateway.core.papers import PaperKind, WorkOrder
from gateway.flows import camera_checks, recorders
from gateway.flows.cameras import CameraHour, Spell, Tally
from gateway.flows.site import Site

SPELLS_AT_MOST = 200_000
ORDERS_AT_MOST = 20_000
KEY = "cav:"
"""How the ledger's row of a report is found again; then the day or month."""


@dataclass(slots=True)
class Found:
    """One kind of finding: how often it began in this time, and how many minutes of it it stood."""

    raised: int = 0
    minutes: float = 0.0

    def add(self, other: "Found") -> None:
        self.raised += other.raised
        self.minutes += other.minutes


@dataclass(slots=True)
class Line:
    """One camera, or all together (`camera` None)."""

    camera: str | None
    tally: Tally = field(default_factory=Tally)
    findings: dict[Finding, Found] = field(default_factory=dict)
    noticed: int = 0
    """Findings that began in this time; `notice_s` is the sum of what noticing them took."""
    notice_s: float = 0.0
    mended: int = 0
    """Findings that ended in this time; `mend_s` is the sum of how long they stood."""
    mend_s: float = 0.0
    standing: int = 0
    """Findings that stood at its end."""
    orders_opened: int = 0
    orders_ended: int = 0
    orders_open: int = 0
    """At its end."""

    @property
    def raised(self) -> int:
        return sum(found.raised for found in self.findings.values())

    @property
    def minutes(self) -> float:
        """Of all findings together: two at once count twice."""
        return sum(found.minutes for found in self.findings.values())

    @property
    def coverage(self) -> float | None:
        return _share(self.tally.done, self.tally.planned)

    @property
    def healthy_share(self) -> float | None:
        return _share(self.tally.healthy, self.tally.done)

    @property
    def availability(self) -> float | None:
        return _share(self.tally.healthy, self.tally.planned - self.tally.missed[Miss.MAINTENANCE])

    @property
    def mean_notice_s(self) -> float | None:
        return _share(self.notice_s, self.noticed)

    @property
    def mean_mend_s(self) -> float | None:
        return _share(self.mend_s, self.mended)

    @property
    def is_empty(self) -> bool:
        """True if nothing is on record."""
        return not self.tally.planned and not self.findings and not any(getattr(self, name) for name in _SUMMED)

    def add(self, other: "Line") -> None:
        """Both together."""
        self.tally = self.tally.plus(other.tally)
        for finding, found in other.findings.items():
            self.findings.setdefault(finding, Found()).add(found)
        for name in _SUMMED:
            setattr(self, name, getattr(self, name) + getattr(other, name))


_SUMMED = (
    "noticed",
    "notice_s",
    "mended",
    "mend_s",
    "standing",
    "orders_opened",
    "orders_ended",
    "orders_open",
)


@dataclass(frozen=True, slots=True)
class Report:
    """The availability of a day or month."""

    period: str
    """2026-11-22, or 2026-11."""
    since: datetime
    until: datetime
    """Its end; of a time that is not over, when it was made."""
    is_over: bool
    made_at: datetime
    lines: tuple[Line, ...]
    total: Line
    digest: str
    """See `digest_of`."""
    on_record: str | None = None
    """The digest that the ledger has of it; None: it has none (yet)."""

    @property
    def agrees(self) -> bool | None:
        """True if it is what was written the night after; None if nothing was."""
        return None if self.on_record is None else self.on_record == self.digest


async def day(site: Site, on: date) -> Report:
    """The report of one day of the campus. Raises `LedgerUnavailable`."""
    return await _make(site, f"{on:%Y-%m-%d}", _midnight(site, on), _midnight(site, on + timedelta(days=1)))


async def month(site: Site, year: int, number: int) -> Report:
    """The report of one month. Raises `LedgerUnavailable`, ValueError for a month that is none."""
    first = date(year, number, 1)
    after = date(year + number // 12, number % 12 + 1, 1)
    return await _make(site, f"{first:%Y-%m}", _midnight(site, first), _midnight(site, after))


def make(
    cameras: Iterable[str],
    hours: Sequence[CameraHour],
    spells: Sequence[Spell],
    orders: Sequence[WorkOrder],
    since: datetime,
    until: datetime,
) -> tuple[Line, ...]:
    """The lines of a report, by camera: pure. All that was on record at some time in [since, until)."""
    named = {*cameras, *(hour.camera for hour in hours), *(spell.camera for spell in spells)}
    lines = {camera: Line(camera) for camera in sorted(named)}
    for hour in hours:
        line = lines[hour.camera]
        line.tally = line.tally.plus(hour.tally)
    for spell in spells:
        _count_spell(lines[spell.camera], spell, since, until)
    for order in orders:
        if order.subject in lines:
            _count_order(lines[order.subject], order, since, until)
    return tuple(lines.values())


def total_of(lines: Iterable[Line]) -> Line:
    """All lines together."""
    total = Line(None)
    for line in lines:
        total.add(line)
    return total


def as_rows(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """The lines as plain values, whole seconds and minutes to a tenth: what the digest is of."""
    return [_row(line) for line in lines]


def digest_of(period: str, lines: Iterable[Line]) -> str:
    """SHA-256 over period and rows as JSON, keys in order, no spaces. A camera of which nothing is on record is not in
    it: whether one is configured changes afterwards."""
    plain = {"period": period, "rows": as_rows(line for line in lines if not line.is_empty)}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def as_data(site: Site, report: Report) -> dict[str, Any]:
    """A report for the API: JSON-able, times as datetimes; recordings as they are now."""
    return {
        "period": report.period,
        "since": report.since,
        "until": report.until,
        "is_over": report.is_over,
        "made_at": report.made_at,
        "digest": report.digest,
        "on_record": report.on_record,
        "agrees": report.agrees,
        "total": _with_shares(report.total),
        "cameras": [{**_with_shares(line), "recording": _recording(site, line.camera)} for line in report.lines],
    }


async def _make(site: Site, period: str, since: datetime, until: datetime) -> Report:
    now = site.clock.now()
    end = max(since, min(until, now))
    hours = await camera_checks.hours(site, since, end)
    spells = await site.archive.cameras.spells(since, end, limit=SPELLS_AT_MOST)
    over = await site.archive.papers(PaperKind.WORK_ORDER, limit=ORDERS_AT_MOST)
    orders = [paper for paper in over if isinstance(paper, WorkOrder)]
    told = await site.archive.told([KEY + period])
    configured = [state.camera.id for state in site.cameras] if end > since else []
    on_record = told.get(KEY + period, {}).get("digest")

    def counted() -> tuple[tuple[Line, ...], Line, str]:
        lines = make(configured, hours, spells, orders, since, end)
        return lines, total_of(lines), digest_of(period, lines)

    # A month of 500 cameras is 360,000 hours: a second in which nobody's tap would be answered.
    lines, total, digest = await asyncio.to_thread(counted)
    return Report(period, since, end, now >= until, now, lines, total, digest, on_record)


def _midnight(site: Site, on: date) -> datetime:
    return datetime.combine(on, time(), site.campus.timezone).astimezone(UTC)


def _count_spell(line: Line, spell: Spell, since: datetime, until: datetime) -> None:
    """A spell that is raised or stands at some moment in [since, until)."""
    cleared = spell.cleared_at if spell.cleared_at is not None and spell.cleared_at < until else None
    found = line.findings.setdefault(spell.finding, Found())
    stood = ((cleared or until) - max(spell.raised_at, since)).total_seconds()
    found.minutes += max(0.0, stood) / 60
    if since <= spell.raised_at < until:
        found.raised += 1
        line.noticed += 1
        line.notice_s += max(0.0, (spell.raised_at - spell.began_at).total_seconds())
    if cleared is None:
        line.standing += 1
    elif cleared >= since:
        line.mended += 1
        line.mend_s += max(0.0, (cleared - spell.raised_at).total_seconds())


def _count_order(line: Line, order: WorkOrder, since: datetime, until: datetime) -> None:
    if order.opened_at >= until:
        return
    line.orders_opened += order.opened_at >= since
    if order.ended_at is None or order.ended_at >= until:
        line.orders_open += 1
    else:
        line.orders_ended += order.ended_at >= since


def _row(line: Line) -> dict[str, Any]:
    return {
        "camera": line.camera,
        "planned": line.tally.planned,
        "done": line.tally.done,
        "healthy": line.tally.healthy,
        "missed": {miss.value: line.tally.missed[miss] for miss in Miss},
        "findings": {
            finding.value: {
                "raised": line.findings[finding].raised,
                "minutes": round(line.findings[finding].minutes, 1),
            }
            for finding in Finding
            if finding in line.findings
        },
        "noticed": line.noticed,
        "notice_s": round(line.notice_s),
        "mended": line.mended,
        "mend_s": round(line.mend_s),
        "standing": line.standing,
        "orders_opened": line.orders_opened,
        "orders_ended": line.orders_ended,
        "orders_open": line.orders_open,
    }


def _with_shares(line: Line) -> dict[str, Any]:
    shares: Mapping[str, float | None] = {
        "coverage": line.coverage,
        "healthy_share": line.healthy_share,
        "availability": line.availability,
        "mean_notice_s": line.mean_notice_s,
        "mean_mend_s": line.mean_mend_s,
    }
    rounded = {name: None if value is None else round(value, 6) for name, value in shares.items()}
    return {**_row(line), "raised": line.raised, "minutes": round(line.minutes, 1), **rounded}


def _recording(site: Site, camera: str | None) -> dict[str, Any] | None:
    said = None if camera is None else recorders.state(site, camera)
    if said is None:
        return None
    return {
        "at": said.at,
        "ok": said.ok,
        "free_bytes": said.free_bytes,
        "oldest_at": said.oldest_at,
        "days_kept": None if said.days_kept is None else round(said.days_kept, 1),
        "days_wanted": said.days_wanted,
        "growing": said.growing,
    }


def _share(part: float, of: float) -> float | None:
    return None if of <= 0 else part / of
