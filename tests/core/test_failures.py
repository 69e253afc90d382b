"""Whatever inside the decision raises: egress is granted, nobody enters by it, and a guard looks where leaving can be
refused.

The calls are found by watching decisions being made, so a function that is added tomorrow is broken here by itself.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from inspect import CO_GENERATOR
from types import CodeType, FrameType
from typing import Any

import pytest

from gateway.core import decide as deciding
from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, Direction, HolderKind, Outcome, PinWord, Profile, Verdict
from gateway.core.nouns import Decision, Finding, Permission, Portal, VehicleWindow
from gateway.core.papers import (
    Authorisation,
    BanAct,
    EntryBan,
    Gathering,
    GatheringState,
    LeaveSlip,
    SlipReason,
    Visit,
    arrange,
    key_of,
)
from gateway.core.reasons import Reason
from gateway.core.windows import Window
from tests.core import laws
from tests.core.campus import PEOPLE, PERMISSIONS, PORTALS, campus, world
from tests.core.laws import AFTER, BEFORE, Case
from tests.core.random_campus import question


class Injected(Exception):
    pass


def calls_of(case: Case) -> list[CodeType]:
    """Every call of a function of ours inside `decide`, in order; `decide` itself is the caller's."""
    seen: list[CodeType] = []

    def watch(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and is_ours(frame):
            seen.append(frame.f_code)

    under(watch, case)
    return seen[1:]


def is_ours(frame: FrameType) -> bool:
    """A function of the core begins; a generator is part of the function in which it stands."""
    ours = str(frame.f_globals.get("__name__", "")).startswith("gateway.core")
    return ours and not frame.f_code.co_flags & CO_GENERATOR


def under(watch: Any, case: Case) -> Decision:
    before = sys.gettrace()
    sys.settrace(watch)
    try:
        return decide(case.request, case.world, case.now)
    finally:
        sys.settrace(before)


def with_a_failure_at(case: Case, number: int) -> Decision:
    """The decision when the call of this number raises."""
    count = -1  # decide itself

    def watch(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        if event == "call" and is_ours(frame):
            if count == number:
                raise Injected
            count += 1

    return under(watch, case)


# ---------------------------------------------------------------- the questions


def busy_world(profile: Profile, **more: Any):
    """A world in which there is something to look up everywhere."""
    lane = replace(PORTALS["north-vehicle"], vehicle_windows=(VehicleWindow(Window(60, 120)),))
    portals: dict[str, Portal] = {**PORTALS, "north-vehicle": lane}
    there = replace(
        campus(profile, portals), permissions=(*PERMISSIONS, Permission("all", frozenset({"all"}), frozenset(PORTALS)))
    )
    papers = (
        Authorisation("a", "staff", frozenset(PORTALS), BEFORE, AFTER, "", "u", BEFORE),
        LeaveSlip("s", "student", BEFORE, AFTER, SlipReason.OTHER, "u", BEFORE),
        EntryBan("b", "student", BanAct.THREAT, BEFORE - timedelta(9), BEFORE, "u", BEFORE, ("u", "w")),
        Gathering(
            "g", "", "u", 500, "", "", frozenset({"campus"}), BEFORE, AFTER, "u", BEFORE, GatheringState.APPROVED
        ),
        *(
            Visit(
                number,
                "visitor",
                HolderKind.VISITOR,
                "staff",
                frozenset({"campus"}),
                BEFORE,
                AFTER,
                "u",
                BEFORE,
                document_seen=True,
                confirmed=True,
                gathering="g",
            )
            for number in ("v1", "v2")
        ),
    )
    people = PEOPLE | {"visitor": replace(PEOPLE["staff"], ref="visitor", kind=HolderKind.VISITOR)}
    there_is = world(people=people, of=there)
    directory = replace(there_is.directory, papers=arrange({key_of(paper): paper for paper in papers}))
    return replace(there_is, directory=directory, **more)


def ways_out(profile: Profile) -> Iterator[tuple[Case, str]]:
    """Ways out, and what may come of a failure there: `egress`, `watched` or `free`."""
    evacuation = laws.EMERGENCIES[2][1]
    calm = {"orders": laws.AT_LEVEL[2], "emergencies": laws.EMERGENCIES[1][1]}
    worlds = {
        "calm": busy_world(profile, **calm),
        "evacuation": busy_world(profile, emergencies=evacuation),
        "fire": busy_world(profile, fires=frozenset({"campus"})),
    }
    for words, there in worlds.items():
        for portal in ("dorm-1-door", "north-out", "north-vehicle", "control-room-door"):
            for who in ("STAFF", "STUDENT", "NOBODY"):
                for kind in (CredentialKind.CARD, CredentialKind.PLATE):
                    request = laws.Request(portal, Direction.OUT, kind, who)
                    watched = profile is Profile.SCHOOL and portal == "north-out" and kind is CredentialKind.CARD
                    what = "watched" if watched else "free"
                    if words != "calm" or portal == "dorm-1-door":
                        what = "egress"
                    yield Case((profile, words, portal, who, kind), request, there), what


def ways_in() -> Iterator[Case]:
    """Entries with every outcome, on which as many rules as possible are asked."""
    for orders in laws.AT_LEVEL.values():
        there = busy_world(Profile.SCHOOL, orders=orders)
        locked = replace(there, emergencies=laws.EMERGENCIES[1][1])
        for portal in ("north-in", "north-vehicle", "dorm-1-door", "control-room-door"):
            for who in ("STAFF", "STUDENT", "BOARDER", "VISITOR", "NOBODY"):
                request = laws.Request(portal, Direction.IN, CredentialKind.CARD, who, pin=PinWord.RIGHT)
                yield Case((portal, who), request, there)
                yield Case((portal, who, "accompanied"), replace(request, accompanied_by="security"), there)
            yield Case((portal, "lockdown"), replace(request, value="STAFF"), locked)


# ---------------------------------------------------------------- the promises


@pytest.mark.parametrize("profile", Profile)
def test_s1_egress_is_granted_whatever_call_inside_the_decision_raises(profile):
    tried = 0
    for case, what in ways_out(profile):
        sound = decide(case.request, case.world, case.now)
        for number in range(len(calls_of(case))):
            decision = with_a_failure_at(case, number)
            tried += 1

            if what == "egress":
                assert decision.outcome is Outcome.GRANT, (case.words, number)
            elif what == "watched":
                # It is never a refusal that comes of a failure; and nobody is let out by one who would not be.
                assert laws.RANK[decision.outcome] <= max(laws.RANK[sound.outcome], 1), (case.words, number)
                assert decision.outcome is not Outcome.DENY or sound.outcome is Outcome.DENY, (case.words, number)
            else:
                assert laws.RANK[decision.outcome] >= laws.RANK[sound.outcome], (case.words, number)

    assert tried > 500


def test_nobody_enters_by_whatever_call_inside_the_decision_raises():
    tried = 0
    for case in ways_in():
        for number, code in enumerate(calls_of(case)):
            decision = with_a_failure_at(case, number)
            tried += 1

            assert decision.outcome is Outcome.DENY, (case.words, number, code.co_qualname)
            assert any(f.reason is Reason.RULE_ERROR for f in decision.trace), (case.words, number, code.co_qualname)

    assert tried > 1_000


def test_no_failure_loosens_an_entry_or_refuses_an_exit_on_random_campuses(seed):
    """Every function that is reached on thousands of random campuses is broken on one of them at least."""
    broken: set[CodeType] = set()
    for number in range(3_000):
        asked = question(seed, number)
        case = Case((number,), *asked)
        calls = calls_of(case)
        if broken.issuperset(calls):
            continue
        broken.update(calls)
        sound = laws.RANK[decide(*asked).outcome]
        for call, code in enumerate(calls):
            outcome = laws.RANK[with_a_failure_at(case, call).outcome]

            if asked.request.direction is Direction.IN:
                assert outcome == 0, (number, code.co_qualname)
            else:
                assert outcome >= min(sound, 1), (number, code.co_qualname)

    assert len(broken) > 80


# ---------------------------------------------------------------- and the tests would notice


def test_a_decision_that_trusts_its_rules_is_caught(monkeypatch):
    """Without the safety net a failure would reach the caller, who could not answer the tap."""
    monkeypatch.setattr(deciding, "Exception", KeyboardInterrupt, raising=False)

    with pytest.raises(Injected):
        for case in ways_in():
            with_a_failure_at(case, 1)


def test_a_rule_that_passes_when_it_fails_is_caught(monkeypatch):
    monkeypatch.setattr(deciding, "_failed", lambda rule, facts: Finding(rule.__name__, Verdict.PASSES))

    with pytest.raises(AssertionError):
        test_nobody_enters_by_whatever_call_inside_the_decision_raises()


def test_an_escape_route_that_fails_shut_is_caught(monkeypatch):
    monkeypatch.setattr(deciding, "_WAY_IS_FREE", deciding._NO_ENTRY)

    with pytest.raises(AssertionError):
        test_s1_egress_is_granted_whatever_call_inside_the_decision_raises(Profile.SCHOOL)
