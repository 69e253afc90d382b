"""Records leave the house as a table: recorded, with many rows by two people, and never as a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.core.papers import Export
from gateway.flows.ports import Entry, Unit
from gateway.flows.put_away import Tidier
from gateway.web.export_files import as_csv, as_xlsx, safe_text
from tests.web.guardpost import GuardPost
from tests.web.test_api import ask

HERE = ZoneInfo("Asia/Shanghai")


def time_around(post: GuardPost) -> dict[str, str]:
    now = post.site.clock.now()
    return {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(hours=1)).isoformat()}


async def wish(post: GuardPost, client: Any, **more: Any) -> tuple[int, Any]:
    given = {"what": "decisions", "reason": "yearly report", **time_around(post), **more}
    return await ask(client, "POST", "/api/v1/exports", json=given)


async def file_of(client: Any, id: str) -> tuple[int, bytes, str]:
    async with client.get(f"/api/v1/exports/{id}/file") as answer:
        return answer.status, await answer.read(), answer.headers.get("Content-Disposition", "")


async def many_decisions(post: GuardPost, count: int) -> None:
    body = {"device": "north-in-1", "portal": "north-in", "direction": "in"}
    body |= {"outcome": "deny", "reason": "no_permission"}
    now = post.site.clock.now()
    entries = tuple(Entry("decision", now, body | {"tap": f"x{n}", "holder": None, "level": 3}) for n in range(count))
    await post.writer.commit(Unit(entries))


# ---------------------------------------------------------------- who, why, how many


async def test_a_small_export_is_fetched_at_once_by_who_asked_and_both_are_on_record(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    await post.tap("CARD-LI")

    status, asked = await wish(post, officer)
    fetched, body, name = await file_of(officer, asked["id"])

    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert (status, asked["rows"], asked["state"], asked["mine"]) == (201, 1, "ready", True)
    assert fetched == 200 and name == f'attachment; filename="wardgate-decisions-{asked["id"]}.csv"'
    assert [(row["portal"], row["outcome"], row["person_id"], row["person"]) for row in rows] == [
        ("north-in", "grant", "S-1", "Li Na")
    ]
    (permit,) = [row for row in await post.records("permit") if row["paper"] == "export"]
    (exported,) = await post.records("exported")
    assert (permit["step"], permit["what"], permit["rows"]) == ("asked", "decisions", 1)
    assert (exported["export"], exported["rows"], exported["by"]) == (asked["id"], 1, permit["by"])
    assert "yearly report" not in str(permit)


async def test_more_than_a_hundred_rows_need_a_second_person(post: GuardPost) -> None:
    await many_decisions(post, 101)
    officer = await post.signed_in("officer1", "security_officer")
    auditor = await post.signed_in("auditor1", "auditor")

    _, asked = await wish(post, officer)
    before, _, _ = await file_of(officer, asked["id"])
    own, _ = await ask(officer, "POST", f"/api/v1/exports/{asked['id']}/approve")
    others, _, _ = await file_of(auditor, asked["id"])
    status, approved = await ask(auditor, "POST", f"/api/v1/exports/{asked['id']}/approve")
    after, body, _ = await file_of(officer, asked["id"])
    twice, _ = await ask(auditor, "POST", f"/api/v1/exports/{asked['id']}/approve")

    assert (asked["rows"], asked["state"]) == (101, "waiting")
    assert (before, own, others) == (409, 403, 403)
    assert (status, approved["state"], after, twice) == (200, "ready", 200, 409)
    assert len(body.splitlines()) == 102


async def test_many_rows_in_small_pieces_need_a_second_person_too_until_a_day_has_passed(post: GuardPost) -> None:
    await many_decisions(post, 60)
    officer = await post.signed_in("officer1", "security_officer")
    other = await post.signed_in("officer2", "security_officer")

    _, first = await wish(post, officer)
    taken, _, _ = await file_of(officer, first["id"])
    await ask(officer, "POST", f"/api/v1/exports/{first['id']}/refuse")
    _, second = await wish(post, officer)
    before, _, _ = await file_of(officer, second["id"])
    _, of_another = await wish(post, other)
    times = time_around(post)
    post.site.clock._shown += timedelta(hours=25)  # type: ignore[attr-defined]
    _, next_day = await wish(post, officer, **times)

    assert (first["state"], taken, second["state"], before) == ("ready", 200, "waiting", 409)
    assert (of_another["state"], next_day["state"]) == ("ready", "ready")


async def test_what_came_in_after_the_approval_is_not_in_the_file(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    await many_decisions(post, 3)
    _, asked = await wish(post, officer)
    await many_decisions(post, 200)

    _, body, _ = await file_of(officer, asked["id"])

    assert len(body.splitlines()) == 4


async def test_a_refused_export_and_one_whose_day_is_over_give_nothing(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    await many_decisions(post, 1)
    _, first = await wish(post, officer)
    _, second = await wish(post, officer)

    _, refused = await ask(officer, "POST", f"/api/v1/exports/{first['id']}/refuse")
    post.site.clock._shown += timedelta(hours=25)  # type: ignore[attr-defined]
    late, _, _ = await file_of(officer, second["id"])
    await Tidier(post.site).look()
    _, listed = await ask(officer, "GET", "/api/v1/exports")

    assert refused["state"] == "refused" and (await file_of(officer, first["id"]))[0] == 409
    assert late == 409 and listed == {"exports": []}
    assert not [p for p in post.site.directory.papers.by_id.values() if isinstance(p, Export)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"reason": "   "}, "reason"),
        ({"what": "people"}, "what"),
        ({"format": "exe"}, "format"),
        ({"to": "2020-01-01T00:00:00Z"}, "to"),
        ({"from": "2020-01-01T00:00:00Z"}, "to"),
        ({"from": "yesterday"}, "from"),
    ],
)
async def test_an_export_that_cannot_be_gets_a_sentence_beside_its_field(
    post: GuardPost, wrong: dict[str, str], field: str
) -> None:
    officer = await post.signed_in("officer1", "security_officer")

    status, problem = await wish(post, officer, **wrong)

    assert status == 422 and field in [error["field"] for error in problem["errors"]]


async def test_visits_passages_and_alarms_can_be_exported_too(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    now = post.site.clock.now()
    made = {
        "visitor": {"name": '=HYPERLINK("http://x","a")', "document": {"kind": "passport", "number": "E7654321"}},
        "kind": "official",
        "host": "S-2",
        "purpose": "@SUM(1)",
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=2)).isoformat(),
    }
    status, _ = await ask(officer, "POST", "/api/v1/visits", json=made)
    assert status == 201

    _, visits = await wish(post, officer, what="visits")
    _, body, _ = await file_of(officer, visits["id"])
    others = [(await wish(post, officer, what=what, format="xlsx"))[1] for what in ("passages", "alarms")]
    files = [await file_of(officer, other["id"]) for other in others]

    (row,) = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
    assert row["visitor"] == "'" + made["visitor"]["name"] and row["purpose"] == "'@SUM(1)"  # type: ignore[index]
    assert row["host"] == "张伟" and row["document_ending"] == "4321" and "document_hash" not in row
    assert [status for status, _, _ in files] == [200, 200] and all(body[:2] == b"PK" for _, body, _ in files)


# ---------------------------------------------------------------- nothing that acts

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "  \n @x",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "\u200b=1",
    "\ufeff=1",
    "|calc",
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_could_begin_a_formula_is_text_in_a_csv_file(text: str) -> None:
    (row,) = csv.reader(io.StringIO(as_csv([[text]], HERE).decode("utf-8-sig"), newline=""))

    assert row == [f"'{text}"]


@pytest.mark.parametrize("text", ["", "Li Na", "张伟", "2026-11-21", "a=b", "1-2", "O'Brien", "  Anna", "京A12345"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert safe_text(text) == text


def test_a_workbook_has_texts_and_numbers_and_nothing_else() -> None:
    at = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
    rows = [["name", "at", "n"], *([text, at, 7] for text in (*FORMULAS, "http://x.example", "00123", "x" * 40_000))]

    with zipfile.ZipFile(io.BytesIO(as_xlsx(rows, HERE))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()

    assert "<f>" not in sheet and "hyperlink" not in sheet and sheet.count("<v>7</v>") >= len(rows) - 1
    assert "=1+1" in texts and "00123" in texts and "2026-11-21T10:00:00+08:00" in texts


async def test_after_half_a_year_nobody_is_named_in_what_happened(post: GuardPost) -> None:
    officer = await post.add_user("officer1", "security_officer")
    script = post.client(Authorization=f"Bearer {await post.add_token(officer)}")
    await post.tap("CARD-LI")
    since = time_around(post)

    _, young = await ask(script, "GET", "/api/v1/decisions")
    post.site.clock._shown += timedelta(days=181)  # type: ignore[attr-defined]
    _, old = await ask(script, "GET", "/api/v1/decisions")
    _, asked = await wish(post, script, **since)
    _, body, _ = await file_of(script, asked["id"])

    assert young["decisions"][0]["holder"]["id"] == "S-1"
    assert old["decisions"][0]["holder"] is None and old["decisions"][0]["outcome"] == "grant"
    assert b"Li Na" not in body and b"north-in" in body
