"""Rules 3 to 7 at the device: one tap, one answer, and what happens when none comes."""

from __future__ import annotations

from devices.messages import Access, AccessOutcome, Emergency, EntryOffline, Event, ExitOffline, Tap
from devices.topics import Kind
from firmware_sim.inputs import TapCard, WalkThrough
from tests.firmware_sim.world import Bench, answers, entry, events, motions, results, sent


def reader(**posture: object) -> Bench:
    bench = Bench(Kind.READER)
    bench.connect()
    bench.posture(**{"exit": ExitOffline.LIST, **posture})
    bench.list(entry("AA11"))
    bench.ack()
    return bench


def accesses(out: list) -> list[Access]:
    return [event.data for event in sent(out, Event) if isinstance(event.data, Access)]


def test_a_granted_tap_opens_once_lets_one_through_and_locks_again() -> None:
    bench = reader()
    tap = bench.tap()

    granted = bench.answer(tap, "grant")
    passed = bench.feed(WalkThrough("in", "p1"))
    second = bench.feed(WalkThrough("in", "p2"))

    assert motions(granted) == ["unlocked"]
    assert results(granted) == [("executed", "ok")]
    assert answers(granted) == [("grant", "ok", False)]
    assert motions(passed) == ["passed", "locked"]
    assert [e.data.tap for e in sent(passed, Event) if e.type == "passage"] == [tap.id]
    assert motions(second) == []


def test_a_granted_tap_that_nobody_follows_locks_after_the_hold_time_of_the_command() -> None:
    bench = reader()
    bench.answer(bench.tap(), "grant", hold_ms=3_000)

    assert motions(bench.wait(2_999)) == []
    assert motions(bench.wait(1)) == ["locked"]


def test_a_denied_tap_moves_nothing() -> None:
    bench = reader()

    out = bench.answer(bench.tap(), "deny", reason="outside_hours")

    assert motions(out) == []
    assert results(out) == [("executed", "ok")]
    assert answers(out) == [("deny", "outside_hours", False)]
    assert motions(bench.wait(10_000)) == []


def test_an_unanswered_tap_repeats_with_the_same_id_nonce_and_time() -> None:
    bench = reader()
    first = bench.tap()

    repeats = sent(bench.wait(1_400), Tap)

    assert [tap.attempt for tap in (first, *repeats)] == [1, 2, 3]
    assert {(tap.id, tap.nonce, tap.at) for tap in (first, *repeats)} == {(first.id, first.nonce, first.at)}


def test_a_device_acts_once_on_a_tap_however_often_the_answer_comes() -> None:
    bench = reader()
    tap = bench.tap()
    bench.answer(tap, "grant", id="same")

    again = bench.answer(tap, "grant", id="same")
    other = bench.answer(tap, "grant", id="other", challenge=bench.challenge())

    assert results(again) == [("refused", "replayed")]
    assert results(other) == [("refused", "late")]
    assert motions(again) == motions(other) == []


def test_alone_the_device_decides_after_the_answer_time_and_says_so() -> None:
    bench = reader(answer_timeout_ms=2_000)
    tap = bench.tap()

    assert motions(bench.wait(1_999)) == []
    out = bench.wait(1)

    (access,) = accesses(out)
    assert (access.tap, access.outcome, access.reason, access.posture) == (tap.id, AccessOutcome.GRANT, "ok", 1)
    assert motions(out) == ["unlocked"]


def test_without_a_posture_the_answer_time_is_a_second_and_a_half() -> None:
    bench = Bench(Kind.READER)
    bench.connect()
    bench.tap()

    assert accesses(bench.wait(1_499)) == []
    assert [a.reason for a in accesses(bench.wait(1))] == ["offline_denied"]


def test_once_decided_alone_a_later_grant_is_late_and_moves_nothing() -> None:
    bench = reader()
    tap = bench.tap("BB22")
    out = bench.wait(1_500)

    late = bench.answer(tap, "grant")

    assert [a.reason for a in accesses(out)] == ["not_listed"]
    assert results(late) == [("refused", "late")]
    assert motions(late) == []


def test_wait_stops_the_answer_timer_and_the_guards_answer_needs_the_newest_challenge() -> None:
    bench = reader()
    tap = bench.tap()
    waiting = bench.answer(tap, "wait", wait_ms=60_000)
    assert answers(waiting) == [("wait", "ok", False)]
    assert sent(bench.wait(20_000), Tap) == []

    stale = bench.answer(tap, "grant")
    granted = bench.answer(tap, "grant", challenge=bench.challenge())

    assert results(stale) == [("refused", "stale")]
    assert results(granted) == [("executed", "ok")]
    assert motions(granted) == ["unlocked"]


def test_when_no_guard_answers_entry_is_denied_even_to_a_listed_card() -> None:
    bench = reader()
    bench.answer(bench.tap(), "wait", wait_ms=8_000)

    assert accesses(bench.wait(7_999)) == []
    out = bench.wait(1)

    assert [(str(a.outcome), a.reason) for a in accesses(out)] == [("deny", "guard_timeout")]
    assert motions(out) == []


def test_a_wait_without_a_time_ends_after_a_minute() -> None:
    bench = reader()
    bench.answer(bench.tap(), "wait")

    assert accesses(bench.wait(59_999)) == []
    assert [a.reason for a in accesses(bench.wait(1))] == ["guard_timeout"]


def test_when_no_guard_answers_an_exit_does_what_the_posture_says() -> None:
    def after_wait(exit_: ExitOffline, card: str = "AA11") -> tuple[str, str]:
        bench = reader(exit=exit_)
        # `free` would have opened at once; a posture that frees exits while the guard looks must count.
        bench.posture(2, exit=ExitOffline.DENY)
        bench.answer(bench.tap(card, "out"), "wait", wait_ms=5_000)
        bench.posture(3, exit=exit_)
        (access,) = accesses(bench.wait(5_000))
        return str(access.outcome), access.reason

    assert after_wait(ExitOffline.FREE) == ("grant", "ok_exit")
    assert after_wait(ExitOffline.LIST) == ("grant", "ok_exit")
    assert after_wait(ExitOffline.LIST, "BB22") == ("deny", "not_listed")
    assert after_wait(ExitOffline.DENY) == ("deny", "guard_timeout")


def test_a_free_exit_opens_at_once_and_reports_the_tap() -> None:
    bench = reader(exit=ExitOffline.FREE)

    out = bench.feed(TapCard("BB22", "out"))

    assert motions(out) == ["unlocked"]
    assert len(sent(out, Tap)) == 1


def test_a_deny_to_a_free_exit_is_refused_and_a_grant_does_not_open_twice() -> None:
    bench = reader(exit=ExitOffline.FREE)
    tap = bench.tap("BB22", "out")

    denied = bench.answer(tap, "deny")
    granted = bench.answer(tap, "grant")

    assert results(denied) == [("refused", "posture")]
    assert results(granted) == [("executed", "ok")]
    assert motions(granted) == []


def test_a_free_exit_that_nobody_answers_is_told_as_decided_alone() -> None:
    bench = reader(exit=ExitOffline.FREE)
    bench.tap("BB22", "out")

    out = bench.wait(1_500)

    assert [(str(a.outcome), a.reason) for a in accesses(out)] == [("grant", "ok_exit")]
    assert motions(out) == []


def test_every_dormitory_exit_is_free_whatever_the_posture_says() -> None:
    for emergency in (None, Emergency.LOCKDOWN, Emergency.EVACUATE):
        bench = Bench(Kind.DORM)
        bench.connect()
        bench.posture(exit=ExitOffline.DENY, entry=EntryOffline.DENY, emergency=emergency, level=1)

        bench.tap("BB22", "out")

        assert bench.state.lock is not None
        assert str(bench.state.lock.state) in ("unlocked", "released")


def test_a_tap_in_the_way_of_others_does_not_stop_them() -> None:
    bench = reader()
    waiting = bench.tap("AA11")
    bench.answer(waiting, "wait")

    second = bench.tap("BB22")
    out = bench.answer(second, "grant")

    assert motions(out) == ["unlocked"]
    assert len(bench.state.taps) == 1


def test_a_tap_goes_on_without_a_link_and_is_recorded_for_later() -> None:
    bench = reader()
    from firmware_sim.inputs import Disconnected

    bench.feed(Disconnected())
    bench.tap("AA11")
    out = bench.wait(2_000)
    assert motions(out) == ["unlocked"]

    assert events(bench.connect())[0] == "access"


def test_one_touch_of_a_guard_opens_without_a_tap() -> None:
    bench = reader()

    out = bench.command("grant", hold_ms=4_000)
    passed = bench.feed(WalkThrough("in"))

    assert motions(out) == ["unlocked"]
    assert [e.data.tap for e in sent(passed, Event) if e.type == "passage"] == [None]


def test_somebody_behind_a_granted_person_is_a_passage_of_nobody() -> None:
    bench = reader()
    bench.answer(bench.tap(), "grant")
    bench.answer(bench.tap("BB22"), "grant")

    first, second = bench.feed(WalkThrough("in")), bench.feed(WalkThrough("in"))

    assert motions(first) == ["passed"]
    assert motions(second) == ["passed", "locked"]


def test_a_free_exit_whose_tap_died_with_the_power_is_told_by_the_next_boot() -> None:
    """Else the door would have moved and no record would ever say why."""
    bench = reader(exit=ExitOffline.FREE)
    tap = bench.tap("BB22", "out")

    bench.restart()
    out = bench.connect()

    assert [(a.tap, str(a.outcome), a.reason) for a in accesses(out)] == [(tap.id, "grant", "ok_exit")]
    assert motions(out) == []
    bench.restart("boot3")
    assert [e.type for e in bench.state.base.buffer.events].count("access") == 1


def test_a_free_exit_that_was_answered_is_not_told_again() -> None:
    bench = reader(exit=ExitOffline.FREE)
    bench.answer(bench.tap("BB22", "out"), "grant")

    bench.restart()

    assert accesses(bench.connect()) == []


def test_every_grant_is_one_pulse_of_the_lock_also_while_it_is_open_already() -> None:
    bench = reader()

    first = bench.answer(bench.tap("AA11"), "grant")
    second = bench.answer(bench.tap("BB22"), "grant")

    assert motions(first) == motions(second) == ["unlocked"]
    assert events(first + second).count("lock_state") == 1


def test_every_allowed_passage_runs_out_by_its_own_time() -> None:
    bench = reader()
    bench.answer(bench.tap("AA11"), "grant", hold_ms=5_000)
    bench.wait(3_000)
    second = bench.tap("BB22")
    bench.answer(second, "grant", hold_ms=5_000)

    assert motions(bench.wait(2_000)) == []
    assert bench.state.lock is not None
    assert [one.tap for one in bench.state.lock.expected] == [second.id]
    assert motions(bench.wait(3_000)) == ["locked"]


def test_somebody_who_slips_through_behind_another_is_a_passage_of_nobody() -> None:
    bench = reader()
    bench.answer(bench.tap("AA11"), "grant")
    bench.feed(WalkThrough("in"))

    out = bench.feed(WalkThrough("in", behind=True))

    assert motions(out) == ["passed"]
    assert [e.data.tap for e in sent(out, Event) if e.type == "passage"] == [None]


def test_a_passage_of_the_other_direction_is_not_covered_by_a_grant() -> None:
    bench = reader()
    bench.answer(bench.tap("AA11", "in"), "grant")

    out = bench.feed(WalkThrough("out"))

    assert [e.data.tap for e in sent(out, Event) if e.type == "passage"] == [None]
