"""A student's leave slip: a window in which to go out, and for minors who collects. Its reason is one of three words,
and only those who give slips ever see it.

A teacher who is in classes (groups of that name) gives slips to the students of these; for another student, or where
the school wants two people, the slip is only asked for until somebody of the class gives it. A teacher who is in no
class gives them to everybody. Leaves to others: the gate (`decide`), who went out with one (`slip_passages`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.core.kinds import HolderKind
from gateway.core.nouns import Directory, Holder
from gateway.core.papers import LeaveSlip, SlipReason, SlipState, Visit
from gateway.flows.permits import (
    NotPossible,
    NotYours,
    Step,
    WrongField,
    carry_out,
    check_times,
    find,
    holder_of,
    new_id,
)
from gateway.flows.site import Site

AT_MOST = timedelta(days=62)
"""Longer than a holiday; who stays away longer has another standing than a slip."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """Who gives or asks: the user's reference, and which person of the directory that is, if the school has said."""

    user: str
    holder: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A slip to be; people by the school's ids. The collector is a person of the school, or comes by a visit."""

    holder: str
    starts_at: datetime
    ends_at: datetime
    reason: SlipReason
    collector: str | None = None
    collector_visit: str | None = None


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
    teacher: str | None = None,
) -> LeaveSlip:
    """Give a slip, or ask for it where it is another's to give. `teacher`: which person `by` is.

    Raises `WrongField`, `LedgerUnavailable`.
    """
    wanted = Wanted(holder, starts_at, ends_at, reason, collector, collector_visit)
    id, who = new_id(), Teacher(by, teacher)

    def work_out(directory: Directory, now: datetime) -> Step:
        return to_give(site, directory, now, id, wanted, who)

    return await _done(site, work_out)


def to_give(
    site: Site, directory: Directory, now: datetime, id: str, wanted: Wanted, who: Teacher, at_once: bool = False
) -> Step:
    """The step that gives a slip, or asks for it; `at_once`: it was approved elsewhere. Raises `WrongField`."""
    check_times(wanted.starts_at, wanted.ends_at, now, AT_MOST)
    student = holder_of(directory, wanted.holder, "holder")
    if student.kind is not HolderKind.STUDENT:
        raise WrongField("holder", "only students have leave slips")
    collects = _collector(directory, wanted.collector, wanted.collector_visit)
    if collects == student.ref:
        raise WrongField("collector", "somebody else has to collect")
    gives = at_once or (not site.campus.slips.second_approval and is_of_class(site, directory, student, who.holder))
    state, name = (SlipState.GIVEN, "given") if gives else (SlipState.ASKED, "asked")
    paper = LeaveSlip(
        id, student.ref, wanted.starts_at, wanted.ends_at, wanted.reason, who.user, now, collects, state=state
    )
    return Step(paper, name, who.user, more={"collector": collects})


async def approve(site: Site, id: str, who: Teacher) -> LeaveSlip:
    """Give what was asked for. Raises `NoSuchPermit`, `NotYours`, `NotPossible`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        slip = _asked(site, directory, id, who)
        if site.campus.slips.second_approval and slip.given_by == who.user:
            raise NotYours("whoever asks for a slip never gives it here")
        if slip.ends_at <= now:
            raise NotPossible("past", "its time is past")
        moved = replace(slip, state=SlipState.GIVEN, asked_by=slip.given_by, given_by=who.user, given_at=now)
        return Step(moved, "given", who.user, more={"collector": slip.collector})

    return await _done(site, work_out)


async def refuse(site: Site, id: str, who: Teacher) -> LeaveSlip:
    """Do not give what was asked for. Raises `NoSuchPermit`, `NotYours`, `NotPossible`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        slip = _asked(site, directory, id, who)
        moved = replace(slip, state=SlipState.REFUSED, asked_by=slip.given_by, given_by=who.user, given_at=now)
        return Step(moved, "refused", who.user)

    return await _done(site, work_out)


async def revoke(site: Site, id: str, by: str, teacher: str | None = None) -> LeaveSlip:
    """Void at once: by somebody of the class, or by who gave or asked for it.

    Raises `NoSuchPermit`, `NotYours`, `LedgerUnavailable`.
    """

    def work_out(directory: Directory, now: datetime) -> Step:
        slip = find(directory, LeaveSlip, id)
        if by not in (slip.given_by, slip.asked_by) and not may_see(site, directory, slip, Teacher(by, teacher)):
            raise NotYours("this student is of another class")
        return Step(replace(slip, revoked_at=now, revoked_by=by), "revoked", by)

    return await _done(site, work_out)


# ---------------------------------------------------------------- whose students


def classes_of(site: Site, directory: Directory, teacher: str | None) -> frozenset[str]:
    """The classes of a person of the directory; none for whom the school has not said who they are."""
    person = None if teacher is None else directory.holders.get(teacher)
    prefix = site.campus.slips.class_prefix
    return frozenset() if person is None else frozenset(one for one in person.groups if one.startswith(prefix))


def is_of_class(site: Site, directory: Directory, student: Holder, teacher: str | None) -> bool:
    """True if the teacher is in a class of this student, or in none at all."""
    classes = classes_of(site, directory, teacher)
    return not classes or not classes.isdisjoint(student.groups)


def may_see(site: Site, directory: Directory, slip: LeaveSlip, who: Teacher) -> bool:
    """True for a slip of one's own students, and for one's own request."""
    student = directory.holders.get(slip.holder)
    asked = who.user in (slip.given_by, slip.asked_by)
    return asked or (student is not None and is_of_class(site, directory, student, who.holder))


# ---------------------------------------------------------------- what the others are made of


def _asked(site: Site, directory: Directory, id: str, who: Teacher) -> LeaveSlip:
    slip = find(directory, LeaveSlip, id)
    if slip.state is not SlipState.ASKED:
        raise NotPossible("answered_already", "it has been given already")
    student = directory.holders.get(slip.holder)
    if student is None or not is_of_class(site, directory, student, who.holder):
        raise NotYours("this student is of another class")
    return slip


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


async def _done(site: Site, work_out: Callable[[Directory, datetime], Step]) -> LeaveSlip:
    done = await carry_out(site, work_out)
    assert isinstance(done.paper, LeaveSlip)
    return done.paper
