"""Everything at once: networks break, power fails, clocks go wrong, fire comes, and the gateway is killed meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from tests.parts.day import LiveADay, Ran, shipped
from tests.parts.gateway_process import GatewayProcess, every_alarm
from tests.parts.oracle import Oracle


def check(ran: Ran) -> None:
    Oracle(ran.truth, ran.rows).check()
    assert ran.site.verify().holds
    last = ran.last_events
    assert {key: last.get(key) for key in ran.lived.last_seqs} == ran.lived.last_seqs
    released = {line["device"] for line in ran.truth if line["what"] == "released"}
    assert released == {"dorm-3-door-1"}, "fire releases the doors of its zone, and no others"
    assert {(row.body["condition"], row.body["place"]) for row in every_alarm(ran.rows)} >= {
        ("fire", "dorm-3"),
        ("panic", "south-gate"),
        ("tamper", "south-in-1"),
        ("forced_door", "dorm-2-door-1"),
    }


async def kill_twice(gateway: GatewayProcess) -> None:
    for pause_s in (6.0, 5.0):
        await asyncio.sleep(pause_s)
        gateway.kill9()
        await asyncio.to_thread(gateway.start)


@pytest.mark.xdist_group("deadlines")
def test_in_a_storm_nothing_moves_without_a_cause_and_nothing_told_is_lost(live_a_day: LiveADay) -> None:
    check(live_a_day(shipped("storm"), people_count=60, real_s=20.0, meanwhile=kill_twice))


@pytest.mark.campaign
@pytest.mark.timeout(1200)
def test_a_long_storm_on_both_databases(live_a_day: LiveADay, database_url: str | None) -> None:
    async def kill_often(gateway: GatewayProcess) -> None:
        for _ in range(10):
            await kill_twice(gateway)

    day = shipped("storm")
    check(live_a_day(day, database_url=database_url, people_count=400, real_s=180.0, meanwhile=kill_often))
