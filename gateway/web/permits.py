"""Handlers: authorisations, entry bans, gatherings, vehicles and the essential list.

Who may ask stands in the table of routes; what a permit asks, in the flows. Every list names people, so it is recorded.
"""

from collections.abc import Sequence
from typing import TypeVar

from gateway.core.papers import (
    Authorisation,
    BanAct,
    EntryBan,
    Essential,
    Gathering,
    Paper,
    PaperKind,
    Vehicle,
    VehicleKind,
)
from gateway.core.rights import Right
from gateway.core.windows import Window
from gateway.flows import authorisations, bans, gatherings, reading, vehicles
from gateway.flows.permits import subject_of
from gateway.flows.site import Site
from gateway.web import permit_shapes as shapes
from gateway.web.context import Call
from gateway.web.permit_words import in_words, person, ref_of

P = TypeVar("P", bound=Paper)


async def on_file(call: Call, kind: type[P]) -> Sequence[P]:
    """The papers of a kind that the query asks for, the newest first; recorded."""
    query, site = call.query, call.site
    wanted = ref_of(site, query.holder)
    if query.state == "live":
        found = [paper for paper in site.directory.papers.by_id.values() if isinstance(paper, kind)]
        found = [paper for paper in found if wanted is None or subject_of(paper) == wanted]
        found.sort(key=lambda paper: str(getattr(paper, "starts_at", "")), reverse=True)
    else:
        past = await site.archive.papers(kind.paper, live=False, subject=wanted)
        found = [paper for paper in past if isinstance(paper, kind)]
    found = found[: query.limit]
    await reading.note(site, call.by.ref, f"{kind.paper.value}s", len(found), wanted or None)
    return found


# ---------------------------------------------------------------- authorisations


async def list_authorisations(call: Call) -> shapes.Authorisations:
    found = await on_file(call, Authorisation)
    return shapes.Authorisations([as_authorisation(call.site, paper) for paper in found])


async def sign_authorisation(call: Call) -> shapes.AuthorisationInfo:
    given = call.body
    wanted = authorisations.Wanted(
        frozenset(given.portals),
        given.starts_at,
        given.ends_at,
        given.reason,
        given.holder,
        given.visit,
        given.vehicle,
        None if given.oral is None else given.oral.from_,
        "" if given.oral is None else given.oral.call_back,
    )
    async with in_words(call):
        return as_authorisation(call.site, await authorisations.sign(call.site, wanted, call.by.ref))


async def revoke_authorisation(call: Call) -> shapes.AuthorisationInfo:
    id = call.path("authorisation")
    async with in_words(call, id):
        return as_authorisation(call.site, await authorisations.revoke(call.site, id, call.by.ref))


def as_authorisation(site: Site, paper: Authorisation) -> shapes.AuthorisationInfo:
    holder = person(site, paper.subject)
    vehicle = paper.subject if f"{PaperKind.VEHICLE}:{paper.subject}" in site.directory.papers.by_id else None
    return shapes.AuthorisationInfo(
        paper.id,
        holder,
        paper.subject if holder is None and vehicle is None else None,
        vehicle,
        sorted(paper.portals),
        paper.starts_at,
        paper.ends_at,
        paper.reason,
        paper.oral is not None,
        paper.signed_by,
        paper.signed_at,
        paper.revoked_at,
    )


# ---------------------------------------------------------------- entry bans


async def list_bans(call: Call) -> shapes.Bans:
    found = await on_file(call, EntryBan)
    return shapes.Bans([as_ban(call.site, paper) for paper in found])


async def request_ban(call: Call) -> shapes.BanInfo:
    given = call.body
    async with in_words(call):
        paper = await bans.request(
            call.site, holder=given.holder, act=BanAct(given.act), ends_at=given.ends_at, by=call.by.ref
        )
    return as_ban(call.site, paper)


async def approve_ban(call: Call) -> shapes.BanInfo:
    """The second approval puts it in force: refused on the very next tap."""
    id = call.path("ban")
    async with in_words(call, id):
        return as_ban(call.site, await bans.approve(call.site, id, call.by.ref))


async def object_to_ban(call: Call) -> shapes.BanInfo:
    id = call.path("ban")
    async with in_words(call, id):
        return as_ban(call.site, await bans.object_to(call.site, id, call.by.ref))


async def lift_ban(call: Call) -> shapes.BanInfo:
    id = call.path("ban")
    async with in_words(call, id):
        return as_ban(call.site, await bans.lift(call.site, id, call.by.ref))


def as_ban(site: Site, paper: EntryBan) -> shapes.BanInfo:
    return shapes.BanInfo(
        paper.id,
        bans.state_of(paper, site.clock.now()),
        person(site, paper.holder),
        paper.act.value,
        paper.starts_at,
        paper.ends_at,
        paper.requested_by,
        paper.requested_at,
        len(paper.approvers),
        paper.objected_at,
        paper.lifted_at,
    )


# ---------------------------------------------------------------- gatherings


async def list_gatherings(call: Call) -> shapes.Gatherings:
    found = await on_file(call, Gathering)
    return shapes.Gatherings([as_gathering(call.site, paper) for paper in found])


async def request_gathering(call: Call) -> shapes.GatheringInfo:
    given = call.body
    wanted = gatherings.Wanted(
        given.title,
        given.organiser,
        given.headcount,
        given.safety_measures,
        given.emergency_plan,
        frozenset(given.zones),
        given.starts_at,
        given.ends_at,
        given.on_campus,
    )
    async with in_words(call):
        return as_gathering(call.site, await gatherings.request(call.site, wanted, call.by.ref))


async def approve_gathering(call: Call) -> shapes.GatheringInfo:
    return await _settle(call, True)


async def refuse_gathering(call: Call) -> shapes.GatheringInfo:
    return await _settle(call, False)


async def cancel_gathering(call: Call) -> shapes.GatheringInfo:
    id, for_others = call.path("gathering"), call.may(Right.APPROVE_GATHERINGS)
    async with in_words(call, id):
        return as_gathering(call.site, await gatherings.cancel(call.site, id, call.by.ref, for_others))


async def _settle(call: Call, approved: bool) -> shapes.GatheringInfo:
    id = call.path("gathering")
    async with in_words(call, id):
        return as_gathering(call.site, await gatherings.settle(call.site, id, approved, call.by.ref))


def as_gathering(site: Site, paper: Gathering) -> shapes.GatheringInfo:
    return shapes.GatheringInfo(
        paper.id,
        paper.state.value,
        gatherings.is_suspended(site, paper, site.clock.now()),
        paper.title,
        person(site, paper.organiser),
        paper.headcount,
        paper.safety_measures,
        paper.emergency_plan,
        sorted(paper.zones),
        paper.on_campus,
        paper.starts_at,
        paper.ends_at,
        paper.requested_by,
        paper.requested_at,
        paper.decided_by,
        paper.decided_at,
    )


# ---------------------------------------------------------------- vehicles and the essential list


async def list_vehicles(call: Call) -> shapes.Vehicles:
    found = await on_file(call, Vehicle)
    plates = plates_of(call.site, {paper.id for paper in found})
    return shapes.Vehicles([vehicle_info(call.site, paper, plates.get(paper.id)) for paper in found])


async def register_vehicle(call: Call) -> shapes.VehicleInfo:
    given = call.body
    wanted = vehicles.Wanted(
        VehicleKind(given.kind),
        given.plate,
        given.holder,
        given.driver,
        given.attendant,
        given.papers_until,
        windows_of(given.timetable),
        frozenset(given.portals),
        given.not_after,
        given.route,
    )
    async with in_words(call):
        return as_vehicle(call.site, await vehicles.register(call.site, wanted, call.by.ref))


async def change_vehicle(call: Call) -> shapes.VehicleInfo:
    given, id = call.body, call.path("vehicle")
    wanted = vehicles.Change(
        given.driver,
        given.attendant,
        given.papers_until,
        None if given.timetable is None else windows_of(given.timetable),
        None if given.portals is None else frozenset(given.portals),
        given.route,
    )
    async with in_words(call, id):
        return as_vehicle(call.site, await vehicles.change(call.site, id, wanted, call.by.ref))


async def remove_vehicle(call: Call) -> shapes.VehicleInfo:
    id = call.path("vehicle")
    async with in_words(call, id):
        return as_vehicle(call.site, await vehicles.remove(call.site, id, call.by.ref))


async def list_essential(call: Call) -> shapes.EssentialList:
    found = await on_file(call, Essential)
    return shapes.EssentialList([as_essential(call.site, paper) for paper in found])


async def add_essential(call: Call) -> shapes.EssentialInfo:
    given = call.body
    async with in_words(call):
        paper = await vehicles.list_essential(
            call.site, holder=given.holder, vehicle=given.vehicle, by=call.by.ref
        )  # fmt: skip
    return as_essential(call.site, paper)


async def remove_essential(call: Call) -> shapes.EssentialInfo:
    id = call.path("essential")
    async with in_words(call, id):
        return as_essential(call.site, await vehicles.unlist_essential(call.site, id, call.by.ref))


def as_vehicle(site: Site, paper: Vehicle) -> shapes.VehicleInfo:
    return vehicle_info(site, paper, plates_of(site, {paper.id}).get(paper.id))


def as_essential(site: Site, paper: Essential) -> shapes.EssentialInfo:
    holder = person(site, paper.id)
    return shapes.EssentialInfo(
        paper.id, holder, paper.id if holder is None else None, paper.listed_by, paper.listed_at
    )  # fmt: skip


def vehicle_info(site: Site, paper: Vehicle, plate: str | None) -> shapes.VehicleInfo:
    """A vehicle whose plate is known already."""
    timetable = timetable_lines(paper.timetable)
    return shapes.VehicleInfo(
        paper.id,
        paper.kind.value,
        plate,
        person(site, paper.holder),
        person(site, paper.driver),
        person(site, paper.attendant),
        paper.papers_until,
        timetable,
        sorted(paper.portals),
        paper.id in site.directory.papers.essential,
        paper.removed_at,
        paper.route,
        [shapes.HeadCountInfo(one.at, one.portal, one.direction, one.count) for one in paper.head_counts],
        *vehicles.on_board(site, paper),
        vehicles.papers_expire(site, paper),
    )


def plates_of(site: Site, refs: set[str]) -> dict[str, str]:
    """The plates of these, by reference."""
    return {one.ref: one.value for one in site.directory.credentials_of(refs)}


def timetable_lines(windows: Sequence[Window]) -> list[shapes.TimetableLine]:
    return [
        shapes.TimetableLine(_clock(window.from_min), _clock(window.to_min), sorted(window.days)) for window in windows
    ]


def windows_of(parts: Sequence[shapes.TimetablePart]) -> tuple[Window, ...]:
    return tuple(Window(_minutes(part.from_), _minutes(part.to), frozenset(part.days)) for part in parts)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes) or (24 * 60 if clock == "24:00" else 0)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
