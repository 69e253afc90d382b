"""Handlers: what was decided, the ledger, the level in force."""

from typing import Any

import msgspec

from gateway.core.levels import effective_level, is_in_force
from gateway.core.rights import Right
from gateway.flows import reading
from gateway.flows.site import Site
from gateway.web import shapes
from gateway.web.context import Call
from gateway.web.problems import Kind, Problem, not_found


async def list_decisions(call: Call) -> shapes.Decisions:
    query = call.query
    wanted = reading.Filter(
        query.portal, query.device, query.direction, query.outcome, query.reason, query.since, query.until
    )
    page = await reading.decisions(call.site, call.parts.records, call.by.ref, wanted, query.before, query.limit)
    return shapes.Decisions([as_decision(event) for event in page.rows], page.next)


async def get_decision(call: Call) -> shapes.DecisionInfo:
    found = await reading.decision(call.site, call.parts.records, call.by.ref, call.number("decision"))
    if found is None:
        raise not_found("decision")
    return as_decision(found)


async def read_ledger(call: Call) -> shapes.LedgerPage:
    """Rows as they stand; the record of who read what only for those who may read that too."""
    page = await reading.ledger(call.site, call.parts.records, call.by.ref, call.query.after, call.query.limit)
    rows = [row for row in page.rows if row.kind != "record_read" or call.may(Right.READ_READS)]
    records = [shapes.LedgerRecord(row.seq, row.at, row.kind, row.key, row.body, row.hash) for row in rows]
    return shapes.LedgerPage(records, page.next)


async def get_level(call: Call) -> shapes.Levels:
    return shapes.Levels(levels(call.site))


def levels(site: Site) -> list[shapes.ZoneLevel]:
    """The level in force in every zone, with the order that settles it."""
    now, orders = site.clock.now(), site.directory.orders
    found = []
    for zone in site.campus.zones:
        level = effective_level(site.campus, orders, zone, now)
        around = frozenset(site.campus.around(zone))
        order = next(
            (o for o in orders if o.level == level and is_in_force(o, now) and not o.zones.isdisjoint(around)), None
        )
        if order is None:
            found.append(shapes.ZoneLevel(zone, int(level), False, None, None, None))
        else:
            found.append(shapes.ZoneLevel(zone, int(level), order.drill, order.starts_at, order.ends_at, order.id))
    return found


def as_decision(event: dict[str, Any]) -> shapes.DecisionInfo:
    """A decision in the words of the feed, as the API's shape."""
    fields = {name: value for name, value in event.items() if name != "type"}
    try:
        return msgspec.convert(fields, shapes.DecisionInfo)
    except msgspec.ValidationError as error:
        raise Problem(Kind.BUG, "a record has another shape than expected") from error
