"""POST simulate and POST replay: what would be decided, with the trace; nothing opens, and who asked is recorded."""

from datetime import timedelta

from gateway.settings import shipped
from tests.web.guardpost import SHOWN, GuardPost
from tests.web.test_api import ask

HOUR = timedelta(hours=1)
TEXT = shipped("policy.school.yaml").read_text()
ENGINEER = b"id,name,kind,groups,card,plate,dormitory,valid_from,valid_to\nC-1,Bau,contractor,staff,CARD-BAU,,,,\n"


async def officer_of(post: GuardPost):
    officer = await post.signed_in("officer1", "security_officer")
    async with officer.post("/api/v1/imports", data=ENGINEER, headers={"Content-Type": "text/csv"}) as answer:
        assert answer.status == 200
    return officer


async def test_a_simulation_answers_who_where_when_at_which_level_and_why(post: GuardPost) -> None:
    officer = await officer_of(post)
    question = {"portal": "north-in", "direction": "in", "holder": "C-1", "at": "2026-11-23T00:30:00Z"}

    answers = [(await ask(officer, "POST", "/api/v1/simulate", json=question | {"level": n}))[1] for n in (3, 2, 1)]

    assert [(a["outcome"], a["reason"], a["level"]) for a in answers] == [
        ("grant", "ok", 3),
        ("wait", "guard_confirms", 2),
        ("deny", "level_refuses", 1),
    ]
    assert answers[2]["holder"]["name"] == "Bau"
    assert {line["rule"] for line in answers[2]["trace"]} >= {"credential", "permission", "level", "guard"}
    assert answers[2]["sentence"]["en"] and answers[2]["sentence"]["zh"] and answers[2]["hint"]["zh"]


async def test_a_simulation_opens_nothing_and_is_recorded_as_a_look_at_somebody(post: GuardPost) -> None:
    officer = await officer_of(post)
    sent = len(post.courier.sent)

    status, answer = await ask(
        officer,
        "POST",
        "/api/v1/simulate",
        json={"portal": "north-in", "direction": "in", "credential": {"kind": "card", "value": "card-li"}},
    )

    assert (status, answer["outcome"], answer["holder"]["id"]) == (200, "grant", "S-1")
    assert len(post.courier.sent) == sent
    assert await post.records("decision") == []
    looked = [row for row in await post.records("record_read") if row["what"] == "simulation"]
    assert len(looked) == 1 and looked[0]["holder"] and "S-1" not in str(looked)


async def test_a_question_that_makes_no_sense_says_which_part(post: GuardPost) -> None:
    officer = await officer_of(post)
    questions = [
        {"portal": "nowhere", "direction": "in", "holder": "S-1"},
        {"portal": "north-in", "direction": "in", "holder": "NOBODY"},
        {"portal": "north-in", "direction": "in"},
        {"portal": "north-in", "direction": "in", "holder": "S-1", "level": 4},
        {"portal": "north-in", "direction": "in", "holder": "S-1", "policy": "profile: school\n"},
    ]

    answers = [await ask(officer, "POST", "/api/v1/simulate", json=question) for question in questions]

    assert [status for status, _ in answers] == [422] * 5
    assert [answer["errors"][0]["field"] for _, answer in answers[:3]] == ["portal", "holder", "holder"]
    assert all(error["field"].startswith("policy:") for error in answers[4][1]["errors"])


async def test_a_replay_at_the_exceptional_level_counts_by_portal_and_reason_and_names_who(post: GuardPost) -> None:
    officer = await officer_of(post)
    for card in ("CARD-LI", "CARD-BAU", "CARD-BAU", "CARD-NOBODY"):
        await post.tap(card)

    status, answer = await ask(
        officer,
        "POST",
        "/api/v1/replay",
        json={"from": (SHOWN - HOUR).isoformat(), "to": (SHOWN + HOUR).isoformat(), "level": 1},
    )

    assert status == 200, answer
    assert (answer["taps"], answer["compared"], answer["unknown"], answer["different"]) == (4, 3, 1, 2)
    assert answer["changes"] == [
        {
            "portal": "north-in",
            "direction": "in",
            "before": {"outcome": "grant", "reason": "ok"},
            "after": {"outcome": "deny", "reason": "level_refuses"},
            "count": 2,
        }
    ]
    assert [(line["holder"]["id"], line["count"]) for line in answer["people"]] == [("C-1", 2)]
    assert [row["count"] for row in await post.records("record_read") if row["what"] == "replay"] == [4]


async def test_a_replay_tries_a_policy_that_is_sent_along(post: GuardPost) -> None:
    officer = await officer_of(post)
    await post.tap("CARD-BAU")
    builders = "contractor: {{L3: [permission{}], L2: [permission, guard]"
    stricter = TEXT.replace(builders.format(""), builders.format(", guard"))
    assert stricter != TEXT
    span = {"from": (SHOWN - HOUR).isoformat(), "to": (SHOWN + HOUR).isoformat()}

    status, answer = await ask(officer, "POST", "/api/v1/replay", json=span | {"policy": stricter})

    assert (status, answer["different"]) == (200, 1)
    assert answer["changes"][0]["after"] == {"outcome": "wait", "reason": "guard_confirms"}


async def test_a_replay_without_one_comparison_or_with_a_span_that_is_none_is_refused(post: GuardPost) -> None:
    officer = await officer_of(post)
    ends = {"from": SHOWN.isoformat(), "to": (SHOWN + HOUR).isoformat()}
    turned = {"from": ends["to"], "to": ends["from"], "level": 1}
    years = {"from": (SHOWN - 400 * 24 * HOUR).isoformat(), "to": ends["to"], "level": 1}

    statuses = [(await ask(officer, "POST", "/api/v1/replay", json=body))[0] for body in (ends, turned, years)]

    assert statuses == [422, 422, 422]
