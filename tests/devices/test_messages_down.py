"""What the gateway sends: written as the page says, never what would be refused; and what a device refuses of it."""

import json
from typing import Any

import pytest

from devices import messages as m
from devices.codec import BadMessage, BadReason, decode_down, decode_gateway_status, encode
from devices.limits import MAX_PAYLOAD
from devices.signing import new_key
from devices.topics import Kind, Topic, gateway_status_topic
from tests.devices.message_scene import AT, COMMAND, KEY, reason_of, signed, topic


def test_a_bad_command_says_its_id_where_it_can_be_read() -> None:
    where = topic("command")

    def id_of(payload: bytes) -> str | None:
        with pytest.raises(BadMessage) as caught:
            decode_down(where, payload, KEY)
        return caught.value.id

    assert id_of(signed(where, COMMAND, new_key())) == "c-1"
    assert id_of(signed(where, COMMAND | {"action": "explode"})) == "c-1"
    assert id_of(signed(where, COMMAND | {"id": "no id"}, new_key())) is None
    assert id_of(b"\xff" * 100) is None
    assert id_of(json.dumps(COMMAND).encode()) == "c-1"
    assert id_of(signed(where, {"pad": "x" * MAX_PAYLOAD} | COMMAND)) is None


def test_a_command_is_written_without_what_it_does_not_say() -> None:
    command = m.Command(
        id="c-1",
        challenge="ch",
        action=m.Action.WAIT,
        for_="t-1",
        reason="ok",
        text=m.Text(en="a", zh="中"),
        wait_ms=60_000,
    )

    payload = encode(command, str(topic("command")), KEY)

    assert payload[:-74].decode() == (
        '{"v":1,"id":"c-1","challenge":"ch","action":"wait","for":"t-1","reason":"ok",'
        '"text":{"en":"a","zh":"中"},"wait_ms":60000'
    )


def test_what_may_be_null_is_written_as_null() -> None:
    gate = m.Posture(
        version=1,
        level=m.Level.L3,
        order=None,
        emergency=None,
        drill=False,
        at=AT,
        offline=m.Offline(answer_timeout_ms=1500, entry=m.EntryOffline.LIST, exit=m.ExitOffline.FREE, max_age_s=3600),
        settings=m.PostureSettings(hold_ms=5000, held_open_after_s=30, pin_required=False, bollard=m.BollardMode.CYCLE),
    )

    payload = encode(gate, str(topic("posture")), KEY)

    assert payload[:-74].decode() == (
        '{"v":1,"version":1,"level":3,"order":null,"emergency":null,"drill":false,"at":"2026-11-21T08:00:00.123Z",'
        '"offline":{"answer_timeout_ms":1500,"entry":"list","exit":"free","max_age_s":3600},'
        '"settings":{"hold_ms":5000,"held_open_after_s":30,"pin_required":false,"bollard":"cycle"}'
    )


ENTRY = {"token": "0" * 32, "directions": ["in"], "levels": [3], "windows": None, "not_before": None, "not_after": None}

PAGE = {"v": 1, "version": 2, "page": 1, "pages": 2, "expires_at": "2026-11-22T00:00:00Z", "entries": [ENTRY]}


@pytest.mark.parametrize(
    "document",
    [
        PAGE | {"page": 2},
        PAGE | {"pages": 0},
        PAGE | {"entries": {}},
        PAGE | {"expires_at": "2026-11-22T00:00:00+08:00"},
        *(
            PAGE | {"entries": [ENTRY, ENTRY | change]}
            for change in (
                {"token": "0" * 31},
                {"token": "A" * 32},
                {"directions": []},
                {"directions": ["in", "in"]},
                {"directions": ["up"]},
                {"levels": []},
                {"levels": [1]},
                {"levels": [1, 3]},
                {"levels": [2]},
                {"levels": [3, 3]},
                {"levels": [0, 1, 2, 3]},
                {"levels": [True]},
                {"windows": [[5, 5]]},
                {"windows": [[9, 3]]},
                {"windows": [[0, 10_081]]},
                {"windows": [[1, 2, 3]]},
                {"windows": [-1]},
                {"not_before": "2026-11-22T00:00:00"},
                {"not_after": "2026-11-22T00:00:00+08:00"},
            )
        ),
    ],
)
def test_a_credential_page_that_could_be_misread_is_refused(document: Any) -> None:
    assert reason_of(topic("credentials/0001"), signed(topic("credentials/0001"), document)) is BadReason.FIELD


def test_a_gateways_status_is_signed_with_the_site_key() -> None:
    where = gateway_status_topic("main")
    status = m.GatewayStatus(online=True, instance="i-1", host="gate", pid=7, started_at=AT, at=AT)
    payload = encode(status, where, KEY)

    assert decode_gateway_status(where, payload, KEY) == status
    for key, heard_on in (
        (new_key(), where),
        (KEY, gateway_status_topic("other")),
        (KEY, "campus/main/reader/a/status"),
    ):
        with pytest.raises(BadMessage):
            decode_gateway_status(heard_on, payload, key)


# Sending


@pytest.mark.parametrize(
    ("message", "where"),
    [
        (m.Ack(boot="b", seq=1, challenge="c"), topic("command")),
        (m.Ack(boot="b", seq=-1, challenge="c"), topic("ack")),
        (m.Ack(boot="b b", seq=1, challenge="c"), topic("ack")),
        (m.Result(command="c", boot="b", outcome=m.Outcome.FAILED, reason="x" * 129), topic("result")),
        (m.Result(command="c", boot="b", outcome=m.Outcome.FAILED, reason="a\0"), topic("result")),
        (m.Result(command="c", boot="b", outcome=m.Outcome.FAILED, reason="a\ud800"), topic("result")),
        (m.Event(id="e", boot="b", seq=1, at=AT, type="panic", data=m.Panic(location="hall")), topic("event")),
        (m.Event(id="e", boot="b", seq=1, at=AT, type="tamper", data=m.DoorOpened()), topic("event")),
        (m.Event(id="e", boot="b", seq=1, at=AT.replace(tzinfo=None), type="tamper", data=m.Tamper()), topic("event")),
        (
            m.Event(id="e", boot="b", seq=1, at=AT, type="impact", data=m.Impact(g=float("nan"))),
            topic("event", Kind.BOLLARD),
        ),
        (m.RevokedList(version=1, tokens=("0" * 32,) * 2_000), topic("credentials/revoked")),
    ],
)
def test_what_the_other_side_would_refuse_is_not_sent(message: Any, where: Topic) -> None:
    with pytest.raises(ValueError):
        encode(message, str(where), KEY)
