"""What an order will change, before it is done: for one that is being written, that waits for a signature, or its end.

Promises: nothing is filed, nothing is sent, and only numbers come out of it. The work is bounded: it goes on beside the
decisions, in portions, one preview at a time, and what does not fit into its seconds is left out and said so. Whoever
finds another at work waits for its turn, and gets everything but the past, so that those behind wait less; while the
database is away everything else is answered all the same. Leaves to others:
what is different (`core.order_preview`, `core.order_touches`, `core.past_again`), who may ask (`web`).
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from time import monotonic

from gateway.core import order_preview as core
from gateway.core import order_touches as touches
from gateway.core.kinds import HolderKind, Level, PresenceState
from gateway.core.levels import Moment
from gateway.core.order_course import Effect, effect_of
from gateway.core.order_preview import Course, Step, Worlds, ZoneChange
from gateway.core.order_touches import Verdicts, VisitsAhead
from gateway.core.papers import Authority, Gathering, Order, OrderState, PaperKind
from gateway.core.past_again import Again, PastAgain
from gateway.core.policy import Cadence
from gateway.flows import propagation
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.reading import Records, RecordsAway
from gateway.flows.site import Site
from gateway.flows.what_if import past_taps

TURN_WITHIN_S = 15.0
"""So long a preview waits for its turn: two or three others, each with all of its seconds."""
PAST = timedelta(days=7)
PAST_WITHIN_S = 4.0
"""So long past taps are decided again: an answer has to come while somebody looks at it."""
INSIDE_WITHIN_S = 1.5
PORTION = 500
"""Taps, or people inside, at a time: some hundredths of a second each."""
VISITS_AT_MOST = 20_000
LONGEST_VISIT = timedelta(days=31)
"""One that began before the past that is looked at may have lasted into it."""
AHEAD = timedelta(days=400)
GATHERINGS_SHOWN = 20


class NotItsTurn(Exception):
    """Too many ask at once."""


class Took(StrEnum):
    """How the look at the past went."""

    WHOLE = "whole"
    CUT_SHORT = "cut_short"
    """There was more than fits: the newest part of it was looked at."""
    BUSY = "busy"
    AWAY = "away"
    NOT_NEEDED = "not_needed"
    """No level differs."""


@dataclass(frozen=True, slots=True)
class Devices:
    """Devices that get another posture, by kind; `away`: of these so many get it when they return."""

    by_kind: Counter[str]
    away: int


@dataclass(frozen=True, slots=True)
class Inside:
    """People inside, as they are now, in the zones whose level differs."""

    looked_at: int
    whole: bool
    refused: Counter[HolderKind]
    freed: Counter[HolderKind]
    vehicles: int


@dataclass(frozen=True, slots=True)
class Past:
    """The taps of [since, until), decided again."""

    took: Took
    since: datetime
    until: datetime
    again: Again


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another order that counts in the same time and zones; `stands`: it is the stricter one, or as strict."""

    order: Order
    stands: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What changes. `at`: the first moment at which a level differs by it; None if none ever does."""

    ends: bool
    at: datetime | None
    effect: Effect
    zones: tuple[ZoneChange, ...]
    before: tuple[Step, ...]
    after: tuple[Step, ...]
    conflicts: tuple[Conflict, ...]
    cadences: tuple[Cadence, Cadence] | None
    devices: Devices
    standing: Verdicts
    authorisations: Verdicts
    visits: VisitsAhead
    gatherings: tuple[Gathering, ...]
    inside: Inside
    past: Past
    gatherings_more: int = 0


@dataclass(slots=True)
class _Touched:
    """What the thread found out of memory alone."""

    standing: Verdicts = field(default_factory=lambda: Verdicts(0, 0, 0, 0, 0))
    authorisations: Verdicts = field(default_factory=lambda: Verdicts(0, 0, 0, 0, 0))
    visits: VisitsAhead = field(default_factory=lambda: VisitsAhead(0, 0, 0))
    gatherings: list[Gathering] = field(default_factory=list)
    vehicles: int = 0


async def of_filing(site: Site, records: Records, order: Order) -> Preview:
    """What changes when `order` is put in force. Raises `NotItsTurn`."""
    now = site.clock.now()
    return await _preview(site, records, order, core.filing(site.campus, site.world.orders, order, now), ends=False)


async def of_ending(site: Site, records: Records, order: Order) -> Preview:
    """What changes when `order` ends now; nothing if it does not count. Raises `NotItsTurn`."""
    now = site.clock.now()
    return await _preview(site, records, order, core.ending(site.campus, site.world.orders, order, now), ends=True)


def waits_for_signature(order: Order) -> bool:
    """True for one that counts only once somebody has done something more with it."""
    return order.state in (OrderState.DRAFTED, OrderState.REQUESTED)


async def _preview(site: Site, records: Records, order: Order, course: Course, ends: bool) -> Preview:
    campus, now = site.campus, site.clock.now()
    at = core.first_change(campus, course)
    changes = tuple(core.changes_at(campus, course, at or course.starts_at))
    touched, inside = _Touched(), Inside(0, True, Counter(), Counter(), 0)
    past = Past(Took.NOT_NEEDED, now - PAST, now, Again())
    if at is not None:
        has_waited = site.previewing.locked()
        try:
            async with asyncio.timeout(TURN_WITHIN_S):
                await site.previewing.acquire()
        except TimeoutError:
            raise NotItsTurn from None
        try:
            # Presence moves while a thread reads: it gets its own.
            world = replace(site.world, presence=dict(site.world.presence))
            seen = core.worlds(world, course, at)
            touched = await asyncio.to_thread(_touched, seen)
            inside = replace(await _inside(seen, now), vehicles=touched.vehicles)
            past = replace(past, took=Took.BUSY) if has_waited else await _past(site, records, seen, now)
        finally:
            site.previewing.release()
    since = Moment(now, site.trusted_until).earliest
    return Preview(
        ends=ends,
        at=at,
        effect=effect_of(campus, course.before, order, now),
        zones=changes,
        before=_steps(site, course.before, course.zones, since, now),
        after=_steps(site, course.after, course.zones, since, now),
        conflicts=_conflicts(site, course, order),
        cadences=_cadences(site, changes),
        devices=_devices(site, changes),
        standing=touched.standing,
        authorisations=touched.authorisations,
        visits=touched.visits,
        gatherings=tuple(touched.gatherings[:GATHERINGS_SHOWN]),
        inside=inside,
        past=past,
        gatherings_more=max(0, len(touched.gatherings) - GATHERINGS_SHOWN),
    )


def _touched(seen: Worlds) -> _Touched:
    return _Touched(
        touches.standing_passes(seen),
        touches.authorisations(seen),
        touches.visits_ahead(seen),
        touches.gatherings(seen),
        touches.vehicles_inside(seen),
    )


def _steps(
    site: Site, orders: tuple[Order, ...], zones: Sequence[str], since: datetime, now: datetime
) -> tuple[Step, ...]:
    return tuple(step for zone in zones for step in core.timeline(site.campus, orders, zone, since, now + AHEAD))


def _devices(site: Site, changes: Sequence[ZoneChange]) -> Devices:
    differs = {change.zone for change in changes if change.before != change.after}
    some = [device for device in site.devices if propagation.zone_of(site, device) in differs]
    return Devices(Counter(device.kind for device in some), sum(not device.online for device in some))


def _cadences(site: Site, changes: Sequence[ZoneChange]) -> tuple[Cadence, Cadence] | None:
    """Checks and rounds without it and with it, by the strictest level of the zones that it covers."""
    if not changes:
        return None
    before, after = min(c.before.level for c in changes), min(c.after.level for c in changes)
    if before == after:
        return None
    return site.campus.policy.cadences[Level(before)], site.campus.policy.cadences[Level(after)]


def _conflicts(site: Site, course: Course, order: Order) -> tuple[Conflict, ...]:
    """The others that count at some moment of this one, in a zone of it; unified ones first."""
    zones = frozenset(course.zones)
    found: list[Conflict] = []
    for other in (*course.before, *course.after):
        if other.id == order.id or any(other.id == one.order.id for one in found):
            continue
        apart = (course.ends_at is not None and other.starts_at >= course.ends_at) or (
            other.ends_at is not None and other.ends_at <= course.starts_at
        )
        if apart or all(other.zones.isdisjoint(site.campus.around(zone)) for zone in zones):
            continue
        found.append(Conflict(other, (other.level, other.drill) <= (order.level, order.drill)))
    return tuple(sorted(found, key=lambda one: (one.order.authority is not Authority.UNIFIED, one.order.starts_at)))


# ---------------------------------------------------------------- what takes longer


async def _inside(seen: Worlds, now: datetime) -> Inside:
    refused: Counter[HolderKind] = Counter()
    freed: Counter[HolderKind] = Counter()
    there = {ref: known for ref, known in seen.before.presence.items() if known.state is PresenceState.INSIDE}
    began, looked_at = monotonic(), 0
    left = iter(there.items())
    while some := dict(islice(left, PORTION)):
        if monotonic() - began > INSIDE_WITHIN_S:
            return Inside(looked_at, False, refused, freed, 0)
        found = await asyncio.to_thread(touches.inside_now, seen, some, now)
        refused += found.refused
        freed += found.freed
        looked_at += len(some)
    return Inside(looked_at, True, refused, freed, 0)


async def _past(site: Site, records: Records, seen: Worlds, now: datetime) -> Past:
    """The last week's taps, the newest first, as far as the time goes."""
    until = now
    began = monotonic()
    try:
        async with asyncio.timeout(PAST_WITHIN_S):
            past = await site.archive.papers(
                PaperKind.VISIT, live=False, starts_from=now - PAST - LONGEST_VISIT, limit=VISITS_AT_MOST
            )
            running = await asyncio.to_thread(PastAgain, seen, past)
    except (LedgerUnavailable, TimeoutError):
        return Past(Took.AWAY, now, until, Again())
    since, before = now, None
    while True:
        left_s = PAST_WITHIN_S - (monotonic() - began)
        if left_s <= 0:
            return Past(Took.CUT_SHORT, since, until, running.result)
        try:
            async with asyncio.timeout(max(left_s, 0.5)):
                rows, before = await records.newest("decision", before, PORTION, now - PAST, until, lambda _: True)
        except TimeoutError:
            return Past(Took.CUT_SHORT if running.result.taps else Took.AWAY, since, until, running.result)
        except RecordsAway:
            return Past(Took.AWAY, since, until, running.result)
        taps = list(past_taps((row.at, row.body) for row in rows))
        await asyncio.to_thread(running.take, taps)
        if before is None:
            return Past(Took.WHOLE, now - PAST, until, running.result)
        since = rows[-1].at if rows else since
