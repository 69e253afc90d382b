"""A leader signs that somebody may pass where the level refuses: for a holder, a visit or a vehicle, at portals, for a
time, with a reason. It lifts the word *refused* and nothing else; revoked, it is void at the next tap.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.core.nouns import Directory
from gateway.core.papers import Authorisation, Oral, Vehicle, Visit
from gateway.flows.permits import (
    Step,
    WrongField,
    carry_out,
    check_portals,
    check_times,
    find,
    holder_of,
    new_id,
)
from gateway.flows.site import Site

AT_MOST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be signed; exactly one of `holder` (the school's id), `visit` and `vehicle` says for whom."""

    portals: frozenset[str]
    starts_at: datetime
    ends_at: datetime
    reason: str
    holder: str | None = None
    visit: str | None = None
    vehicle: str | None = None
    oral_from: str | None = None
    """Given by word: by whom; the leader who signs took it down."""
    call_back: str = ""


async def sign(site: Site, wanted: Wanted, by: str) -> Authorisation:
    """Signed and in force at its time. Raises `WrongField`, `LedgerUnavailable`."""
    check_portals(site, wanted.portals)
    id = new_id()

    def work_out(directory: Directory, now: datetime) -> Step:
        check_times(wanted.starts_at, wanted.ends_at, now, AT_MOST)
        oral = None if wanted.oral_from is None else Oral(wanted.oral_from, by, now, wanted.call_back)
        subject = _subject(directory, wanted)
        paper = Authorisation(
            id, subject, wanted.portals, wanted.starts_at, wanted.ends_at, wanted.reason, by, now, oral
        )
        return Step(paper, "signed", by, more={"portals": sorted(wanted.portals), "oral": oral is not None})

    done = await carry_out(site, work_out)
    assert isinstance(done.paper, Authorisation)
    return done.paper


async def revoke(site: Site, id: str, by: str) -> Authorisation:
    """Void at once. Raises `NoSuchPermit`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        return Step(replace(find(directory, Authorisation, id), revoked_at=now, revoked_by=by), "revoked", by)

    done = await carry_out(site, work_out)
    assert isinstance(done.paper, Authorisation)
    return done.paper


def _subject(directory: Directory, wanted: Wanted) -> str:
    if sum(one is not None for one in (wanted.holder, wanted.visit, wanted.vehicle)) != 1:
        raise WrongField("holder", "exactly one of holder, visit and vehicle")
    if wanted.holder is not None:
        return holder_of(directory, wanted.holder, "holder").ref
    try:
        if wanted.visit is not None:
            return find(directory, Visit, wanted.visit).id
        return find(directory, Vehicle, wanted.vehicle or "").id
    except LookupError:
        field = "visit" if wanted.visit is not None else "vehicle"
        raise WrongField(field, f"no such {field}") from None
