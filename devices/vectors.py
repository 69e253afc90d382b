"""Test vectors: exact bytes with which somebody can prove another implementation of the protocol.

Promises that the list covers every message of every channel and every reason for which a message is bad, and that it
comes out the same each time. What a payload is stands here in so many words, and a test holds our codec to it.
`python -m devices.vectors` prints the list; docs/protocol/vectors.json is its output.
"""

import base64
import hashlib
import json
import sys
from typing import Any

from devices import signing
from devices.canonical import canonical
from devices.layout import DOWN_CLASSES, UP_CLASSES
from devices.limits import MAX_PAYLOAD
from devices.messages import EVENT_TYPES
from devices.strict import BadReason
from devices.topics import Kind, device_topic, gateway_status_topic, parse

DEVICE_KEY = hashlib.sha256(b"wardgate test vectors: the key of the device").digest()
SITE_KEY = hashlib.sha256(b"wardgate test vectors: the key of the site").digest()
AT = "2026-11-21T08:00:00.123Z"
# One grey pixel.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5mo"
    "q6T/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z"
)

STATUS = {
    "v": 1,
    "online": True,
    "boot": "b-7f3a9c1e",
    "connection": 1,
    "previous": {"boot": "b-11d20b44", "last_seq": 412},
    "firmware": "1.4.2",
    "at": AT,
    "challenge": "c-0001",
    "posture": 7,
    "credentials": 12,
    "revoked": None,
    "buffered": 0,
    "clock": "synced",
}
HEARTBEAT = {
    "v": 1,
    "boot": "b-7f3a9c1e",
    "challenge": "c-0002",
    "at": AT,
    "uptime_ms": 65_000,
    "buffered": 0,
    "clock": "synced",
}
TAP = {
    "v": 1,
    "id": "t-0001",
    "boot": "b-7f3a9c1e",
    "at": AT,
    "nonce": "n-0001",
    "direction": "in",
    "credential": {"kind": "card", "value": "04A1B2C3D4E580"},
}
EVENT = {"v": 1, "id": "e-0001", "boot": "b-7f3a9c1e", "seq": 1, "at": AT}
EVENT_DATA: dict[str, dict[str, Any]] = {
    "passage": {"tap": "t-0001", "direction": "in"},
    "access": {
        "tap": "t-0001",
        "credential": {"kind": "card", "token": "00112233445566778899aabbccddeeff"},
        "direction": "in",
        "outcome": "deny",
        "reason": "not_listed",
        "posture": None,
    },
    "door_opened": {},
    "door_closed": {},
    "door_forced": {},
    "door_held": {"open_s": 31},
    "exit_button": {},
    "tamper": {},
    "duress": {"tap": "t-0001"},
    "lock_state": {"state": "released"},
    "fire_input": {"active": True},
    "position": {"position": "raised"},
    "presence": {"vehicle": "clear", "pedestrian": "unknown", "counter": 18},
    "impact": {"g": 3.5},
    "efo_pressed": {},
    "manual_override": {},
    "plate": {"plate": "京A12345", "confidence": 0.93, "direction": "in"},
    "recording": {"ok": True, "free_bytes": 1_000_000_000, "oldest_at": AT},
    "fire_alarm": {"zone": "dorm-1"},
    "fire_clear": {"zone": "dorm-1"},
    "panic": {"location": "guard-house"},
    "refused": {"channel": "posture", "version": 6, "reason": "older"},
    "buffer_high": {},
    "gap": {"boot": "b-11d20b44", "from_seq": 3, "to_seq": 9},
}
RESULT = {"v": 1, "command": "cmd-0001", "boot": "b-7f3a9c1e", "outcome": "refused", "reason": "stale"}
FRAME = {
    "v": 1,
    "id": "f-0001",
    "boot": "b-7f3a9c1e",
    "at": AT,
    "command": "cmd-0002",
    "sha256": hashlib.sha256(JPEG).hexdigest(),
}
COMMAND = {
    "v": 1,
    "id": "cmd-0001",
    "challenge": "n-0001",
    "action": "grant",
    "for": "t-0001",
    "reason": "ok",
    "text": {"en": "Please pass", "zh": "请通行"},
    "hold_ms": 5_000,
}
POSTURE = {
    "v": 1,
    "version": 7,
    "level": 2,
    "order": "o-0001",
    "emergency": None,
    "drill": False,
    "at": AT,
    "offline": {"answer_timeout_ms": 1_500, "entry": "list", "exit": "free", "max_age_s": 86_400},
    "settings": {"hold_ms": 5_000, "held_open_after_s": 30, "pin_required": False, "bollard": "cycle"},
}
PAGE = {
    "v": 1,
    "version": 12,
    "page": 1,
    "pages": 1,
    "expires_at": "2026-11-22T08:00:00.000Z",
    "entries": [
        {
            "token": "00112233445566778899aabbccddeeff",
            "directions": ["in", "out"],
            "levels": [2, 3],
            "windows": [[0, 1_350], [1_440, 10_080]],
            "not_before": None,
            "not_after": "2027-06-30T15:59:59.999Z",
        }
    ],
}
REVOKED = {"v": 1, "version": 3, "tokens": ["ffeeddccbbaa99887766554433221100"]}
ACK = {"v": 1, "boot": "b-7f3a9c1e", "seq": 41, "challenge": "c-0002"}
GATEWAY = {
    "v": 1,
    "online": True,
    "instance": "gw-0001",
    "host": "edge",
    "pid": 4_711,
    "started_at": AT,
    "at": AT,
}


def vectors() -> list[dict[str, Any]]:
    """Every vector, in a fixed order."""
    return [*_good(), *_bad_bytes(), *_bad_fields(), *_unreadable(), *_tokens(), *_canonical()]


def _good() -> list[dict[str, Any]]:
    found = [
        _message("status of a reader", Kind.READER, "status", STATUS | {"lock_state": "locked"}),
        _message("status of a bollard", Kind.BOLLARD, "status", STATUS | {"position": "raised"}),
        _message("will of a panel", Kind.PANEL, "status", STATUS | {"online": False, "previous": None}),
        _message("heartbeat", Kind.DORM, "heartbeat", HEARTBEAT),
        _message("heartbeat with what is optional", Kind.CAMERA, "heartbeat", HEARTBEAT | _measured()),
        _message("heartbeat of a bollard", Kind.BOLLARD, "heartbeat", HEARTBEAT | {"presence": EVENT_DATA["presence"]}),
        _message("tap", Kind.READER, "tap", TAP),
        _message("tap, repeated, with a PIN", Kind.DORM, "tap", TAP | {"pin": "0420", "attempt": 2}),
        _message("tap by plate", Kind.CAMERA, "tap", TAP | _plate()),
        _message("tap with white space, an unknown field and escapes", Kind.READER, "tap", _loose()),
    ]
    for name, (_, kinds) in EVENT_TYPES.items():
        event = EVENT | {"type": name, "data": EVENT_DATA[name]}
        found.append(_message(f"event {name}", min(kinds), "event", event))
    return [
        *found,
        _message("result", Kind.READER, "result", RESULT),
        _message("frame", Kind.CAMERA, "frame", FRAME, jpeg=JPEG),
        _message("command", Kind.READER, "command", COMMAND),
        _message("posture", Kind.READER, "posture", POSTURE),
        _message("credential page", Kind.READER, "credentials/0001", PAGE),
        _message("revoked list", Kind.READER, "credentials/revoked", REVOKED),
        _message("ack", Kind.READER, "ack", ACK),
        _vector("status of a gateway", gateway_status_topic("main"), _sealed(gateway_status_topic("main"), GATEWAY)),
    ]


def _measured() -> dict[str, Any]:
    return {"rssi_dbm": -67, "supply_mv": 12_050, "temperature_c": 21.5}


def _plate() -> dict[str, Any]:
    return {"credential": {"kind": "plate", "value": "京A12345"}, "confidence": 0.98}


def _loose() -> bytes:
    return json.dumps(TAP | {"colour": ["green", {"of": "hope"}], "direction": "out"}, indent=1).encode()


def _bad_bytes() -> list[dict[str, Any]]:
    body = json.dumps(TAP, separators=(",", ":")).encode()
    topic = device_topic("main", Kind.READER, "north-in-1", "tap")
    good = signing.seal(topic, body, DEVICE_KEY)

    def changed(name: str, old: bytes, new: bytes, bad: BadReason | None = None) -> dict[str, Any]:
        return _message(name, Kind.READER, "tap", body.replace(old, new, 1), bad=bad)

    return [
        _vector("no mac", topic, body, bad=BadReason.MAC),
        _vector("mac of another key", topic, signing.seal(topic, body, SITE_KEY), bad=BadReason.MAC),
        _vector(
            "mac of another topic",
            topic,
            signing.seal(topic.replace("north", "south"), body, DEVICE_KEY),
            bad=BadReason.MAC,
        ),
        _vector("mac in capitals", topic, good[:-66] + good[-66:-2].upper() + good[-2:], bad=BadReason.MAC),
        _vector("mac with a space before it", topic, good.replace(b',"mac":', b', "mac":'), bad=BadReason.MAC),
        _vector("a byte after the end", topic, good + b"\n", bad=BadReason.MAC),
        _vector(
            "above 64 KiB",
            topic,
            b" " * (MAX_PAYLOAD + 1),
            described=f"{MAX_PAYLOAD + 1} spaces",
            bad=BadReason.TOO_LARGE,
        ),
        changed("byte order mark", b"{", b"\xef\xbb\xbf{", bad=BadReason.ENCODING),
        changed("not UTF-8", b"t-0001", b"t\xff", bad=BadReason.ENCODING),
        changed("surrogate as UTF-8", b"t-0001", b"t\xed\xa0\x80", bad=BadReason.ENCODING),
        changed("lone surrogate escaped", b'"v":1', b'"v":1,"x":"\\ud800"', bad=BadReason.SURROGATE),
        changed("NUL", b"t-0001", b"t\x00", bad=BadReason.NUL),
        changed("NUL escaped", b'"v":1', b'"v":1,"x":"\\u0000"', bad=BadReason.NUL),
        changed("key twice", b'"v":1', b'"v":1,"v":1', bad=BadReason.DUPLICATE_KEY),
        changed(
            "key twice inside an unknown field",
            b'"v":1',
            b'"v":1,"x":[{"a":1,"\\u0061":2}]',
            bad=BadReason.DUPLICATE_KEY,
        ),
        changed("NaN", b'"v":1', b'"v":1,"x":NaN', bad=BadReason.NUMBER),
        changed("number beyond 64 bit", b'"v":1', b'"v":1,"x":9223372036854775808', bad=BadReason.NUMBER),
        changed("float beyond 64 bit", b'"v":1', b'"v":1,"x":1e999', bad=BadReason.NUMBER),
        changed("eight levels, still right", b'"v":1', b'"v":1,"x":[[[[[[[1]]]]]]]'),
        changed("nine levels", b'"v":1', b'"v":1,"x":[[[[[[[[1]]]]]]]]', bad=BadReason.DEPTH),
        changed("trailing comma", b'"card",', b'"card",,', bad=BadReason.JSON),
        changed("another version", b'"v":1', b'"v":2', bad=BadReason.VERSION),
        changed("version not first", b'"v":1,"id":"t-0001"', b'"id":"t-0001","v":1', bad=BadReason.VERSION),
        changed("version as boolean", b'"v":1', b'"v":true', bad=BadReason.VERSION),
    ]


def _bad_fields() -> list[dict[str, Any]]:
    without_nonce = {name: value for name, value in TAP.items() if name != "nonce"}
    credential = {"credential": {"kind": "card", "value": "x" * 513}}
    return [
        _message("tap without nonce", Kind.READER, "tap", without_nonce, bad=BadReason.FIELD),
        _message("boolean as integer", Kind.READER, "tap", TAP | {"attempt": True}, bad=BadReason.FIELD),
        _message("null for what is optional", Kind.READER, "tap", TAP | {"pin": None}, bad=BadReason.FIELD),
        _message("time without a zone", Kind.READER, "tap", TAP | {"at": "2026-11-21T08:00:00"}, bad=BadReason.FIELD),
        _message(
            "time with an offset", Kind.READER, "tap", TAP | {"at": "2026-11-21T16:00:00+08:00"}, bad=BadReason.FIELD
        ),
        _message("id with a space", Kind.READER, "tap", TAP | {"id": "t 1"}, bad=BadReason.FIELD),
        _message("id with a line feed", Kind.READER, "tap", TAP | {"id": "t-1\n"}, bad=BadReason.FIELD),
        _message("credential of 513 characters", Kind.READER, "tap", TAP | credential, bad=BadReason.FIELD),
        _message("tap from a panel", Kind.PANEL, "tap", TAP, bad=BadReason.KIND),
        _message("status of a dormitory door without its lock", Kind.DORM, "status", STATUS, bad=BadReason.FIELD),
        _message(
            "command with an unknown action",
            Kind.READER,
            "command",
            COMMAND | {"action": "explode"},
            bad=BadReason.FIELD,
        ),
        _message("page on the topic of another", Kind.READER, "credentials/0002", PAGE, bad=BadReason.FIELD),
        _message("frame with another picture", Kind.CAMERA, "frame", FRAME, jpeg=JPEG + b"\0", bad=BadReason.FRAME),
    ]


def _unreadable() -> list[dict[str, Any]]:
    held = EVENT | {"type": "door_held", "data": {"open_s": 31}}
    twice = json.dumps(held).encode().replace(b'"open_s": 31', b'"open_s": 31, "open_s": 32')
    return [
        _message(
            "event of an unknown type",
            Kind.READER,
            "event",
            held | {"type": "door_exploded"},
            unreadable=BadReason.FIELD,
        ),
        _message(
            "event of another kind of device", Kind.READER, "event", held | {"type": "panic"}, unreadable=BadReason.KIND
        ),
        _message(
            "event with wrong data",
            Kind.READER,
            "event",
            held | {"data": {"open_s": "long"}},
            unreadable=BadReason.FIELD,
        ),
        _message("event with a key twice in its data", Kind.READER, "event", twice, unreadable=BadReason.DUPLICATE_KEY),
        _message("event without a number", Kind.READER, "event", held | {"seq": 0}, bad=BadReason.FIELD),
    ]


def _tokens() -> list[dict[str, Any]]:
    key = signing.credentials_key(DEVICE_KEY)
    return [
        {
            "what": "token",
            "name": f"token of a {kind}",
            "device_key": DEVICE_KEY.hex(),
            "credentials_key": key.hex(),
            "kind": kind,
            "value": value,
            "token": signing.token(key, kind, value),
        }
        for kind, value in (("card", "04A1B2C3D4E580"), ("qr", "wg1.eyJwIjoiMSJ9.c2ln"))
    ]


def _canonical() -> list[dict[str, Any]]:
    values = (("card", "04a1b2c3d4e580"), ("plate", "京a·1 2345"), ("plate", "粤Ｂ\u3000Ｄ１２３４５"), ("qr", "aB·c"))
    return [
        {"what": "canonical", "name": f"canonical {kind}", "kind": kind, "value": value, "is": canonical(kind, value)}
        for kind, value in values
    ]


def _message(
    name: str,
    kind: Kind,
    channel: str,
    document: dict[str, Any] | bytes,
    jpeg: bytes | None = None,
    **verdict: BadReason | None,
) -> dict[str, Any]:
    topic = device_topic("main", kind, "north-in-1", channel)
    payload = _sealed(topic, document)
    return _vector(name, topic, payload if jpeg is None else payload + b"\n" + jpeg, **verdict)


def _sealed(topic: str, document: dict[str, Any] | bytes) -> bytes:
    if isinstance(document, dict):
        document = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return signing.seal(topic, document, _key(topic))


def _key(topic: str) -> bytes:
    return SITE_KEY if "/gateway/" in topic else DEVICE_KEY


def _vector(
    name: str,
    topic: str,
    payload: bytes,
    bad: BadReason | None = None,
    unreadable: BadReason | None = None,
    described: str | None = None,
) -> dict[str, Any]:
    """One payload, and what it is: `is` with the message's name, `bad` with the reason, or `unreadable` (rule 3)."""
    vector: dict[str, Any] = {"what": "message", "name": name, "key": _key(topic).hex(), "topic": topic}
    if described is not None:
        vector["payload_described"] = described
    else:
        vector |= {"payload": _as_text(topic, payload), "payload_base64": base64.b64encode(payload).decode()}
    if bad is not None:
        return vector | {"bad": bad.value}
    if unreadable is not None:
        return vector | {
            "unreadable": {name: EVENT[name] for name in ("boot", "seq", "id")} | {"why": unreadable.value}
        }
    return vector | {"is": "GatewayStatus" if "/gateway/" in topic else _name_on(topic)}


def _name_on(topic: str) -> str:
    channel = parse(topic).channel_pattern
    return str((UP_CLASSES.get(channel) or DOWN_CLASSES[channel]).__name__)


def _as_text(topic: str, payload: bytes) -> str | None:
    """The payload, or a frame's line, for reading; None where it is no text."""
    try:
        return (payload.partition(b"\n")[0] if topic.endswith("/frame") else payload).decode()
    except UnicodeDecodeError:
        return None


def main() -> None:
    """Prints the vectors as they stand in docs/protocol/vectors.json."""
    json.dump(vectors(), sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
