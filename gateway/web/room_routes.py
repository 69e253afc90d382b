"""The routes of the control rooms: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.web import room_shapes, room_views
from gateway.web.dispatch import Route
from gateway.web.problems import Kind

ROOM = "/api/v1/control-rooms/{room:[a-z0-9][a-z0-9-]{0,62}}"
CONTROL_ROOM = frozenset({Right.CLOSE_ALARMS})
CONFLICT = (Kind.CONFLICT,)

ROOM_ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/v1/control-rooms", room_views.list_rooms,
          "The control rooms: whether somebody is there, what is open, who stands in.",
          allowed=frozenset({Right.WATCH}), answer=room_shapes.Rooms, tag="control-rooms"),
    Route("POST", f"{ROOM}/take-over", room_views.take_over_room,
          "Stand in for a room: its alarms show and sound in yours until it is handed back.",
          allowed=CONTROL_ROOM, body=room_shapes.TakeOverRoom, answer=room_shapes.RoomInfo, tag="control-rooms",
          problems=CONFLICT),
    Route("POST", f"{ROOM}/hand-back", room_views.hand_back, "The room hears its own alarms again.",
          allowed=CONTROL_ROOM, answer=room_shapes.RoomInfo, tag="control-rooms", problems=CONFLICT),
    Route("POST", f"{ROOM}/present", room_views.say_present, "I sit there and I am awake.",
          allowed=CONTROL_ROOM, answer=room_shapes.RoomInfo, tag="control-rooms", problems=CONFLICT),
)  # fmt: skip
