"""Rule 1: which commands a device acts on, and the first reason it gives for those it does not."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from devices.messages import Result
from devices.topics import Kind
from firmware_sim import commands
from tests.firmware_sim.world import Bench, motions, results, sent

OTHER_KEY = bytes(32)


def reader() -> Bench:
    bench = Bench(Kind.READER)
    bench.connect()
    bench.posture()
    return bench


def test_a_fresh_command_is_executed_and_told() -> None:
    bench = reader()

    out = bench.command("unlock")

    assert motions(out) == ["unlocked"]
    assert results(out) == [("executed", "ok")]


def test_a_command_with_a_wrong_mac_is_refused_by_name_if_its_id_can_be_read() -> None:
    bench = reader()

    out = bench.command("unlock", key=OTHER_KEY)

    assert motions(out) == []
    assert results(out) == [("refused", "mac")]


def test_rubbish_on_the_command_channel_is_not_answered_at_all() -> None:
    from firmware_sim.inputs import Received

    bench = reader()

    assert bench.feed(Received("command", b"not a message")) == []
    assert bench.feed(Received("command", b"")) == []


def test_a_retained_command_moves_nothing_and_does_not_burn_its_id() -> None:
    bench = reader()

    assert results(bench.command("unlock", retained=True, id="same")) == [("refused", "retained")]
    assert results(bench.command("unlock", id="same")) == [("executed", "ok")]


def test_a_replayed_command_moves_nothing_a_second_time() -> None:
    bench = reader()
    challenge = bench.challenge()
    bench.command("unlock", id="same", challenge=challenge)
    bench.wait(6_000)

    out = bench.command("unlock", id="same", challenge=challenge)

    assert motions(out) == []
    assert results(out) == [("refused", "replayed")]


def test_a_captured_command_is_dead_after_twelve_seconds_and_after_a_restart() -> None:
    bench = reader()
    challenge = bench.challenge()

    bench.wait(12_001)
    late = bench.command("unlock", challenge=challenge)

    newest = bench.challenge()
    bench.restart()
    bench.connect()
    after_restart = bench.command("unlock", challenge=newest)

    assert results(late) == results(after_restart) == [("refused", "stale")]
    assert motions(late) == motions(after_restart) == []


def test_a_challenge_lives_twelve_seconds_to_the_end() -> None:
    bench = reader()
    challenge = bench.challenge()

    bench.wait(12_000)

    assert results(bench.command("unlock", challenge=challenge)) == [("executed", "ok")]


def test_a_wall_clock_that_jumps_changes_nothing_for_a_command() -> None:
    bench = reader()
    challenge = bench.challenge()

    bench.wall = bench.wall.replace(year=2046)

    assert results(bench.command("unlock", challenge=challenge)) == [("executed", "ok")]


def test_the_nonce_of_a_tap_is_a_challenge_for_five_seconds() -> None:
    bench = reader()
    bench.posture(2, answer_timeout_ms=20_000)
    tap = bench.tap()
    bench.wait(5_000)
    assert results(bench.answer(tap, "grant")) == [("executed", "ok")]

    other = bench.tap()
    bench.wait(5_001)
    assert results(bench.answer(other, "grant")) == [("refused", "stale")]


def test_an_answer_to_a_tap_that_is_closed_is_late_even_with_a_live_challenge() -> None:
    bench = reader()
    tap = bench.tap()
    bench.wait(1_500)

    assert results(bench.answer(tap, "grant")) == [("refused", "late")]
    assert results(bench.answer(tap, "grant", challenge=bench.challenge())) == [("refused", "late")]


def test_an_action_that_the_hardware_does_not_have_fails_and_says_so() -> None:
    bench = reader()

    assert results(bench.command("lower")) == [("failed", "not_supported")]


def test_the_first_reason_in_the_order_of_the_rule_is_given() -> None:
    """Each command has every fault from its own on; the first must be the one told."""
    bench = Bench(Kind.DORM)
    bench.connect()
    bench.posture()
    from firmware_sim.inputs import FireWire

    bench.feed(FireWire(True))
    bench.command("identify", id="known")
    gone = bench.tap()
    bench.wait(2_000)

    all_wrong = {"id": "known", "challenge": "nobody-made-it", "for_": gone.id, "reason": "fire_reset"}
    assert results(bench.command("lock", retained=True, key=OTHER_KEY, **all_wrong)) == [("refused", "mac")]
    assert results(bench.command("lock", retained=True, **all_wrong)) == [("refused", "retained")]
    assert results(bench.command("lock", **all_wrong)) == [("refused", "replayed")]
    all_wrong["id"] = "new-1"
    assert results(bench.command("lock", **all_wrong)) == [("refused", "late")]
    del all_wrong["for_"]
    all_wrong["id"] = "new-2"
    assert results(bench.command("lock", **all_wrong)) == [("refused", "stale")]
    del all_wrong["challenge"]
    all_wrong["id"] = "new-3"
    assert results(bench.command("lock", **all_wrong)) == [("refused", "interlock")]
    bench.feed(FireWire(False))
    all_wrong["id"] = "new-4"
    assert results(bench.command("lock", **all_wrong)) == [("executed", "ok")]


def a_command_acts_once(steps: list[tuple[str, int]]) -> None:
    """Whatever order copies of three commands come in, each moves the lock at most once."""
    bench = reader()
    sent_before: dict[str, str] = {}
    moved: dict[str, int] = {}
    for name, ms in steps:
        bench.wait(ms)
        if bench.state.lock and str(bench.state.lock.state) != "locked":
            bench.wait(6_000)
        challenge = sent_before.setdefault(name, bench.challenge())
        out = bench.command("unlock", id=name, challenge=challenge)
        moved[name] = moved.get(name, 0) + motions(out).count("unlocked")
        assert len(sent(out, Result)) == 1
    assert all(count <= 1 for count in moved.values()), moved


STEPS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4_000)), max_size=12)
QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None, report_multiple_bugs=False)
BROKEN = settings(QUICK, phases=(Phase.generate,))  # a counterexample is enough, it need not be small


@QUICK
@given(STEPS)
def test_no_copy_of_a_command_moves_anything_twice(steps: list[tuple[str, int]]) -> None:
    a_command_acts_once(steps)


def test_the_law_catches_a_device_that_forgets_used_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    real = commands.judge

    def forgetful(state: object, *rest: object) -> object:
        said = real(state, *rest)  # type: ignore[arg-type]
        return None if said == "replayed" else said

    monkeypatch.setattr(commands, "judge", forgetful)

    with pytest.raises(AssertionError):
        BROKEN(given(STEPS)(lambda steps: a_command_acts_once(steps)))()
