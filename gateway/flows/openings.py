"""One touch of a guard: for responders, at every level and through lockdown and evacuation; for people of the school
who take shelter during a lockdown; and for whoever must be let out because of illness or danger.

While the level is raised the control room learns of responders at once, and a second person has to say within
15 minutes what became of it: that is an alarm until it is done.

At a restricted door one guard's touch is not enough: responders enter on the control room's word, and there is no
shelter behind it.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, Direction, HolderKind, Level, Outcome, PortalKind, Verdict
from gateway.core.levels import effective_level, emergency_in
from gateway.core.nouns import Decision, Directory, Finding, Holder, Portal, Request
from gateway.core.papers import EmergencyKind, Opening, OpeningKind, Service
from gateway.core.reasons import Reason
from gateway.core.rights import Right
from gateway.flows import alarms, by_hand
from gateway.flows.by_hand import Act
from gateway.flows.changes import PaperFiled
from gateway.flows.judging import SHOWN, as_if_shown
from gateway.flows.permits import NotPossible, NotYours, Step, WrongField, carry_out, find, holder_of, new_id, row_of
from gateway.flows.ports import Entry
from gateway.flows.site import Site

DISPOSAL_WITHIN = timedelta(minutes=15)
OF_THE_SCHOOL = frozenset({HolderKind.STUDENT, HolderKind.STAFF, HolderKind.SERVICE, HolderKind.RESIDENT})
REASONS = {
    OpeningKind.RESPONDER: Reason.OK_RESPONDER,
    OpeningKind.SHELTER: Reason.OK_SHELTER,
    OpeningKind.LET_OUT: Reason.OK,
}


async def open_for(
    site: Site,
    *,
    portal: str,
    direction: Direction,
    kind: OpeningKind,
    by: str,
    rights: frozenset[Right] = frozenset(),
    holder: str | None = None,
    count: int = 1,
    service: Service | None = None,
) -> tuple[by_hand.Done, Opening | None]:
    """Open once; with it the paper that asks for a disposal, if one is asked for. `rights` are those of `by`;
    `service`: which responders, where the guard said so.

    Raises `WrongField`, `NotPossible`, `NotYours`, `LedgerUnavailable`: then nothing was opened.
    """
    return await by_hand.on_the_newest(
        site, lambda: _open_for(site, portal, direction, kind, by, rights, holder, count, service)
    )


async def _open_for(
    site: Site,
    portal: str,
    direction: Direction,
    kind: OpeningKind,
    by: str,
    rights: frozenset[Right],
    holder: str | None,
    count: int,
    service: Service | None,
) -> tuple[by_hand.Done, Opening | None]:
    """The same, judged on the directory of now. Raises `Overtaken` too."""
    place = by_hand.portal_of(site, portal, direction)
    person = None if holder is None else holder_of(site.directory, holder, "holder")
    _check(site, place, direction, kind, person)
    _check_restricted(place, kind, rights)
    now = site.clock.now()
    decision = _as_it_stands(site, place, direction, person, kind, now)
    follow_up = needed_disposal(site, place, kind, by, count, now)
    if follow_up is not None and service is not None:
        follow_up = replace(follow_up, service=service)
    entries, changes = file_with(follow_up, now)
    act = Act(
        place,
        direction,
        Outcome.GRANT,
        REASONS[kind],
        decision,
        by,
        kind.value,
        None if person is None else person.ref,
        {"count": count} if service is None else {"count": count, "service": service.value},
        entries,
        changes,
        directory=follow_up is not None,
        judged_on=site.directory.version,
    )
    done = await by_hand.carry_out(site, act)
    if follow_up is not None:
        await tell_control_room(site, follow_up)
    return done, follow_up


async def dispose(site: Site, id: str, disposal: str, by: str) -> Opening:
    """A second person says what became of it. Raises `NoSuchPermit`, `NotYours`, `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        opening = find(directory, Opening, id)
        if opening.by == by:
            raise NotYours("a second person says what became of it")
        return Step(replace(opening, disposal=disposal, disposed_by=by, disposed_at=now), "disposed", by)

    done = (await carry_out(site, work_out)).paper
    assert isinstance(done, Opening)
    if not any(other.portal == done.portal for other in open_ones(site)):
        await alarms.clear_alarm(site, alarms.RESPONDER_ENTERED, done.portal)
        await alarms.clear_alarm(site, alarms.DISPOSAL_DUE, done.portal)
    return done


def needed_disposal(
    site: Site, portal: Portal, kind: OpeningKind, by: str, count: int, now: datetime
) -> Opening | None:
    """The paper that asks for a second person's word; None at the normal level, and for all but responders."""
    level = effective_level(site.campus, site.world.orders, portal.zone, now, site.trusted_until)
    if kind is not OpeningKind.RESPONDER or level is Level.L3:
        return None
    return Opening(new_id(), portal.id, kind, by, now, now + DISPOSAL_WITHIN, count)


def file_with(opening: Opening | None, now: datetime) -> tuple[tuple[Entry, ...], tuple[PaperFiled, ...]]:
    """What goes into the unit of the act."""
    if opening is None:
        return (), ()
    return (row_of(Step(opening, "opened", opening.by, more={"portal": opening.portal}), now),), (PaperFiled(opening),)


async def tell_control_room(site: Site, opening: Opening) -> None:
    """Responders went in while the level is raised: on every screen, and an alarm until it is disposed of."""
    site.feed.publish(
        {
            "type": "responder_entered",
            "id": opening.id,
            "at": opening.started_at,
            "portal": opening.portal,
            "count": opening.count,
            "service": opening.service,
            "due_at": opening.due_at,
        }
    )
    await alarms.raise_alarm(site, alarms.RESPONDER_ENTERED, opening.portal, f"opening {opening.id}")


async def look_for_overdue(site: Site) -> None:
    """Nobody has said within 15 minutes what became of it: a louder alarm. For the loop in `app.py`."""
    now = site.clock.now()
    for opening in open_ones(site):
        late = (alarms.DISPOSAL_DUE, opening.portal)
        if opening.due_at <= now and late not in site.alarms.by_cause:
            await alarms.raise_alarm(site, *late, f"opening {opening.id}")


def open_ones(site: Site) -> list[Opening]:
    """Those that still wait for a second person's word, the oldest first."""
    found = [paper for paper in site.directory.papers.by_id.values() if isinstance(paper, Opening)]
    return sorted(found, key=lambda opening: opening.started_at)


def _check(site: Site, portal: Portal, direction: Direction, kind: OpeningKind, person: Holder | None) -> None:
    if kind is OpeningKind.LET_OUT:
        if direction is not Direction.OUT:
            raise WrongField("direction", "letting out is for the way out")
        return
    if direction is not Direction.IN:
        raise WrongField("direction", "this is for the way in; nobody is kept from leaving")
    if kind is OpeningKind.RESPONDER:
        if person is not None and person.kind is not HolderKind.RESPONDER:
            raise WrongField("holder", "is no responder: identify them instead")
        return
    if not emergency_in(site.world, EmergencyKind.LOCKDOWN, portal.zone):
        raise NotPossible("no_lockdown", "shelter is for a lockdown; identify whoever comes without the card")
    if person is not None and person.kind not in OF_THE_SCHOOL:
        raise NotPossible("not_of_the_school", "shelter is for people of the school")


def _check_restricted(portal: Portal, kind: OpeningKind, rights: frozenset[Right]) -> None:
    """The way into what is restricted; whoever is let out goes by any door."""
    if portal.kind is not PortalKind.RESTRICTED or kind is OpeningKind.LET_OUT:
        return
    if kind is OpeningKind.SHELTER:
        raise NotPossible("restricted", "there is no shelter behind this door")
    if Right.CONFIRM_RESTRICTED not in rights:
        raise NotYours("the control room confirms this door")


def _as_it_stands(
    site: Site, portal: Portal, direction: Direction, person: Holder | None, kind: OpeningKind, now: datetime
) -> Decision:
    """What the rules said before the guard's touch, for the record."""
    if person is not None:
        found = as_if_shown(site.world, person.ref, portal.id, direction, now)
    else:
        found = decide(Request(portal.id, direction, CredentialKind.CARD, SHOWN), site.world, now)
    touched = Finding("guard", Verdict.PASSES, REASONS[kind])
    return replace(found, trace=(*found.trace, touched), holder=None, credential=None)
