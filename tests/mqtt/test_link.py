"""The gateway's link to a real broker: who it says it is, what it carries, and what it never sends late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from devices.codec import decode_gateway_status, encode
from devices.messages import Ack, GatewayStatus, RevokedList
from devices.topics import gateway_status_topic
from devices.transport import MqttConnection
from gateway.mqtt.link import Link
from tests.parts.mosquitto import Mosquitto
from tests.parts.waiting import until

KEY, DEVICE_KEY = b"\1" * 32, b"\2" * 32
STATUS = gateway_status_topic("main")
ACK = Ack(boot="b1", seq=3, challenge="c1")


class Listener:
    """Hears everything of one filter, as a broker would hand it out."""

    def __init__(self, broker: Mosquitto, *filters: str) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._filters = list(filters)
        self.connection = MqttConnection(
            broker.url, client_id="listener", on_connected=self._on_connected, on_message=self._on_message
        )
        self.subscribed = asyncio.Event()

    async def __aenter__(self) -> Listener:
        self.connection.start()
        await asyncio.wait_for(self.subscribed.wait(), 5)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.close()

    async def _on_connected(self, _session: bool) -> None:
        await self.connection.subscribe(self._filters)
        self.subscribed.set()

    def _on_message(self, topic: str, payload: bytes, qos: int, retained: bool, ack: Callable[[], None]) -> None:
        self.heard.append((topic, payload, retained))
        ack()

    def statuses(self) -> list[GatewayStatus]:
        return [decode_gateway_status(topic, payload, KEY) for topic, payload, _ in self.heard if topic == STATUS]


class Ours:
    """A link, and what it told the gateway."""

    def __init__(self, broker: Mosquitto, instance: str = "here") -> None:
        self.changes: list[bool] = []
        self.others: list[tuple[str, bool]] = []
        self.taken: list[tuple[str, bytes]] = []
        self.acks: list[Callable[[], None]] = []
        self.link = Link(
            site="main",
            site_key=KEY,
            instance=instance,
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
            pid=4711,
            url=broker.url,
            username="wardgate",
            password="",
            ca_file=None,
            now=lambda: datetime.now(UTC),
            on_change=self.changes.append,
            on_other_gateway=lambda status, retained: self.others.append((status.instance, retained)),
        )

    def take(self, topic: str, payload: bytes, ack: Callable[[], None]) -> None:
        self.taken.append((topic, payload))
        self.acks.append(ack)


@pytest.fixture
async def ours(mosquitto: Mosquitto) -> AsyncIterator[Ours]:
    made = Ours(mosquitto)
    made.link.start()
    await made.link.listen(made.take)
    await until(lambda: made.changes == [True])
    yield made
    await made.link.close()


async def test_it_says_which_gateway_it_is_and_at_the_end_that_it_is_gone(mosquitto: Mosquitto) -> None:
    ours = Ours(mosquitto)
    ours.link.start()
    await until(lambda: ours.changes == [True])
    async with Listener(mosquitto, STATUS) as listener:
        ours.link.say_status()
        await until(lambda: listener.statuses())
        await ours.link.close()
        await until(lambda: len(listener.statuses()) == 2)

        here, gone = listener.statuses()
        assert (here.online, here.instance, here.pid) == (True, "here", 4711)
        assert (gone.online, gone.instance) == (False, "here")
    async with Listener(mosquitto, STATUS) as later:
        await until(lambda: later.heard)
        assert [
            (status.online, retained) for status, (_, _, retained) in zip(later.statuses(), later.heard, strict=True)
        ] == [(False, True)]


async def test_a_gateway_that_dies_leaves_its_will(mosquitto: Mosquitto, ours: Ours) -> None:
    ours.link.say_status()
    async with Listener(mosquitto, STATUS) as listener:
        await until(lambda: listener.statuses())

        ours.link.connection.abort()

        await until(lambda: not listener.statuses()[-1].online)
        assert listener.statuses()[-1].instance == "here"


async def test_another_gateway_is_heard_and_our_own_word_is_not(mosquitto: Mosquitto, ours: Ours) -> None:
    other = Ours(mosquitto, "there")
    other.link.start()
    await until(lambda: other.changes == [True])
    ours.link.say_status()
    other.link.say_status()

    await until(lambda: ours.others and other.others)

    assert {instance for instance, _ in ours.others} == {"there"}
    assert {instance for instance, _ in other.others} == {"here"}
    await other.link.close()


async def test_a_status_that_was_not_made_under_the_sites_key_is_nobodys(mosquitto: Mosquitto, ours: Ours) -> None:
    forged = GatewayStatus(
        online=True, instance="evil", host="h", pid=1, started_at=datetime.now(UTC), at=datetime.now(UTC)
    )
    async with Listener(mosquitto, STATUS) as listener:
        listener.connection.publish(STATUS, encode(forged, STATUS, b"\7" * 32))
        listener.connection.publish(STATUS, b"rubbish")
        listener.connection.publish(STATUS, encode(forged, STATUS, KEY))
        await until(lambda: ours.others)

    assert ours.others == [("evil", False)], "the third one only"


async def test_what_a_device_sends_is_handed_over_and_acknowledged_only_when_the_flow_says_so(
    mosquitto: Mosquitto, ours: Ours
) -> None:
    topic = "campus/main/reader/r1/event"
    async with Listener(mosquitto, "nothing/at/all") as device:
        for number in range(3):
            device.connection.publish(topic, f"event {number}".encode())
        await until(lambda: len(ours.taken) == 3)
        ours.acks[0]()
        # The connection dies before the other two are done: with a clean session they come from the device again.
        ours.link.connection.abort()
        await until(lambda: ours.changes == [True, False, True])
        device.connection.publish(topic, b"after")
        await until(lambda: len(ours.taken) == 4)

    assert [payload for _, payload in ours.taken] == [b"event 0", b"event 1", b"event 2", b"after"]


async def test_after_the_broker_was_away_it_listens_again(mosquitto: Mosquitto, ours: Ours) -> None:
    mosquitto.restart()
    await until(lambda: ours.changes == [True, False, True], 20)
    async with Listener(mosquitto, "nothing/at/all") as device:
        device.connection.publish("campus/main/dorm/d1/status", b"hello")
        await until(lambda: ours.taken)

    assert ours.taken == [("campus/main/dorm/d1/status", b"hello")]


async def test_a_command_that_could_not_be_sent_is_never_sent_later(mosquitto: Mosquitto, ours: Ours) -> None:
    mosquitto.stop()
    await until(lambda: ours.changes == [True, False])

    assert not ours.link.send("r1", "reader", DEVICE_KEY, ACK)
    assert not ours.link.keep("r1", "reader", DEVICE_KEY, RevokedList(version=1, tokens=()))
    mosquitto.start()
    async with Listener(mosquitto, "campus/main/reader/r1/#") as listener:
        await until(lambda: ours.changes == [True, False, True], 20)
        assert ours.link.send("r1", "reader", DEVICE_KEY, Ack(boot="b1", seq=4, challenge="c2"))
        await until(lambda: listener.heard)
        await asyncio.sleep(0.2)

    assert len(listener.heard) == 1


async def test_commands_are_not_retained_lists_are_and_cleared_ones_are_gone(mosquitto: Mosquitto, ours: Ours) -> None:
    link = ours.link
    link.send("r1", "reader", DEVICE_KEY, ACK)
    link.keep("r1", "reader", DEVICE_KEY, RevokedList(version=1, tokens=()))
    link.keep_bytes("r1", "reader", DEVICE_KEY, "posture", b'{"v":1}')
    link.keep("r2", "reader", DEVICE_KEY, RevokedList(version=1, tokens=()))
    link.clear("r2", "reader", "credentials/revoked")
    await link.connection.close(drain_s=2)

    async with Listener(mosquitto, "campus/main/+/+/#") as listener:
        await until(lambda: len(listener.heard) == 2)
        await asyncio.sleep(0.2)
        kept: dict[str, Any] = {topic: retained for topic, _, retained in listener.heard}

    assert kept == {"campus/main/reader/r1/credentials/revoked": True, "campus/main/reader/r1/posture": True}
