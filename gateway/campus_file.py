"""campus.yaml made into a `Campus`: shapes first, then that every name which is used exists and nothing contradicts.

Faults are collected over the whole file, also where another part of it is wrong: what can be checked is checked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from gateway.config_faults import Fault, FaultList, nearest
from gateway.config_schema import (
    CampusFile,
    LabelPart,
    Part,
    PermissionPart,
    PortalPart,
    WindowPart,
    ZonePart,
)
from gateway.core.nouns import Campus, Direction, Label, Permission, Portal, PortalKind, Profile, Zone, ZoneKind
from gateway.core.windows import Window
from gateway.yaml_lines import FieldPath, read_file

FILE = "campus.yaml"

_DAY_NUMBER = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}

PartType = TypeVar("PartType", bound=Part)


@dataclass(frozen=True, slots=True)
class CampusParts:
    """The campus, and what the file says beside it that no decision needs."""

    campus: Campus
    gates: Mapping[str, Label]
    private_zones: frozenset[str]


def load_campus(path: Path) -> tuple[CampusParts | None, list[Fault]]:
    """The campus in a file, or every fault that keeps it from being one."""
    document = read_file(path)
    faults = FaultList(path.name, document)
    if document.data is None and document.slips:
        return None, faults.faults
    raw = document.data if isinstance(document.data, dict) else {}
    parts: CampusFile | None = None
    try:
        parts = CampusFile.model_validate(document.data)
    except ValidationError as error:
        faults.add_all(error, CampusFile)
    _check(raw, faults)
    if faults.faults or parts is None:
        return None, faults.faults
    return _build(parts), []


def _good(raw: Mapping[str, Any], section: str, model: type[PartType]) -> list[tuple[FieldPath, PartType]]:
    """The entries of a list that are sound by themselves, so that one bad entry hides no fault of the others."""
    items = raw.get(section)
    good: list[tuple[FieldPath, PartType]] = []
    for index, item in enumerate(items if isinstance(items, list) else []):
        try:
            good.append(((section, index), model.model_validate(item)))
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


def _check(raw: Mapping[str, Any], faults: FaultList) -> None:
    for section, field in (("zones", "id"), ("gates", "id"), ("portals", "id"), ("permissions", "name")):
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
    for section in ("leaving_windows", "visiting_hours"):
        for path, window in _good(raw, section, WindowPart):
            _check_window(path, window, faults)
    if isinstance(raw.get("curfew"), dict):
        try:
            _check_window(("curfew",), WindowPart.model_validate(raw["curfew"]), faults)
        except ValidationError:
            pass  # told already
    if raw.get("profile") == Profile.UNIVERSITY and raw.get("leaving_windows"):
        faults.add(("leaving_windows",), "profile university has none: adults leave at any hour")


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


def _check_permissions(
    permissions: list[tuple[FieldPath, PermissionPart]], known_portals: set[str], faults: FaultList
) -> None:
    for path, permission in permissions:
        for index, portal in enumerate(permission.portals):
            _check_known((*path, "portals", index), portal, known_portals, "portal", faults)
        if not permission.portals and not permission.own_dormitory:
            faults.add(path, f"permission {permission.name!r} opens nothing: name portals or set own_dormitory: true")
        for index, window in enumerate(permission.windows or []):
            _check_window((*path, "windows", index), window, faults)


def _check_window(path: FieldPath, window: WindowPart, faults: FaultList) -> None:
    if window.from_min == 24 * 60:
        faults.add((*path, "from"), 'a window starts before "24:00"; the start of the next day is "00:00"')
    elif window.from_min == window.to_min:
        faults.add((*path, "to"), "from and to are the same; for the whole day write from 00:00 to 24:00")
    if len(set(window.days)) != len(window.days):
        faults.add((*path, "days"), "a day is written twice")


def _build(parts: CampusFile) -> CampusParts:
    parents = {zone.id: zone.parent for zone in parts.zones}
    campus = Campus(
        site=parts.site,
        name=_label(parts.name),
        profile=parts.profile,
        timezone=parts.zone_info,
        zones=MappingProxyType(
            {zone.id: Zone(zone.id, zone.kind, _label(zone.name), zone.parent) for zone in parts.zones}
        ),
        portals=MappingProxyType(
            {
                portal.id: Portal(
                    id=portal.id,
                    kind=portal.kind,
                    name=_label(portal.name),
                    zone=portal.zone,
                    outside=portal.outside or parents[portal.zone] or portal.zone,
                    gate=portal.gate,
                    directions=frozenset(portal.directions),
                    escape=portal.escape,
                    anti_passback=portal.anti_passback,
                    hold_ms=portal.hold_ms,
                    held_open_after_s=portal.held_open_after_s,
                )
                for portal in parts.portals
            }
        ),
        permissions=tuple(
            Permission(
                name=rule.name,
                groups=frozenset(rule.groups),
                portals=frozenset(rule.portals),
                windows=None if rule.windows is None else _windows(rule.windows),
                own_dormitory=rule.own_dormitory,
                late_return=rule.late_return,
            )
            for rule in parts.permissions
        ),
        leaving_windows=_windows(parts.leaving_windows),
        curfew=None if parts.curfew is None else _window(parts.curfew),
        visiting_hours=_windows(parts.visiting_hours),
    )
    return CampusParts(
        campus=campus,
        gates=MappingProxyType({gate.id: _label(gate.name) for gate in parts.gates}),
        private_zones=frozenset(zone.id for zone in parts.zones if zone.private),
    )


def _label(part: LabelPart) -> Label:
    return Label(en=part.en, zh=part.zh)


def _windows(parts: Iterable[WindowPart]) -> tuple[Window, ...]:
    return tuple(_window(part) for part in parts)


def _window(part: WindowPart) -> Window:
    # Midnight as an end is the end of the day on which the window starts.
    return Window(part.from_min, part.to_min or 24 * 60, frozenset(_DAY_NUMBER[day] for day in part.days))
