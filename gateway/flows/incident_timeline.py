"""What happened around an incident, gathered by itself: at its place and its zones, from ten minutes before to its end.

Promises: nothing has to be entered for it: decisions, alarms and what became of them, pictures, commands and their
results, doors, level and orders, emergencies, and the incident's own steps come from the ledger, in its order, a page
at a time, and a page can be asked for what came after it. People and users are references here; whoever shows names
records that first. Leaves to others: the rows (`Records`), names and words (`web`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gateway.core.incident_course import GATHERS_BEFORE
from gateway.core.kinds import ZoneKind
from gateway.core.papers import Emergency, PaperKind
from gateway.core.papers.incidents import Incident
from gateway.core.posts import portals_of
from gateway.flows.alarm_pictures import cameras_at
from gateway.flows.places import portal_of
from gateway.flows.reading import LedgerRow, Wanted
from gateway.flows.site import Site

KINDS = (
    "decision", "answer", "event", "command", "command_withheld", "result", "device_online", "device_lost",
    "guard_panic", "level_changed", "propagation", "late_exit", "permit", "called",
)  # fmt: skip
PREFIXES = ("alarm", "emergency_", "order_")
"""Every kind that begins like this."""
QUIET_EVENTS = frozenset({"access", "plate", "recording", "lock_state", "unreadable", "presence"})
"""What devices tell for the record: the decision, or the next event, says it better."""
WIDE = frozenset({ZoneKind.SITE, ZoneKind.CAMPUS})
"""A whole campus gathers only if it is itself the place: else each tap at every gate would be in it."""


class Spans(Protocol):
    """The part of the store that reads the ledger by time."""

    async def span(
        self,
        kinds: tuple[str, ...],
        prefixes: tuple[str, ...],
        since: datetime,
        until: datetime | None,
        after: int,
        limit: int,
        wanted: Wanted,
    ) -> tuple[list[LedgerRow], int | None]: ...


@dataclass(frozen=True, slots=True)
class Reach:
    """What belongs to an incident: names of places, the zones that it lies in, its alarms, emergencies around it."""

    incident: str
    names: frozenset[str]
    around: frozenset[str]
    alarms: frozenset[str]
    emergencies: frozenset[str]

    def wants(self, body: Mapping[str, Any]) -> bool:
        """True for a row that is about it."""
        if body.get("paper") is not None:
            return bool(body.get("id") == self.incident)
        if body.get("type") in QUIET_EVENTS:
            return False
        if body.get("alarm") in self.alarms or body.get("emergency") in self.emergencies:
            return True
        if not self.names.isdisjoint(body.get(name) for name in ("place", "device", "portal", "gate")):
            return True
        zones = body.get("zones") if isinstance(body.get("zones"), list) else [body.get("zone")]
        pictures = body.get("pictures")
        seen = pictures if isinstance(pictures, dict) else {}
        return not self.around.isdisjoint(zones or ()) or not self.names.isdisjoint(seen)


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened: `what` is a row's kind, `word` its closed word (an outcome, condition, action or step).
    `by` and `holder` are references."""

    seq: int
    at: datetime
    what: str
    word: str
    place: str | None
    reason: str | None = None
    by: str | None = None
    holder: str | None = None
    alarm: str | None = None
    text: str = ""
    pictures: tuple[tuple[str, str], ...] = ()
    """Camera and id."""
    drill: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


async def page(
    site: Site, spans: Spans, incident: Incident, after: int, limit: int
) -> tuple[list[Happened], int | None]:
    """What happened after row `after`, the oldest first, and where to go on; None: that is all up to now."""
    wanted = (await reach(site, incident)).wants
    since, until = incident.starts_at - GATHERS_BEFORE, incident.ended_at
    rows, more = await spans.span(KINDS, PREFIXES, since, until, after, limit, wanted)
    return [_happened(incident, row) for row in rows], more


async def reach(site: Site, incident: Incident) -> Reach:
    """What belongs to it as things stand: an alarm that joined brings its place."""
    places = {incident.place, *(alarm.place for alarm in incident.alarms)}
    names = set(places)
    for place in places:
        names |= _beside(site, place)
    for zone in incident.zones:
        if zone in places or (zone in site.campus.zones and site.campus.zones[zone].kind not in WIDE):
            names |= _in_zone(site, zone)
    around = {outer for zone in incident.zones if zone in site.campus.zones for outer in site.campus.around(zone)}
    alarms = frozenset(alarm.id for alarm in incident.alarms)
    emergencies = await _emergencies(site, frozenset(around))
    return Reach(incident.id, frozenset(names), frozenset(around), alarms, emergencies)


def _beside(site: Site, place: str) -> set[str]:
    """The gate of a place with its portals, their devices, and the cameras that see it."""
    portals = set(portals_of(site.campus, place))
    portal = portal_of(site, place)
    if portal is not None:
        portals.add(portal)
        gate = site.campus.portals[portal].gate
        if gate is not None:
            portals |= set(portals_of(site.campus, gate)) | {gate}
    devices = {device.id for device in site.devices if device.portal in portals}
    cameras = {state.camera.id for state in cameras_at(site, place)}
    return portals | devices | cameras


def _in_zone(site: Site, zone: str) -> set[str]:
    within = {one for one in site.campus.zones if zone in site.campus.around(one)}
    portals = {portal.id for portal in site.campus.portals.values() if portal.zone in within}
    devices = {d.id for d in site.devices if d.portal in portals or d.zone in within}
    cameras = {state.camera.id for state in site.cameras if state.camera.zone in within}
    return within | portals | devices | cameras


async def _emergencies(site: Site, around: frozenset[str]) -> frozenset[str]:
    """Those whose zones it lies in; later rows of them name no zone."""
    past = await site.archive.papers(PaperKind.EMERGENCY, limit=50)
    known: Iterable[Any] = (*site.emergencies.values(), *past)
    return frozenset(e.id for e in known if isinstance(e, Emergency) and not around.isdisjoint(e.zones))


# ---------------------------------------------------------------- one row


def _happened(incident: Incident, row: LedgerRow) -> Happened:
    body = row.body
    place = body.get("place") or body.get("portal") or body.get("device") or body.get("gate") or body.get("zone")
    word, reason = _word(row.kind, body)
    pictures = body.get("pictures")
    return Happened(
        row.seq,
        row.at,
        row.kind,
        word,
        place,
        reason=reason,
        by=_by(body),
        holder=body.get("holder"),
        alarm=body.get("alarm"),
        text=_text(incident, body),
        pictures=tuple(pictures.items()) if isinstance(pictures, dict) else (),
        drill=bool(body.get("drill")) or str(body.get("detail", "")).startswith("DRILL"),
        more={name: body[name] for name in ("direction", "level", "count", "minutes", "version", "to") if name in body},
    )


def _word(kind: str, body: Mapping[str, Any]) -> tuple[str, str | None]:
    """The closed word of a row, and its reason if it has one."""
    match kind:
        case "decision" | "answer" | "result" | "command_withheld":
            return str(body.get("outcome", "")), body.get("reason")
        case "event":
            return str(body.get("type", "")), None
        case "command":
            return str(body.get("action", "")), None
        case "permit":
            return str(body.get("step", "")), None
        case "emergency_started":
            return str(body.get("kind", "")), None
        case "called":
            return str(body.get("result", "")), None
        case _:
            return str(body.get("condition") or body.get("cause") or body.get("why") or ""), body.get("reason")


def _by(body: Mapping[str, Any]) -> str | None:
    by = body.get("by")
    found = by[-1] if isinstance(by, list) and by else by
    return found if isinstance(found, str) else None


def _text(incident: Incident, body: Mapping[str, Any]) -> str:
    """What was typed stands in the paper, as long as it is kept."""
    if body.get("paper") != PaperKind.INCIDENT.value or body.get("note") is None:
        return ""
    return next((note.text for note in incident.notes if note.id == body["note"]), "")
