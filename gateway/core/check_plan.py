"""The plan of the round: which camera is due when, who comes first, and what was planned and could not be done.

Theory. Time here is seconds of a clock that only goes forward. Each camera has a phase between 0 and 1 that its id
alone decides; with a cadence of `c` seconds it is due at `(k + phase) * c` for every whole `k`, so that cameras lie
spread over the cadence and a restart goes on where the last run stopped. When the cadence changes, the camera is due
at the next such moment of the new one: never later than the new cadence from now.

A planned check either begins, or it is missed: when its successor is due and it has not begun, there was too much to do
(`overload`). A camera has at most one check under way. Of those that wait, the one goes first whose last look is the
longest ago in terms of its own cadence; cameras that answered slowly or not at all last time get at most half of the
places, so that dead ones cost only themselves.

Promises: pure; every planned moment comes out exactly once, as a start or as a miss. Leaves to others: what "now" is,
looking, and the record.
"""

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from gateway.core.cameras import Camera, VideoRules
from gateway.core.kinds import Level

TOO_SOON = 0.05
"""So much of the cadence has to lie between two planned checks: rounding must not plan one moment twice."""


def cadence_of(camera: Camera, rules: VideoRules, level: Level) -> float:
    """Seconds from check to check at this defence level: the camera's own word, else the site's."""
    own = camera.cadence_s.get(int(level))
    return float(own if own is not None else rules.cadence_s[int(level)])


def phase_of(camera: str) -> float:
    """Where in its cadence a camera is due; the same on every start and every machine."""
    return int.from_bytes(sha256(camera.encode()).digest()[:6], "big") / float(1 << 48)


def due_after(at_s: float, cadence_s: float, phase: float) -> float:
    """The first planned moment that comes clearly after `at_s`."""
    least = at_s + TOO_SOON * cadence_s
    moment = (math.floor(least / cadence_s - phase) + 1 + phase) * cadence_s
    return moment if moment > least else moment + cadence_s


def planned(after_s: float, until_s: float, cadences: Sequence[tuple[float, float]], phase: float) -> Iterator[float]:
    """Every planned moment clearly after `after_s` and up to `until_s`. `cadences`: from when on which one holds, in
    order; the first holds from the beginning."""
    at = after_s
    for index, (begins_s, cadence_s) in enumerate(cadences):
        ends_s = cadences[index + 1][0] if index + 1 < len(cadences) else math.inf
        if index:
            # The change takes effect at once: as `CheckPlan.set_cadence` has it.
            at = max(at, begins_s - TOO_SOON * cadence_s)
        while (due := due_after(at, cadence_s, phase)) <= until_s and due < ends_s:
            yield due
            at = due


@dataclass(frozen=True, slots=True)
class Due:
    """A planned check of one camera."""

    camera: str
    due_s: float


@dataclass(slots=True)
class _Planned:
    """One camera in the plan."""

    camera: str
    phase: float
    cadence_s: float
    next_s: float
    waits: float | None = None
    """The planned moment that has come and has not begun."""
    is_busy: bool = False
    is_slow: bool = False
    looked_s: float = -math.inf
    """When its last check began."""
    version: int = 0


class CheckPlan:
    """What is due; one for a gateway. `slots`: how many checks may be under way."""

    def __init__(self, slots: int) -> None:
        self.slots = max(1, slots)
        self._cameras: dict[str, _Planned] = {}
        self._heap: list[tuple[float, str, int]] = []
        self._waiting: dict[str, _Planned] = {}
        self._missed: list[Due] = []
        self._busy = 0
        self._slow = 0

    @property
    def under_way(self) -> int:
        """How many checks have begun and not ended."""
        return self._busy

    @property
    def waiting(self) -> int:
        """How many are due and have not begun."""
        return len(self._waiting)

    @property
    def per_minute(self) -> float:
        """How many checks a minute are planned."""
        return sum(60.0 / one.cadence_s for one in self._cameras.values())

    def add(self, camera: str, cadence_s: float, after_s: float) -> None:
        """Plan a camera; what was planned for it up to `after_s` is settled."""
        phase = phase_of(camera)
        one = _Planned(camera, phase, cadence_s, due_after(after_s, cadence_s, phase))
        self._cameras[camera] = one
        self._push(one)

    def next_of(self, camera: str) -> float:
        """When it is due next."""
        one = self._cameras[camera]
        return one.next_s if one.waits is None else one.waits

    def next_s(self) -> float | None:
        """When anything is due next; None if nothing is planned."""
        while self._heap and self._heap[0][2] != self._cameras[self._heap[0][1]].version:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def set_cadence(self, camera: str, cadence_s: float, now_s: float) -> None:
        """Another cadence from now on; what is due already stays due."""
        one = self._cameras[camera]
        if one.cadence_s == cadence_s:
            return
        last_s = one.next_s - one.cadence_s
        one.cadence_s = cadence_s
        one.next_s = due_after(max(last_s, now_s - TOO_SOON * cadence_s), cadence_s, one.phase)
        self._push(one)

    def turn(self, now_s: float, may_start: bool = True) -> tuple[list[Due], list[Due]]:
        """What begins now, the longest overdue first, and what could not begin before its successor was due."""
        self._collect(now_s)
        missed, self._missed = self._missed, []
        return (self._start(now_s) if may_start else []), missed

    def skip(self, now_s: float) -> Iterator[Due]:
        """The gateway slept until now: everything that was planned meanwhile and has not begun, camera by camera."""
        for one in self._cameras.values():
            if one.waits is not None:
                yield Due(one.camera, one.waits)
                one.waits = None
                del self._waiting[one.camera]
            moved = False
            while one.next_s <= now_s:
                yield Due(one.camera, one.next_s)
                one.next_s += one.cadence_s
                moved = True
            if moved:
                self._push(one)

    def give_up(self, camera: str) -> Due | None:
        """The planned check that waits will not be done: somebody works on the camera, or the gateway ends."""
        one = self._waiting.pop(camera, None)
        if one is None or one.waits is None:
            return None
        due, one.waits = Due(camera, one.waits), None
        return due

    def waiting_now(self) -> list[str]:
        """The cameras whose planned check waits."""
        return list(self._waiting)

    def ended(self, camera: str, was_slow: bool) -> None:
        """The check of this camera is over. `was_slow`: it took its time, or nothing came."""
        one = self._cameras[camera]
        if not one.is_busy:
            return
        one.is_busy = False
        self._busy -= 1
        self._slow -= one.is_slow
        one.is_slow = was_slow

    def _collect(self, now_s: float) -> None:
        while (next_s := self.next_s()) is not None and next_s <= now_s:
            one = self._cameras[heapq.heappop(self._heap)[1]]
            if one.waits is not None:
                self._missed.append(Due(one.camera, one.waits))
            one.waits = one.next_s
            self._waiting[one.camera] = one
            one.next_s += one.cadence_s
            self._push(one)

    def _start(self, now_s: float) -> list[Due]:
        if not self._waiting or self._busy >= self.slots:
            return []
        ready = [one for one in self._waiting.values() if not one.is_busy]
        ready.sort(key=lambda one: (-(now_s - one.looked_s) / one.cadence_s, one.waits, one.camera))
        begun: list[Due] = []
        for one in ready:
            if self._busy >= self.slots:
                break
            if one.is_slow and self._slow >= max(1, self.slots // 2):
                continue
            due = self.give_up(one.camera)
            if due is None:
                continue
            one.is_busy, one.looked_s = True, now_s
            self._busy += 1
            self._slow += one.is_slow
            begun.append(due)
        return begun

    def _push(self, one: _Planned) -> None:
        one.version += 1
        heapq.heappush(self._heap, (one.next_s, one.camera, one.version))


def cadences(cameras: Mapping[str, Camera], rules: VideoRules, levels: Mapping[str, Level]) -> dict[str, float]:
    """The cadence of each camera, by the level in force in its zone."""
    return {id: cadence_of(camera, rules, levels[camera.zone]) for id, camera in cameras.items()}
