"""What must always hold, enumerated where the space is finite; and for each law a broken variant that it catches."""

from dataclasses import replace

import pytest

from gateway.core import decide as deciding
from gateway.core import entering, leaving, levels
from gateway.core.decide import decide
from gateway.core.kinds import Direction, HolderKind, Level, Outcome, Profile, Verdict
from gateway.core.levels import Moment, effective_level
from gateway.core.nouns import Finding, Holder
from gateway.core.policy import Need, Place, Policy
from gateway.core.reasons import Reason
from tests.core import laws
from tests.core.campus import PEOPLE, tap, world
from tests.core.random_campus import Chance, question


@pytest.fixture(autouse=True)
def fresh_rules():
    """The remembered rules of each cell are forgotten before and after."""
    entering._RULES_OF_CELL.clear()
    yield
    entering._RULES_OF_CELL.clear()


def breaks(*_args, **_more):
    raise RuntimeError("broken")


# ---------------------------------------------------------------- S1


def test_s1_egress_is_granted_in_every_state_of_the_world():
    assert laws.egress_is_granted(decide, laws.egress_cases()) is None


@pytest.mark.parametrize(
    ("module", "broken", "by"),
    [
        (deciding, "is_egress", lambda request, world: False),
        (leaving, "emergency_in", lambda *_: False),
        (deciding, "emergency_in", lambda *_: False),
        (deciding, "_let_out", lambda request, world, now: deciding._GUARD_LOOKS),
    ],
)
def test_s1_catches_a_decision_that_holds_somebody_back(monkeypatch, module, broken, by):
    monkeypatch.setattr(module, broken, by)

    assert laws.egress_is_granted(decide, laws.egress_cases()) is not None


# ---------------------------------------------------------------- P2


def test_p2_the_level_is_never_looser_than_any_order_in_force(seed):
    assert laws.level_is_the_strictest(effective_level, (Chance(f"{seed}:p2:{n}") for n in range(2_000))) is None


def test_p2_catches_a_level_that_lets_the_newest_order_win(seed):
    def newest_wins(there, orders, zone, now, trusted):
        in_force = [
            o for o in orders if levels.is_in_force(o, now, trusted) and not o.zones.isdisjoint(there.around(zone))
        ]
        return max(in_force, key=lambda order: order.starts_at).level if in_force else Level.L3

    assert laws.level_is_the_strictest(newest_wins, (Chance(f"{seed}:p2:{n}") for n in range(2_000))) is not None


def test_p2_catches_a_level_that_ends_while_the_clock_is_in_doubt(seed):
    def forgets_the_doubt(there, orders, zone, now, _trusted):
        return effective_level(there, orders, zone, now)

    assert laws.level_is_the_strictest(forgets_the_doubt, (Chance(f"{seed}:p2:{n}") for n in range(2_000))) is not None


# ---------------------------------------------------------------- P3


@pytest.mark.parametrize("profile", Profile)
def test_p3_a_stricter_level_never_grants_what_a_looser_one_refuses_or_makes_wait(profile):
    assert laws.stricter_never_grants_more(decide, laws.entry_at_levels(profile)) is None
    assert laws.stricter_never_grants_more(decide, laws.exit_at_levels(profile)) is None


def test_p3_looks_at_rows_that_let_somebody_in():
    """On foot, whoever is named by a permission or comes by a visit is not refused at L3 if all is well."""
    best: dict[object, Outcome] = {}
    for at_levels in laws.entry_at_levels(Profile.SCHOOL, ("north-in", "dorm-1-door", "control-room-door")):
        case = at_levels[Level.L3]
        kind = (case.words[1], case.words[2], "all" in case.words)
        outcome = decide(case.request, case.world, case.now).outcome
        best[kind] = max(best.get(kind, Outcome.DENY), outcome, key=laws.RANK.__getitem__)

    never = {kind for kind, outcome in best.items() if outcome is Outcome.DENY}
    by_visit = {HolderKind.RESPONDER, *laws.BY_VISIT}
    assert {kind for kind in never if kind[2] or kind[1] in by_visit} == {("north-in", HolderKind.DELIVERY, True)}


def loosened(place: Place, row: str, **cells: frozenset[Need]):
    """A decision under a policy with a broken row, past the checks that keep such a policy from being made."""

    def by_broken_policy(request, there, now):
        policy = there.campus.policy
        rows = {**policy.tables[place], row: replace(policy.tables[place][row], **cells)}
        broken = object.__new__(Policy)
        for name in Policy.__slots__:
            object.__setattr__(broken, name, getattr(policy, name))
        object.__setattr__(broken, "tables", {**policy.tables, place: rows})
        return decide(request, replace(there, campus=replace(there.campus, policy=broken)), now)

    return by_broken_policy


@pytest.mark.parametrize(
    ("place", "row", "cell"),
    [
        (Place.GATE, "staff", {"l2": frozenset()}),
        (Place.GATE, "visitor", {"l1": frozenset()}),
        (Place.GATE, "responder", {"l1": frozenset()}),
        (Place.VEHICLE, "bus", {"l2": frozenset({Need.PAPERS})}),
        (Place.DORMITORY, "guest", {"l1": frozenset({Need.REGISTERED})}),
        (Place.RESTRICTED, "other", {"l1": frozenset({Need.AUTHORISATION})}),
    ],
)
def test_p3_catches_a_cell_that_loosens(place, row, cell):
    portals = {Place.GATE: "north-in", Place.VEHICLE: "north-vehicle", Place.DORMITORY: "dorm-1-door"}
    kinds = (row,) if place is Place.GATE else tuple(HolderKind)
    questions = laws.entry_at_levels(Profile.SCHOOL, (portals.get(place, "control-room-door"),), kinds)

    assert laws.stricter_never_grants_more(loosened(place, row, **cell), questions) is not None


def test_p3_catches_an_exit_that_loosens():
    broken = loosened(Place.GATE_EXIT, "student", l1=frozenset())

    assert laws.stricter_never_grants_more(broken, laws.exit_at_levels(Profile.SCHOOL)) is not None


# ---------------------------------------------------------------- P5


def test_p5_nothing_unknown_or_malformed_enters():
    assert laws.nothing_bad_enters(decide, laws.bad_entries()) is None


@pytest.mark.parametrize(
    ("broken", "by"),
    [
        ("_NO_ENTRY", deciding._WAY_IS_FREE),
        ("_NO_SUCH_ENTRY", deciding._NO_SUCH_EXIT),
        ("_failed", lambda rule, facts: Finding(rule.__name__, Verdict.NOTICE)),
        ("entry_rules", lambda needs: ()),
    ],
)
def test_p5_catches_a_decision_that_lets_in_what_it_does_not_understand(monkeypatch, broken, by):
    monkeypatch.setattr(deciding, broken, by)

    assert laws.nothing_bad_enters(decide, laws.bad_entries()) is not None


# ---------------------------------------------------------------- the clock in doubt


def test_a_clock_in_doubt_revives_nothing(seed):
    assert laws.doubt_revives_nothing(decide, (question(seed, number) for number in range(6_000))) is None


def test_a_clock_in_doubt_that_is_believed_is_caught(monkeypatch, seed):
    monkeypatch.setattr(Moment, "earliest", property(lambda moment: moment.now))
    monkeypatch.setattr(Moment, "latest", property(lambda moment: moment.now))

    assert laws.doubt_revives_nothing(decide, (question(seed, number) for number in range(6_000))) is not None


# ---------------------------------------------------------------- emergencies


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize(
    ("words", "who", "portal", "outcome"),
    [
        ("lockdown", "staff", "north-in", Outcome.DENY),
        ("lockdown", "security", "north-in", Outcome.DENY),
        ("lockdown", "nobody", "north-in", Outcome.DENY),
        ("lockdown", "security", "dorm-1-door", Outcome.DENY),
        ("lockdown", "boarder", "north-in", Outcome.DENY),
        ("lockdown", "boarder", "dorm-1-door", Outcome.GRANT),
        ("lockdown", "boarder", "dorm-2-door", Outcome.DENY),
        ("lockdown", "fire brigade", "north-in", Outcome.WAIT),
        ("lockdown", "fire brigade", "dorm-1-door", Outcome.GRANT),
        ("evacuate", "staff", "north-in", Outcome.DENY),
        ("evacuate", "boarder", "dorm-1-door", Outcome.DENY),
        ("evacuate", "security", "north-in", Outcome.WAIT),
        ("evacuate", "fire brigade", "north-in", Outcome.WAIT),
        ("evacuate", "fire brigade", "dorm-1-door", Outcome.WAIT),
        ("lockdown and evacuate", "security", "north-in", Outcome.DENY),
        ("lockdown and evacuate", "boarder", "dorm-1-door", Outcome.GRANT),
        ("lockdown and evacuate", "fire brigade", "north-in", Outcome.WAIT),
    ],
)
def test_who_enters_in_an_emergency_at_every_level(words, who, portal, outcome, level):
    people = PEOPLE | {"fire brigade": Holder("fire brigade", "f", "f", HolderKind.RESPONDER, frozenset())}
    there = replace(world(people=people, orders=laws.AT_LEVEL[level]), emergencies=dict(laws.EMERGENCIES)[words])

    decision = decide(tap(portal, who), there, laws.NOW)

    assert decision.outcome is outcome
    assert decision.reason is Reason.LOCKDOWN or outcome is not Outcome.DENY


def test_a_fire_is_an_evacuation_of_its_zone_and_what_lies_in_it():
    burns = replace(world(), fires=frozenset({"dorm-1"}))

    into = {
        portal: decide(tap(portal, "security"), burns, laws.NOW).outcome for portal in ("dorm-1-door", "dorm-2-door")
    }
    out_of = {portal: decide(tap(portal, "nobody", Direction.OUT), burns, laws.NOW).reason for portal in into}

    assert into == {"dorm-1-door": Outcome.WAIT, "dorm-2-door": Outcome.GRANT}
    assert out_of == {"dorm-1-door": Reason.OK_EVACUATE, "dorm-2-door": Reason.OK_EXIT}
