"""Rules 9 to 11, S3 to S6 at a bollard: down by command, up only where nobody stands."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from devices.messages import BollardMode, Heartbeat, Position, Presence
from devices.topics import Kind
from firmware_sim import bollard as firmware
from firmware_sim import presence
from firmware_sim.inputs import Hit, MoveByHand, PressEfo, Sensed
from firmware_sim.outputs import Moved, Output
from firmware_sim.state import Cause
from firmware_sim.turn import Turn
from tests.firmware_sim.world import Bench, events, motions, recorded, results, sent


def bollard(**posture: object) -> Bench:
    bench = Bench(Kind.BOLLARD)
    bench.connect()
    bench.posture(**posture)
    bench.sense_for(1_500)
    return bench


def lowered(**posture: object) -> Bench:
    bench = bollard(**{"bollard": BollardMode.HOLD, **posture})
    bench.command("lower")
    bench.sense_for(2_500)
    assert position(bench) == "lowered"
    return bench


def position(bench: Bench) -> str:
    assert bench.state.bollard is not None
    return str(bench.state.bollard.position)


def causes(out: list[Output]) -> list[tuple[str, str]]:
    return [(moved.what, moved.cause.by) for moved in out if isinstance(moved, Moved)]


def test_a_lane_cycle_lowers_by_command_and_raises_itself_behind_the_vehicle() -> None:
    bench = bollard()

    down = bench.command("lower", for_="tap-of-the-camera") + bench.sense_for(2_100)
    over = bench.sense_for(3_000, vehicle="present")
    clear = bench.sense_for(900)
    up = bench.sense_for(3_000)

    assert causes(down) == [("lowering", "command"), ("lowered", "command")]
    assert causes(over) == causes(clear) == []
    assert causes(up) == [("raising", "cycle"), ("raised", "cycle")]
    told = [e.data.position for e in recorded(down + up) if isinstance(e.data, Position)]
    assert [str(where) for where in told] == ["lowering", "lowered", "raising", "raised"]


def test_a_cycle_whose_vehicle_never_comes_ends_by_itself() -> None:
    bench = bollard()
    bench.command("lower")

    assert motions(bench.sense_for(16_000)) == ["lowered"]
    assert motions(bench.sense_for(4_500)) == ["raising", "raised"]


def test_hold_never_raises_itself_and_commands_still_work() -> None:
    bench = lowered()

    bench.sense_for(1_000, vehicle="present")
    assert motions(bench.sense_for(60_000)) == []
    assert results(bench.command("raise")) == [("executed", "ok")]
    assert motions(bench.sense_for(3_000)) == ["raised"]


@pytest.mark.parametrize(
    "seen", [("present", "clear"), ("unknown", "clear"), ("clear", "present"), ("clear", "unknown")]
)
def test_a_raise_is_refused_unless_both_presences_are_clear(seen: tuple[str, str]) -> None:
    bench = lowered()
    bench.sense(*seen)

    out = bench.command("raise")

    assert results(out) == [("refused", "interlock")]
    assert motions(out) == []


def test_clear_counts_after_a_whole_second_only() -> None:
    bench = lowered()
    bench.sense(vehicle="present")
    bench.sense_for(1_000)
    assert results(bench.command("raise")) == [("refused", "interlock")]

    bench.sense()
    assert results(bench.command("raise")) == [("executed", "ok")]


def test_a_sensor_that_says_nothing_for_half_a_second_counts_as_presence() -> None:
    bench = lowered()
    bench.wait(501)

    assert results(bench.command("raise")) == [("refused", "interlock")]


def test_a_frozen_counter_counts_as_presence() -> None:
    bench = lowered()
    for _ in range(8):
        bench.wait(100)
        bench.feed(Sensed(Presence.CLEAR, Presence.CLEAR, bench.counter))

    assert results(bench.command("raise")) == [("refused", "interlock")]
    assert "presence" in [e.type for e in bench.state.base.buffer.events]


def test_after_a_silence_the_second_of_clear_begins_anew() -> None:
    bench = lowered()
    bench.wait(700)
    bench.sense()

    assert results(bench.command("raise")) == [("refused", "interlock")]


@pytest.mark.parametrize("seen", [("present", "clear"), ("clear", "present"), ("unknown", "clear")])
def test_presence_while_rising_stops_it_in_the_step_that_hears_of_it(seen: tuple[str, str]) -> None:
    bench = lowered()
    bench.command("raise")
    bench.sense_for(1_000)

    assert motions(bench.sense(*seen, ms=10)) == ["stopped"]


def test_a_sensor_that_dies_while_rising_stops_it_too() -> None:
    bench = lowered()
    bench.command("raise")
    bench.sense()

    assert motions(bench.wait(500)) == []
    assert motions(bench.wait(1)) == ["stopped"]


def test_a_stopped_raise_by_command_needs_a_new_command() -> None:
    bench = lowered()
    bench.command("raise")
    bench.sense(pedestrian="present")

    assert position(bench) == "fault"
    assert motions(bench.sense_for(30_000)) == []
    assert motions(bench.command("raise")) == ["raising"]


def test_a_stopped_cycle_goes_on_when_it_is_clear_and_is_a_fault_after_ten_seconds() -> None:
    def stopped() -> Bench:
        bench = bollard()
        bench.command("lower")
        bench.sense_for(2_500, vehicle="present")
        assert motions(bench.sense_for(1_500)) == ["raising"]
        assert motions(bench.sense(pedestrian="present")) == ["stopped"]
        return bench

    bench = stopped()
    assert motions(bench.sense_for(5_000)) == ["raising", "raised"]

    bench = stopped()
    bench.sense_for(10_500, pedestrian="present")
    assert position(bench) == "fault"
    assert motions(bench.sense_for(20_000)) == []


def test_a_stopped_cycle_does_not_go_on_once_the_posture_says_hold() -> None:
    """PROTOCOL 11: in `hold` it never raises itself, though the lane is clear again; a person's command works."""
    bench = bollard()
    bench.command("lower")
    bench.sense_for(2_500, vehicle="present")
    assert motions(bench.sense_for(1_500)) == ["raising"]
    assert motions(bench.sense(pedestrian="present")) == ["stopped"]

    bench.posture(2, bollard=BollardMode.HOLD)

    assert motions(bench.sense_for(20_000)) == []
    assert position(bench) == "fault"
    assert results(bench.command("raise")) == [("executed", "ok")]
    assert motions(bench.sense_for(3_000)) == ["raised"]


def test_a_cycle_that_waits_behind_its_vehicle_ends_when_the_posture_says_hold() -> None:
    bench = bollard()
    bench.command("lower")
    bench.sense_for(5_000, vehicle="present")

    bench.posture(2, bollard=BollardMode.HOLD)

    assert motions(bench.sense_for(60_000)) == [] and position(bench) == "lowered"
    bench.posture(3)  # the window is over: a posture moves nothing (rule 10)
    assert motions(bench.sense_for(60_000)) == [] and position(bench) == "lowered"


def test_efo_passes_over_the_vehicle_loop_and_never_over_people() -> None:
    bench = lowered()
    bench.sense_for(2_000, vehicle="present", pedestrian="present")
    assert results(bench.command("efo")) == [("refused", "interlock")]

    bench.sense_for(1_200, vehicle="present")
    out = bench.command("efo")
    assert results(out) == [("executed", "ok")]
    assert motions(out) == ["raising"]
    assert motions(bench.sense(vehicle="present", pedestrian="present")) == ["stopped"]


def test_efo_latches_until_its_reset() -> None:
    bench = lowered()
    bench.command("efo")
    bench.sense_for(3_000)
    assert position(bench) == "raised"

    assert results(bench.command("lower")) == [("refused", "interlock")]
    assert results(bench.command("raise")) == [("refused", "interlock")]
    bench.restart()
    bench.connect()
    bench.sense_for(1_500)
    assert results(bench.command("lower")) == [("refused", "interlock")]

    out = bench.command("lower", reason="efo_reset")
    assert results(out) == [("executed", "ok")]
    assert motions(out) == ["lowering"]
    bench.sense_for(2_500)
    assert results(bench.command("raise")) == [("executed", "ok")]


def test_the_button_at_the_bollard_is_told_and_latches_too() -> None:
    bench = lowered()

    out = bench.feed(PressEfo())

    assert "efo_pressed" in events(out)
    assert motions(out) == ["raising"]
    assert results(bench.command("lower")) == [("refused", "interlock")]


def test_a_restart_in_motion_is_a_fault_until_somebody_commands() -> None:
    bench = bollard()
    bench.command("lower")
    bench.sense_for(1_000)
    bench.restart()
    bench.connect()

    assert position(bench) == "fault"
    assert motions(bench.sense_for(60_000)) == []
    assert motions(bench.command("raise")) == ["raising"]


def test_a_restart_while_lowered_ends_the_cycle() -> None:
    bench = bollard()
    bench.command("lower")
    bench.sense_for(2_500, vehicle="present")
    bench.restart()
    bench.connect()

    assert position(bench) == "lowered"
    assert motions(bench.sense_for(60_000)) == []


def test_a_bollard_that_is_not_raised_tells_its_presence_every_half_second() -> None:
    bench = bollard()
    still = [h for h in sent(bench.sense_for(10_000), Heartbeat) if h.presence]
    bench.command("lower")
    moving = sent(bench.sense_for(10_000, vehicle="present"), Heartbeat)

    assert len(still) == 2
    assert len(moving) >= 20
    counters = [heartbeat.presence.counter for heartbeat in moving]
    assert counters == sorted(set(counters))


def test_a_lower_while_lowered_gives_the_next_vehicle_its_time() -> None:
    bench = bollard()
    bench.command("lower")
    bench.sense_for(12_000)

    out = bench.command("lower")

    assert results(out) == [("executed", "ok")]
    assert motions(out) == []
    assert motions(bench.sense_for(14_000)) == []


def test_hands_and_vehicles_at_a_bollard_are_told() -> None:
    bench = bollard()

    assert events(bench.feed(MoveByHand())) == ["manual_override", "position"]
    assert events(bench.feed(Hit(7.5))) == ["impact"]
    assert position(bench) == "lowered"


# S4 and S5 as a law

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("sense"), st.sampled_from(["clear"] * 4 + ["present", "unknown"]),
                  st.sampled_from(["clear"] * 4 + ["present", "unknown"]), st.sampled_from([1, 5, 12, 20])),
        st.tuples(st.sampled_from(["raise", "lower", "efo", "reset", "silence", "frozen", "hold", "cycle", "restart"]),
                  st.just(""), st.just(""), st.sampled_from([1, 4, 7, 20])),
    ),
    min_size=3,
    max_size=25,
)  # fmt: skip
QUICK = settings(max_examples=150, deadline=None, derandomize=True, database=None, report_multiple_bugs=False)
BROKEN = settings(QUICK, phases=(Phase.generate,))


class Watch:
    """A second telling of S4 and S5: what the sensors have said, and whether a motion was right."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.words: list[tuple[int, str, str]] = []
        self.counter = -1
        self.rising = False
        self.efo = False

    def sensed(self, vehicle: str, pedestrian: str, counter: int) -> None:
        if counter > self.counter:
            self.counter = counter
            self.words.append((self.bench.ms, vehicle, pedestrian))

    def clear_for_a_second(self, index: int) -> bool:
        now = self.bench.ms
        if not self.words or now - self.words[-1][0] > 500:
            return False
        later = now
        for at, *said in reversed(self.words):
            if said[index] != "clear" or later - at > 500:
                return False
            if now - at >= 1_000:
                return True
            later = at
        return False

    def look(self, out: list[Output], efo: bool) -> None:
        for what in motions(out):
            if what == "raising":
                self.efo = efo or self.efo
                assert self.clear_for_a_second(1), "rose at somebody on foot"
                assert self.efo or self.clear_for_a_second(0), "rose at a vehicle"
            self.rising = what == "raising"
            if what in ("lowering", "lowered"):
                self.efo = False
        if self.rising and self.words:
            at, vehicle, pedestrian = self.words[-1]
            assert self.bench.ms - at <= 500, "rises on a dead sensor"
            assert pedestrian == "clear", "rises at somebody on foot"
            assert self.efo or vehicle == "clear", "rises at a vehicle"


def rises_only_where_nobody_stands(steps: list[tuple[str, str, str, int]]) -> None:
    bench = Bench(Kind.BOLLARD)
    bench.connect()
    version = 1
    bench.posture(version)
    watch = Watch(bench)
    for what, vehicle, pedestrian, times in [("sense", "clear", "clear", 12), ("lower", "", "", 1), *steps]:
        if what == "sense":
            for _ in range(times):
                watch.look(bench.wait(100), False)
                bench.counter += 1
                watch.sensed(vehicle, pedestrian, bench.counter)
                watch.look(bench.feed(Sensed(Presence(vehicle), Presence(pedestrian), bench.counter)), False)
        elif what in ("silence", "frozen"):
            for _ in range(times):
                watch.look(bench.wait(100), False)
                if what == "frozen":
                    watch.look(bench.feed(Sensed(Presence.CLEAR, Presence.CLEAR, bench.counter)), False)
        elif what in ("hold", "cycle"):
            version += 1
            watch.look(bench.posture(version, bollard=BollardMode(what)), False)
        elif what == "restart":
            bench.restart(f"boot{bench.ms}")
            watch.words, watch.counter, watch.rising, watch.efo = [], -1, False, False
            watch.look(bench.connect(), False)
        else:
            reason = "efo_reset" if what == "reset" else "ok"
            out = bench.command("lower" if what == "reset" else what, reason=reason)
            watch.look(out, what == "efo" and results(out) == [("executed", "ok")])


@QUICK
@given(STEPS)
def test_a_bollard_rises_only_where_nobody_stands(steps: list[tuple[str, str, str, int]]) -> None:
    rises_only_where_nobody_stands(steps)


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("may_rise", lambda sensors, now_ms, efo: True),
        ("must_stop", lambda sensors, now_ms, efo: False),
        ("FRESH_MS", 10**9),
        ("pedestrian_is_clear", lambda sensors, now_ms: True),
    ],
)
def test_the_law_catches_an_interlock_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, name: str, broken: object
) -> None:
    monkeypatch.setattr(presence, name, broken)
    with pytest.raises(AssertionError):
        BROKEN(given(STEPS)(lambda steps: rises_only_where_nobody_stands(steps)))()


# S6 as a law: restarts, reconnects, postures, time, sensors and commands that nobody may take are not a reason to move

IDLE = st.lists(
    st.tuples(
        st.sampled_from(["restart", "reconnect", "hold", "cycle", "clear", "present", "silence", "old", "retained"]),
        st.integers(1, 30),
    ),
    min_size=1,
    max_size=12,
)


def nothing_moves(start: str, steps: list[tuple[str, int]]) -> None:
    """From a bollard at rest: down because a person said so in `hold`, or up."""
    bench = lowered() if start == "lowered" else bollard()
    version = 1
    for what, times in steps:
        if what == "restart":
            bench.restart(f"boot{bench.ms}")
            out = bench.connect()
        elif what == "reconnect":
            out = bench.connect()
        elif what in ("hold", "cycle"):
            version += 1
            out = bench.posture(version, bollard=BollardMode(what))
        elif what == "silence":
            out = bench.wait(1_000 * times)
        elif what == "old":
            out = bench.command("raise", challenge="made-up")
        elif what == "retained":
            out = bench.command("raise", retained=True)
        else:
            out = bench.sense_for(500 * times, vehicle=what)
        assert motions(out) == [], f"moved by {what}"


@QUICK
@given(st.sampled_from(["lowered", "raised"]), IDLE)
def test_nothing_moves_that_nobody_moved(start: str, steps: list[tuple[str, int]]) -> None:
    nothing_moves(start, steps)


def test_the_law_catches_a_bollard_that_closes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: once the posture says `cycle`, whatever is down goes up."""
    cycle = firmware.tick

    def eager(turn: Turn) -> None:
        cycle(turn)
        state = turn.state.bollard
        assert state is not None
        is_down = state.position == "lowered" and firmware._mode(turn) is BollardMode.CYCLE
        if is_down and presence.may_rise(state.sensors, turn.now.ms, False):
            firmware._start_raise(turn, Cause("cycle"), efo=False)

    monkeypatch.setattr(firmware, "tick", eager)
    with pytest.raises(AssertionError):
        BROKEN(given(IDLE)(lambda steps: nothing_moves("lowered", steps)))()
