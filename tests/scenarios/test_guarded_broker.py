"""A campus as a school runs it: Mosquitto with TLS and the generated access list, the gateway and its devices on it.

What the access list itself refuses is told in `tests/mqtt/test_broker_config.py`; here the whole way works through it.
"""

import json
import os
import socket
import subprocess
import time

import pytest

from tests.parts.gateway_process import PEOPLE, GatewayProcess, SiteFolder
from tests.parts.lone_client import LoneClient
from tests.parts.mosquitto import free_port, mosquitto_path
from tests.parts.waiting import wait_until


@pytest.fixture
def guarded(tmp_path):
    """A site whose broker runs with the files of `wardgate broker-config`."""
    port = free_port()
    site = SiteFolder(tmp_path / "site", mqtt_url=f"mqtts://localhost:{port}")
    out = tmp_path / "broker"
    done = site.cli("broker-config", "--out", str(out))
    assert done.returncode == 0, done.stderr
    if os.geteuid() == 0:  # else it gives up its rights, and with them the test's folder
        with (out / "mosquitto.conf").open("a") as file:
            file.write("user root\n")
    if mosquitto_path() is None:
        pytest.skip("mosquitto is not installed")
    broker = subprocess.Popen([mosquitto_path(), "-c", str(out / "mosquitto.conf")], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port), "the broker listens")
        yield site, port
    finally:
        broker.terminate()
        try:
            broker.wait(5)
        except subprocess.TimeoutExpired:
            broker.kill()
            broker.wait()


def device(site: SiteFolder, port: int, *words: str) -> LoneClient:
    """A device as enrolled by the command line, on TLS with its own password."""
    done = site.cli("device", "enrol", *words)
    assert done.returncode == 0, done.stderr
    client = LoneClient(json.loads(done.stdout), port, host="localhost", with_password=True)
    client.client.tls_set(str(site.folder / "tls" / "ca.crt"))
    return client


def test_a_campus_lives_behind_tls_and_the_access_list(guarded, tmp_path):
    site, port = guarded
    site.import_people(*PEOPLE)
    gateway = GatewayProcess(site, tmp_path / "gateway.log").start()
    try:
        # Enrolled while broker and gateway run: neither is started again.
        with device(site, port, "reader", "north-in-1", "--portal", "north-in") as reader:
            reader.until(lambda: reader.posture is not None, 10, "a posture")
            assert reader.ask("STAFF1")["action"] == "grant"
            assert reader.ask("NOBODY")["reason"] == "unknown_credential"
            reader.event("exit_button")
            reader.wait_acked()

            retired_at = time.monotonic()
            assert site.cli("device", "retire", "north-in-1").returncode == 0
            command_s = time.monotonic() - retired_at
            wait_until(lambda: not reader.connected, "the retired device is out", 5.0)
            assert not _connects_again(reader)
            assert command_s < 60
        assert site.rows("device_retired")[-1].body["device"] == "north-in-1"
    finally:
        gateway.stop()
    assert site.verify().holds


def test_a_second_gateway_looks_before_it_speaks_and_the_first_stays(guarded, tmp_path):
    """The broker ties client ids to user names: a second gateway under the same name would cut the first one off."""
    site, _port = guarded
    other = SiteFolder(tmp_path / "other", mqtt_url=site.mqtt_url)
    for name in ("secrets", "tls"):
        for file in (site.folder / name).iterdir():
            (other.folder / name / file.name).write_bytes(file.read_bytes())
    first = GatewayProcess(site, tmp_path / "first.log").start()
    try:
        second = GatewayProcess(other, tmp_path / "second.log").spawn()
        assert second.wait_end() == 2
        instance = first.wait_for_event("gateway_runs")["instance"]
        assert instance in second.words(), "it says which one is running"
        assert not [line for line in first.events() if line.get("event") == "broker_away"]
    finally:
        first.stop()


def _connects_again(client: LoneClient) -> bool:
    """Given three seconds of trying."""
    until = time.monotonic() + 3
    while time.monotonic() < until:
        if client.connected:
            return True
        time.sleep(0.05)
    return False


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
