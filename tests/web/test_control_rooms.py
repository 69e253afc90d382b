"""The control rooms in the API: who is there without a name, standing in, and the sign of life of a lone operator."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from gateway.core.nouns import ControlRoom, Label, VigilanceRules
from gateway.core.windows import Window
from gateway.flows import alarms, vigilance
from tests.web.guardpost import GuardPost

STREAM = "/api/v1/stream?of=control"
EAST = ControlRoom("east", Label("East", "东"), frozenset({"campus"}))
WEST = ControlRoom("west", Label("West", "西"), frozenset({"dorm-1"}))


@pytest.fixture
async def site(post: GuardPost) -> GuardPost:
    always = VigilanceRules(Window(0, 24 * 60))
    post.site.campus = replace(post.site.campus, control_rooms=(EAST, WEST), vigilance=always)
    return post


@asynccontextmanager
async def desk(post: GuardPost, client: aiohttp.ClientSession, room: str) -> AsyncIterator[Any]:
    """An open page at a room's desk, which has had its snapshot."""
    async with client.ws_connect(f"{STREAM}&room={room}", origin=post.url) as socket:
        socket.first = json.loads((await socket.receive()).data)
        yield socket


async def heard(socket: aiohttp.ClientWebSocketResponse, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            told = json.loads((await socket.receive()).data)
            for event in told if isinstance(told, list) else [told]:
                if wanted(event):
                    return event


async def call(client: aiohttp.ClientSession, method: str, path: str, **body: Any) -> tuple[int, Any]:
    given = {"json": body} if body else {}
    async with client.request(method, f"/api/v1/{path}", **given) as answer:
        return answer.status, await answer.json()


async def rows(client: aiohttp.ClientSession) -> dict[str, dict[str, Any]]:
    status, said = await call(client, "GET", "control-rooms")
    assert status == 200
    return {row["id"]: row for row in said["rooms"]}


async def test_others_see_that_somebody_is_there_and_never_who(site: GuardPost) -> None:
    operator = await site.signed_in("zhang-wei", "operator", person="S-2")
    other = await site.signed_in("operator2", "operator")
    await alarms.raise_alarm(site.site, alarms.FORCED_DOOR, "dorm-1-door-1")
    await alarms.raise_alarm(site.site, alarms.DURESS, "dorm-1-door-1")

    async with desk(site, operator, "west"):
        there = await rows(other)
    async with asyncio.timeout(20):
        while (await rows(other))["west"]["manned"]:  # noqa: ASYNC110  # its end has no event to wait on
            await asyncio.sleep(0.01)
    gone = (await rows(other))["west"]

    assert (there["west"]["manned"], there["west"]["desks"], there["east"]["manned"]) == (True, 1, False)
    assert there["west"]["alarms"] == {"high": 1, "medium": 0, "low": 0}, "a silent one does not count"
    assert (gone["desks"], there["east"]["last_seen_at"]) == (0, None) and gone["last_seen_at"] is not None
    assert "zhang" not in json.dumps(there).lower() and "张" not in json.dumps(there, ensure_ascii=False)


async def test_only_who_may_close_alarms_mans_a_room_and_only_one_that_exists(site: GuardPost) -> None:
    leader = await site.signed_in("leader1", "duty_leader")

    async with desk(site, leader, "west"):
        assert not (await rows(leader))["west"]["manned"]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await leader.ws_connect(f"{STREAM}&room=north", origin=site.url)

    assert refused.value.status == 404


async def test_standing_in_is_told_to_every_page_at_once(site: GuardPost) -> None:
    operator = await site.signed_in("operator1", "operator")
    officer = await site.signed_in("officer1", "security_officer")

    async with desk(site, operator, "east") as page:
        assert {row["id"]: row["heard_in"] for row in page.first["rooms"]} == {"east": "east", "west": "west"}
        status, row = await call(operator, "POST", "control-rooms/west/take-over", reason="a burst pipe there")
        told = await heard(page, lambda event: event["type"] == "room")
        assert (status, row["taken_over_by"], row["heard_in"]) == (200, "east", "east")
        assert told["room"] == row | {"last_seen_at": told["room"]["last_seen_at"]}

        status, problem = await call(officer, "POST", "control-rooms/east/take-over", by_room="west")
        assert (status, problem["type"].rpartition("/")[2]) == (409, "conflict")
        status, row = await call(officer, "POST", "control-rooms/west/hand-back")
        assert (status, row["taken_over_by"]) == (200, None)
    assert (await call(officer, "POST", "control-rooms/north/take-over", by_room="west"))[0] == 404
    assert (await call(officer, "POST", "control-rooms/east/take-over", by_room="north"))[0] == 404


async def test_a_lone_operator_presses_or_does_something_and_nobody_else_can(site: GuardPost) -> None:
    operator = await site.signed_in("operator1", "operator")
    officer = await site.signed_in("officer1", "security_officer")
    alarm = await alarms.raise_alarm(site.site, alarms.FORCED_DOOR, "dorm-1-door-1")

    async with desk(site, operator, "west") as page:
        await vigilance.look(site.site)
        asked = await heard(page, lambda event: event["type"] == "vigilance")
        assert (asked["room"], asked["state"]) == ("west", "asked")
        assert (await rows(officer))["west"]["vigilance"] == "asked"
        assert (await call(officer, "POST", "control-rooms/west/present"))[0] == 409

        status, row = await call(operator, "POST", "control-rooms/west/present")
        answered = await heard(page, lambda event: event["type"] == "vigilance")
        assert (status, row["vigilance"], answered["state"]) == (200, None, "answered")

        site.site.rooms.of("west").seen_at = None
        site.site.rooms.vigils.clear()
        await vigilance.look(site.site)
        assert (await call(operator, "POST", f"alarms/{alarm.id}/acknowledge"))[0] == 200
        await vigilance.look(site.site)
        answered = await heard(page, lambda event: event["type"] == "vigilance" and event["state"] == "answered")
    async with desk(site, operator, "west") as again:
        assert again.first["vigilance"] == {}
        site.site.rooms.of("west").seen_at = None
        site.site.rooms.vigils.clear()
        await vigilance.look(site.site)
        async with desk(site, operator, "west") as third:
            assert third.first["vigilance"]["west"]["state"] == "asked"
