"""For whoever runs the gateway: alive, ready, measured, documented, and quiet about people."""

import json
import re

import jsonschema
import structlog
from prometheus_client.parser import text_string_to_metric_families

from gateway.web.openapi import document
from gateway.web.routes import ROUTES
from tests.web.guardpost import GuardPost


async def ask(client, method: str, path: str, **more):
    async with client.request(method, path, **more) as answer:
        return answer.status, await answer.text()


async def test_healthz_only_asks_whether_the_process_answers(post: GuardPost) -> None:
    post.site.broker_connected = False

    assert await ask(post.client(), "GET", "/healthz") == (200, '{"alive":true}')


async def test_readyz_says_which_part_is_missing(post: GuardPost) -> None:
    ready, all_said = await ask(post.client(), "GET", "/readyz")
    post.site.broker_connected = False
    not_ready, said = await ask(post.client(), "GET", "/readyz")

    assert ready == 200 and set(json.loads(all_said)["parts"]) == {"database", "broker", "directory"}
    assert not_ready == 503
    assert {name: part["ok"] for name, part in json.loads(said)["parts"].items()} == {
        "database": True,
        "broker": False,
        "directory": True,
    }


async def test_the_metrics_count_decisions_and_requests_and_name_nobody(post: GuardPost) -> None:
    guard = await post.signed_in("guard-with-a-name", "guard")
    await post.tap("CARD-LI")
    await ask(guard, "GET", "/api/v1/people/S-1")
    await ask(guard, "POST", "/api/v1/people/search", json={"q": "Li Na"})

    status, text = await ask(post.client(), "GET", "/metrics")

    families = {family.name: family for family in text_string_to_metric_families(text)}
    decided = families["wardgate_decisions"].samples[0]
    assert status == 200 and decided.value == 1
    assert decided.labels == {"portal": "north-in", "outcome": "grant", "reason": "ok"}
    assert families["wardgate_taps"].samples[0].value == 1
    labels = " ".join(re.findall(r'="([^"\n]*)"', text))
    assert "north-in" in labels and not re.search("guard-with-a-name|S-1|Li Na|CARD", labels)


async def test_metrics_through_a_proxy_need_the_right(post: GuardPost) -> None:
    admin = await post.add_user("boss", "admin")
    guard = await post.add_user("guard1", "guard")
    forwarded = {"X-Forwarded-For": "203.0.113.9"}

    nobody, _ = await ask(post.client(**forwarded), "GET", "/metrics")
    wrong, _ = await ask(
        post.client(Authorization=f"Bearer {await post.add_token(guard)}", **forwarded), "GET", "/metrics"
    )
    right, _ = await ask(
        post.client(Authorization=f"Bearer {await post.add_token(admin)}", **forwarded), "GET", "/metrics"
    )

    assert (nobody, wrong, right) == (401, 403, 200)


async def test_the_log_of_requests_names_routes_and_nobody(post: GuardPost) -> None:
    guard = await post.signed_in("guard-with-a-name", "guard")

    with structlog.testing.capture_logs() as lines:
        await ask(guard, "GET", "/api/v1/people/S-1?q=secret")
        await ask(guard, "GET", "/api/v1/people?q=Li+Na%0d%0aforged")

    routes = [line["route"] for line in lines if line["event"] == "request"]
    assert routes[-1] == "/api/v1/people" and routes[0] == "/api/v1/people/{person}"
    assert not re.search("guard-with-a-name|S-1|Li Na|secret|forged|127.0.0.1", json.dumps(lines, default=str))


def test_the_document_is_sound_and_every_reference_in_it_leads_somewhere() -> None:
    api = document(ROUTES)
    text = json.dumps(api)

    for name in set(re.findall(r'"#/components/schemas/(\w+)"', text)):
        assert name in api["components"]["schemas"]
    for schema in api["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    ids = [one["operationId"] for methods in api["paths"].values() for one in methods.values()]
    assert len(ids) == len(set(ids)) and api["openapi"].startswith("3.1")
    assert "{" not in re.sub(r"\{\w+\}", "", "".join(api["paths"]))


async def test_answers_have_the_shapes_that_the_document_promises(post: GuardPost) -> None:
    everybody = await post.signed_in("boss", "admin", "operator", "auditor", "security_officer")
    await post.tap("CARD-LI")
    await post.tap("UNKNOWN", "north-out-1", "out")
    api = document(ROUTES)
    ids = {"{person}": "S-1", "{device}": "north-in-1", "{user}": "boss", "{gate}": "north"}
    asked = {"/api/v1/calls": "?gate=north", "/api/v1/shifts": "?gate=north", "/api/v1/paper-day": "?gate=north"}
    asked["/api/v1/shifts/history"] = "?post=north-gate"

    for path, methods in api["paths"].items():
        where = re.sub(r"\{\w+\}", lambda match: ids.get(match[0], match[0]), path)
        shape = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {}).get("application/json")
        if "{" in where or shape is None:
            continue
        status, body = await ask(everybody, "GET", where + asked.get(where, ""))
        assert status == 200, (where, body)
        jsonschema.validate(json.loads(body), {**shape["schema"], "components": api["components"]})
