"""The embedded broker, driven by paho as any device would."""

import os
import queue
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from gateway.flows.enrolment import BrokerUser
from gateway.mqtt.embedded import BrokerNotStarted, EmbeddedBroker, device_user, gateway_user
from tests.parts.waiting import wait_until

GATEWAY = gateway_user("main", "wardgate", "gateway-password")
NORTH = device_user("main", BrokerUser("north", "reader", "north-password"))
SOUTH = device_user("main", BrokerUser("south", "reader", "south-password"))
PATIENCE_S = 10


class Client:
    """One connection; what came in, in order."""

    def __init__(self, port, user, password, client_id, will=None):
        self.heard = queue.Queue()
        self.connected = queue.Queue()
        self.gone = queue.Queue()
        self.granted = queue.Queue()
        self.paho = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, reconnect_on_failure=False)
        self.paho.username_pw_set(user, password)
        if will is not None:
            self.paho.will_set(*will, qos=1, retain=True)
        self.paho.on_connect = lambda *given: self.connected.put(str(given[3]))
        self.paho.on_disconnect = lambda *given: self.gone.put(str(given[3]))
        self.paho.on_subscribe = lambda *given: self.granted.put([not code.is_failure for code in given[3]])
        self.paho.on_message = lambda _client, _data, message: self.heard.put(
            (message.topic, message.payload, bool(message.retain))
        )
        self.paho.connect("127.0.0.1", port, keepalive=15)
        self.paho.loop_start()

    def listen(self, *topics):
        self.paho.subscribe([(topic, 1) for topic in topics])
        return self.granted.get(timeout=PATIENCE_S)

    def say(self, topic, payload, retain=False):
        """Publish and wait for the acknowledgement."""
        info = self.paho.publish(topic, payload, qos=1, retain=retain)
        info.wait_for_publish(PATIENCE_S)
        assert info.is_published()

    def drop(self):
        """The line goes away without a word."""
        self.paho._sock.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.paho.disconnect()
        self.paho.loop_stop()


@contextmanager
def client(port, user, client_id=None, password=None, will=None):
    one = Client(port, user.name, password or user.password, client_id or user.name, will)
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def broker(tmp_path):
    broker = EmbeddedBroker(tmp_path / "broker", [GATEWAY, NORTH])
    broker.start()
    yield broker
    broker.stop()


def test_gateway_and_device_hear_each_other(broker):
    with client(broker.port, GATEWAY, "gateway-1") as gateway, client(broker.port, NORTH) as north:
        assert gateway.listen(*GATEWAY.access.read) == [True] * len(GATEWAY.access.read)
        assert north.listen(*NORTH.access.read) == [True] * 4

        for channel in ("tap", "event", "result"):
            north.say(f"campus/main/reader/north/{channel}", channel.encode())
        gateway.say("campus/main/reader/north/command", b"open")

        up = {gateway.heard.get(timeout=PATIENCE_S) for _ in range(3)}
        assert up == {
            (f"campus/main/reader/north/{channel}", channel.encode(), False) for channel in ("tap", "event", "result")
        }
        assert north.heard.get(timeout=PATIENCE_S) == ("campus/main/reader/north/command", b"open", False)


def test_a_frame_of_two_mebibytes_goes_through(broker):
    with client(broker.port, GATEWAY, "gateway-1") as gateway, client(broker.port, NORTH) as north:
        gateway.listen("campus/main/+/+/frame")
        picture = os.urandom(2 * 1024 * 1024)

        north.say("campus/main/reader/north/frame", picture)

        assert gateway.heard.get(timeout=PATIENCE_S)[1] == picture


def test_a_device_neither_speaks_nor_hears_for_another(broker):
    broker.set_users([GATEWAY, NORTH, SOUTH])
    with client(broker.port, GATEWAY, "gateway-1") as gateway, client(broker.port, NORTH) as north:
        gateway.listen("campus/main/+/+/tap", "campus/main/+/+/status")

        assert north.listen("campus/main/reader/south/command") == [False]
        assert north.listen("campus/main/reader/+/command") == [False]
        assert north.listen("#") == [False]
        north.paho.publish("campus/main/reader/south/tap", b"spoofed", qos=1)
        north.paho.publish("campus/main/reader/south/status", b"spoofed", qos=1, retain=True)
        north.say("campus/main/reader/north/tap", b"own")

        assert gateway.heard.get(timeout=PATIENCE_S) == ("campus/main/reader/north/tap", b"own", False)
        assert gateway.heard.empty()


def test_a_will_is_sent_when_the_line_breaks(broker):
    status = "campus/main/reader/north/status"
    with client(broker.port, GATEWAY, "gateway-1") as gateway:
        gateway.listen(status.replace("reader/north", "+/+"))
        with client(broker.port, NORTH, will=(status, b"gone")) as north:
            north.connected.get(timeout=PATIENCE_S)
            north.drop()

            assert gateway.heard.get(timeout=PATIENCE_S) == (status, b"gone", False)


@pytest.mark.parametrize(
    ("name", "password"), [("north", "wrong"), ("nobody", "north-password"), ("south", "south-password")]
)
def test_who_is_not_enrolled_or_has_the_wrong_password_stays_out(broker, name, password):
    one = Client(broker.port, name, password, name)
    try:
        assert one.connected.get(timeout=PATIENCE_S) != "Success"
    finally:
        one.close()


def test_a_new_user_comes_in_and_a_retired_one_is_cut_off_without_a_restart(broker):
    pid = broker.pid
    with client(broker.port, GATEWAY, "gateway-1") as gateway, client(broker.port, NORTH) as north:
        assert gateway.connected.get(timeout=PATIENCE_S) == north.connected.get(timeout=PATIENCE_S) == "Success"
        began = time.monotonic()

        broker.set_users([GATEWAY, SOUTH])

        north.gone.get(timeout=5)
        assert time.monotonic() - began < 5
        while True:
            with client(broker.port, SOUTH) as south:
                if south.connected.get(timeout=PATIENCE_S) == "Success":
                    break
            assert time.monotonic() - began < 5
        assert gateway.gone.empty(), "whoever stays does not notice"
    assert broker.pid == pid


def test_what_was_retained_survives_kill_9_on_the_same_port(broker):
    posture = "campus/main/reader/north/posture"
    with client(broker.port, GATEWAY, "gateway-1") as gateway:
        gateway.say(posture, b"closed", retain=True)
    port, pid = broker.port, broker.pid

    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: broker.pid not in (None, pid) and answers(port))

    assert (broker.port, broker.restarts) == (port, 1)
    with client(port, NORTH) as north:
        north.listen(posture)
        assert north.heard.get(timeout=PATIENCE_S) == (posture, b"closed", True)


def test_a_stop_and_a_start_keep_what_was_retained(tmp_path):
    topic = "campus/main/gateway/status"
    for retained in (None, b"one"):
        broker = EmbeddedBroker(tmp_path / "broker", [GATEWAY])
        broker.start()
        pid = broker.pid
        try:
            with client(broker.port, GATEWAY, "gateway-1") as gateway:
                if retained is not None:
                    gateway.listen(topic)
                    assert gateway.heard.get(timeout=PATIENCE_S) == (topic, retained, True)
                gateway.say(topic, b"one", retain=True)
        finally:
            broker.stop()
        assert not lives(pid)


def test_it_listens_on_loopback_alone(broker):
    assert listening_addresses(broker.pid) == {"0100007F"}  # 127.0.0.1 as the kernel writes it


def test_the_users_file_is_for_nobody_else(broker, tmp_path):
    assert stat.S_IMODE((tmp_path / "broker" / "users.conf").stat().st_mode) == 0o600


def test_a_taken_port_is_said_and_nothing_stays_behind(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        broker = EmbeddedBroker(tmp_path / "broker", [GATEWAY], port)

        with pytest.raises(BrokerNotStarted, match="does not run"):
            broker.start()

        assert broker.pid is None


@pytest.mark.parametrize("password", ['"', "a b", "\n", "", "$x", "ü"])
def test_no_password_can_write_into_the_users_file(tmp_path, password):
    broker = EmbeddedBroker(tmp_path / "broker", [device_user("main", BrokerUser("north", "reader", password))])

    with pytest.raises(ValueError, match="may stand in"):
        broker.start()


def test_it_dies_with_its_parent(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from gateway.mqtt.embedded import EmbeddedBroker, gateway_user\n"
        f"broker = EmbeddedBroker(Path({str(tmp_path / 'broker')!r}), [gateway_user('main', 'wardgate', 'x')])\n"
        "broker.start(); print(broker.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    try:
        pid = int(parent.stdout.readline())
        assert lives(pid)
    finally:
        parent.kill()
        parent.wait(PATIENCE_S)
        parent.stdout.close()

    wait_until(lambda: not lives(pid))


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def listening_addresses(pid):
    """The local addresses, of either family, on which a process listens."""
    own = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own}
