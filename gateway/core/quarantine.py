"""When a device has earned quarantine: it floods, or many unknown cards are tried at it.

A pure machine: it is told of each message and each unknown credential with the moment (monotonic seconds) and says
whether the device is quarantined. It ends by itself once the device has kept below its limits for a while, or by an
operator.
"""

from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is too much; the numbers are those of the device protocol, rule 12, and settings."""

    messages_per_s: float = 20.0
    events_per_s: float = 250.0
    over_s: float = 5.0
    unknown_per_min: int = 10
    calm_s: float = 60.0


DEFAULT = Limits()


@dataclass(slots=True)
class Watch:
    """One device's recent behaviour."""

    messages: float = 0.0
    events: float = 0.0
    seen_at: float = 0.0
    unknown: deque[float] = field(default_factory=deque)
    until: float = 0.0

    def is_quarantined(self, now: float) -> bool:
        """True until the device has been calm for long enough."""
        return now < self.until

    def message(self, now: float, limits: Limits = DEFAULT, event: bool = False) -> bool:
        """Count one message; True if this one begins a quarantine.

        A leaky bucket as deep as `over_s` at the limit: full means above the limit for that long. It never holds more,
        or a flood of minutes would be held against a device for hours after it has become quiet.
        """
        passed = max(0.0, now - self.seen_at)
        self.seen_at = now
        self.messages = max(0.0, self.messages - passed * limits.messages_per_s)
        self.events = max(0.0, self.events - passed * limits.events_per_s)
        if event:
            self.events = min(self.events, limits.events_per_s * limits.over_s) + 1
        else:
            self.messages = min(self.messages, limits.messages_per_s * limits.over_s) + 1
        if self.messages > limits.messages_per_s * limits.over_s or self.events > limits.events_per_s * limits.over_s:
            return self._begin(now, limits)
        return False

    def unknown_credential(self, now: float, limits: Limits = DEFAULT) -> bool:
        """Count one unknown credential; True if it begins a quarantine."""
        self.unknown.append(now)
        while self.unknown and now - self.unknown[0] > 60:
            self.unknown.popleft()
        return len(self.unknown) >= limits.unknown_per_min and self._begin(now, limits)

    def floods(self, limits: Limits = DEFAULT) -> bool:
        """True while the device is above its limit: what it asks for then is not even answered."""
        return self.messages > limits.messages_per_s * limits.over_s

    def end(self) -> None:
        """An operator ends it."""
        self.until = 0.0
        self.messages = self.events = 0.0
        self.unknown.clear()

    def _begin(self, now: float, limits: Limits) -> bool:
        fresh = not self.is_quarantined(now)
        self.until = now + limits.calm_s
        return fresh
