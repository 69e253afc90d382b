"""The decision of the gateway against an independent reading of the policy, on random campuses and requests."""

from collections import Counter
from dataclasses import replace

import pytest

from gateway.core import decide as deciding
from gateway.core import entering, needs
from gateway.core.decide import decide
from gateway.core.kinds import Direction, Verdict
from gateway.core.leaving import EXIT_RULES
from gateway.core.nouns import Finding
from gateway.core.policy import Need
from gateway.core.reasons import Reason
from tests.core.random_campus import Question, question
from tests.core.reading import reading

QUESTIONS = 50_000
FEW = 6_000
"""Enough for every single rule to settle a question."""

NOT_OF_DECIDE = {
    Reason.LEDGER_UNAVAILABLE,
    Reason.RULE_ERROR,
    Reason.NOT_LISTED,
    Reason.OFFLINE_DENIED,
    Reason.GUARD_REFUSED,
    Reason.GUARD_TIMEOUT,
    Reason.OK_IDENTIFIED_BY_GUARD,
    Reason.OK_RESPONDER,
    Reason.OK_SHELTER,
}
"""Reasons that come from a failure, from a device alone or from a person."""


def decided(asked: Question) -> tuple[str, str]:
    decision = decide(*asked)
    return decision.outcome.value, decision.reason.value


@pytest.mark.timeout(600)
def test_the_gateway_and_the_reading_agree_on_random_campuses_and_requests(seed):
    answers: Counter[str] = Counter()
    for number in range(QUESTIONS):
        asked = question(seed, number)
        ours = decided(asked)
        answers[ours[1]] += 1

        assert ours == reading(*asked), f"question({seed}, {number})"

    never = {reason.value for reason in Reason if reason not in NOT_OF_DECIDE} - answers.keys()
    assert not never, "the random campuses reach every reason"


# ---------------------------------------------------------------- the reading notices


@pytest.fixture(scope="module")
def known(seed) -> list[tuple[Question, tuple[str, str]]]:
    """Some questions, and what the reading answers."""
    asked = [question(seed, number) for number in range(FEW)]
    return [(one, reading(*one)) for one in asked]


@pytest.fixture
def fresh_rules():
    """The remembered rules of each cell are forgotten before and after."""
    entering._RULES_OF_CELL.clear()
    yield
    entering._RULES_OF_CELL.clear()


def passes(_facts):
    return Finding("left out", Verdict.PASSES)


def is_noticed(known) -> bool:
    return any(decided(asked) != theirs for asked, theirs in known)


@pytest.mark.parametrize("rule", [*entering.BEFORE, *entering.AFTER], ids=lambda rule: rule.__name__)
def test_a_rule_of_every_entry_that_is_left_out_is_noticed(monkeypatch, fresh_rules, known, rule):
    for name in ("BEFORE", "AFTER"):
        rules = tuple(passes if one is rule else one for one in getattr(entering, name))
        monkeypatch.setattr(entering, name, rules)

    assert is_noticed(known)


@pytest.mark.parametrize("need", [need for need in needs.RULES if need is not Need.SHOWN], ids=str)
def test_a_word_of_a_cell_that_is_left_out_is_noticed(monkeypatch, fresh_rules, known, need):
    monkeypatch.setitem(needs.RULES, need, ())

    assert is_noticed(known)


@pytest.mark.parametrize("rule", EXIT_RULES, ids=lambda rule: rule.__name__)
def test_a_rule_of_an_exit_that_is_left_out_is_noticed(monkeypatch, known, rule):
    monkeypatch.setattr(deciding, "EXIT_RULES", tuple(passes if one is rule else one for one in EXIT_RULES))

    assert is_noticed(known)


def test_a_precedence_that_is_turned_round_is_noticed(monkeypatch, known):
    ranks = {reason: -rank for reason, rank in deciding.PRECEDENCE.items()}
    monkeypatch.setattr(deciding, "PRECEDENCE", ranks)

    assert is_noticed(known)


@pytest.mark.parametrize("blind", ["orders", "emergencies", "fires", "used", "inside", "presence", "trusted_until"])
def test_a_part_of_the_world_that_is_not_looked_at_is_noticed(known, blind):
    empty = {"trusted_until": None, "orders": (), "emergencies": (), "fires": frozenset()}.get(blind, {})

    assert any(
        decided(Question(asked.request, replace(asked.world, **{blind: empty}), asked.now)) != theirs
        for asked, theirs in known
    )


def test_a_direction_that_is_mixed_up_is_noticed(known):
    other = {Direction.IN: Direction.OUT, Direction.OUT: Direction.IN}

    assert any(
        decided(asked._replace(request=replace(asked.request, direction=other[asked.request.direction]))) != theirs
        for asked, theirs in known
    )
