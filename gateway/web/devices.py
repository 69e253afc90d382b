"""Handlers: devices, commands to them, and whoever waits for a person's word."""

from typing import Any

import msgspec
from aiohttp import web

from gateway.core import interlocks
from gateway.core.lanes import Act, Lane, Obstacle
from gateway.core.rights import Right
from gateway.flows import command, device_status, plates, quarantine, reading, waiting
from gateway.flows.devices import Device
from gateway.flows.permits import WrongField
from gateway.flows.sign_in import Who
from gateway.flows.site import Site
from gateway.flows.told import person
from gateway.flows.waits import Waiting
from gateway.web import shapes
from gateway.web.context import Call
from gateway.web.problems import FieldError, Kind, Problem, not_found

SEES_PLATES = (Right.ANSWER_WAITING, Right.CONFIRM_RESTRICTED)


async def list_devices(call: Call) -> shapes.Devices:
    return shapes.Devices([as_device(call.site, device) for device in call.site.devices])


async def get_device(call: Call) -> shapes.DeviceInfo:
    return as_device(call.site, _device(call))


async def send_command(call: Call) -> shapes.CommandInfo:
    """Recorded, then sent; what comes of it is asked with the command's id."""
    device, given = _device(call), call.body
    try:
        if given.action == "efo" and given.confirm is None:
            token = await command.arm(call.site, device.id, given.reason, call.by.ref)
            return shapes.CommandInfo(
                "", device.id, given.action, given.reason, "armed", call.site.clock.now(), None, token
            )
        id = await command.send(call.site, device.id, given.action, given.reason, call.by.ref, confirm=given.confirm)
    except command.NoSuchDevice:
        raise not_found("device") from None
    except command.CommandNotPossible as error:
        missing = _interlocks(call.site, device, given.action, error.code)
        raise Problem(Kind.CONFLICT, f"{error.code}: {error}", missing) from None
    return await _command(call, device.id, id)


async def end_quarantine(call: Call) -> shapes.DeviceInfo:
    """It lets people in again at once."""
    device = _device(call)
    await quarantine.end(call.site, device.id, call.body.reason, call.by.ref)
    return as_device(call.site, device)


async def get_command(call: Call) -> shapes.CommandInfo:
    return await _command(call, _device(call).id, call.path("command"))


async def list_waiting(call: Call) -> shapes.WaitingList:
    return shapes.WaitingList(who_waits(call.site, call.may(*SEES_PLATES)))


async def answer_waiting(call: Call) -> shapes.Answered:
    """A guard's word. Whoever comes second learns that it was answered already."""
    wanted, given = call.path("tap"), call.body
    found = [w for w in call.site.waits.values() if wanted in (w.id, w.tap)]
    if len(found) != 1:
        raise Problem(Kind.CONFLICT if found else Kind.NOT_FOUND, "nobody waits under that name")
    try:
        await waiting.answer(
            call.site, found[0].id, given.outcome, call.by.ref, given.reason or "", call.by.rights, given.plate
        )
    except WrongField as error:
        raise Problem(Kind.VALIDATION, errors=(FieldError(error.field, error.message),)) from None
    except waiting.NobodyIsKept as error:
        raise Problem(Kind.CONFLICT, str(error)) from None
    except waiting.NotYourWord as error:
        raise Problem(Kind.NOT_ALLOWED, str(error)) from None
    except waiting.NoLonger as error:
        raise Problem(Kind.CONFLICT, f"{error.decision.reason.value}: the rules refuse it by now") from None
    except waiting.NobodyWaits:
        raise Problem(Kind.CONFLICT, "it has been answered already") from None
    return shapes.Answered(found[0].id, given.outcome)


def as_device(site: Site, device: Device) -> shapes.DeviceInfo:
    return from_device_event(device_status.as_event(site, device))


def from_device_event(event: dict[str, Any]) -> shapes.DeviceInfo:
    """A device in the words of the feed, as the API's shape."""
    fields = {name: value for name, value in event.items() if name not in ("type", "device", "since")}
    lost_since = None if event["online"] else event["since"]
    return msgspec.convert({"id": event["device"], "lost_since": lost_since, **fields}, shapes.DeviceInfo)


async def waiting_picture(call: Call) -> web.Response:
    """The vehicle that waits, as the lane's camera sees it; who looked is recorded first."""
    wanted = call.path("tap")
    picture = call.site.wait_pictures.get(wanted)
    if picture is None:
        raise not_found("picture")
    await reading.note(call.site, call.by.ref, "waiting_picture", 1)
    return web.Response(body=picture.jpeg, content_type="image/jpeg")


def sees_plates(who: Who | None) -> bool:
    """True for those who answer whoever waits: a plate shows on no other screen."""
    return who is not None and who.may(frozenset(SEES_PLATES))


def who_waits(site: Site, with_plates: bool = False) -> list[shapes.WaitingInfo]:
    """Who waits, the longest first."""
    found = [as_waiting(site, w) for w in sorted(site.waits.values(), key=lambda w: w.since) if not w.answered]
    return found if with_plates else [without_plate(one) for one in found]


def without_plate(one: shapes.WaitingInfo) -> shapes.WaitingInfo:
    return msgspec.structs.replace(one, plate=None, proposals=[])


def as_waiting(site: Site, w: Waiting) -> shapes.WaitingInfo:
    who = person(site, w.holder)
    holder = None if who is None else shapes.HolderInfo(who["id"], who["name"], who["kind"])
    request, card = w.request, plates.card(site, w)
    return shapes.WaitingInfo(
        w.id, w.since, w.until, request.portal, request.direction.value, w.device, w.reason, holder,
        request.credential.value, card["plate"], msgspec.convert(card["proposals"], list[shapes.PlateProposal]),
        card["picture"],
    )  # fmt: skip


def _interlocks(site: Site, device: Device, action: str, code: str) -> tuple[FieldError, ...]:
    """Of a bollard that was refused: which of the conditions of that act do not hold at this moment."""
    if device.kind != "bollard" or code != Obstacle.INTERLOCK.value:
        return ()
    lane = Lane(device.sensors, device.efo_latched)
    found = interlocks.unmet(lane, Act(action), site.clock.monotonic())
    return tuple(FieldError("interlock", one.value) for one in found)


async def _command(call: Call, device: str, id: str) -> shapes.CommandInfo:
    try:
        status = await command.status(call.site, device, id)
    except command.NoSuchCommand:
        raise not_found("command") from None
    return msgspec.convert(status, shapes.CommandInfo)


def _device(call: Call) -> Device:
    device = call.site.devices.get(call.path("device"))
    if device is None:
        raise not_found("device")
    return device
