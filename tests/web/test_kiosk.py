"""The kiosk's side of the API: gates, signing on by card and PIN, the lock, what one gate's kiosk hears and keeps."""

import asyncio
import json

import aiohttp
import pytest

from gateway.flows import alarms, pins
from gateway.web.context import PARTS
from tests.web.guardpost import GuardPost
from tests.web.kiosk_scene import DURESS, PIN, a_guard, another_machine, ask, let_pass, sign_on

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
