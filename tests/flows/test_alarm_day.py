"""A normal school day of a thousand people asks little of whoever sits before the alarms, and nothing chatters.

Doors and cameras: each camera is judged once a minute, and at once again where the judge suspects something, from what
the checks would measure; only measuring pictures is left out, which the fault set of the video checks is for.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from devices.messages import DoorClosed, DoorHeld
from firmware_sim import people, scenario
from gateway.core.health import Health, Measures
from gateway.flows import alarm_acts, alarm_watch, camera_rounds, dormitories
from tests.flows.camera_house import CameraHouse
from tests.flows.conftest import House
from tests.parts.scripted_sight import COVERED, HEALTHY, INFRARED

PEOPLE = 1_000
"""As many as the demo has."""
HELD_AFTER_S, SHUT_AFTER_S = 30, 33
SEEN_WITHIN, CLOSED_WITHIN = timedelta(minutes=2), timedelta(minutes=20)
STEP_S = 30
AT_MOST_AN_HOUR = 6
"""EEMUA 191: what one operator can deal with and still do something else."""


PASSING: tuple[tuple[Measures, int], ...] = (
    (COVERED, 4),  # a lorry, or a person who stops before the lens
    (replace(HEALTHY, mean=150.0, bright=0.08), 3),  # headlights
    (replace(HEALTHY, mean=85.0, level=0.72, gain=0.8), 60),  # a cloud
    (replace(HEALTHY, mean=150.0, level=1.25, gain=1.2), 60),  # the lights go on
    (replace(HEALTHY, shift_x=0.003, shift_y=0.002), 20),  # wind
    (replace(HEALTHY, noise=1.5, sharp=0.8), 60),  # rain
)
"""What is harmless before a camera, and for how many seconds."""
PASSES = 0.25
"""So often there is something of it when a camera is looked at."""
BLIND_FROM, BLIND_UNTIL = time(14, 10), time(14, 35)
"""Somebody hangs a coat over the camera of a hall."""
LOOKS_AT_MOST = 15


class Eyes:
    """The judges of all cameras, and what they find, told as the watcher tells it."""

    def __init__(self, scene: CameraHouse) -> None:
        self.scene = scene
        self.chance = random.Random(6)
        self.judges = {camera.id: Health() for camera in scene.cameras}
        self.passed = 0

    async def look(self, now: datetime, blind: Collection[str]) -> None:
        """One check of each camera; more of them, second by second, where one is in doubt."""
        usual = HEALTHY if 7 <= now.hour < 18 else INFRARED
        for camera, judge in self.judges.items():
            something, lasts_s = self.chance.choice(PASSING) if self.chance.random() < PASSES else (usual, 0)
            self.passed += lasts_s > 0
            for second in range(LOOKS_AT_MOST):
                shown = COVERED if camera in blind else something if second < lasts_s else usual
                for change in judge.see(now.timestamp() + second, shown):
                    if change.raised:
                        await self.scene.find(camera, change.finding, settle=False)
                    else:
                        await self.scene.clear(camera, change.finding)
                if not judge.suspects:
                    break
            self.scene.check(camera)
        await self.scene.watch.look()


async def sign_the_round(house: House) -> None:
    await camera_rounds.sign(house.site, camera_rounds.open_points(house.site).digest, "", "operator-1")


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
    eyes = Eyes(await CameraHouse.of(house))
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
        here = now.astimezone(day.timezone)
        if here.second == 0:
            await eyes.look(here, {"hall"} if BLIND_FROM <= here.time() < BLIND_UNTIL else ())
        if (here.hour % 4, here.minute, here.second) == (0, 0, 0):
            await sign_the_round(house)
        if here.hour == 23:
            await dormitories.look(house.site)
        await operator(house, now)
        await alarm_watch.look(house.site)
        for event in [one.event for one in screen.take()]:
            if event["type"] == "alarm" and event["state"] == "unacknowledged":
                told.setdefault((event["id"], event["told_at"]), event)
    await house.settle()

    of_cameras = [event["condition"] for event in told.values() if event["condition"].startswith("camera_")]
    assert eyes.passed > 300 and of_cameras == ["camera_occlusion"]  # the coat, once, and nothing else
    by_hour = Counter(at.astimezone(day.timezone).hour for _, at in told)
    assert 5 < sum(by_hour.values()) == len(told)
    assert max(by_hour.values()) <= AT_MOST_AN_HOUR, by_hour
    assert {event["chattering"] for event in told.values()} == {0}
    assert {event["priority"] for event in told.values()} <= {"low", "medium"}
    assert sum(event["priority"] == "low" for event in told.values()) >= 0.8 * len(told)
