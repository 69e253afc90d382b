"""Handlers of the devices' desk: one device in full, what was recorded of it, its commands, what it decides alone.

Promises: a look at a person's cards is recorded before it is answered, and a silent event shows only to whoever hears
silent alarms. Leaves to others: sending a command (`devices`), enrolments (`device_enrolments`).
"""

from typing import Any

import msgspec

from gateway.flows import device_alone, device_view
from gateway.flows.accounts import AccountsAway
from gateway.flows.devices import Device
from gateway.flows.reading import LedgerRow
from gateway.web import device_shapes as shapes
from gateway.web.alarm_views import hears_silent
from gateway.web.context import Call
from gateway.web.devices import as_device
from gateway.web.permit_words import person
from gateway.web.problems import FieldError, Kind, Problem, not_found

HIDDEN = frozenset({"device", "portal", "boot", "seq", "event", "type", "by", "note"})
"""Of a record's body: what stands beside it already, and references that mean nothing to a reader."""


async def get_state(call: Call) -> shapes.DeviceState:
    device = found_device(call)
    now = await device_view.now(call.site, records_of(call), device)
    parts = {name: getattr(now, name) for name in now.__slots__}
    state: shapes.DeviceState = _as(parts | {"device": as_device(call.site, device)}, shapes.DeviceState)
    return state


async def list_events(call: Call) -> shapes.DeviceEvents:
    device, asked = found_device(call), call.query
    rows, more = await device_view.events(
        records_of(call), device, asked.before, asked.after, asked.limit, hears_silent(call.who)
    )
    return shapes.DeviceEvents([_event(row) for row in rows], more)


async def list_commands(call: Call) -> shapes.Commands:
    device = found_device(call)
    lives = await device_view.commands(call.site, records_of(call), device.id, call.query.limit)
    names = await _user_names(call)
    return shapes.Commands(
        [
            shapes.CommandLife(
                one.command,
                one.device,
                one.action,
                one.reason,
                one.state,
                one.issued_at,
                one.result_reason,
                one.settled_at,
                names.get(one.by),
                max(0.0, call.site.clock.elapsed_s(one.issued_at)),
            )
            for one in lives
        ]
    )


async def get_alone(call: Call) -> shapes.AloneNow:
    """Its rules, and its list in numbers: nobody is named."""
    device = found_device(call)
    try:
        rules = device_alone.rules_of(call.site, device)
        counts = await call.parts.lone_counts.of(call.site, device)
    except device_alone.DecidesNothing:
        raise _decides_nothing() from None
    by_level = {str(level): count for level, count in counts.by_level.items()}
    numbers = {name: getattr(counts, name) for name in counts.__slots__}
    return shapes.AloneNow(_as(rules, shapes.AloneRules), _as(numbers | {"by_level": by_level}, shapes.AloneCounts))


async def ask_alone(call: Call) -> shapes.AloneAsked:
    """What it would decide of one person; recorded, and nothing moves."""
    device, given = found_device(call), call.body
    if (given.holder is None) == (given.credential is None):
        raise Problem(Kind.VALIDATION, errors=(FieldError("holder", "a person or a credential: one of the two"),))
    try:
        asked = await device_alone.ask(call.site, device, call.by.ref, given.holder, given.credential, given.at)
    except device_alone.DecidesNothing:
        raise _decides_nothing() from None
    except device_alone.TooFar as error:
        raise Problem(Kind.VALIDATION, errors=(FieldError("at", str(error)),)) from None
    except device_alone.NobodyOfThatName:
        raise not_found("person" if given.credential is None else "credential") from None
    answers = [
        shapes.AloneAnswer(
            one.credential, one.direction.value, one.alone.granted, one.alone.reason.value, list(one.levels), one.always
        )
        for one in asked.answers
    ]
    rules = _as(asked.rules, shapes.AloneRules)
    return shapes.AloneAsked(person(call.site, asked.holder), asked.at, rules, answers, asked.other_credentials)


def found_device(call: Call) -> Device:
    """The device of the path, or the problem that there is none."""
    device = call.site.devices.get(call.path("device"))
    if device is None:
        raise not_found("device")
    return device


def records_of(call: Call) -> device_view.DeviceRecords:
    """Where the records of one device are looked up."""
    if call.parts.device_records is None:
        raise Problem(Kind.AWAY, "the records of devices are not open here")
    return call.parts.device_records


def _decides_nothing() -> Problem:
    return Problem(Kind.CONFLICT, "decides_nothing: this device lets nobody pass and keeps no list")


def _event(row: LedgerRow) -> shapes.DeviceEvent:
    body = {name: value for name, value in row.body.items() if name not in HIDDEN and value not in (None, {}, [])}
    return shapes.DeviceEvent(row.seq, row.at, row.kind, row.body.get("type"), body)


async def _user_names(call: Call) -> dict[str, str]:
    """Users by their references; nobody while they cannot be looked up."""
    try:
        return {user.ref: user.name for user in await call.parts.accounts.users()}
    except AccountsAway:
        return {}


def _as(value: Any, shape: Any) -> Any:
    """A flow's value in the API's shape of the same fields."""
    return msgspec.convert(value, shape, from_attributes=True)
