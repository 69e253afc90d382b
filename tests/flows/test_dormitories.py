"""Dormitories: late is recorded, leaving at night alarms, the evening's list is made once, and nobody is refused."""

from __future__ import annotations

from dataclasses import replace

from devices.messages import Access, AccessOutcome, CredentialToken, ExitButton, Passage
from devices.messages import CredentialKind as Shown
from devices.messages import Direction as Way
from gateway.core.kinds import Profile
from gateway.flows import dormitories
from tests.flows.conftest import House
from tests.flows.door_scene import moved_to, person, said
from tests.flows.test_occupancy import goes

BOARDERS = (
    "b1,An Qi,student,students;boarders,BOARDER1,,dorm-1,,",
    "b2,Fei Gu,student,students;boarders,BOARDER2,,dorm-1,,",
)
LATE = ("late_exit", "dorm-1", "unacknowledged")


async def with_boarders(house: House) -> None:
    house.folder.import_people(*BOARDERS)
    await house.look()


async def test_a_resident_who_is_late_comes_in_at_the_gate_and_at_home_and_it_is_recorded(house: House) -> None:
    moved_to(house, 23, 30)

    assert said((await house.hand("gate").tap("STUDENT2"))[1]) == ("grant", "ok_late_return")
    assert said((await house.hand("door").tap("STUDENT2"))[1]) == ("grant", "ok_late_return")


async def test_a_pupil_who_leaves_after_curfew_leaves_and_the_manager_hears_of_it_at_once(house: House) -> None:
    door = house.hand("door")
    moved_to(house, 23)

    tap, answer = await door.tap("STUDENT2", "out")
    await house.settle()

    assert said(answer) == ("grant", "ok_exit")
    assert LATE in house.alarms
    (row,) = await house.rows("late_exit")
    assert (row["zone"], row["tap"], row["holder"]) == ("dorm-1", tap, person(house, "s2").ref)
    assert "Hong Wang" not in str([alarm.detail for alarm in house.site.alarms.by_id.values()])


async def test_who_leaves_unread_or_past_a_silent_gateway_is_told_too(house: House) -> None:
    door = house.hand("door")
    await door.status()
    moved_to(house, 2, days=1)
    await door.event("exit_button", ExitButton())
    await door.event("passage", Passage(tap=None, direction=Way.OUT))
    await house.settle()
    assert LATE in house.alarms

    shown = CredentialToken(kind=Shown.CARD, token="0" * 32)
    alone = Access(
        tap="unseen", credential=shown, direction=Way.OUT, outcome=AccessOutcome.GRANT, reason="ok_exit", posture=None
    )
    await door.event("access", alone)
    await house.settle()

    assert [row["tap"] for row in await house.rows("late_exit")] == [None, "unseen"]


async def test_staff_by_night_and_pupils_by_day_leave_without_an_alarm(house: House) -> None:
    door = house.hand("door")
    await door.tap("STUDENT2", "out")
    moved_to(house, 23)
    await door.tap("GUARD1", "out")
    await house.hand("exit").tap("STAFF1", "out")
    await house.settle()

    assert house.alarms == set()


async def test_a_university_does_not_watch_who_leaves_at_night(house: House) -> None:
    house.site.campus = replace(house.site.campus, profile=Profile.UNIVERSITY)
    moved_to(house, 23)

    await house.hand("door").tap("STUDENT2", "out")
    await house.settle()

    assert house.alarms == set()


async def test_the_evenings_list_names_by_building_who_is_not_surely_home(house: House) -> None:
    await with_boarders(house)
    gate, door = house.hand("gate"), house.hand("door")
    await door.status()
    await goes(house, gate, "STUDENT2")
    await goes(house, door, "STUDENT2")
    await goes(house, gate, "BOARDER1")
    await goes(house, door, "BOARDER1")
    house.clock.go_on(1)
    await door.event("passage", Passage(tap=None, direction=Way.OUT))  # one of the two, or somebody else
    await goes(house, door, "STUDENT2")
    moved_to(house, 22, 59)
    await house.look()
    assert await house.rows("not_returned_list") == []

    moved_to(house, 23)
    for _ in range(3):
        await house.look()
    await house.restart()
    await house.look()

    rows = {row["zone"]: row for row in await house.rows("not_returned_list")}
    assert len(await house.rows("not_returned_list")) == len(rows) == 3
    assert rows["dorm-1"] == {
        "zone": "dorm-1",
        "residents": 3,
        "not_returned": [person(house, "b2").ref],
        "uncertain": [person(house, "b1").ref],
    }
    assert [one.holder.id for one in dormitories.not_returned(house.site, "dorm-1")] == ["b1", "b2"]
    assert [one.holder.id for one in dormitories.residents(house.site, "dorm-1") if one.is_in] == ["s2"]


async def test_the_list_of_an_evening_that_was_slept_through_is_made_within_six_hours_or_not_at_all(
    house: House,
) -> None:
    moved_to(house, 6, days=1)
    await house.look()
    assert await house.rows("not_returned_list") == []

    moved_to(house, 1, days=1)
    await house.look()

    keys = {row.key for row in await house.all_rows() if row.kind == "not_returned_list"}
    assert keys == {f"d:not-returned:dorm-{n}:2026-11-24" for n in (1, 2, 3)}


async def test_a_building_whose_boarders_are_not_back_is_one_alarm_until_all_are(house: House) -> None:
    await with_boarders(house)
    moved_to(house, 17)
    gate, door = house.hand("gate"), house.hand("door")
    await gate.status()
    await door.status()
    exit_ = house.hand("exit")
    await exit_.status()
    for card in ("BOARDER1", "BOARDER2"):
        await goes(house, gate, card)
        await goes(house, exit_, card, "out")
    moved_to(house, 23)
    await house.look()
    await house.restart()
    door = house.hand("door")
    await door.status()

    missing = house.alarms
    await goes(house, door, "BOARDER1")
    await house.look()
    one_back = house.alarms
    await goes(house, door, "BOARDER2")
    await house.look()

    late = ("late_return", "dorm-1")
    assert (*late, "unacknowledged") in missing and (*late, "unacknowledged") in one_back
    assert len([one for one in missing if one[0] == "late_return"]) == 1
    assert (*late, "returned") in house.alarms
