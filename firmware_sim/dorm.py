"""A dormitory door: reader, lock, door leaf with its contact, exit button, fire wire. Leaving is always free."""

from __future__ import annotations

from dataclasses import replace

from devices.messages import DoorClosed, DoorForced, DoorHeld, DoorOpened, ExitButton, LockState
from firmware_sim import locks, reader, taps
from firmware_sim.inputs import CloseDoor, FireWire, Input, PressExitButton, TapCard, WalkThrough
from firmware_sim.state import Cause, Door, State
from firmware_sim.turn import Turn

DEFAULT_HELD_OPEN_AFTER_S = 30
"""The held-open time where no posture says another."""

act = reader.act
can_pass = reader.can_pass


def happened(turn: Turn, what: Input) -> None:
    """People and wires at the door."""
    if isinstance(what, TapCard):
        taps.ask(turn, what, locks.open_for_tap)
    elif isinstance(what, PressExitButton):
        turn.record(ExitButton())
        locks.unlock(turn, Cause("exit_button"), "out", None)
    elif isinstance(what, WalkThrough):
        _walk(turn, what)
    elif isinstance(what, CloseDoor):
        _close(turn)
    elif isinstance(what, FireWire):
        locks.fire_input(turn, what.active)


def tick(turn: Turn) -> None:
    """Timers of taps, lock and door."""
    reader.tick(turn)
    door, lock = turn.state.door, turn.state.lock
    if door is None or not door.open or door.held_told or (lock and lock.state is LockState.RELEASED):
        return
    if turn.now.ms >= door.opened_ms + _held_after_ms(turn.state):
        turn.change(door=replace(door, held_told=True))
        turn.record(DoorHeld(open_s=(turn.now.ms - door.opened_ms) // 1000))


def next_ms(state: State) -> int | None:
    """When the door wants the next tick."""
    moments = [reader.next_ms(state)]
    released = state.lock is not None and state.lock.state is LockState.RELEASED
    if state.door is not None and state.door.open and not state.door.held_told and not released:
        moments.append(state.door.opened_ms + _held_after_ms(state))
    return min((moment for moment in moments if moment is not None), default=None)


def _walk(turn: Turn, walk: WalkThrough) -> None:
    door = turn.state.door
    assert door is not None
    forced = not door.open and not can_pass(turn.state)
    if not door.open:
        if forced and not walk.forced:
            return
        turn.change(door=Door(open=True, opened_ms=turn.now.ms, forced=forced))
        cause = Cause("person")
        turn.moved("forced" if forced else "opened", cause, walk.direction, walk.person)
        turn.record(DoorForced() if forced else DoorOpened())
    expected = locks.passed(turn, walk.direction, walk.person, forced)
    if not walk.leave_open:
        _close(turn)
    lock = turn.state.lock
    if expected is not None and lock is not None and lock.state is LockState.UNLOCKED and not lock.expected:
        locks.lock(turn, Cause("passage", expected.cause.command, expected.tap))


def _close(turn: Turn) -> None:
    door = turn.state.door
    assert door is not None
    if door.open:
        turn.change(door=Door())
        turn.moved("closed", Cause("person"))
        turn.record(DoorClosed())


def _held_after_ms(state: State) -> int:
    posture = state.base.standing.posture
    seconds = posture.settings.held_open_after_s if posture else DEFAULT_HELD_OPEN_AFTER_S
    return seconds * 1000
