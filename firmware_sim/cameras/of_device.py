"""The pictures of a camera device: which camera it is if nobody says, and a picture that fits into a `frame`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

from devices.limits import MAX_FRAME
from firmware_sim.cameras.camera import Camera
from firmware_sim.cameras.grounds import KINDS

LINE = 4_096
"""Room for the line before a frame's JPEG."""
_PLACES = (("lane", "school_gate"), ("road", "school_gate"), ("gate", "school_gate"), ("dorm", "dormitory"),
           ("park", "car_park"), ("corridor", "corridor"), ("teaching", "corridor"), ("library", "corridor"),
           ("room", "corridor"), ("yard", "yard"), ("square", "yard"), ("field", "yard"))  # fmt: skip


def camera_of(device: str, said: Mapping[str, Any] | None = None) -> Camera:
    """The camera of a device: as a fleet file describes it, or as its name suggests."""
    said = said or {}
    seed = int(said.get("seed", crc32(device.encode()) % 100_000))
    kind = str(said.get("place") or next((kind for word, kind in _PLACES if word in device), KINDS[seed % len(KINDS)]))
    width, height = said.get("size", (640, 360))
    return Camera(str(said.get("id", device)), kind, seed, int(width), int(height), fps=float(said.get("fps", 10.0)))


def frame_of(camera: Camera, at: datetime, room: int = MAX_FRAME - LINE) -> tuple[bytes, datetime] | None:
    """A picture that fits into a `frame`, and the camera's own time of it; None while the camera gives none."""
    shot = camera.shot(at.timestamp())
    if shot is None:
        return None
    jpeg = shot.jpeg
    for quality in (70, 50, 30, 10):
        if len(jpeg) > room:
            jpeg = _recompressed(shot.jpeg, quality)
    if len(jpeg) > room:
        return None
    # The device's clock has its own faults; only a camera whose stamp is wrong says another time than its device.
    stamped = camera.spells(at.timestamp())
    wrong = any(spell.finding == "stale_timestamp" for spell in stamped)
    return jpeg, _whole_ms(datetime.fromtimestamp(shot.stamp, UTC)) if wrong else at


def _recompressed(jpeg: bytes, quality: int) -> bytes:
    """The same picture in fewer bytes; what nobody can open stays as it is."""
    import cv2
    import numpy

    image = cv2.imdecode(numpy.frombuffer(jpeg, numpy.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return jpeg
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def _whole_ms(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
