"""A run of pictures of one camera from its beginning: settle, then watch. What `wardgate video check` and the table of
docs/video-measured.md go through."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.health import Change, Health, HealthSettings, Measures, Timing
from gateway.video.checks.decoding import Decoded, Pixels
from gateway.video.checks.looks import Look, look
from gateway.video.checks.measuring import measure
from gateway.video.checks.references import Reference, best_reference

SETTLE_S = 8.0
LOOKS_PER_S = 6.0
"""So many pictures a second are measured at most; every one counts for the timing."""


class Session:
    """One camera, watched from the start. Times are seconds that only go forward.

    The first `settle_s` seconds are the camera's healthy look, unless references are given.
    """

    def __init__(
        self,
        settle_s: float = SETTLE_S,
        references: Sequence[Reference] = (),
        settings: HealthSettings | None = None,
    ) -> None:
        self.health = Health(settings or HealthSettings())
        self.references = list(references)
        self.frames = 0
        self.measures: Measures | None = None
        """Of the picture that was measured last."""
        self._settle_s = 0.0 if references else settle_s
        self._learning: list[Look] = []
        self._previous: tuple[float, Look] | None = None
        self._start_s: float | None = None
        self._last_s = 0.0

    def see(self, picture: Decoded | Pixels, at_s: float, taken_s: float | None = None) -> tuple[Change, ...]:
        """One picture, received at `at_s`; `taken_s` is the camera's own stamp, if it has one."""
        if self._start_s is None:
            self._start_s = at_s
        self.frames += 1
        self._last_s = at_s
        size = picture.size if isinstance(picture, Decoded) else (picture.shape[1], picture.shape[0])
        changes = self.health.hear(Timing(at_s, (at_s,), (taken_s,) if taken_s is not None else (), size=size))
        before = self._previous
        if before is not None and at_s - before[0] < 1.0 / LOOKS_PER_S - 1e-3:
            return changes
        seen = look(picture)
        self._previous = (at_s, seen)
        if at_s - self._start_s < self._settle_s:
            self._learning.append(seen)
            return changes
        if self._learning:
            self.references.append(Reference.of(self._learning))
            self._learning = []
        reference = self.references[best_reference(seen, self.references)] if self.references else None
        self.measures = measure(seen, reference, before[1] if before else None, at_s - before[0] if before else None)
        return changes + self.health.see(at_s, self.measures)

    def end(self, until_s: float | None = None) -> tuple[Change, ...]:
        """The source has ended. If it should have gone on until `until_s`, its silence is told."""
        changes: tuple[Change, ...] = ()
        if until_s is not None and self._start_s is not None:
            at_s = self._last_s
            while at_s < until_s:
                at_s = min(until_s, at_s + 1.0)
                changes += self.health.tick(at_s)
        return changes
