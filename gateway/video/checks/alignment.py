"""Lays a picture over the reference at another place: shifted, turned, zoomed. Only for pictures that do not fit."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from gateway.video.checks.looks import HEIGHT, WIDTH, Floats, Look, blocks, edges_of
from gateway.video.checks.references import Reference

Laid = tuple[float, float, float | None, float, float]
STAY: Laid = (0.0, 0.0, None, 0.0, 1.0)

BETTER = 0.15
"""So much more of the picture has to fit elsewhere before it counts as moved."""


def align(seen: Look, reference: Reference, expected: Floats, heard: npt.NDArray[np.bool_], further: bool) -> Laid:
    """Shift to the right and down (shares of the width), how much of the picture then fits, degrees, scale."""
    (x, y), _ = cv2.phaseCorrelate(reference.edges, edges_of(seen.tones))
    moves = []
    if np.hypot(x, y) > 0.7:
        moves.append(np.array([[1, 0, x], [0, 1, y]], np.float64))
    stays = _fit(seen, reference, _AS_IT_IS, expected, heard) or 0.0
    best, best_fit = STAY, stays + BETTER
    for move in moves:
        best, best_fit = _better(seen, reference, move, expected, heard, best, best_fit)
    if further and best_fit < 0.5:
        found = _by_points(seen, reference)
        if found is not None:
            best, best_fit = _better(seen, reference, found, expected, heard, best, best_fit)
    return best


_AS_IT_IS = np.array([[1, 0, 0], [0, 1, 0]], np.float64)


def _better(
    seen: Look,
    reference: Reference,
    move: npt.NDArray[np.float64],
    expected: Floats,
    heard: npt.NDArray[np.bool_],
    best: Laid,
    best_fit: float,
) -> tuple[Laid, float]:
    fits = _fit(seen, reference, move, expected, heard)
    if fits is None or fits <= best_fit:
        return best, best_fit
    x, y = move @ np.array([WIDTH / 2, HEIGHT / 2, 1.0]) - np.array([WIDTH / 2, HEIGHT / 2])
    zoom = float(np.hypot(move[0, 0], move[1, 0]))
    turn = float(np.degrees(np.arctan2(move[1, 0], move[0, 0])))
    return (float(x) / WIDTH, float(y) / WIDTH, fits, turn, zoom), fits


def _fit(
    seen: Look, reference: Reference, move: npt.NDArray[np.float64], expected: Floats, heard: npt.NDArray[np.bool_]
) -> float | None:
    """Share of the blocks that fit when the picture is moved back; None if too little of it lies over the reference."""
    back = cv2.warpAffine(
        seen.tones,
        move,
        (WIDTH, HEIGHT),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=-1000,
    )
    inside = blocks((back > -1).astype(np.float32)) > 0.99
    asked = heard & inside
    count = int(np.count_nonzero(asked))
    if count < 6 or count < 0.25 * np.count_nonzero(heard):
        return None
    means = blocks(back)
    spread = np.sqrt(np.maximum(blocks(back * back) - means * means, 0.0))
    covariance = blocks(back * reference.tones) - means * reference.means
    ncc = covariance / (np.maximum(spread, 1.0) * np.maximum(reference.spread, 1.0))
    return float(np.count_nonzero(asked & (ncc > 0.6 * expected))) / count


def _by_points(seen: Look, reference: Reference) -> npt.NDArray[np.float64] | None:
    finder = cv2.ORB_create(300, fastThreshold=6)  # type: ignore[attr-defined]
    theirs, marks = reference.points(finder)
    mine, found = finder.detectAndCompute(seen.grey, None)
    if marks is None or found is None or len(mine) < 12 or len(theirs) < 12:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(marks, found)
    if len(pairs) < 10:
        return None
    a = np.array([theirs[pair.queryIdx].pt for pair in pairs], np.float32)
    b = np.array([mine[pair.trainIdx].pt for pair in pairs], np.float32)
    cv2.setRNGSeed(1)
    move, inliers = cv2.estimateAffinePartial2D(a, b, method=cv2.RANSAC, ransacReprojThreshold=2.5, maxIters=500)
    if move is None or int(inliers.sum()) < 8:
        return None
    return np.asarray(move, np.float64)
