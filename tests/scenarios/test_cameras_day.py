"""A day of many cameras under a gateway that is killed twice: its record agrees with what really was.

The whole day of 500 cameras is `python3 dev.py bench round`; its result stands in docs/cameras.md.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.parts.camera_day_report import report_against_truth
from tests.parts.camera_day_truth import Outage, held_against_truth, live_through
from tests.parts.gateway_process import SiteFolder

BEGIN = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.timeout(300)
def test_the_record_of_a_day_has_no_hole_and_says_what_was_so_over_two_kills(tmp_path: Path) -> None:
    cameras, hours, seed = 24, 1.5, 4
    outages = (Outage(2_400, 700), Outage(4_200, 45))

    away = live_through(tmp_path, cameras, hours, seed, BEGIN, outages)
    report = held_against_truth(tmp_path, cameras, hours, seed, BEGIN, away)

    assert report.wrong == []
    assert report.planned == sum(report.outcomes.values()) == cameras * hours * 60
    assert all(report.outcomes[name] > 0 for name in ("done", "camera", "gateway", "maintenance"))
    assert report.outcomes["overload"] == 0
    assert report.found == report.spells > 3
    assert SiteFolder(tmp_path / "site", is_there=True).verify().holds
    _, wrong = report_against_truth(tmp_path, cameras, hours, seed, BEGIN, report)
    assert wrong == [], "the availability report"
