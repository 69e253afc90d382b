"""Handlers: calling, signing and ending an emergency, its record, who follows, who is inside and could not enter."""

from collections.abc import Awaitable, Mapping
from typing import Any

import msgspec

from gateway.core.papers import Emergency, EmergencyKind, Followed
from gateway.flows import emergencies, emergency_view, inside, propagation, reading
from gateway.flows.accounts import AccountsAway
from gateway.flows.site import Site
from gateway.flows.told import person
from gateway.web import emergency_shapes as shapes
from gateway.web.context import Call
from gateway.web.problems import FieldError, Kind, Problem, not_found
from gateway.web.shapes import HolderInfo

CHANGES_AT_MOST = 20


async def list_emergencies(call: Call) -> shapes.Emergencies:
    site, wanted = call.site, call.query.state
    found = [] if wanted == "ended" else emergency_view.in_force(site)
    if wanted != "in_force":
        found += await emergency_view.past(site)
    names = await _names(call)
    return shapes.Emergencies([as_emergency(site, one, names) for one in found])


async def start_emergency(call: Call) -> shapes.EmergencyInfo:
    """In force, and on its way to every device, when this answers; also where its record still waits."""
    given = call.body
    kind = EmergencyKind(given.kind)
    return await _answer(
        call, emergencies.start(call.site, kind, given.zones or (), given.reason, call.by.ref, given.drill)
    )


async def get_emergency(call: Call) -> shapes.EmergencyWithRecord:
    try:
        found = await emergency_view.find(call.site, call.path("emergency"))
    except emergency_view.NoSuchEmergency:
        raise not_found("emergency") from None
    names = await _names(call)
    plain = as_emergency(call.site, found, names)
    record = _record(call.site, found, names)
    return shapes.EmergencyWithRecord(**msgspec.structs.asdict(plain), record=record)


async def sign_emergency(call: Call) -> shapes.EmergencyInfo:
    return await _answer(call, emergencies.sign(call.site, call.path("emergency"), call.by.ref))


async def end_emergency(call: Call) -> shapes.EmergencyInfo:
    """The first word begins the end, another person's makes it."""
    return await _answer(call, emergencies.end(call.site, call.path("emergency"), call.by.ref, call.body.reason))


async def remark(call: Call) -> shapes.EmergencyInfo:
    return await _answer(call, emergencies.remark(call.site, call.path("emergency"), call.by.ref, call.body.text))


async def muster(call: Call) -> shapes.Missing:
    """By name, for those who look for them; recorded."""
    try:
        found = await emergency_view.find(call.site, call.path("emergency"))
    except emergency_view.NoSuchEmergency:
        raise not_found("emergency") from None
    seen = emergency_view.muster(call.site, found)
    people = [holder for ref in seen.missing if (holder := _holder(call.site, ref)) is not None]
    await reading.note(call.site, call.by.ref, "muster", len(people))
    return shapes.Missing(seen.inside_at_start, seen.left, sorted(people, key=lambda one: one.id))


async def get_propagation(call: Call) -> shapes.Propagation:
    site = call.site
    return shapes.Propagation(
        msgspec.convert(propagation.counts(site), shapes.PropagationCounts, from_attributes=True),
        [msgspec.convert(one, shapes.DevicePosture, from_attributes=True) for one in propagation.board(site)],
        [_change(propagation.as_event(site, one)) for one in list(site.spreads)[: -CHANGES_AT_MOST - 1 : -1]],
    )


async def list_inside(call: Call) -> shapes.InsideList:
    """Everybody inside who could not come in now; recorded."""
    site = call.site
    found = await inside.could_not_enter(site)
    await reading.note(site, call.by.ref, "inside", len(found))
    people = [
        shapes.InsideInfo(holder, one.zone, one.refused_zone, one.reason.value, one.by_level)
        for one in found
        if (holder := _holder(site, one.holder)) is not None
    ]
    return shapes.InsideList(len(people), people)


def as_emergency(site: Site, emergency: Emergency, names: Mapping[str, str]) -> shapes.EmergencyInfo:
    return shapes.EmergencyInfo(
        id=emergency.id,
        kind=emergency.kind.value,
        zones=sorted(emergency.zones),
        cause=emergency.cause.value,
        drill=emergency.drill,
        state=emergency_view.state_of(site, emergency),
        reason=emergency.reason,
        started_at=emergency.started_at,
        started_by=_name(names, emergency.started_by),
        signed_by=_name(names, emergency.signed_by),
        signed_at=emergency.signed_at,
        escalated_at=emergency.escalated_at,
        fire_inputs=emergency_view.active_inputs(site, emergency),
        ending_by=_name(names, emergency.ending_by),
        ended_by=_name(names, emergency.ended_by),
        ended_at=emergency.ended_at,
        end_reason=emergency.end_reason,
        on_paper=emergency_view.is_on_paper(site, emergency),
    )


def _record(site: Site, emergency: Emergency, names: Mapping[str, str]) -> shapes.EmergencyRecord:
    seen = emergency_view.muster(site, emergency)
    musters = emergency.kind is EmergencyKind.EVACUATE
    devices = emergency_view.followed(site, emergency)
    return shapes.EmergencyRecord(
        started_at=emergency.started_at,
        ended_at=emergency.ended_at,
        devices=[_followed(site, one) for one in devices],
        not_followed=[one.device for one in devices if one.shown_at is None],
        muster=shapes.MusterInfo(
            emergency.inside_at_start,
            seen.left if musters else None,
            seen.inside_at_start - seen.left if musters else None,
        ),
        remarks=[shapes.RemarkInfo(one.at, _name(names, one.by) or "", one.text) for one in emergency.remarks],
        signed_by=_name(names, emergency.signed_by),
        signed_at=emergency.signed_at,
    )


def _followed(site: Site, one: Followed) -> shapes.FollowedInfo:
    device = site.devices.get(one.device)
    took_ms = None if one.shown_at is None else round(site.clock.lasted_s(one.shown_at - one.asked_at) * 1000)
    portal = None if device is None else device.portal
    return shapes.FollowedInfo(one.device, portal, one.version, one.asked_at, one.shown_at, took_ms)


def _change(event: dict[str, Any]) -> shapes.ChangeOnItsWay:
    return msgspec.convert(event, shapes.ChangeOnItsWay)


async def _answer(call: Call, doing: Awaitable[Emergency]) -> shapes.EmergencyInfo:
    try:
        emergency = await doing
    except emergency_view.NoSuchEmergency:
        raise not_found("emergency") from None
    except emergencies.NotPossible as error:
        if error.code == "unknown_zone":
            raise Problem(Kind.VALIDATION, errors=(FieldError("zones", str(error)),)) from None
        raise Problem(Kind.CONFLICT, f"{error.code}: {error}") from None
    return as_emergency(call.site, emergency, await _names(call))


async def _names(call: Call) -> dict[str, str]:
    """The users' names by their references; none while the accounts are away: what was done, was done."""
    try:
        return {user.ref: user.name for user in await call.parts.accounts.users()}
    except AccountsAway:
        return {}


def _name(names: Mapping[str, str], ref: str | None) -> str | None:
    return names.get(ref, ref) if ref else None


def _holder(site: Site, ref: str) -> HolderInfo | None:
    who = person(site, ref)
    return None if who is None else HolderInfo(who["id"], who["name"], who["kind"])
