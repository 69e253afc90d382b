"""Whoever was here before is found by the document, and nothing about it can be found anywhere else."""

from __future__ import annotations

from tests.web.guardpost import GuardPost
from tests.web.test_permits import API, at, send
from tests.web.test_visits import visit

NUMBER = "11010519491231002X"
"""An example of GB 11643 itself."""


def asked(number: str, kind: str = "resident_id") -> dict[str, object]:
    return {"document": {"kind": kind, "number": number}}


async def test_who_was_here_before_is_found_however_the_number_is_written(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    visitor = {"name": "王小明", "document": asked(NUMBER)["document"], "organisation": "Fa. Berg", "plate": "京A12345"}
    await send(guard, "visits", visit(post, visitor=visitor, kind="official"), 201)

    for written in (NUMBER, NUMBER.lower(), "110105 19491231 002x", "１１０１０５１９４９１２３１００２Ｘ"):
        found = await send(guard, "visits/returning", asked(written))
        assert found == {
            "found": True,
            "name": "王小明",
            "organisation": "Fa. Berg",
            "plate": "京A12345",
            "last_kind": "official",
        }


async def test_the_same_number_of_another_kind_of_document_is_somebody_else(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    await send(guard, "visits", visit(post), 201)

    assert (await send(guard, "visits/returning", asked("e-1234 5678", "passport")))["name"] == "Anna Berg"
    assert not (await send(guard, "visits/returning", asked("E12345678", "driving_licence")))["found"]


async def test_a_wrong_number_is_named_by_its_field(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    for number in ("110105194912310021", "110105299912310027", "1", "<script>alert(1)</script>"):
        wrong = await send(guard, "visits/returning", asked(number), 422)
        assert [error["field"] for error in wrong["errors"]] == ["document.number"]


async def test_that_somebody_asked_is_recorded_and_the_number_is_nowhere(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    assert not (await send(guard, "visits/returning", asked(NUMBER)))["found"]
    visitor = {"name": "王小明", "document": asked(NUMBER)["document"]}
    await send(guard, "visits", visit(post, visitor=visitor, ends_at=at(post, hours=1)), 201)
    await send(guard, "visits/returning", asked(NUMBER))

    read = [row for row in await post.records("record_read") if row["what"] == "returning_visitor"]
    assert [row["count"] for row in read] == [0, 1]
    assert "holder" not in read[0] and len(read[1]["holder"]) == 32
    stored = b"".join(path.read_bytes() for path in post.folder.glob("wardgate.db*"))
    assert b"wardgate" in stored or len(stored) > 4096
    assert NUMBER.encode() not in stored and NUMBER[:17].encode() not in stored


async def test_only_who_registers_may_ask(post: GuardPost) -> None:
    for name, role in (("teacher1", "teacher"), ("office1", "office"), ("leader1", "duty_leader")):
        somebody = await post.signed_in(name, role)
        async with somebody.post(f"{API}/visits/returning", json=asked(NUMBER)) as answer:
            assert answer.status == 403
