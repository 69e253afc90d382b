"""What was acknowledged is never lost: an alarm is on disk with what it comes from, an entry of its own or a member.

A gateway that is killed finds again what was on disk at that moment: these tests read the database, or start anew over
it, without a single look of the watch in between.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from devices.events import Access, CredentialToken, DoorForced, DoorHeld, ExitButton, Passage, Tamper
from devices.fields import AccessOutcome, CredentialKind, Direction
from gateway.core.alarm_groups import FLOOD, WINDOW_S
from gateway.flows import alarm_acts, alarm_watch, alarms, dormitories, late_exits
from gateway.flows.card_tap import card_tap
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.store import tables
from tests.flows.conftest import House
from tests.flows.door_scene import DURESS, give_pin, level, moved_to
from tests.flows.test_dormitories import with_boarders
from tests.flows.test_identifications import identify, there
from tests.flows.test_occupancy import goes
from tests.parts.locked import locked
from tests.parts.waiting import until

MANY = (
    alarms.DEVICE_CLOCK, alarms.BAD_MESSAGES, alarms.UNKNOWN_DEVICE, alarms.WRONG_TRIES, alarms.COMMAND_FAILED,
    alarms.NOTICE_FAILED, alarms.ROUND_GAP, alarms.OVERSTAY, alarms.LEFT_INSIDE, alarms.FORGED_PASS,
    alarms.MANUAL_OVERRIDE, alarms.POST_UNMANNED,
)  # fmt: skip
"""Of more kinds than become entries in ten minutes, none of them high."""


def on_disk(house: House) -> dict[tuple[str, str], Any]:
    """The alarms that a gateway would find if this one were killed now."""
    with house._database.engine.connect() as connection:
        return {(row.condition, row.place): row for row in connection.execute(sa.select(tables.alarms))}


def acknowledged(house: House) -> int:
    """Up to which event the door may forget."""
    return max((ack.seq for ack in house.courier.acks("door")), default=0)


async def fill(house: House) -> None:
    """Entries until whatever is ordinary has no room left; all of it is written."""
    for condition in MANY:
        await alarms.raise_alarm(house.site, condition, "somewhere")
    await house.settle()
    await alarm_watch.look(house.site)
    await house.settle()


async def test_a_member_is_on_disk_when_the_event_that_raised_it_is_acknowledged(house: House) -> None:
    await fill(house)
    door = house.hand("door")
    await door.status()

    await door.event("door_held", DoorHeld(open_s=30))

    await until(lambda: acknowledged(house) == 1)
    member = house.site.alarms.of(alarms.HELD_DOOR, "door")
    assert member is not None and member.in_group is not None
    kept = on_disk(house)
    assert kept[alarms.HELD_DOOR, "door"].in_group == member.in_group
    assert member.in_group in {row.id for row in kept.values()}  # the entry that takes it in as well
    await house.restart()
    assert house.site.alarms.of(alarms.HELD_DOOR, "door") is not None


async def test_the_first_one_of_a_flood_brings_its_entry_with_it(house: House) -> None:
    for condition in MANY:
        await alarms.raise_alarm(house.site, condition, "somewhere")
        if any(one.condition == FLOOD for one in house.site.alarms.shown()):
            break
    await house.settle()

    kept = on_disk(house).values()
    assert {row.in_group for row in kept if row.in_group is not None} <= {row.id for row in kept}
    assert FLOOD in {row.condition for row in kept} and len(kept) == len(house.site.alarms.by_id)


async def test_a_member_that_is_told_again_or_grows_louder_is_heard_by_its_entry_after_a_crash_too(
    house: House,
) -> None:
    await fill(house)
    member = await alarms.raise_alarm(house.site, alarms.CLOCK_SUSPECT, "clock")
    assert member.in_group is not None
    for one in list(house.site.alarms.shown()):
        await alarm_acts.acknowledge(house.site, one.id, "operator-1")
    await house.settle()

    alarms.show(house.site, alarms.CLOCK_SUSPECT, "clock", priority="high", anew=True)
    await house.settle()

    entry = house.site.alarms.by_id[member.in_group]
    assert (entry.state, entry.priority) == ("unacknowledged", "high")
    await house.restart()
    entry = house.site.alarms.by_id[member.in_group]
    assert (entry.state, entry.priority) == ("unacknowledged", "high")


async def test_what_is_always_heard_joins_nothing_that_may_be_put_aside(house: House) -> None:
    await fill(house)

    due = await alarms.raise_alarm(house.site, alarms.INCIDENT_REPORT_DUE, "incident-1")

    assert due.in_group is None


async def test_an_acknowledged_entry_that_is_heard_again_is_heard_after_a_crash_too(house: House) -> None:
    await fill(house)
    for one in list(house.site.alarms.shown()):
        await alarm_acts.acknowledge(house.site, one.id, "operator-1")
    await alarms.raise_alarm(house.site, alarms.FORCED_DOOR, "dorm-1")
    await house.settle()
    for one in list(house.site.alarms.shown()):
        await alarm_acts.acknowledge(house.site, one.id, "operator-1")
    door = house.hand("door")
    await door.status()

    await door.event("door_forced", DoorForced())

    member = house.site.alarms.of(alarms.FORCED_DOOR, "door")
    assert member is not None and member.in_group is not None
    await house.restart()
    assert house.site.alarms.by_id[member.in_group].state == "unacknowledged"


async def test_an_event_that_is_told_again_brings_the_member_that_could_not_be_written(house: House) -> None:
    await fill(house)
    door = house.hand("door")
    await door.status()
    ledger, house.site.ledger = house.site.ledger, Full()
    await door.event("tamper", Tamper())
    house.site.ledger = ledger
    assert house.site.alarms.of(alarms.TAMPER, "door") is not None  # on the screens at once
    assert (alarms.TAMPER, "door") not in on_disk(house) and not acknowledged(house)

    await door.event("tamper", Tamper(), seq=1)

    await until(lambda: acknowledged(house) == 1)
    assert (alarms.TAMPER, "door") in on_disk(house)


class Full:
    """A ledger that takes nothing just now, though nobody says that it is away."""

    is_away = False

    async def commit(self, unit: Unit, within_s: float | None = None) -> None:
        raise LedgerUnavailable("the disk is full")

    def hand_over(self, unit: Unit) -> asyncio.Future[Any]:
        raise LedgerUnavailable("the disk is full")


class FullOnce(Full):
    """The same, and there is room again for what comes next."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def commit(self, unit: Unit, within_s: float | None = None) -> None:
        self._house.site.ledger = self._house.writer
        await super().commit(unit)


@pytest.mark.parametrize("crowded", [False, True])
async def test_whatever_is_recorded_after_an_alarm_was_raised_is_on_disk_after_it(house: House, crowded: bool) -> None:
    if crowded:
        await fill(house)

    await alarms.raise_alarm(house.site, alarms.LATE_RETURN, "dorm-1", "not back: 3")
    await house.site.ledger.commit(Unit((Entry("list_made", house.clock.now(), {}),)))

    member = house.site.alarms.of(alarms.LATE_RETURN, "dorm-1")
    assert member is not None and (member.in_group is not None) == crowded
    assert (alarms.LATE_RETURN, "dorm-1") in on_disk(house)


class KilledAfter:
    """The house's ledger up to the row of this kind; what comes after it finds nobody any more."""

    is_away = False

    def __init__(self, house: House, kind: str) -> None:
        self._writer, self._kind, self._is_dead = house.writer, kind, False
        house.site.ledger = self  # type: ignore[assignment]

    async def commit(self, unit: Unit, within_s: float | None = None) -> Any:
        return await self.hand_over(unit)

    def hand_over(self, unit: Unit) -> asyncio.Future[Any]:
        if self._is_dead:
            raise LedgerUnavailable("killed")
        self._is_dead = any(entry.kind == self._kind for entry in unit.entries)
        return self._writer.hand_over(unit)


async def test_who_leaves_at_night_is_an_alarm_on_disk_with_the_event_that_told_it(house: House) -> None:
    door = house.hand("door")
    await door.status()
    moved_to(house, 2, days=1)
    await door.event("exit_button", ExitButton())
    KilledAfter(house, "event")

    await door.event("passage", Passage(tap=None, direction=Direction.OUT))

    await until(lambda: acknowledged(house) == 2)
    await house.restart()
    assert (alarms.LATE_EXIT, "dorm-1", "unacknowledged") in house.alarms
    assert len(await house.rows("late_exit")) == 1


def gone_late(house: House) -> list[tuple[str, int]]:
    """The open alarms of people who left after curfew: state and count."""
    return [(one.state, one.count) for one in house.site.alarms.by_id.values() if one.condition == alarms.LATE_EXIT]


async def test_a_late_exit_by_card_is_on_disk_with_its_decision_and_its_repeat_counts_nothing(house: House) -> None:
    door = house.hand("door")
    moved_to(house, 23)
    tap = door.a_tap("STUDENT2", "out")
    KilledAfter(house, "decision")

    await card_tap(house.site, door.device, tap)

    await house.restart()
    assert gone_late(house) == [("unacknowledged", 1)]
    house.clock.go_on(60)
    await card_tap(house.site, door.device, tap)
    assert len(await house.rows("late_exit")) == 1
    assert gone_late(house) == [("unacknowledged", 1)]
    assert len(house.courier.commands("door")) == 2


@pytest.mark.parametrize("closed", [False, True])
async def test_a_repeat_that_nobody_could_look_up_is_taken_back(
    house: House, closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = house.hand("door")
    moved_to(house, 23)
    tap = door.a_tap("STUDENT2", "out")
    await card_tap(house.site, door.device, tap)
    if closed:
        (alarm,) = house.site.alarms.by_id.values()
        await alarms.finish(house.site, alarm, "operator-1", "handled")
    await house.restart()
    house.clock.go_on(60)

    async def yes(*_: Any) -> bool:
        return True

    monkeypatch.setattr(late_exits, "is_news", yes)
    await card_tap(house.site, door.device, tap)

    assert len(await house.rows("late_exit")) == 1
    assert gone_late(house) == [("returned" if closed else "unacknowledged", 1)]


async def test_a_late_exit_is_on_the_screens_while_the_ledger_is_away_and_once_on_disk_when_it_is_back(
    house: House,
) -> None:
    door = house.hand("door")
    await door.status()
    moved_to(house, 23)
    tap = door.a_tap("STUDENT2", "out")
    with locked(house.folder.sqlite_file):
        going = asyncio.create_task(card_tap(house.site, door.device, tap))
        await until(lambda: gone_late(house) == [("unacknowledged", 1)], 3)
        assert house.courier.commands("door") and not going.done()

    await going
    await door.event("passage", Passage(tap=tap.id, direction=Direction.OUT))
    assert len(await house.rows("late_exit")) == 1
    assert (alarms.LATE_EXIT, "dorm-1") in on_disk(house)
    assert gone_late(house) == [("unacknowledged", 1)]


async def test_a_late_exit_whose_record_was_refused_is_written_with_the_one_that_follows(house: House) -> None:
    door = house.hand("door")
    moved_to(house, 23)
    house.site.ledger = FullOnce(house)

    await door.tap("STUDENT2", "out")

    assert gone_late(house) == [("unacknowledged", 1)]
    assert len(await house.rows("late_exit")) == len(await house.rows("decision")) == 1
    await house.restart()
    assert gone_late(house) == [("unacknowledged", 1)]


async def test_a_door_that_decides_alone_while_its_tap_is_written_tells_of_one_late_exit(house: House) -> None:
    door = house.hand("door")
    await door.status()
    moved_to(house, 23)
    tap = door.a_tap("STUDENT2", "out")
    shown = CredentialToken(kind=CredentialKind.CARD, token="0" * 32)
    alone = Access(
        tap=tap.id, credential=shown, direction=Direction.OUT, outcome=AccessOutcome.GRANT, reason="ok_exit",
        posture=None,
    )  # fmt: skip
    with locked(house.folder.sqlite_file):
        going = asyncio.create_task(card_tap(house.site, door.device, tap))
        await until(lambda: gone_late(house) == [("unacknowledged", 1)], 3)
        told = asyncio.create_task(door.event("access", alone))
        await asyncio.sleep(0)

    await asyncio.gather(going, told)
    assert len(await house.rows("late_exit")) == 1
    assert gone_late(house) == [("unacknowledged", 1)]


async def test_a_late_exit_by_the_guards_hand_is_on_disk_with_its_decision(house: House) -> None:
    house.clock.set(23)
    await there(house, "door")
    KilledAfter(house, "decision")

    assert (await identify(house, "s2", portal="dorm-1-door", way="out")).done.outcome == "grant"

    await house.restart()
    assert gone_late(house) == [("unacknowledged", 1)]
    assert len(await house.rows("late_exit")) == 1


async def test_the_evenings_list_never_stands_without_its_alarm(house: House) -> None:
    await with_boarders(house)
    moved_to(house, 17)
    door = house.hand("door")
    await door.status()
    await goes(house, door, "BOARDER1")
    await goes(house, door, "BOARDER1", "out")
    moved_to(house, 23)
    KilledAfter(house, "not_returned_list")

    await dormitories.look(house.site)

    assert [row["zone"] for row in await house.rows("not_returned_list")] == ["dorm-1"]
    await house.restart()
    assert (alarms.LATE_RETURN, "dorm-1", "unacknowledged") in house.alarms


async def test_a_call_for_help_by_pin_is_on_disk_before_the_decision_that_answers_it(house: House) -> None:
    await level(house, 2)  # the control room's door asks for card and PIN then
    await give_pin(house, "g1")
    control = house.hand("control")
    KilledAfter(house, "decision")

    await control.tap("GUARD1", pin=DURESS)

    await house.restart()
    assert (alarms.DURESS, "control", "unacknowledged") in house.alarms


async def test_after_a_restart_the_ledger_names_every_member_once(house: House) -> None:
    await fill(house)
    before = await named_in_rows(house)
    await alarms.raise_alarm(house.site, alarms.HELD_DOOR, "door")
    await house.settle()

    await house.restart()
    await alarm_watch.look(house.site)
    await alarm_watch.look(house.site)

    assert await named_in_rows(house) == [*before, "door"]


async def named_in_rows(house: House) -> list[str]:
    return [one["place"] for row in await house.rows("alarm_members") for one in row["joined"]]


async def test_what_came_in_the_last_ten_minutes_counts_after_a_restart_too(house: House) -> None:
    await fill(house)
    entries = {one.id for one in house.site.alarms.shown()}

    await house.restart()
    for condition in MANY:
        await alarms.raise_alarm(house.site, condition, "elsewhere")
    new = {one.id for one in house.site.alarms.shown()} - entries

    assert len(entries) + len(new) <= 10
    house.clock.go_on(WINDOW_S)
    alone = await alarms.raise_alarm(house.site, alarms.PASS_SHARED, "gate")
    assert alone.in_group is None


async def test_a_member_whose_entry_is_gone_stands_for_itself_and_on_record(house: House) -> None:
    await fill(house)
    member = await alarms.raise_alarm(house.site, alarms.HELD_DOOR, "door")
    assert member.in_group is not None
    await house.settle()
    with house._database.engine.begin() as connection:  # as if the entry had been closed just then
        closed = {"state": "closed", "closed_at": house.clock.now()}
        connection.execute(sa.update(tables.alarms).where(tables.alarms.c.id == member.in_group).values(closed))

    await house.restart()
    await alarm_watch.look(house.site)

    alone = house.site.alarms.by_id[member.id]
    assert alone.in_group is None and on_disk(house)[alarms.HELD_DOOR, "door"].in_group is None
    assert [row["place"] for row in await house.rows("alarm") if row["alarm"] == member.id] == ["door"]
