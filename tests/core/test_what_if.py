"""What would be decided: the world that is made up differs only in what was asked for."""

from dataclasses import replace
from datetime import timedelta

from gateway.core.decide import decide
from gateway.core.kinds import CredentialState, Direction, HolderKind, Level, Outcome, PresenceState, Verdict
from gateway.core.nouns import Holder, Presence, World
from gateway.core.papers import Emergency, EmergencyKind, Order, Visit, VisitState, arrange, key_of
from gateway.core.policy import Need, Place, Row
from gateway.core.reasons import Reason
from gateway.core.what_if import Change, PastTap, Replay, Replayed, at_level, shown_by, under_policy
from gateway.core.what_if import Verdict as Answer
from tests.core.campus import PEOPLE, at, campus, card, policy, tap, world

GUEST = Holder("guest", "V-1", "Guest", HolderKind.VISITOR, frozenset())
BUILDER = Holder("builder", "C-1", "Builder", HolderKind.CONTRACTOR, frozenset({"staff"}))
EVERYBODY = PEOPLE | {"guest": GUEST, "builder": BUILDER}
MORNING = at("08:00")


def past(who: str, outcome: Outcome, reason: Reason, level: Level = Level.L3, **other) -> PastTap:
    known = PastTap(MORNING, "north-in", Direction.IN, card(who).kind, who, f"c-{who}", level, outcome, reason.value)
    return known._replace(**other)


def a_visit(state: VisitState) -> Visit:
    return Visit(
        id="v1",
        holder="guest",
        kind=HolderKind.VISITOR,
        host="staff",
        zones=frozenset({"campus"}),
        starts_at=MORNING - timedelta(hours=1),
        ends_at=MORNING + timedelta(hours=8),
        registered_by="u",
        registered_at=MORNING - timedelta(days=1),
        state=state,
        document_seen=True,
        confirmed=True,
    )


def replayed(there: World, *taps: PastTap, level: Level | None = Level.L1, **more) -> Replayed:
    running = Replay(there, level=level, policy=more.pop("policy", None), **more)
    running.take(taps)
    return running.result


def test_a_level_that_is_asked_for_holds_everywhere_and_no_emergency_does():
    locked = Emergency("e", EmergencyKind.LOCKDOWN, frozenset({"site"}), MORNING, "u")
    there = replace(world(people=EVERYBODY), emergencies=(locked,))

    decision = decide(tap("north-in", "builder"), at_level(there, Level.L1), MORNING)

    assert (decision.outcome, decision.reason, decision.level) == (Outcome.DENY, Reason.LEVEL_REFUSES, Level.L1)
    assert decide(tap("north-in", "staff"), at_level(there, Level.L3), MORNING).outcome is Outcome.GRANT


def test_a_stricter_order_does_not_hide_behind_a_looser_question():
    order = Order("o", Level.L1, frozenset({"site"}), MORNING - timedelta(days=1))
    there = world(people=EVERYBODY, orders=(order,))

    assert decide(tap("north-in", "builder"), at_level(there, Level.L3), MORNING).outcome is Outcome.GRANT


def test_a_holder_shows_a_plate_in_the_lane_a_card_at_the_gate_and_a_thought_up_card_without_either():
    there = world(card("student", CredentialState.LOST))

    shown = [shown_by(there, PEOPLE[who], where) for who, where in
             (("staff", "north-vehicle"), ("staff", "north-in"), ("student", "north-in"))]  # fmt: skip

    assert [(some.kind.value, some.is_made_up) for some in shown] == [("plate", False), ("card", False), ("card", True)]
    made_up = decide(
        replace(tap("north-in", "student"), value=shown[2].value),
        shown[2].world,
        MORNING,
    )
    assert (made_up.outcome, made_up.holder) == (Outcome.GRANT, "student")


def test_a_replay_at_the_exceptional_level_names_who_would_have_been_refused_and_nobody_else():
    there = world(people=EVERYBODY)

    result = replayed(
        there,
        past("staff", Outcome.GRANT, Reason.OK),
        past("builder", Outcome.GRANT, Reason.OK),
        past("builder", Outcome.GRANT, Reason.OK, at=MORNING + timedelta(hours=1)),
    )

    change = Change(
        "north-in",
        Direction.IN,
        Answer(Outcome.GRANT, Reason.OK),
        Answer(Outcome.DENY, Reason.LEVEL_REFUSES),
    )
    assert (result.taps, result.compared, result.different, result.holders) == (3, 3, 2, 1)
    assert result.changes == {change: 2}
    line = result.people["builder", change]
    assert (line.count, line.first_at, line.last_at) == (2, MORNING, MORNING + timedelta(hours=1))


def test_a_replay_at_the_level_that_was_changes_nothing():
    result = replayed(
        world(people=EVERYBODY),
        past("builder", Outcome.WAIT, Reason.GUARD_CONFIRMS, Level.L2),
        past("student", Outcome.GRANT, Reason.OK, Level.L2),
        level=Level.L2,
    )

    assert (result.different, result.changed_since) == (0, 0)


def test_a_visit_that_is_over_by_now_is_judged_as_it_was():
    over = a_visit(VisitState.CHECKED_OUT)
    there = world(card("guest", CredentialState.REVOKED), people=EVERYBODY)

    result = replayed(there, past("guest", Outcome.GRANT, Reason.OK), past=[over])

    assert [(change.before.outcome, change.after) for change in result.changes] == [
        (Outcome.GRANT, Answer(Outcome.DENY, Reason.LEVEL_REFUSES))
    ]


def test_a_visit_that_was_refused_at_the_desk_does_not_come_to_life():
    refused = a_visit(VisitState.REFUSED)

    result = replayed(
        world(people=EVERYBODY), past("guest", Outcome.DENY, Reason.REGISTRATION_REQUIRED), past=[refused]
    )

    assert (result.different, result.changed_since) == (0, 0)


def test_what_was_refused_for_the_card_or_the_person_is_no_difference_of_levels():
    result = replayed(
        world(people=EVERYBODY),
        past("staff", Outcome.DENY, Reason.CREDENTIAL_LOST),
        past("student", Outcome.DENY, Reason.ENTRY_BANNED),
        past("staff", Outcome.WAIT, Reason.GUARD_CONFIRMS, card_at_fault=True),
        level=Level.L3,
    )

    assert (result.compared, result.different, result.changed_since) == (3, 0, 0)


def test_where_people_and_rules_have_changed_since_that_is_counted_and_not_blamed_on_the_level():
    there = world(people=EVERYBODY | {"staff": replace(PEOPLE["staff"], groups=frozenset())})

    result = replayed(there, past("staff", Outcome.GRANT, Reason.OK))

    assert (result.different, result.changed_since) == (0, 1)


def test_what_a_device_or_the_gateway_did_while_cut_off_is_no_change_of_people_or_rules():
    result = replayed(world(), past("staff", Outcome.WAIT, Reason.LEDGER_UNAVAILABLE, cut_off=True))

    assert (result.compared, result.different, result.changed_since) == (1, 0, 0)


def test_taps_of_nobody_known_are_counted_apart():
    result = replayed(world(), past("staff", Outcome.DENY, Reason.UNKNOWN_CREDENTIAL, holder=None, credential=None))

    assert (result.taps, result.unknown, result.compared) == (1, 1, 0)


def test_another_policy_is_tried_at_the_levels_that_were():
    shipped = policy(campus().profile)
    gate = dict(shipped.tables[Place.GATE])
    refused = frozenset({Need.PERMISSION, Need.REFUSED})
    gate[HolderKind.STUDENT] = Row(frozenset({Need.PERMISSION}), refused | {Need.SHOWN}, refused | {Need.SHOWN})
    stricter = replace(shipped, tables={**shipped.tables, Place.GATE: gate})

    result = replayed(
        world(people=EVERYBODY),
        past("student", Outcome.GRANT, Reason.OK, Level.L3),
        past("student", Outcome.GRANT, Reason.OK, Level.L2),
        level=None,
        policy=stricter,
    )

    assert [change.after.reason for change in result.changes] == [Reason.LEVEL_REFUSES]
    assert result.different == 1
    there = under_policy(world(people=EVERYBODY), stricter)
    assert decide(tap("north-in", "student"), at_level(there, Level.L2), MORNING).outcome is Outcome.DENY


def test_a_replay_knows_nothing_of_who_was_where():
    inside = {"staff": Presence("campus", PresenceState.INSIDE, MORNING)}
    there = world(people=EVERYBODY, presence=inside)

    result = replayed(there, past("staff", Outcome.GRANT, Reason.OK), level=Level.L3)

    assert (result.different, result.changed_since) == (0, 0)


def test_papers_of_the_time_stand_beside_those_of_today():
    today = a_visit(VisitState.CHECKED_IN)
    there = world(people=EVERYBODY)
    there = replace(there, directory=replace(there.directory, papers=arrange({key_of(today): today})))

    found = decide(tap("north-in", "guest"), at_level(there, Level.L2), MORNING)

    assert found.outcome is Outcome.GRANT
    assert {f.rule for f in found.trace if f.verdict is Verdict.PASSES} >= {"registered", "document", "host"}
