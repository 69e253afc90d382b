"""The alarms that are open right now, as the gateway holds them in memory; the flow `alarms` moves them."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from gateway.core.alarm_course import State, unseen_since
from gateway.core.alarm_groups import Chatter, Entries
from gateway.flows.ports import Entry


@dataclass(frozen=True, slots=True)
class AlarmPicture:
    """A small picture that belongs to an alarm. `why`: finding, reference, before, after."""

    id: str
    camera: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AlarmCall:
    """Somebody of the call list was called about it; `by` is a user's reference."""

    to: str
    outcome: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """An open alarm.

    `holds`: its cause has not been seen to end. `in_group`: the entry of which it is a member; then people see that one
    instead. `chattering`: how often it came since it began to come and go, 0 while it does not.
    """

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
    holds: bool = True
    zone: str = ""
    room: str = ""
    taken_over_by: str | None = None
    in_group: str | None = None
    chattering: int = 0
    acknowledged_at: datetime | None = None
    told_at: datetime | None = None
    """When people last heard of it: new, changed, or told again."""
    escalated_at: datetime | None = None
    shelved_until: datetime | None = None
    shelf_reason: str | None = None
    """Why it lies on the shelf or is out of service."""
    shelved_by: str | None = None
    steps_done: tuple[str, ...] = ()
    calls: tuple[AlarmCall, ...] = ()
    incident: str | None = None


@dataclass(frozen=True, slots=True)
class PutOff:
    """An alarm that somebody closed although its cause stays: `until` then (monotonic) it is not raised again."""

    alarm: Alarm
    until: float


@dataclass(slots=True)
class OpenAlarms:
    """All open alarms, by id and by what they stand for; which are members of which; and what they did lately."""

    by_id: dict[str, Alarm] = field(default_factory=dict)
    by_cause: dict[tuple[str, str], str] = field(default_factory=dict)
    written_at: dict[str, float] = field(default_factory=dict)
    """When its last row was begun to be written (monotonic)."""
    unwritten: dict[str, None] = field(default_factory=dict)
    """Alarms of which the database knows less than this book, in the order in which they changed."""
    handed: set[str] = field(default_factory=set)
    """Members, and their entries, of which the ledger was given how they stand with what a member comes from."""
    recorded: set[str] = field(default_factory=set)
    """Members whose place the ledger has in a row."""
    grown: dict[str, None] = field(default_factory=dict)
    """Entries with other members or counts than the screens were told."""
    over: dict[str, list[str]] = field(default_factory=dict)
    """Members that are done with, by their entry: the database does not know it yet."""
    entries: Entries = field(default_factory=Entries)
    chatter: dict[tuple[str, str], Chatter] = field(default_factory=dict)
    unseen: dict[str, datetime] = field(default_factory=dict)
    """Since when an alarm waits for somebody to see it (`alarm_course.unseen_since`)."""
    untold: dict[str, Alarm] = field(default_factory=dict)
    """Escalated on the screens; the notice to the leader and the row are still to be written."""
    unrecorded: dict[tuple[str, str], Entry] = field(default_factory=dict)
    """Rows of what time did and the ledger does not have yet, by their kind and alarm: the newest of each."""
    acting: dict[str, asyncio.Lock] = field(default_factory=dict)
    """Held while somebody's act on an alarm is written: a second one comes after it."""
    put_off: dict[tuple[str, str], PutOff] = field(default_factory=dict)
    """Causes that stay and whose alarm somebody has closed; a restart may forget them."""
    _members: dict[str, dict[str, None]] = field(default_factory=dict)
    _size_when_seen: dict[str, int] = field(default_factory=dict)

    def load(self, alarms: Iterable[Alarm]) -> None:
        """Take over those that were open before a restart."""
        for alarm in alarms:
            self.put(alarm)

    def put(self, alarm: Alarm) -> None:
        """Add or renew one."""
        before = self.by_id.get(alarm.id)
        if before is not None and before.in_group is not None and before.in_group != alarm.in_group:
            self._part(before)
        if before is None or _standing(before) != _standing(alarm):
            self.handed.discard(alarm.id)
        self.by_id[alarm.id] = alarm
        self._remember_since(alarm, is_new=before is None)
        if before is None:  # one that is being closed stands for its cause no more, whatever is noted of it meanwhile
            self.by_cause[alarm.condition, alarm.place] = alarm.id
        if alarm.in_group is not None:
            self._members.setdefault(alarm.in_group, {})[alarm.id] = None

    def drop(self, alarm: Alarm) -> None:
        """One is closed."""
        known = self.by_id.pop(alarm.id, None)
        if self.by_cause.get((alarm.condition, alarm.place)) == alarm.id:
            del self.by_cause[alarm.condition, alarm.place]
        for book in (self.written_at, self.unwritten, self._size_when_seen, self.unseen):
            book.pop(alarm.id, None)
        self.entries.left(alarm.id)
        self.recorded.discard(alarm.id)
        self.handed.discard(alarm.id)
        if known is not None and known.in_group is not None:
            self._part(known)

    def of(self, condition: str, place: str) -> Alarm | None:
        """The alarm that stands for this condition at this place."""
        return self.by_id.get(self.by_cause.get((condition, place), ""))

    def shown(self) -> Iterator[Alarm]:
        """Those that people see as entries of the list."""
        return (alarm for alarm in self.by_id.values() if alarm.in_group is None)

    def members(self, id: str) -> list[Alarm]:
        """What has joined an entry, the oldest first."""
        return [self.by_id[one] for one in self._members.get(id, ()) if one in self.by_id]

    def seen(self, id: str) -> None:
        """Somebody has acknowledged an entry as large as it is now."""
        self._size_when_seen[id] = self._size(id)

    def has_doubled(self, id: str) -> bool:
        """True if an entry stands for twice as many alarms as when somebody acknowledged it."""
        return self._size(id) >= 2 * max(1, self._size_when_seen.get(id, 0))

    def lock(self, id: str) -> asyncio.Lock:
        """The turn of whoever acts on an alarm; `let_go_of_locks` forgets those that nobody holds."""
        return self.acting.setdefault(id, asyncio.Lock())

    def let_go_of_locks(self) -> None:
        """Forget the turns of alarms that are closed."""
        for id in [id for id, lock in self.acting.items() if id not in self.by_id and not lock.locked()]:
            del self.acting[id]

    def _size(self, id: str) -> int:
        """The members, and the entry itself where it stands for something of its own."""
        head = self.by_id.get(id)
        return len(self._members.get(id, ())) + (head is not None and head.count > 0)

    def _remember_since(self, alarm: Alarm, is_new: bool) -> None:
        since = unseen_since(
            self.unseen.get(alarm.id),
            State(alarm.state),
            opened_at=alarm.opened_at,
            told_at=alarm.told_at,
            acknowledged_at=alarm.acknowledged_at,
            is_new=is_new,
        )
        if since is None:
            self.unseen.pop(alarm.id, None)
        else:
            self.unseen[alarm.id] = since

    def _part(self, alarm: Alarm) -> None:
        of = self._members.get(alarm.in_group or "", {})
        of.pop(alarm.id, None)
        if not of:
            self._members.pop(alarm.in_group or "", None)


def _standing(alarm: Alarm) -> tuple[str, str, bool]:
    """What must not be forgotten of one; the rest may be some seconds old."""
    return alarm.state, alarm.priority, alarm.holds
