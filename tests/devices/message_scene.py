"""Messages as they should be, how one is signed, and the reason for which a bad one is counted."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from devices.codec import BadMessage, BadReason, decode_down, decode_up
from devices.signing import seal
from devices.topics import Kind, Topic

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
