"""Who is inside, counted: with every passage, over a restart, in the zones around, up to the capacity."""

from __future__ import annotations

import pytest

from devices.messages import Direction as Way
from devices.messages import Passage
from gateway.core.kinds import PresenceState
from gateway.flows import occupancy
from gateway.flows.enrolment import Place
from tests.flows.conftest import Hand, House
from tests.flows.door_scene import person, rewrite, said


async def goes(house: House, hand: Hand, card: str, way: str = "in") -> None:
    """Taps, and really goes through."""
    tap, command = await hand.tap(card, way)
    assert said(command)[0] == "grant"
    await hand.event("passage", Passage(tap=tap, direction=Way(way)))
    await house.settle()


def counted(house: House) -> dict[str, int]:
    return {zone: number for zone, number in house.site.inside.items() if number}


async def test_a_passage_moves_the_count_of_the_zone_and_all_around_it(house: House) -> None:
    gate, door, exit_ = house.hand("gate"), house.hand("door"), house.hand("exit")
    await goes(house, gate, "STAFF1")
    await goes(house, gate, "STUDENT2")
    await goes(house, door, "STUDENT2")

    inside = {"site": 2, "campus": 2, "dorm-1": 1}
    assert counted(house) == inside
    await house.restart()
    assert counted(house) == inside
    await goes(house, door, "STUDENT2", "out")
    await goes(house, exit_, "STAFF1", "out")
    assert counted(house) == {"site": 1, "campus": 1}


async def test_the_counts_are_what_presence_says_whatever_happens(house: House) -> None:
    gate, door, exit_ = house.hand("gate"), house.hand("door"), house.hand("exit")
    house.clock.set(17)
    steps = [(gate, "STAFF1", "in"), (gate, "STAFF1", "in"), (door, "STUDENT2", "in"), (exit_, "STUDENT2", "out"),
             (gate, "STUDENT1", "in"), (exit_, "STAFF1", "out"), (exit_, "STAFF1", "out")]  # fmt: skip
    for hand, card, way in steps:
        await goes(house, hand, card, way)

        moved = dict(house.site.inside)
        await occupancy.load(house.site)
        assert counted(house) == {zone: number for zone, number in moved.items() if number}


async def test_a_full_zone_is_full_at_the_very_next_tap_and_free_when_somebody_leaves(house: House) -> None:
    room = "id: control-room\n    kind: restricted\n"
    await rewrite(house, (room, f"{room}    capacity: 1\n"))
    house.folder.import_people("g2,Lan Wu,service,staff;security,GUARD2,,,,")
    await house.look()
    control = house.hand("control")
    await goes(house, control, "GUARD1")

    assert said((await control.tap("GUARD2"))[1]) == ("deny", "zone_full")
    await goes(house, control, "GUARD1", "out")
    assert said((await control.tap("GUARD2"))[1]) == ("grant", "ok")


async def test_an_exit_that_nobody_was_read_at_leaves_all_who_were_there_uncertain_and_nobody_deeper(
    house: House,
) -> None:
    gate, door, exit_ = house.hand("gate"), house.hand("door"), house.hand("exit")
    for hand, card in ((gate, "STAFF1"), (gate, "STUDENT2"), (door, "STUDENT2")):
        await goes(house, hand, card)
    await exit_.status()
    house.clock.go_on(1)

    await exit_.event("passage", Passage(tap=None, direction=Way.OUT))
    await house.settle()

    def states() -> dict[str, PresenceState]:
        return {id: house.site.presence[person(house, id).ref].state for id in ("t1", "s2")}

    expected = {"t1": PresenceState.UNCERTAIN, "s2": PresenceState.INSIDE}
    assert states() == expected
    assert counted(house) == {"site": 1, "campus": 1, "dorm-1": 1}
    (row,) = await house.rows("presence_uncertain")
    assert row == {"zone": "campus", "portal": "north-out", "people": 1}
    await house.restart()
    assert states() == expected and counted(house) == {"site": 1, "campus": 1, "dorm-1": 1}
    zones = {one.zone: (one.inside, one.uncertain) for one in occupancy.counts(house.site)}
    assert zones["campus"] == (1, 1) and zones["dorm-1"] == (1, 0) and "site" not in zones


async def test_who_came_in_after_an_unread_exit_that_is_told_late_is_still_inside(house: House) -> None:
    gate, exit_ = house.hand("gate"), house.hand("exit")
    await exit_.status()
    left_at = house.clock.now()
    house.clock.go_on(600)
    await exit_.status()
    await goes(house, gate, "STAFF1")

    passage = Passage(tap=None, direction=Way.OUT)
    house.clock.go_on(-600)
    assert house.clock.now() == left_at
    event = exit_.event("passage", passage)
    await event
    house.clock.go_on(600)
    await house.settle()

    assert house.site.presence[person(house, "t1").ref].state is PresenceState.INSIDE


@pytest.mark.parametrize("direction", ["in", "out"])
async def test_a_holder_who_was_erased_is_counted_nowhere(house: House, direction: str) -> None:
    gate = house.hand("gate" if direction == "in" else "exit")
    house.folder.enrol_all([("reader", "spare", Place("north-in", None))])
    tap, _ = await gate.tap("STAFF1", direction)
    directory = house.site.directory
    ref = person(house, "t1").ref
    people = {key: one for key, one in directory.holders.items() if key != ref}
    house.site._world = house.site._as_world(type(directory)(directory.version, people, directory.credentials))

    await gate.event("passage", Passage(tap=tap, direction=Way(direction)))
    await house.settle()

    assert ref not in house.site.presence and counted(house) == {}
