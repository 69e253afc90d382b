"""Leave slips over the API: whose students, asked and given, what the gate may see, and a table of them."""

from datetime import timedelta
from typing import Any

from tests.web.guardpost import PEOPLE, GuardPost

HEAD = "student,from,to,reason,collector\n"


def window(post: GuardPost, hours: float = 2) -> dict[str, str]:
    now = post.site.clock.now()
    return {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=hours)).isoformat()}


async def give(client: Any, post: GuardPost, **how: Any) -> tuple[int, dict[str, Any]]:
    body = {"holder": "P-1", "reason": "medical", **window(post), **how}
    async with client.post("/api/v1/slips", json=body) as answer:
        return answer.status, await answer.json()


async def listed(client: Any, query: str = "") -> list[dict[str, Any]]:
    async with client.get(f"/api/v1/slips{query}") as answer:
        assert answer.status == 200, await answer.text()
        return (await answer.json())["slips"]


async def test_a_teacher_gives_a_slip_and_the_gate_sees_all_of_it_but_why(post: GuardPost) -> None:
    teacher, guard = await post.signed_in("teacher1", "teacher"), await post.signed_in("guard1", "guard")

    status, made = await give(teacher, post, collector="S-1")

    assert (status, made["stage"], made["reason"], made["collector"]["name"]) == (201, "given", "medical", "Li Na")
    (seen,) = await listed(guard)
    assert (seen["id"], seen["reason"], seen["may_revoke"]) == (made["id"], None, False)
    assert [row["what"] for row in await post.records("record_read")][-1] == "slips"


WRONG: list[tuple[dict[str, str], str]] = [
    ({"holder": "NOBODY"}, "holder"),
    ({"holder": "S-1"}, "holder"),
    ({"collector": "P-1"}, "collector"),
    ({"collector": "S-1", "collector_visit": "0" * 16}, "collector_visit"),
    ({"collector_visit": "0" * 16}, "collector_visit"),
    ({"ends_at": "2020-01-01T00:00:00+08:00"}, "ends_at"),
    ({"ends_at": "2027-11-21T00:00:00+08:00"}, "ends_at"),
    ({"reason": "a long story"}, "reason"),
]


async def test_what_cannot_be_is_said_beside_its_field(post: GuardPost) -> None:
    teacher = await post.signed_in("teacher1", "teacher")

    for wrong, field in WRONG:
        status, problem = await give(teacher, post, **wrong)
        assert (status, problem["errors"][0]["field"]) == (422, field), wrong


async def test_a_teacher_of_a_class_asks_for_others_and_answers_for_the_own(post: GuardPost) -> None:
    await put_in_classes(post, {"P-1": "class-7-1", "P-2": "class-7-2", "S-1": "class-7-1", "S-2": "class-7-2"})
    of_one = await teacher_of(post, "li", "S-1")
    of_two = await teacher_of(post, "zhang", "S-2")

    status, asked = await give(of_one, post, holder="P-2")
    assert (status, asked["stage"], asked["may_approve"]) == (201, "asked", False)
    (seen,) = await listed(of_two, "?state=asked")
    assert seen["may_approve"]
    async with of_one.post(f"/api/v1/slips/{asked['id']}/approve") as answer:
        assert answer.status == 403
    async with of_two.post(f"/api/v1/slips/{asked['id']}/approve") as answer:
        assert (answer.status, (await answer.json())["stage"]) == (200, "given")
    async with of_two.post(f"/api/v1/slips/{asked['id']}/refuse") as answer:
        assert answer.status == 409

    _, own = await give(of_one, post, holder="P-1")
    assert [one["id"] for one in await listed(of_two)] == [asked["id"]]
    assert {one["id"] for one in await listed(of_one)} == {asked["id"], own["id"]}


async def test_students_are_found_by_name_and_the_own_class_without_a_word(post: GuardPost) -> None:
    await put_in_classes(post, {"P-1": "class-7-1", "S-1": "class-7-1"})
    of_one, of_none = await teacher_of(post, "li", "S-1"), await post.signed_in("teacher1", "teacher")

    async with of_one.post("/api/v1/slips/students", json={}) as answer:
        own = (await answer.json())["students"]
    async with of_none.post("/api/v1/slips/students", json={"q": "cc"}) as answer:
        found = (await answer.json())["students"]

    assert own == [{"id": "P-1", "name": "Wang Lei", "classes": ["class-7-1"]}]
    assert [one["id"] for one in found] == ["P-2"]
    reads = [row for row in await post.records("record_read") if row["what"] == "students"]
    typed = [{name: value for name, value in row.items() if name != "user"} for row in reads]
    assert [row["count"] for row in reads] == [1, 1] and "cc" not in str(typed)


async def test_who_collects_is_of_the_school_or_comes_by_a_visit(post: GuardPost) -> None:
    guard, teacher = await post.signed_in("guard1", "guard"), await post.signed_in("teacher1", "teacher")
    visit = {
        "visitor": {"name": "Liu Fang", "document": {"kind": "passport", "number": "E12345678"}},
        "kind": "guardian",
        "host": "S-1",
        "purpose": "collects her child",
        **window(post),
    }
    async with guard.post("/api/v1/visits", json=visit) as answer:
        assert answer.status == 201, await answer.text()
        made = await answer.json()

    async with teacher.post("/api/v1/slips/collectors", json={"q": "li"}) as answer:
        people = (await answer.json())["people"]

    assert {(one["name"], one["visit"]) for one in people} == {("Li Na", False), ("Liu Fang", True)}
    status, slip = await give(teacher, post, collector_visit=made["id"])
    assert (status, slip["collector"]["name"]) == (201, "Liu Fang")


async def test_a_table_is_taken_whole_or_not_at_all(post: GuardPost) -> None:
    teacher = await post.signed_in("teacher1", "teacher")
    good = "P-1,2026-11-21 11:00,2026-11-21 14:00,family,S-1\n"
    csv = {"Content-Type": "text/csv"}

    bad = HEAD + good + good.replace("P-1", "S-1")
    async with teacher.post("/api/v1/imports/slips", data=bad, headers=csv) as answer:
        assert answer.status == 422
        assert [one["field"] for one in (await answer.json())["errors"]] == ["lines[3].student"]
    assert await listed(teacher) == []
    async with teacher.post("/api/v1/imports/slips", data=HEAD + good, headers=csv) as answer:
        assert (answer.status, await answer.json()) == (200, {"lines": 1})
    assert [one["holder"]["id"] for one in await listed(teacher)] == ["P-1"]


async def test_the_page_is_for_those_who_give_slips(post: GuardPost) -> None:
    teacher, guard = await post.signed_in("teacher1", "teacher"), await post.signed_in("guard1", "guard")

    async with teacher.get("/slips") as answer:
        assert answer.status == 200 and "wg-slips" in await answer.text()
    async with guard.get("/slips") as answer:
        assert answer.status == 403
    async with post.client().get("/slips", allow_redirects=False) as answer:
        assert answer.status == 303


async def put_in_classes(post: GuardPost, classes: dict[str, str]) -> None:
    """By the school's own table, as it comes from the office."""
    lines = [
        line if line.partition(",")[0] not in classes else _with_class(line, classes[line.partition(",")[0]])
        for line in PEOPLE.splitlines()
    ]
    admin = await post.signed_in("office-admin", "admin")
    async with admin.post("/api/v1/imports", data="\n".join(lines), headers={"Content-Type": "text/csv"}) as answer:
        assert answer.status == 200, await answer.text()


def _with_class(line: str, name: str) -> str:
    cells = line.split(",")
    cells[3] = f"{cells[3]};{name}"
    return ",".join(cells)


async def teacher_of(post: GuardPost, name: str, person: str) -> Any:
    """A teacher who is that person of the directory."""
    admin = await post.signed_in(f"admin-for-{name}", "admin")
    client = await post.signed_in(name, "teacher")
    async with admin.patch(f"/api/v1/users/{name}", json={"person": person}) as answer:
        assert answer.status == 200, await answer.text()
    return client
