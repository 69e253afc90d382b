"""The life of a tap: asked, repeated while unanswered, answered once — by the gateway, a guard, or the device alone.

Theory. A tap is open from the moment a person asks until one final answer. Attempts repeat with the same id, nonce
and time. `wait` stops the answer timer and starts the guard's (rule 5). When a timer runs out the device decides
alone and says so (`access`); the tap is closed, and whatever comes later for it is `late`. Where leaving is free the
door opens with the tap itself, and the answer only closes it (rule 7).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from msgspec import structs

from devices.limits import ANSWER_TIMEOUT_MS, WAIT_MS
from devices.messages import (
    Access,
    AccessOutcome,
    Credential,
    CredentialKind,
    CredentialToken,
    Direction,
    Duress,
    ExitOffline,
    Tap,
)
from devices.signing import token
from firmware_sim import commands, lone
from firmware_sim.inputs import TapCard
from firmware_sim.outputs import Send, TapAnswered
from firmware_sim.state import Cause, Identity, OpenTap, State, Unreported
from firmware_sim.turn import Turn

ATTEMPT_EVERY_MS = 500
"""Three attempts within the answer time: one lost packet costs half a second, and a slow gateway sees two repeats."""
MOST_OPEN = 8
"""More people than fit before one reader; a ninth tap while eight wait is not taken."""

Open = Callable[[Turn, Cause, OpenTap, int | None], None]
"""Unlocks for one passage: (turn, cause, tap, hold_ms)."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A final answer."""

    outcome: str
    reason: str
    alone: bool
    command: str | None = None


def ask(turn: Turn, card: TapCard, open_: Open) -> OpenTap | None:
    """A person asks; the first attempt goes out. None: too many wait already."""
    if len(turn.state.taps) >= MOST_OPEN:
        return None
    base = turn.base
    now = turn.now
    tap = Tap(
        id=turn.fresh_id("tap"),
        boot=base.boot,
        at=now.wall,
        nonce=turn.fresh_id("nonce"),
        direction=Direction(card.direction),
        credential=Credential(kind=CredentialKind(card.kind), value=card.value),
        pin=card.pin,
        confidence=card.confidence,
        attempt=1,
    )
    posture = base.standing.posture
    timeout = posture.offline.answer_timeout_ms if posture else ANSWER_TIMEOUT_MS
    free = card.direction == "out" and lone.is_free(base.standing, base.who.escape, fire_here(turn))
    opened = OpenTap(
        tap=tap,
        asked_ms=now.ms,
        next_attempt_ms=now.ms + ATTEMPT_EVERY_MS,
        answer_by_ms=now.ms + timeout,
        opened=free,
        person=card.person,
    )
    turn.change(taps=(*turn.state.taps, opened))
    turn.out.append(Send("tap", tap))
    if card.duress:
        turn.record(Duress(tap=tap.id))
    if free:
        open_(turn, Cause("free_exit", tap=tap.id), opened, None)
    return opened


def tick(turn: Turn, open_: Open) -> None:
    """Repeats that are due; answers that did not come; what the boot before could not tell any more."""
    for lost in turn.state.unreported:
        _report(turn, lost, "ok_exit")
    if turn.state.unreported:
        turn.change(unreported=())
    for tap in turn.state.taps:
        if tap.answer_by_ms is not None and turn.now.ms >= tap.answer_by_ms:
            _decide_alone(turn, tap, open_, after_guard=False)
        elif tap.wait_until_ms is not None and turn.now.ms >= tap.wait_until_ms:
            _decide_alone(turn, tap, open_, after_guard=True)
        elif tap.next_attempt_ms is not None and turn.now.ms >= tap.next_attempt_ms:
            again = structs.replace(tap.tap, attempt=(tap.tap.attempt or 1) + 1)
            _put(turn, replace(tap, tap=again, next_attempt_ms=turn.now.ms + ATTEMPT_EVERY_MS))
            turn.out.append(Send("tap", again))


def opened_notes(state: State) -> list[list[str]]:
    """What must outlive a power cut: taps that opened a door and have no answer yet.

    The tap itself is on its way, but a message that was sent is not one that arrived; without this a motion could
    stay without any record.
    """
    who = state.base.who
    open_now = [
        [tap.tap.id, str(tap.tap.credential.kind), _token(who, tap), str(tap.tap.direction)]
        for tap in state.taps
        if tap.opened
    ]
    return [[lost.tap, lost.kind, lost.token, lost.direction] for lost in state.unreported] + open_now


def unreported(notes: object) -> tuple[Unreported, ...]:
    """The same read back; anything of another shape counts as nothing."""
    if not isinstance(notes, list):
        return ()
    return tuple(Unreported(*map(str, note)) for note in notes if isinstance(note, list) and len(note) == 4)


def next_ms(taps: tuple[OpenTap, ...]) -> int | None:
    """When the next timer of a tap runs out."""
    moments = [
        moment
        for tap in taps
        for moment in (tap.next_attempt_ms, tap.answer_by_ms, tap.wait_until_ms)
        if moment is not None
    ]
    return min(moments, default=None)


def answered(turn: Turn, accepted: commands.Accepted, open_: Open) -> None:
    """`grant`, `deny` or `wait` for an open tap."""
    command, tap = accepted.command, accepted.tap
    assert tap is not None
    action = str(command.action)
    if tap.opened:
        if action == "deny":
            turn.result(command.id, "refused", "posture")
        elif action == "grant":
            # The door opened with the tap; a second unlocking would be a second motion for one decision.
            close(turn, tap, Closing("grant", command.reason, False, command.id))
            turn.result(command.id, "executed", "ok")
        else:
            turn.result(command.id, "executed", "ok")
    elif action == "wait":
        wait_ms = command.wait_ms if command.wait_ms is not None else WAIT_MS
        _put(turn, replace(tap, next_attempt_ms=None, answer_by_ms=None, wait_until_ms=turn.now.ms + wait_ms))
        turn.out.append(TapAnswered(tap.tap.id, "wait", command.reason, False, command.id))
        turn.result(command.id, "executed", "ok")
    else:
        close(turn, tap, Closing(action, command.reason, False, command.id))
        if action == "grant":
            open_(turn, Cause("command", command.id, tap.tap.id), tap, command.hold_ms)
        turn.result(command.id, "executed", "ok")


def close(turn: Turn, tap: OpenTap, closing: Closing) -> None:
    """The tap has its final answer."""
    turn.change(taps=tuple(other for other in turn.state.taps if other.tap.id != tap.tap.id))
    turn.out.append(TapAnswered(tap.tap.id, closing.outcome, closing.reason, closing.alone, closing.command))


def _decide_alone(turn: Turn, tap: OpenTap, open_: Open, after_guard: bool) -> None:
    state, now = turn.state, turn.now
    who = state.base.who
    credential = tap.tap.credential
    asked = lone.Asked(_token(who, tap), str(tap.tap.direction))
    posture = state.base.standing.posture
    if after_guard and asked.direction == "in":
        decision = lone.Alone(False, "guard_timeout")
    else:
        decision = lone.decide(
            state.base.standing, asked, now, commands.age_s(state, now.ms), who.escape, fire_here(turn)
        )
        if after_guard and not decision.granted and posture and posture.offline.exit is ExitOffline.DENY:
            decision = lone.Alone(False, "guard_timeout")
    if tap.opened and not decision.granted:
        # The posture changed between the tap and now; what has opened was granted, and the record says so.
        decision = lone.Alone(True, "ok_exit")
    told = Unreported(tap.tap.id, str(credential.kind), asked.token, asked.direction)
    _report(turn, told, decision.reason, decision.granted)
    close(turn, tap, Closing("grant" if decision.granted else "deny", decision.reason, True))
    if decision.granted and not tap.opened:
        open_(turn, Cause("alone", tap=tap.tap.id), tap, None)


def _report(turn: Turn, told: Unreported, reason: str, granted: bool = True) -> None:
    posture = turn.base.standing.posture
    turn.record(
        Access(
            tap=told.tap,
            credential=CredentialToken(kind=CredentialKind(told.kind), token=told.token),
            direction=Direction(told.direction),
            outcome=AccessOutcome.GRANT if granted else AccessOutcome.DENY,
            reason=reason,
            posture=posture.version if posture else None,
        )
    )


def _token(who: Identity, tap: OpenTap) -> str:
    credential = tap.tap.credential
    return token(who.credentials_key, str(credential.kind), credential.value)


def fire_here(turn: Turn) -> bool:
    """Whether this door's fire input is active."""
    return turn.state.lock is not None and turn.state.lock.fire_active


def _put(turn: Turn, tap: OpenTap) -> None:
    turn.change(taps=tuple(tap if other.tap.id == tap.tap.id else other for other in turn.state.taps))
