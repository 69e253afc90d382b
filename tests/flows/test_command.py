"""A command of a person: sent by a fresh challenge, and only what the device itself said first has become of it."""

from __future__ import annotations

import pytest

from devices.messages import Action
from gateway.flows import alarms, command
from gateway.flows.command import CommandNotPossible
from tests.flows.conftest import House
from tests.flows.lane_scene import lane_and_bollard, reading, told


async def test_no_command_is_sent_to_a_device_whose_challenge_is_old(house: House) -> None:
    _, bollard = await lane_and_bollard(house)
    house.clock.go_on(10.5)

    with pytest.raises(CommandNotPossible) as away:
        await command.send(house.site, "bollard", "lower", "test", "guard-1")

    assert away.value.code == "device_away"
    await bollard.heartbeat(reading())
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
