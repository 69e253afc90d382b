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
from gateway.store import alarms, cameras, tables
from gateway.store.papers import as_row, find_paper
from gateway.store.people import import_change
from gateway.store.retention import erase


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


def _notice_queued(connection: Connection, fact: facts.NoticeQueued, version: int) -> None:
    row: dict[str, Any] = {"id": fact.id, "kind": fact.kind, "about": fact.about, "recipient": fact.recipient}
    row |= {"made_at": fact.made_at, "state": "waiting", "tries": 0, "next_at": fact.next_at}
    connection.execute(sa.insert(tables.outbox), row)


def _notice_moved(connection: Connection, fact: facts.NoticeMoved, version: int) -> None:
    values = {"state": fact.state, "tries": fact.tries, "next_at": fact.next_at, "sent_at": fact.sent_at}
    connection.execute(sa.update(tables.outbox).where(tables.outbox.c.id == fact.id).values(values))


def _host_link_made(connection: Connection, fact: facts.HostLinkMade, version: int) -> None:
    row = {"hash": fact.hash, "visit": fact.visit, "holder": fact.holder}
    connection.execute(sa.insert(tables.host_links), row | {"made_at": fact.made_at, "expires_at": fact.expires_at})


def _host_link_used(connection: Connection, fact: facts.HostLinkUsed, version: int) -> None:
    table = tables.host_links
    connection.execute(sa.update(table).where(table.c.hash == fact.hash).values(used_at=fact.used_at))


def _contact_kept(connection: Connection, fact: facts.ContactKept, version: int) -> None:
    row = {"holder": fact.holder, "phone": fact.phone, "mail": fact.mail, "at": fact.at}
    only = tuple(row) if fact.messenger is None else None
    upsert(connection, tables.contacts, row | {"messenger": fact.messenger or ""}, only)


def _portrait_kept(connection: Connection, fact: facts.PortraitKept, version: int) -> None:
    table = tables.portraits
    if fact.jpeg is None:
        connection.execute(sa.delete(table).where(table.c.holder == fact.holder))
        return
    upsert(connection, table, {"holder": fact.holder, "jpeg": fact.jpeg, "at": fact.at})


def _rows_erased(connection: Connection, fact: facts.RowsErased, version: int) -> None:
    erase(connection, fact.kept, fact.keys, version)


def _passages_counted(connection: Connection, fact: facts.PassagesCounted, version: int) -> None:
    for (portal, direction), count in fact.counts.items():
        row = {"day": fact.day, "portal": portal, "direction": direction, "count": count}
        upsert(connection, tables.passage_counts, row)


def _holder_left(connection: Connection, fact: facts.HolderLeft, version: int) -> None:
    table = tables.holders
    values = {"left_at": fact.at, "suspended": True, "version": version}
    connection.execute(sa.update(table).where(table.c.ref == fact.ref).values(values))


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
    facts.AlarmKept: lambda connection, fact, _: alarms.keep(connection, fact),
    facts.AlarmsClosed: lambda connection, fact, _: alarms.close(connection, fact),
    facts.CredentialStateSet: _credential_state_set,
    facts.PaperFiled: _paper_filed,
    facts.EmergencyMoved: _emergency_moved,
    facts.PassUsed: _pass_used,
    facts.PinSet: _pin_set,
    facts.PreviousKeyDropped: _previous_key_dropped,
    facts.NoticeQueued: _notice_queued,
    facts.NoticeMoved: _notice_moved,
    facts.HostLinkMade: _host_link_made,
    facts.HostLinkUsed: _host_link_used,
    facts.ContactKept: _contact_kept,
    facts.PortraitKept: _portrait_kept,
    facts.RowsErased: _rows_erased,
    facts.PassagesCounted: _passages_counted,
    facts.HolderLeft: _holder_left,
    facts.PeopleChanged: _people_changed,
    facts.CameraChecksKept: lambda connection, fact, _: cameras.keep_checks(connection, fact),
    facts.CameraSpellMoved: lambda connection, fact, _: cameras.move_spell(connection, fact),
    facts.CameraPictureKept: lambda connection, fact, _: cameras.keep_picture(connection, fact),
    facts.CameraLookKept: lambda connection, fact, _: cameras.keep_look(connection, fact),
    facts.CameraLookMoved: lambda connection, fact, _: cameras.move_look(connection, fact),
    facts.CameraStateKept: lambda connection, fact, _: cameras.keep_state(connection, fact),
    facts.CamerasLeft: lambda connection, fact, _: cameras.forget_states(connection, fact),
}
