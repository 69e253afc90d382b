"""A day of many cameras, known beforehand: which of them has what fault from when to when.

`plan` draws the truth from a seed; `Day` also shows any camera at any moment of it, so that a test can feed a gateway
and compare what it found. Times are seconds from the day's start, which is midnight at the place; `start_s` says which
moment (seconds since 1970) that midnight is.

What the plan promises: spells at one camera never overlap and are at least `APART_S` from each other; each lasts at
least `SHORTEST_S`, so that a look a minute sees it; the day begins with `CALM_S` in which every camera is well; one
outage takes a tenth of the cameras away at the same moment, as when a switch fails.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from firmware_sim.cameras.spells import PICTURE_FAULTS, RECORDER_FAULTS, Spell

SEEN_IN_ONE_PICTURE = (
    "signal_loss", "black", "overexposed", "underexposed", "blur", "occlusion", "moved", "freeze", "noise", "stripes",
    "color_cast", "low_contrast", "corruption", "stale_timestamp", "wrong_resolution",
)  # fmt: skip
"""What a single picture a minute can show; flicker, shake, low_fps and gap need a stream."""
FULL_DAY_S = 86_400.0
CALM_S = 1_200.0
APART_S = 1_200.0
SHORTEST_S = 420.0
LONGEST_S = 9_000.0
OUTAGE_SHARE = 0.1
WORKING = 0.82
"""This part of the cameras has no fault of its own in a day."""
PLACES = 12
"""Cameras share this many drawings of each kind, so that 500 are ready in seconds."""


def plan(
    seed: int,
    cameras: int | Sequence[str],
    hours: float = 24.0,
    *,
    findings: Sequence[str] = (*SEEN_IN_ONE_PICTURE, *RECORDER_FAULTS),
    start_s: float = 0.0,
) -> list[Spell]:
    """The faults of a day, by the time they begin. The same arguments give the same day."""
    ids, length_s = names(cameras), hours * 3600
    chance = random.Random(f"cameras {seed}")
    spells: list[Spell] = []
    dead = chance.sample(ids, round(len(ids) * OUTAGE_SHARE))
    if dead and length_s > 2 * CALM_S + SHORTEST_S:
        from_s = chance.uniform(0.3, 0.5) * length_s
        to_s = min(length_s - CALM_S / 2, from_s + chance.uniform(900, 2_700))
        spells += [Spell(camera, "signal_loss", start_s + from_s, start_s + to_s, 4, "dead") for camera in sorted(dead)]
    taken = {spell.camera: [(spell.from_s - start_s, spell.to_s - start_s)] for spell in spells}
    broken = chance.sample(ids, round(len(ids) * (1 - WORKING)))
    for number, camera in enumerate(broken):
        for again in range(chance.choice((1, 1, 2))):
            # In turn, so that a day of many cameras has each of them.
            finding = findings[(number + 7 * again) % len(findings)]
            lasts_s = SHORTEST_S * (LONGEST_S / SHORTEST_S) ** chance.random()
            from_s = chance.uniform(CALM_S, max(CALM_S, length_s - SHORTEST_S))
            to_s = min(from_s + lasts_s, length_s)
            if to_s - from_s < SHORTEST_S or any(
                from_s < other[1] + APART_S and other[0] < to_s + APART_S for other in taken.get(camera, ())
            ):
                continue
            taken.setdefault(camera, []).append((from_s, to_s))
            look = chance.choice(PICTURE_FAULTS[finding]) if finding in PICTURE_FAULTS else ""
            spells.append(Spell(camera, finding, start_s + from_s, start_s + to_s, chance.choice((3, 3, 4)), look))
    return sorted(spells, key=lambda spell: (spell.from_s, spell.camera))


def names(cameras: int | Sequence[str]) -> list[str]:
    """cam-001, cam-002 …, or the names as they are."""
    return [f"cam-{number:03d}" for number in range(1, cameras + 1)] if isinstance(cameras, int) else list(cameras)


class Day:
    """A planned day that can be looked at."""

    def __init__(
        self,
        seed: int,
        cameras: int | Sequence[str],
        hours: float = 24.0,
        *,
        width: int = 160,
        height: int = 120,
        start_s: float = 0.0,
        findings: Sequence[str] = (*SEEN_IN_ONE_PICTURE, *RECORDER_FAULTS),
    ) -> None:
        self.seed, self.width, self.height, self.start_s = seed, width, height, start_s
        self.ids = names(cameras)
        self.plan = plan(seed, self.ids, hours, findings=findings, start_s=start_s)
        self._numbers = {camera: number for number, camera in enumerate(self.ids)}
        self._spells: dict[str, list[Spell]] = {}
        for spell in self.plan:
            self._spells.setdefault(spell.camera, []).append(spell)
        self._cameras: dict[str, Any] = {}

    def spells_of(self, camera: str) -> list[Spell]:
        """The faults of one camera, the first one first."""
        return list(self._spells.get(camera, ()))

    def truth_at(self, camera: str, t: float) -> frozenset[str]:
        """What is wrong with a camera at a moment."""
        return frozenset(spell.finding for spell in self._spells.get(camera, ()) if spell.holds(t))

    def answers_at(self, camera: str, t: float) -> bool:
        """Whether a picture comes at all."""
        silent = (("signal_loss", "dead"), ("gap", "pause"))
        return not any(
            (spell.finding, spell.appearance) in silent for spell in self._spells.get(camera, ()) if spell.holds(t)
        )

    def picture_at(self, camera: str, t: float) -> Any:
        """What the camera shows at a moment, BGR in 8 bit; None where nothing comes."""
        return self.camera(camera).picture(t)

    def recording_at(self, camera: str, t: float) -> tuple[bool, int, float]:
        """What its recorder would say: records, bytes free, since when it keeps."""
        wrong = self.truth_at(camera, t)
        kept_s = (3 if "retention_short" in wrong else 120) * FULL_DAY_S
        return "not_recording" not in wrong, 4 * 2**30 if "disk_low" in wrong else 2**39, t - kept_s

    def camera(self, camera: str) -> Any:
        """The camera itself, with its faults of the day."""
        found = self._cameras.get(camera)
        if found is None:
            from firmware_sim.cameras.camera import Camera
            from firmware_sim.cameras.grounds import KINDS

            number = self._numbers[camera]
            found = self._cameras[camera] = Camera(
                camera, KINDS[number % len(KINDS)], self.seed * 10_007 + number, self.width, self.height, fps=5.0,
                utc_offset_s=-self.start_s % FULL_DAY_S, place=self.seed * 101 + number // len(KINDS) % PLACES,
            )  # fmt: skip
            found.put_all(tuple(self._spells.get(camera, ())))
        return found


@lru_cache(maxsize=2)
def _day(seed: int, cameras: int) -> Day:
    return Day(seed, cameras)


def picture_at(camera: str, t: float, *, seed: int = 1, cameras: int = 500) -> Any:
    """The same without keeping a `Day`."""
    return _day(seed, cameras).picture_at(camera, t)
