"""The plan over the API: everything is on it, whoever may look gets it, and its picture runs nothing in a browser."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import aiohttp
import pytest

from gateway.core.plan import Picture, Plan, Spot
from gateway.flows.cameras import CameraBook
from gateway.flows.plan_signs import PlanSigns
from gateway.plan_svg import cleaned
from tests.web.camera_scene import a_camera
from tests.web.guardpost import GuardPost

DRAWING = cleaned(b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h5"/></svg>')
PNG = b"\x89PNG\r\n\x1a\n and so on"


async def told(client: aiohttp.ClientSession) -> dict:
    async with client.get("/api/v1/plan") as answer:
        assert answer.status == 200
        return await answer.json()


def signs_of(answer: dict) -> dict[str, dict]:
    signs = [sign for plan in answer["plans"] for sign in plan["signs"]] + answer["elsewhere"]
    assert len({sign["id"] for sign in signs}) == len(signs), "everything has one sign"
    return {sign["id"]: sign for sign in signs}


async def test_without_a_plan_of_its_own_a_school_has_one_with_everything_on_it(post: GuardPost) -> None:
    post.site.cameras = CameraBook(
        {
            one.id: one
            for one in (
                a_camera("lane", "Lane", "车道", "site", sees=frozenset({"north-vehicle"}), device="lane-cam"),
                a_camera("north-bollard", "Same id as a device"),
            )
        }
    )
    client = await post.signed_in("maintainer1", "maintenance")

    answer = await told(client)

    signs, (plan,) = signs_of(answer), answer["plans"]
    assert plan["laid_out"] is True and plan["picture"] is None and answer["elsewhere"] == []
    assert {zone["id"] for zone in plan["zones"]} == set(post.site.campus.zones)
    assert {id: sign["kind"] for id, sign in signs.items()} == {
        "north-in": "gate", "north-out": "gate", "south-in": "gate", "south-out": "gate", "north-vehicle": "lane",
        "dorm-1-door": "door", "dorm-2-door": "door", "dorm-3-door": "door", "control-room-door": "door",
        "north-in-1": "reader", "north-out-1": "reader", "south-in-1": "reader", "dorm-1-door-1": "reader",
        "lane": "camera", "north-bollard": "camera",
    }  # fmt: skip
    assert signs["north-in"]["name"] == {"en": "North gate in", "zh": "北门入口"}
    assert (signs["north-in-1"]["portal"], signs["north-in-1"]["zone"], signs["north-in-1"]["gate"]) == (
        "north-in",
        "campus",
        "north",
    )
    assert (signs["lane"]["of"], signs["lane"]["device"], signs["lane"]["sees"]) == (
        "camera",
        "lane-cam",
        ["north-vehicle"],
    )
    assert await told(client) | {"at": None} == answer | {"at": None}, "the same each time"


async def test_the_schools_own_plan_is_told_with_gates_posts_and_buttons_as_places(post: GuardPost) -> None:
    post.site.plans = post.settings.plans
    panel = post.site.devices.get("north-bollard")
    assert panel is not None
    panel.locations = ("hall-button",)
    client = await post.signed_in("guard1", "guard")

    answer = await told(client)

    (plan,) = answer["plans"]
    assert (plan["size"], plan["laid_out"]) == ([1600.0, 1000.0], False)
    assert next(sign for sign in plan["signs"] if sign["id"] == "north-in")["at"] == [622.0, 120.0]
    assert any(ground["name"] == {"en": "Library", "zh": "图书馆"} for ground in plan["ground"])
    assert next(zone for zone in plan["zones"] if zone["id"] == "teaching")["anchor"] == "given"
    places = answer["places"]
    assert places["hall-button"] == ["north-bollard"]
    assert places["south"] == ["south-in", "south-out"]
    assert places["north-gate"] == ["north-in", "north-out", "north-vehicle"]
    assert "control-room" not in places, "the zone of that name is meant"


async def test_what_is_enrolled_later_is_on_the_plan_at_once(post: GuardPost) -> None:
    post.site.plans = post.settings.plans
    client = await post.signed_in("guard1", "guard")
    before = signs_of(await told(client))
    device = post.site.devices.get("south-in-1")
    assert device is not None
    device.portal = "south-out"

    after = signs_of(await told(client))

    assert after["south-in-1"]["portal"] == "south-out"
    assert {id: sign["at"] for id, sign in before.items()} == {id: sign["at"] for id, sign in after.items()}


async def test_spots_are_looked_for_once_until_something_is_moved_enrolled_or_drawn_anew(post: GuardPost) -> None:
    site, signs = post.site, PlanSigns()
    first, meanwhile = await asyncio.gather(signs.of(site), signs.of(site))
    device = site.devices.get("south-in-1")
    assert device is not None

    device.online = not device.online
    again = await signs.of(site)
    device.portal = "south-out"
    moved = await signs.of(site)
    site.cameras = CameraBook({"lane": a_camera("lane", "Lane", "车道", "site")})
    with_camera = await signs.of(site)
    site.plans = post.settings.plans
    drawn = await signs.of(site)

    assert first is meanwhile is again
    assert [thing.portal for thing in moved.things if thing.id == "south-in-1"] == ["south-out"]
    assert "lane" in {sign.thing.id for board in with_camera.boards for sign in board.signs}
    assert [board.plan for board in drawn.boards] == list(site.plans)


@pytest.mark.parametrize(
    ("media", "body", "policy"),
    [("image/svg+xml", DRAWING, "; sandbox"), ("image/png", PNG, "")],
)
async def test_the_picture_goes_out_as_it_was_checked_and_runs_nothing(
    post: GuardPost, media: str, body: bytes, policy: str
) -> None:
    post.site.plans = (Plan("east", post.site.campus.name, (100.0, 100.0), picture=Picture(media, body, "tag1")),)
    client = await post.signed_in("guard1", "guard")
    address = (await told(client))["plans"][0]["picture"]

    async with client.get(address) as answer:
        assert (answer.status, answer.content_type, await answer.read()) == (200, media, body)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Content-Security-Policy"].endswith(policy or "'none'")
    async with client.get(address, headers={"If-None-Match": '"tag1"'}) as answer:
        assert answer.status == 304
    for wrong in ("west", "east.svg", "..%2feast", "EAST"):
        async with client.get(f"/api/v1/plan/picture/{wrong}") as answer:
            assert answer.status == 404
    post.site.plans = (replace(post.site.plans[0], picture=None),)
    async with client.get(address) as answer:
        assert answer.status == 404
    async with post.client().get(address) as answer:
        assert answer.status == 401


async def test_a_thing_of_no_place_is_told_as_being_on_no_plan(post: GuardPost) -> None:
    post.site.plans = (Plan("a", post.site.campus.name, (100.0, 100.0), spots={"north-in": Spot((5.0, 5.0))}),)
    client = await post.signed_in("guard1", "guard")

    answer = await told(client)

    assert [sign["id"] for sign in answer["plans"][0]["signs"]] == ["north-in", "north-in-1"]
    assert {sign["at"] for sign in answer["elsewhere"]} == {None}
    assert "dorm-1-door" in {sign["id"] for sign in answer["elsewhere"]}
