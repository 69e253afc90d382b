"""A pass with n uses opens at most n times (P6): raced, repeated, crashed, given back; by law and by example."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devices.messages import Access, AccessOutcome, Action, Command, CredentialToken, Tap
from devices.messages import CredentialKind as Shown
from devices.messages import Direction as Way
from gateway.flows import pass_uses, waiting
from gateway.flows.card_tap import card_tap
from gateway.flows.enrolment import Place
from gateway.flows.ports import LedgerUnavailable, Unit
from gateway.flows.site_rules import Rules
from tests.flows.conftest import DEVICES, Hand, House
from tests.flows.door_scene import level, limit_uses, make_kind, said, used
from tests.parts.gateway_process import PEOPLE, SiteFolder


def grants(house: House) -> list[tuple[str, Command]]:
    """Every answer that opens, as it was sent."""
    return [(d, c) for d, c in house.courier.sent if isinstance(c, Command) and c.action is Action.GRANT]


async def test_a_pass_for_one_use_opens_once(house: House) -> None:
    ref = await limit_uses(house, "STAFF1", 1)
    gate = house.hand("gate")

    answers = [said((await gate.tap("STAFF1"))[1]) for _ in range(3)]

    assert answers == [("grant", "ok"), ("deny", "pass_used_up"), ("deny", "pass_used_up")]
    assert used(house, ref) == 1
    (row,) = await house.rows("pass_used")
    assert (row["credential"], row["used"], row["returned"]) == (ref, 1, False)


async def test_the_use_is_in_the_same_commit_as_the_grant(house: House) -> None:
    await limit_uses(house, "STAFF1", 1)
    units: list[Unit] = []
    commit = house.site.ledger.commit

    async def keeping(unit: Unit, within_s: float | None = None) -> Any:
        units.append(unit)
        return await commit(unit, within_s)

    house.site.ledger.commit = keeping  # type: ignore[method-assign]
    await house.hand("gate").tap("STAFF1")

    (unit,) = [unit for unit in units if any(entry.kind == "decision" for entry in unit.entries)]
    assert [entry.kind for entry in unit.entries] == ["decision", "pass_used"] and len(unit.changes) == 1


@pytest.mark.parametrize("uses", [1, 3])
async def test_twenty_readers_at_the_same_instant_grant_exactly_as_often_as_the_pass_may(
    house: House, uses: int
) -> None:
    """A11."""
    house.folder.enrol_all([("reader", f"race-{n}", Place("north-in", None)) for n in range(20)])
    await house.look()
    ref = await limit_uses(house, "STAFF1", uses)
    hands = [house.hand(f"race-{n}") for n in range(20)]

    taps = [(hand, hand.a_tap("STAFF1")) for hand in hands]
    await asyncio.gather(*(card_tap(house.site, hand.device, tap) for hand, tap in taps))

    answers = [c for n in range(20) for c in house.courier.commands(f"race-{n}")]
    assert len(answers) == 20
    assert sorted(c.reason for c in answers) == ["ok"] * uses + ["pass_used_up"] * (20 - uses)
    assert used(house, ref) == uses
    assert len(await house.rows("decision")) == 20


async def test_leaving_takes_no_use_and_a_used_up_pass_leaves(house: House) -> None:
    ref = await limit_uses(house, "STAFF1", 1)
    gate, exit_ = house.hand("gate"), house.hand("exit")
    await gate.tap("STAFF1")

    assert said((await exit_.tap("STAFF1", "out"))[1]) == ("grant", "ok")
    assert used(house, ref) == 1


@pytest.mark.parametrize("outcome", ["refused", "failed"])
async def test_a_use_for_which_the_door_did_not_open_is_given_back_once(house: House, outcome: str) -> None:
    ref = await limit_uses(house, "STAFF1", 1)
    gate = house.hand("gate")
    _, granted = await gate.tap("STAFF1")
    assert granted is not None

    for _ in range(3):
        await gate.result(granted.id, outcome, "late")

    assert used(house, ref) == 0
    assert said((await gate.tap("STAFF1"))[1]) == ("grant", "ok")
    assert said((await gate.tap("STAFF1"))[1]) == ("deny", "pass_used_up")
    rows = [(row["used"], row["returned"]) for row in await house.rows("pass_used")]
    assert rows == [(1, False), (0, True), (1, False)]
    await house.restart()
    assert said((await gate.tap("STAFF1"))[1]) == ("deny", "pass_used_up")


async def test_a_use_that_was_carried_out_is_not_given_back_by_a_second_word(house: House) -> None:
    ref = await limit_uses(house, "STAFF1", 1)
    gate = house.hand("gate")
    _, granted = await gate.tap("STAFF1")
    assert granted is not None
    await gate.result(granted.id, "executed")

    await gate.result(granted.id, "refused", "replayed")

    assert used(house, ref) == 1


async def test_a_device_that_answered_alone_and_shut_gives_the_use_back(house: House) -> None:
    ref = await limit_uses(house, "STAFF1", 1)
    gate = house.hand("gate")
    tap, _ = await gate.tap("STAFF1")
    shown = CredentialToken(kind=Shown.CARD, token="0" * 32)
    alone = Access(
        tap=tap, credential=shown, direction=Way.IN, outcome=AccessOutcome.DENY, reason="not_listed", posture=None
    )

    await gate.event("access", alone)
    await house.settle()

    assert used(house, ref) == 0


async def test_what_a_guard_lets_in_takes_a_use_and_a_pass_used_up_meanwhile_is_refused(house: House) -> None:
    await level(house, 2)
    await make_kind(house, "t1", "contractor")
    ref = await limit_uses(house, "STAFF1", 1)
    gate = house.hand("gate")
    first, _ = await gate.tap("STAFF1")
    second, _ = await gate.tap("STAFF1")

    await waiting.answer(house.site, f"gate:{first}", "grant", "u-guard")
    with pytest.raises(waiting.NobodyWaits):
        await waiting.answer(house.site, f"gate:{second}", "grant", "u-guard")

    assert used(house, ref) == 1
    answers = {row["tap"]: (row["outcome"], row["reason"]) for row in await house.rows("answer")}
    assert answers == {first: ("grant", "ok"), second: ("deny", "pass_used_up")}


# ---------------------------------------------------------------- the law


class Raced:
    """One pass, some readers, and whatever may happen to them: a machine that is driven by a seed."""

    def __init__(self, house: House, ref: str, uses: int, chance: random.Random) -> None:
        self.house, self.ref, self.uses, self.chance = house, ref, uses, chance
        self.hands = [house.hand(f"race-{n}") for n in range(3)]
        self.taps: list[tuple[Hand, Tap]] = []
        self.patch: pytest.MonkeyPatch

    async def step(self) -> None:
        act = self.chance.choice([self.tap, self.tap, self.race, self.repeat, self.crash, self.restart, self.refuse])
        await act()
        self.look()

    async def tap(self) -> None:
        hand = self.chance.choice(self.hands)
        tap = hand.a_tap("STAFF1")
        self.taps.append((hand, tap))
        await card_tap(self.house.site, hand.device, tap)

    async def race(self) -> None:
        taps = [(hand, hand.a_tap("STAFF1")) for hand in self.hands for _ in range(2)]
        self.taps += taps
        await asyncio.gather(*(card_tap(self.house.site, hand.device, tap) for hand, tap in taps))

    async def repeat(self) -> None:
        if self.taps:
            hand, tap = self.chance.choice(self.taps)
            await card_tap(self.house.site, hand.device, tap)

    async def restart(self) -> None:
        await self.house.restart()

    async def crash(self) -> None:
        """The commit is on disk, and the gateway is gone before it knows."""
        commit = self.house.site.ledger.commit

        async def dies(unit: Unit, within_s: float | None = None) -> Any:
            await commit(unit, within_s)
            raise LedgerUnavailable("the power is gone")

        self.house.site.ledger.commit = dies  # type: ignore[method-assign]
        try:
            await self.tap()
        finally:
            self.house.site.ledger.commit = commit  # type: ignore[method-assign]
        if self.chance.random() < 0.7:
            await self.house.restart()

    async def refuse(self) -> None:
        """A device says that it did not carry out a grant: then it never does."""
        found = grants(self.house)
        if not found:
            return
        device, command = self.chance.choice(found)
        hand = next(hand for hand in self.hands if hand.name == device)
        executed = self.chance.random() < 0.5
        await hand.result(command.id, "executed" if executed else "refused", "ok" if executed else "late")

    def look(self) -> None:
        first_words = {row.body["command"]: row.body["outcome"] for row in self.house.folder.rows("result")}
        open_ = {c.for_ for _, c in grants(self.house) if first_words.get(c.id) != "refused"}
        assert len(open_) <= self.uses, f"a pass for {self.uses} uses was told to open {len(open_)} times"


@asynccontextmanager
async def racing(folder: Path, seed: int) -> AsyncIterator[Raced]:
    site = SiteFolder(folder)
    site.import_people(*PEOPLE)
    site.enrol_all([*DEVICES, *(("reader", f"race-{n}", Place("north-in", None)) for n in range(3))])
    house = House(site, Rules())
    await house.start()
    chance = random.Random(seed)
    uses = chance.choice([1, 2, 3])
    try:
        yield Raced(house, await limit_uses(house, "STAFF1", uses), uses, chance)
    finally:
        await house.stop()


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_crashes_repeats_and_races_a_pass_never_opens_too_often(tmp_path: Path, seed: int) -> None:
    async with racing(tmp_path / "site", seed) as machine:
        for _ in range(12):
            await machine.step()


async def keyless(machine: Raced) -> None:
    """Broken: the uses are counted, but their rows have no unique key."""
    use_of = pass_uses.use_of

    def without(*what: Any) -> Any:
        use = use_of(*what)
        return use and replace(use, entry=replace(use.entry, key=None))

    machine.patch.setattr(pass_uses, "use_of", without)
    await machine.race()


async def returns_at_once(machine: Raced) -> None:
    """Broken: a use is given back before the device has said that it stayed shut."""
    taken = pass_uses.taken

    def and_back(site: Any, use: Any) -> None:
        taken(site, use)
        site.spawn(pass_uses.give_back(site, use.credential, use.device, use.tap))

    machine.patch.setattr(pass_uses, "taken", and_back)
    for _ in range(machine.uses + 1):
        await machine.tap()
        await machine.house.settle()


async def forgets_at_restart(machine: Raced) -> None:
    """Broken: the count is kept in memory alone."""

    async def nothing(site: Any) -> None:
        site.used.clear()

    machine.patch.setattr(pass_uses, "load", nothing)
    machine.patch.setattr(pass_uses, "key_of", lambda credential, number: f"u:{credential}:{time.monotonic_ns()}")
    for _ in range(machine.uses + 1):
        await machine.tap()
        await machine.restart()


@pytest.mark.parametrize("broken", [keyless, returns_at_once, forgets_at_restart])
async def test_each_broken_count_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: Callable[[Raced], Awaitable[None]]
) -> None:
    async with racing(tmp_path / "site", 1) as machine:
        machine.patch = monkeypatch

        await broken(machine)

        with pytest.raises(AssertionError, match="was told to open"):
            machine.look()
