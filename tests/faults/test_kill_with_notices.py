"""The gateway is killed while a host's notice is on its way: it comes once, with a link that works."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.cli.site_store import open_site_store
from gateway.flows.accounts import new_token, new_user, token_made, user_added
from gateway.flows.changes import ContactKept
from gateway.flows.ports import Entry, Unit
from gateway.store.accounts import add_token_change, add_user_change
from gateway.store.people import known_people
from tests.parts.gateway_process import GatewayProcess
from tests.parts.mailbox import MailServer, served
from tests.parts.scene import Scene
from tests.parts.waiting import wait_until

MAIL = "na.chen@school.example"


def notices_to(port: int) -> dict[str, str]:
    return {
        "WARDGATE_NOTICES_BASE_URL": "http://127.0.0.1:8080",
        "WARDGATE_NOTICES_MAIL_SERVER": f"127.0.0.1:{port}",
        "WARDGATE_NOTICES_MAIL_SECURITY": "none",
        "WARDGATE_NOTICES_MAIL_SENDER": "gate@school.example",
    }


def post(gateway: GatewayProcess, path: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    asked = urllib.request.Request(f"{gateway.address}/api/v1/{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return json.load(answer)


def a_guardian() -> dict[str, Any]:
    """Whose class teacher has to be asked at every level."""
    now = datetime.now(UTC)
    return {
        "visitor": {"name": "Anna Berg", "document": {"kind": "passport", "number": "E12345678"}},
        "kind": "guardian",
        "host": "t1",
        "purpose": "talks with the teacher",
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=2)).isoformat(),
    }


def guard_of(scene: Scene) -> str:
    """A guard's token, and the teacher's mail address in the directory."""
    settings = scene.site.settings
    with open_site_store(settings) as store:
        now = datetime.now(UTC)
        user = new_user("gate", "no password", ("guard",), settings.roles, now, "en")
        store.commit(Unit((user_added(user, None),), (add_user_change(user),)))
        secret, token = new_token(user, "tests", now)
        store.commit(Unit((token_made(user, token, None),), (add_token_change(token),)))
        holder = store.read(known_people).holders["t1"].ref
        kept = ContactKept(holder, "555-0101", MAIL, "", now)
        store.commit(Unit((Entry("note", now, {}),), (kept,)))
    return secret


def test_a_notice_that_was_queued_when_the_gateway_was_killed_comes_once_after_it(
    make_scene: Callable[..., Scene],
) -> None:
    with served(MailServer(hang=True)) as silent:
        port = silent.port
        scene = make_scene(None, **notices_to(port))
        token = guard_of(scene)
        scene.gateway.start()
        visit = post(scene.gateway, "visits", a_guardian(), token)["id"]
        wait_until(lambda: silent._open, "the mail server has been called")
        scene.gateway.kill9()
        assert [row.body["about"] for row in scene.site.rows("notice_queued")] == [visit]

    with served(MailServer(port=port)) as server:
        scene.gateway.start()
        wait_until(lambda: server.mails, "the mail")
        scene.site.wait_for("notice_sent", lambda row: row.body["about"] == visit)
        secret = server.mails[0].text.split("/h#")[1].split()[0]
        answered = post(scene.gateway, "host-link/answer", {"token": secret, "answer": "confirm"})
        assert scene.gateway.stop() == 0

    assert answered["state"] == "confirmed" and len(server.mails) == 1
    assert len(scene.site.rows("notice_queued")) == len(scene.site.rows("notice_sent")) == 1
    words = scene.gateway.log.read_text()
    assert not any(part in words for part in (secret, MAIL, "Anna", "555-0101"))
