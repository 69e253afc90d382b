"""A look against the reference of its camera and against the look before it.

What every picture needs is cheap: a handful of passes over a small picture. What only a sick one needs (a spectrum,
laying the picture over the reference elsewhere) is done when a cheap number asks for it.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from gateway.core.health.measures import Measures
from gateway.video.checks.alignment import STAY, align
from gateway.video.checks.coding import coding_edges, coding_edges_between
from gateway.video.checks.looks import COLUMNS, ROWS, Floats, Look, blocks
from gateway.video.checks.patterns import pattern_over
from gateway.video.checks.references import Reference

Mask = npt.NDArray[np.bool_]

LEAST_SPREAD = 1.0
"""Grey levels; structure weaker than this drowns in rounding and compression."""

FRESH_FROM = 1.0
"""Grain beyond the usual from which it is worth a look whether it is new in each picture."""

BLOCKS = ROWS * COLUMNS
_FEW = BLOCKS // 10


def likeness(seen: Look, reference: Reference) -> tuple[Floats, Floats]:
    """By block: covariance with the reference, and correlation."""
    covariance = blocks(seen.tones * reference.tones) - seen.means * reference.means
    return covariance, covariance / (np.maximum(seen.spread, LEAST_SPREAD) * reference.floored_spread)


def quantile(values: Floats, share: float) -> float:
    """NumPy's own takes a tenth of the whole check."""
    ordered = np.sort(values, axis=None)
    return float(ordered[min(ordered.size - 1, int(share * ordered.size))]) if ordered.size else 0.0


def median(values: Floats) -> float:
    return quantile(values, 0.5)


def average(values: Floats) -> float:
    return float(np.add.reduce(values, axis=None)) / max(1, values.size)


def change_between(seen: Look, previous: Look) -> Floats:
    """Mean difference by block."""
    return blocks(cv2.absdiff(seen.grey, previous.grey).astype(np.float32))


def measure(seen: Look, reference: Reference | None, previous: Look | None, since_s: float | None = None) -> Measures:
    """Everything that Health wants to know of a picture. `since_s` says how long before it `previous` was taken."""
    numbers = _alone(seen)
    if reference is not None:
        numbers |= _against(seen, reference)
    if previous is not None:
        numbers |= _since(seen, previous, reference)
        numbers["since_s"] = since_s
        if (numbers.get("noise") or 0.0) > FRESH_FROM:
            numbers["fresh"] = _fresh(seen, previous)
    return Measures(**numbers)  # type: ignore[arg-type]


def _alone(seen: Look) -> dict[str, float | None]:
    mean = average(seen.means)
    power = average(seen.spread * seen.spread) + average(seen.means * seen.means)
    return {
        "mean": mean,
        "contrast": max(0.0, power - mean * mean) ** 0.5,
        "dark": seen.dark,
        "bright": seen.bright,
        "flat": _share(seen.spread < 0.8),
        "saturation": seen.saturation,
        "texture": _share(seen.spread > 4.0),
    }


def _share(mask: Mask) -> float:
    return int(np.count_nonzero(mask)) / mask.size


def _against(seen: Look, reference: Reference) -> dict[str, float | None]:
    covariance, ncc = likeness(seen, reference)
    slope = covariance / reference.floored_variance
    asked, like = reference.asked, reference.likeness
    good = asked & (ncc > 0.5 * like)
    use = good if np.count_nonzero(good) >= 5 else asked
    gain = max(0.0, median(slope[use]))
    # Noise in the dark halves the correlation of weak structure and says nothing of it being covered.
    grain, usual_grain = seen.grain, max(gain, 0.1) * reference.grain
    fair = (seen.means > 12) & (seen.means < 243)
    added = np.maximum(grain * grain - usual_grain * usual_grain, 0.0)
    noise = quantile(added[fair] if np.count_nonzero(fair) > _FEW else added, 0.25) ** 0.5
    signal = max(gain, 0.08) * reference.spread
    signal *= signal
    expected = like * np.sqrt(signal / (signal + (1.69 * noise * noise + 0.25)))
    level = median((seen.means + 2) / (reference.means + 2))
    # What is white because it is lit more, or black because it is lit less, is not hidden either.
    lit = reference.means * max(level, gain)
    clipped = ((seen.means > 238) & (lit > 200)) | ((seen.means < 10) & (lit < 30))
    heard = asked & (expected > 0.55) & ~clipped
    count = int(np.count_nonzero(heard))
    if count < 8:
        heard, count = asked, max(1, int(np.count_nonzero(asked)))
    gone = heard & (ncc < 0.4 * expected)
    lost = int(np.count_nonzero(gone)) / count
    kept = int(np.count_nonzero(heard & (ncc > 0.7 * expected))) / count
    seen.gone = gone
    offset = median((seen.means - gain * reference.means)[use])
    numbers: dict[str, float | None] = {
        "usual_mean": reference.mean,
        "usual_bright": reference.scalars["bright"],
        "usual_texture": reference.texture,
        "usual_lost": reference.scalars["lost"],
        "votes": count / BLOCKS,
        "kept": kept,
        "lost": lost,
        "area": _covered(seen, reference, gone, heard, gain, offset, noise),
        "gain": gain,
        "offset": offset,
        "level": level,
        "ratio": median((seen.spread / reference.floored_spread)[asked]),
        "noise": noise,
        "cast": _cast(seen, reference, fair),
        "grid": coding_edges(seen.source, seen.reduction) / max(0.2, reference.scalars["grid"]),
    }
    numbers |= _fineness(seen, reference, slope, use, asked)
    leftover = np.sqrt(np.maximum(seen.spread * seen.spread - slope * covariance, 0.0))
    residue = quantile(leftover[asked], 0.3) - reference.scalars["residue"]
    numbers["residue"] = residue
    found = (0.0, 0.0, 0.0)
    if residue > 1.5 or _waves(seen, reference, gain) > 4.0:
        found = pattern_over(seen, reference, gain)
    numbers["stripe"], numbers["stripe_peak"], numbers["stripe_even"] = found
    laid = STAY
    if lost > 0.25 or kept < 0.5:
        laid = align(seen, reference, expected, heard, further=lost > 0.3)
    numbers["shift_x"], numbers["shift_y"], numbers["aligned"], numbers["turned"], numbers["zoomed"] = laid
    return numbers


def _fineness(seen: Look, reference: Reference, slope: Floats, use: Mask, asked: Mask) -> dict[str, float | None]:
    fine = use & reference.has_detail
    if np.count_nonzero(fine) < 5:
        fine = use
    detail, usual = seen.detail[fine], reference.detail[fine]
    power = np.maximum(seen.spread[fine], 1.0)
    usual_power = np.maximum(reference.spread[fine], 1.0)
    steep = np.maximum(slope[fine], 0.05)
    return {
        "sharp": median(detail * (usual_power * usual_power) / (power * power * np.maximum(usual, 1e-3))),
        "crisp": median(detail / (steep * steep * np.maximum(usual, 0.5))),
        "detail": median(seen.detail[asked]) / max(1.0, reference.usual_detail),
    }


def _since(seen: Look, previous: Look, reference: Reference | None) -> dict[str, float | None]:
    change = change_between(seen, previous)
    found: dict[str, float | None] = {
        "change": median(change),
        "change_most": float(change[2:-2].max()),
        "change_edges": (_share(change[:2] > 0.05) + _share(change[-2:] > 0.05)) / 2,
        "usual_change": None if reference is None else reference.scalars["change"],
        "usual_change_most": None if reference is None else reference.scalars["change_most"],
        "usual_still": None if reference is None else reference.scalars["still"],
        "grid_change": coding_edges_between(seen.source, previous.source, seen.reduction),
    }
    if seen.gone is not None and previous.gone is not None:
        found["churn"] = _share(seen.gone != previous.gone)
    return found


def _fresh(seen: Look, previous: Look) -> float:
    """Grain of what changed, in the units of the grain of one picture: noise is new in each picture, and the texture of
    whatever the camera looks at stands still. The quiet quarter of the blocks tells, so that people may walk by."""
    beside = seen.tones - previous.tones
    grain = blocks(cv2.absdiff(beside, cv2.medianBlur(beside, 3)))
    fair = (seen.means > 12) & (seen.means < 243)
    return quantile(grain[fair] if np.count_nonzero(fair) > _FEW else grain, 0.25) / 2**0.5


def _covered(
    seen: Look, reference: Reference, gone: Mask, heard: Mask, gain: float, offset: float, noise: float
) -> float:
    """Share of the picture that shows something else. Blocks without structure are judged by what has come into them:
    structure, or a brightness that neither light nor exposure explains."""
    if not gone.any():
        return 0.0
    expected = gain * reference.means + offset
    other = np.abs(seen.means - np.clip(expected, 0, 255)) > np.maximum(16.0, 0.18 * expected)
    other |= seen.spread > 2.5 * np.maximum(max(gain, 0.3) * reference.busy, 2.0) + 2.0 * noise
    return _share(gone | (other & ~heard))


def _cast(seen: Look, reference: Reference, fair: Mask) -> float | None:
    if seen.colour is None or reference.colour is None or np.count_nonzero(fair) < 10:
        return None
    lean = np.log((seen.colour + 2) / (reference.colour + 2))[fair]
    blue, green, red = lean[:, 0], lean[:, 1], lean[:, 2]
    grey = (blue + green + red) / 3
    return max(abs(median(blue - grey)), abs(median(green - grey)), abs(median(red - grey)))


def _waves(seen: Look, reference: Reference, gain: float) -> float:
    """How much the brightness of the rows or columns of blocks goes up and down, beside a slope."""
    beside = seen.means - np.float32(gain) * reference.means
    rows, columns = np.add.reduce(beside, axis=1) / COLUMNS, np.add.reduce(beside, axis=0) / ROWS
    rows, columns = rows[2:] - 2 * rows[1:-1] + rows[:-2], columns[2:] - 2 * columns[1:-1] + columns[:-2]
    return max(average(np.abs(rows)), average(np.abs(columns)))
