"""Scenarios and fleets as data: checked when read, every fault at once, and the same plan for the same seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_sim import example, people, scenario, spec
from firmware_sim.campus import Campus, sides
from firmware_sim.fleet import Fleet

CROWD = people.make(1_000, 7)


@pytest.mark.parametrize("name", scenario.names())
def test_every_scenario_that_comes_along_is_whole_and_fits_the_example_campus(name: str) -> None:
    day = scenario.load(name)
    goings = scenario.plan(day, CROWD, "7")
    portals = {entry["portal"] for entry in example.devices() if "portal" in entry} | {scenario.VEHICLE}
    devices = {entry["device"] for entry in example.devices()}

    assert len(goings) > 100
    assert {going.portal for going in goings} <= portals
    assert all(day.starts_s <= going.at_s <= day.ends_s for going in goings)
    assert goings == sorted(goings, key=lambda going: going.at_s)
    assert {incident.device for incident in day.incidents if incident.device} <= devices


def test_the_same_seed_plans_the_same_day() -> None:
    day = scenario.load("school_day")

    assert scenario.plan(day, CROWD, "7") == scenario.plan(day, CROWD, "7")
    assert scenario.plan(day, CROWD, "7") != scenario.plan(day, CROWD, "8")


def test_a_school_day_has_its_rush_its_lunch_its_dismissal_and_its_late_returners() -> None:
    goings = scenario.plan(scenario.load("school_day"), CROWD, "7")

    def count(from_h: float, to_h: float, direction: str, gate: bool = True) -> int:
        return sum(
            from_h <= going.at_s / 3600 < to_h
            and going.direction == direction
            and going.portal.endswith(("-in", "-out")) is gate
            for going in goings
        )

    assert count(6.8, 8, "in") > 300
    assert count(11.5, 12.5, "out") > 100
    assert count(16.5, 18, "out") > 300
    assert count(22.5, 24, "in", gate=False) > 0


def test_whoever_makes_it_through_a_day_of_grants_is_home_at_night() -> None:
    """The plan told as if every tap were granted: nobody is planned to pass from where they are not, but a few."""
    day = scenario.load("school_day")
    campus = Campus(Fleet([], "mqtt://127.0.0.1:1", Path()), CROWD, day)
    possible = 0
    goings = scenario.plan(day, CROWD, "7")
    for going in goings:
        outer, inner = sides(going.portal)
        if campus.where.get(going.person.id, "outside") == (outer if going.direction == "in" else inner):
            campus.where[going.person.id] = inner if going.direction == "in" else outer
            possible += 1
    boarders = [person for person in CROWD if person.dormitory]
    at_home = sum(campus.where[person.id] == person.dormitory for person in boarders)

    assert possible > 2_500
    assert at_home > 0.9 * len(boarders)


def test_every_fault_of_a_scenario_is_named_at_once() -> None:
    said = {
        "starts_at": "25:00",
        "ends_at": "08:00",
        "flows": [{"from": "07:00", "to": "06:00", "direction": "in", "portals": ["north-in"]}, {"frm": "07:00"}],
        "incidents": [{"at": "07:00", "what": "earthquake"}, {"at": "07:00", "what": "fault", "fault": "gremlins"}],
        "surprise": 1,
    }

    with pytest.raises(scenario.BadScenario) as error:
        scenario.parse(said, "mine.yaml")

    lines = str(error.value).splitlines()
    assert len(lines) == 6
    for part in ("starts_at", "flow 1", "flow 2", "incident 1", "incident 2", "surprise"):
        assert any(part in line for line in lines), part


def test_an_unknown_scenario_is_answered_with_the_known_ones() -> None:
    with pytest.raises(scenario.BadScenario, match="quiet, school_day, storm"):
        scenario.load("holiday")


def test_every_fault_of_a_fleet_is_named_at_once() -> None:
    good = example.with_secrets(example.devices()[0])
    entries = [good, good, {**good, "device": "UPPER", "key": "ab"}, {"device": "x"}, "text"]

    with pytest.raises(spec.BadFleet) as error:
        spec.parse({"devices": entries})

    text = str(error.value)
    for part in (
        "north-in-1 is there twice",
        "device 3 (UPPER): key",
        "expected a name",
        "device 4 (x): kind",
        "device 5",
    ):
        assert part in text


def test_a_dormitory_door_is_an_escape_route_whatever_its_entry_says() -> None:
    entries = [example.with_secrets({**entry, "escape": False}) for entry in example.devices()]
    specs = {one.device: one for one in spec.parse({"devices": entries})}

    assert specs["dorm-1-door-1"].escape
    assert not specs["north-in-1"].escape
