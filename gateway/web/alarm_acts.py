"""Handlers: the alarms, one with its story, the catalogue, and what a person does about an alarm.

Whoever may not hear silent alarms gets the same answer for one as for none: nothing at the place may show that there
is one.
"""

from collections.abc import Awaitable

import msgspec

from gateway.core.control_rooms import EVERY_ROOM
from gateway.flows import alarm_acts, alarm_rows
from gateway.flows.alarm_rows import SILENT
from gateway.flows.alarms import NoSuchAlarm
from gateway.flows.open_alarms import Alarm
from gateway.flows.permits import WrongField
from gateway.web import alarm_shapes as shapes
from gateway.web import alarm_views as views
from gateway.web.context import Call
from gateway.web.problems import FieldError, Kind, Problem, not_found

TIMELINE_AT_MOST = 500
MEMBERS_AT_MOST = 200


async def list_alarms(call: Call) -> shapes.Alarms:
    site, silent, room = call.site, views.hears_silent(call.who), call.query.room
    if call.query.state == "closed":
        past = await call.parts.records.alarms("closed", call.query.limit)
        heard = [one for one in past if silent or one.alarm.condition not in SILENT]
        return shapes.Alarms([views.past_alarm(site, one) for one in heard if _is_of(one.alarm, room)])
    found = views.in_order(site, (one for one in site.alarms.shown() if _is_of(one, room)), silent)
    return shapes.Alarms([views.as_alarm(site, one) for one in found[: call.query.limit]])


async def get_alarm(call: Call) -> shapes.AlarmStory:
    """Open or closed, with what happened to it and its members."""
    site, id = call.site, call.path("alarm")
    known = site.alarms.by_id.get(id)
    past = None if known is not None else await call.parts.records.alarm(id)
    alarm = known or (None if past is None else past.alarm)
    if alarm is None or not _may_hear(call, alarm):
        raise not_found("alarm")
    rows = await call.parts.records.keyed(alarm_rows.timeline_key(id), TIMELINE_AT_MOST)
    shown = views.as_alarm(site, alarm) if past is None else views.past_alarm(site, past)
    members = site.alarms.members(id)[-MEMBERS_AT_MOST:]
    return shapes.AlarmStory(shown, views.timeline(rows), [views.as_alarm(site, one) for one in members])


async def get_catalogue(call: Call) -> shapes.CatalogueInfo:
    return views.catalogue(call.site.catalogue)


async def acknowledge_alarm(call: Call) -> shapes.AlarmInfo:
    return await _done(call, alarm_acts.acknowledge(call.site, _id(call), call.by.ref))


async def close_alarm(call: Call) -> shapes.AlarmInfo:
    """It is dealt with; the code says what it was."""
    given: shapes.CloseAlarm = call.body
    act = alarm_acts.close(call.site, _id(call), given.disposal, call.by.ref, given.words or "")
    closed = await _done(call, act)
    return msgspec.structs.replace(closed, disposal=given.disposal, words=given.words)


async def shelve_alarm(call: Call) -> shapes.AlarmInfo:
    given: shapes.ShelveAlarm = call.body
    act = alarm_acts.shelve(call.site, _id(call), given.until, given.reason, call.by.ref, given.words or "")
    return await _done(call, act)


async def unshelve_alarm(call: Call) -> shapes.AlarmInfo:
    return await _done(call, alarm_acts.unshelve(call.site, _id(call), call.by.ref))


async def put_alarm_out_of_service(call: Call) -> shapes.AlarmInfo:
    given: shapes.OutOfService = call.body
    act = alarm_acts.put_out_of_service(call.site, _id(call), given.reason, call.by.ref, given.words or "")
    return await _done(call, act)


async def put_alarm_in_service(call: Call) -> shapes.AlarmInfo:
    return await _done(call, alarm_acts.put_in_service(call.site, _id(call), call.by.ref))


async def tick_alarm_step(call: Call) -> shapes.AlarmInfo:
    given: shapes.TickStep = call.body
    return await _done(call, alarm_acts.tick(call.site, _id(call), given.step, given.done, call.by.ref))


async def note_alarm_call(call: Call) -> shapes.AlarmInfo:
    """Somebody of the call list was called about it."""
    given: shapes.AlarmCalled = call.body
    act = alarm_acts.call(call.site, _id(call), given.to, given.outcome, call.by.ref, given.words or "")
    return await _done(call, act)


async def take_over_alarm(call: Call) -> shapes.AlarmInfo:
    """Another control room deals with it."""
    given: shapes.TakeOverAlarm = call.body
    return await _done(call, alarm_acts.take_over(call.site, _id(call), given.room, call.by.ref))


def _id(call: Call) -> str:
    known = call.site.alarms.by_id.get(call.path("alarm"))
    if known is None or not _may_hear(call, known):
        raise not_found("alarm")
    return known.id


def _may_hear(call: Call, alarm: Alarm) -> bool:
    return alarm.condition not in SILENT or views.hears_silent(call.who)


def _is_of(alarm: Alarm, room: str) -> bool:
    return not room or alarm.room in (EVERY_ROOM, room) or alarm.taken_over_by == room


async def _done(call: Call, act: Awaitable[Alarm]) -> shapes.AlarmInfo:
    try:
        return views.as_alarm(call.site, await act)
    except NoSuchAlarm:
        raise not_found("alarm") from None
    except WrongField as error:
        raise Problem(Kind.VALIDATION, errors=(FieldError(error.field, error.message),)) from None
    except alarm_acts.NotForThisKind as error:
        raise Problem(Kind.CONFLICT, f"{error.code}: {error}") from None
    except alarm_acts.NotNow as error:
        who = "" if error.by is None else f", by {error.by}"
        when = "" if error.at is None else f" at {error.at.isoformat(timespec='seconds')}"
        raise Problem(Kind.CONFLICT, f"{error.alarm.state}: it {error}{who}{when}") from None
