"""How each fact of `flows/changes.py` is written: one small statement a fact, both databases alike."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from gateway.core.kinds import PresenceState
from gateway.core.papers import Emergency, PaperKind
from gateway.flows import changes as facts
from gateway.flows.ports import Issued
from gateway.store import tables
from gateway.store.papers import as_row, find_paper
from gateway.store.people import import_change


def apply_changes(connection: Connection, changes: Iterable[Any], version: int) -> None:
    """Write `changes` within the transaction under way; `version` is the directory's after it."""
    for change in changes:
        write = _WRITE.get(type(change))
        if write is not None:
            write(connection, change, version)
        else:
            change(connection, version)


def upsert(connection: Connection, table: sa.Table, row: dict[str, Any], only: Iterable[str] | None = None) -> None:
    """Insert `row`, or bring the row with the same primary key up to date; of that `only` these columns."""
    keys = [column.name for column in table.primary_key]
    maker: Any = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = maker(table).values(row)
    rest = {name: statement.excluded[name] for name in only or row if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))


def _presence_moved(connection: Connection, fact: facts.PresenceMoved, version: int) -> None:
    row = {"holder": fact.holder, "zone": fact.zone, "state": fact.state, "since": fact.since}
    upsert(connection, tables.presence, row)


def _presence_doubted(connection: Connection, fact: facts.PresenceDoubted, version: int) -> None:
    if not fact.holders:
        return
    table = tables.presence
    doubted = (
        sa.update(table)
        .where(table.c.holder == sa.bindparam("of"))
        .values(state=PresenceState.UNCERTAIN.value, since=fact.since)
    )
    connection.execute(doubted, [{"of": holder} for holder in fact.holders])


def _events_complete(connection: Connection, fact: facts.EventsComplete, version: int) -> None:
    row = {"device": fact.device, "boot": fact.boot, "seq": fact.seq, "at": fact.at}
    upsert(connection, tables.event_marks, row)


def _plate_noted(connection: Connection, fact: facts.PlateNoted, version: int) -> None:
    connection.execute(sa.insert(tables.plates_seen), {"ref": fact.ref, "plate": fact.plate, "at": fact.at})


_POSTURE = ("version", "body")
_LISTS = ("list_version", "list_digest", "list_expires_at", "list_directory", "revoked_version", "revoked_tokens")


def _note_kept(connection: Connection, fact: facts.NoteKept, version: int) -> None:
    connection.execute(sa.insert(tables.notes), {"ref": fact.ref, "text": fact.text, "at": fact.at})


def _posture_issued(connection: Connection, fact: facts.PostureIssued, version: int) -> None:
    upsert(connection, tables.postures, _as_issued_row(fact.device, fact.issued), _POSTURE)


def _lists_issued(connection: Connection, fact: facts.ListsIssued, version: int) -> None:
    upsert(connection, tables.postures, _as_issued_row(fact.device, fact.issued), _LISTS)


def _as_issued_row(device: str, issued: Issued) -> dict[str, Any]:
    return {
        "device": device,
        "version": issued.version,
        "body": issued.body.decode(),
        "list_version": issued.list_version,
        "list_digest": issued.list_digest,
        "list_expires_at": issued.list_expires_at,
        "list_directory": issued.list_directory,
        "revoked_version": issued.revoked_version,
        "revoked_tokens": msgspec.json.encode(issued.revoked_tokens).decode(),
    }


def _alarm_raised(connection: Connection, fact: facts.AlarmRaised, version: int) -> None:
    upsert(
        connection,
        tables.alarms,
        {
            "id": fact.id,
            "condition": fact.condition,
            "place": fact.place,
            "priority": fact.priority,
            "detail": fact.detail,
            "state": fact.state,
            "count": fact.count,
            "opened_at": fact.opened_at,
            "last_at": fact.last_at,
        },
    )


def _alarm_moved(connection: Connection, fact: facts.AlarmMoved, version: int) -> None:
    values: dict[str, Any] = {"state": fact.state}
    if fact.state == "closed":
        values |= {"closed_at": fact.at, "disposal": fact.disposal}
    elif fact.state == "acknowledged":
        values |= {"acknowledged_by": fact.by}
    connection.execute(sa.update(tables.alarms).where(tables.alarms.c.id == fact.id).values(values))


def _credential_state_set(connection: Connection, fact: facts.CredentialStateSet, version: int) -> None:
    connection.execute(
        sa.update(tables.credentials)
        .where(tables.credentials.c.ref == fact.ref)
        .values(state=fact.state, version=version)
    )


def _paper_filed(connection: Connection, fact: facts.PaperFiled, version: int) -> None:
    upsert(connection, tables.papers, as_row(fact.paper, version))


def _emergency_moved(connection: Connection, fact: facts.EmergencyMoved, version: int) -> None:
    known = find_paper(connection, PaperKind.EMERGENCY, fact.emergency.id)
    before = known if isinstance(known, Emergency) else fact.emergency
    inputs = {name: boot for name, boot in before.inputs.items() if name != fact.input}
    if fact.input is not None and fact.boot is not None:
        inputs[fact.input] = fact.boot
    upsert(connection, tables.papers, as_row(replace(before, **{**fact.fields, "inputs": inputs}), version))


def _pass_used(connection: Connection, fact: facts.PassUsed, version: int) -> None:
    connection.execute(sa.update(tables.credentials).where(tables.credentials.c.ref == fact.ref).values(used=fact.used))


def _pin_set(connection: Connection, fact: facts.PinSet, version: int) -> None:
    if fact.digest is None:
        connection.execute(sa.delete(tables.pins).where(tables.pins.c.holder == fact.holder))
        return
    row = {"holder": fact.holder, "digest": fact.digest, "duress": fact.duress, "set_at": fact.set_at}
    upsert(connection, tables.pins, row)


def _previous_key_dropped(connection: Connection, fact: facts.PreviousKeyDropped, version: int) -> None:
    connection.execute(
        sa.update(tables.devices)
        .where(tables.devices.c.id == fact.device)
        .values(previous_key=None, previous_key_until=None)
    )


def _people_changed(connection: Connection, fact: facts.PeopleChanged, version: int) -> None:
    import_change(fact.plan)(connection, version)


_WRITE: dict[type, Callable[[Connection, Any, int], None]] = {
    facts.PresenceMoved: _presence_moved,
    facts.PresenceDoubted: _presence_doubted,
    facts.EventsComplete: _events_complete,
    facts.PlateNoted: _plate_noted,
    facts.NoteKept: _note_kept,
    facts.PostureIssued: _posture_issued,
    facts.ListsIssued: _lists_issued,
    facts.AlarmRaised: _alarm_raised,
    facts.AlarmMoved: _alarm_moved,
    facts.CredentialStateSet: _credential_state_set,
    facts.PaperFiled: _paper_filed,
    facts.EmergencyMoved: _emergency_moved,
    facts.PassUsed: _pass_used,
    facts.PinSet: _pin_set,
    facts.PreviousKeyDropped: _previous_key_dropped,
    facts.PeopleChanged: _people_changed,
}
