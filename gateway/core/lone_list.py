"""Whom a device may let pass when nobody answers it: the entries of its credential list.

The list never loosens anything. It names cards only (no plates, no passes with limited uses); the windows of the
permissions, less those in which a lane is closed to vehicles; only those levels at which this holder needs neither a
PIN nor a person at this portal; and on the way out of a school, of each weekday, only the leaving windows that every
such day in the list's life has. Leaves to others: presence and capacity, which a lone device cannot know.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date as Date

from gateway.core.facts import comes_home, entry_needs
from gateway.core.kinds import CredentialKind, CredentialState, DayKind, Direction, HolderKind, Level, PortalKind
from gateway.core.leaving import is_watched_exit
from gateway.core.nouns import Campus, Credential, Directory, Holder, Portal
from gateway.core.papers import Vehicle
from gateway.core.policy import WITHOUT_ANYBODY, Place
from gateway.core.week import Spans, open_spans, spans_beyond
from gateway.core.windows import DAY_MIN, Window

Windows = tuple[Window, ...] | None
"""When an entry holds; None: always."""


@dataclass(frozen=True, slots=True)
class LoneEntry:
    """One credential may pass in `directions` while a window (local time; None: always) is open."""

    credential: Credential
    directions: tuple[Direction, ...]
    levels: tuple[Level, ...]
    windows: Windows


def lone_entries(campus: Campus, directory: Directory, portal: Portal, days: Iterable[Date]) -> Iterator[LoneEntry]:
    """The entries of the list of a device at `portal`, in a stable order; `days` are all those on which it may be
    used, the campus's own dates."""
    watched = opens_exits(campus, portal)
    leaving_time = leaving_windows_on_all(campus, days) if watched else None
    enters = Direction.IN in portal.directions
    driving: dict[Windows, Windows] = {}
    cards = (c for c in directory.credentials.values() if c.kind is CredentialKind.CARD)
    for credential in sorted(cards, key=lambda c: c.ref):
        holder = directory.holders.get(credential.holder)
        if holder is None or holder.suspended or credential.state is not CredentialState.ACTIVE:
            continue
        if credential.max_uses is not None:
            continue  # whoever decides alone cannot count
        if enters and not is_banned(directory, holder.ref):
            vehicle = directory.papers.vehicles.get(credential.ref)
            levels = _levels(campus, portal, holder, vehicle)
            windows = _entry_windows(campus, portal, holder) if levels else ()
            if portal.vehicle_windows and portal.kind is PortalKind.VEHICLE_GATE:
                if windows not in driving:
                    driving[windows] = _less_vehicle_windows(windows, portal)
                windows = driving[windows]
            if windows is None or windows:
                yield LoneEntry(credential, (Direction.IN,), levels, windows)
        if watched:
            leaving = leaving_time if holder.kind is HolderKind.STUDENT else None
            if leaving is None or leaving:
                yield LoneEntry(credential, (Direction.OUT,), tuple(Level), leaving)


def is_banned(directory: Directory, holder: str) -> bool:
    """True if an entry ban of this holder is approved: it keeps them off the lists from then until it is put away."""
    return any(ban.counts for ban in directory.papers.bans.get(holder, ()))


def opens_exits(campus: Campus, portal: Portal) -> bool:
    """True if a device here needs its list to let somebody out: who is taken off it could not leave."""
    return is_watched_exit(portal, campus.policy, CredentialKind.CARD) and Direction.OUT in portal.directions


def leaving_windows_on_all(campus: Campus, days: Iterable[Date]) -> tuple[Window, ...]:
    """The leaving windows of a normal week, less what a special day among `days` does not have.

    A list knows weekdays and no dates: what is wrong on one Wednesday of its life has to be missing on all of them.
    """
    spans = open_spans(campus.leaving_windows)
    special = [day for day in days if campus.day_kind(day) is not DayKind.NORMAL]
    if not special:
        return campus.leaving_windows
    for day in special:
        start = day.weekday() * DAY_MIN
        closed = spans_beyond(((start, start + DAY_MIN),), open_spans(campus.leaving_windows_of(day)))
        spans = spans_beyond(spans, closed)
    return _as_windows(spans)


def rules_in_force(campus: Campus, portal: Portal, days: Iterable[Date]) -> str:
    """A short mark of everything besides the directory from which a list follows: another mark, another list.

    The same configuration has the same mark in every process.
    """
    leaving = leaving_windows_on_all(campus, days) if opens_exits(campus, portal) else None
    rules = (
        portal,
        campus.permissions_by_portal[portal.id],
        tuple(campus.policy.tables[place] for place in _TABLES_OF[portal.kind]),
        leaving,
        campus.curfew,
        tuple(sorted((zone.id, zone.parent or "") for zone in campus.zones.values())),
    )
    return hashlib.sha256(_spelled(rules).encode()).hexdigest()[:16]


_TABLES_OF: Mapping[PortalKind, tuple[Place, ...]] = {
    PortalKind.GATE: (Place.GATE,),
    PortalKind.VEHICLE_GATE: (Place.GATE, Place.VEHICLE),
    PortalKind.DORMITORY: (Place.DORMITORY,),
    PortalKind.RESTRICTED: (Place.RESTRICTED,),
}


def _levels(campus: Campus, portal: Portal, holder: Holder, vehicle: Vehicle | None) -> tuple[Level, ...]:
    """The levels at which this holder enters here with nobody's help; a stricter one never without the looser."""
    if portal.two_people:
        return ()
    return tuple(level for level in Level if entry_needs(campus, portal, level, holder, vehicle) <= WITHOUT_ANYBODY)


def _entry_windows(campus: Campus, portal: Portal, holder: Holder) -> Windows:
    """When `holder` may enter here; empty: never."""
    windows: list[Window] = []
    for rule in campus.permissions_by_portal[portal.id]:
        if not rule.holds_for(holder, portal):
            continue
        if rule.windows is None or (portal.kind is PortalKind.DORMITORY and holder.dormitory == portal.zone):
            return None  # a resident's own door has no hours
        windows.extend(rule.windows)
    if windows and campus.curfew is not None and comes_home(campus, portal, holder):
        windows.append(campus.curfew)
    return tuple(windows)


def _less_vehicle_windows(windows: Windows, portal: Portal) -> tuple[Window, ...]:
    """The windows without the times in which the lane may be closed to vehicles, whatever the calendar says."""
    return _as_windows(spans_beyond(open_spans(windows), open_spans(w.window for w in portal.vehicle_windows)))


def _as_windows(spans: Spans) -> tuple[Window, ...]:
    """Parts of a week as windows, cut at midnight."""
    windows = []
    for start, end in spans:
        while start < end:
            day, minute = divmod(start, DAY_MIN)
            stop = min(end, (day + 1) * DAY_MIN)
            windows.append(Window(minute, stop - day * DAY_MIN, frozenset({day})))
            start = stop
    return tuple(windows)


def _spelled(value: object) -> str:
    """A value of the configuration as text that does not depend on the order in which a set is walked."""
    if is_dataclass(value):
        return f"{type(value).__name__}({','.join(_spelled(getattr(value, part.name)) for part in fields(value))})"
    if isinstance(value, Mapping):
        return "{" + ",".join(sorted(f"{_spelled(key)}:{_spelled(some)}" for key, some in value.items())) + "}"
    if isinstance(value, frozenset):
        return "{" + ",".join(sorted(map(_spelled, value))) + "}"
    if isinstance(value, tuple):
        return "(" + ",".join(map(_spelled, value)) + ")"
    return str(value)
