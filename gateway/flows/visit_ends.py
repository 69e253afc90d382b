"""Visits that do not end by themselves: overstays, and what is left of a day.

Promises: a visitor who is inside longer than registered, with some minutes' grace, is noted once and shows with an
alarm of the gate; it returns to normal with the last check-out there. At a set minute each day whoever was seen leaving
is checked out; whoever was not is listed as left inside, with one alarm for each gate, and is never checked out in
silence. While the clock is suspect nothing of this happens. However many there are, one alarm stands for a gate.
Leaves to others: the lists (`visit_lists`), putting away (`put_away`), the round's minute (`rounds`).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.core.papers import Visit, VisitState
from gateway.flows import alarms, rounds, visit_lists
from gateway.flows.permits import Step
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.put_away import AT_ONCE, end_visit, file, has_left
from gateway.flows.site import Site

ROUND = "visits-end-of-day"
CHANGES_AT_ONCE = 100
"""Visits that are looked at in one second for what has changed without a step of their own."""


class VisitWatch:
    """Looks each second; one for a gateway."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._told: dict[str, visit_lists.Row] = {}
        self._ahead: list[str] = []

    async def look(self) -> None:
        """One look. What cannot be written now is tried again with the next."""
        site, now = self._site, self._site.clock.now()
        if site.trusted_until is None:
            await note_overstays(site, now)
            await end_the_day(site, now)
        await clear_alarms(site, now)
        self._tell_changes(now)

    def _tell_changes(self, now: datetime) -> None:
        """Some rows change without a step: nobody has answered, a host has left, somebody may have gone unread."""
        site = self._site
        if not site.feed.is_watched:
            self._told.clear()
            return
        if not self._ahead:
            visit_lists.forget_what_is_over(site)
            self._ahead = [visit.id for visit in _live(site)]
            live = set(self._ahead)
            self._told = {id: row for id, row in self._told.items() if id in live}
        moment = visit_lists.moment_of(site, now)
        some, self._ahead = self._ahead[:CHANGES_AT_ONCE], self._ahead[CHANGES_AT_ONCE:]
        for id in some:
            visit = site.directory.papers.by_id.get(f"visit:{id}")
            if not isinstance(visit, Visit):
                continue
            row, before = visit_lists.row_of(site, visit, now, moment), self._told.get(id)
            self._told[id] = row
            if before is not None and before.visit is visit and before != row:
                change = "unanswered" if row.unanswered and not before.unanswered else "judged"
                site.feed.publish(visit_lists.as_event(site, row, change, now))


async def note_overstays(site: Site, now: datetime) -> None:
    """Note those that are new, and raise or count up the alarm of their gates."""
    new = [
        Step(replace(visit, overstayed_at=now), "overstayed", "gateway")
        for visit in _live(site)
        if visit.overstayed_at is None and visit_lists.place_of(site, visit, now) is visit_lists.Place.OVERSTAY
        if not has_left(site, visit)
    ][:AT_ONCE]
    if not new or not await file(site, new, now):
        return
    for place, many in _by_place(site, (step.paper for step in new if isinstance(step.paper, Visit))).items():
        await alarms.raise_alarm(site, alarms.OVERSTAY, place, f"new: {many}")


async def end_the_day(site: Site, now: datetime) -> None:
    """At the set minute: check out whoever was seen leaving, list the others."""
    moment = rounds.moment_due(site, ROUND, site.rules.visits.end_of_day_min)
    if moment is None:
        return
    key = rounds.round_key(ROUND, moment)
    raised: list[alarms.Raised] = []
    try:
        if await site.archive.told([key]):
            rounds.made(site, ROUND, moment)
            return
        steps = [step for visit in _live(site) if (step := _at_the_end(site, visit, now)) is not None]
        if steps:
            await file(site, steps[:AT_ONCE], now)
            return  # the next second goes on with what is left
        listed = [visit for visit in _live(site) if visit.left_inside_at is not None]
        since = moment - timedelta(days=1)
        tonight = [visit for visit in listed if visit.left_inside_at is not None and visit.left_inside_at > since]
        body = {"day": f"{moment:%Y-%m-%d}", "left_inside": [visit.id for visit in tonight], "in_all": len(listed)}
        for place, many in _by_gate(site, listed).items():
            raised.append(alarms.show(site, alarms.LEFT_INSIDE, place, f"visits: {many}"))
        rows = (Entry("visits_end_of_day", now, body, key), *(row for one in raised for row in one.rows))
        await site.ledger.commit(Unit(rows, tuple(change for one in raised for change in one.changes)), 10.0)
    except LedgerUnavailable:
        for one in raised:
            alarms.unwritten(site, one)
        return
    rounds.made(site, ROUND, moment)


async def clear_alarms(site: Site, now: datetime) -> None:
    """The last one of a gate has left."""
    open_ones = [cause for cause in site.alarms.by_cause if cause[0] in (alarms.OVERSTAY, alarms.LEFT_INSIDE)]
    if not open_ones:
        return
    places = {
        alarms.OVERSTAY: set(_by_place(site, (v for v in _live(site) if v.overstayed_at is not None))),
        alarms.LEFT_INSIDE: set(_by_gate(site, [v for v in _live(site) if v.left_inside_at is not None])),
    }
    for condition, place in open_ones:
        if place not in places[condition]:
            await alarms.clear_alarm(site, condition, place)


def _at_the_end(site: Site, visit: Visit, now: datetime) -> Step | None:
    if visit.state is not VisitState.CHECKED_IN:
        return None
    if has_left(site, visit):
        return end_visit(site, replace(visit, state=VisitState.CHECKED_OUT, checked_out_at=now), "checked_out", now)
    if visit.ends_at > now or visit.left_inside_at is not None:
        return None
    return Step(replace(visit, left_inside_at=now), "left_inside", "gateway")


def _live(site: Site) -> Iterator[Visit]:
    for some in site.directory.papers.visits.values():
        yield from some


def _by_place(site: Site, visits: Iterator[Visit]) -> Counter[str]:
    return Counter(visit_lists.portal_of(site, visit) for visit in visits)


def _by_gate(site: Site, visits: list[Visit]) -> Counter[str]:
    gates = visit_lists.gates_of(site)
    return Counter(gates.get(visit_lists.portal_of(site, visit), "") for visit in visits)
