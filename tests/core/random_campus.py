"""Random campuses, people, papers and requests, the same ones for the same seed.

Most things are as they should be, so that every rule is reached; each may be wrong in its turn. Times lie around the
moment of the question, so that every bound is met from both sides.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from random import Random
from types import MappingProxyType
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from gateway.core.kinds import (
    AntiPassback,
    CredentialKind,
    CredentialState,
    DayKind,
    Direction,
    HolderKind,
    Level,
    PinWord,
    PortalKind,
    PresenceState,
    Profile,
    ZoneKind,
)
from gateway.core.nouns import (
    Campus,
    Credential,
    Directory,
    Holder,
    Permission,
    Portal,
    Presence,
    Request,
    VehicleWindow,
    World,
    Zone,
)
from gateway.core.papers import (
    Authorisation,
    BanAct,
    Emergency,
    EmergencyKind,
    EntryBan,
    Essential,
    Gathering,
    GatheringState,
    LeaveSlip,
    Order,
    OrderState,
    Paper,
    SlipReason,
    SlipState,
    StandingPass,
    Vehicle,
    VehicleKind,
    Visit,
    VisitState,
    arrange,
    key_of,
)
from gateway.core.windows import EVERY_DAY, Window
from tests.core.campus import name, policy

T = TypeVar("T")
GROUPS = ("a", "b", "security")
TIMEZONES = (ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("UTC"))
HERE = name("here")
BOTH_WAYS = frozenset(Direction)
EVERY = {
    kind: tuple(kind)
    for kind in (
        *(AntiPassback, CredentialState, DayKind, Direction, EmergencyKind, GatheringState, HolderKind, Level),
        *(OrderState, PinWord, PortalKind, PresenceState, Profile, SlipState, VehicleKind, VisitState, ZoneKind),
    )
}
"""Walked once: walking an enum is slow, and this file is in a hurry."""


class Question(NamedTuple):
    request: Request
    world: World
    now: datetime


class Chance:
    """Dice that repeat for the same seed."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)

    def is_so(self, likely: float) -> bool:
        return self.random.random() < likely

    def one(self, some: Sequence[T]) -> T:
        return some[int(self.random.random() * len(some))]

    def some(self, of: Sequence[T], likely: float) -> frozenset[T]:
        return frozenset(one for one in of if self.random.random() < likely)

    def number(self, low: int, high: int) -> int:
        return low + int(self.random.random() * (high - low + 1))

    def around(self, now: datetime, hours: int = 48) -> datetime:
        """A moment before or after `now`; now and then exactly now."""
        return now if self.is_so(0.05) else now + timedelta(minutes=self.number(-60 * hours, 60 * hours))

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """A time that most likely contains `now`; its end may be now."""
        start = now - timedelta(minutes=self.number(0, 3_000))
        if self.is_so(0.1):
            start = self.around(now)
        return start, max(start, now) + timedelta(minutes=self.number(0, 3_000)) if self.is_so(0.95) else now

    def window(self) -> Window:
        days = EVERY_DAY if self.is_so(0.5) else self.some(range(7), 0.6) or EVERY_DAY
        return Window(self.number(0, 95) * 15, self.number(1, 96) * 15, days)

    def windows(self, always: float) -> tuple[Window, ...] | None:
        return None if self.is_so(always) else tuple(self.window() for _ in range(self.number(0, 2)))


def question(seed: int, number: int) -> Question:
    """One campus, one moment, and somebody who asks to pass. Two in a row share their world and ten their campus, which
    cost as much to make as the answers."""
    world, tapped, now = _world(seed, number // 2)
    return Question(random_request(Chance(f"{seed}:request:{number}"), world, tapped), world, now)


@lru_cache(maxsize=1)
def _world(seed: int, number: int) -> tuple[World, Credential, datetime]:
    chance = Chance(f"{seed}:world:{number}")
    now = datetime.fromisoformat("2026-11-23T00:00+00:00") + timedelta(minutes=chance.number(0, 14 * 24 * 60))
    return *random_world(chance, _campus(seed, number // 5), now), now


@lru_cache(maxsize=1)
def _campus(seed: int, number: int) -> Campus:
    return random_campus(Chance(f"{seed}:campus:{number}"))


def random_campus(chance: Chance, profile: Profile | None = None) -> Campus:
    profile = profile or chance.one(EVERY[Profile])
    zones = _zones(chance)
    portals = [_portal(chance, f"p{n}", zones) for n in range(chance.number(2, 5))]
    ids = [portal.id for portal in portals]
    permissions = tuple(
        Permission(
            f"rule {n}",
            chance.some(GROUPS, 0.5),
            chance.some(ids, 0.7),
            chance.windows(always=0.5),
            own_dormitory=chance.is_so(0.3),
            late_return=chance.is_so(0.15),
        )
        for n in range(chance.number(1, 4))
    )
    special = [kind for kind in EVERY[DayKind] if kind is not DayKind.NORMAL and chance.is_so(0.5)]
    first = date(2026, 11, 22)
    calendar = {first + timedelta(days=n): chance.one(EVERY[DayKind]) for n in range(17) if chance.is_so(0.4)}
    return Campus(
        site="main",
        name=HERE,
        profile=profile,
        timezone=chance.one(TIMEZONES),
        zones=MappingProxyType(zones),
        portals=MappingProxyType({portal.id: portal for portal in portals}),
        permissions=permissions,
        policy=policy(profile),
        leaving_windows=tuple(chance.window() for _ in range(chance.number(0, 2))),
        curfew=Window(1350, 330) if chance.is_so(0.7) else None,
        visiting_hours=chance.windows(always=0.0) or (),
        leaving_windows_on={kind: chance.windows(always=0.0) or () for kind in special},
        calendar=calendar,
    )


def _zones(chance: Chance) -> dict[str, Zone]:
    zones = {"site": Zone("site", ZoneKind.SITE, HERE, None, chance.one((None, None, 9)))}
    kinds = [ZoneKind.CAMPUS, ZoneKind.DORMITORY]
    kinds += [chance.one(EVERY[ZoneKind][1:]) for _ in range(chance.number(0, 3))]
    for n, kind in enumerate(kinds):
        parents = [z.id for z in zones.values() if z.kind in (ZoneKind.SITE, ZoneKind.CAMPUS, ZoneKind.BUILDING)]
        zone = Zone(f"{kind.value}-{n}", kind, HERE, chance.one(parents), chance.one((None, None, 5)))
        zones[zone.id] = zone
    return zones


def _portal(chance: Chance, portal: str, zones: dict[str, Zone]) -> Portal:
    kind = chance.one((PortalKind.GATE, PortalKind.GATE, *EVERY[PortalKind]))
    wanted = {PortalKind.DORMITORY: ZoneKind.DORMITORY, PortalKind.RESTRICTED: ZoneKind.RESTRICTED}.get(kind)
    within = [zone for zone in zones.values() if zone.parent and zone.kind is wanted]
    zone = chance.one(within or [zone for zone in zones.values() if zone.parent])
    outside = zone.parent if chance.is_so(0.8) else "site"
    assert outside is not None
    windows = tuple(
        VehicleWindow(chance.window(), chance.some(EVERY[DayKind], 0.8)) for _ in range(chance.number(0, 2))
    )
    return Portal(
        portal,
        kind,
        HERE,
        zone.id,
        outside,
        directions=BOTH_WAYS if chance.is_so(0.95) else frozenset({Direction.OUT}),
        escape=chance.is_so(0.1),
        anti_passback=chance.one(EVERY[AntiPassback]),
        two_people=chance.is_so(0.1),
        vehicle_windows=windows if chance.is_so(0.4) else (),
    )


# ---------------------------------------------------------------- people and papers


def random_world(chance: Chance, campus: Campus, now: datetime) -> tuple[World, Credential]:
    """A world with a few people, and the credential of the one who will ask."""
    zones = list(campus.zones)
    dormitories = [zone.id for zone in campus.zones.values() if zone.kind is ZoneKind.DORMITORY]
    people = {
        ref: Holder(
            ref,
            f"id-{ref}",
            ref,
            HolderKind.STUDENT if chance.is_so(0.15) else chance.one(EVERY[HolderKind]),
            chance.some(GROUPS, 0.6),
            chance.one(dormitories) if chance.is_so(0.4) else None,
            suspended=chance.is_so(0.05),
        )
        for ref in ("h1", "h2", "h3")
    }
    tapped = _credential(chance, now)
    directory = Directory(
        1,
        people if chance.is_so(0.98) else {},
        {(tapped.kind, tapped.value): tapped},
        arrange({key_of(paper): paper for paper in _papers(chance, campus, tapped, now)}),
    )
    world = World(
        campus,
        directory,
        {"h1": Presence(chance.one([*zones, "gone"]), chance.one(EVERY[PresenceState]), now)},
        orders=tuple(random_order(chance, f"o{n}", zones, now) for n in range(chance.one((0, 0, 1, 1, 2, 3)))),
        emergencies=tuple(
            _emergency(chance, f"e{n}", zones, now) for n in range(chance.one((0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2)))
        ),
        fires=chance.some(zones, 0.2) if chance.is_so(0.05) else frozenset(),
        inside={zone: chance.number(0, 6) for zone in zones} if chance.is_so(0.5) else {},
        used={tapped.ref: chance.number(0, 3)},
        trusted_until=chance.around(now) if chance.is_so(0.2) else None,
    )
    return world, tapped


def _credential(chance: Chance, now: datetime) -> Credential:
    state = CredentialState.ACTIVE if chance.is_so(0.9) else chance.one(EVERY[CredentialState])
    return Credential(
        "c1",
        "h1",
        chance.one((CredentialKind.CARD, CredentialKind.CARD, CredentialKind.QR, CredentialKind.PLATE)),
        "X1",
        state,
        chance.around(now) if chance.is_so(0.05) else None,
        chance.around(now) if chance.is_so(0.05) else None,
        chance.number(1, 3) if chance.is_so(0.05) else None,
    )


def _papers(chance: Chance, campus: Campus, tapped: Credential, now: datetime) -> list[Paper]:
    zones, portals = list(campus.zones), list(campus.portals)
    over = now if chance.is_so(0.1) else None
    papers: list[Paper] = [_visit(chance, f"v{n}", zones, now) for n in range(chance.one((0, 1, 1, 1, 2, 3)))]
    papers += [
        Gathering(
            f"g{n}",
            "an evening",
            "h3",
            chance.one((50, 199, 200, 900)),
            "",
            "",
            chance.some([*zones, "gone"], 0.4),
            now,
            now,
            "u",
            now,
            GatheringState.APPROVED if chance.is_so(0.8) else chance.one(EVERY[GatheringState]),
        )
        for n in range(2)
    ]
    if chance.is_so(0.4):
        subject = chance.one(("h1", "h1", "v0", "c1", "h2"))
        times = chance.span(now)
        papers.append(Authorisation("a1", subject, chance.some(portals, 0.8), *times, "", "u", now, revoked_at=over))
    if chance.is_so(0.3):
        state = chance.one(EVERY[SlipState]) if chance.is_so(0.2) else SlipState.GIVEN
        times = chance.span(now)
        papers.append(
            LeaveSlip("s1", chance.one(("h1", "h2")), *times, SlipReason.OTHER, "u", now, None, over, state=state)
        )
    for ref in ("h1", "h2"):
        if chance.is_so(0.08):
            approvers = ("u", "w")[: chance.number(0, 2)]
            ends = chance.span(now)
            papers.append(EntryBan(f"b-{ref}", ref, BanAct.THEFT, *ends, "u", now, approvers, lifted_at=over))
    if chance.is_so(0.5):
        papers.append(_vehicle(chance, tapped, portals, now))
    papers += [Essential(ref, "u", now, over) for ref in chance.some(("h1", "c1", "h2"), 0.4)]
    if chance.is_so(0.5):
        times, revoked = chance.span(now), now if chance.is_so(0.1) else None
        windows = chance.windows(always=0.4)
        holder = "h1" if chance.is_so(0.9) else "h2"
        papers.append(
            StandingPass("p1", holder, chance.some(portals, 0.8), *times, "u", now, windows, revoked_at=revoked)
        )
    return papers


def _visit(chance: Chance, visit: str, zones: list[str], now: datetime) -> Visit:
    return Visit(
        visit,
        "h1" if chance.is_so(0.9) else "h2",
        HolderKind.VISITOR,
        "h3",
        chance.some([*zones, "gone"], 0.6),
        *chance.span(now),
        "u",
        now,
        VisitState.CHECKED_IN if chance.is_so(0.85) else chance.one(EVERY[VisitState]),
        document_seen=chance.is_so(0.75),
        appointment=chance.is_so(0.7),
        confirmed=chance.one((True, True, True, None, False)),
        consent_by=chance.one(("u", "u", None)),
        vehicle_approved=chance.is_so(0.7),
        gathering=chance.one(("g0", "g1", "gone")) if chance.is_so(0.3) else None,
    )


def _vehicle(chance: Chance, tapped: Credential, portals: list[str], now: datetime) -> Vehicle:
    return Vehicle(
        tapped.ref if chance.is_so(0.95) else "c2",
        chance.one((*EVERY[VehicleKind], VehicleKind.BUS)),
        papers_until=chance.around(now) if chance.is_so(0.3) else None if chance.is_so(0.1) else now + timedelta(9),
        timetable=(Window(1, 1),) if chance.is_so(0.5) else chance.windows(always=0.0) or (),
        portals=chance.some(portals, 0.8),
        driver=chance.one(("h2", "h2", "h2", "gone", None)),
        attendant=chance.one(("h3", "h3", "h3", "h2", None)),
        removed_at=now if chance.is_so(0.05) else None,
    )


def random_order(chance: Chance, order: str, zones: list[str], now: datetime) -> Order:
    starts_at, ends_at = chance.span(now)
    return Order(
        order,
        chance.one(EVERY[Level]),
        chance.some([*zones, "gone"], 0.5),
        starts_at,
        ends_at if chance.is_so(0.6) else None,
        drill=chance.is_so(0.3),
        state=OrderState.SIGNED if chance.is_so(0.9) else chance.one(EVERY[OrderState]),
    )


def _emergency(chance: Chance, emergency: str, zones: list[str], now: datetime) -> Emergency:
    return Emergency(
        emergency,
        chance.one(EVERY[EmergencyKind]),
        chance.some(zones, 0.5),
        now,
        "u",
        drill=chance.is_so(0.3),
        ended_at=now if chance.is_so(0.05) else None,
    )


def random_request(chance: Chance, world: World, tapped: Credential) -> Request:
    portals = list(world.campus.portals)
    return Request(
        chance.one(portals) if chance.is_so(0.98) else "gone",
        Direction.IN if chance.is_so(0.7) else Direction.OUT,
        tapped.kind,
        tapped.value if chance.is_so(0.95) else "unknown",
        quarantined=chance.is_so(0.03),
        pin=chance.one(EVERY[PinWord]) if chance.is_so(0.3) else PinWord.RIGHT,
        accompanied_by=chance.one(("h2", "h2", "h3", "h1", "gone")) if chance.is_so(0.4) else None,
        unsure=tapped.kind is CredentialKind.PLATE and chance.is_so(0.2),
        granted_elsewhere=chance.is_so(0.1),
    )
