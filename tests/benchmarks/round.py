"""`bench round`: the round of health checks over a whole day, and at full load.

Two questions. `--day`: 500 cameras on a simulated day of 24 hours, the gateway killed twice in between: does the record
say what was so, check for check? (Measures are fed in behind the checks; hours pass as fast as the machine can.)
`--look`: so many cameras that serve real JPEGs over HTTP, 50 of them dead, each looked at once a minute by a gateway
and an eye of one worker: was any check missed that is not the camera's own fault, and what does it cost of one core?
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.rig import say
from tests.parts.camera_day_report import report_against_truth
from tests.parts.camera_day_truth import Outage, held_against_truth, live_through
from tests.parts.gateway_process import SiteFolder

BEGIN = datetime(2026, 12, 1, tzinfo=UTC)
OUTAGES = ((0.31, 1_500.0), (0.73, 240.0))
"""When the gateway is killed, as parts of the day, and for how many seconds it stays away."""


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench round", description=__doc__)
    parser.add_argument("--day", action="store_true", help="only the simulated day")
    parser.add_argument("--look", action="store_true", help="only real pictures")
    parser.add_argument("--cameras", type=int, default=500)
    parser.add_argument("--hours", type=float, default=24.0, help="of the simulated day")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dead", type=int, default=50, help="of the cameras with real pictures")
    parser.add_argument("--seconds", type=float, default=130.0, help="how long real pictures are looked at")
    parser.add_argument("--size", default="1920x1080", help="of the real pictures")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    options = parser.parse_args(words)
    both = options.day == options.look
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="wardgate-bench-") as name:
        if options.day or both:
            found["day"] = whole_day(options, Path(name) / "day")
        if options.look or both:
            from tests.benchmarks.round_looks import looks

            found["look"] = looks(options, Path(name) / "look")
    print(json.dumps(found, indent=None if options.json else 1))
    return max(1 if part["wrong"] else 0 for part in found.values())


def whole_day(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The simulated day, and what its record says."""
    folder.mkdir()
    length_s = options.hours * 3_600
    outages = [Outage(part * length_s, lasts_s) for part, lasts_s in OUTAGES]
    killed = " and ".join(f"{outage.at_s / 3_600:.1f} h" for outage in outages)
    say(f"{options.cameras} cameras, {options.hours:g} simulated hours, killed after {killed}")
    began = time.monotonic()

    def reached(hours: float) -> None:
        say(f"{hours:g} h of the day after {time.monotonic() - began:.0f} s")

    away = live_through(folder, options.cameras, options.hours, options.seed, BEGIN, outages, reached)
    took_s = time.monotonic() - began
    report = held_against_truth(folder, options.cameras, options.hours, options.seed, BEGIN, away)
    total, not_reported = report_against_truth(folder, options.cameras, options.hours, options.seed, BEGIN, report)
    verdict = SiteFolder(folder / "site", is_there=True).verify()
    delays = sorted(report.delays_s)
    wrong = [*report.wrong, *not_reported, *([] if verdict.holds else [verdict.what])]
    for line in wrong[:20]:
        say(f"wrong: {line}")
    size_mb = (folder / "site" / "data" / "wardgate.db").stat().st_size / 1e6
    return {
        "planned": report.planned,
        **{name: report.outcomes[name] for name in ("done", "camera", "gateway", "overload", "maintenance")},
        "spells": report.spells,
        "found": report.found,
        "noticed_median_s": round(delays[len(delays) // 2], 1) if delays else None,
        "noticed_p95_s": round(delays[int(len(delays) * 0.95)], 1) if delays else None,
        "report_planned": total.tally.planned,
        "report_mean_notice_s": None if total.mean_notice_s is None else round(total.mean_notice_s, 1),
        "report_agrees": not not_reported,
        "ledger_holds": verdict.holds,
        "wrong": len(wrong),
        "took_s": round(took_s, 1),
        "database_mb": round(size_mb, 1),
    }
