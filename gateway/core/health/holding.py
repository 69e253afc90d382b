"""How long a sign has to last before it is a finding, and how long it has to be gone before the finding is over."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

FEWEST = 4
"""Pictures that have to agree, however far they lie apart: one odd picture, or two, is not a finding."""

SHARE = 0.75
"""So many of them have to show it. Not all: a picture that is coded anew every few seconds hides a freeze for one."""

GONE_SHARE = 0.25
"""At most so many may still show it when it is over."""

FORGOTTEN_S = 900.0
"""Signs that lie further back say nothing of now."""

_MOST = 256
"""Signs remembered of one finding: 25 pictures a second for ten seconds."""

_JITTER_S = 0.3


@dataclass(slots=True)
class Signs:
    """Whether each of the last pictures showed it."""

    seen: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=_MOST))

    def add(self, at_s: float, shown: bool) -> None:
        while self.seen and self.seen[0][0] < at_s - FORGOTTEN_S:
            self.seen.popleft()
        self.seen.append((at_s, shown))

    def holds(self, for_s: float, fewest: int = FEWEST, share: float = SHARE) -> bool:
        """True if it has been shown for so long, and is shown now."""
        if not self.seen or not self.seen[-1][1]:
            return False
        window = self._last(for_s, fewest, shown=True, is_steady=share >= SHARE)
        return window is not None and sum(window) >= share * len(window)

    def is_gone(self, for_s: float, fewest: int = FEWEST) -> bool:
        """True if it has not been shown for so long."""
        if not self.seen or self.seen[-1][1]:
            return False
        window = self._last(for_s, fewest, shown=False, is_steady=True)
        return window is not None and sum(window) <= GONE_SHARE * len(window)

    @property
    def is_shown(self) -> bool:
        return bool(self.seen) and self.seen[-1][1]

    def share(self, within_s: float) -> float:
        """How many of the pictures of the last seconds showed it."""
        if not self.seen:
            return 0.0
        now = self.seen[-1][0]
        window = [shown for at_s, shown in self.seen if at_s >= now - within_s]
        return sum(window) / len(window)

    def _last(self, span_s: float, fewest: int, shown: bool, is_steady: bool) -> list[bool] | None:
        """The pictures of the last `span_s`. A camera that is looked at once a minute was well a minute ago: that says
        nothing of how long something stands before it, and what was before that nothing at all. What comes and goes
        (not `is_steady`) is well in between by its nature."""
        now, window = self.seen[-1][0], list[bool]()
        next_s = now
        for at_s, was in self._backwards():
            if is_steady and was is not shown and next_s - at_s > span_s:
                return None
            next_s = at_s
            window.append(was)
            if len(window) >= fewest and now - at_s >= span_s - _JITTER_S:
                return window
        return None

    def _backwards(self) -> Iterator[tuple[float, bool]]:
        return reversed(self.seen)
