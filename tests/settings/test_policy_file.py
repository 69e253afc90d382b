"""policy.yaml: the two that are shipped are the matrix of the policy's text, cell by cell; a faulty one is refused
whole, with every fault at its line, and one that would hold somebody or loosen at a stricter level is no policy."""

from pathlib import Path

import pytest

from gateway.core.kinds import HolderKind, Level, Profile
from gateway.core.policy import ON_THE_WAY_OUT, ROWS, Cadence, Need, Place
from gateway.policy_file import load_policy
from gateway.settings import shipped

GATE = {
    # who: (normal, what enhanced adds, what exceptional adds)
    "student": ("permission", "shown", ""),
    "staff": ("permission", "shown", ""),
    "service": ("permission", "shown", ""),
    "resident": ("permission", "shown", ""),
    "contractor": ("permission", "guard", "refused escort"),
    "supplier": ("permission", "guard", "essential"),
    "visitor": ("registered document", "host", "refused"),
    "guardian": ("registered teacher", "appointment", "refused"),
    "official": ("registered document", "", "authorisation"),
    "media": ("registered consent", "", "refused"),
    "delivery": ("handover", "", ""),
    "responder": ("touch", "", ""),
}
VEHICLE = {
    "registered": ("", "guard", "essential"),
    "visitor": ("vehicle_request", "refused", ""),
    "bus": ("papers timetable", "guard", ""),
    "two_wheeler": ("", "", ""),
}
DORMITORY = {
    "resident": ("permission", "", ""),
    "building_staff": ("permission", "", ""),
    "responder": ("", "", ""),
    "repair": ("escort", "", ""),
    "guest": ("registered visiting_hours", "refused", ""),
}
RESTRICTED = {
    "named": ("permission", "pin", "control_room"),
    "responder": ("touch", "", ""),
    "other": ("authorisation escort", "pin", "control_room"),
}
LEAVES_FREELY = {kind.value: ("", "card", "") for kind in HolderKind if kind is not HolderKind.STUDENT}
GATE_EXIT = {
    Profile.SCHOOL: LEAVES_FREELY | {"student": ("slip", "", "")},
    Profile.UNIVERSITY: LEAVES_FREELY | {"student": ("", "card", "slip_notice")},
}
PROFILES = pytest.mark.parametrize("profile", list(Profile))


def shipped_policy(profile):
    policy, faults = load_policy(shipped(f"policy.{profile.value}.yaml"))
    assert policy is not None, faults
    return policy


@PROFILES
def test_the_shipped_policy_is_the_default_matrix(profile):
    policy = shipped_policy(profile)

    written = {
        Place.GATE: GATE,
        Place.VEHICLE: VEHICLE,
        Place.DORMITORY: DORMITORY,
        Place.RESTRICTED: RESTRICTED,
        Place.GATE_EXIT: GATE_EXIT[profile],
    }
    for place, rows in written.items():
        assert set(rows) == {str(row) for row in ROWS[place]} == {str(row) for row in policy.tables[place]}
        for row, (normal, enhanced, exceptional) in rows.items():
            cell = set(normal.split())
            assert policy.needs(place, row, Level.L3) == cell, (place, row, 3)
            cell |= set(enhanced.split())
            assert policy.needs(place, row, Level.L2) == cell, (place, row, 2)
            cell |= set(exceptional.split())
            assert policy.needs(place, row, Level.L1) == cell, (place, row, 1)


@PROFILES
def test_what_else_hangs_on_the_level_is_shipped(profile):
    policy = shipped_policy(profile)

    assert policy.profile is profile
    assert policy.cadences == {
        Level.L3: Cadence(camera_check_s=60, patrol_rounds=5, posts_manned=True, leader_on_duty=False),
        Level.L2: Cadence(camera_check_s=30, patrol_rounds=5, posts_manned=True, leader_on_duty=False),
        Level.L1: Cadence(camera_check_s=15, patrol_rounds=5, posts_manned=True, leader_on_duty=True),
    }
    assert policy.security_groups == {"security"}
    assert (policy.not_returned_at_min, policy.forgive_at_min) == (23 * 60, 4 * 60)
    assert policy.leaving_may_be_refused is (profile is Profile.SCHOOL)


def test_the_profiles_differ_in_how_students_leave_and_in_nothing_else():
    school, university = (shipped_policy(profile) for profile in Profile)

    assert {
        (place, row)
        for place in Place
        for row in ROWS[place]
        if school.tables[place][row] != university.tables[place][row]
    } == {(Place.GATE_EXIT, HolderKind.STUDENT)}
    assert school.cadences == university.cadences


@pytest.mark.parametrize("word", list(Need))
def test_every_word_is_explained_in_the_shipped_files(word):
    for profile in Profile:
        head = shipped(f"policy.{profile.value}.yaml").read_text("utf-8").partition("\nprofile:")[0]
        assert f" {word.value}  " in f"{head}  " or f" {word.value} " in head


@pytest.fixture
def spoiled(tmp_path):
    """The faults of the shipped policy after replacements, and the line of the last one."""

    def spoil(*changes, profile=Profile.SCHOOL):
        text = shipped(f"policy.{profile.value}.yaml").read_text("utf-8")
        line = 0
        for before, after in changes:
            assert before in text, before
            line = text[: text.index(before)].count("\n") + 1
            text = text.replace(before, after, 1)
        path = Path(tmp_path) / "policy.yaml"
        path.write_text(text, "utf-8")
        policy, faults = load_policy(path)
        assert (policy is None) == bool(faults), "a policy or its faults, never both"
        return faults, line

    return spoil


VISITOR = "visitor:    {L3: [registered, document], L2: [registered, document, host], L1: [registered, document, host, "
DELIVERY = "  delivery:   {L3: [handover], L2: [handover], L1: [handover]}\n"
STAFF_OUT = "staff:      {L3: [], L2: [card], L1: [card]}"


@pytest.mark.parametrize(
    ("before", "after", "field", "says"),
    [
        # what is missing
        (DELIVERY, "", "gate", "the row 'delivery' is missing"),
        ("L2: [handover], L1: [handover]", "L1: [handover]", "gate.delivery.L2",
         "is missing; expected a list of words"),
        ("two_wheeler: {L3: [], L2: [], L1: []}", "two_wheeler: {}", "vehicle.two_wheeler.L1", "is missing"),
        ("profile: school", "# none", "profile", "is missing"),
        ("large_gathering: 200", "# none", "large_gathering", "is missing"),
        ("  L2: {camera_check_s: 30, patrol_rounds: 5}\n", "", "cadences.L2", "is missing"),
        ("L2: {camera_check_s: 30, ", "L2: {", "cadences.L2.camera_check_s", "is missing"),
        ("# Entry at a dormitory door.\ndormitory:", "dormitories:", "dormitory", "is missing"),
        # what nobody knows
        ("# Entry at a dormitory door.\ndormitory:", "dormitories:", "dormitories", "did you mean 'dormitory'"),
        ("  delivery: ", "  delivry: ", "gate.delivry", "there is no row 'delivry' in gate; did you mean 'delivery'"),
        ("  repair: ", "  plumber: ", "dormitory.plumber",
         "there are resident, building_staff, responder, repair, guest"),
        ("L2: [handover]", "L2: [handover], L4: []", "gate.delivery.L4", "is not a field here"),
        ("[registered, consent]", "[registered, consnet]", "gate.media.L3[1]", "did you mean 'consent'"),
        ("[registered, consent]", "[registered, consnet]", "gate.media.L3[1]",
         "expected one of permission, registered"),
        ("[registered, consent]", "[registered, 7]", "gate.media.L3[1]", "found the number 7"),
        ("[handover]", "handover", "gate.delivery.L3", "expected a list, found 'handover'"),
        ("[handover]", "[handover, handover]", "gate.delivery.L3[1]", "'handover' is written twice in this cell"),
        ("two_wheeler: {L3: [], L2: [], L1: []}", "two_wheeler: []", "vehicle.two_wheeler", "expected fields"),
        ("profile: school", "profile: kindergarten", "profile", "expected one of school, university"),
        ("large_gathering: 200", "large_gathering: 0", "large_gathering", "at least 1"),
        ("camera_check_s: 15", "camera_check_s: soon", "cadences.L1.camera_check_s", "whole number"),
        ("security_groups: [security]", "security_groups: [security, security]", "security_groups[1]", "written twice"),
        ("security_groups: [security]", "security_groups: [Security]", "security_groups[0]", "expected a name"),
        ('forgive_at: "04:00"', 'forgive_at: "4:00"', "forgive_at", "expected a time of day"),
        ('not_returned_at: "23:00"', 'not_returned_at: "24:00"', "not_returned_at", 'midnight is "00:00"'),
        # words where they mean nothing
        ("[handover]", "[handover, card]", "gate.delivery.L3", "card: means nothing for entering"),
        ("resident:       {L3: [permission]", "resident:       {L3: [permission, slip]", "dormitory.resident.L3",
         "slip: means nothing for entering"),
        (STAFF_OUT, "staff:      {L3: [], L2: [card], L1: [card, guard]}", "gate_exit.staff.L1",
         "guard: means nothing for leaving; known here are card, slip, slip_notice"),
        (STAFF_OUT, "staff:      {L3: [], L2: [card], L1: [card, refused]}", "gate_exit.staff.L1",
         "refused: means nothing for leaving"),
        # who would be held
        (STAFF_OUT, "staff:      {L3: [], L2: [card], L1: [card, slip]}", "gate_exit.staff.L1", "staff is never held"),
        (STAFF_OUT, "staff:      {L3: [], L2: [card], L1: [card, slip_notice]}", "gate_exit.staff.L1", "never held"),
        ("resident:       {L3: [permission], L2: [permission], L1: [permission]}",
         "resident:       {L3: [permission], L2: [permission], L1: [permission, guard]}", "dormitory.resident.L1",
         "guard: residents enter their own dormitory by card alone, at every level"),
        # what hangs on the level loosens
        ("camera_check_s: 15", "camera_check_s: 31", "cadences.L1.camera_check_s",
         "looser than cadences.L2.camera_check_s (line 81): 30 there and 31 here"),
        ("L2: {camera_check_s: 30, patrol_rounds: 5", "L2: {camera_check_s: 30, patrol_rounds: 4",
         "cadences.L2.patrol_rounds", "looser than cadences.L3.patrol_rounds (line 80): 5 there and 4 here"),
        ("leader_on_duty: true", "posts_manned: false", "cadences.L1.posts_manned", "true there and false here"),
    ],
)  # fmt: skip
def test_a_fault_of_a_policy_is_named_where_it_stands(spoiled, before, after, field, says):
    found, line = spoiled((before, after))

    named = [fault for fault in found if fault.field == field]
    assert named, found
    assert any(says in fault.message for fault in named), named
    assert all(fault.file == "policy.yaml" for fault in found)
    table = field in ("gate", "profile", "large_gathering", "dormitory", "cadences.L2")  # told where it would stand
    assert table or 0 <= named[0].line - line <= 1


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        (
            [("L2: [registered, document, host]", "L2: [registered, host]")],
            "gate.visitor.L2",
            "looser than gate.visitor.L3 (line 33): needs document there and not here",
        ),
        (
            [("               L1: [registered, teacher, appointment, refused]}",
              "               L1: [registered, refused]}")],
            "gate.guardian.L1",
            "looser than gate.guardian.L2 (line 34): needs appointment, teacher there and not here",
        ),
        (
            [("registered:  {L3: [], L2: [guard], L1: [guard, essential]}",
              "registered:  {L3: [], L2: [guard], L1: [essential]}")],
            "vehicle.registered.L1",
            "looser than vehicle.registered.L2 (line 43): needs guard there and not here",
        ),
        (
            [("student:    {L3: [slip], L2: [slip], L1: [slip]}", "student:    {L3: [slip], L2: [card], L1: [card]}")],
            "gate_exit.student.L2",
            "looser than gate_exit.student.L3 (line 65): needs slip there and not here",
        ),
    ],
)  # fmt: skip
def test_a_policy_that_loosens_at_a_stricter_level_is_refused_with_both_cells(spoiled, changes, field, says):
    found, _ = spoiled(*changes)

    named = [fault for fault in found if fault.field == field]
    assert len(named) == 1, found
    assert says in named[0].message
    assert named[0].line > 0


def test_both_cells_are_named_by_their_own_lines(spoiled):
    found, _ = spoiled(
        (
            "  media:      {L3: [registered, consent], L2: [registered, consent], L1: [registered, consent, refused]}",
            "  media:\n    L3: [registered, consent]\n    L2: [registered, consent]\n    L1: [refused]",
        )
    )

    (fault,) = found
    assert str(fault) == (
        "policy.yaml:40: gate.media.L1: looser than gate.media.L2 (line 39): needs registered, consent there and not "
        "here; a stricter level asks for all that a looser one does"
    )


@pytest.mark.parametrize("table", ["dormitory_exit", "restricted_exit", "vehicle_exit", "dormitory_leaving", "egress"])
def test_no_policy_can_keep_anybody_from_leaving_a_dormitory_a_door_or_a_lane(spoiled, table):
    found, line = spoiled(
        ("# What else hangs on the level.\n", f"{table}:\n  resident: {{L3: [slip], L2: [slip], L1: [slip]}}\n")
    )

    (fault,) = found
    assert (fault.line, fault.field) == (line, table)
    assert "leaving there is always free, and no policy can change that" in fault.message


def test_a_university_has_no_slips(spoiled):
    found, line = spoiled(
        ("L1: [card, slip_notice]}", "L1: [card, slip]}"),
        profile=Profile.UNIVERSITY,
    )

    (fault,) = found
    assert (fault.line, fault.field) == (line, "gate_exit.student.L1")
    assert "adults are never held" in fault.message


def test_a_schools_policy_is_none_for_a_university(faults, spoil, site):
    line = spoil("campus.yaml", "profile: school", "profile: university")
    spoil("campus.yaml", "leaving_windows:\n", "# leaving_windows:\n")
    spoil("campus.yaml", '  - {from: "11:30", to: "12:30"}\n  - {from: "16:30", to: "18:00"}\n', "")

    assert [(fault.file, fault.line, fault.field) for fault in faults()] == [("campus.yaml", line, "profile")]
    assert "policy.yaml is one for profile school" in faults()[0].message


def test_every_fault_of_a_policy_is_told_at_once(spoiled):
    found, _ = spoiled(
        (VISITOR, VISITOR.replace("host", "hoste")),
        (DELIVERY, "  delivery:   {L3: [handover, handover], L2: [handover]}\n"),
        (
            "guest:          {L3: [registered, visiting_hours]",
            "guest:          {L3: [registered, slip, visiting_hours]",
        ),
        ("camera_check_s: 15", "camera_check_s: 61"),
        (STAFF_OUT, "staff:      {L3: [], L2: [card], L1: [card, slip]}"),
        ("large_gathering: 200", "large_gathering: many"),
    )

    assert sorted({fault.field for fault in found}) == [
        "cadences.L1.camera_check_s",
        "dormitory.guest.L2",  # the slip is asked for at L3 alone
        "dormitory.guest.L3",
        "gate.delivery.L1",
        "gate.delivery.L3[1]",
        "gate.visitor.L1[2]",
        "gate.visitor.L2[2]",
        "gate_exit.staff.L1",
        "large_gathering",
    ]


def test_what_grows_with_the_level_is_no_fault(spoiled):
    found, _ = spoiled(
        (
            "L2: {camera_check_s: 30, patrol_rounds: 5",
            "L2: {camera_check_s: 20, patrol_rounds: 8, leader_on_duty: true",
        ),
        ("L1: {camera_check_s: 15, patrol_rounds: 5", "L1: {camera_check_s: 20, patrol_rounds: 12"),
        (DELIVERY, "  delivery:   {L3: [handover], L2: [handover, guard], L1: [handover, guard, refused]}\n"),
    )

    assert found == []


@pytest.mark.parametrize("word", sorted(ON_THE_WAY_OUT))
@pytest.mark.parametrize("place", [place for place in Place if place is not Place.GATE_EXIT])
def test_no_entry_asks_for_a_word_of_the_way_out(spoiled, place, word):
    row = next(iter(ROWS[place]))
    text = shipped("policy.school.yaml").read_text("utf-8")
    table = text[text.index(f"\n{place.value}:\n") :]
    start = table.index(f"  {row}:")
    before = table[start : table.index("}", start) + 1]

    found, line = spoiled((before, f"  {row}: {{L3: [{word}], L2: [{word}], L1: [{word}]}}"))

    assert {(fault.line, fault.field) for fault in found} == {
        (line, f"{place.value}.{row}.{level}") for level in ("L3", "L2", "L1")
    }


@pytest.mark.parametrize("text", ["", "[]", "7", "a: [", "gate:\n", "profile: school\nprofile: school\n"])
def test_what_is_no_policy_at_all_is_a_fault_and_never_an_exception(tmp_path, text):
    path = tmp_path / "policy.yaml"
    path.write_text(text, "utf-8")

    policy, faults = load_policy(path)

    assert policy is None
    assert faults and all(fault.file == "policy.yaml" and fault.line >= 1 for fault in faults)
