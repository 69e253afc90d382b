"""The edge: other sites, foreign names, hostile bodies and paths, slow callers."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.flows import reading
from gateway.web import listener
from gateway.web.context import PARTS
from gateway.web.routes import ROUTES
from tests.web.guardpost import PASSWORD, GuardPost

SIGN_IN = {"user": "guard1", "password": PASSWORD}


async def ask(client, method: str, path: str, **more):
    async with client.request(method, path, **more) as answer:
        return answer.status, await answer.read(), answer.headers


# ---------------------------------------------------------------- other sites (E05, E08)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
async def test_another_sites_page_changes_nothing(post: GuardPost, headers: dict[str, str]) -> None:
    guard = await post.signed_in("guard1", "operator")
    tap, _ = await post.tap("UNKNOWN", "north-out-1", "out")

    status, body, _ = await ask(guard, "POST", f"/api/v1/waiting/{tap}", json={"outcome": "grant"}, headers=headers)

    assert status == 403 and json.loads(body)["type"] == "/problems/cross-site"
    assert len(post.site.waits) == 1


@pytest.mark.parametrize("media", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"])
async def test_a_form_of_an_old_browser_that_names_no_origin_is_refused(post: GuardPost, media: str) -> None:
    guard = await post.signed_in("guard1", "operator")
    tap, _ = await post.tap("UNKNOWN", "north-out-1", "out")

    status, _, _ = await ask(
        guard, "POST", f"/api/v1/waiting/{tap}", data=b'{"outcome":"grant"}', headers={"Content-Type": media}
    )

    assert status == 403 and len(post.site.waits) == 1


async def test_our_own_page_may(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "operator")
    tap, _ = await post.tap("UNKNOWN", "north-out-1", "out")
    headers = {"Origin": post.url, "Sec-Fetch-Site": "same-origin"}

    status, _, _ = await ask(guard, "POST", f"/api/v1/waiting/{tap}", json={"outcome": "grant"}, headers=headers)

    assert status == 200 and post.site.waits == {}


@pytest.mark.parametrize("media", ["application/xml", "text/csv", "application/json+evil"])
async def test_only_json_is_taken(post: GuardPost, media: str) -> None:
    status, body, _ = await ask(post.client(), "POST", "/api/v1/session", data=b"{}", headers={"Content-Type": media})

    assert status == 415 and json.loads(body)["type"] == "/problems/media-type"


async def test_no_get_changes_anything(post: GuardPost) -> None:
    """Every GET of the document with a session that may everything: the ledger only gains records of reads."""
    everything = await post.signed_in("boss", "admin", "operator", "auditor", "security_officer")
    _, body, _ = await ask(everything, "GET", "/api/v1/openapi.json")
    before = {row.kind for row in await post.listener.app[PARTS].records.rows(0, 10_000)}

    for path in json.loads(body)["paths"]:
        filled = path.replace("{person}", "S-1").replace("{device}", "north-in-1").replace("{user}", "boss")
        if "{" not in filled and not filled.endswith("/stream"):
            await ask(everything, "GET", filled)
            await ask(everything, "HEAD", filled)

    after = {row.kind for row in await post.listener.app[PARTS].records.rows(0, 10_000)}
    assert after - before == {"record_read"}


# ---------------------------------------------------------------- names, headers, answers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "localhost.evil.example", "", "a@localhost"])
async def test_a_foreign_host_name_is_refused(post: GuardPost, host: str) -> None:
    status, _, _ = await ask(post.client(), "GET", "/healthz", headers={"Host": host})

    assert status in (400, 421)


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1", "[::1]:8080", "192.168.1.20:8443"])
async def test_our_own_names_and_addresses_are_served(post: GuardPost, host: str) -> None:
    status, _, _ = await ask(post.client(), "GET", "/healthz", headers={"Host": host})

    assert status == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/me", "/nothing", "/static/tokens.css", "/healthz", "/api/v1/stream"])
async def test_every_answer_keeps_browsers_strict(post: GuardPost, path: str) -> None:
    _, _, headers = await ask(post.client(), "GET", path)

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"] and headers["Server"] == "wardgate"


async def test_answers_about_people_are_kept_by_nobody(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    for path in ("/live", "/api/v1/decisions", "/api/v1/people", "/api/v1/me", "/api/v1/waiting"):
        _, _, headers = await ask(guard, "GET", path)
        assert headers["Cache-Control"] == "no-store"


async def test_each_page_has_a_nonce_of_its_own(post: GuardPost) -> None:
    policies = [(await ask(post.client(), "GET", "/"))[2]["Content-Security-Policy"] for _ in range(3)]

    assert len(set(policies)) == 3


async def test_what_is_not_there_and_what_cannot_be_done_are_problems(post: GuardPost) -> None:
    unknown, said, headers = await ask(post.client(), "GET", "/api/v1/nothing")
    wrong_method, also_said, method_headers = await ask(post.client(), "PUT", "/api/v1/session")

    assert (unknown, json.loads(said)["type"]) == (404, "/problems/not-found")
    assert (wrong_method, json.loads(also_said)["type"]) == (405, "/problems/method")
    assert headers["Content-Type"].startswith("application/problem+json")
    assert "POST" in method_headers["Allow"] and "DELETE" in method_headers["Allow"]


async def test_a_bug_is_a_500_that_shows_nothing_of_itself(post: GuardPost, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = await post.signed_in("guard1", "guard")

    async def broken(*_args, **_more):
        raise ValueError("secret detail in /some/path.py")

    monkeypatch.setattr(reading, "decisions", broken)
    status, body, _ = await ask(guard, "GET", "/api/v1/decisions")

    assert status == 500 and json.loads(body)["type"] == "/problems/bug"
    assert b"secret" not in body and b"Traceback" not in body


# ---------------------------------------------------------------- bodies and paths


HOSTILE = {
    "no JSON": b"{",
    "no object": b"[]",
    "nothing": b"",
    "a key twice": b'{"user":"a","user":"b","password":"c"}',
    "NaN": b'{"user":NaN,"password":"c"}',
    "lone surrogate": b'{"user":"\\ud800","password":"c"}',
    "NUL": b'{"user":"a\\u0000b","password":"c"}',
    "5,000 digits": b'{"user":' + b"9" * 5000 + b',"password":"c"}',
    "beyond 64 bit": b'{"user":18446744073709551616,"password":"c"}',
    "100,000 deep": b'{"user":' + b"[" * 30_000,
    "invalid UTF-8": b'{"user":"\xff","password":"c"}',
    "UTF-16": '{"user":"a"}'.encode("utf-16"),
    "BOM": b"\xef\xbb\xbf{}",
    "wrong type": b'{"user":true,"password":["c"]}',
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_json_is_refused(post: GuardPost, raw: bytes) -> None:
    status, body, _ = await ask(
        post.client(), "POST", "/api/v1/session", data=raw, headers={"Content-Type": "application/json"}
    )

    assert status in (400, 422) and json.loads(body)["type"] in ("/problems/malformed", "/problems/validation")


async def test_every_wrong_field_is_named_at_once(post: GuardPost) -> None:
    admin = await post.signed_in("boss", "admin")
    user = {"name": "x" * 65, "password": "", "roles": [], "language": "fr", "more": 1}

    status, body, _ = await ask(admin, "POST", "/api/v1/users", json=user)

    problem = json.loads(body)
    assert status == 422
    assert {error["field"] for error in problem["errors"]} == {"name", "password", "roles", "language", "more"}


async def test_a_large_body_is_refused_before_it_is_read(post: GuardPost) -> None:
    large = {"user": "a" * 200_000, "password": "b"}

    status, _, _ = await ask(post.client(), "POST", "/api/v1/session", json=large)

    assert status == 413


async def test_a_packed_body_is_refused(post: GuardPost) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    status, _, _ = await ask(post.client(), "POST", "/api/v1/session", data=b"\x1f\x8b", headers=headers)

    assert status in (400, 415)


TRAVERSALS = [
    "/static/../server.py",
    "/static/..%2fserver.py",
    "/static/%2e%2e/server.py",
    "/static//etc/passwd",
    "/static/%2fetc%2fpasswd",
    "/static/tokens.css%00.js",
    "/static/..%5c..%5cserver.py",
    "/lib/lit/../../package.json",
    "/lib/lit/package.json",
    "/lib/typescript/lib/typescript.js",
    "/lib/axe-core/axe.js",
    "/api/v1/devices/..%2f..%2fusers",
    "/api/v1/devices/%00",
    "/api/v1/people/%ff",
    "/api/v1/decisions/99999999999999999999999",
    "/api/v1/decisions/9999999999999999999",
]


@pytest.mark.parametrize("path", TRAVERSALS)
async def test_no_path_leads_out_of_what_is_served(post: GuardPost, path: str) -> None:
    guard = await post.signed_in("guard1", "operator")
    cookie = next(c.value for c in guard.cookie_jar)
    reader, writer = await asyncio.open_connection("127.0.0.1", post.listener.port)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: wg_session={cookie}\r\nConnection: close\r\n\r\n".encode()
    )
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()

    assert 400 <= int(answer.split()[1]) < 500
    assert b"make_app" not in answer and b"root:" not in answer


INJECTIONS = [
    "'",
    "' OR 1=1 --",
    '"; DROP TABLE holders; --',
    "%",
    "_",
    "\\",
    "1' UNION SELECT hash FROM sessions--",
    "（'）",
]


@pytest.mark.parametrize("text", INJECTIONS)
async def test_what_is_typed_into_a_search_is_only_text(post: GuardPost, text: str) -> None:
    guard = await post.signed_in("guard1", "guard")

    status, body, _ = await ask(guard, "POST", "/api/v1/people/search", json={"q": text})
    _, all_of_them, _ = await ask(guard, "GET", "/api/v1/people")

    assert status == 200 and json.loads(body)["people"] == []
    assert len(json.loads(all_of_them)["people"]) == 5


@pytest.mark.parametrize(
    "query", ["sort=name", "limit=0", "limit=100000", "limit=x", "kind=robot", "limit=1&limit=2", "q=Li"]
)
async def test_a_query_of_another_shape_is_refused(post: GuardPost, query: str) -> None:
    guard = await post.signed_in("guard1", "guard")

    status, body, _ = await ask(guard, "GET", f"/api/v1/people?{query}")

    assert status == 422 and json.loads(body)["errors"]


# ---------------------------------------------------------------- slow callers (D05)


async def test_five_hundred_who_never_finish_their_request_do_not_keep_others_out(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    slow = [await asyncio.open_connection("127.0.0.1", post.listener.port) for _ in range(500)]
    for _, writer in slow:
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    took = []
    for _ in range(20):
        began = time.perf_counter()
        status, _, _ = await ask(guard, "GET", "/api/v1/waiting")
        took.append(time.perf_counter() - began)
        assert status == 200
    for _, writer in slow:
        writer.close()

    assert sorted(took)[10] < 1.0


async def test_a_request_head_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "HEAD_WITHIN_S", 0.5)
    post = await GuardPost(tmp_path / "site").open()
    reader, writer = await asyncio.open_connection("127.0.0.1", post.listener.port)
    began = time.monotonic()

    answer = None
    for letter in b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: aaaaaaaaaaaaaaaa":
        writer.write(bytes([letter]))
        try:
            answer = await asyncio.wait_for(reader.read(1), 0.1)
            break
        except TimeoutError:
            continue

    writer.close()
    await post.close()
    assert answer == b"" and time.monotonic() - began < 2


async def test_one_address_cannot_take_every_connection(post: GuardPost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_FROM_ONE_ADDRESS", 10)
    held = [await asyncio.open_connection("127.0.0.1", post.listener.port) for _ in range(10)]
    await asyncio.sleep(0.05)

    reader, writer = await asyncio.open_connection("127.0.0.1", post.listener.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    try:
        answer = await asyncio.wait_for(reader.read(1), 2)
    except ConnectionError:
        answer = b""

    for _, other in [*held, (reader, writer)]:
        other.close()
    assert answer == b""


async def test_a_body_that_trickles_is_not_waited_for(tmp_path: Path) -> None:
    hasty = [replace(route, body_within_s=0.3) for route in ROUTES]
    post = await GuardPost(tmp_path / "site").open(routes=hasty)
    reader, writer = await asyncio.open_connection("127.0.0.1", post.listener.port)
    head = b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    writer.write(head + b"Content-Length: 90\r\n\r\n{")

    answer = await asyncio.wait_for(reader.read(12), 5)

    writer.close()
    await post.close()
    assert answer == b"HTTP/1.1 400"
