"""An entry ban: one person, one act of a closed list, an end, a way to object.

Its life: requested → approved by two different people, neither of whom requested it → in force from the second approval
until its end, at most 90 days from the request, or until it is lifted. A ban never stops leaving:
`credential_lists.keep_out` says what a device alone is told.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.core.nouns import Directory
from gateway.core.papers import BanAct, EntryBan
from gateway.core.rights import Right
from gateway.flows.permits import NotPossible, NotYours, Step, carry_out, check_times, find, holder_of, new_id
from gateway.flows.site import Site

AT_MOST = timedelta(days=90)
APPROVERS = 2
MAY_APPROVE = frozenset({Right.APPROVE_BANS})


async def request(site: Site, *, holder: str, act: BanAct, ends_at: datetime, by: str) -> EntryBan:
    """Ask for a ban; it forbids nothing yet. Raises `WrongField`, `NotPossible`, `LedgerUnavailable`."""
    id = new_id()

    def work_out(directory: Directory, now: datetime) -> Step:
        check_times(now, ends_at, now, AT_MOST)
        person = holder_of(directory, holder, "holder")
        if directory.papers.bans.get(person.ref):
            raise NotPossible("banned_already", "an entry ban of this person is requested or in force")
        return Step(EntryBan(id, person.ref, act, now, ends_at, by, now), "requested", by, more={"act": act.value})

    return await _done(site, work_out)


async def approve(site: Site, id: str, by: str) -> EntryBan:
    """One of the two approvals; with the second it is in force.

    Raises `NoSuchPermit`, `NotYours`, `NotPossible`, `LedgerUnavailable`.
    """
    asked = find(site.directory, EntryBan, id).approvers
    lost = {one for one in asked if not await site.still_may(one, MAY_APPROVE)}

    def work_out(directory: Directory, now: datetime) -> Step:
        ban = find(directory, EntryBan, id)
        if len(ban.approvers) < APPROVERS:
            ban = replace(ban, approvers=tuple(one for one in ban.approvers if one not in lost))
        if by == ban.requested_by:
            raise NotYours("who requests a ban does not approve it")
        if by in ban.approvers:
            raise NotYours("the second approval is another person's")
        if len(ban.approvers) >= APPROVERS:
            raise NotPossible("approved_already", "two people have approved it")
        if ban.ends_at <= now:
            raise NotPossible("over", "its end is past")
        approvers = (*ban.approvers, by)
        in_force = len(approvers) == APPROVERS
        moved = replace(ban, approvers=approvers, starts_at=now if in_force else ban.starts_at)
        return Step(moved, "in_force" if in_force else "approved", by)

    return await _done(site, work_out)


async def object_to(site: Site, id: str, by: str) -> EntryBan:
    """The person objects: noted at once, for the leaders to look at; the ban goes on until it is lifted.

    Raises `NoSuchPermit`, `LedgerUnavailable`.
    """

    def work_out(directory: Directory, now: datetime) -> Step:
        ban = find(directory, EntryBan, id)
        return Step(replace(ban, objected_at=ban.objected_at or now), "objected", by)

    return await _done(site, work_out)


async def lift(site: Site, id: str, by: str) -> EntryBan:
    """It ends now, or is not approved at all. Raises `NoSuchPermit`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        return Step(replace(find(directory, EntryBan, id), lifted_at=now, lifted_by=by), "lifted", by)

    return await _done(site, work_out)


def state_of(ban: EntryBan, now: datetime) -> str:
    """Where it is in its life."""
    if ban.lifted_at is not None:
        return "lifted"
    if ban.over or ban.ends_at <= now:
        return "over"
    return "in_force" if len(ban.approvers) >= APPROVERS else "requested"


async def _done(site: Site, work_out: Callable[[Directory, datetime], Step]) -> EntryBan:
    done = await carry_out(site, work_out)
    assert isinstance(done.paper, EntryBan)
    return done.paper
