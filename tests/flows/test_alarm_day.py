"""A normal school day of a thousand people asks little of whoever sits before the alarms, and nothing chatters."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

from devices.messages import DoorClosed, DoorHeld
from firmware_sim import people, scenario
from gateway.flows import alarm_acts, alarm_watch, dormitories
from tests.flows.conftest import House

PEOPLE = 1_000
"""As many as the demo has."""
HELD_AFTER_S, SHUT_AFTER_S = 30, 33
SEEN_WITHIN, CLOSED_WITHIN = timedelta(minutes=2), timedelta(minutes=20)
STEP_S = 30
AT_MOST_AN_HOUR = 6
"""EEMUA 191: what one operator can deal with and still do something else."""


async def operator(house: House, now: datetime) -> None:
    """Somebody who looks up every half minute: sees what is new, closes what they have dealt with."""
    for alarm in list(house.site.alarms.shown()):
        if alarm.state in ("unacknowledged", "returned") and alarm.told_at + SEEN_WITHIN <= now:
            alarm = await alarm_acts.acknowledge(house.site, alarm.id, "operator-1")
        if alarm.state == "acknowledged" and alarm.told_at + CLOSED_WITHIN <= now:
            await alarm_acts.close(house.site, alarm.id, "handled", "operator-1")


async def test_a_school_day_brings_at_most_six_alarms_an_hour_that_need_a_person(house: House) -> None:
    day = scenario.load("school_day")
    crowd = people.make(PEOPLE, 1)
    midnight = datetime.combine(house.clock.now().astimezone(day.timezone).date(), time(0), day.timezone)
    midnight = midnight.astimezone(UTC) + timedelta(days=1)
    goings = scenario.plan(day, crowd, "1")
    # What a door tells of it: somebody behind somebody else, or somebody in no hurry, and the door stands open.
    open_ones = [g for g in goings if g.portal.endswith("-door") and g.oddity in ("tailgate", "left_open")]
    events = sorted(
        [(g.at_s + HELD_AFTER_S, DoorHeld(open_s=HELD_AFTER_S)) for g in open_ones if g.portal.startswith("dorm-")]
        + [(g.at_s + SHUT_AFTER_S, DoorClosed()) for g in open_ones if g.portal.startswith("dorm-")],
        key=lambda one: one[0],
    )
    house.clock.go_on((midnight + timedelta(seconds=day.starts_s) - house.clock.now()).total_seconds())
    door = house.hand("door")  # all three buildings' doors as one: the busiest there could be
    await door.status()
    screen = house.site.feed.subscribe()
    told: dict[tuple[str, datetime], dict[str, Any]] = {}
    coming = iter(events)
    due = next(coming, None)
    end = midnight + timedelta(seconds=day.ends_s)

    while house.clock.now() < end:
        house.clock.go_on(STEP_S)
        now = house.clock.now()
        while due is not None and midnight + timedelta(seconds=due[0]) <= now:
            await door.event("door_held" if isinstance(due[1], DoorHeld) else "door_closed", due[1])
            due = next(coming, None)
        if now.astimezone(day.timezone).hour == 23:
            await dormitories.look(house.site)
        await operator(house, now)
        await alarm_watch.look(house.site)
        for event in [one.event for one in screen.take()]:
            if event["type"] == "alarm" and event["state"] == "unacknowledged":
                told.setdefault((event["id"], event["told_at"]), event)
    await house.settle()

    by_hour = Counter(at.astimezone(day.timezone).hour for _, at in told)
    assert 5 < sum(by_hour.values()) == len(told)
    assert max(by_hour.values()) <= AT_MOST_AN_HOUR, by_hour
    assert {event["chattering"] for event in told.values()} == {0}
    assert {event["priority"] for event in told.values()} <= {"low", "medium"}
    assert sum(event["priority"] == "low" for event in told.values()) >= 0.8 * len(told)
