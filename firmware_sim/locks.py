"""The lock or turnstile of a reader or dormitory door: unlocked for a time, released until somebody locks.

Theory. `locked` → `unlocked` by a grant, a button or a command, back by itself after `hold_ms` or once everybody who
was let through has passed. `released` by fire, `evacuate` or a command, and then nothing but a `lock` ends it: no
timer, restart or reconnect. A release by fire or `evacuate` ends only by `lock` with reason `fire_reset`, which is
refused while the fire input is active or the posture says `evacuate` (rule 9, S2).
"""

from __future__ import annotations

from dataclasses import replace

from devices.messages import Command, Direction, Emergency, FireInput, LockState, LockStateChanged, Passage
from firmware_sim.state import DEFAULT_HOLD_MS, Cause, Expected, Lock, OpenTap
from firmware_sim.turn import Turn

LIFE_SAFETY = frozenset({"fire", "evacuate"})


def open_for_tap(turn: Turn, cause: Cause, tap: OpenTap, hold_ms: int | None) -> None:
    """Let the person of this tap through."""
    unlock(turn, cause, str(tap.tap.direction), hold_ms)


def unlock(turn: Turn, cause: Cause, direction: str | None, hold_ms: int | None) -> None:
    """One pulse of the lock for one passage, within its own hold time; at a released door only the passage counts."""
    lock = _lock(turn)
    until_ms = turn.now.ms + hold_for(turn, hold_ms)
    expected = (*lock.expected, Expected(cause.tap, direction, cause, until_ms))[-16:]
    if lock.state is LockState.RELEASED:
        turn.change(lock=replace(lock, expected=expected))
        return
    was_locked = lock.state is LockState.LOCKED
    turn.change(lock=replace(lock, state=LockState.UNLOCKED, until_ms=_last(expected), expected=expected))
    turn.moved("unlocked", cause)
    if was_locked:
        turn.record(LockStateChanged(state=LockState.UNLOCKED))


def hold_for(turn: Turn, hold_ms: int | None) -> int:
    """How long to stay unlocked: what the command says, else the posture, else the built-in value."""
    if hold_ms is not None:
        return hold_ms
    posture = turn.base.standing.posture
    return posture.settings.hold_ms if posture is not None else DEFAULT_HOLD_MS


def lock(turn: Turn, cause: Cause) -> None:
    """Lock; whatever was expected is over."""
    before = _lock(turn)
    turn.change(lock=replace(before, state=LockState.LOCKED, until_ms=None, released_by=frozenset(), expected=()))
    if before.state is not LockState.LOCKED:
        turn.moved("locked", cause)
        turn.record(LockStateChanged(state=LockState.LOCKED))


def release(turn: Turn, by: str, cause: Cause) -> None:
    """Stay open until a `lock` ends it."""
    before = _lock(turn)
    turn.change(lock=replace(before, state=LockState.RELEASED, until_ms=None, released_by=before.released_by | {by}))
    if before.state is not LockState.RELEASED:
        turn.moved("released", cause)
        turn.record(LockStateChanged(state=LockState.RELEASED))


def command(turn: Turn, said: Command) -> bool:
    """`unlock`, `lock`, `release`, and `grant` without a tap. False: not one of these."""
    cause = Cause("command", said.id)
    action = str(said.action)
    if action in ("unlock", "grant"):
        unlock(turn, cause, None, said.hold_ms)
    elif action == "release":
        release(turn, "command", cause)
    elif action == "lock":
        before = _lock(turn)
        if before.released_by & LIFE_SAFETY and (said.reason != "fire_reset" or before.fire_active or evacuating(turn)):
            turn.result(said.id, "refused", "interlock")
            return True
        lock(turn, cause)
    else:
        return False
    turn.result(said.id, "executed", "ok")
    return True


def fire_input(turn: Turn, active: bool) -> None:
    """The wire from the fire panel; a change is told, activity releases at once."""
    before = _lock(turn)
    if before.fire_active == active:
        return
    turn.change(lock=replace(before, fire_active=active))
    turn.record(FireInput(active=active))
    if active:
        release(turn, "fire", Cause("fire"))


def follow_posture(turn: Turn) -> None:
    """`evacuate` releases escape doors, also after a start or a reconnect: the one exception of rule 10."""
    if turn.base.who.escape and evacuating(turn) and "evacuate" not in _lock(turn).released_by:
        release(turn, "evacuate", Cause("evacuate"))


def evacuating(turn: Turn) -> bool:
    """Whether the posture in force says `evacuate`."""
    posture = turn.base.standing.posture
    return posture is not None and posture.emergency is Emergency.EVACUATE


def passed(turn: Turn, direction: str, person: str | None, forced: bool) -> Expected | None:
    """Somebody really went through: told as `passage`, with the tap that let them, if it was one. `forced`: what was
    locked was broken; a push against what stands open, or unlocked for somebody else, breaks nothing."""
    state = _lock(turn)
    index = next((i for i, e in enumerate(state.expected) if e.direction in (direction, None)), None)
    expected = None if index is None else state.expected[index]
    if index is not None:
        rest = state.expected[:index] + state.expected[index + 1 :]
        until_ms = _last(rest) if state.state is LockState.UNLOCKED and rest else state.until_ms
        turn.change(lock=replace(state, expected=rest, until_ms=until_ms))
    if expected is not None:
        cause = expected.cause
    elif forced:
        cause = Cause("person")
    else:
        # Behind somebody else, or through a door that stands released.
        cause = Cause("released" if state.state is LockState.RELEASED else "tailgate")
    turn.moved("passed", cause, direction, person)
    turn.record(Passage(tap=expected.tap if expected else None, direction=Direction(direction)))
    return expected


def tick(turn: Turn) -> None:
    """Passages that nobody took run out, each by its own time; the lock falls back with the last of them."""
    state = _lock(turn)
    if not any(turn.now.ms >= one.until_ms for one in state.expected) and (
        state.until_ms is None or turn.now.ms < state.until_ms
    ):
        return
    over = [one for one in state.expected if turn.now.ms >= one.until_ms]
    left = tuple(one for one in state.expected if turn.now.ms < one.until_ms)
    turn.change(lock=replace(state, expected=left))
    if state.state is LockState.UNLOCKED and not left:
        last = over[-1].cause if over else Cause("hold_over")
        lock(turn, Cause("hold_over", last.command, last.tap))


def next_ms(state: Lock | None) -> int | None:
    """When the next allowed passage runs out."""
    if state is None:
        return None
    return min((one.until_ms for one in state.expected), default=state.until_ms)


def _last(expected: tuple[Expected, ...]) -> int:
    return max(one.until_ms for one in expected)


def _lock(turn: Turn) -> Lock:
    assert turn.state.lock is not None
    return turn.state.lock
