"""Messages that come too often, again, or as rubbish: they hurt nobody but their sender."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.parts.lone_client import LoneClient
from tests.parts.lone_wire import now_text, seal
from tests.parts.scene import DOOR, GATE, Scene
from tests.parts.waiting import wait_until


def test_a_tap_replayed_a_thousand_times_over_a_restart_is_one_record_and_one_opening(
    make_scene: Callable[..., Scene],
) -> None:
    scene = make_scene(WARDGATE_LIMITS_DEVICE_MESSAGES_PER_S="10000")
    reader = scene.device("reader", "reader", GATE)
    scene.gateway.start()
    reader.start()
    tap = reader.tap("STAFF1")
    reader.answer(tap)
    captured = seal(reader.root + "tap", {"v": 1, **reader.taps[tap].fields}, reader.key)

    for _ in range(500):
        reader.send_bytes("tap", captured)
    reader.until(lambda: len(reader.taps[tap].answers) >= 400, 15, "answers to replays")
    scene.gateway.kill9()
    for _ in range(500):
        reader.send_bytes("tap", captured)
    scene.gateway.start()
    for _ in range(20):
        reader.send_bytes("tap", captured)
    before = len(reader.taps[tap].answers)
    reader.until(lambda: len(reader.taps[tap].answers) > before, 15, "an answer after the restart")
    reader.ask("STAFF2")

    assert [body["tap"] for body in scene.rows("decision", "reader")].count(tap) == 1
    assert reader.moved.count(("unlocked", tap)) == 1
    assert len({answer["id"] for answer in reader.taps[tap].answers}) == 1

    def executed() -> int:
        return [body["outcome"] for body in scene.rows("result", "reader")].count("executed")

    wait_until(lambda: executed() >= 2, "the word of the device that it has opened for both")
    assert executed() == 2


@pytest.mark.xdist_group("deadlines")
def test_a_device_that_floods_is_quarantined_and_the_others_do_not_feel_it(scene: Scene) -> None:
    loud, other = scene.device("reader", "loud", GATE, decides_alone=False), scene.device("reader", "other", GATE)
    door = scene.device("dorm", "loud-door", DOOR)
    scene.gateway.start()
    for client in (loud, other, door):
        client.start()
        client.until(lambda client=client: client.posture, 10)

    until = time.monotonic() + 4
    slowest, sent = 0.0, 0
    while time.monotonic() < until:
        for _ in range(100):
            loud.tap("STAFF1")
            door.tap("STUDENT2", "out")
        sent += 100
        began = time.monotonic()
        assert other.ask("STAFF1")["action"] == "grant"
        slowest = max(slowest, time.monotonic() - began)
    assert sent > 300, "this was no flood"

    loud_ones = {"loud", "loud-door"}
    wait_until(lambda: loud_ones <= {row.body["place"] for row in scene.site.alarms()}, "an alarm for each")
    assert slowest < 1.5, "the other reader would have decided alone"
    # It becomes quiet, and is answered again, but for a minute entry stays shut.
    refused = _asked_until_answered(loud, "STAFF1")
    assert (refused["action"], refused["reason"]) == ("deny", "device_quarantined")
    assert door.ask("STUDENT2", "out")["action"] == "grant", "an exit stays free"
    assert other.ask("STAFF2")["reason"] == "ok"


def _asked_until_answered(client: LoneClient, card: str) -> dict[str, Any]:
    """A flooding device is not even answered: somebody who taps each second is, when the flood is over."""
    for _ in range(15):
        tap = client.tap(card)
        give_up_at = time.monotonic() + 1
        while time.monotonic() < give_up_at:
            if client.taps[tap].answers:
                return client.taps[tap].answers[0]
            time.sleep(0.02)
    raise AssertionError("it is not answered any more")


def _deep(levels: int) -> bytes:
    return b'{"v":1,"x":' + b"[" * levels + b"]" * levels + b"}"


def _signed(client: LoneClient, channel: str, body: bytes) -> bytes:
    """Somebody who has the key and sends rubbish all the same."""
    import hashlib
    import hmac

    mac = hmac.new(client.key, (client.root + channel).encode() + b"\n" + body, hashlib.sha256).hexdigest()
    return body[:-1] + b',"mac":"' + mac.encode() + b'"}'


def _tap_with(**how: Any) -> bytes:
    fields = {
        "v": 1, "id": "t1", "boot": "b1", "at": now_text(), "nonce": "n1", "direction": "in",
        "credential": {"kind": "card", "value": "STAFF1"}, "attempt": 1,
    }  # fmt: skip
    return json.dumps(fields | how, separators=(",", ":")).encode()


HOSTILE: list[tuple[str, bytes]] = [
    ("encoding", b'{"v":1,"id":"\xff\xfe"}'),
    ("encoding", '{"v":1,"id":"x"}'.encode("utf-16")),
    ("encoding", b'\xef\xbb\xbf{"v":1}'),
    ("json", b"not json at all}"),
    ("json", b"[1,2,3]"),
    ("depth", _deep(20_000)),
    ("number", b'{"v":1,"attempt":NaN}'),
    ("number", b'{"v":1,"attempt":Infinity}'),
    ("number", b'{"v":1,"attempt":' + b"9" * 5_000 + b"}"),
    ("number", b'{"v":1,"attempt":9223372036854775808}'),
    ("duplicate_key", b'{"v":1,"id":"a","id":"b"}'),
    ("surrogate", b'{"v":1,"id":"\\ud800"}'),
    ("nul", b'{"v":1,"id":"a\\u0000"}'),
    ("version", b'{"id":"a","v":1}'),
    ("version", b'{"v":true}'),
    ("field", _tap_with(attempt=True)),
    ("field", _tap_with(direction="sideways")),
    ("field", _tap_with(nonce="")),
    ("field", _tap_with(at="2026-11-21T08:00:00")),
]


def test_hostile_payloads_are_counted_by_device_and_reason_and_disturb_nobody(
    make_scene: Callable[..., Scene],
) -> None:
    scene = make_scene(WARDGATE_LIMITS_DEVICE_MESSAGES_PER_S="10000")
    bad, good = scene.device("reader", "bad", GATE, decides_alone=False), scene.device("reader", "good", GATE)
    scene.gateway.start()
    for client in (bad, good):
        client.start()
        client.until(lambda client=client: client.posture, 10)

    for _, body in HOSTILE:
        payload = _signed(bad, "tap", body) if body.endswith(b"}") else body
        bad.send_bytes("tap", payload)
    bad.send_bytes("tap", b"")
    bad.send_bytes("tap", b"\x00" * 100_000)
    bad.send_bytes("frame", b"\x00" * 100)
    assert bad.ask("STAFF1")["action"] == "grant", "what is sound is still answered"
    assert good.ask("STAFF1")["action"] == "grant"

    # The first of a reason is written at once, the rest as a count after ten seconds.
    wanted = Counter(reason for reason, body in HOSTILE if body.endswith(b"}"))
    wait_until(lambda: set(wanted) <= {body["reason"] for body in scene.rows("bad_message", "bad")}, "every reason")
    assert scene.rows("bad_message", "good") == []
    assert {body["device"] for body in (row.body for row in scene.site.rows("bad_message"))} == {"bad"}
    assert len(scene.rows("decision", "bad")) == 1
    assert scene.gateway.is_running
    assert scene.site.verify().holds


def test_a_huge_payload_does_not_grow_the_gateway(scene: Scene) -> None:
    bad = scene.device("reader", "bad", GATE, decides_alone=False)
    scene.gateway.start()
    bad.start()
    bad.until(lambda: bad.posture, 10)
    before = scene.gateway.resident_mib()

    for _ in range(5):
        bad.send_bytes("tap", b'{"v":1,"x":"' + b"a" * 1_000_000 + b'"}').wait_for_publish(20)
    bad.reboot()  # whatever the broker or the gateway did to its connection

    assert bad.ask("STAFF1", timeout_s=10)["action"] == "grant"
    assert scene.gateway.resident_mib() - before < 50
