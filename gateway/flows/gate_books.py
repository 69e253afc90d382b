"""What the gateway holds in memory of calls and wishes at its gates: plain values, moved by `calls` and `gate_help`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway.core.nouns import CallLine

CALLING, ANSWERED, NOT_ANSWERED, BUSY = "calling", "answered", "not_answered", "busy"
RESULTS = frozenset({CALLING, ANSWERED, NOT_ANSWERED, BUSY})
OVER_AFTER = timedelta(minutes=30)
"""A round of calls that nobody went on with is over."""
WANTED, COMING, DONE = "wanted", "coming", "done"


class About(NamedTuple):
    """What it is about: a visit, an alarm, a waiting tap, by id; or nothing in particular."""

    kind: str = ""
    id: str = ""


NOBODY = About()
"""A call about nothing in particular."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `key` is the page's own word for it, so that the same touch twice is one try."""

    to: str
    result: str
    at: datetime
    key: str = ""


@dataclass(slots=True)
class Calling:
    """One round of calls from a gate about one thing, until somebody answered."""

    id: str
    gate: str
    about: About
    since: datetime
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].result == ANSWERED

    @property
    def last_at(self) -> datetime:
        return self.attempts[-1].at if self.attempts else self.since

    def next_of(self, lines: tuple[CallLine, ...]) -> str | None:
        """Whom to call now: who is being called, else the first after the last try who was not tried in this round."""
        if self.is_over:
            return None
        if self.attempts and self.attempts[-1].result == CALLING:
            return self.attempts[-1].to
        names = [line.id for line in lines]
        tried = {attempt.to for attempt in self.attempts}
        at = names.index(self.attempts[-1].to) + 1 if self.attempts and self.attempts[-1].to in names else 0
        rest = [name for name in (*names[at:], *names[:at]) if name not in tried]
        return rest[0] if rest else (names[0] if names else None)


class CallBook:
    """The rounds under way, by gate and what they are about; one for a gateway."""

    def __init__(self) -> None:
        self.rounds: dict[tuple[str, About], Calling] = {}
        self.is_loaded = False

    def newest(self, gate: str, now: datetime) -> Calling | None:
        """The round that was last gone on with at a gate."""
        found = [one for (at, _), one in self.rounds.items() if at == gate and is_running(one, now)]
        return max(found, key=lambda one: one.last_at, default=None)


def is_running(calling: Calling, now: datetime) -> bool:
    """True while somebody may still go on with it."""
    return not calling.is_over and now - calling.last_at < OVER_AFTER


@dataclass(frozen=True, slots=True)
class Relief:
    """A guard is alone and wants somebody to come; `until` is when it is told once more."""

    id: str
    gate: str
    by: str
    since: datetime
    until: datetime
    state: str = WANTED
    told_again: bool = False


@dataclass(slots=True)
class HelpBook:
    """Who wants relief, by id, and when each gate last called in silence; one for a gateway."""

    reliefs: dict[str, Relief] = field(default_factory=dict)
    called_at: dict[str, float] = field(default_factory=dict)
    is_loaded: bool = False
