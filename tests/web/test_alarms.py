"""What the API of alarms does for those who act on them, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from gateway.flows import alarm_watch, alarms
from tests.web.guardpost import GuardPost


async def ask(client: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    more = {} if body is None else {"json": body}
    async with client.request(method, f"/api/v1/{path}", **more) as answer:
        return answer.status, await answer.json()


def later(post: GuardPost, **how: float) -> str:
    return (post.site.clock.now() + timedelta(**how)).isoformat()


async def test_the_catalogue_says_what_each_condition_means_in_both_languages(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")

    _, told = await ask(operator, "GET", "alarms/catalogue")

    fire = told["conditions"]["fire"]
    assert set(told["conditions"]) == alarms.CONDITIONS
    assert (fire["priority"], fire["life_safety"], fire["may_be_shelved"]) == ("high", True, False)
    assert fire["call"][0] == "fire" and set(fire["what_to_do"][0]["text"]) == {"en", "zh"}
    assert told["conditions"]["window_open_bollard_down"]["command"] == {"action": "raise", "device_kind": "bollard"}
    assert told["shelf_at_most_s"] == 8 * 3_600


async def test_an_alarm_is_worked_through_and_its_story_is_told(post: GuardPost) -> None:
    guard, operator = await post.signed_in("guard1", "guard"), await post.signed_in("operator1", "operator")
    id = (await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, "north-in-1")).id
    await post.site.finish()

    await ask(guard, "POST", f"alarms/{id}/acknowledge")
    await ask(guard, "POST", f"alarms/{id}/steps", {"step": "picture"})
    call = {"to": "police", "outcome": "on_the_way", "words": "two of them"}
    _, called = await ask(operator, "POST", f"alarms/{id}/calls", call)
    until = later(post, hours=1)
    _, shelved = await ask(operator, "POST", f"alarms/{id}/shelve", {"until": until, "reason": "work"})
    _, back = await ask(operator, "POST", f"alarms/{id}/unshelve")
    _, closed = await ask(operator, "POST", f"alarms/{id}/close", {"disposal": "known_work", "words": "the fitters"})
    _, story = await ask(operator, "GET", f"alarms/{id}")

    assert called["steps_done"] == ["picture"] and [one["to"] for one in called["calls"]] == ["police"]
    assert (shelved["state"], back["state"]) == ("shelved", "unacknowledged")
    assert (closed["state"], closed["disposal"], closed["words"]) == ("closed", "known_work", "the fitters")
    assert (story["alarm"]["state"], story["alarm"]["disposal"]) == ("closed", "known_work")
    assert [one["what"] for one in story["timeline"]] == [
        "alarm", "alarm_acknowledged", "alarm_step", "alarm_call", "alarm_shelved", "alarm_back", "alarm_closed",
    ]  # fmt: skip
    assert story["timeline"][5]["by"] != "gateway" and story["timeline"][6]["code"] == "known_work"


async def test_acts_that_do_not_fit_are_refused_with_who_and_why(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    officer = await post.signed_in("officer1", "security_officer")
    door = (await alarms.raise_alarm(post.site, alarms.HELD_DOOR, "north-in-1")).id
    panic = (await alarms.raise_alarm(post.site, alarms.PANIC, "dorm-1")).id
    due = (await alarms.raise_alarm(post.site, alarms.INCIDENT_REPORT_DUE, "north-in")).id
    lost = (await alarms.raise_alarm(post.site, alarms.DEVICE_LOST, "north-out-1")).id
    await alarms.raise_alarm(post.site, alarms.HELD_DOOR, "north-out-1")  # a part of it
    await post.site.finish()
    shelf = {"until": later(post, hours=1), "reason": "nuisance"}

    answers = [
        await ask(operator, "POST", f"alarms/{panic}/shelve", shelf),
        await ask(operator, "POST", f"alarms/{door}/unshelve"),
        await ask(operator, "POST", f"alarms/{door}/shelve", shelf | {"until": later(post, hours=9)}),
        await ask(operator, "POST", f"alarms/{door}/shelve", shelf | {"reason": "other"}),
        await ask(operator, "POST", f"alarms/{door}/close", {"disposal": "eaten"}),
        await ask(operator, "POST", f"alarms/{panic}/close", {"disposal": "repaired"}),
        await ask(operator, "POST", f"alarms/{door}/calls", {"to": "grandmother", "outcome": "busy"}),
        await ask(operator, "POST", f"alarms/{door}/take-over", {"room": "nowhere"}),
        await ask(operator, "POST", f"alarms/{door}/out-of-service", {"reason": "broken"}),
        await ask(operator, "POST", f"alarms/{due}/shelve", shelf),
        await ask(officer, "POST", f"alarms/{due}/out-of-service", {"reason": "broken"}),
        await ask(operator, "POST", f"alarms/{lost}/shelve", shelf),
    ]

    assert [status for status, _ in answers] == [409, 409, 422, 422, 422, 422, 422, 422, 403, 409, 409, 409]
    assert all(answer["detail"].startswith("always_heard: its time runs on") for _, answer in answers[-3:-1])
    assert answers[-1][1]["detail"].startswith("of_many")
    assert answers[0][1]["detail"].startswith("life_safety") and answers[1][1]["detail"].startswith("unacknowledged")
    assert {alarm.state for alarm in post.site.alarms.by_id.values()} == {"unacknowledged"}
    await ask(operator, "POST", f"alarms/{door}/shelve", shelf)
    status, second = await ask(operator, "POST", f"alarms/{door}/acknowledge")
    assert status == 409 and second["detail"].startswith("shelved") and ", by " in second["detail"]


async def test_out_of_service_is_the_security_offices_word(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    id = (await alarms.raise_alarm(post.site, alarms.DEVICE_CLOCK, "north-in-1")).id
    await post.site.finish()

    _, out = await ask(officer, "POST", f"alarms/{id}/out-of-service", {"reason": "rebuilt", "words": "until May"})
    _, listed = await ask(officer, "GET", "alarms")
    _, back = await ask(officer, "POST", f"alarms/{id}/in-service")

    assert (out["state"], out["shelf_reason"], listed["alarms"][0]["state"]) == (
        "out_of_service", "rebuilt", "out_of_service",
    )  # fmt: skip
    assert back["state"] == "unacknowledged"


@pytest.mark.parametrize("act", ["acknowledge", "close", "steps", "shelve", "take-over"])
async def test_who_has_lost_the_role_cannot_do_the_next_act(post: GuardPost, act: str) -> None:
    admin, operator = await post.signed_in("admin1", "admin"), await post.signed_in("operator1", "operator")
    id = (await alarms.raise_alarm(post.site, alarms.HELD_DOOR, "north-in-1")).id
    bodies: dict[str, Any] = {
        "close": {"disposal": "handled"},
        "steps": {"step": "picture"},
        "shelve": {"until": later(post, hours=1), "reason": "work"},
        "take-over": {"room": "main"},
    }

    before, _ = await ask(operator, "GET", "alarms")
    await ask(admin, "PATCH", "users/operator1", {"roles": ["teacher"]})
    status, _ = await ask(operator, "POST", f"alarms/{id}/{act}", bodies.get(act))

    assert before == 200 and status in (401, 403)  # what rested on the role ends at once, the session too
    assert post.site.alarms.by_id[id].state == "unacknowledged"


async def test_a_silent_alarm_has_no_story_for_who_may_stand_at_the_place(post: GuardPost) -> None:
    guard, operator = await post.signed_in("guard1", "guard"), await post.signed_in("operator1", "operator")
    id = (await alarms.raise_alarm(post.site, alarms.DURESS, "north-in-1")).id
    await post.site.finish()

    told = [
        (await ask(guard, "GET", f"alarms/{id}"))[0],
        (await ask(guard, "POST", f"alarms/{id}/steps", {"step": "picture"}))[0],
        (await ask(guard, "POST", f"alarms/{id}/calls", {"to": "police", "outcome": "busy"}))[0],
        (await ask(operator, "GET", f"alarms/{id}"))[0],
    ]

    assert told == [404, 404, 404, 200]


async def test_a_gate_sees_its_own_alarm_though_the_control_room_sees_one_entry_for_many(post: GuardPost) -> None:
    guard, operator = await post.signed_in("guard1", "guard"), await post.signed_in("operator1", "operator")
    for place in ("north-out", "south-in", "south-out", "north-vehicle"):
        await alarms.raise_alarm(post.site, alarms.TAMPER, place)
    heard = []
    async with guard.ws_connect("/api/v1/stream?gate=north", origin=post.url) as stream:
        await stream.receive_json()
        mine = await alarms.raise_alarm(post.site, alarms.TAMPER, "north-in-1")
        while not heard:
            event = await stream.receive_json()
            heard += [event["id"]] if event["type"] == "alarm" and event["place"] == "north-in-1" else []
    await alarm_watch.look(post.site)

    _, found = await ask(operator, "GET", "alarms")
    (entry,) = [one for one in found["alarms"] if one["group"]]
    _, story = await ask(operator, "GET", f"alarms/{entry['id']}")

    assert heard == [mine.id] and mine.in_group == entry["id"]
    assert len(found["alarms"]) == 2 and mine.id not in {one["id"] for one in found["alarms"]}
    assert (entry["group"]["count"], entry["group"]["size"]) == (4, 4)
    assert mine.id in {one["id"] for one in story["members"]}
