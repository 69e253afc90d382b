"""Rule 2: events are kept until acked, sent again in order, and never lost without a gap."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from devices.messages import (
    ALARM_EVENTS,
    DoorForced,
    DoorOpened,
    Event,
    EventData,
    Gap,
    event_type_of,
)
from devices.topics import Kind
from firmware_sim import buffer as buffers
from firmware_sim.buffer import Buffer
from firmware_sim.inputs import OpenCasing, Tick
from tests.firmware_sim.world import Bench, events, sent

AT = datetime(2026, 11, 16, tzinfo=UTC)


def make(seq: int, data: EventData) -> Event:
    return Event(id=f"e{seq}", boot="b", seq=seq, at=AT, type=event_type_of(data), data=data)


def filled(count: int, capacity: int = 1_000) -> Buffer:
    buffer = Buffer(boot="b", capacity=capacity)
    for _ in range(count):
        buffer = buffers.record(buffer, DoorOpened(), make).buffer
    return buffer


def test_events_are_sent_at_once_and_kept_until_they_are_acked() -> None:
    bench = Bench(Kind.READER)
    bench.connect()

    assert events(bench.feed(OpenCasing())) == ["tamper"]
    assert len(bench.state.base.buffer) == 1

    bench.ack(1)
    assert len(bench.state.base.buffer) == 0


def test_events_of_a_time_without_a_link_are_sent_in_order_oldest_boot_first() -> None:
    bench = Bench(Kind.READER)
    for _ in range(3):
        bench.feed(OpenCasing())
    bench.restart()
    for _ in range(2):
        bench.feed(OpenCasing())

    told = [(event.boot, event.seq) for event in sent(bench.connect(), Event)]

    assert told == [("boot1", 1), ("boot1", 2), ("boot1", 3), ("boot2", 1), ("boot2", 2)]
    bench.ack(3, boot="boot1")
    assert [(e.boot, e.seq) for e in bench.state.base.buffer.events] == [("boot2", 1), ("boot2", 2)]


def test_no_more_than_fifty_are_in_flight() -> None:
    buffer, first = buffers.due(filled(120), 0)
    buffer, more = buffers.due(buffer, 5_000)

    assert [event.seq for event in first] == list(range(1, 51))
    assert more == ()

    buffer, gone = buffers.acked(buffer, "b", 20, 5_000)
    assert gone == ("b", 1, 20)
    _, next_ones = buffers.due(buffer, 5_000)
    assert [event.seq for event in next_ones] == list(range(51, 71))


def test_no_more_than_two_hundred_a_second_are_sent_however_fast_the_acks_come() -> None:
    buffer, count = filled(1_000), 0
    for ms in range(0, 1_001, 5):
        buffer, batch = buffers.due(buffer, ms)
        count += len(batch)
        if batch:
            buffer, _ = buffers.acked(buffer, "b", batch[-1].seq, ms)

    assert 200 <= count <= 200 + buffers.WINDOW


def test_without_progress_all_are_sent_again_after_10_20_40_and_then_60_s() -> None:
    bench = Bench(Kind.READER)
    bench.connect()
    bench.feed(OpenCasing())
    moments = []
    for _ in range(240):
        told = sent(bench.wait(1_000), Event)
        moments += [bench.ms] * len(told)

    pauses = [round((b - a) / 1000) for a, b in itertools.pairwise(moments)]
    assert round((moments[0] - 1_000) / 1000) == 10
    assert pauses == [20, 40, 60, 60]


def test_an_ack_for_a_number_never_given_out_forgets_nothing() -> None:
    buffer, gone = buffers.acked(filled(3), "b", 99, 0)

    assert gone is None
    assert len(buffer) == 3


def test_a_full_buffer_overwrites_the_oldest_normal_events_and_says_which() -> None:
    buffer = filled(10, capacity=10)
    alarm = buffers.record(buffer, DoorForced(), make)
    more = buffers.record(alarm.buffer, DoorOpened(), make)

    lost = alarm.forgotten + more.forgotten
    gaps = [event.data for event in more.buffer.events if isinstance(event.data, Gap)]
    assert lost == (("b", 1, 1), ("b", 2, 2))
    assert gaps == [Gap(boot="b", from_seq=1, to_seq=2)]
    assert any(isinstance(event.data, DoorForced) for event in more.buffer.events)


def test_a_gap_is_sent_before_the_events_behind_it() -> None:
    """Else the gateway could never ack over the hole, and the window would stay full of what it cannot ack."""
    buffer = filled(80, capacity=80)
    buffer = buffers.record(buffer, DoorOpened(), make).buffer

    _, batch = buffers.due(buffer, 0)

    assert isinstance(batch[0].data, Gap)
    assert batch[1].seq == 5


def test_a_gap_that_was_sent_is_never_changed() -> None:
    buffer = filled(20, capacity=20)
    buffer = buffers.record(buffer, DoorOpened(), make).buffer
    buffer, batch = buffers.due(buffer, 0)
    told = [event for event in batch if isinstance(event.data, Gap)]

    for _ in range(5):
        buffer = buffers.record(buffer, DoorOpened(), make).buffer

    assert told[0] in buffer.events


def test_weeks_without_a_link_do_not_fill_the_buffer_with_gaps() -> None:
    buffer = Buffer(boot="b", capacity=40)
    for _ in range(5_000):
        buffer = buffers.record(buffer, DoorOpened(), make).buffer

    assert len(buffer.gaps) <= 2
    assert len(buffer) <= 42


def test_a_buffer_that_fills_says_so_once() -> None:
    bench = Bench(Kind.READER)
    base = bench.state.base
    from dataclasses import replace

    bench.state = replace(bench.state, base=replace(base, buffer=replace(base.buffer, capacity=20)))
    for _ in range(18):
        bench.feed(OpenCasing())
    bench.feed(Tick())

    kept = [event.type for event in bench.state.base.buffer.events]
    assert kept.count("buffer_high") == 1


Happening = tuple[str, int]
HAPPENINGS = st.lists(
    st.tuples(st.sampled_from(["normal", "normal", "normal", "alarm", "ack", "send", "reconnect"]), st.integers(1, 9)),
    max_size=80,
)
QUICK = settings(max_examples=200, deadline=None, derandomize=True, database=None, report_multiple_bugs=False)
BROKEN = settings(QUICK, phases=(Phase.generate,))  # a counterexample is enough, it need not be small


def every_number_is_accounted_for(happenings: list[Happening]) -> None:
    """Each number is acked, still there, or named by a gap; no alarm goes while a normal event is there."""
    buffer, acked, now_ms = Buffer(boot="b", capacity=10), 0, 0
    sent_bytes: dict[int, Event] = {}
    heard: set[int] = set()
    for what, count in happenings:
        now_ms += 1_000
        if what in ("normal", "alarm"):
            for _ in range(count):
                before = buffer
                recorded = buffers.record(buffer, DoorForced() if what == "alarm" else DoorOpened(), make)
                buffer = recorded.buffer
                _no_alarm_went_first(before, buffer)
        elif what == "send":
            buffer, batch = buffers.due(buffer, now_ms)
            for event in batch:
                assert sent_bytes.setdefault(event.seq, event) == event, "what was said was changed"
                heard.add(event.seq)
                if isinstance(event.data, Gap):
                    heard.update(range(event.data.from_seq, event.data.to_seq + 1))
        elif what == "ack":
            while acked + 1 in heard:
                acked += 1
            buffer, _ = buffers.acked(buffer, "b", acked, now_ms)
        else:
            buffer = buffers.reconnected(buffer)
        here = {event.seq for event in buffer.events}
        lost = {
            seq
            for event in [*buffer.events, *sent_bytes.values()]
            if isinstance(event.data, Gap)
            for seq in range(event.data.from_seq, event.data.to_seq + 1)
        }
        for seq in range(acked + 1, buffer.last_seq + 1):
            assert seq in here or seq in lost, f"{seq} is gone without a gap"


def _no_alarm_went_first(before: Buffer, after: Buffer) -> None:
    here = {event.seq for event in after.events}
    alarm_went = any(e.type in ALARM_EVENTS and e.type != "gap" and e.seq not in here for e in before.events)
    assert not (alarm_went and any(e.type not in ALARM_EVENTS for e in before.events)), "an alarm before a normal event"


@QUICK
@given(HAPPENINGS)
def test_nothing_unacked_disappears_without_a_gap(happenings: list[Happening]) -> None:
    every_number_is_accounted_for(happenings)


def _oldest_first(buffer: Buffer) -> tuple[int, int]:
    return 0, 1


def _silently(real: Callable[..., Buffer]) -> Callable[..., Buffer]:
    def overwrite(buffer: Buffer, *rest: object) -> Buffer:
        after = real(buffer, *rest)
        gap = after.events[-1]
        return after if not isinstance(gap.data, Gap) else buffers._remove(after, gap)

    return overwrite


def test_the_law_catches_a_buffer_that_overwrites_alarms_or_keeps_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    check = BROKEN(given(HAPPENINGS)(lambda happenings: every_number_is_accounted_for(happenings)))

    with monkeypatch.context() as broken, pytest.raises(AssertionError):
        broken.setattr(buffers, "_victims", _oldest_first)
        check()
    with monkeypatch.context() as broken, pytest.raises(AssertionError):
        broken.setattr(buffers, "_overwrite", _silently(buffers._overwrite))
        check()
