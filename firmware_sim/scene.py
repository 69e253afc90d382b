"""A camera's picture: a small synthetic scene with the camera's name and the time, as a real JPEG.

numpy and OpenCV are imported at the first picture, so that a campus without pictures runs without them; where they are
missing, `picture` says so with `NoPictures`.
"""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any

WIDTH, HEIGHT = 640, 360


class NoPictures(Exception):
    """This machine cannot draw: opencv-python or numpy is not there."""


MODES = ("normal", "black", "white", "frozen", "blurred", "covered", "noise", "moved")
"""What can be wrong with a picture, for the checks that look at it."""


def picture(device: str, at: datetime, mode: str = "normal", width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """The JPEG at this moment. The scene is the camera's own and stays; light, a walker and the clock change."""
    try:
        import cv2
        import numpy
    except ImportError as error:
        raise NoPictures("pictures need opencv-python and numpy") from error
    if mode not in MODES:
        raise ValueError(f"no picture mode {mode!r}; known: {', '.join(MODES)}")
    own = numpy.random.default_rng(zlib.crc32(device.encode()))
    if mode == "frozen":
        at = at.replace(minute=0, second=0, microsecond=0)
    image: Any = _place(cv2, numpy, own, width, height)
    if mode == "moved":
        image = numpy.roll(image, (height // 3, width // 3), axis=(0, 1))
    _walker(cv2, image, at, width, height)
    chance = numpy.random.default_rng(int(at.timestamp() * 1000) % 2**32)
    image = numpy.clip(image + chance.normal(0, 3, image.shape), 0, 255).astype(numpy.uint8)
    if mode == "black":
        image[:] = 3
    elif mode == "white":
        image[:] = 252
    elif mode == "covered":
        image[: height * 4 // 5] = (30, 34, 36)
    elif mode == "blurred":
        image = cv2.GaussianBlur(image, (0, 0), 9)
    elif mode == "noise":
        image = chance.integers(0, 256, image.shape, dtype=numpy.uint8)
    words = f"{device}  {at:%Y-%m-%d %H:%M:%S}Z"
    cv2.putText(image, words, (11, height - 11), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(image, words, (11, height - 11), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])
    if not done:
        raise NoPictures("OpenCV could not write a JPEG")
    return bytes(jpeg)


def _place(cv2: Any, numpy: Any, own: Any, width: int, height: int) -> Any:
    """Sky, ground, a building with windows, a gate: the same at every call for one camera."""
    image = numpy.zeros((height, width, 3), numpy.float32)
    horizon = int(height * own.uniform(0.35, 0.5))
    image[:horizon] = own.uniform((150, 120, 90), (220, 190, 160))
    image[horizon:] = own.uniform((70, 80, 80), (110, 120, 120))
    left = int(width * own.uniform(0.05, 0.45))
    right = left + int(width * own.uniform(0.3, 0.45))
    top = int(horizon * own.uniform(0.2, 0.5))
    cv2.rectangle(image, (left, top), (right, horizon + 30), [float(v) for v in own.uniform(60, 160, 3)], -1)
    for x in range(left + 12, right - 20, 34):
        for y in range(top + 10, horizon - 6, 26):
            cv2.rectangle(image, (x, y), (x + 16, y + 14), (200, 210, 190), -1)
    for x in range(0, width, 22):
        cv2.line(image, (x, horizon + 20), (x, horizon + 62), (55, 55, 60), 3)
    cv2.line(image, (0, horizon + 26), (width, horizon + 26), (55, 55, 60), 3)
    cv2.rectangle(image, (0, height - 34), (width, height), (60, 60, 62), -1)
    return image


def _walker(cv2: Any, image: Any, at: datetime, width: int, height: int) -> None:
    seconds = at.timestamp()
    x = int(seconds * 37 % (width + 60)) - 30
    y = int(height * 0.72)
    cv2.rectangle(image, (x - 7, y - 26), (x + 7, y + 20), (60, 70, 150), -1)
    cv2.circle(image, (x, y - 34), 8, (140, 170, 210), -1)
