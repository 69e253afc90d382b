"""The step function of every device: `step(state, input, now) -> (state, outputs)`, and `start`.

Pure: no clock, no socket, no file. Promise of rule 10: neither `start` nor a link that comes or goes nor a moved wall
clock makes anything move, but for escape doors released by `evacuate`.
"""

from __future__ import annotations

from types import ModuleType

from devices.messages import BollardPosition, LockState, Status
from devices.topics import Kind
from firmware_sim import base, bollard, camera, commands, dorm, locks, panel, reader, taps
from firmware_sim.buffer import Buffer
from firmware_sim.inputs import Connected, Disconnected, Input, OpenCasing, Received, Tick
from firmware_sim.outputs import Output
from firmware_sim.state import Base, Bollard, Door, Identity, Lock, Now, Recorder, Standing, State
from firmware_sim.turn import Turn

KINDS: dict[Kind, ModuleType] = {
    Kind.READER: reader,
    Kind.DORM: dorm,
    Kind.CAMERA: camera,
    Kind.BOLLARD: bollard,
    Kind.PANEL: panel,
}


def start(
    who: Identity,
    boot: str,
    secret: bytes,
    now: Now,
    *,
    buffer: Buffer | None = None,
    standing: Standing | None = None,
    previous: tuple[str, int] | None = None,
    notes: dict[str, object] | None = None,
) -> State:
    """A device that has just been switched on, over what its disk had kept. Nothing moves."""
    kept = notes or {}
    common = Base(
        who=who,
        boot=boot,
        secret=secret,
        started_ms=now.ms,
        buffer=buffer if buffer is not None else Buffer(boot=boot),
        standing=standing or Standing(),
        previous=previous,
        age_at_start_s=base.restored_age(kept.get("age_s")),
        next_heartbeat_ms=now.ms,
        next_age_ms=now.ms + base.AGE_EVERY_MS,
    )
    if who.kind is Kind.BOLLARD:
        return State(base=common, bollard=_bollard(kept))
    if who.kind is Kind.CAMERA:
        return State(base=common, recorder=Recorder(next_report_ms=now.ms) if who.records else None)
    if who.kind in (Kind.READER, Kind.DORM):
        return State(
            base=common,
            unreported=taps.unreported(kept.get("opened")),
            lock=_lock(kept),
            door=Door() if who.kind is Kind.DORM else None,
        )
    return State(base=common)


def step(state: State, what: Input, now: Now) -> tuple[State, list[Output]]:
    """One thing that happens to the device, and what it does about it."""
    turn = Turn(state, now)
    kind = KINDS[state.base.who.kind]
    if isinstance(what, Connected):
        base.connected(turn)
    elif isinstance(what, Disconnected):
        base.disconnected(turn)
    elif isinstance(what, Received):
        said = base.received(turn, what)
        if said is not None:
            accepted = commands.accept(turn, said, what.retained)
            if accepted is not None:
                kind.act(turn, accepted)
    elif isinstance(what, OpenCasing):
        base.tamper(turn)
    elif not isinstance(what, Tick):
        kind.happened(turn, what)
    if turn.state.lock is not None:
        locks.follow_posture(turn)
    kind.tick(turn)
    base.watch_buffer(turn)
    base.finish(turn, state)
    return turn.state, turn.out


def next_wake(state: State, now: Now) -> int | None:
    """When `step` wants a `Tick`, in the device's monotonic ms."""
    moments = [base.next_ms(state, now.ms), KINDS[state.base.who.kind].next_ms(state)]
    return min((moment for moment in moments if moment is not None), default=None)


def _lock(notes: dict[str, object]) -> Lock:
    stored = notes.get("released_by")
    released_by = frozenset(str(by) for by in stored) if isinstance(stored, list) else frozenset()
    return Lock(state=LockState.RELEASED if released_by else LockState.LOCKED, released_by=released_by)


def _bollard(notes: dict[str, object]) -> Bollard:
    """Where it stood; what was moving when the power went is a fault until somebody commands."""
    stored = notes.get("position", "raised")
    known = {"raised": BollardPosition.RAISED, "lowered": BollardPosition.LOWERED}
    position = known.get(str(stored), BollardPosition.FAULT)
    return Bollard(position=position, efo_latched=notes.get("efo_latched") is True)


def will(state: State, now: Now) -> tuple[State, Status]:
    """What the broker says for the device when the next link dies: its status with `online` false."""
    turn = Turn(state, now)
    said = base.status(turn, online=False)
    return turn.state, said
