"""A day without power: what is on paper, where it lies, and what becomes of what was written on it."""

from __future__ import annotations

import asyncio
import stat
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.core.kinds import Direction
from gateway.flows import bans, paper_day
from gateway.flows.judging import as_if_shown
from gateway.flows.paper_day import PaperRound
from gateway.web.context import PARTS
from gateway.web.paper_folder import KEPT, PaperFolder
from gateway.web.paper_pages import save
from tests.web.guardpost import SHOWN, GuardPost
from tests.web.test_shifts import ask

DOCUMENT = {"kind": "passport", "number": "E12345678"}
SECRET = "E1234"
"""The front of that number, which stands nowhere."""


@pytest.fixture
async def post(tmp_path: Path):
    folder = PaperFolder(tmp_path / "data" / "paper")
    post = await GuardPost(tmp_path / "site").open(paper=folder)
    yield post
    await post.close()


def at(minutes: float) -> str:
    return (SHOWN + timedelta(minutes=minutes)).isoformat()


async def somebody_expected(post: GuardPost, client) -> None:
    body = {
        "visitor": {"name": "Zhou <Jie>", "document": DOCUMENT},
        "kind": "visitor",
        "host": "S-1",
        "purpose": "talk",
        "starts_at": at(60),
        "ends_at": at(120),
    }
    await ask(client, "POST", "visits", body, 201)


async def test_the_sheets_have_the_last_lists_and_four_characters_of_a_document(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    await somebody_expected(post, guard)

    for language, word in (("en", "Register of visitors"), ("zh", "来访人员登记表")):
        async with guard.get(f"/paper?gate=north&lang={language}") as answer:
            page = await answer.text()
        assert answer.status == 200 and word in page and "Zhou &lt;Jie&gt;" in page and "Li Na" in page
        assert "5678" in page and SECRET not in page and "<style" not in page
        assert "110" in page
    assert [row["what"] for row in await post.records("record_read")].count("paper_day") == 2


async def test_they_are_for_whoever_stands_at_a_gate(post: GuardPost) -> None:
    async with post.client().get("/paper?gate=north", allow_redirects=False) as answer:
        assert answer.status == 303
    teacher = await post.signed_in("teacher1", "teacher")
    async with teacher.get("/paper?gate=north") as answer:
        assert answer.status == 403
    guard = await post.signed_in("guard1", "guard")
    async with guard.get("/paper?gate=east") as answer:
        assert answer.status == 404


async def test_a_set_is_readable_by_its_owner_alone_and_the_newest_three_are_kept(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    await somebody_expected(post, guard)

    for _ in range(KEPT + 2):
        made = await ask(guard, "POST", "paper-day", {"gate": "north"}, 201)
        await asyncio.sleep(1.01)

    folder = post.listener.app[PARTS].paper.folder
    files = sorted(folder.rglob("*.html"))
    assert len(made["sets"]) == KEPT == len({file.parent for file in files})
    assert {file.name for file in files} == {f"{g}.{lang}.html" for g in ("north", "south") for lang in ("en", "zh")}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {stat.S_IMODE(one.stat().st_mode) for one in (folder, *(file.parent for file in files))} == {0o700}
    text = files[0].read_text()
    assert "<style>" in text and 'font: 11pt/1.35 "Noto Sans"' in text and "/static/" not in text
    assert post.listener.app[PARTS].paper.clear() == KEPT and list(folder.rglob("*")) == []


async def test_each_night_they_are_made_once_also_by_a_gateway_that_was_restarted(post: GuardPost) -> None:
    parts = post.listener.app[PARTS]
    made: list[int] = []

    async def keep(days) -> None:
        made.append(await save(parts.pages, parts.paper, days))

    post.site.campus = replace(post.site.campus, paper_day_at_min=9 * 60 + 30)  # half an hour ago
    for _ in range(2):
        one = PaperRound(post.site, keep)
        await one.look()
        await one.look()

    assert made == [4]
    post.site.done_at.clear()  # as a restart does
    await PaperRound(post.site, keep).look()
    assert len(await post.records("paper_day")) == 1
    assert sum(day.names for day in [paper_day.gather(post.site, "north")]) == 0


def line(**fields) -> dict:
    return {"key": "line-0001", "kind": "visit", "at": at(-90)} | fields


async def type_in(client, *lines: dict, status: int = 201):
    return await ask(client, "POST", "paper-entries", {"gate": "north", "entries": list(lines)}, status)


VISIT = {"name": "孙丽", "document": "123X", "host": "S-1", "purpose": "parents' talk"}


async def test_a_visit_from_paper_is_a_visit_and_opens_nothing(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    typed = await type_in(guard, line(**VISIT, left_at=at(-10)), line(key="line-0002", **VISIT))

    done, inside = [await ask(guard, "GET", f"visits/{one['visit']}") for one in typed["entries"]]
    assert (done["state"], inside["state"]) == ("checked_out", "checked_in")
    assert datetime.fromisoformat(done["checked_in_at"]) == SHOWN - timedelta(minutes=90)
    assert datetime.fromisoformat(done["checked_out_at"]) == SHOWN - timedelta(minutes=10)
    assert done["visitor"]["name"] == "孙丽" and done["visitor"]["document_ending"] == "123X"
    holder = next(h for h in post.site.directory.holders.values() if h.name == "孙丽")
    assert [c for c in post.site.directory.credentials.values() if c.holder == holder.ref] == []
    rows = await post.records("paper_entry")
    assert [(row["from_paper"], row["entry"]) for row in rows] == [(True, "visit")] * 2
    assert datetime.fromisoformat(rows[0]["written_at"]) == SHOWN - timedelta(minutes=90) and rows[0]["by"]
    assert "孙丽" not in str(rows) and "123X" not in str(rows)


async def test_no_decision_looks_at_a_visit_from_paper(post: GuardPost) -> None:
    """The same visitor has a pass of a visit that is over tomorrow; the paper must not make it good today."""
    guard = await post.signed_in("guard1", "guard")
    await ask(guard, "POST", "visits", {
        "visitor": {"name": "Zhou", "document": DOCUMENT}, "kind": "visitor", "host": "S-1", "purpose": "talk",
        "starts_at": at(24 * 60), "ends_at": at(25 * 60),
    }, 201)  # fmt: skip
    await type_in(guard, line(name="Zhou", document_kind="passport", document="E12345678", host="S-1", purpose="talk"))

    holder = next(h for h in post.site.directory.holders.values() if h.name == "Zhou")
    papers = post.site.directory.papers.visits[holder.ref]
    assert sorted(visit.from_paper for visit in papers) == [False, True]
    decision = as_if_shown(post.site.world, holder.ref, "north-in", Direction.IN, post.site.clock.now())
    assert decision.outcome.value == "deny"


async def test_the_same_line_sent_twice_is_typed_in_once(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    lines = [
        line(**VISIT),
        line(key="line-0002", kind="entry", person="S-2"),
        line(key="line-0003", kind="vehicle", plate="粤B12345", direction="out"),
        line(key="line-0004", kind="call", to="police", result="answered", words="Sergeant Wang"),
    ]

    first = await type_in(guard, *lines)
    second = await type_in(guard, *lines)

    assert [one["known"] for one in first["entries"]] == [False] * 4
    assert [one["known"] for one in second["entries"]] == [True] * 4
    assert first["entries"][0]["visit"] == second["entries"][0]["visit"]
    rows = await post.records("paper_entry")
    assert [row["entry"] for row in rows] == ["visit", "entry", "vehicle", "call"]
    assert not [word for word in ("粤B", "Wang", "孙丽") if word in str(rows)]


async def test_who_went_in_is_inside_unless_something_newer_is_known(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    ref = next(h.ref for h in post.site.directory.holders.values() if h.id == "S-2")

    await type_in(guard, line(kind="entry", person="S-2", at=at(-30)))
    assert (post.site.presence[ref].zone, post.site.presence[ref].state.value) == ("campus", "inside")
    await type_in(guard, line(key="line-0002", kind="exit", person="S-2", at=at(-60)))
    assert post.site.presence[ref].state.value == "inside"
    await type_in(guard, line(key="line-0003", kind="exit", person="S-2", at=at(-5)))
    assert (post.site.presence[ref].zone, post.site.presence[ref].state.value) == ("site", "outside")
    assert (await post.site.archive.presence())[ref].state.value == "outside"


async def test_a_visit_that_was_known_before_is_checked_in_and_out_as_written(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    await somebody_expected(post, guard)
    visit = (await ask(guard, "GET", "visits?state=expected"))["visits"][0]["id"]

    await type_in(guard, line(visit=visit, at=at(-50)))
    state = await ask(guard, "GET", "paper-day?gate=north")
    assert [one["visit"] for one in state["inside"]] == [visit]
    await type_in(guard, line(key="line-0002", kind="exit", visit=visit, at=at(-20)))

    known = await ask(guard, "GET", f"visits/{visit}")
    assert known["state"] == "checked_out"
    assert datetime.fromisoformat(known["checked_out_at"]) == SHOWN - timedelta(minutes=20)
    over = await type_in(guard, line(key="line-0003", kind="exit", visit=visit, at=at(-10)), status=422)
    assert [one["field"] for one in over["errors"]] == ["entries[0].visit"]


WRONG = [
    ({**VISIT, "name": "  "}, "name"),
    ({**VISIT, "at": at(30)}, "at"),
    ({**VISIT, "at": at(-60 * 24 * 40)}, "at"),
    ({**VISIT, "left_at": at(-100)}, "left_at"),
    ({**VISIT, "host": "nobody"}, "host"),
    ({**VISIT, "host": None}, "host"),
    ({**VISIT, "document": "12"}, "document"),
    ({**VISIT, "document_kind": "resident_id", "document": "110101199003077777"}, "document"),
    ({**VISIT, "document": "<b>4"}, "document"),
    ({**VISIT, "visitor_kind": "student"}, "visitor_kind"),
    ({**VISIT, "name": "x" * 201}, "name"),
    ({"kind": "entry"}, "name"),
    ({"kind": "entry", "person": "P-404"}, "person"),
    ({"kind": "vehicle", "plate": "<i>"}, "plate"),
    ({"kind": "call", "to": "mayor", "result": "busy"}, "to"),
    ({"kind": "call", "to": "police", "result": "asleep"}, "result"),
]


async def test_a_wrong_line_is_named_by_its_field_and_nothing_is_written(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    good = line(key="line-0009", kind="entry", person="S-2")

    found = [await type_in(guard, good, line(**fields), status=422) for fields, _ in WRONG]

    said = [[one["field"] for one in problem["errors"]] for problem in found]
    assert said == [[f"entries[1].{field}"] for _, field in WRONG]
    assert await post.records("paper_entry") == []


async def test_who_is_kept_from_entering_since_is_typed_in_all_the_same_and_stays_who_that_was(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    who = {"document_kind": "passport", "document": "E12345678", "host": "S-1", "purpose": "talk"}
    await type_in(guard, line(name="Zhou", **who, left_at=at(-80)))
    holder = next(h for h in post.site.directory.holders.values() if h.name == "Zhou")
    until = post.site.clock.now() + timedelta(days=9)
    ban = await bans.request(post.site, holder=holder.id, act=bans.BanAct.THREAT, ends_at=until, by="officer-1")
    for leader in ("leader-1", "leader-2"):
        await bans.approve(post.site, ban.id, leader)

    typed = await type_in(
        guard,
        line(key="line-0002", kind="entry", person="S-2"),
        line(key="line-0003", name="Zhou Jie", visitor_kind="contractor", **who),
    )

    assert [one["known"] for one in typed["entries"]] == [False, False]
    known = post.site.directory.holders[holder.ref]
    assert (known.name, known.kind) == ("Zhou", holder.kind)


async def test_lines_that_do_not_go_together_are_found_before_one_is_written_and_known_ones_are_known(
    post: GuardPost,
) -> None:
    guard = await post.signed_in("guard1", "guard")
    await somebody_expected(post, guard)
    visit = (await ask(guard, "GET", "visits?state=expected"))["visits"][0]["id"]
    came, left = line(visit=visit, at=at(-50)), line(key="line-0002", kind="exit", visit=visit, at=at(-20))
    good = line(key="line-0003", kind="entry", person="S-2")

    for wrong, field in (
        ([good, left, came], "entries[2].visit"),
        ([good, came, left | {"at": at(-60)}], "entries[2].at"),
        ([good, came, left, line(key="line-0004", kind="exit", visit=visit)], "entries[3].visit"),
        ([good, line(key="line-0004", kind="exit", visit="nobody")], "entries[1].visit"),
    ):
        problem = await type_in(guard, *wrong, status=422)
        assert [one["field"] for one in problem["errors"]] == [field]
    assert await post.records("paper_entry") == []

    first = await type_in(guard, came, left)
    again = await type_in(guard, came, left)
    assert [one["known"] for one in (*first["entries"], *again["entries"])] == [False, False, True, True]
