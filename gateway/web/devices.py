"""Handlers: devices, commands to them, alarms, and whoever waits for a person's word."""

from typing import Any

import msgspec
from aiohttp import web

from gateway.core.rights import Right
from gateway.flows import alarms, command, device_status, plates, quarantine, reading, waiting
from gateway.flows.devices import Device
from gateway.flows.open_alarms import Alarm
from gateway.flows.permits import WrongField
from gateway.flows.reading import PastAlarm
from gateway.flows.sign_in import Who
from gateway.flows.site import Site, Waiting
from gateway.flows.told import person
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
        raise Problem(Kind.CONFLICT, f"{error.code}: {error}") from None
    return await _command(call, device.id, id)


async def end_quarantine(call: Call) -> shapes.DeviceInfo:
    """It lets people in again at once."""
    device = _device(call)
    await quarantine.end(call.site, device.id, call.body.reason, call.by.ref)
    return as_device(call.site, device)


async def get_command(call: Call) -> shapes.CommandInfo:
    return await _command(call, _device(call).id, call.path("command"))


async def list_alarms(call: Call) -> shapes.Alarms:
    if call.query.state == "closed":
        past = await call.parts.records.alarms("closed", call.query.limit)
        heard = [alarm for alarm in past if hears_silent(call.who) or alarm.condition not in alarms.SILENT]
        return shapes.Alarms([_past_alarm(alarm) for alarm in heard])
    return shapes.Alarms(open_alarms(call.site, hears_silent(call.who))[: call.query.limit])


async def acknowledge_alarm(call: Call) -> shapes.AlarmInfo:
    known = call.site.alarms.by_id.get(call.path("alarm"))
    if known is not None and known.condition in alarms.SILENT and not hears_silent(call.who):
        raise not_found("alarm")
    try:
        return as_alarm(await alarms.acknowledge(call.site, call.path("alarm"), call.by.ref))
    except alarms.NoSuchAlarm:
        raise not_found("alarm") from None


async def close_alarm(call: Call) -> shapes.AlarmInfo:
    try:
        return as_alarm(await alarms.close(call.site, call.path("alarm"), call.body.disposal, call.by.ref))
    except alarms.NoSuchAlarm:
        raise not_found("alarm") from None


async def alarm_picture(call: Call) -> web.Response:
    """The picture that was taken for an alarm; who looked is recorded first."""
    alarm = call.path("alarm")
    picture = call.site.alarm_pictures.get(alarm)
    if picture is None:
        raise not_found("picture")
    await reading.note(call.site, call.by.ref, "alarm_picture", 1)
    return web.Response(body=picture.jpeg, content_type="image/jpeg")


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


def hears_silent(who: Who | None) -> bool:
    """True for the control room: a silent alarm shows to nobody who may stand at the place itself, whoever it is that
    signed on at a kiosk."""
    at_a_kiosk = who is not None and who.session is not None and who.session.kiosk is not None
    return who is not None and not at_a_kiosk and who.may(frozenset({Right.CLOSE_ALARMS}))


def open_alarms(site: Site, with_silent: bool = False) -> list[shapes.AlarmInfo]:
    """What is wrong now: by priority, then the newest first; silent ones only for whoever may hear them."""
    rank = {"high": 0, "medium": 1, "low": 2}
    heard = [a for a in site.alarms.by_id.values() if with_silent or a.condition not in alarms.SILENT]
    found = sorted(heard, key=lambda alarm: alarm.last_at, reverse=True)
    return [as_alarm(alarm) for alarm in sorted(found, key=lambda alarm: rank.get(alarm.priority, 3))]


def as_alarm(alarm: Alarm) -> shapes.AlarmInfo:
    return shapes.AlarmInfo(
        alarm.id,
        alarm.condition,
        alarm.place,
        alarm.priority,
        alarm.detail,
        alarm.state,
        alarm.count,
        alarm.opened_at,
        alarm.last_at,
        alarm.acknowledged_by,
        silent=alarm.condition in alarms.SILENT,
        pictures=[shapes.AlarmPictureInfo(one.id, one.camera, one.why, one.at) for one in alarm.pictures],
    )


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


def _past_alarm(alarm: PastAlarm) -> shapes.AlarmInfo:
    return shapes.AlarmInfo(
        alarm.id,
        alarm.condition,
        alarm.place,
        alarm.priority,
        alarm.detail,
        alarm.state,
        alarm.count,
        alarm.opened_at,
        alarm.last_at,
        alarm.acknowledged_by,
        alarm.closed_at,
        alarm.disposal,
        alarm.condition in alarms.SILENT,
    )
