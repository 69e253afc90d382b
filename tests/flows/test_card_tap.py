"""A tap is decided, recorded and answered: once, in that order, whatever happens in between."""

from __future__ import annotations

import asyncio
import sqlite3

from devices.messages import Access, Action, CredentialToken, Passage
from devices.messages import AccessOutcome as Alone
from devices.messages import CredentialKind as Shown
from devices.messages import Direction as Way
from gateway.flows.card_tap import card_tap
from tests.flows.conftest import House
from tests.parts.waiting import until


async def test_a_grant_tells_how_long_to_open_and_why_in_both_languages(house: House) -> None:
    tap, command = await house.hand("gate").tap("STAFF1")

    assert command is not None
    assert (command.action, command.reason, command.for_) == (Action.GRANT, "ok", tap)
    assert command.hold_ms == 5_000
    assert command.text.en and command.text.zh


async def test_the_record_is_on_disk_before_the_answer_leaves(house: House) -> None:
    gate = house.hand("gate")
    seen: list[int] = []
    send = house.courier.send

    def look_at_the_disk(*message: object) -> bool:
        outside = sqlite3.connect(house.folder.sqlite_file)
        seen.append(outside.execute("SELECT count(*) FROM ledger WHERE kind = 'decision'").fetchone()[0])
        outside.close()
        return send(*message)  # type: ignore[arg-type]

    house.courier.send = look_at_the_disk  # type: ignore[method-assign]

    await gate.tap("STAFF1")
    await gate.tap("NOBODYS")

    assert seen == [1, 2]


async def test_the_ledger_row_names_references_and_no_person(house: House) -> None:
    await house.hand("gate").tap("STAFF1")

    (row,) = await house.rows("decision")

    holder = next(h for h in house.site.directory.holders.values() if h.id == "t1")
    assert row["holder"] == holder.ref
    assert "STAFF1" not in str(row) and "Na Chen" not in str(row)
    assert [finding[0] for finding in row["trace"]] == [
        "place",
        "device",
        "emergency",
        "credential",
        "holder",
        "ban",
        "vehicle_window",
        "permission",
        "two_people",
        "presence",
        "capacity",
    ]


async def test_taps_that_come_at_once_are_each_decided_once(house: House) -> None:
    gate = house.hand("gate")
    tap = gate.a_tap("STAFF1")

    await asyncio.gather(*(card_tap(house.site, gate.device, tap) for _ in range(20)))

    assert len(await house.rows("decision")) == 1
    assert len({command.id for command in house.courier.commands("gate")}) == 1


async def test_a_repeat_after_a_restart_gets_the_first_answer_though_the_world_has_changed(house: House) -> None:
    gate = house.hand("gate")
    tap = gate.a_tap("STAFF1")
    await card_tap(house.site, gate.device, tap)
    house.folder.import_people("t1,Na Chen,staff,staff,OTHER1,,,,")
    await house.restart()

    await card_tap(house.site, gate.device, tap)

    first, again = house.courier.commands("gate")
    assert (again.id, again.action, again.hold_ms) == (first.id, Action.GRANT, first.hold_ms)
    assert len(await house.rows("decision")) == 1


async def test_a_refused_plate_that_is_granted_meanwhile_lowers_no_bollard_on_its_repeat(house: House) -> None:
    lane, bollard = house.hand("lane"), house.hand("bollard")
    await bollard.status()
    tap = lane.a_tap("京B99999", kind="plate")
    await card_tap(house.site, lane.device, tap)
    house.folder.import_people("t2,Wei Zhao,staff,staff,STAFF2,京B99999,,,")
    await house.restart()
    await house.look()
    await bollard.heartbeat()

    await card_tap(house.site, lane.device, tap)
    asked = house.courier.commands("lane")[-1]  # nobody has this plate: a guard looks, and it opens nothing
    await lane.result(asked.id)
    await house.settle()

    assert asked.action is Action.WAIT
    assert house.courier.commands("bollard") == []


async def test_a_card_taken_away_is_refused_on_the_very_next_tap(house: House) -> None:
    gate = house.hand("gate")
    _, before = await gate.tap("STAFF1")
    house.folder.import_people("t1,Na Chen,staff,staff,OTHER1,,,,")  # another process; nobody has looked yet

    _, after = await gate.tap("STAFF1")
    _, other = await gate.tap("OTHER1")

    assert before is not None and before.action is Action.GRANT
    assert after is not None and (after.action, after.reason) == (Action.DENY, "credential_revoked")
    assert other is not None and other.action is Action.GRANT


async def test_ten_unknown_cards_in_a_minute_shut_the_device_for_entry_until_it_is_calm(house: House) -> None:
    gate = house.hand("gate")
    for number in range(10):
        await gate.tap(f"GUESS{number}")

    _, shut = await gate.tap("STAFF1")
    house.clock.go_on(61)
    _, open_ = await gate.tap("STAFF1")

    assert shut is not None and shut.reason == "device_quarantined"
    assert open_ is not None and open_.action is Action.GRANT
    assert ("wrong_tries", "gate", "unacknowledged") in house.alarms


async def test_on_an_escape_route_the_answer_does_not_wait_for_the_record(house: House) -> None:
    door = house.hand("door")
    outside = sqlite3.connect(house.folder.sqlite_file, isolation_level=None)
    outside.execute("BEGIN EXCLUSIVE")
    going = asyncio.create_task(door.tap("NOBODYS", "out"))
    try:
        await until(lambda: house.courier.commands("door"), 0.5)
    finally:
        outside.rollback()
        outside.close()

    (command,) = house.courier.commands("door")
    await going
    assert (command.action, command.reason) == (Action.GRANT, "ok_exit")
    assert len(await house.rows("decision")) == 1


async def test_a_commit_that_comes_after_we_gave_it_up_is_amended_and_not_doubled(house: House) -> None:
    """The record said grant; with the ledger away a pupil's leaving became a wait. What was done stands beside it."""
    exit_ = house.hand("exit")
    house.clock.set(17)  # a leaving window
    outside = sqlite3.connect(house.folder.sqlite_file, isolation_level=None)
    outside.execute("BEGIN EXCLUSIVE")
    tap, command = await exit_.tap("STUDENT1", "out")
    outside.rollback()
    outside.close()

    assert command is not None and (command.action, command.reason) == (Action.WAIT, "ledger_unavailable")
    rows = await house.rows("decision") + await house.rows("decision_amended")
    assert [row["tap"] for row in await house.rows("decision")] == [tap]
    assert rows[-1]["outcome"] == "wait" and rows[-1]["command"] == command.id


async def test_a_tap_that_the_device_decided_alone_meanwhile_is_not_answered_any_more(house: House) -> None:
    gate = house.hand("gate")
    tap = gate.a_tap("STAFF1")
    shown = CredentialToken(kind=Shown.CARD, token="0" * 32)
    alone = Access(
        tap=tap.id, credential=shown, direction=Way.IN, outcome=Alone.DENY, reason="offline_denied", posture=None
    )
    await gate.event("access", alone)

    await card_tap(house.site, gate.device, tap)

    assert house.courier.commands("gate") == []
    (row,) = await house.rows("decision")
    assert row["alone"] and row["outcome"] == "deny"


async def test_presence_changes_when_somebody_passes_and_not_when_they_are_granted(house: House) -> None:
    gate = house.hand("gate")
    holder = next(h.ref for h in house.site.directory.holders.values() if h.id == "t1")
    tap, _ = await gate.tap("STAFF1")
    assert holder not in house.site.presence

    await gate.event("passage", Passage(tap=tap, direction=Way.IN))
    await house.settle()

    assert (house.site.presence[holder].zone, house.site.presence[holder].state.value) == ("campus", "inside")
    await house.restart()
    assert house.site.presence[holder].zone == "campus"
