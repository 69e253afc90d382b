"""What the rules would say of somebody who is known but shows nothing: a visit on paper, a person without the card, all
those inside when the level changes.

Promises: the one judge is `core.decide`, asked as if a good card had been shown, so that nothing here is a second
opinion. Leaves to others: what is done with the answer.
"""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, Direction, Level, Outcome, PortalKind, Verdict
from gateway.core.levels import effective_level
from gateway.core.nouns import Campus, Credential, Decision, Portal, Request, World
from gateway.core.papers import Visit
from gateway.core.reasons import PRECEDENCE, Reason
from gateway.flows import inside
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site

SHOWN = "\0shown"
"""The value of the card that was not shown; no real one can have a NUL in it."""
REST_EVERY = 200
"""People judged in one turn of the loop: a few milliseconds, so that no tap waits."""
ABOUT_THE_MOMENT = frozenset({"presence", "capacity", "device"})
"""Rules that say nothing about whether somebody may come at all."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules say of a visit at its gate: the outcome, what settles it, and everything that they still ask."""

    outcome: Outcome
    reason: Reason
    needs: tuple[Reason, ...]
    refused_now: bool
    """Refused even with the document seen: nothing that is done at the gate would help."""


def as_if_shown(
    world: World,
    holder: str,
    portal: str,
    direction: Direction,
    now: datetime,
    visits: tuple[Visit, ...] | None = None,
    accompanied_by: str | None = None,
) -> Decision:
    """The decision on `holder` with a good card; with `visits`, as if these were all that are filed for them."""
    directory = world.directory
    shown = Credential("", holder, CredentialKind.CARD, SHOWN)
    papers = directory.papers if visits is None else replace(directory.papers, visits={holder: visits})
    at_hand = replace(directory, credentials={(CredentialKind.CARD, SHOWN): shown}, papers=papers)
    request = Request(portal, direction, CredentialKind.CARD, SHOWN, accompanied_by=accompanied_by)
    decision = decide(request, replace(world, directory=at_hand), now)
    return replace(decision, credential=None)


def judge_visit(site: Site, visit: Visit, now: datetime) -> Judged:
    """What the rules say of a visit now, or when it begins if that is later."""
    moment = max(now, visit.starts_at)
    gate = gate_of(site.campus, visit.zones)
    if gate is None:
        return Judged(Outcome.DENY, Reason.BAD_REQUEST, (Reason.BAD_REQUEST,), True)
    world = replace(site.world, presence={}, inside={})
    found = as_if_shown(world, visit.holder, gate.id, Direction.IN, moment, (visit,))
    refused = found.outcome is Outcome.DENY
    if refused and not visit.document_seen:
        seen = as_if_shown(world, visit.holder, gate.id, Direction.IN, moment, (replace(visit, document_seen=True),))
        refused = seen.outcome is Outcome.DENY
    return Judged(found.outcome, found.reason, asked_by(found), refused)


def asked_by(decision: Decision) -> tuple[Reason, ...]:
    """Every reason in a trace that refuses or waits, by precedence."""
    found = {
        finding.reason
        for finding in decision.trace
        if finding.reason is not None
        and finding.verdict in (Verdict.REFUSES, Verdict.WAITS)
        and finding.rule not in ABOUT_THE_MOMENT
    }
    return tuple(sorted(found, key=PRECEDENCE.__getitem__))


def gate_of(campus: Campus, zones: frozenset[str]) -> Portal | None:
    """A pedestrian gate by which one gets into one of `zones`."""
    around = {outer for zone in zones if zone in campus.zones for outer in campus.around(zone)}
    for portal in campus.portals.values():
        if portal.kind is PortalKind.GATE and Direction.IN in portal.directions and portal.zone in around:
            return portal
    return None


# ---------------------------------------------------------------- the level has changed


@dataclass(frozen=True, slots=True)
class Again:
    """What the level in force makes of what was granted before."""

    visits: int
    visits_refused: tuple[str, ...]
    """Ids of visits that nothing at the gate would help."""
    inside_refused: int
    """How many are inside who could not enter now, because of the level; `inside` has who. Nobody is locked in."""


async def judge_again(site: Site) -> Again:
    """The effective level has changed: judge visits and everybody inside again, record how many, tell the screens."""
    now = site.clock.now()
    refused: list[str] = []
    visits = [visit for some in site.directory.papers.visits.values() for visit in some if visit.ends_at > now]
    for number, visit in enumerate(visits):
        await _rest(number)
        if judge_visit(site, visit, now).refused_now:
            refused.append(visit.id)
    could_not = [one for one in await inside.could_not_enter(site) if one.by_level]
    again = Again(len(visits), tuple(refused), len(could_not))
    counts = {
        "visits": again.visits,
        "visits_refused": len(again.visits_refused),
        "inside_refused": again.inside_refused,
        "reasons": dict(Counter(one.reason.value for one in could_not)),
    }
    site.feed.publish({"type": "judged_again", "at": now, **counts})
    with contextlib.suppress(LedgerUnavailable):  # the counts are on the screens, and can be made again at any time
        await site.ledger.commit(Unit((Entry("judged_again", now, counts),)), 10.0)
    return again


async def _rest(number: int) -> None:
    if number % REST_EVERY == REST_EVERY - 1:
        await asyncio.sleep(0)


class LevelWatch:
    """Notices that the effective level of a zone is another, by whatever way it came, and has everything judged again.

    One for a gateway; it looks each second. What was in force at the start is no change.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._known: tuple[Level, ...] | None = None

    async def look(self) -> None:
        site = self._site
        now, orders = site.clock.now(), site.world.orders
        levels = tuple(
            effective_level(site.campus, orders, zone, now, site.trusted_until) for zone in site.campus.zones
        )
        before, self._known = self._known, levels
        if before is not None and before != levels:
            await judge_again(site)
