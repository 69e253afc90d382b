"""Which rules of the campus can never apply, and which people no rule covers.

A rule that never applies is not wrong, but whoever wrote it expected something of it.
"""

from collections.abc import Collection, Iterator

from gateway.core.coverage import GATES, Gap, Known, Lack, gaps_of_places
from gateway.core.kinds import AntiPassback, DayKind, Direction, HolderKind, Level, PortalKind, ZoneKind
from gateway.core.nouns import Campus, Permission
from gateway.core.policy import Need, Place
from gateway.core.week import open_spans, spans_beyond


def gaps(campus: Campus, private_zones: Collection[str] = (), known: Known | None = None) -> tuple[Gap, ...]:
    """Everything that lacks; without what is `known` only what the configuration alone tells."""
    return (
        *gaps_of_places(campus, private_zones, known),
        *_permissions(campus, known),
        *_portals(campus),
        *_days(campus),
        *_kinds(campus, known),
    )


def _never(where: tuple[str | int, ...], message: str) -> Gap:
    return Gap(Lack.RULE_NEVER_APPLIES, where, message)


def _permissions(campus: Campus, known: Known | None) -> Iterator[Gap]:
    held = None if known is None or not known.holders else frozenset[str]().union(*known.groups.values())
    opened = [_opened_by(campus, rule) for rule in campus.permissions]
    for number, rule in enumerate(campus.permissions):
        where = ("permissions", rule.name)
        if not opened[number]:
            yield _never(where, f"{rule.name}: opens nothing, no portal that it names has the direction in")
        if held is not None and rule.groups and held.isdisjoint(rule.groups):
            yield _never(where, f"{rule.name}: nobody is in a group {' or '.join(sorted(rule.groups))}")
        for index, other in enumerate(campus.permissions):
            if index == number or not opened[number] or not opened[index] >= opened[number]:
                continue
            is_equal = opened[index] == opened[number] and _swallows(rule, other)
            if _swallows(other, rule) and (index < number or not is_equal):
                yield _never(where, f"{rule.name}: adds nothing to {other.name}, which opens the same at all its times")
                break
    if held is not None:
        for group in sorted(campus.policy.security_groups - held):
            yield _never(("policy", "security_groups", group), f"nobody is in the group {group}")


def _opened_by(campus: Campus, rule: Permission) -> frozenset[str]:
    return frozenset(
        portal.id
        for portal in campus.portals.values()
        if Direction.IN in portal.directions and rule in campus.permissions_by_portal[portal.id]
    )


def _swallows(wide: Permission, narrow: Permission) -> bool:
    """True if, where both open, `wide` grants whatever `narrow` grants, and no worse."""
    if wide.own_dormitory != narrow.own_dormitory or (wide.late_return and not narrow.late_return):
        return False
    return wide.groups >= narrow.groups and not spans_beyond(open_spans(narrow.windows), open_spans(wide.windows))


def _portals(campus: Campus) -> Iterator[Gap]:
    entered = {portal.zone for portal in campus.portals.values() if Direction.IN in portal.directions}
    for portal in campus.portals.values():
        if portal.vehicle_windows and portal.kind is not PortalKind.VEHICLE_GATE:
            where = ("portals", portal.id, "vehicle_windows")
            yield _never(where, f"{portal.id}: vehicle windows are for portals of kind vehicle_gate")
        if Direction.IN in portal.directions:
            continue
        if portal.anti_passback is not AntiPassback.OFF:
            yield _never(("portals", portal.id, "anti_passback"), f"{portal.id}: nobody enters here")
        if portal.two_people:
            yield _never(("portals", portal.id, "two_people"), f"{portal.id}: nobody enters here")
    for zone in campus.zones.values():
        if zone.capacity is not None and zone.id not in entered:
            yield _never(("zones", zone.id, "capacity"), f"{zone.id}: no portal leads into it, nobody is counted")


def _days(campus: Campus) -> Iterator[Gap]:
    """Windows of kinds of day that the calendar never has, and those of buildings that are not there."""
    kinds = frozenset(campus.calendar.values())
    for kind in campus.leaving_windows_on:
        if kind not in kinds:
            yield _never(("leaving_windows_on", kind.value), f"no day of the calendar is of kind {kind.value}")
    for portal in campus.portals.values():
        if portal.kind is not PortalKind.VEHICLE_GATE:
            continue
        for index, one in enumerate(portal.vehicle_windows):
            if one.day_kinds.isdisjoint(kinds | {DayKind.NORMAL}):
                named = " or ".join(kind.value for kind in DayKind if kind in one.day_kinds)
                where = ("portals", portal.id, "vehicle_windows", index)
                yield _never(where, f"{portal.id}: no day of the calendar is of kind {named}")
    if not any(zone.kind is ZoneKind.DORMITORY for zone in campus.zones.values()):
        for section, is_written in (("curfew", campus.curfew is not None), ("visiting_hours", campus.visiting_hours)):
            if is_written:
                yield _never((section,), "there is no dormitory")


def _kinds(campus: Campus, known: Known | None) -> Iterator[Gap]:
    """Kinds of people who enter by a permission, and have none that opens a gate."""
    at_gates = [
        rule
        for rule in campus.permissions
        if any(campus.portals[name].kind in GATES for name in _opened_by(campus, rule))
    ]
    for kind in HolderKind:
        if Need.PERMISSION not in campus.policy.needs(Place.GATE, kind, Level.L3):
            continue
        visits = kind in (HolderKind.CONTRACTOR, HolderKind.SUPPLIER)
        but = "; they pass only with a registered visit" if visits else ""
        if known is None:
            if not at_gates:
                yield Gap(Lack.KIND_WITHOUT_RULE, ("permissions",), f"{kind.value}: no permission opens a gate{but}")
        elif count := known.holders.get(kind, 0):
            groups = known.groups.get(kind, frozenset())
            if not any(rule.groups & groups for rule in at_gates):
                yield Gap(
                    Lack.KIND_WITHOUT_RULE,
                    ("permissions",),
                    f"{kind.value}: {count} of this kind are known, none is in a group that opens a gate{but}",
                )
