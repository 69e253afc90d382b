"""Alarms on disk: the open ones as the gateway holds them, the closed ones for whoever looks back.

Promises: what is written of an open alarm is the whole of it, so that the row written last is right; steps and calls
are one small JSON text, because nobody asks the database about them. Leaves to others: when something is written, and
erasing (`retention`).
"""

from dataclasses import asdict, fields
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Row

from gateway.flows import changes as facts
from gateway.flows.open_alarms import Alarm, AlarmCall
from gateway.flows.reading import PastAlarm
from gateway.store.tables import alarms

ELSEWHERE = frozenset({"pictures", "steps_done", "calls"})
AS_THEY_ARE = tuple(field.name for field in fields(Alarm) if field.name not in ELSEWHERE)
"""Fields that are columns of the same name; of the others two are in `work`, and pictures have a table."""
CHUNK = 500


class _Work(msgspec.Struct):
    """What people have done about an alarm so far."""

    steps: tuple[str, ...] = ()
    calls: tuple[AlarmCall, ...] = ()


def keep(connection: Connection, fact: facts.AlarmKept) -> None:
    """Write an open alarm, whether it is there already or not. One that was closed meanwhile stays closed."""
    alarm = fact.alarm
    row: dict[str, Any] = {name: getattr(alarm, name) for name in AS_THEY_ARE}
    row["work"] = _as_text(alarm)
    maker: Any = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = maker(alarms).values(row)
    rest = {name: statement.excluded[name] for name in row if name not in ("id", "condition", "place", "opened_at")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_=rest, where=alarms.c.closed_at.is_(None))
    )


def close(connection: Connection, fact: facts.AlarmsClosed) -> None:
    """Close them; what they were stays."""
    values = {"state": "closed", "closed_at": fact.at, "disposal_code": fact.code, "disposal": fact.words}
    for start in range(0, len(fact.ids), CHUNK):
        some = fact.ids[start : start + CHUNK]
        connection.execute(sa.update(alarms).where(alarms.c.id.in_(some)).values(values))


def load_open_alarms(connection: Connection) -> list[Alarm]:
    """Alarms that nobody has closed yet; entries before their members."""
    rows = connection.execute(sa.select(alarms).where(alarms.c.state != "closed").order_by(alarms.c.opened_at)).all()
    found = [_open(row) for row in rows]
    entries = {alarm.id for alarm in found if alarm.in_group is None}
    return sorted(found, key=lambda alarm: alarm.in_group in entries)


def find_past(connection: Connection, state: str | None, limit: int) -> list[PastAlarm]:
    """Alarms of one state, or those that are not closed, the newest first."""
    wanted = sa.select(alarms).order_by(alarms.c.last_at.desc()).limit(limit)
    wanted = wanted.where(alarms.c.state != "closed" if state is None else alarms.c.state == state)
    return [past(row) for row in connection.execute(wanted)]


def find_one(connection: Connection, id: str) -> PastAlarm | None:
    """One alarm, open or closed."""
    row = connection.execute(sa.select(alarms).where(alarms.c.id == id)).first()
    return None if row is None else past(row)


def past(row: Row[Any]) -> PastAlarm:
    """An alarm as it was."""
    return PastAlarm(_open(row), row.closed_at, row.disposal_code, row.disposal)


def _open(row: Row[Any]) -> Alarm:
    values = dict(row._mapping)  # a row is a tuple, and tuples have a count of their own
    values |= {"zone": row.zone or "", "room": row.room or ""}  # of before there were any
    work = _Work() if row.work is None else msgspec.json.decode(row.work, type=_Work)
    return Alarm(**{name: values[name] for name in AS_THEY_ARE}, steps_done=work.steps, calls=work.calls)


def _as_text(alarm: Alarm) -> str | None:
    if not alarm.steps_done and not alarm.calls:
        return None
    calls = [asdict(call) for call in alarm.calls]
    return msgspec.json.encode({"steps": alarm.steps_done, "calls": calls}).decode()
