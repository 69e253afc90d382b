"""What one picture's measures speak for: the thresholds, and which finding explains which."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gateway.core.cameras import Finding
from gateway.core.health.holding import SHARE
from gateway.core.health.measures import Measures

F = Finding

ORDER: tuple[Finding, ...] = (
    F.SIGNAL_LOSS, F.BLACK, F.OVEREXPOSED, F.UNDEREXPOSED, F.NOISE, F.STRIPES, F.CORRUPTION, F.MOVED, F.OCCLUSION,
    F.LOW_CONTRAST, F.BLUR, F.COLOR_CAST, F.FLICKER, F.SHAKE, F.FREEZE,
    F.WRONG_RESOLUTION, F.STALE_TIMESTAMP, F.LOW_FPS, F.GAP,
)  # fmt: skip
"""What explains more comes first."""

HOLD_S: Mapping[Finding, float] = {
    F.SIGNAL_LOSS: 2.0, F.BLACK: 2.0, F.OVEREXPOSED: 4.5, F.UNDEREXPOSED: 4.5, F.LOW_CONTRAST: 4.0, F.BLUR: 4.0,
    F.OCCLUSION: 5.0, F.MOVED: 4.5, F.FREEZE: 8.0, F.NOISE: 3.0, F.STRIPES: 3.0, F.COLOR_CAST: 3.0, F.FLICKER: 4.0,
    F.CORRUPTION: 3.0, F.SHAKE: 4.0, F.WRONG_RESOLUTION: 2.0, F.STALE_TIMESTAMP: 2.0, F.LOW_FPS: 2.0, F.GAP: 0.0,
}  # fmt: skip

EXPLAINS: Mapping[Finding, frozenset[Finding]] = {
    F.SIGNAL_LOSS: frozenset({F.BLACK, F.OVEREXPOSED, F.UNDEREXPOSED, F.LOW_CONTRAST, F.BLUR, F.OCCLUSION, F.MOVED,
                              F.FREEZE, F.COLOR_CAST, F.NOISE, F.STRIPES, F.GAP, F.LOW_FPS, F.CORRUPTION}),
    F.BLACK: frozenset({F.UNDEREXPOSED, F.LOW_CONTRAST, F.BLUR, F.OCCLUSION, F.MOVED, F.FREEZE, F.COLOR_CAST}),
    F.OVEREXPOSED: frozenset({F.LOW_CONTRAST, F.BLUR, F.OCCLUSION, F.MOVED, F.COLOR_CAST, F.STRIPES}),
    F.UNDEREXPOSED: frozenset({F.LOW_CONTRAST, F.BLUR, F.OCCLUSION, F.MOVED, F.COLOR_CAST}),
    F.NOISE: frozenset({F.LOW_CONTRAST, F.BLUR, F.OCCLUSION, F.MOVED, F.CORRUPTION, F.COLOR_CAST}),
    F.STRIPES: frozenset({F.NOISE, F.BLUR, F.OCCLUSION, F.MOVED, F.LOW_CONTRAST, F.CORRUPTION}),
    F.MOVED: frozenset({F.OCCLUSION, F.BLUR, F.LOW_CONTRAST, F.COLOR_CAST, F.STRIPES}),
    F.OCCLUSION: frozenset({F.BLUR, F.LOW_CONTRAST, F.COLOR_CAST, F.STRIPES}),
    F.LOW_CONTRAST: frozenset({F.BLUR}),
    F.CORRUPTION: frozenset({F.OCCLUSION, F.MOVED, F.BLUR}),
    F.SHAKE: frozenset({F.MOVED, F.OCCLUSION, F.BLUR}),
}  # fmt: skip


LATELY_S = 10.0
"""A picture so long ago shows what the camera shows now, but for what moves."""

JUMP = 0.013
"""Of the picture's width. Wind on an ordinary pole stays below a third of it."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What one picture, or one arrival, says about one finding."""

    value: float
    threshold: float
    shown: bool
    hold_s: float | None = None
    """Another hold than the usual."""
    fewest: int = 4
    share: float = SHARE
    """So many of the pictures have to show it."""
    at_once: bool = False
    """Holds and ends as it is told, because what tells it has waited long enough itself."""


class Evidence:
    """Reads measures. Remembers a few seconds where one picture alone cannot tell: flicker, shaking."""

    def __init__(self) -> None:
        self._levels: deque[tuple[float, float]] = deque(maxlen=128)
        self._places: deque[tuple[float, float, float]] = deque(maxlen=128)

    def of(self, at_s: float, m: Measures) -> dict[Finding, Sign]:
        signs: dict[Finding, Sign] = {}
        lost, kept, covered = m.lost or 0.0, m.kept or 0.0, m.area or 0.0
        # A yard at night is next to black and well, as long as what it shows is still what it always shows.
        black = m.dark > 0.96 and m.mean < 19 and kept < 0.5
        signs[F.BLACK] = Sign(m.dark, 0.96, black)
        if not m.has_reference:
            return signs
        gain, offset, usual = m.gain or 0.0, m.offset or 0.0, m.usual_mean or 1.0
        change = m.change if m.change is not None else 99.0
        bars = m.flat > 0.45 and m.contrast > 25 and kept < 0.05 and (m.change_most or 0) < 0.05
        slate = not black and (m.flat > 0.85 or bars) and lost > 0.8 and change < 0.02 and m.bright < 0.8
        signs[F.SIGNAL_LOSS] = Sign(m.flat, 0.45 if bars else 0.85, slate)
        gone = black or slate
        signs |= self._exposure(m, gone, gain, offset, usual, kept)
        signs[F.NOISE] = Sign(m.noise or 0.0, 2.0, not gone and self._grainy(m, lost, kept))
        stripes = (m.stripe or 0) > 3.0 and (m.stripe_peak or 0) > 60 and (m.stripe_even or 0) > 0.7
        signs[F.STRIPES] = Sign(m.stripe or 0.0, 3.0, not gone and stripes)
        cast = not gone and (m.cast or 0) > 0.18 and m.saturation > 5 and kept > 0.3
        signs[F.COLOR_CAST] = Sign(m.cast or 0.0, 0.18, cast)
        signs |= self._place(m, gone, lost, kept, covered)
        veiled = gain < 0.6 and (m.ratio or 1) < 0.75 and kept > 0.2 and lost < 0.6
        hazy = offset > max(40, 0.5 * usual) and m.bright < 0.3 and (veiled or (gain < 0.3 and (m.ratio or 1) < 0.25))
        # Little blur leaves the scene where it is; a car that passes over bare ground takes much of it along.
        soft = (m.sharp or 1) < 0.45 and (m.crisp or 1) < 1.0 and lost < (0.6 if (m.sharp or 1) < 0.25 else 0.3)
        # Fog takes contrast from coarse and fine alike; where the fine is gone, the lens is smeared.
        smeared = soft and (m.sharp or 1) < 0.3
        signs[F.LOW_CONTRAST] = Sign(gain, 0.6, not gone and hazy and not smeared)
        signs[F.BLUR] = Sign(m.sharp or 1.0, 0.45, not gone and soft)
        corrupt = m.grid_change is not None and m.grid_change > 1.3 and (m.grid or 1) > 1.15
        signs[F.CORRUPTION] = Sign(m.grid_change or 1.0, 1.3, not gone and corrupt, share=0.35)
        signs[F.FREEZE] = self._standing(m, black)
        signs |= self._over_time(at_s, m)
        return signs

    def _grainy(self, m: Measures, lost: float, kept: float) -> bool:
        """Grain that the reference does not have: noise, if it is new in each picture. The fine texture of another
        scene stands still."""
        noise = m.noise or 0.0
        if noise <= 2.0:
            return False
        if m.fresh is not None and m.since_s is not None and m.since_s <= LATELY_S:
            return m.fresh > max(1.4, 0.5 * noise)
        # Without a picture of just now, only where the scene is still there under the grain.
        return lost < 0.6 or kept > 0.15

    def _exposure(
        self, m: Measures, gone: bool, gain: float, offset: float, usual: float, kept: float
    ) -> dict[Finding, Sign]:
        bright = max(0.33, (m.usual_bright or 0) + 0.25)
        # A dark scene does not get white by it, but nothing in it stays dark: lamps that are switched on leave shadows.
        washed = gain > 1.6 and offset > 30 and (m.level or 1.0) > 2.0 and m.dark < 0.002 and kept > 0.4
        over = not gone and ((m.bright > bright and m.mean > 200) or washed)
        under = not gone and m.mean < min(40.0, 0.3 * usual) and gain < 0.27 and m.contrast < 30
        return {F.OVEREXPOSED: Sign(m.bright, bright, over), F.UNDEREXPOSED: Sign(gain, 0.27, under)}

    def _standing(self, m: Measures, black: bool) -> Sign:
        """Nothing changes, not even the grain, except where cameras write the time."""
        if m.change is None or m.change_most is None:
            return Sign(0.0, 0.0, False)
        least = min(0.15, max(0.02, 0.5 * (m.usual_change_most or 0.0)))
        # Coded hard, a scene without movement is the same for seconds; the longer it was in the healthy look, the
        # longer it has to last, and where it was nothing else, a frozen picture cannot be told from a quiet night.
        run = m.usual_still or 0.0
        hold_s = HOLD_S[F.FREEZE] + max(0.0, run - 0.25) * 16.0
        still = m.change < 0.02 and m.change_most < least and (m.change_edges or 0.0) < 0.4 and run < 0.75
        return Sign(m.change_most, least, still and not black, hold_s=hold_s)

    def _place(self, m: Measures, gone: bool, lost: float, kept: float, covered: float) -> dict[Finding, Sign]:
        """Whether the camera still looks where it should, and whether something stands before it."""
        shift = math.hypot(m.shift_x or 0.0, m.shift_y or 0.0)
        elsewhere = (m.aligned or 0) > 0.45 and (
            shift > 0.02 or abs(m.turned or 0) > 2 or abs((m.zoomed or 1) - 1) > 0.06
        )
        sharp, ratio, level = m.sharp or 1.0, m.ratio or 1.0, m.level or 1.0
        textured = m.texture > max(0.25, 0.5 * (m.usual_texture or 1)) and (m.detail or 1) > 0.25 and sharp > 0.35
        # Bare ground looks alike wherever the camera looks; what covers it would be of another light or out of focus.
        alike = 0.85 < level < 1.15 and 0.3 < ratio < 2.0 and sharp > 0.6 and (m.cast or 0) < 0.1
        another = lost > 0.75 and kept < 0.1 and (textured or alike)
        moved = not gone and lost > 0.3 and ((elsewhere and kept < 0.5) or another)
        least = 0.3 + 0.5 * (m.usual_lost or 0.0)
        # Dark on dark covers no light that could be missed; then what is lost has to speak for the rest.
        hidden = covered > least or (lost > 0.6 and kept < 0.25)
        occluded = not gone and not moved and lost > 0.25 and hidden
        return {
            F.MOVED: Sign(lost, 0.3, moved),
            F.OCCLUSION: Sign(covered, least, occluded, hold_s=5.0 if covered > 0.45 else 7.0),
        }

    def _over_time(self, at_s: float, m: Measures) -> dict[Finding, Sign]:
        # A mast in the wind shifts the picture; what turns or scales it as well was laid over by chance.
        only_shifted = m.aligned is None or (abs(m.turned or 0.0) < 1.5 and abs((m.zoomed or 1.0) - 1.0) < 0.03)
        if only_shifted and math.hypot(m.shift_x or 0.0, m.shift_y or 0.0) < 0.15:
            self._places.append((at_s, m.shift_x or 0.0, m.shift_y or 0.0))
        while self._places and self._places[0][0] < at_s - 5:
            self._places.popleft()
        steps = [math.hypot(b[1] - a[1], b[2] - a[2]) for a, b in pairwise(self._places)]
        jumps = sum(1 for step in steps if step > JUMP)
        self._levels.append((at_s, math.log(max(m.level or 1.0, 0.02))))
        while self._levels[0][0] < at_s - 5:
            self._levels.popleft()
        values = [level for _, level in self._levels]
        rises = [b - a for a, b in pairwise(values) if abs(b - a) > 0.12]
        turns = sum(1 for a, b in pairwise(rises) if a * b < 0)
        return {
            F.SHAKE: Sign(max(steps, default=0.0), JUMP, len(steps) >= 4 and jumps >= 0.5 * len(steps)),
            F.FLICKER: Sign(float(turns), 4.0, turns >= 4),
        }

    def dump(self) -> dict[str, Any]:
        return {"levels": [list(pair) for pair in self._levels], "places": [list(place) for place in self._places]}

    def load(self, dumped: Mapping[str, Any]) -> None:
        self._levels.extend((float(at), float(level)) for at, level in dumped["levels"])
        self._places.extend((float(at), float(x), float(y)) for at, x, y in dumped["places"])
