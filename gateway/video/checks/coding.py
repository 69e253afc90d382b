"""The borders of coding blocks: where a damaged stream shows its squares, and nothing in nature has edges."""

from __future__ import annotations

import cv2
import numpy as np

from gateway.video.checks.decoding import Pixels

BLOCK = 16
"""H.264 codes, and loses, squares of so many pixels."""

HARD = 12
"""Grey levels over a border that count as a hard edge."""


def coding_edges(pixels: Pixels, reduction: int) -> float:
    """How much stronger edges are on the borders of coding blocks than half a block beside them; 1 is no difference."""
    pitch = BLOCK // reduction
    if pitch < 4:
        return 1.0
    plane = pixels if pixels.ndim == 2 else pixels[..., 1]
    on, off = _strengths(plane, pitch)
    return (on + 1.0) / (off + 1.0)


def coding_edges_between(pixels: Pixels, before: Pixels, reduction: int) -> float | None:
    """The same of what changed between two pictures; None if they differ in size."""
    pitch = BLOCK // reduction
    if pitch < 4 or pixels.shape != before.shape:
        return None
    one = pixels if pixels.ndim == 2 else pixels[..., 1]
    other = before if before.ndim == 2 else before[..., 1]
    on, off = _strengths(cv2.absdiff(one, other), pitch)  # type: ignore[arg-type]
    return (on + 0.5) / (off + 0.5)


def _strengths(plane: Pixels, pitch: int) -> tuple[float, float]:
    half = pitch // 2
    height, width = plane.shape[0] // pitch * pitch, plane.shape[1] // pitch * pitch
    plane = plane[:height, :width]
    on = _steps(plane[:, pitch::pitch], plane[:, pitch - 1 : -1 : pitch]) + _steps(
        plane[pitch::pitch], plane[pitch - 1 : -1 : pitch]
    )
    off = _steps(plane[:, half::pitch], plane[:, half - 1 :: pitch]) + _steps(
        plane[half::pitch], plane[half - 1 :: pitch]
    )
    return on, off


def _steps(one: Pixels, other: Pixels) -> float:
    return float(cv2.absdiff(np.ascontiguousarray(one), np.ascontiguousarray(other)).mean())
