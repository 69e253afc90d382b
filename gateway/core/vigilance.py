"""Is somebody awake? The question to an operator who is alone at night, and what becomes of it.

Theory. In the configured night hours, while exactly one person is at a room's desks, a sign of life is wanted every
`every_min` minutes: any act is one. Where none came the page asks, and the operator has `within_min` minutes. What
is missed stays until somebody gives a sign of life, and is told again every `every_min` minutes. Going away is no
answer: while a question stands and nobody is at the desk any more, it runs on, and where the last page closes without a
question one begins, for nobody can tell whoever goes home from a page that broke or an operator who lies there. Coming
back so soon that nothing would be asked yet ends that one, and so does handing the room over to one that is manned. A
second person at the desks, or the end of the night, ends any. Nothing here knows who sits there, nor how often anybody
missed anything.

Pure: `step` is given the time and says what is to be told; after a restart it begins with nothing known, and so asks.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.nouns import VigilanceRules


class Manning(StrEnum):
    """How many people are at a room's desks."""

    NOBODY = "nobody"
    ALONE = "alone"
    SEVERAL = "several"


class State(StrEnum):
    """How it stands with one room's question."""

    RESTING = "resting"
    """Somebody is alone and gave a sign of life not long ago."""
    ASKED = "asked"
    MISSED = "missed"


class Said(StrEnum):
    """What is to be told."""

    ASKED = "asked"
    ANSWERED = "answered"
    MISSED = "missed"
    OVER = "over"
    """The question is withdrawn: it is day, or somebody else is there too."""


@dataclass(frozen=True, slots=True)
class Vigil:
    """One room's question. `until`: when the next thing happens by itself. `left`: it began when the last page closed,
    and nobody has been there since to hear it."""

    state: State
    asked_at: datetime
    until: datetime
    left: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """What can be seen of a room: how many are there, and when one of them last did something. `is_handed_over`: its
    alarms are heard in another one where somebody is."""

    manning: Manning
    seen_at: datetime | None
    is_handed_over: bool = False


def is_night(rules: VigilanceRules, local: datetime) -> bool:
    """True in the hours in which lone operators are asked; `local` is the site's own time."""
    return rules.every_min > 0 and rules.hours.is_open_at(local)


def step(
    vigil: Vigil | None, sight: Sight, night: bool, rules: VigilanceRules, now: datetime
) -> tuple[Vigil | None, Said | None]:
    """The question as it stands now, and what is to be told of that. Called each second."""
    every = timedelta(minutes=rules.every_min)
    if vigil is None or vigil.state is State.RESTING:
        if not night or sight.manning is Manning.SEVERAL:
            return None, None
        if sight.manning is Manning.NOBODY:
            # Nobody is there to be asked, so nothing is told until it is missed.
            return (None if vigil is None or sight.is_handed_over else replace(_asked(rules, now), left=True)), None
        due = _due(sight, every, now)
        return (_resting(due), None) if now < due else (_asked(rules, now), Said.ASKED)
    if not night or sight.manning is Manning.SEVERAL:
        return None, Said.OVER
    if sight.seen_at is not None and sight.seen_at > vigil.asked_at:
        return _resting(sight.seen_at + every), Said.ANSWERED
    if vigil.left and vigil.state is State.ASKED:
        if sight.manning is Manning.NOBODY and sight.is_handed_over:
            return None, None
        if sight.manning is Manning.ALONE:
            due = _due(sight, every, now)
            # A page that comes back by itself is no sign of life: the time that was given runs on.
            return (_resting(due), None) if now < due else (replace(vigil, left=False), Said.ASKED)
    if now < vigil.until:
        return vigil, None
    return Vigil(State.MISSED, vigil.asked_at, now + every), Said.MISSED


def _due(sight: Sight, every: timedelta, now: datetime) -> datetime:
    """When somebody who is alone is to be asked."""
    return sight.seen_at + every if sight.seen_at is not None else now


def _asked(rules: VigilanceRules, now: datetime) -> Vigil:
    return Vigil(State.ASKED, now, now + timedelta(minutes=rules.within_min))


def _resting(until: datetime) -> Vigil:
    return Vigil(State.RESTING, until, until)
