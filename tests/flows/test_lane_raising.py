"""A bollard is raised only over a lane that is seen clear; an emergency raise takes two steps and latches."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from devices.messages import Action, EfoPressed, Impact, Panic, PlateSeen, Presence, PresenceChanged
from devices.messages import Direction as Way
from gateway.core.lanes import Origin
from gateway.flows import alarms, command
from gateway.flows.command import CommandNotPossible
from gateway.flows.ports import Unit
from tests.flows.conftest import House
from tests.flows.lane_scene import lane_and_bollard, reading, seen_clear, told


async def refused(house: House, action: str = "raise", reason: str = "test", **how: Any) -> str:
    with pytest.raises(CommandNotPossible) as why:
        await command.send(house.site, "bollard", action, reason, "guard-1", **how)
    return why.value.code


async def test_a_raise_is_sent_only_over_a_lane_that_living_sensors_have_seen_clear_for_a_second(house: House) -> None:
    """S4, at the gateway: present, unknown, frozen, silent or not for long enough is refused (F04)."""
    _, bollard = await lane_and_bollard(house)
    assert await refused(house) == "interlock"
    await bollard.heartbeat(reading())
    assert await refused(house) == "interlock"  # clear, but not for a second yet
    house.clock.go_on(0.9)
    await bollard.heartbeat(reading())
    assert await refused(house) == "interlock"

    for loop, word in itertools.product(("vehicle", "pedestrian"), ("present", "unknown")):
        await seen_clear(house, bollard)
        await bollard.heartbeat(reading(**{loop: word}))
        assert await refused(house) == "interlock"
    await seen_clear(house, bollard)
    house.clock.go_on(2.1)
    assert await refused(house) == "interlock"
    await seen_clear(house, bollard)
    frozen = reading()
    for _ in range(5):
        await bollard.heartbeat(frozen)
        house.clock.go_on(0.5)
    assert await refused(house) == "interlock"
    assert told(house) == []

    await seen_clear(house, bollard)
    await command.send(house.site, "bollard", "raise", "test", "guard-1")
    assert told(house) == [Action.RAISE]


async def test_somebody_who_steps_in_while_the_record_is_written_keeps_the_bollard_down(house: House) -> None:
    _, bollard = await lane_and_bollard(house)
    await seen_clear(house, bollard)
    commit = house.site.ledger.commit

    async def and_somebody_comes(unit: Unit, within_s: float | None = None) -> Any:
        written = await commit(unit, within_s)
        if unit.entries[0].kind == "command":
            await bollard.heartbeat(reading(pedestrian="present"))
        return written

    house.site.ledger.commit = and_somebody_comes  # type: ignore[method-assign]

    assert await refused(house) == "interlock"
    assert told(house) == []
    (row,) = await house.rows("command")
    assert (await command.status(house.site, "bollard", row["command"]))["state"] == "refused"


async def test_the_gateway_never_raises_by_itself(house: House) -> None:
    """S6, S7: neither for a carried-out grant nor for nobody, though the lane is clear."""
    _, bollard = await lane_and_bollard(house)
    await seen_clear(house, bollard)

    for origin in (Origin.GRANT, Origin.NOBODY):
        for action in ("raise", "efo"):
            assert await refused(house, action, origin=origin) == "nothing_by_itself"
    assert await refused(house, "lower", origin=Origin.NOBODY) == "nothing_by_itself"
    for _ in range(30):
        await house.look()
        await bollard.heartbeat(reading())
        house.clock.go_on(1)
    assert told(house) == []


async def test_what_a_detection_tells_moves_no_barrier(house: House) -> None:
    """S7, F07: a plate in passing, an impact, people and vehicles at the loops, a panic button."""
    lane, bollard = await lane_and_bollard(house)
    await lane.event("plate", PlateSeen(plate="京A12345", confidence=0.99, direction=Way.IN))
    await seen_clear(house, bollard)
    await bollard.event("impact", Impact(g=9.0))
    await bollard.event("presence", PresenceChanged(vehicle=Presence.PRESENT, pedestrian=Presence.CLEAR, counter=99))
    await house.hand("panel").event("panic", Panic(location="desk"))
    for _ in range(5):
        await house.look()
        house.clock.go_on(1)
    await house.settle()

    assert told(house) == []


async def test_an_emergency_raise_takes_two_steps_of_the_same_person_within_ten_seconds(house: House) -> None:
    _, bollard = await lane_and_bollard(house)
    await bollard.heartbeat(reading("present"))
    for _ in range(4):
        await bollard.heartbeat(reading("present"))
        house.clock.go_on(0.4)

    assert await refused(house, "efo") == "confirm"
    assert await refused(house, "efo", confirm="guessed") == "confirm"
    word = await command.arm(house.site, "bollard", "a lorry", "guard-1")
    with pytest.raises(CommandNotPossible):
        await command.send(house.site, "bollard", "efo", "a lorry", "guard-2", confirm=word)
    await command.send(house.site, "bollard", "efo", "a lorry", "guard-1", confirm=word)

    assert told(house) == [Action.EFO]
    assert await refused(house, "efo", confirm=word) == "confirm"  # a word is good once
    late = await command.arm(house.site, "bollard", "a lorry", "guard-1")
    for _ in range(26):
        house.clock.go_on(0.4)
        await bollard.heartbeat(reading("present"))
    assert await refused(house, "efo", confirm=late) == "confirm"
    assert [row["by"] for row in await house.rows("efo_armed")] == ["guard-1", "guard-1"]


async def test_an_emergency_raise_over_somebody_on_foot_is_not_even_armed(house: House) -> None:
    _, bollard = await lane_and_bollard(house)
    for _ in range(4):
        await bollard.heartbeat(reading(pedestrian="present"))
        house.clock.go_on(0.4)

    with pytest.raises(CommandNotPossible) as why:
        await command.arm(house.site, "bollard", "a lorry", "guard-1")

    assert why.value.code == "interlock" and told(house) == []


async def test_an_emergency_raise_latches_over_a_restart_until_its_reset_is_carried_out(house: House) -> None:
    lane, bollard = await lane_and_bollard(house)
    await seen_clear(house, bollard)
    word = await command.arm(house.site, "bollard", "a lorry", "guard-1")
    await command.send(house.site, "bollard", "efo", "a lorry", "guard-1", confirm=word)
    await house.restart()  # before the bollard has answered
    await lane.status()
    await bollard.status()
    await seen_clear(house, bollard)
    assert await refused(house, "raise") == await refused(house, "lower") == "efo_latched"
    _, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None
    await lane.result(granted.id)
    await house.settle()
    assert told(house) == [Action.EFO] and (alarms.COMMAND_FAILED, "bollard", "unacknowledged") in house.alarms

    reset = await command.send(house.site, "bollard", "lower", "efo_reset", "guard-1")
    assert await refused(house, "lower") == "efo_latched"  # asked for is not done
    await bollard.result(reset)

    assert await refused(house, "lower", "efo_reset") == "not_latched"
    await house.restart()
    await bollard.status()
    await command.send(house.site, "bollard", "lower", "test", "guard-1")
    assert told(house) == [Action.EFO, Action.LOWER, Action.LOWER]


async def test_an_emergency_raise_that_the_bollard_refused_latches_nothing(house: House) -> None:
    _, bollard = await lane_and_bollard(house)
    await seen_clear(house, bollard)
    word = await command.arm(house.site, "bollard", "a lorry", "guard-1")
    id = await command.send(house.site, "bollard", "efo", "a lorry", "guard-1", confirm=word)

    await bollard.result(id, "refused", "interlock")

    assert not bollard.device.efo_latched


async def test_the_red_button_at_the_bollard_latches_it_too(house: House) -> None:
    _, bollard = await lane_and_bollard(house)
    await bollard.event("efo_pressed", EfoPressed())
    await house.settle()

    assert await refused(house, "lower") == "efo_latched"
    await house.restart()
    await bollard.status()
    assert await refused(house, "lower") == "efo_latched"
