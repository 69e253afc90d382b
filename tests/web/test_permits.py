"""The API of permits: who may, what comes back, what a screen at the gate never sees, and who read it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp

from gateway.core.kinds import Level
from gateway.core.papers import Order
from gateway.flows import directory_watch
from gateway.flows.changes import PaperFiled
from gateway.flows.ports import Entry, Unit
from tests.web.guardpost import GuardPost

API = "/api/v1"


def at(post: GuardPost, **later: float) -> str:
    return (post.site.clock.now() + timedelta(**later)).isoformat()


async def send(client: aiohttp.ClientSession, path: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
    method = "patch" if status == -200 else "post"
    async with client.request(method, f"{API}/{path}", json=body) as answer:
        said = await answer.json()
        assert answer.status == abs(status), said
    return said


async def ask(client: aiohttp.ClientSession, path: str) -> Any:
    async with client.get(f"{API}/{path}") as answer:
        said = await answer.json()
        assert answer.status == 200, said
    return said


async def set_level(post: GuardPost, level: int) -> None:
    order = Order(f"order-{level}", Level(level), frozenset({"site"}), post.site.clock.now() - timedelta(seconds=1))
    entry = Entry("note", post.site.clock.now(), {})
    await post.site.ledger.commit(Unit((entry,), (PaperFiled(order),), directory=True))
    await directory_watch.take_over(post.site)


async def test_the_reason_of_a_slip_is_for_those_who_give_slips(post: GuardPost) -> None:
    teacher, guard = await post.signed_in("teacher1", "teacher"), await post.signed_in("guard1", "guard")
    body = {"holder": "P-1", "starts_at": at(post), "ends_at": at(post, hours=2), "reason": "medical"}

    given = await send(teacher, "slips", body | {"collector": "S-1"}, 201)

    assert (given["reason"], given["collector"]["id"], given["holder"]["id"]) == ("medical", "S-1", "P-1")
    (seen,) = (await ask(guard, "slips"))["slips"]
    assert seen == given | {"reason": None, "may_revoke": False}
    (row,) = [row for row in await post.records("record_read") if row["what"] == "slips"]
    assert row["count"] == 1
    assert "medical" not in str(await post.records("permit"))
    assert (await send(teacher, f"slips/{given['id']}/revoke"))["revoked_at"] is not None
    assert (await ask(guard, "slips"))["slips"] == []
    assert len((await ask(guard, "slips?state=over&holder=P-1"))["slips"]) == 1
    assert (await ask(guard, "slips?state=over&holder=nobody"))["slips"] == []
    gone = await send(teacher, f"slips/{given['id']}/revoke", status=409)
    assert gone["detail"].startswith("over: ")
    await send(teacher, f"slips/{'0' * 16}/revoke", status=404)


async def test_a_ban_takes_three_people_and_shows_at_the_next_tap(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    leader, principal = await post.signed_in("leader1", "duty_leader"), await post.signed_in("head1", "principal")

    ban = await send(officer, "bans", {"holder": "P-1", "act": "theft", "ends_at": at(post, days=30)}, 201)
    assert (ban["state"], ban["approvals"]) == ("requested", 0)
    await send(officer, f"bans/{ban['id']}/approve", status=403)
    assert (await send(leader, f"bans/{ban['id']}/approve"))["state"] == "requested"
    await send(leader, f"bans/{ban['id']}/approve", status=403)
    assert (await post.tap("CARD-WANG"))[1].reason == "ok"
    assert (await send(principal, f"bans/{ban['id']}/approve"))["state"] == "in_force"

    assert (await post.tap("CARD-WANG"))[1].reason == "entry_banned"
    assert (await send(officer, f"bans/{ban['id']}/object"))["objected_at"] is not None
    assert (await send(principal, f"bans/{ban['id']}/lift"))["state"] == "lifted"
    assert (await post.tap("CARD-WANG"))[1].reason == "ok"
    (past,) = (await ask(officer, "bans?state=over"))["bans"]
    assert past["state"] == "lifted"


async def test_a_ban_has_no_room_for_more_than_an_act_of_the_list(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    body = {"holder": "P-1", "act": "theft", "ends_at": at(post, days=30)}

    for wrong in ({"act": "petition"}, {"reason": "is known to us"}, {"ends_at": at(post, days=91)}):
        await send(officer, "bans", body | wrong, 422)
    assert (await ask(officer, "bans"))["bans"] == []


async def test_an_authorisation_is_signed_by_a_leader_and_revoked(post: GuardPost) -> None:
    leader, guard = await post.signed_in("leader1", "duty_leader"), await post.signed_in("guard1", "guard")
    body = {
        "holder": "P-1",
        "portals": ["north-in"],
        "starts_at": at(post),
        "ends_at": at(post, hours=2),
        "reason": "competition",
        "oral": {"from": "the principal", "call_back": "8001"},
    }

    signed = await send(leader, "authorisations", body, 201)

    assert signed["oral"] and signed["holder"]["name"] == "Wang Lei"
    (seen,) = (await ask(guard, "authorisations"))["authorisations"]
    assert seen == signed
    await send(guard, "authorisations", body, 403)
    wrong = await send(leader, "authorisations", body | {"portals": ["moon"], "visit": "x"}, 422)
    assert wrong["errors"][0]["field"] == "portals[0]"
    assert (await send(leader, f"authorisations/{signed['id']}/revoke"))["revoked_at"] is not None


async def test_a_gathering_says_that_the_level_suspends_it(post: GuardPost) -> None:
    teacher, officer = await post.signed_in("teacher1", "teacher"), await post.signed_in("officer1", "security_officer")
    body = {
        "title": "Sports day",
        "organiser": "S-1",
        "headcount": 900,
        "safety_measures": "stewards",
        "emergency_plan": "two ways out",
        "zones": ["campus"],
        "starts_at": at(post),
        "ends_at": at(post, hours=5),
    }
    asked = await send(teacher, "gatherings", body, 201)
    await send(teacher, f"gatherings/{asked['id']}/approve", status=403)
    approved = await send(officer, f"gatherings/{asked['id']}/approve")
    assert (approved["state"], approved["suspended"]) == ("approved", False)

    await set_level(post, 1)

    (seen,) = (await ask(teacher, "gatherings"))["gatherings"]
    assert (seen["state"], seen["suspended"]) == ("approved", True)
    assert (await send(officer, f"gatherings/{asked['id']}/refuse", status=409))["detail"].startswith("settled_already")
    assert (await send(teacher, f"gatherings/{asked['id']}/cancel"))["state"] == "cancelled"


async def test_vehicles_and_the_essential_list_are_the_security_offices(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    bus = {
        "kind": "bus",
        "plate": "京C 00001",
        "holder": "S-1",
        "driver": "S-1",
        "attendant": "S-2",
        "papers_until": at(post, days=100),
        "timetable": [{"from": "07:00", "to": "24:00", "days": [0, 5]}],
        "portals": ["north-vehicle"],
    }

    made = await send(officer, "vehicles", bus, 201)

    assert (made["plate"], made["timetable"]) == ("京C00001", [{"from": "07:00", "to": "24:00", "days": [0, 5]}])
    assert (await send(officer, "vehicles", bus, 409))["detail"].startswith("registered_already")
    async with officer.patch(f"{API}/vehicles/{made['id']}", json={"timetable": []}) as answer:
        assert answer.status == 422
    async with officer.patch(f"{API}/vehicles/{made['id']}", json={"driver": "P-1"}) as answer:
        assert (await answer.json())["driver"]["id"] == "P-1"
    listed = await send(officer, "essential", {"vehicle": made["id"]}, 201)
    await send(officer, "essential", {"holder": "S-2"}, 201)
    assert (await send(officer, "essential", {"holder": "S-2"}, 409))["detail"].startswith("listed_already")
    await send(officer, "essential", {}, 422)
    assert (await ask(officer, "vehicles"))["vehicles"][0]["essential"]
    await send(officer, f"essential/{listed['id']}/remove")
    assert [one["holder"]["id"] for one in (await ask(officer, "essential"))["essential"]] == ["S-2"]
    assert (await send(officer, f"vehicles/{made['id']}/remove"))["removed_at"] is not None
    assert (await ask(officer, "vehicles"))["vehicles"] == []
    assert "京C" not in str(await post.records("permit"))


async def test_identification_answers_with_the_trace(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    body = {"holder": "P-1", "portal": "north-in", "direction": "in", "reason": "forgotten"}

    found = await send(guard, "identifications", body)
    refused = await send(guard, "identifications", body | {"holder": "P-2", "portal": "dorm-1-door", "reason": "lost"})

    assert (found["outcome"], found["reason"], found["holder"]["id"]) == ("grant", "ok_identified_by_guard", "P-1")
    assert {line["rule"] for line in found["trace"]} >= {"credential", "permission", "emergency"}
    assert refused["outcome"] == "grant"
    stranger = await send(guard, "identifications", body | {"portal": "dorm-1-door"})
    assert (stranger["outcome"], stranger["reason"], stranger["command"]) == ("deny", "no_permission", None)
    rows = (await ask(guard, "identifications"))["identifications"]
    assert sorted((row["holder"]["id"], row["granted"], row["reason"]) for row in rows) == [
        ("P-1", False, "forgotten"),
        ("P-1", True, "forgotten"),
        ("P-2", True, "lost"),
    ]
    assert (await ask(guard, "identifications?often=true"))["identifications"] == []
    newest = (await ask(guard, "decisions?limit=1"))["decisions"][0]
    assert (newest["reason"], newest["credential"]) == ("no_permission", None)


async def test_one_touch_for_responders_and_the_second_persons_word(post: GuardPost) -> None:
    guard, leader = await post.signed_in("guard1", "guard"), await post.signed_in("leader1", "duty_leader")
    body = {"portal": "north-in", "direction": "in", "kind": "responder", "count": 3}
    assert (await send(guard, "openings", body))["disposal"] is None
    await set_level(post, 2)

    done = await send(guard, "openings", body)

    assert (done["reason"], done["disposal"]["count"]) == ("ok_responder", 3)
    (waits,) = (await ask(leader, "openings"))["openings"]
    assert waits == done["disposal"]
    path = f"openings/{waits['id']}/disposal"
    await send(guard, path, {"disposal": "handed to the fire brigade"}, 403)
    await send(leader, path, {"disposal": "handed to the fire brigade"})
    assert (await ask(leader, "openings"))["openings"] == []
    assert (await send(leader, path, {"disposal": "again"}, 409))["detail"].startswith("over")
    calm = await send(guard, "openings", {"portal": "north-in", "direction": "in", "kind": "shelter"}, 409)
    assert calm["detail"].startswith("no_lockdown")
    assert "fire brigade" not in str(await post.records("permit"))
