"""Vehicles with a pass, school buses, two-wheelers, and the list of those whom the campus cannot do without.

A vehicle is its plate: a credential of its driver, or of whoever answers for a bus. A two-wheeler's tag is kept as a
plate as well, so that it opens lanes and nothing else. The school's own table of people neither gives nor takes away
what is managed here. Removed, it is refused at the next tap.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from devices.canonical import canonical
from gateway.core.kinds import CredentialKind, CredentialState, Direction, PortalKind
from gateway.core.nouns import Credential, Directory
from gateway.core.papers import Essential, HeadCount, Vehicle, VehicleKind, Visit
from gateway.core.windows import Window
from gateway.flows.changes import CredentialStateSet, PeopleChanged
from gateway.flows.people_import import CredentialRow, Plan
from gateway.flows.permits import (
    NotPossible,
    Step,
    WrongField,
    carry_out,
    check_portals,
    find,
    holder_of,
)
from gateway.flows.site import Site

MOST_HEADS = 200
COUNTS_KEPT = 20
"""Head counts that are kept with a bus: some days' worth; the ledger has all of them."""
MOST_ROUTE = 40
SOON = timedelta(days=30)
"""So long before a bus's papers end they are listed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A vehicle to be registered; people by the school's ids. A bus needs driver, attendant, papers and timetable."""

    kind: VehicleKind
    plate: str
    holder: str
    driver: str | None = None
    attendant: str | None = None
    papers_until: datetime | None = None
    timetable: tuple[Window, ...] = ()
    portals: frozenset[str] = frozenset()
    not_after: datetime | None = None
    route: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What of a registered vehicle is to be another; None leaves it."""

    driver: str | None = None
    attendant: str | None = None
    papers_until: datetime | None = None
    timetable: tuple[Window, ...] | None = None
    portals: frozenset[str] | None = None
    route: str | None = None


async def register(site: Site, wanted: Wanted, by: str) -> Vehicle:
    """Give a plate or tag to its holder, with its pass. Raises `WrongField`, `NotPossible`, `LedgerUnavailable`."""
    if wanted.kind is VehicleKind.VISITOR:
        raise WrongField("kind", "a visitor's vehicle is approved with the visit")
    check_portals(site, wanted.portals)
    plate = canonical_plate(wanted.plate, "plate")
    ref = secrets.token_hex(16)

    def work_out(directory: Directory, now: datetime) -> Step:
        holder = holder_of(directory, wanted.holder, "holder").ref
        given, credential = give_plate(
            directory, now, plate=plate, holder=holder, ref=ref, not_before=None, not_after=wanted.not_after
        )
        if credential in directory.papers.vehicles:
            raise NotPossible("registered_already", "this plate has a pass already")
        vehicle = Vehicle(
            credential,
            wanted.kind,
            wanted.papers_until,
            wanted.timetable,
            wanted.portals,
            _crew(directory, wanted.driver, "driver"),
            _crew(directory, wanted.attendant, "attendant"),
            holder,
            route=route_name(wanted.route),
        )
        check_bus(vehicle)
        return Step(vehicle, "registered", by, changes=given, more={"kind": wanted.kind.value})

    return await _done(site, work_out)


async def change(site: Site, id: str, wanted: Change, by: str) -> Vehicle:
    """Another driver, other papers, another timetable. Raises `NoSuchPermit`, `WrongField`, `LedgerUnavailable`."""
    check_portals(site, wanted.portals or frozenset())

    def work_out(directory: Directory, now: datetime) -> Step:
        vehicle = find(directory, Vehicle, id)
        moved = replace(
            vehicle,
            driver=_crew(directory, wanted.driver, "driver") or vehicle.driver,
            attendant=_crew(directory, wanted.attendant, "attendant") or vehicle.attendant,
            papers_until=wanted.papers_until or vehicle.papers_until,
            timetable=vehicle.timetable if wanted.timetable is None else wanted.timetable,
            portals=vehicle.portals if wanted.portals is None else wanted.portals,
            route=vehicle.route if wanted.route is None else route_name(wanted.route),
        )
        check_bus(moved)
        return Step(moved, "changed", by)

    return await _done(site, work_out)


async def remove(site: Site, id: str, by: str) -> Vehicle:
    """Its plate opens nothing any more, and it leaves the essential list. Raises `NoSuchPermit`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        vehicle = replace(find(directory, Vehicle, id), removed_at=now)
        listed = directory.papers.by_id.get(f"{Essential.paper.value}:{id}")
        beside = (replace(listed, removed_at=now),) if isinstance(listed, Essential) else ()
        blocked = CredentialStateSet(id, CredentialState.REVOKED.value)
        return Step(vehicle, "removed", by, beside, (blocked,))

    return await _done(site, work_out)


async def count_heads(site: Site, id: str, portal: str, direction: Direction, count: int, by: str) -> Vehicle:
    """So many people were counted on board of a bus when it passed. Raises `NoSuchPermit`, `WrongField`."""
    place = site.campus.portals.get(portal)
    if place is None or place.kind is not PortalKind.VEHICLE_GATE:
        raise WrongField("portal", "no such vehicle lane")
    if not 0 <= count <= MOST_HEADS:
        raise WrongField("count", f"from 0 to {MOST_HEADS}")

    def work_out(directory: Directory, now: datetime) -> Step:
        vehicle = find(directory, Vehicle, id)
        if vehicle.kind is not VehicleKind.BUS:
            raise WrongField("vehicle", "heads are counted on school buses")
        counted = HeadCount(now, portal, direction.value, count, by)
        moved = replace(vehicle, head_counts=(*vehicle.head_counts, counted)[-COUNTS_KEPT:])
        more = {"portal": portal, "direction": direction.value, "count": count}
        return Step(moved, "heads_counted", by, more=more)

    return await _done(site, work_out)


def on_board(site: Site, vehicle: Vehicle) -> tuple[int | None, int | None]:
    """The heads of today, in and out, as they were counted; None where nobody counted."""
    today = site.clock.now().astimezone(site.campus.timezone).date()
    sums: dict[str, int] = {}
    for one in vehicle.head_counts:
        if one.at.astimezone(site.campus.timezone).date() == today:
            sums[one.direction] = sums.get(one.direction, 0) + one.count
    return sums.get(Direction.IN.value), sums.get(Direction.OUT.value)


def papers_expire(site: Site, vehicle: Vehicle) -> Literal["expired", "soon"] | None:
    """Whether the papers are out of date, or will be soon enough that somebody has to see to it."""
    if vehicle.papers_until is None:
        return None
    left = vehicle.papers_until - site.clock.now()
    return "expired" if left <= timedelta() else "soon" if left <= SOON else None


async def ask_for_visit(site: Site, visit: str, plate: str, by: str) -> Visit:
    """A visitor asks to come by car: the security office approves it. Raises `NoSuchPermit`, `NotPossible`."""
    value = canonical_plate(plate, "plate")

    def work_out(directory: Directory, now: datetime) -> Step:
        found = find(directory, Visit, visit)
        if found.vehicle_approved:
            raise NotPossible("approved_already", "a vehicle is approved for this visit")
        return Step(replace(found, plate=value), "vehicle_asked", by)

    done = await carry_out(site, work_out)
    assert isinstance(done.paper, Visit)
    return done.paper


async def list_essential(site: Site, *, holder: str | None, vehicle: str | None, by: str) -> Essential:
    """Put a person or a vehicle on the essential list. Raises `WrongField`, `NotPossible`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        if (holder is None) == (vehicle is None):
            raise WrongField("holder", "either a holder or a vehicle")
        if holder is not None:
            id = holder_of(directory, holder, "holder").ref
        elif vehicle in directory.papers.vehicles:
            id = vehicle or ""
        else:
            raise WrongField("vehicle", "no such vehicle")
        if id in directory.papers.essential:
            raise NotPossible("listed_already", "it is on the list")
        return Step(Essential(id, by, now), "listed", by)

    done = await carry_out(site, work_out)
    assert isinstance(done.paper, Essential)
    return done.paper


async def unlist_essential(site: Site, id: str, by: str) -> Essential:
    """Take somebody off the list. Raises `NoSuchPermit`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        return Step(replace(find(directory, Essential, id), removed_at=now), "unlisted", by)

    done = await carry_out(site, work_out)
    assert isinstance(done.paper, Essential)
    return done.paper


def canonical_plate(plate: str, field: str) -> str:
    """A plate as it is kept. Raises `WrongField`."""
    try:
        return canonical("plate", plate)
    except ValueError as error:
        raise WrongField(field, str(error)) from None


def give_plate(
    directory: Directory,
    now: datetime,
    *,
    plate: str,
    holder: str,
    ref: str,
    not_before: datetime | None,
    not_after: datetime | None,
) -> tuple[tuple[PeopleChanged | CredentialStateSet, ...], str]:
    """What gives `plate` to `holder` as `ref`, unless it is theirs already; and the reference that it has.

    Raises `NotPossible` if somebody else has it.
    """
    known: Credential | None = directory.credentials.get((CredentialKind.PLATE, plate))
    given = PeopleChanged(
        Plan(
            directory.version,
            new_credentials=[
                CredentialRow(ref, holder, CredentialKind.PLATE, plate, CredentialState.ACTIVE, not_before, not_after)
            ],
        )
    )
    if known is None or known.state is not CredentialState.ACTIVE:
        return (given,), ref
    if known.not_after is None or known.not_after > now:
        if known.holder != holder:
            raise NotPossible("plate_taken", "this plate is registered for somebody else")
        if (known.not_before, known.not_after) in ((None, None), (not_before, not_after)):
            return (), known.ref
    return (CredentialStateSet(known.ref, CredentialState.REVOKED.value), given), ref


def _crew(directory: Directory, id: str | None, field: str) -> str | None:
    return None if id is None else holder_of(directory, id, field).ref


def route_name(text: str) -> str:
    """What the school calls a bus line. Raises `WrongField`."""
    name = text.strip()
    if len(name) > MOST_ROUTE or (name and not name.isprintable()):
        raise WrongField("route", f"at most {MOST_ROUTE} characters on one line")
    return name


def check_bus(vehicle: Vehicle) -> None:
    """A school bus has all that is asked of one. Raises `WrongField`."""
    if vehicle.kind is not VehicleKind.BUS:
        return
    for field in ("driver", "attendant", "papers_until", "timetable", "portals"):
        if not getattr(vehicle, field):
            raise WrongField(field, "a school bus needs it")
    if vehicle.driver == vehicle.attendant:
        raise WrongField("attendant", "another person than the driver")


async def _done(site: Site, work_out: Callable[[Directory, datetime], Step]) -> Vehicle:
    done = await carry_out(site, work_out)
    assert isinstance(done.paper, Vehicle)
    return done.paper
