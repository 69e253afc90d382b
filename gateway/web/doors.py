"""Handlers: PINs, who is inside, forgiveness, dormitories. Every look at people is recorded, and no PIN is answered."""

from gateway.flows import anti_passback, dormitories, occupancy, pins, reading
from gateway.flows.dormitories import Resident
from gateway.web import door_shapes as shapes
from gateway.web.context import Call
from gateway.web.problems import FieldError, Kind, Problem, not_found


async def set_pin(call: Call) -> shapes.PinInfo:
    """A new PIN, and one that calls for help if it is given; locked cards of this person work again."""
    person, given = call.path("person"), call.body
    try:
        await pins.set_pin(call.site, person, given.pin, given.duress, call.by.ref)
    except pins.BadPin as error:
        raise Problem(Kind.VALIDATION, errors=(FieldError(error.field, str(error)),)) from None
    except LookupError:
        raise not_found("person") from None
    return shapes.PinInfo(person, given.duress is not None)


async def clear_pin(call: Call) -> None:
    """Where a PIN is needed this person does not pass any more."""
    try:
        await pins.clear_pin(call.site, call.path("person"), call.by.ref)
    except LookupError:
        raise not_found("person") from None


async def unlock_pin(call: Call) -> shapes.PinUnlocked:
    """The cards that wrong PINs have locked."""
    person = call.path("person")
    try:
        return shapes.PinUnlocked(person, await pins.unlock(call.site, person, call.by.ref))
    except LookupError:
        raise not_found("person") from None


async def forgive(call: Call) -> shapes.Forgiven:
    """Nobody knows where this person is: anti-passback does not refuse them at the next tap."""
    person = call.path("person")
    try:
        await anti_passback.forgive(call.site, person, call.by.ref)
    except LookupError:
        raise not_found("person") from None
    return shapes.Forgiven(person)


async def count_inside(call: Call) -> shapes.Inside:
    """Numbers only: no person is named."""
    return shapes.Inside(
        [shapes.ZoneCount(one.zone, one.inside, one.uncertain, one.capacity) for one in occupancy.counts(call.site)]
    )


async def list_residents(call: Call) -> shapes.Residents:
    return await _listed(call, "residents", False)


async def list_not_returned(call: Call) -> shapes.Residents:
    """Those of the building who are not surely in it, as of now."""
    return await _listed(call, "not_returned", True)


async def list_late_returns(call: Call) -> shapes.LateReturns:
    zone, since = call.path("zone"), call.query.since or dormitories.since_curfew(call.site)
    try:
        found = await dormitories.late_returns(call.site, call.parts.records, zone, since)
    except dormitories.NoSuchDormitory:
        raise not_found("dormitory") from None
    await reading.note(call.site, call.by.ref, "late_returns", len(found))
    rows = [shapes.LateReturnInfo(one.holder.id, one.holder.name, one.portal, one.at) for one in found]
    return shapes.LateReturns(zone, since, rows)


async def _listed(call: Call, what: str, only_missing: bool) -> shapes.Residents:
    zone = call.path("zone")
    try:
        found = dormitories.not_returned(call.site, zone) if only_missing else dormitories.residents(call.site, zone)
    except dormitories.NoSuchDormitory:
        raise not_found("dormitory") from None
    await reading.note(call.site, call.by.ref, what, len(found))
    return shapes.Residents(zone, call.site.clock.now(), [_resident(one) for one in found])


def _resident(one: Resident) -> shapes.ResidentInfo:
    holder = one.holder
    state = None if one.state is None else one.state.value
    return shapes.ResidentInfo(holder.id, holder.name, holder.kind.value, one.is_in, state, one.zone, one.since)
