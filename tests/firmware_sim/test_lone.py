"""Rule 6 and P1: alone, a device grants only what its last posture and list grant at that moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from devices.messages import CredentialEntry, Direction, Emergency, EntryOffline, ExitOffline, Level
from firmware_sim import lone
from firmware_sim.lone import Alone, Asked
from firmware_sim.state import Now, Standing
from tests.firmware_sim.world import MONDAY, entry, posture, token

CARD = token("AA11")
DECISION = Callable[[Standing, Asked, Now, float | None, bool, bool], Alone]


def standing(*entries: CredentialEntry, revoked: tuple[str, ...] = (), days: int = 7, **said: Any) -> Standing:
    by_token: dict[str, tuple[CredentialEntry, ...]] = {}
    for one in entries:
        by_token[one.token] = (*by_token.get(one.token, ()), one)
    return Standing(
        posture=posture(**said),
        list_version=1,
        list_expires_at=MONDAY + timedelta(days=days),
        entries=by_token,
        revoked=frozenset(revoked),
    )


def decide(
    kept: Standing,
    direction: str = "in",
    at: datetime = MONDAY,
    synced: bool = True,
    age_s: float | None = 0.0,
    **where: bool,
) -> str:
    where = {"escape": False, "fire": False, **where}
    decision = lone.decide(kept, Asked(CARD, direction), Now(0, at, synced), age_s, where["escape"], where["fire"])
    return decision.reason if decision.granted else f"no: {decision.reason}"


def test_a_listed_card_enters_and_another_does_not() -> None:
    assert decide(standing(entry("AA11"))) == "ok"
    assert decide(standing(entry("BB22"))) == "no: not_listed"
    assert decide(standing()) == "no: not_listed"


def test_without_any_posture_entry_is_denied_and_exit_free() -> None:
    assert decide(Standing()) == "no: offline_denied"
    assert decide(Standing(), "out") == "ok_exit"


def test_every_part_of_an_entry_must_match() -> None:
    monday_8 = 8 * 60
    assert decide(standing(entry(directions=(Direction.OUT,)))) == "no: not_listed"
    assert decide(standing(entry(levels=(Level.L3,)), level=2)) == "no: level_refuses"
    assert decide(standing(entry(windows=((monday_8, monday_8 + 1),)))) == "ok"
    assert decide(standing(entry(windows=((monday_8 + 1, monday_8 + 60),)))) == "no: outside_hours"
    assert decide(standing(entry(windows=((monday_8 - 60, monday_8),)))) == "no: outside_hours"
    assert decide(standing(entry(windows=()))) == "no: outside_hours"
    assert decide(standing(entry(not_before=MONDAY))) == "ok"
    assert decide(standing(entry(not_before=MONDAY + timedelta(milliseconds=1)))) == "no: outside_hours"
    assert decide(standing(entry(not_after=MONDAY))) == "no: outside_hours"


def test_one_of_several_entries_of_a_card_is_enough() -> None:
    kept = standing(entry(levels=(Level.L3,)), entry(windows=()), level=3)

    assert decide(kept) == "ok"


def test_a_revoked_card_is_refused_whatever_the_list_says() -> None:
    assert decide(standing(entry(), revoked=(CARD,))) == "no: credential_revoked"
    assert decide(standing(entry(), revoked=(CARD,), exit=ExitOffline.LIST), "out") == "no: credential_revoked"


def test_entry_ends_with_the_age_of_the_last_proof() -> None:
    kept = standing(entry(), max_age_s=3_600)

    assert decide(kept, age_s=3_600) == "ok"
    assert decide(kept, age_s=3_600.1) == "no: offline_denied"
    assert decide(kept, age_s=None) == "no: offline_denied"


def test_entry_ends_with_the_list_where_the_clock_can_tell() -> None:
    kept = standing(entry(), days=1)
    after = MONDAY + timedelta(days=1)

    assert decide(kept, at=after - timedelta(seconds=1)) == "ok"
    assert decide(kept, at=after) == "no: offline_denied"
    assert decide(kept, at=after, synced=False) == "ok"


def test_a_device_that_does_not_trust_its_clock_uses_only_entries_without_times() -> None:
    always = ((0, 7 * 24 * 60),)

    assert decide(standing(entry(windows=always)), synced=False) == "no: outside_hours"
    assert decide(standing(entry(not_before=MONDAY - timedelta(days=1))), synced=False) == "no: outside_hours"
    assert decide(standing(entry()), synced=False) == "ok"


def test_entry_is_shut_where_the_posture_says_deny() -> None:
    assert decide(standing(entry(), entry=EntryOffline.DENY)) == "no: offline_denied"
    lockdown = standing(entry(), entry=EntryOffline.DENY, emergency=Emergency.LOCKDOWN)
    assert decide(lockdown) == "no: lockdown"


def test_residents_still_enter_under_lockdown_where_the_posture_says_list() -> None:
    assert decide(standing(entry(), entry=EntryOffline.LIST, emergency=Emergency.LOCKDOWN)) == "ok"


def test_the_way_out_follows_the_posture_and_never_the_age() -> None:
    listed = standing(entry(), exit=ExitOffline.LIST, days=-1)

    assert decide(listed, "out", age_s=None) == "ok_exit"
    assert decide(standing(exit=ExitOffline.LIST), "out") == "no: not_listed"
    assert decide(standing(entry(), exit=ExitOffline.DENY), "out") == "no: offline_denied"
    assert decide(standing(exit=ExitOffline.FREE), "out") == "ok_exit"


def test_an_escape_route_is_free_under_any_posture() -> None:
    shut = standing(exit=ExitOffline.DENY, revoked=(CARD,), level=1, emergency=Emergency.LOCKDOWN)

    assert decide(shut, "out", escape=True) == "ok_exit"
    assert decide(shut, "out", fire=True) == "ok_evacuate"
    assert decide(replace(shut, posture=posture(exit=ExitOffline.DENY, emergency=Emergency.EVACUATE)), "out") == (
        "ok_evacuate"
    )


# P1 as a law, against a second telling of the rule


def may_enter(kept: Standing, now: Now, age_s: float | None) -> bool:
    """The rule told again, in the words of the protocol: all of these, or no entry."""
    said = kept.posture
    if said is None or said.offline.entry != "list" or CARD in kept.revoked:
        return False
    if age_s is None or age_s > said.offline.max_age_s:
        return False
    if now.synced and kept.list_expires_at is not None and not now.wall < kept.list_expires_at:
        return False
    minute = int((now.wall - datetime(2026, 11, 16, tzinfo=UTC)).total_seconds() // 60) % (7 * 24 * 60)
    return any(
        "in" in one.directions
        and said.level in one.levels
        and (
            one.windows is one.not_before is one.not_after is None
            or (
                now.synced
                and (one.not_before is None or one.not_before <= now.wall)
                and (one.not_after is None or now.wall < one.not_after)
                and (one.windows is None or minute in {m for a, b in one.windows for m in range(a, b)})
            )
        )
        for one in kept.entries.get(CARD, ())
    )


# Drawn so that about half of all cases grant: a law over refusals alone would hold for a brick.
MOMENTS = st.integers(-3 * 1440, 9 * 1440).map(lambda minutes: MONDAY + timedelta(minutes=minutes))
ALWAYS = ((0, 7 * 24 * 60),)
WINDOWS = st.sampled_from([None, None, ALWAYS, ALWAYS]) | st.lists(
    st.tuples(st.integers(0, 10_080), st.integers(0, 10_080)).map(lambda w: (min(w), max(w))), max_size=2
).map(tuple)
BOUNDS = st.sampled_from([None, None, None]) | MOMENTS


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([usual] * 6 + list(others))


ENTRIES = st.builds(
    entry,
    mostly("AA11", "BB22"),
    directions=mostly((Direction.IN, Direction.OUT), (Direction.IN,), (Direction.OUT,), ()),
    levels=mostly((1, 2, 3), (2, 3), (3,), ()),
    windows=WINDOWS,
    not_before=BOUNDS,
    not_after=BOUNDS,
)
STANDINGS = st.builds(
    standing,
    ENTRIES,
    ENTRIES,
    revoked=mostly((), (token("BB22"),), (CARD,), (CARD,)),
    days=mostly(30, -1, 3),
    level=st.sampled_from([1, 2, 3]),
    emergency=mostly(None, Emergency.LOCKDOWN, Emergency.EVACUATE),
    entry=mostly(EntryOffline.LIST, EntryOffline.DENY),
    exit=st.sampled_from(list(ExitOffline)),
    max_age_s=st.sampled_from([0, 60, 3_600]),
)
AGES = mostly(0.0, None, 59.0, 61.0, 3_600.0, 4_000.0)
NOWS = st.builds(Now, st.just(0), MOMENTS, mostly(True, False, False))
QUICK = settings(max_examples=400, deadline=None, derandomize=True, database=None, report_multiple_bugs=False)
# A counterexample is enough, it need not be small; the search ends with it, so there is time for many.
BROKEN = settings(QUICK, phases=(Phase.generate,), max_examples=20_000)


def entry_is_granted_exactly_by_the_rule(decide_: DECISION, kept: Standing, now: Now, age_s: float | None) -> None:
    granted = decide_(kept, Asked(CARD, "in"), now, age_s, False, False).granted
    assert granted is may_enter(kept, now, age_s)


@QUICK
@given(STANDINGS, NOWS, AGES)
def test_alone_a_device_grants_entry_exactly_where_posture_and_list_do(
    kept: Standing, now: Now, age_s: float | None
) -> None:
    entry_is_granted_exactly_by_the_rule(lone.decide, kept, now, age_s)


SHRINKINGS: list[Callable[[Standing], Standing]] = [
    lambda kept: replace(kept, entries={}),
    lambda kept: replace(kept, revoked=kept.revoked | {CARD}),
    lambda kept: replace(kept, list_expires_at=MONDAY - timedelta(days=30)),
    lambda kept: replace(kept, posture=_stricter(kept)),
]


def _stricter(kept: Standing) -> Any:
    import msgspec

    assert kept.posture is not None
    offline = msgspec.structs.replace(kept.posture.offline, entry=EntryOffline.DENY)
    return msgspec.structs.replace(kept.posture, offline=offline)


@QUICK
@given(STANDINGS, NOWS, AGES, st.sampled_from(SHRINKINGS))
def test_taking_something_away_never_opens_a_door(
    kept: Standing, now: Now, age_s: float | None, shrink: Callable[[Standing], Standing]
) -> None:
    asked = Asked(CARD, "in")
    before = lone.decide(kept, asked, now, age_s, False, False)
    after = lone.decide(shrink(kept), asked, now, age_s, False, False)

    assert before.granted or not after.granted


@QUICK
@given(STANDINGS, NOWS, AGES)
def test_leaving_by_an_escape_route_is_never_denied(kept: Standing, now: Now, age_s: float | None) -> None:
    assert lone.decide(kept, Asked(CARD, "out"), now, age_s, True, False).granted


def _without(part: str) -> DECISION:
    """A decision that does not look at one part of the rule."""

    def broken(kept: Standing, asked: Asked, now: Now, age_s: float | None, escape: bool, fire: bool) -> Alone:
        if part == "revoked":
            kept = replace(kept, revoked=frozenset())
        elif part == "age":
            age_s = 0.0
        elif part == "clock":
            now = replace(now, synced=True)
        elif part == "end":
            kept = replace(kept, list_expires_at=None)
        return lone.decide(kept, asked, now, age_s, escape, fire)

    return broken


@pytest.mark.parametrize("part", ["revoked", "age", "clock", "end"])
def test_the_law_catches_a_device_that_does_not_look_at(part: str) -> None:
    law = BROKEN(
        given(STANDINGS, NOWS, AGES)(
            lambda kept, now, age_s: entry_is_granted_exactly_by_the_rule(_without(part), kept, now, age_s)
        )
    )
    with pytest.raises(AssertionError):
        law()
