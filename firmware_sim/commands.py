"""Which commands a device acts on (rule 1).

Promise: the first reason that applies, in the protocol's order: mac, retained, replayed, late, stale, posture,
interlock. This module answers the first five, which hold for every kind; posture and interlock are the business of
the part that would act. Wall clocks decide nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.limits import CHALLENGE_LIFE_S, TAP_NONCE_LIFE_S
from devices.messages import Command
from firmware_sim.state import OpenTap, State
from firmware_sim.turn import Turn

CHALLENGE_LIFE_MS = CHALLENGE_LIFE_S * 1000
NONCE_LIFE_MS = TAP_NONCE_LIFE_S * 1000


@dataclass(frozen=True, slots=True)
class Accepted:
    """A command to act on, and the open tap that it answers, if any."""

    command: Command
    tap: OpenTap | None


def accept(turn: Turn, command: Command, retained: bool) -> Accepted | None:
    """The command if it may be acted on; else None, and its `result` is on the way."""
    refusal = judge(turn.state, command, retained, turn.now.ms)
    if refusal in ("retained", "replayed"):
        turn.result(command.id, "refused", refusal)
        return None
    alive = tuple(used for used in turn.base.used if turn.now.ms - used[1] <= CHALLENGE_LIFE_MS)
    turn.change_base(used=(*alive, (command.id, turn.now.ms)))
    if refusal is not None:
        turn.result(command.id, "refused", refusal)
        return None
    if challenge_is_live(turn.state, command.challenge, turn.now.ms):
        prove(turn)
    return Accepted(command, tap_answered(turn.state, command))


def judge(state: State, command: Command, retained: bool, now_ms: int) -> str | None:
    """The first refusal of rule 1 that applies, as far as it does not need the hardware."""
    if retained:
        return "retained"
    if any(used == command.id and now_ms - at <= CHALLENGE_LIFE_MS for used, at in state.base.used):
        return "replayed"
    # A bollard's `lower` names the tap of another device; only who has taps can be late for one.
    if command.for_ is not None and state.bollard is None and tap_answered(state, command) is None:
        return "late"
    if not challenge_is_live(state, command.challenge, now_ms) and not nonce_is_live(state, command, now_ms):
        return "stale"
    return None


def challenge_is_live(state: State, challenge: str, now_ms: int) -> bool:
    """Whether the device made this challenge itself, in this boot, at most 12 s ago."""
    return any(value == challenge and now_ms - made <= CHALLENGE_LIFE_MS for value, made in state.base.challenges)


def nonce_is_live(state: State, command: Command, now_ms: int) -> bool:
    """Whether the challenge is the nonce of an open tap, at most 5 s old."""
    return any(tap.tap.nonce == command.challenge and now_ms - tap.asked_ms <= NONCE_LIFE_MS for tap in state.taps)


def tap_answered(state: State, command: Command) -> OpenTap | None:
    """The open tap that the command answers."""
    return next((tap for tap in state.taps if tap.tap.id == command.for_), None)


def prove(turn: Turn) -> None:
    """A message with a valid challenge: the gateway is there, now. `max_age_s` counts from here."""
    turn.change_base(proven_ms=turn.now.ms)


def age_s(state: State, now_ms: int) -> float | None:
    """Seconds since the last proof; goes on over a restart from what was stored."""
    base = state.base
    if base.proven_ms is not None:
        return (now_ms - base.proven_ms) / 1000
    if base.age_at_start_s is None:
        return None
    return base.age_at_start_s + (now_ms - base.started_ms) / 1000
