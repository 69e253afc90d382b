"""The outbox and the links of hosts, read: the SQL behind `gateway.flows.outbox` and `gateway.flows.host_links`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.flows.ports import HostLink, Notice
from gateway.store.tables import host_links, outbox

_COLUMNS = (
    outbox.c.id,
    outbox.c.kind,
    outbox.c.about,
    outbox.c.recipient,
    outbox.c.made_at,
    outbox.c.tries,
    outbox.c.state,
    outbox.c.sent_at,
)
AT_ONCE = 500
"""Names in one question: databases limit how many it may have."""


def due(connection: Connection, now: datetime, limit: int) -> list[Notice]:
    """Notices that wait and whose time has come, the oldest first."""
    wanted = (
        sa.select(*_COLUMNS)
        .where(outbox.c.state == "waiting", outbox.c.next_at <= now)
        .order_by(outbox.c.next_at, outbox.c.id)
        .limit(limit)
    )
    return [_notice(row) for row in connection.execute(wanted)]


def about(connection: Connection, kind: str, ids: Sequence[str]) -> list[Notice]:
    """What was to be told of these things, the oldest first."""
    found: list[Notice] = []
    for first in range(0, len(ids), AT_ONCE):
        wanted = sa.select(*_COLUMNS).where(
            outbox.c.kind == kind, outbox.c.about.in_(list(ids[first : first + AT_ONCE]))
        )
        found += [_notice(row) for row in connection.execute(wanted)]
    return sorted(found, key=lambda one: (one.made_at, one.id))


def host_link(connection: Connection, hash: str) -> HostLink | None:
    """The link whose secret has this SHA-256."""
    row = connection.execute(sa.select(host_links).where(host_links.c.hash == hash)).first()
    return None if row is None else HostLink(row.visit, row.holder, row.made_at, row.expires_at, row.used_at)


def _notice(row: Any) -> Notice:
    return Notice(row.id, row.kind, row.about, row.recipient, row.made_at, row.tries, row.state, row.sent_at)
