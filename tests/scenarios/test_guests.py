"""A scenario with guests, real gateway and broker: an expected visitor's pass, a group's code, a school bus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from firmware_sim import scenario
from firmware_sim.campus import Campus
from firmware_sim.fleet import Fleet
from gateway.flows.enrolment import Place
from tests.parts.gateway_process import PEOPLE, GatewayProcess, SiteFolder
from tests.parts.mosquitto import Mosquitto
from tests.parts.oracle import Oracle
from tests.scenarios.test_level_change import all_in_step, ask, enrol, token_for

DEVICES = (
    ("reader", "north-in-1", Place("north-in", None)),
    ("reader", "north-out-1", Place("north-out", None)),
    ("reader", "south-in-1", Place("south-in", None)),
    ("camera", "lane-in", Place("north-vehicle", None)),
    ("bollard", "bollard-1", Place("north-vehicle", None)),
)
SPEED = 800.0


def test_whoever_has_no_pass_stays_away_and_a_pass_that_nobody_has_is_named() -> None:
    day = scenario.load("visitors")
    guests = [going for going in scenario.plan(day, [], "7") if going.flow == "guests"]
    assert {going.portal for going in guests} == {"vehicle"}

    with_one = scenario.plan(scenario.with_passes(day, {"visitor": "WG1"}), [], "7")
    assert [(going.portal, going.shows) for going in with_one if going.person.name == "expected visitor"] == [
        ("north-in", "qr"),
        ("north-out", "qr"),
    ]
    with pytest.raises(scenario.BadScenario):
        scenario.with_passes(day, {"nobody": "WG1"})


@pytest.mark.timeout(240)
async def test_a_morning_with_an_expected_visitor_a_group_and_a_school_bus(
    tmp_path: Path, mosquitto: Mosquitto, make_gateway: Callable[..., GatewayProcess]
) -> None:
    site = SiteFolder(tmp_path / "site", mqtt_url=mosquitto.url)
    site.import_people(*PEOPLE)
    specs = await asyncio.to_thread(enrol, site, DEVICES)
    specs = [replace(one, bollard="bollard-1") if one.device == "lane-in" else one for one in specs]
    guard = await asyncio.to_thread(token_for, site, "guard", "guard")
    officer = await asyncio.to_thread(token_for, site, "officer", "security_officer")
    gateway = make_gateway(site)
    await asyncio.to_thread(gateway.start)

    async def api(token: str, method: str, path: str, **body: Any) -> Any:
        return await ask(gateway.address, token, method, f"/api/v1/{path}", **body)

    async with Fleet(specs, mosquitto.url, tmp_path / "devices") as fleet:
        await fleet.wait_connected(60.0)
        await all_in_step(gateway.address, guard, len(fleet))
        codes = await _registered(api, guard, officer)
        day = scenario.with_passes(scenario.load("visitors"), codes)
        # The van would wait for a guard, who is not in this test.
        day = replace(day, flows=(), guests=tuple(one for one in day.guests if one.kind != "contractor"))
        campus = Campus(fleet, [], day, speed=SPEED)
        await campus.run(days=1)
        await fleet.quiet()

        [bus] = (await api(guard, "POST", "vehicles/register", kind="bus"))["vehicles"]
        group = (await api(guard, "GET", "delegations"))["visits"][0]["group"]
        decisions = site.rows("decision")
        grants = [(row.body["portal"], row.body["direction"]) for row in decisions if row.body["outcome"] == "grant"]
        assert sorted(grants) == sorted(
            [
                ("north-vehicle", "in"),  # the bus, and later out again
                ("north-vehicle", "out"),
                ("north-in", "in"),
                ("north-out", "out"),
                *[("north-in", "in")] * 2,
                ("south-in", "in"),
            ]
        )
        assert bus["plate"] == "京B10001"
        assert (group["counted_in"], group["counted_out"]) == (3, 0)
        assert {row.body["outcome"] for row in decisions} == {"grant"}
        await asyncio.to_thread(gateway.stop)
        Oracle(fleet.log.of(), site.rows()).check()


async def _registered(api: Callable[..., Any], guard: str, officer: str) -> dict[str, str]:
    """What the gateway has to know of them first; the codes by the names that the scenario has for them."""
    now = datetime.now(UTC)
    times = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=2)).isoformat()}
    visitor = {"name": "Anna Berg", "document": {"kind": "passport", "number": "E12345678"}}
    leader = {"name": "Bo Lind", "document": {"kind": "passport", "number": "G87654321"}}
    common = {"kind": "official", "purpose": "inspection", **times}
    one = await api(guard, "POST", "visits", visitor=visitor, **common)
    some = await api(guard, "POST", "delegations", leader=leader, rows="Cai Wu\nDai Lin", **common)
    for made in (one, some):
        await api(guard, "POST", f"visits/{made['id']}/check-in", document_seen=True)
    await api(
        officer,
        "POST",
        "vehicles",
        kind="bus",
        plate="京B10001",
        holder="t1",
        driver="t1",
        attendant="t2",
        route="1",
        papers_until=(now + timedelta(days=90)).isoformat(),
        timetable=[{"from": "00:00", "to": "24:00", "days": [0, 1, 2, 3, 4, 5, 6]}],
        portals=["north-vehicle"],
    )
    return {"visitor": one["pass"], "group": some["pass"]}
