"""Regular patterns that lie over the whole picture: hum bars, interference, banding."""

from __future__ import annotations

import cv2
import numpy as np

from gateway.video.checks.looks import HEIGHT, WIDTH, Floats, Look, blocks
from gateway.video.checks.references import Reference

_WINDOW: Floats = cv2.createHanningWindow((WIDTH, HEIGHT), cv2.CV_32F)
_SUM = float(_WINDOW.sum())
_ROUND = 6
_TURN = np.float32(2 * np.pi)
_DOWN = np.arange(HEIGHT, dtype=np.float32)[:, None]
_ALONG = np.arange(WIDTH, dtype=np.float32)[None]


def pattern_over(seen: Look, reference: Reference, gain: float) -> tuple[float, float, float]:
    """Amplitude of the strongest pattern, how far it stands out, and on what share of the picture it lies evenly."""
    beside = seen.tones - np.float32(gain) * reference.tones
    beside -= cv2.blur(beside, (81, 81))
    np.clip(beside, -90, 90, out=beside)
    spectrum = cv2.dft(beside * _WINDOW, flags=cv2.DFT_COMPLEX_OUTPUT)[:, : WIDTH // 2 + 1]
    half = spectrum[..., 0] ** 2 + spectrum[..., 1] ** 2
    half[:2, :2] = 0
    half[-1:, :2] = 0
    row, column = np.unravel_index(int(np.argmax(half)), half.shape)
    amplitude = 2.0 * float(np.sqrt(half[row, column])) / _SUM
    rows = (np.arange(row - _ROUND, row + _ROUND + 1)) % HEIGHT
    columns = np.abs(np.arange(column - _ROUND, column + _ROUND + 1))
    near = half[np.ix_(rows, columns[columns < half.shape[1]])]
    peak = float(half[row, column]) / (float(np.median(near)) + 1e-6)
    if peak < 10 or amplitude < 1.0:
        return amplitude, peak, 0.0
    # The strength of the pattern block by block: what lies over the picture is as strong everywhere.
    down, along = _TURN * np.float32(row / HEIGHT) * _DOWN, _TURN * np.float32(column / WIDTH) * _ALONG
    cos_down, sin_down, cos_along, sin_along = np.cos(down), np.sin(down), np.cos(along), np.sin(along)
    cosine = beside * (cos_down * cos_along - sin_down * sin_along)
    sine = beside * (sin_down * cos_along + cos_down * sin_along)
    strength = 2 * cv2.magnitude(blocks(cosine), blocks(sine))
    even = float(((strength > 0.45 * amplitude) & (strength < 2.2 * amplitude)).mean())
    return amplitude, peak, even
