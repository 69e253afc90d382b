"""A gate's kiosk over the API: guards with card and PIN, another machine, and a clock that goes on."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from gateway.flows import kiosk_locks, pins
from gateway.flows.accounts import User, user_changed
from gateway.store.accounts import Accounts
from tests.web.guardpost import GuardPost

PIN, DURESS = "4711", "8503"
CARD = {"S-1": "CARD-LI", "S-2": "CARD-ZHANG"}


async def a_guard(post: GuardPost, name: str, person: str, *roles: str) -> User:
    """A user who is a person of the directory, with a PIN."""
    user = await post.add_user(name, *(roles or ("guard",)))
    user = replace(user, holder=pins.holder_of(post.site, person).ref)
    record = user_changed(user, user, None, datetime.now(UTC))
    await Accounts(post.database, post.writer).change_user(user, record, None)
    await pins.set_pin(post.site, person, PIN, DURESS, "test")
    return user


async def sign_on(
    client: aiohttp.ClientSession, card: str = "CARD-LI", pin: str = PIN, gate: str = "north"
) -> tuple[int, dict[str, Any]]:
    async with client.post("/api/v1/session/card", json={"gate": gate, "card": card, "pin": pin}) as answer:
        return answer.status, await answer.json()


@contextlib.asynccontextmanager
async def another_machine(post: GuardPost) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that comes from another address."""
    jar = aiohttp.CookieJar(unsafe=True)
    way = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
    async with aiohttp.ClientSession(post.url, cookie_jar=jar, connector=way) as client:
        yield client


async def ask(client: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with client.request(method, f"/api/v1/{path}", json=body) as answer:
        return answer.status, await answer.json()


def let_pass(post: GuardPost, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many seconds without a touch, for the kiosks' locks."""
    monkeypatch.setattr(kiosk_locks, "LOCKS_AFTER_S", kiosk_locks.LOCKS_AFTER_S - seconds)
