"""What every kind of device does: the link, heartbeat and status, acks, and taking postures and lists.

Promises: a status goes out on connect and whenever what it tells has changed; a heartbeat every 5 s (a bollard that is
not raised: every 500 ms) with a new challenge; a message that is not signed for this device changes nothing.
Leaves to the kinds what a command does to their hardware.
"""

from __future__ import annotations

from devices import codec
from devices.limits import HEARTBEAT_BOLLARD_MOVING_MS, HEARTBEAT_S
from devices.messages import (
    Ack,
    BollardPosition,
    BufferHigh,
    Clock,
    Command,
    CredentialPage,
    Heartbeat,
    LockState,
    Posture,
    PresenceReading,
    Previous,
    Refused,
    RefusedReason,
    RevokedList,
    Status,
    Tamper,
)
from devices.topics import Kind, Topic
from firmware_sim import buffer as buffers
from firmware_sim import commands, presence, standing, taps
from firmware_sim.inputs import Received
from firmware_sim.outputs import ForgetEvents, KeepNotes, KeepStanding, Restart, Send
from firmware_sim.state import Now, State
from firmware_sim.turn import Turn

AGE_EVERY_MS = 60_000
"""The age of the last proof is stored each minute: rule 6."""


def connected(turn: Turn) -> None:
    """The link stands: a status, a heartbeat, and the buffer from its oldest event on."""
    turn.change_base(
        connected=True,
        connection=turn.base.connection + 1,
        said=None,
        next_heartbeat_ms=turn.now.ms,
        buffer=buffers.reconnected(turn.base.buffer),
    )


def disconnected(turn: Turn) -> None:
    """The link is gone; open taps go on and decide alone when their time is up."""
    turn.change_base(connected=False)


def received(turn: Turn, message: Received) -> Command | None:
    """A message from the broker; a command that may be acted on is handed back (with rule 1 still to be asked)."""
    if not message.payload:
        return None
    who = turn.base.who
    topic = Topic(who.site, who.kind, who.device, message.channel)
    try:
        said = codec.decode_down(topic, message.payload, who.key)
    except codec.BadMessage as error:
        _bad(turn, message.channel, error)
        return None
    if isinstance(said, Command):
        return said
    if isinstance(said, Ack):
        _ack(turn, said)
    elif isinstance(said, Posture):
        _taken(turn, "posture", said.version, standing.take_posture(turn.base.standing, said, message.payload))
    elif isinstance(said, CredentialPage):
        _taken(turn, message.channel, said.version, standing.take_page(turn.base.standing, said, message.payload))
    elif isinstance(said, RevokedList):
        _taken(turn, message.channel, said.version, standing.take_revoked(turn.base.standing, said, message.payload))
    return None


def finish(turn: Turn, before: State) -> None:
    """What ends every step: notes for the disk, the status if it would tell something new, events that are due."""
    _notes(turn, before)
    _age(turn)
    if not turn.base.connected:
        return
    told = _told(turn.state, turn.now)
    if told != turn.base.said:
        turn.change_base(said=told)
        turn.out.append(Send("status", status(turn, online=True), retain=True))
    every_ms = heartbeat_every_ms(turn.state)
    # A bollard that has just begun to move does not wait out the long interval.
    if turn.now.ms >= min(turn.base.next_heartbeat_ms, turn.base.last_heartbeat_ms + every_ms):
        turn.change_base(next_heartbeat_ms=turn.now.ms + every_ms, last_heartbeat_ms=turn.now.ms)
        turn.out.append(Send("heartbeat", _heartbeat(turn), qos=0))
    after, events = buffers.due(turn.base.buffer, turn.now.ms)
    if after is not turn.base.buffer:
        turn.change_base(buffer=after)
    turn.out.extend(Send("event", event) for event in events)


def tamper(turn: Turn) -> None:
    """Somebody opened the casing; bollards and panels have no such event on the wire."""
    if turn.base.who.kind in (Kind.READER, Kind.DORM, Kind.CAMERA):
        turn.record(Tamper())


def common_command(turn: Turn, said: Command) -> None:
    """What every kind answers: `identify`, `announce`, `reboot`; anything else this kind cannot do."""
    action = str(said.action)
    if action in ("identify", "announce"):
        turn.result(said.id, "executed", "ok")
    elif action == "reboot":
        turn.result(said.id, "executed", "ok")
        turn.out.append(Restart())
    else:
        turn.result(said.id, "failed", "not_supported")


def status(turn: Turn, online: bool) -> Status:
    """The status as it is now; the will is the same with `online` false."""
    state, base = turn.state, turn.base
    kept = base.standing
    return Status(
        online=online,
        boot=base.boot,
        connection=base.connection if online else base.connection + 1,
        previous=Previous(boot=base.previous[0], last_seq=base.previous[1]) if base.previous else None,
        firmware=base.who.firmware,
        at=turn.now.wall,
        challenge=turn.fresh_challenge(),
        posture=kept.posture.version if kept.posture else None,
        credentials=kept.list_version,
        revoked=kept.revoked_version,
        buffered=len(base.buffer),
        clock=clock_of(turn.now),
        lock_state=state.lock.state if state.lock else None,
        position=state.bollard.position if state.bollard else None,
    )


def heartbeat_every_ms(state: State) -> int:
    """5 s; 500 ms for a bollard that is not raised (rule 11)."""
    if state.bollard is not None and state.bollard.position is not BollardPosition.RAISED:
        return HEARTBEAT_BOLLARD_MOVING_MS
    return HEARTBEAT_S * 1000


def clock_of(now: Now) -> Clock:
    """What the device says of its wall clock."""
    return Clock.SYNCED if now.synced else Clock.UNSYNCED


def next_ms(state: State, now_ms: int) -> int | None:
    """When the base wants the next tick."""
    base = state.base
    moments = [base.next_age_ms]
    if base.connected:
        moments.append(base.next_heartbeat_ms)
        resend = buffers.next_due_ms(base.buffer, now_ms)
        if resend is not None:
            moments.append(resend)
    return min(moments)


def _bad(turn: Turn, channel: str, error: codec.BadMessage) -> None:
    wrong_mac = error.reason is codec.BadReason.MAC
    if channel == "command":
        if wrong_mac and error.id is not None:
            turn.result(error.id, "refused", "mac")
    elif channel != "ack":
        turn.record(
            Refused(channel=channel, version=None, reason=RefusedReason.MAC if wrong_mac else RefusedReason.MALFORMED)
        )


def _taken(turn: Turn, channel: str, version: int, verdict: standing.Verdict) -> None:
    if verdict.standing is not turn.base.standing:
        turn.change_base(standing=verdict.standing)
    if verdict.keep:
        name = "revoked" if channel == "credentials/revoked" else channel.partition("/")[0]
        turn.out.append(KeepStanding(name, verdict.keep))
    if verdict.refused is not None:
        turn.record(Refused(channel=channel, version=version, reason=RefusedReason(verdict.refused)))


def _ack(turn: Turn, ack: Ack) -> None:
    if commands.challenge_is_live(turn.state, ack.challenge, turn.now.ms):
        commands.prove(turn)
    after, gone = buffers.acked(turn.base.buffer, ack.boot, ack.seq, turn.now.ms)
    if gone is None:
        return
    turn.change_base(buffer=after)
    turn.out.append(ForgetEvents(*gone))
    if len(after) < after.capacity // 2 and turn.base.buffer_high_told:
        turn.change_base(buffer_high_told=False)


def watch_buffer(turn: Turn) -> None:
    """`buffer_high` once when four fifths are full, again only after it was half empty."""
    buffer = turn.base.buffer
    if not turn.base.buffer_high_told and len(buffer) >= buffer.capacity * 4 // 5:
        turn.change_base(buffer_high_told=True)
        turn.record(BufferHigh())


def _told(state: State, now: Now) -> tuple[object, ...]:
    """The fields of which a change makes a new status."""
    kept = state.base.standing
    lock_state: LockState | None = state.lock.state if state.lock else None
    position: BollardPosition | None = state.bollard.position if state.bollard else None
    return (
        state.base.connection,
        kept.posture.version if kept.posture else None,
        kept.list_version,
        kept.revoked_version,
        now.synced,
        lock_state,
        position,
    )


def _heartbeat(turn: Turn) -> Heartbeat:
    base = turn.base
    seen: PresenceReading | None = None
    if turn.state.bollard is not None:
        sensors = turn.state.bollard.sensors
        vehicle, pedestrian = presence.told(sensors, turn.now.ms)
        seen = PresenceReading(vehicle=vehicle, pedestrian=pedestrian, counter=sensors.counter)
    return Heartbeat(
        boot=base.boot,
        challenge=turn.fresh_challenge(),
        at=turn.now.wall,
        uptime_ms=turn.now.ms - base.started_ms,
        buffered=len(base.buffer),
        clock=clock_of(turn.now),
        presence=seen,
    )


def notes_of(state: State) -> dict[str, object]:
    """The small facts that must outlive a restart (beside the age, which goes with them)."""
    notes: dict[str, object] = {}
    if state.lock is not None:
        notes["released_by"] = sorted(state.lock.released_by)
        notes["opened"] = taps.opened_notes(state)
    if state.bollard is not None:
        notes["position"] = str(state.bollard.position)
        notes["efo_latched"] = state.bollard.efo_latched
    return notes


def _notes(turn: Turn, before: State) -> None:
    notes = notes_of(turn.state)
    if notes != notes_of(before):
        turn.out.append(KeepNotes({**notes, "age_s": commands.age_s(turn.state, turn.now.ms)}))


def _age(turn: Turn) -> None:
    if turn.now.ms >= turn.base.next_age_ms:
        turn.change_base(next_age_ms=turn.now.ms + AGE_EVERY_MS)
        turn.out.append(KeepNotes({**notes_of(turn.state), "age_s": commands.age_s(turn.state, turn.now.ms)}))


def restored_age(stored: object) -> float | None:
    """The age as stored; anything but a number means: no proof."""
    return float(stored) if isinstance(stored, (int, float)) and not isinstance(stored, bool) else None
