"""Inside a process that reads one RTSP stream with FFmpeg, through the eye's relay. Imports OpenCV: children only.

Promises: nothing but the address that it is given is opened, over TCP; pictures are handed over reduced as a JPEG would
be decoded; between two requests the stream is read on, so that the next picture is a new one. Leaves to others: arrival
times and the camera's clock (`rtsp_watch` sees them nearer to the wire), measuring (`looking`).
"""

from __future__ import annotations

import os
import select
import socket
import time

import msgspec

from gateway.video.capture import tasks, wire
from gateway.video.capture.limits import processor_time_from_now

PROCESSOR_SHARE = 0.9
"""Of one core, while the stream is looked at; a stream that takes more than that for minutes is ended by the kernel."""

_encoder = msgspec.msgpack.Encoder()
_requests = msgspec.msgpack.Decoder(tasks.ToLive)


def work(sock: socket.socket) -> None:
    """Open one stream and serve requests until the socket or the stream ends."""
    import cv2

    request = _requests.decode(wire.receive(sock))
    assert isinstance(request, tasks.Open)
    # The only way to hand FFmpeg its options is the environment of its process, which is this one alone.
    os.putenv(
        "OPENCV_FFMPEG_CAPTURE_OPTIONS",
        "rtsp_transport;tcp|protocol_whitelist;rtsp,rtp,tcp|allowed_media_types;video|fflags;nobuffer"
        # Or it watches the stream for five seconds before it gives the first picture.
        f"|analyzeduration;{int(request.analyse_s * 1e6)}|probesize;{int(request.analyse_s * 1e6)}|fpsprobesize;0",
    )
    limit_ms = int(request.timeout_s * 1000)
    capture = cv2.VideoCapture(
        request.url,
        cv2.CAP_FFMPEG,
        [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, limit_ms),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, limit_ms),
            *(cv2.CAP_PROP_N_THREADS, 1),
        ],
    )
    try:
        if not capture.isOpened() or not capture.grab():
            _say(sock, tasks.Lost(opened=False))
            return
        if not capture.get(cv2.CAP_PROP_FRAME_WIDTH):
            # OpenCV would never give a picture of it, also once the size is known.
            _say(sock, tasks.Lost(opened=False, sizeless=True))
            return
        _say(sock, tasks.Live())
        _Reading(sock, capture).run()
    finally:
        capture.release()


class _Reading:
    def __init__(self, sock: socket.socket, capture) -> None:  # type: ignore[no-untyped-def]
        self._sock = sock
        self._capture = capture

    def run(self) -> None:
        while True:
            processor_time_from_now(60.0)
            if select.select([self._sock], [], [], 0.0)[0]:
                request = _requests.decode(wire.receive(self._sock))
                assert isinstance(request, tasks.Take)
                taken = self._take(request)
                if taken is None:
                    break
                _say(self._sock, taken)
            elif not self._capture.grab():
                break
        _say(self._sock, tasks.Lost(opened=True))

    def _take(self, request: tasks.Take) -> tasks.Taken | None:
        """Pictures over `look_s`; None if the stream ended before the first."""
        began, worked = time.monotonic(), time.process_time()
        apart_s = request.look_s / max(1, request.pictures - 1)
        frames: list[tasks.Frame] = []
        last = None
        while len(frames) < request.pictures:
            now = time.monotonic()
            if not self._capture.grab():
                if not frames:
                    return None
                break
            now = time.monotonic()
            if now - began >= len(frames) * apart_s:
                done, pixels = self._capture.retrieve()
                if done and pixels is not None and pixels.ndim == 3:
                    frames.append(_frame(now, pixels))
                    last = pixels
            if now - began > request.look_s + apart_s:
                break
        return tasks.Taken(
            frames=tuple(frames),
            wide=_wide(last, request.wide) if request.wide and last is not None else b"",
            cost_s=time.process_time() - worked,
        )


def _frame(received: float, pixels) -> tasks.Frame:  # type: ignore[no-untyped-def]
    import cv2

    from gateway.video.checks.decoding import ENOUGH

    height, width = pixels.shape[:2]
    by = next((by for by in (8, 4, 2) if width >= ENOUGH * by and height >= ENOUGH // 2 * by), 1)
    if by > 1:
        pixels = cv2.resize(pixels, (width // by, height // by), interpolation=cv2.INTER_AREA)
    return tasks.Frame(
        received=received,
        pixels=pixels.tobytes(),
        pixels_size=(pixels.shape[1], pixels.shape[0]),
        size=(width, height),
        reduction=by,
    )


def _wide(pixels, width: int) -> bytes:  # type: ignore[no-untyped-def]
    import cv2

    if pixels.shape[1] > width:
        pixels = cv2.resize(
            pixels, (width, max(1, round(pixels.shape[0] * width / pixels.shape[1]))), interpolation=cv2.INTER_AREA
        )
    done, jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return jpeg.tobytes() if done else b""


def _say(sock: socket.socket, message: tasks.FromLive) -> None:
    sock.sendall(wire.pack(message, _encoder))
