"""The published vectors: our codec keeps to them, they leave nothing out, and they prove something to a stranger."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from devices import vectors as published
from devices.canonical import canonical
from devices.codec import BadMessage, BadReason, decode_down, decode_gateway_status, decode_up
from devices.layout import DOWN_CLASSES, UP_CLASSES
from devices.limits import MAX_PAYLOAD
from devices.messages import EVENT_TYPES, UnreadableEvent
from devices.topics import UP_CHANNELS, parse

FILE = Path(__file__).parents[2] / "docs" / "protocol" / "vectors.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text())
MESSAGES = [vector for vector in VECTORS if vector["what"] == "message"]


def payload_of(vector: dict[str, Any]) -> bytes:
    if "payload_described" in vector:
        return b" " * (MAX_PAYLOAD + 1)
    return base64.b64decode(vector["payload_base64"])


def test_the_file_is_what_the_code_makes() -> None:
    assert published.vectors() == VECTORS, "python -m devices.vectors > docs/protocol/vectors.json"


@pytest.mark.parametrize("vector", MESSAGES, ids=[vector["name"] for vector in MESSAGES])
def test_our_codec_reads_a_vector_as_it_says(vector: dict[str, Any]) -> None:
    topic, payload, key = vector["topic"], payload_of(vector), bytes.fromhex(vector["key"])
    said = {name: vector[name] for name in ("is", "bad", "unreadable") if name in vector}

    try:
        read: Any
        if "/gateway/" in topic:
            read = decode_gateway_status(topic, payload, key)
        elif topic.rsplit("/", 1)[1] in UP_CHANNELS:
            read, _ = decode_up(parse(topic), payload, [key])
        else:
            read = decode_down(parse(topic), payload, key)
    except BadMessage as bad:
        assert said == {"bad": bad.reason.value}
        return

    if isinstance(read, UnreadableEvent):
        assert said == {"unreadable": {"boot": read.boot, "seq": read.seq, "id": read.id, "why": read.why}}
    else:
        assert said == {"is": type(read[0] if isinstance(read, tuple) else read).__name__}


@pytest.mark.parametrize("vector", MESSAGES, ids=[vector["name"] for vector in MESSAGES])
def test_a_stranger_with_nothing_but_hmac_finds_the_same_macs(vector: dict[str, Any]) -> None:
    payload = payload_of(vector)
    object_ = payload.split(b"\n\xff\xd8")[0]
    signed = vector["topic"].encode() + b"\n" + object_[:-74] + b"}"

    mac = hmac.new(bytes.fromhex(vector["key"]), signed, hashlib.sha256).hexdigest().encode()
    right = object_[-74:] == b',"mac":"' + mac + b'"}'

    assert right is (vector.get("bad") not in ("mac", "too_large"))


def test_the_vectors_leave_out_no_message_no_event_and_no_reason() -> None:
    right = [vector for vector in MESSAGES if "is" in vector]

    assert {vector["is"] for vector in right} == {
        "GatewayStatus",
        *(cls.__name__ for cls in (*UP_CLASSES.values(), *DOWN_CLASSES.values())),
    }
    assert {json.loads(vector["payload"])["type"] for vector in right if vector["is"] == "Event"} == set(EVENT_TYPES)
    # A message on a wrong topic has nobody who would decode it.
    assert {vector["bad"] for vector in MESSAGES if "bad" in vector} == set(BadReason) - {BadReason.TOPIC}
    assert len({vector["name"] for vector in MESSAGES}) == len(MESSAGES)


def test_tokens_and_canonical_values_are_those_of_the_vectors() -> None:
    for vector in VECTORS:
        if vector["what"] == "token":
            under = hmac.digest(bytes.fromhex(vector["device_key"]), b"credentials", "sha256")
            listed = hmac.digest(under, f"{vector['kind']}\n{vector['value']}".encode(), "sha256")[:16].hex()
            assert (under.hex(), listed) == (vector["credentials_key"], vector["token"])
        elif vector["what"] == "canonical":
            assert canonical(vector["kind"], vector["value"]) == vector["is"]
