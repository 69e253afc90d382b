"""The moment comes: an order starts or ends, and every zone, device and screen follows.

Theory. Decisions read the orders with the time of each tap, so verdicts change on the second by themselves. What is
done here is the rest: the ledger tells once of each start and end, with the moment at which it was due and the one at
which it was noticed; devices get their postures; screens are told. What has been carried out already stands in the
order's own paper, written in one unit with the rows: after a restart, or a machine that slept, everything that was due
meanwhile is carried out in its order, and nothing twice.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.core import orders as life
from gateway.core.levels import Moment
from gateway.core.order_course import Step, due_steps, next_moment
from gateway.core.papers import Lack, Order, OrderState, PaperKind
from gateway.flows import alarms, directory_watch, order_acts, postures
from gateway.flows.changes import PaperFiled
from gateway.flows.ports import Entry, Known, LedgerUnavailable, Outdated, Unit
from gateway.flows.site import Site

WITHIN_S = 10.0
TRIES = 20
AHEAD_S = 2.0
"""A start or end that is nearer than this gets a timer of its own; the beat of each second sees to the others."""
AGAIN_AFTER = timedelta(hours=24)
"""An order that still lacks something is alarmed again after so long, if somebody closed the alarm."""

ORDER_OVERDUE = alarms.ORDER_OVERDUE

WORDS = {
    Lack.COUNTERSIGNATURE: "a principal's countersignature is missing",
    Lack.CONFIRMATION: "the leader has not confirmed what was raised by word",
    Lack.NUMBER: "the document's number is missing",
}


class LevelKeeper:
    """Looks each second, and sets a timer for what comes sooner. One for a gateway; `close` when it ends."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._timer: asyncio.TimerHandle | None = None
        self._alarmed: dict[str, datetime] = {}
        self._known: tuple[int, list[Order]] = (-1, [])

    async def look(self) -> None:
        """Carry out what is due, and look after what has to follow."""
        await carry_out(self._site)
        await self._look_for_the_overdue()
        self._set_timer()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _set_timer(self) -> None:
        self.close()
        site = self._site
        now = site.clock.now()
        moment = next_moment(site.world.orders, now)
        if moment is None:
            return
        left_s = site.clock.lasted_s(moment - now)
        if left_s <= AHEAD_S:
            self._timer = site.loop.call_later(max(0.0, left_s), lambda: site.spawn(carry_out(site)))

    async def _look_for_the_overdue(self) -> None:
        site = self._site
        if site.trusted_until is not None:
            return  # by this clock nothing is late
        now = site.clock.now()
        if self._known[0] != site.directory.version:
            self._known = (site.directory.version, live_orders(site))
        live = {order.id: order for order in self._known[1]}
        for order in live.values():
            if not (life.is_overdue(order, now) or life.waits_too_long(order, now)):
                continue
            said = self._alarmed.get(order.id)
            is_open = (ORDER_OVERDUE, order.id) in site.alarms.by_cause
            if said is None and is_open:
                self._alarmed[order.id] = now
            elif said is None or (now - said >= AGAIN_AFTER and not is_open):
                self._alarmed[order.id] = now
                await alarms.raise_alarm(site, ORDER_OVERDUE, order.id, _what_is_late(order))
        for condition, place in list(site.alarms.by_cause):
            if condition != ORDER_OVERDUE:
                continue
            late = live.get(place)
            if late is None or not (life.is_overdue(late, now) or life.waits_too_long(late, now)):
                self._alarmed.pop(place, None)
                await alarms.clear_alarm(site, ORDER_OVERDUE, place)


async def carry_out(site: Site) -> None:
    """Everything that is due by now. While the ledger is away decisions follow the time all the same, and the rows and
    postures come when it is back."""
    told_before = False
    for attempt in range(TRIES):
        now = site.clock.now()
        steps = due_steps(site.campus, site.world.orders, now, site.trusted_until)
        if not steps:
            return
        if attempt == 0:
            postures.issue_at_once(site, list(site.devices))  # what is stricter waits for no record
        unit = _unit(site, steps, now, told_before)
        try:
            result = await site.ledger.commit(unit, WITHIN_S)
        except LedgerUnavailable:
            return
        if isinstance(result, Outdated):
            await site.refresh_directory()
            continue
        if isinstance(result, Known):
            told_before = True  # a clock that was set back has brought the same moment twice
            continue
        await directory_watch.take_over(site)
        publish_changes(site, unit.entries)
        return


async def begin(site: Site) -> None:
    """At the start, and when a clock that was wrong is right again: what it had ended too early counts again, and
    every device gets what holds now."""
    now = site.clock.now()
    latest = Moment(now, site.trusted_until).latest
    ended = [paper for paper in await site.archive.papers(PaperKind.ORDER, live=False) if isinstance(paper, Order)]
    ended += [order for order in live_orders(site) if order.state is OrderState.EXPIRED]
    for order in ended:
        if order.state is OrderState.EXPIRED and order.ends_at is not None and order.ends_at > latest:
            again = replace(order, state=OrderState.SIGNED, in_force_since=None)
            unit = Unit((order_acts.resumed(again, now),), (PaperFiled(again),), directory=True)
            await site.ledger.commit(unit, WITHIN_S)
    await site.refresh_directory()
    await carry_out(site)


async def follow_clock(site: Site) -> None:
    """The clock has become suspect, or good again: levels and devices follow."""
    try:
        if site.trusted_until is None:
            await begin(site)
        else:
            await carry_out(site)
        await postures.issue(site, list(site.devices))
    except LedgerUnavailable:
        return  # the beat tries again


def live_orders(site: Site) -> list[Order]:
    """All orders that still matter, drafts and requests too."""
    return [paper for paper in site.directory.papers.by_id.values() if isinstance(paper, Order)]


def publish_changes(site: Site, entries: Iterable[Entry]) -> None:
    """Tell the screens of every level that these rows change."""
    for entry in entries:
        if entry.kind == "level_changed":
            site.feed.publish(_as_event(entry))


def _as_event(entry: Entry) -> dict[str, Any]:
    return {"type": "level", "at": entry.at} | entry.body


def _unit(site: Site, steps: list[Step], now: datetime, told_before: bool) -> Unit:
    rows: list[Entry] = []
    papers: dict[str, Order] = {}
    suffix = f":{round(now.timestamp() * 1000)}" if told_before else ""
    for step in steps:
        for order in step.started:
            rows.append(order_acts.started(order, step.due_at, now, f"o:{order.id}:started{suffix}"))
        for order in step.ended:
            rows.append(order_acts.ended(order, step.due_at, now, f"o:{order.id}:ended{suffix}"))
        rows.extend(order_acts.held_back(order, now) for order in step.held_back)
        rows.extend(order_acts.level_changed(change, step.due_at, now) for change in step.changes)
        papers.update((order.id, order) for order in (*step.started, *step.ended, *step.held_back))
    changes = tuple(PaperFiled(order) for order in papers.values())
    return Unit(tuple(rows), changes, directory=True, based_on=site.directory.version)


def _what_is_late(order: Order) -> str:
    late = "; ".join(WORDS[lack] for lack in order.lacks)
    return late or "requested, and neither signed nor refused when its start came"
