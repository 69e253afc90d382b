"""The nouns of the campus: what exists by design, who holds what, and what a decision looks like.

Everything here is a frozen value that checks itself when made, so nobody downstream checks again. What people change
(holders, credentials, orders) comes from the database as one immutable `Directory`; what exists by design (zones,
portals, permissions) comes from the configuration as one `Campus`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from gateway.core.reasons import Reason
from gateway.core.windows import Window


class Level(IntEnum):
    """Defence level; 1 is the strictest."""

    L1 = 1
    L2 = 2
    L3 = 3


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class Outcome(StrEnum):
    GRANT = "grant"
    DENY = "deny"
    WAIT = "wait"


class Profile(StrEnum):
    SCHOOL = "school"
    UNIVERSITY = "university"


class HolderKind(StrEnum):
    STUDENT = "student"
    STAFF = "staff"
    SERVICE = "service"
    RESIDENT = "resident"
    CONTRACTOR = "contractor"
    SUPPLIER = "supplier"
    VISITOR = "visitor"
    GUARDIAN = "guardian"
    OFFICIAL = "official"
    MEDIA = "media"
    DELIVERY = "delivery"
    RESPONDER = "responder"


class CredentialKind(StrEnum):
    CARD = "card"
    QR = "qr"
    PIN = "pin"
    PLATE = "plate"


class CredentialState(StrEnum):
    ACTIVE = "active"
    REVOKED = "revoked"
    LOST = "lost"


class PortalKind(StrEnum):
    GATE = "gate"
    VEHICLE_GATE = "vehicle_gate"
    DORMITORY = "dormitory"
    RESTRICTED = "restricted"


class ZoneKind(StrEnum):
    SITE = "site"
    CAMPUS = "campus"
    BUILDING = "building"
    DORMITORY = "dormitory"
    RESTRICTED = "restricted"


class AntiPassback(StrEnum):
    OFF = "off"
    SOFT = "soft"
    HARD = "hard"


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

    @property
    def is_escape_route(self) -> bool:
        """Every exit of a dormitory is one, and every portal marked so."""
        return self.escape or self.kind is PortalKind.DORMITORY


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
class Campus:
    """What exists by design, as the configuration says it. Built once, at start."""

    site: str
    name: Label
    profile: Profile
    timezone: ZoneInfo
    zones: Mapping[str, Zone]
    portals: Mapping[str, Portal]
    permissions: tuple[Permission, ...]
    leaving_windows: tuple[Window, ...] = ()
    curfew: Window | None = None
    visiting_hours: tuple[Window, ...] = ()
    permissions_by_portal: Mapping[str, tuple[Permission, ...]] = field(init=False)

    def __post_init__(self) -> None:
        by_portal = {
            portal.id: tuple(
                rule
                for rule in self.permissions
                if portal.id in rule.portals or (rule.own_dormitory and portal.kind is PortalKind.DORMITORY)
            )
            for portal in self.portals.values()
        }
        object.__setattr__(self, "permissions_by_portal", MappingProxyType(by_portal))

    def around(self, zone: str) -> tuple[str, ...]:
        """The zone and all that contain it, the innermost first."""
        chain: list[str] = []
        at: str | None = zone
        while at is not None and at not in chain:
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


@dataclass(frozen=True, slots=True)
class Order:
    """What puts a level in force in `zones` for [starts_at, ends_at); open if `ends_at` is None."""

    id: str
    level: Level
    zones: frozenset[str]
    starts_at: datetime
    ends_at: datetime | None = None
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Directory:
    """People, credentials and orders at one version; immutable, swapped whole."""

    version: int
    holders: Mapping[str, Holder]
    credentials: Mapping[tuple[str, str], Credential]
    orders: tuple[Order, ...] = ()


class PresenceState(StrEnum):
    INSIDE = "inside"
    OUTSIDE = "outside"
    UNCERTAIN = "uncertain"


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


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asks to pass: what the device read, already checked for shape and origin."""

    portal: str
    direction: Direction
    credential: CredentialKind
    value: str
    quarantined: bool = False


class Verdict(StrEnum):
    """What one rule says."""

    PASSES = "passes"
    NOTICE = "notice"
    WAITS = "waits"
    REFUSES = "refuses"


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
