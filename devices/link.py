"""One connection to a broker, from CONNECT to its end: it lives once and dies whole, with all that was in flight.

Promises that nothing of it stays in the event loop once `ended` is set, that every publication hears how it ended, and
that nothing of ours raises into paho, which would read its half-read packet again. Leaves the next connection to
`transport.py`.

With MQTT 3.1.1, PUBLISH and PUBACK go by the short way of `packets.py`; the packet numbers of paho's few SUBSCRIBEs
lie below those of our publications, because the standard counts them together. With MQTT 5 everything goes through
paho.
"""

import asyncio
import functools
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.limits import MAX_FRAME
from devices.link_parts import ConnectionLost, Options, Outgoing, Publication, SubscriptionRefused
from devices.packets import PUBACK, PUBLISH, BrokenPacket, read_publish, spell_puback, spell_publish
from devices.wire import Wire

log = logging.getLogger(__name__)

MAX_PACKET = MAX_FRAME + 64 * 1024  # a frame and its topic
_MISC_S = 1.0  # paho's keepalive is looked at this often
_CONNACK_TIMEOUT_S = 10.0
_MAX_BACKLOG = 8 * 1024 * 1024  # bytes for a broker that does not read; then publishing is refused
_FIRST_MID = 1_001
_LAST_MID = 65_535


Hear = Callable[[str, bytes, int, bool, Callable[[], None]], None]


class Link:
    """One connection. All methods belong to the event loop's thread."""

    def __init__(self, wire: Wire, options: Options, on_up: Callable[[bool], None], hear: Hear) -> None:
        """`on_up(session_present)` is called when the broker has accepted us, before `hear` gets any message."""
        self._wire = wire
        self._options = options
        self._on_up = on_up
        self._hear = hear
        self._fd = wire.fileno()
        self._loop = asyncio.get_running_loop()
        self._short = options.protocol == 4
        self.ended: asyncio.Future[str] = self._loop.create_future()
        self._connack: asyncio.Future[None] = self._loop.create_future()
        self._said: str | None = None  # what the broker gave as its reason
        self.up = False
        self._over = False
        self._paused = False
        self._flush_is_due = False
        self._waits_for_room = False
        self._misc: asyncio.TimerHandle | None = None
        self._subscriptions: dict[int, asyncio.Future[list[Any]]] = {}
        self._mid = _FIRST_MID - 1
        self._window = options.max_inflight
        # The window is kept here also for MQTT 5: paho's own looks through all that is in flight at each PUBACK.
        self._in_flight: dict[int, Publication] = {}
        self._waiting: deque[Outgoing] = deque()
        self._client = self._make_client()

    def _make_client(self) -> Client:
        options = self._options
        session: dict[str, Any] = {"clean_session": options.clean_session} if self._short else {}
        client = _PahoClient(
            CallbackAPIVersion.VERSION2,
            client_id=options.client_id,
            protocol=MQTTProtocolVersion(options.protocol),
            reconnect_on_failure=False,
            manual_ack=True,
            **session,
        )
        client.wire = self._wire
        client.max_inflight_messages_set(0)
        if options.username is not None:
            client.username_pw_set(options.username, options.password)
        if options.will is not None:
            client.will_set(*options.will)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_socket_register_write = self._on_written
        return client

    # From beginning to end

    def begin(self) -> None:
        """Sends CONNECT."""
        options = self._options
        session: dict[str, Any] = {}
        if not self._short:
            properties = _properties(PacketTypes.CONNECT)
            properties.MaximumPacketSize = MAX_PACKET
            properties.SessionExpiryInterval = 0 if options.clean_session else 3_600
            session = {"clean_start": options.clean_session, "properties": properties}
        self._client.connect(options.host, options.port, keepalive=options.keepalive_s, **session)
        self._loop.add_reader(self._fd, self._on_readable)
        self._misc = self._loop.call_later(_MISC_S, self._on_misc)

    async def lived(self) -> str:
        """Returns why the link ended."""
        either: set[asyncio.Future[Any]] = {self._connack, self.ended}
        done, _ = await asyncio.wait(either, timeout=_CONNACK_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            self.end("the broker does not answer")
        return await self.ended

    def end(self, reason: str) -> None:
        """The link is over: whoever waits hears it, and nothing of it stays in the loop. The first reason counts."""
        if self._over:
            return
        self._over, self.up = True, False
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        if self._misc is not None:
            self._misc.cancel()
        self._wire.close()
        for publication in (*self._in_flight.values(), *(waiting.publication for waiting in self._waiting)):
            publication.settle(acked=False)
        self._in_flight.clear()
        self._waiting.clear()
        for granted in self._subscriptions.values():
            if not granted.done():
                granted.set_exception(ConnectionLost("the connection was lost before the broker answered"))
        self._subscriptions.clear()
        self.ended.set_result(reason)

    async def drained(self, timeout_s: float) -> None:
        """Waits until nothing is in flight, or the time is over."""
        until = self._loop.time() + timeout_s
        while (self._in_flight or self._waiting or self._wire.backlog) and not self._over:
            if self._loop.time() >= until:
                return
            await asyncio.sleep(0.005)

    def say_goodbye(self) -> None:
        """Sends DISCONNECT, so that the broker forgets the will, and ends."""
        if not self._over:
            self._client.disconnect()
            self._flush()
            self.end("closed")

    # Speaking

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool, expiry_s: int | None) -> Publication | None:
        """Sends or queues a message; None if there is no room. ValueError for a topic with wildcards."""
        if self._wire.backlog > _MAX_BACKLOG:
            return None
        publication = Publication()
        if qos == 0:
            if self._short:
                self._write(spell_publish(topic, payload, 0, retain, 0))
            else:
                self._client.publish(topic, payload, 0, retain, _expiry(expiry_s))
            publication.acked = True  # nobody will ever say more
        elif len(self._in_flight) < self._window and not self._waiting:
            self._send(Outgoing(topic, payload, retain, expiry_s, publication))
        elif len(self._waiting) < self._options.max_queued:
            self._waiting.append(Outgoing(topic, payload, retain, expiry_s, publication))
        else:
            return None
        return publication

    def _send(self, message: Outgoing) -> None:
        if self._short:
            mid = self._next_mid()
            self._write(spell_publish(message.topic, message.payload, 1, message.retain, mid))
        else:
            expiry = _expiry(message.expiry_s)
            mid = self._client.publish(message.topic, message.payload, 1, message.retain, expiry).mid
        self._in_flight[mid] = message.publication

    def _next_mid(self) -> int:
        while True:  # ends: the window is far smaller than the numbers
            self._mid = self._mid + 1 if self._mid < _LAST_MID else _FIRST_MID
            if self._mid not in self._in_flight:
                return self._mid

    def _write(self, packet: bytes) -> None:
        self._wire.send(packet)
        # Everything written during this turn of the loop leaves in one piece at its end.
        if not self._flush_is_due:
            self._flush_is_due = True
            self._loop.call_soon(self._flush)

    async def subscribe(self, filters: list[tuple[str, int]], timeout_s: float) -> None:
        """Returns when every filter is granted."""
        code, mid = self._client.subscribe(filters)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS or mid is None:
            raise ConnectionLost("not connected")
        granted: asyncio.Future[list[Any]] = self._loop.create_future()
        self._subscriptions[mid] = granted
        try:
            answers = await asyncio.wait_for(granted, timeout_s)
        finally:
            self._subscriptions.pop(mid, None)
        refused = [name for (name, _), answer in zip(filters, answers, strict=True) if answer.is_failure]
        if refused:
            raise SubscriptionRefused(refused)

    # What the event loop calls

    def _on_readable(self) -> None:
        more = self._wire.fill()
        try:
            if self._short:
                self._read_short()
            else:
                self._read_by_paho()
        except (ConnectionError, BrokenPacket) as error:
            self.end(str(error))
        except Exception as error:
            report("a packet could not be read; the link is dropped", error)
            self.end("a packet that could not be read")
        if self._over:
            return
        if self._wire.end is not None and not self._paused:
            self.end(str(self._wire.end))
            return
        if self._wire.backlog and not self._waits_for_room:
            self._flush()  # TLS may have waited for bytes from the other side
        if more and not self._paused:
            self._loop.call_soon(self._on_readable)

    def _read_short(self) -> None:
        wire = self._wire
        while not self._over and not self._paused and (packet := wire.next_packet()) is not None:
            first, start, end = packet
            if first & 0xF0 == PUBLISH and first & 0x06 < 4 and self.up:
                received = read_publish(first, wire.take(start, end))
                self._hand_over(received.topic, received.payload, received.qos, received.retain, received.mid)
            elif first == PUBACK and end - start == 2 and self.up:
                self._settled(int.from_bytes(wire.take(start, end)), True)
            elif self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self.end(self._said or "the broker broke the protocol")

    def _read_by_paho(self) -> None:
        while not self._over and not self._paused and self._wire.has_input():
            if self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self.end(self._said or "the connection is lost")

    def _on_written(self, client: Client, userdata: Any, sock: Any) -> None:
        if not self._flush_is_due:
            self._flush_is_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_is_due = False
        if self._over:
            return
        try:
            if self._client.want_write():
                self._client.loop_write()
            done = self._wire.flush()
        except OSError as error:
            self.end(str(error))
            return
        if done is self._waits_for_room and not self._over:
            self._waits_for_room = not done
            if done:
                self._loop.remove_writer(self._fd)
            else:
                self._loop.add_writer(self._fd, self._flush)

    def _on_misc(self) -> None:
        if not self._paused:
            try:
                self._client.loop_misc()
            except Exception as error:
                report("paho failed in its keepalive; the link is dropped", error)
                self.end("keepalive failed")
        if not self._over:
            self._misc = self._loop.call_later(_MISC_S, self._on_misc)

    def pause(self) -> None:
        """Stops reading."""
        if not self._paused and not self._over:
            self._paused = True
            self._loop.remove_reader(self._fd)

    def resume(self) -> None:
        """Reads on."""
        if self._paused and not self._over:
            self._paused = False
            self._loop.add_reader(self._fd, self._on_readable)
            self._loop.call_soon(self._on_readable)  # for what is in the buffer already

    # What paho calls

    def _on_connect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._end_because(f"the broker refused us: {reason}")
        elif not self._connack.done():
            # What an MQTT 5 broker takes at once; it cuts off who sends more.
            self._window = min(self._window, getattr(properties, "ReceiveMaximum", self._window))
            self.up = True
            self._connack.set_result(None)
            self._on_up(bool(flags.session_present))

    def _on_disconnect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._end_because(str(reason))

    def _end_because(self, said: str) -> None:
        # Later, when paho has put its own state in order; the first word is the cause, the others follow from it.
        self._said = self._said or said
        self._loop.call_soon(self.end, self._said)

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic.encode()
        except UnicodeDecodeError:
            topic = b"\xff"  # as unreadable as what came
        self._hand_over(topic, bytes(message.payload), message.qos, message.retain, message.mid)

    def _on_publish(self, client: Client, userdata: Any, mid: int, reason: Any, properties: Any) -> None:
        self._settled(mid, not reason.is_failure)

    def _on_subscribe(self, client: Client, userdata: Any, mid: int, reasons: Any, properties: Any) -> None:
        granted = self._subscriptions.get(mid)
        if granted is not None and not granted.done():
            granted.set_result(list(reasons))

    # What came

    def _hand_over(self, name: bytes, payload: bytes, qos: int, retain: bool, mid: int) -> None:
        ack = functools.partial(self._ack, mid) if qos else _nothing
        try:
            topic = name.decode()
        except UnicodeDecodeError:
            ack()  # no broker lets that pass; if one does, nobody can mean us
            return
        try:
            self._hear(topic, payload, qos, retain, ack)
        except Exception as error:
            report("on_message failed; the message stays unacknowledged", error)

    def _ack(self, mid: int) -> None:
        if self._over:
            return
        if self._short:
            self._write(spell_puback(mid))
        else:
            self._client.ack(mid, 1)

    def _settled(self, mid: int, acked: bool) -> None:
        publication = self._in_flight.pop(mid, None)
        if publication is not None:
            publication.settle(acked)
            while self._waiting and len(self._in_flight) < self._window:
                self._send(self._waiting.popleft())


class _PahoClient(Client):
    """paho, given a connection that is open already; making one itself would block the loop."""

    wire: Wire

    def _create_socket(self) -> Any:
        return self.wire


def report(message: str, error: Exception) -> None:
    """A bug of ours: logged, and given to the loop's handler, so that it is loud without tearing the link's state."""
    log.error("%s: %r", message, error)
    asyncio.get_running_loop().call_exception_handler({"message": message, "exception": error})


def _nothing() -> None:
    """The ack of a message that needs none."""


def _properties(packet_type: int) -> Any:
    return Properties(packet_type)  # type: ignore[no-untyped-call]


def _expiry(expiry_s: int | None) -> Any:
    if expiry_s is None:
        return None
    properties = _properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = expiry_s
    return properties
