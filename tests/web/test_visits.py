"""The API of visits: registered in one go, answered by others, checked in and out, and who sees what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.flows import people
from tests.web.guardpost import GuardPost
from tests.web.test_permits import API, ask, at, send, set_level


def visit(post: GuardPost, **how: Any) -> dict[str, Any]:
    return {
        "visitor": {"name": "Anna Berg", "document": {"kind": "passport", "number": "E12345678"}},
        "kind": "visitor",
        "host": "S-1",
        "purpose": "looks at the library",
        "starts_at": at(post),
        "ends_at": at(post, hours=2),
    } | how


async def test_a_visit_from_registration_to_check_out(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    made = await send(guard, "visits", visit(post, max_uses=5), 201)

    assert (made["state"], made["needs"]) == ("expected", ["document_not_seen"])
    assert len(made["pass"]) >= 32 and made["visit"]["visitor"]["document_ending"] == "5678"
    id = made["id"]
    seen = await send(guard, f"visits/{id}/check-in", {"document_seen": True})
    assert (seen["state"], seen["needs"], seen["now"]["outcome"]) == ("checked_in", [], "grant")
    assert (await ask(guard, f"visits/{id}"))["id"] == id
    left = await send(guard, f"visits/{id}/check-out")
    assert (left["state"], left["now"]) == ("checked_out", None)
    assert (await send(guard, f"visits/{id}/check-in", {"document_seen": True}, 409))["detail"].startswith("over")
    texts = str([await post.records(kind) for kind in ("permit", "decision")])
    assert "Anna" not in texts and "E12345678" not in texts and made["pass"] not in texts


async def test_everything_wrong_with_a_visit_is_named(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    document = {"kind": "resident_id", "number": "110105194912310021"}

    wrong = await send(guard, "visits", visit(post, kind="student", religion="x", ends_at="soon"), 422)
    number = await send(guard, "visits", visit(post, visitor={"name": "A", "document": document}), 422)
    past = await send(guard, "visits", visit(post, ends_at=at(post, hours=-1)), 422)

    assert {error["field"] for error in wrong["errors"]} == {"kind", "religion", "ends_at"}
    assert number["errors"][0]["field"] == "visitor.document.number"
    assert past["errors"][0]["field"] == "ends_at"
    assert (await ask(guard, "visits"))["visits"] == []


async def test_the_hosts_word_is_the_hosts_and_nobody_elses(post: GuardPost) -> None:
    guard, host = await post.signed_in("guard1", "guard"), await post.signed_in("host1", "teacher", person="S-1")
    other, nobody = await post.signed_in("other1", "teacher", person="S-2"), await post.signed_in("t1", "teacher")
    office = await post.signed_in("office1", "office")
    await set_level(post, 2)
    id = (await send(guard, "visits", visit(post), 201))["id"]

    for client in (guard, other, nobody, office):
        await send(client, f"visits/{id}/confirm", status=403)
        await send(client, f"visits/{id}/decline", {}, 403)
        await send(client, f"visits/{id}/move", {"starts_at": at(post, hours=1), "ends_at": at(post, hours=2)}, 403)
    for client in (other, nobody):
        assert (await ask(client, "visits"))["visits"] == []
        async with client.get(f"{API}/visits/{id}") as answer:
            assert answer.status == 404
        await send(client, f"visits/{id}/cancel", status=403)
    assert [one["id"] for one in (await ask(host, "visits?mine=true"))["visits"]] == [id]
    assert (await ask(guard, "visits?mine=true"))["visits"][0]["id"] == id
    moved = await send(host, f"visits/{id}/move", {"starts_at": at(post, hours=1), "ends_at": at(post, hours=3)})
    assert moved["confirmed"] is None
    confirmed = await send(host, f"visits/{id}/confirm")
    assert (confirmed["confirmed"], confirmed["by_telephone"], confirmed["asked"]) == (True, False, None)
    await send(office, f"visits/{id}/consent", status=409)
    declined = await send(host, f"visits/{id}/decline", {"reason": "busy", "words": "next week"})
    assert (declined["state"], declined["decline_reason"]) == ("declined", "busy")
    assert "next week" not in str(await post.records("permit"))


async def test_a_guardian_is_confirmed_by_the_teacher_named_with_the_right_for_it(post: GuardPost) -> None:
    guard, office = await post.signed_in("guard1", "guard"), await post.signed_in("o1", "office", person="S-1")
    teacher = await post.signed_in("teacher1", "teacher", person="S-2")
    id = (await send(guard, "visits", visit(post, kind="guardian", host="S-2"), 201))["id"]

    await send(office, f"visits/{id}/confirm", status=403)
    assert (await send(teacher, f"visits/{id}/confirm"))["needs"] == []


async def test_a_host_who_has_left_answers_and_moves_nothing_with_the_account_that_is_left(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    host = await post.signed_in("teacher1", "teacher", person="S-1")
    id = (await send(guard, "visits", visit(post), 201))["id"]

    await people.leave(post.site, "S-1", "officer-1")

    await send(host, f"visits/{id}/move", {"starts_at": at(post, hours=3), "ends_at": at(post, hours=4)}, 403)
    await send(host, f"visits/{id}/confirm", status=403)
    assert (await ask(guard, f"visits/{id}"))["host_gone"]
    again = await send(guard, "visits", visit(post), 422)
    assert [error["field"] for error in again["errors"]] == ["host"]


async def test_the_telephone_counts_only_with_the_number_that_was_shown_and_is_listed(post: GuardPost) -> None:
    guard, admin = await post.signed_in("guard1", "guard"), await post.signed_in("admin1", "admin")
    await set_level(post, 2)
    id = (await send(guard, "visits", visit(post), 201))["id"]
    said = {"number_from_directory": True, "answered_by": "Li Na"}

    async with guard.get(f"{API}/visits/{id}/host-number") as answer:
        assert answer.status == 404 and "number" in (await answer.json())["detail"]
    async with admin.put(f"{API}/people/S-1/contact", json={"phone": "555-0101", "mail": "li@school.example"}) as done:
        assert done.status == 200, await done.text()
    early = await send(guard, f"visits/{id}/confirm-by-telephone", said, 409)
    shown = await ask(guard, f"visits/{id}/host-number")
    bad = await send(guard, f"visits/{id}/confirm-by-telephone", said | {"number_from_directory": False}, 409)
    confirmed = await send(guard, f"visits/{id}/confirm-by-telephone", said)

    assert early["detail"].startswith("number_not_shown") and bad["detail"].startswith("directory_number")
    assert (shown["phone"], shown["host"]["id"]) == ("555-0101", "S-1")
    assert (confirmed["confirmed"], confirmed["answered_by"]) == (True, "Li Na")
    (listed,) = (await ask(guard, "visits?by_telephone=true"))["visits"]
    assert (listed["confirmed"], listed["answered_by"], listed["needs"]) == (True, "Li Na", ["document_not_seen"])
    texts = str([await post.records(kind) for kind in ("host_number_shown", "record_read", "permit")])
    assert "host_number" in texts and "555-0101" not in texts and "Li Na" not in texts
    second = visit(post, visitor={"name": "B", "document": {"kind": "passport", "number": "G12345678"}})
    id = (await send(guard, "visits", second, 201))["id"]
    await ask(guard, f"visits/{id}/host-number")
    no = await send(guard, f"visits/{id}/confirm-by-telephone", said | {"answer": "decline", "reason": "away"})
    assert (no["state"], no["decline_reason"], no["by_telephone"]) == ("declined", "away", True)


async def test_nobody_at_the_gate_registers_a_visitor_of_their_own(post: GuardPost) -> None:
    both = await post.signed_in("both1", "guard", "teacher", person="S-1")

    wrong = await send(both, "visits", visit(post), 422)

    assert [error["field"] for error in wrong["errors"]] == ["host"]
    id = (await send(both, "visits", visit(post, host="S-2"), 201))["id"]
    await send(both, f"visits/{id}/confirm", status=403)


async def test_a_host_who_invites_has_said_yes_and_who_does_it_ahead_makes_an_appointment(post: GuardPost) -> None:
    teacher = await post.signed_in("teacher1", "teacher", person="S-1")
    await set_level(post, 2)
    ahead = {"starts_at": at(post, hours=3), "ends_at": at(post, hours=5)}

    made = await send(teacher, "visits", visit(post, kind="guardian", **ahead), 201)

    assert made["needs"] == [] and made["visit"]["appointment"] and made["visit"]["confirmed"]
    assert len((await ask(teacher, f"visits/{made['id']}/pass"))["link"]) > 20
    other = visit(post, host="S-2", visitor={"name": "B", "document": {"kind": "passport", "number": "G12345678"}})
    assert (await send(teacher, "visits", other | ahead, 201))["visit"]["confirmed"] is None


async def test_visits_are_found_by_day_state_and_what_the_level_refuses(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    today = (post.site.clock.now() + timedelta(hours=8)).date()
    await send(guard, "visits", visit(post), 201)
    other = {"name": "B", "document": {"kind": "passport", "number": "G12345678"}}
    official = visit(
        post, kind="official", visitor=other, starts_at=at(post, days=3), ends_at=at(post, days=3, hours=1)
    )
    await send(guard, "visits", official, 201)

    async def kinds(query: str) -> list[str]:
        return [one["kind"] for one in (await ask(guard, f"visits?{query}"))["visits"]]

    assert await kinds("") == ["visitor", "official"]
    assert await kinds(f"on={today}") == ["visitor"]
    assert await kinds(f"on={today + timedelta(days=3)}&state=expected") == ["official"]
    assert await kinds("state=checked_in") == [] == await kinds("refused_now=true")
    await set_level(post, 1)
    assert await kinds("refused_now=true") == ["visitor", "official"]
    async with guard.get(f"{API}/visits?on=yesterday") as answer:
        assert answer.status == 422
    assert {row["what"] for row in await post.records("record_read")} >= {"visits"}


async def test_whoever_only_watches_does_not_see_visits(post: GuardPost) -> None:
    leader = await post.signed_in("leader1", "duty_leader")

    async with leader.get(f"{API}/visits") as answer:
        assert answer.status == 403
