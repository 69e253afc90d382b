"""The link to a broker, for the gateway and for simulated devices: MQTT inside the running asyncio loop.

Theory. A `Link` is one connection: it lives once and dies whole. `MqttConnection` lives until it is closed: it makes
the next link after a pause that grows and is drawn at random. Nothing is kept over a broken link, because what may
still be said then is for the caller to decide: a command that waited out a reconnect is one that nobody gave.

Promises: the loop is never blocked, not even to connect; messages come in order and are acknowledged only by calling
their `ack`; a publication that cannot be sent is answered with None and counted; a half-open connection is noticed
within two keepalives. Leaves to others what is sent and what an incoming payload means.
"""

import asyncio
import inspect
import logging
import random
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from devices.limits import KEEPALIVE_S
from devices.link import MAX_PACKET, Link, report
from devices.link_parts import ConnectionLost, Options, Publication, SubscriptionRefused, Will
from devices.wire import open_wire

__all__ = ["ConnectionLost", "MqttConnection", "OnMessage", "Publication", "SubscriptionRefused", "Will"]

log = logging.getLogger(__name__)

_CONNECT_TIMEOUT_S = 5.0
_STABLE_S = 5.0  # a link that lived so long was a good one: the back-off starts again at its shortest

# topic, payload, qos, retain, ack
OnMessage = Callable[[str, bytes, int, bool, Callable[[], None]], None]


class MqttConnection:
    """One MQTT client that reconnects until it is closed. All methods belong to the event loop's thread."""

    def __init__(
        self,
        url: str,
        *,
        client_id: str,
        username: str | None = None,
        password: str | None = None,
        will: Will | Callable[[], Will | None] | None = None,
        ca_file: str | None = None,
        keepalive_s: int = KEEPALIVE_S,
        clean_session: bool = True,
        protocol: Literal[4, 5] = 4,
        max_inflight: int = 1_000,
        max_queued: int = 10_000,
        backoff_min_s: float = 0.2,
        backoff_max_s: float = 30.0,
        on_connected: Callable[[bool], Any] | None = None,
        on_disconnected: Callable[[str], None] | None = None,
        on_message: OnMessage | None = None,
        rng: random.Random | None = None,
    ) -> None:
        """`url` is `mqtt://host:port` or `mqtts://host:port`. A `will` that can be called is asked at each connect.

        `on_connected(session_present)` is called before the first message of a link. It may be async: it then runs
        beside the messages, and the link is dropped if it raises. Where `max_inflight` messages are not acknowledged
        yet, `max_queued` more wait.
        """
        if not 1 <= max_inflight <= 50_000:
            raise ValueError("max_inflight is 1 to 50,000: packet numbers have 16 bits")
        self.host, self.port, tls = _parts(url)
        self._tls = ssl.create_default_context(cafile=ca_file) if tls else None
        self.client_id = client_id
        self._will = will
        self._options = Options(
            host=self.host,
            port=self.port,
            client_id=client_id,
            username=username,
            password=password,
            will=None,
            keepalive_s=keepalive_s,
            clean_session=clean_session,
            protocol=protocol,
            max_inflight=max_inflight,
            max_queued=max_queued,
        )
        self._backoff_min_s, self._backoff_max_s = backoff_min_s, backoff_max_s
        self._on_connected, self._on_disconnected, self._on_message = on_connected, on_disconnected, on_message
        self._rng = rng or random.Random()
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self._setting_up: asyncio.Task[None] | None = None
        self._up = asyncio.Event()
        self._closing = False
        self.last_error: str | None = None  # why the last attempt or link ended; None while all is well
        self.connects = 0
        self.received = 0
        self.published = 0
        self.refused = 0  # publications for which there was no link or no room

    # Life

    def start(self) -> None:
        """Begins to connect, and goes on until `close`. Returns at once."""
        if self._task is None:
            self._closing = False
            self._task = asyncio.get_running_loop().create_task(self._live(), name=f"mqtt {self.client_id}")

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us on the present link."""
        return self._link is not None and self._link.up

    async def wait_connected(self, timeout_s: float = 10.0) -> None:
        """Returns when connected; TimeoutError, with the last failure in words, if that takes longer."""
        try:
            await asyncio.wait_for(self._up.wait(), timeout_s)
        except TimeoutError:
            raise TimeoutError(f"no broker at {self.host}:{self.port}: {self.last_error}") from None

    async def close(self, drain_s: float = 1.0) -> None:
        """Lets the broker acknowledge what is in flight (for `drain_s` at most), then says goodbye: no will is sent."""
        self._closing = True
        link, task = self._link, self._task
        if link is not None and link.up:
            await link.drained(drain_s)
            link.say_goodbye()
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
            self._task = None

    def abort(self) -> None:
        """Cuts the present link like a lost network: the broker sends the will, and we reconnect."""
        if self._link is not None:
            self._link.end("aborted")

    async def _live(self) -> None:
        failures = 0
        while not self._closing:
            began = time.monotonic()
            reason = await self._live_once()
            failures = 0 if time.monotonic() - began >= _STABLE_S else failures + 1
            if reason != self.last_error:  # once per change, not once per attempt
                log.warning("mqtt %s: no link to %s:%s: %s", self.client_id, self.host, self.port, reason)
                self.last_error = reason
            await asyncio.sleep(self._pause_s(failures))

    def _pause_s(self, failures: int) -> float:
        ceiling = min(self._backoff_max_s, self._backoff_min_s * 2 ** min(failures, 16))
        return self._rng.uniform(0, ceiling)  # full jitter: a thousand devices must not come back in one wave

    async def _live_once(self) -> str:
        try:
            wire = await open_wire(self.host, self.port, self._tls, _CONNECT_TIMEOUT_S, MAX_PACKET)
        except OSError as error:
            return str(error) or type(error).__name__
        try:
            will = self._will() if callable(self._will) else self._will
            link = self._link = Link(wire, self._options._replace(will=will), self._came_up, self._hear)
        except Exception as error:
            wire.close()
            report("no link could be made", error)
            return f"no link could be made: {type(error).__name__}"
        try:
            link.begin()
            return await link.lived()
        finally:
            link.end("closed")
            self._link = None
            self._went_down(link.ended.result())

    def _came_up(self, session_present: bool) -> None:
        self.connects += 1
        self.last_error = None
        self._up.set()
        log.info("mqtt %s: connected to %s:%s", self.client_id, self.host, self.port)
        answer = _guarded(self._on_connected, session_present) if self._on_connected is not None else None
        if inspect.isawaitable(answer):
            name = f"mqtt {self.client_id} set-up"
            self._setting_up = asyncio.get_running_loop().create_task(self._set_up(answer, self._link), name=name)

    async def _set_up(self, answer: Awaitable[Any], link: Link | None) -> None:
        try:
            await answer
        except Exception as error:
            if not isinstance(error, ConnectionLost):  # that one the link says itself
                report("on_connected failed; the link is dropped", error)
            if link is not None:
                link.end("on_connected failed")

    def _went_down(self, reason: str) -> None:
        if self._setting_up is not None:
            self._setting_up.cancel()
            self._setting_up = None
        if self._up.is_set():
            self._up.clear()
            if self._on_disconnected is not None:
                _guarded(self._on_disconnected, reason)

    # Speaking

    def publish(
        self, topic: str, payload: bytes, qos: int = 1, retain: bool = False, expiry_s: int | None = None
    ) -> Publication | None:
        """Sends a message, or returns None (and counts it) where there is no link or no room.

        `expiry_s` is the message's life at an MQTT 5 broker; 3.1.1 has none, and it is left out.
        """
        if qos not in (0, 1):
            raise ValueError("the protocol uses QoS 0 and 1")
        link = self._link
        publication = link.publish(topic, payload, qos, retain, expiry_s) if link is not None and link.up else None
        if publication is None:
            self.refused += 1
        else:
            self.published += 1
        return publication

    async def subscribe(self, filters: Sequence[str | tuple[str, int]], qos: int = 1, timeout_s: float = 10.0) -> None:
        """Returns when the broker has granted every filter; SubscriptionRefused or ConnectionLost otherwise."""
        link = self._link
        if link is None or not link.up:
            raise ConnectionLost("not connected")
        await link.subscribe([one if isinstance(one, tuple) else (one, qos) for one in filters], timeout_s)

    # Listening

    def _hear(self, topic: str, payload: bytes, qos: int, retain: bool, ack: Callable[[], None]) -> None:
        self.received += 1
        if self._on_message is not None:
            self._on_message(topic, payload, qos, retain, ack)

    def pause_reading(self) -> None:
        """Lets the broker wait: nothing more is read from it until `resume_reading`."""
        if self._link is not None:
            self._link.pause()

    def resume_reading(self) -> None:
        """Reads on."""
        if self._link is not None:
            self._link.resume()


def _parts(url: str) -> tuple[str, int, bool]:
    parts = urlsplit(url)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise ValueError("a broker's address is mqtt://host:port or mqtts://host:port")
    tls = parts.scheme == "mqtts"
    return parts.hostname, parts.port or (8883 if tls else 1883), tls


def _guarded(call: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return call(*arguments)
    except Exception as error:
        report(f"{getattr(call, '__qualname__', call)} failed", error)
        return None
