"""The API of visits: registered in one go, answered by others, checked in and out, and who sees what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

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


async def test_the_hosts_word_is_the_hosts_and_the_telephone_is_listed(post: GuardPost) -> None:
    guard, teacher = await post.signed_in("guard1", "guard"), await post.signed_in("teacher1", "teacher")
    both = await post.signed_in("both1", "guard", "teacher")
    office = await post.signed_in("office1", "office")
    await set_level(post, 2)
    id = (await send(both, "visits", visit(post), 201))["id"]

    await send(both, f"visits/{id}/confirm", status=403)
    await send(guard, f"visits/{id}/confirm", status=403)
    bad = await send(
        guard, f"visits/{id}/confirm-by-telephone", {"number_from_directory": False, "answered_by": "Li Na"}, 409
    )
    assert bad["detail"].startswith("directory_number")
    await send(guard, f"visits/{id}/confirm-by-telephone", {"number_from_directory": True, "answered_by": "Li Na"})
    (listed,) = (await ask(guard, "visits?by_telephone=true"))["visits"]
    assert (listed["confirmed"], listed["answered_by"], listed["needs"]) == (True, "Li Na", ["document_not_seen"])
    assert (await send(teacher, f"visits/{id}/confirm"))["by_telephone"] is False
    assert (await ask(guard, "visits?by_telephone=true"))["visits"] == []
    await send(office, f"visits/{id}/consent", status=409)
    assert (await send(teacher, f"visits/{id}/decline"))["state"] == "declined"


async def test_a_host_who_invites_has_said_yes_and_who_does_it_ahead_makes_an_appointment(post: GuardPost) -> None:
    teacher = await post.signed_in("teacher1", "teacher")
    await set_level(post, 2)
    ahead = {"starts_at": at(post, hours=3), "ends_at": at(post, hours=5)}

    made = await send(teacher, "visits", visit(post, kind="guardian", **ahead), 201)

    assert made["needs"] == [] and made["visit"]["appointment"] and made["visit"]["confirmed"]


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
