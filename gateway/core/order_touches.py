"""Whom the change of an order touches: standing passes, authorisations, visits, gatherings, and who is inside.

Promises: pure; the same `decide` and the same cells of the policy that gates go by, in the two worlds of an order; only
numbers come out of it, and gatherings, never a person. Leaves to others: bounding the work (`flows.order_preview`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway.core.decide import decide
from gateway.core.facts import VISIT_HAS
from gateway.core.inside import could_not_enter
from gateway.core.kinds import (
    CredentialKind,
    CredentialState,
    Direction,
    HolderKind,
    Level,
    Outcome,
    PinWord,
    PortalKind,
)
from gateway.core.nouns import Campus, Credential, Presence, Request, World
from gateway.core.order_preview import Worlds, level_in
from gateway.core.papers import Authorisation, Gathering, GatheringState, StandingPass, VehicleKind, VisitState
from gateway.core.policy import Cell, Need, Place
from gateway.core.what_if import MADE_UP, without_presence
from gateway.core.windows import Window, is_open_at

LOOKED_AT_MOST = 2_000
"""So many papers of a kind are judged: a second's work at most."""
HOURS_LOOKED_AT = 8 * 24
"""So far ahead an hour is looked for in which a standing pass is open: a week of windows, and a day."""


class Verdicts(NamedTuple):
    """Of those that are held in that time `looked_at` were judged: how many are refused, wait, or are free of that."""

    held: int
    looked_at: int
    refused: int
    waits: int
    freed: int


def standing_passes(seen: Worlds) -> Verdicts:
    """The standing passes that hold at the change or later, in their own hours."""
    papers = [paper for some in seen.before.directory.papers.standing.values() for paper in some]
    return _verdicts(seen, ((paper, paper.holder, paper.windows) for paper in papers))


def authorisations(seen: Worlds) -> Verdicts:
    """Leaders' authorisations that hold at the change or later. They lift the word *refused*, and no other."""
    directory = seen.before.directory
    by_ref = {held.ref: held.holder for held in directory.credentials.values() if held.ref in directory.papers.vehicles}
    visits = {visit.id: visit.holder for some in directory.papers.visits.values() for visit in some}
    papers = [paper for some in directory.papers.authorisations.values() for paper in some]
    return _verdicts(
        seen,
        ((paper, by_ref.get(paper.subject) or visits.get(paper.subject, paper.subject), None) for paper in papers),
    )


def _verdicts(
    seen: Worlds,
    papers: Iterable[tuple[StandingPass | Authorisation, str, tuple[Window, ...] | None]],
) -> Verdicts:
    count = looked_at = refused = waits = freed = 0
    held = _held_by_holder(seen.before)
    before, after = without_presence(seen.before), without_presence(seen.after)
    for paper, holder, windows in papers:
        if holder not in before.directory.holders or not _overlaps(paper.starts_at, paper.ends_at, seen):
            continue
        count += 1
        if looked_at == LOOKED_AT_MOST:
            continue
        looked_at += 1
        at = _open_hour(before.campus, windows, max(paper.starts_at, seen.at), paper.ends_at)
        found: set[tuple[Outcome, Outcome]] = set()
        for portal in paper.portals:
            if not seen.touches(portal):
                continue
            kind, value, extra = _shown(before, held.get(holder, ()), portal, holder)
            request = Request(portal, Direction.IN, kind, value, pin=PinWord.RIGHT)
            then, now = (decide(request, _with_card(world, extra), at).outcome for world in (before, after))
            if then is not now:
                found.add((then, now))
        refused += any(now is Outcome.DENY for _, now in found)
        waits += bool(found) and all(now is Outcome.WAIT and then is Outcome.GRANT for then, now in found)
        freed += bool(found) and all(_rank(now) > _rank(then) for then, now in found)
    return Verdicts(count, looked_at, refused, waits, freed)


def _rank(outcome: Outcome) -> int:
    return (Outcome.DENY, Outcome.WAIT, Outcome.GRANT).index(outcome)


def _overlaps(starts_at: datetime, ends_at: datetime, seen: Worlds) -> bool:
    return ends_at > seen.at and (seen.until is None or starts_at < seen.until)


def _open_hour(campus: Campus, windows: tuple[Window, ...] | None, since: datetime, until: datetime) -> datetime:
    """An hour from `since` on in which the windows are open; `since` itself if there is none."""
    for hours in range(HOURS_LOOKED_AT):
        at = since + timedelta(hours=hours)
        if at >= until:
            break
        if is_open_at(windows, at.astimezone(campus.timezone)):
            return at
    return since


def _held_by_holder(world: World) -> dict[str, list[Credential]]:
    found: dict[str, list[Credential]] = {}
    for held in world.directory.credentials.values():
        if held.state is CredentialState.ACTIVE and held.kind is not CredentialKind.PIN:
            found.setdefault(held.holder, []).append(held)
    return found


def _shown(
    world: World, held: Iterable[Credential], portal: str, holder: str
) -> tuple[CredentialKind, str, Credential | None]:
    """What somebody shows there: a plate in a lane, else a card or pass; else a good card is thought up."""
    lane = world.campus.portals[portal].kind is PortalKind.VEHICLE_GATE
    liked = {CredentialKind.PLATE} if lane else {CredentialKind.CARD, CredentialKind.QR}
    for credential in sorted(held, key=lambda one: one.ref):
        if credential.kind in liked:
            return credential.kind, credential.value, None
    card = Credential(MADE_UP, holder, CredentialKind.CARD, MADE_UP)
    return card.kind, card.value, card


def _with_card(world: World, card: Credential | None) -> World:
    if card is None:
        return world
    credentials = _OneMore(world.directory.credentials, card)
    return replace(world, directory=replace(world.directory, credentials=credentials))


class _OneMore(Mapping[tuple[str, str], Credential]):
    """All credentials and one more, without copying a hundred thousand of them."""

    def __init__(self, known: Mapping[tuple[str, str], Credential], more: Credential) -> None:
        self._known, self._more = known, more

    def __getitem__(self, key: tuple[str, str]) -> Credential:
        return self._more if key == (self._more.kind, self._more.value) else self._known[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield from self._known
        yield self._more.kind, self._more.value

    def __len__(self) -> int:
        return len(self._known) + 1


class VisitsAhead(NamedTuple):
    """Visits that are registered for the order's time: how many, whom the level refuses, who needs more."""

    registered: int
    refused: int
    needs_more: int


def visits_ahead(seen: Worlds) -> VisitsAhead:
    """By the words of the cells, because a visit that nobody has begun lacks most things anyway."""
    count = refused = needs_more = 0
    papers = seen.before.directory.papers
    for some in papers.visits.values():
        for visit in some:
            if visit.state is not VisitState.EXPECTED or not _overlaps(visit.starts_at, visit.ends_at, seen):
                continue
            count += 1
            added = _added(seen, visit.kind, visit.zones)
            authorised = visit.id in papers.authorisations or visit.holder in papers.authorisations
            if Need.REFUSED in added and not authorised:
                refused += 1
            elif any(need in added and not has(visit) for need, has in VISIT_HAS.items()) or (
                Need.AUTHORISATION in added and not authorised
            ):
                needs_more += 1
    return VisitsAhead(count, refused, needs_more)


def _added(seen: Worlds, kind: HolderKind, zones: Iterable[str]) -> Cell:
    """What somebody of this kind needs more at the gates on the way to these zones."""
    campus = seen.before.campus
    way = {around for zone in zones if zone in campus.zones for around in campus.around(zone)}
    found: set[Need] = set()
    for portal in campus.portals.values():
        if portal.kind is PortalKind.GATE and portal.zone in way and Direction.IN in portal.directions:
            before, after = (level_in(world, portal.zone) for world in (seen.before, seen.after))
            needs = campus.policy.needs
            found |= needs(Place.GATE, kind, after) - needs(Place.GATE, kind, before)
    return frozenset(found)


def gatherings(seen: Worlds) -> list[Gathering]:
    """The approved ones in that time that stop by it, or that may go on again; the next one first."""
    large = [
        some
        for some in seen.before.directory.papers.gatherings.values()
        if some.state is GatheringState.APPROVED
        and some.headcount >= seen.before.campus.policy.large_gathering
        and _overlaps(some.starts_at, some.ends_at, seen)
        and _stops(seen.before, some) != _stops(seen.after, some)
    ]
    return sorted(large, key=lambda some: (some.starts_at, some.id))


def _stops(world: World, gathering: Gathering) -> bool:
    zones = gathering.zones or frozenset(world.campus.zones)
    return any(level_in(world, zone) is Level.L1 for zone in zones if zone in world.campus.zones)


# ---------------------------------------------------------------- who is inside


class InsideNow(NamedTuple):
    """People inside, by kind: who could come in before and not after, and the other way round."""

    refused: Counter[HolderKind]
    freed: Counter[HolderKind]


def inside_now(seen: Worlds, presence: Mapping[str, Presence], now: datetime) -> InsideNow:
    """These people, asked once more at the way into the zones in which they stand. Nobody is locked in by it."""
    campus, holders = seen.before.campus, seen.before.directory.holders
    some = {
        ref: known
        for ref, known in presence.items()
        if known.zone in campus.zones and not seen.zones.isdisjoint(campus.around(known.zone))
    }
    before, after = (
        {one.holder for one in could_not_enter(replace(world, presence=some), now)}
        for world in (seen.before, seen.after)
    )
    refused, freed = (
        Counter(holders[ref].kind for ref in refs if ref in holders) for refs in (after - before, before - after)
    )
    return InsideNow(refused, freed)


def vehicles_inside(seen: Worlds) -> int:
    """Visitors' vehicles on the campus that the lane would not let in any more."""
    campus = seen.before.campus
    count = 0
    for some in seen.before.directory.papers.visits.values():
        for visit in some:
            if visit.state is not VisitState.CHECKED_IN or not (visit.vehicle_approved or visit.plate):
                continue
            lanes = (
                portal
                for portal in campus.portals.values()
                if portal.kind is PortalKind.VEHICLE_GATE
                and any(portal.zone in campus.around(zone) for zone in visit.zones if zone in campus.zones)
            )
            count += any(
                Need.REFUSED in campus.policy.needs(Place.VEHICLE, VehicleKind.VISITOR, level_in(seen.after, lane.zone))
                and Need.REFUSED
                not in campus.policy.needs(Place.VEHICLE, VehicleKind.VISITOR, level_in(seen.before, lane.zone))
                for lane in lanes
            )
    return count
