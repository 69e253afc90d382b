"""What campus.yaml says of days, lanes, posts and zones; how a fault in it is named; and whose policy holds there."""

from datetime import date

import pytest

from gateway.core.kinds import DayKind, Profile
from gateway.core.nouns import VehicleWindow, VigilanceRules
from gateway.core.windows import Window
from gateway.new_site import write_new_site
from gateway.settings import ConfigurationError, load
from tests.settings.conftest import AT


def test_what_the_campus_says_of_days_lanes_posts_and_zones_is_taken(site, spoil):
    spoil("campus.yaml", "kind: building\n", "kind: building\n    capacity: 2000\n")
    spoil(
        "campus.yaml",
        "kind: vehicle_gate\n",
        "kind: vehicle_gate\n    two_people: true\n    vehicle_windows:\n"
        '      - {from: "07:00", to: "07:40", days: [mon, tue], on: [normal, exam]}\n'
        '      - {from: "16:30", to: "17:10"}\n',
    )
    spoil(
        "campus.yaml",
        "# leaving_windows_on:\n",
        'leaving_windows_on: {half_day: [{from: "11:30", to: "13:00"}], closed: []}\n',
    )
    spoil(
        "campus.yaml",
        "calendar: []\n",
        "calendar:\n  - {from: 2027-02-05, to: 2027-02-07, kind: holiday}\n  - {from: 2027-02-06, kind: normal}\n"
        "  - {from: 2027-06-20, kind: exam}\n",
    )
    spoil(
        "campus.yaml", "    portals: [south-in", '    windows: [{from: "05:30", to: "22:30"}]\n    portals: [south-in'
    )

    campus = load(site, {}).campus

    lane = campus.portals["north-vehicle"]
    assert lane.two_people and not lane.keypad and campus.portals["control-room-door"].keypad
    assert lane.vehicle_windows == (
        VehicleWindow(Window(420, 460, frozenset({0, 1})), frozenset({DayKind.NORMAL, DayKind.EXAM})),
        VehicleWindow(Window(990, 1030)),
    )
    assert campus.zones["teaching"].capacity == 2000 and campus.zones["campus"].capacity is None
    assert campus.zones["control-room"].responsible == (
        "Head of security · 保卫处处长",
        "Control room lead · 监控室组长",
    )
    assert campus.calendar == {
        date(2027, 2, 5): DayKind.HOLIDAY,
        date(2027, 2, 6): DayKind.NORMAL,
        date(2027, 2, 7): DayKind.HOLIDAY,
        date(2027, 6, 20): DayKind.EXAM,
    }, "of several entries for a day the last one counts"
    assert campus.leaving_windows_on == {DayKind.HALF_DAY: (Window(690, 780),), DayKind.CLOSED: ()}
    assert [(post.id, post.portals, post.windows) for post in campus.posts] == [
        ("north-gate", {"north-in", "north-out", "north-vehicle"}, None),
        ("south-gate", {"south-in", "south-out"}, (Window(330, 1350),)),
        ("control-room", {"control-room-door"}, None),
        ("dormitories", {"dorm-1-door", "dorm-2-door", "dorm-3-door"}, None),
    ]


LANE = "    keypad: true\n"
NO_DAYS = "calendar: []\n"
NO_MORE = "# leaving_windows_on:\n"
ROOMS = (
    "calendar: []\ncontrol_rooms: [{{id: east, name: {{en: East, zh: 东}}, zones: [teaching]}}, "
    "{{id: {}, name: {{en: West, zh: 西}}, zones: {}}}]\n"
)
SOUTH = "portals: [south-in, south-out]\n  - id: control-room"


def test_control_rooms_and_the_night_of_lone_operators_are_taken(site, spoil):
    assert load(site, {}).campus.control_rooms == ()
    assert load(site, {}).campus.vigilance == VigilanceRules(Window(22 * 60, 6 * 60), 10, 10)

    night = 'vigilance: {from: "23:00", to: "05:30", every_min: 15, within_min: 5}\n'
    spoil("campus.yaml", NO_DAYS, ROOMS.format("west", "[dorm-1, dorm-2]") + night)

    campus = load(site, {}).campus
    assert [(room.id, room.name.zh, room.zones) for room in campus.control_rooms] == [
        ("east", "东", {"teaching"}),
        ("west", "西", {"dorm-1", "dorm-2"}),
    ]
    assert campus.vigilance == VigilanceRules(Window(23 * 60, 5 * 60 + 30), 15, 5)


@pytest.mark.parametrize(
    ("before", "after", "field", "says"),
    [
        ("kind: building\n", "kind: building\n    capacity: 0\n", "zones[2].capacity", "at least 1"),
        ("[Dean of studies · 教务处处长, ", "[a, b, ", "zones[2].responsible", "at most 3 entries, found 4"),
        ("[Head of security · 保卫处处长, Control room lead · 监控室组长]", "[]", "zones[6].responsible",
         "at least one"),
        ("监控室组长]", "监控室组长, 7]", "zones[6].responsible[2]", 'put it in quotes: "7"'),
        (LANE, "    keypad: yes\n", "portals[8].keypad", "true or false"),
        (LANE, "    two_peeple: true\n", "portals[8].two_peeple", "did you mean 'two_people'"),
        (LANE, '    vehicle_windows: [{from: "07:00", to: "08:00", on: [holidays]}]\n',
         "portals[8].vehicle_windows[0].on[0]", "did you mean 'holiday'"),
        (LANE, '    vehicle_windows: [{from: "07:00", to: "08:00", on: [exam, exam]}]\n',
         "portals[8].vehicle_windows[0].on", "written twice"),
        (LANE, '    vehicle_windows: [{from: "07:00", to: "07:00"}]\n', "portals[8].vehicle_windows[0].to", "the same"),
        (NO_DAYS, "calendar: [{from: 2027-02-30, kind: exam}]\n", "calendar[0].from", "a date such as"),
        (NO_DAYS, "calendar: [{from: 2027-2-3, kind: exam}]\n", "calendar[0].from", "a date such as"),
        (NO_DAYS, "calendar: [{from: 2027-02-05, to: 2027-02-04, kind: exam}]\n", "calendar[0].to",
         "on or after 2027-02-05"),
        (NO_DAYS, "calendar: [{from: 2027-02-05, to: 2028-02-11, kind: holiday}]\n", "calendar[0].to",
         "at most a year"),
        (NO_DAYS, "calendar: [{from: 2027-02-05, kind: holliday}]\n", "calendar[0].kind", "did you mean 'holiday'"),
        (NO_MORE, 'leaving_windows_on: {normal: [{from: "11:30", to: "12:30"}]}\n', "leaving_windows_on.normal",
         "under leaving_windows"),
        (NO_MORE, 'leaving_windows_on: {exams: [{from: "11:30", to: "12:30"}]}\n', "leaving_windows_on.exams",
         "did you mean 'exam'"),
        (NO_MORE, 'leaving_windows_on: {exam: [{from: "11:30", to: "11:30"}]}\n', "leaving_windows_on.exam[0].to",
         "the same"),
        (SOUTH, "portals: [south-inn]\n  - id: control-room", "posts[1].portals[0]", "did you mean 'south-in'"),
        (SOUTH, "portals: [south-in, south-in]\n  - id: control-room", "posts[1].portals[1]", "written twice"),
        (SOUTH, "portals: []\n  - id: control-room", "posts[1].portals", "at least one"),
        ("- id: south-gate\n", "- id: north-gate\n", "posts[1].id", "the first is posts[0]"),
        ("    portals: [control-room-door]\n",
         '    portals: [control-room-door]\n    windows: [{from: "24:00", to: "01:00"}]\n',
         "posts[2].windows[0].from", "starts before"),
        (NO_DAYS, ROOMS.format("dorm-1", "[campus]"), "control_rooms[1].id", "is a zone already"),
        (NO_DAYS, ROOMS.format("west", "[dorm-11]"), "control_rooms[1].zones[0]", "did you mean 'dorm-1'"),
        (NO_DAYS, ROOMS.format("west", "[teaching]"), "control_rooms[1].zones[0]", "by room 'east' already"),
        (NO_DAYS, ROOMS.format("east", "[dorm-1]"), "control_rooms[1].id", "the first is control_rooms[0]"),
        (NO_DAYS, ROOMS.format("west", "[]"), "control_rooms[1].zones", "at least one"),
        (NO_DAYS, "calendar: []\nvigilance: {every_min: -1}\n", "vigilance.every_min", "at least 0"),
        (NO_DAYS, 'calendar: []\nvigilance: {from: "06:00"}\n', "vigilance.to", "another time"),
    ],
)  # fmt: skip
def test_a_fault_is_named_where_it_stands(faults, spoil, before, after, field, says):
    line = spoil("campus.yaml", before, after)

    found = [fault for fault in faults() if fault.field == field]

    assert found, faults()
    assert any(says in fault.message for fault in found), found
    assert 0 <= found[0].line - line <= 2


def test_a_university_has_no_leaving_windows_of_other_days_either(site, tmp_path):
    write_new_site(tmp_path / "university", Profile.UNIVERSITY, [], AT)
    campus = tmp_path / "university" / "campus.yaml"
    campus.write_text(
        campus.read_text("utf-8") + 'leaving_windows_on: {exam: [{from: "10:00", to: "12:00"}]}\n', "utf-8"
    )

    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path / "university", {})

    assert [fault.field for fault in raised.value.faults] == ["leaving_windows_on"]


def test_a_site_from_before_there_were_policies_has_the_shipped_one_of_its_profile(site, tmp_path):
    write_new_site(tmp_path / "university", Profile.UNIVERSITY, [], AT)
    for folder, profile in ((site, Profile.SCHOOL), (tmp_path / "university", Profile.UNIVERSITY)):
        own = load(folder, {}).campus.policy
        (folder / "policy.yaml").unlink()

        assert load(folder, {}).campus.policy == own
        assert own.profile is profile


def test_the_sites_own_policy_is_the_one_that_holds(site, spoil):
    spoil("policy.yaml", "large_gathering: 200", "large_gathering: 50")

    assert load(site, {}).campus.policy.large_gathering == 50


def test_faults_of_policy_and_campus_come_together(faults, spoil):
    lines = [
        spoil("campus.yaml", "zone: dorm-2\n", "zone: drom-2\n"),
        spoil("policy.yaml", "large_gathering: 200", "large_gathering: many"),
    ]

    assert [(fault.file, fault.line, fault.field) for fault in faults()] == [
        ("campus.yaml", lines[0], "portals[6].zone"),
        ("policy.yaml", lines[1], "large_gathering"),
    ]
