"""The availability report of a simulated day, held against the simulator's own truth.

`tests.parts.camera_day_truth` has shown of each check and each spell that it is on record as it was; here it is the
report's numbers: what was planned, done and missed, how long what stood, and how soon it was noticed.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from gateway.core.cameras import Miss
from gateway.reports.availability import Line, make, total_of
from gateway.store.cameras import StoredCameras
from gateway.store.database import Database
from tests.parts.camera_day import day_of, work_on
from tests.parts.camera_day_truth import CADENCE_S, NOTICED_S, Report
from tests.parts.gateway_process import SiteFolder


def report_against_truth(
    folder: Path, cameras: int, hours: float, seed: int, begin: datetime, truth: Report
) -> tuple[Line, list[str]]:
    """The report's total, and where it does not agree. `truth`: what `held_against_truth` returned."""
    day, end = day_of(cameras, hours, seed, begin), begin + timedelta(hours=hours)
    database = Database(SiteFolder(folder / "site", is_there=True).settings.database_url)
    try:
        reads = StoredCameras(database)
        kept = asyncio.run(reads.hours(begin - timedelta(hours=1), end + timedelta(hours=1)))
        spells = asyncio.run(reads.spells(begin, end, limit=1_000_000))
    finally:
        database.close()
    lines = make(day.ids, kept, spells, [], begin, end)
    total, wrong = total_of(lines), []
    counted = {"planned": total.tally.planned, "done": total.tally.done}
    counted |= {miss.value: total.tally.missed[miss] for miss in Miss}
    expected = {"planned": truth.planned, **{name: truth.outcomes[name] for name in counted if name != "planned"}}
    if counted != expected:
        wrong.append(f"the report counts {counted}, and there were {expected}")
    for line in lines:
        wrong += _minutes(line, day.spells_of(line.camera or ""), truth, hours, begin)
    if truth.delays_s and total.noticed:
        from_onset = sum(truth.delays_s) / len(truth.delays_s)
        if not 0 <= from_onset - (total.mean_notice_s or 0) <= CADENCE_S + 5:
            wrong.append(f"noticed after {total.mean_notice_s} s from the first look, {from_onset} s from the onset")
    return total, wrong


def _minutes(line: Line, planned: list, truth: Report, hours: float, begin: datetime) -> list[str]:  # type: ignore[type-arg]
    """What stood, by camera: the truth's minutes but for a look and for what nobody could see."""
    begins_s, ends_s = begin.timestamp(), begin.timestamp() + hours * 3_600
    really = sum(min(one.to_s, ends_s) - max(one.from_s, begins_s) for one in planned) / 60
    away_s = sum((back - killed).total_seconds() for killed, back in truth.outages)
    window = work_on(line.camera or "", hours, begin)
    unseen_s = away_s + (0.0 if window is None else (window.ends_at - window.starts_at).total_seconds())
    slack = (NOTICED_S * 2 * max(1, len(planned)) + unseen_s * len(planned)) / 60
    if not planned and line.minutes:
        return [f"{line.camera}: {line.minutes:.1f} minutes of findings, and there was nothing"]
    if abs(line.minutes - really) > slack:
        return [f"{line.camera}: {line.minutes:.1f} minutes on record, {really:.1f} were so"]
    return []
