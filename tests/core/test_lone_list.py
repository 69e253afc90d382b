"""P1, as far as the list shows it: what a device may open alone by its list, the gateway would have granted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateway.core import lone_list
from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, CredentialState, DayKind, Direction, HolderKind, Level, Outcome
from gateway.core.lone_list import leaving_windows_on_all, lone_entries, rules_in_force
from gateway.core.nouns import Permission, Portal, Request, VehicleWindow, World
from gateway.core.papers import BanAct, EntryBan, Vehicle, VehicleKind, arrange, key_of
from gateway.core.windows import Window, is_open_at
from tests.core.campus import LEAVING, NIGHT, PERMISSIONS, PORTALS, SHANGHAI, at, campus, card, world
from tests.core.laws import AT_LEVEL, Broken
from tests.core.random_campus import EVERY, Chance, random_campus, random_world

LIFE_DAYS = 8


def life_of(now: datetime, there: World) -> list:
    return [(now.astimezone(there.campus.timezone) + timedelta(days=n)).date() for n in range(LIFE_DAYS)]


def chances(seed: int, campuses: int) -> Iterator[Chance]:
    return (Chance(f"{seed}:lone:{number}") for number in range(campuses))


def what_is_listed_is_granted(some: Iterator[Chance], opened: set | None = None) -> Broken | None:
    """At every level that an entry names, at random moments of the list's life, calm and with room: for entry `decide`
    grants what the list opens; for leaving it refuses nobody, and a pupil is granted."""
    for chance in some:
        there = random_campus(chance)
        now = at("00:00") + timedelta(minutes=chance.number(0, 7 * 24 * 60))
        asked, held = random_world(chance, there, now)
        held = replace(held, kind=CredentialKind.CARD)
        directory = replace(asked.directory, credentials={(held.kind, held.value): held})
        calm = World(there, directory, {})
        moments = [now + timedelta(minutes=chance.number(0, (LIFE_DAYS - 1) * 24 * 60)) for _ in range(12)]
        for portal in there.portals.values():
            for entry in lone_entries(there, directory, portal, life_of(now, calm)):
                for moment in moments:
                    if not is_open_at(entry.windows, moment.astimezone(there.timezone)):
                        continue
                    if held.not_before is not None and moment < held.not_before:
                        continue
                    if held.not_after is not None and moment >= held.not_after:
                        continue
                    for level in entry.levels:
                        broken = refused(calm, portal, entry.directions[0], held.value, moment, level)
                        if broken is not None:
                            return broken
                        if opened is not None:
                            opened.add((portal.kind, entry.directions[0], level))
    return None


def refused(
    calm: World, portal: Portal, direction: Direction, value: str, moment: datetime, level: Level
) -> Broken | None:
    request = Request(portal.id, direction, CredentialKind.CARD, value)
    orders = tuple(replace(order, starts_at=moment) for order in AT_LEVEL[level])
    decision = decide(request, replace(calm, orders=orders), moment)
    who = calm.directory.holders[calm.directory.credentials[CredentialKind.CARD, value].holder]
    held_back = {Outcome.DENY} if direction is Direction.OUT and who.kind is not HolderKind.STUDENT else {
        Outcome.DENY,
        Outcome.WAIT,
    }  # fmt: skip
    if decision.outcome not in held_back:
        return None
    return Broken((portal, direction, who, moment.astimezone(calm.campus.timezone), level), decision)


def test_p1_what_a_list_opens_the_decision_grants(seed):
    opened: set = set()

    assert what_is_listed_is_granted(chances(seed, 1_500), opened) is None
    assert len(opened) > 10, "lists open gates, lanes, dormitories and restricted doors"


@pytest.mark.parametrize(
    ("broken", "by"),
    [
        ("leaving_windows_on_all", lambda there, days: there.leaving_windows),
        ("_levels", lambda *_: EVERY[Level]),
        ("_entry_windows", lambda *_: None),
        ("_less_vehicle_windows", lambda windows, portal: windows),
        ("is_banned", lambda *_: False),
    ],
)
def test_p1_catches_a_list_that_loosens(monkeypatch, seed, broken, by):
    monkeypatch.setattr(lone_list, broken, by)

    assert what_is_listed_is_granted(chances(seed, 1_500)) is not None


# ---------------------------------------------------------------- examples


def entries(there: World, portal: str, days=()) -> dict:
    found = lone_entries(there.campus, there.directory, there.campus.portals[portal], days)
    return {(entry.credential.holder, entry.directions[0].value): entry for entry in found}


def test_a_list_names_cards_only_and_whom_it_should():
    there = world(card("student", CredentialState.LOST))

    assert set(entries(there, "north-in")) == {("staff", "in"), ("boarder", "in"), ("security", "in")}
    assert set(entries(there, "north-out")) == {("staff", "out"), ("boarder", "out"), ("security", "out")}
    assert set(entries(there, "dorm-1-door")) == {("boarder", "in"), ("security", "in")}
    assert set(entries(there, "north-vehicle")) == {("staff", "in"), ("security", "in")}


def test_a_list_names_only_levels_at_which_nobody_has_to_look():
    levels = {portal: entries(world(), portal)["security", "in"].levels for portal in ("north-in", "control-room-door")}

    assert levels == {"north-in": EVERY[Level], "control-room-door": (Level.L3,)}


def test_nobody_is_listed_whose_card_is_bad_or_counted_or_whom_a_ban_keeps_out():
    ban = EntryBan("b", "boarder", BanAct.THEFT, at("00:00"), at("23:00"), "u", at("00:00"), ("u", "w"))
    there = world(replace(card("staff"), max_uses=3), card("student", CredentialState.REVOKED))
    there = replace(there, directory=replace(there.directory, papers=arrange({key_of(ban): ban})))

    assert set(entries(there, "north-in")) == {("security", "in")}
    assert set(entries(there, "north-out")) == {("boarder", "out"), ("security", "out")}


def test_a_door_for_two_and_the_tag_of_a_school_bus_are_not_listed():
    bus = Vehicle("c-staff", VehicleKind.BUS)
    portals = PORTALS | {"control-room-door": replace(PORTALS["control-room-door"], two_people=True)}
    there = world(of=campus(portals=portals))
    there = replace(there, directory=replace(there.directory, papers=arrange({key_of(bus): bus})))

    assert entries(there, "control-room-door") == {}
    assert set(entries(there, "north-vehicle")) == {("security", "in")}


def test_a_lane_is_not_opened_alone_while_it_may_be_closed_to_vehicles():
    closed = VehicleWindow(Window(420, 480, frozenset({0, 6})), frozenset({DayKind.EXAM}))
    portals = PORTALS | {"north-vehicle": replace(PORTALS["north-vehicle"], vehicle_windows=(closed,))}

    windows = entries(world(of=campus(portals=portals)), "north-vehicle")["staff", "in"].windows

    def is_open(day: str, clock: str) -> bool:
        return is_open_at(windows, at(clock, day).astimezone(SHANGHAI))

    assert [is_open("2026-11-23", clock) for clock in ("06:59", "07:00", "07:59", "08:00")] == [
        True,
        False,
        False,
        True,
    ]
    assert is_open("2026-11-24", "07:30") and not is_open("2026-11-29", "07:30")


def test_residents_are_listed_at_every_hour_and_boarders_at_the_gate_after_curfew():
    by_day = tuple(replace(rule, windows=(Window(330, 1350),)) for rule in PERMISSIONS if not rule.late_return)
    there = world(of=replace(campus(), permissions=by_day))

    assert entries(there, "dorm-1-door")["boarder", "in"].windows is None
    assert NIGHT in entries(there, "north-in")["boarder", "in"].windows
    assert NIGHT not in entries(there, "north-in")["student", "in"].windows


# ---------------------------------------------------------------- special days


WEDNESDAY = at("12:00", "2026-11-25").date()
WEEK = [WEDNESDAY + timedelta(days=n) for n in range(-2, 5)]


def test_a_week_without_special_days_has_the_normal_leaving_windows():
    assert leaving_windows_on_all(campus(), WEEK) is LEAVING


def test_a_special_day_only_takes_away_and_only_from_its_weekday():
    half_day = (Window(690, 720), Window(1000, 1010))
    there = replace(campus(), calendar={WEDNESDAY: DayKind.HALF_DAY}, leaving_windows_on={DayKind.HALF_DAY: half_day})

    windows = leaving_windows_on_all(there, WEEK)
    minutes = {
        day: [m for m in range(1440) if is_open_at(windows, datetime(2026, 11, 23) + timedelta(days=day, minutes=m))]
        for day in range(7)
    }

    normal = [m for window in LEAVING for m in range(window.from_min, window.to_min)]
    assert all(minutes[day] == normal for day in range(7) if day != 2)
    assert minutes[2] == [*range(690, 720), *range(1000, 1010)]
    assert leaving_windows_on_all(there, WEEK[3:]) is LEAVING, "a list that is not used on that day loses nothing"


def test_a_holiday_takes_its_weekday_and_a_list_without_leaving_windows_names_no_pupil():
    holidays = {day: DayKind.HOLIDAY for day in WEEK}
    there = world(of=replace(campus(), calendar=holidays))

    assert leaving_windows_on_all(there.campus, WEEK) == ()
    assert set(entries(there, "north-out", WEEK)) == {("staff", "out"), ("security", "out")}


def test_the_mark_of_the_rules_changes_with_what_a_list_follows_from_and_with_nothing_else():
    there = campus()
    portal = there.portals["north-out"]
    mark = rules_in_force(there, portal, WEEK)
    holiday = replace(there, calendar={WEDNESDAY: DayKind.HOLIDAY})
    rule = Permission("more", frozenset({"b", "a"}), frozenset({"north-out"}))
    again = Permission("more", frozenset({"a", "b"}), frozenset({"north-out"}))

    assert rules_in_force(campus(), portal, WEEK) == mark
    assert rules_in_force(holiday, portal, WEEK) != mark
    assert rules_in_force(holiday, portal, WEEK[3:]) == mark
    assert rules_in_force(holiday, there.portals["north-in"], WEEK) == rules_in_force(
        there, there.portals["north-in"], WEEK
    )
    with_rule, with_again = (replace(there, permissions=(one,)) for one in (rule, again))
    assert rules_in_force(with_rule, portal, WEEK) == rules_in_force(with_again, portal, WEEK) != mark
