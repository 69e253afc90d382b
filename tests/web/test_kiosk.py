"""The kiosk's side of the API: gates, signing on by card and PIN, the lock, late words, registrations made offline."""

import asyncio
import base64
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.flows import alarms, kiosk_locks, late, pins, waiting
from gateway.flows.accounts import User, user_changed
from gateway.flows.people import import_csv
from gateway.flows.ports import Unit
from gateway.store.accounts import Accounts
from gateway.store.tables import credentials
from gateway.web.context import PARTS
from gateway.web.sealed import FOR_BOX
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


# ---------------------------------------------------------------- gates


async def test_a_gate_is_told_with_its_portals_devices_and_post(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    status, gate = await ask(guard, "GET", "gates/north")

    assert status == 200
    assert gate["name"] == {"en": "North gate", "zh": "北门"}
    assert [portal["id"] for portal in gate["portals"]] == ["north-in", "north-out", "north-vehicle"]
    assert {device["id"] for device in gate["devices"]} == {"north-in-1", "north-out-1", "north-bollard"}
    assert gate["post"]["id"] == "north-gate"
    assert (await ask(guard, "GET", "gates/nowhere"))[0] == 404
    assert [one["id"] for one in (await ask(guard, "GET", "gates"))[1]["gates"]] == ["north", "south"]


# ---------------------------------------------------------------- signing on


async def test_a_guard_signs_on_with_card_and_pin_and_the_session_is_of_that_gate(post: GuardPost) -> None:
    user = await a_guard(post, "li", "S-1")
    client = post.client()

    status, answer = await sign_on(client)

    assert status == 201
    assert answer["me"]["user"] == "li" and answer["kiosk"]["locked"] is False
    assert 0 < answer["kiosk"]["locks_in_s"] <= 60
    assert {"user": user.ref, "kiosk": "north"}.items() <= (await post.records("signed_in"))[-1].items()
    async with client.get("/kiosk?gate=north") as page:
        assert 'id="state"' in await page.text()
    async with client.get("/kiosk?gate=south") as page:
        assert 'id="state"' not in await page.text()


@pytest.mark.parametrize(
    ("card", "pin"),
    [("CARD-LI", "1234"), ("NOBODYS", PIN), ("CARD-WANG", PIN), ("CARD-OLD", PIN), ("", "x")],
    ids=["wrong pin", "unknown card", "no user", "expired card", "no card"],
)
async def test_whatever_does_not_fit_is_told_in_the_same_words(post: GuardPost, card: str, pin: str) -> None:
    await a_guard(post, "li", "S-1")

    status, answer = await sign_on(post.client(), card or " ", pin)

    assert (status, answer["type"]) == (401, "/problems/wrong-pin")
    refused = (await post.records("sign_in_refused"))[-1]
    assert refused == {"user": None, "kiosk": "north"}


@pytest.mark.parametrize("state", ["lost", "revoked"])
async def test_a_blocked_card_signs_on_nobody(post: GuardPost, state: str) -> None:
    await a_guard(post, "li", "S-1")
    admin = await post.signed_in("admin1", "admin")
    _, person = await ask(admin, "GET", "people/S-1")
    ref = person["credentials"][0]["ref"]
    assert (await ask(admin, "POST", f"credentials/{ref}/revoke", {"reason": state}))[0] == 200

    assert (await sign_on(post.client()))[0] == 401


async def test_a_user_whose_roles_have_nothing_to_do_at_a_gate_does_not_sign_on(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1", "teacher")

    assert (await sign_on(post.client()))[0] == 401


async def test_five_wrong_pins_lock_the_card_at_this_kiosk_and_nobody_is_told(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    answers = [await sign_on(post.client(), pin=f"555{n}") for n in range(5)]
    post.listener.app[PARTS].card_sign_in._by_card.forgive("CARD-LI")  # the pause is another test's

    with_the_right_one = await sign_on(post.client())

    assert {status for status, _ in answers} == {401}
    assert with_the_right_one[1] == answers[0][1]
    assert [a.place for a in post.site.alarms.by_id.values() if a.condition == alarms.WRONG_TRIES] == ["kiosk:north"]
    async with another_machine(post) as client:
        assert (await sign_on(client, gate="south"))[0] == 201


async def test_the_count_of_wrong_pins_outlives_a_restart(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    for n in range(5):
        await sign_on(post.client(), pin=f"555{n}")
    post.site.pin_tries.forget(list(post.site.pin_tries._locked))

    await pins.load(post.site)

    post.listener.app[PARTS].card_sign_in._by_card.forgive("CARD-LI")
    assert (await sign_on(post.client()))[0] == 401


async def test_a_sixth_try_has_to_wait_with_a_known_and_with_an_unknown_card(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")

    for card in ("CARD-LI", "NOBODYS"):
        answers = [await sign_on(post.client(), card, "9999") for _ in range(6)]

        assert [status for status, _ in answers] == [401] * 5 + [429], card


async def test_the_duress_pin_signs_on_and_calls_for_help_in_silence(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    client = post.client()

    status, answer = await sign_on(client, pin=DURESS)
    await asyncio.sleep(0.1)

    right = await sign_on(post.client())
    assert status == 201 and answer["me"]["rights"] == right[1]["me"]["rights"]
    assert [a.place for a in post.site.alarms.by_id.values() if a.condition == alarms.DURESS] == ["kiosk:north"]
    assert (await ask(client, "GET", "alarms"))[1]["alarms"] == []
    async with client.get("/kiosk?gate=north") as page:
        assert "duress" not in (await page.text()).split('id="state"')[1]
    assert len(await post.records("duress")) == 1


async def test_signing_on_ends_the_browsers_other_session(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    await a_guard(post, "zhang", "S-2")
    client = post.client()
    await sign_on(client)
    old = {cookie.key: cookie.value for cookie in client.cookie_jar}

    await sign_on(client, "CARD-ZHANG")

    async with aiohttp.ClientSession(post.url, cookies=old) as other:
        assert (await ask(other, "GET", "me"))[0] == 401
    assert (await ask(client, "GET", "me"))[1]["user"] == "zhang"


# ---------------------------------------------------------------- the lock


async def test_records_lock_after_a_minute_without_a_touch_and_what_a_gate_needs_does_not(
    post: GuardPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_guard(post, "li", "S-1")
    client = post.client()
    await sign_on(client)
    assert (await ask(client, "GET", "decisions"))[0] == 200

    let_pass(post, 61, monkeypatch)

    status, problem = await ask(client, "GET", "decisions")
    assert (status, problem["type"]) == (423, "/problems/locked")
    assert (await ask(client, "GET", "waiting"))[0] == 200
    assert (await ask(client, "GET", "emergencies"))[0] == 200
    assert (await ask(client, "POST", "emergencies", {"kind": "lockdown", "reason": "drill", "drill": True}))[0] == 201
    opened = {"portal": "north-in", "direction": "in", "kind": "responder", "count": 2}
    assert (await ask(client, "POST", "openings", opened))[0] in (200, 201)


async def test_a_touch_keeps_it_open_and_asking_alone_does_not(
    post: GuardPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_guard(post, "li", "S-1")
    touching, asking = post.client(), post.client()
    await sign_on(touching)
    await sign_on(asking)
    started = post.site.clock.monotonic()
    monkeypatch.setattr(post.site.clock, "monotonic", lambda: started + 40)
    await ask(touching, "POST", "session/touch")
    await ask(asking, "GET", "waiting")
    monkeypatch.setattr(post.site.clock, "monotonic", lambda: started + 80)

    assert (await ask(touching, "GET", "decisions"))[0] == 200
    assert (await ask(asking, "GET", "decisions"))[0] == 423
    assert (await ask(asking, "POST", "session/touch"))[1]["locked"] is True
    assert (await ask(asking, "GET", "decisions"))[0] == 423


async def test_a_restarted_gateway_begins_with_kiosks_locked(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    client = post.client()
    await sign_on(client)

    post.listener.app[PARTS].kiosk_locks._touched.clear()  # all that a restart forgets of it

    assert (await ask(client, "GET", "decisions"))[0] == 423


async def test_password_sessions_never_lock(post: GuardPost, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = await post.signed_in("guard1", "guard")
    let_pass(post, 3600, monkeypatch)

    assert (await ask(guard, "POST", "session/lock"))[1] == {"locked": False, "locks_in_s": None}
    assert (await ask(guard, "GET", "decisions"))[0] == 200
    assert (await ask(guard, "POST", "session/unlock", {"card": "CARD-LI", "pin": PIN}))[0] == 409


async def test_card_and_pin_unlock(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    client = post.client()
    await sign_on(client)
    assert (await ask(client, "POST", "session/lock"))[1]["locked"] is True

    assert (await ask(client, "POST", "session/unlock", {"card": "CARD-LI", "pin": "1234"}))[0] == 401
    assert (await ask(client, "GET", "decisions"))[0] == 423
    status, answer = await ask(client, "POST", "session/unlock", {"card": "CARD-LI", "pin": PIN})

    assert status == 200 and answer["kiosk"]["locked"] is False
    assert (await ask(client, "GET", "decisions"))[0] == 200
    assert len(await post.records("kiosk_unlocked")) == 1


async def test_another_guards_card_takes_the_kiosk_over(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    await a_guard(post, "zhang", "S-2")
    client = post.client()
    await sign_on(client)
    old = {cookie.key: cookie.value for cookie in client.cookie_jar}
    await ask(client, "POST", "session/lock")

    status, answer = await ask(client, "POST", "session/unlock", {"card": "CARD-ZHANG", "pin": PIN})

    assert (status, answer["me"]["user"]) == (200, "zhang")
    assert (await ask(client, "GET", "me"))[1]["user"] == "zhang"
    async with aiohttp.ClientSession(post.url, cookies=old) as other:
        assert (await ask(other, "GET", "me"))[0] == 401


async def test_nobody_locks_the_guard_on_duty_out_with_wrong_pins(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    client = post.client()
    await sign_on(client)
    await ask(client, "POST", "session/lock")
    for n in range(5):
        await ask(client, "POST", "session/unlock", {"card": "CARD-LI", "pin": f"555{n}"})
    assert (await ask(client, "POST", "session/unlock", {"card": "CARD-LI", "pin": PIN}))[0] == 429

    post.listener.app[PARTS].card_sign_in._on_duty.forgive("li")  # half a minute later at most

    assert (await ask(client, "POST", "session/unlock", {"card": "CARD-LI", "pin": PIN}))[0] == 200


# ---------------------------------------------------------------- too late


async def a_contractor_waited_too_long(post: GuardPost, uses: int | None = None) -> str:
    """At L2 a guard confirms a contractor; nobody did. The id under which they waited."""
    table = "id,name,kind,groups,card,plate,dormitory,valid_from,valid_to\nc1,Con Tractor,contractor,staff,CON1,,,,\n"
    await import_csv(post.site, table.encode(), "test")
    if uses is not None:
        holder = pins.holder_of(post.site, "c1").ref

        def limit(connection: Any, version: int) -> None:
            found = sa.update(credentials).where(credentials.c.holder == holder)
            connection.execute(found.values(max_uses=uses, version=version))

        await post.writer.commit(Unit((), (limit,), directory=True))
        await post.site.refresh_directory()
    office = await post.signed_in("office1", "security_officer")
    now = post.site.clock.now()
    order = {
        "level": 2,
        "starts_at": now.isoformat(),
        "document": "2026-17",
        "reason": "a test",
        "authority": "unified",
    }
    assert (await ask(office, "POST", "orders", order))[0] == 201
    tap, command = await post.tap("CON1")
    assert command.action.value == "wait"
    await waiting._time_is_up(post.site, post.site.waits[f"north-in-1:{tap}"])
    return f"north-in-1:{tap}"


async def test_who_waited_too_long_is_let_in_once_with_a_record_of_its_own(post: GuardPost) -> None:
    id = await a_contractor_waited_too_long(post)
    one, two = await post.signed_in("guard1", "guard"), await post.signed_in("guard2", "guard")

    answers = await asyncio.gather(*(ask(client, "POST", f"waiting/{id}/late") for client in (one, two, one)))

    assert sorted(status for status, _ in answers) == [200, 409, 409]
    late_ones = [row for row in await post.records("decision") if row.get("by_hand") == "late"]
    assert [(row["outcome"], row["reason"], row["waited_as"]) for row in late_ones] == [("grant", "ok", id)]
    opened = [m for d, m in post.courier.sent if d == "north-in-1" and getattr(m, "id", "") == late_ones[0]["command"]]
    assert [m.action.value for m in opened] == ["grant"]


async def test_a_late_word_is_judged_on_what_is_true_now(post: GuardPost) -> None:
    id = await a_contractor_waited_too_long(post)
    admin, guard = await post.signed_in("admin1", "admin"), await post.signed_in("guard1", "guard")
    _, person = await ask(admin, "GET", "people/c1")
    await ask(admin, "POST", f"credentials/{person['credentials'][0]['ref']}/revoke", {"reason": "revoked"})

    status, problem = await ask(guard, "POST", f"waiting/{id}/late")

    assert (status, problem["detail"].split(":")[0]) == (409, "credential_revoked")


async def test_a_late_word_takes_a_use_of_the_pass_and_none_beyond_the_last(post: GuardPost) -> None:
    id = await a_contractor_waited_too_long(post, uses=1)
    guard = await post.signed_in("guard1", "guard")
    assert (await ask(guard, "POST", f"waiting/{id}/late"))[0] == 200
    assert [row["used"] for row in await post.records("pass_used")] == [1]

    _, command = await post.tap("CON1")

    assert command.reason == "pass_used_up"


async def test_nobody_is_let_in_late_who_was_refused_by_a_guard_or_long_ago(post: GuardPost) -> None:
    id = await a_contractor_waited_too_long(post)
    guard = await post.signed_in("guard1", "guard")
    tap, _ = await post.tap("CON1")
    await ask(guard, "POST", f"waiting/north-in-1:{tap}", {"outcome": "refuse"})
    assert (await ask(guard, "POST", f"waiting/north-in-1:{tap}/late"))[0] == 409

    post.site.late[id] = replace(
        post.site.late[id], closed_at=post.site.clock.now() - late.WITHIN - timedelta(seconds=1)
    )

    assert (await ask(guard, "POST", f"waiting/{id}/late"))[0] == 409


# ---------------------------------------------------------------- offline


def sealed(post: GuardPost, registration: dict[str, Any], key: str | None = None) -> dict[str, str]:
    """As the kiosk seals it."""
    public = base64.b64decode(post.listener.app[PARTS].offline_box.public)
    mine = ec.generate_private_key(ec.SECP256R1())
    point = mine.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = mine.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public))
    under = HKDF(SHA256(), 32, point + public, FOR_BOX).derive(shared)
    name = key or registration["key"]
    nonce = secrets.token_bytes(12)
    box = point + nonce + AESGCM(under).encrypt(nonce, json.dumps(registration).encode(), name.encode())
    return {"key": name, "box": base64.b64encode(box).decode()}


def a_registration(post: GuardPost, **other: Any) -> dict[str, Any]:
    now: datetime = post.site.clock.now()
    return {
        "visitor": {"name": "王小明", "document": {"kind": "passport", "number": "E12345678"}},
        "kind": "official",
        "purpose": "inspection",
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=2)).isoformat(),
        "key": secrets.token_urlsafe(16),
    } | other


async def bring_in(client: aiohttp.ClientSession, *boxes: dict[str, str]) -> list[dict[str, Any]]:
    status, answer = await ask(client, "POST", "visits/offline", {"sealed": list(boxes)})
    assert status == 200, answer
    results: list[dict[str, Any]] = answer["results"]
    return results


async def test_what_was_registered_offline_is_brought_in_once(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    box = sealed(post, a_registration(post))

    first, again = await bring_in(guard, box), await bring_in(guard, box)

    assert (first[0]["state"], again[0]["state"]) == ("registered", "known")
    assert first[0]["visit"] == again[0]["visit"]
    assert len([row for row in await post.records("visit") if row.get("step") == "registered"]) <= 1
    _, visit = await ask(guard, "GET", f"visits/{first[0]['visit']}")
    assert visit["visitor"]["name"] == "王小明"


async def test_one_that_cannot_be_taken_is_named_and_keeps_no_other_back(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    now = post.site.clock.now()
    good = a_registration(post)
    ends_first = a_registration(post, ends_at=(now - timedelta(hours=1)).isoformat())
    foreign = sealed(post, a_registration(post))
    raw = bytearray(base64.b64decode(foreign["box"]))
    raw[-1] ^= 1

    results = await bring_in(
        guard,
        foreign | {"box": base64.b64encode(bytes(raw)).decode()},
        sealed(post, ends_first),
        sealed(post, {"nothing": 1}, key="0123456789abcdef"),
        sealed(post, good, key="another-name-altogether"),
        sealed(post, good),
    )

    assert [one["state"] for one in results] == ["unreadable", "invalid", "invalid", "unreadable", "registered"]
    assert results[1]["errors"][0]["field"] == "ends_at"
    assert all(one["errors"] for one in results[1:3])


async def test_a_registration_made_offline_opens_nothing_until_it_is_judged(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    before = len(post.courier.sent)

    result = (await bring_in(guard, sealed(post, a_registration(post))))[0]

    _, visit = await ask(guard, "GET", f"visits/{result['visit']}")
    assert visit["needs"] == ["document_not_seen"] and len(post.courier.sent) == before


# ---------------------------------------------------------------- what one gate's kiosk hears and keeps


async def test_a_kiosks_stream_tells_of_its_own_gate_only(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    client = post.client()
    await sign_on(client)
    headers = {"Origin": post.url}
    async with client.ws_connect("/api/v1/stream", headers=headers) as stream:
        first = await stream.receive_json()
        await post.tap("CARD-LI", "south-in-1")
        await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, "dorm-1-door-1")
        await alarms.raise_alarm(post.site, alarms.TAMPER, "north-in-1")
        await post.tap("CARD-LI")

        heard = [await stream.receive_json() for _ in range(2)]

    assert "decisions" not in first and first["late"] == []
    assert {device["portal"] for device in first["devices"]} == {"north-in", "north-out", "north-vehicle"}
    assert [(one["type"], one.get("place") or one["portal"]) for one in heard] == [
        ("alarm", "north-in-1"),
        ("decision", "north-in"),
    ]


async def test_a_kiosk_session_sees_no_page_of_everything(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    client = post.client()
    await sign_on(client)

    async with client.get("/live", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/kiosk?gate=north")


async def test_the_picture_of_a_tap_is_of_this_gate_and_this_moment(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    tap, _ = await post.tap("CARD-LI")

    async def status(gate: str, id: str) -> int:
        async with guard.get(f"/api/v1/gates/{gate}/taps/{id}/picture") as answer:
            return answer.status

    assert await status("north", f"north-in-1:{tap}") == 204  # the school keeps none
    assert await status("south", f"north-in-1:{tap}") == 404
    assert await status("north", "north-in-1:another") == 404


async def test_the_page_that_is_kept_for_an_outage_has_nobodys_data(post: GuardPost) -> None:
    await post.tap("UNKNOWN", "north-out-1", "out")
    post.rename("P-1", "Wang Lei of the list")
    await post.tap("CARD-WANG")

    async with post.client().get("/kiosk/shell?gate=north&lang=zh") as answer:
        page = await answer.text()

    assert answer.status == 200 and answer.headers["Content-Language"].startswith("zh")
    assert '"shell":true' in page and '"waiting":[]' in page and "Wang Lei" not in page


async def test_the_service_worker_keeps_exactly_the_files_that_the_page_needs(post: GuardPost) -> None:
    async with post.client().get("/kiosk-sw.js") as answer:
        script = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    kept = json.loads(script.partition("=")[2].partition(";\n")[0])

    assert "connect-src 'self'" in policy
    assert {"/static/kiosk/main.js", "/static/kiosk/sheets/responder.js", "/static/tokens.css"} <= set(kept["files"])
    assert not [file for file in kept["files"] if "sign_in.js" in file or "live.css" in file or "/live/main" in file]
    for file in kept["files"]:
        async with post.client().get(file) as answer:
            assert answer.status == 200, file
