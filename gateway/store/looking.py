"""What a check of the configuration looks up in the database: which devices stand where, and which people there are.

Only reads, makes no database and brings none up to date: a check must not change what it looks at. What cannot be read
is said in words, for the check goes on without it.
"""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from gateway.core.coverage import Known, Standing
from gateway.core.kinds import HolderKind
from gateway.store.database import in_short
from gateway.store.tables import devices, holders

_KINDS = {kind.value: kind for kind in HolderKind}


class NotLookedAt(Exception):
    """There is nothing to look at, or it cannot be read; the text says why."""


def look_up(url: str) -> Known:
    """What the database knows. Raises `NotLookedAt`."""
    place = sa.make_url(url)
    if place.get_backend_name() == "sqlite" and not Path(str(place.database)).exists():
        raise NotLookedAt("there is no database yet")
    engine = _engine(place)
    try:
        with engine.connect() as connection:
            return _known(connection)
    except sa.exc.SQLAlchemyError as error:
        raise NotLookedAt(f"the database cannot be read: {in_short(error)}") from error
    finally:
        engine.dispose()


def _engine(place: sa.URL) -> Engine:
    if place.get_backend_name() != "sqlite":
        return sa.create_engine(
            place,
            connect_args={
                "connect_timeout": 3,
                "options": "-c statement_timeout=30000 -c default_transaction_read_only=on",
            },
        )
    # `rw` and not `ro`: a reader that may not write cannot tidy SQLite's side files up after itself.
    file = sa.URL.create("sqlite", database=f"file:{place.database}", query={"mode": "rw", "uri": "true"})
    engine = sa.create_engine(file, connect_args={"timeout": 3})
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only=ON"))
    return engine


def _known(connection: Connection) -> Known:
    standing = connection.execute(
        sa.select(devices.c.id, devices.c.kind, devices.c.portal, devices.c.zone)
        .where(devices.c.retired_at.is_(None))
        .order_by(devices.c.id)
    )
    found = tuple(Standing(row.id, row.kind, row.portal, row.zone) for row in standing)
    count: dict[HolderKind, int] = {}
    groups: dict[HolderKind, set[str]] = {}
    together = sa.select(holders.c.kind, holders.c.groups, sa.func.count().label("many")).group_by(
        holders.c.kind, holders.c.groups
    )
    for kind, listed, many in connection.execute(together):
        count[_KINDS[kind]] = count.get(_KINDS[kind], 0) + many
        groups.setdefault(_KINDS[kind], set()).update(group for group in listed.split(";") if group)
    return Known(found, count, {kind: frozenset(some) for kind, some in groups.items()})
