"""Looking somebody up: never without a reason, and the reason is on record before anything is answered."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from aiohttp import ClientSession

from gateway.core.chain import Head
from gateway.core.kinds import PresenceState
from gateway.core.looking_up import BadSpan, Why, span
from gateway.core.nouns import Presence
from gateway.flows import ledger_state, movements, occupancy
from gateway.flows.ledger_book import Walked
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.roll_call_book import RollCallBook
from gateway.store.tables import head, ledger
from gateway.store.verification import LedgerWalk
from tests.web.guardpost import SHOWN, GuardPost

WHY = {"why": "incident", "words": "bicycle taken at the north gate"}


async def call(client: ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with client.request(method, f"/api/v1/{path}", json=body) as answer:
        text = await answer.text()
        return answer.status, msgspec.json.decode(text) if text else None


def ref_of(post: GuardPost, id: str) -> str:
    holder = post.site.directory.with_id(id)
    assert holder is not None
    return holder.ref


async def put(post: GuardPost, id: str, zone: str, state: PresenceState = PresenceState.INSIDE) -> None:
    """Somebody went through, and that is on record."""
    at = post.site.clock.now()
    body = {"holder": ref_of(post, id), "zone": zone, "state": state, "portal": "north-in"}
    await post.site.ledger.commit(Unit((Entry("presence", at, body),)))
    occupancy.put(post.site, ref_of(post, id), Presence(zone, state, at))


def the_campus(post: GuardPost) -> str:
    return next(zone.id for zone in post.site.campus.zones.values() if zone.kind == "campus")


# ---------------------------------------------------------------- with a reason


@pytest.mark.parametrize(
    ("path", "more"),
    [("people/find", {"q": "li"}), ("people/S-1/whereabouts", {}), ("people/S-1/movements", {}), ("inside/campus", {})],
)
async def test_without_a_reason_nobody_is_found(post: GuardPost, path: str, more: dict[str, str]) -> None:
    officer = await post.signed_in("officer1", "security_officer")

    for reason in ({}, {"why": "incident"}, {"why": "curious", "words": "only so"}, {"why": "safety", "words": "   "}):
        status, problem = await call(officer, "POST", path, {**more, **reason})

        assert status == 422 and {error["field"] for error in problem["errors"]} <= {"why", "words"}, reason
    assert await post.records("record_read") == []


async def test_a_search_is_on_record_with_its_reason_and_without_what_was_typed(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")

    status, found = await call(operator, "POST", "people/find", {"q": "zhang", **WHY})

    assert status == 200 and [one["id"] for one in found["people"]] == ["S-2"]
    (row,) = await post.records("record_read")
    assert (row["what"], row["count"], row["why"]) == ("people_found", 1, "incident")
    assert await post.site.archive.note(row["note"]) == WHY["words"]
    assert b"zhang" not in msgspec.json.encode(row) and b"bicycle" not in msgspec.json.encode(row)


async def test_nothing_is_answered_while_it_cannot_be_recorded(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    await put(post, "S-1", the_campus(post))
    await asyncio.to_thread(post.writer.stop)

    for path, body in (
        ("people/find", {"q": "li"}),
        ("people/S-1/whereabouts", {}),
        ("people/S-1/movements", {}),
        (f"inside/{the_campus(post)}", {}),
    ):
        status, answer = await call(officer, "POST", path, {**body, **WHY})
        assert status == 503 and "Li Na" not in str(answer), path


async def test_one_person_with_what_they_hold_and_where_they_were_last_seen(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    await put(post, "S-1", the_campus(post))

    status, found = await call(operator, "POST", "people/S-1/whereabouts", WHY)

    assert status == 200 and found["person"]["name"] == "Li Na" and found["movements"] is False
    assert (found["seen"]["zone"], found["seen"]["state"]) == (the_campus(post), "inside")
    assert [(one["kind"], one["ending"], one["state"]) for one in found["credentials"]] == [("card", "D-LI", "active")]
    (row,) = await post.records("record_read")
    assert (row["what"], row["holder"], row["why"]) == ("whereabouts", ref_of(post, "S-1"), "incident")
    assert (await call(operator, "POST", "people/NOBODY/whereabouts", WHY))[0] == 404


async def test_the_way_of_one_person_with_each_answer_s_trace_and_of_nobody_else(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    await post.tap("CARD-LI")
    await post.tap("CARD-WANG")
    await put(post, "S-1", the_campus(post))

    status, found = await call(officer, "POST", "people/S-1/movements", WHY)

    assert status == 200 and found["person"]["id"] == "S-1" and found["next"] is None
    passed, tapped = found["movements"]
    assert (passed["decision"], passed["zone"], passed["state"]) == (None, the_campus(post), "inside")
    assert tapped["decision"]["holder"]["id"] == "S-1" and tapped["decision"]["trace"]
    (row,) = [row for row in await post.records("record_read") if row["what"] == "movements"]
    assert (row["holder"], row["count"], row["why"]) == (ref_of(post, "S-1"), 2, "incident")
    assert (await call(await post.signed_in("operator1", "operator"), "POST", "people/S-1/movements", WHY))[0] == 403


async def test_a_way_of_weeks_comes_in_pieces_without_a_gap_or_a_double(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    now, ref = post.site.clock.now(), ref_of(post, "S-1")
    for days in range(0, 30, 3):
        at = now - timedelta(days=days, minutes=1)
        body = {"holder": ref, "zone": "campus", "state": "inside", "portal": "north-in"}
        await post.site.ledger.commit(Unit((Entry("presence", at, body),)))
    asked = {**WHY, "from": (now - timedelta(days=31)).isoformat(), "to": now.isoformat()}

    seen: list[int] = []
    while asked["to"] is not None:
        _, found = await call(officer, "POST", "people/S-1/movements", asked)
        seen += [one["seq"] for one in found["movements"]]
        asked |= {"to": found["next"]}

    assert len(seen) == 10 == len(set(seen))


def test_nobody_looks_further_back_than_people_are_named_nor_at_more_than_a_month() -> None:
    kept = timedelta(days=180)
    assert span(None, None, SHOWN, kept) == (SHOWN - timedelta(hours=24), SHOWN)
    assert span(None, SHOWN + timedelta(days=1), SHOWN, kept)[1] == SHOWN
    for since, until, field in (
        (SHOWN - timedelta(days=181), SHOWN - timedelta(days=170), "from"),
        (None, datetime.min.replace(tzinfo=UTC), "to"),
        (SHOWN - timedelta(days=40), SHOWN, "to"),
        (SHOWN, SHOWN - timedelta(days=1), "from"),
    ):
        with pytest.raises(BadSpan) as bad:
            span(since, until, SHOWN, kept)
        assert bad.value.field == field
    assert set(Why) == set(movements.Why)


async def test_who_is_in_a_zone_page_by_page_and_those_of_whom_nobody_is_sure_too(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    campus = the_campus(post)
    await put(post, "S-1", campus)
    await put(post, "P-2", "dorm-1", PresenceState.UNCERTAIN)
    await put(post, "P-1", campus, PresenceState.OUTSIDE)

    _, first = await call(officer, "POST", f"inside/{campus}", {**WHY, "limit": 1})
    _, second = await call(officer, "POST", f"inside/{campus}", {**WHY, "limit": 1, "after": first["next"]})

    assert (first["inside"], first["uncertain"]) == (1, 1)
    assert [one["person"]["id"] for one in (*first["people"], *second["people"])] == ["P-2", "S-1"]
    assert second["next"] is None
    assert [(row["what"], row["zone"]) for row in await post.records("record_read")] == [("inside", campus)] * 2
    root = next(zone.id for zone in post.site.campus.zones.values() if zone.parent is None)
    assert (await call(officer, "POST", f"inside/{root}", WHY))[0] == 404


async def test_an_auditor_sees_who_looked_whom_up_and_why(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    auditor = await post.signed_in("auditor1", "auditor")
    await call(officer, "POST", "people/S-1/whereabouts", WHY)
    await call(officer, "GET", "decisions")

    _, told = await call(auditor, "GET", "reads?enquiries=true")
    _, everything = await call(auditor, "GET", "reads")

    (one,) = told["reads"]
    assert (one["by"], one["what"], one["why"], one["words"]) == ("officer1", "whereabouts", "incident", WHY["words"])
    assert one["about"]["id"] == "S-1"
    assert [row["what"] for row in everything["reads"]] == ["reads", "decisions", "whereabouts"]
    assert (await call(officer, "GET", "reads"))[0] == 403


# ---------------------------------------------------------------- the roll call


async def evacuate(post: GuardPost, operator: ClientSession) -> str:
    body = {"kind": "evacuate", "zones": [the_campus(post)], "reason": "smoke", "drill": True}
    status, answer = await call(operator, "POST", "emergencies", body)
    assert status == 201, answer
    return str(answer["id"])


async def test_a_roll_call_lists_who_has_not_left_and_keeps_each_mark_over_a_restart(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    campus = the_campus(post)
    for id, zone in (("S-1", campus), ("S-2", campus), ("P-1", campus), ("P-2", "dorm-1")):
        await put(post, id, zone)
    id = await evacuate(post, operator)
    await put(post, "S-2", campus, PresenceState.OUTSIDE)
    await put(post, "P-1", campus, PresenceState.UNCERTAIN)

    _, before = await call(operator, "GET", f"emergencies/{id}/roll-call")
    status, marked = await call(operator, "POST", f"emergencies/{id}/roll-call", {"people": ["S-1", "P-2", "S-1"]})
    await call(operator, "POST", f"emergencies/{id}/roll-call", {"people": ["P-2"], "here": False})
    post.site.roll_calls = RollCallBook()  # as after a restart
    _, after = await call(operator, "GET", f"emergencies/{id}/roll-call")

    listed = {zone["zone"]: [(one["id"], one["uncertain"]) for one in zone["people"]] for zone in before["zones"]}
    assert listed == {campus: [("S-1", False), ("P-1", True)], "dorm-1": [("P-2", False)]}
    assert (before["drill"], before["inside_at_start"], before["left"], before["missing"]) == (True, 4, 1, 3)
    assert status == 200 and sorted(marked["people"]) == ["P-2", "S-1"]
    assert (after["accounted"], after["missing"]) == (1, 2)
    (li,) = [one for zone in after["zones"] for one in zone["people"] if one["accounted"]]
    assert li["id"] == "S-1" and li["accounted"]["by"] == "operator1"
    rows = await post.records("accounted_for")
    assert [(row["holder"], row["accounted"], row["drill"]) for row in rows] == [
        (ref_of(post, "S-1"), True, True),
        (ref_of(post, "P-2"), True, True),
        (ref_of(post, "P-2"), False, True),
    ]
    async with operator.get(f"/muster/{id}") as page:
        text = await page.text()
    assert page.status == 200 and "Li Na" in text and "DRILL" in text


async def test_nobody_is_marked_who_is_nobody_nor_in_an_emergency_that_is_over(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    await put(post, "S-1", the_campus(post))
    id = await evacuate(post, operator)

    status, problem = await call(operator, "POST", f"emergencies/{id}/roll-call", {"people": ["S-1", "S-999"]})

    assert status == 422 and problem["errors"][0]["field"] == "people[1]"
    assert (await call(operator, "POST", f"emergencies/{'0' * 16}/roll-call", {"people": ["S-1"]}))[0] == 409
    assert (await call(operator, "GET", f"emergencies/{'0' * 16}/roll-call"))[0] == 404
    assert await post.records("accounted_for") == []


async def test_two_who_mark_the_same_person_make_one_record(post: GuardPost) -> None:
    one, other = await post.signed_in("operator1", "operator"), await post.signed_in("guard1", "guard")
    await put(post, "S-1", the_campus(post))
    id = await evacuate(post, one)

    answers = await asyncio.gather(
        *(call(client, "POST", f"emergencies/{id}/roll-call", {"people": ["S-1"]}) for client in (one, other))
    )

    assert sorted(len(answer["people"]) for _, answer in answers) == [0, 1]
    assert len(await post.records("accounted_for")) == 1


# ---------------------------------------------------------------- the ledger


async def verified(post: GuardPost, auditor: ClientSession) -> dict[str, Any]:
    status, told = await call(auditor, "POST", "ledger/verify")
    assert (status, told["state"]) == (202, "running")
    await post.site.finish(30)
    return dict((await call(auditor, "GET", "ledger/verification"))[1])


def let_walk(post: GuardPost) -> None:
    """As `app` does it; a guard post has no head file, so the head row stands in for it."""

    def newest() -> Head:
        with post.database.engine.connect() as connection:
            count, last = connection.execute(sa.select(head.c.count, head.c.hash).where(head.c.id == 1)).one()
        return Head(int(count), last)

    post.site.ledger_book.walk = LedgerWalk(post.database, newest, None, b"k" * 32)


async def test_a_ledger_is_verified_when_somebody_asks_and_how_it_ended_is_on_record(post: GuardPost) -> None:
    auditor = await post.signed_in("auditor1", "auditor")
    _, never = await call(auditor, "GET", "ledger/verification")
    let_walk(post)

    told = await verified(post, auditor)

    assert (never["state"], never["last"], never["nightly_at"]) == ("never", None, "04:10")
    assert told["state"] == "holds" and told["last"]["by"] == "auditor1" and told["last"]["count"] > 0
    (row,) = await post.records("ledger_verified")
    assert (row["state"], row["count"]) == ("holds", told["last"]["count"])
    post.site.ledger_book = type(post.site.ledger_book)()  # as after a restart
    _, again = await call(auditor, "GET", "ledger/verification")
    assert (again["state"], again["last"]["head"]) == ("holds", told["last"]["head"])


async def test_a_bent_record_is_named_and_is_an_alarm(post: GuardPost) -> None:
    auditor = await post.signed_in("auditor1", "auditor")
    let_walk(post)
    with post.database.engine.begin() as connection:
        connection.execute(sa.update(ledger).where(ledger.c.seq == 3).values(kind="nothing"))

    told = await verified(post, auditor)

    assert (told["state"], told["last"]["bad_seq"]) == ("bent", 3)
    assert ("ledger_trouble", "ledger") in post.site.alarms.by_cause


async def test_the_alarm_of_a_bent_ledger_ends_with_the_next_walk_that_holds(post: GuardPost) -> None:
    def unread(on: Any) -> Any:
        raise LedgerUnavailable("no database")

    said = []
    bent, holding = Walked(3, "", 3, "does not fit its hash"), Walked(3, "")
    for walk in (lambda on: bent, unread, lambda on: holding, unread, lambda on: holding):
        post.site.ledger_book.walk = walk
        ledger_state.begin(post.site, ledger_state.GATEWAY)
        await post.site.finish(30)
        open_ones = post.site.alarms.by_id.values()
        said.append({one.condition: one.priority for one in open_ones if one.place == "ledger" and one.holds})

    assert said == [
        {"ledger_trouble": "high"},
        {"ledger_trouble": "high", "ledger_unread": "low"},
        {},
        {"ledger_unread": "low"},
        {},
    ]


async def test_each_night_it_is_verified_once_and_by_itself(post: GuardPost) -> None:
    let_walk(post)
    watch = ledger_state.LedgerWatch(post.site)
    # The test's campus shows ten in the morning: within six hours of the night's minute.
    for _ in range(3):
        await watch.look()
        await post.site.finish(30)

    assert post.site.ledger_book.last is not None and post.site.ledger_book.last.by == ledger_state.GATEWAY
    assert len(await post.records("ledger_verified")) == 1
