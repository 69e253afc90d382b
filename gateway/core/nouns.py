"""The nouns of the campus: what exists by design, who holds what, and what a decision looks like.

Everything here is a frozen value that checks itself when made, so nobody downstream checks again. What people change
(holders, credentials, orders) comes from the database as one immutable `Directory`; what exists by design (zones,
portals, permissions) comes from the configuration as one `Campus`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from gateway.core.kinds import (
    AntiPassback,
    CredentialKind,
    CredentialState,
    DayKind,
    Direction,
    HolderKind,
    Level,
    Outcome,
    PinWord,
    PortalKind,
    PresenceState,
    Profile,
    Verdict,
    ZoneKind,
)
from gateway.core.papers import Emergency, Order, Papers
from gateway.core.policy import Policy
from gateway.core.reasons import Reason
from gateway.core.windows import Window


@dataclass(frozen=True, slots=True)
class Label:
    """A name that people read, in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Zone:
    id: str
    kind: ZoneKind
    name: Label
    parent: str | None
    capacity: int | None = None
    """How many may be inside; None: nobody counts."""
    responsible: tuple[str, ...] = ()
    """The people responsible for this grid cell, tier by tier, as the school names their posts."""


@dataclass(frozen=True, slots=True)
class Portal:
    """A place to pass: `in` leads into `zone`, `out` back into `outside`."""

    id: str
    kind: PortalKind
    name: Label
    zone: str
    outside: str
    gate: str | None = None
    directions: frozenset[Direction] = frozenset(Direction)
    escape: bool = False
    anti_passback: AntiPassback = AntiPassback.OFF
    hold_ms: int = 5_000
    held_open_after_s: int = 30
    two_people: bool = False
    """Two named people within 30 s, at every level."""
    keypad: bool = False
    """Its reader can ask for a PIN."""
    vehicle_windows: tuple["VehicleWindow", ...] = ()

    @property
    def is_escape_route(self) -> bool:
        """Every exit of a dormitory is one, and every portal marked so."""
        return self.escape or self.kind is PortalKind.DORMITORY


@dataclass(frozen=True, slots=True)
class VehicleWindow:
    """A time of arrival or dismissal in which a lane's bollards stay raised, on days of these kinds."""

    window: Window
    day_kinds: frozenset[DayKind] = frozenset({DayKind.NORMAL, DayKind.HALF_DAY, DayKind.EXAM, DayKind.CLOSED})


@dataclass(frozen=True, slots=True)
class Post:
    """A post that a guard mans at `portals` while a window is open."""

    id: str
    name: Label
    portals: frozenset[str]
    windows: tuple[Window, ...] | None = None
    inventory: tuple["Item", ...] = ()
    """What is counted at each hand-over."""
    sign_on_within_min: int | None = None
    """So long after its window opened or its last shift ended nobody has to have taken it over; None: nobody looks."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that lies at a post and is handed over: keys, radios, shields, spare badges."""

    id: str
    name: Label
    count: int


@dataclass(frozen=True, slots=True)
class CallLine:
    """Whom a guard calls, in the order of the list. The number of the `host` is the one of the visit at hand."""

    id: str
    name: Label
    number: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    """Other numbers at some gates."""

    def number_at(self, gate: str | None) -> str:
        """The number to dial from there; empty if the school has not written one."""
        return self.numbers.get(gate or "", self.number)


@dataclass(frozen=True, slots=True)
class Holder:
    """A person known to the gateway. `ref` is random and is all that the ledger ever names."""

    ref: str
    id: str
    name: str
    kind: HolderKind
    groups: frozenset[str]
    dormitory: str | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Permission:
    """Members of `groups` may enter through `portals` while a window is open.

    With `own_dormitory` it holds for the door of the building in which the holder lives. `late_return` marks an entry
    that is granted but recorded as late.
    """

    name: str
    groups: frozenset[str]
    portals: frozenset[str]
    windows: tuple[Window, ...] | None = None
    own_dormitory: bool = False
    late_return: bool = False

    def holds_for(self, holder: Holder, portal: Portal) -> bool:
        """True if it speaks of this holder at this portal, whatever the hour."""
        if self.own_dormitory and holder.dormitory != portal.zone:
            return False
        return not holder.groups.isdisjoint(self.groups) or (self.own_dormitory and not self.groups)


@dataclass(frozen=True, slots=True)
class SlipRules:
    """How a school gives leave slips."""

    second_approval: bool = False
    """Who asks for a slip never gives it."""
    class_prefix: str = "class-"
    """Groups that begin so are classes: a teacher who is in some gives slips to the students of these."""


@dataclass(frozen=True, slots=True)
class ControlRoom:
    """A room from which a part of the campus is watched, by the zones that it names."""

    id: str
    name: Label
    zones: frozenset[str]


@dataclass(frozen=True, slots=True)
class VigilanceRules:
    """When an operator who is alone is asked for a sign of life; nobody is if `every_min` is 0."""

    hours: Window = field(default_factory=lambda: Window(22 * 60, 6 * 60))
    every_min: int = 10
    within_min: int = 10
    """So long the operator has for an answer."""


@dataclass(frozen=True, slots=True)
class Campus:
    """What exists by design, as the configuration says it. Built once, at start."""

    site: str
    name: Label
    profile: Profile
    timezone: ZoneInfo
    zones: Mapping[str, Zone]
    portals: Mapping[str, Portal]
    permissions: tuple[Permission, ...]
    policy: Policy
    leaving_windows: tuple[Window, ...] = ()
    """Of a normal day."""
    curfew: Window | None = None
    visiting_hours: tuple[Window, ...] = ()
    leaving_windows_on: Mapping[DayKind, tuple[Window, ...]] = field(default_factory=dict)
    """Of other days; a kind that is not named here has those of a normal day, a holiday none."""
    calendar: Mapping[Date, DayKind] = field(default_factory=dict)
    posts: tuple[Post, ...] = ()
    gates: Mapping[str, Label] = field(default_factory=dict)
    """Groups of portals that one kiosk serves, by their names."""
    calls: tuple[CallLine, ...] = ()
    """Whom a guard calls, the first one first."""
    paper_day_at_min: int = 240
    """When each night the papers for a day without power are made, in minutes after midnight."""
    plate_confidence: float = 0.85
    """A camera that is less sure than this of the plate that it has read asks a guard to look."""
    slips: SlipRules = SlipRules()
    control_rooms: tuple[ControlRoom, ...] = ()
    """Empty: one room for the whole site."""
    vigilance: VigilanceRules = VigilanceRules()
    permissions_by_portal: Mapping[str, tuple[Permission, ...]] = field(init=False)
    limits_by_portal: Mapping[str, tuple[tuple[str, int], ...]] = field(init=False)
    """Which zones that hold only so many people somebody comes into there: the zone, and all around it that the portal
    does not leave."""
    chains: Mapping[str, tuple[str, ...]] = field(init=False)
    """Each zone and all that contain it, the innermost first; worked out once, because every decision asks."""

    def __post_init__(self) -> None:
        chains = {zone: self._chain(zone) for zone in self.zones}
        object.__setattr__(self, "chains", MappingProxyType(chains))
        limits = {
            portal.id: tuple(
                (zone, most)
                for zone in chains.get(portal.zone, ())
                if zone not in chains.get(portal.outside, ()) and (most := self.zones[zone].capacity) is not None
            )
            for portal in self.portals.values()
        }
        object.__setattr__(self, "limits_by_portal", MappingProxyType(limits))
        by_portal = {
            portal.id: tuple(
                rule
                for rule in self.permissions
                if portal.id in rule.portals or (rule.own_dormitory and portal.kind is PortalKind.DORMITORY)
            )
            for portal in self.portals.values()
        }
        object.__setattr__(self, "permissions_by_portal", MappingProxyType(by_portal))

    def day_kind(self, day: Date) -> DayKind:
        return self.calendar.get(day, DayKind.NORMAL)

    def leaving_windows_of(self, day: Date) -> tuple[Window, ...]:
        """When students leave without a slip on this day."""
        kind = self.day_kind(day)
        if kind is DayKind.NORMAL:
            return self.leaving_windows
        return self.leaving_windows_on.get(kind, () if kind is DayKind.HOLIDAY else self.leaving_windows)

    def around(self, zone: str) -> tuple[str, ...]:
        """The zone and all that contain it, the innermost first. Raises KeyError for one that does not exist."""
        return self.chains[zone]

    def _chain(self, zone: str) -> tuple[str, ...]:
        chain: list[str] = []
        at: str | None = zone
        while at is not None and at in self.zones and at not in chain:
            chain.append(at)
            at = self.zones[at].parent
        return tuple(chain)


@dataclass(frozen=True, slots=True)
class Credential:
    """A card, QR pass or plate, with its own validity [not_before, not_after) and state."""

    ref: str
    holder: str
    kind: CredentialKind
    value: str
    state: CredentialState = CredentialState.ACTIVE
    not_before: datetime | None = None
    not_after: datetime | None = None
    max_uses: int | None = None
    """How often it may open; None: as often as it likes."""


@dataclass(frozen=True, slots=True)
class Directory:
    """People, credentials and papers at one version; immutable, swapped whole."""

    version: int
    holders: Mapping[str, Holder]
    credentials: Mapping[tuple[str, str], Credential]
    papers: Papers = field(default_factory=Papers)
    by_id: Mapping[str, Holder] | None = field(default=None, repr=False, compare=False)
    """The holders by the school's own id; None: nobody has made that table."""
    since: int = field(default=-1, repr=False, compare=False)
    """`changed` holds everybody who is new, changed or gone since this version; -1: nobody has kept that."""
    changed: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    by_ref: Mapping[str, Credential] | None = field(default=None, repr=False, compare=False)
    """The credentials by their references; None: nobody has made that table."""

    def with_id(self, id: str) -> Holder | None:
        """The person with the school's own id."""
        if self.by_id is not None:
            return self.by_id.get(id)
        return next((holder for holder in self.holders.values() if holder.id == id), None)

    def credential(self, ref: str) -> Credential | None:
        """The credential with this reference; None for one that went on to somebody else, or is gone."""
        if self.by_ref is not None:
            return self.by_ref.get(ref)
        return next((held for held in self.credentials.values() if held.ref == ref), None)

    def credentials_of(self, refs: Iterable[str]) -> list[Credential]:
        """Those of these references that are there, in the same order."""
        return [held for ref in refs if (held := self.credential(ref)) is not None]


@dataclass(frozen=True, slots=True)
class Presence:
    """Where a holder was last known to be; changed by passages, never by grants."""

    zone: str
    state: PresenceState
    since: datetime


@dataclass(frozen=True, slots=True)
class World:
    """All that a decision may look at besides the request and the time."""

    campus: Campus
    directory: Directory
    presence: Mapping[str, Presence]
    orders: tuple[Order, ...] = ()
    """Those that are signed, whether their time has come or not."""
    emergencies: tuple[Emergency, ...] = ()
    """Those in force: they are here before they are on paper."""
    fires: frozenset[str] = frozenset()
    """Zones with a fire input that a person has not reset yet."""
    inside: Mapping[str, int] = field(default_factory=dict)
    """How many are in each zone or deeper."""
    used: Mapping[str, int] = field(default_factory=dict)
    """How often each pass with limited uses has opened, by its reference."""
    trusted_until: datetime | None = None
    """The clock is suspect: this is the last moment that is beyond doubt. None: the clock is good."""


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asks to pass: what the device read, already checked for shape and origin."""

    portal: str
    direction: Direction
    credential: CredentialKind
    value: str
    quarantined: bool = False
    pin: PinWord = PinWord.ABSENT
    unsure: bool = False
    """The camera does not trust its own reading of this plate enough."""
    accompanied_by: str | None = None
    """Another holder, named for this portal or escorting, who asked to pass here within the last 30 s and waits."""
    granted_elsewhere: bool = False
    """This very pass was let in at another reader a moment ago, and nobody has gone through there yet."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's word in a trace."""

    rule: str
    verdict: Verdict
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, the reason that settles it, and every rule that was looked at."""

    outcome: Outcome
    reason: Reason
    trace: tuple[Finding, ...]
    level: Level
    holder: str | None = None
    credential: str | None = None

    @property
    def notices(self) -> tuple[Reason, ...]:
        """What else was noticed, besides the reason that settled it."""
        return tuple(
            finding.reason for finding in self.trace if finding.reason is not None and finding.reason != self.reason
        )
