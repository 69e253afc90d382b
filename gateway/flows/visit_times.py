"""A visit that has not begun is moved to another time, and its passes with it. What it needs is judged anew.

Promises: paper, passes and the row of the ledger are one commit; the rules see the new time at the next tap. What
others have said yes to holds for the time of which they knew: outside of it the vehicle has to be approved again and
the office to consent again, and a visit that is moved to soon is no appointment. Leaves to others: who may move it
(`host_answers`, `web`), the host's own word (who moves it answers for the new time).
"""

from dataclasses import replace
from datetime import datetime

from gateway.core.kinds import CredentialKind, CredentialState
from gateway.core.nouns import Credential, Directory
from gateway.core.papers import Visit, VisitState
from gateway.flows import visit_over
from gateway.flows.changes import PeopleChanged
from gateway.flows.people_import import CredentialRow, Plan
from gateway.flows.permits import NotPossible, Step, carry_out, check_times, find
from gateway.flows.site import Site
from gateway.flows.visit_registration import AHEAD, AT_MOST, BEGINS_NOW


async def move(site: Site, id: str, starts_at: datetime, ends_at: datetime, by: str) -> Visit:
    """Put it at another time. Raises `NoSuchPermit`, `NotPossible`, `WrongField`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        visit = find(directory, Visit, id)
        if visit.state is not VisitState.EXPECTED:
            raise NotPossible("inside", "the visit has begun already")
        begin = min(starts_at, now) if starts_at - now < BEGINS_NOW else starts_at
        check_times(begin, ends_at, now, AT_MOST)
        is_within = visit.starts_at <= begin and ends_at <= visit.ends_at
        plates = () if is_within else _plates(directory, visit)
        plan = Plan(directory.version)
        for credential in directory.credentials_of(visit.passes):
            if credential.ref not in plates and credential.state is CredentialState.ACTIVE:
                plan.changed_credentials.append(_row(credential, begin, ends_at))
        moved = replace(
            visit,
            starts_at=begin,
            ends_at=ends_at,
            appointment=visit.appointment and begin - now >= AHEAD,
            vehicle_approved=visit.vehicle_approved and is_within,
            consent_by=visit.consent_by if is_within else None,
            passes=tuple(ref for ref in visit.passes if ref not in plates),
        )
        vehicles = visit_over.gone_with(directory, plates, now)
        return Step(moved, "moved", by, vehicles, (PeopleChanged(plan), *visit_over.void(plates)))

    done = (await carry_out(site, work_out)).paper
    assert isinstance(done, Visit)
    return done


def _plates(directory: Directory, visit: Visit) -> tuple[str, ...]:
    """The visit's passes that are plates."""
    return tuple(one.ref for one in directory.credentials_of(visit.passes) if one.kind is CredentialKind.PLATE)


def _row(credential: Credential, not_before: datetime, not_after: datetime) -> CredentialRow:
    return CredentialRow(
        credential.ref,
        credential.holder,
        credential.kind,
        credential.value,
        credential.state,
        not_before,
        not_after,
        credential.max_uses,
    )
