"""campus.yaml made into a `Campus`: shapes first, then what `campus_checks` knows, then the nouns.

Faults are collected over the whole file, also where another part of it is wrong: what can be checked is checked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from gateway.campus_checks import check_campus
from gateway.campus_schema import CalendarPart, CampusFile, PortalPart, WindowPart
from gateway.config_faults import Fault, FaultList
from gateway.config_values import LabelPart
from gateway.core.kinds import DayKind, Profile
from gateway.core.nouns import (
    CallLine,
    Campus,
    ControlRoom,
    Item,
    Label,
    Permission,
    Portal,
    Post,
    SlipRules,
    VehicleWindow,
    VigilanceRules,
    Zone,
)
from gateway.core.policy import Policy
from gateway.core.windows import Window
from gateway.yaml_lines import read_file, read_text

FILE = "campus.yaml"

_DAY_NUMBER = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}


@dataclass(frozen=True, slots=True)
class CampusParts:
    """The campus, and what the file says beside it that no decision needs."""

    campus: Campus
    gates: Mapping[str, Label]
    private_zones: frozenset[str]


def load_campus(path: Path, policy: Policy | None, text: str | None = None) -> tuple[CampusParts | None, list[Fault]]:
    """The campus in a file under `policy`, or every fault that keeps it from being one; without a policy, none.

    `text`: what the file is taken to say.
    """
    document = read_file(path) if text is None else read_text(text)
    faults = FaultList(path.name, document)
    if document.data is None and document.slips:
        return None, faults.faults
    raw = document.data if isinstance(document.data, dict) else {}
    parts: CampusFile | None = None
    try:
        parts = CampusFile.model_validate(document.data)
    except ValidationError as error:
        faults.add_all(error, CampusFile)
    check_campus(raw, faults)
    profile = raw.get("profile")
    if policy is not None and profile in list(Profile) and profile != policy.profile:
        faults.add(
            ("profile",), f"is {profile}, and policy.yaml is one for profile {policy.profile.value}; they have to agree"
        )
    if faults.faults or parts is None or policy is None:
        return None, faults.faults
    return _build(parts, policy), []


def _build(parts: CampusFile, policy: Policy) -> CampusParts:
    parents = {zone.id: zone.parent for zone in parts.zones}
    campus = Campus(
        site=parts.site,
        name=_label(parts.name),
        profile=parts.profile,
        timezone=parts.zone_info,
        zones=MappingProxyType(
            {
                zone.id: Zone(
                    zone.id, zone.kind, _label(zone.name), zone.parent, zone.capacity, tuple(zone.responsible or ())
                )
                for zone in parts.zones
            }
        ),
        portals=MappingProxyType({portal.id: _portal(portal, parents[portal.zone]) for portal in parts.portals}),
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
        policy=policy,
        leaving_windows=_windows(parts.leaving_windows),
        curfew=None if parts.curfew is None else _window(parts.curfew),
        visiting_hours=_windows(parts.visiting_hours),
        leaving_windows_on=MappingProxyType(
            {kind: _windows(windows) for kind, windows in parts.leaving_windows_on.items()}
        ),
        calendar=MappingProxyType(_days(parts.calendar)),
        posts=tuple(
            Post(
                post.id,
                _label(post.name),
                frozenset(post.portals),
                None if post.windows is None else _windows(post.windows),
                tuple(Item(item.id, _label(item.name), item.count) for item in post.inventory),
                post.sign_on_within_min if post.sign_on else None,
            )
            for post in parts.posts
        ),
        calls=tuple(
            CallLine(call.id, _label(call.name), call.number.strip(), MappingProxyType(dict(call.numbers)))
            for call in parts.calls
        ),
        paper_day_at_min=parts.paper_day,
        plate_confidence=parts.plates.confidence,
        slips=SlipRules(parts.slips.second_approval, parts.slips.class_prefix),
        gates=MappingProxyType({gate.id: _label(gate.name) for gate in parts.gates}),
        control_rooms=tuple(
            ControlRoom(room.id, _label(room.name), frozenset(room.zones)) for room in parts.control_rooms
        ),
        vigilance=VigilanceRules(
            Window(parts.vigilance.from_min, parts.vigilance.to_min or 24 * 60),
            parts.vigilance.every_min,
            parts.vigilance.within_min,
        ),
    )
    return CampusParts(
        campus=campus,
        gates=campus.gates,
        private_zones=frozenset(zone.id for zone in parts.zones if zone.private),
    )


def _portal(part: PortalPart, around: str | None) -> Portal:
    return Portal(
        id=part.id,
        kind=part.kind,
        name=_label(part.name),
        zone=part.zone,
        outside=part.outside or around or part.zone,
        gate=part.gate,
        directions=frozenset(part.directions),
        escape=part.escape,
        anti_passback=part.anti_passback,
        hold_ms=part.hold_ms,
        held_open_after_s=part.held_open_after_s,
        two_people=part.two_people,
        keypad=part.keypad,
        vehicle_windows=tuple(VehicleWindow(_window(one), frozenset(one.on)) for one in part.vehicle_windows),
    )


def _days(entries: Iterable[CalendarPart]) -> dict[Date, DayKind]:
    """Every day that an entry names. Of several entries the last counts: a long time first, its exceptions below."""
    days: dict[Date, DayKind] = {}
    for entry in entries:
        length = ((entry.to_day or entry.from_day) - entry.from_day).days
        days |= {entry.from_day + timedelta(days=number): entry.kind for number in range(length + 1)}
    return days


def _label(part: LabelPart) -> Label:
    return Label(en=part.en, zh=part.zh)


def _windows(parts: Iterable[WindowPart]) -> tuple[Window, ...]:
    return tuple(_window(part) for part in parts)


def _window(part: WindowPart) -> Window:
    # Midnight as an end is the end of the day on which the window starts.
    return Window(part.from_min, part.to_min or 24 * 60, frozenset(_DAY_NUMBER[day] for day in part.days))
