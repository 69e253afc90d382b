"""The control rooms: who is at their desks, one room standing in for another, and a room whose alarms nobody hears.

Promises: a takeover is a row before it counts, and holds over a restart until it is handed back; while it lasts the
room's alarms are heard in the taking one. A high alarm that nobody has acknowledged for a minute, and that is heard
only where nobody is at the desks, is told to the other rooms, once, until somebody sits there again, somebody who is at
a desk stands in, or the alarm is seen. A silent alarm that waits so is heard in every room itself from then on, by
whoever may hear it: what everybody may read of a room neither counts it nor changes by it. Who sits where is told to
nobody. Leaves to others: showing (`room_views` and the pages), the question to a lone operator (`vigilance`).
"""

from typing import Any

from gateway.core.alarm_course import State
from gateway.core.control_rooms import RingOfRooms, hand_back, heard_in, rooms_of, take_over
from gateway.core.nouns import ControlRoom
from gateway.core.vigilance import Manning
from gateway.flows import alarms
from gateway.flows.alarms import SILENT
from gateway.flows.notes import note
from gateway.flows.open_alarms import Alarm
from gateway.flows.ports import Entry, Unit, timed_key
from gateway.flows.site import Site

UNHEARD_S = 60.0
"""So long a high alarm may wait in a room where nobody is."""
KEY = "rooms:"


class NoSuchRoom(LookupError):
    """The configuration names no such room."""


class NotNow(Exception):
    """That cannot be done as it stands; the words say why."""


async def load(site: Site) -> None:
    """What was taken over before the restart still is, as far as these rooms still exist."""
    told = await site.archive.newest_told(KEY)
    known = {room.id for room in rooms_of(site.campus)}
    taken = {} if told is None else told[1]["taken"]
    site.rooms.taken = {room: by for room, by in taken.items() if {room, by} <= known}
    still_open = [site.alarms.of(alarms.ROOM_UNMANNED, room) for room in known]
    site.rooms.told_unmanned = {alarm.place for alarm in still_open if alarm is not None and alarm.holds}


def find(site: Site, id: str) -> ControlRoom:
    """Raises `NoSuchRoom`."""
    found = next((room for room in rooms_of(site.campus) if room.id == id), None)
    if found is None:
        raise NoSuchRoom(id)
    return found


async def stand_in(site: Site, room: str, by_room: str | None, by: str, words: str = "") -> None:
    """`by_room` hears the alarms of `room` from now on. None: the only other one, or the one where `by` sits.

    Raises `NoSuchRoom`, `NotNow`, `LedgerUnavailable`.
    """
    find(site, room)
    taker = find(site, by_room).id if by_room else _own_room(site, room, by)
    if site.rooms.taken.get(room) == taker:
        return
    try:
        taken = take_over(room, taker, site.rooms.taken)
    except RingOfRooms:
        raise NotNow("a room that is taken over itself cannot stand in for another") from None
    await _move(site, "room_taken_over", room, taker, taken, by, words)
    await look(site)


async def give_back(site: Site, room: str, by: str) -> None:
    """Its alarms are heard in the room itself again. Raises `NoSuchRoom`, `LedgerUnavailable`."""
    find(site, room)
    taker = site.rooms.taken.get(room)
    if taker is not None:
        await _move(site, "room_handed_back", room, taker, hand_back(room, site.rooms.taken), by, "")


async def look(site: Site) -> None:
    """Called each second: rooms whose high alarms wait where nobody is."""
    rooms = rooms_of(site.campus)
    if len(rooms) < 2:
        return  # nobody else is there to be told; the alarm's own escalation goes on
    manned = {room.id for room in rooms if not _is_left_alone(site, room.id)}
    for room in rooms:
        unheard = []
        for alarm in [one for one in _unseen(site, room.id) if _where_heard(site, one) not in manned]:
            if alarm.condition in SILENT:
                # Everybody may read of `room_unmanned`: beside a list without alarms it would tell of this one.
                alarms.tell_every_room(site, alarm)
            else:
                unheard.append(alarm)
        if unheard and room.id not in site.rooms.told_unmanned:
            site.rooms.told_unmanned.add(room.id)
            site.feed.publish(as_event(site, room))
            await alarms.raise_alarm(site, alarms.ROOM_UNMANNED, room.id, f"{len(unheard)} unacknowledged")
        elif not unheard and room.id in site.rooms.told_unmanned:
            site.rooms.told_unmanned.discard(room.id)
            await alarms.clear_alarm(site, alarms.ROOM_UNMANNED, room.id)


def as_row(site: Site, room: ControlRoom) -> dict[str, Any]:
    """One room as every page may see it: whether somebody is there, and nobody's name; nothing of silent alarms."""
    desks, now = site.rooms.of(room.id), site.clock.now()
    open_now = dict.fromkeys(("high", "medium", "low"), 0)
    for alarm in _open_of(site, room.id):
        open_now[alarm.priority] = open_now.get(alarm.priority, 0) + (alarm.condition not in SILENT)
    vigil = site.rooms.vigils.get(room.id)
    is_told = room.id in site.rooms.told_unmanned
    return {
        "id": room.id,
        "name": {"en": room.name.en, "zh": room.name.zh},
        "zones": sorted(room.zones),
        "manned": desks.manning is not Manning.NOBODY,
        "desks": sum(desks.pages.values()),
        "last_seen_at": now if desks.pages else desks.page_at,
        "taken_over_by": site.rooms.taken.get(room.id),
        "heard_in": heard_in(room.id, site.rooms.taken),
        "alarms": open_now,
        "unheard": is_told and any(alarm.condition not in SILENT for alarm in _unseen(site, room.id)),
        "vigilance": None if vigil is None or vigil.state == "resting" else vigil.state.value,
    }


def is_heard_elsewhere(site: Site, room: str) -> bool:
    """True if another room stands in for it, and somebody is there."""
    where = heard_in(room, site.rooms.taken)
    return where != room and site.rooms.of(where).manning is not Manning.NOBODY


def as_event(site: Site, room: ControlRoom) -> dict[str, Any]:
    """A room that has changed, as the screens hear of it."""
    return {"type": "room", "at": site.clock.now(), "room": as_row(site, room)}


def _own_room(site: Site, room: str, by: str) -> str:
    others = [one.id for one in rooms_of(site.campus) if one.id != room]
    at = [one for one in others if by in site.rooms.of(one).pages]
    found = at if len(at) == 1 else others
    if len(found) != 1:
        raise NotNow("say which room stands in")
    return found[0]


async def _move(site: Site, kind: str, room: str, taker: str, taken: dict[str, str], by: str, words: str) -> None:
    now = site.clock.now()
    said = note(words, now)
    site.rooms.moves += 1
    body = {"room": room, "by_room": taker, "by": by, "note": said.ref, "taken": taken}
    await site.ledger.commit(
        Unit((Entry(kind, now, body, timed_key(KEY, now, f"{site.rooms.moves:06d}")),), said.changes),
        site.rules.record_within_s,
    )
    site.rooms.taken = taken
    site.feed.publish(as_event(site, find(site, room)))


def _is_left_alone(site: Site, room: str) -> bool:
    """True if nobody has been at its own desks for a while; pages that come back after a restart are waited for."""
    book = site.rooms
    if book.of(room).manning is not Manning.NOBODY:
        book.empty_since.pop(room, None)
        return False
    now = site.clock.monotonic()
    return now - book.empty_since.setdefault(room, now) >= UNHEARD_S


def _open_of(site: Site, room: str) -> list[Alarm]:
    return [alarm for alarm in site.alarms.by_id.values() if alarm.room == room and alarm.in_group is None]


def _unseen(site: Site, room: str) -> list[Alarm]:
    """Its high alarms that nobody has acknowledged for a while."""
    return [
        alarm
        for alarm in _open_of(site, room)
        if alarm.priority == "high"
        and alarm.state == State.UNACKNOWLEDGED
        and site.clock.elapsed_s(alarm.told_at or alarm.opened_at) >= UNHEARD_S
    ]


def _where_heard(site: Site, alarm: Alarm) -> str:
    """The room that took this one alarm over, or the one in which its room's alarms are heard."""
    return alarm.taken_over_by or heard_in(alarm.room, site.rooms.taken)
