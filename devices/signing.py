"""Signatures of messages and tokens of credentials: HMAC-SHA256, nothing else.

Promises that a sealed message ends in exactly 74 bytes (`,"mac":"`, 64 lower-case hex digits, `"}`) and that checking
takes constant time. Leaves to others which key belongs to whom and how long an old one is taken.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from devices.limits import KEY_BYTES, MAC_TAIL, TOKEN_BYTES

if TYPE_CHECKING:
    from hashlib import _Hash

_OPEN = b',"mac":"'
_CLOSE = b'"}'
_BLOCK = 64  # SHA-256
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


@lru_cache(maxsize=8_192)
def _started(key: bytes) -> "tuple[_Hash, _Hash]":
    """HMAC's two hashes with the key already taken in (RFC 2104).

    Copying them costs 2 µs a message where `hmac.digest` costs 5: OpenSSL 3 looks its algorithm up at each call.
    """
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    key = key.ljust(_BLOCK, b"\0")
    return hashlib.sha256(key.translate(_INNER)), hashlib.sha256(key.translate(_OUTER))


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256, for keys that come again and again."""
    started_inner, started_outer = _started(key)
    inner = started_inner.copy()
    inner.update(message)
    outer = started_outer.copy()
    outer.update(inner.digest())
    return outer.digest()


def _mac(topic: str, body: bytes, key: bytes) -> bytes:
    return hmac_sha256(key, b"%b\n%b" % (topic.encode(), body)).hex().encode()


def seal(topic: str, body: bytes, key: bytes) -> bytes:
    """The payload for `body` (the bytes of a JSON object with at least one member), signed for `topic`."""
    if body[-1:] != b"}" or len(body) < 3:
        raise ValueError("only a JSON object with a member can be sealed")
    return b"%b%b%b%b" % (body[:-1], _OPEN, _mac(topic, body, key), _CLOSE)


def signed_body(payload: bytes) -> bytes | None:
    """The bytes that the mac of a payload covers, or None if its end is no mac at all."""
    if payload[-MAC_TAIL:-66] != _OPEN or payload[-2:] != _CLOSE:
        return None
    return payload[:-MAC_TAIL] + b"}"


def mac_is_right(topic: str, payload: bytes, key: bytes) -> bool:
    """Whether the payload carries the right mac for this topic and key."""
    body = signed_body(payload)
    # compare_digest wants the exact lower-case digits, so an upper-case spelling fails by itself.
    return body is not None and hmac.compare_digest(payload[-66:-2], _mac(topic, body, key))


def key_of(topic: str, payload: bytes, body: bytes, keys: Sequence[bytes]) -> int | None:
    """Which of these keys signed the payload; `body` is its `signed_body`."""
    sent = payload[-66:-2]
    for index, key in enumerate(keys):
        if hmac.compare_digest(sent, _mac(topic, body, key)):
            return index
    return None


def credentials_key(device_key: bytes) -> bytes:
    """The key under which a device's credential list hides its values."""
    return hmac_sha256(device_key, b"credentials")


def token(credentials_key: bytes, kind: str, value: str) -> str:
    """What stands in a list for a credential of canonical value: 32 hex digits, different at every device."""
    return hmac_sha256(credentials_key, f"{kind}\n{value}".encode())[:TOKEN_BYTES].hex()


def new_key() -> bytes:
    """A fresh key for a device or a site."""
    return secrets.token_bytes(KEY_BYTES)
