"""Looks whether another gateway serves this site, before this one says a word.

It connects under a user of its own that may only read the site's gateway status, because a broker that ties client ids
to user names would cut the running gateway off if a second one came under the same name. A broker that has no such
user is looked at under the gateway's own name.
"""

import asyncio
from collections.abc import Callable

import structlog

from devices.codec import decode_gateway_status
from devices.messages import GatewayStatus
from devices.strict import BadMessage
from devices.topics import gateway_status_topic
from devices.transport import ConnectionLost, MqttConnection, SubscriptionRefused

log = structlog.get_logger(__name__)

LIVE_WITHIN_S = 3.0
"""A gateway that lives says so every second: one that is silent for this long is gone."""
RETAINED_WITHIN_S = 0.3
"""What the broker keeps comes right after the subscription."""
POLL_S = 0.05


async def live_gateway(
    *, site: str, site_key: bytes, url: str, username: str, password: str, ca_file: str | None, instance: str
) -> GatewayStatus | None:
    """The status of another gateway that is alive, or None. A broker that is away is None too."""
    for name in (f"{username}-lookout", username):
        found = _Look(site, site_key, instance)
        connection = MqttConnection(
            url,
            client_id=f"{name}-{instance[:8]}",
            username=name or None,
            password=password or None,
            ca_file=ca_file,
            on_message=found.hear,
        )
        connection.start()
        try:
            if await _first_attempt(connection) and await found.look(connection):
                return found.live
        finally:
            await connection.close()
        if found.subscribed:
            return None
    return None


async def _first_attempt(connection: MqttConnection) -> bool:
    """True once connected, False as soon as the first attempt has failed."""
    while not connection.connected:
        if connection.last_error is not None:
            return False
        await asyncio.sleep(POLL_S)
    return True


class _Look:
    def __init__(self, site: str, site_key: bytes, instance: str) -> None:
        self._topic = gateway_status_topic(site)
        self._key = site_key
        self._instance = instance
        self.retained: GatewayStatus | None = None
        self.live: GatewayStatus | None = None
        self.subscribed = False

    def hear(self, topic: str, payload: bytes, qos: int, retain: bool, ack: Callable[[], None]) -> None:
        ack()
        if topic != self._topic or not payload:
            return
        try:
            status = decode_gateway_status(topic, payload, self._key)
        except BadMessage as bad:
            log.warning("gateway_status_not_ours", reason=bad.reason.value)
            return
        if status.instance == self._instance:
            return
        if retain:
            self.retained = status if status.online else None
        else:
            self.live = status if status.online else None
            self.retained = self.live

    async def look(self, connection: MqttConnection) -> bool:
        """True if another gateway spoke while we listened."""
        try:
            await connection.subscribe([self._topic])
        except (SubscriptionRefused, ConnectionLost, TimeoutError):
            return False
        self.subscribed = True
        await asyncio.sleep(RETAINED_WITHIN_S)
        if self.retained is not None:
            log.warning("another_gateway_said_online", instance=self.retained.instance, waiting_s=LIVE_WITHIN_S)
        waited = 0.0
        while self.retained is not None and self.live is None and waited < LIVE_WITHIN_S:
            await asyncio.sleep(POLL_S)
            waited += POLL_S
        return self.live is not None
