"""Incidents over the API: from an alarm to four answers, what each role is told, refusals, the printed report."""

from typing import Any

import aiohttp

from gateway.core.papers.incidents import DRAFT_FIELDS, IncidentKind, Noticed, ReportState, SentBy
from gateway.flows import alarm_acts, alarms
from gateway.flows.notice_rules import NoticeRules
from gateway.web.incident_words import INCIDENT_WORDS
from tests.web.guardpost import GuardPost

API = "/api/v1/incidents"
SAID = dict.fromkeys(DRAFT_FIELDS, "as seen")
ANSWERS = {"cause": "a worn lock", "measures": "a new lock", "lesson": "look at locks each year"}
ROLE = [{"kind": "role", "id": "security_officer"}]


async def ask(client: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with client.request(method, f"{API}{path}", json=body) as answer:
        return answer.status, await answer.json() if "json" in answer.content_type else await answer.text()


async def by_hand(client: aiohttp.ClientSession, **more: Any) -> str:
    status, made = await ask(client, "POST", "", {"kind": "other", "place": "north-in"} | more)
    assert status == 201, made
    return str(made["summary"]["id"])


async def test_from_an_alarm_to_four_answers(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    officer = await post.signed_in("officer1", "security_officer")
    principal = await post.signed_in("principal1", "principal")
    alarm = await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, "north-in-1")
    await post.tap("CARD-LI")
    status, opened = await ask(operator, "POST", "", {"alarm": alarm.id, "note": "looked over by the guard"})
    id = opened["summary"]["id"]
    steps = [
        (operator, "POST", "by-word", {"to": "District office"}),
        (operator, "PUT", "draft", {"version": 0} | SAID),
        (operator, "POST", "ask-review", None),
        (principal, "POST", "return", {"version": 1, "remark": "which door?"}),
        (operator, "PUT", "draft", {"version": 1} | SAID | {"place": "door 1"}),
        (operator, "POST", "ask-review", None),
        (principal, "POST", "review", {"version": 2}),
        (officer, "POST", "send", {"to": "District office", "how": "fax"}),
        (officer, "POST", "follow-ups", {"text": "the lock is changed", "to": "District office"}),
    ]
    said = [await ask(who, method, f"/{id}/{path}", body) for who, method, path, body in steps]
    refused, problem = await ask(operator, "POST", f"/{id}/close", ANSWERS | {"responsible": ROLE})
    await alarm_acts.close(post.site, alarm.id, "handled", "user")
    person = [{"kind": "person", "id": "S-2"}, {"kind": "unit", "id": "staff"}, {"kind": "outside"}]
    done, closed = await ask(operator, "POST", f"/{id}/close", ANSWERS | {"responsible": ROLE + person})

    assert status == 201 and opened["summary"]["kind"] == "forced_door" and opened["noticed_by"] == "north-in-1"
    assert [status for status, _ in said] == [201, 200, 200, 200, 200, 200, 200, 200, 201]
    assert [one["summary"]["report"] for _, one in said] == [
        "needed", "drafted", "asked", "returned", "drafted", "asked", "reviewed", "sent", "sent",
    ]  # fmt: skip
    assert said[0][1]["by_word"][0]["by"] == "operator1" and said[6][1]["verdict"]["by"] == "principal1"
    assert (refused, problem["detail"].split(":")[0]) == (409, "alarms_open")
    assert done == 200 and closed["summary"]["state"] == "closed"
    assert [(one["kind"], one["id"]) for one in closed["closing"]["responsible"]] == [
        ("role", "security_officer"), ("person", "S-2"), ("unit", "staff"), ("outside", ""),
    ]  # fmt: skip
    assert closed["closing"]["responsible"][1]["person"]["name"] == "张伟"


async def test_the_timeline_shows_people_by_name_and_that_is_recorded(post: GuardPost) -> None:
    leader = await post.signed_in("leader1", "duty_leader")
    operator = await post.signed_in("operator1", "operator")
    id = await by_hand(operator, note="a bag at the gate")
    await post.tap("CARD-LI")
    await post.site.finish()
    status, first = await ask(leader, "GET", f"/{id}/timeline?limit=1")
    _, rest = await ask(leader, "GET", f"/{id}/timeline?after={first['last']}")
    reads = [row for row in await post.records("record_read") if row["what"] == "incident_timeline"]

    assert status == 200 and first["more"] and not rest["more"]
    told = first["entries"] + rest["entries"]
    assert [one["seq"] for one in told] == sorted({one["seq"] for one in told})
    (decision,) = [one for one in told if one["what"] == "decision"]
    assert (decision["person"]["name"], decision["place"], decision["word"]) == ("Li Na", "north-in", "grant")
    (opened,) = [one for one in told if one["what"] == "permit"]
    assert (opened["word"], opened["by"]) == ("opened", "operator1")
    assert sum(read["count"] for read in reads) == 1


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "place"),
    ({"place": "north-in"}, "kind"),
    ({"kind": "other", "place": "nowhere"}, "place"),
    ({"alarm": "0" * 16}, "alarm"),
    ({"kind": "other", "place": "north-in", "happened_at": "2031-01-01T00:00:00Z"}, "happened_at"),
]


async def test_what_cannot_be_is_refused_by_field(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    found = []
    for body, _ in WRONG:
        status, problem = await ask(operator, "POST", "", body)
        found.append((status, [one["field"] for one in problem["errors"]]))

    assert found == [(422, [field]) for _, field in WRONG]


async def test_nothing_is_sent_unreviewed_without_a_reason_nor_by_who_only_writes(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    leader = await post.signed_in("leader1", "duty_leader")
    id = await by_hand(operator)
    await ask(operator, "PUT", f"/{id}/draft", {"version": 0} | SAID)
    fax = {"to": "District office", "how": "fax"}
    not_mine, _ = await ask(operator, "POST", f"/{id}/send", fax)
    no_reason, problem = await ask(leader, "POST", f"/{id}/send", fax)
    no_channel, _ = await ask(leader, "POST", f"/{id}/send", fax | {"how": "notice", "unreviewed": "urgent"})
    sent, info = await ask(leader, "POST", f"/{id}/send", fax | {"unreviewed": "the principal is in the air"})

    assert (not_mine, no_reason, no_channel, sent) == (403, 409, 409, 200)
    assert problem["detail"].startswith("not_reviewed")
    assert info["sent"][0] | {"at": ""} == {
        "to": "District office", "at": "", "by": "leader1", "how": "fax", "version": 1,
        "unreviewed": "the principal is in the air", "state": "sent",
    }  # fmt: skip


async def test_a_channel_makes_an_addressee_and_the_report_is_on_its_way(post: GuardPost) -> None:
    post.site.notices = NoticeRules(
        channels=frozenset({"mail"}), robots=frozenset({"d"}), reports={"District office": "robot:d"}
    )
    officer = await post.signed_in("officer1", "security_officer")
    id = await by_hand(officer)
    await ask(officer, "PUT", f"/{id}/draft", {"version": 0} | SAID)
    _, info = await ask(officer, "GET", f"/{id}")
    to = {"to": "District office", "how": "notice", "unreviewed": "urgent"}
    _, sent = await ask(officer, "POST", f"/{id}/send", to)

    assert info["addressees"] == ["District office"]
    assert sent["sent"][0]["state"] == "on_its_way" and sent["summary"]["waiting"]
    assert sent["not_closed"] == "report_not_sent"


async def test_the_report_prints_in_both_languages_and_says_what_was_not_reviewed(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    id = await by_hand(officer, drill=True)
    await ask(officer, "PUT", f"/{id}/draft", {"version": 0} | SAID | {"scope": "<b>two</b> doors"})
    for lang, words in (
        ("en", ("Incident report", "DRILL", "Not reviewed")),
        ("zh", ("突发事件报告", "演练", "未经主要领导审核")),
    ):
        async with officer.get(f"{API}/{id}/report?format=html&lang={lang}") as answer:
            page = await answer.text()

        assert [word for word in words if word not in page] == []
        assert "&lt;b&gt;two&lt;/b&gt; doors" in page and "<b>two" not in page
        assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
    _, as_data = await ask(officer, "GET", f"/{id}/report")

    assert {one["name"]: one["text"] for one in as_data["fields"]} == SAID | {"scope": "<b>two</b> doors"}
    assert [row["what"] for row in await post.records("record_read")].count("incident_report") == 3


async def test_a_case_keeps_it_and_shows_on_it(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    id = await by_hand(officer)
    status, kept = await ask(officer, "POST", f"/{id}/keep", {"reason": "the police ask"})
    again, _ = await ask(officer, "POST", f"/{id}/keep", {"reason": "the police ask"})
    _, info = await ask(officer, "GET", f"/{id}")
    async with officer.post(f"/api/v1/holds/{kept['hold']}/release") as answer:
        released = answer.status
    _, afterwards = await ask(officer, "GET", f"/{id}")

    assert (status, again, released) == (201, 409, 200)
    assert (info["kept"], afterwards["kept"]) == (True, False)


async def test_one_that_is_closed_says_so(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    id = await by_hand(officer)
    await ask(officer, "PUT", f"/{id}/draft", {"version": 0} | SAID)
    await ask(officer, "POST", f"/{id}/send", {"to": "office", "how": "paper", "unreviewed": "urgent"})
    await ask(officer, "POST", f"/{id}/close", ANSWERS | {"responsible": [{"kind": "outside"}]})
    late, problem = await ask(officer, "POST", f"/{id}/notes", {"text": "late"})
    _, listed = await ask(officer, "GET", "?state=closed")
    never, _ = await ask(officer, "POST", f"/{'0' * 16}/notes", {"text": "late"})
    again, info = await ask(officer, "POST", f"/{id}/reopen", {"reason": "it happened again"})

    assert (late, problem["detail"].split(":")[0], never) == (409, "over", 404)
    assert [one["id"] for one in listed["incidents"]] == [id]
    assert (again, info["reopened"][0]["closing"]["lesson"]) == (200, ANSWERS["lesson"])


def test_every_code_of_an_incident_has_a_word() -> None:
    assert set(INCIDENT_WORDS["incident_kind"]) == set(IncidentKind)
    assert set(INCIDENT_WORDS["noticed"]) == set(Noticed)
    assert set(INCIDENT_WORDS["report"]) == set(ReportState)
    assert set(INCIDENT_WORDS["report_way"]) == set(SentBy)
    assert set(INCIDENT_WORDS["report_field"]) == set(INCIDENT_WORDS["report_hint"]) == set(DRAFT_FIELDS)
