"""The state of one camera: what holds, since when, and what is only suspected yet.

Promises: never raises and clears the same finding in one call; time never runs backwards inside, whatever is handed in;
what is dumped and loaded again goes on as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.core.cameras import Finding
from gateway.core.health.evidence import EXPLAINS, HOLD_S, ORDER, Evidence, Sign
from gateway.core.health.hearing import Hearing
from gateway.core.health.holding import Signs
from gateway.core.health.measures import Measures, Timing

CLEAR_S = 5.0
"""A finding is over when its signs have been gone for so long."""

WAIT_S = 4.0
"""So long a finding waits for one that would explain it and is just coming up."""

LOST_S = 3.0
"""No picture over this time, asked for again and again, is a lost signal."""


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """What is known of a camera from its configuration; what is None is learnt from what it shows."""

    size: tuple[int, int] | None = None
    fps: float | None = None
    hold_s: Mapping[Finding, float] = field(default_factory=dict)
    """Other holds than the usual, by finding."""
    clear_s: float = CLEAR_S


DEFAULT = HealthSettings()


@dataclass(frozen=True, slots=True)
class Change:
    """A finding begins or ends."""

    at_s: float
    finding: Finding
    raised: bool
    value: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Raised:
    since_s: float
    value: float
    threshold: float


class Health:
    """What the measures of one camera mean. One instance a camera; not thread-safe."""

    def __init__(self, settings: HealthSettings = DEFAULT) -> None:
        self._settings = settings
        self._evidence = Evidence()
        self._hearing = Hearing(settings.fps, settings.size)
        self._signs: dict[Finding, Signs] = {finding: Signs() for finding in ORDER}
        self._raised: dict[Finding, Raised] = {}
        self._now_s = float("-inf")
        self._suspects: frozenset[Finding] | None = None
        """Until the next judgement; it is asked for several times after each."""

    @property
    def raised(self) -> Mapping[Finding, Raised]:
        return self._raised

    @property
    def suspects(self) -> frozenset[Finding]:
        """Findings that the last picture spoke for and that do not hold yet, or against and that are not over yet:
        worth another look at once."""
        if self._suspects is None:
            self._suspects = frozenset(
                finding
                for finding, signs in self._signs.items()
                if signs.seen and signs.is_shown != (finding in self._raised)
            )
        return self._suspects

    def see(self, at_s: float, measures: Measures) -> tuple[Change, ...]:
        """One picture."""
        now = self._forward(at_s)
        return self._judge(now, self._evidence.of(now, measures))

    def hear(self, timing: Timing) -> tuple[Change, ...]:
        """How pictures came."""
        now = self._forward(timing.at_s)
        return self._judge(now, self._hearing.hear(timing))

    def lost(self, at_s: float) -> tuple[Change, ...]:
        """No picture came when one was due: the camera was asked and did not answer."""
        now = self._forward(at_s)
        return self._judge(now, {Finding.SIGNAL_LOSS: Sign(1.0, 1.0, shown=True)}, hold_s=LOST_S, fewest=2)

    def tick(self, at_s: float) -> tuple[Change, ...]:
        """Time passes while somebody listens and nothing comes. Not to be called while nobody listens."""
        now = self._forward(at_s)
        return self._judge(now, self._hearing.silence(now))

    def dump(self) -> dict[str, Any]:
        """All of the state as JSON has it."""
        # Nearly all signs were looked for in the same pictures and not seen: such a course is written once.
        courses: dict[tuple[tuple[float, bool], ...], list[str]] = {}
        for name, signs in self._signs.items():
            courses.setdefault(tuple(signs.seen), []).append(name.value)
        return {
            "v": 2,
            "now_s": None if self._now_s == float("-inf") else self._now_s,
            "raised": {name.value: [up.since_s, up.value, up.threshold] for name, up in self._raised.items()},
            "signs": [[names, [[at, int(on)] for at, on in course]] for course, names in courses.items()],
            "evidence": self._evidence.dump(),
            "hearing": self._hearing.dump(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any], settings: HealthSettings = DEFAULT) -> Health:
        """What `dump` gave. Raises ValueError if it is something else."""
        health = cls(settings)
        try:
            if dumped["v"] != 2:
                raise ValueError(f"unknown version {dumped['v']!r}")
            health._now_s = float("-inf") if dumped["now_s"] is None else float(dumped["now_s"])
            for name, (since_s, value, threshold) in dumped["raised"].items():
                health._raised[Finding(name)] = Raised(float(since_s), float(value), float(threshold))
            for names, seen in dumped["signs"]:
                course = [(float(at_s), bool(shown)) for at_s, shown in seen]
                for name in names:
                    health._signs[Finding(name)].seen.extend(course)
            health._evidence.load(dumped["evidence"])
            health._hearing.load(dumped["hearing"])
        except (KeyError, TypeError, AttributeError) as fault:
            raise ValueError(f"not a dumped health: {fault!r}") from fault
        return health

    def _forward(self, at_s: float) -> float:
        self._now_s = max(self._now_s, at_s)
        return self._now_s

    def _judge(
        self, now_s: float, signs: Mapping[Finding, Sign], hold_s: float | None = None, fewest: int | None = None
    ) -> tuple[Change, ...]:
        changes: list[Change] = []
        self._suspects = None
        for finding in ORDER:
            sign = signs.get(finding)
            if sign is None:
                continue
            seen = self._signs[finding]
            seen.add(now_s, sign.shown)
            count = fewest if fewest is not None else sign.fewest
            if finding in self._raised:
                if not sign.shown and (sign.at_once or seen.is_gone(self._settings.clear_s, count)):
                    del self._raised[finding]
                    changes.append(Change(now_s, finding, False, sign.value, sign.threshold))
                continue
            needed = hold_s if hold_s is not None else self._hold_s(finding, sign)
            holds = sign.shown if sign.at_once else seen.holds(needed, count, sign.share)
            if holds and not self._is_explained(finding, needed):
                self._raised[finding] = Raised(now_s, sign.value, sign.threshold)
                changes.append(Change(now_s, finding, True, sign.value, sign.threshold))
                changes.extend(self._withdraw(now_s, finding, {change.finding for change in changes}))
        return tuple(changes)

    def _hold_s(self, finding: Finding, sign: Sign) -> float:
        return self._settings.hold_s.get(finding, sign.hold_s if sign.hold_s is not None else HOLD_S[finding])

    def _is_explained(self, finding: Finding, held_s: float) -> bool:
        for other, explained in EXPLAINS.items():
            if finding not in explained:
                continue
            if other in self._raised:
                return True
            coming = self._signs[other]
            if coming.is_shown and coming.share(2.0) > 0.6 and not self._signs[finding].holds(held_s + WAIT_S):
                return True
        return False

    def _withdraw(self, now_s: float, finding: Finding, changed: set[Finding]) -> list[Change]:
        """What the new finding explains is over as a finding of its own."""
        gone = [other for other in EXPLAINS.get(finding, ()) if other in self._raised and other not in changed]
        return [self._over(now_s, other) for other in sorted(gone)]

    def _over(self, now_s: float, finding: Finding) -> Change:
        up = self._raised.pop(finding)
        return Change(now_s, finding, False, up.value, up.threshold)
