"""The states of an alarm: one table, in which nothing is forgotten and nothing about a life can be put aside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.alarm_catalogue import LIFE_SAFETY, Catalogue, Kind, Priority
from gateway.core.alarm_course import QUIET, TABLE, Move, NotInThisState, State, after, shelf_end

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
