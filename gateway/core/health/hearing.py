"""What the coming of pictures tells: too few, none for a while, stamps that cannot be right, another size."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from gateway.core.cameras import Finding
from gateway.core.health.evidence import Sign
from gateway.core.health.measures import Timing

WINDOW_S = 6.0
"""Pictures are counted over so long."""

FEW = 0.65
"""Fewer pictures than this share of the usual are too few. Half the usual is what a slow shutter at night gives on
purpose on some cameras; those have their own number in the configuration."""

GAP_S = 1.5
"""The least hole that is called one; a network's hiccup is shorter."""

GAP_INTERVALS = 4.5
"""And so many usual intervals."""

SILENT_S = 8.0
"""A hole that is so long is a lost signal."""

QUIET_S = 6.0
"""A gap is over when pictures have come without one for so long."""

STUCK_S = 3.0
"""Stamps that stand still for so long while pictures come are stale."""

OFF_S = 20.0
"""Stamps that leave the pace of arrival by more than this are wrong; networks and buffers make up for less."""

OFF_WALL_S = 120.0
"""A camera's clock may be so wrong. More, and its recordings cannot be found again by their time."""

LEARNT_FROM = 8
"""So many stretches of time the usual pace is learnt from (and stamps, their usual distance from arrival)."""

STRETCH_S = 2.0
"""Pictures come in bursts; what they come at is seen over seconds, not between one and the next."""

EACH_S = 0.19
"""One such stretch may end so soon after the one before."""

BACKLOG_S = 0.5
"""What a camera or a recorder had stored comes at once when a connection begins."""

_KEPT = 400


class Hearing:
    """Arrivals of one camera's pictures."""

    def __init__(self, fps: float | None, size: tuple[int, int] | None) -> None:
        self._fps, self._size = fps, size
        self._usual_s: float | None = 1.0 / fps if fps else None
        self._since_s: float | None = None
        self._arrivals: deque[float] = deque(maxlen=_KEPT)
        self._paces: list[float] = []
        self._paced_s = float("-inf")
        self._gap_until_s = float("-inf")
        self._skew_s: float | None = None
        self._skews: list[float] = []
        self._last_taken: float | None = None
        self._stuck_since_s: float | None = None
        self._stuck = 0

    def hear(self, timing: Timing) -> dict[Finding, Sign]:
        signs: dict[Finding, Sign] = {}
        if timing.since_s is not None or self._since_s is None:
            self._begin(timing.since_s if timing.since_s is not None else (*timing.received_s, timing.at_s)[0])
        hole = 0.0
        for arrival in timing.received_s:
            hole = max(hole, self._arrive(arrival))
        signs |= self._pace(timing.at_s, hole)
        if timing.received_s:
            signs |= self._stamps(timing)
        if timing.size is not None:
            self._size = self._size or timing.size
            wrong = timing.size != self._size
            signs[Finding.WRONG_RESOLUTION] = Sign(float(timing.size[0]), float(self._size[0]), wrong, fewest=3)
        return signs

    def silence(self, now_s: float) -> dict[Finding, Sign]:
        return self._pace(now_s, 0.0) if self._since_s is not None else {}

    def _begin(self, since_s: float) -> None:
        self._pace_of_a_short_look()
        self._since_s = since_s
        self._arrivals.clear()
        self._last_taken, self._stuck_since_s, self._stuck = None, None, 0
        self._skew_s, self._skews = None, []

    def _arrive(self, at_s: float) -> float:
        interval = at_s - self._arrivals[-1] if self._arrivals else 0.0
        self._arrivals.append(at_s)
        if self._usual_s is None:
            self._learn_pace(at_s)
        return interval

    def _learn_pace(self, now_s: float) -> None:
        if now_s - self._paced_s < EACH_S:
            return
        after_s = self._arrivals[0] + BACKLOG_S
        stretch = 0
        for before, at_s in enumerate(reversed(self._arrivals)):
            if at_s < after_s:
                return
            if now_s - at_s >= STRETCH_S - 1e-6:
                stretch, begin_s = before, at_s
                break
        if stretch:
            self._paced_s = now_s
            self._learnt_pace((now_s - begin_s) / stretch)

    def _pace_of_a_short_look(self) -> None:
        """A connection that was over too soon for a stretch of its own counts as one."""
        if self._usual_s is not None or len(self._arrivals) < 3 or self._paced_s >= self._arrivals[0]:
            return
        later = [at_s for at_s in self._arrivals if at_s >= self._arrivals[0] + BACKLOG_S]
        if len(later) >= 3:
            self._learnt_pace((later[-1] - later[0]) / (len(later) - 1))

    def _learnt_pace(self, pace_s: float) -> None:
        if pace_s <= 0:
            return
        self._paces.append(pace_s)
        if len(self._paces) >= LEARNT_FROM:
            self._usual_s = max(1e-3, sorted(self._paces)[len(self._paces) // 2])
            self._paces = []

    def _pace(self, now_s: float, hole_s: float) -> dict[Finding, Sign]:
        assert self._since_s is not None
        usual_s = self._usual_s
        if usual_s is None:
            return {}
        last_s = self._arrivals[-1] if self._arrivals else self._since_s
        hole_s = max(hole_s, now_s - last_s)
        limit_s = max(GAP_S, GAP_INTERVALS * usual_s)
        if hole_s > limit_s:
            self._gap_until_s = now_s + QUIET_S
        signs = {Finding.GAP: Sign(hole_s, limit_s, now_s < self._gap_until_s, at_once=True)}
        silent = now_s - last_s > max(SILENT_S, 2 * limit_s)
        signs[Finding.SIGNAL_LOSS] = Sign(now_s - last_s, max(SILENT_S, 2 * limit_s), silent, hold_s=0.0, fewest=1)
        window_s = max(WINDOW_S, 6 * usual_s)
        if now_s - self._since_s >= window_s and now_s - last_s <= limit_s:
            share = self._share(now_s, window_s, usual_s)
            if share is not None:
                signs[Finding.LOW_FPS] = Sign(share / usual_s, FEW / usual_s, share < FEW, hold_s=1.0, fewest=2)
        if not silent:
            del signs[Finding.SIGNAL_LOSS]  # whether a signal is there again, the pictures say
        return signs

    def _share(self, now_s: float, window_s: float, usual_s: float) -> float | None:
        """How many of the usual pictures came, beside the longest hole: one hole is a gap, many are too few pictures.
        None if there is next to nothing beside it."""
        begin_s = now_s - window_s
        within = [at for at in self._arrivals if at > begin_s]
        holes = [after - before for before, after in pairwise([begin_s, *within, now_s])]
        beside_s = window_s - max(holes)
        return len(within) * usual_s / beside_s if beside_s >= window_s / 4 else None

    def _stamps(self, timing: Timing) -> dict[Finding, Sign]:
        worst, limit = 0.0, OFF_S
        told = False
        for arrival, taken in zip(timing.received_s, timing.taken_s, strict=False):
            if taken is None:
                continue
            told = True
            if self._last_taken is not None and abs(taken - self._last_taken) < 1e-6:
                self._stuck += 1
                if self._stuck_since_s is None:
                    self._stuck_since_s = arrival
            else:
                self._stuck, self._stuck_since_s = 0, None
            self._last_taken = taken
            skew = taken - arrival
            if timing.taken_is_wall_clock:
                worst, limit = abs(skew - timing.offset_s), OFF_WALL_S
            elif self._skew_s is None:
                self._skews.append(skew)
                if len(self._skews) >= LEARNT_FROM:
                    self._skew_s = sorted(self._skews)[len(self._skews) // 2]
            else:
                worst = abs(skew - self._skew_s)
            if self._stuck >= 3 and self._stuck_since_s is not None and arrival - self._stuck_since_s >= STUCK_S:
                worst, limit = arrival - self._stuck_since_s, STUCK_S
        return {Finding.STALE_TIMESTAMP: Sign(worst, limit, worst >= limit, hold_s=1.0, fewest=2)} if told else {}

    def dump(self) -> dict[str, Any]:
        return {
            "usual_s": self._usual_s,
            "size": list(self._size) if self._size else None,
        }

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Arrivals are not kept over a restart: nobody listened."""
        if self._fps is None:
            self._usual_s = None if dumped["usual_s"] is None else float(dumped["usual_s"])
        if self._size is None and dumped["size"] is not None:
            width, height = dumped["size"]
            self._size = (int(width), int(height))
