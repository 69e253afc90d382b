"""A simulated day of cameras under a gateway that is killed, and its record held against the simulator's own truth."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from firmware_sim.cameras.spells import Spell as Planned
from gateway.core.cameras import Miss
from gateway.core.check_plan import phase_of
from gateway.flows.cameras import Check, Spell
from gateway.store.cameras import StoredCameras
from gateway.store.database import Database
from tests.parts.camera_day import day_of, work_on
from tests.parts.gateway_process import ROOT, SiteFolder

CADENCE_S = 60.0
EDGE_S = 3.0
"""A check that is due so close to where something begins or ends may fall on either side."""
NOTICED_S = CADENCE_S + 40.0
"""One cadence until it is looked at, and the looks that follow at once."""
UNWRITTEN_S = 20.0
"""What was done in the last moments before a kill may be on record or not."""


@dataclass(frozen=True, slots=True)
class Outage:
    """The gateway is killed when it has got so far, and started again later; seconds from the day's begin."""

    at_s: float
    lasts_s: float


@dataclass
class Report:
    """What the record says, and where it is not as it was."""

    planned: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    spells: int = 0
    found: int = 0
    delays_s: list[float] = field(default_factory=list)
    outages: list[tuple[datetime, datetime]] = field(default_factory=list)


def live_through(
    folder: Path,
    cameras: int,
    hours: float,
    seed: int,
    begin: datetime,
    outages: Sequence[Outage],
    reached: Callable[[float], None] = lambda _hours: None,
) -> list[tuple[datetime, datetime]]:
    """The day, with a SIGKILL at each outage. From when to when the gateway was away. `reached` is told of each full
    hour."""
    away = []
    for outage in outages:
        killed_at = begin + timedelta(seconds=_run(folder, cameras, hours, seed, begin, outage.at_s, reached))
        back_at = killed_at + timedelta(seconds=outage.lasts_s)
        (folder / "reached").write_text(back_at.isoformat())
        away.append((killed_at, back_at))
    _run(folder, cameras, hours, seed, begin, None, reached)
    return away


def _run(
    folder: Path,
    cameras: int,
    hours: float,
    seed: int,
    begin: datetime,
    until_s: float | None,
    told: Callable[[float], None],
) -> float:
    """Run it to its end, or kill it as soon as it has got so far; how far that was."""
    words = [str(folder), str(cameras), str(hours), str(seed), begin.isoformat()]
    words += [] if until_s is None else [str(until_s)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.parts.camera_day", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    reached, hour = "", 0
    try:
        assert process.stdout is not None
        for line in process.stdout:
            reached = line.strip()
            if reached.isdecimal() and int(reached) // 3_600 > hour:
                hour = int(reached) // 3_600
                told(hour)
            if until_s is not None and reached.isdecimal() and float(reached) >= until_s:
                process.kill()
                process.wait(10)
                return float(reached)
        assert process.wait(60) == 0, "the day ended badly"
        assert until_s is None and reached == "over"
        return hours * 3_600
    finally:
        process.kill()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def held_against_truth(
    folder: Path, cameras: int, hours: float, seed: int, begin: datetime, away: Sequence[tuple[datetime, datetime]]
) -> Report:
    """Every camera's record against what was so."""
    day = day_of(cameras, hours, seed, begin)
    site = SiteFolder(folder / "site", is_there=True)
    database = Database(site.settings.database_url)
    report = Report(outages=list(away))
    try:
        reads = StoredCameras(database)
        end = begin + timedelta(hours=hours)
        spells = asyncio.run(reads.spells(begin, end, limit=1_000_000))
        hours_kept = asyncio.run(reads.hours(begin - timedelta(hours=1), end + timedelta(hours=1)))
        sums = Counter[str]()
        for camera in day.ids:
            checks = asyncio.run(reads.checks(camera, begin, end, 10_000_000))
            _checks(report, camera, sorted(checks, key=lambda one: one.due_at), day.spells_of(camera), begin, hours)
            _spells(
                report, camera, [one for one in spells if one.camera == camera], day.spells_of(camera), begin, hours
            )
        for hour in hours_kept:
            sums["planned"] += hour.tally.planned
            sums["done"] += hour.tally.done
            for miss, count in hour.tally.missed.items():
                sums[miss.value] += count
        if sums["planned"] != report.planned or any(sums[name] != count for name, count in report.outcomes.items()):
            report.wrong.append(
                f"the hours' sums are {dict(sums)}, the checks {report.planned}, {dict(report.outcomes)}"
            )
    finally:
        database.close()
    return report


def _checks(
    report: Report, camera: str, checks: Sequence[Check], truth: Sequence[Planned], begin: datetime, hours: float
) -> None:
    """Each moment of the plan has its one record, with the true outcome."""
    phase = phase_of(camera)
    first, last = begin.timestamp(), begin.timestamp() + hours * 3_600
    wanted = [
        due for k in range(int(first // CADENCE_S) - 1, int(last // CADENCE_S) + 1)
        if first + EDGE_S < (due := (k + phase) * CADENCE_S) <= last
    ]  # fmt: skip
    dues = [check.due_at.timestamp() for check in checks if check.due_at.timestamp() > first + EDGE_S]
    if len(dues) != len(wanted) or any(abs(a - b) > 0.05 for a, b in zip(dues, wanted, strict=False)):
        report.wrong.append(f"{camera}: {len(dues)} checks on record, {len(wanted)} planned")
    window = work_on(camera, hours, begin)
    for check in checks:
        report.planned += 1
        outcome = "done" if check.miss is None else check.miss.value
        report.outcomes[outcome] += 1
        may_be = _may_be(report, check.due_at, truth, window)
        if outcome not in may_be:
            report.wrong.append(f"{camera} {check.due_at:%H:%M:%S}: {outcome}, and was {' or '.join(sorted(may_be))}")


def _may_be(report: Report, due: datetime, truth: Sequence[Planned], window: object) -> set[str]:
    at = due.timestamp()
    for killed, back in report.outages:
        if killed <= due <= back:
            return {Miss.GATEWAY.value}
    may_be: set[str] = set()
    starts, ends = (window.starts_at, window.ends_at) if window is not None else (None, None)  # type: ignore[attr-defined]
    for moment in (at - EDGE_S, at, at + EDGE_S):
        if starts is not None and starts.timestamp() <= moment < ends.timestamp():
            may_be.add(Miss.MAINTENANCE.value)
        elif any(one.finding == "signal_loss" and one.holds(moment) for one in truth):
            may_be.add(Miss.CAMERA.value)
        else:
            may_be.add("done")
    if any(
        killed - timedelta(seconds=UNWRITTEN_S) <= due <= back + timedelta(seconds=EDGE_S)
        for killed, back in report.outages
    ):
        may_be.add(Miss.GATEWAY.value)
    return may_be


def _spells(
    report: Report, camera: str, kept: Sequence[Spell], truth: Sequence[Planned], begin: datetime, hours: float
) -> None:
    """Each fault that lasted was found under its name, soon, and was over soon; nothing else was found."""
    window = work_on(camera, hours, begin)
    unseen = [(a.timestamp() - UNWRITTEN_S, b.timestamp()) for a, b in report.outages]
    if window is not None:
        unseen.append((window.starts_at.timestamp(), window.ends_at.timestamp()))
    end = begin.timestamp() + hours * 3_600
    left = list(kept)
    for planned in truth:
        begins, over = _seen_from(planned.from_s, unseen), _seen_from(planned.to_s, unseen)
        if _looked_at_s(begins, min(over, end), unseen) < NOTICED_S:
            left = [one for one in left if one.finding.value != planned.finding]
            continue
        report.spells += 1
        match = next((one for one in left if one.finding.value == planned.finding), None)
        if match is None:
            report.wrong.append(f"{camera}: {planned.finding} from {_clock(planned.from_s)} was not found")
            continue
        left.remove(match)
        report.found += 1
        delay = _looked_at_s(begins, match.raised_at.timestamp(), unseen)
        report.delays_s.append(delay)
        if not -EDGE_S <= delay <= NOTICED_S:
            report.wrong.append(f"{camera}: {planned.finding} was found after {delay:.0f} s")
        if over + NOTICED_S < end and (
            match.cleared_at is None
            or not -NOTICED_S <= _looked_at_s(over, match.cleared_at.timestamp(), unseen) <= NOTICED_S
        ):
            report.wrong.append(f"{camera}: {planned.finding} over at {_clock(over)}, cleared {match.cleared_at}")
    report.wrong += [f"{camera}: {one.finding.value} at {one.raised_at:%H:%M:%S} was not there" for one in left]


def _seen_from(moment: float, unseen: Sequence[tuple[float, float]]) -> float:
    """When somebody could see for the first time what began at that moment."""
    for begins, ends in sorted(unseen):
        if begins <= moment <= ends:
            moment = ends
    return moment


def _looked_at_s(begin: float, end: float, unseen: Sequence[tuple[float, float]]) -> float:
    """From one moment to the other, without the time in which nobody looked."""
    away_s = sum(max(0.0, min(end, until) - max(begin, since)) for since, until in unseen)
    return end - begin - away_s


def _clock(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%H:%M:%S}"
