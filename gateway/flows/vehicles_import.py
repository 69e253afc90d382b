"""Vehicles from a table: plates with passes, school buses with their papers and timetable. All lines or none.

A plate that has a pass already gets what its line says; one that belongs to somebody else is a bad line. Vehicles that
the table does not name keep their passes.
"""

import asyncio
import re
import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from gateway.core.kinds import CredentialKind
from gateway.core.nouns import Directory
from gateway.core.papers import Vehicle, VehicleKind
from gateway.core.windows import Window
from gateway.flows import tables_csv, vehicles
from gateway.flows.permits import NotPossible, Step, WrongField, holder_of
from gateway.flows.site import Site
from gateway.flows.tables_csv import Line

HEADER = (
    "plate",
    "kind",
    "holder",
    "driver",
    "attendant",
    "route",
    "papers_until",
    "timetable",
    "portals",
    "not_after",
)
KINDS = tuple(kind.value for kind in VehicleKind if kind is not VehicleKind.VISITOR)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART = re.compile(r"(?:([a-z+-]+) )?([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


async def import_vehicles(site: Site, data: bytes, by: str) -> int:
    """Register the vehicles of a table; how many are new or other than before. Raises `BadTable`."""
    lines = await asyncio.to_thread(tables_csv.read_table, data, HEADER)

    def work_out(directory: Directory, now: datetime) -> list[Step]:
        seen: dict[str, int] = {}
        return tables_csv.each(lines, lambda line: _step(site, directory, now, line, by, seen))

    return len(await tables_csv.take_over(site, work_out))


def _step(site: Site, directory: Directory, now: datetime, line: Line, by: str, seen: dict[str, int]) -> Step | None:
    plate = vehicles.canonical_plate(line.cells["plate"], "plate")
    if plate in seen:
        raise WrongField("plate", f"stands in line {seen[plate]} already")
    seen[plate] = line.number
    holder = holder_of(directory, line.cells["holder"], "holder").ref
    not_after = _end_of_day(site, line, "not_after")
    try:
        given, credential = vehicles.give_plate(
            directory,
            now,
            plate=plate,
            holder=holder,
            ref=secrets.token_hex(16),
            not_before=None,
            not_after=not_after,
        )
    except NotPossible as error:
        raise WrongField("plate", str(error)) from None
    vehicle = Vehicle(
        credential,
        VehicleKind(tables_csv.word_of(line, "kind", KINDS)),
        _end_of_day(site, line, "papers_until"),
        _timetable(line),
        _portals(site, line),
        _person(directory, line, "driver"),
        _person(directory, line, "attendant"),
        holder,
        route=vehicles.route_name(line.cells["route"]),
    )
    vehicles.check_bus(vehicle)
    before = directory.papers.vehicles.get(credential)
    if before is None:
        # Another validity makes another credential: what was filed under the old one goes with it.
        old = directory.credentials.get((CredentialKind.PLATE, plate))
        filed = None if old is None else directory.papers.vehicles.get(old.ref)
        beside = () if filed is None else (replace(filed, removed_at=now),)
        return Step(vehicle, "registered", by, beside, given, more={"kind": vehicle.kind.value})
    after = replace(vehicle, head_counts=before.head_counts)
    return None if after == before else Step(after, "changed", by, changes=given)


def _person(directory: Directory, line: Line, field: str) -> str | None:
    return holder_of(directory, line.cells[field], field).ref if line.cells[field] else None


def _end_of_day(site: Site, line: Line, field: str) -> datetime | None:
    """A day up to its end, such as 2027-08-31."""
    if not line.cells[field]:
        return None
    try:
        day = date.fromisoformat(line.cells[field]) + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=site.campus.timezone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongField(field, "expected a day such as 2027-08-31") from None


def _portals(site: Site, line: Line) -> frozenset[str]:
    portals = frozenset(name.strip() for name in line.cells["portals"].split(";") if name.strip())
    if any(name not in site.campus.portals for name in portals):
        raise WrongField("portals", "expected portals of this campus, parted by ;")
    return portals


def _timetable(line: Line) -> tuple[Window, ...]:
    """`mon-fri 06:30-08:00; mon+wed 16:30-18:00`; without days every day."""
    parts = [part.strip() for part in line.cells["timetable"].split(";") if part.strip()]
    try:
        return tuple(_window(part) for part in parts)
    except ValueError:
        raise WrongField("timetable", "expected times such as mon-fri 06:30-08:00, parted by ;") from None


def _window(part: str) -> Window:
    found = _PART.fullmatch(part)
    if found is None:
        raise ValueError(part)
    days, *clock = found.groups()
    hours = [int(text) for text in clock]
    if max(hours[1], hours[3]) > 59:
        raise ValueError(part)
    return Window(hours[0] * 60 + hours[1], hours[2] * 60 + hours[3], _days(days))


def _days(text: str | None) -> frozenset[int]:
    if text is None:
        return frozenset(range(7))
    days: set[int] = set()
    for part in text.split("+"):
        first, _, last = part.partition("-")
        start, end = DAYS.index(first), DAYS.index(last or first)
        days.update(range(start, end + 1) if start <= end else [*range(start, 7), *range(end + 1)])
    return frozenset(days)
