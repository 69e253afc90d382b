"""A camera's frame: its line and its picture belong together, or it is refused."""

import hashlib

import pytest

from devices import messages as m
from devices.codec import BadReason, decode_up, encode, encode_frame
from devices.limits import MAX_FRAME
from devices.topics import Kind
from tests.devices.message_scene import AT, KEY, OLD_KEY, reason_of, topic

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
