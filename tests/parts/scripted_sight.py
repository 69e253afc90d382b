"""An eye that sees what a test says: measures are fed in behind the checks, and a learnt reference is a few bytes.

Promises: answers every job at once, as `gateway.video.eye.Eye` would of a camera that shows what was said of it last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import fields, replace

from gateway.core.health import Measures
from gateway.video.jobs import Failure, Job, Outcome, Reason, Seen

ALONE = Measures(mean=118.0, contrast=45.0, dark=0.01, bright=0.01, flat=0.05, saturation=30.0, texture=0.7)
"""A healthy picture of a camera of which nothing was learnt yet."""
_AGAINST_ITS_REFERENCE: dict[str, float] = {
    "usual_mean": 118.0, "usual_bright": 0.01, "usual_dark": 0.01, "usual_texture": 0.7, "votes": 0.9, "kept": 0.97,
    "lost": 0.01, "area": 0.01, "usual_lost": 0.01, "gain": 1.0, "offset": 0.0, "level": 1.0, "ratio": 1.0,
    "sharp": 1.0, "noise": 0.3, "cast": 0.01, "stripe": 0.2, "stripe_peak": 3.0, "grid": 1.0, "aligned": 0.9,
    "since_s": 60.0, "change": 1.2, "change_most": 9.0, "change_edges": 1.0, "usual_change": 0.8,
    "usual_change_most": 6.0, "churn": 0.01, "grid_change": 1.0,
}  # fmt: skip
_MEASURED = {field.name for field in fields(Measures)}
HEALTHY = replace(ALONE, **{name: value for name, value in _AGAINST_ITS_REFERENCE.items() if name in _MEASURED})
BLACK = replace(HEALTHY, mean=3.0, contrast=1.0, dark=1.0, flat=1.0, texture=0.0, lost=1.0, kept=0.0, gain=0.0)
COVERED = replace(HEALTHY, mean=90.0, contrast=20.0, texture=0.3, lost=0.6, kept=0.35, area=0.6, aligned=0.0)
INFRARED = replace(HEALTHY, saturation=0.5)
JPEG = b"\xff\xd8a picture\xff\xd9"

Shown = Measures | Reason


class ScriptedSight:
    """`shows[camera]` is what a camera shows from now on; `HEALTHY` where nothing is said."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.shows: dict[str, Shown] = {}
        self.jobs: list[Job] = []
        self.takes_s: dict[str, float] = {}
        """Real seconds that a camera takes to answer."""

    async def check(self, job: Job) -> Outcome:
        self.jobs.append(job)
        if job.camera in self.takes_s:
            await asyncio.sleep(self.takes_s[job.camera])
        return outcome_of(job, self.shows.get(job.camera, HEALTHY), self._clock())


def outcome_of(job: Job, shown: Shown, now_s: float) -> Outcome:
    """What the eye would say of a camera that shows this."""
    if isinstance(shown, Reason):
        return Outcome(camera=job.camera, started_s=now_s, took_s=0.0, failure=Failure(shown, "as the test says"))
    measures = shown if job.references else _alone(shown)
    seen = (Seen(now_s, measures, 1920, 1080, job.references[0].key if job.references else None),)
    learnt = f"look of {job.camera}".encode() if job.learn else None
    return Outcome(camera=job.camera, started_s=now_s, took_s=0.0, seen=seen, picture=JPEG, learnt=learnt)


def _alone(shown: Measures) -> Measures:
    """The same picture without a reference."""
    names = ("mean", "contrast", "dark", "bright", "flat", "saturation", "texture")
    known: Mapping[str, float] = {name: getattr(shown, name) for name in names}
    return Measures(**known)
