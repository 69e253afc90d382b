"""Anti-passback: refused at the door, forgiven by a guard and at a set hour; leaving is never refused."""

from __future__ import annotations

from gateway.flows import anti_passback
from tests.flows.conftest import House
from tests.flows.door_scene import moved_to, person, rewrite, said
from tests.flows.test_occupancy import counted, goes


async def hard(house: House, word: str = "hard") -> None:
    gate = "gate: north\n    directions: [in]"
    await rewrite(house, (gate, f"gate: north\n    anti_passback: {word}\n    directions: [in]"))


async def test_who_is_inside_already_does_not_come_in_again_until_a_guard_forgives(house: House) -> None:
    await hard(house)
    gate = house.hand("gate")
    await goes(house, gate, "STAFF1")
    assert said((await gate.tap("STAFF1"))[1]) == ("deny", "already_inside")

    await anti_passback.forgive(house.site, "t1", "u-guard")

    assert said((await gate.tap("STAFF1"))[1]) == ("grant", "ok")
    (row,) = await house.rows("presence_forgiven")
    assert row == {"holder": person(house, "t1").ref, "zone": "campus", "by": "u-guard"}
    await house.restart()
    assert said((await gate.tap("STAFF1"))[1]) == ("grant", "ok")


async def test_the_soft_one_only_notices(house: House) -> None:
    await hard(house, "soft")
    gate = house.hand("gate")
    await goes(house, gate, "STAFF1")

    tap, again = await gate.tap("STAFF1")

    assert said(again) == ("grant", "ok")
    (row,) = [one for one in await house.rows("decision") if one["tap"] == tap]
    assert ["presence", "notice", "already_inside"] in row["trace"]


async def test_leaving_is_never_refused_for_it_however_often(house: House) -> None:
    await hard(house)
    gate, exit_ = house.hand("gate"), house.hand("exit")
    await goes(house, gate, "STAFF1")

    answers = [said((await exit_.tap("STAFF1", "out"))[1])[0] for _ in range(3)]

    assert answers == ["grant"] * 3


async def test_at_the_set_hour_everybody_is_forgiven_once_but_who_sleeps_in_their_building(house: House) -> None:
    await hard(house)
    gate, door = house.hand("gate"), house.hand("door")
    for hand, card in ((gate, "STAFF1"), (gate, "STUDENT2"), (door, "STUDENT2")):
        await goes(house, hand, card)
    moved_to(house, 3, 59, days=1)
    await house.look()
    assert counted(house) == {"site": 2, "campus": 2, "dorm-1": 1}

    moved_to(house, 4)
    for _ in range(3):
        await house.look()

    assert counted(house) == {"site": 1, "campus": 1, "dorm-1": 1}
    assert [row["people"] for row in await house.rows("presence_forgiven_all")] == [1]
    assert said((await gate.tap("STAFF1"))[1]) == ("grant", "ok")
    await goes(house, gate, "STAFF1")
    await house.restart()
    await house.look()
    assert said((await gate.tap("STAFF1"))[1]) == ("deny", "already_inside")


async def test_a_gateway_that_slept_through_the_hour_forgives_when_it_wakes_and_not_half_a_day_later(
    house: House,
) -> None:
    gate = house.hand("gate")
    await goes(house, gate, "STAFF1")
    moved_to(house, 10, 1, days=1)
    await house.look()
    assert counted(house) == {"site": 1, "campus": 1}

    moved_to(house, 9, 59, days=1)
    await house.look()

    assert counted(house) == {}


async def test_while_the_clock_is_in_doubt_nobody_is_forgiven(house: House) -> None:
    gate = house.hand("gate")
    await goes(house, gate, "STAFF1")
    moved_to(house, 4, 30, days=1)
    house.site.trusted_until = house.clock.now()

    await house.look()

    assert counted(house) == {"site": 1, "campus": 1}
