"""A gateway that somebody has start anew from a page: the same process, the changed files, and it serves again."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from tests.parts.gateway_process import GatewayProcess, SiteFolder
from tests.parts.waiting import wait_until
from tests.scenarios.test_level_change import token_for


@pytest.mark.timeout(120)
async def test_a_gateway_starts_anew_with_the_changed_campus_file(
    tmp_path: Path, make_gateway: Callable[..., GatewayProcess]
) -> None:
    site = SiteFolder(tmp_path / "site")
    admin, principal = token_for(site, "admin1", "admin"), token_for(site, "head1", "principal")
    gateway = make_gateway(site)
    gateway.start(with_broker=False)
    pid = gateway.pid

    async with aiohttp.ClientSession() as session:

        async def ask(token: str, method: str, path: str, body: object = None) -> tuple[int, dict]:
            headers = {"Authorization": f"Bearer {token}"}
            url = f"{gateway.address}/api/v1/{path}"
            async with session.request(method, url, json=body, headers=headers) as response:
                return response.status, await response.json() if response.content_length else {}

        _, now = await ask(admin, "GET", "configuration/campus")
        wanted = {"text": now["text"].replace('"22:30"', '"22:15"'), "based_on": now["digest"]}
        _, proposal = await ask(admin, "POST", "configuration/proposal", wanted)
        await ask(principal, "POST", "configuration/proposal/accept", {"digest": proposal["digest"]})
        _, before = await ask(admin, "GET", "windows")
        status, _ = await ask(admin, "POST", "configuration/restart")
        assert status == 204

        def runs_anew() -> bool:
            return sum(line.get("event") == "gateway_runs" for line in gateway.events()) == 2

        await asyncio.to_thread(wait_until, runs_anew, "the gateway runs anew", 60.0)
        gateway.address = [line["address"] for line in gateway.events() if line.get("event") == "gateway_runs"][-1]
        _, after = await ask(admin, "GET", "windows")
        _, files = await ask(admin, "GET", "configuration")

    assert gateway.pid == pid and gateway.is_running
    assert [told["curfew"]["from_min"] for told in (before, after)] == [22 * 60 + 30, 22 * 60 + 15]
    assert not any(file["changed"] for file in files["files"])
    assert [row.body["by"] != "" for row in site.rows("restart_asked")] == [True]
