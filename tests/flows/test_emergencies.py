"""Lockdown and evacuation: at once, signed afterwards, ended by two, over a restart, and without a ledger too."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from devices.messages import BollardMode, Emergency, EntryOffline, ExitOffline
from gateway.core.papers import EmergencyKind
from gateway.flows import alarms, emergencies, emergency_view, postures
from gateway.flows.ports import LedgerUnavailable, Unit
from tests.flows.conftest import Hand, House

LOCKDOWN, EVACUATE = EmergencyKind.LOCKDOWN, EmergencyKind.EVACUATE
ALL = ("gate", "exit", "door", "control", "lane", "bollard", "panel")


async def on_duty(house: House, *names: str) -> dict[str, Hand]:
    """Devices that are there and have followed everything so far."""
    hands = {name: house.hand(name) for name in names or ALL}
    for hand in hands.values():
        await hand.status()
    await follow(house, *hands.values())
    return hands


async def follow(house: House, *hands: Hand) -> None:
    for hand in hands:
        hand.posture = house.courier.posture(hand.name).version
        await hand.status()


def away(house: House) -> sqlite3.Connection:
    """Somebody holds the database."""
    held = sqlite3.connect(house.folder.sqlite_file, isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    return held


def back(held: sqlite3.Connection) -> None:
    held.execute("ROLLBACK")
    held.close()


# It holds at once


async def test_a_lockdown_refuses_the_very_next_entry_and_nobodys_leaving(house: House) -> None:
    hands = await on_duty(house)
    await emergencies.start(house.site, LOCKDOWN, (), "a stranger with a knife", "guard")

    _, entry = await hands["gate"].tap("STAFF1")
    _, leaving = await hands["exit"].tap("STAFF1", "out")
    _, home = await hands["door"].tap("STUDENT2")
    _, others = await hands["door"].tap("GUARD1")

    assert entry is not None and (entry.action, entry.reason) == ("deny", "lockdown")
    assert leaving is not None and leaving.action == "grant"
    assert home is not None and home.action == "grant"
    assert others is not None and (others.action, others.reason) == ("deny", "lockdown")


async def test_every_device_is_told_with_the_call_itself(house: House) -> None:
    await on_duty(house)
    before = {name: house.courier.posture(name).version for name in ALL}

    await emergencies.start(house.site, LOCKDOWN, (), "test", "guard")

    for name in ALL:
        posture = house.courier.posture(name)
        assert posture.version == before[name] + 1
        assert (posture.emergency, posture.drill) == (Emergency.LOCKDOWN, False)
        assert posture.settings.bollard is BollardMode.HOLD


async def test_only_the_zone_and_what_lies_within_is_locked_down(house: House) -> None:
    hands = await on_duty(house)
    await emergencies.start(house.site, LOCKDOWN, ["dorm-1"], "test", "guard")

    assert house.courier.posture("door").emergency is Emergency.LOCKDOWN
    assert house.courier.posture("gate").emergency is None
    _, entry = await hands["gate"].tap("STAFF1")
    assert entry is not None and entry.action == "grant"


async def test_an_evacuation_of_a_zone_frees_every_exit_of_it_and_of_the_zones_within(house: House) -> None:
    hands = await on_duty(house)
    await emergencies.start(house.site, EVACUATE, ["campus"], "gas", "guard")

    for name in ("exit", "door", "control", "lane"):
        posture = house.courier.posture(name)
        assert posture.emergency is Emergency.EVACUATE
        assert (posture.offline.exit, posture.offline.entry) == (ExitOffline.FREE, EntryOffline.DENY)
    _, leaving = await hands["exit"].tap("NOBODY", "out")
    assert leaving is not None and (leaving.action, leaving.reason) == ("grant", "ok_evacuate")
    _, entry = await hands["gate"].tap("STAFF1")
    assert entry is not None and (entry.action, entry.reason) == ("deny", "lockdown")


async def test_evacuate_beats_lockdown_beats_level_in_either_order(house: House) -> None:
    await on_duty(house, "exit")
    for first, second in ((LOCKDOWN, EVACUATE), (EVACUATE, LOCKDOWN)):
        one = await emergencies.start(house.site, first, (), "test", "guard")
        two = await emergencies.start(house.site, second, (), "test", "guard")
        assert house.courier.posture("exit").emergency is Emergency.EVACUATE
        for emergency in (one, two):
            await emergencies.end(house.site, emergency.id, "leader-1", "over")
            await emergencies.end(house.site, emergency.id, "leader-2", "over")
        assert house.courier.posture("exit").emergency is None


async def test_the_same_call_twice_is_one(house: House) -> None:
    first = await emergencies.start(house.site, LOCKDOWN, (), "test", "guard")
    again = await emergencies.start(house.site, LOCKDOWN, ["site"], "test", "another")

    assert again.id == first.id
    assert len(await house.rows("emergency_started")) == 1


async def test_an_unknown_zone_locks_nothing(house: House) -> None:
    with pytest.raises(emergencies.NotPossible, match="nowhere"):
        await emergencies.start(house.site, LOCKDOWN, ["campus", "nowhere"], "test", "guard")

    assert house.site.emergencies == {}


async def test_a_vehicle_that_leaves_in_an_emergency_moves_no_bollard_by_itself(house: House) -> None:
    """Bollards hold: a person lowers it. Leaving is granted all the same."""
    hands = await on_duty(house, "lane", "bollard")
    await emergencies.start(house.site, LOCKDOWN, (), "test", "guard")

    _, leaving = await hands["lane"].tap("京A12345", "out", "plate")
    assert leaving is not None and leaving.action == "grant"
    await hands["lane"].result(leaving.id)

    assert house.courier.commands("bollard") == []
    assert (alarms.COMMAND_FAILED, "bollard", "unacknowledged") in house.alarms


# Alone


async def test_alone_under_lockdown_nobody_enters_but_residents_at_their_own_door_once_its_list_names_only_them(
    house: House,
) -> None:
    hands = await on_duty(house)
    await house.look()
    for hand in hands.values():
        if (hand.name, "credentials/0001") in house.courier.kept:
            hand.credentials = house.courier.page(hand.name).version
    await follow(house, *hands.values())
    before = house.courier.page("door")

    await emergencies.start(house.site, LOCKDOWN, (), "test", "guard")
    assert house.courier.posture("gate").offline.entry is EntryOffline.DENY
    assert house.courier.posture("door").offline.entry is EntryOffline.DENY, "its list still names the guards"

    house.clock.go_on(301)
    await emergencies.look(house.site)
    await house.look()
    page = house.courier.page("door")
    assert page.version > before.version and 0 < len(page.entries) < len(before.entries)
    assert house.courier.posture("door").offline.entry is EntryOffline.DENY, "it has not shown the new list"
    hands["door"].credentials = page.version
    await follow(house, hands["door"])

    assert house.courier.posture("door").offline.entry is EntryOffline.LIST
    assert house.courier.posture("gate").offline.entry is EntryOffline.DENY


async def test_into_an_evacuated_dormitory_nobody_goes_alone(house: House) -> None:
    await on_duty(house, "door")
    await emergencies.start(house.site, LOCKDOWN, (), "test", "guard")
    await emergencies.start(house.site, EVACUATE, ["dorm-1"], "test", "guard")

    assert house.courier.posture("door").offline.entry is EntryOffline.DENY


# Signed, escalated, ended


async def test_a_leader_signs_and_the_caller_does_not(house: House) -> None:
    called = await emergencies.start(house.site, LOCKDOWN, (), "test", "guard")

    with pytest.raises(emergencies.NotPossible, match="somebody else"):
        await emergencies.sign(house.site, called.id, "guard")
    signed = await emergencies.sign(house.site, called.id, "leader")

    assert (signed.signed_by, signed.signed_at) == ("leader", house.clock.now())
    assert [row["by"] for row in await house.rows("emergency_signed")] == ["leader"]
    with pytest.raises(emergencies.NotPossible, match="signed"):
        await emergencies.sign(house.site, called.id, "another")


async def test_unsigned_after_fifteen_minutes_it_escalates_once_and_does_not_lapse(house: House) -> None:
    hands = await on_duty(house, "gate")
    called = await emergencies.start(house.site, LOCKDOWN, (), "test", "guard")
    house.clock.go_on(15 * 60 - 1)
    await emergencies.look(house.site)
    assert house.alarms == set()

    house.clock.go_on(1)
    for _ in range(3):
        await emergencies.look(house.site)
    await house.settle()

    assert (alarms.EMERGENCY_UNSIGNED, called.id, "unacknowledged") in house.alarms
    assert [row["emergency"] for row in await house.rows("emergency_escalated")] == [called.id]
    _, entry = await hands["gate"].tap("STAFF1")
    assert entry is not None and entry.reason == "lockdown"
    await house.restart()
    await emergencies.look(house.site)
    assert len(await house.rows("emergency_escalated")) == 1, "a restart does not tell it again"
    await emergencies.sign(house.site, called.id, "leader")
    await house.settle()
    assert (alarms.EMERGENCY_UNSIGNED, called.id, "returned") in house.alarms


async def test_two_different_people_end_it_and_one_does_not(house: House) -> None:
    hands = await on_duty(house, "gate")
    called = await emergencies.start(house.site, LOCKDOWN, (), "test", "guard")

    first = await emergencies.end(house.site, called.id, "leader-1", "over")
    assert emergency_view.state_of(house.site, first) == "ending"
    with pytest.raises(emergencies.NotPossible, match="second person"):
        await emergencies.end(house.site, called.id, "leader-1", "over")
    assert house.courier.posture("gate").emergency is Emergency.LOCKDOWN
    last = await emergencies.end(house.site, called.id, "leader-2", "over")

    assert not last.is_live and house.site.emergencies == {}
    assert house.courier.posture("gate").emergency is None
    assert [row["by"] for row in await house.rows("emergency_ended")] == [["leader-1", "leader-2"]]
    _, entry = await hands["gate"].tap("STAFF1")
    assert entry is not None and entry.action == "grant"
    with pytest.raises(emergencies.NotPossible, match="over"):
        await emergencies.end(house.site, called.id, "leader-3", "over")


async def test_a_first_word_that_is_old_counts_no_more(house: House) -> None:
    called = await emergencies.start(house.site, LOCKDOWN, (), "test", "guard")
    await emergencies.end(house.site, called.id, "leader-1", "over")
    house.clock.go_on(emergency_view.FIRST_WORD_HOLDS_S + 1)

    again = await emergencies.end(house.site, called.id, "leader-2", "over")

    assert again.is_live and again.ending_by == "leader-2"


async def test_nothing_of_it_is_lost_in_a_restart(house: House) -> None:
    called = await emergencies.start(house.site, LOCKDOWN, ["campus"], "test", "guard")
    await emergencies.sign(house.site, called.id, "leader-1")
    await emergencies.end(house.site, called.id, "leader-1", "over")

    await house.restart()

    found = house.site.emergencies[called.id]
    assert (found.kind, found.zones, found.signed_by, found.ending_by) == (
        LOCKDOWN,
        {"campus"},
        "leader-1",
        "leader-1",
    )
    assert not (await emergencies.end(house.site, called.id, "leader-2", "over")).is_live


# Without a ledger


async def test_with_the_ledger_away_it_holds_at_once_and_its_record_follows(make_house: Callable[..., Any]) -> None:
    house: House = await make_house(record_within_s=0.2)
    hands = await on_duty(house, "gate", "door")
    held = away(house)
    try:
        called = await emergencies.start(house.site, LOCKDOWN, (), "test", "guard")

        assert house.courier.posture("gate").emergency is Emergency.LOCKDOWN
        assert not emergency_view.is_on_paper(house.site, called)
        await follow(house, hands["gate"])
        with pytest.raises(LedgerUnavailable):
            await emergencies.end(house.site, called.id, "leader-1", "over")
    finally:
        back(held)
    await house.settle()

    assert [row["emergency"] for row in await house.rows("emergency_started")] == [called.id]
    assert emergency_view.is_on_paper(house.site, house.site.emergencies[called.id])
    issued = hands["gate"].device.issued
    await house.restart()
    assert called.id in house.site.emergencies
    assert hands["gate"].device.issued == issued, "what was given out without a ledger was written down after all"


async def test_a_version_that_was_lost_in_a_crash_is_passed_over_when_the_device_says_so(house: House) -> None:
    """The gateway gave out a posture, died before writing it, and gives out the same number with other words."""
    hand = (await on_duty(house, "gate"))["gate"]
    await emergencies.start(house.site, LOCKDOWN, (), "test", "guard")
    lost = house.courier.posture("gate").version
    from devices.messages import Refused, RefusedReason

    await hand.event("refused", Refused(channel="posture", version=lost, reason=RefusedReason.CONFLICT))
    await house.settle()

    posture = house.courier.posture("gate")
    assert posture.version > lost and posture.emergency is Emergency.LOCKDOWN


async def test_a_stricter_level_does_not_wait_for_the_ledger_and_a_looser_one_does(house: House) -> None:
    before = postures.wanted(house.site, house.hand("gate").device, house.clock.now())
    from dataclasses import replace

    stricter, looser = replace(before, level=1), replace(before, level=3)

    assert postures.cannot_wait(before, stricter)
    assert not postures.cannot_wait(stricter, looser)
    locked = replace(before, emergency="lockdown")
    assert postures.cannot_wait(before, locked) and not postures.cannot_wait(locked, before)
    assert postures.cannot_wait(replace(locked, drill=True), locked), "what was practised becomes real"


# ---------------------------------------------------------------- two at a time


class WhileItIsWritten:
    """The house's ledger; when a record of `kind` is on its way, `act` happens before it is on disk."""

    def __init__(self, house: House, kind: str, act: Callable[[], Any]) -> None:
        self._writer, self._kind, self._act = house.writer, kind, act

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    async def commit(self, unit: Unit, within_s: float | None = None) -> Any:
        job = asyncio.ensure_future(self._writer.commit(unit, within_s))
        if any(entry.kind == self._kind for entry in unit.entries):
            await asyncio.sleep(0)
            await self._act()
        return await job


async def test_a_lockdown_that_is_called_while_its_end_is_written_is_a_new_one(house: House) -> None:
    await on_duty(house)
    first = await emergencies.start(house.site, EmergencyKind.LOCKDOWN, (), "he is here", "guard-1")
    await emergencies.end(house.site, first.id, "leader-1", "he has gone")

    async def call_again() -> None:
        await emergencies.start(house.site, EmergencyKind.LOCKDOWN, (), "he is back", "guard-2")

    house.site.ledger = WhileItIsWritten(house, "emergency_ended", call_again)
    ended = await emergencies.end(house.site, first.id, "leader-2", "he has gone")
    await house.settle()

    assert not ended.is_live
    assert [e.started_by for e in house.site.emergencies.values()] == ["guard-2"]


async def test_a_lockdown_that_is_called_again_between_the_two_words_takes_two_new_ones(house: House) -> None:
    await on_duty(house)
    called = await emergencies.start(house.site, EmergencyKind.LOCKDOWN, (), "he is here", "guard-1")
    await emergencies.end(house.site, called.id, "leader-1", "he has gone")

    again = await emergencies.start(house.site, EmergencyKind.LOCKDOWN, (), "he is back", "guard-2")
    moved = await emergencies.end(house.site, called.id, "leader-2", "he has gone")
    await house.settle()

    assert (again.id, moved.is_live, moved.ending_by) == (called.id, True, "leader-2")
    assert [row["by"] for row in await house.rows("emergency_called_again")] == ["guard-2"]


async def test_whoever_calls_lockdown_for_every_set_of_zones_makes_no_heap_of_them(house: House) -> None:
    await on_duty(house)
    zones = sorted(house.site.campus.zones)
    for size in (1, 2, 3):
        for some in itertools.combinations(zones, size):
            await emergencies.start(house.site, EmergencyKind.LOCKDOWN, some, "everywhere", "guard-1")

    assert len(house.site.emergencies) <= emergencies.LIKE_IT_AT_MOST + 1
    for zone in zones:
        assert any(not e.zones.isdisjoint(house.site.campus.around(zone)) for e in house.site.emergencies.values())


async def test_whoever_waits_to_leave_is_let_out_when_the_evacuation_begins(house: House) -> None:
    hands = await on_duty(house)
    tap, asked = await hands["exit"].tap("NOBODYS", "out")
    assert asked is not None and asked.action == "wait"

    await emergencies.start(house.site, EVACUATE, (), "gas", "guard-1")
    await house.settle()

    second = house.courier.commands("exit")[-1]
    assert (second.action, second.reason, second.for_) == ("grant", "ok_evacuate", tap)
    assert not house.site.waits


async def test_signing_one_emergency_leaves_the_alarm_of_another(house: House) -> None:
    await on_duty(house)
    locked = await emergencies.start(house.site, EmergencyKind.LOCKDOWN, (), "he is here", "guard-1")
    evacuated = await emergencies.start(house.site, EmergencyKind.EVACUATE, (), "gas", "guard-1")
    house.clock.go_on(901)
    await emergencies.look(house.site)
    await house.settle()

    await emergencies.sign(house.site, locked.id, "leader-1")
    await house.settle()

    states = {place: state for condition, place, state in house.alarms if condition == alarms.EMERGENCY_UNSIGNED}
    assert states == {locked.id: "returned", evacuated.id: "unacknowledged"}
