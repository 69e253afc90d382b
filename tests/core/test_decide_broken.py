"""What is left of a decision when a rule or a look-up fails; `test_failures` breaks everything, one after the other."""

from dataclasses import replace

import pytest

from gateway.core import decide as deciding
from gateway.core.decide import decide
from gateway.core.kinds import Direction, Outcome, Profile
from gateway.core.papers import Emergency, EmergencyKind
from gateway.core.reasons import Reason
from tests.core.campus import at, campus, tap, world

IN, OUT = Direction.IN, Direction.OUT
GRANT, DENY, WAIT = Outcome.GRANT, Outcome.DENY, Outcome.WAIT
MORNING, NOON = at("06:00"), at("12:00")


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
