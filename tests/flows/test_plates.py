"""A plate that a camera misreads, or that nobody has: a guard looks, and only what the rules admit drives in.

The picture, the look-alikes and the guard's choice; nothing of them by itself, and nothing of a plate in the ledger.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

import pytest
from msgspec import json, structs

from devices.messages import Action, Frame, Passage
from devices.messages import Direction as Way
from gateway.core.kinds import Direction, HolderKind, Outcome
from gateway.core.papers import OpeningKind, VehicleKind
from gateway.core.reasons import Reason
from gateway.core.rights import Right
from gateway.flows import alarms, late, openings, vehicles, waiting
from gateway.flows.card_tap import card_tap
from gateway.flows.frames import frame
from gateway.flows.permits import NotYours, WrongField
from gateway.flows.plates import Admitted, admit, proposals
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import Picture
from gateway.flows.waits import TooLate
from tests.flows.conftest import Hand, House
from tests.flows.permits_house import level, lock_down, ref, somebody

TRUE, MISREAD, STRANGER = "京A12345", "京AI2345", "沪C77777"


async def lane_and_bollard(house: House) -> Hand:
    lane, bollard = house.hand("lane"), house.hand("bollard")
    await lane.status()
    await bollard.status()
    return lane


async def shown(house: House, lane: Hand, plate: str, confidence: float | None = None, way: str = "in") -> str:
    """A plate at the lane, and how sure the camera is; the id of whoever waits, or would."""
    tap = structs.replace(lane.a_tap(plate, way, "plate"), confidence=confidence)
    await card_tap(house.site, lane.device, tap)
    await house.settle()
    return f"lane:{tap.id}"


async def pick(house: House, id: str, plate: str | None = None) -> str:
    return await waiting.answer(house.site, id, "grant", "guard-1", plate=plate)


def answers(house: House) -> list[str]:
    return [str(c.action.value) for c in house.courier.commands("lane") if c.action is not Action.SNAPSHOT]


async def decision_and_answer(house: House) -> tuple[dict[str, Any], dict[str, Any]]:
    (decision,), (answer,) = await house.rows("decision"), await house.rows("answer")
    return decision, answer


async def test_a_misread_plate_waits_with_its_look_alike_and_a_picture(house: House) -> None:
    lane = await lane_and_bollard(house)
    screen = house.site.feed.subscribe()
    id = await shown(house, lane, MISREAD)

    (snapshot,) = [c for c in house.courier.commands("lane") if c.action is Action.SNAPSHOT]
    picture = Frame(id="f-1", boot=lane.boot, at=house.clock.now(), command=snapshot.id, sha256="0" * 64)
    await frame(house.site, lane.device, picture, b"jpeg")

    told = []
    while not told or told[-1]["type"] != "waiting_picture":
        told.append(await anext(screen))
    (event,) = [one for one in told if one["type"] == "waiting"]
    owner = {"id": "t1", "name": "Na Chen", "kind": "staff"}
    assert (event["plate"], event["picture"]) == (MISREAD, False)
    assert event["proposals"] == [{"plate": TRUE, "holder": owner, "kind": None}]
    assert told[-1]["id"] == id and house.site.wait_pictures[id].jpeg == b"jpeg"
    assert answers(house) == ["wait"]


async def test_the_guard_touches_the_look_alike_and_the_bollard_goes_down_for_it(house: House) -> None:
    lane = await lane_and_bollard(house)
    id = await shown(house, lane, MISREAD)

    command = await pick(house, id, TRUE)
    await lane.result(command)
    await lane.event("passage", Passage(tap=id.partition(":")[2], direction=Way.IN))

    assert [c.action for c in house.courier.commands("bollard")] == [Action.LOWER]
    decision, answer = await decision_and_answer(house)
    plate = next(c for c in house.site.directory.credentials.values() if c.value == TRUE)
    assert (decision["outcome"], decision["holder"]) == ("wait", None)
    assert (answer["outcome"], answer["by"], answer["holder"]) == ("grant", "guard-1", plate.holder)
    assert answer["credential"] == plate.ref
    assert await house.site.archive.plate(answer["plate_read"]) == MISREAD
    assert house.site.presence[plate.holder].zone == "campus"


async def test_what_was_read_and_chosen_is_in_no_row_by_its_value(house: House) -> None:
    lane = await lane_and_bollard(house)
    await pick(house, await shown(house, lane, MISREAD), TRUE)

    rows = b"".join(json.encode(row.body) for row in await house.all_rows()).decode()

    assert MISREAD[1:] not in rows and TRUE[1:] not in rows


async def test_a_plate_that_nobody_has_is_not_granted_as_it_stands(house: House) -> None:
    lane = await lane_and_bollard(house)
    id = await shown(house, lane, STRANGER)

    for plate in (None, STRANGER, "粤B00000"):
        with pytest.raises(waiting.NoLonger) as refused:
            await pick(house, id, plate)
        assert refused.value.decision.reason is Reason.UNKNOWN_CREDENTIAL

    assert id in house.site.waits and house.site.waits[id].request.value == STRANGER
    assert answers(house) == ["wait"]


async def test_a_chosen_plate_is_judged_as_it_would_be_and_the_wait_goes_on_if_it_is_refused(house: House) -> None:
    lane = await lane_and_bollard(house)
    wanted = vehicles.Wanted(VehicleKind.REGISTERED, "沪C11111", "s1")
    await vehicles.register(house.site, wanted, "officer-1")  # a student's: no permission for the lane
    id = await shown(house, lane, "沪C1111I")

    with pytest.raises(waiting.NoLonger) as refused:
        await pick(house, id, "沪C11111")

    assert refused.value.decision.reason is Reason.VEHICLE_NOT_PERMITTED
    assert house.site.waits[id].holder is None
    await waiting.answer(house.site, id, "refuse", "guard-1")
    assert answers(house) == ["wait", "deny"]


@pytest.mark.parametrize(("confidence", "expected"), [(0.5, "wait"), (0.84, "wait"), (0.85, "grant"), (None, "grant")])
async def test_how_sure_the_camera_has_to_be_stands_in_the_configuration(
    house: House, confidence: float | None, expected: str
) -> None:
    lane = await lane_and_bollard(house)

    await shown(house, lane, TRUE, confidence)

    assert answers(house) == [expected]


async def test_a_doubtful_reading_that_is_right_is_granted_by_the_guards_touch(house: House) -> None:
    lane = await lane_and_bollard(house)
    id = await shown(house, lane, TRUE, 0.4)

    await pick(house, id)

    _, answer = await decision_and_answer(house)
    assert (answer["holder"], answer["reason"]) == (ref(house, "t1"), "ok")


async def test_leaving_is_free_whatever_the_camera_read(house: House) -> None:
    lane = await lane_and_bollard(house)

    await shown(house, lane, TRUE, 0.1, "out")
    await shown(house, lane, STRANGER, None, "out")

    assert answers(house) == ["grant", "grant"] and house.site.waits == {}


async def test_after_a_restart_the_guard_still_sees_what_was_read_and_may_choose(house: House) -> None:
    lane = await lane_and_bollard(house)
    id = await shown(house, lane, MISREAD)

    await house.restart()
    again = house.hand("lane")
    await again.status()

    assert house.site.waits[id].request.value == MISREAD
    with pytest.raises(waiting.NoLonger):
        await pick(house, id)
    await pick(house, id, TRUE)
    assert (await house.rows("answer"))[-1]["holder"] == ref(house, "t1")


async def test_a_wait_whose_reading_retention_has_erased_still_admits_nobody_unknown(house: House) -> None:
    lane = await lane_and_bollard(house)
    id = await shown(house, lane, MISREAD)
    found = house.site.waits[id]
    found.request = replace(found.request, value="")

    with pytest.raises(waiting.NoLonger):
        await pick(house, id)


async def test_at_the_enhanced_level_one_touch_is_the_guards_word_on_driver_and_plate(house: House) -> None:
    lane = await lane_and_bollard(house)
    await level(house, 2)
    id = await shown(house, lane, MISREAD)

    await pick(house, id, TRUE)

    assert answers(house) == ["wait", "grant"]


async def test_a_lockdown_that_begins_meanwhile_refuses_the_chosen_plate(house: House) -> None:
    lane = await lane_and_bollard(house)
    id = await shown(house, lane, MISREAD)
    lock_down(house)

    with pytest.raises(waiting.NoLonger) as refused:
        await pick(house, id, TRUE)

    assert refused.value.decision.reason is Reason.LOCKDOWN


async def test_nobody_is_given_a_plate_who_waits_with_a_card(house: House) -> None:
    exit_ = house.hand("exit")
    await exit_.status()
    tap, _ = await exit_.tap("NOBODYS", "out")

    with pytest.raises(WrongField):
        await pick(house, f"exit:{tap}", TRUE)


async def test_a_word_that_is_no_plate_says_so_and_changes_nothing(house: House) -> None:
    lane = await lane_and_bollard(house)
    id = await shown(house, lane, MISREAD)

    with pytest.raises(WrongField):
        await pick(house, id, " ")

    assert house.site.waits[id].request.value == MISREAD


async def test_when_the_record_cannot_be_written_the_plate_that_was_read_still_waits(house: House) -> None:
    lane = await lane_and_bollard(house)
    id = await shown(house, lane, MISREAD)
    outside = sqlite3.connect(house.folder.sqlite_file, isolation_level=None)

    house.give_up_soon()
    outside.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerUnavailable):
        await pick(house, id, TRUE)
    outside.execute("ROLLBACK")
    outside.close()

    assert (house.site.waits[id].holder, house.site.waits[id].request.value) == (None, MISREAD)


async def test_only_plates_that_are_good_now_are_proposed(house: House) -> None:
    owner = {"id": "t1", "name": "Na Chen", "kind": "staff"}
    vehicle = await vehicles.register(house.site, vehicles.Wanted(VehicleKind.REGISTERED, "京A1234S", "t1"), "o")
    both = proposals(house.site, "京AI2345")

    await vehicles.remove(house.site, vehicle.id, "o")

    assert both == [
        {"plate": TRUE, "holder": owner, "kind": None},
        {"plate": "京A1234S", "holder": owner, "kind": "registered"},
    ]
    assert proposals(house.site, "京AI2345") == both[:1]


# ---------------------------------------------------------------- a plate that no camera read


async def typed(house: House, plate: str, rights: frozenset[Right] = waiting.GUARDS) -> Admitted:
    return await admit(
        house.site, "north-vehicle", plate, "guard-1", lambda found: waiting.may_answer(found, Direction.IN, rights)
    )


@pytest.mark.parametrize("raised", [2, 1])
async def test_responders_whose_plate_a_guard_types_are_followed_up_while_the_level_is_raised(
    house: House, raised: int
) -> None:
    await lane_and_bollard(house)
    await somebody(house, "fire1", HolderKind.RESPONDER)
    await vehicles.register(house.site, vehicles.Wanted(VehicleKind.REGISTERED, "沪F99999", "fire1"), "officer-1")
    await level(house, raised)

    done = (await typed(house, "沪F99999")).done

    (opening,) = openings.open_ones(house.site)
    assert (done.outcome, done.reason) == (Outcome.GRANT, Reason.OK_RESPONDER)
    assert (opening.portal, opening.kind, opening.by) == ("north-vehicle", OpeningKind.RESPONDER, "guard-1")
    await house.settle()
    assert (alarms.RESPONDER_ENTERED, "north-vehicle") in house.site.alarms.by_cause
    with pytest.raises(NotYours):
        await openings.dispose(house.site, opening.id, "false_alarm", "guard-1")


async def test_a_typed_plate_asks_no_second_person_of_others_or_at_the_normal_level(house: House) -> None:
    await lane_and_bollard(house)
    await somebody(house, "fire1", HolderKind.RESPONDER)
    await vehicles.register(house.site, vehicles.Wanted(VehicleKind.REGISTERED, "沪F99999", "fire1"), "officer-1")

    responder, staff = await typed(house, "沪F99999"), await typed(house, TRUE)
    await level(house, 2)
    refused = await typed(house, "沪F99999", frozenset())
    raised = await typed(house, TRUE)

    assert [one.done.reason for one in (responder, staff, raised)] == [Reason.OK_RESPONDER, Reason.OK, Reason.OK]
    assert refused.done.outcome is Outcome.DENY and openings.open_ones(house.site) == []


async def test_a_picture_is_dropped_when_its_vehicle_neither_waits_nor_can_be_let_in_late(house: House) -> None:
    now = house.clock.now()
    lane = await lane_and_bollard(house)
    id = await shown(house, lane, MISREAD)
    picture = Picture(now, "c-1", b"jpeg")
    house.site.wait_pictures[id] = house.site.wait_pictures["lane:gone"] = picture

    await late.forget_pictures(house.site)
    while_it_waits = set(house.site.wait_pictures)
    waiting = house.site.waits.pop(id)
    house.site.late[id] = TooLate(waiting, now)
    await late.forget_pictures(house.site)
    while_it_is_late = set(house.site.wait_pictures)
    house.clock.go_on(late.WITHIN.total_seconds() + 1)
    await late.forget_pictures(house.site)

    assert (while_it_waits, while_it_is_late, set(house.site.wait_pictures)) == ({id}, {id}, set())
    if waiting.timer is not None:
        waiting.timer.cancel()
