"""Today's visits at a gate: who is expected, who is inside, who stays too long, whose host has not answered, and who
was inside when the day ended.

Promises: a list of two thousand is there at once, because what the rules say of a visit is remembered until something
that it hangs on is another: the visit, the visitor, a ban, an authorisation, a gathering, the level, an emergency. What
nobody saw is called uncertain, never inside. Each step of a visit is told to the screens with its new row.
Leaves to others: the rules (`judging`), overstays and the end of the day (`visit_ends`), who may look (`web`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.core.kinds import Level, PresenceState
from gateway.core.levels import effective_level
from gateway.core.nouns import Presence
from gateway.core.papers import Emergency, Visit, VisitState
from gateway.core.reasons import Reason
from gateway.core.rights import Right
from gateway.flows.finding import may_host
from gateway.flows.judging import Judged, gate_of, judge_visit
from gateway.flows.notice_rules import AskedState
from gateway.flows.site import Site

SEES_VISITS = frozenset({Right.REGISTER_VISITS})
"""Who hears of visits on the live stream, names and all."""
GOOD_FOR_S = 60.0
"""So long a judgement holds though nothing has changed: bans, authorisations and gatherings begin and end by the
clock."""
REST_EVERY = 20
"""Visits judged in one turn of the loop: a few milliseconds, so that no tap waits."""
HOST_GONE = "host_gone"
"""Beside the reasons in a row's needs: whoever is visited has left, and somebody else has to answer."""


class Place(StrEnum):
    """In which list a visit stands."""

    EXPECTED = "expected"
    INSIDE = "inside"
    OVERSTAY = "overstay"
    LEFT_INSIDE = "left_inside"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Row:
    """One visit as a list shows it; references, no names: those are put beside it where they are shown."""

    visit: Visit
    place: Place
    needs: tuple[str, ...]
    refused_now: bool
    unanswered: bool
    uncertain: bool
    """Nobody saw for sure that the visitor is still inside."""


@dataclass(slots=True)
class Remembered:
    """A row, and all that it hung on."""

    row: Row
    moment: "Moment"
    seen: Presence | None
    until: datetime
    """Then it may be another row by the clock alone."""
    judged: Judged
    hung_on: tuple[Any, ...]
    judged_at: float
    shown: Any = None
    """The row as it was last put on a screen, so that it need not be spelled again."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What all rows hang on. One that is equal to the last is the last one itself, so that comparing costs nothing."""

    version: int
    levels: tuple[Level, ...]
    emergencies: tuple[Emergency, ...]
    fires: frozenset[str]
    trusted_until: datetime | None


@dataclass(slots=True)
class Day:
    """The lists of one gate for one day, each by its beginning."""

    expected: list[Row] = field(default_factory=list)
    inside: list[Row] = field(default_factory=list)
    overstays: list[Row] = field(default_factory=list)
    unanswered: list[Row] = field(default_factory=list)
    left_inside: list[Row] = field(default_factory=list)
    refused_now: int = 0


async def day(site: Site, gate: str, now: datetime) -> Day:
    """The lists as of now."""
    found = Day()
    moment = moment_of(site, now)
    for number, visit in enumerate(visits_of_the_day(site, gate, now)):
        if number % REST_EVERY == REST_EVERY - 1 and site.visits_judged.get(visit.id) is None:
            await asyncio.sleep(0)
        row = row_of(site, visit, now, moment)
        found.refused_now += row.refused_now
        if row.unanswered:
            found.unanswered.append(row)
        match row.place:
            case Place.EXPECTED:
                found.expected.append(row)
            case Place.INSIDE:
                found.inside.append(row)
            case Place.OVERSTAY:
                found.overstays.append(row)
            case Place.LEFT_INSIDE:
                found.left_inside.append(row)
    for rows in (found.expected, found.inside, found.overstays, found.unanswered, found.left_inside):
        rows.sort(key=_by_beginning)
    return found


def _by_beginning(row: Row) -> tuple[datetime, str]:
    return row.visit.starts_at, row.visit.id


def visits_of_the_day(site: Site, gate: str, now: datetime) -> Sequence[Visit]:
    """Live visits that lead through this gate and matter today: whoever is inside, whatever the day, and who comes
    before midnight."""
    zones = _zones_behind(site, gate)
    midnight = _midnight_after(site, now)
    return [
        visit
        for some in site.directory.papers.visits.values()
        for visit in some
        if (visit.state is not VisitState.EXPECTED or (visit.starts_at < midnight and visit.ends_at > now))
        and not zones.isdisjoint(visit.zones)
    ]


def row_of(site: Site, visit: Visit, now: datetime, moment: Moment | None = None) -> Row:
    """One visit as of now."""
    if not visit.is_live:
        return Row(visit, Place.OVER, (), False, False, False)
    known: Remembered | None = site.visits_judged.get(visit.id)
    moment = moment or moment_of(site, now)
    seen = site.presence.get(visit.holder)
    if (
        known is not None
        and known.row.visit is visit
        and known.moment is moment
        and known.seen is seen
        and now < known.until
    ):
        return known.row
    return _work_out(site, visit, now, moment, seen, known)


def moment_of(site: Site, now: datetime) -> Moment:
    """What all rows hang on now."""
    world = site.world
    levels: tuple[Level, ...] = ()
    if world.orders:
        levels = tuple(
            effective_level(site.campus, world.orders, zone, now, world.trusted_until) for zone in site.campus.zones
        )
    moment = Moment(site.directory.version, levels, world.emergencies, world.fires, world.trusted_until)
    last: Moment | None = site.visits_moment
    if last == moment:
        return last
    site.visits_moment = moment
    return moment


def _work_out(
    site: Site, visit: Visit, now: datetime, moment: Moment, seen: Presence | None, known: Remembered | None
) -> Row:
    hangs_on = _hangs_on(site, visit, now, moment)
    if known is not None and known.hung_on == hangs_on and site.clock.monotonic() - known.judged_at < GOOD_FOR_S:
        judged, judged_at = known.judged, known.judged_at
    else:
        judged, judged_at = judge_visit(site, visit, now), site.clock.monotonic()
    needs = tuple(reason.value for reason in judged.needs)
    gone = host_is_gone(site, visit)
    row = Row(
        visit,
        place_of(site, visit, now),
        (*needs, HOST_GONE) if gone else needs,
        judged.refused_now,
        is_unanswered(site, visit, judged.needs, gone, now),
        is_uncertain(visit, seen),
    )
    until = min((at for at in _turns(site, visit) if at > now), default=now + timedelta(seconds=GOOD_FOR_S))
    until = min(until, now + timedelta(seconds=GOOD_FOR_S))
    site.visits_judged[visit.id] = Remembered(row, moment, seen, until, judged, hangs_on, judged_at)
    return row


def _turns(site: Site, visit: Visit) -> tuple[datetime, ...]:
    """The moments at which a row becomes another by the clock alone."""
    rules = site.rules.visits
    return (
        visit.starts_at,
        visit.ends_at + timedelta(minutes=rules.overstay_grace_min),
        visit.registered_at + timedelta(minutes=rules.unanswered_min),
    )


def place_of(site: Site, visit: Visit, now: datetime) -> Place:
    """In which list it stands."""
    if visit.state is VisitState.EXPECTED:
        return Place.EXPECTED
    if visit.state is not VisitState.CHECKED_IN:
        return Place.OVER
    if visit.left_inside_at is not None:
        return Place.LEFT_INSIDE
    grace = timedelta(minutes=site.rules.visits.overstay_grace_min)
    return Place.OVERSTAY if visit.ends_at + grace <= now else Place.INSIDE


def is_unanswered(site: Site, visit: Visit, needs: tuple[Reason, ...], host_gone: bool, now: datetime) -> bool:
    """True for a visit that waits for a host who has had time to answer, or who is not there any more."""
    if visit.state is not VisitState.EXPECTED or Reason.HOST_NOT_CONFIRMED not in needs:
        return False
    asked = site.hosts_asked.get(visit.id)
    if asked is not None and asked.state is not AskedState.ASKED:
        return True  # asked twice without a word, or nobody the gateway can reach: the guard telephones
    given = timedelta(minutes=site.rules.visits.unanswered_min)
    return host_gone or visit.registered_at + given <= now


def host_is_gone(site: Site, visit: Visit) -> bool:
    """True if whoever is visited has left the school, is suspended or is no host for such a visit any more."""
    if visit.host is None or visit.state is not VisitState.EXPECTED:
        return False
    host = site.directory.holders.get(visit.host)
    return host is None or not may_host(site.campus, host, visit.kind)


def is_uncertain(visit: Visit, seen: Presence | None) -> bool:
    """True if nobody saw for sure that the visitor of a visit that is checked in is still inside."""
    if visit.state is not VisitState.CHECKED_IN or seen is None:
        return False
    if visit.checked_in_at is not None and seen.since < visit.checked_in_at:
        return False  # checked in by hand, and no reader has said anything else since
    return seen.state is PresenceState.UNCERTAIN


def _hangs_on(site: Site, visit: Visit, now: datetime, moment: Moment) -> tuple[Any, ...]:
    """All that the rules look at for this visit but for the time of day. Compared part by part, by identity first."""
    world, papers = site.world, site.directory.papers
    levels = moment.levels
    if world.orders and visit.starts_at > now:
        levels = tuple(
            effective_level(site.campus, world.orders, zone, visit.starts_at, world.trusted_until)
            for zone in site.campus.zones
        )
    return (
        visit,
        visit.starts_at <= now,
        site.directory.holders.get(visit.holder),
        papers.bans.get(visit.holder),
        papers.authorisations.get(visit.holder) if papers.authorisations else None,
        papers.authorisations.get(visit.id) if papers.authorisations else None,
        None if visit.gathering is None else papers.gatherings.get(visit.gathering),
        levels,
        moment.emergencies,
        moment.fires,
        moment.trusted_until,
    )


def forget_what_is_over(site: Site) -> None:
    """Drop what is remembered of visits that are not live any more."""
    live = site.directory.papers.by_id
    for id in [id for id in site.visits_judged if f"visit:{id}" not in live]:
        del site.visits_judged[id]


# ---------------------------------------------------------------- gates


def gates_of(site: Site) -> dict[str, str]:
    """Each portal of a gate, and the gate; a portal that belongs to none is one by itself."""
    return {portal.id: portal.gate or portal.id for portal in site.campus.portals.values()}


def is_gate(site: Site, gate: str) -> bool:
    return gate in gates_of(site).values()


def portal_of(site: Site, visit: Visit) -> str:
    """Where the visitor came in; for who is not in yet, or was checked in by hand, a gate on the way."""
    if visit.portal is not None and visit.portal in site.campus.portals:
        return visit.portal
    gate = gate_of(site.campus, visit.zones)
    return next(iter(site.campus.portals), "") if gate is None else gate.id


def _zones_behind(site: Site, gate: str) -> frozenset[str]:
    """Every zone to which one gets by this gate."""
    campus = site.campus
    entered = {portal.zone for portal in campus.portals.values() if gate in (portal.gate, portal.id)}
    return frozenset(zone for zone, chain in campus.chains.items() if not entered.isdisjoint(chain))


def _midnight_after(site: Site, now: datetime) -> datetime:
    """The end of this day on the site's own clock, also on a day of 23 or 25 hours."""
    local = now.astimezone(site.campus.timezone)
    return (local.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)).replace(
        tzinfo=site.campus.timezone
    )


# ---------------------------------------------------------------- told to the screens


def tell(site: Site, visit: Visit, change: str, now: datetime) -> None:
    """A visit moved on, or something about it did: the screens of those who may see visits get its new row."""
    if not site.feed.is_watched:
        return
    site.feed.publish(as_event(site, row_of(site, visit, now), change, now))


def as_event(site: Site, row: Row, change: str, now: datetime) -> dict[str, Any]:
    """The event `visit`; `only`: the rights of which a screen needs one to hear it."""
    return {
        "type": "visit",
        "id": row.visit.id,
        "at": now,
        "change": change,
        "state": row.visit.state.value,
        "needs": list(row.needs),
        "row": as_line(site, row),
        "only": SEES_VISITS,
    }


def as_line(site: Site, row: Row) -> dict[str, Any]:
    """A row with the names that a screen shows."""
    visit = row.visit
    holders = site.directory.holders
    who = holders.get(visit.holder)
    host = None if visit.host is None else holders.get(visit.host)
    return {
        "id": visit.id,
        "place": row.place.value,
        "state": visit.state.value,
        "kind": visit.kind.value,
        "name": "" if who is None else who.name,
        "find": "" if who is None else site.finder.answers_to(who.name),
        "person": "" if who is None else who.id,
        "document": visit.document_ending,
        "organisation": visit.organisation,
        "host": "" if host is None else host.name,
        "starts_at": visit.starts_at,
        "ends_at": visit.ends_at,
        "since": visit.checked_in_at,
        "needs": list(row.needs),
        "refused_now": row.refused_now,
        "unanswered": row.unanswered,
        "uncertain": row.uncertain,
        "plate": visit.plate,
        "badge": visit.badge,
        "declared": bool(visit.belongings),
        "count": visit.inside if visit.members else None,
        "members": len(visit.members) or None,
    }
