"""Networks that go without a word, come back, or crawl: devices decide alone, nothing is lost, nothing is believed."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from tests.faults.conftest import DOOR, GATE, Scene
from tests.parts.lone_client import LoneClient
from tests.parts.proxy import ChaosProxy

NOTICED_S = 45
"""A half-open link is noticed within two keepalives, and some."""


def test_the_proxy_carries_swallows_and_cuts(make_proxy: Callable[[int], ChaosProxy]) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    proxy = make_proxy(server.getsockname()[1])
    client = socket.create_connection(("127.0.0.1", proxy.port))
    there, _ = server.accept()
    there.settimeout(0.3)
    client.sendall(b"one")
    assert there.recv(10) == b"one"

    proxy.blackhole()
    client.sendall(b"two")
    try:
        assert not there.recv(10), "it was carried"
    except TimeoutError:
        pass
    proxy.blackhole(False)
    client.sendall(b"three")
    assert there.recv(10) == b"three", "what was swallowed is not delivered later"

    proxy.cut()
    there.settimeout(5)
    assert there.recv(10) == b""
    for sock in (client, there, server):
        sock.close()


def test_when_the_gateway_is_cut_off_devices_decide_alone_and_tell_it_afterwards(
    make_scene: Callable[..., Scene], make_proxy: Callable[[int], ChaosProxy]
) -> None:
    scene, reader, proxy = _behind_a_proxy(make_scene, make_proxy)
    proxy.blackhole()
    known, unknown = reader.tap("STAFF1"), reader.tap("NOBODYS")
    reader.until(lambda: reader.taps[known].decided and reader.taps[unknown].decided, 5)

    assert (reader.taps[known].decided, reader.taps[known].outcome) == ("alone", "grant")
    assert (reader.taps[unknown].decided, reader.taps[unknown].outcome) == ("alone", "deny")
    assert reader.commands == []
    proxy.cut()  # so that nobody has to wait for two keepalives
    proxy.blackhole(False)

    reader.wait_acked(40)
    by_tap = {body["tap"]: body for body in scene.rows("decision", "reader")}
    assert (by_tap[known]["alone"], by_tap[known]["outcome"]) == (True, "grant")
    assert by_tap[known]["holder"] is not None, "a token tells who it was"
    assert (by_tap[unknown]["alone"], by_tap[unknown]["outcome"]) == (True, "deny")
    assert reader.moved == [("unlocked", known)]
    assert scene.site.verify().holds


def test_a_link_that_is_half_open_is_noticed_and_made_anew(
    make_scene: Callable[..., Scene], make_proxy: Callable[[int], ChaosProxy]
) -> None:
    """C03: no packet says that it is gone."""
    scene, reader, proxy = _behind_a_proxy(make_scene, make_proxy)
    connections = proxy.connections
    proxy.blackhole()

    began = time.monotonic()
    scene.gateway.wait_for_event("broker_away", NOTICED_S)
    noticed_s = time.monotonic() - began
    proxy.blackhole(False)
    _until(lambda: proxy.connections > connections, 30)

    assert noticed_s < NOTICED_S
    _until(lambda: reader.ask("STAFF1")["action"] == "grant" if reader.connected else False, 30)


@pytest.mark.campaign
def test_a_device_whose_link_is_half_open_is_missed_and_gets_no_command(
    make_scene: Callable[..., Scene], make_proxy: Callable[[int], ChaosProxy]
) -> None:
    scene: Scene = make_scene()
    proxy = make_proxy(scene.broker.port)
    reader = scene.device("reader", "reader", GATE, port=proxy.port)
    scene.gateway.start()
    reader.start()
    reader.until(lambda: reader.posture, 10)

    proxy.blackhole()

    lost = scene.site.wait_for("device_lost", lambda row: row.body["device"] == "reader", NOTICED_S)
    assert lost.body["why"] in ("no sign of life", "its connection ended")
    alarm = scene.site.wait_for("alarm", lambda row: row.body["condition"] == "device_lost")
    assert alarm.body["place"] == "reader"
    proxy.cut()
    proxy.blackhole(False)
    back = scene.site.wait_for(
        "device_online", lambda row: row.body["device"] == "reader" and row.body["away_s"] is not None, 30
    )
    assert back.body["away_s"] >= 0


def test_over_a_slow_network_every_tap_is_one_record_and_one_opening(
    make_scene: Callable[..., Scene], make_proxy: Callable[[int], ChaosProxy]
) -> None:
    scene, reader, proxy = _behind_a_proxy(make_scene, make_proxy)
    proxy.delay(0.3)
    taps = []
    for _ in range(5):
        tap = reader.tap("STAFF1")
        reader.tap_again(tap)
        reader.tap_again(tap)
        reader.until(lambda tap=tap: reader.taps[tap].decided, 5)
        taps.append(tap)
    reader.event("door_opened")
    reader.wait_acked(20)
    proxy.delay(0)

    assert [reader.moved.count(("unlocked", tap)) for tap in taps] == [1] * 5
    decisions = [body["tap"] for body in scene.rows("decision", "reader")]
    assert sorted(decisions) == sorted(taps)


def test_the_way_out_of_a_dormitory_does_not_need_the_network(
    make_scene: Callable[..., Scene], make_proxy: Callable[[int], ChaosProxy]
) -> None:
    scene: Scene = make_scene()
    proxy = make_proxy(scene.broker.port)
    door = scene.device("dorm", "door", DOOR, port=proxy.port)
    scene.gateway.start()
    door.start()
    door.until(lambda: door.posture, 10)
    proxy.blackhole()

    tap = door.tap("NOBODYS", "out")

    assert door.moved == [("unlocked", tap)]
    proxy.cut()
    proxy.blackhole(False)
    door.event("passage", {"tap": tap, "direction": "out"})
    door.wait_acked(40)
    assert [body["outcome"] for body in scene.rows("decision", "door")] == ["grant"]


def _behind_a_proxy(
    make_scene: Callable[..., Scene], make_proxy: Callable[[int], ChaosProxy]
) -> tuple[Scene, LoneClient, ChaosProxy]:
    """The gateway's own link goes through the proxy; the reader has its posture and its list."""
    scene: Scene = make_scene()
    proxy = make_proxy(scene.broker.port)
    scene.site.mqtt_url = proxy.url
    reader = scene.device("reader", "reader", GATE)
    scene.gateway.start()
    reader.start()
    reader.until(lambda: reader.posture and reader.list_version, 15, "posture and list")
    return scene, reader, proxy


def _until(is_true: Callable[[], object], timeout_s: float) -> None:
    give_up_at = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < give_up_at, "it did not come to pass"
        time.sleep(0.05)
