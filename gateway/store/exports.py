"""The rows of an export: what happened in a time, people by reference. Reads only; names are put in by the flow."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.papers import ExportWhat, PaperKind
from gateway.store.tables import alarms, ledger, papers

_KIND = {ExportWhat.PASSAGES: "presence", ExportWhat.DECISIONS: "decision"}


def count(connection: Connection, what: ExportWhat, since: datetime, until: datetime, at_most: int) -> int:
    """How many rows there are; `at_most` for as many or more."""
    some = _query(what, since, until).limit(at_most).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def rows(
    connection: Connection, what: ExportWhat, since: datetime, until: datetime, at_most: int
) -> list[dict[str, Any]]:
    """The rows, the oldest first."""
    read = _READ[what]
    return [read(row._mapping) for row in connection.execute(_query(what, since, until).limit(at_most))]


def _query(what: ExportWhat, since: datetime, until: datetime) -> sa.Select[Any]:
    if what is ExportWhat.VISITS:
        within = (papers.c.kind == PaperKind.VISIT.value, papers.c.starts_at >= since, papers.c.starts_at < until)
        return sa.select(papers.c.body).where(*within).order_by(papers.c.starts_at, papers.c.id)
    if what is ExportWhat.ALARMS:
        opened = (alarms.c.opened_at >= since, alarms.c.opened_at < until)
        return sa.select(alarms).where(*opened).order_by(alarms.c.opened_at, alarms.c.id)
    first, last = (round(moment.timestamp() * 1000) for moment in (since, until))
    told = (ledger.c.at >= first, ledger.c.at < last, ledger.c.kind == _KIND[what])
    return sa.select(ledger.c.seq, ledger.c.at, ledger.c.body).where(*told).order_by(ledger.c.seq)


def _told(row: Mapping[Any, Any]) -> dict[str, Any]:
    at = datetime.fromtimestamp(row["at"] / 1000, UTC)
    body: dict[str, Any] = msgspec.json.decode(row["body"])
    return body | {"seq": row["seq"], "at": at}


_READ: Mapping[ExportWhat, Callable[[Mapping[Any, Any]], dict[str, Any]]] = {
    ExportWhat.VISITS: lambda row: msgspec.json.decode(row["body"]),
    ExportWhat.ALARMS: dict,
    ExportWhat.PASSAGES: _told,
    ExportWhat.DECISIONS: _told,
}
