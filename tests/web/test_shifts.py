"""Calls, help and shifts over the API: who may, what is shown, and that a second person really proves who they are."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.core.nouns import Item, Label
from gateway.flows import alarms
from gateway.web.words import WORDS
from tests.web.guardpost import PASSWORD, GuardPost

ALL_THERE = [{"item": "keys", "count": 12}]
API = "/api/v1"


def equip(post: GuardPost, **changes) -> None:
    item = Item("keys", Label("Keys", "钥匙"), 12)
    campus = post.site.campus
    posts = tuple(replace(one, inventory=(item,), **changes) if one.id == "north-gate" else one for one in campus.posts)
    post.site.campus = replace(campus, posts=posts)


async def ask(client, method: str, path: str, body=None, status: int = 200):
    more = {} if body is None else {"json": body}
    async with client.request(method, f"{API}/{path}", **more) as answer:
        assert answer.status == status, await answer.text()
        return None if status == 204 else await answer.json()


async def test_the_call_list_goes_on_to_the_next_and_is_there_after_a_reload(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    listed = await ask(guard, "GET", "calls?gate=north")
    assert [(one["to"], one["number"]) for one in listed["calls"]][1:] == [
        ("control-room", ""),
        ("police", "110"),
        ("fire", "119"),
        ("ambulance", "120"),
    ]

    await ask(guard, "POST", "calls", {"gate": "north", "to": "duty-leader", "result": "calling"})
    said = await ask(guard, "POST", "calls", {"gate": "north", "to": "duty-leader", "result": "not_answered"})
    again = await ask(guard, "GET", "calls?gate=north")

    assert said["running"]["next"] == "control-room" and again["running"] == said["running"]
    assert [row["result"] for row in await post.records("called")] == ["calling", "not_answered"]


WRONG_CALLS = [
    ({"gate": "east", "to": "police", "result": "busy"}, "gate"),
    ({"gate": "north", "to": "<b>nobody</b>", "result": "busy"}, "to"),
    ({"gate": "north", "to": "host", "result": "busy"}, "to"),
    ({"gate": "north", "to": "police", "result": "asleep"}, "result"),
    ({"gate": "north", "to": "police", "result": "answered", "who_answered": "x" * 201}, "who_answered"),
    ({"gate": "north", "to": "police", "result": "busy", "about": {"kind": "visit", "id": "<i>"}}, "about.id"),
]


async def test_a_wrong_call_is_named_by_its_field_and_not_recorded(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    found = [await ask(guard, "POST", "calls", body, 422) for body, _ in WRONG_CALLS]

    assert [[one["field"] for one in problem["errors"]] for problem in found] == [[field] for _, field in WRONG_CALLS]
    assert await post.records("called") == []


async def test_a_silent_call_is_heard_in_the_control_room_only(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    operator = await post.signed_in("operator1", "operator")

    for _ in range(3):
        await ask(guard, "POST", "panic", {"gate": "north"}, 204)
    await post.site.finish()

    assert (await ask(guard, "GET", "alarms"))["alarms"] == []
    (heard,) = (await ask(operator, "GET", "alarms"))["alarms"]
    assert (heard["condition"], heard["priority"], heard["place"]) == ("guard_panic", "high", "north")
    assert len(await post.records("guard_panic")) == 1
    assert (await ask(guard, "GET", "shifts?gate=north"))["posts"][0]["open"]["alarms"] == 0


async def test_relief_is_answered_by_the_control_room_and_ended_at_the_gate(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    operator = await post.signed_in("operator1", "operator")

    wanted = await ask(guard, "POST", "relief", {"gate": "north", "minutes": 5}, 201)
    await ask(guard, "POST", f"relief/{wanted['id']}/coming", status=403)
    coming = await ask(operator, "POST", f"relief/{wanted['id']}/coming")
    listed = await ask(guard, "GET", "relief")
    done = await ask(guard, "POST", f"relief/{wanted['id']}/done")

    assert (coming["state"], listed["reliefs"][0]["state"], done["state"]) == ("coming", "coming", "done")
    assert (await ask(guard, "GET", "relief"))["reliefs"] == []
    problem = await ask(guard, "POST", "relief", {"gate": "north", "minutes": -5}, 422)
    assert [one["field"] for one in problem["errors"]] == ["minutes"]


@pytest.fixture
async def two(post: GuardPost):
    """Two guards with accounts, cards and PINs of their own, and one at the kiosk."""
    equip(post)
    admin = await post.signed_in("boss", "admin", "security_officer")
    for name, person in (("guard1", "S-1"), ("guard2", "S-2")):
        user = await post.add_user(name, "guard")
        await ask(admin, "PATCH", f"users/{user.name}", {"person": person})
    await ask(admin, "PUT", "people/S-1/pin", {"pin": "2846"})
    await ask(admin, "PUT", "people/S-2/pin", {"pin": "9153"})
    client = post.client()
    async with client.post(f"{API}/session", json={"user": "guard1", "password": PASSWORD}) as answer:
        assert answer.status == 201
    return post, client, admin


async def hand_over(client, absent: bool) -> dict:
    body = {"post": "north-gate", "counts": ALL_THERE, "note": "lamp", "absent": absent}
    return await ask(client, "POST", "shifts/take-over", body, 201)


async def test_both_sign_the_second_one_with_card_and_pin(two) -> None:
    _, guard, admin = two
    begun = await hand_over(guard, True)
    await ask(guard, "POST", f"shifts/{begun['id']}/sign", {"side": "incoming"})
    signature = {"card": "CARD-ZHANG", "pin": "9153"}
    first = await ask(guard, "POST", f"shifts/{begun['id']}/sign", {"side": "witness", **signature})
    assert (first["state"], first["guard"], first["lacks"]) == ("running", "Li Na", [])

    begun = await hand_over(guard, False)
    await ask(guard, "POST", f"shifts/{begun['id']}/sign", {"side": "outgoing"})
    taken = await ask(guard, "POST", f"shifts/{begun['id']}/sign", {"side": "incoming", **signature})

    assert (taken["state"], taken["guard"], taken["note"]) == ("running", "张伟", "lamp")
    assert [(one["side"], one["card"]) for one in taken["signatures"]] == [("outgoing", False), ("incoming", True)]
    history = await ask(admin, "GET", "shifts/history?post=north-gate")
    assert [one["guard"] for one in history["shifts"]] == ["Li Na"]
    await ask(guard, "GET", "shifts/history?post=north-gate", status=403)
    posts = (await ask(guard, "GET", "shifts?gate=north"))["posts"]
    assert [(one["id"], one["current"]["guard"], one["last"]["guard"]) for one in posts] == [
        ("north-gate", "张伟", "Li Na")
    ]


async def test_a_wrong_pin_signs_nothing_and_is_said_beside_its_field(two) -> None:
    _, guard, _ = two
    begun = await hand_over(guard, True)
    path = f"shifts/{begun['id']}/sign"

    wrong = await ask(guard, "POST", path, {"side": "incoming", "card": "CARD-ZHANG", "pin": "0000"}, 422)
    unknown = await ask(guard, "POST", path, {"side": "incoming", "card": "CARD-NOBODY", "pin": "9153"}, 422)
    half = await ask(guard, "POST", path, {"side": "incoming", "card": "CARD-ZHANG"}, 422)

    assert wrong["errors"] == unknown["errors"] == [{"field": "pin", "message": "card and PIN do not fit"}]
    assert [one["field"] for one in half["errors"]] == ["pin"]
    posts = (await ask(guard, "GET", "shifts?post=north-gate"))["posts"]
    assert posts[0]["handing_over"]["signatures"] == []


async def test_a_guard_who_signs_for_both_sides_is_refused(two) -> None:
    _, guard, _ = two
    begun = await hand_over(guard, True)
    await ask(guard, "POST", f"shifts/{begun['id']}/sign", {"side": "incoming"})

    own = {"side": "witness", "card": "CARD-LI", "pin": "2846"}
    problem = await ask(guard, "POST", f"shifts/{begun['id']}/sign", own, 403)

    assert problem["detail"] == "nobody signs for two sides"


async def test_of_two_who_take_a_post_over_at_once_one_hears_it(two) -> None:
    _, guard, admin = two
    body = {"post": "north-gate", "counts": ALL_THERE, "absent": True}

    async def take(client) -> tuple[int, dict]:
        async with client.post(f"{API}/shifts/take-over", json=body) as answer:
            return answer.status, await answer.json()

    done = sorted(await asyncio.gather(take(guard), take(admin)), key=lambda one: one[0])

    assert [status for status, _ in done] == [201, 409]
    assert done[1][1]["detail"].startswith("handing_over:")


WRONG_COUNTS = [
    ({"post": "north-gate", "counts": [{"item": "keys", "count": -1}]}, "counts[0].count"),
    ({"post": "north-gate", "counts": [{"item": "keys", "count": 11}]}, "counts[0].note"),
    ({"post": "north-gate", "counts": []}, "counts"),
    ({"post": "west-gate", "counts": ALL_THERE}, "post"),
    ({"post": "north-gate", "counts": ALL_THERE, "note": "<script>" * 30}, "note"),
]


async def test_a_wrong_count_is_named_by_its_field(post: GuardPost) -> None:
    equip(post)
    guard = await post.signed_in("guard1", "guard")

    found = [await ask(guard, "POST", "shifts/take-over", body, 422) for body, _ in WRONG_COUNTS]

    assert [[one["field"] for one in problem["errors"]] for problem in found] == [[field] for _, field in WRONG_COUNTS]


async def test_nothing_of_it_is_in_the_log_or_the_ledger_by_name(two, caplog) -> None:
    post, guard, _ = two
    begun = await hand_over(guard, True)
    sign = {"side": "incoming", "card": "CARD-ZHANG", "pin": "9153"}
    await ask(guard, "POST", f"shifts/{begun['id']}/sign", sign)
    call = {"gate": "north", "to": "police", "result": "answered", "who_answered": "Wang Lei"}
    await ask(guard, "POST", "calls", call)

    rows = str([*await post.records("permit"), *await post.records("called")])
    assert not [word for word in ("Li Na", "张伟", "CARD-", "9153", "lamp", "Wang") if word in rows + caplog.text]


def test_every_alarm_of_a_post_has_a_word() -> None:
    mine = {alarms.GUARD_PANIC, alarms.RELIEF_WANTED, alarms.RELIEF_UNANSWERED, alarms.POST_UNMANNED}

    assert mine <= set(WORDS["alarm"])
