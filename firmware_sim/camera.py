"""A camera: pictures when asked, word of its recording, and at a vehicle lane the taps of plates.

A lane camera has no lock. Its `grant` lights a lamp; the bollard is lowered by the gateway after the camera's `result`
(rule 11).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from devices.messages import Command, Direction, Frame, Passage, PlateSeen, Recording
from firmware_sim import base, commands, taps
from firmware_sim.inputs import Input, PlateRead, RecorderChanged, TapCard, WalkThrough
from firmware_sim.outputs import TakePicture
from firmware_sim.state import Cause, OpenTap, Recorder, State
from firmware_sim.turn import Turn

RECORDING_EVERY_MS = 300_000
"""How often a healthy recorder says so."""
LET_THROUGH_MS = 120_000
"""How long after a grant a vehicle's passage is still that of its tap."""


def act(turn: Turn, accepted: commands.Accepted) -> None:
    """Answers to taps, and `snapshot`."""
    said: Command = accepted.command
    action = str(said.action)
    if accepted.tap is not None and action in ("grant", "deny", "wait"):
        taps.answered(turn, accepted, _let_through)
    elif action == "grant":
        turn.result(said.id, "executed", "ok")
    elif action == "snapshot":
        turn.out.append(
            TakePicture(
                Frame(
                    id=turn.fresh_id("frame"),
                    boot=turn.base.boot,
                    at=turn.now.wall,
                    command=said.id,
                    sha256="0" * 64,
                )
            )
        )
        turn.result(said.id, "executed", "ok")
    else:
        base.common_command(turn, said)


def happened(turn: Turn, what: Input) -> None:
    """Vehicles at a lane, and the recorder."""
    if isinstance(what, TapCard):
        taps.ask(turn, what, _let_through)
    elif isinstance(what, WalkThrough):
        _passed(turn, what)
    elif isinstance(what, PlateRead):
        turn.record(PlateSeen(plate=what.plate, confidence=what.confidence, direction=Direction(what.direction)))
    elif isinstance(what, RecorderChanged) and turn.state.recorder is not None:
        before = turn.state.recorder
        kept_s = before.kept_s if what.kept_s is None else what.kept_s
        turn.change(recorder=replace(before, ok=what.ok, free_bytes=what.free_bytes, kept_s=kept_s))
        _report(turn)


def tick(turn: Turn) -> None:
    """Timers of taps and recorder."""
    taps.tick(turn, _let_through)
    if turn.state.recorder is not None and turn.now.ms >= turn.state.recorder.next_report_ms:
        _report(turn)


def next_ms(state: State) -> int | None:
    """When the camera wants the next tick."""
    moments = [taps.next_ms(state.taps), state.recorder.next_report_ms if state.recorder else None]
    return min((moment for moment in moments if moment is not None), default=None)


def _report(turn: Turn) -> None:
    recorder: Recorder | None = turn.state.recorder
    assert recorder is not None
    oldest = turn.now.wall - timedelta(seconds=recorder.kept_s)
    turn.change(recorder=replace(recorder, next_report_ms=turn.now.ms + RECORDING_EVERY_MS))
    turn.record(Recording(ok=recorder.ok, free_bytes=recorder.free_bytes, oldest_at=oldest))


def _let_through(turn: Turn, cause: Cause, tap: OpenTap, hold_ms: int | None) -> None:
    """A lamp; what is remembered is whose passage is expected."""
    allowed = tuple(a for a in turn.state.allowed if turn.now.ms - a[2] < LET_THROUGH_MS)
    turn.change(allowed=(*allowed, (str(tap.tap.direction), cause, turn.now.ms)))


def _passed(turn: Turn, walk: WalkThrough) -> None:
    allowed = turn.state.allowed
    index = next((i for i, a in enumerate(allowed) if a[0] == walk.direction), None)
    cause = allowed[index][1] if index is not None else Cause("tailgate")
    if index is not None:
        turn.change(allowed=allowed[:index] + allowed[index + 1 :])
    turn.moved("passed", cause, walk.direction, walk.person)
    turn.record(Passage(tap=cause.tap, direction=Direction(walk.direction)))
