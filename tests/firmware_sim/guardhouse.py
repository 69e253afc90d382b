"""The other side of the wire, for tests of the simulator alone: answers taps and acks events over a real broker.

No gateway: it decides nothing by rules and keeps nothing on disk. What it promises is the protocol's form — signed
messages, a live challenge, `ack` up to the last event without a hole (a gap fills one).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from devices import codec
from devices.messages import (
    Ack,
    Action,
    Command,
    Event,
    Gap,
    Heartbeat,
    Result,
    Status,
    Tap,
    Text,
    UnreadableEvent,
)
from devices.topics import Topic, device_topic, parse, up_filter
from devices.transport import MqttConnection
from firmware_sim.spec import Spec


class Guardhouse:
    """Speaks to every device of the specs. `answer(device, tap)` gives (action, reason), or None for silence."""

    def __init__(
        self,
        url: str,
        specs: list[Spec],
        answer: Callable[[str, Tap], tuple[str, str] | None] = lambda device, tap: ("grant", "ok"),
    ) -> None:
        self.specs = {spec.device: spec for spec in specs}
        self.answer = answer
        self.acks = True
        self.heard = 0
        """Events, whether acked or not, repeats too."""
        self.events: list[tuple[str, Event]] = []
        self.results: list[tuple[str, Result]] = []
        self.statuses: list[tuple[str, Status]] = []
        self.frames: list[tuple[str, bytes]] = []
        self.taps: list[tuple[str, Tap]] = []
        self.bad: list[tuple[str, str]] = []
        self.challenges: dict[str, str] = {}
        self._have: dict[tuple[str, str], set[int]] = {}
        self._acked: dict[tuple[str, str], int] = {}
        self._number = 0
        self._lanes: dict[str, str] = {}
        self.connection = MqttConnection(
            url, client_id="guardhouse", on_message=self._heard, on_connected=lambda present: self._listen()
        )

    async def __aenter__(self) -> Guardhouse:
        self.connection.start()
        await self.connection.wait_connected()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.connection.close()

    def say(self, device: str, channel: str, message: Any, retain: bool = False) -> None:
        """A signed message to one device."""
        spec = self.specs[device]
        topic = device_topic(spec.site, spec.kind, device, channel)
        self.connection.publish(topic, codec.encode(message, topic, spec.key), 1, retain)

    def command(self, device: str, action: str, **other: Any) -> str:
        """A command under the device's newest challenge; its id."""
        self._number += 1
        values: Mapping[str, Any] = {
            "id": f"cmd-{self._number}",
            "challenge": self.challenges.get(device, "none"),
            "reason": "ok",
            **other,
        }
        self.say(device, "command", Command(action=Action(action), text=Text(en="", zh=""), **values))
        return str(values["id"])

    async def _listen(self) -> None:
        await self.connection.subscribe(up_filter(next(iter(self.specs.values())).site))

    def _heard(self, name: str, payload: bytes, qos: int, retained: bool, ack: Callable[[], None]) -> None:
        ack()
        topic = parse(name)
        spec = self.specs.get(topic.device)
        if not payload or spec is None:
            return
        try:
            said, _ = codec.decode_up(topic, payload, [spec.key])
        except codec.BadMessage as error:
            self.bad.append((topic.device, str(error.reason)))
            return
        self._take(topic, said)

    def _take(self, topic: Topic, said: Any) -> None:
        device = topic.device
        if isinstance(said, Status | Heartbeat):
            self.challenges[device] = said.challenge
            if isinstance(said, Status):
                self.statuses.append((device, said))
        elif isinstance(said, Tap):
            self.taps.append((device, said))
            answer = self.answer(device, said)
            if answer is not None:
                self._answer(device, said, *answer)
        elif isinstance(said, Result):
            self.results.append((device, said))
            bollard = self._lanes.pop(said.command, None)
            if bollard is not None and str(said.outcome) == "executed":
                self.command(bollard, "lower", for_=said.command)
        elif isinstance(said, Event | UnreadableEvent):
            self._take_event(device, said)
        elif isinstance(said, tuple):
            self.frames.append((device, said[1]))

    def _answer(self, device: str, tap: Tap, action: str, reason: str) -> None:
        # The same decision for a repeat, under the same id: rule 4.
        command = f"for-{tap.id}"[:64]
        bollard = self.specs[device].bollard
        if bollard is not None and action == "grant":
            self._lanes[command] = bollard
        self.command(device, action, id=command, challenge=tap.nonce, for_=tap.id, reason=reason)

    def _take_event(self, device: str, event: Event | UnreadableEvent) -> None:
        self.heard += 1
        if not self.acks:
            return
        have = self._have.setdefault((device, event.boot), set())
        if event.seq not in have and isinstance(event, Event):
            self.events.append((device, event))
        have.add(event.seq)
        boots = [event.boot]
        if isinstance(event, Event) and isinstance(event.data, Gap):
            lost = self._have.setdefault((device, event.data.boot), set())
            lost.update(range(event.data.from_seq, event.data.to_seq + 1))
            boots.append(event.data.boot)
        for boot in boots:
            last = self._acked.get((device, boot), 0)
            while last + 1 in self._have[device, boot]:
                last += 1
            self._acked[device, boot] = last
            self.say(device, "ack", Ack(boot=boot, seq=last, challenge=self.challenges.get(device, "none")))
