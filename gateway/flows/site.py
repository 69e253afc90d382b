"""What the flows share: the campus, the directory of the moment, who is where, the devices, the ledger and the feed.

One `Site` is made by `app.py` and handed to every flow. It holds state and no story: stories are in the flows.
"""

import asyncio
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from gateway.core.alarm_catalogue import Catalogue
from gateway.core.control_rooms import room_of
from gateway.core.kinds import Direction
from gateway.core.lanes import Act
from gateway.core.nouns import Campus, Credential, Directory, Presence, World
from gateway.core.papers import Cause, Emergency
from gateway.core.pins import Tries
from gateway.core.plan import Plan
from gateway.flows.authority import PeopleWith, StillMay, nobody_is_known, nobody_was_asked
from gateway.flows.cameras import CameraBook
from gateway.flows.devices import Registry
from gateway.flows.event_marks import Marks
from gateway.flows.feed import Feed
from gateway.flows.finding import Finder
from gateway.flows.finding_book import FindingBook
from gateway.flows.gate_books import CallBook, HelpBook
from gateway.flows.ledger_book import LedgerBook
from gateway.flows.notice_rules import HostAsked, NoticeRules
from gateway.flows.open_alarms import Alarm, OpenAlarms
from gateway.flows.ports import Archive, Clock, Courier, LedgerPort, PinDigests
from gateway.flows.roll_call_book import RollCallBook
from gateway.flows.room_book import RoomBook
from gateway.flows.site_rules import Rules
from gateway.flows.spreads import Spread
from gateway.flows.throttle import Throttle
from gateway.flows.token_book import TokenBook
from gateway.flows.waits import TooLate, Waiting
from gateway.flows.zone_counts import ZoneCounts

SPREADS = 100
"""Changes of posture whose way to the devices is remembered in memory; the ledger has all of them."""
RECENT = 20_000
"""Answers kept in memory, so that a repeat and a passage need no query: some minutes of the busiest rush."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a tap was told, and what a later passage needs to know of it."""

    outcome: str
    reason: str
    command: str
    holder: str | None
    direction: str
    at: datetime
    hold_ms: int | None
    wait_ms: int | None


@dataclass(frozen=True, slots=True)
class Armed:
    """The first step of an `efo`: who took it, when, and the word that the second step has to bring."""

    by: str
    at: float
    token: str


@dataclass(slots=True)
class LaneRound:
    """What was last said of one vehicle lane's windows."""

    held: bool | None = None
    counted: tuple[datetime, int] | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A camera's newest picture, as it came."""

    at: datetime
    command: str
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Expected:
    """Somebody whom a guard let through by hand and whose passage is awaited until that moment (monotonic)."""

    holder: str
    direction: Direction
    until: float
    is_counted: bool
    """One of a group whom the guard has counted already."""


@dataclass(frozen=True, slots=True)
class PassTurn:
    """A code that was let in at `device` by `command`; until that moment (monotonic) it opens no other reader."""

    device: str
    tap: str
    holder: str
    command: str
    until: float


@dataclass(slots=True)
class BadCount:
    """Bad messages of one device and reason that are not written yet."""

    waiting: int = 0
    total: int = 0
    written_at: float = -1e9
    alarmed_at: float = -1e9
    recent: deque[float] = field(default_factory=deque)


@dataclass(slots=True)
class Counters:
    """What happened, in numbers; the metrics read them."""

    taps: int = 0
    repeats: int = 0
    events: int = 0
    unanswered: int = 0
    dropped_flood: int = 0
    dropped_inbox: int = 0
    forged_passes: int = 0
    unsent: int = 0
    bad_messages: dict[str, int] = field(default_factory=dict)
    decisions: dict[tuple[str, str, str], int] = field(default_factory=dict)


class Site:
    """The shared state of one gateway."""

    def __init__(
        self,
        *,
        campus: Campus,
        rules: Rules,
        directory: Directory,
        presence: dict[str, Presence],
        ledger: LedgerPort,
        archive: Archive,
        courier: Courier,
        clock: Clock,
        instance: str,
        pin_key: bytes | None = None,
        pass_key: bytes | None = None,
    ) -> None:
        self.campus = campus
        self.rules = rules
        self.ledger = ledger
        self.archive = archive
        self.courier = courier
        self.clock = clock
        self.instance = instance
        self.devices = Registry()
        self.feed = Feed(instance, clock.monotonic)
        self.cameras = CameraBook()
        self.plans: tuple[Plan, ...] = ()
        """The school's own plans; none: one is laid out from zones and portals."""
        self.alarms = OpenAlarms()
        self.alarm_opened: Callable[[Alarm], None] = lambda alarm: None
        """Called with each alarm that is new: `alarm_pictures` listens."""
        self.catalogue = Catalogue()
        """What each condition means; `app.py` puts the configured one here."""
        self.room_of: Callable[[str], str] = lambda zone: room_of(self.campus, zone)
        """The control room that looks after a zone; empty for what concerns every room."""
        self.rooms = RoomBook()
        self.findings = FindingBook()
        self.ledger_book = LedgerBook()
        self.not_back: dict[str, frozenset[str]] = {}
        """Residents whom a building's last list misses and who are not back yet."""
        self.roll_calls = RollCallBook()
        self.late: OrderedDict[str, TooLate] = OrderedDict()
        """Whom nobody answered in time, by the id under which they waited."""
        self.waits: dict[str, Waiting] = {}
        self.event_marks: dict[tuple[str, str], asyncio.Future[Marks]] = {}
        self.bad_messages: dict[tuple[str, str], BadCount] = {}
        self.acks_pending: dict[tuple[str, str], Marks] = {}
        self.last_cause: dict[str, datetime] = {}
        self.causes_looked_up: set[str] = set()
        self.openings: OrderedDict[str, None] = OrderedDict()
        self.lane_grants: OrderedDict[str, str] = OrderedDict()
        self.tokens = TokenBook()
        self.pictures: OrderedDict[str, Picture] = OrderedDict()
        self.counters = Counters()
        self.presence = presence
        self.recent: OrderedDict[str, Answered] = OrderedDict()
        self.in_flight: set[str] = set()
        self.broker_connected = False
        self.loop = asyncio.get_running_loop()
        self.issuing = asyncio.Lock()
        self.previewing = asyncio.Lock()
        """Held while somebody looks what an order would change: one at a time."""
        self.followed = directory
        self.watched_version = 0
        self.look: asyncio.Task[None] | None = None
        self.looked_at = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()
        self.expected_people: dict[str, list[Expected]] = {}
        """Whom a guard let through by hand: by device, until when their passage is awaited."""
        self.emergencies: dict[str, Emergency] = {e.id: e for e in directory.papers.emergencies}
        """In force, by id: they hold from the moment they are called, before they are on paper."""
        self.unfiled: dict[str, tuple[Emergency, int | None]] = {}
        """What was done to an emergency and is not in the directory yet, with the version that will have it."""
        self.spreads: deque[Spread] = deque(maxlen=SPREADS)
        self.still_may: StillMay = nobody_was_asked
        self.people_with: PeopleWith = nobody_is_known
        self.ending: set[str] = set()
        """Emergencies whose end is being written: nothing new builds on them."""
        self.fires: set[str] = set()
        self.inside: dict[str, int] = {}
        """How many readers have seen in each zone or deeper; `world.inside` has those of groups too."""
        self.used: dict[str, int] = {}
        self.pins: dict[str, PinDigests] = {}
        self.pin_key = pin_key
        self.pass_key = pass_key or secrets.token_bytes(32)
        """Under which codes are signed; without one those of before a restart are foreign."""
        self.pass_turns: dict[str, PassTurn] = {}
        """Codes that were let in and with which nobody has gone through yet, by their credential's reference."""
        self.pin_tries = Tries()
        self.use_numbers: dict[str, int] = {}
        """How many rows the ledger has of a pass's uses, as far as that was looked at."""
        self.uses_granted: OrderedDict[str, tuple[str, str, str]] = OrderedDict()
        """Grants that took a use: the command, and the credential, device and tap."""
        self.armed: dict[str, Armed] = {}
        self.latching: dict[str, Act] = {}
        """Commands to a bollard that latch it or end that, until the device has answered."""
        self.snapshots: OrderedDict[str, str] = OrderedDict()
        """Pictures that were asked for an alarm: the snapshot's command, and the alarm."""
        self.snapshots_for_checks: OrderedDict[str, asyncio.Future[Picture]] = OrderedDict()
        """Pictures that the round of health checks has asked for, by the snapshot's command."""
        self.wait_snapshots: OrderedDict[str, str] = OrderedDict()
        self.wait_pictures: OrderedDict[str, Picture] = OrderedDict()
        """Pictures of plates that wait: the snapshot's command, and who waits."""
        self.plate_shapes: tuple[int, Mapping[str, tuple[Credential, ...]]] | None = None
        """The plates of one version of the directory by what look-alikes have in common."""
        self.done_at: dict[str, datetime] = {}
        """Which daily round was last made for which moment, by its name."""
        self.lane_rounds: dict[str, LaneRound] = {}
        self.visits_judged: dict[str, Any] = {}
        """What the rules said of each visit, and what that hung on; `visit_lists` keeps it."""
        self.visits_moment: Any = None
        self.notices = NoticeRules()
        self.notices_over: set[str] = set()
        """What notices were about that were sent or given up: whoever waits for that looks, and takes it out."""
        self.hosts_asked: dict[str, HostAsked] = {}
        """Visits that wait for the word of their host, by id, and how that stands."""
        self.link_tries = Throttle(free=20, longest_s=60, forget_s=900)
        """Wrong links by address."""
        self.calls = CallBook()
        self.help = HelpBook()
        self.trusted_until: datetime | None = None
        self.finder = Finder(self.spawn)
        self._world = self._as_world(directory)

    @property
    def world(self) -> World:
        """The world of this moment: immutable but for presence, which is read through."""
        return self._world

    @property
    def directory(self) -> Directory:
        return self._world.directory

    def swap_directory(self, directory: Directory) -> None:
        """Take a newer directory into use, whole. What it says of an emergency is the latest word on it."""
        if directory.version <= self._world.directory.version:
            return
        before = {e.id for e in self._world.directory.papers.emergencies}
        after = {e.id: e for e in directory.papers.emergencies}
        kept = {id: e for id, e in self.emergencies.items() if id not in before and id not in after}
        self.emergencies = kept | after
        self._put_unfiled(directory.version)
        self._world = self._as_world(directory)
        self.finder.follow(directory)

    def hold(self, emergency: Emergency) -> None:
        """An emergency begins, moves on or ends now, before it is on paper; decisions see it from now on."""
        self.unfiled[emergency.id] = (emergency, None)
        self._put(emergency)
        self.renew_world()

    def filed(self, emergency: Emergency, version: int) -> None:
        """What `hold` was told is on paper: from this version of the directory on, that is the word on it."""
        held = self.unfiled.get(emergency.id)
        if held is not None and held[0] is emergency:
            self.unfiled[emergency.id] = (emergency, version)
            self._put_unfiled(self._world.directory.version)

    def _put_unfiled(self, version: int) -> None:
        for id, (emergency, since) in list(self.unfiled.items()):
            if since is not None and since <= version:
                del self.unfiled[id]
            else:
                self._put(emergency)

    def _put(self, emergency: Emergency) -> None:
        if emergency.is_live:
            self.emergencies[emergency.id] = emergency
        else:
            self.emergencies.pop(emergency.id, None)

    def renew_world(self) -> None:
        """An emergency, a fire or the clock's doubt has changed: decisions see it from now on."""
        self._world = self._as_world(self._world.directory)

    def _as_world(self, directory: Directory) -> World:
        return World(
            campus=self.campus,
            directory=directory,
            presence=MappingProxyType(self.presence),
            orders=directory.papers.orders,
            emergencies=tuple(self.emergencies.values()),
            # A fire that nobody has ended still burns, whatever was forgotten in a restart.
            fires=frozenset(self.fires).union(
                *(e.zones for e in self.emergencies.values() if e.cause is Cause.FIRE and e.is_live)
            ),
            inside=ZoneCounts(self.campus, directory, self.inside, self.presence),
            used=MappingProxyType(self.used),
            trusted_until=self.trusted_until,
        )

    async def refresh_directory(self) -> None:
        """Read what has changed and take it into use."""
        before = self.directory
        self.swap_directory(await self.archive.directory(before))
        if self.directory is not before:
            self.pins = await self.archive.pins()

    def remember(self, key: str, answered: Answered) -> None:
        """Keep an answer for repeats and passages."""
        self.recent[key] = answered
        if len(self.recent) > RECENT:
            self.recent.popitem(last=False)

    def soon(self, act: Callable[..., object], *values: object) -> None:
        """Do `act` when what is under way in this turn of the loop is done."""
        self.loop.call_soon(act, *values)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Let `work` go on beside; it is awaited or cancelled at the end. A bug in it is reported, not swallowed."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    async def finish(self, within_s: float = 5.0) -> None:
        """Wait for what is under way; cancel what takes longer."""
        self.finder.close()
        tasks = set(self._tasks)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=within_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _finished(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            task.get_loop().call_exception_handler(
                {"message": f"a flow failed: {task.get_coro()!r}", "exception": error, "task": task}
            )
