"""A school day, compressed, on every broker and database: what moved and what was recorded tell the same story."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.parts.day import LiveADay, Ran, shipped
from tests.parts.oracle import Oracle


def check(ran: Ran, people_count: int) -> None:
    Oracle(ran.truth, ran.rows).check()
    assert ran.site.verify().holds
    # What people saw at the devices is what the ledger says they were told; what devices told last is there too.
    assert ran.seen == Counter(
        f"{row.body['outcome']} {row.body['reason']}" for row in ran.rows if row.kind == "decision"
    )
    assert ran.last_events == ran.lived.last_seqs
    # It was a day: people passed, some were refused, cars came; and on a sound network nobody decided alone.
    assert ran.lived.counts["passed"] > people_count
    assert {what.split()[0] for what in ran.seen} >= {"grant", "deny"}
    assert {line["what"] for line in ran.truth} >= {"unlocked", "locked", "passed", "opened", "lowered", "raised"}
    assert ran.lived.counts["decided alone"] == 0


@pytest.mark.xdist_group("deadlines")
@pytest.mark.parametrize(
    ("broker", "database_url"),
    [("mosquitto", "sqlite"), pytest.param("embedded", "postgresql", marks=pytest.mark.postgres)],
    indirect=["database_url"],
)
def test_a_school_day_moves_nothing_without_a_cause_and_leaves_nothing_out(
    live_a_day: LiveADay, broker: str, database_url: str | None
) -> None:
    day = shipped("school_day")
    check(live_a_day(day, broker=broker, database_url=database_url, people_count=60, real_s=18.0), 60)


@pytest.mark.campaign
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("broker", ["mosquitto", "embedded"])
def test_a_large_school_day_on_every_broker_and_database(
    live_a_day: LiveADay, broker: str, database_url: str | None
) -> None:
    day = shipped("school_day")
    check(live_a_day(day, broker=broker, database_url=database_url, people_count=600, real_s=300.0), 600)
