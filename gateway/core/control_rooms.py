"""Which control room watches which part of the campus, and in which one an alarm is heard while another stands in.

Promises: a zone belongs to the room that names it, or the nearest zone around it; what no room names belongs to every
room, so that nothing is nobody's. Without any in the configuration there is one room for the whole site. A room that
was taken over is heard where the taking one is, and never nowhere: rooms cannot take each other over in a ring.
Leaves to others: who sits there, and writing (`flows/control_rooms`).
"""

from collections.abc import Mapping

from gateway.core.nouns import Campus, ControlRoom, Label

EVERY_ROOM = ""
"""The room of what concerns all of them."""
ONLY_ROOM = "main"
"""The name of the one room of a site that configured none."""


class RingOfRooms(ValueError):
    """The room that would take over is taken over itself."""


def rooms_of(campus: Campus) -> tuple[ControlRoom, ...]:
    """The site's control rooms, in the order of the configuration; at least one."""
    if campus.control_rooms:
        return campus.control_rooms
    roots = frozenset(zone.id for zone in campus.zones.values() if zone.parent is None)
    return (ControlRoom(ONLY_ROOM, Label("Control room", "监控室"), roots),)


def room_of(campus: Campus, zone: str) -> str:
    """The room that watches a zone; `EVERY_ROOM` for one that none does, or that does not exist."""
    rooms = rooms_of(campus)
    for around in campus.chains.get(zone, ()):
        for room in rooms:
            if around in room.zones:
                return room.id
    return EVERY_ROOM


def heard_in(room: str, taken: Mapping[str, str]) -> str:
    """Where a room's alarms are heard: `taken` says for each room that was taken over by which."""
    for _ in taken:
        if room not in taken:
            return room
        room = taken[room]
    return room


def take_over(room: str, by_room: str, taken: Mapping[str, str]) -> dict[str, str]:
    """Who stands in for whom, with `room` taken over by `by_room`. Raises `RingOfRooms`."""
    if room == by_room or by_room in taken:
        raise RingOfRooms(f"{by_room} is taken over itself")
    return {**taken, room: by_room}


def hand_back(room: str, taken: Mapping[str, str]) -> dict[str, str]:
    """The same without this one."""
    return {one: by for one, by in taken.items() if one != room}
