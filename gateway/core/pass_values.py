"""What stands in a visitor's code: a random number, and a signature by which the gateway knows its own.

Theory. A code is `WG1`, 16 letters of a random number (80 bit) and 16 letters of an HMAC-SHA256 over the rest of it
(its first 80 bit), in the letters A to Z and 2 to 7. All of that is in the alphabet that a QR code packs closest: 35
letters fit 29 × 29 dots with nearly a third of them to spare, so that it is read from a wet phone. The key follows from
the site's own store key and the site's name, so another school's codes are foreign here. The random number alone could
not be guessed either: the signature is there to tell a code that somebody made up from one that is merely forgotten.

Promises: pure; a code says nothing about anybody. Leaves to others: whether a code opens anything (`decide`).
"""

import base64
import hmac
import re

PREFIX = "WG1"
ID_BYTES = 10
"""80 bit: a thousand passes a day for a century leave one guess in 10^16 a hit."""
TAG_BYTES = 10
"""80 bit; 64 would do where each wrong try is an alarm, but so both halves are 16 letters, without filling."""
LETTERS = len(base64.b32encode(bytes(ID_BYTES)))
SHAPE = re.compile(rf"{PREFIX}([A-Z2-7]{{{LETTERS}}})([A-Z2-7]{{16}})")


def key_from(store_key: bytes, site: str) -> bytes:
    """The key of this site's codes, made from the store key so that neither opens the other's secrets."""
    return hmac.digest(store_key, b"wardgate passes\n" + site.encode(), "sha256")


def new_value(key: bytes, random: bytes) -> str:
    """The code for `ID_BYTES` random bytes."""
    if len(random) != ID_BYTES:
        raise ValueError(f"{ID_BYTES} random bytes, not {len(random)}")
    number = PREFIX + base64.b32encode(random).decode("ascii")
    return number + _tag(key, number)


def claims_to_be_ours(value: str) -> bool:
    """True if it begins as ours do, signed or not."""
    return value.startswith(PREFIX)


def has_our_shape(value: str) -> bool:
    """True for what could be one, by its letters and length."""
    return SHAPE.fullmatch(value) is not None


def is_signed(key: bytes, value: str) -> bool:
    """True for a code that was made under this key."""
    return has_our_shape(value) and hmac.compare_digest(_tag(key, value[: -len(_NOTHING)]), value[-len(_NOTHING) :])


def _tag(key: bytes, number: str) -> str:
    tag = hmac.digest(key, number.encode("ascii"), "sha256")[:TAG_BYTES]
    return base64.b32encode(tag).decode("ascii")


_NOTHING = base64.b32encode(bytes(TAG_BYTES)).decode("ascii")
