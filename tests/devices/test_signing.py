"""Signatures and tokens: the bytes that another implementation must arrive at."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.canonical import canonical
from devices.signing import credentials_key, hmac_sha256, mac_is_right, new_key, seal, signed_body, token

KEY = bytes(range(32))
TOPIC = "campus/main/reader/north-in-1/tap"


@given(st.binary(max_size=200), st.binary(max_size=2_000))
def test_our_hmac_is_the_one_of_the_standard_library(key: bytes, message: bytes) -> None:
    assert hmac_sha256(key, message) == hmac.digest(key, message, "sha256")


def test_the_mac_covers_topic_line_feed_and_the_object_without_its_tail() -> None:
    body = b'{"v":1,"id":"x"}'

    payload = seal(TOPIC, body, KEY)

    digits = hmac.new(KEY, TOPIC.encode() + b"\n" + body, hashlib.sha256).hexdigest().encode()
    assert payload == b'{"v":1,"id":"x","mac":"' + digits + b'"}'
    assert signed_body(payload) == body
    assert len(payload) - len(body) == 73 and mac_is_right(TOPIC, payload, KEY)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"v":1} ', b'"text"', b"{"])
def test_only_an_object_with_a_member_can_be_sealed(body: bytes) -> None:
    with pytest.raises(ValueError):
        seal(TOPIC, body, KEY)


def test_a_mac_is_right_only_for_its_topic_its_key_and_in_lower_case() -> None:
    payload = seal(TOPIC, b'{"v":1}', KEY)
    upper = payload[:-66] + payload[-66:-2].upper() + payload[-2:]

    assert mac_is_right(TOPIC, payload, KEY)
    assert not mac_is_right("campus/main/reader/north-in-2/tap", payload, KEY)
    assert not mac_is_right(TOPIC, payload, new_key())
    assert upper != payload and not mac_is_right(TOPIC, upper, KEY)
    assert not mac_is_right(TOPIC, payload + b"\n", KEY)


def flipped_byte_never_passes(is_right: object) -> None:
    @given(st.binary(min_size=1, max_size=60), st.data())
    def law(inside: bytes, data: st.DataObject) -> None:
        payload = bytearray(seal(TOPIC, b'{"v":1,' + inside + b"}", KEY))
        position = data.draw(st.integers(0, len(payload) - 1))
        payload[position] ^= data.draw(st.integers(1, 255))
        assert not is_right(TOPIC, bytes(payload), KEY)  # type: ignore[operator]

    law()


def test_one_changed_byte_never_passes() -> None:
    flipped_byte_never_passes(mac_is_right)


def test_the_law_of_the_changed_byte_catches_a_mac_that_is_compared_in_part() -> None:
    def compares_the_first_half(topic: str, payload: bytes, key: bytes) -> bool:
        body = signed_body(payload)
        return body is not None and seal(topic, body, key)[:-32] == payload[:-32]

    with pytest.raises(AssertionError):
        flipped_byte_never_passes(compares_the_first_half)


def test_a_token_is_sixteen_bytes_of_kind_and_value_under_a_key_of_its_own() -> None:
    under = hmac.digest(KEY, b"credentials", "sha256")

    assert credentials_key(KEY) == under
    assert token(under, "card", "04A1B2C3") == hmac.digest(under, b"card\n04A1B2C3", "sha256")[:16].hex()
    assert token(under, "qr", "04A1B2C3") != token(under, "card", "04A1B2C3")
    assert token(credentials_key(new_key()), "card", "04A1B2C3") != token(under, "card", "04A1B2C3")


def test_keys_are_32_random_bytes() -> None:
    assert len(new_key()) == 32 and new_key() != new_key()


@pytest.mark.parametrize(
    ("kind", "value", "right"),
    [
        ("card", "04a1b2c3", "04A1B2C3"),
        ("plate", "京 a·12345", "京A12345"),
        ("plate", "京Ａ１２３４５", "京A12345"),  # full width, as an input method types it
        ("plate", "\u3000粤b\tD12345\u00a0", "粤BD12345"),
        ("qr", "eyJhbGciOi.aB·c", "eyJhbGciOi.aB·c"),
        ("pin", "0042", "0042"),
    ],
)
def test_a_credential_has_one_spelling(kind: str, value: str, right: str) -> None:
    assert canonical(kind, value) == right


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("card", ""),
        ("plate", " · "),
        ("face", "x"),
        ("card", "x" * 513),
        ("qr", "a\0b"),
        ("qr", "a\ud800"),
        ("card", "ß" * 512),
    ],
)
def test_what_can_be_no_credential_is_refused(kind: str, value: str) -> None:
    with pytest.raises(ValueError):
        canonical(kind, value)


@given(st.sampled_from(["card", "qr", "pin", "plate"]), st.text(min_size=1, max_size=40))
def test_the_one_spelling_is_its_own_spelling(kind: str, value: str) -> None:
    try:
        once = canonical(kind, value)
    except ValueError:
        return

    assert canonical(kind, once) == once
