"""The windows of arrival and dismissal: the bollards of a lane stay raised, and one that is down is an alarm."""

from __future__ import annotations

from typing import Any

from devices.messages import Action, BollardMode, BollardPosition, Position
from gateway.flows import alarm_acts, alarms, command
from tests.flows.conftest import Hand, House
from tests.flows.door_scene import moved_to, rewrite
from tests.flows.lane_scene import seen_clear, told


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
