"""`wardgate check-config` says what the configuration does not cover, with file and line, and only --strict minds."""

import json
import shutil

import pytest

from firmware_sim import example, people
from gateway.__main__ import main

# They share a site that takes long to make, so one process runs them.
pytestmark = pytest.mark.xdist_group("a living site")

NONE_LEFT = "no faults\n"


@pytest.fixture(scope="module")
def living_site(fresh_site, tmp_path_factory):
    """A site with the devices and people of the example campus."""
    site = tmp_path_factory.mktemp("living") / "site"
    shutil.copytree(fresh_site, site)
    campus = site / "campus.yaml"
    campus.write_text(campus.read_text("utf-8").replace('number: ""', 'number: "6101"'), "utf-8")
    for entry in example.devices():
        place = ["--portal", entry["portal"]] if "portal" in entry else ["--zone", entry["zone"]]
        assert main(["device", "enrol", entry["kind"], entry["device"], *place, "--config", str(site)]) == 0
    crowd = site / "people.csv"
    with crowd.open("w", encoding="utf-8", newline="") as file:
        people.write(people.make(120, 7), file)
    assert main(["import", "people", str(crowd), "--config", str(site)]) == 0
    return site


@pytest.fixture
def living(wardgate, living_site):
    """The command line of a copy of it."""
    shutil.rmtree(wardgate.site)
    shutil.copytree(living_site, wardgate.site)
    return wardgate


def change(wardgate, before, now, file="campus.yaml", after=""):
    """Replace text in a file of the site, the first such text behind `after`; returns the line."""
    path = wardgate.site / file
    text = path.read_text("utf-8")
    at = text.index(before, text.index(after))
    path.write_text(text[:at] + now + text[at + len(before) :], "utf-8")
    return text[:at].count("\n") + 1


def test_the_example_campus_with_its_devices_and_people_lacks_nothing(living):
    answer = living("check-config", "--strict")

    assert answer.status == 0, answer.out
    assert answer.out.endswith(NONE_LEFT)
    assert "not covered" not in answer.out and "not looked at" not in answer.out


def test_without_a_database_it_says_what_was_not_looked_at(wardgate):
    without = wardgate("check-config", "--json").json["not_covered"]
    assert [(note["lack"], note["field"]) for note in without] == [
        ("no_number", "calls[0].number"),
        ("no_number", "calls[2].number"),
    ]
    for line in ("Duty leader, zh: 值班领导}, ", "Control room, zh: 监控室}, "):
        change(wardgate, f'{line}number: ""', f'{line}number: "6101"')

    answer = wardgate("check-config", "--strict")

    assert answer.status == 0
    assert answer.out.endswith("devices and people were not looked at: there is no database yet\nno faults\n")
    assert wardgate("check-config", "--json").json["not_looked_at"] == "there is no database yet"


def test_what_a_retired_device_leaves_bare_is_named_with_file_and_line(living):
    for device in ("south-in-1", "north-bollard", "dorm-2-door-1"):
        assert living("device", "retire", device).status == 0
    line = (living.site / "campus.yaml").read_text("utf-8").splitlines().index("  - id: dorm-2-door") + 1

    answer = living("check-config")

    assert answer.status == 0, "a gap is no fault"
    assert f"  campus.yaml:{line}: portals[6]: dorm-2-door: no access control, no dorm is enrolled here\n" in answer.out
    assert "portals[2]: north-vehicle: no bollard is enrolled here\n" in answer.out
    assert "portals[3]: south-in: no reader is enrolled here\n" in answer.out
    assert answer.out.endswith("no faults, 3 notes\n")
    assert living("check-config", "--strict").status == 1


def test_each_note_leads_to_the_line_of_what_it_is_about(living):
    by_day = '    windows: [{from: "06:00", to: "22:30"}]\n'
    change(living, "portals: [south-in, south-out]\n", "portals: [south-in]\n" + by_day, after="posts:")
    change(living, "    keypad: true\n", "")
    groups = change(living, "security_groups: [security]", "security_groups: [wardens, security]", "policy.yaml")
    change(living, "    responsible: [Vice principal", "    # [Vice principal")
    change(living, "    responsible: [Dean of studies", "    # [Dean of studies")
    text = (living.site / "campus.yaml").read_text("utf-8").splitlines()

    notes = living("check-config", "--json").json["not_covered"]

    at = {(note["lack"], note["field"]): note for note in notes}
    assert set(at) == {
        ("nobody_responsible", "zones[1]"),
        ("nobody_responsible", "zones[2]"),
        ("no_keypad", "portals[8]"),
        ("unmanned_window", "permissions[2]"),
        ("unmanned_window", "permissions[3]"),
        ("unmanned_window", "leaving_windows"),
        ("rule_never_applies", "security_groups[0]"),
    }
    for note in notes:
        if note["file"] == "campus.yaml":
            said = note["message"].partition(":")[0]
            assert said.replace(" ", "_") in text[note["line"] - 1], note
    assert at["rule_never_applies", "security_groups[0]"]["line"] == groups
    assert at["unmanned_window", "permissions[2]"]["message"].endswith("at south-in is manned 05:30-06:00 every day")
    assert at["unmanned_window", "leaving_windows"]["message"].count("south-out") == 1


def test_people_whom_no_rule_covers_are_named(living):
    crowd = living.site / "more.csv"
    with crowd.open("w", encoding="utf-8", newline="") as file:
        people.write([people.Person("x1", "Wu Min", "contractor", (), "0A0B0C0D")], file)
    assert living("import", "people", crowd).status == 0
    change(
        living,
        "    groups: [boarders]\n    portals: [north-in, south-in]",
        "    groups: [bordars]\n    portals: [north-in]",
    )

    out = living("check-config").out

    assert "contractor: 1 of this kind are known, none is in a group that opens a gate; they pass only with" in out
    assert "permissions[3]: boarder-late-return: nobody is in a group bordars" in out


def test_a_camera_in_a_zone_that_became_private_must_not_stay(living):
    line = change(living, "  - id: teaching\n", "  - id: teaching\n    private: true\n")

    answer = living("check-config")

    assert answer.status == 1
    assert f"campus.yaml:{line}: zones[2]: teaching is private, and camera cam-library stands there" in answer.out


def test_looking_changes_nothing(living):
    before = {path: path.read_bytes() for path in living.site.rglob("*") if path.is_file()}

    living("check-config")

    assert {path: path.read_bytes() for path in living.site.rglob("*") if path.is_file()} == before


def test_a_database_that_cannot_be_read_is_said_and_the_rest_is_looked_at(living):
    living.database.write_bytes(b"not a database at all, but text that is long enough" * 50)
    change(living, "    keypad: true\n", "")

    answer = living("check-config", "--json")

    assert answer.status == 0
    assert "cannot be read" in answer.json["not_looked_at"]
    assert [note["lack"] for note in answer.json["not_covered"]] == ["no_keypad"]


def test_the_answer_for_scripts_is_one_line(living):
    out = living("check-config", "--json").out

    assert out.count("\n") == 1
    assert json.loads(out)["not_covered"] == []
