"""People and their credentials change: a table is taken over, a card is blocked. The next tap knows."""

import asyncio

from gateway.core.kinds import CredentialState
from gateway.flows import directory_watch, leaving_school, permits
from gateway.flows.changes import CredentialStateSet, HolderLeft, PeopleChanged
from gateway.flows.people_csv import PeopleFile, read_people
from gateway.flows.people_import import Known, Plan, people_imported, plan_import
from gateway.flows.ports import Entry, LedgerUnavailable, Outdated, Unit
from gateway.flows.site import Site

TRIES = 3
WITHIN_S = 60.0
"""A hundred thousand people take some seconds to write."""


class NoSuchCredential(LookupError):
    """No credential has that reference."""


async def revoke_credential(site: Site, ref: str, state: str, by: str) -> None:
    """Block a credential for good (`revoked`) or as lost (`lost`). Raises `NoSuchCredential`, `LedgerUnavailable`.

    When this returns, no tap is granted on it any more, and every device is being told.
    """
    new_state = CredentialState(state)
    if new_state is CredentialState.ACTIVE:
        raise ValueError("revoking a credential does not make it active")
    held = site.directory.credential(ref)
    if held is None:
        raise NoSuchCredential(ref)
    body = {"credential": ref, "holder": held.holder, "state": new_state.value, "by": by}
    entry = Entry("credential_blocked", site.clock.now(), body)
    await site.ledger.commit(
        Unit((entry,), (CredentialStateSet(ref, new_state.value),), directory=True), site.rules.record_within_s
    )
    await directory_watch.take_over(site)


async def leave(site: Site, id: str, by: str) -> None:
    """Somebody has left the school: nothing opens to them from now on, and in time they are erased.

    Their vehicles and their place on the essential list end with it. An import that names them again takes them back,
    but not these. Raises `LookupError`, `LedgerUnavailable`.
    """
    for _ in range(TRIES):
        directory, now = site.directory, site.clock.now()
        holder = directory.with_id(id)
        if holder is None:
            raise LookupError(id)
        entry = Entry("person_left", now, {"holder": holder.ref, "by": by})
        steps = leaving_school.ended_by(directory.papers.by_id.values(), {holder.ref}, by, now)
        unit = leaving_school.unit_of(entry, HolderLeft(holder.ref, now), steps, now, directory.version)
        if isinstance(await site.ledger.commit(unit, WITHIN_S), Outdated):
            await site.refresh_directory()
            continue
        await directory_watch.take_over(site)
        for step in steps:
            permits.tell(site, step, now)
        return
    raise LedgerUnavailable("others change the directory at the same time")


async def import_csv(site: Site, data: bytes, by: str) -> Plan:
    """Take over a table of people: all lines or none. Raises `BadPeople`, `LedgerUnavailable`."""
    people = await asyncio.to_thread(read_people, data, site.campus)
    for _ in range(TRIES):
        known = await site.archive.known_people()
        plan = await asyncio.to_thread(plan_import, people, known)
        result = await site.ledger.commit(_unit(site, people, plan, known, by), WITHIN_S)
        if not isinstance(result, Outdated):
            await directory_watch.take_over(site)
            return plan
    raise LedgerUnavailable("others change the directory at the same time")


def _unit(site: Site, people: PeopleFile, plan: Plan, known: Known, by: str) -> Unit:
    entry = people_imported(people, plan, by, site.clock.now())
    changes = () if plan.is_empty else (PeopleChanged(plan),)
    return Unit((entry,), changes, directory=not plan.is_empty, based_on=known.version)
