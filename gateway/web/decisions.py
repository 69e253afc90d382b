"""Handlers: what was decided, and the ledger."""

from typing import Any

import msgspec

from gateway.core.rights import Right
from gateway.flows import reading
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


def as_decision(event: dict[str, Any]) -> shapes.DecisionInfo:
    """A decision in the words of the feed, as the API's shape."""
    fields = {name: value for name, value in event.items() if name != "type"}
    try:
        return msgspec.convert(fields, shapes.DecisionInfo)
    except msgspec.ValidationError as error:
        raise Problem(Kind.BUG, "a record has another shape than expected") from error
