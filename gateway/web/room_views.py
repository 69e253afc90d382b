"""Handlers: the control rooms, one standing in for another, and the sign of life of an operator who is alone."""

from collections.abc import Awaitable

import msgspec

from gateway.core.control_rooms import rooms_of
from gateway.flows import control_rooms, vigilance
from gateway.web import room_shapes as shapes
from gateway.web.context import Call
from gateway.web.problems import Kind, Problem, not_found


async def list_rooms(call: Call) -> shapes.Rooms:
    site = call.site
    rows = [control_rooms.as_row(site, room) for room in rooms_of(site.campus)]
    return msgspec.convert({"rooms": rows}, shapes.Rooms)


async def take_over_room(call: Call) -> shapes.RoomInfo:
    room, given = call.path("room"), call.body
    return await _done(call, control_rooms.stand_in(call.site, room, given.by_room, call.by.ref, given.reason))


async def hand_back(call: Call) -> shapes.RoomInfo:
    return await _done(call, control_rooms.give_back(call.site, call.path("room"), call.by.ref))


async def say_present(call: Call) -> shapes.RoomInfo:
    return await _done(call, vigilance.present(call.site, call.path("room"), call.by.ref))


async def _done(call: Call, act: Awaitable[None]) -> shapes.RoomInfo:
    try:
        await act
        room = control_rooms.find(call.site, call.path("room"))
    except control_rooms.NoSuchRoom:
        raise not_found("control room") from None
    except control_rooms.NotNow as error:
        raise Problem(Kind.CONFLICT, str(error)) from None
    return msgspec.convert(control_rooms.as_row(call.site, room), shapes.RoomInfo)
