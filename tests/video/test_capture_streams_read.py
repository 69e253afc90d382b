"""Reading what streams send, byte by byte: the parts of an HTTP stream, and RTSP before FFmpeg gets it."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.video.capture.address import NotThere
from gateway.video.capture.multipart import BadStream, Multipart, PartTooLarge
from gateway.video.capture.rtsp_watch import RtspWatch
from gateway.video.jobs import Reason

PICTURES = [b"\xff\xd8\xff" + bytes([number]) * (40 + number) for number in range(5)]


def stream(style: str) -> bytes:
    written = b""
    for number, picture in enumerate(PICTURES):
        length = f"Content-Length: {len(picture)}\r\n" if "length" in style else ""
        head = f"--b\r\nContent-Type: image/jpeg\r\n{length}X-Timestamp: {1_800_000_000 + number}.5\r\n\r\n"
        written += head.encode() + picture + b"\r\n"
    written += b"--b\r\n"
    return written.replace(b"\r\n", b"\n") if "bare" in style else written


def cut(data: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted(edge % (len(data) + 1) for edge in at), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]


@settings(max_examples=40)
@given(st.sampled_from(["length", "", "length bare", "bare"]), st.lists(st.integers(0, 5000), max_size=12))
def test_pictures_are_the_same_however_the_bytes_arrive(style, at):
    parts = Multipart("b", 1000)

    found = [part for piece in cut(stream(style), at) for part in parts.feed(piece)]

    assert [part.body for part in found] == PICTURES
    assert [part.told_s for part in found] == [1_800_000_000.5 + number for number in range(5)]


@pytest.mark.parametrize("boundary", ["b", "--b", '"b"', '"--b"'])
def test_a_boundary_may_be_announced_as_cameras_do(boundary):
    assert [part.body for part in Multipart(boundary, 1000).feed(stream("length"))] == PICTURES


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=3000), max_size=30))
def test_random_bytes_are_parts_or_a_bad_stream_and_never_pile_up(pieces):
    parts = Multipart("b", 2000)
    try:
        for piece in pieces:
            assert all(len(part.body) <= 2000 + 3000 for part in parts.feed(piece))
            assert len(parts._kept) <= 2 * 4096 + 2000 + 3000
    except BadStream:
        pass


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"--b\r\nContent-Length: 1001\r\n\r\n", PartTooLarge),
        (b"--b\r\n\r\n" + b"x" * 1100, PartTooLarge),
        (b"--b\r\n" + b"X-Header: y\r\n" * 1000, BadStream),
        (b"x" * 9000, BadStream),
    ],
)
def test_nothing_in_a_stream_may_be_endless(sent, error):
    with pytest.raises(error):
        Multipart("b", 1000).feed(sent)


def test_a_stream_has_to_name_its_boundary():
    with pytest.raises(BadStream):
        Multipart("--", 1000)


# --- RTSP -------------------------------------------------------------------------------------------------------------

DESCRIBED = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 6\r\n\r\nv=0\r\n\n"


def packet(stamp: int, *, last: bool = True, channel: int = 0) -> bytes:
    body = struct.pack(">BBHII", 0x80, 96 | (0x80 if last else 0), 1, stamp & 0xFFFF_FFFF, 7) + b"payload"
    return struct.pack(">BBH", ord("$"), channel, len(body)) + body


def report(wall: float, stamp: int) -> bytes:
    body = struct.pack(">BBHIIII", 0x80, 200, 6, 7, int(wall) + 2_208_988_800, int(wall % 1 * 2**32), stamp) + bytes(8)
    return struct.pack(">BBH", ord("$"), 1, len(body)) + body


def test_messages_and_packets_are_passed_on_unchanged():
    sent = DESCRIBED + packet(0) + packet(9000) + b"RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n" + packet(18000)

    assert RtspWatch().feed(sent, 1.0) == sent


@settings(max_examples=40)
@given(st.lists(st.integers(0, 400), max_size=12))
def test_however_the_bytes_arrive_the_same_is_passed_on(at):
    sent = DESCRIBED + packet(0) + packet(9000)
    watch = RtspWatch()

    assert b"".join(watch.feed(piece, 1.0) for piece in cut(sent, at)) == sent
    assert len(watch.arrivals()) == 2


@pytest.mark.parametrize(
    "sent",
    [
        b"RTSP/1.0 302 Moved\r\nLocation: rtsp://169.254.169.254/\r\n\r\n",
        b"RTSP/1.0 301 Moved\r\n\r\n",
        b"REDIRECT rtsp://10.20.0.7/live RTSP/1.0\r\nLocation: rtsp://192.168.1.1:554/\r\n\r\n",
    ],
)
def test_ffmpeg_never_hears_that_it_should_go_elsewhere(sent):
    with pytest.raises(NotThere) as refused:
        RtspWatch().feed(sent, 1.0)

    assert refused.value.reason is Reason.REDIRECT


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"RTSP/1.0 OK\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 999999\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 4000,
    ],
)
def test_what_is_not_rtsp_within_limits_is_a_bad_stream(sent):
    with pytest.raises(NotThere) as refused:
        RtspWatch().feed(sent, 1.0)

    assert refused.value.reason is Reason.BAD_STREAM


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=2000), max_size=20))
def test_random_bytes_end_the_connection_or_are_kept_within_limits(pieces):
    watch = RtspWatch()
    try:
        for piece in pieces:
            watch.feed(piece, 1.0)
            assert len(watch._kept) <= 16 * 1024 + 64 * 1024 + 2000
    except NotThere:
        pass


def test_each_picture_is_counted_once_at_its_first_packet():
    watch = RtspWatch()
    for number in range(3):
        at = 10.0 + number / 10
        watch.feed(packet(9000 * number, last=False) + packet(9000 * number, last=False), at)
        watch.feed(packet(9000 * number), at + 0.01)

    assert watch.arrivals() == [(10.0, 0.0), (10.1, 0.1), (10.2, 0.2)]
    assert not watch.tells_time_of_day
    assert watch.arrivals() == []


def test_a_clock_that_stands_still_does_not_hide_the_pictures():
    watch = RtspWatch()
    for number in range(5):
        watch.feed(packet(9000), 10.0 + number / 10)

    assert [told for _, told in watch.arrivals()] == [0.1] * 5


def test_stamps_turn_over_after_13_hours():
    watch = RtspWatch()
    for number in range(4):
        watch.feed(packet(2**32 - 9000 + 9000 * number), 10.0 + number / 10)

    told = [told for _, told in watch.arrivals()]

    assert [round(after - before, 6) for before, after in pairwise(told)] == [0.1, 0.1, 0.1]


def test_a_sender_report_tells_the_cameras_time_of_day():
    watch = RtspWatch()
    watch.feed(packet(9000) + report(1_800_000_000.25, 18000) + packet(27000), 10.0)

    assert watch.tells_time_of_day
    assert [round(told, 3) for _, told in watch.arrivals()] == [1_800_000_000.15, 1_800_000_000.35]


def test_a_camera_that_counts_from_its_start_tells_no_time_of_day():
    watch = RtspWatch()
    watch.feed(packet(9000) + report(3600.0, 9000), 10.0)

    assert not watch.tells_time_of_day
