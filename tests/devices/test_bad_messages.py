"""Bad messages, one by one: each with the reason under which it is counted, and no credential in its words."""

import hashlib
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.pretty import pretty_repr

from devices import messages as m
from devices.codec import BadMessage, BadReason, decode_down, decode_gateway_status, decode_up, encode, encode_frame
from devices.limits import MAX_FRAME, MAX_PAYLOAD
from devices.signing import new_key, seal
from devices.topics import Kind, Topic, gateway_status_topic

KEY, OLD_KEY = bytes(range(32)), bytes(range(32, 64))
AT = datetime(2026, 11, 21, 8, 0, 0, 123_000, tzinfo=UTC)
TAP = {
    "v": 1,
    "id": "t-1",
    "boot": "b-1",
    "at": "2026-11-21T08:00:00.123Z",
    "nonce": "n-1",
    "direction": "in",
    "credential": {"kind": "card", "value": "SECRET-04A1B2"},
}
EVENT = {
    "v": 1,
    "id": "e-1",
    "boot": "b-1",
    "seq": 7,
    "at": "2026-11-21T08:00:00Z",
    "type": "door_held",
    "data": {"open_s": 31},
}
COMMAND = {
    "v": 1,
    "id": "c-1",
    "challenge": "ch-1",
    "action": "grant",
    "reason": "ok",
    "text": {"en": "Welcome", "zh": "欢迎"},
}


def topic(channel: str, kind: Kind = Kind.READER) -> Topic:
    return Topic("main", kind, "north-in-1", channel)


def signed(where: Topic, document: Any, key: bytes = KEY) -> bytes:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return seal(str(where), body, key)


def reason_of(where: Topic, payload: bytes) -> BadReason:
    with pytest.raises(BadMessage) as caught:
        decode_up(where, payload, [KEY]) if where.channel in (
            "tap",
            "status",
            "event",
            "heartbeat",
            "result",
            "frame",
        ) else (decode_down(where, payload, KEY))
    assert "SECRET" not in str(caught.value)
    return caught.value.reason


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


# Events


def read_event(document: Any, kind: Kind = Kind.READER) -> Any:
    where = topic("event", kind)
    return decode_up(where, signed(where, document), [KEY])[0]


def test_an_event_brings_the_data_of_its_type() -> None:
    assert read_event(EVENT) == m.Event(
        id="e-1",
        boot="b-1",
        seq=7,
        at=AT.replace(microsecond=0),
        type="door_held",
        data=m.DoorHeld(open_s=31),
    )


@pytest.mark.parametrize(
    ("document", "why", "id"),
    [
        (EVENT | {"type": "door_exploded"}, "field", "e-1"),
        (EVENT | {"type": 7}, "field", "e-1"),
        (EVENT | {"type": "panic", "data": {"location": "hall"}}, "kind", "e-1"),
        (EVENT | {"data": {}}, "field", "e-1"),
        (EVENT | {"data": {"open_s": True}}, "field", "e-1"),
        (EVENT | {"at": "yesterday"}, "field", "e-1"),
        (EVENT | {"id": "no id"}, "field", None),
        (EVENT | {"v": 2}, "version", "e-1"),
        (EVENT | {"type": "gap", "data": {"boot": "b", "from_seq": 9, "to_seq": 3}}, "field", "e-1"),
        (json.dumps(EVENT).encode().replace(b'"open_s"', b'"open_s": 1, "open_s"'), "duplicate_key", "e-1"),
        (json.dumps(EVENT).encode().replace(b"31", b"NaN"), "number", "e-1"),
        (json.dumps(EVENT).encode().replace(b"31", b"9" * 5_000), "number", "e-1"),
        (json.dumps(EVENT).encode().replace(b"31", b'"\xff"'), "encoding", "e-1"),
        (json.dumps(EVENT).encode().replace(b"31", b'"\\ud800"'), "surrogate", "e-1"),
        (json.dumps(EVENT).encode().replace(b"31", b"[[[[[[[[1]]]]]]]]"), "depth", "e-1"),
    ],
)
def test_an_event_that_cannot_be_understood_still_says_which_it_is(document: Any, why: str, id: str | None) -> None:
    read = read_event(document)

    assert isinstance(read, m.UnreadableEvent)
    assert (read.boot, read.seq, read.id, read.why) == ("b-1", 7, id, why)


@pytest.mark.parametrize(
    "document",
    [
        EVENT | {"seq": 0},
        EVENT | {"seq": True},
        EVENT | {"seq": 7.0},
        EVENT | {"seq": 2**63},
        EVENT | {"boot": ""},
        EVENT | {"boot": None},
        json.dumps(EVENT).encode().replace(b'"seq": 7', b'"seq": 7, "seq": 8'),
        json.dumps(EVENT).encode().replace(b'"boot": "b-1"', b'"boot": "b-1", "\\u0062oot": "b-1"'),
        json.dumps(EVENT).encode()[:-2] + b"}",
    ],
)
def test_an_event_that_does_not_say_which_it_is_is_bad(document: Any) -> None:
    with pytest.raises(BadMessage):
        read_event(document)


def test_an_event_with_a_wrong_mac_is_bad_whatever_it_says() -> None:
    assert reason_of(topic("event"), signed(topic("event"), EVENT, new_key())) is BadReason.MAC


@pytest.mark.parametrize("name", m.EVENT_TYPES)
def test_every_event_belongs_to_its_kinds_of_device_and_to_no_other(name: str) -> None:
    data = {
        "tap": "t",
        "direction": "in",
        "credential": {"kind": "card", "token": "0" * 32},
        "outcome": "deny",
        "reason": "mac",
        "posture": None,
        "open_s": 1,
        "state": "locked",
        "active": True,
        "position": "raised",
        "vehicle": "clear",
        "pedestrian": "clear",
        "counter": 1,
        "g": 2.5,
        "plate": "京A12345",
        "confidence": 1,
        "ok": True,
        "free_bytes": 1,
        "oldest_at": "2026-11-21T08:00:00Z",
        "zone": "dorm-1",
        "location": "hall",
        "channel": "posture",
        "version": None,
        "boot": "b",
        "from_seq": 1,
        "to_seq": 1,
    }

    kinds = {kind for kind in Kind if isinstance(read_event(EVENT | {"type": name, "data": data}, kind), m.Event)}

    assert kinds == m.EVENT_TYPES[name][1]
    assert (
        name in m.EVENT_TYPES
        and m.event_type_of(read_event(EVENT | {"type": name, "data": data}, min(kinds)).data) == name
    )


# What depends on the kind of device

STATUS = {
    "v": 1,
    "online": True,
    "boot": "b-1",
    "connection": 1,
    "previous": None,
    "firmware": "1.0",
    "at": "2026-11-21T08:00:00Z",
    "challenge": "c",
    "posture": None,
    "credentials": 3,
    "revoked": None,
    "buffered": 0,
    "clock": "synced",
}
NEEDS = {
    Kind.READER: {"lock_state": "locked"},
    Kind.DORM: {"lock_state": "released"},
    Kind.BOLLARD: {"position": "raised"},
}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_status_has_what_its_kind_of_device_has(kind: Kind) -> None:
    where, needed = topic("status", kind), NEEDS.get(kind, {})
    foreign = {"lock_state": 5, "position": [], "presence": "?"}

    read, _ = decode_up(where, signed(where, STATUS | foreign | needed), [KEY])

    assert isinstance(read, m.Status)
    assert {name: getattr(read, name) for name in ("lock_state", "position") if getattr(read, name)} == needed
    if needed:
        assert reason_of(where, signed(where, STATUS)) is BadReason.FIELD


@pytest.mark.parametrize("name", ["previous", "posture", "credentials", "revoked"])
def test_what_may_be_null_must_still_be_there(name: str) -> None:
    where = topic("status", Kind.PANEL)

    assert reason_of(where, signed(where, {k: v for k, v in STATUS.items() if k != name})) is BadReason.FIELD


# Down


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


# Frames

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4 + b"\n{}\n\xff\xd9"
CAMERA = topic("frame", Kind.CAMERA)


def frame(jpeg: bytes = JPEG) -> m.Frame:
    return m.Frame(id="f-1", boot="b-1", at=AT, command="c-1", sha256=hashlib.sha256(jpeg).hexdigest())


def test_a_frame_brings_its_picture() -> None:
    payload = encode_frame(frame(), JPEG, str(CAMERA), KEY)

    assert payload.split(b"\n", 1)[1] == JPEG
    assert decode_up(CAMERA, payload, [OLD_KEY, KEY]) == ((frame(), JPEG), 1)


def test_a_frame_with_another_picture_is_refused() -> None:
    payload = encode_frame(frame(), JPEG, str(CAMERA), KEY)
    line = payload.split(b"\n", 1)[0]

    assert reason_of(CAMERA, payload[:-1] + b"\0") is BadReason.FRAME
    assert reason_of(CAMERA, line) is BadReason.FRAME
    assert reason_of(CAMERA, line + b"\n") is BadReason.FRAME
    assert reason_of(CAMERA, line + b"\n<svg/>") is BadReason.FRAME
    assert reason_of(CAMERA, line[:-3] + b'0"}' + b"\n" + JPEG) is BadReason.MAC
    assert reason_of(CAMERA, b"\n" + JPEG) is BadReason.MAC
    assert reason_of(CAMERA, payload + b"\0" * MAX_FRAME) is BadReason.TOO_LARGE


def test_a_frame_is_sent_only_with_its_own_picture() -> None:
    big = JPEG + b"\0" * MAX_FRAME
    for line, jpeg in ((frame(), JPEG + b"\0"), (frame(b"<svg/>"), b"<svg/>"), (frame(big), big)):
        with pytest.raises(ValueError):
            encode_frame(line, jpeg, str(CAMERA), KEY)
    with pytest.raises(ValueError):
        encode(frame(), str(CAMERA), KEY)


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
