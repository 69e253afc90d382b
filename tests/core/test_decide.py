"""Who may pass: promises of the decision, and the laws that no input may break."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import decide as deciding
from gateway.core.decide import decide
from gateway.core.kinds import (
    AntiPassback,
    CredentialKind,
    CredentialState,
    DayKind,
    Direction,
    HolderKind,
    Level,
    Outcome,
    PinWord,
    PresenceState,
    Profile,
    Verdict,
)
from gateway.core.nouns import Campus, Credential, Holder, Permission, Presence, Request
from gateway.core.papers import (
    Authorisation,
    BanAct,
    Emergency,
    EmergencyKind,
    EntryBan,
    Essential,
    Gathering,
    GatheringState,
    LeaveSlip,
    Order,
    Paper,
    SlipReason,
    Vehicle,
    VehicleKind,
    Visit,
    arrange,
    key_of,
)
from gateway.core.reasons import PRECEDENCE, Reason
from gateway.core.windows import Window
from tests.core.campus import GATE_HOURS, PEOPLE, PERMISSIONS, PORTALS, ZONES, at, campus, card, tap, world

IN, OUT = Direction.IN, Direction.OUT
GRANT, DENY, WAIT = Outcome.GRANT, Outcome.DENY, Outcome.WAIT


@pytest.mark.parametrize(
    ("portal", "who", "direction", "clock", "outcome", "reason"),
    [
        ("north-in", "staff", IN, "03:00", GRANT, Reason.OK),
        ("north-in", "student", IN, "07:30", GRANT, Reason.OK),
        ("north-in", "student", IN, "05:30:00", GRANT, Reason.OK),
        ("north-in", "student", IN, "05:29:59", DENY, Reason.OUTSIDE_HOURS),
        ("north-in", "student", IN, "22:29:59", GRANT, Reason.OK),
        ("north-in", "student", IN, "22:30:00", DENY, Reason.OUTSIDE_HOURS),
        ("north-in", "boarder", IN, "22:30:00", GRANT, Reason.OK_LATE_RETURN),
        ("north-in", "boarder", IN, "02:00", GRANT, Reason.OK_LATE_RETURN),
        ("north-in", "boarder", IN, "07:00", GRANT, Reason.OK),
        ("north-in", "nobody", IN, "07:30", DENY, Reason.UNKNOWN_CREDENTIAL),
        ("north-in", "staff", OUT, "07:30", GRANT, Reason.OK),
        ("north-out", "staff", IN, "07:30", DENY, Reason.BAD_REQUEST),
        ("dorm-1-door", "boarder", IN, "21:00", GRANT, Reason.OK),
        ("dorm-1-door", "boarder", IN, "23:15", GRANT, Reason.OK_LATE_RETURN),
        ("dorm-2-door", "boarder", IN, "21:00", DENY, Reason.NO_PERMISSION),
        ("dorm-1-door", "student", IN, "21:00", DENY, Reason.NO_PERMISSION),
        ("dorm-1-door", "staff", IN, "12:00", DENY, Reason.NO_PERMISSION),
        ("dorm-1-door", "security", IN, "03:00", GRANT, Reason.OK),
        ("control-room-door", "security", IN, "03:00", GRANT, Reason.OK),
        ("control-room-door", "staff", IN, "12:00", DENY, Reason.NO_PERMISSION),
        ("control-room-door", "nobody", OUT, "12:00", GRANT, Reason.OK),
        ("no-such-portal", "staff", IN, "12:00", DENY, Reason.BAD_REQUEST),
        ("north-out", "student", OUT, "11:30:00", GRANT, Reason.OK),
        ("north-out", "student", OUT, "11:29:59", DENY, Reason.LEAVE_SLIP_REQUIRED),
        ("north-out", "student", OUT, "12:30:00", DENY, Reason.LEAVE_SLIP_REQUIRED),
        ("north-out", "nobody", OUT, "12:00", WAIT, Reason.GUARD_CONFIRMS),
        ("dorm-1-door", "nobody", OUT, "03:00", GRANT, Reason.OK_EXIT),
        ("dorm-1-door", "boarder", OUT, "23:59", GRANT, Reason.OK_EXIT),
    ],
)
def test_who_passes_where_and_when_at_a_school(portal, who, direction, clock, outcome, reason):
    decision = decide(tap(portal, who, direction), world(), at(clock))

    assert (decision.outcome, decision.reason) == (outcome, reason)


@pytest.mark.parametrize("who", ["student", "staff", "nobody"])
def test_at_a_university_everybody_leaves_freely_at_any_hour(who):
    decision = decide(tap("north-out", who, OUT), world(of=campus(Profile.UNIVERSITY)), at("03:00"))

    assert (decision.outcome, decision.reason) == (GRANT, Reason.OK)


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        (card("staff", CredentialState.REVOKED), Reason.CREDENTIAL_REVOKED),
        (card("staff", CredentialState.LOST), Reason.CREDENTIAL_LOST),
        (card("staff", not_after=at("08:00")), Reason.CREDENTIAL_EXPIRED),
        (card("staff", not_before=at("08:01")), Reason.CREDENTIAL_NOT_YET),
    ],
)
def test_a_card_that_is_not_in_order_is_refused_on_the_way_in_and_noticed_on_the_way_out(held, reason):
    there = world(held)

    entering = decide(tap("north-in", "staff"), there, at("08:00"))
    leaving = decide(tap("north-out", "staff", OUT), there, at("08:00"))

    assert (entering.outcome, entering.reason) == (DENY, reason)
    assert (leaving.outcome, leaving.reason, leaving.notices) == (GRANT, Reason.OK, (reason,))


def test_a_pupil_with_a_revoked_card_waits_for_the_guard_on_the_way_out():
    decision = decide(tap("north-out", "student", OUT), world(card("student", CredentialState.REVOKED)), at("12:00"))

    assert (decision.outcome, decision.reason) == (WAIT, Reason.GUARD_CONFIRMS)
    assert decision.notices == (Reason.CREDENTIAL_REVOKED,)


def test_a_card_is_good_to_the_last_moment_before_its_end():
    there = world(card("staff", not_before=at("08:00"), not_after=at("09:00")))

    outcomes = [
        decide(tap("north-in", "staff"), there, moment).outcome
        for moment in (at("07:59:59"), at("08:00"), at("08:59:59"), at("09:00"))
    ]

    assert outcomes == [DENY, GRANT, GRANT, DENY]


def test_a_suspended_holder_does_not_enter_and_leaves():
    there = world(people=PEOPLE | {"staff": replace(PEOPLE["staff"], suspended=True)})

    assert decide(tap("north-in", "staff"), there, at("08:00")).reason is Reason.HOLDER_SUSPENDED
    assert decide(tap("north-out", "staff", OUT), there, at("08:00")).outcome is GRANT


def test_a_quarantined_device_lets_nobody_in_and_everybody_out():
    assert decide(tap("north-in", "staff", quarantined=True), world(), at("08:00")).reason is Reason.DEVICE_QUARANTINED
    assert decide(tap("north-out", "staff", OUT, quarantined=True), world(), at("08:00")).outcome is GRANT


def test_a_plate_opens_the_lane_for_whom_it_may_and_for_everybody_on_the_way_out():
    def drive(plate: str, direction: Direction) -> Request:
        return Request("north-vehicle", direction, CredentialKind.PLATE, plate)

    decisions = [
        decide(drive("京A12345", IN), world(), at("08:00")),
        decide(drive("京B99999", IN), world(), at("08:00")),
        decide(drive("京B99999", OUT), world(), at("08:00")),
    ]

    assert [(d.outcome, d.reason) for d in decisions] == [
        (GRANT, Reason.OK),
        (WAIT, Reason.GUARD_CONFIRMS),
        (GRANT, Reason.OK),
    ]


def test_a_plate_that_the_camera_doubts_waits_for_the_guard_unless_the_rules_refuse_it_anyway():
    doubtful = Request("north-vehicle", IN, CredentialKind.PLATE, "京A12345", unsure=True)
    suspended = world(people=PEOPLE | {"staff": replace(PEOPLE["staff"], suspended=True)})

    decisions = [decide(doubtful, there, at("08:00")) for there in (world(), suspended)]
    leaving = decide(replace(doubtful, direction=OUT), world(), at("08:00"))

    assert [(d.outcome, d.reason) for d in decisions] == [
        (WAIT, Reason.GUARD_CONFIRMS),
        (DENY, Reason.HOLDER_SUSPENDED),
    ]
    assert (leaving.outcome, leaving.notices) == (GRANT, ())


def test_a_known_plate_without_permission_for_the_lane_is_said_to_be_that():
    there = world(people=PEOPLE | {"staff": replace(PEOPLE["staff"], groups=frozenset({"students"}))})

    decision = decide(Request("north-vehicle", IN, CredentialKind.PLATE, "京A12345"), there, at("08:00"))

    assert decision.reason is Reason.VEHICLE_NOT_PERMITTED


@pytest.mark.parametrize(
    ("mode", "outcome", "reason"),
    [
        (AntiPassback.OFF, GRANT, Reason.OK),
        (AntiPassback.SOFT, GRANT, Reason.OK),
        (AntiPassback.HARD, DENY, Reason.ALREADY_INSIDE),
    ],
)
def test_anti_passback_notices_or_refuses_entry_and_never_an_exit(mode, outcome, reason):
    portals = {name: replace(portal, anti_passback=mode) for name, portal in PORTALS.items()}
    inside = {"staff": Presence("campus", PresenceState.INSIDE, at("07:00"))}
    there = world(presence=inside, of=campus(portals=portals))

    entering = decide(tap("north-in", "staff"), there, at("08:00"))

    assert (entering.outcome, entering.reason) == (outcome, reason)
    assert (Reason.ALREADY_INSIDE in entering.notices) is (mode is AntiPassback.SOFT)
    assert decide(tap("north-out", "staff", OUT), there, at("08:00")).outcome is GRANT


def a_code(max_uses: int | None = None) -> Credential:
    return Credential("code", "staff", CredentialKind.QR, "CODE", max_uses=max_uses)


@pytest.mark.parametrize("mode", AntiPassback)
def test_a_code_opens_a_campus_gate_for_one_person_at_a_time_whatever_the_gates_setting(mode):
    portals = {name: replace(portal, anti_passback=mode) for name, portal in PORTALS.items()}
    inside = {"staff": Presence("campus", PresenceState.INSIDE, at("07:00"))}
    outside = world(a_code(), of=campus(portals=portals))
    there = world(a_code(), presence=inside, of=campus(portals=portals))
    shown = Request("north-in", IN, CredentialKind.QR, "CODE")
    again = replace(shown, granted_elsewhere=True)

    assert decide(shown, outside, at("08:00")).reason is Reason.OK
    assert decide(shown, there, at("08:00")).reason is Reason.ALREADY_INSIDE
    assert decide(again, outside, at("08:00")).reason is Reason.ALREADY_INSIDE
    assert decide(replace(again, portal="north-out", direction=OUT), there, at("08:00")).outcome is GRANT


@pytest.mark.parametrize("mode", AntiPassback)
def test_a_code_for_a_number_of_uses_is_held_by_that_number_alone(mode):
    portals = {name: replace(portal, anti_passback=mode) for name, portal in PORTALS.items()}
    inside = {"staff": Presence("campus", PresenceState.INSIDE, at("07:00"))}
    there = world(a_code(max_uses=5), presence=inside, of=campus(portals=portals))
    shown = Request("north-in", IN, CredentialKind.QR, "CODE", granted_elsewhere=True)

    assert decide(shown, there, at("08:00")).reason is Reason.OK


def test_inside_the_campus_a_code_may_be_shown_at_several_doors():
    inside = {"boarder": Presence("dorm-1", PresenceState.INSIDE, at("07:00"))}
    code = Credential("code", "boarder", CredentialKind.QR, "CODE")
    shown = Request("dorm-1-door", IN, CredentialKind.QR, "CODE", granted_elsewhere=True)

    assert decide(shown, world(code, presence=inside), at("08:00")).outcome is GRANT


def test_somebody_in_a_building_is_inside_the_campus_too():
    portals = {name: replace(portal, anti_passback=AntiPassback.HARD) for name, portal in PORTALS.items()}
    there = world(
        presence={"boarder": Presence("dorm-1", PresenceState.INSIDE, at("07:00"))}, of=campus(portals=portals)
    )

    assert decide(tap("north-in", "boarder"), there, at("08:00")).reason is Reason.ALREADY_INSIDE


def test_several_reasons_are_settled_by_precedence_and_all_stay_in_the_trace():
    there = world(
        card("student", CredentialState.LOST), people=PEOPLE | {"student": replace(PEOPLE["student"], suspended=True)}
    )

    decision = decide(tap("north-in", "student", quarantined=True), there, at("23:00"))

    assert decision.reason is Reason.DEVICE_QUARANTINED
    assert decision.notices == (Reason.CREDENTIAL_LOST, Reason.HOLDER_SUSPENDED, Reason.OUTSIDE_HOURS)
    assert [finding.rule for finding in decision.trace] == [
        "place",
        "device",
        "emergency",
        "credential",
        "holder",
        "ban",
        "vehicle_window",
        "permission",
        "two_people",
        "presence",
        "capacity",
    ]


def test_the_decision_names_people_by_reference_only():
    decision = decide(tap("north-in", "staff"), world(), at("08:00"))

    assert (decision.holder, decision.credential) == ("staff", "c-staff")
    assert "Li Na" not in repr(decision) and "STAFF" not in repr(decision)


def test_the_level_of_the_zone_is_read_into_every_decision():
    order = Order("o1", Level.L2, frozenset({"site"}), at("07:00"), at("09:00"))
    there = world(orders=(order,))

    levels = [
        decide(tap("north-in", "staff"), there, moment).level for moment in (at("06:59:59"), at("07:00"), at("09:00"))
    ]

    assert levels == [Level.L3, Level.L2, Level.L3]


# ---------------------------------------------------------------- where the policy had to be read twice


def of_kind(kind: HolderKind, **more) -> Holder:
    return Holder("who", "w1", "who", kind, frozenset({"staff"}), **more)


def there_with(*papers: Paper, who: Holder | None = None, of: Campus | None = None, level: Level = Level.L3, **more):
    """A world with these papers and one more holder, at a level."""
    people = PEOPLE | ({} if who is None else {who.ref: who})
    order = () if level is Level.L3 else (Order("o", level, frozenset({"site"}), at("00:00")),)
    some = world(people=people, orders=order, of=of)
    plate = Credential("v-who", "who", CredentialKind.PLATE, "沪B00001")
    credentials = some.directory.credentials | {(plate.kind, plate.value): plate}
    filed = arrange({key_of(paper): paper for paper in papers})
    return replace(some, directory=replace(some.directory, credentials=credentials, papers=filed), **more)


def drive(direction: Direction = IN) -> Request:
    return Request("north-vehicle", direction, CredentialKind.PLATE, "沪B00001")


MORNING, EVENING, NOON = at("06:00"), at("20:00"), at("12:00")


def test_a_fire_engine_needs_one_touch_at_every_level_and_no_list():
    brigade = of_kind(HolderKind.RESPONDER)

    answers = [decide(drive(), there_with(who=brigade, level=level), NOON) for level in Level]

    assert [(a.outcome, a.reason) for a in answers] == [(WAIT, Reason.GUARD_CONFIRMS)] * 3


def test_only_plates_on_the_essential_list_drive_in_at_the_exceptional_level():
    staff = of_kind(HolderKind.STAFF)

    def answer(listed: str) -> Reason:
        return decide(drive(), there_with(Essential(listed, "u", MORNING), who=staff, level=Level.L1), NOON).reason

    assert answer("who") is Reason.LEVEL_REFUSES
    assert answer("v-who") is Reason.GUARD_CONFIRMS


def bus(**more) -> Vehicle:
    kept = {"papers_until": EVENING, "timetable": (GATE_HOURS,), "portals": frozenset({"north-vehicle"})}
    crew = {"driver": "staff", "attendant": "security"}
    return Vehicle("v-who", VehicleKind.BUS, **(kept | crew | more))


@pytest.mark.parametrize(
    ("filed", "reason"),
    [
        ((bus(),), Reason.OK),
        ((bus(papers_until=None),), Reason.VEHICLE_NOT_PERMITTED),
        ((bus(papers_until=MORNING),), Reason.VEHICLE_NOT_PERMITTED),
        ((bus(attendant=None),), Reason.VEHICLE_NOT_PERMITTED),
        ((bus(timetable=()),), Reason.OUTSIDE_HOURS),
        ((bus(portals=frozenset()),), Reason.OUTSIDE_HOURS),
        (
            (bus(), EntryBan("b", "staff", BanAct.THEFT, MORNING, EVENING, "u", MORNING, ("u", "w"))),
            Reason.VEHICLE_NOT_PERMITTED,
        ),
        (
            (
                bus(timetable=()),
                Authorisation("a", "v-who", frozenset({"north-vehicle"}), MORNING, EVENING, "", "u", MORNING),
            ),
            Reason.OK,
        ),
    ],
)
def test_a_school_bus_drives_with_its_crew_its_papers_and_its_timetable(filed, reason):
    assert decide(drive(), there_with(*filed, who=of_kind(HolderKind.SERVICE)), NOON).reason is reason


def test_a_residents_own_door_has_no_hours():
    by_day = replace(campus(), permissions=(Permission("day", frozenset(), frozenset(), (GATE_HOURS,), True),))

    decision = decide(tap("dorm-1-door", "boarder"), world(of=by_day), at("02:00"))

    assert (decision.outcome, decision.reason) == (GRANT, Reason.OK_LATE_RETURN)


@pytest.mark.parametrize(
    ("who", "clock", "reason"),
    [
        ("boarder", "23:00", Reason.OK_LATE_RETURN),
        ("boarder", "05:00", Reason.OK_LATE_RETURN),
        ("student", "23:00", Reason.OUTSIDE_HOURS),
    ],
)
def test_a_boarder_returns_late_by_a_gate_also_where_no_permission_says_so(who, clock, reason):
    without = replace(campus(), permissions=tuple(rule for rule in PERMISSIONS if not rule.late_return))

    assert decide(tap("north-in", who), world(of=without), at(clock)).reason is reason


def test_of_several_visits_the_one_that_is_complete_counts():
    def visit(number: str, **more) -> Visit:
        guest = HolderKind.VISITOR
        return Visit(number, "who", guest, "staff", frozenset({"campus"}), MORNING, EVENING, "u", MORNING, **more)

    visits = (visit("v1", confirmed=True), visit("v2", document_seen=True), visit("v3", confirmed=True, consent_by="u"))

    assert decide(tap("north-in", "who"), there_with(*visits, who=of_kind(HolderKind.VISITOR)), NOON).outcome is GRANT


def gathering(**more) -> Gathering:
    kept = {"headcount": 300, "zones": frozenset({"dorm-1"}), "state": GatheringState.APPROVED}
    return Gathering("g", "", "staff", safety_measures="", emergency_plan="", starts_at=MORNING, ends_at=EVENING,
                     requested_by="u", requested_at=MORNING, **(kept | more))  # fmt: skip


@pytest.mark.parametrize(
    ("of", "covered", "reason"),
    [
        (gathering(), "dorm-1", Reason.GATHERING_SUSPENDED),
        (gathering(), "dorm-2", Reason.OK),
        (gathering(headcount=199), "dorm-1", Reason.OK),
        (gathering(state=GatheringState.REQUESTED), "dorm-2", Reason.REGISTRATION_REQUIRED),
    ],
)
def test_the_passes_of_a_large_gathering_stop_where_the_exceptional_level_reaches_it(of, covered, reason):
    visit = Visit("v", "who", HolderKind.VISITOR, "staff", frozenset({"campus"}), MORNING, EVENING, "u", MORNING,
                  document_seen=True, gathering="g")  # fmt: skip
    there = there_with(of, visit, who=of_kind(HolderKind.VISITOR))
    there = replace(there, orders=(Order("o", Level.L1, frozenset({covered}), MORNING),))

    assert decide(tap("north-in", "who"), there, NOON).reason is reason


def chemical_store(two_people: bool = True) -> Campus:
    portals = PORTALS | {"control-room-door": replace(PORTALS["control-room-door"], two_people=two_people)}
    return campus(portals=portals)


@pytest.mark.parametrize(
    ("beside", "outcome"), [(None, WAIT), ("security", WAIT), ("staff", WAIT), ("gone", WAIT), ("second", GRANT)]
)
def test_two_named_people_are_two_different_ones_who_are_both_named(beside, outcome):
    people = PEOPLE | {"second": replace(PEOPLE["security"], ref="second")}
    request = replace(tap("control-room-door", "security"), accompanied_by=beside)

    decision = decide(request, world(people=people, of=chemical_store()), NOON)

    assert (decision.outcome, decision.reason) == (outcome, Reason.OK if outcome is GRANT else Reason.SECOND_PERSON)


def test_an_authorised_stranger_and_one_named_person_are_not_two_named_people():
    paper = Authorisation("a", "staff", frozenset({"control-room-door"}), MORNING, EVENING, "", "u", MORNING)
    request = replace(tap("control-room-door", "staff"), accompanied_by="security")

    assert decide(request, there_with(paper, of=chemical_store(False)), NOON).outcome is GRANT
    assert decide(request, there_with(paper, of=chemical_store()), NOON).outcome is WAIT


@pytest.mark.parametrize(("beside", "outcome"), [("security", GRANT), ("boarder", WAIT), ("staff", WAIT)])
def test_a_repair_in_a_dormitory_is_escorted_by_the_buildings_staff(beside, outcome):
    request = replace(tap("dorm-1-door", "who"), accompanied_by=beside)

    assert decide(request, there_with(who=of_kind(HolderKind.CONTRACTOR)), NOON).outcome is outcome


def test_a_card_locked_by_wrong_pins_opens_nothing_there_and_holds_nobody():
    there = world(of=campus(Profile.UNIVERSITY))

    entering = decide(replace(tap("control-room-door", "security"), pin=PinWord.LOCKED), there, NOON)
    leaving = decide(replace(tap("north-out", "security", OUT), pin=PinWord.LOCKED), there, NOON)

    assert (entering.outcome, entering.reason) == (DENY, Reason.PIN_LOCKED)
    assert (leaving.outcome, leaving.notices) == (GRANT, (Reason.PIN_LOCKED,))


@pytest.mark.parametrize(("level", "outcome"), [(Level.L3, GRANT), (Level.L2, WAIT), (Level.L1, WAIT)])
def test_whoever_may_not_enter_leaves_with_a_notice_or_past_the_guard(level, outcome):
    ban = EntryBan("b", "who", BanAct.THREAT, MORNING, EVENING, "u", MORNING, ("u", "w"))

    for there in (there_with(ban, who=of_kind(HolderKind.STAFF), level=level),
                  there_with(who=of_kind(HolderKind.STAFF, suspended=True), level=level)):  # fmt: skip
        assert decide(tap("north-out", "who", OUT), there, NOON).outcome is outcome


@pytest.mark.parametrize(
    ("level", "calendar", "notices"),
    [
        (Level.L1, DayKind.CLOSED, (Reason.LEAVE_SLIP_REQUIRED,)),
        (Level.L1, DayKind.EXAM, ()),
        (Level.L2, DayKind.CLOSED, ()),
    ],
)
def test_a_university_notices_who_leaves_a_closed_period_without_a_slip_and_holds_nobody(level, calendar, notices):
    there = there_with(of=replace(campus(Profile.UNIVERSITY), calendar={NOON.date(): calendar}), level=level)
    slip = LeaveSlip("s", "student", MORNING, EVENING, SlipReason.OTHER, "u", MORNING)
    with_slip = replace(there, directory=replace(there.directory, papers=arrange({key_of(slip): slip})))

    decision = decide(tap("north-out", "student", OUT), there, NOON)

    assert (decision.outcome, decision.notices) == (GRANT, notices)
    assert decide(tap("north-out", "student", OUT), with_slip, NOON).notices == ()


def test_a_ban_never_stops_a_pupil_who_may_leave():
    ban = EntryBan("b", "student", BanAct.THREAT, MORNING, EVENING, "u", MORNING, ("u", "w"))

    decision = decide(tap("north-out", "student", OUT), there_with(ban), NOON)

    assert (decision.outcome, decision.notices) == (GRANT, (Reason.ENTRY_BANNED,))


@pytest.mark.parametrize(
    ("clock", "trusted", "outcome"),
    [("15:00", None, DENY), ("15:00", "12:00", WAIT), ("12:00", "15:00", WAIT), ("12:00", "11:45", GRANT)],
)
def test_a_clock_in_doubt_refuses_no_pupil_and_opens_no_leaving_window(clock, trusted, outcome):
    there = replace(world(), trusted_until=None if trusted is None else at(trusted))

    assert decide(tap("north-out", "student", OUT), there, at(clock)).outcome is outcome


@pytest.mark.parametrize(
    ("who", "clock", "trusted", "outcome"),
    [
        ("student", "07:00", "23:00", DENY),
        ("student", "23:00", "07:00", DENY),
        ("student", "07:00", "06:00", GRANT),
        ("staff", "07:00", "23:00", GRANT),
        ("boarder", "23:00", "22:00", GRANT),
        ("boarder", "22:00", "23:00", GRANT),
        ("boarder", "07:00", "06:00", GRANT),
    ],
)
def test_a_clock_that_leapt_into_the_opening_hours_opens_no_gate_and_locks_no_boarder_out(who, clock, trusted, outcome):
    there = replace(world(), trusted_until=at(trusted))

    assert decide(tap("north-in", who), there, at(clock)).outcome is outcome
    assert decide(tap("dorm-1-door", "boarder"), there, at(clock)).outcome is GRANT


def test_in_doubt_a_boarders_gate_that_is_shut_between_its_hours_and_curfew_stays_shut():
    day = replace(PERMISSIONS[1], windows=(Window(8 * 60, 12 * 60),))
    there = replace(world(of=replace(campus(), permissions=(day,))), trusted_until=at("15:00"))

    assert decide(tap("north-in", "boarder"), there, at("23:00")).reason is Reason.OUTSIDE_HOURS
    assert decide(tap("north-in", "boarder"), replace(there, trusted_until=None), at("23:00")).outcome is GRANT
    assert decide(tap("north-in", "boarder"), replace(there, trusted_until=at("11:00")), at("23:00")).outcome is GRANT


@pytest.mark.parametrize(("clock", "trusted"), [("10:00", "20:00"), ("20:00", "10:00")])
def test_in_doubt_neither_visiting_hours_nor_a_timetable_is_open_at_one_of_two_hours(clock, trusted):
    hours = (Window(9 * 60, 12 * 60),)
    guest = Holder("who", "x9", "Guest", HolderKind.VISITOR, frozenset())
    visit = Visit("v", "who", HolderKind.VISITOR, "staff", frozenset({"dorm-1"}), MORNING, at("23:00"), "u", MORNING)
    dormitory = there_with(visit, who=guest, of=replace(campus(), visiting_hours=hours))
    lane = there_with(bus(timetable=hours, papers_until=at("23:00")), who=replace(guest, kind=HolderKind.SERVICE))
    card_of_guest = Request("dorm-1-door", IN, CredentialKind.PLATE, "沪B00001")

    for request, there, reason in (
        (card_of_guest, dormitory, Reason.VISITING_HOURS),
        (drive(), lane, Reason.OUTSIDE_HOURS),
    ):
        assert reason in reasons(decide(request, replace(there, trusted_until=at(trusted)), at(clock)))
        assert reason not in reasons(decide(request, replace(there, trusted_until=at("11:00")), at("10:00")))


def reasons(decision):
    return {finding.reason for finding in decision.trace}


def test_a_room_is_full_when_what_is_around_it_is():
    zones = ZONES | {"campus": replace(ZONES["campus"], capacity=10)}
    full = {"campus": 10, "dorm-1": 1}
    there = replace(campus(), zones=zones)

    assert decide(tap("north-in", "staff"), replace(world(of=there), inside=full), NOON).reason is Reason.ZONE_FULL
    assert decide(tap("dorm-1-door", "boarder"), replace(world(of=there), inside=full), NOON).reason is Reason.OK
    assert decide(tap("north-out", "staff", OUT), replace(world(of=there), inside=full), NOON).outcome is GRANT


def test_a_presence_in_a_zone_that_is_gone_says_nothing():
    portals = {key: replace(portal, anti_passback=AntiPassback.HARD) for key, portal in PORTALS.items()}
    gone = {"staff": Presence("torn-down", PresenceState.INSIDE, MORNING)}

    assert decide(tap("north-in", "staff"), world(presence=gone, of=campus(portals=portals)), NOON).outcome is GRANT


# ---------------------------------------------------------------- when something fails; test_failures.py breaks it all


def breaks(*_args, **_more):
    raise RuntimeError("broken")


@pytest.mark.parametrize(
    ("portal", "direction", "more", "outcome"),
    [
        ("north-in", IN, {}, DENY),
        ("north-out", OUT, {}, WAIT),
        ("north-out", OUT, {"fires": frozenset({"campus"})}, GRANT),
        ("north-out", OUT, {"emergencies": (Emergency("e", EmergencyKind.LOCKDOWN, frozenset(), MORNING, "u"),)}, WAIT),
        (
            "north-out",
            OUT,
            {"emergencies": (Emergency("e", EmergencyKind.EVACUATE, frozenset(), MORNING, "u"),)},
            GRANT,
        ),
        ("dorm-1-door", OUT, {}, GRANT),
        ("control-room-door", OUT, {}, GRANT),
        ("gone", OUT, {}, GRANT),
    ],
)
def test_what_is_left_when_nothing_can_be_looked_up(monkeypatch, portal, direction, more, outcome):
    monkeypatch.setattr(deciding, "look_up", breaks)
    monkeypatch.setattr(deciding, "is_egress", breaks)

    assert decide(tap(portal, "student", direction), replace(world(), **more), NOON).outcome is outcome


def test_leaving_is_free_when_everything_fails_at_once(monkeypatch):
    for name in ("look_up", "is_egress", "_is_watched_now"):
        monkeypatch.setattr(deciding, name, breaks)

    assert decide(tap("north-out", "student", OUT), world(), NOON).outcome is GRANT


@pytest.mark.parametrize("fires", [frozenset(), frozenset({"dorm-1"})])
def test_an_escape_route_is_free_when_nobody_can_be_looked_up(monkeypatch, fires):
    monkeypatch.setattr(deciding, "look_up", breaks)

    decision = decide(tap("dorm-1-door", "boarder", OUT), replace(world(), fires=fires), NOON)

    assert (decision.outcome, decision.reason) == (GRANT, Reason.OK_EVACUATE if fires else Reason.OK_EXIT)
    assert decision.notices == (Reason.RULE_ERROR,)


@pytest.mark.parametrize(
    ("portal", "direction", "profile", "outcome"),
    [
        ("north-in", IN, Profile.SCHOOL, DENY),
        ("north-out", OUT, Profile.SCHOOL, WAIT),
        ("north-out", OUT, Profile.UNIVERSITY, GRANT),
        ("control-room-door", OUT, Profile.SCHOOL, GRANT),
    ],
)
def test_a_rule_that_fails_refuses_entry_and_asks_a_guard_where_leaving_can_be_refused(
    monkeypatch, portal, direction, profile, outcome
):
    monkeypatch.setattr(deciding, "entry_rules", lambda needs: (breaks,))
    monkeypatch.setattr(deciding, "EXIT_RULES", (breaks,))

    decision = decide(tap(portal, "staff", direction), world(of=campus(profile)), NOON)

    assert decision.outcome is outcome
    assert [finding.reason for finding in decision.trace] == [Reason.RULE_ERROR]


# ---------------------------------------------------------------- laws of every decision

requests = st.builds(
    Request,
    portal=st.sampled_from([*PORTALS, "gone"]),
    direction=st.sampled_from(Direction),
    credential=st.sampled_from(CredentialKind),
    value=st.sampled_from(["STAFF", "STUDENT", "BOARDER", "SECURITY", "NOBODY", "京A12345", ""]),
    quarantined=st.booleans(),
)
cards = st.builds(
    card,
    holder=st.sampled_from(list(PEOPLE)),
    state=st.sampled_from(CredentialState),
)
moments = st.integers(0, 14 * 24 * 60).map(lambda minutes: at("00:00") + timedelta(minutes=minutes))
worlds = st.builds(
    lambda held, kinds, profile: world(
        *held,
        people={ref: replace(PEOPLE[ref], kind=kind) for ref, kind in zip(PEOPLE, kinds, strict=True)},
        of=campus(profile),
    ),
    st.lists(cards, max_size=4),
    st.lists(st.sampled_from(HolderKind), min_size=len(PEOPLE), max_size=len(PEOPLE)),
    st.sampled_from(Profile),
)


@given(requests, worlds, moments)
def test_laws_of_every_decision(request, there, now):
    decision = decide(request, there, now)

    portal = there.campus.portals.get(request.portal)
    if request.direction is OUT and portal is not None and portal.is_escape_route:
        assert decision.outcome is GRANT, "egress is never denied"
    if request.direction is IN and decision.outcome is GRANT:
        held = there.directory.credentials[request.credential, request.value]
        assert held.state is CredentialState.ACTIVE, "only an active credential enters"
        assert not request.quarantined
    refused = [f.reason for f in decision.trace if f.verdict is Verdict.REFUSES]
    if decision.outcome is DENY:
        assert decision.reason == min(refused, key=PRECEDENCE.__getitem__), "the first by precedence settles it"
    else:
        assert not refused, "nothing that a rule refuses is granted"
    assert decision == decide(request, there, now), "the same question has the same answer"
