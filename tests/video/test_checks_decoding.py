"""Whatever bytes come: a picture within limits, or a reason. Nothing is allocated for what a header only claims."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.cameras import Area
from gateway.video.checks import BadPicture, Reference, decode, look, thumbnail
from gateway.video.checks.decoding import MOST_BYTES
from tests.video.drawn_yard import background, pictures


def jpeg(width: int = 640, height: int = 480, quality: int = 80) -> bytes:
    picture = cv2.resize(background(), (width, height))
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def with_size(data: bytes, width: int, height: int) -> bytes:
    at = data.index(b"\xff\xc0")
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


@pytest.mark.parametrize(
    ("size", "decoded_width"),
    [((1920, 1080), 240), ((3840, 2160), 480), ((1280, 720), 320), ((640, 480), 320), ((352, 288), 352)],
)
def test_a_picture_is_decoded_no_larger_than_needed_and_its_size_is_told(size, decoded_width) -> None:
    decoded = decode(jpeg(*size))
    assert decoded.size == size
    assert decoded.pixels.shape[1] == decoded_width


def test_grey_files_stay_grey_and_png_is_read() -> None:
    grey = cv2.cvtColor(background(), cv2.COLOR_BGR2GRAY)
    assert decode(cv2.imencode(".jpg", grey)[1].tobytes()).pixels.ndim == 2
    assert decode(cv2.imencode(".png", background())[1].tobytes()).size == (640, 352)


def png_header(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + bytes(40)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not_a_picture"),
        (b"GIF89a" + bytes(400), "not_a_picture"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(100), "not_a_picture"),
        (b"\x00\x00\x00\x1cftypavif" + bytes(100), "not_a_picture"),
        (b"BM" + bytes(400), "not_a_picture"),
        (b"<html>401</html>", "not_a_picture"),
        (b"\xff\xd8\xff", "bad_picture"),
        (b"\xff\xd8\xff\xe0\x00\x10" + bytes(14), "bad_picture"),
        (with_size(jpeg(), 50_000, 50_000), "bad_size"),
        (with_size(jpeg(), 0, 480), "bad_size"),
        (with_size(jpeg(), 8, 8), "bad_size"),
        (png_header(50_000, 50_000), "bad_size"),
        (png_header(640, 480), "bad_picture"),
        (b"\xff\xd8\xff" + bytes(MOST_BYTES), "too_large"),
    ],
)
def test_what_is_no_picture_of_ours_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadPicture) as refused:
        decode(data)
    assert refused.value.reason == reason


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5000), st.binary(max_size=40), st.integers(0, 20_000))
def test_damaged_pictures_are_decoded_or_refused_never_more(at: int, junk: bytes, cut: int) -> None:
    data = bytearray(jpeg(320, 240))
    data[at : at + len(junk)] = junk
    try:
        decoded = decode(bytes(data[: max(0, len(data) - cut)]))
    except BadPicture:
        return
    assert look(decoded).grey.shape == (135, 240)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_reference_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        Reference.from_bytes(data)


def test_a_reference_that_unpacks_to_more_than_it_may_is_refused() -> None:
    good = Reference.of([look(picture) for _, picture in pictures(1)]).to_bytes()
    head = good[:13]
    bomb = head + zlib.compress(bytes(50_000_000), 9)
    assert len(bomb) < 60_000
    for wrong in (bomb, good[:-3], good + b"x", good[:40] + b"\x00" + good[41:], head):
        with pytest.raises(ValueError):
            Reference.from_bytes(wrong)


def test_blurred_areas_of_a_thumbnail_show_nothing() -> None:
    picture = background()
    small = cv2.imdecode(
        np.frombuffer(thumbnail(picture, [Area(0.25, 0.25, 0.5, 0.5)], 320), np.uint8), cv2.IMREAD_COLOR
    )
    assert small.shape[1] == 320
    inside = cv2.Laplacian(small[60:120, 100:220], cv2.CV_32F).std()
    outside = cv2.Laplacian(small[:40], cv2.CV_32F).std()
    assert inside < 0.25 * outside
