"""A vehicle lane: the bollard goes down after the lane has carried its grant out, once, and not for anything else."""

from __future__ import annotations

import pytest

from devices.messages import Action, Presence, PresenceReading
from gateway.flows import alarms, command
from gateway.flows.command import CommandNotPossible
from tests.flows.conftest import Hand, House

CLEAR = PresenceReading(vehicle=Presence.CLEAR, pedestrian=Presence.CLEAR, counter=1)


async def lane_and_bollard(house: House) -> tuple[Hand, Hand]:
    lane, bollard = house.hand("lane"), house.hand("bollard")
    await lane.status()
    await bollard.status()
    return lane, bollard


def told(house: House) -> list[Action]:
    return [command.action for command in house.courier.commands("bollard")]


async def test_the_bollard_goes_down_only_after_the_lane_has_said_executed(house: House) -> None:
    lane, bollard = await lane_and_bollard(house)
    tap, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None and granted.action is Action.GRANT
    assert told(house) == []

    await lane.result(granted.id)

    (lower,) = house.courier.commands("bollard")
    assert (lower.action, lower.reason, lower.challenge) == (
        Action.LOWER, "authorised_vehicle", bollard.device.challenge,
    )  # fmt: skip
    (row,) = await house.rows("command")
    assert (row["device"], row["action"], row["by"]) == ("bollard", "lower", f"tap:lane:{tap}")


async def test_the_first_result_counts_and_a_second_one_lowers_nothing(house: House) -> None:
    lane, _ = await lane_and_bollard(house)
    _, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None

    await lane.result(granted.id, "refused", "late")
    await lane.result(granted.id, "executed")

    assert told(house) == []
    _, again = await lane.tap("京A12345", "in", "plate")
    assert again is not None
    for _ in range(3):
        await lane.result(again.id, "executed")
    assert told(house) == [Action.LOWER]


@pytest.mark.parametrize("plate", ["京Z00000", "STAFF1"])
async def test_a_plate_that_is_refused_lowers_nothing(house: House, plate: str) -> None:
    lane, _ = await lane_and_bollard(house)
    _, refused = await lane.tap(plate, "in", "plate")
    assert refused is not None and refused.action is Action.DENY

    await lane.result(refused.id)

    assert told(house) == []


async def test_a_result_for_a_command_that_nobody_gave_lowers_nothing(house: House) -> None:
    lane, _ = await lane_and_bollard(house)

    await lane.result("made-up")

    assert told(house) == []


async def test_a_bollard_that_cannot_be_told_is_an_alarm_and_nothing_is_recorded_as_sent(house: House) -> None:
    lane = house.hand("lane")
    await lane.status()
    _, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None

    await lane.result(granted.id)
    await house.settle()

    assert told(house) == []
    assert await house.rows("command") == []
    assert (alarms.COMMAND_FAILED, "bollard", "unacknowledged") in house.alarms


async def test_nothing_goes_down_because_of_a_restart(house: House) -> None:
    lane, bollard = await lane_and_bollard(house)
    _, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None
    await house.restart()
    await lane.status()
    await bollard.status()
    await house.look()

    assert told(house) == []


async def test_a_raise_is_sent_only_over_a_lane_that_was_just_seen_clear(house: House) -> None:
    _, bollard = await lane_and_bollard(house)
    with pytest.raises(CommandNotPossible) as nothing_seen:
        await command.send(house.site, "bollard", "raise", "test", "guard-1")
    assert nothing_seen.value.code == "interlock"

    for reading in (
        PresenceReading(vehicle=Presence.PRESENT, pedestrian=Presence.CLEAR, counter=2),
        PresenceReading(vehicle=Presence.CLEAR, pedestrian=Presence.UNKNOWN, counter=3),
    ):
        await bollard.heartbeat(reading)
        with pytest.raises(CommandNotPossible):
            await command.send(house.site, "bollard", "raise", "test", "guard-1")

    await bollard.heartbeat(CLEAR)
    house.clock.go_on(2.1)
    with pytest.raises(CommandNotPossible):
        await command.send(house.site, "bollard", "raise", "test", "guard-1")
    assert told(house) == []

    await bollard.heartbeat(CLEAR)
    await command.send(house.site, "bollard", "raise", "test", "guard-1")
    assert told(house) == [Action.RAISE]


async def test_no_command_is_sent_to_a_device_whose_challenge_is_old(house: House) -> None:
    _, bollard = await lane_and_bollard(house)
    house.clock.go_on(10.5)

    with pytest.raises(CommandNotPossible) as away:
        await command.send(house.site, "bollard", "lower", "test", "guard-1")

    assert away.value.code == "device_away"
    await bollard.heartbeat(CLEAR)
    await command.send(house.site, "bollard", "lower", "test", "guard-1")
    assert told(house) == [Action.LOWER]


async def test_what_became_of_a_command_is_what_the_device_said_first(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    sent = await command.send(house.site, "gate", "unlock", "delivery", "guard-1")
    assert (await command.status(house.site, "gate", sent))["state"] == "issued"
    house.clock.go_on(6)
    assert (await command.status(house.site, "gate", sent))["state"] == "no_answer"

    await gate.result(sent, "executed")
    await gate.result(sent, "refused", "replayed")

    assert (await command.status(house.site, "gate", sent))["state"] == "executed"


async def test_a_command_without_an_answer_is_never_a_success(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    sent = await command.send(house.site, "gate", "unlock", "delivery", "guard-1")

    house.clock.go_on(13)

    assert (await command.status(house.site, "gate", sent))["state"] == "expired"


async def test_a_command_found_retained_is_cleared_also_where_it_was_carried_out_once(house: House) -> None:
    """Somebody who listened keeps yesterday's unlock and lays it at the broker."""
    gate = house.hand("gate")
    await gate.status()
    sent = await command.send(house.site, "gate", "unlock", "delivery", "guard-1")
    await gate.result(sent, "executed")
    house.courier.kept["gate", "command"] = b"yesterday's unlock"

    await gate.result(sent, "refused", "retained")
    await house.settle()

    assert ("gate", "command") not in house.courier.kept
    assert (alarms.RETAINED_COMMAND, "gate", "unacknowledged") in house.alarms
    assert (await command.status(house.site, "gate", sent))["state"] == "executed"
