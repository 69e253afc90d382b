"""What the campus lacks for what its policy asks: nothing here is a fault, and each gap is one that somebody meets.

A gate without a reader, a window that no post mans, a zone that nobody answers for: `gaps` names them all, each with
what it concerns. Devices and people come from the database, where there is one; without them the rest is looked at.
Rules that can never apply and people whom no rule covers are `coverage_rules`' part.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.core.kinds import Direction, HolderKind, Level, PortalKind, ZoneKind
from gateway.core.nouns import Campus, Portal
from gateway.core.policy import Need, Place
from gateway.core.week import open_spans, spans_beyond, spans_in_words
from gateway.core.windows import Window


class Lack(StrEnum):
    """Every kind of gap."""

    NO_READER = "no_reader"
    NO_KEYPAD = "no_keypad"
    NO_CAMERA = "no_camera"
    NO_BOLLARD = "no_bollard"
    NO_PANEL = "no_panel"
    OPEN_DORMITORY = "open_dormitory"
    UNMANNED_WINDOW = "unmanned_window"
    NOBODY_RESPONSIBLE = "nobody_responsible"
    RULE_NEVER_APPLIES = "rule_never_applies"
    KIND_WITHOUT_RULE = "kind_without_rule"
    NO_NUMBER = "no_number"
    CAMERA_IN_PRIVATE_ZONE = "camera_in_private_zone"
    """The one gap that must not stay: a zone was made private after its camera was enrolled."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that lacks. `where` leads to it: a section of the campus (or `policy`), then names of parts or entries,
    and numbers of those that have no name."""

    lack: Lack
    where: tuple[str | int, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Standing:
    """An enrolled device and where it stands; `kind` as the device protocol calls it."""

    id: str
    kind: str
    portal: str | None
    zone: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says: the devices, how many holders of each kind, and which groups those are in."""

    devices: tuple[Standing, ...]
    holders: Mapping[HolderKind, int]
    groups: Mapping[HolderKind, frozenset[str]]


PLACE_OF: Mapping[PortalKind, Place] = {
    PortalKind.GATE: Place.GATE,
    PortalKind.VEHICLE_GATE: Place.VEHICLE,
    PortalKind.DORMITORY: Place.DORMITORY,
    PortalKind.RESTRICTED: Place.RESTRICTED,
}
ASKS: Mapping[PortalKind, frozenset[str]] = {
    PortalKind.GATE: frozenset({"reader"}),
    PortalKind.VEHICLE_GATE: frozenset({"reader", "camera"}),
    PortalKind.DORMITORY: frozenset({"dorm"}),
    PortalKind.RESTRICTED: frozenset({"reader", "dorm"}),
}
"""Which devices can ask who somebody is, at each kind of portal."""
GATES = (PortalKind.GATE, PortalKind.VEHICLE_GATE)


def gaps_of_places(campus: Campus, private_zones: Collection[str], known: Known | None) -> Iterator[Gap]:
    """What portals and zones lack: things, posts, and people who answer for them."""
    yield from _keypads(campus)
    if known is not None:
        yield from _devices(campus, known.devices)
        yield from _cameras(campus, known.devices)
        yield from _panels(campus, known.devices)
        yield from _private(campus, private_zones, known.devices)
    yield from _dormitories(campus)
    yield from _posts(campus)
    yield from _responsible(campus)
    yield from _calls(campus)


def _keypads(campus: Campus) -> Iterator[Gap]:
    for portal in campus.portals.values():
        rows = campus.policy.tables[PLACE_OF[portal.kind]].values()
        levels = [level for level in Level if any(Need.PIN in row.at(level) for row in rows)]
        if levels and not portal.keypad and Direction.IN in portal.directions:
            yield Gap(
                Lack.NO_KEYPAD,
                ("portals", portal.id),
                f"{portal.id}: from L{max(levels)} on the policy asks for card and PIN here, and it has no keypad",
            )


def _devices(campus: Campus, devices: Collection[Standing]) -> Iterator[Gap]:
    for portal in campus.portals.values():
        here = {device.kind for device in devices if device.portal == portal.id}
        if here.isdisjoint(ASKS[portal.kind]):
            where = ("portals", portal.id)
            if portal.kind is PortalKind.DORMITORY:
                yield Gap(Lack.OPEN_DORMITORY, where, f"{portal.id}: no access control, no dorm is enrolled here")
            else:
                what = " or ".join(sorted(ASKS[portal.kind], reverse=True))
                yield Gap(Lack.NO_READER, where, f"{portal.id}: no {what} is enrolled here")
        if portal.kind is PortalKind.VEHICLE_GATE and "bollard" not in here:
            yield Gap(Lack.NO_BOLLARD, ("portals", portal.id), f"{portal.id}: no bollard is enrolled here")


def _cameras(campus: Campus, devices: Collection[Standing]) -> Iterator[Gap]:
    """Every gate is seen by a camera: one at its portals, or one for each such gate in the zone before it."""
    cameras = [device for device in devices if device.kind == "camera"]
    gates: dict[str, list[Portal]] = {}
    for portal in campus.portals.values():
        if portal.kind in GATES:
            gates.setdefault(portal.gate or portal.id, []).append(portal)
    before: dict[str, int] = {}
    for camera in cameras:
        if camera.zone is not None:
            before[camera.zone] = before.get(camera.zone, 0) + 1
    for gate, portals in gates.items():
        if any(camera.portal == portal.id for camera in cameras for portal in portals):
            continue
        zone = next((portal.outside for portal in portals if before.get(portal.outside, 0) > 0), None)
        if zone is not None:
            before[zone] -= 1
            continue
        where = ("gates", gate) if portals[0].gate is not None else ("portals", gate)
        yield Gap(
            Lack.NO_CAMERA, where, f"{gate}: no camera is enrolled at this gate or left over in {portals[0].outside}"
        )


def _panels(campus: Campus, devices: Collection[Standing]) -> Iterator[Gap]:
    zones = {device.zone for device in devices if device.kind == "panel"}
    for zone in dict.fromkeys(portal.zone for portal in campus.portals.values() if portal.is_escape_route):
        if zones.isdisjoint(campus.around(zone)):
            yield Gap(
                Lack.NO_PANEL, ("zones", zone), f"{zone}: has escape routes, and no panel is enrolled in or around it"
            )


def _private(campus: Campus, private_zones: Collection[str], devices: Collection[Standing]) -> Iterator[Gap]:
    for device in devices:
        portal = campus.portals.get(device.portal or "")
        zone = device.zone if portal is None else portal.zone
        if device.kind != "camera" or zone is None or zone not in campus.zones:
            continue
        private = [around for around in campus.around(zone) if around in private_zones]
        if private:
            yield Gap(
                Lack.CAMERA_IN_PRIVATE_ZONE,
                ("zones", private[0]),
                f"{private[0]} is private, and camera {device.id} stands there: `wardgate device retire {device.id}`",
            )


def _dormitories(campus: Campus) -> Iterator[Gap]:
    doors = {portal.zone for portal in campus.portals.values() if portal.kind is PortalKind.DORMITORY}
    for zone in campus.zones.values():
        if zone.kind is ZoneKind.DORMITORY and zone.id not in doors:
            yield Gap(
                Lack.OPEN_DORMITORY,
                ("zones", zone.id),
                f"{zone.id}: no access control, no portal leads into this building",
            )


def _responsible(campus: Campus) -> Iterator[Gap]:
    for zone in campus.zones.values():
        if zone.kind is ZoneKind.SITE:
            continue  # what lies outside
        if not any(campus.zones[around].responsible for around in campus.around(zone.id)):
            yield Gap(
                Lack.NOBODY_RESPONSIBLE,
                ("zones", zone.id),
                f"{zone.id}: nobody is responsible for it or a zone around it",
            )


def _calls(campus: Campus) -> Iterator[Gap]:
    """Whom a guard cannot call, because nobody has written the number; the host's stands in the directory."""
    for line in campus.calls:
        if line.id != "host" and not line.number and not all(line.number_at(gate) for gate in campus.gates or [""]):
            message = f"{line.id}: the call list has no number, so that no guard can call them"
            yield Gap(Lack.NO_NUMBER, ("calls", line.id, "number"), message)


# ---------------------------------------------------------------- windows and posts


def _posts(campus: Campus) -> Iterator[Gap]:
    """Times at which people pass, and no post is manned."""
    if not any(cadence.posts_manned for cadence in campus.policy.cadences.values()):
        return
    for where, what, windows, portals in _windows_to_man(campus):
        bare: dict[str, list[str]] = {}
        for portal in portals:
            beyond = spans_beyond(open_spans(windows), _manned(campus, portal))
            if beyond:
                bare.setdefault(spans_in_words(beyond), []).append(portal)
        for times, names in bare.items():
            yield Gap(Lack.UNMANNED_WINDOW, where, f"{what}: no post at {', '.join(names)} is manned {times}")


def _windows_to_man(
    campus: Campus,
) -> Iterator[tuple[tuple[str | int, ...], str, tuple[Window, ...], list[str]]]:
    """(where it stands, what it is, when, at which portals) of every window in which people pass."""
    portals = campus.portals.values()
    exits = [
        portal.id
        for portal in portals
        if portal.kind is PortalKind.GATE and Direction.OUT in portal.directions and not portal.is_escape_route
    ]
    if campus.policy.leaving_may_be_refused:
        yield ("leaving_windows",), "leaving windows", campus.leaving_windows, exits
        for kind, windows in campus.leaving_windows_on.items():
            yield ("leaving_windows_on", kind.value), f"leaving windows of {kind.value}", windows, exits
    doors = [portal.id for portal in portals if portal.kind is PortalKind.DORMITORY]
    yield ("visiting_hours",), "visiting hours", campus.visiting_hours, doors
    for portal in portals:
        if portal.kind is PortalKind.VEHICLE_GATE:
            lanes = tuple(one.window for one in portal.vehicle_windows)
            yield ("portals", portal.id, "vehicle_windows"), "vehicle windows", lanes, [portal.id]
    for rule in campus.permissions:
        entries = [
            portal.id
            for portal in portals
            if portal.id in rule.portals and portal.kind in GATES and Direction.IN in portal.directions
        ]
        if rule.windows is not None:
            yield ("permissions", rule.name), rule.name, rule.windows, entries


def _manned(campus: Campus, portal: str) -> tuple[tuple[int, int], ...]:
    posts = [post for post in campus.posts if portal in post.portals]
    if any(post.windows is None for post in posts):
        return open_spans(None)
    return open_spans([window for post in posts for window in post.windows or ()])
