"""The policy as data: what each kind of person needs at each kind of place, level by level.

A cell is the set of everything that is needed there. A stricter level's cell holds all that the looser one holds, so
that it can never grant what a looser level refuses or makes wait; making a `Policy` checks that, and that nobody is
kept from leaving by an escape route. The data itself is in the configuration.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core.kinds import HolderKind, Level, Profile
from gateway.core.papers import VehicleKind


class Need(StrEnum):
    """One word of a cell. The order is the order in which they are looked at."""

    PERMISSION = "permission"
    """A permission of one of the holder's groups covers this portal at this hour: *card*, *pass within its hours*."""
    REGISTERED = "registered"
    """A visit in force for what lies behind this portal."""
    VISITING_HOURS = "visiting_hours"
    VEHICLE_REQUEST = "vehicle_request"
    """The vehicle was asked for with the visit, and approved."""
    PAPERS = "papers"
    """A school bus whose driver, attendant and papers are in order."""
    TIMETABLE = "timetable"
    """A school bus on its route and timetable, or with an authorisation."""
    REFUSED = "refused"
    """Nobody passes, but with an authorisation: that lifts this word and no other."""
    ESSENTIAL = "essential"
    """Only those on the essential list."""
    AUTHORISATION = "authorisation"
    APPOINTMENT = "appointment"
    DOCUMENT = "document"
    CONSENT = "consent"
    HOST = "host"
    TEACHER = "teacher"
    HANDOVER = "handover"
    """Hands over at the gate shelf and stays outside."""
    PIN = "pin"
    SHOWN = "shown"
    """Picture and name are shown to the guard."""
    GUARD = "guard"
    """A guard confirms."""
    TOUCH = "touch"
    """A guard's one touch, for responders."""
    ESCORT = "escort"
    CONTROL_ROOM = "control_room"
    # on the way out
    CARD = "card"
    """Leaves with a card or pass, else a guard identifies; nobody is held."""
    SLIP = "slip"
    """Leaves in a leaving window or with a slip in force: the one place where leaving can be refused."""
    SLIP_NOTICE = "slip_notice"
    """Without a slip in a closed period it is noticed, recorded and told to the counsellor."""


ON_THE_WAY_OUT: frozenset[Need] = frozenset({Need.CARD, Need.SLIP, Need.SLIP_NOTICE})

WITHOUT_ANYBODY: frozenset[Need] = frozenset({Need.PERMISSION, Need.SHOWN})
"""What a device can see to by itself, with its list alone."""


class Place(StrEnum):
    """The tables of the policy."""

    GATE = "gate"
    VEHICLE = "vehicle"
    DORMITORY = "dormitory"
    RESTRICTED = "restricted"
    GATE_EXIT = "gate_exit"


class DormitoryRole(StrEnum):
    """What somebody is to a dormitory building."""

    RESIDENT = "resident"
    BUILDING_STAFF = "building_staff"
    RESPONDER = "responder"
    REPAIR = "repair"
    GUEST = "guest"


class RestrictedRole(StrEnum):
    """What somebody is to a restricted door."""

    NAMED = "named"
    RESPONDER = "responder"
    OTHER = "other"


ROWS: Mapping[Place, tuple[str, ...]] = {
    Place.GATE: tuple(HolderKind),
    Place.VEHICLE: tuple(VehicleKind),
    Place.DORMITORY: tuple(DormitoryRole),
    Place.RESTRICTED: tuple(RestrictedRole),
    Place.GATE_EXIT: tuple(HolderKind),
}
"""Which rows each table must have."""

Cell = frozenset[Need]


@dataclass(frozen=True, slots=True)
class Row:
    """What is needed at each level; reading a level is one step."""

    l3: Cell
    l2: Cell
    l1: Cell

    def at(self, level: Level) -> Cell:
        return self.l3 if level is Level.L3 else self.l2 if level is Level.L2 else self.l1


@dataclass(frozen=True, slots=True)
class Cadence:
    """What hangs on the level besides who may pass."""

    camera_check_s: int
    patrol_rounds: int
    posts_manned: bool = True
    leader_on_duty: bool = False


@dataclass(frozen=True, slots=True)
class Slip:
    """Something that keeps a policy from being one; `place`, `row`, `level` say where.

    Where two cells contradict, `than` is the level of the other one, the looser.
    """

    place: Place
    row: str
    level: Level
    message: str
    than: Level | None = None


class ContradictoryPolicy(ValueError):
    """The policy breaks what must always hold; `slips` are all the places."""

    def __init__(self, slips: list[Slip]) -> None:
        super().__init__("; ".join(slip.message for slip in slips))
        self.slips = slips


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole matrix. Raises `ContradictoryPolicy` when made from one that must not be."""

    profile: Profile
    tables: Mapping[Place, Mapping[str, Row]]
    cadences: Mapping[Level, Cadence]
    large_gathering: int
    """From this headcount on a gathering stops at the exceptional level."""
    security_groups: frozenset[str]
    """Whose members enter during an evacuation, with a guard's one touch."""
    not_returned_at_min: int = 23 * 60
    """When the evening's list of those not returned is made, minutes since local midnight."""
    forgive_at_min: int = 4 * 60
    """When anti-passback is forgiven for everybody, minutes since local midnight."""
    leaving_may_be_refused: bool = field(init=False)
    """True if a cell of the way out asks for a slip."""

    def __post_init__(self) -> None:
        slips = list(faults_of(self))
        if slips:
            raise ContradictoryPolicy(slips)
        exits = self.tables[Place.GATE_EXIT].values()
        watched = any(Need.SLIP in row.at(level) for row in exits for level in Level)
        object.__setattr__(self, "leaving_may_be_refused", watched)

    def needs(self, place: Place, row: str, level: Level) -> Cell:
        """The cell: everything that is needed there."""
        return self.tables[place][row].at(level)


def faults_of(policy: Policy) -> Iterator[Slip]:
    """Every cell that is missing or contradicts what must always hold."""
    for place, rows in ROWS.items():
        for name in rows:
            row = policy.tables.get(place, {}).get(name)
            if row is None:
                yield Slip(place, name, Level.L3, f"the row {name!r} of {place.value} is missing")
                continue
            yield from faults_of_row(policy.profile, place, name, row)


def faults_of_row(profile: Profile, place: Place, name: str, row: Row) -> Iterator[Slip]:
    """Every cell of one row that contradicts what must always hold."""
    leaving = place is Place.GATE_EXIT
    for level in (Level.L3, Level.L2, Level.L1):
        cell = row.at(level)
        wrong = sorted(need for need in cell if (need in ON_THE_WAY_OUT) != leaving)
        if wrong:
            way, known = ("leaving", ON_THE_WAY_OUT) if leaving else ("entering", frozenset(Need) - ON_THE_WAY_OUT)
            words = ", ".join(need for need in Need if need in known)
            yield Slip(place, name, level, f"{', '.join(wrong)}: means nothing for {way}; known here are {words}")
        if not leaving or cell.isdisjoint({Need.SLIP, Need.SLIP_NOTICE}):
            continue
        if name != HolderKind.STUDENT:
            yield Slip(place, name, level, f"only a student may need a slip to leave; {name} is never held")
        elif profile is Profile.UNIVERSITY and Need.SLIP in cell:
            yield Slip(place, name, level, "slip: adults are never held; at a university slip_notice is all there is")
    for looser, stricter in ((Level.L3, Level.L2), (Level.L2, Level.L1)):
        lost = sorted(row.at(looser) - row.at(stricter))
        if lost:
            yield Slip(
                place,
                name,
                stricter,
                f"L{stricter} is looser than L{looser}: {place.value} {name} needs {', '.join(lost)} at L{looser} "
                f"and not at L{stricter}",
                than=looser,
            )
    if place is Place.DORMITORY and name == DormitoryRole.RESIDENT:
        for level in Level:
            if row.at(level) - WITHOUT_ANYBODY:
                words = ", ".join(sorted(row.at(level) - WITHOUT_ANYBODY))
                yield Slip(
                    place, name, level, f"{words}: residents enter their own dormitory by card alone, at every level"
                )
