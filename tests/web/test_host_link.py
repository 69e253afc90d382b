"""The host's link: from the mail to the answer, for nobody else, found in nothing that the gateway says or keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.parts.host_desk import HostDesk, host_desk
from tests.parts.mailbox import MailServer
from tests.web.guardpost import GuardPost
from tests.web.test_permits import API, ask, at, send, set_level
from tests.web.test_visits import visit


@pytest.fixture
async def desk(post: GuardPost) -> AsyncIterator[HostDesk]:
    """At L2; Li Na, who is S-1, has a mail address."""
    await set_level(post, 2)
    admin = await post.signed_in("admin1", "admin")
    contact = {"phone": "555-0101", "mail": "li@school.example"}
    async with admin.put(f"{API}/people/S-1/contact", json=contact) as answer:
        assert answer.status == 200, await answer.text()
    async with MailServer() as server:
        yield host_desk(post, server)


async def link(client: aiohttp.ClientSession, secret: str, status: int = 200, **answer: Any) -> Any:
    act = "answer" if answer else "open"
    return await send(client, f"host-link/{act}", {"token": secret} | answer, status)


async def test_from_the_guards_registration_to_the_hosts_yes_without_an_account(desk: HostDesk) -> None:
    post = desk.post
    guard, phone = await post.signed_in("guard1", "guard"), post.client()
    made = await send(guard, "visits", visit(post), 201)
    assert "host_not_confirmed" in made["needs"] and made["visit"]["asked"] is None

    secret = await desk.secret()

    (mail,) = desk.server.mails
    assert mail.to == ["li@school.example"] and f"{post.url}/h#{secret}" in mail.text
    assert "Anna Berg" in mail.text and "5678" not in mail.text
    assert (await ask(guard, f"visits/{made['id']}"))["asked"]["state"] == "asked"
    opened = await link(phone, secret)
    assert opened["state"] == "open" and opened["visit"]["visitor"] == {"name": "Anna Berg", "organisation": ""}
    assert (opened["visit"]["gate"]["en"], opened["visit"]["level"]) == ("North gate", 2)
    assert opened["visit"]["needs"] == ["document_not_seen"]
    assert not any(part in str(opened) for part in ("5678", "E1234", "passport", "document_ending", "phone"))
    done = await link(phone, secret, answer="confirm")
    assert done["state"] == "confirmed"
    seen = await ask(guard, f"visits/{made['id']}")
    assert (seen["confirmed"], seen["needs"], seen["asked"]) == (True, ["document_not_seen"], None)
    again = await link(phone, secret, 409, answer="decline")
    assert again["detail"].startswith("answered")
    assert (await link(phone, secret))["state"] == "confirmed"


async def test_the_guards_screen_hears_of_asking_and_of_the_answer(desk: HostDesk) -> None:
    post = desk.post
    guard = await post.signed_in("guard1", "guard")
    await send(guard, "visits", visit(post), 201)
    heard = []
    async with guard.ws_connect(f"{API}/stream", headers={"Origin": post.url}) as stream:
        assert (await stream.receive_json())["type"] == "snapshot"
        secret = await desk.secret()
        await link(post.client(), secret, answer="decline", reason="away", words="on a journey")
        while "declined" not in str(heard):
            heard.append(await stream.receive_json(timeout=5))

    assert [event["state"] for event in heard if event["type"] == "host_asked"] == ["asked"]
    assert secret not in str(heard) and "journey" not in str(heard)


async def test_a_change_of_time_is_a_yes_for_that_time_and_bad_times_are_named(desk: HostDesk) -> None:
    post = desk.post
    guard, phone = await post.signed_in("guard1", "guard"), post.client()
    made = await send(guard, "visits", visit(post), 201)
    secret = await desk.secret()

    half = await link(phone, secret, 422, answer="change", starts_at=at(post, hours=1))
    turned = await link(phone, secret, 422, answer="change", starts_at=at(post, hours=2), ends_at=at(post, hours=1))
    changed = await link(phone, secret, answer="change", starts_at=at(post, hours=3), ends_at=at(post, hours=4))

    assert [error["field"] for error in (*half["errors"], *turned["errors"])] == ["ends_at", "ends_at"]
    assert changed["state"] == "confirmed"
    seen = await ask(guard, f"visits/{made['id']}")
    assert (seen["confirmed"], seen["starts_at"]) == (True, changed["visit"]["starts_at"])


async def test_a_link_of_what_is_over_says_so_and_a_made_up_one_is_none(desk: HostDesk) -> None:
    post = desk.post
    guard, phone = await post.signed_in("guard1", "guard"), post.client()
    made = await send(guard, "visits", visit(post), 201)
    secret = await desk.secret()
    await send(guard, f"visits/{made['id']}/refuse", {"reason": "host_away"})

    assert (await link(phone, secret))["state"] == "over"
    await link(phone, secret, 409, answer="confirm")
    for wrong in ("x" * 43, secret[::-1]):
        await link(phone, wrong, 404)
        await link(phone, wrong, 404, answer="confirm")
    for odd in ("", "short", "' OR 1=1 --" + "x" * 30, "x" * 101, "ключ" * 10):
        await link(phone, odd, 422)


async def test_who_tries_links_waits_and_a_right_one_costs_nothing(desk: HostDesk) -> None:
    post = desk.post
    guard, phone = await post.signed_in("guard1", "guard"), post.client()
    await send(guard, "visits", visit(post), 201)
    secret = await desk.secret()
    for _ in range(25):
        await link(phone, secret)

    statuses = []
    for number in range(25):
        async with phone.post(f"{API}/host-link/open", json={"token": f"{number:043}"}) as answer:
            statuses.append(answer.status)
            waits = answer.headers.get("Retry-After")

    assert statuses[:19] == [404] * 19 and statuses[-1] == 429 and int(waits or 0) >= 1


async def test_the_secret_is_in_no_answer_row_log_line_or_table(
    desk: HostDesk, capfd: pytest.CaptureFixture[str]
) -> None:
    post = desk.post
    guard, officer = await post.signed_in("guard1", "guard"), await post.signed_in("officer1", "security_officer")
    auditor = await post.signed_in("auditor1", "auditor")
    id = (await send(guard, "visits", visit(post), 201))["id"]
    secret = await desk.secret()
    asked = await send(guard, f"visits/{id}/ask-host", status=429)
    said = [asked, await ask(guard, f"visits/{id}"), await ask(officer, "visits"), await ask(guard, "alarms")]
    said += [await link(post.client(), secret), await ask(auditor, "ledger?limit=200")]
    for path in ("/h", f"/h?{secret[:8]}=1", "/api/v1/openapi.json"):
        async with guard.get(path) as answer:
            said.append(await answer.text())
    await link(post.client(), secret, answer="confirm")

    out, err = capfd.readouterr()
    kept = post.folder / "wardgate.db"
    raw = b"".join(path.read_bytes() for path in kept.parent.glob("wardgate.db*"))
    assert secret not in str(said) and secret not in out + err and secret.encode() not in raw
    assert "li@school.example" not in str(said) + out + err and "Anna" not in out + err


async def test_a_guard_has_the_host_asked_again_and_hears_when_only_the_telephone_is_left(desk: HostDesk) -> None:
    post = desk.post
    guard = await post.signed_in("guard1", "guard")
    id = (await send(guard, "visits", visit(post, host="S-2"), 201))["id"]

    asked = await send(guard, f"visits/{id}/ask-host")

    assert asked["state"] == "telephone" and desk.server.mails == []
    await send(guard, f"visits/{'0' * 16}/ask-host", status=404)


async def test_the_pages_of_hosts_know_nothing_by_themselves(post: GuardPost) -> None:
    teacher, guard = await post.signed_in("teacher1", "teacher", person="S-1"), await post.signed_in("guard1", "guard")
    await send(guard, "visits", visit(post), 201)

    for client, path, status in (
        (post.client(), "/h", 200), (post.client(), "/host", 303), (teacher, "/host", 200), (guard, "/host", 403),
    ):  # fmt: skip
        async with client.get(path, allow_redirects=False) as answer:
            page = await answer.text()
            assert answer.status == status and "Anna" not in page
            assert answer.headers["Referrer-Policy"] == "no-referrer"
