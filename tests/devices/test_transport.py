"""The link to a broker, against a real Mosquitto: what it promises to the gateway and to every simulated device."""

import asyncio
import contextlib
import datetime
import ipaddress
import itertools
import logging
import random
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from devices.transport import ConnectionLost, MqttConnection, SubscriptionRefused, Will
from tests.devices.scripted_broker import ScriptedBroker, scripted
from tests.parts.mosquitto import DEFAULT_LINES, Mosquitto
from tests.parts.waiting import until

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]
Protocol = Literal[4, 5]
both = pytest.mark.parametrize("protocol", [4, 5])


class Heard:
    """What came, in order; acknowledges at once unless told not to."""

    def __init__(self, acks: bool = True) -> None:
        self.messages: list[tuple[str, bytes, bool]] = []
        self.acks: list[Callable[[], None]] = []
        self._at_once = acks

    def __call__(self, topic: str, payload: bytes, qos: int, retain: bool, ack: Callable[[], None]) -> None:
        self.messages.append((topic, payload, retain))
        if self._at_once:
            ack()
        else:
            self.acks.append(ack)


@contextlib.asynccontextmanager
async def client(
    url: str, name: str, filters: list[str] | None = None, **options: Any
) -> AsyncIterator[MqttConnection]:
    """A connected client, subscribed, closed afterwards."""
    options.setdefault("rng", random.Random(7))
    connection = MqttConnection(url, client_id=name, **options)
    connection.start()
    try:
        await connection.wait_connected()
        if filters:
            await connection.subscribe(filters)
        yield connection
    finally:
        await connection.close()


@both
async def test_messages_arrive_whole_and_in_order(mosquitto: Mosquitto, protocol: Protocol, rng: random.Random) -> None:
    heard = Heard()
    payloads = [rng.randbytes(rng.choice([0, 1, 100, 127, 128, 16_384, 70_000])) for _ in range(300)]
    payloads.append(rng.randbytes(2 * 1024 * 1024))
    async with (
        client(mosquitto.url, "ear", ["a/#"], on_message=heard, protocol=protocol),
        client(mosquitto.url, "mouth", protocol=protocol) as mouth,
    ):
        sent = [mouth.publish(f"a/{n}", payload, n % 2) for n, payload in enumerate(payloads)]
        await until(lambda: len(heard.messages) == len(payloads))

    assert all(sent)
    # Mosquitto keeps the order within a QoS.
    for qos in (0, 1):
        own = [(f"a/{n}", payload, False) for n, payload in enumerate(payloads) if n % 2 == qos]
        assert [message for message in heard.messages if int(message[0][2:]) % 2 == qos] == own


@both
async def test_a_publication_can_be_waited_for_until_the_broker_has_it(
    mosquitto: Mosquitto, protocol: Protocol
) -> None:
    async with client(mosquitto.url, "mouth", protocol=protocol) as mouth:
        publication = mouth.publish("a", b"x", 1, retain=True)
        assert publication is not None and not publication.acked

        await asyncio.wait_for(publication, 5)

        assert publication.acked
        heard = Heard()
        async with client(mosquitto.url, "ear", ["a"], on_message=heard, protocol=protocol):
            await until(lambda: heard.messages)
        assert heard.messages == [("a", b"x", True)]


@both
async def test_what_was_not_acked_comes_again(mosquitto: Mosquitto, protocol: Protocol) -> None:
    heard, sessions = Heard(acks=False), []
    async with client(
        mosquitto.url,
        "ear",
        ["a"],
        on_message=heard,
        on_connected=sessions.append,
        clean_session=False,
        protocol=protocol,
    ) as ear:
        async with client(mosquitto.url, "mouth") as mouth:
            for text in (b"1", b"2", b"3"):
                mouth.publish("a", text)
            await until(lambda: len(heard.messages) == 3)
        heard.acks[1]()
        await asyncio.sleep(0.1)

        ear.abort()
        await until(lambda: len(heard.messages) == 5)

        heard.acks[0]()  # of the dead link: nothing happens
    assert sessions == [False, True]
    assert [payload for _, payload, _ in heard.messages] == [b"1", b"2", b"3", b"1", b"3"]


async def test_a_broker_that_comes_back_is_found_and_the_loss_is_told(mosquitto: Mosquitto) -> None:
    told: list[str] = []
    async with client(
        mosquitto.url,
        "mouth",
        on_connected=lambda session: told.append("up"),
        on_disconnected=lambda reason: told.append(f"down: {reason}"),
    ) as mouth:
        mosquitto.freeze()
        lost = mouth.publish("a", b"x")
        assert lost is not None
        mosquitto.kill9()

        with pytest.raises(ConnectionLost):
            await asyncio.wait_for(lost, 10)
        await until(lambda: not mouth.connected)
        assert mouth.publish("a", b"x") is None and mouth.refused == 1
        with pytest.raises(ConnectionLost):
            await mouth.subscribe(["a"])

        mosquitto.start()
        await mouth.wait_connected(20)
        again = mouth.publish("a", b"x")
        assert again is not None
        await asyncio.wait_for(again, 5)

    assert told[0] == told[2] == "up" and told[1].startswith("down: ") and told[3] == "down: closed"


async def test_the_will_is_made_for_each_connection_and_speaks_only_when_nobody_said_goodbye(
    mosquitto: Mosquitto,
) -> None:
    heard, made = Heard(), []

    def will() -> Will:
        made.append(len(made))
        return Will("will", b"%d" % made[-1], retain=False)

    async with client(mosquitto.url, "ear", ["will"], on_message=heard):
        async with client(mosquitto.url, "mouth", will=will) as mouth:
            mouth.abort()
            await until(lambda: mouth.connects == 2)
            mouth.abort()
            await until(lambda: mouth.connects == 3)
        await asyncio.sleep(0.2)

    assert [payload for _, payload, _ in heard.messages] == [b"0", b"1"] and made == [0, 1, 2]


async def test_a_half_open_connection_is_noticed_within_two_keepalives(mosquitto: Mosquitto) -> None:
    told: list[str] = []
    async with client(mosquitto.url, "mouth", keepalive_s=1, on_disconnected=told.append) as mouth:
        mosquitto.freeze()
        began = asyncio.get_running_loop().time()

        await until(lambda: told, within_s=10)

        assert asyncio.get_running_loop().time() - began < 5
        mosquitto.thaw()
        await mouth.wait_connected(20)


async def test_an_idle_connection_lives_on(mosquitto: Mosquitto) -> None:
    told: list[str] = []
    async with client(mosquitto.url, "mouth", keepalive_s=1, on_disconnected=told.append):
        await asyncio.sleep(4)

        assert not told


async def test_a_wrong_password_is_said_once_and_tried_again(
    tmp_path: Path, mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    mosquitto.stop()
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    mosquitto.lines = [*DEFAULT_LINES[1:], "allow_anonymous false", f"password_file {passwords}"]
    mosquitto.start()
    connection = MqttConnection(mosquitto.url, client_id="x", username="x", password="wrong", backoff_max_s=0.05)
    with caplog.at_level(logging.WARNING, "devices"):
        connection.start()
        with pytest.raises(TimeoutError, match="refused us"):
            await connection.wait_connected(1.5)
        await connection.close()

    assert not connection.connected and len(caplog.records) == 1 and "wrong" not in caplog.text


async def test_a_bug_in_a_callback_is_loud_and_the_link_goes_on(mosquitto: Mosquitto) -> None:
    loud: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: loud.append(context))
    heard = Heard()

    def trips(topic: str, payload: bytes, qos: int, retain: bool, ack: Callable[[], None]) -> None:
        heard(topic, payload, qos, retain, ack)
        if payload == b"trip":
            raise KeyError("ours")

    async with client(mosquitto.url, "ear", ["a"], on_message=trips) as ear:
        async with client(mosquitto.url, "mouth") as mouth:
            mouth.publish("a", b"trip")
            mouth.publish("a", b"after")
            await until(lambda: len(heard.messages) == 2)
        assert ear.connects == 1

    assert [type(context["exception"]) for context in loud] == [KeyError]


async def test_a_set_up_that_fails_is_loud_and_done_again(mosquitto: Mosquitto) -> None:
    loud: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: loud.append(context))
    tried: list[int] = []

    async def set_up(session_present: bool) -> None:
        tried.append(1)
        if len(tried) == 1:
            raise RuntimeError("ours")

    async with client(mosquitto.url, "x", on_connected=set_up) as connection:
        await until(lambda: connection.connects == 2)
        await asyncio.sleep(0.1)

    assert len(tried) == 2 and len(loud) == 1


async def test_a_refused_filter_is_an_error() -> None:
    async with scripted(ScriptedBroker(suback=0x80)) as broker, client(broker.url, "x") as connection:
        with pytest.raises(SubscriptionRefused) as caught:
            await connection.subscribe(["secret/#"])

    assert caught.value.filters == ("secret/#",)


@pytest.mark.parametrize(
    ("name", "sends", "reason"),
    [
        ("a packet above the limit", b"\x30\xff\xff\xff\x7f" + b"x" * 100_000, "above the limit"),
        ("a length of five bytes", b"\x30\xff\xff\xff\xff\x01", "four bytes"),
        ("a message without a topic", b"\x30\x02\x00\x00", "a PUBLISH that is none"),
        ("a topic longer than its packet", b"\x30\x04\x00\x09ab", "a PUBLISH that is none"),
        ("a packet that does not exist", b"\xf0\x00", "Protocol error"),
    ],
)
async def test_a_broker_that_speaks_no_mqtt_is_left(name: str, sends: bytes, reason: str) -> None:
    told: list[str] = []
    async with scripted(ScriptedBroker(then=sends)) as broker:
        connection = MqttConnection(broker.url, client_id="x", on_disconnected=told.append, backoff_max_s=0.05)
        connection.start()
        await until(lambda: broker.connections >= 2)
        await connection.close()

    assert told and reason in told[0]


async def test_a_topic_that_is_no_text_is_dropped_and_acknowledged() -> None:
    heard = Heard()
    then = b"\x32\x07\x00\x02a\xff\x00\x05x" + b"\x32\x07\x00\x02ab\x00\x06x"
    async with scripted(ScriptedBroker(then=then)) as broker, client(broker.url, "x", on_message=heard):
        await until(lambda: broker.heard.count(0x40) == 2)

    assert [message[0] for message in heard.messages] == ["ab"]


async def test_connecting_never_blocks_the_loop() -> None:
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            ticks.append(asyncio.get_running_loop().time())
            await asyncio.sleep(0.01)

    # A listener whose queue is full swallows connections without a word, like a lost network.
    with socket.socket() as deaf, contextlib.ExitStack() as stack:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(deaf.getsockname())
        connection = MqttConnection(f"mqtt://127.0.0.1:{deaf.getsockname()[1]}", client_id="x")
        ticking = asyncio.create_task(tick())
        connection.start()
        await asyncio.sleep(1)
        await connection.close()
        ticking.cancel()

    assert not connection.connects
    assert max(after - before for before, after in itertools.pairwise(ticks)) < 0.3


async def test_a_broker_that_never_answers_connect_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.link._CONNACK_TIMEOUT_S", 0.2)
    async with scripted(ScriptedBroker(connack=b"")) as broker:
        connection = MqttConnection(broker.url, client_id="x", backoff_max_s=0.05)
        connection.start()
        await until(lambda: broker.connections >= 3)
        await connection.close()

    assert connection.last_error == "the broker does not answer"


async def test_the_window_and_the_queue_have_an_end(mosquitto: Mosquitto) -> None:
    heard = Heard()
    async with (
        client(mosquitto.url, "ear", ["a/#"], on_message=heard),
        client(mosquitto.url, "mouth", max_inflight=5, max_queued=20) as mouth,
    ):
        mosquitto.freeze()
        sent = [mouth.publish(f"a/{n}", b"x") for n in range(40)]
        mosquitto.thaw()
        await until(lambda: len(heard.messages) == 25)

        assert [publication is not None for publication in sent] == [True] * 25 + [False] * 15
        assert mouth.refused == 15
        for publication in sent[:25]:
            assert publication is not None
            await asyncio.wait_for(publication, 5)
    assert [topic for topic, _, _ in heard.messages] == [f"a/{n}" for n in range(25)]


async def test_a_paused_reader_leaves_the_messages_to_the_broker(mosquitto: Mosquitto) -> None:
    heard = Heard()
    async with (
        client(mosquitto.url, "ear", ["a"], on_message=heard, keepalive_s=1) as ear,
        client(mosquitto.url, "mouth") as mouth,
    ):
        ear.pause_reading()
        for _ in range(50):
            mouth.publish("a", b"x")
        await asyncio.sleep(0.3)
        assert not heard.messages

        ear.resume_reading()
        await until(lambda: len(heard.messages) == 50)


@pytest.mark.parametrize("topic", ["", "a/+", "a/#", "a\0", "a" * 65_536])
async def test_a_topic_nobody_can_publish_to_is_our_bug(mosquitto: Mosquitto, topic: str) -> None:
    async with client(mosquitto.url, "x") as connection:
        for qos in (0, 1):
            with pytest.raises(ValueError):
                connection.publish(topic, b"x", qos)
        assert connection.publish("a", b"x") is not None


async def test_an_mqtt_5_message_outlives_its_expiry_nowhere(mosquitto: Mosquitto) -> None:
    heard = Heard()
    async with client(mosquitto.url, "mouth", protocol=5) as mouth:
        mouth.publish("a", b"dies", retain=True, expiry_s=1)
        mouth.publish("b", b"stays", retain=True)
        await asyncio.sleep(2.1)
        async with client(mosquitto.url, "ear", ["a", "b"], on_message=heard):
            await until(lambda: heard.messages)

    assert heard.messages == [("b", b"stays", True)]


async def test_nothing_is_left_in_the_loop_after_close(mosquitto: Mosquitto) -> None:
    before = asyncio.all_tasks()
    connection = MqttConnection(mosquitto.url, client_id="x")
    connection.start()
    await connection.wait_connected()
    await connection.close()
    await connection.close()

    assert asyncio.all_tasks() == before and not connection.connected and connection.publish("a", b"x") is None
    connection.start()  # and it can begin again
    await connection.wait_connected()
    await connection.close()


@pytest.mark.parametrize("url", ["127.0.0.1:1883", "http://127.0.0.1", "mqtt://", "mqtt:///x"])
async def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError):
        MqttConnection(url, client_id="x")


# TLS


def authority(folder: Path) -> tuple[Path, Path, Path]:
    """A small authority of its own and a certificate for 127.0.0.1."""

    def issue(name: str, key: Any, issuer: Any, signer: Any, is_ca: bool) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(names, critical=False)
            .sign(signer, hashes.SHA256())
        )

    folder.mkdir()
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = issue("ca", ca_key, None, ca_key, True)
    certificate = issue("broker", key, ca.subject, ca_key, False)
    pem = serialization.Encoding.PEM
    paths = folder / "ca.pem", folder / "broker.pem", folder / "broker.key"
    paths[0].write_bytes(ca.public_bytes(pem))
    paths[1].write_bytes(certificate.public_bytes(pem))
    paths[2].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return paths


async def test_tls_carries_everything_and_only_to_a_broker_of_our_authority(
    tmp_path: Path, mosquitto: Mosquitto, rng: random.Random
) -> None:
    ca, certificate, key = authority(tmp_path / "ours")
    other_ca, _, _ = authority(tmp_path / "theirs")
    mosquitto.stop()
    mosquitto.lines = [*DEFAULT_LINES, f"certfile {certificate}", f"keyfile {key}"]
    mosquitto.start()
    url = f"mqtts://127.0.0.1:{mosquitto.port}"
    payloads = [rng.randbytes(size) for size in (10, 100_000, 2_000_000) * 3]
    heard = Heard()

    async with (
        client(url, "ear", ["a"], on_message=heard, ca_file=str(ca)),
        client(url, "mouth", ca_file=str(ca)) as mouth,
    ):
        for payload in payloads:
            mouth.publish("a", payload)
        await until(lambda: len(heard.messages) == len(payloads), 20)
    stranger = MqttConnection(url, client_id="x", ca_file=str(other_ca))
    stranger.start()
    with pytest.raises(TimeoutError, match="CERTIFICATE_VERIFY_FAILED"):
        await stranger.wait_connected(1)
    await stranger.close()

    assert [payload for _, payload, _ in heard.messages] == payloads
