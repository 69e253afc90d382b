"""The wire as the protocol's page has it, for a device that shares no code with ours: times, seals, tokens."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

MAC_TAIL = 74

Fields = dict[str, Any]


def now_text() -> str:
    """The time of this moment as the wire has it."""
    return as_text(datetime.now(UTC))


def as_text(at: datetime) -> str:
    """A time in UTC as the wire has it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def seal(topic: str, fields: Fields, key: bytes) -> bytes:
    """The object's bytes with the mac as their last member."""
    body = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
    mac = hmac.new(key, topic.encode() + b"\n" + body, hashlib.sha256).hexdigest()
    return body[:-1] + b',"mac":"' + mac.encode() + b'"}'


def opened(topic: str, payload: bytes, key: bytes) -> Fields | None:
    """The object, or None if its mac is not right."""
    body, tail = payload[:-MAC_TAIL] + b"}", payload[-MAC_TAIL:]
    mac = hmac.new(key, topic.encode() + b"\n" + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(tail, b',"mac":"' + mac.encode() + b'"}'):
        return None
    found = json.loads(body)
    return found if isinstance(found, dict) else None


def token(key: bytes, kind: str, value: str) -> str:
    """How a list names a credential to the device of this key."""
    under = hmac.new(key, b"credentials", hashlib.sha256).digest()
    return hmac.new(under, f"{kind}\n{value}".encode(), hashlib.sha256).digest()[:16].hex()
