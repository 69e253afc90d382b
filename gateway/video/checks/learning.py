"""Makes a reference of some healthy looks: the picture without what passes by, and how steady each block of it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from gateway.video.checks.coding import coding_edges
from gateway.video.checks.looks import Look
from gateway.video.checks.measuring import change_between, likeness, median, quantile
from gateway.video.checks.references import Reference

MOST_LOOKS = 60
"""More do not make the picture better, and their median costs memory."""

STILL = 0.02
"""Grey levels of mean difference in a block; the same picture coded twice differs by less."""


def learn(looks: Sequence[Look]) -> Reference:
    if not looks:
        raise ValueError("a reference needs at least one look")
    chosen = (
        [looks[round(k * (len(looks) - 1) / max(1, MOST_LOOKS - 1))] for k in range(MOST_LOOKS)]
        if len(looks) > MOST_LOOKS
        else list(looks)
    )
    grey = np.median(np.stack([seen.grey for seen in chosen]), 0).astype(np.uint8)
    colours = [seen.colour for seen in chosen if seen.colour is not None]
    colour = np.median(np.stack(colours), 0).astype(np.float32) if colours else None
    draft = Reference(grey, colour, chosen[0].size, {}, {})
    found = [likeness(seen, draft) for seen in chosen]
    like = np.stack([ncc for _, ncc in found])
    changes = [change_between(b, a) for a, b in pairwise(looks) if a.size == b.size]
    per_block = {
        "detail": np.median(np.stack([seen.detail for seen in chosen]), 0),
        "grain": np.median(np.stack([seen.grain for seen in chosen]), 0),
        "likeness": np.median(like, 0),
        "busy": np.quantile(np.stack([seen.spread for seen in chosen]), 0.85, axis=0).astype(np.float32),
        "steady": np.quantile(like, 0.2, axis=0).astype(np.float32),
    }
    reference = Reference(grey, colour, chosen[-1].size, per_block, {})
    leftover, lost = [], []
    for seen, (covariance, ncc) in zip(chosen, found, strict=True):
        beside = seen.spread**2 - covariance * covariance / reference.floored_variance
        leftover.append(quantile(np.sqrt(np.maximum(beside, 0.0))[reference.asked], 0.3))
        lost.append(float((ncc < 0.4 * reference.likeness)[reference.asked].mean()))
    still = [one[2:-2].max() for one in changes]
    scalars = {
        "bright": float(np.median([seen.bright for seen in chosen])),
        "residue": float(np.median(leftover)),
        "grid": float(np.median([coding_edges(seen.source, seen.reduction) for seen in chosen])),
        "lost": float(np.median(lost)),
        "change": quantile(np.array([median(one) for one in changes], np.float32), 0.2),
        "change_most": quantile(np.array(still, np.float32), 0.2),
        "still": _longest([one < STILL for one in still]) / max(1, len(still)),
    }
    # As they are kept: a reference that has just been learnt says the same as one that was read again.
    reference.scalars = {name: float(np.float32(value)) for name, value in scalars.items()}
    return reference


def _longest(run: Sequence[bool]) -> int:
    """Length of the longest stretch of True."""
    longest = length = 0
    for one in run:
        length = length + 1 if one else 0
        longest = max(longest, length)
    return longest
