"""People and their credentials in the database: the SQL behind `gateway.flows.people_import`."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.kinds import CredentialKind, CredentialState, HolderKind
from gateway.flows.people_import import CredentialRow, HolderRow, Known, Plan
from gateway.store.tables import credentials, head, holders, papers

Change = Callable[[Connection, int], None]

_KINDS = {kind.value: kind for kind in HolderKind}
_CREDENTIAL_KINDS = {kind.value: kind for kind in CredentialKind}
_STATES = {state.value: state for state in CredentialState}


def known_people(connection: Connection) -> Known:
    """Everybody there is, with the version of the directory at which it was read."""
    version = int(connection.execute(sa.select(head.c.directory_version).where(head.c.id == 1)).scalar_one())
    columns = (holders.c.ref, holders.c.id, holders.c.name, holders.c.kind, holders.c.groups, holders.c.dormitory)
    found = {
        id_: HolderRow(ref, id_, name, _KINDS[kind], tuple(sorted(filter(None, groups.split(";")))), dormitory)
        for ref, id_, name, kind, groups, dormitory in connection.execute(sa.select(*columns))
    }
    held: dict[str, list[CredentialRow]] = {}
    rows = connection.execute(
        sa.select(
            credentials.c.ref,
            credentials.c.holder,
            credentials.c.kind,
            credentials.c.value,
            credentials.c.state,
            credentials.c.not_before,
            credentials.c.not_after,
        ).order_by(credentials.c.version)
    )
    for ref, holder, kind, value, state, not_before, not_after in rows:
        held.setdefault(holder, []).append(
            CredentialRow(ref, holder, _CREDENTIAL_KINDS[kind], value, _STATES[state], not_before, not_after)
        )
    vehicles = sa.select(papers.c.id).where(papers.c.kind == "vehicle", papers.c.live)
    passes = frozenset(connection.execute(vehicles).scalars())
    return Known(version, found, {holder: tuple(some) for holder, some in held.items()}, passes)


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

    return change


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
