"""The states of an alarm: one table, in which nothing is forgotten and nothing about a life can be put aside."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alarms_file import load_alarms
from gateway.core.alarm_catalogue import LIFE_SAFETY, Catalogue, Kind, Priority
from gateway.core.alarm_course import QUIET, TABLE, Move, NotInThisState, State, after, escalates_at, shelf_end
from gateway.flows.open_alarms import Alarm, OpenAlarms
from gateway.settings import shipped

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MOVES = st.lists(st.sampled_from(Move), max_size=40)


def run(moves: list[Move]) -> list[State]:
    """The states that these moves lead through; one that is not in the table changes nothing."""
    state, states = State.UNACKNOWLEDGED, [State.UNACKNOWLEDGED]
    for move in moves:
        try:
            state = after(state, move)
        except NotInThisState:
            continue
        states.append(state)
    return states


@pytest.mark.parametrize(
    ("moves", "ends"),
    [
        ((Move.ACKNOWLEDGE,), State.ACKNOWLEDGED),
        ((Move.ACKNOWLEDGE, Move.CLEARED), State.CLOSED),
        ((Move.CLEARED,), State.RETURNED),
        ((Move.CLEARED, Move.ACKNOWLEDGE), State.CLOSED),
        ((Move.ACKNOWLEDGE, Move.CLEARED_OF_LIFE), State.RETURNED),
        ((Move.CLEARED_OF_LIFE, Move.RAISED), State.UNACKNOWLEDGED),
        ((Move.CLEARED, Move.RAISED), State.UNACKNOWLEDGED),
        ((Move.ACKNOWLEDGE, Move.RAISED), State.ACKNOWLEDGED),
        ((Move.ACKNOWLEDGE, Move.TOLD_ANEW), State.UNACKNOWLEDGED),
        ((Move.SHELVE, Move.RAISED, Move.CLEARED), State.SHELVED),
        ((Move.SHELVE, Move.COME_BACK), State.UNACKNOWLEDGED),
        ((Move.SHELVE, Move.COME_BACK_OVER), State.CLOSED),
        ((Move.PUT_OUT, Move.TOLD_ANEW), State.OUT_OF_SERVICE),
        ((Move.PUT_OUT, Move.COME_BACK), State.UNACKNOWLEDGED),
        ((Move.CLOSE,), State.CLOSED),
    ],
)
def test_an_alarm_goes_its_way(moves: tuple[Move, ...], ends: State) -> None:
    assert run(list(moves))[-1] is ends


def test_what_is_not_in_the_table_is_refused_by_name_and_nothing_leads_out_of_closed() -> None:
    with pytest.raises(NotInThisState, match="closed cannot acknowledge"):
        after(State.CLOSED, Move.ACKNOWLEDGE)

    assert [move for state, move in TABLE if state is State.CLOSED] == []
    for state, move in product(State, Move):
        if (state, move) not in TABLE:
            with pytest.raises(NotInThisState):
                after(state, move)


@given(MOVES)
def test_a_cause_that_comes_again_is_heard_unless_somebody_has_seen_it_or_put_it_aside(moves: list[Move]) -> None:
    state = run(moves)[-1]
    if state is State.CLOSED:
        return

    heard = after(state, Move.RAISED)

    assert heard is (state if state in QUIET or state is State.ACKNOWLEDGED else State.UNACKNOWLEDGED)


@given(MOVES)
def test_nothing_ends_but_by_a_person_or_with_its_cause(moves: list[Move]) -> None:
    enders = {Move.CLOSE, Move.CLEARED, Move.ACKNOWLEDGE, Move.COME_BACK_OVER}
    states = run([move for move in moves if move not in enders])

    assert State.CLOSED not in states


@given(MOVES)
def test_what_lies_on_the_shelf_comes_back_by_no_other_way_than_coming_back(moves: list[Move]) -> None:
    back = {Move.COME_BACK, Move.COME_BACK_OVER, Move.CLOSE, Move.PUT_OUT}
    states = run([Move.SHELVE, *(move for move in moves if move not in back)])

    assert set(states[1:]) == {State.SHELVED}


@pytest.mark.parametrize(
    ("until", "is_allowed"),
    [
        (timedelta(0), False),
        (timedelta(seconds=1), True),
        (timedelta(hours=8), True),
        (timedelta(hours=8, seconds=1), False),
    ],
)
def test_the_shelf_has_an_end_within_a_shift(until: timedelta, is_allowed: bool) -> None:
    assert (shelf_end(NOW, NOW + until, 8 * 3_600) is not None) is is_allowed


def test_what_is_about_a_life_can_never_be_put_aside_whatever_the_catalogue_says() -> None:
    quiet = Catalogue({name: Kind(name, Priority.LOW) for name in [*LIFE_SAFETY, "held_door"]})

    assert [name for name in quiet.kinds if quiet.of(name).may_be_shelved] == ["held_door"]
    assert all(Catalogue().of(name).priority is Priority.HIGH for name in LIFE_SAFETY)


# ---------------------------------------------------------------- unseen


def _shipped() -> list[Kind]:
    catalogue, faults = load_alarms(Path("there-is-none.yaml"), Path(shipped("alarms.yaml")), ())
    assert catalogue is not None, faults
    return [kind for kind in catalogue.kinds.values() if kind.escalate_after_s is not None]


class Waiting:
    """One alarm in the book of the open ones, as time and its cause move it; nobody looks."""

    def __init__(self, kind: Kind, again_after_s: int | None) -> None:
        self.kind, self.again_after_s = kind, again_after_s
        self.book = OpenAlarms()
        self.put(Alarm("a", kind.id, "gate", "high", "", State.UNACKNOWLEDGED.value, 1, NOW, NOW, told_at=NOW))

    @property
    def alarm(self) -> Alarm:
        return self.book.by_id["a"]

    def put(self, alarm: Alarm) -> None:
        self.book.put(alarm)

    def move(self, move: Move, now: datetime) -> None:
        state = after(State(self.alarm.state), move)
        is_told = state is State.UNACKNOWLEDGED and (move is Move.TOLD_ANEW or state != self.alarm.state)
        self.put(replace(self.alarm, state=state.value, told_at=now if is_told else self.alarm.told_at))

    def acknowledge(self, now: datetime) -> None:
        state = after(State(self.alarm.state), Move.ACKNOWLEDGE).value
        self.put(replace(self.alarm, state=state, acknowledged_at=now))

    def escalates_at(self) -> datetime | None:
        return escalates_at(
            State(self.alarm.state), self.book.unseen.get("a"), self.alarm.escalated_at, self.kind.escalate_after_s,
            concerns_life=self.kind.is_life_safety,
        )  # fmt: skip

    def escalated(self, until_s: int, comes_and_goes: bool = False) -> list[float]:
        """After how many seconds a leader is told."""
        found = []
        for second in range(0, until_s + 1, 5):
            now = NOW + timedelta(seconds=second)
            if comes_and_goes and second % 50 == 20:
                self.move(Move.CLEARED_OF_LIFE, now)
            if comes_and_goes and second % 50 == 25:
                self.move(Move.RAISED, now)
            told_at = self.alarm.told_at
            if self.again_after_s and told_at is not None and now >= told_at + timedelta(seconds=self.again_after_s):
                self.move(Move.TOLD_ANEW, now)
            at = self.escalates_at()
            if at is not None and at <= now:
                self.put(replace(self.alarm, escalated_at=now))
                found.append(second)
        return found


@pytest.mark.parametrize("kind", _shipped(), ids=lambda kind: kind.id)
def test_whatever_nobody_sees_goes_to_a_leader_once_and_in_time_however_often_it_is_told_again(kind: Kind) -> None:
    in_time = kind.escalate_after_s
    assert in_time is not None

    for again_after_s in (kind.again_after_s, 30, in_time):
        assert Waiting(kind, again_after_s).escalated(3 * in_time) == [in_time]
    (second,) = Waiting(kind, kind.again_after_s).escalated(3 * in_time, comes_and_goes=True)
    assert second <= in_time + 50


def test_what_somebody_has_seen_and_is_told_anew_waits_from_then_on() -> None:
    (kind,) = [one for one in _shipped() if one.id == "forced_door"]
    one = Waiting(kind, None)
    one.acknowledge(NOW + timedelta(seconds=10))
    seen = one.escalates_at()

    one.move(Move.TOLD_ANEW, NOW + timedelta(seconds=900))

    assert (seen, one.escalates_at()) == (None, NOW + timedelta(seconds=900 + 180))


def test_what_is_over_needs_a_leader_only_if_it_was_about_a_life_and_nobody_saw_it() -> None:
    found = {}
    for kind in _shipped():
        one = Waiting(kind, None)
        one.move(Move.CLEARED_OF_LIFE, NOW)
        unseen = one.escalates_at() is not None
        one.put(replace(one.alarm, acknowledged_at=NOW + timedelta(seconds=1)))
        found[kind.id] = (unseen, one.escalates_at() is not None)

    assert {id for id, said in found.items() if said == (True, False)} == LIFE_SAFETY
    assert {said for id, said in found.items() if id not in LIFE_SAFETY} == {(False, False)}


def test_a_restart_neither_forgets_that_nobody_has_seen_it_nor_begins_anew() -> None:
    alarm = Alarm("a", "fire", "dorm-1", "high", "", State.RETURNED.value, 1, NOW, NOW, told_at=NOW)
    book = OpenAlarms()
    later = NOW + timedelta(seconds=600)

    book.load([replace(alarm, told_at=later), replace(alarm, id="b", place="dorm-2", acknowledged_at=later)])

    assert book.unseen == {"a": NOW}
