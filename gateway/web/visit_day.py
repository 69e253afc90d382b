"""Handlers: today's visits at a gate. The answer names visitors, so each is recorded as a read."""

import asyncio
from typing import Any

import msgspec

from gateway.flows import reading, visit_lists
from gateway.flows.site import Site
from gateway.flows.visit_lists import Row
from gateway.web import visit_day_shapes as shapes
from gateway.web.context import Call
from gateway.web.problems import not_found


async def get_day(call: Call) -> shapes.GateDay:
    """Expected, inside, too long inside, unanswered, left inside: each row small enough for two thousand of them."""
    site, gate = call.site, call.path("gate")
    if not visit_lists.is_gate(site, gate):
        raise not_found("gate")
    await asyncio.to_thread(site.finder.prepare)  # once; then it is there
    now = site.clock.now()
    day = await visit_lists.day(site, gate, now)
    counts = shapes.DayCounts(
        len(day.expected),
        len(day.inside),
        len(day.overstays),
        len(day.unanswered),
        len(day.left_inside),
        day.refused_now,
    )
    await reading.note(
        site, call.by.ref, "visits_of_the_day", counts.expected + counts.inside + counts.overstays + counts.left_inside
    )
    return shapes.GateDay(
        now,
        _lines(site, day.expected),
        _lines(site, day.inside),
        _lines(site, day.overstays),
        _lines(site, day.unanswered),
        _lines(site, day.left_inside),
        counts,
    )


def _lines(site: Site, rows: list[Row]) -> list[shapes.VisitLine]:
    """Each row is spelled once, and kept until it is another: of two thousand only a few are."""
    return [_line(site, row) for row in rows]


def _line(site: Site, row: Row) -> Any:
    known = site.visits_judged.get(row.visit.id)
    if known is None or known.row is not row:
        return shapes.VisitLine(**visit_lists.as_line(site, row))
    if known.shown is None:
        known.shown = msgspec.Raw(msgspec.json.encode(shapes.VisitLine(**visit_lists.as_line(site, row))))
    return known.shown
