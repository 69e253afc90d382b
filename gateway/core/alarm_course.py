"""The states of one alarm, after ISA-18.2, as one table. A move that is not in the table is refused by name.

An alarm is *unacknowledged* until somebody has seen it, then *acknowledged* until its cause is over, then closed. If
its cause is over before anybody has seen it, it has *returned* and waits for that person; one about somebody's life
waits so in any case, until a person closes it. For a while somebody may put
it on the *shelf* (it comes back by itself), and with more right *out of service* (it comes back when somebody says so);
there nothing of it sounds, and whether its cause holds is remembered. A cause that comes again makes a returned alarm
unacknowledged and leaves an acknowledged one alone: told once is told, until it changes or its time to be told again
has come.

Pure: what happens is given, the next state comes back. Who may do it, records and times are for the flows.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    SHELVED = "shelved"
    OUT_OF_SERVICE = "out_of_service"
    CLOSED = "closed"


class Move(StrEnum):
    """What can happen to an alarm."""

    RAISED = "raised"
    """The condition is found again."""
    TOLD_ANEW = "told_anew"
    """It stands for so long, or has changed so much, that people hear of it again."""
    CLEARED = "cleared"
    """The condition is over."""
    CLEARED_OF_LIFE = "cleared_of_life"
    """The same, where somebody was in danger: it never ends by itself, a person says what it was."""
    ACKNOWLEDGE = "acknowledge"
    CLOSE = "close"
    SHELVE = "shelve"
    PUT_OUT = "put_out"
    """Out of service."""
    COME_BACK = "come_back"
    """From the shelf or into service, and the condition holds."""
    COME_BACK_OVER = "come_back_over"
    """The same, and the condition is over."""


QUIET = frozenset({State.SHELVED, State.OUT_OF_SERVICE})
"""Nothing of it sounds, and it stands in a list of its own."""


class NotInThisState(Exception):
    """The move is not in the table; nothing has changed."""

    def __init__(self, state: State, move: Move) -> None:
        super().__init__(f"an alarm that is {state.value} cannot {move.value}")
        self.state = state
        self.move = move


_U, _A, _R = State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED
_S, _O, _C = State.SHELVED, State.OUT_OF_SERVICE, State.CLOSED

TABLE: Mapping[tuple[State, Move], State] = MappingProxyType(
    {
        (_U, Move.RAISED): _U,
        (_U, Move.TOLD_ANEW): _U,
        (_U, Move.CLEARED): _R,
        (_U, Move.CLEARED_OF_LIFE): _R,
        (_U, Move.ACKNOWLEDGE): _A,
        (_U, Move.CLOSE): _C,
        (_U, Move.SHELVE): _S,
        (_U, Move.PUT_OUT): _O,
        (_A, Move.RAISED): _A,
        (_A, Move.TOLD_ANEW): _U,
        (_A, Move.CLEARED): _C,
        (_A, Move.CLEARED_OF_LIFE): _R,
        (_A, Move.ACKNOWLEDGE): _A,
        (_A, Move.CLOSE): _C,
        (_A, Move.SHELVE): _S,
        (_A, Move.PUT_OUT): _O,
        (_R, Move.RAISED): _U,
        (_R, Move.TOLD_ANEW): _U,
        (_R, Move.CLEARED): _R,
        (_R, Move.CLEARED_OF_LIFE): _R,
        (_R, Move.ACKNOWLEDGE): _C,
        (_R, Move.CLOSE): _C,
        (_R, Move.SHELVE): _S,
        (_R, Move.PUT_OUT): _O,
        (_S, Move.RAISED): _S,
        (_S, Move.TOLD_ANEW): _S,
        (_S, Move.CLEARED): _S,
        (_S, Move.CLEARED_OF_LIFE): _S,
        (_S, Move.CLOSE): _C,
        (_S, Move.SHELVE): _S,
        (_S, Move.PUT_OUT): _O,
        (_S, Move.COME_BACK): _U,
        (_S, Move.COME_BACK_OVER): _C,
        (_O, Move.RAISED): _O,
        (_O, Move.TOLD_ANEW): _O,
        (_O, Move.CLEARED): _O,
        (_O, Move.CLEARED_OF_LIFE): _O,
        (_O, Move.CLOSE): _C,
        (_O, Move.COME_BACK): _U,
        (_O, Move.COME_BACK_OVER): _C,
    }
)


def after(state: State, move: Move) -> State:
    """The state that follows. Raises `NotInThisState`."""
    try:
        return TABLE[state, move]
    except KeyError:
        raise NotInThisState(state, move) from None


def unseen_since(
    known: datetime | None,
    state: State,
    *,
    opened_at: datetime,
    told_at: datetime | None,
    acknowledged_at: datetime | None,
    is_new: bool,
) -> datetime | None:
    """Since when it waits for somebody to see it; None if somebody has, or it was put aside.

    `known`: what this said before the last move: telling it again, or its cause going and coming, starts nothing anew.
    `is_new`: nothing is known of before, because it is new or the gateway has started again.
    """
    heard_at = told_at or opened_at
    is_seen = acknowledged_at is not None and acknowledged_at >= heard_at
    if state not in (State.UNACKNOWLEDGED, State.RETURNED) or (state is State.RETURNED and is_seen):
        return None
    if known is not None:
        return known
    return opened_at if is_new and acknowledged_at is None else heard_at


def escalates_at(
    state: State, since: datetime | None, escalated_at: datetime | None, after_s: int | None, *, concerns_life: bool
) -> datetime | None:
    """When a leader has to hear of an alarm that has been unseen `since` then; None: not, or they have.

    What is over by itself needs no leader, unless it concerns a life: a fire that went out unseen was a fire.
    """
    if since is None or after_s is None or (state is not State.UNACKNOWLEDGED and not concerns_life):
        return None
    if escalated_at is not None and escalated_at >= since:
        return None
    return since + timedelta(seconds=after_s)


def shelf_end(now: datetime, until: datetime, at_most_s: int) -> datetime | None:
    """Until when it may lie on the shelf; None if the wish is in the past or longer than allowed."""
    return until if now < until <= now + timedelta(seconds=at_most_s) else None
