"""The API of a day at a gate: lists, groups, standing passes, the muster list; who sees them, and what they name."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from gateway.core.kinds import PresenceState
from gateway.core.nouns import Presence
from gateway.flows.host_answers import Answerer, Word, answer
from tests.web.guardpost import GuardPost
from tests.web.test_permits import API, ask, at, send, set_level
from tests.web.test_visits import visit


def other(post: GuardPost, number: str, name: str = "Bo Lind", **how: Any) -> dict[str, Any]:
    return visit(post, visitor={"name": name, "document": {"kind": "passport", "number": number}}, **how)


async def test_the_lists_of_a_gate_and_what_a_row_tells(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    first = (await send(guard, "visits", other(post, "E11111111", "张伟"), 201))["id"]
    second = (await send(guard, "visits", other(post, "E22222222"), 201))["id"]
    await send(guard, f"visits/{second}/check-in", {"document_seen": True, "gate": "north"})

    day = await ask(guard, "gates/north/day")

    assert [row["id"] for row in day["expected"]] == [first]
    assert [row["id"] for row in day["inside"]] == [second]
    assert day["counts"] == {
        "expected": 1, "inside": 1, "overstays": 0, "unanswered": 0, "left_inside": 0, "refused_now": 0,
    }  # fmt: skip
    row = day["expected"][0]
    assert (row["name"], row["host"], row["document"], row["needs"]) == (
        "张伟", "Li Na", "1111", ["document_not_seen"],
    )  # fmt: skip
    assert {"zhangwei", "zw"} <= set(row["find"].split())
    assert "E1111" not in json.dumps(day) and "purpose" not in row
    reads = [one for one in await post.records("record_read") if one["what"] == "visits_of_the_day"]
    assert reads and reads[0]["count"] == 2
    async with guard.get(f"{API}/gates/nowhere/day") as answer_:
        assert answer_.status == 404


async def test_the_stream_tells_visits_to_those_who_may_see_them_and_to_nobody_else(post: GuardPost) -> None:
    guard, leader = await post.signed_in("guard1", "guard"), await post.signed_in("leader1", "duty_leader")
    stream, origin = "/api/v1/stream", post.url
    async with (
        guard.ws_connect(stream, origin=origin) as sees,
        leader.ws_connect(stream, origin=origin) as watches,
    ):
        for socket in (sees, watches):
            assert (await socket.receive_json())["type"] == "snapshot"

        made = await send(guard, "visits", other(post, "E33333333"), 201)

        seen = await until(sees, "visit")
        assert (seen["id"], seen["change"], seen["row"]["name"]) == (made["id"], "registered", "Bo Lind")
        assert "only" not in seen
        heard = [await watches.receive_json(timeout=3)]
        while heard[-1]["type"] != "tick":
            heard.append(await watches.receive_json(timeout=3))
        assert "permit" in {event["type"] for event in heard} and "Bo Lind" not in json.dumps(heard)


async def until(socket: Any, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while (event := await socket.receive_json())["type"] != kind:
            pass
    return event


async def test_two_guards_on_one_visit_the_second_hears_what_the_first_did(post: GuardPost) -> None:
    one, two = await post.signed_in("guard1", "guard"), await post.signed_in("guard2", "guard")
    id = (await send(one, "visits", visit(post), 201))["id"]

    await send(one, f"visits/{id}/check-in", {"document_seen": True})
    late = await send(two, f"visits/{id}/check-in", {"document_seen": True}, 409)
    await send(one, f"visits/{id}/check-out")
    later = await send(two, f"visits/{id}/refuse", {"reason": "other"}, 409)

    assert late["detail"].startswith("inside") and later["detail"].startswith("over")


async def test_one_key_is_one_visit_over_the_api_and_another_body_under_it_is_named(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    body = visit(post, key="0123456789abcdef")

    first = await send(guard, "visits", body, 201)
    again = await send(guard, "visits", body, 201)
    changed = await send(guard, "visits", body | {"purpose": "something else"}, 409)
    short = await send(guard, "visits", body | {"key": "short"}, 422)

    assert (again["id"], again["pass"]) == (first["id"], first["pass"])
    assert changed["detail"].startswith("key_used") and first["id"] in changed["detail"]
    assert short["errors"][0]["field"] == "key"


async def test_what_is_prohibited_has_an_outcome_and_refused_sends_away(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    knife = {"what": "kitchen knife", "kind": "weapon"}

    carried = await send(guard, "visits", visit(post, belongings=[knife]), 422)
    left = await send(guard, "visits", visit(post, belongings=[knife | {"outcome": "stays_outside"}]), 201)
    id = left["id"]
    gone = await send(guard, f"visits/{id}/belongings", {"belongings": [knife | {"outcome": "refused"}]})

    assert carried["errors"][0]["field"] == "belongings[0].outcome"
    assert left["visit"]["belongings"] == [knife | {"outcome": "stays_outside"}]
    assert (gone["state"], gone["refusal"]) == ("refused", "belongings")


async def test_a_group_from_a_pasted_list_is_counted_at_the_gate(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    leader = visit(post)["visitor"]
    body = {key: value for key, value in visit(post).items() if key != "visitor"} | {"leader": leader}
    rows = "Bo Lind\n陈晨，passport，G87654321\n\nCai Wu,,\n"

    wrong = await send(guard, "delegations", body | {"rows": "Bo Lind\nDai,passport,x"}, 422)
    made = await send(guard, "delegations", body | {"rows": rows, "members": [{"name": "Eva Holm"}]}, 201)
    id = made["id"]
    await send(guard, f"delegations/{id}/check-in", {"document_seen": True})
    many = await send(guard, f"delegations/{id}/count", {"portal": "north-in", "direction": "in", "number": 6}, 409)
    counted = await send(
        guard,
        f"delegations/{id}/count",
        {"portal": "north-in", "direction": "in", "number": 5, "key": "touch-0123456789"},
    )

    assert wrong["errors"][0]["field"] == "rows[2].document.number"
    names = [one["name"] for one in counted["group"]["members"]]
    assert names == ["Anna Berg", "Eva Holm", "Bo Lind", "陈晨", "Cai Wu"]
    assert counted["group"]["members"][3]["document_ending"] == "4321"
    assert many["detail"].startswith("too_many_in") and counted["group"]["inside"] == 5
    (row,) = (await ask(guard, "gates/north/day"))["inside"]
    assert (row["count"], row["members"]) == (5, 5)
    assert [one["id"] for one in (await ask(guard, "delegations"))["visits"]] == [id]
    assert (await ask(guard, f"delegations/{id}"))["group"]["counted_in"] == 5
    left = await send(guard, f"delegations/{id}/check-out")
    assert left["state"] == "checked_out"
    texts = str([await post.records(kind) for kind in ("permit", "decision")])
    assert not any(name in texts for name in (*names, "G87654321"))


async def test_standing_passes_are_given_changed_and_revoked_by_the_security_office(post: GuardPost) -> None:
    officer, guard = await post.signed_in("officer1", "security_officer"), await post.signed_in("guard1", "guard")
    body = {
        "kind": "supplier",
        "person": {"name": "Guo Feng", "document": {"kind": "passport", "number": "E12345678"}},
        "portals": ["north-in", "north-vehicle"],
        "starts_at": at(post),
        "ends_at": at(post, days=60),
        "windows": [{"from": "06:00", "to": "09:00", "days": [0, 1, 2, 3, 4]}],
        "organisation": "Fresh Foods",
        "host": "S-1",
        "plates": ["京A 12345"],
        "essential": True,
    }

    await send(guard, "standing-passes", body, 403)
    wrong = await send(officer, "standing-passes", body | {"portals": ["dorm-1-door"]}, 422)
    made = await send(officer, "standing-passes", body, 201)

    assert wrong["errors"][0]["field"] == "portals[0]"
    (listed,) = (await ask(guard, "standing-passes"))["standing_passes"]
    assert (listed["holder"]["name"], listed["plates"], listed["essential"]) == ("Guo Feng", ["京A12345"], True)
    assert listed["windows"] == body["windows"]
    async with officer.patch(f"{API}/standing-passes/{made['id']}", json={"any_hour": True}) as answered:
        assert answered.status == 200 and (await answered.json())["windows"] is None
    revoked = await send(officer, f"standing-passes/{made['id']}/revoke")
    assert revoked["revoked_at"]
    assert (await ask(guard, "standing-passes"))["standing_passes"] == []
    assert len((await ask(guard, "standing-passes?state=over"))["standing_passes"]) == 1


async def test_the_muster_list_is_json_and_a_page_in_both_languages(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    id = (await send(guard, "visits", other(post, "E44444444", "<b>Bo</b> Lind"), 201))["id"]
    await send(guard, f"visits/{id}/check-in", {"document_seen": True})
    staff = post.site.directory.with_id("S-2")
    assert staff is not None
    post.site.presence[staff.ref] = Presence("campus", PresenceState.INSIDE, post.site.clock.now())

    listed = await ask(guard, "muster")
    (zone,) = [one for one in listed["zones"] if one["zone"] == "campus"]
    assert (zone["counts"], zone["uncertain"]) == ({"staff": 1}, {"visitor": 1})
    (person,) = listed["visitors"]
    assert (person["uncertain"], person["host"]["name"], listed["total"]) == (True, "Li Na", 2)
    for language, title in (("en", "Who is on the campus"), ("zh", "校内人员")):
        async with guard.get("/muster", headers={"Cookie": f"wg_language={language}"}) as answered:
            text = await answered.text()
        assert answered.status == 200 and title in text and "&lt;b&gt;Bo" in text and "<b>Bo</b> Lind" not in text
    assert len([one for one in await post.records("record_read") if one["what"] == "muster"]) == 3
    async with post.client().get("/muster", allow_redirects=False) as answered:
        assert answered.status == 303
    teacher = await post.signed_in("teacher1", "teacher")
    async with teacher.get("/muster") as answered:
        assert answered.status == 403


async def test_a_visit_that_nobody_answers_is_in_the_list_until_the_host_does(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    await set_level(post, 2)
    id = (await send(guard, "visits", visit(post), 201))["id"]
    post.site.rules = type(post.site.rules)(visits=type(post.site.rules.visits)(unanswered_min=0))

    (row,) = (await ask(guard, "gates/north/day"))["unanswered"]
    assert row["id"] == id and row["unanswered"]
    host = post.site.directory.with_id("S-1")
    assert host is not None
    await answer(post.site, id, Word(True), Answerer("teacher-1", host.ref))
    assert (await ask(guard, "gates/north/day"))["unanswered"] == []
