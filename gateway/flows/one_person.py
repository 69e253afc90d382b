"""One person entered or changed at a desk: what a line of a file of people says, for one, without the file.

Promises: the same checks and the same consequences as an import (another card revokes the one before; a card that was
revoked or lost stays so), the next tap knows, and the ledger says whose entry was changed, by whom and which parts of
it, never what stands in it. What is not given stays. Leaves to others: who may (`web`), how somebody is reached
(`contacts`), who has left (`people`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.core.kinds import CredentialKind, CredentialState
from gateway.flows import directory_watch
from gateway.flows.changes import PeopleChanged
from gateway.flows.people_csv import BadPeople, PeopleFile, Person, read_person
from gateway.flows.people_import import Known, Plan, plan_import
from gateway.flows.ports import Entry, LedgerUnavailable, Outdated, Unit
from gateway.flows.site import Site

TRIES = 3
WITHIN_S = 5.0


class KnownAlready(Exception):
    """There is a person with this id."""


class NoSuchPerson(LookupError):
    """There is none."""


class HasLeft(Exception):
    """This person has left; a correction must not open doors again. An import that names them takes them back."""


async def add(site: Site, cells: Mapping[str, str], by: str) -> str:
    """Enter somebody new; the id. `cells`: by the columns of a file of people, without contacts.

    Raises `BadPeople` (a line's faults, by field), `KnownAlready`, `LedgerUnavailable`.
    """
    return await _write(site, cells["id"], cells, by, is_new=True)


async def change(site: Site, id: str, cells: Mapping[str, str], by: str) -> str:
    """Change some of an entry; a cell that is not there stays as it is, an empty one takes away.

    Raises `BadPeople`, `NoSuchPerson`, `HasLeft`, `LedgerUnavailable`.
    """
    return await _write(site, id, cells, by, is_new=False)


async def _write(site: Site, id: str, cells: Mapping[str, str], by: str, *, is_new: bool) -> str:
    for _ in range(TRIES):
        known = await site.archive.known_about(id, ())
        before = known.holders.get(id)
        if is_new and before is not None:
            raise KnownAlready(id)
        if not is_new and before is None:
            raise NoSuchPerson(id)
        if before is not None and before.has_left:
            raise HasLeft(id)
        touched = _touched(cells)
        person = read_person({**({} if is_new else _as_cells(known, id, touched)), **cells, "id": id}, site.campus)
        values = [value for value in (person.card, person.plate) if value is not None]
        plan = plan_import(PeopleFile((person,), ""), await site.archive.known_about(id, values))
        if plan.blocked:
            raise BadPeople(list(plan.blocked))
        if not is_new:
            plan.new_credentials = [one for one in plan.new_credentials if one.kind in touched]
            plan.changed_credentials = [one for one in plan.changed_credentials if one.kind in touched]
        if plan.is_empty:
            return id
        # Upon what was read first: whatever was written since then, also between the two readings, is looked at anew.
        result = await site.ledger.commit(_unit(site, person, plan, known, by), WITHIN_S)
        if not isinstance(result, Outdated):
            await directory_watch.take_over(site)
            return id
    raise LedgerUnavailable("others change the directory at the same time")


def _touched(cells: Mapping[str, str]) -> frozenset[CredentialKind]:
    """Of which kinds something is said: a corrected name changes no card, a new card no plate's validity."""
    if "valid_from" in cells or "valid_to" in cells:
        return frozenset({CredentialKind.CARD, CredentialKind.PLATE})
    return frozenset(kind for kind in (CredentialKind.CARD, CredentialKind.PLATE) if kind.value in cells)


def _as_cells(known: Known, id: str, touched: frozenset[CredentialKind]) -> dict[str, str]:
    """The entry as it is, in the words of a file; the validity is that of what is changed."""
    row = known.holders[id]
    cells = {
        "name": row.name,
        "kind": row.kind.value,
        "groups": ";".join(row.groups),
        "dormitory": row.dormitory or "",
    }
    for held in known.credentials.get(row.ref, ()):
        is_own = held.kind in (CredentialKind.CARD, CredentialKind.PLATE) and held.ref not in known.passes
        if is_own and held.state is CredentialState.ACTIVE:
            cells[held.kind.value] = held.value
            if held.kind in touched or not touched:
                cells["valid_from"] = _moment(held.not_before)
                cells["valid_to"] = _moment(held.not_after)
    return cells


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(timespec="milliseconds")


def _unit(site: Site, person: Person, plan: Plan, known: Known, by: str) -> Unit:
    before = known.holders.get(person.id)
    ref = plan.new_holders[0].ref if before is None else before.ref
    parts: list[str] = []
    for row in plan.changed_holders:
        assert before is not None
        names = ("name", "kind", "groups", "dormitory")
        parts += [name for name in names if getattr(row, name) != getattr(before, name)]
    parts += sorted({one.kind.value for one in (*plan.new_credentials, *plan.changed_credentials)})
    body: dict[str, Any] = {"holder": ref, "new": before is None, "parts": parts, "by": by}
    return Unit(
        (Entry("person_entered", site.clock.now(), body),),
        (PeopleChanged(plan),),
        directory=True,
        based_on=known.version,
    )
