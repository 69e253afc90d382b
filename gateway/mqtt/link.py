"""The gateway's own connection to the broker: subscribes, hands messages to the router, carries commands out.

A clean session: what was missed while away comes from the devices, not from the broker. What cannot be sent now is
not queued for later, because a command that waited out a reconnect is one that nobody gave; retained postures and
lists are sent again when a device shows that it lacks them.
"""

import socket
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

import structlog

from devices.codec import decode_gateway_status, encode
from devices.limits import COMMAND_EXPIRY_S, MAC_TAIL
from devices.messages import Ack, Command, CredentialPage, GatewayStatus, Posture, RevokedList
from devices.signing import seal
from devices.strict import BadMessage
from devices.topics import Kind, device_topic, gateway_status_topic, up_filter
from devices.transport import MqttConnection, Will

log = structlog.get_logger(__name__)

# Of the devices that are enrolled, the ones that are spoken to again and again.
_topic = lru_cache(maxsize=8_192)(device_topic)

OnMessage = Callable[[str, bytes, Callable[[], None]], None]


class Link:
    """Implements `flows.ports.Courier`; `router` is told of every message of a device."""

    def __init__(
        self,
        *,
        site: str,
        site_key: bytes,
        instance: str,
        started_at: datetime,
        pid: int,
        url: str,
        username: str,
        password: str,
        ca_file: str | None,
        now: Callable[[], datetime],
        on_change: Callable[[bool], None],
        on_other_gateway: Callable[[GatewayStatus, bool], None],
    ) -> None:
        self._site = site
        self._site_key = site_key
        self._instance = instance
        self._started_at = started_at
        self._pid = pid
        self._now = now
        self._on_change = on_change
        self._on_other = on_other_gateway
        self._take: OnMessage | None = None
        self._closing = False
        self._status_topic = gateway_status_topic(site)
        self.connection = MqttConnection(
            url,
            client_id=f"{username}-{instance[:8]}",
            username=username or None,
            password=password or None,
            will=self._will,
            ca_file=ca_file,
            on_connected=self._connected,
            on_disconnected=self._disconnected,
            on_message=self._message,
        )

    def start(self) -> None:
        """Begin to connect, for ever."""
        self.connection.start()

    async def listen(self, take: OnMessage) -> None:
        """Hear the devices from now on, and again after each reconnect."""
        self._take = take
        if self.connection.connected:
            await self.connection.subscribe(up_filter(self._site))

    async def close(self) -> None:
        """Say that this gateway is gone, and go."""
        self._closing = True
        self.say_status(online=False)
        await self.connection.close()

    def say_status(self, online: bool = True) -> None:
        """Tell the site which gateway serves it; once a second."""
        payload = encode(self._status(online), self._status_topic, self._site_key)
        self.connection.publish(self._status_topic, payload, qos=1, retain=True)

    # Courier

    def spell(self, device: str, kind: str, key: bytes, message: Posture | CredentialPage) -> bytes:
        """The exact bytes of a posture or page without its mac, to be kept or sent. May be called from any thread."""
        channel = f"credentials/{message.page:04d}" if isinstance(message, CredentialPage) else "posture"
        topic = device_topic(self._site, Kind(kind), device, channel)
        return encode(message, topic, key)[:-MAC_TAIL] + b"}"

    def send(self, device: str, kind: str, key: bytes, message: Command | Ack) -> bool:
        """A command or an acknowledgement; False if there is no broker, and then it is gone."""
        channel = "command" if isinstance(message, Command) else "ack"
        topic = _topic(self._site, kind, device, channel)
        return self.connection.publish(topic, encode(message, topic, key), expiry_s=COMMAND_EXPIRY_S) is not None

    def keep(self, device: str, kind: str, key: bytes, message: Posture | CredentialPage | RevokedList) -> bool:
        """A retained message."""
        match message:
            case CredentialPage():
                channel = f"credentials/{message.page:04d}"
            case RevokedList():
                channel = "credentials/revoked"
            case _:
                channel = "posture"
        topic = device_topic(self._site, Kind(kind), device, channel)
        return self.connection.publish(topic, encode(message, topic, key), retain=True) is not None

    def keep_bytes(self, device: str, kind: str, key: bytes, channel: str, body: bytes) -> bool:
        """A retained message whose bytes are fixed already; only the mac is made anew."""
        topic = device_topic(self._site, Kind(kind), device, channel)
        return self.connection.publish(topic, seal(topic, body, key), retain=True) is not None

    def clear(self, device: str, kind: str, channel: str) -> bool:
        """Delete what the broker keeps on a channel."""
        topic = device_topic(self._site, Kind(kind), device, channel)
        return self.connection.publish(topic, b"", retain=True) is not None

    # From the connection

    async def _connected(self, session_present: bool) -> None:
        await self.connection.subscribe([self._status_topic])
        if self._take is not None:
            await self.connection.subscribe(up_filter(self._site))
        log.info("broker_connected", broker=f"{self.connection.host}:{self.connection.port}")
        self._on_change(True)

    def _disconnected(self, reason: str) -> None:
        if self._closing:
            return
        log.error("broker_away", reason=reason)
        self._on_change(False)

    def _message(self, topic: str, payload: bytes, qos: int, retain: bool, ack: Callable[[], None]) -> None:
        if topic == self._status_topic:
            self._gateway_status(payload, retain)
            ack()
        elif self._take is not None:
            self._take(topic, payload, ack)
        else:
            ack()

    def _gateway_status(self, payload: bytes, retain: bool) -> None:
        if not payload:
            return
        try:
            status = decode_gateway_status(self._status_topic, payload, self._site_key)
        except BadMessage as bad:
            log.warning("gateway_status_not_ours", reason=bad.reason.value)
            return
        if status.instance != self._instance:
            self._on_other(status, retain)

    def _will(self) -> Will:
        return Will(self._status_topic, encode(self._status(False), self._status_topic, self._site_key), 1, True)

    def _status(self, online: bool) -> GatewayStatus:
        return GatewayStatus(
            online=online,
            instance=self._instance,
            host=socket.gethostname()[:128] or "unknown",
            pid=self._pid,
            started_at=self._started_at,
            at=self._now(),
        )
