"""Who may pass: promises of the decision, and the laws that no input may break."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.decide import decide
from gateway.core.kinds import (
    AntiPassback,
    CredentialKind,
    CredentialState,
    Direction,
    HolderKind,
    Level,
    Outcome,
    PresenceState,
    Profile,
    Verdict,
)
from gateway.core.nouns import Credential, Presence, Request
from gateway.core.papers import Order
from gateway.core.reasons import PRECEDENCE, Reason
from tests.core.campus import PEOPLE, PORTALS, at, campus, card, tap, world

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
