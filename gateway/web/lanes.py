"""Handlers: vehicle lanes, a plate that is looked up or typed, requests of visitors, head counts, tables of vehicles.

A plate never stands in an address: it comes in a body. Whatever names people is recorded first.
"""

import msgspec

from gateway.core.kinds import CredentialKind, Direction, PortalKind
from gateway.core.nouns import Request
from gateway.core.papers import Vehicle, Visit
from gateway.flows import lane_view, plates, reading, vehicles, vehicles_import
from gateway.flows.permits import WrongField
from gateway.flows.site import Site
from gateway.flows.tables_csv import BadTable
from gateway.flows.waiting import may_answer
from gateway.web import lane_shapes as shapes
from gateway.web import permit_shapes
from gateway.web.context import Call
from gateway.web.permit_words import in_words, person
from gateway.web.permits import as_vehicle, plates_of, vehicle_info
from gateway.web.problems import FieldError, Kind, Problem, not_found
from gateway.web.shapes import PlateProposal, TraceLine

IMPORT_WITHIN_S = 60.0
IMPORT_LIMIT = 2 * 1024 * 1024


async def list_lanes(call: Call) -> shapes.Lanes:
    return shapes.Lanes([_lane(one) for one in lane_view.all_lanes(call.site)])


async def raise_lane(call: Call) -> shapes.RaisedLane:
    """The guard raises it; what stands in the way of one bollard is said of that one."""
    async with in_words(call):
        try:
            raised = await lane_view.raise_bollards(call.site, call.path("portal"), call.by.ref)
        except lane_view.NoSuchLane:
            raise not_found("lane") from None
    return shapes.RaisedLane([shapes.RaisedInfo(one.device, one.command, one.obstacle) for one in raised])


async def admit_plate(call: Call) -> shapes.AdmitDone:
    """Decided like a tap, on the word of the guard who reads the plate."""
    rights = call.by.rights
    async with in_words(call):
        done = await plates.admit(
            call.site,
            call.path("portal"),
            call.body.plate,
            call.by.ref,
            lambda decision: may_answer(decision, Direction.IN, rights),
        )
    trace = [
        TraceLine(f.rule, f.verdict.value, None if f.reason is None else f.reason.value) for f in done.decision.trace
    ]
    holder = person(call.site, done.decision.holder)
    return shapes.AdmitDone(done.done.outcome.value, done.done.reason.value, holder, trace)


async def look_up_plate(call: Call) -> shapes.PlateFound:
    given, site = call.body, call.site
    async with in_words(call):
        plate = vehicles.canonical_plate(given.plate, "plate")
        decision = None if given.portal is None else _judged(site, given.portal, plate)
    held = site.directory.credentials.get((CredentialKind.PLATE, plate))
    vehicle = None if held is None else site.directory.papers.vehicles.get(held.ref)
    asked = [one for some in site.directory.papers.visits.values() for one in some if one.plate == plate]
    proposed = [msgspec.convert(one, PlateProposal) for one in plates.proposals(site, plate)]
    await reading.note(site, call.by.ref, "plate", len(asked) + (held is not None) + len(proposed))
    return shapes.PlateFound(
        plate,
        None if held is None else person(site, held.holder),
        None if vehicle is None else as_vehicle(site, vehicle),
        [_visit(site, one) for one in asked],
        proposed,
        decision,
    )


async def read_register(call: Call) -> shapes.RegisterPage:
    """By the plates; only what is shown is made into an answer, however many there are."""
    given, site = call.body, call.site
    all_of_them = site.directory.papers.vehicles
    plates = plates_of(site, set(all_of_them))
    expiring = {ref for ref, one in all_of_them.items() if vehicles.papers_expire(site, one) is not None}
    wanted = given.q.strip().upper()
    found = [
        one
        for ref, one in all_of_them.items()
        if (given.kind in ("all", one.kind.value) or (given.kind == "expiring" and ref in expiring))
        and (not wanted or any(wanted in text.upper() for text in _words_of(site, one, plates.get(ref))))
    ]
    found.sort(key=lambda one: (plates.get(one.id, ""), one.id))
    page = found[given.skip : given.skip + given.limit]
    await reading.note(site, call.by.ref, "vehicles", len(page))
    shown = [vehicle_info(site, one, plates.get(one.id)) for one in page]
    return shapes.RegisterPage(shown, len(found), len(expiring))


def _words_of(site: Site, vehicle: Vehicle, plate: str | None) -> tuple[str, ...]:
    people = (site.directory.holders.get(ref or "") for ref in (vehicle.holder, vehicle.driver))
    return (plate or "", vehicle.route, *(one.name for one in people if one is not None))


async def list_requests(call: Call) -> shapes.VehicleRequests:
    """Vehicles that were asked for with a visit and wait for the security office."""
    site = call.site
    found = [one for some in site.directory.papers.visits.values() for one in some]
    found = [one for one in found if one.plate is not None and not one.vehicle_approved]
    found.sort(key=lambda one: (one.starts_at, one.id))
    await reading.note(site, call.by.ref, "vehicle_requests", len(found))
    return shapes.VehicleRequests([_visit(site, one) for one in found[:200]])


async def ask_for_visit(call: Call) -> shapes.PlateVisit:
    id = call.path("visit")
    async with in_words(call, id):
        return _visit(call.site, await vehicles.ask_for_visit(call.site, id, call.body.plate, call.by.ref))


async def count_heads(call: Call) -> permit_shapes.VehicleInfo:
    given, id = call.body, call.path("vehicle")
    async with in_words(call, id):
        done = await vehicles.count_heads(
            call.site, id, given.portal, Direction(given.direction), given.count, call.by.ref
        )
    return as_vehicle(call.site, done)


async def import_vehicles(call: Call) -> permit_shapes.TableTaken:
    """All lines or none."""
    try:
        return permit_shapes.TableTaken(await vehicles_import.import_vehicles(call.site, call.body, call.by.ref))
    except BadTable as error:
        raise bad_lines(error) from None


def bad_lines(error: BadTable) -> Problem:
    """Every bad line as a fault of its field."""
    errors = tuple(FieldError(f"lines[{bad.line}].{bad.field}", bad.message) for bad in error.lines[:1000])
    return Problem(Kind.VALIDATION, f"{len(error.lines)} lines are wrong; nothing was taken", errors)


def _judged(site: Site, portal: str, plate: str) -> shapes.PlateDecision:
    place = site.campus.portals.get(portal)
    if place is None or place.kind is not PortalKind.VEHICLE_GATE:
        raise WrongField("portal", "no such vehicle lane")
    decision, _ = plates.judge(site, Request(portal, Direction.IN, CredentialKind.PLATE, plate))
    return shapes.PlateDecision(decision.outcome.value, decision.reason.value)


def _visit(site: Site, visit: Visit) -> shapes.PlateVisit:
    return shapes.PlateVisit(
        visit.id,
        person(site, visit.holder),
        visit.state.value,
        visit.starts_at,
        visit.ends_at,
        visit.plate or "",
        visit.vehicle_approved,
    )


def _lane(lane: lane_view.LaneNow) -> shapes.LaneInfo:
    bollards = [
        shapes.BollardInfo(one.device, one.position, one.online, one.latched, one.obstacle) for one in lane.bollards
    ]
    return shapes.LaneInfo(lane.portal, lane.at, lane.held, lane.opens_at, bollards)
