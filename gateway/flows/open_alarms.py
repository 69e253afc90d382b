"""The alarms that are open right now, as the gateway holds them in memory; the flow `alarms` moves them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AlarmPicture:
    """A small picture that belongs to an alarm. `why`: finding, reference, before, after."""

    id: str
    camera: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Alarm:
    """An open alarm."""

    id: str
    condition: str
    place: str
    priority: str
    detail: str
    state: str
    count: int
    opened_at: datetime
    last_at: datetime
    acknowledged_by: str | None = None
    pictures: tuple[AlarmPicture, ...] = ()


@dataclass(slots=True)
class OpenAlarms:
    """All open alarms, by id and by what they stand for."""

    by_id: dict[str, Alarm] = field(default_factory=dict)
    by_cause: dict[tuple[str, str], str] = field(default_factory=dict)
    written_at: dict[str, float] = field(default_factory=dict)

    def load(self, alarms: Iterable[Alarm]) -> None:
        """Take over those that were open before a restart."""
        for alarm in alarms:
            self.put(alarm)

    def put(self, alarm: Alarm) -> None:
        """Add or renew one."""
        self.by_id[alarm.id] = alarm
        self.by_cause[alarm.condition, alarm.place] = alarm.id

    def drop(self, alarm: Alarm) -> None:
        """One is closed."""
        self.by_id.pop(alarm.id, None)
        self.by_cause.pop((alarm.condition, alarm.place), None)
        self.written_at.pop(alarm.id, None)
