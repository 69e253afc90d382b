"""How far card and PIN reach at a kiosk: wrong tries, calls for help, rights, what a locked screen names, one gate."""

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from gateway.core import pass_values
from gateway.core.rights import AT_A_KIOSK
from gateway.flows import alarms, pins
from gateway.flows.accounts import AccountsAway
from gateway.web.context import PARTS
from gateway.web.dispatch import Access, plain_path
from gateway.web.routes import ROUTES
from tests.web.guardpost import GuardPost
from tests.web.kiosk_scene import DURESS, PIN, a_guard, another_machine, ask, sign_on

# ---------------------------------------------------------------- wrong tries


async def test_from_one_address_a_card_is_locked_at_one_kiosk_at_most(post: GuardPost) -> None:
    user = await a_guard(post, "li", "S-1")
    for n in range(5):
        await sign_on(post.client(), pin=f"555{n}")
    for n in range(10):
        post.listener.app[PARTS].card_sign_in._by_card.forgive("CARD-LI")
        post.listener.app[PARTS].card_sign_in._by_address.forgive("127.0.0.1")
        assert (await sign_on(post.client(), pin=f"666{n}", gate="south"))[0] == 401
    card = next(c.ref for c in post.site.directory.credentials.values() if c.holder == user.holder)

    assert post.site.pin_tries.locked_devices(card, post.site.clock.now()) == 1
    assert len(await post.records("pin_tried")) == 5
    async with another_machine(post) as client:
        post.listener.app[PARTS].card_sign_in._by_card.forgive("CARD-LI")
        assert (await sign_on(client, gate="south"))[0] == 201


async def test_one_address_tries_some_cards_freely_and_then_a_few_in_a_minute(post: GuardPost) -> None:
    answers = [(await sign_on(post.client(), f"NOBODY-{n}", "9999"))[0] for n in range(12)]

    assert answers == [401] * 10 + [429] * 2
    async with another_machine(post) as client:
        assert (await sign_on(client, "NOBODY-20", "9999"))[0] == 401


async def test_a_right_pin_ends_the_count_for_a_restart_too(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    for _ in range(3):
        for n in range(2):
            await sign_on(post.client(), pin=f"555{n}")
        assert (await sign_on(post.client()))[0] == 201
    assert (await sign_on(post.client()))[0] == 201

    post.site.pin_tries = type(post.site.pin_tries)()
    await pins.load(post.site)

    assert (await sign_on(post.client()))[0] == 201
    assert [row["pin"] for row in await post.records("pin_tried")] == ["wrong", "wrong", "right"] * 3


async def test_wrong_pins_of_the_guard_on_duty_count_for_nothing_after_a_restart_either(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    client = post.client()
    await sign_on(client)
    for n in range(5):
        await ask(client, "POST", "session/unlock", {"card": "CARD-LI", "pin": f"555{n}"})

    await pins.load(post.site)

    assert await post.records("pin_tried") == [] and len(await post.records("sign_in_refused")) == 5
    assert (await sign_on(post.client()))[0] == 201


# ---------------------------------------------------------------- a call for help


@pytest.mark.parametrize("why", ["blocked", "suspended", "locked", "accounts away", "no user"])
async def test_whatever_keeps_the_sign_on_from_going_on_help_is_called(
    post: GuardPost, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_guard(post, "li", "S-1")
    parts, card = post.listener.app[PARTS], "CARD-LI"
    if why == "blocked":
        admin = await post.signed_in("admin1", "admin")
        ref = (await ask(admin, "GET", "people/S-1"))[1]["credentials"][0]["ref"]
        await ask(admin, "POST", f"credentials/{ref}/revoke", {"reason": "lost"})
    elif why == "suspended":
        directory = post.site.directory
        holder = pins.holder_of(post.site, "S-1")
        holders = {**directory.holders, holder.ref: replace(holder, suspended=True)}
        post.site.swap_directory(replace(directory, version=directory.version + 1, holders=holders))
    elif why == "locked":
        for n in range(5):
            await sign_on(post.client(), pin=f"555{n}")
        parts.card_sign_in._by_card.forgive(card)
    elif why == "accounts away":

        async def away(_holder: str) -> None:
            raise AccountsAway

        monkeypatch.setattr(parts.card_sign_in._accounts, "user_of", away)
    else:
        await pins.set_pin(post.site, "S-2", PIN, DURESS, "test")
        card = "CARD-ZHANG"

    status, _ = await sign_on(post.client(), card, DURESS)
    await asyncio.sleep(0.1)

    assert status == (503 if why == "accounts away" else 401)
    assert [a.place for a in post.site.alarms.by_id.values() if a.condition == alarms.DURESS] == ["kiosk:north"]
    assert len(await post.records("duress")) == 1


# ---------------------------------------------------------------- rights


async def test_card_and_pin_give_what_a_guard_does_at_a_gate_whatever_the_roles(post: GuardPost) -> None:
    await a_guard(post, "boss", "S-1", "principal", "admin", "security_officer", "duty_leader", "auditor")
    await a_guard(post, "zhang", "S-2")
    client, guard = post.client(), post.client()

    _, boss = await sign_on(client)
    _, other = await sign_on(guard, "CARD-ZHANG")

    assert set(boss["me"]["rights"]) == {right.value for right in AT_A_KIOSK}
    assert set(other["me"]["rights"]) == post.settings.roles["guard"]
    assert (await ask(client, "GET", "users"))[0] == 403
    order = {"level": 2, "starts_at": post.site.clock.now().isoformat(), "reason": "a test"}
    assert (await ask(client, "POST", "orders", order))[0] == 403
    _, called = await ask(guard, "POST", "emergencies", {"kind": "lockdown", "reason": "drill", "drill": True})
    for act in ("sign", "end"):
        body = {"reason": "over"} if act == "end" else None
        assert (await ask(client, "POST", f"emergencies/{called['id']}/{act}", body))[0] == 403
    await asyncio.sleep(0.6)  # the accounts are asked anew
    assert (await ask(client, "GET", "users"))[0] == 403
    assert (await ask(client, "GET", "waiting"))[0] == 200


# ---------------------------------------------------------------- the lock

SHOWN_WHILE_LOCKED = {
    ("GET", "/api/v1/waiting"): "whoever waits, for a guard to answer",
    ("POST", "/api/v1/lanes/{portal}/admit"): "the verdict on a car that stands at the gate",
    ("POST", "/api/v1/passes/present"): "the verdict on a pass that is held to the scanner",
}
"""Routes that name people on a locked kiosk: each with why it has to."""
NAMES = {"HolderInfo", "VisitorInfo", "MemberInfo", "Person", "PersonName"}


def test_a_locked_kiosk_has_no_answer_that_names_people_beyond_the_written_list() -> None:
    """All routes that a kiosk's session reaches, by the shapes of their answers."""
    _, shapes = msgspec.json.schema_components([one.answer for one in ROUTES if one.answer is not None])
    texts = {name: json.dumps(shape) for name, shape in shapes.items()}

    def named_in(shape: str, seen: set[str]) -> set[str]:
        seen.add(shape)
        for name in set(re.findall(r"#/\$defs/(\w+)", texts[shape])) - seen:
            named_in(name, seen)
        return seen & NAMES

    reached = [one for one in ROUTES if one.allowed is not Access.PUBLIC and one.answer is not None]
    reached = [one for one in reached if one.allowed is Access.SIGNED_IN or not AT_A_KIOSK.isdisjoint(one.allowed)]
    naming = {
        (one.method, plain_path(one.path)): one.records for one in reached if named_in(one.answer.__name__, set())
    }

    assert {route for route, records in naming.items() if not records} == set(SHOWN_WHILE_LOCKED)
    assert len(naming) > 25  # the shapes are still called so


@pytest.mark.parametrize(
    "path", ["identifications", "authorisations", "essential", "gatherings", "visits", "muster", "standing-passes"]
)
async def test_no_list_shows_on_a_locked_kiosk(post: GuardPost, path: str) -> None:
    await a_guard(post, "li", "S-1")
    client = post.client()
    await sign_on(client)
    assert (await ask(client, "GET", path))[0] == 200
    await ask(client, "POST", "session/lock")

    assert (await ask(client, "GET", path))[0] == 423


@pytest.mark.parametrize("act", ["check-in", "check-out", "refuse", "cancel", "belongings", "confirm-by-telephone"])
async def test_no_act_on_a_visit_names_the_visitor_on_a_locked_kiosk(post: GuardPost, act: str) -> None:
    await a_guard(post, "li", "S-1")
    client = post.client()
    await sign_on(client)
    await ask(client, "POST", "session/lock")

    assert (await ask(client, "POST", f"visits/{'0' * 16}/{act}", {}))[0] == 423


# ---------------------------------------------------------------- another gate


async def test_a_kiosk_acts_at_its_own_gate_only(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    client, desk = post.client(), await post.signed_in("guard1", "guard")
    await sign_on(client, gate="south")
    tap, _ = await post.tap("CARD-ZHANG")
    value = pass_values.new_value(post.site.pass_key, b"0123456789")
    acts: list[tuple[str, str, Any]] = [
        ("POST", "lanes/north-vehicle/raise", None),
        ("POST", "lanes/north-vehicle/admit", {"plate": "京A12345"}),
        ("POST", "waiting/north-in-1:tap-1", {"outcome": "grant"}),
        ("POST", "waiting/north-in-1:tap-1/late", None),
        ("GET", "waiting/north-in-1:tap-1/picture", None),
        ("GET", f"gates/north/taps/north-in-1:{tap}/picture", None),
        ("GET", "gates/north/day", None),
        ("GET", "calls?gate=north", None),
        ("POST", "passes/present", {"portal": "north-in", "direction": "in", "value": value}),
        ("POST", f"delegations/{'0' * 16}/count", {"portal": "north-in", "direction": "in", "number": 1}),
        ("POST", f"vehicles/{'0' * 32}/head-count", {"portal": "north-vehicle", "direction": "in", "count": 1}),
        ("POST", "identifications", {"holder": "0" * 32, "portal": "north-in", "direction": "in", "reason": "lost"}),
        ("POST", "openings", {"portal": "north-in", "direction": "in", "kind": "responder", "count": 2}),
        ("POST", "openings", {"portal": "dorm-1-door", "direction": "in", "kind": "responder", "count": 2}),
    ]
    before = len(post.courier.sent)

    refused = [(await ask(client, *act))[0] for act in acts]
    sent = len(post.courier.sent) - before
    elsewhere = [(await ask(desk, *act))[0] for act in acts if "picture" not in act[1]]

    assert refused == [403] * len(acts) and sent == 0
    assert 403 not in elsewhere
    here = {"portal": "south-in", "direction": "in", "kind": "responder", "count": 2}
    assert (await ask(client, "POST", "openings", here))[0] in (200, 201)
    assert (await ask(client, "GET", "gates/south/day"))[0] == 200


async def test_help_may_be_called_for_any_gate(post: GuardPost) -> None:
    await a_guard(post, "li", "S-1")
    client = post.client()
    await sign_on(client, gate="south")

    async with client.post("/api/v1/panic", json={"gate": "north"}) as answer:
        assert answer.status == 204
    assert (await ask(client, "GET", "gates/north"))[0] == 200
