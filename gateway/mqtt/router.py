"""From bytes to the flow that knows what to do: enrolled, signed, decoded, then told.

Everything that comes in is hostile until it is decoded. What is no message of ours is counted, recorded and dropped,
and disturbs nothing else. The broker's acknowledgement goes out when the flow is done, which is after the commit.
"""

from collections import Counter
from collections.abc import Callable

import structlog

from devices.codec import BadMessage, decode_up
from devices.messages import Event, Frame, Heartbeat, Result, Status, Tap, UnreadableEvent
from devices.topics import BadTopic, Topic, parse
from gateway.flows import alarms, bad_message, directory_watch, frames
from gateway.flows.card_tap import card_tap
from gateway.flows.changes import PreviousKeyDropped
from gateway.flows.command_result import command_result
from gateway.flows.device_events import NotItsPlace, device_event
from gateway.flows.device_status import device_status, heartbeat
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site

log = structlog.get_logger(__name__)


class Router:
    """Routes what devices send. `under_way` is how many messages are not done yet."""

    def __init__(self, site: Site, inbox: int) -> None:
        self._site = site
        self._inbox = inbox
        self.under_way = 0
        self._held: Counter[str] = Counter()
        self._here = site.campus.site

    @property
    def is_full(self) -> bool:
        return self.under_way >= self._inbox

    def take(self, topic: str, payload: bytes, ack: Callable[[], None]) -> None:
        """One message from the broker. A full inbox drops it: the device keeps its events and repeats its taps."""
        if not payload:
            ack()
            return
        if self.is_full:
            self._site.counters.dropped_inbox += 1
            ack()
            return
        self.under_way += 1
        self._site.spawn(self._handle(topic, payload, ack))

    async def _handle(self, topic: str, payload: bytes, ack: Callable[[], None]) -> None:
        try:
            await self._route(topic, payload)
        finally:
            self.under_way -= 1
            ack()

    async def _route(self, topic: str, payload: bytes) -> None:
        site = self._site
        try:
            where = parse(topic)
        except BadTopic:
            await bad_message.bad_message(site, "others", "topic", "a topic that is none of the protocol")
            return
        device = site.devices.get(where.device)
        ours = where.site == self._here
        if ours and (device is None or where.device in self._held):
            device = await self._look_again(where.device)
        if device is None or not ours:
            await bad_message.bad_message(site, where.device, "unknown_device", f"{where.kind.value} {where.channel}")
            return
        if device.kind != where.kind:
            await bad_message.bad_message(site, device.id, "kind", f"speaks as {where.kind.value}, is a {device.kind}")
            return
        try:
            message, signed_with = decode_up(where, payload, device.keys)
        except BadMessage as bad:
            await bad_message.bad_message(site, device.id, bad.reason.value, bad.detail)
            return
        # Only what the device has proven to be its own counts against it: else anybody could have it quarantined.
        if device.watch.message(site.clock.monotonic(), site.rules.limits, where.channel == "event"):
            await alarms.raise_alarm(site, alarms.FLOOD, device.id, "more messages than a device may send")
        if signed_with == 0 and len(device.keys) > 1:
            await self._drop_old_key(device)
        try:
            await self._tell(device, where, message)
        except NotItsPlace as wrong:
            await bad_message.bad_message(site, device.id, "place", str(wrong))
            await alarms.raise_alarm(site, alarms.PANEL_PLACE, device.id, str(wrong))
            if isinstance(message, Event):
                # Its number is kept and acked all the same, or the panel would hold back its next words for ever.
                await device_event(site, device, UnreadableEvent(boot=message.boot, seq=message.seq, id=message.id,
                                                                 why="place", detail=str(wrong)))  # fmt: skip

    async def _look_again(self, name: str) -> Device | None:
        """The device, if it was enrolled a moment ago. What comes of it meanwhile waits too: nothing overtakes."""
        self._held[name] += 1
        try:
            await directory_watch.look_again(self._site)
        finally:
            self._held[name] -= 1
            if not self._held[name]:
                del self._held[name]
        return self._site.devices.get(name)

    async def _tell(self, device: Device, where: Topic, message: object) -> None:
        site = self._site
        match message:
            case Tap():
                if device.portal is None:
                    await bad_message.bad_message(site, device.id, "place", "a tap from a device that has no portal")
                else:
                    await card_tap(site, device, message)
            case Event() | UnreadableEvent():
                await device_event(site, device, message)
            case Heartbeat():
                await heartbeat(site, device, message)
            case Status():
                await device_status(site, device, message)
            case Result():
                await command_result(site, device, message)
            case (Frame() as frame, bytes() as jpeg):
                await frames.frame(site, device, frame, jpeg)
            case _:
                raise TypeError(f"no flow for {type(message).__name__} on {where.channel}")

    async def _drop_old_key(self, device: Device) -> None:
        """The first message under the new key came: the old one is void from now on."""
        device.keys = device.keys[:1]
        entry = Entry("device_key_in_use", self._site.clock.now(), {"device": device.id})
        try:
            await self._site.ledger.commit(Unit((entry,), (PreviousKeyDropped(device.id),)), 5.0)
        except LedgerUnavailable:
            log.warning("old_key_not_dropped", device=device.id)
