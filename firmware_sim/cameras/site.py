"""The cameras of one site together: what is wrong with which, from when to when, by one clock, and who is told.

`fault` and `clear` are what tests, scenarios and the control endpoint call. Every begin and end is told to the
listeners once: the truth log writes it down, a camera's recorder follows it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from firmware_sim.cameras.camera import Camera
from firmware_sim.cameras.spells import MANNERS, Spell

Clock = Callable[[], float]
Listener = Callable[[Spell, bool], None]
"""(spell, begins): False when it is over"""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a camera answers, if not well."""

    name: str
    until_s: float
    how: dict[str, Any] = field(default_factory=dict)


class Cameras:
    """Cameras by their id."""

    def __init__(self, cameras: Iterable[Camera], clock: Clock = time.time) -> None:
        """`clock`: seconds since 1970 as the site sees them; may run faster than life."""
        self._cameras = {camera.id: camera for camera in cameras}
        self.clock = clock
        self.listeners: list[Listener] = []
        self._open: list[Spell] = []
        self._manners: dict[str, Manner] = {}

    def __getitem__(self, camera: str) -> Camera:
        return self._cameras[camera]

    def __contains__(self, camera: object) -> bool:
        return camera in self._cameras

    def __iter__(self) -> Iterator[Camera]:
        return iter(self._cameras.values())

    def __len__(self) -> int:
        return len(self._cameras)

    def fault(
        self,
        camera: str,
        finding: str,
        severity: int = 3,
        seconds: float | None = None,
        look: str = "",
        amount: float | None = None,
    ) -> Spell:
        """Begin a fault or a harmless thing with the newest picture; it ends after its seconds or with `clear`."""
        now = self.clock()
        if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
            raise ValueError("seconds: expected a number above 0")
        until = math.inf if seconds is None else now + seconds
        self.settle()
        self.clear(camera, finding)
        begins = self._cameras[camera].taken_at(now)
        spell = Spell(camera, finding, now if begins is None else begins, until, severity, look, amount)
        self._cameras[camera].put(spell)
        self._open.append(spell)
        self._tell(spell, True)
        return spell

    def clear(self, camera: str, finding: str | None = None) -> tuple[Spell, ...]:
        """End one class of spell at a camera now, or all; returns what ended."""
        self.settle()
        self._cameras[camera].lift(finding)
        ended = tuple(s for s in self._open if s.camera == camera and (finding is None or s.finding == finding))
        self._open = [spell for spell in self._open if spell not in ended]
        for spell in ended:
            self._tell(replace(spell, to_s=max(spell.from_s, self.clock())), False)
        return ended

    def settle(self) -> None:
        """Tell what has ended by itself since the last call; the server calls this a few times a second."""
        now = self.clock()
        over = [spell for spell in self._open if spell.to_s <= now]
        if over:
            self._open = [spell for spell in self._open if spell.to_s > now]
            for spell in over:
                camera = self._cameras[spell.camera]
                camera.put_all(tuple(one for one in camera.spells() if one != spell))
                self._tell(spell, False)

    def open(self) -> tuple[Spell, ...]:
        """What is on now."""
        self.settle()
        return tuple(self._open)

    def misbehave(self, camera: str, manner: str, seconds: float | None = None, **how: Any) -> None:
        """From now on the camera answers like this (`spells.MANNERS`)."""
        if manner not in MANNERS:
            raise ValueError(f"no manner {manner!r}; known: {', '.join(MANNERS)}")
        if camera not in self._cameras:
            raise KeyError(camera)
        self._manners[camera] = Manner(manner, math.inf if seconds is None else self.clock() + seconds, how)

    def behave(self, camera: str) -> None:
        """The camera answers well again."""
        self._manners.pop(camera, None)

    def manner(self, camera: str) -> Manner | None:
        """How the camera answers now; None if well."""
        found = self._manners.get(camera)
        if found is not None and found.until_s <= self.clock():
            del self._manners[camera]
            return None
        return found

    def _tell(self, spell: Spell, begins: bool) -> None:
        for listener in self.listeners:
            listener(spell, begins)
