"""A visitor's code: signed, for its zones and hours, for one person at a time, void when the visit is over."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from devices.messages import Access, AccessOutcome, Action, Command, CredentialToken, Passage
from devices.messages import CredentialKind as Shown
from devices.messages import Direction as Way
from gateway.core import pass_values
from gateway.core.kinds import CredentialKind, CredentialState, HolderKind
from gateway.flows import anti_passback, pass_watch, visits, waiting
from gateway.flows.card_tap import card_tap
from gateway.flows.changes import PeopleChanged
from gateway.flows.enrolment import Place
from gateway.flows.people_import import CredentialRow, Plan
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from tests.flows.conftest import Hand, House
from tests.flows.permits_house import GUARD, level, now, wanted


async def visitor(house: House, **how: Any) -> visits.Registered:
    """Registered, and the document was seen."""
    made = await visits.register(house.site, wanted(house, **how), GUARD)
    await visits.check_in(house.site, made.visit.id, True, "guard-1")
    return made


async def shown(hand: Hand, value: str, way: str = "in") -> tuple[str, str]:
    _, command = await hand.tap(value, way, "qr")
    assert command is not None
    return command.action.value, command.reason


async def goes(hand: Hand, value: str, way: str = "in") -> None:
    """Shows the code, is let through, and goes."""
    tap, command = await hand.tap(value, way, "qr")
    assert command is not None and command.action is Action.GRANT, command
    await hand.event("passage", Passage(tap=tap, direction=Way(way)))
    await hand.house.settle()


async def another_gate(house: House, count: int = 1) -> list[Hand]:
    house.folder.enrol_all([("reader", f"gate-{n}", Place("south-in", None)) for n in range(2, 2 + count)])
    await house.look()
    return [house.hand(f"gate-{n}") for n in range(2, 2 + count)]


def code(house: House, made: visits.Registered) -> str:
    """The credential's reference."""
    return made.visit.passes[0]


# ---------------------------------------------------------------- what a code is


def test_a_code_is_short_and_of_the_letters_that_a_qr_code_packs_closest() -> None:
    value = pass_values.new_value(bytes(32), bytes(range(10)))

    assert (
        value[:19] == "WG1AAAQEAYEAUDAOCAJ"
        and len(value) == 35
        and set(value) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
    )
    assert pass_values.is_signed(bytes(32), value)


def test_every_change_of_a_code_and_every_other_key_are_noticed() -> None:
    key = pass_values.key_from(b"k" * 32, "main")
    value = pass_values.new_value(key, b"0123456789")

    for place in range(len(value)):
        for letter in "AZ27":
            changed = value[:place] + letter + value[place + 1 :]
            assert pass_values.is_signed(key, changed) is (changed == value)
    for other in (pass_values.key_from(b"k" * 32, "south"), pass_values.key_from(b"j" * 32, "main")):
        assert not pass_values.is_signed(other, value)
    for wrong in ("", "WG1", value.lower(), value + "A", value[:-1], f" {value}", value + "\n", "WG1" + "é" * 32):
        assert not pass_values.is_signed(key, wrong)
    with pytest.raises(ValueError):
        pass_values.new_value(key, b"too short")


async def test_a_registered_visit_gets_a_signed_code_of_this_site(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD)

    assert made.pass_value is not None and pass_values.is_signed(house.site.pass_key, made.pass_value)
    await house.restart()
    assert pass_watch.read(house.site, made.pass_value) == made.pass_value


async def test_a_code_that_somebody_made_up_is_refused_like_any_other_and_reported_without_its_value(
    house: House,
) -> None:
    gate = house.hand("gate")
    forged = [pass_values.new_value(bytes(32), bytes([n]) * 10) for n in range(3)] + ["WG1", "WG1 or 1=1"]

    answers = [await shown(gate, value) for value in forged]

    assert answers == [("deny", "unknown_credential")] * len(forged)
    assert house.site.counters.forged_passes == len(forged)
    assert ("forged_pass", "gate", "unacknowledged") in house.alarms
    rows = await house.all_rows()
    assert len([row for row in rows if row.kind == "alarm" and row.body["condition"] == "forged_pass"]) == 1
    assert not any(value in str(row.body) for row in rows for value in forged[:3])
    assert (await shown(gate, "NOT-OURS-AT-ALL")) == ("deny", "unknown_credential")
    assert house.site.counters.forged_passes == len(forged)


async def put_credential(house: House, value: str, holder: str) -> None:
    row = CredentialRow("f" * 32, holder, CredentialKind.QR, value, CredentialState.ACTIVE, None, None, None)
    plan = Plan(house.site.directory.version, new_credentials=[row])
    entry = Entry("note", house.clock.now(), {})
    await house.site.ledger.commit(Unit((entry,), (PeopleChanged(plan),), directory=True))
    await house.look()


async def test_a_false_code_opens_nothing_even_if_somebody_wrote_it_into_the_database(house: House) -> None:
    made = await visitor(house)
    forged = pass_values.new_value(bytes(32), b"0123456789")
    await put_credential(house, forged, made.visit.holder)

    assert await shown(house.hand("gate"), forged) == ("deny", "unknown_credential")


@pytest.mark.parametrize("value", ["kZ0_old-value-without-a-signature", "WG1_old-value-that-begins-so-by-chance"])
async def test_codes_of_before_there_were_signatures_stay_valid(house: House, value: str) -> None:
    made = await visitor(house)
    await put_credential(house, value, made.visit.holder)

    assert await shown(house.hand("gate"), value) == ("grant", "ok")
    assert house.alarms == set()


# ---------------------------------------------------------------- zones, hours, and the end


async def test_a_code_opens_what_leads_to_the_visits_zones_in_the_visits_hours_and_nothing_else(house: House) -> None:
    house.clock.set(9)
    made = await visits.register(
        house.site, wanted(house, zones=frozenset({"teaching"}), starts_at=now(house, hours=1)), GUARD
    )
    value, gate = made.pass_value, house.hand("gate")
    assert value is not None
    assert await shown(gate, value) == ("deny", "credential_not_yet")
    house.clock.go_on(3_600)
    await visits.check_in(house.site, made.visit.id, True, "guard-1")

    assert await shown(gate, value) == ("grant", "ok")  # the gate is on the way to it
    assert (await shown(house.hand("door"), value))[0] == "deny"
    assert (await shown(house.hand("control"), value))[0] == "deny"
    house.clock.go_on((made.visit.ends_at - house.clock.now()).total_seconds() - 0.001)
    assert (await shown(gate, value))[0] == "grant"
    house.clock.go_on(0.001)
    assert await shown(gate, value) == ("deny", "credential_expired")


async def test_p4_a_code_is_void_on_the_very_next_tap_after_the_check_out(house: House) -> None:
    made = await visitor(house)
    assert made.pass_value is not None
    gate = house.hand("gate")
    assert await shown(gate, made.pass_value) == ("grant", "ok")

    await visits.check_out(house.site, made.visit.id, "guard-1")

    assert await shown(gate, made.pass_value) == ("deny", "credential_revoked")


# ---------------------------------------------------------------- in twice without out, and at two gates


async def test_a_code_does_not_let_in_twice_without_out_and_that_is_reported(house: House) -> None:
    made = await visitor(house, kind=HolderKind.OFFICIAL)
    value = made.pass_value
    assert value is not None
    gate, exit_ = house.hand("gate"), house.hand("exit")
    await goes(gate, value)

    assert await shown(gate, value) == ("deny", "already_inside")
    assert ("pass_shared", "gate", "unacknowledged") in house.alarms
    (alarm,) = [row for row in await house.rows("alarm") if row["condition"] == "pass_shared"]
    assert alarm["detail"] == f"visit {made.visit.id}"
    assert (await shown(exit_, value, "out"))[0] == "grant"


async def test_a_supplier_who_has_left_comes_in_again_and_a_forgiven_one_too(house: House) -> None:
    made = await visitor(house, kind=HolderKind.SUPPLIER, host=None, ends_at=now(house, hours=8))
    value = made.pass_value
    assert value is not None
    gate, exit_ = house.hand("gate"), house.hand("exit")
    await goes(gate, value)
    await goes(exit_, value, "out")
    await goes(gate, value)
    assert await shown(gate, value) == ("deny", "already_inside")

    await anti_passback.forgive(house.site, house.site.directory.holders[made.visit.holder].id, "guard-1")

    assert await shown(gate, value) == ("grant", "ok")


async def test_the_same_code_at_a_second_gate_is_refused_and_reported_until_somebody_went_through(house: House) -> None:
    made = await visitor(house)
    value = made.pass_value
    assert value is not None
    gate, (other,) = house.hand("gate"), await another_gate(house)

    assert await shown(gate, value) == ("grant", "ok")
    assert await shown(other, value) == ("deny", "already_inside")
    assert ("pass_shared", "gate-2", "unacknowledged") in house.alarms
    assert await shown(gate, value) == ("grant", "ok")  # who hesitated shows it once more


async def test_when_nobody_came_the_code_opens_elsewhere_again(house: House) -> None:
    made = await visitor(house)
    value = made.pass_value
    assert value is not None
    gate, (other,) = house.hand("gate"), await another_gate(house)
    await shown(gate, value)
    house.clock.go_on(14)
    assert await shown(other, value) == ("deny", "already_inside")

    house.clock.go_on(1.1)  # five seconds of the door and ten of the passage's news

    assert await shown(other, value) == ("grant", "ok")


@pytest.mark.parametrize("word", ["refused", "failed", "alone"])
async def test_when_the_device_says_that_it_stayed_shut_the_turn_is_over_at_once(house: House, word: str) -> None:
    made = await visitor(house)
    value = made.pass_value
    assert value is not None
    gate, (other,) = house.hand("gate"), await another_gate(house)
    tap, granted = await gate.tap(value, "in", "qr")
    assert granted is not None and granted.action is Action.GRANT

    if word == "alone":
        token = CredentialToken(kind=Shown.QR, token="0" * 32)
        access = Access(
            tap=tap, credential=token, direction=Way.IN, outcome=AccessOutcome.DENY, reason="not_listed", posture=None
        )
        await gate.event("access", access)
        await house.settle()
    else:
        await gate.result(granted.id, word, "late")

    assert await shown(other, value) == ("grant", "ok")


async def test_a_restart_between_grant_and_passage_forgets_no_turn(house: House) -> None:
    made = await visitor(house)
    value = made.pass_value
    assert value is not None
    gate, (other,) = house.hand("gate"), await another_gate(house)
    await shown(gate, value)

    await house.restart()

    assert await shown(other, value) == ("deny", "already_inside")
    house.clock.go_on(16)
    assert await shown(other, value) == ("grant", "ok")


async def test_a_grant_that_could_not_be_recorded_takes_no_turn(house: House) -> None:
    made = await visitor(house)
    value = made.pass_value
    assert value is not None
    gate, (other,) = house.hand("gate"), await another_gate(house)
    commit = house.site.ledger.commit

    async def away(unit: Unit, within_s: float | None = None) -> Any:
        raise LedgerUnavailable("away")

    house.site.ledger.commit = away  # type: ignore[method-assign]
    _, answered = await gate.tap(value, "in", "qr")
    house.site.ledger.commit = commit  # type: ignore[method-assign]

    assert answered is None
    assert await shown(other, value) == ("grant", "ok")


async def test_a11_of_twenty_readers_at_the_same_instant_one_lets_in(house: House) -> None:
    made = await visitor(house)
    value = made.pass_value
    assert value is not None
    hands = await another_gate(house, 20)

    taps = [(hand, hand.a_tap(value, kind="qr")) for hand in hands]
    await asyncio.gather(*(card_tap(house.site, hand.device, tap) for hand, tap in taps))
    await asyncio.gather(*(card_tap(house.site, hand.device, tap) for hand, tap in taps))  # and each once more

    answers = {
        (name, c.for_): c.reason for name, c in house.courier.sent if isinstance(c, Command) and c.for_ is not None
    }
    assert sorted(answers.values()) == ["already_inside"] * 19 + ["ok"]
    assert len(await house.rows("decision")) == 20


async def test_two_guards_who_let_in_the_same_code_at_two_gates_let_in_one(house: House) -> None:
    made = await visitor(house, kind=HolderKind.CONTRACTOR, host=None, ends_at=now(house, hours=8))
    value = made.pass_value
    assert value is not None
    await level(house, 2)
    gate, (other,) = house.hand("gate"), await another_gate(house)
    ids = []
    for hand in (gate, other):
        tap, command = await hand.tap(value, "in", "qr")
        assert command is not None and command.action is Action.WAIT
        ids.append(f"{hand.name}:{tap}")

    done = await asyncio.gather(
        *(waiting.answer(house.site, id, "grant", "guard-1") for id in ids), return_exceptions=True
    )

    granted = [c for c in house.courier.commands() if c.action is Action.GRANT]
    assert len(granted) == 1
    assert sum(isinstance(one, Exception) for one in done) == 1


async def test_leaving_is_never_refused_whoever_has_the_code_meanwhile(house: House) -> None:
    made = await visitor(house)
    value = made.pass_value
    assert value is not None
    await shown(house.hand("gate"), value)

    assert (await shown(house.hand("exit"), value, "out"))[0] == "grant"


async def test_a_code_for_a_number_of_uses_is_held_by_its_number_and_its_sharing_is_reported(house: House) -> None:
    made = await visitor(house, max_uses=2)
    value = made.pass_value
    assert value is not None
    gate, (other,) = house.hand("gate"), await another_gate(house)

    assert await shown(gate, value) == ("grant", "ok")
    assert await shown(other, value) == ("grant", "ok")
    assert await shown(gate, value) == ("deny", "pass_used_up")
    assert ("pass_shared", "gate", "unacknowledged") in house.alarms
