"""A bollard that takes the word for stale, as right after a start of the gateway, hears it once more and no more."""

from __future__ import annotations

from devices.messages import Action
from gateway.core.papers import EmergencyKind
from gateway.flows import alarms, command, emergencies
from tests.flows.conftest import Hand, House
from tests.flows.lane_scene import lane_and_bollard, reading, told


async def granted_and_taken_for_stale(house: House) -> tuple[Hand, Hand]:
    """A vehicle was let in, and the bollard has refused to go down for it: the challenge was an old one."""
    lane, bollard = await lane_and_bollard(house)
    _, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None
    await lane.result(granted.id)
    (lower,) = house.courier.commands("bollard")
    await bollard.result(lower.id, "refused", "stale")
    return lane, bollard


async def heard(house: House, bollard: Hand) -> None:
    """The bollard speaks, and whatever hangs on that is done."""
    await bollard.heartbeat(reading())
    await house.site.finish()


async def test_it_is_told_once_more_by_its_next_challenge_for_the_same_vehicle(house: House) -> None:
    _, bollard = await granted_and_taken_for_stale(house)
    assert told(house) == [Action.LOWER]

    await heard(house, bollard)
    await heard(house, bollard)

    first, second = house.courier.commands("bollard")
    assert (second.action, second.challenge != first.challenge, second.id != first.id) == (Action.LOWER, True, True)
    causes = [row["by"] for row in await house.rows("command")]
    assert causes[0] == causes[1]


async def test_one_that_takes_nothing_for_fresh_is_an_alarm_and_not_told_for_ever(house: House) -> None:
    _, bollard = await granted_and_taken_for_stale(house)
    await heard(house, bollard)

    await bollard.result(house.courier.commands("bollard")[-1].id, "refused", "stale")
    await heard(house, bollard)

    assert told(house) == [Action.LOWER] * 2
    assert (alarms.COMMAND_FAILED, "bollard") in house.site.alarms.by_cause


async def test_one_that_speaks_only_when_the_vehicle_has_given_up_stays_up(house: House) -> None:
    _, bollard = await granted_and_taken_for_stale(house)

    house.clock.go_on(11.0)
    await heard(house, bollard)

    assert told(house) == [Action.LOWER]


async def test_an_emergency_that_came_meanwhile_holds_it(house: House) -> None:
    _, bollard = await granted_and_taken_for_stale(house)
    await emergencies.start(house.site, EmergencyKind.LOCKDOWN, (), "a test", "guard")

    await heard(house, bollard)

    assert told(house) == [Action.LOWER]


async def test_a_person_who_lowered_it_by_hand_gives_the_word_again_themselves(house: House) -> None:
    _, bollard = await lane_and_bollard(house)
    await command.send(house.site, "bollard", "lower", "authorised_vehicle", "guard-1")

    await bollard.result(house.courier.commands("bollard")[-1].id, "refused", "stale")
    await heard(house, bollard)

    assert told(house) == [Action.LOWER]
