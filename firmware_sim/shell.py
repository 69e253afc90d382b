"""The thin shell around the step function: MQTT, timers and disk of one simulated device.

It carries messages, time and kept things to and from `machine.step` and decides nothing. Everything runs in one
asyncio loop; five hundred of these cost one timer and one connection each.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from devices import codec, signing
from devices.messages import LockState
from devices.topics import device_topic, down_filters
from devices.transport import MqttConnection, Will
from firmware_sim import inputs, machine
from firmware_sim.buffer import restore
from firmware_sim.clock import WallClock, true_time
from firmware_sim.disk import Disk
from firmware_sim.faults import Faults
from firmware_sim.outputs import (
    ForgetEvents,
    KeepEvent,
    KeepNotes,
    KeepStanding,
    Moved,
    Output,
    Restart,
    Send,
    TakePicture,
    TapAnswered,
)
from firmware_sim.spec import Spec
from firmware_sim.state import Cause, Identity, Now, State
from firmware_sim.truth import Truth

if TYPE_CHECKING:
    from firmware_sim.cameras.camera import Camera

SOONEST_S = 0.001
REBOOT_S = 1.0
"""How long a `reboot` command takes."""
AWAY_S = 3_600.0
"""A network cut without an end."""


LOST_BY = {"ack": "drop_acks", "command": "drop_commands", "posture": "drop_postures"}
"""What comes in on these channels may be lost by a fault."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the devices connect to."""

    url: str
    ca_file: str | None = None
    backoff_min_s: float = 0.2
    backoff_max_s: float = 5.0
    """Shorter than hardware would take, so that tests of storms end soon."""


class Shell:
    """One device with its connection, its disk and its clocks."""

    def __init__(
        self,
        spec: Spec,
        broker: Broker,
        folder: Path,
        truth: Truth,
        *,
        durable: bool = False,
        delay_s: float = 0.0,
        wall: WallClock = true_time,
    ) -> None:
        """`delay_s`: how long the first connect waits, so that a large fleet does not come in one wave. `wall`: what
        the device's clock is set by."""
        self.spec = spec
        self.faults = Faults(self.seconds)
        self.camera: Camera | None = None
        """What a camera sees; one of its own is made for the first picture if nobody gave it one."""
        self.on_moved: list[Callable[[Shell, Moved], None]] = []
        self.last_text: tuple[str, str] | None = None
        self._broker, self._truth, self._delay_s, self._wall = broker, truth, delay_s, wall
        self._disk = Disk(folder, durable)
        self._state: State | None = None
        self._connection: MqttConnection | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: list[inputs.Input] = []
        self._moves: list[Moved] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiters: list[tuple[Callable[[State], bool], asyncio.Future[State]]] = []
        self._root = device_topic(spec.site, spec.kind, spec.device, "ack").removesuffix("ack")

    # Life

    async def start(self) -> None:
        """Switch on: read the disk, begin to connect. Nothing moves."""
        self._boot_up()
        if self._delay_s:
            self._spawn(self._open_later(self._delay_s))
        else:
            self._open()

    async def stop(self) -> None:
        """Switch off in good order; the broker is told goodbye."""
        self._power_off()
        tasks, self._tasks = list(self._tasks), set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close(drain_s=0.5)
            self._connection = None

    async def restart(self, off_s: float = 0.0) -> None:
        """Power off and on: the connection dies without a word, a new boot begins over what the disk has."""
        self._power_off()
        await self._cut()
        if off_s:
            await asyncio.sleep(off_s)
        self._boot_up()
        self._open()

    @property
    def state(self) -> State:
        """The device's own state; RuntimeError while it is switched off."""
        if self._state is None:
            raise RuntimeError(f"{self.spec.device} is switched off")
        return self._state

    @property
    def is_on(self) -> bool:
        """Whether it has power."""
        return self._state is not None

    @property
    def connected(self) -> bool:
        """Whether it has said its status on a link that stands."""
        return self._state is not None and self._state.base.connected

    @property
    def boot(self) -> str:
        """The boot id in use."""
        return self.state.base.boot

    async def until(self, is_true: Callable[[State], bool], timeout_s: float = 10.0) -> State:
        """Wait until the device's state is as asked."""
        if self._state is not None and is_true(self._state):
            return self._state
        future: asyncio.Future[State] = asyncio.get_running_loop().create_future()
        self._waiters.append((is_true, future))
        try:
            return await asyncio.wait_for(future, timeout_s)
        except TimeoutError:
            raise TimeoutError(f"{self.spec.device} did not get there within {timeout_s} s") from None

    def truth(self) -> list[dict[str, Any]]:
        """What moved at this device."""
        return self._truth.of(self.spec.device)

    # What happens

    def feed(self, what: inputs.Input) -> None:
        """One thing that happens to the device; while it stalls, it waits."""
        if self._state is None:
            return
        if self.faults.on("stall"):
            if not isinstance(what, inputs.Tick | inputs.Sensed):
                self._stalled.append(what)
            return
        waiting, self._stalled = self._stalled, []
        for earlier in waiting:
            self._step(earlier)
        self._step(what)

    def seconds(self) -> float:
        """The device's monotonic clock."""
        return asyncio.get_running_loop().time()

    def _step(self, what: inputs.Input) -> None:
        if self._state is None:
            return
        self._state, outputs = machine.step(self._state, what, self._now())
        for output in outputs:
            self._carry_out(output)
        self._arm()
        if self._waiters:
            self._tell_waiters()

    def _now(self) -> Now:
        clock = self.faults.how("wrong_clock") or {}
        wall = self._wall() + timedelta(seconds=clock.get("offset_s", 0))
        wall = wall.replace(microsecond=wall.microsecond // 1000 * 1000)
        return Now(int(self.seconds() * 1000), wall, clock.get("synced", True))

    def _arm(self) -> None:
        """One timer for the next moment the device asked for."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._state is None:
            return
        now = self._now()
        wake = machine.next_wake(self._state, now)
        if wake is not None:
            delay_s = max(SOONEST_S, (wake - now.ms) / 1000)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self.feed, inputs.Tick())

    def _tell_waiters(self) -> None:
        state = self._state
        if state is None:
            return
        for is_true, future in self._waiters:
            if not future.done() and is_true(state):
                future.set_result(state)
        self._waiters = [waiter for waiter in self._waiters if not waiter[1].done()]

    # What it does

    def _carry_out(self, output: Output) -> None:
        if isinstance(output, Send):
            self._send(output)
        elif isinstance(output, Moved):
            self._moved(output)
        elif isinstance(output, KeepEvent):
            self._disk.keep_event(output.event)
        elif isinstance(output, ForgetEvents):
            self._disk.forget(output)
        elif isinstance(output, KeepStanding):
            self._disk.keep_standing(output)
        elif isinstance(output, KeepNotes):
            self._disk.keep_notes(output.notes)
        elif isinstance(output, TapAnswered):
            self.tap_answered(output)
        elif isinstance(output, TakePicture):
            self._spawn(self._take_picture(output))
        elif isinstance(output, Restart):
            self._spawn(self.restart(REBOOT_S))

    def tap_answered(self, answered: TapAnswered) -> None:
        """The light at the device changed; `Device` tells the person."""

    def _moved(self, moved: Moved) -> None:
        self._moves = [*self._moves[-20:], moved]
        self._truth.write(self.spec.device, self.spec.kind.value, self.boot, moved)
        for tell in self.on_moved:
            tell(self, moved)

    def _send(self, output: Send) -> None:
        topic = self._root + output.channel
        payload = codec.encode(output.message, topic, self.spec.key)
        self._publish(output.channel, topic, payload, output.qos, output.retain)

    def _publish(self, channel: str, topic: str, payload: bytes, qos: int, retain: bool) -> None:
        if self._connection is None:
            return
        bad = self.faults.how("bad_mac")
        if bad is not None and channel in bad.get("channels", (channel,)):
            payload = _with_wrong_mac(payload)
        twice = self.faults.how("duplicate")
        for _ in range(1 if twice is None else twice.get("times", 2)):
            self._connection.publish(topic, payload, qos, retain)

    async def _take_picture(self, wanted: TakePicture) -> None:
        taken = await asyncio.get_running_loop().run_in_executor(None, self._draw, wanted.frame.at)
        if taken is None:
            return  # no frame: to the gateway a camera that answers and sends nothing
        jpeg, at = taken
        topic = self._root + "frame"
        frame = structs.replace(wanted.frame, at=at, sha256=sha256(jpeg).hexdigest())
        self._publish("frame", topic, codec.encode_frame(frame, jpeg, topic, self.spec.key), 0, False)

    def _draw(self, at: datetime) -> tuple[bytes, datetime] | None:
        """The picture of a moment and the camera's own time of it. Drawing is imported here: a campus without pictures
        runs without it."""
        from firmware_sim.cameras.of_device import camera_of, frame_of

        if self.camera is None:
            self.camera = camera_of(self.spec.device)
        return frame_of(self.camera, at)

    # The link

    async def _open_later(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        self._open()

    def _open(self) -> None:
        if self._connection is not None or self._state is None or self.faults.on("cut_network"):
            return
        spec, broker = self.spec, self._broker
        self._connection = MqttConnection(
            broker.url,
            client_id=spec.device,
            username=spec.username,
            password=spec.password,
            ca_file=broker.ca_file,
            will=self._will,
            backoff_min_s=broker.backoff_min_s,
            backoff_max_s=broker.backoff_max_s,
            on_connected=self._on_connected,
            on_disconnected=lambda reason: self.feed(inputs.Disconnected()),
            on_message=self._on_message,
        )
        self._connection.start()

    def _will(self) -> Will | None:
        if self._state is None:
            return None
        self._state, will = machine.will(self._state, self._now())
        topic = self._root + "status"
        return Will(topic, codec.encode(will, topic, self.spec.key), 1, True)

    async def _on_connected(self, session_present: bool) -> None:
        connection = self._connection
        if connection is not None:
            await connection.subscribe(down_filters(self.spec.site, self.spec.kind, self.spec.device))
            self.feed(inputs.Connected())

    def _on_message(self, topic: str, payload: bytes, qos: int, retained: bool, ack: Callable[[], None]) -> None:
        channel = topic.removeprefix(self._root)
        if channel not in LOST_BY or not self.faults.on(LOST_BY[channel]):
            self.feed(inputs.Received(channel, payload, retained))
        ack()

    async def _cut(self) -> None:
        """The wire is cut: no goodbye, the broker sends the will."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
            await connection.close(drain_s=0)

    # Power

    def _boot_up(self) -> None:
        spec = self.spec
        kept = self._disk.load(spec.site, spec.kind, spec.device, spec.key)
        boot = secrets.token_hex(8)
        who = Identity(
            site=spec.site,
            kind=spec.kind,
            device=spec.device,
            key=spec.key,
            credentials_key=signing.credentials_key(spec.key),
            escape=spec.escape,
            zones=spec.zones,
            locations=spec.locations,
            records=spec.records,
        )
        self._disk.begin(boot)
        capacity = (self.faults.how("full_buffer") or {}).get("capacity", spec.capacity)
        self._state = machine.start(
            who,
            boot,
            secrets.token_bytes(16),
            self._now(),
            buffer=restore(boot, kept.events, capacity),
            standing=kept.standing,
            previous=kept.previous,
            notes=kept.notes,
        )
        self._truth.write(spec.device, spec.kind.value, boot, Moved("started", Cause("power")))
        self.feed(inputs.Tick())

    def _power_off(self) -> None:
        """Without power a lock that was held open falls back by its spring; a released one stays (it is latched)."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        state = self._state
        if state is not None and state.lock is not None and state.lock.state is LockState.UNLOCKED:
            self._moved(Moved("locked", Cause("power")))
        self._stalled = []
        self._state = None

    def resize_buffer(self, capacity: int) -> None:
        """Another size of flash (fault `full_buffer`)."""
        if self._state is not None:
            base = self._state.base
            self._state = replace(self._state, base=replace(base, buffer=replace(base.buffer, capacity=capacity)))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _with_wrong_mac(payload: bytes) -> bytes:
    """The same message with another last digit of its mac (of the line, for a frame)."""
    line, feed, rest = payload.partition(b"\n")
    digit = b"0" if line[-3:-2] != b"0" else b"1"
    return line[:-3] + digit + line[-2:] + feed + rest
