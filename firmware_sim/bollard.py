"""A bollard: down by command, up by itself after an authorised vehicle or by command, only under its interlock.

Theory. `raised` → lowering → `lowered` → raising → `raised`. A raise begins only while both presences have been clear
for a second on living sensors (S4; `efo` passes over the vehicle loop only) and is stopped by the step that hears of
presence (S5). A raise that was stopped waits where it is: the own cycle and an `efo` go on once the interlock allows,
any other needs a new command; after 10 s, and where `hold` came meanwhile, it is a `fault`. `hold` ends the own cycle
for good: the posture that comes after it moves nothing. `efo` latches until `lower` with reason `efo_reset`. After a
restart nothing goes on: what was moving is a `fault` until somebody commands (rule 10).
"""

from __future__ import annotations

from dataclasses import replace

from devices.messages import (
    BollardMode,
    BollardPosition,
    Command,
    EfoPressed,
    Impact,
    ManualOverride,
    Position,
    Presence,
    PresenceChanged,
)
from firmware_sim import base, commands, presence
from firmware_sim.inputs import Hit, Input, MoveByHand, PressEfo, Sensed
from firmware_sim.state import Bollard, Cause, Cycle, Motion, State
from firmware_sim.turn import Turn

RAISE_MS = 2_500
LOWER_MS = 2_000
"""A hydraulic bollard of the common 600 mm height."""
RETRY_MS = 100
"""How often a stopped raise or a waiting cycle looks again."""
HELD_FAULT_MS = 10_000
"""A raise stopped this long is somebody's business."""
NOBODY_CAME_MS = 15_000
"""A cycle whose vehicle was never seen ends after this: nobody drove in."""


def act(turn: Turn, accepted: commands.Accepted) -> None:
    """`lower`, `raise`, `efo`."""
    said = accepted.command
    action = str(said.action)
    if action == "lower":
        _lower(turn, said)
    elif action == "raise":
        _raise(turn, said)
    elif action == "efo":
        _efo(turn, said)
    else:
        base.common_command(turn, said)


def happened(turn: Turn, what: Input) -> None:
    """Sensors, buttons, hands and vehicles."""
    if isinstance(what, Sensed):
        _sensed(turn, what)
    elif isinstance(what, PressEfo):
        turn.record(EfoPressed())
        if _may_rise(turn, efo=True) or _bollard(turn).position is BollardPosition.RAISED:
            _change(turn, efo_latched=True)
            _start_raise(turn, Cause("person"), efo=True)
    elif isinstance(what, MoveByHand):
        turn.record(ManualOverride())
        _change(turn, raising=None, lowering=None, cycle=None, lowered_ms=None)
        turn.moved("lowered", Cause("manual"))
        _position(turn, BollardPosition.LOWERED)
    elif isinstance(what, Hit):
        turn.moved("impact", Cause("person"))
        turn.record(Impact(g=what.g))


def tick(turn: Turn) -> None:
    """Motions in progress, sensors that fell silent, the own cycle."""
    _presence_told(turn)
    if _bollard(turn).lowering is not None:
        _go_on_lowering(turn)
    if _bollard(turn).raising is not None:
        _go_on_raising(turn)
    _cycle(turn)


def next_ms(state: State) -> int | None:
    """When the bollard wants the next tick."""
    bollard, moments = state.bollard, []
    assert bollard is not None
    if bollard.lowering is not None:
        moments.append(bollard.lowering.since_ms + bollard.lowering.remaining_ms)
    if bollard.raising is not None:
        motion = bollard.raising
        if motion.held_since_ms is None:
            moments.append(motion.since_ms + motion.remaining_ms)
            if bollard.sensors.counter_ms is not None:
                moments.append(bollard.sensors.counter_ms + presence.FRESH_MS + 1)
        else:
            moments.append(motion.held_since_ms + HELD_FAULT_MS)
    elif bollard.told_presence is not None and presence.is_told_fresh(bollard):
        assert bollard.sensors.counter_ms is not None
        moments.append(bollard.sensors.counter_ms + presence.FRESH_MS + 1)
    return min(moments, default=None)


def _lower(turn: Turn, said: Command) -> None:
    bollard = _bollard(turn)
    if bollard.efo_latched and said.reason != "efo_reset":
        turn.result(said.id, "refused", "interlock")
        return
    turn.result(said.id, "executed", "ok")
    cause = Cause("command", said.id, said.for_)
    _change(turn, efo_latched=False, raising=None, cycle=Cycle(said.id, said.for_))
    if bollard.position is BollardPosition.LOWERED:
        _change(turn, lowered_ms=turn.now.ms)  # another vehicle: its time starts now
    elif bollard.position is not BollardPosition.LOWERING:
        _change(turn, lowering=Motion(cause, efo=False, remaining_ms=LOWER_MS, since_ms=turn.now.ms), lowered_ms=None)
        turn.moved("lowering", cause)
        _position(turn, BollardPosition.LOWERING)


def _raise(turn: Turn, said: Command) -> None:
    bollard = _bollard(turn)
    raised = bollard.position is BollardPosition.RAISED
    if bollard.efo_latched or not (raised or _may_rise(turn, efo=False)):
        turn.result(said.id, "refused", "interlock")
        return
    turn.result(said.id, "executed", "ok")
    _start_raise(turn, Cause("command", said.id, said.for_), efo=False)


def _efo(turn: Turn, said: Command) -> None:
    if not (_bollard(turn).position is BollardPosition.RAISED or _may_rise(turn, efo=True)):
        turn.result(said.id, "refused", "interlock")
        return
    turn.result(said.id, "executed", "ok")
    _change(turn, efo_latched=True)
    _start_raise(turn, Cause("command", said.id), efo=True)


def _start_raise(turn: Turn, cause: Cause, efo: bool) -> None:
    bollard = _bollard(turn)
    if bollard.position is BollardPosition.RAISED:
        return
    running = bollard.raising
    if running is not None and running.held_since_ms is None:
        _change(turn, raising=replace(running, efo=running.efo or efo))
        return
    remaining = running.remaining_ms if running is not None else RAISE_MS
    _change(
        turn,
        lowering=None,
        lowered_ms=None,
        cycle=None,
        raising=Motion(cause, efo=efo, remaining_ms=remaining, since_ms=turn.now.ms),
    )
    turn.moved("raising", cause)
    _position(turn, BollardPosition.RAISING)


def _sensed(turn: Turn, what: Sensed) -> None:
    bollard = _bollard(turn)
    sensors = presence.heard(bollard.sensors, what.vehicle, what.pedestrian, what.counter, turn.now.ms)
    _change(turn, sensors=sensors)
    _presence_told(turn)


def _presence_told(turn: Turn) -> None:
    bollard = _bollard(turn)
    told = presence.told(bollard.sensors, turn.now.ms)
    if told != (bollard.told_presence or (Presence.UNKNOWN, Presence.UNKNOWN)):
        _change(turn, told_presence=told)
        turn.record(PresenceChanged(vehicle=told[0], pedestrian=told[1], counter=bollard.sensors.counter))


def _go_on_lowering(turn: Turn) -> None:
    motion = _bollard(turn).lowering
    assert motion is not None
    if turn.now.ms - motion.since_ms >= motion.remaining_ms:
        _change(turn, lowering=None, lowered_ms=turn.now.ms)
        turn.moved("lowered", motion.cause)
        _position(turn, BollardPosition.LOWERED)


def _go_on_raising(turn: Turn) -> None:
    bollard = _bollard(turn)
    motion, now = bollard.raising, turn.now.ms
    assert motion is not None
    if motion.held_since_ms is not None:
        own = motion.cause.by == "cycle"
        if now - motion.held_since_ms >= HELD_FAULT_MS or (own and _mode(turn) is BollardMode.HOLD):
            _change(turn, raising=None)
            _position(turn, BollardPosition.FAULT)
        elif _may_rise(turn, motion.efo):
            _change(turn, raising=replace(motion, since_ms=now, held_since_ms=None))
            turn.moved("raising", motion.cause)
        return
    if presence.must_stop(bollard.sensors, now, motion.efo):
        left = max(1, motion.remaining_ms - (now - motion.since_ms))
        turn.moved("stopped", motion.cause)
        goes_on = motion.efo or (motion.cause.by == "cycle" and _mode(turn) is BollardMode.CYCLE)
        if goes_on:
            _change(turn, raising=replace(motion, remaining_ms=left, since_ms=now, held_since_ms=now))
        else:
            _change(turn, raising=None)
            _position(turn, BollardPosition.FAULT)
        return
    if now - motion.since_ms >= motion.remaining_ms:
        _change(turn, raising=None)
        turn.moved("raised", motion.cause)
        _position(turn, BollardPosition.RAISED)


def _cycle(turn: Turn) -> None:
    bollard, now = _bollard(turn), turn.now.ms
    cycle = bollard.cycle
    if cycle is None or bollard.position not in (BollardPosition.LOWERED, BollardPosition.LOWERING):
        return
    if not cycle.vehicle_seen and presence.told(bollard.sensors, now)[0] == "present":
        cycle = replace(cycle, vehicle_seen=True)
        _change(turn, cycle=cycle)
    if _mode(turn) is not BollardMode.CYCLE:
        _change(turn, cycle=None)
        return
    if bollard.lowered_ms is None or bollard.efo_latched:
        return
    if (cycle.vehicle_seen or now - bollard.lowered_ms >= NOBODY_CAME_MS) and _may_rise(turn, efo=False):
        _start_raise(turn, Cause("cycle", cycle.command, cycle.tap), efo=False)


def _mode(turn: Turn) -> BollardMode:
    posture = turn.base.standing.posture
    return posture.settings.bollard if posture is not None else BollardMode.HOLD


def _may_rise(turn: Turn, efo: bool) -> bool:
    return presence.may_rise(_bollard(turn).sensors, turn.now.ms, efo)


def _position(turn: Turn, position: BollardPosition) -> None:
    _change(turn, position=position)
    turn.record(Position(position=position))


def _change(turn: Turn, **parts: object) -> None:
    turn.change(bollard=replace(_bollard(turn), **parts))  # type: ignore[arg-type]  # named by the callers above


def _bollard(turn: Turn) -> Bollard:
    assert turn.state.bollard is not None
    return turn.state.bollard
