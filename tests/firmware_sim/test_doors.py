"""Rules 9 and 10, S1, S2, S6 at doors: life safety lives in the device; nothing moves by itself."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from devices.messages import Emergency, EntryOffline, ExitOffline, LockState
from devices.topics import Kind
from firmware_sim import locks
from firmware_sim.inputs import (
    CloseDoor,
    Connected,
    Disconnected,
    FireWire,
    PressExitButton,
    TapCard,
    Tick,
    WalkThrough,
)
from firmware_sim.outputs import Moved
from tests.firmware_sim.world import Bench, events, identity, motions, results


def dorm(**posture: object) -> Bench:
    bench = Bench(Kind.DORM)
    bench.connect()
    bench.posture(**posture)
    return bench


def lock_of(bench: Bench) -> str:
    assert bench.state.lock is not None
    return str(bench.state.lock.state)


def test_the_exit_button_opens_without_gateway_network_or_posture() -> None:
    bench = Bench(Kind.DORM)

    out = bench.feed(PressExitButton("p1"))

    assert motions(out) == ["unlocked"]


def test_the_exit_button_is_told_before_the_lock_that_it_moved() -> None:
    assert events(dorm().feed(PressExitButton())) == ["exit_button", "lock_state"]


def test_fire_releases_the_door_at_once_and_only_a_reset_locks_it_again() -> None:
    bench = dorm(level=1, emergency=Emergency.LOCKDOWN, entry=EntryOffline.DENY, exit=ExitOffline.DENY)

    assert motions(bench.feed(FireWire(True))) == ["released"]
    assert motions(bench.wait(3_600_000)) == []
    assert results(bench.command("lock")) == [("refused", "interlock")]
    assert results(bench.command("lock", reason="fire_reset")) == [("refused", "interlock")]

    bench.feed(FireWire(False))
    assert lock_of(bench) == "released"
    assert results(bench.command("lock")) == [("refused", "interlock")]
    out = bench.command("lock", reason="fire_reset")
    assert results(out) == [("executed", "ok")]
    assert motions(out) == ["locked"]


def test_a_release_by_fire_survives_restarts_and_reconnects() -> None:
    bench = dorm()
    bench.feed(FireWire(True))
    bench.feed(FireWire(False))

    bench.restart()
    bench.connect()
    bench.wait(60_000)

    assert lock_of(bench) == "released"
    assert results(bench.command("lock")) == [("refused", "interlock")]


def test_evacuate_releases_escape_doors_and_a_reset_waits_for_its_end() -> None:
    bench = dorm()

    assert motions(bench.posture(2, emergency=Emergency.EVACUATE)) == ["released"]
    assert results(bench.command("lock", reason="fire_reset")) == [("refused", "interlock")]

    assert motions(bench.posture(3)) == []
    assert lock_of(bench) == "released"
    assert motions(bench.command("lock", reason="fire_reset")) == ["locked"]


def test_a_gate_that_is_no_escape_route_is_not_released_by_evacuate_but_lets_everybody_out() -> None:
    bench = Bench(Kind.READER)
    bench.connect()

    assert motions(bench.posture(1, emergency=Emergency.EVACUATE, exit=ExitOffline.DENY)) == []
    assert motions(bench.feed(TapCard("ZZ", "out"))) == ["unlocked"]


def test_a_marked_reader_is_an_escape_door_too() -> None:
    bench = Bench(Kind.READER, who=identity(Kind.READER, escape=True))
    bench.connect()

    assert motions(bench.posture(1, emergency=Emergency.EVACUATE)) == ["released"]


def test_a_release_by_command_ends_with_any_lock() -> None:
    bench = dorm()

    assert motions(bench.command("release")) == ["released"]
    assert motions(bench.wait(60_000)) == []
    assert motions(bench.command("lock")) == ["locked"]


def test_fire_during_a_release_by_command_needs_the_reset() -> None:
    bench = dorm()
    bench.command("release")
    bench.feed(FireWire(True))
    bench.feed(FireWire(False))

    assert results(bench.command("lock")) == [("refused", "interlock")]
    assert motions(bench.command("lock", reason="fire_reset")) == ["locked"]


def test_a_grant_or_unlock_at_a_released_door_changes_nothing() -> None:
    bench = dorm()
    bench.command("release")

    assert motions(bench.answer(bench.tap(), "grant")) == []
    assert motions(bench.command("unlock", hold_ms=100)) == []
    assert motions(bench.wait(10_000)) == []
    assert lock_of(bench) == "released"


def test_a_door_that_opens_without_a_cause_is_forced() -> None:
    bench = dorm()

    assert motions(bench.feed(WalkThrough("in"))) == []
    forced = bench.feed(WalkThrough("in", forced=True))

    assert motions(forced) == ["forced", "passed", "closed"]
    assert events(forced) == ["door_forced", "passage", "door_closed"]


def test_a_push_against_a_door_that_is_unlocked_for_another_breaks_nothing() -> None:
    bench = dorm()
    bench.feed(PressExitButton())

    pushed = bench.feed(WalkThrough("in", forced=True))

    assert motions(pushed)[:2] == ["opened", "passed"]
    assert [moved.cause.by for moved in pushed if isinstance(moved, Moved) and moved.what == "passed"] == ["tailgate"]
    assert "door_forced" not in events(pushed)


def test_a_door_left_open_is_told_once_after_its_time() -> None:
    bench = dorm(held_open_after_s=30)
    bench.feed(PressExitButton())
    bench.feed(WalkThrough("out", leave_open=True))

    assert "door_held" not in events(bench.wait(29_999))
    assert events(bench.wait(1)).count("door_held") == 1
    assert "door_held" not in events(bench.wait(5_000))
    assert motions(bench.feed(CloseDoor())) == ["closed"]


def test_a_released_door_may_stand_open() -> None:
    bench = dorm()
    bench.feed(FireWire(True))
    bench.feed(WalkThrough("out", leave_open=True))

    assert "door_held" not in events(bench.wait(300_000))


def test_an_evacuation_still_in_force_releases_the_door_after_a_restart() -> None:
    """The one exception of rule 10: the posture is on disk, the lock's latch was not."""
    bench = dorm()
    bench.posture(2, emergency=Emergency.EVACUATE)
    bench.restart(released_by=[])

    assert motions(bench.feed(Tick())) == ["released"]


# S6 and rule 10 as a law

STEPS = st.lists(
    st.sampled_from(["restart", "reconnect", "disconnect", "clock", "time", "posture", "list", "ack", "tap"]),
    max_size=25,
)
QUICK = settings(max_examples=80, deadline=None, derandomize=True, database=None, report_multiple_bugs=False)
BROKEN = settings(QUICK, phases=(Phase.generate,))  # a counterexample is enough, it need not be small


def nothing_moves_by_itself(kind: Kind, steps: list[str]) -> None:
    """Starts, links, clocks, postures without emergency, lists and denied entries move nothing."""
    bench = Bench(kind)
    for number, step in enumerate(steps, 1):
        if step == "restart":
            bench.restart(f"boot{number + 1}")
            out = bench.feed(Tick())
        elif step == "reconnect":
            out = bench.feed(Connected())
        elif step == "disconnect":
            out = bench.feed(Disconnected())
        elif step == "clock":
            bench.wall = bench.wall.replace(year=2000 + number)
            out = bench.feed(Tick())
        elif step == "time":
            out = bench.wait(20_000)
        elif step == "posture":
            out = bench.posture(number, entry=EntryOffline.DENY, exit=ExitOffline.LIST)
        elif step == "list":
            out = bench.list(version=number)
        elif step == "ack":
            out = bench.ack() if bench.state.base.challenges else []
        else:
            out = bench.feed(TapCard("ZZ99", "in")) if kind is not Kind.BOLLARD else []
        assert motions(out) == [], step


@QUICK
@given(st.sampled_from([Kind.READER, Kind.DORM, Kind.BOLLARD]), STEPS)
def test_no_start_link_clock_or_message_moves_anything(kind: Kind, steps: list[str]) -> None:
    nothing_moves_by_itself(kind, steps)


def test_the_law_catches_a_door_that_unlocks_when_it_reconnects(monkeypatch: pytest.MonkeyPatch) -> None:
    from firmware_sim import base
    from firmware_sim.state import Cause
    from firmware_sim.turn import Turn

    real = base.connected

    def eager(turn: Turn) -> None:
        real(turn)
        if turn.state.lock is not None:
            locks.unlock(turn, Cause("nobody"), None, None)

    monkeypatch.setattr(base, "connected", eager)
    with pytest.raises(AssertionError):
        BROKEN(given(STEPS)(lambda steps: nothing_moves_by_itself(Kind.READER, steps)))()


# S1 and S2 as laws

EXIT_STEPS = st.lists(
    st.sampled_from(
        [
            "lockdown",
            "evacuate",
            "normal",
            "l1",
            "fire",
            "clear",
            "reset",
            "lock",
            "restart",
            "offline",
            "online",
            "deny",
            "time",
        ]
    ),
    max_size=20,
)


def the_way_out_stays_open(steps: list[str]) -> None:
    """At a dormitory door: after anything, a tap or the button lets out at once; fire stays released until reset."""
    bench = dorm()
    burning, since_fire = False, False
    for number, step in enumerate(steps, 2):
        shut = {"exit": ExitOffline.DENY, "entry": EntryOffline.DENY}
        if step in ("lockdown", "evacuate"):
            bench.posture(number, emergency=Emergency(step), **shut)
            since_fire = since_fire or step == "evacuate"
        elif step in ("normal", "l1"):
            bench.posture(number, level=1 if step == "l1" else 3, **shut)
        elif step in ("fire", "clear"):
            burning = step == "fire"
            since_fire = since_fire or burning
            bench.feed(FireWire(burning))
        elif step in ("reset", "lock"):
            out = bench.command("lock", reason="fire_reset" if step == "reset" else "ok")
            if results(out) == [("executed", "ok")]:
                assert not burning
                assert step == "reset" or not since_fire
                since_fire = False
        elif step == "restart":
            bench.restart(f"boot{number}")
            bench.connect()
            bench.feed(FireWire(burning))  # the wire still says what it says
        elif step in ("offline", "online"):
            bench.feed(Connected() if step == "online" else Disconnected())
        elif step == "deny":
            tap = bench.tap("ZZ", "out")
            assert results(bench.answer(tap, "deny")) == [("refused", "posture")]
        else:
            bench.wait(30_000)
        if since_fire:
            assert lock_of(bench) == "released", step
        bench.wait(6_000)
        button = number % 2 == 0
        bench.feed(PressExitButton() if button else TapCard("ZZ", "out"))
        assert lock_of(bench) != LockState.LOCKED, step
        assert "passed" in motions(bench.feed(WalkThrough("out")))
        bench.wait(6_000)


@QUICK
@given(EXIT_STEPS)
def test_leaving_a_dormitory_is_never_denied(steps: list[str]) -> None:
    the_way_out_stays_open(steps)


def test_the_law_catches_a_door_that_any_lock_shuts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "LIFE_SAFETY", frozenset())
    with pytest.raises(AssertionError):
        BROKEN(given(EXIT_STEPS)(lambda steps: the_way_out_stays_open(steps)))()
