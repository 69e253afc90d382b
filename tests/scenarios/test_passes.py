"""A visitor's code from the registration to the check-out: a real gateway, a real broker, simulated readers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

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
)


@pytest.mark.timeout(240)
async def test_a_visitor_comes_in_by_the_code_once_leaves_and_the_code_is_void(
    tmp_path: Path, mosquitto: Mosquitto, make_gateway: Callable[..., GatewayProcess]
) -> None:
    site = SiteFolder(tmp_path / "site", mqtt_url=mosquitto.url)
    site.import_people(*PEOPLE)
    specs = await asyncio.to_thread(enrol, site, DEVICES)
    token = await asyncio.to_thread(token_for, site, "guard", "guard")
    gateway = make_gateway(site)
    await asyncio.to_thread(gateway.start)

    async def api(method: str, path: str, **body: object) -> dict[str, object]:
        said: dict[str, object] = await ask(gateway.address, token, method, f"/api/v1/{path}", **body)
        return said

    async with Fleet(specs, mosquitto.url, tmp_path / "devices") as fleet:
        await fleet.wait_connected(60.0)
        await all_in_step(gateway.address, token, len(fleet))
        north, south, out = fleet["north-in-1"], fleet["south-in-1"], fleet["north-out-1"]
        now = datetime.now(UTC)
        visitor = {"name": "Anna Berg", "document": {"kind": "passport", "number": "E12345678"}}
        times = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=2)).isoformat()}
        made = await api("POST", "visits", visitor=visitor, kind="visitor", host="t1", purpose="library", **times)
        code = str((await api("GET", f"visits/{made['id']}/pass"))["value"])
        assert code == made["pass"]
        assert (await north.tap(code, kind="qr")).reason == "document_not_seen"
        await api("POST", f"visits/{made['id']}/check-in", document_seen=True)

        first, second = await asyncio.gather(north.tap(code, kind="qr"), south.tap(code, kind="qr"))
        assert sorted((first.reason, second.reason)) == ["already_inside", "ok"]
        went, other = (north, south) if first.granted else (south, north)
        await went.walk_through("in")
        await _until(api, "inside", lambda said: any(zone["inside"] for zone in said["zones"]))
        assert (await other.tap(code, kind="qr")).reason == "already_inside"
        shown = await api("POST", "passes/present", portal="north-in", direction="in", value=code)
        assert shown["reason"] == "already_inside"

        assert (await out.tap(code, "out", kind="qr")).granted
        await out.walk_through("out")
        await _until(api, f"visits/{made['id']}", lambda said: said["state"] == "checked_out")
        assert (await north.tap(code, kind="qr")).reason == "credential_revoked"
        await fleet.quiet()
        rows = site.rows()
        assert not any(code in str(row.body) for row in rows)
        conditions = {row.body["condition"] for row in rows if row.kind == "alarm"}
        assert "pass_shared" in conditions and "forced_door" not in conditions
        await asyncio.to_thread(gateway.stop)
        Oracle(fleet.log.of(), site.rows()).check()


async def _until(api: Callable[..., Any], path: str, is_so: Callable[[Any], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so(await api("GET", path)):  # noqa: ASYNC110  # asked over HTTP: nothing to wait on
            await asyncio.sleep(0.05)
