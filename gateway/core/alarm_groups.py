"""When many alarms come at once: which of them becomes an entry of its own in the list, and which joins another.

Whoever sits before the list can deal with about ten new entries in ten minutes (ISA-18.2 and EEMUA 191 call more a
flood). So in any ten minutes at most `ENTRIES_AT_MOST` entries are new; what comes beyond that joins one that is open:
one of its own kind in its control room where there is one, and only else the flood's. Nothing is lost by it: a member
keeps its own count and place. What is about somebody's life, or is always heard, is an entry of its own and takes no
room from the others; of the others the low ones run out of room first, then the medium ones, the high ones last.

Two smaller rules beside it: several of one kind in one zone within a minute are one thing where the catalogue says so
(a switch that died), and an alarm that comes and goes all the time (*chattering*) is said once, with how often.

Pure: moments are monotonic seconds and are handed over. Who is a member of what, and what people see, is for the flows.
"""

import contextlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gateway.core.alarm_catalogue import Kind, Priority

WINDOW_S = 600.0
"""ISA-18.2 counts alarms in ten minutes."""
ENTRIES_AT_MOST = 10
"""New entries in that time, as ISA-18.2 and EEMUA 191 say of one operator; the fault table asks the same (D08)."""
ROOM_FOR: Mapping[Priority, int] = MappingProxyType({Priority.LOW: 6, Priority.MEDIUM: 7, Priority.HIGH: 9})
"""So many may be new for one more of that priority to be an entry; the flood's own does not count here. The last of the
ten is for that one, and two more are kept for what is high: in a flood of lost devices it is the forced door and the
bollard that was hit that somebody has to see by themselves."""
SAME_KIND = 2
"""So many of one condition in one zone stand for themselves; the third one joins."""
BUSY = 4
"""From so many new entries on, whatever has an open one of its condition and zone joins it at once."""
TOGETHER_S = 60.0
"""Devices behind one switch are found to be lost within seconds of each other; cameras at their next check."""

Key = tuple[str, str]
"""A condition and a zone."""
FLOOD = "alarm_flood"
"""The condition of the entry for what fits nowhere else."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Something is wrong somewhere, and no alarm stands for it yet."""

    kind: Kind
    priority: Priority
    zone: str
    room: str = ""
    """The control room that hears it; only there it may join others of its kind."""

    @property
    def key(self) -> Key:
        return self.kind.id, self.zone


@dataclass(frozen=True, slots=True)
class Own:
    """It becomes an entry."""


@dataclass(frozen=True, slots=True)
class Joins:
    """It becomes a member of the entry with that id."""

    head: str


@dataclass(frozen=True, slots=True)
class OpensFlood:
    """It becomes the first member of an entry `FLOOD`, which is made for it."""


Verdict = Own | Joins | OpensFlood


@dataclass(slots=True)
class Entered:
    """An entry that is open: what it stands for, when it came and when the last one joined."""

    id: str
    key: Key
    at: float
    joined_at: float
    takes_members: bool = True
    room: str = ""


@dataclass(slots=True)
class Entries:
    """The entries of the last ten minutes, and those that are still open."""

    open: dict[str, Entered] = field(default_factory=dict)
    _new: deque[tuple[float, bool]] = field(default_factory=deque)
    """When each was new, and whether it was the flood's."""

    def judge(self, newcomer: Newcomer, now: float) -> Verdict:
        """What becomes of it. Nothing is noted: that is `entered` and `joined`."""
        if not newcomer.kind.may_be_shelved:
            return Own()  # whoever acknowledges or shelves the others may not silence it with them
        new = self.new_within_window(now)
        same = [one for one in self._alive(now) if one.key == newcomer.key]
        if same and (new >= BUSY or len(same) >= SAME_KIND or self._belongs(newcomer, same, now)):
            return Joins(_last_joined(same))
        if new < ENTRIES_AT_MOST and self._new_besides_the_floods() < ROOM_FOR[newcomer.priority]:
            return Own()
        alike = [one for one in self._alive(now) if one.key[0] == newcomer.kind.id and one.room == newcomer.room]
        if alike:
            return Joins(_last_joined(alike))
        flood = next((one for one in self.open.values() if one.key[0] == FLOOD), None)
        if flood is not None:
            return Joins(flood.id)
        return OpensFlood() if new < ENTRIES_AT_MOST else self._newest()

    def entered(self, id: str, key: Key, now: float, room: str = "", *, counts: bool = True) -> None:
        """An entry is new. `counts`: it takes room; not so what is about somebody's life."""
        self.open[id] = Entered(id, key, now, now, takes_members=counts, room=room)
        if counts:
            self._new.append((now, key[0] == FLOOD))

    def was_new(self, key: Key, at: float) -> None:
        """An entry was new before a restart; told in the order in which they came."""
        self._new.append((at, key[0] == FLOOD))

    def joined(self, head: str, now: float) -> None:
        """A member was added: the entry goes on being where such things go."""
        if head in self.open:
            self.open[head].joined_at = now

    def left(self, id: str) -> None:
        """The entry is closed. That it was new a moment ago stays true."""
        self.open.pop(id, None)

    @contextlib.contextmanager
    def leaving(self, id: str) -> Iterator[None]:
        """While it is written that an entry is closed or put aside nothing joins it; if that fails it goes on."""
        entered = self.open.pop(id, None)
        try:
            yield
        except BaseException:
            if entered is not None:
                self.open[id] = entered
            raise

    def new_within_window(self, now: float) -> int:
        """How many entries the last ten minutes brought."""
        while self._new and now - self._new[0][0] >= WINDOW_S:
            self._new.popleft()
        return len(self._new)

    def _new_besides_the_floods(self) -> int:
        return sum(not is_flood for _, is_flood in self._new)

    def _alive(self, now: float) -> Iterable[Entered]:
        """Entries to which something was added in the last ten minutes; an older one is another story."""
        return (one for one in self.open.values() if now - one.joined_at < WINDOW_S)

    def _belongs(self, newcomer: Newcomer, same: list[Entered], now: float) -> bool:
        return newcomer.kind.together_in_zone and any(now - one.joined_at <= TOGETHER_S for one in same)

    def _newest(self) -> Verdict:
        """Somebody closed the flood's entry a moment ago, and there is still no room for another one."""
        heads = (one for one in self.open.values() if one.takes_members)
        newest = max(heads, key=lambda one: (one.at, one.id), default=None)
        return Own() if newest is None else Joins(newest.id)


def _last_joined(entries: list[Entered]) -> str:
    return max(entries, key=lambda one: (one.joined_at, one.id)).id


# ---------------------------------------------------------------- one that comes and goes

CHATTERS = ((3, 60.0), (6, WINDOW_S))
"""So many times within so many seconds is chattering. Three in a minute is what ISA-18.2 calls so; six in ten minutes
catches what repeats more slowly, and is already more than half of what one person can take in."""
CALM_S = WINDOW_S
"""After so long without a change it has stopped."""


@dataclass(slots=True)
class Chatter:
    """One condition at one place: when it came."""

    came: deque[float] = field(default_factory=deque)
    times: int = 0
    """Since it began to chatter."""

    def comes(self, now: float) -> bool:
        """It has come (anew); True while it is chattering."""
        self.came.append(now)
        longest = max(span for _, span in CHATTERS)
        while self.came and now - self.came[0] > longest:
            self.came.popleft()
        if self.times:
            self.times += 1
        elif any(sum(now - at <= span for at in self.came) >= many for many, span in CHATTERS):
            self.times = len(self.came)
        return self.times > 0

    def has_calmed(self, now: float) -> bool:
        """True once it was quiet for long enough; then it is forgotten that it chattered."""
        if self.came and now - self.came[-1] < CALM_S:
            return False
        self.came.clear()
        self.times = 0
        return True
