"""The directory of the moment, read from the database: whole at the start, afterwards only what changed.

Plain rows and few objects, because a hundred thousand people have to be in memory seconds after a start. What did not
change is shared with the directory before, which nobody changes any more.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.core.kinds import CredentialKind, CredentialState, HolderKind
from gateway.core.nouns import Credential, Directory, Holder
from gateway.core.papers import Paper, arrange, key_of
from gateway.store.papers import changed_since
from gateway.store.tables import credentials, erased, head, holders


def load_directory(connection: Connection, known: Directory | None = None) -> Directory:
    """Read people and credentials; with `known`, bring a copy of it up to date; what did not change is shared."""
    version = directory_version(connection)
    if known is not None and known.version == version:
        return known
    after = 0 if known is None else known.version
    gone = set() if known is None else gone_since(connection, after)
    new_people = _read_holders(connection, after)
    people: dict[str, Holder] = {} if known is None else _copy_if(known.holders, bool(new_people or gone))
    by_id = {} if known is None else _by_id(known, bool(new_people or gone))
    changed = frozenset((*gone, *(holder.ref for holder in new_people)))
    for ref in gone:
        if (erased := people.pop(ref, None)) is not None and by_id.get(erased.id) is erased:
            del by_id[erased.id]
    for holder in new_people:
        before = people.get(holder.ref)
        if before is not None and before.id != holder.id:
            by_id.pop(before.id, None)
        people[holder.ref] = by_id[holder.id] = holder
    new_cards = _read_credentials(connection, after, people)
    cards = {} if known is None else _copy_if(known.credentials, bool(new_cards or gone))
    by_ref = {} if known is None else _by_ref(known, bool(new_cards or gone))
    if gone:
        for key in [key for key, card in cards.items() if card.ref in gone or card.holder in gone]:
            del by_ref[cards.pop(key).ref]
    for credential in new_cards:
        key = (credential.kind, credential.value)
        held = cards.get(key)
        # A card that went on to somebody else leaves a revoked row behind: the active one counts.
        if (
            held is None
            or held.ref == credential.ref
            or credential.state is CredentialState.ACTIVE
            or (held.state is not CredentialState.ACTIVE)
        ):
            if held is not None:
                del by_ref[held.ref]
            cards[key] = by_ref[credential.ref] = credential
    on_file: dict[str, Paper] = {} if known is None else dict(known.papers.by_id)
    moved = list(changed_since(connection, after))
    on_file.update((key_of(paper), paper) for paper in moved)
    papers = known.papers if known is not None and not moved else arrange(on_file)
    return Directory(version, people, cards, papers, by_id, -1 if known is None else after, changed, by_ref)


def _copy_if(known: Mapping[Any, Any], changes: bool) -> dict[Any, Any]:
    """A copy where something will change; else the same table, which nobody changes."""
    return dict(known) if changes or not isinstance(known, dict) else known


def _by_id(known: Directory, changes: bool) -> dict[str, Holder]:
    if known.by_id is None:
        return {holder.id: holder for holder in known.holders.values()}
    return _copy_if(known.by_id, changes)


def _by_ref(known: Directory, changes: bool) -> dict[str, Credential]:
    if known.by_ref is None:
        return {credential.ref: credential for credential in known.credentials.values()}
    return _copy_if(known.by_ref, changes)


def _read_holders(connection: Connection, after: int) -> list[Holder]:
    kinds = {kind.value: kind for kind in HolderKind}
    groups_of: dict[str, frozenset[str]] = {}
    dormitories: dict[str, str] = {}
    found: list[Holder] = []
    rows = connection.execute(
        sa.select(
            holders.c.ref,
            holders.c.id,
            holders.c.name,
            holders.c.kind,
            holders.c.groups,
            holders.c.dormitory,
            holders.c.suspended,
        ).where(holders.c.version > after)
    )
    for ref, id_, name, kind, groups, dormitory, suspended in rows:
        group_set = groups_of.get(groups)
        if group_set is None:
            group_set = groups_of[groups] = frozenset(filter(None, groups.split(";")))
        if dormitory is not None:
            dormitory = dormitories.setdefault(dormitory, dormitory)
        found.append(Holder(ref, id_, name, kinds[kind], group_set, dormitory, suspended))
    return found


def _read_credentials(connection: Connection, after: int, people: Mapping[str, Holder]) -> list[Credential]:
    states = {state.value: state for state in CredentialState}
    kinds = {kind.value: kind for kind in CredentialKind}
    found: list[Credential] = []
    rows = connection.execute(
        sa.select(
            credentials.c.ref,
            credentials.c.holder,
            credentials.c.kind,
            credentials.c.value,
            credentials.c.state,
            credentials.c.not_before,
            credentials.c.not_after,
            credentials.c.max_uses,
        )
        .where(credentials.c.version > after)
        .order_by(credentials.c.version)
    )
    for ref, holder, kind, value, state, not_before, not_after, max_uses in rows:
        owner = people.get(holder)
        found.append(
            Credential(
                ref,
                holder if owner is None else owner.ref,
                kinds[kind],
                value,
                states[state],
                not_before,
                not_after,
                max_uses,
            )
        )
    return found


def gone_since(connection: Connection, version: int) -> set[str]:
    """References of people and credentials that retention has erased after `version`."""
    return set(connection.execute(sa.select(erased.c.ref).where(erased.c.version > version)).scalars())


def directory_version(connection: Connection) -> int:
    """The directory's version, at the price of one row."""
    return int(connection.execute(sa.select(head.c.directory_version).where(head.c.id == 1)).scalar_one())
