"""What in campus.yaml contradicts, beyond the shape of each field: names that nobody gave, names given twice, zones
that lie in themselves, windows that never open.

Works on what could be read, also where another part of the file is wrong, so that every fault is told at once.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import ValidationError

from gateway.campus_schema import (
    CalendarPart,
    CallPart,
    ControlRoomPart,
    PermissionPart,
    PortalPart,
    PostPart,
    VigilancePart,
    WindowPart,
    ZonePart,
)
from gateway.config_faults import FaultList, nearest
from gateway.config_values import Part
from gateway.core.kinds import DayKind, Direction, PortalKind, Profile, ZoneKind
from gateway.yaml_lines import FieldPath

LONGEST_ENTRY = timedelta(days=366)
"""Of the calendar; a slip of the pen in a year would otherwise make decades of holidays."""

PartType = TypeVar("PartType", bound=Part)


def check_campus(raw: Mapping[str, Any], faults: FaultList) -> None:
    """Add every contradiction in the file's values to `faults`."""
    for section, field in (
        ("zones", "id"),
        ("gates", "id"),
        ("portals", "id"),
        ("permissions", "name"),
        ("posts", "id"),
        ("calls", "id"),
        ("control_rooms", "id"),
    ):
        _check_unique(_names(raw, section, field), faults)
    zones = {name for _, name in _names(raw, "zones")}
    gates = {name for _, name in _names(raw, "gates")}
    portals = {name for _, name in _names(raw, "portals")}
    _check_zones(_good(raw, "zones", ZonePart), zones, faults)
    _check_portals(
        _good(raw, "portals", PortalPart),
        {zone.id: zone for _, zone in _good(raw, "zones", ZonePart)},
        zones,
        gates,
        faults,
    )
    _check_permissions(_good(raw, "permissions", PermissionPart), portals, faults)
    _check_posts(_good(raw, "posts", PostPart), portals, faults)
    for path, call in _good(raw, "calls", CallPart):
        for gate in call.numbers:
            _check_known((*path, "numbers", gate), gate, gates, "gate", faults)
    _check_rooms(_good(raw, "control_rooms", ControlRoomPart), zones, faults)
    _check_vigilance(raw, faults)
    _check_calendar(_good(raw, "calendar", CalendarPart), faults)
    _check_day_windows(raw, faults)


def _good(raw: Mapping[str, Any], section: str, model: type[PartType]) -> list[tuple[FieldPath, PartType]]:
    """The entries of a list that are sound by themselves, so that one bad entry hides no fault of the others."""
    return _good_at((section,), raw.get(section), model)


def _good_at(path: FieldPath, items: Any, model: type[PartType]) -> list[tuple[FieldPath, PartType]]:
    good: list[tuple[FieldPath, PartType]] = []
    for index, item in enumerate(items if isinstance(items, list) else []):
        try:
            good.append(((*path, index), model.model_validate(item)))
        except ValidationError:
            continue  # told already, with the whole file
    return good


def _names(raw: Mapping[str, Any], section: str, field: str = "id") -> list[tuple[FieldPath, str]]:
    """Every name that a list gives, also in entries that have other faults."""
    items = raw.get(section)
    return [
        ((section, index, field), item[field])
        for index, item in enumerate(items if isinstance(items, list) else [])
        if isinstance(item, dict) and isinstance(item.get(field), str)
    ]


def _check_unique(names: Iterable[tuple[FieldPath, str]], faults: FaultList) -> None:
    first: dict[str, FieldPath] = {}
    for path, name in names:
        if name in first:
            at = f"{first[name][0]}[{first[name][1]}]"
            faults.add(path, f"{name!r} is given twice; the first is {at}")
        else:
            first[name] = path


def _check_known(path: FieldPath, name: str, known: set[str], what: str, faults: FaultList) -> bool:
    if name in known:
        return True
    listed = ", ".join(sorted(known)) or "none"
    faults.add(path, f"there is no {what} {name!r}{nearest(name, known) or f'; there are {listed}'}")
    return False


def _check_zones(zones: list[tuple[FieldPath, ZonePart]], known: set[str], faults: FaultList) -> None:
    parents = {zone.id: zone.parent for _, zone in zones}
    roots = [(path, zone) for path, zone in zones if zone.kind is ZoneKind.SITE]
    for path, zone in zones:
        if zone.parent is not None and _check_known((*path, "parent"), zone.parent, known, "zone", faults):
            seen, at = {zone.id}, parents.get(zone.id)
            while at is not None and at not in seen:
                seen.add(at)
                at = parents.get(at)
            if at == zone.id:
                faults.add((*path, "parent"), f"zone {zone.id!r} lies in itself, by way of {zone.parent!r}")
        if zone.kind is ZoneKind.SITE and zone.parent is not None:
            faults.add((*path, "parent"), "the site lies in no other zone")
        if zone.kind is not ZoneKind.SITE and zone.parent is None:
            faults.add(path, f"zone {zone.id!r} needs a parent: the zone it lies in")
    for path, _ in roots[1:]:
        faults.add((*path, "kind"), f"there is one zone of kind site; the first is {roots[0][1].id!r}")
    if zones and not roots:
        faults.add(("zones",), "one zone must be of kind site: what lies outside the campus")


def _check_portals(
    portals: list[tuple[FieldPath, PortalPart]],
    zones: Mapping[str, ZonePart],
    known_zones: set[str],
    known_gates: set[str],
    faults: FaultList,
) -> None:
    for path, portal in portals:
        if portal.gate is not None:
            _check_known((*path, "gate"), portal.gate, known_gates, "gate", faults)
        if portal.outside is not None:
            _check_known((*path, "outside"), portal.outside, known_zones, "zone", faults)
        if len(set(portal.directions)) != len(portal.directions):
            faults.add((*path, "directions"), "a direction is written twice")
        _check_vehicle_windows(path, portal, faults)
        if not _check_known((*path, "zone"), portal.zone, known_zones, "zone", faults):
            continue
        zone = zones.get(portal.zone)
        if zone is None:
            continue  # the zone itself is at fault
        if portal.outside == portal.zone:
            faults.add((*path, "outside"), f"leads from {portal.zone!r} into the same zone")
        elif portal.outside is None and zone.parent is None:
            faults.add((*path, "zone"), f"nothing lies outside {portal.zone!r}; `in` must lead into a zone within it")
        if (portal.kind is PortalKind.DORMITORY) != (zone.kind is ZoneKind.DORMITORY):
            faults.add(
                (*path, "kind"),
                f"a portal of kind dormitory leads into a zone of kind dormitory, and no other does; "
                f"{portal.zone!r} is of kind {zone.kind.value}",
            )
        if portal.escape and Direction.OUT not in portal.directions:
            faults.add((*path, "escape"), "an escape route needs the direction out")


def _check_named_portals(path: FieldPath, names: list[str], known: set[str], faults: FaultList) -> None:
    for index, portal in enumerate(names):
        if _check_known((*path, index), portal, known, "portal", faults) and portal in names[:index]:
            faults.add((*path, index), f"{portal!r} is written twice")


def _check_vehicle_windows(path: FieldPath, portal: PortalPart, faults: FaultList) -> None:
    for index, window in enumerate(portal.vehicle_windows):
        _check_window((*path, "vehicle_windows", index), window, faults)
        if len(set(window.on)) != len(window.on):
            faults.add((*path, "vehicle_windows", index, "on"), "a kind of day is written twice")


def _check_permissions(
    permissions: list[tuple[FieldPath, PermissionPart]], known_portals: set[str], faults: FaultList
) -> None:
    for path, permission in permissions:
        _check_named_portals((*path, "portals"), permission.portals, known_portals, faults)
        if not permission.portals and not permission.own_dormitory:
            faults.add(path, f"permission {permission.name!r} opens nothing: name portals or set own_dormitory: true")
        for index, window in enumerate(permission.windows or []):
            _check_window((*path, "windows", index), window, faults)


def _check_posts(posts: list[tuple[FieldPath, PostPart]], known_portals: set[str], faults: FaultList) -> None:
    for path, post in posts:
        _check_named_portals((*path, "portals"), post.portals, known_portals, faults)
        items = [((*path, "inventory", index, "id"), item.id) for index, item in enumerate(post.inventory)]
        _check_unique(items, faults)
        for index, window in enumerate(post.windows or []):
            _check_window((*path, "windows", index), window, faults)


def _check_rooms(rooms: list[tuple[FieldPath, ControlRoomPart]], known_zones: set[str], faults: FaultList) -> None:
    first: dict[str, str] = {}
    for path, room in rooms:
        if room.id in known_zones:
            faults.add((*path, "id"), f"{room.id!r} is a zone already; an alarm of the room would be one of the zone")
        for index, zone in enumerate(room.zones):
            _check_known((*path, "zones", index), zone, known_zones, "zone", faults)
            if first.setdefault(zone, room.id) != room.id:
                faults.add((*path, "zones", index), f"zone {zone!r} is watched by room {first[zone]!r} already")


def _check_vigilance(raw: Mapping[str, Any], faults: FaultList) -> None:
    found = raw.get("vigilance")
    if not isinstance(found, dict):
        return
    try:
        part = VigilancePart.model_validate(found)
    except ValidationError:
        return  # told already
    if part.from_min == 24 * 60:
        faults.add(("vigilance", "from"), 'the night starts before "24:00"; the start of the next day is "00:00"')
    elif part.from_min == part.to_min:
        faults.add(("vigilance", "to"), "the night has to end at another time than it starts; every_min: 0 asks nobody")


def _check_calendar(entries: list[tuple[FieldPath, CalendarPart]], faults: FaultList) -> None:
    for path, entry in entries:
        last = entry.to_day or entry.from_day
        if last < entry.from_day:
            faults.add((*path, "to"), f"expected a day on or after {entry.from_day}, found {last}")
        elif last - entry.from_day > LONGEST_ENTRY:
            days = (last - entry.from_day).days + 1
            faults.add((*path, "to"), f"expected at most a year from {entry.from_day}, found {days} days")


def _check_day_windows(raw: Mapping[str, Any], faults: FaultList) -> None:
    """The windows of the whole campus: when students leave, when guests come, and the curfew."""
    for section in ("leaving_windows", "visiting_hours"):
        for path, window in _good(raw, section, WindowPart):
            _check_window(path, window, faults)
    if isinstance(raw.get("curfew"), dict):
        try:
            _check_window(("curfew",), WindowPart.model_validate(raw["curfew"]), faults)
        except ValidationError:
            pass  # told already
    by_day = raw.get("leaving_windows_on")
    for kind, items in by_day.items() if isinstance(by_day, dict) else ():
        if kind == DayKind.NORMAL:
            faults.add(("leaving_windows_on", kind), "the windows of a normal day stand under leaving_windows")
        for path, window in _good_at(("leaving_windows_on", kind), items, WindowPart):
            _check_window(path, window, faults)
    if raw.get("profile") == Profile.UNIVERSITY:
        for section in ("leaving_windows", "leaving_windows_on"):
            if raw.get(section):
                faults.add((section,), "profile university has none: adults leave at any hour")


def _check_window(path: FieldPath, window: WindowPart, faults: FaultList) -> None:
    if window.from_min == 24 * 60:
        faults.add((*path, "from"), 'a window starts before "24:00"; the start of the next day is "00:00"')
    elif window.from_min == window.to_min:
        faults.add((*path, "to"), "from and to are the same; for the whole day write from 00:00 to 24:00")
    if len(set(window.days)) != len(window.days):
        faults.add((*path, "days"), "a day is written twice")
