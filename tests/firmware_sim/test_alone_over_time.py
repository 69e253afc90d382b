"""P1 over whole lives of a device: postures, lists, losses of the link, restarts and wrong clocks in any order.

Every time the lock opens without the gateway, what the gateway last said must have granted it at that moment.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from devices.messages import CredentialEntry, EntryOffline, ExitOffline, Posture
from devices.topics import Kind
from firmware_sim import lone, standing
from firmware_sim.inputs import Connected, Disconnected, TapCard
from firmware_sim.outputs import Moved
from tests.firmware_sim.world import Bench, entry, posture, token

CARDS = ("AA11", "BB22", "CC33")
VERSIONS = st.sampled_from([1, 1, 0, -1])  # against the newest: newer, the same, older
NOTHING = st.none()
STEP = st.one_of(
    st.tuples(st.just("posture"), VERSIONS, st.sampled_from(["list", "list", "deny"]), st.sampled_from([60, 600])),
    st.tuples(st.just("list"), VERSIONS, st.sets(st.sampled_from(CARDS)), st.sampled_from([1, 2, 3])),
    st.tuples(st.just("revoke"), VERSIONS, st.sets(st.sampled_from(CARDS), max_size=1), NOTHING),
    st.tuples(st.just("tap"), st.sampled_from(CARDS), NOTHING, NOTHING),
    st.tuples(st.just("tap"), st.just("AA11"), NOTHING, NOTHING),
    st.tuples(st.just("posture"), VERSIONS, st.sampled_from(["list", "deny"]), st.just(600)),
    st.tuples(st.just("time"), st.sampled_from([1, 30, 90, 700]), NOTHING, NOTHING),
    st.tuples(st.sampled_from(["ack", "ack", "restart", "link", "no link"]), NOTHING, NOTHING, NOTHING),
    st.tuples(st.sampled_from(["unsynced", "synced"]), NOTHING, NOTHING, NOTHING),
)
STEPS = st.lists(STEP, min_size=8, max_size=30)
QUICK = settings(max_examples=150, deadline=None, derandomize=True, database=None, report_multiple_bugs=False)
CAMPAIGN = settings(max_examples=100_000, deadline=None, database=None, report_multiple_bugs=False)
BROKEN = settings(QUICK, max_examples=400, phases=(Phase.generate,))


class Told:
    """What the gateway last said validly, kept by the test and not by the device."""

    def __init__(self) -> None:
        self.posture: Posture | None = None
        self.list: tuple[int, tuple[CredentialEntry, ...]] | None = None
        self.revoked: tuple[int, frozenset[str]] = (0, frozenset())
        self.proven_ms: int | None = None
        self.off_ms = 0

    def grants(self, card: str, bench: Bench) -> bool:
        said = self.posture
        if said is None or said.offline.entry != "list" or self.list is None or token(card) in self.revoked[1]:
            return False
        if self.proven_ms is None or bench.ms - self.proven_ms > said.offline.max_age_s * 1000:
            return False
        return any(
            one.token == token(card)
            and said.level in one.levels
            and (bench.synced or (one.windows is one.not_before is one.not_after is None))
            for one in self.list[1]
        )


def law(steps: list[tuple[Any, ...]]) -> None:
    never_more_than_was_granted(steps)


def never_more_than_was_granted(steps: list[tuple[Any, ...]]) -> int:
    """Returns how many doors opened alone, so that a test can see that the law is not empty."""
    bench = Bench(Kind.READER)
    bench.connect()
    told = Told()
    opened = 0
    opened += _day(
        bench, told, [("posture", 10, "list", 600), ("list", 10, {"AA11", "BB22"}, 3), ("ack", None, None, None)]
    )
    return opened + _day(bench, told, steps)


def _day(bench: Bench, told: Told, steps: list[tuple[Any, ...]]) -> int:
    opened = 0
    for what, first, second, third in steps:
        if what == "posture":
            version = max(1, (told.posture.version if told.posture else 0) + first)
            said = posture(version, entry=EntryOffline(second), exit=ExitOffline.LIST, max_age_s=third, level=3)
            bench.say("posture", said, retained=True)
            if told.posture is None or version > told.posture.version:
                told.posture = said
        elif what == "list":
            version = max(1, (told.list[0] if told.list else 0) + first)
            levels = tuple(range(third, 4))
            windows = ((0, 7 * 24 * 60),) if third == 2 else None
            entries = tuple(entry(card, levels=levels, windows=windows) for card in sorted(second))
            bench.list(*entries, version=version)
            if told.list is None or version > told.list[0]:
                told.list = (version, entries)
        elif what == "revoke":
            version = told.revoked[0] + first
            if version > 0:
                bench.revoke(*second, version=version)
            if version > told.revoked[0]:
                told.revoked = (version, frozenset(map(token, second)))
        elif what == "tap":
            bench.feed(TapCard(first, "in"))
            moved = [m for m in bench.wait(1_500) if isinstance(m, Moved) and m.what == "unlocked"]
            for motion in moved:
                assert motion.cause.by == "alone"
                assert told.grants(first, bench), f"{first} was let in, and nobody had said so"
            opened += len(moved)
            bench.wait(6_000)
        elif what == "time":
            bench.wait(first * 1_000)
        elif what == "ack" and bench.state.base.challenges:
            live = bench.ms - bench.state.base.challenges[-1][1] <= 12_000
            bench.ack()
            if live:
                told.proven_ms = bench.ms
        elif what == "restart":
            bench.wait(60_000)  # the age is stored each minute: at most that much may be forgotten
            bench.wall -= timedelta(days=1)
            bench.restart(f"boot{bench.ms}")
            bench.connect()
            if told.proven_ms is not None:
                told.proven_ms += 60_000
        elif what in ("link", "no link"):
            bench.feed(Connected() if what == "link" else Disconnected())
        else:
            bench.synced = what == "synced"
    return opened


@QUICK
@given(STEPS)
def test_alone_a_device_never_lets_in_whom_nobody_granted(steps: list[tuple[Any, ...]]) -> None:
    law(steps)


@pytest.mark.campaign
@pytest.mark.timeout(7_200)
@CAMPAIGN
@given(STEPS)
def test_alone_a_device_never_lets_in_whom_nobody_granted_in_a_hundred_thousand_lives(
    steps: list[tuple[Any, ...]],
) -> None:
    law(steps)


def test_the_law_is_not_empty() -> None:
    assert never_more_than_was_granted([("tap", "AA11", None, None), ("tap", "CC33", None, None)]) == 1


def _take_older(real: Any) -> Any:
    def take(kept: Any, said: Any, payload: bytes) -> Any:
        if kept.posture is not None and said.version < kept.posture.version:
            kept = type(kept)(entries=kept.entries, list_version=kept.list_version, revoked=kept.revoked)
        return real(kept, said, payload)

    return take


@pytest.mark.parametrize("part", ["older postures", "age", "revoked"])
def test_the_law_catches_a_device_that_forgets(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    if part == "older postures":
        monkeypatch.setattr(standing, "take_posture", _take_older(standing.take_posture))
    elif part == "age":
        from firmware_sim import commands

        monkeypatch.setattr(commands, "age_s", lambda state, now_ms: 0.0)
    else:
        real = lone.entering

        def entering(kept: Any, *rest: Any) -> Any:
            from dataclasses import replace

            return real(replace(kept, revoked=frozenset()), *rest)

        monkeypatch.setattr(lone, "entering", entering)
    with pytest.raises(AssertionError):
        BROKEN(given(STEPS)(lambda steps: law(steps)))()
