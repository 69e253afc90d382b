"""Strict JSON: what every message must be before anybody looks at its fields.

Promises that an object which comes back has no key twice at any depth, no NaN or Infinity, no number beyond 64 bit, no
lone surrogate, no NUL and no nesting deeper than eight, also inside fields that nobody knows. Everything else is a
`BadMessage` with a reason from a closed list. What the fields mean is read in `devices/codec.py`.
"""

import json
import math
import re
from enum import StrEnum
from typing import Any

from devices.limits import INT_MAX, INT_MIN, MAX_DEPTH, MAX_DETAIL


class BadReason(StrEnum):
    """Why a message is bad; counted per device and reason."""

    TOPIC = "topic"  # not a topic on which this side listens
    TOO_LARGE = "too_large"
    ENCODING = "encoding"  # not UTF-8, or a BOM
    JSON = "json"  # not JSON, or not one object
    DUPLICATE_KEY = "duplicate_key"
    NUMBER = "number"  # NaN, Infinity, beyond 64 bit
    DEPTH = "depth"
    NUL = "nul"
    SURROGATE = "surrogate"
    VERSION = "version"  # the first member is not `"v":1`
    FIELD = "field"  # wrong type, missing, beyond its limits
    MAC = "mac"
    KIND = "kind"  # channel or event that this kind of device does not have
    FRAME = "frame"  # no picture after the line, or another one than the line says


class BadMessage(Exception):
    """A message that is dropped whole. `detail` is safe to log: it holds no value that was sent."""

    def __init__(self, reason: BadReason, detail: str, id: str | None = None) -> None:
        self.reason = reason
        self.detail = "".join(c if c.isprintable() else "·" for c in detail[:MAX_DETAIL])
        self.id = id  # the command's id where it can be read (rule 1)
        super().__init__(f"{reason.value}: {self.detail}")


_quoted = re.compile(r"'[^']*'|\"[^\"]*\"")


def without_values(error: Exception) -> str:
    """What msgspec says is wrong, without the word that it quotes: it could be a card number in the wrong field."""
    return _quoted.sub("'…'", str(error))


# An unclosed string runs to the end: without that, a payload of quotes would cost its length squared.
_tokens = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL).finditer
_BLANK = " \t\n\r"


def read_object(raw: bytes) -> dict[str, Any]:
    """The one JSON object in `raw`; BadMessage if it is not strict. Its size was checked before."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BadMessage(BadReason.ENCODING, f"not UTF-8 at byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise BadMessage(BadReason.ENCODING, "starts with a byte order mark")
    if "\0" in text:
        raise BadMessage(BadReason.NUL, "a NUL character")
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _check_depth(text)
    found = _parse(text)
    if "\\u" in text:  # only an escape can bring a surrogate or a NUL as far as here
        _check_texts(found)
    if type(found) is not dict:
        raise BadMessage(BadReason.JSON, "not an object")
    return found


def _parse(text: str) -> Any:
    try:
        # scan_once is `raw_decode` without the search for white space, which almost nobody sends.
        start = 0 if text[:1] == "{" else len(text) - len(text.lstrip(_BLANK))
        found, end = _decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise BadMessage(BadReason.JSON, f"{error.msg} at character {error.pos}") from None
    if end != len(text) and text[end:].strip(_BLANK):
        raise BadMessage(BadReason.JSON, f"more than one value, at character {end}")
    return found


def _check_depth(text: str) -> None:
    depth = 0
    for token in _tokens(text):
        mark = token[0]
        if mark in "{[":
            depth += 1
            if depth > MAX_DEPTH:
                raise BadMessage(BadReason.DEPTH, f"nested deeper than {MAX_DEPTH} at character {token.start()}")
        elif mark in "}]":
            depth -= 1


def _check_texts(found: Any) -> None:
    if isinstance(found, str):
        if "\0" in found:
            raise BadMessage(BadReason.NUL, "an escaped NUL character")
        if any("\ud800" <= character <= "\udfff" for character in found):
            raise BadMessage(BadReason.SURROGATE, "a lone surrogate")
    elif isinstance(found, dict):
        for key, value in found.items():
            _check_texts(key)
            _check_texts(value)
    elif isinstance(found, list):
        for value in found:
            _check_texts(value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadMessage(BadReason.DUPLICATE_KEY, "a key twice in one object")
    return found


def _int(digits: str) -> int:
    # 20 characters hold every signed 64-bit number; thousands of digits would cost their square to read.
    if len(digits) > 20 or not INT_MIN <= (number := int(digits)) <= INT_MAX:
        raise BadMessage(BadReason.NUMBER, "an integer beyond signed 64 bit")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise BadMessage(BadReason.NUMBER, "a number beyond 64 bit")
    return number


def _constant(name: str) -> Any:
    raise BadMessage(BadReason.NUMBER, f"{name} is not a number of JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_int=_int, parse_float=_float, parse_constant=_constant)
