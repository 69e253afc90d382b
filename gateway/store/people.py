"""People and their credentials in the database: the SQL behind `gateway.flows.people_import`."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.kinds import CredentialKind, CredentialState, HolderKind
from gateway.flows.people_import import ContactRow, CredentialRow, HolderRow, Known, Plan
from gateway.store.tables import contacts, credentials, head, holders, papers

Change = Callable[[Connection, int], None]

_KINDS = {kind.value: kind for kind in HolderKind}
_CREDENTIAL_KINDS = {kind.value: kind for kind in CredentialKind}
_STATES = {state.value: state for state in CredentialState}


def known_people(connection: Connection) -> Known:
    """Everybody there is, with the version of the directory at which it was read."""
    return _known(connection, None)


def known_about(connection: Connection, id: str, values: Sequence[str]) -> Known:
    """The same of one person, and of whoever holds one of these cards or plates; for a change of one."""
    holding = sa.select(credentials.c.holder).where(credentials.c.value.in_(values))
    return _known(connection, sa.or_(holders.c.id == id, holders.c.ref.in_(holding)))


def _known(connection: Connection, whose: sa.ColumnElement[bool] | None) -> Known:
    """Of those whose row of `holders` is so; None: of everybody."""

    def of(wanted: sa.Select[Any], holder: sa.ColumnElement[str]) -> sa.Select[Any]:
        return wanted if whose is None else wanted.where(holder.in_(sa.select(holders.c.ref).where(whose)))

    version = int(connection.execute(sa.select(head.c.directory_version).where(head.c.id == 1)).scalar_one())
    columns = (holders.c.ref, holders.c.id, holders.c.name, holders.c.kind, holders.c.groups, holders.c.dormitory)
    has_left = holders.c.left_at.is_not(None)
    found = {
        id_: HolderRow(ref, id_, name, _KINDS[kind], tuple(sorted(filter(None, groups.split(";")))), dormitory, gone)
        for ref, id_, name, kind, groups, dormitory, gone in connection.execute(
            of(sa.select(*columns, has_left), holders.c.ref)
        )
    }
    held: dict[str, list[CredentialRow]] = {}
    rows = connection.execute(
        of(
            sa.select(
                credentials.c.ref,
                credentials.c.holder,
                credentials.c.kind,
                credentials.c.value,
                credentials.c.state,
                credentials.c.not_before,
                credentials.c.not_after,
            ),
            credentials.c.holder,
        ).order_by(credentials.c.version)
    )
    for ref, holder, kind, value, state, not_before, not_after in rows:
        held.setdefault(holder, []).append(
            CredentialRow(ref, holder, _CREDENTIAL_KINDS[kind], value, _STATES[state], not_before, not_after)
        )
    vehicles = sa.select(papers.c.id).where(papers.c.kind == "vehicle", papers.c.live)
    passes = frozenset(connection.execute(vehicles).scalars())
    numbers = {
        holder: ContactRow(holder, phone, mail)
        for holder, phone, mail in connection.execute(
            of(sa.select(contacts.c.holder, contacts.c.phone, contacts.c.mail), contacts.c.holder)
        )
    }
    return Known(version, found, {holder: tuple(some) for holder, some in held.items()}, passes, numbers)


def refs_by_id(connection: Connection) -> dict[str, str]:
    """Everybody's reference, by the school's own id."""
    return {id: ref for id, ref in connection.execute(sa.select(holders.c.id, holders.c.ref))}


def import_change(plan: Plan) -> Change:
    """Write a plan; every row that changes gets the directory's new version."""

    def change(connection: Connection, version: int) -> None:
        if plan.new_holders:
            connection.execute(
                sa.insert(holders),
                [_holder(row) | {"suspended": False, "version": version} for row in plan.new_holders],
            )
        if plan.changed_holders:
            connection.execute(
                sa.update(holders)
                .where(holders.c.ref == sa.bindparam("which"))
                .values({name: sa.bindparam(name) for name in ("name", "kind", "groups", "dormitory", "version")}),
                [_which(_holder(row), version) for row in plan.changed_holders],
            )
        # What is taken away goes first: a card that moves on is never active twice.
        if plan.changed_credentials:
            connection.execute(
                sa.update(credentials)
                .where(credentials.c.ref == sa.bindparam("which"))
                .values({name: sa.bindparam(name) for name in ("state", "not_before", "not_after", "version")}),
                [_which(_credential(row), version) for row in plan.changed_credentials],
            )
        if plan.new_credentials:
            connection.execute(
                sa.insert(credentials), [_credential(row) | {"version": version} for row in plan.new_credentials]
            )
        _write_contacts(connection, plan)
        for refs, values in (
            (plan.left, {"left_at": datetime.now(UTC), "suspended": True}),
            (plan.returned, {"left_at": None, "suspended": False}),
        ):
            if refs:
                which = holders.c.ref == sa.bindparam("which")
                moved = sa.update(holders).where(which).values(values | {"version": version})
                connection.execute(moved, [{"which": ref} for ref in refs])

    return change


def _write_contacts(connection: Connection, plan: Plan) -> None:
    """Numbers and addresses of a file; what only people enter, a messenger's address, stays."""
    if not plan.contacts:
        return
    now = datetime.now(UTC)
    have = set(connection.execute(sa.select(contacts.c.holder)).scalars())
    rows = [{"phone": row.phone, "mail": row.mail, "at": now} for row in plan.contacts]
    new = [
        values | {"holder": row.holder}
        for row, values in zip(plan.contacts, rows, strict=True)
        if row.holder not in have
    ]
    old = [
        values | {"which": row.holder} for row, values in zip(plan.contacts, rows, strict=True) if row.holder in have
    ]
    if new:
        connection.execute(sa.insert(contacts), [values | {"messenger": ""} for values in new])
    if old:
        names = ("phone", "mail", "at")
        moved: dict[str, Any] = {name: sa.bindparam(name) for name in names}
        connection.execute(sa.update(contacts).where(contacts.c.holder == sa.bindparam("which")).values(moved), old)


def _which(row: dict[str, Any], version: int) -> dict[str, Any]:
    return {"which": row.pop("ref"), "version": version} | row


def _holder(row: HolderRow) -> dict[str, Any]:
    return {
        "ref": row.ref,
        "id": row.id,
        "name": row.name,
        "kind": row.kind.value,
        "groups": ";".join(row.groups),
        "dormitory": row.dormitory,
    }


def _credential(row: CredentialRow) -> dict[str, Any]:
    return {
        "ref": row.ref,
        "holder": row.holder,
        "kind": row.kind.value,
        "value": row.value,
        "state": row.state.value,
        "not_before": row.not_before,
        "not_after": row.not_after,
        "max_uses": row.max_uses,
    }
