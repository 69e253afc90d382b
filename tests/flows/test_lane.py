"""A vehicle lane: the bollard goes down after the lane has carried its grant out, once, and not for anything else."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from devices.messages import (
    Action,
    BollardMode,
    BollardPosition,
    EfoPressed,
    Frame,
    Impact,
    Panic,
    PlateSeen,
    Position,
    Presence,
    PresenceChanged,
    PresenceReading,
)
from devices.messages import Direction as Way
from gateway.core.kinds import Direction
from gateway.core.lanes import Origin
from gateway.core.papers import EmergencyKind, OpeningKind
from gateway.flows import alarm_acts, alarms, command, emergencies, openings, waiting
from gateway.flows.command import CommandNotPossible
from gateway.flows.frames import frame
from gateway.flows.ports import Unit
from tests.flows.conftest import Hand, House
from tests.flows.door_scene import level, moved_to, rewrite


def reading(vehicle: str = "clear", pedestrian: str = "clear", counter: int | None = None) -> PresenceReading:
    """What the loops say; the counter advances by itself."""
    number = next(COUNTER) if counter is None else counter
    return PresenceReading(vehicle=Presence(vehicle), pedestrian=Presence(pedestrian), counter=number)


COUNTER = itertools.count(1)


async def seen_clear(house: House, bollard: Hand) -> None:
    """Both loops have been clear for more than a second, on living sensors."""
    for _ in range(4):
        await bollard.heartbeat(reading())
        house.clock.go_on(0.4)


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
async def test_a_plate_that_nobody_has_waits_for_the_guard_and_lowers_nothing(house: House, plate: str) -> None:
    lane, _ = await lane_and_bollard(house)
    _, waits = await lane.tap(plate, "in", "plate")
    assert waits is not None and waits.action is Action.WAIT

    await lane.result(waits.id)

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


async def test_a_grant_that_is_carried_out_after_a_restart_still_lowers_the_bollard_once(house: House) -> None:
    lane, bollard = await lane_and_bollard(house)
    tap, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None
    await house.restart()
    await lane.status()
    await bollard.status()
    assert told(house) == []

    for _ in range(3):
        await lane.result(granted.id)

    assert told(house) == [Action.LOWER]
    (row,) = await house.rows("command")
    assert row["by"] == f"tap:lane:{tap}"
    await house.restart()
    await lane.status()
    await bollard.status()
    await lane.result(granted.id)
    assert told(house) == [Action.LOWER]


@pytest.mark.parametrize("how", ["waiting", "one touch"])
async def test_a_guards_word_lowers_the_bollard_as_a_plate_does(house: House, how: str) -> None:
    lane, _ = await lane_and_bollard(house)
    if how == "waiting":
        await level(house, 2)
        tap, waits = await lane.tap("京A12345", "in", "plate")
        assert waits is not None and waits.action is Action.WAIT
        given = await waiting.answer(house.site, f"lane:{tap}", "grant", "u-guard")
    else:
        given = await command.send(house.site, "lane", "grant", "fire engine", "u-guard")
    assert told(house) == []

    await lane.result(given)

    assert told(house) == [Action.LOWER]


async def lane_in_an_emergency(house: House) -> Hand:
    """Both devices there, with the posture of an evacuation."""
    await lane_and_bollard(house)
    await emergencies.start(house.site, EmergencyKind.EVACUATE, (), "gas", "leader-1")
    return await lane_followed(house)


async def lane_followed(house: House) -> Hand:
    for name in ("lane", "bollard"):
        hand = house.hand(name)
        hand.posture = house.courier.posture(name).version
        await hand.status()
    return house.hand("lane")


async def by_hand(house: House, kind: OpeningKind) -> str:
    done, _ = await openings.open_for(
        house.site, portal="north-vehicle", direction=Direction.IN, kind=kind, by="guard-1"
    )
    assert done.command is not None
    return done.command


@pytest.mark.parametrize("restarted", [False, True])
async def test_in_an_emergency_one_touch_for_the_fire_engine_lowers_the_bollard_over_a_restart_too(
    house: House, restarted: bool
) -> None:
    lane = await lane_in_an_emergency(house)
    given = await by_hand(house, OpeningKind.RESPONDER)
    if restarted:
        await house.restart()
        lane = await lane_followed(house)

    await lane.result(given)

    assert told(house) == [Action.LOWER]
    assert (alarms.COMMAND_FAILED, "bollard") not in house.site.alarms.by_cause


@pytest.mark.parametrize("restarted", [False, True])
async def test_in_an_emergency_a_shelter_for_people_on_foot_leaves_the_bollard_up(
    house: House, restarted: bool
) -> None:
    await lane_and_bollard(house)
    await emergencies.start(house.site, EmergencyKind.LOCKDOWN, (), "a stranger", "leader-1")
    lane = await lane_followed(house)
    given = await by_hand(house, OpeningKind.SHELTER)
    if restarted:
        await house.restart()
        lane = await lane_followed(house)

    await lane.result(given)

    assert told(house) == []
    assert (alarms.COMMAND_FAILED, "bollard") in house.site.alarms.by_cause


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_emergency_that_comes_after_a_plates_grant_holds_the_bollard(house: House, restarted: bool) -> None:
    lane, _ = await lane_and_bollard(house)
    _, granted = await lane.tap("京A12345", "in", "plate")
    assert granted is not None and granted.action is Action.GRANT
    await emergencies.start(house.site, EmergencyKind.EVACUATE, (), "gas", "leader-1")
    if restarted:
        await house.restart()
    lane = await lane_followed(house)

    await lane.result(granted.id)

    assert told(house) == []


async def test_an_impact_gets_the_nearest_cameras_picture(house: House) -> None:
    lane, bollard = await lane_and_bollard(house)
    await bollard.event("impact", Impact(g=6.5))
    await house.settle()
    (snapshot,) = house.courier.commands("lane")
    assert (snapshot.action, snapshot.reason) == (Action.SNAPSHOT, "impact")

    picture = Frame(id="f-1", boot=lane.boot, at=house.clock.now(), command=snapshot.id, sha256="0" * 64)
    await frame(house.site, lane.device, picture, b"jpeg")
    await house.settle()

    (alarm,) = [a for a in house.site.alarms.by_id.values() if a.condition == "impact"]
    assert alarm.detail == "picture f-1 of lane" and alarm.count == 1
    assert house.site.alarm_pictures[alarm.id].jpeg == b"jpeg"
    (row,) = await house.rows("alarm_noted")
    assert (row["alarm"], row["detail"]) == (alarm.id, alarm.detail)


# ---------------------------------------------------------------- windows


async def with_a_window(house: House) -> None:
    """Arrival from 07:00 to 08:00: the lane's bollards stay raised."""
    lane = "zone: campus\n    gate: north\n  - id: south-in"
    window = 'gate: north\n    vehicle_windows:\n      - {from: "07:00", to: "08:00"}\n  - id: south-in'
    await rewrite(house, (lane, f"zone: campus\n    {window}"))


async def test_ten_minutes_ahead_the_screens_count_down_and_the_posture_holds_from_the_minute_on(house: House) -> None:
    await with_a_window(house)
    moved_to(house, 6, 45)
    await bollard_is(house, BollardPosition.LOWERED)
    feed = house.site.feed.subscribe()
    for _ in range(16):
        await house.look()
        house.clock.go_on(60)
    house.site.feed.publish({"type": "end"})

    events = await all_of(feed)

    counted = [event["left_min"] for event in events if event["type"] == "window_countdown"]
    assert counted == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert [event["open"] for event in events if event["type"] == "lane_window"] == [True]
    assert house.courier.posture("bollard").settings.bollard is BollardMode.HOLD
    moved_to(house, 8)
    await house.look()
    assert house.courier.posture("bollard").settings.bollard is BollardMode.CYCLE


async def test_a_window_that_opens_over_a_lowered_bollard_moves_nothing_and_alarms_until_somebody_raises_it(
    house: House,
) -> None:
    await with_a_window(house)
    moved_to(house, 7)
    bollard = await bollard_is(house, BollardPosition.LOWERED)

    for _ in range(5):
        await house.look()
        house.clock.go_on(1)
    await house.settle()

    assert told(house) == []
    assert (alarms.WINDOW_OPEN_BOLLARD_DOWN, "bollard", "unacknowledged") in house.alarms
    await seen_clear(house, bollard)
    await command.send(house.site, "bollard", "raise", "the window is open", "u-guard")
    await bollard.event("position", Position(position=BollardPosition.RAISED))
    await house.look()
    await house.settle()
    assert told(house) == [Action.RAISE]
    assert (alarms.WINDOW_OPEN_BOLLARD_DOWN, "bollard", "returned") in house.alarms


async def test_a_bus_in_the_window_is_no_alarm_until_its_bollard_has_stayed_down(house: House) -> None:
    await with_a_window(house)
    moved_to(house, 7, 10)
    bollard = await bollard_is(house, BollardPosition.RAISED)
    await house.look()
    await bollard.event("position", Position(position=BollardPosition.LOWERED))
    await house.look()
    house.clock.go_on(29)
    await house.look()
    assert house.alarms == set()

    house.clock.go_on(2)
    await house.look()

    assert (alarms.WINDOW_OPEN_BOLLARD_DOWN, "bollard", "unacknowledged") in house.alarms


async def bollard_is(house: House, position: BollardPosition) -> Hand:
    bollard = house.hand("bollard")
    await bollard.status(position=position)
    return bollard


async def all_of(feed: Any) -> list[dict[str, Any]]:
    events = []
    async for event in feed:
        if event["type"] == "end":
            break
        events.append(event)
    feed.close()
    return events


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


async def test_a_bollard_whose_alarm_was_closed_while_it_stayed_down_is_heard_the_next_time(house: House) -> None:
    await with_a_window(house)
    moved_to(house, 7)
    bollard = await bollard_is(house, BollardPosition.LOWERED)
    await house.look()
    alarm = house.site.alarms.of(alarms.WINDOW_OPEN_BOLLARD_DOWN, "bollard")
    assert alarm is not None
    await alarm_acts.close(house.site, alarm.id, "handled", "operator-1")

    for _ in range(40):  # it stays down: nothing new
        house.clock.go_on(1)
        await house.look()
    still_down = house.alarms
    await bollard.event("position", Position(position=BollardPosition.RAISED))
    await house.look()
    await bollard.event("position", Position(position=BollardPosition.LOWERED))
    for _ in range(35):
        await house.look()
        house.clock.go_on(1)

    assert still_down == set()
    assert (alarms.WINDOW_OPEN_BOLLARD_DOWN, "bollard", "unacknowledged") in house.alarms
