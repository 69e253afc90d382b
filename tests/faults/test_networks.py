"""Networks that go without a word, come back, or crawl: devices decide alone, nothing is lost, nothing is believed."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from tests.parts.proxy import ChaosProxy
from tests.parts.scene import DOOR, GATE, CutOff

MakeCutOff = Callable[..., CutOff]

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


def test_when_the_gateway_is_cut_off_devices_decide_alone_and_tell_it_afterwards(behind_a_proxy: MakeCutOff) -> None:
    cut_off = behind_a_proxy("gateway", "reader", GATE)
    scene, reader, proxy = cut_off.scene, cut_off.device, cut_off.proxy
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


def test_a_link_that_is_half_open_is_noticed_and_made_anew(behind_a_proxy: MakeCutOff) -> None:
    """C03: no packet says that it is gone."""
    cut_off = behind_a_proxy("gateway", "reader", GATE)
    scene, reader, proxy = cut_off.scene, cut_off.device, cut_off.proxy
    connections = proxy.connections
    proxy.blackhole()

    began = time.monotonic()
    scene.gateway.wait_for_event("broker_away", NOTICED_S)
    noticed_s = time.monotonic() - began
    proxy.blackhole(False)
    scene.wait_broker_back()

    assert noticed_s < NOTICED_S
    assert proxy.connections > connections, "the old link is left for a new one"
    assert reader.ask("STAFF1")["action"] == "grant"


@pytest.mark.campaign
def test_a_device_whose_link_is_half_open_is_missed_and_gets_no_command(behind_a_proxy: MakeCutOff) -> None:
    cut_off = behind_a_proxy("device", "reader", GATE)
    scene, proxy = cut_off.scene, cut_off.proxy

    proxy.blackhole()

    lost = scene.site.wait_for("device_lost", lambda row: row.body["device"] == "reader", NOTICED_S)
    assert lost.body["why"] in ("no sign of life", "its connection ended")
    alarm = scene.site.wait_for_alarm(lambda row: row.body["condition"] == "device_lost")
    assert alarm.body["place"] == "reader"
    proxy.cut()
    proxy.blackhole(False)
    back = scene.site.wait_for(
        "device_online", lambda row: row.body["device"] == "reader" and row.body["away_s"] is not None, 30
    )
    assert back.body["away_s"] >= 0


def test_over_a_slow_network_every_tap_is_one_record_and_one_opening(behind_a_proxy: MakeCutOff) -> None:
    cut_off = behind_a_proxy("gateway", "reader", GATE)
    scene, reader, proxy = cut_off.scene, cut_off.device, cut_off.proxy
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


def test_the_way_out_of_a_dormitory_does_not_need_the_network(behind_a_proxy: MakeCutOff) -> None:
    cut_off = behind_a_proxy("device", "dorm", DOOR)
    scene, door, proxy = cut_off.scene, cut_off.device, cut_off.proxy
    proxy.blackhole()

    tap = door.tap("NOBODYS", "out")

    assert door.moved == [("unlocked", tap)]
    proxy.cut()
    proxy.blackhole(False)
    door.event("passage", {"tap": tap, "direction": "out"})
    door.wait_acked(40)
    assert [body["outcome"] for body in scene.rows("decision", "dorm")] == ["grant"]
