"""What the rules look at: a request, with everything that it names looked up once, and the cell that it has to meet.

Promises: pure; what cannot be looked up is None or raises, and is never made up. Leaves to others: what follows.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from gateway.core.kinds import CredentialKind, Direction, HolderKind, Level, PortalKind
from gateway.core.levels import Moment, effective_level
from gateway.core.nouns import Campus, Credential, Holder, Portal, Request, World
from gateway.core.papers import Authorisation, GatheringState, Vehicle, VehicleKind, Visit
from gateway.core.policy import Cell, DormitoryRole, Need, Place, RestrictedRole
from gateway.core.reasons import Reason
from gateway.core.windows import Window, is_open_at

VISITING_KINDS = frozenset({HolderKind.VISITOR, HolderKind.GUARDIAN, HolderKind.OFFICIAL, HolderKind.MEDIA})
"""Kinds that come by a visit, never by a standing permission."""
OWN_PEOPLE = frozenset({HolderKind.STAFF, HolderKind.SERVICE})
"""Kinds that may go along with somebody through a campus gate."""
NOTHING: Cell = frozenset()
SHOWS_A_CARD: Cell = frozenset({Need.CARD})


class Facts(NamedTuple):
    """One request, looked up. A tuple, because one is made for every tap."""

    request: Request
    world: World
    moment: Moment
    local: datetime
    portal: Portal
    level: Level
    credential: Credential | None
    holder: Holder | None
    vehicle: Vehicle | None
    needs: Cell
    visits: tuple[Visit, ...]
    """The holder's visits in force for what lies behind the portal, the one that lacks least first; entries only."""

    @property
    def who(self) -> Holder:
        """The holder; for the words of a cell, which are asked only where somebody is known."""
        assert self.holder is not None
        return self.holder

    @property
    def visit(self) -> Visit | None:
        """The visit that is judged."""
        return self.visits[0] if self.visits else None


def look_up(request: Request, world: World, now: datetime) -> Facts | None:
    """The facts of a request, or None if the configuration has no such portal. Raises ValueError for a naive `now`."""
    if now.tzinfo is None:
        raise ValueError("a decision needs an aware time")
    campus = world.campus
    portal = campus.portals.get(request.portal)
    if portal is None:
        return None
    moment = Moment(now, world.trusted_until)
    # Entry is judged by the zone entered, exit by the zone left: both are the zone behind the portal.
    level = effective_level(campus, world.orders, portal.zone, now, world.trusted_until) if world.orders else Level.L3
    papers = world.directory.papers
    holder: Holder | None = None
    vehicle: Vehicle | None = None
    needs = NOTHING
    visits: tuple[Visit, ...] = ()
    credential = world.directory.credentials.get((request.credential, request.value))
    if credential is not None:
        holder = world.directory.holders.get(credential.holder)
        vehicle = papers.vehicles.get(credential.ref)
    if request.direction is Direction.OUT:
        needs = exit_needs(campus, portal, level, holder, request.credential)
    elif holder is not None:
        needs = entry_needs(campus, portal, level, holder, vehicle)
        if holder.ref in papers.visits:
            visits = visits_here(world, moment, portal, holder, level, needs)
    return Facts(
        request,
        world,
        moment,
        now.astimezone(campus.timezone),
        portal,
        level,
        credential,
        holder,
        vehicle,
        needs,
        visits,
    )


# ---------------------------------------------------------------- the hours of a day


def local_times(facts: Facts) -> tuple[datetime, ...]:
    """What the site's clock may show: now, and while that is suspect the last moment beyond doubt as well."""
    doubt = facts.moment.trusted_until
    return (facts.local,) if doubt is None else (facts.local, doubt.astimezone(facts.world.campus.timezone))


def surely_open(facts: Facts, windows: Iterable[Window] | None) -> bool:
    """True if the windows are open beyond doubt: a clock that leapt into the hours of a day opens nothing."""
    return windows is None or all(is_open_at(windows, local) for local in local_times(facts))


# ---------------------------------------------------------------- the cell of the policy


def exit_needs(campus: Campus, portal: Portal, level: Level, holder: Holder | None, credential: CredentialKind) -> Cell:
    """All that somebody needs to leave here at `level`; whoever drives, or leaves a building, needs nothing."""
    if portal.kind is not PortalKind.GATE or credential is CredentialKind.PLATE:
        return NOTHING
    if holder is not None:
        return campus.policy.needs(Place.GATE_EXIT, holder.kind, level)
    # Nobody knows who it is: a card is asked for as soon as it is asked of anybody.
    rows = campus.policy.tables[Place.GATE_EXIT].values()
    return SHOWS_A_CARD if any(Need.CARD in row.at(level) for row in rows) else NOTHING


def entry_needs(campus: Campus, portal: Portal, level: Level, holder: Holder, vehicle: Vehicle | None) -> Cell:
    """All that `holder` needs to enter here at `level`."""
    policy = campus.policy
    if portal.kind is PortalKind.GATE:
        return policy.needs(Place.GATE, holder.kind, level)
    if portal.kind is PortalKind.VEHICLE_GATE:
        return _lane_needs(campus, level, holder, vehicle)
    if portal.kind is PortalKind.DORMITORY:
        return policy.needs(Place.DORMITORY, dormitory_role(campus, portal, holder), level)
    return policy.needs(Place.RESTRICTED, restricted_role(campus, portal, holder), level)


def _lane_needs(campus: Campus, level: Level, holder: Holder, vehicle: Vehicle | None) -> Cell:
    """The lane's words and the driver's own; a school bus needs the lane's alone, a fire engine a responder's alone."""
    policy = campus.policy
    kind = vehicle_kind(holder, vehicle)
    if kind is VehicleKind.BUS:
        return policy.needs(Place.VEHICLE, kind, level)
    driver = policy.needs(Place.GATE, holder.kind, level)
    if holder.kind is HolderKind.RESPONDER:
        return driver
    return policy.needs(Place.VEHICLE, kind, level) | driver


def vehicle_kind(holder: Holder, vehicle: Vehicle | None) -> VehicleKind:
    """What a vehicle is to the lane; one of which nothing is filed is its driver's."""
    if vehicle is not None:
        return vehicle.kind
    return VehicleKind.VISITOR if holder.kind in VISITING_KINDS else VehicleKind.REGISTERED


def dormitory_role(campus: Campus, portal: Portal, holder: Holder) -> DormitoryRole:
    """What somebody is to this building."""
    if holder.kind is HolderKind.RESPONDER:
        return DormitoryRole.RESPONDER
    if is_covered(campus, portal, holder):
        return DormitoryRole.RESIDENT if holder.dormitory == portal.zone else DormitoryRole.BUILDING_STAFF
    return DormitoryRole.REPAIR if holder.kind is HolderKind.CONTRACTOR else DormitoryRole.GUEST


def restricted_role(campus: Campus, portal: Portal, holder: Holder) -> RestrictedRole:
    """What somebody is to this door."""
    if is_covered(campus, portal, holder):
        return RestrictedRole.NAMED
    return RestrictedRole.RESPONDER if holder.kind is HolderKind.RESPONDER else RestrictedRole.OTHER


def is_covered(campus: Campus, portal: Portal, holder: Holder) -> bool:
    """True if a permission names this holder for this portal, whatever the hour."""
    return any(rule.holds_for(holder, portal) for rule in campus.permissions_by_portal[portal.id])


def comes_home(campus: Campus, portal: Portal, holder: Holder) -> bool:
    """True for a boarder at a gate of the campus in which the dormitory lies."""
    return (
        portal.kind is PortalKind.GATE
        and holder.kind is HolderKind.STUDENT
        and portal.zone in campus.chains.get(holder.dormitory or "", ())
    )


def is_of_the_house(campus: Campus, portal: Portal, holder: Holder) -> bool:
    """True for whoever may go along with somebody here, or be one of two: named for the door, of the building's staff,
    at a gate of the school's own people."""
    if portal.kind is PortalKind.RESTRICTED:
        return restricted_role(campus, portal, holder) is RestrictedRole.NAMED
    if portal.kind is PortalKind.DORMITORY:
        return dormitory_role(campus, portal, holder) is DormitoryRole.BUILDING_STAFF
    return holder.kind in OWN_PEOPLE and is_covered(campus, portal, holder)


# ---------------------------------------------------------------- visits and authorisations


def visits_here(
    world: World, moment: Moment, portal: Portal, holder: Holder, level: Level, needs: Cell
) -> tuple[Visit, ...]:
    """The holder's visits in force for what lies behind this portal, the one that lacks least first.

    Whoever is invited to a building passes the gates on the way to it, and not the door of another building.
    """
    campus = world.campus
    found = [
        visit
        for visit in world.directory.papers.visits[holder.ref]
        if not visit.from_paper
        and moment.is_within(visit.starts_at, visit.ends_at)
        and any(portal.zone in campus.chains.get(zone, ()) for zone in visit.zones)
    ]
    if len(found) < 2:
        return tuple(found)

    def lacks(visit: Visit) -> tuple[int, str]:
        missing = sum(not has(visit) for need, has in VISIT_HAS.items() if need in needs)
        closed = suspended_gathering(world, level, moment, visit) is not None
        return missing + closed, visit.id

    return tuple(sorted(found, key=lacks))


VISIT_HAS: Mapping[Need, Callable[[Visit], bool]] = {
    Need.VEHICLE_REQUEST: lambda visit: visit.vehicle_approved,
    Need.APPOINTMENT: lambda visit: visit.appointment,
    Need.DOCUMENT: lambda visit: visit.document_seen,
    Need.CONSENT: lambda visit: visit.consent_by is not None,
    Need.HOST: lambda visit: visit.confirmed is True,
    Need.TEACHER: lambda visit: visit.confirmed is True,
}
"""The words that speak of a visit, and when it fulfils them."""


def suspended_gathering(world: World, level: Level, moment: Moment, visit: Visit) -> Reason | None:
    """Why the gathering of this visit opens nothing now; None if it does, or if there is none.

    A large one stops where the exceptional level is in force, at the portal or at a place of the gathering.
    """
    if visit.gathering is None:
        return None
    gathering = world.directory.papers.gatherings.get(visit.gathering)
    if gathering is None or gathering.state is not GatheringState.APPROVED:
        return Reason.REGISTRATION_REQUIRED
    if gathering.headcount < world.campus.policy.large_gathering:
        return None
    zones = [zone for zone in gathering.zones if zone in world.campus.zones]
    levels = [effective_level(world.campus, world.orders, zone, moment.now, moment.trusted_until) for zone in zones]
    return Reason.GATHERING_SUSPENDED if Level.L1 in (level, *levels) else None


def authorisation_here(facts: Facts) -> Authorisation | None:
    """A leader's authorisation in force for this holder, vehicle or visit at this portal."""
    authorisations = facts.world.directory.papers.authorisations
    if not authorisations or facts.holder is None:
        return None
    subjects = [facts.holder.ref, *(visit.id for visit in facts.visits)]
    if facts.credential is not None and facts.request.credential is CredentialKind.PLATE:
        subjects.append(facts.credential.ref)
    for subject in subjects:
        for paper in authorisations.get(subject, ()):
            if facts.portal.id in paper.portals and facts.moment.is_within(paper.starts_at, paper.ends_at):
                return paper
    return None
