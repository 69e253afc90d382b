"""Somebody waits for a guard's word: granted, refused, or nobody looked; over a restart and without a ledger too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from devices.messages import Action
from gateway.core.kinds import CredentialKind, Direction
from gateway.core.nouns import Request
from gateway.core.papers import Emergency, EmergencyKind
from gateway.flows import waiting
from gateway.flows.changes import CredentialStateSet
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.waits import Waiting
from tests.flows.conftest import Hand, House
from tests.flows.permits_house import level, ref
from tests.parts.locked import locked
from tests.parts.waiting import until


async def somebody_waits(house: House, card: str = "NOBODYS") -> tuple[Hand, str]:
    """An unknown card at the exit of a school's gate: it may be a pupil."""
    exit_ = house.hand("exit")
    await exit_.status()
    tap, command = await exit_.tap(card, "out")
    assert command is not None and (command.action, command.reason) == (Action.WAIT, "guard_confirms")
    assert command.wait_ms == house.rules.wait_ms
    return exit_, tap


async def test_a_guard_lets_out_whom_he_knows(house: House) -> None:
    exit_, tap = await somebody_waits(house)

    await waiting.answer(house.site, f"exit:{tap}", "grant", "guard-1", "known to me")

    second = house.courier.commands("exit")[-1]
    assert (second.action, second.for_, second.hold_ms) == (Action.GRANT, tap, 5_000)
    assert second.challenge == exit_.device.challenge
    (row,) = await house.rows("answer")
    assert (row["outcome"], row["by"], row["command"]) == ("grant", "guard-1", second.id)
    assert await house.site.archive.note(row["note"]) == "known to me"
    assert house.site.waits == {}


async def test_a_guard_refuses_and_that_is_the_last_word(house: House) -> None:
    _, tap = await somebody_waits(house)
    await waiting.answer(house.site, f"exit:{tap}", "refuse", "guard-1")

    with pytest.raises(waiting.NobodyWaits):
        await waiting.answer(house.site, f"exit:{tap}", "grant", "guard-2")

    second = house.courier.commands("exit")[-1]
    assert (second.action, second.reason) == (Action.DENY, "guard_refused")
    assert len(await house.rows("answer")) == 1


async def test_two_guards_who_answer_at_once_give_one_answer(house: House) -> None:
    _, tap = await somebody_waits(house)

    outcomes = await asyncio.gather(
        waiting.answer(house.site, f"exit:{tap}", "grant", "guard-1"),
        waiting.answer(house.site, f"exit:{tap}", "refuse", "guard-2"),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, waiting.NobodyWaits) for outcome in outcomes) == 1
    assert len(await house.rows("answer")) == 1
    assert len(house.courier.commands("exit")) == 2


async def test_nobody_may_answer_for_whom_nobody_waits(house: House) -> None:
    with pytest.raises(waiting.NobodyWaits):
        await waiting.answer(house.site, "exit:no-such-tap", "grant", "guard-1")

    assert house.courier.sent == []


async def test_when_nobody_looks_a_possible_pupil_is_refused_two_seconds_before_the_device_would(
    make_house: Callable[..., Any],
) -> None:
    house: House = await make_house(wait_ms=2_100)
    _, tap = await somebody_waits(house)

    await until(lambda: len(house.courier.commands("exit")) == 2, 2)

    second = house.courier.commands("exit")[-1]
    assert (second.action, second.reason, second.for_) == (Action.DENY, "guard_timeout", tap)
    (row,) = await house.rows("answer")
    assert row["by"] is None


async def test_when_nobody_looks_who_may_leave_freely_is_let_out(make_house: Callable[..., Any]) -> None:
    house: House = await make_house(wait_ms=2_100)
    exit_ = house.hand("exit")
    await exit_.status()
    teacher = next(h.ref for h in house.site.directory.holders.values() if h.id == "t1")
    request = Request("north-out", Direction.OUT, CredentialKind.CARD, "")
    until_ = house.clock.after(0.1)
    waiting.put(house.site, Waiting("exit", "t1", request, teacher, "guard_confirms", house.clock.now(), until_, "n1"))

    await until(lambda: house.courier.commands("exit"), 2)

    (command,) = house.courier.commands("exit")
    assert (command.action, command.reason, command.for_) == (Action.GRANT, "guard_timeout", "t1")


async def test_who_waits_is_still_waiting_after_a_restart_and_can_be_answered(house: House) -> None:
    exit_, tap = await somebody_waits(house)
    await house.restart()
    assert [wait.id for wait in house.site.waits.values()] == [f"exit:{tap}"]
    await exit_.heartbeat()
    await exit_.status()

    await waiting.answer(house.site, f"exit:{tap}", "grant", "guard-1")

    second = house.courier.commands("exit")[-1]
    assert (second.action, second.challenge) == (Action.GRANT, exit_.device.challenge)


async def test_an_answer_to_a_device_that_was_not_heard_of_since_goes_with_its_next_word(house: House) -> None:
    """Before that the gateway has no challenge of the device: a command now would be refused as stale."""
    exit_, tap = await somebody_waits(house)
    await house.restart()
    sent = len(house.courier.commands("exit"))

    await waiting.answer(house.site, f"exit:{tap}", "grant", "guard-1")
    assert len(house.courier.commands("exit")) == sent
    await exit_.status()
    await until(lambda: len(house.courier.commands("exit")) > sent, 2)

    second = house.courier.commands("exit")[-1]
    assert (second.action, second.for_, second.challenge) == (Action.GRANT, tap, exit_.device.challenge)


async def test_a_guard_lets_out_even_while_nothing_can_be_recorded(house: House) -> None:
    """Leaving: with the ledger away the act comes first, and the record follows."""
    _, tap = await somebody_waits(house)
    house.give_up_soon()
    with locked(house.folder.sqlite_file):
        await waiting.answer(house.site, f"exit:{tap}", "grant", "guard-1")
        second = house.courier.commands("exit")[-1]
        assert (second.action, second.for_) == (Action.GRANT, tap)

    await until(lambda: [row.body["outcome"] for row in house.folder.rows("answer")] == ["grant"], 8)


async def test_a_guard_lets_nobody_in_while_nothing_can_be_recorded(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    now = house.clock.now()
    request = Request("north-in", Direction.IN, CredentialKind.CARD, "X")
    staff = next(h.ref for h in house.site.directory.holders.values() if h.id == "t1")
    waiting.put(house.site, Waiting("gate", "t1", request, staff, "guard_confirms", now, house.clock.after(60), "n1"))
    sent = len(house.courier.commands("gate"))
    house.give_up_soon()
    with locked(house.folder.sqlite_file):
        with pytest.raises(LedgerUnavailable):
            await waiting.answer(house.site, "gate:t1", "grant", "guard-1")
        assert len(house.courier.commands("gate")) == sent
    assert "gate:t1" in house.site.waits, "it can be answered when the ledger is back"


# ---------------------------------------------------------------- nobody is kept in by a person's word


def evacuate(house: House, *zones: str) -> None:
    """In force, and nobody who waits was told of it yet."""
    over = frozenset(zones or ("site",))
    house.site.emergencies["e1"] = Emergency("e1", EmergencyKind.EVACUATE, over, house.clock.now(), "leader-1")
    house.site.renew_world()


class Meanwhile:
    """The real ledger; once a row of this kind is on disk, something else happens before anybody hears of it."""

    def __init__(self, house: House, kind: str, then: Callable[[], Awaitable[None]], before: bool = False) -> None:
        self._writer, self._kind, self._then, self._before = house.writer, kind, then, before
        house.site.ledger = self  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    async def commit(self, unit: Unit, within_s: float | None = None) -> Any:
        kind, meant = self._kind, any(entry.kind == self._kind for entry in unit.entries)
        self._kind = "" if meant else kind
        if meant and self._before:
            await self._then()
        result = await self._writer.commit(unit, within_s)
        if meant and not self._before:
            await self._then()
        return result


async def set_elsewhere(house: House, card: str, state: str) -> None:
    """Another process changes a card; this gateway has not looked since."""
    held = next(c for c in house.site.directory.credentials.values() if c.value == card)
    entry = Entry("note", house.clock.now(), {})
    await house.writer.commit(Unit((entry,), (CredentialStateSet(held.ref, state),), directory=True))


async def test_a_guard_refuses_nobody_leaving_while_there_is_an_evacuation(house: House) -> None:
    _, tap = await somebody_waits(house)
    evacuate(house)

    with pytest.raises(waiting.NobodyIsKept, match="nobody is kept from leaving here"):
        await waiting.answer(house.site, f"exit:{tap}", "refuse", "guard-1")
    assert await house.rows("answer") == []
    await waiting.let_out_all(house.site)

    second = house.courier.commands("exit")[-1]
    assert (second.action, second.reason, second.for_) == (Action.GRANT, "ok_evacuate", tap)
    assert [c.action for c in house.courier.commands("exit")] == [Action.WAIT, Action.GRANT]
    (row,) = await house.rows("answer")
    assert (row["outcome"], row["reason"], row["by"]) == ("grant", "ok_evacuate", None)
    assert house.site.waits == {}


async def test_a_guard_keeps_no_adult_in(house: House) -> None:
    exit_ = house.hand("exit")
    await exit_.status()
    await level(house, 2)
    await set_elsewhere(house, "STAFF2", "lost")
    await house.look()
    tap, command = await exit_.tap("STAFF2", "out")
    assert command is not None and command.action is Action.WAIT

    with pytest.raises(waiting.NotYourWord):
        await waiting.answer(house.site, f"exit:{tap}", "refuse", "guard-1")
    await waiting.answer(house.site, f"exit:{tap}", "grant", "guard-1")

    assert [c.action for c in house.courier.commands("exit")] == [Action.WAIT, Action.GRANT]


async def test_an_evacuation_that_begins_while_a_refusal_is_written_lets_out(house: House) -> None:
    _, tap = await somebody_waits(house)

    async def then() -> None:
        evacuate(house)

    Meanwhile(house, "answer", then)
    with pytest.raises(waiting.NobodyIsKept):
        await waiting.answer(house.site, f"exit:{tap}", "refuse", "guard-1")

    assert [c.action for c in house.courier.commands("exit")] == [Action.WAIT, Action.GRANT]
    rows = await house.rows("answer")
    assert [(row["outcome"], row["by"]) for row in rows] == [("deny", "guard-1"), ("grant", None)]
    assert rows[1]["command"] == house.courier.commands("exit")[-1].id
    assert house.site.waits == {}


async def test_an_evacuation_that_begins_while_the_tap_is_written_lets_out(house: House) -> None:
    await house.hand("exit").status()

    async def then() -> None:
        evacuate(house)

    Meanwhile(house, "decision", then)
    _, command = await house.hand("exit").tap("NOBODYS", "out")
    await house.settle()

    assert command is not None and command.action is Action.WAIT
    assert [c.reason for c in house.courier.commands("exit")] == ["guard_confirms", "ok_evacuate"]


async def test_an_evacuation_lets_out_only_whoever_leaves_its_zones(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    _, tap = await somebody_waits(house)
    in_ = Request("north-in", Direction.IN, CredentialKind.CARD, "X")
    waiting.put(house.site, Waiting("gate", "t1", in_, None, "x", house.clock.now(), house.clock.after(60), "n1"))
    evacuate(house, "dorm-1")
    await waiting.let_out_all(house.site)
    assert set(house.site.waits) == {f"exit:{tap}", "gate:t1"}
    evacuate(house)

    await waiting.let_out_all(house.site)

    assert set(house.site.waits) == {"gate:t1"} and house.courier.commands("gate") == []


async def test_an_evacuation_waits_for_no_ledger_to_let_out(house: House) -> None:
    _, tap = await somebody_waits(house)
    evacuate(house)
    with locked(house.folder.sqlite_file):
        await asyncio.wait_for(waiting.let_out_all(house.site), 0.2)
        second = house.courier.commands("exit")[-1]
        assert (second.action, second.for_) == (Action.GRANT, tap)

    await until(lambda: [row.body["outcome"] for row in house.folder.rows("answer")] == ["grant"], 8)


# ---------------------------------------------------------------- a grant is judged on what is true now


async def a_contractor_waits(house: House) -> str:
    await house.hand("gate").status()
    house.folder.import_people("c1,Con Tractor,contractor,staff,CON1,,,,")
    await house.look()
    await level(house, 2)
    tap, command = await house.hand("gate").tap("CON1")
    assert command is not None and command.action is Action.WAIT
    return f"gate:{tap}"


def grants(house: House) -> int:
    return sum(c.action is Action.GRANT for c in house.courier.commands("gate"))


async def test_a_guard_grants_nobody_whose_card_was_revoked_elsewhere_a_moment_ago(house: House) -> None:
    id = await a_contractor_waits(house)
    await set_elsewhere(house, "CON1", "revoked")

    with pytest.raises(waiting.NoLonger) as refused:
        await waiting.answer(house.site, id, "grant", "guard-1")

    assert refused.value.decision.reason == "credential_revoked"
    assert grants(house) == 0 and await house.rows("answer") == []
    await waiting.answer(house.site, id, "refuse", "guard-1")
    assert house.site.waits == {}


async def test_a_guards_grant_that_still_holds_is_given_after_another_look(house: House) -> None:
    """Also if the change comes when the grant is on its way to the disk already."""
    id = await a_contractor_waits(house)

    async def then() -> None:
        await set_elsewhere(house, "STAFF2", "lost")

    Meanwhile(house, "answer", then, before=True)
    await waiting.answer(house.site, id, "grant", "guard-1")

    assert grants(house) == 1
    assert [row["holder"] for row in await house.rows("answer")] == [ref(house, "c1")]


async def test_a_guard_lets_out_whatever_changes_meanwhile(house: House) -> None:
    _, tap = await somebody_waits(house)
    await set_elsewhere(house, "STAFF2", "revoked")

    await waiting.answer(house.site, f"exit:{tap}", "grant", "guard-1")

    assert house.courier.commands("exit")[-1].action is Action.GRANT
