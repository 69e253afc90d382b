"""A gate reader with its turnstile or lock: a grant lets one person through."""

from __future__ import annotations

from devices.messages import Command, ExitButton, LockState
from firmware_sim import base, commands, locks, taps
from firmware_sim.inputs import FireWire, Input, PressExitButton, TapCard, WalkThrough
from firmware_sim.state import Cause, State
from firmware_sim.turn import Turn


def act(turn: Turn, accepted: commands.Accepted) -> None:
    """A command that rule 1 lets through; shared with the dormitory door."""
    said: Command = accepted.command
    if accepted.tap is not None and str(said.action) in ("grant", "deny", "wait"):
        taps.answered(turn, accepted, locks.open_for_tap)
    elif not locks.command(turn, said):
        base.common_command(turn, said)


def happened(turn: Turn, what: Input) -> None:
    """People and wires at a reader."""
    if isinstance(what, TapCard):
        taps.ask(turn, what, locks.open_for_tap)
    elif isinstance(what, WalkThrough):
        _walk(turn, what)
    elif isinstance(what, FireWire):
        locks.fire_input(turn, what.active)
    elif isinstance(what, PressExitButton):
        turn.record(ExitButton())
        locks.unlock(turn, Cause("exit_button"), "out", None)


def tick(turn: Turn) -> None:
    """Timers of taps and lock."""
    taps.tick(turn, locks.open_for_tap)
    locks.tick(turn)


def next_ms(state: State) -> int | None:
    """When a reader wants the next tick."""
    moments = [taps.next_ms(state.taps), locks.next_ms(state.lock)]
    return min((moment for moment in moments if moment is not None), default=None)


def can_pass(state: State) -> bool:
    """Whether the turnstile lets anybody through without force."""
    return state.lock is not None and state.lock.state is not LockState.LOCKED


def _walk(turn: Turn, walk: WalkThrough) -> None:
    forced = walk.forced and not can_pass(turn.state)
    if not (can_pass(turn.state) or forced or walk.behind):
        return
    expected = locks.passed(turn, walk.direction, walk.person, forced)
    lock = turn.state.lock
    if expected is not None and lock is not None and lock.state is LockState.UNLOCKED and not lock.expected:
        locks.lock(turn, Cause("passage", expected.cause.command, expected.tap))
