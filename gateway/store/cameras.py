"""The cameras' tables: how checks, spells, references and pictures are written and read.

Promises: a batch of checks that is written a second time (a commit whose outcome the connection took with it) changes
nothing; the sums of the hours always are what the rows say that were written with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from gateway.core.cameras import Finding, Miss
from gateway.core.papers import PaperKind
from gateway.flows import changes as facts
from gateway.flows.cameras import CameraHour, Check, KeptState, LookOf, SmallPicture, Spell, Tally
from gateway.flows.checks_text import findings_text, measures_text
from gateway.store.database import Database
from gateway.store.tables import (
    alarms,
    camera_checks,
    camera_hours,
    camera_pictures,
    camera_references,
    camera_spells,
    camera_states,
    papers,
)

_COUNTS = ("planned", "done", "missed_camera", "missed_gateway", "missed_overload", "missed_maintenance", "healthy")


# ---------------------------------------------------------------- writing


def keep_checks(connection: Connection, fact: facts.CameraChecksKept) -> None:
    """Rows and sums. All rows of a fact are written together, so the first tells whether it was written before."""
    if not fact.checks:
        return
    first, table = fact.checks[0], camera_checks
    known = sa.select(table.c.batch).where(table.c.camera == first.camera, table.c.due_at == first.due_at)
    if connection.execute(known).first() is not None:
        return
    rows = [
        {
            "camera": check.camera,
            "due_at": check.due_at,
            "at": check.at,
            "miss": None if check.miss is None else check.miss.value,
            "findings": findings_text(check.findings),
            "measures": measures_text(check.measures),
            "batch": fact.batch,
        }
        for check in fact.checks
    ]
    connection.execute(_maker(connection)(table).on_conflict_do_nothing(), rows)
    sums: dict[tuple[str, datetime], Tally] = {}
    for check in fact.checks:
        sums.setdefault((check.camera, hour_of(check.due_at)), Tally()).add(check)
    connection.execute(_adding(connection), [_hour_row(*key, tally) for key, tally in sums.items()])


def _maker(connection: Connection) -> Any:
    return sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert


def _adding(connection: Connection) -> Any:
    statement = _maker(connection)(camera_hours)
    grown = {name: camera_hours.c[name] + statement.excluded[name] for name in _COUNTS}
    return statement.on_conflict_do_update(index_elements=["camera", "hour"], set_=grown)


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _hour_row(camera: str, hour: datetime, tally: Tally) -> dict[str, Any]:
    missed = {f"missed_{miss.value}": count for miss, count in tally.missed.items()}
    counts = {"planned": tally.planned, "done": tally.done, "healthy": tally.healthy}
    return {"camera": camera, "hour": hour, **counts, **missed}


def move_spell(connection: Connection, fact: facts.CameraSpellMoved) -> None:
    spell = fact.spell
    row = {
        "id": spell.id,
        "camera": spell.camera,
        "finding": spell.finding.value,
        "began_at": spell.began_at,
        "raised_at": spell.raised_at,
        "cleared_at": spell.cleared_at,
        "value": msgspec.json.encode([spell.value, spell.threshold]).decode(),
    }
    _put(connection, camera_spells, row)


def keep_picture(connection: Connection, fact: facts.CameraPictureKept) -> None:
    picture = fact.picture
    row = {"id": picture.id, "camera": picture.camera, "at": picture.at, "why": picture.why, "of": picture.of}
    _put(connection, camera_pictures, row | {"jpeg": picture.jpeg})


def keep_look(connection: Connection, fact: facts.CameraLookKept) -> None:
    _put(connection, camera_references, _look_row(fact.look) | {"body": fact.body})


def move_look(connection: Connection, fact: facts.CameraLookMoved) -> None:
    table = camera_references
    connection.execute(sa.update(table).where(table.c.id == fact.look.id).values(_look_row(fact.look)))


def _look_row(look: LookOf) -> dict[str, Any]:
    return {field.name: getattr(look, field.name) for field in fields(LookOf)}


def keep_state(connection: Connection, fact: facts.CameraStateKept) -> None:
    state = fact.state
    row = {"camera": state.camera, "checked_until": state.checked_until}
    row |= {name: msgspec.json.encode(getattr(state, name)).decode() for name in ("health", "recording")}
    _put(connection, camera_states, row)


def forget_states(connection: Connection, fact: facts.CamerasLeft) -> None:
    connection.execute(sa.delete(camera_states).where(camera_states.c.camera.in_(fact.cameras)))


def _put(connection: Connection, table: sa.Table, row: Mapping[str, Any]) -> None:
    keys = [column.name for column in table.primary_key]
    statement = _maker(connection)(table).values(row)
    rest = {name: statement.excluded[name] for name in row if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))


# ---------------------------------------------------------------- reading


class StoredCameras:
    """What the store answers about cameras: see `flows.cameras.CameraReads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def checks(self, camera: str, since: datetime, until: datetime, limit: int = 2_000) -> list[Check]:
        table = camera_checks
        query = (
            sa.select(table)
            .where(table.c.camera == camera, table.c.due_at >= since, table.c.due_at < until)
            .order_by(table.c.due_at.desc())
            .limit(limit)
        )
        return await self._database.read(lambda connection: [_check(row) for row in connection.execute(query)])

    async def hours(self, since: datetime, until: datetime, camera: str | None = None) -> list[CameraHour]:
        table = camera_hours
        query = sa.select(table).where(table.c.hour >= since, table.c.hour < until)
        if camera is not None:
            query = query.where(table.c.camera == camera)
        query = query.order_by(table.c.camera, table.c.hour)
        return await self._database.read(lambda connection: [_hour(row) for row in connection.execute(query)])

    async def spells(
        self, since: datetime, until: datetime, camera: str | None = None, limit: int = 5_000
    ) -> list[Spell]:
        table = camera_spells
        stood = sa.or_(table.c.cleared_at.is_(None), table.c.cleared_at > since)
        query = sa.select(table).where(table.c.raised_at < until, stood)
        if camera is not None:
            query = query.where(table.c.camera == camera)
        return await self._spells(query.order_by(table.c.raised_at).limit(limit))

    async def spell(self, id: str) -> Spell | None:
        return next(iter(await self._spells(sa.select(camera_spells).where(camera_spells.c.id == id))), None)

    async def open_spells(self) -> list[Spell]:
        table = camera_spells
        return await self._spells(sa.select(table).where(table.c.cleared_at.is_(None)).order_by(table.c.raised_at))

    async def _spells(self, query: sa.Select[Any]) -> list[Spell]:
        return await self._database.read(lambda connection: [_spell(row) for row in connection.execute(query)])

    async def looks(self, camera: str) -> list[LookOf]:
        table = camera_references
        return await self._looks(table.c.camera == camera, table.c.made_at.desc())

    async def looks_in_use(self) -> list[LookOf]:
        table = camera_references
        return await self._looks(table.c.state != "retired", table.c.camera, table.c.state, table.c.made_at)

    async def _looks(self, wanted: Any, *order: Any) -> list[LookOf]:
        columns = [column for column in camera_references.c if column.name != "body"]
        query = sa.select(*columns).where(wanted).order_by(*order)
        return await self._database.read(
            lambda connection: [LookOf(**row._mapping) for row in connection.execute(query)]
        )

    async def look_body(self, id: str) -> bytes | None:
        query = sa.select(camera_references.c.body).where(camera_references.c.id == id)
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def picture(self, id: str) -> SmallPicture | None:
        found = await self._pictures(camera_pictures.c.id == id)
        return found[0] if found else None

    async def pictures_of(self, of: str) -> list[SmallPicture]:
        return await self._pictures(camera_pictures.c.of == of)

    async def _pictures(self, wanted: Any) -> list[SmallPicture]:
        query = sa.select(camera_pictures).where(wanted).order_by(camera_pictures.c.at).limit(200)
        return await self._database.read(
            lambda connection: [SmallPicture(**row._mapping) for row in connection.execute(query)]
        )

    async def states(self) -> dict[str, KeptState]:
        return await self._database.read(load_states)

    async def batch(self, number: int) -> list[Check]:
        query = (
            sa.select(camera_checks)
            .where(camera_checks.c.batch == number)
            .order_by(camera_checks.c.camera, camera_checks.c.due_at)
        )
        return await self._database.read(lambda connection: [_check(row) for row in connection.execute(query)])


def load_states(connection: Connection) -> dict[str, KeptState]:
    """By camera; `checked_until` is the newest check on record where that is later."""
    found = {}
    table = camera_checks
    newest = sa.select(table.c.due_at, table.c.miss).where(table.c.camera == sa.bindparam("camera"))
    newest = newest.order_by(table.c.due_at.desc()).limit(1)
    for row in connection.execute(sa.select(camera_states)).all():
        last = connection.execute(newest, {"camera": row.camera}).first()
        found[row.camera] = KeptState(
            row.camera,
            row.checked_until if last is None else max(last.due_at, row.checked_until),
            msgspec.json.decode(row.health),
            msgspec.json.decode(row.recording),
        )
    return found


def _check(row: Any) -> Check:
    return Check(
        row.camera,
        row.due_at,
        row.at,
        None if row.miss is None else Miss(row.miss),
        tuple(Finding(name) for name in row.findings.split()),
        msgspec.json.decode(row.measures) if row.measures else {},
    )


def _hour(row: Any) -> CameraHour:
    missed = {miss: getattr(row, f"missed_{miss.value}") for miss in Miss}
    return CameraHour(row.camera, row.hour, Tally(row.done, row.healthy, missed))


def _spell(row: Any) -> Spell:
    value, threshold = msgspec.json.decode(row.value)
    finding = Finding(row.finding)
    return Spell(row.id, row.camera, finding, row.began_at, row.raised_at, row.cleared_at, value, threshold)


# ---------------------------------------------------------------- erasing: see `retention`


def days_due(connection: Connection, before: datetime, limit: int) -> list[str]:
    """Camera and day, of which single checks are older than `before`, the whole day at a time."""
    table = camera_checks
    found: list[str] = []
    camera = ""
    # From camera to camera by the index: there may be 25 million rows.
    following = sa.select(sa.func.min(table.c.camera)).where(table.c.camera > sa.bindparam("camera"))
    while len(found) < limit and (next_one := connection.execute(following, {"camera": camera}).scalar()) is not None:
        camera = next_one
        oldest = sa.select(sa.func.min(table.c.due_at)).where(table.c.camera == camera)
        first: datetime | None = connection.execute(oldest).scalar()
        if first is not None and (day := first.astimezone(UTC).date()) < before.astimezone(UTC).date():
            found.append(f"{camera} {day.isoformat()}")
    return found


def erase_days(connection: Connection, keys: Sequence[str]) -> None:
    """Single checks of these days; the hours' sums stay."""
    for key in keys:
        camera, day = key.split()
        begin = datetime.fromisoformat(day).replace(tzinfo=UTC)
        table = camera_checks
        old = (table.c.camera == camera, table.c.due_at >= begin, table.c.due_at < begin + timedelta(days=1))
        connection.execute(sa.delete(table).where(*old))


def pictures_due(connection: Connection, before: datetime, limit: int) -> list[str]:
    """Pictures of findings that are mended and of alarms that are closed, unless somebody still has to mend something
    at that camera, or an open incident is about them. Those of references stay as long as these are in use, and then
    until nothing stands at the camera any more that was held against them."""
    pictures, spells = camera_pictures, camera_spells
    stands = sa.exists().where(spells.c.id == pictures.c.of, spells.c.cleared_at.is_(None))
    anything_stands = sa.exists().where(spells.c.camera == pictures.c.camera, spells.c.cleared_at.is_(None))
    of_a_look = pictures.c.why == "reference"
    query = (
        sa.select(pictures.c.id)
        .where(
            pictures.c.at < before,
            sa.or_(sa.not_(of_a_look), sa.and_(_is_retired(before), sa.not_(anything_stands))),
            sa.not_(stands),
            sa.not_(_is_open()),
            sa.not_(_is_at_work()),
            sa.not_(_is_of_an_incident()),
        )
        .order_by(pictures.c.at)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def _is_retired(before: datetime) -> Any:
    """The reference that the picture is of has not been in use since then."""
    looks = camera_references
    return sa.exists().where(looks.c.id == camera_pictures.c.of, looks.c.retired_at < before)


def _is_open() -> Any:
    return sa.exists().where(alarms.c.id == camera_pictures.c.of, alarms.c.closed_at.is_(None))


def _is_at_work() -> Any:
    order = sa.and_(papers.c.kind == PaperKind.WORK_ORDER.value, papers.c.live)
    return sa.exists().where(order, papers.c.subject == camera_pictures.c.camera)


def _is_of_an_incident() -> Any:
    """The picture, or the alarm that it is of, stands in an incident that is open."""
    incident = sa.and_(papers.c.kind == PaperKind.INCIDENT.value, papers.c.live)
    named = sa.or_(papers.c.body.contains(camera_pictures.c.of), papers.c.body.contains(camera_pictures.c.id))
    return sa.exists().where(incident, named)


def erase_pictures(connection: Connection, keys: Sequence[str]) -> None:
    """These pictures; of an old reference what it was made of, when it was in use, and its numbers stay."""
    looks = camera_references
    connection.execute(sa.update(looks).where(looks.c.picture.in_(keys)).values(picture=None))
    connection.execute(sa.delete(camera_pictures).where(camera_pictures.c.id.in_(keys)))
