"""A group with one registration: a leader, a list, one host, and a guard who counts at the gate.

A group is a visit with members, so that the host's word, the level, the end of its time and retention are a visit's.
Promises: the entry of some of a group is one decision, judged for the group's kind, with one record that has the
count; as many are inside as were counted in less those counted out, never less than none and never more than the list
has, and never more than the zone holds. The code has as many uses as the list has people, and whoever is counted in
takes one. Nobody comes in with a group of which somebody is kept from entering, as far as the list has documents: the
guard cannot tell which of them it is. Nobody of a group is kept from leaving: it is opened first and counted then, also
where nothing can be opened from here. A touch of the kiosk counts once, however often it is sent. Leaves to others: the
code at a reader (`group_passes`).
"""

import asyncio
import contextlib
import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, Direction, Outcome, PortalKind, Verdict
from gateway.core.nouns import Decision, Directory, Finding, Portal, Request
from gateway.core.papers import PaperKind, Visit, VisitState
from gateway.core.reasons import Reason
from gateway.flows import by_hand, group_passes, passage, passes
from gateway.flows.changes import PaperFiled
from gateway.flows.judging import SHOWN, as_if_shown, asked_by
from gateway.flows.permits import (
    NoSuchPermit,
    NotPossible,
    Step,
    ToldAlready,
    WrongField,
    carry_out,
    find,
    followed,
    row_of,
    tell,
)
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import Site
from gateway.flows.visit_registration import KEPT_OUT, Registered, Registrar, Wanted, kept_out, register

AT_MOST = 200
AGAIN_S = 2.0
"""Between two tries to file a count that the ledger did not take."""


async def register_group(site: Site, wanted: Wanted, who: Registrar, key: str | None = None) -> Registered:
    """Register a group; `wanted.members` are all of it, the leader first. Raises as `visit_registration.register`."""
    if not 2 <= len(wanted.members) <= AT_MOST:
        raise WrongField("members", f"2 to {AT_MOST} people, the leader among them")
    return await register(site, replace(wanted, max_uses=len(wanted.members)), who, key)


def group(site: Site, id: str) -> Visit:
    """A live group. Raises `NoSuchPermit`."""
    visit = find(site.directory, Visit, id)
    if not visit.members:
        raise NoSuchPermit(PaperKind.VISIT.value)
    return visit


async def count(
    site: Site, id: str, portal: str, direction: Direction, number: int, by: str, key: str | None = None
) -> Visit:
    """So many of the group go through now, and a guard opens for them.

    `key`: random, made for each touch. The same again under the same key counts nobody, and is the group as it is now.
    Raises `NoSuchPermit`, `WrongField`, `NotPossible`, and on the way in `LedgerUnavailable`: then nothing opened, and
    nobody was counted unless the ledger took the row after all, too late to open; then the guard puts the count right.
    """
    place = by_hand.portal_of(site, portal, direction)
    if place.kind is not PortalKind.GATE:
        raise WrongField("portal", "people are counted at a pedestrian gate")
    touch = _Touch(place, direction, number, by, _row_key(id, key or secrets.token_hex(16)))
    if key is not None and await _was_counted(site, touch):
        return await _as_it_is(site, id)
    if direction is Direction.OUT:
        return await _count_out(site, id, touch)
    return await by_hand.on_the_newest(site, lambda: _count_in(site, id, touch))


@dataclass(frozen=True, slots=True)
class _Touch:
    """One count of a guard; `key` is the ledger's, under which it is counted once."""

    place: Portal
    direction: Direction
    number: int
    by: str
    key: str

    @property
    def told(self) -> dict[str, Any]:
        return {"direction": self.direction.value, "count": self.number, "portal": self.place.id}


async def _count_in(site: Site, id: str, touch: _Touch) -> Visit:
    visit, now = group(site, id), site.clock.now()
    try:
        moved = _more_inside(visit, touch.number, touch.place, now)
    except NotPossible:
        if await _was_counted(site, touch):  # two at once under one key
            return await _as_it_is(site, id)
        raise
    decision = _judge(site, moved, touch, now)
    outcome, reason = _as_guard_says(decision)
    kept = next(kept_out(site.directory, visit.members, now), None)
    if kept is not None:
        outcome, reason = Outcome.DENY, group_passes.reason_for(kept)
        decision = replace(decision, trace=(*decision.trace, Finding("member", Verdict.REFUSES, reason)))
    granted = outcome is Outcome.GRANT
    step = Step(moved, "counted", touch.by, more=touch.told | {"inside": moved.inside}, key=touch.key)
    act = by_hand.Act(
        touch.place,
        Direction.IN,
        outcome,
        reason,
        decision,
        touch.by,
        by_hand.COUNTED,
        visit.holder,
        {"count": touch.number, "visit": visit.id} | ({} if kept is None else {"member": kept.ref}),
        (row_of(step, now),) if granted else (),
        (PaperFiled(moved),) if granted else (),
        directory=granted,
        judged_on=site.directory.version,
        uses=passes.code_of(site.directory, visit) if granted else None,
        people=touch.number,
    )
    try:
        done = await by_hand.carry_out(site, act)
    except by_hand.DoneBefore:
        return await _as_it_is(site, id)
    if kept is not None:
        raise NotPossible("entry_banned", KEPT_OUT)
    if not granted:
        raise NotPossible("refused", ", ".join(asked_by(decision)) or reason.value)
    _expect(site, touch, done.device, visit.holder, touch.number - 1)  # one is expected already
    tell(site, step, now)
    return moved


async def _count_out(site: Site, id: str, touch: _Touch) -> Visit:
    """Open and record first; then the count is made on the newest paper, however many others count meanwhile."""
    visit = group(site, id)
    left = _fewer_inside(visit, touch.number)
    decision = decide(Request(touch.place.id, Direction.OUT, CredentialKind.CARD, SHOWN), site.world, site.clock.now())
    act = by_hand.Act(
        touch.place,
        Direction.OUT,
        Outcome.GRANT,
        Reason.OK,
        decision,
        touch.by,
        by_hand.COUNTED,
        visit.holder,
        {"count": touch.number, "visit": visit.id},
        id=hashlib.sha256(touch.key.encode()).hexdigest()[:32],
    )
    try:
        done = await by_hand.carry_out(site, act)
        _expect(site, touch, done.device, visit.holder, touch.number - 1)  # one is expected already
    except by_hand.DoneBefore:
        pass  # two at once under one key: the other one opened
    except NotPossible:
        # Whoever leaves is counted, also where nothing can be opened from here: the exit may be free.
        for device in site.devices.at(touch.place.id):
            _expect(site, touch, device.id, visit.holder, touch.number)
    try:
        return await _file_out(site, visit, touch)
    except LedgerUnavailable:
        site.spawn(_file_out_later(site, visit, touch))
        return left


async def _file_out(site: Site, visit: Visit, touch: _Touch) -> Visit:
    """Count them on the newest paper. Of a visit that somebody has ended meanwhile nothing is left to count."""

    def work_out(directory: Directory, now: datetime) -> Step:
        newest = find(directory, Visit, visit.id)
        # Two guards may have counted the same people; they are out all the same.
        moved = _fewer_inside(newest, min(touch.number, newest.inside))
        return Step(moved, "counted", touch.by, more=touch.told | {"inside": moved.inside}, key=touch.key)

    try:
        done = (await carry_out(site, work_out)).paper
    except ToldAlready:
        # Told by the same touch, or by a try that went through after we had given it up: no screen knows of it yet.
        await followed(site)
        newest = await _as_it_is(site, visit.id)
        tell(site, Step(newest, "counted", touch.by), site.clock.now())
        return newest
    except NoSuchPermit:
        return await _as_it_is(site, visit.id)
    assert isinstance(done, Visit)
    return done


async def _file_out_later(site: Site, visit: Visit, touch: _Touch) -> None:
    """The ledger is away: the count follows its record when it is back."""
    while True:
        await asyncio.sleep(AGAIN_S)
        with contextlib.suppress(LedgerUnavailable):
            await _file_out(site, visit, touch)
            return


async def _was_counted(site: Site, touch: _Touch) -> bool:
    """True if the ledger has this touch. Raises `NotPossible` if its key belongs to another one."""
    try:
        found = (await site.archive.told([touch.key])).get(touch.key)
    except LedgerUnavailable:
        if touch.direction is Direction.IN:
            raise
        return False
    if found is not None and any(found.get(name) != value for name, value in touch.told.items()):
        raise NotPossible("key_used", "this key belongs to another count")
    return found is not None


async def _as_it_is(site: Site, id: str) -> Visit:
    visit = await site.archive.paper(PaperKind.VISIT, id)
    if not isinstance(visit, Visit):
        raise NoSuchPermit(PaperKind.VISIT.value)
    return visit


def _row_key(id: str, key: str) -> str:
    digest = hashlib.sha256(f"{id}\n{key}".encode()).hexdigest()
    return f"gc:{digest[:32]}"


def _judge(site: Site, moved: Visit, touch: _Touch, now: datetime) -> Decision:
    """The word of the rules on the last one of those who go in now: whoever is inside by then takes a place."""
    known = site.world.inside
    inside = {zone: known.get(zone, 0) + touch.number - 1 for zone in site.campus.zones}
    world = replace(site.world, presence={}, inside=inside)
    return as_if_shown(world, moved.holder, touch.place.id, Direction.IN, now, (moved,))


def _more_inside(visit: Visit, number: int, place: Portal, now: datetime) -> Visit:
    if visit.inside + number > len(visit.members):
        raise NotPossible("too_many_in", f"the list has {len(visit.members)}, and {visit.inside} are inside")
    return replace(
        visit,
        counted_in=visit.counted_in + number,
        state=VisitState.CHECKED_IN,
        checked_in_at=visit.checked_in_at or now,
        portal=place.id,
    )


def _fewer_inside(visit: Visit, number: int) -> Visit:
    if number > visit.inside:
        raise NotPossible("too_many_out", f"{visit.inside} are inside")
    return replace(visit, counted_out=visit.counted_out + number)


def _as_guard_says(decision: Decision) -> tuple[Outcome, Reason]:
    """The guard who counts stands there: that is the guard's confirmation, and nobody else's."""
    if decision.outcome is Outcome.WAIT and decision.reason is Reason.GUARD_CONFIRMS:
        return Outcome.GRANT, Reason.OK
    if decision.outcome is Outcome.WAIT:
        return Outcome.DENY, decision.reason
    return decision.outcome, decision.reason


def _expect(site: Site, touch: _Touch, device: str, holder: str, number: int) -> None:
    """The passages that follow are the group's: nobody else is said to have left unread."""
    found = site.devices.get(device)
    if found is not None:
        for _ in range(number):
            passage.expect_person(site, found, holder, touch.direction, touch.place.hold_ms, counted=True)
