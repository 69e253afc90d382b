"""A device that shares no code with us works with the gateway, and one that misbehaves is told from it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from gateway.flows.enrolment import Place
from tests.parts.gateway_process import HEADER, RunningSite
from tests.parts.lone_client import LoneClient
from tests.parts.lone_wire import seal

GATE = Place("north-in", None)
DOOR = Place("dorm-1-door", None)
PANEL = Place(None, "dorm-1", ("desk",))


# One gateway for all of them, so one process has to run them all.
pytestmark = pytest.mark.xdist_group("independent client")


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    running = RunningSite(tmp_path_factory.mktemp("campus"))
    try:
        running.enrol_ahead(20, "reader", GATE)
        running.enrol_ahead(1, "dorm", DOOR)
        running.enrol_ahead(1, "panel", PANEL)
        running.gateway.start()
        yield running
    finally:
        running.close()


@pytest.fixture
def reader(campus: RunningSite) -> Iterator[LoneClient]:
    """Enrolled, switched off, and nobody has used it before."""
    yield campus.device("reader", GATE)
    campus.stop_devices()


def test_what_the_command_line_prints_is_all_that_a_device_needs(
    campus: RunningSite,
) -> None:
    done = campus.site.cli("device", "enrol", "reader", "south-in-1", "--portal", "south-in")

    assert done.returncode == 0, done.stderr
    enrolment = json.loads(done.stdout)
    with LoneClient(enrolment, campus.broker.port) as reader:
        assert reader.until(lambda: reader.posture, 10)["level"] == 3  # the gateway has heard of it: no restart
        assert reader.ask("STAFF1")["action"] == "grant"


def test_a_known_card_opens_once_and_an_unknown_one_never(reader: LoneClient) -> None:
    reader.start()

    granted, denied, expired = reader.ask("STAFF1"), reader.ask("NOBODYS"), reader.ask("EXPIRED1")

    assert (granted["action"], granted["reason"]) == ("grant", "ok")
    assert (denied["action"], denied["reason"]) == ("deny", "unknown_credential")
    assert (expired["action"], expired["reason"]) == ("deny", "credential_expired")
    assert granted["text"]["zh"] and denied["text"]["zh"]
    assert reader.moved == [("unlocked", granted["for"])]


def test_a_repeated_tap_gets_the_same_command_and_no_second_record(campus: RunningSite, reader: LoneClient) -> None:
    reader.start()
    tap = reader.tap("STAFF1")
    first = reader.answer(tap)

    reader.tap_again(tap)
    again = reader.until(lambda: len(reader.taps[tap].answers) == 2 and reader.taps[tap].answers[1], 5)

    assert again["id"] == first["id"]
    assert reader.until(lambda: [r["reason"] for r in reader.results] == ["ok", "replayed"], 5)
    assert reader.moved == [("unlocked", tap)]
    assert [row.body["tap"] for row in campus.rows("decision", reader.device)] == [tap]


def test_a_tap_repeated_after_a_restart_gets_the_same_command_and_no_second_record(
    campus: RunningSite, reader: LoneClient
) -> None:
    reader.start()
    tap = reader.tap("STAFF1")
    first = reader.answer(tap)
    campus.gateway.kill9()
    campus.gateway.start()

    reader.tap_again(tap)
    again = reader.until(lambda: len(reader.taps[tap].answers) == 2 and reader.taps[tap].answers[1], 5)

    assert again["id"] == first["id"]
    assert len(campus.rows("decision", reader.device)) == 1


def test_a_tap_with_a_wrong_mac_is_no_tap(campus: RunningSite, reader: LoneClient) -> None:
    reader.decides_alone = False
    reader.start()
    forged = seal(reader.root + "tap", {"v": 1, **_tap("forged", "STAFF1", reader)}, b"\0" * 32)

    reader.send_bytes("tap", forged)
    campus.wait_for("bad_message", reader.device, reason="mac")
    good = reader.ask("STAFF1")

    campus.wait_for_alarm(reader.device, "bad_messages")
    assert [row.body["tap"] for row in campus.rows("decision", reader.device)] == [good["for"]]


def test_a_replayed_command_opens_nothing(campus: RunningSite, reader: LoneClient) -> None:
    reader.start()
    granted = reader.ask("STAFF1")
    mac_less = {name: value for name, value in granted.items() if name != "mac"}
    topic = reader.root + "command"

    # The very bytes again, as somebody who listened at the broker would send them.
    reader.client.publish(topic, seal(topic, mac_less, reader.key), 1)

    assert reader.until(lambda: [r["reason"] for r in reader.results] == ["ok", "replayed"], 5)
    assert reader.moved == [("unlocked", granted["for"])]
    # The first word on a command counts: that it was refused as a replay does not undo that it was carried out.
    assert campus.wait_for("result", reader.device, command=granted["id"]).body["outcome"] == "executed"


def test_a_retained_command_is_refused_and_cleared_and_alarms(campus: RunningSite, reader: LoneClient) -> None:
    topic = reader.root + "command"
    old = {"v": 1, "id": "old-unlock", "challenge": "long-ago", "action": "unlock", "for": None, "reason": "ok",
           "text": {"en": "", "zh": ""}, "hold_ms": 5000}  # fmt: skip
    reader.start()
    reader.client.publish(topic, seal(topic, old, reader.key), 1, retain=True).wait_for_publish(5)
    reader.until(lambda: reader.results, 5)

    reader.reboot()  # comes to it as retained

    assert reader.until(lambda: "retained" in [r["reason"] for r in reader.results], 5)
    campus.wait_for_alarm(reader.device, "retained_command")
    assert not reader.moved
    seen = len(reader.results)
    reader.reboot()
    reader.ask("STAFF1")
    assert [r["reason"] for r in reader.results[seen:]] == ["ok"], "the command is still at the broker"


def test_a_device_that_nobody_enrolled_is_recorded_and_alarmed_and_answered_nothing(campus: RunningSite) -> None:
    stranger = {"device": "stranger", "kind": "reader", "site": "main", "key": "11" * 32}
    with LoneClient(stranger, campus.broker.port, decides_alone=False) as client:
        client.tap("STAFF1")

        campus.wait_for("bad_message", "stranger", reason="unknown_device")
        campus.wait_for_alarm("stranger", "unknown_device")

        assert client.commands == []
        assert campus.rows("decision", "stranger") == []


def test_a_device_speaks_as_what_it_is_enrolled_and_as_nothing_else(campus: RunningSite) -> None:
    as_dorm = {**campus.enrolment("reader", GATE), "kind": "dorm"}
    with LoneClient(as_dorm, campus.broker.port, decides_alone=False) as client:
        client.tap("STAFF1")

        campus.wait_for("bad_message", client.device, reason="kind")

        assert client.commands == []
        assert campus.rows("decision", client.device) == []


def test_an_escape_route_opens_before_it_is_answered_and_is_recorded(campus: RunningSite) -> None:
    with campus.device("dorm", DOOR) as door:
        door.until(lambda: door.posture, 10)
        tap = door.tap("NOBODYS", "out")

        assert door.moved == [("unlocked", tap)]
        answer = door.answer(tap)
        assert (answer["action"], answer["reason"]) == ("grant", "ok_exit")
        assert campus.wait_for("decision", door.device, tap=tap).body["outcome"] == "grant"


def test_events_are_acked_and_may_then_be_forgotten(campus: RunningSite, reader: LoneClient) -> None:
    reader.start()
    for number in range(120):
        reader.event("passage", {"tap": None, "direction": "in"}, id=f"e{number}")

    reader.wait_acked()

    assert [row.body["seq"] for row in campus.rows("event", reader.device)] == list(range(1, 121))


def test_an_unreadable_event_is_recorded_and_acked_and_blocks_nobody(campus: RunningSite, reader: LoneClient) -> None:
    reader.start()
    reader.event("door_opened")
    reader.event("music_started", {"volume": 11})
    reader.event("door_held", {"open_s": "long"})
    reader.event("door_closed")

    reader.wait_acked()

    kinds = [row.body["type"] for row in campus.rows("event", reader.device)]
    assert kinds == ["door_opened", "unreadable", "unreadable", "door_closed"]


def test_fire_in_a_zone_that_is_not_the_panels_is_an_alarm_and_no_fire(campus: RunningSite) -> None:
    with campus.device("panel", PANEL) as panel:
        panel.event("fire_alarm", {"zone": "dorm-2"})
        panel.event("panic", {"location": "roof"})
        panel.event("fire_alarm", {"zone": "dorm-1"})

        panel.wait_acked()  # also the two that are no good, or the panel would keep them for ever

        campus.wait_for_alarm(panel.device, "panel_place")
        campus.wait_for_alarm("dorm-1", "fire")
        assert campus.alarms("dorm-2") == []
        assert campus.alarms("roof") == []
        assert {row.body["reason"] for row in campus.rows("bad_message", panel.device)} == {"place"}


def test_what_a_device_had_to_overwrite_is_marked_and_counts_as_acked(campus: RunningSite, reader: LoneClient) -> None:
    reader.start()
    reader.quiet = True  # no network for a while
    for _ in range(5):
        reader.event("door_opened")
    reader.overwrite_oldest(3)
    reader.quiet = False

    reader.wait_acked()

    assert [row.body["seq"] for row in campus.rows("event", reader.device)] == [4, 5, 6]
    assert campus.rows("event", reader.device)[-1].body["data"] == {"boot": reader.boot, "from_seq": 1, "to_seq": 3}


def test_numbers_under_a_gap_count_as_acked_after_a_restart_too(campus: RunningSite, reader: LoneClient) -> None:
    reader.start()
    reader.quiet = True
    for _ in range(5):
        reader.event("door_opened")
    reader.overwrite_oldest(3)
    reader.quiet = False
    reader.wait_acked()
    campus.gateway.kill9()
    campus.gateway.start()

    reader.event("door_closed")
    reader.wait_acked()

    assert reader.acked[reader.boot] == 7


def test_events_of_the_boot_before_come_after_a_restart_of_the_device(campus: RunningSite, reader: LoneClient) -> None:
    reader.start()
    reader.quiet = True
    first_boot = reader.boot
    for _ in range(3):
        reader.event("door_opened")
    reader.quiet = False
    reader.reboot()
    reader.event("door_closed")

    reader.wait_acked()

    told = [(row.body["boot"] == first_boot, row.body["seq"]) for row in campus.rows("event", reader.device)]
    assert sorted(told) == [(False, 1), (True, 1), (True, 2), (True, 3)]
    assert campus.rows("events_lost", reader.device) == []


def test_events_that_were_lost_with_the_boot_before_get_a_record_and_an_alarm(
    campus: RunningSite, reader: LoneClient
) -> None:
    reader.start()
    reader.event("door_opened")
    reader.wait_acked()
    first_boot = reader.boot
    reader.quiet = True
    for _ in range(4):
        reader.event("door_opened")
    reader.quiet = False

    reader.reboot(lose_buffer=True)

    lost = campus.wait_for("events_lost", reader.device, boot=first_boot)
    assert (lost.body["from_seq"], lost.body["to_seq"]) == (2, 5)
    campus.wait_for_alarm(reader.device, "events_lost")


def test_a_card_that_an_import_takes_away_is_refused_on_the_next_tap_and_soon_by_the_device_alone(
    campus: RunningSite, reader: LoneClient, tmp_path: Path
) -> None:
    reader.start()
    reader.until(lambda: reader.posture and reader.list_version, 10, "posture and list")
    assert reader.ask("STAFF2")["action"] == "grant"
    token = reader.token("card", "STAFF2")
    assert token in {entry["token"] for entry in reader.entries}
    file = tmp_path / "people.csv"
    file.write_text(f"{HEADER}\nt2,Wei Zhao,staff,staff,STAFF2B,,,,\n", encoding="utf-8")

    done = campus.site.cli("import", "people", str(file))
    imported_at = time.monotonic()
    refused = reader.ask("STAFF2")

    assert done.returncode == 0, done.stderr
    assert (refused["action"], refused["reason"]) == ("deny", "credential_revoked")
    reader.until(lambda: token in reader.revoked, 5, "the revoked list")
    assert time.monotonic() - imported_at < 5
    assert reader.ask("STAFF2B")["action"] == "grant"


def test_a_retired_device_is_not_served_any_more(campus: RunningSite, reader: LoneClient) -> None:
    reader.decides_alone = False
    reader.start()
    assert reader.ask("STAFF1")["action"] == "grant"

    campus.site.retire(reader.device)
    give_up_at = time.monotonic() + 5
    while not campus.rows("bad_message", reader.device):
        assert time.monotonic() < give_up_at, "it is still served"
        reader.tap("STAFF1")
        time.sleep(0.2)

    seen = len(reader.commands)
    reader.tap("STAFF1")
    time.sleep(0.5)
    assert len(reader.commands) == seen


def test_a_device_over_mqtt_5_is_served_as_well(campus: RunningSite) -> None:
    with campus.device("reader", GATE, protocol=mqtt.MQTTv5) as reader:
        assert reader.ask("STAFF1")["action"] == "grant"
        reader.event("passage", {"tap": None, "direction": "in"})
        reader.wait_acked()


def test_the_ledger_holds_and_names_nobody(campus: RunningSite, reader: LoneClient) -> None:
    reader.start()
    for card in ("STAFF1", "STUDENT1", "NOBODYS"):
        reader.ask(card)

    assert campus.site.verify().holds
    text = json.dumps([row.body for row in campus.site.rows()], ensure_ascii=False)
    for leak in ("STAFF1", "STUDENT1", "NOBODYS", "Na Chen", "Ming Li", "京A12345"):
        assert leak not in text


def _tap(id: str, card: str, reader: LoneClient) -> dict[str, object]:
    return {
        "id": id, "boot": reader.boot, "at": "2026-11-21T08:00:00.000Z", "nonce": "n0nce", "direction": "in",
        "credential": {"kind": "card", "value": card}, "attempt": 1,
    }  # fmt: skip
