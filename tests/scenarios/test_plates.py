"""A vehicle lane with real gateway and broker, a simulated camera and bollard: misread, corrected, let through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from devices.messages import BollardPosition
from firmware_sim import lane
from firmware_sim.fleet import Fleet
from gateway.flows.enrolment import Place
from tests.parts.gateway_process import PEOPLE, GatewayProcess, SiteFolder
from tests.parts.mosquitto import Mosquitto
from tests.parts.oracle import Oracle
from tests.scenarios.test_level_change import all_in_step, ask, enrol, token_for

DEVICES = (
    ("camera", "lane-in", Place("north-vehicle", None)),
    ("bollard", "bollard-1", Place("north-vehicle", None)),
    ("reader", "north-out-1", Place("north-out", None)),
)


class Gate:
    """The gateway as a guard and a teacher ask it."""

    def __init__(self, address: str, tokens: dict[str, str]) -> None:
        self.address, self.tokens = address, tokens

    async def ask(self, who: str, method: str, path: str, **body: Any) -> Any:
        return await ask(self.address, self.tokens[who], method, f"/api/v1/{path}", **body)

    async def status(self, method: str, path: str, **body: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.tokens['guard']}"}
        async with (
            aiohttp.ClientSession(self.address, headers=headers) as client,
            client.request(method, f"/api/v1/{path}", json=body or None) as answer,
        ):
            is_json = answer.content_type.endswith("json")
            return answer.status, await answer.json() if is_json else await answer.read()

    async def who_waits_with_a_picture(self) -> Any:
        async with asyncio.timeout(10):
            while True:
                waiting = (await self.ask("guard", "GET", "waiting"))["waiting"]
                if waiting and waiting[0]["picture"]:
                    return waiting[0]
                await asyncio.sleep(0.05)


@pytest.mark.timeout(180)
async def test_a_misread_plate_waits_with_its_picture_and_drives_in_as_the_one_that_the_guard_picks(
    tmp_path: Path, mosquitto: Mosquitto, make_gateway: Callable[..., GatewayProcess]
) -> None:
    site = SiteFolder(tmp_path / "site", mqtt_url=mosquitto.url)
    site.import_people(*PEOPLE)
    specs = await asyncio.to_thread(enrol, site, DEVICES)
    people = (("guard", "guard"), ("teacher", "teacher"))
    tokens = {name: await asyncio.to_thread(token_for, site, name, role) for name, role in people}
    gateway = make_gateway(site)
    await asyncio.to_thread(gateway.start)
    async with Fleet(specs, mosquitto.url, tmp_path / "devices") as fleet:
        await fleet.wait_connected(60.0)
        gate = Gate(gateway.address, tokens)
        await all_in_step(gateway.address, tokens["guard"], len(fleet))
        camera, bollard = fleet["lane-in"], fleet["bollard-1"]

        # The registered plate is 京A12345; the camera takes its one for an I.
        first = await camera.tap("京AI2345", kind="plate", first_answer=True, timeout_s=10)
        row = await gate.who_waits_with_a_picture()
        refused, problem = await gate.status("POST", f"waiting/{row['id']}", outcome="grant")
        _, picture = await gate.status("GET", f"waiting/{row['id']}/picture")
        waits = asyncio.create_task(camera.final_answer(first.tap, timeout_s=20))
        await asyncio.sleep(0)  # the driver looks at the light before the guard touches
        await gate.ask("guard", "POST", f"waiting/{row['id']}", outcome="grant", plate=row["proposals"][0]["plate"])
        final = await waits
        drove = await lane.drive(camera, bollard, "in", "t1")

        assert (first.outcome, refused, final.outcome, drove) == ("wait", 409, "grant", True)
        assert problem["detail"].startswith("unknown_credential") and picture[:2] == b"\xff\xd8"
        assert bollard.state.bollard is not None and bollard.state.bollard.position is BollardPosition.RAISED
        moved = [line["what"] for line in fleet.log.of("bollard-1") if line["what"] != "started"]
        assert moved == ["lowering", "lowered", "raising", "raised"]

        # A doubtful reading of the same plate is the guard's to confirm; a stranger's never opens, not even by name.
        again = await camera.tap("京A12345", kind="plate", confidence=0.5, first_answer=True, timeout_s=10)
        assert again.outcome == "wait"
        waits = asyncio.create_task(camera.final_answer(again.tap, timeout_s=20))
        await asyncio.sleep(0)
        await gate.ask("guard", "POST", f"waiting/lane-in:{again.tap}", outcome="refuse")
        assert (await waits).reason == "guard_refused"
        stranger = await gate.ask("guard", "POST", "lanes/north-vehicle/admit", plate="沪C77777")
        assert (stranger["outcome"], stranger["reason"]) == ("deny", "unknown_credential")

        # On foot: no slip, a slip.
        exit_ = fleet["north-out-1"]
        without = await exit_.tap("STUDENT1", "out", timeout_s=10)
        now = datetime.now(UTC)
        window = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=1)).isoformat()}
        await gate.ask("teacher", "POST", "slips", holder="s1", reason="other", **window)
        given = await exit_.tap("STUDENT1", "out", timeout_s=10)
        assert given.granted and (without.granted or without.reason == "leave_slip_required")
        await exit_.walk_through("out", person="s1")
        await fleet.quiet(30.0)
    await asyncio.to_thread(gateway.stop)
    Oracle(fleet.log.of(), site.rows()).check()
