"""What each alarm means to whoever hears it: how loud, what to do, whom to call, how long it may wait.

Pure values; `alarms.yaml` is made into them by `gateway.alarms_file`. A condition that the catalogue does not name is a
medium one without a checklist: something that nobody described is still said. What happens to a single alarm is
`alarm_course`, what becomes of many at once `alarm_groups`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core.nouns import Label


class Priority(StrEnum):
    """How soon a person has to act: within minutes, within the half hour, within the shift."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 comes first."""
        return ("high", "medium", "low").index(self.value)


LIFE_SAFETY = frozenset({"fire", "panic", "duress", "guard_panic", "efo_pressed"})
"""Somebody may be in danger: never grouped away, never shelved, never out of service, and always on top."""


class Disposal(StrEnum):
    """What an alarm turned out to be, said when it is closed."""

    HANDLED = "handled"
    """True, and dealt with."""
    FALSE_ALARM = "false_alarm"
    TEST = "test"
    """A test or a drill."""
    KNOWN_WORK = "known_work"
    """People work there, and it was known."""
    REPAIRED = "repaired"
    PASSED_ON = "passed_on"
    """Somebody else deals with it now: the police, the repairer, the next shift."""
    BY_ITSELF = "by_itself"
    """It was over before anybody did anything."""


class ShelfReason(StrEnum):
    """Why somebody does not want to hear of it for a while."""

    WORK = "work"
    """People work there."""
    BEING_REPAIRED = "being_repaired"
    NUISANCE = "nuisance"
    """It comes and goes and says nothing new."""
    EVENT = "event"
    """Something is going on there that was announced."""
    OTHER = "other"


class OutReason(StrEnum):
    """Why a condition at a place is not looked at until somebody says so."""

    BROKEN = "broken"
    REBUILT = "rebuilt"
    """The place is being rebuilt."""
    NOT_IN_USE = "not_in_use"
    OTHER = "other"


class CallOutcome(StrEnum):
    """What came of a telephone call about an alarm."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    ON_THE_WAY = "on_the_way"


class Near(StrEnum):
    """What one alarm and the other, which explains it, have in common."""

    DEVICE = "device"
    PORTAL = "portal"
    ZONE = "zone"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the checklist."""

    id: str
    text: Label


@dataclass(frozen=True, slots=True)
class FirstCommand:
    """A command that is worth having at hand: at the alarm's device, or another of this kind at the same portal."""

    action: str
    device_kind: str


@dataclass(frozen=True, slots=True)
class ExplainedBy:
    """While `condition` stands near enough, this one follows from it and is a part of that alarm."""

    condition: str
    near: Near


UNSAID = Label("", "")


@dataclass(frozen=True, slots=True)
class Kind:
    """One condition of the catalogue.

    `again_after_s`: told again while it is open, None: once is enough. `escalate_after_s`: unacknowledged for so long a
    leader is told, None: never. `together_in_zone`: several of one zone within a minute are one alarm (a switch that
    died). `lower_in_evacuation`: what opens doors anyway makes it a matter of record. `always_heard`: its time runs
    whether anybody listens or not, so nobody puts it aside.
    """

    id: str
    priority: Priority
    what_to_do: tuple[Step, ...] = ()
    call: tuple[str, ...] = ()
    camera: bool = False
    command: FirstCommand | None = None
    consequence: Label = UNSAID
    again_after_s: int | None = None
    escalate_after_s: int | None = None
    explained_by: tuple[ExplainedBy, ...] = ()
    together_in_zone: bool = False
    lower_in_evacuation: bool = False
    always_heard: bool = False
    disposals: tuple[Disposal, ...] = tuple(Disposal)

    @property
    def is_life_safety(self) -> bool:
        return self.id in LIFE_SAFETY

    @property
    def may_be_shelved(self) -> bool:
        """What is about somebody's life is heard, however often it comes; so is a time limit that runs."""
        return not (self.is_life_safety or self.always_heard)


SHELF_AT_MOST_S = 8 * 3_600
"""One shift: whoever comes next decides anew."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every condition by its name, and the longest time for which something may be shelved."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    shelf_at_most_s: int = SHELF_AT_MOST_S

    def of(self, condition: str) -> Kind:
        """What is known of a condition; of one that nobody wrote down, that it exists."""
        return self.kinds.get(condition) or Kind(condition, _priority_of_unknown(condition))

    def priority(self, condition: str) -> str:
        return self.of(condition).priority.value


def _priority_of_unknown(condition: str) -> Priority:
    return Priority.HIGH if condition in LIFE_SAFETY else Priority.MEDIUM
