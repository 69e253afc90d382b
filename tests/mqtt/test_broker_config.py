"""The files of `wardgate broker-config`, kept by a real Mosquitto: TLS, passwords, access list, reload."""

import hashlib
import json
import os
import queue
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import time
from base64 import b64decode
from contextlib import contextmanager
from dataclasses import replace

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.topics import BadTopic
from gateway.__main__ import main
from gateway.flows.enrolment import BrokerUser
from gateway.mqtt.broker_config import (
    BrokerLogin,
    ReloadFailed,
    access_list,
    hash_password,
    passwords,
    reload,
    write_all,
)
from gateway.settings import load
from tests.parts.mosquitto import free_port, mosquitto_path
from tests.parts.waiting import wait_until

PATIENCE_S = 10
LOGIN = BrokerLogin("wardgate", "gateway-password")


class Client:
    """One connection over TLS; what came in, in order."""

    def __init__(self, campus, user, password, client_id, will=None):
        self.heard, self.connected, self.gone = queue.Queue(), queue.Queue(), queue.Queue()
        self.paho = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, reconnect_on_failure=False)
        self.paho.username_pw_set(user, password)
        self.paho.tls_set(ca_certs=str(campus.site / "tls" / "ca.crt"))
        if will is not None:
            self.paho.will_set(will, b"will", qos=1, retain=True)
        self._subscribed = queue.Queue()
        self.paho.on_connect = lambda *given: self.connected.put(str(given[3]))
        self.paho.on_disconnect = lambda *given: self.gone.put(time.monotonic())
        self.paho.on_subscribe = lambda *given: self._subscribed.put(None)
        self.paho.on_message = lambda _client, _data, message: self.heard.put((message.topic, message.payload))
        self.paho.connect("localhost", campus.port, keepalive=15)
        self.paho.loop_start()

    def came_in(self):
        return self.connected.get(timeout=PATIENCE_S) == "Success"

    def listen(self, *topics):
        self.paho.subscribe([(topic, 1) for topic in topics])
        self._subscribed.get(timeout=PATIENCE_S)

    def say(self, topic, payload=b"x", retain=False):
        info = self.paho.publish(topic, payload, qos=1, retain=retain)
        info.wait_for_publish(PATIENCE_S)
        assert info.is_published()

    def close(self):
        self.paho.disconnect()
        self.paho.loop_stop()


class Campus:
    """A site whose broker runs with the files that the command wrote."""

    def __init__(self, folder, monkeypatch):
        self.site, self.out, self.port = folder / "site", folder / "broker", free_port()
        monkeypatch.setenv("WARDGATE_MQTT_URL", f"mqtts://localhost:{self.port}")
        assert main(["init", str(self.site)]) == 0
        self.settings = load(self.site, {"WARDGATE_MQTT_URL": f"mqtts://localhost:{self.port}"})
        self._process = None

    def start(self):
        assert self.run("broker-config", "--out", str(self.out)) == 0
        if os.geteuid() == 0:  # else it gives up its rights, and with them the test's folder
            with (self.out / "mosquitto.conf").open("a") as file:
                file.write("user root\n")
        self._process = subprocess.Popen(
            [mosquitto_path(), "-c", str(self.out / "mosquitto.conf")], stderr=subprocess.PIPE
        )
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None, self._process.stderr.read().decode()
                assert time.monotonic() < until
                time.sleep(0.02)

    def stop(self):
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(2)
            except subprocess.TimeoutExpired:  # Mosquitto forgets a SIGTERM that comes just before its main loop
                self._process.kill()
                self._process.wait(PATIENCE_S)
            self._process.stderr.close()

    def run(self, *arguments):
        return main([*arguments, "--config", str(self.site)])

    @property
    def pid(self):
        return self._process.pid

    @contextmanager
    def client(self, user, password, client_id=None, will=None):
        one = Client(self, user, password, client_id or user, will)
        try:
            yield one
        finally:
            one.close()

    def gateway(self, client_id="gateway-1"):
        return self.client(self.settings.mqtt_username, self.settings.mqtt_password, client_id)


@pytest.fixture
def campus(tmp_path, monkeypatch, capsys):
    if mosquitto_path() is None:
        pytest.skip("mosquitto is not installed")
    campus = Campus(tmp_path, monkeypatch)
    yield campus
    campus.stop()


@pytest.fixture
def enrol(campus, capsys):
    """Enrol a device with the command; what it has to know."""

    def enrol(kind, device, *place):
        capsys.readouterr()
        assert campus.run("device", "enrol", kind, device, *place) == 0
        return json.loads(capsys.readouterr().out)

    return enrol


@pytest.fixture
def two_readers(campus, enrol):
    """A running broker that knows two readers: their passwords."""
    known = [enrol("reader", f"reader-{number}", "--portal", "north-in")["password"] for number in (1, 2)]
    campus.start()
    return known


def test_devices_and_gateway_talk_over_tls(campus, two_readers):
    with campus.gateway() as gateway, campus.client("reader-1", two_readers[0]) as reader:
        gateway.listen("campus/main/+/+/tap")
        reader.listen("campus/main/reader/reader-1/command", "campus/main/reader/reader-1/credentials/+")

        reader.say("campus/main/reader/reader-1/tap", b"tap")
        assert gateway.heard.get(timeout=PATIENCE_S) == ("campus/main/reader/reader-1/tap", b"tap")
        gateway.say("campus/main/reader/reader-1/credentials/0001", b"page", retain=True)
        gateway.say("campus/main/reader/reader-1/command", b"open")

        assert {reader.heard.get(timeout=PATIENCE_S) for _ in range(2)} == {
            ("campus/main/reader/reader-1/credentials/0001", b"page"),
            ("campus/main/reader/reader-1/command", b"open"),
        }


def test_without_tls_or_with_another_authority_nobody_talks(campus, two_readers, tmp_path):
    with socket.create_connection(("127.0.0.1", campus.port), timeout=PATIENCE_S) as plain:
        plain.sendall(b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x0f\x00\x02ab")
        plain.settimeout(PATIENCE_S)
        try:
            answer = plain.recv(4)
        except ConnectionError:
            answer = b""
    assert not answer.startswith(b"\x20")

    assert main(["init", str(tmp_path / "other")]) == 0
    other = ssl.create_default_context(cafile=str(tmp_path / "other" / "tls" / "ca.crt"))
    with (
        socket.create_connection(("127.0.0.1", campus.port)) as sock,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        other.wrap_socket(sock, server_hostname="localhost")


@pytest.mark.parametrize(
    ("name", "password"), [("reader-1", "wrong"), ("reader-3", None), ("", None), ("wardgate", "reader's own")]
)
def test_who_has_not_the_right_password_stays_out(campus, two_readers, name, password):
    with campus.client(name, password or two_readers[0], "anything") as stranger:
        assert not stranger.came_in()


def test_a_device_cannot_speak_for_another(campus, two_readers):
    with campus.gateway() as gateway, campus.client("reader-1", two_readers[0]) as reader:
        gateway.listen("campus/main/+/+/tap", "campus/main/+/+/status", "campus/main/gateway/status")

        for topic in (
            "campus/main/reader/reader-2/tap",
            "campus/main/dorm/reader-1/tap",
            "campus/other/reader/reader-1/tap",
            "campus/main/gateway/status",
        ):
            reader.say(topic, b"spoofed")
        reader.say("campus/main/reader/reader-2/status", b"spoofed", retain=True)
        reader.say("campus/main/reader/reader-1/tap", b"own")

        assert gateway.heard.get(timeout=PATIENCE_S) == ("campus/main/reader/reader-1/tap", b"own")
        assert gateway.heard.empty()
    with campus.gateway() as later:
        later.listen("campus/main/+/+/status")
        assert nothing_comes(later), "nothing was retained for another"


def test_a_device_cannot_command_another_nor_itself(campus, two_readers):
    with (
        campus.client("reader-1", two_readers[0]) as attacker,
        campus.client("reader-2", two_readers[1]) as victim,
        campus.gateway() as gateway,
    ):
        victim.listen("campus/main/reader/reader-2/command", "campus/main/reader/reader-2/posture")
        attacker.listen("campus/main/reader/reader-1/command")

        for topic in ("reader-2/command", "reader-2/posture", "reader-1/command"):
            attacker.say(f"campus/main/reader/{topic}", b"open", retain=True)
        gateway.say("campus/main/reader/reader-2/command", b"real")

        assert victim.heard.get(timeout=PATIENCE_S) == ("campus/main/reader/reader-2/command", b"real")
        assert victim.heard.empty() and attacker.heard.empty()


def test_a_device_cannot_read_what_is_not_its_own(campus, two_readers):
    with campus.gateway() as gateway:
        gateway.say("campus/main/reader/reader-2/posture", b"secret", retain=True)
        with campus.client("reader-1", two_readers[0]) as spy, campus.client("reader-2", two_readers[1]) as victim:
            spy.listen("#", "campus/#", "campus/main/reader/+/posture", "campus/main/reader/reader-2/#", "$SYS/#")
            victim.say("campus/main/reader/reader-2/tap", b"card number")
            gateway.say("campus/main/reader/reader-2/command", b"open")

            assert nothing_comes(spy)


@pytest.mark.parametrize("stolen", ["reader-2", "gateway-1", "wardgate"])
def test_nobody_is_pushed_off_by_a_stolen_client_id(campus, two_readers, stolen):
    with campus.gateway("gateway-1") as gateway, campus.client("reader-2", two_readers[1]) as victim:
        assert gateway.came_in() and victim.came_in()

        with campus.client("reader-1", two_readers[0], client_id=stolen) as thief:
            assert thief.came_in()
            gateway.listen("campus/main/+/+/tap")
            victim.say("campus/main/reader/reader-2/tap", b"still here")

            assert gateway.heard.get(timeout=PATIENCE_S)[1] == b"still here"
            assert gateway.gone.empty() and victim.gone.empty()


def test_a_will_on_another_devices_topic_is_not_sent(campus, two_readers):
    with campus.gateway() as gateway:
        gateway.listen("campus/main/+/+/status")
        for topic in ("campus/main/reader/reader-2/status", "campus/main/reader/reader-1/status"):
            with campus.client("reader-1", two_readers[0], will=topic) as one:
                one.connected.get(timeout=PATIENCE_S)
                if one.paho.is_connected():
                    one.paho._sock.shutdown(socket.SHUT_RDWR)

        assert gateway.heard.get(timeout=PATIENCE_S) == ("campus/main/reader/reader-1/status", b"will")
        assert gateway.heard.empty()


def test_an_enrolled_device_is_known_and_a_retired_one_out_without_a_restart(campus, two_readers, enrol):
    pid = campus.pid
    with campus.gateway() as gateway, campus.client("reader-1", two_readers[0]) as retired:
        assert gateway.came_in() and retired.came_in()

        password = enrol("dorm", "door-1", "--portal", "dorm-1-door")["password"]
        wait_until(lambda: self_test(campus, "door-1", password))
        assert retired.gone.empty()

        began = time.monotonic()
        assert campus.run("device", "retire", "reader-1") == 0
        out = retired.gone.get(timeout=5)

        assert out - began < 5
        assert not self_test(campus, "reader-1", two_readers[0])
        assert self_test(campus, "reader-2", two_readers[1])
        assert gateway.gone.empty(), "whoever stays does not notice"
    assert campus.pid == pid


def test_the_lookout_reads_who_runs_and_nothing_else(campus, two_readers):
    login = BrokerLogin(campus.settings.mqtt_username, campus.settings.mqtt_password)
    with campus.gateway() as gateway:
        gateway.say("campus/main/gateway/status", b"online", retain=True)
        with campus.client(login.lookout, login.password) as lookout:
            lookout.listen("campus/#")
            lookout.say("campus/main/reader/reader-1/command", b"open")
            lookout.say("campus/main/gateway/status", b"offline", retain=True)
            gateway.say("campus/main/reader/reader-1/command", b"open")

            assert lookout.heard.get(timeout=PATIENCE_S) == ("campus/main/gateway/status", b"online")
            assert nothing_comes(lookout)
            assert gateway.gone.empty()


def test_more_than_mosquittos_twenty_are_on_their_way_at_once(campus, two_readers):
    with campus.gateway() as gateway, campus.client("reader-1", two_readers[0]) as reader:
        gateway.paho.manual_ack_set(True)
        gateway.listen("campus/main/+/+/event")

        for number in range(500):
            reader.paho.publish("campus/main/reader/reader-1/event", str(number), qos=1)

        heard = [gateway.heard.get(timeout=PATIENCE_S)[1] for _ in range(500)]
        assert heard == [str(number).encode() for number in range(500)]


def test_a_frame_goes_through_and_anything_larger_ends_the_connection(campus, two_readers):
    with campus.gateway() as gateway, campus.client("reader-1", two_readers[0]) as reader:
        gateway.listen("campus/main/+/+/frame")
        frame = "campus/main/reader/reader-1/frame"

        reader.say(frame, bytes(2 * 1024 * 1024))
        assert len(gateway.heard.get(timeout=PATIENCE_S)[1]) == 2 * 1024 * 1024

        reader.paho.publish(frame, bytes(3 * 1024 * 1024), qos=1)
        reader.gone.get(timeout=PATIENCE_S)
        assert nothing_comes(gateway)


# --- the files themselves ---------------------------------------------------------------------------------------------


def test_files_are_for_the_broker_and_nobody_else(campus, two_readers):
    for name in ("passwords", "acl", "mosquitto.conf", "broker.key"):
        mode = stat.S_IMODE((campus.out / name).stat().st_mode)
        assert mode & 0o007 == 0, name
        assert mode & 0o020 == 0, name
    assert not list(campus.out.glob(".*.new"))


def test_no_password_stands_in_the_files(campus, two_readers):
    for name in ("passwords", "acl", "mosquitto.conf"):
        text = (campus.out / name).read_text()
        for secret in (*two_readers, campus.settings.mqtt_password):
            assert secret not in text


def test_the_hash_is_mosquittos():
    salt = bytes(range(12))
    _, seven, rounds, salted, digest = hash_password("secret", salt).split("$")

    assert (seven, rounds, b64decode(salted)) == ("7", "101", salt)
    assert b64decode(digest) == hashlib.pbkdf2_hmac("sha512", b"secret", salt, 101)
    assert hash_password("secret") != hash_password("secret"), "a salt of its own each time"


HOSTILE = ["", "a:b", "a\nuser b", "a b", "#", "+", "../x", "A", "ａ", "-a", "a" * 64, "a/b", "%u", "a\0"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_hostile_name_reaches_a_file(name):
    with pytest.raises((ValueError, BadTopic)):
        passwords(LOGIN, [BrokerUser(name, "reader", "x")])
    with pytest.raises((ValueError, BadTopic)):
        access_list("main", LOGIN, [BrokerUser(name, "reader", "x")])


@given(st.text(min_size=1))
def test_a_name_writes_one_line_or_none(name):
    try:
        text = passwords(LOGIN, [BrokerUser(name, "reader", "x")])
    except ValueError:
        return
    assert [line.partition(":")[0] for line in text.splitlines()] == ["wardgate", "wardgate-lookout", name]


def test_a_plain_broker_is_for_this_machine_alone(campus):
    settings = load(campus.site, {"WARDGATE_MQTT_URL": "mqtt://localhost:1883"})

    write_all(settings, campus.out, [])

    text = (campus.out / "mosquitto.conf").read_text()
    assert "listener 1883 127.0.0.1\n" in text
    assert "certfile" not in text and not (campus.out / "broker.key").exists()


# --- telling the broker -----------------------------------------------------------------------------------------------


def with_broker(settings, **changes):
    return replace(settings, broker=replace(settings.broker, **changes))


def test_the_reload_command_runs_as_it_stands_without_a_shell(campus, tmp_path):
    noted = tmp_path / "noted"
    program = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
    settings = with_broker(campus.settings, reload=(sys.executable, "-c", program, str(noted), "$(id); a b | c"))

    assert reload(settings, tmp_path)

    assert noted.read_text() == "$(id); a b | c"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ((sys.executable, "-c", "import sys; sys.exit('no such service')"), "status 1: no such service"),
        (("/no/such/program",), "cannot be started"),
    ],
)
def test_a_reload_that_fails_is_said(campus, tmp_path, command, says):
    with pytest.raises(ReloadFailed, match=says):
        reload(with_broker(campus.settings, reload=command), tmp_path)


def test_a_process_that_is_no_broker_is_never_signalled(campus, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mosquitto.pid").write_text(f"{os.getpid()}\n")  # SIGHUP would end this very test run

    assert reload(campus.settings, tmp_path) is False


@pytest.mark.parametrize("content", [None, "", "x", "-1", "999999999"])
def test_without_a_running_broker_there_is_nothing_to_tell(campus, tmp_path, content):
    if content is not None:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "mosquitto.pid").write_text(content)

    assert reload(campus.settings, tmp_path) is False


def test_an_enrolment_whose_reload_fails_still_hands_over_the_key(campus, two_readers, monkeypatch, capsys):
    monkeypatch.setenv("WARDGATE_BROKER_RELOAD", '["/no/such/program"]')
    capsys.readouterr()

    status = campus.run("device", "enrol", "reader", "reader-3", "--portal", "south-in")

    said = capsys.readouterr()
    assert status == 1
    assert json.loads(said.out)["device"] == "reader-3"
    assert "reader-3 is enrolled, but" in said.err


def nothing_comes(client):
    try:
        client.heard.get(timeout=0.5)
    except queue.Empty:
        return True
    return False


def self_test(campus, name, password):
    with campus.client(name, password) as one:
        return one.came_in()


def test_mosquitto_passwd_understands_the_file(tmp_path):
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("mosquitto_passwd is not installed")
    file = tmp_path / "passwords"
    file.write_text(passwords(LOGIN, [BrokerUser("reader-1", "reader", "x")]))

    subprocess.run([program, "-D", str(file), "reader-1"], check=True, capture_output=True)

    assert [line.partition(":")[0] for line in file.read_text().splitlines()] == ["wardgate", "wardgate-lookout"]
