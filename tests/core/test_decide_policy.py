"""Who may pass where the policy had to be read twice: papers, bans, gatherings, two people, a clock in doubt."""

from dataclasses import replace

import pytest

from gateway.core.decide import decide
from gateway.core.kinds import (
    AntiPassback,
    CredentialKind,
    DayKind,
    Direction,
    HolderKind,
    Level,
    Outcome,
    PinWord,
    PresenceState,
    Profile,
)
from gateway.core.nouns import Campus, Credential, Holder, Permission, Presence, Request
from gateway.core.papers import (
    Authorisation,
    BanAct,
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
from gateway.core.reasons import Reason
from gateway.core.windows import Window
from tests.core.campus import GATE_HOURS, PEOPLE, PERMISSIONS, PORTALS, ZONES, at, campus, tap, world

IN, OUT = Direction.IN, Direction.OUT
GRANT, DENY, WAIT = Outcome.GRANT, Outcome.DENY, Outcome.WAIT
MORNING, EVENING, NOON = at("06:00"), at("20:00"), at("12:00")


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
