"""A small campus for the tests of the core: the shapes of the example campus, with few people."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from gateway.core.kinds import CredentialKind, CredentialState, Direction, HolderKind, PortalKind, Profile, ZoneKind
from gateway.core.nouns import (
    Campus,
    Credential,
    Directory,
    Holder,
    Label,
    Permission,
    Portal,
    Presence,
    Request,
    World,
    Zone,
)
from gateway.core.papers import Order
from gateway.core.policy import Policy
from gateway.core.windows import Window
from gateway.policy_file import load_policy
from gateway.settings import shipped

SHANGHAI = ZoneInfo("Asia/Shanghai")
GATE_HOURS = Window(5 * 60 + 30, 22 * 60 + 30)
NIGHT = Window(22 * 60 + 30, 5 * 60 + 30)
LEAVING = (Window(11 * 60 + 30, 12 * 60 + 30), Window(16 * 60 + 30, 18 * 60))


def name(text: str) -> Label:
    return Label(text, text)


ZONES = {
    "site": Zone("site", ZoneKind.SITE, name("site"), None),
    "campus": Zone("campus", ZoneKind.CAMPUS, name("campus"), "site"),
    "dorm-1": Zone("dorm-1", ZoneKind.DORMITORY, name("dorm-1"), "campus"),
    "dorm-2": Zone("dorm-2", ZoneKind.DORMITORY, name("dorm-2"), "campus"),
    "control-room": Zone("control-room", ZoneKind.RESTRICTED, name("control room"), "campus"),
}

PORTALS = {
    "north-in": Portal("north-in", PortalKind.GATE, name("in"), "campus", "site", directions=frozenset({Direction.IN})),
    "north-out": Portal(
        "north-out", PortalKind.GATE, name("out"), "campus", "site", directions=frozenset({Direction.OUT})
    ),
    "north-vehicle": Portal("north-vehicle", PortalKind.VEHICLE_GATE, name("lane"), "campus", "site"),
    "dorm-1-door": Portal("dorm-1-door", PortalKind.DORMITORY, name("dorm 1"), "dorm-1", "campus"),
    "dorm-2-door": Portal("dorm-2-door", PortalKind.DORMITORY, name("dorm 2"), "dorm-2", "campus"),
    "control-room-door": Portal(
        "control-room-door", PortalKind.RESTRICTED, name("control room"), "control-room", "campus"
    ),
}

GATES = frozenset({"north-in", "north-out"})
PERMISSIONS = (
    Permission("staff pass all gates", frozenset({"staff", "security"}), GATES | {"north-vehicle"}),
    Permission("students by day", frozenset({"students", "boarders"}), GATES, (GATE_HOURS,)),
    Permission("boarders come late", frozenset({"boarders"}), GATES, (NIGHT,), late_return=True),
    Permission("residents their own dormitory", frozenset(), frozenset(), own_dormitory=True),
    Permission("security", frozenset({"security"}), frozenset({"control-room-door", "dorm-1-door", "dorm-2-door"})),
)

PEOPLE: dict[str, Holder] = {
    "staff": Holder("staff", "s1", "Li Na", HolderKind.STAFF, frozenset({"staff"})),
    "student": Holder("student", "p1", "Wang Lei", HolderKind.STUDENT, frozenset({"students"})),
    "boarder": Holder("boarder", "p2", "Zhao Min", HolderKind.STUDENT, frozenset({"students", "boarders"}), "dorm-1"),
    "security": Holder("security", "g1", "Chen Gang", HolderKind.SERVICE, frozenset({"security"})),
}


@cache
def policy(profile: Profile) -> Policy:
    """The policy that is shipped for `profile`."""
    found, faults = load_policy(shipped(f"policy.{profile.value}.yaml"))
    assert found is not None, faults
    return found


def campus(profile: Profile = Profile.SCHOOL, portals: Mapping[str, Portal] = PORTALS) -> Campus:
    return Campus(
        site="main",
        name=name("main"),
        profile=profile,
        timezone=SHANGHAI,
        zones=MappingProxyType(ZONES),
        portals=MappingProxyType(dict(portals)),
        permissions=PERMISSIONS,
        policy=policy(profile),
        leaving_windows=LEAVING,
        curfew=NIGHT,
    )


def card(holder: str, state: CredentialState = CredentialState.ACTIVE, **bounds: datetime) -> Credential:
    return Credential(f"c-{holder}", holder, CredentialKind.CARD, holder.upper(), state, **bounds)


def world(
    *cards: Credential,
    people: Mapping[str, Holder] = PEOPLE,
    orders: tuple[Order, ...] = (),
    presence: Mapping[str, Presence] | None = None,
    of: Campus | None = None,
) -> World:
    """Everybody with a good card, but for those in `cards`."""
    held = {c.holder: c for c in (card(ref) for ref in people)} | {c.holder: c for c in cards}
    plate = Credential("v-staff", "staff", CredentialKind.PLATE, "京A12345")
    credentials = {(c.kind, c.value): c for c in (*held.values(), plate)}
    return World(of or campus(), Directory(1, dict(people), credentials), presence or {}, orders)


def at(clock: str, day: str = "2026-11-23") -> datetime:
    """A moment of the campus's own clock (a Monday unless said otherwise)."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=SHANGHAI).astimezone(UTC)


def tap(portal: str, who: str, direction: Direction = Direction.IN, **more: bool) -> Request:
    return Request(portal, direction, CredentialKind.CARD, who.upper(), **more)
