"""Bad messages, one by one: each with the reason under which it is counted, and no credential in its words."""

import json
import time
from datetime import UTC
from typing import Any

import pytest
from rich.pretty import pretty_repr

from devices import messages as m
from devices.codec import BadMessage, BadReason, decode_down, decode_up
from devices.limits import MAX_PAYLOAD
from devices.topics import Kind
from tests.devices.message_scene import AT, COMMAND, KEY, OLD_KEY, TAP, reason_of, signed, topic


def changed(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    copy = json.loads(json.dumps(document))
    *outer, last = path.split(".")
    inside = copy
    for name in outer:
        inside = inside[name]
    inside[last] = value
    return copy


def test_a_tap_is_read() -> None:
    read, index = decode_up(topic("tap"), signed(topic("tap"), TAP), [KEY])

    assert index == 0
    assert read == m.Tap(
        id="t-1",
        boot="b-1",
        at=AT,
        nonce="n-1",
        direction=m.Direction.IN,
        credential=m.Credential(kind=m.CredentialKind.CARD, value="SECRET-04A1B2"),
    )
    secret = changed(TAP, "pin", "SECRET-0420")
    shown, _ = decode_up(topic("tap"), signed(topic("tap"), secret), [KEY])
    assert "SECRET" not in repr(shown) and "SECRET" not in pretty_repr(shown)


def test_which_key_signed_is_told_so_that_the_old_one_can_end() -> None:
    payload = signed(topic("tap"), TAP, OLD_KEY)

    assert decode_up(topic("tap"), payload, [KEY, OLD_KEY])[1] == 1
    assert reason_of(topic("tap"), payload) is BadReason.MAC
    with pytest.raises(BadMessage):
        decode_up(topic("tap"), payload, [])


BODY = json.dumps(TAP).encode()

BAD_BYTES = [
    (b"\xef\xbb\xbf" + BODY, BadReason.ENCODING),
    (BODY.decode().encode("utf-16"), None),
    (BODY.replace(b"b-1", b"b\xff1"), BadReason.ENCODING),
    (BODY.replace(b"b-1", b"b\xed\xa0\x80"), BadReason.ENCODING),
    (BODY.replace(b"b-1", b"b\x001"), BadReason.NUL),
    (BODY.replace(b"b-1", b"b\\u0000"), BadReason.NUL),
    (BODY.replace(b"b-1", b"b\\ud800"), BadReason.SURROGATE),
    (BODY.replace(b'"v": 1', b'"v": 1, "v": 1'), BadReason.DUPLICATE_KEY),
    (BODY.replace(b'"kind"', b'"kind": "card", "kind"'), BadReason.DUPLICATE_KEY),
    (BODY.replace(b'{"v": 1', b'{"v": 1, "mac": "x"'), BadReason.DUPLICATE_KEY),
    (BODY.replace(b'"v": 1', b'"v": 1, "x": NaN'), BadReason.NUMBER),
    (BODY.replace(b'"v": 1', b'"v": 1, "attempt": 9223372036854775808'), BadReason.NUMBER),
    (BODY.replace(b'"v": 1', b'"v": 1, "x": ' + b"[" * 100_00 + b"]" * 100_00), BadReason.DEPTH),
    (BODY.replace(b'"v": 1', b'"v": 2'), BadReason.VERSION),
    (BODY.replace(b'"v": 1', b'"v": true'), BadReason.VERSION),
    (BODY.replace(b'"v": 1', b'"v": 1.0'), BadReason.VERSION),
    (BODY.replace(b'"v": 1', b'"v": "1"'), BadReason.VERSION),
    (BODY.replace(b'"v": 1, ', b""), BadReason.VERSION),
    (BODY.replace(b'"v": 1, ', b"")[:-1] + b', "v": 1}', BadReason.VERSION),
    (b"[1,2}", BadReason.JSON),
    (b'{"v":1,}', BadReason.JSON),
    (b'{"v":1}{"v":1}', BadReason.JSON),
    (BODY.replace(b"}", b"")[:-1] + b"}", BadReason.JSON),
]


@pytest.mark.parametrize(("body", "reason"), BAD_BYTES)
def test_bytes_that_are_no_strict_object_are_refused_by_name(body: bytes, reason: BadReason | None) -> None:
    found = reason_of(topic("tap"), signed(topic("tap"), body) if body.endswith(b"}") else body)

    assert found is (reason or BadReason.MAC)  # UTF-16 does not even end in a mac


TIMES = [
    "2026-11-21T08:00:00",
    "2026-11-21 08:00:00Z",
    "2026-11-21T08:00:00+00:00",
    "2026-11-21T16:00:00+08:00",
    "2026-11-21T08:00:60Z",
    "2026-02-30T08:00:00Z",
    "2026-11-21T08:00:00.Z",
    "2026-11-21t08:00:00z",
    "1.7e9",
    "9999-12-31T23:59:59.9999999Z",
]

BAD_FIELDS = [
    *(("at", time) for time in (*TIMES, 1_700_000_000, None)),
    *(("id", id) for id in ("", "a b", "a\n", "x" * 65, "ä", 7, None)),
    ("direction", "IN"),
    ("direction", None),
    ("credential", "card"),
    ("credential", ["card", "x"]),
    ("credential.kind", "SECRET-KIND"),
    ("credential.value", ""),
    ("credential.value", "x" * 513),
    ("credential.value", 12345),
    ("pin", 1234),
    ("pin", None),
    ("pin", ""),
    ("confidence", 1.01),
    ("confidence", "0.9"),
    ("confidence", True),
    ("attempt", True),
    ("attempt", 0),
    ("attempt", 1.0),
    ("attempt", "1"),
]


@pytest.mark.parametrize(("path", "value"), BAD_FIELDS)
def test_a_field_of_the_wrong_type_or_beyond_its_limits_is_refused(path: str, value: Any) -> None:
    assert reason_of(topic("tap"), signed(topic("tap"), changed(TAP, path, value))) is BadReason.FIELD


@pytest.mark.parametrize("time", ["2026-11-21T08:00:00Z", "2026-11-21T08:00:00.1Z", "2026-11-21T08:00:00.123456789Z"])
def test_a_utc_time_is_read_with_any_fraction(time: str) -> None:
    read, _ = decode_up(topic("tap"), signed(topic("tap"), changed(TAP, "at", time)), [KEY])

    assert isinstance(read, m.Tap) and abs((read.at - AT).total_seconds()) < 0.2 and read.at.tzinfo is UTC


def test_unknown_fields_are_ignored_at_every_level() -> None:
    extended = changed(changed(TAP, "colour", {"of": ["the", "sky", 1.5, None]}), "credential.colour", "blue")

    assert decode_up(topic("tap"), signed(topic("tap"), extended), [KEY]) == decode_up(
        topic("tap"), signed(topic("tap"), TAP), [KEY]
    )


@pytest.mark.parametrize(
    ("kind", "channel"),
    [(Kind.PANEL, "tap"), (Kind.BOLLARD, "tap"), (Kind.READER, "frame"), (Kind.PANEL, "frame")],
)
def test_a_channel_that_a_kind_of_device_does_not_have_is_refused(kind: Kind, channel: str) -> None:
    assert reason_of(topic(channel, kind), signed(topic(channel, kind), TAP)) is BadReason.KIND


def test_a_device_is_not_heard_on_the_channels_of_the_gateway_nor_the_other_way_round() -> None:
    for where in (topic("command"), topic("ack")):
        with pytest.raises(BadMessage) as caught:
            decode_up(where, signed(where, COMMAND), [KEY])
        assert caught.value.reason is BadReason.TOPIC
    with pytest.raises(BadMessage) as caught:
        decode_down(topic("tap"), signed(topic("tap"), TAP), KEY)
    assert caught.value.reason is BadReason.TOPIC


def test_more_than_64_kib_is_refused_before_anything_is_computed() -> None:
    where = topic("tap")
    room = MAX_PAYLOAD - len(signed(where, TAP | {"pad": ""}))

    assert decode_up(where, signed(where, TAP | {"pad": "x" * room}), [KEY])[1] == 0
    assert reason_of(where, signed(where, TAP | {"pad": "x" * (room + 1)})) is BadReason.TOO_LARGE


def test_hostile_json_costs_little() -> None:
    where = topic("tap")
    began = time.process_time()
    for inside in (
        b'"' * 60_000,
        b'\\"' * 30_000,
        b"[]" * 30_000,
        b'"x":' + b"9" * 60_000,
        b'"x":"' + b"\\u0041" * 10_000 + b'"',
    ):
        with pytest.raises(BadMessage):
            decode_up(where, signed(where, b'{"v":1,' + inside + b"}"), [KEY])

    assert time.process_time() - began < 1.0
