"""A student's leave slip: a window in which to go out, and for minors who collects. Its reason is one of three words,
and only those who give slips ever see it.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.core.kinds import HolderKind
from gateway.core.nouns import Directory
from gateway.core.papers import LeaveSlip, SlipReason, Visit
from gateway.flows.permits import Step, WrongField, carry_out, check_times, find, holder_of, new_id
from gateway.flows.site import Site

AT_MOST = timedelta(days=62)
"""Longer than a holiday; who stays away longer has another standing than a slip."""


async def give(
    site: Site,
    *,
    holder: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: SlipReason,
    by: str,
    collector: str | None = None,
    collector_visit: str | None = None,
) -> LeaveSlip:
    """Give a slip; the collector is a person known by the school's id, or who comes by that visit.

    Raises `WrongField`, `LedgerUnavailable`.
    """
    id = new_id()

    def work_out(directory: Directory, now: datetime) -> Step:
        check_times(starts_at, ends_at, now, AT_MOST)
        student = holder_of(directory, holder, "holder")
        if student.kind is not HolderKind.STUDENT:
            raise WrongField("holder", "only students have leave slips")
        collects = _collector(directory, collector, collector_visit)
        if collects == student.ref:
            raise WrongField("collector", "somebody else has to collect")
        paper = LeaveSlip(id, student.ref, starts_at, ends_at, reason, by, now, collects)
        return Step(paper, "given", by, more={"collector": collects})

    done = await carry_out(site, work_out)
    assert isinstance(done.paper, LeaveSlip)
    return done.paper


async def revoke(site: Site, id: str, by: str) -> LeaveSlip:
    """Void at once. Raises `NoSuchPermit`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        return Step(replace(find(directory, LeaveSlip, id), revoked_at=now, revoked_by=by), "revoked", by)

    done = await carry_out(site, work_out)
    assert isinstance(done.paper, LeaveSlip)
    return done.paper


def _collector(directory: Directory, holder: str | None, visit: str | None) -> str | None:
    if holder is not None and visit is not None:
        raise WrongField("collector_visit", "either a collector or a visit")
    if holder is not None:
        return holder_of(directory, holder, "collector").ref
    if visit is None:
        return None
    try:
        return find(directory, Visit, visit).holder
    except LookupError:
        raise WrongField("collector_visit", "no such visit") from None
