"""Somebody waits for a guard's word: granted, refused, or nobody looked; over a restart and without a ledger too."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from devices.messages import Action
from gateway.core.kinds import CredentialKind, Direction
from gateway.core.nouns import Request
from gateway.flows import waiting
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import Waiting
from tests.flows.conftest import Hand, House, until


@contextmanager
def locked(house: House) -> Iterator[None]:
    outside = sqlite3.connect(house.folder.sqlite_file, isolation_level=None)
    outside.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        outside.rollback()
        outside.close()


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
    with locked(house):
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
    with locked(house):
        with pytest.raises(LedgerUnavailable):
            await waiting.answer(house.site, "gate:t1", "grant", "guard-1")
        assert len(house.courier.commands("gate")) == sent
    assert "gate:t1" in house.site.waits, "it can be answered when the ledger is back"
