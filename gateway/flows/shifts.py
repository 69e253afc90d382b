"""A post is handed over: what is open is shown, the things are counted, two people sign.

Promises: a post has one shift and one hand-over at a time, and of two who take it over at once the second one hears who
was first; nobody signs for two sides; where the one who leaves is absent a witness signs, and the paper says so.
What was typed (notes, words about what is missing) is kept as notes and never stands in a row.
Leaves to others: proving who signs (`web`), the alarm of an empty post (`shift_watch`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.core.kinds import Level
from gateway.core.levels import order_in_force
from gateway.core.nouns import Directory, Post
from gateway.core.papers import Counted, Open, PaperKind, Shift, ShiftState, Side, Signature, Visit, VisitState
from gateway.core.posts import gate_of
from gateway.flows import alarms, calls
from gateway.flows.changes import NoteKept
from gateway.flows.notes import note
from gateway.flows.open_alarms import Alarm
from gateway.flows.permits import NotPossible, NotYours, Step, WrongField, carry_out, find, new_id
from gateway.flows.site import Site

LAPSES_AFTER = timedelta(minutes=15)
"""A hand-over that nobody has signed by then stands in nobody's way."""
HISTORY = 50


@dataclass(frozen=True, slots=True)
class Count:
    """How many of one thing were found, and a word if that is not how many there should be."""

    item: str
    count: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a user by reference, and whether with card and PIN."""

    by: str
    card: bool = False


async def take_over(site: Site, post_id: str, counts: Sequence[Count], words: str, absent: bool, by: str) -> Shift:
    """Begin a hand-over: what was counted, and a note of the one who leaves. It is signed afterwards.

    Where nobody has the post, nobody can hand it over: then it counts as `absent`. Raises `WrongField`, `NotPossible`,
    `LedgerUnavailable`.
    """
    post = post_of(site, post_id)
    _check_counts(post, counts)
    now_open = await open_now(site, post)
    id = new_id()

    def work_out(directory: Directory, now: datetime) -> Step:
        running, other = current(directory, post.id), handing_over(directory, post.id)
        if other is not None and not _may_be_replaced(other, by, now):
            raise NotPossible("handing_over", "somebody else is taking over this post")
        said = note(words, now)
        counted, notes = _as_counted(post, counts, now)
        shift = Shift(
            id,
            post.id,
            now,
            by,
            before=None if running is None else running.id,
            outgoing=None if running is None else running.guard,
            absent=absent or running is None,
            inventory=counted,
            open=now_open,
            note=said.ref,
        )
        beside = () if other is None else (replace(other, state=ShiftState.WITHDRAWN),)
        more = {"outgoing": shift.outgoing, "absent": shift.absent, "differences": _differences(counted)}
        return Step(shift, "begun", by, beside, (*said.changes, *notes), more=more)

    return await _done(site, work_out)


async def sign(site: Site, id: str, side: Side, signer: Signer) -> Shift:
    """One signature; with the last one the post is taken over, and the shift before it ends.

    Raises `NoSuchPermit`, `NotYours`, `NotPossible`, `LedgerUnavailable`.
    """

    def work_out(directory: Directory, now: datetime) -> Step:
        shift = find(directory, Shift, id)
        known = shift.signatures.get(side)
        if known is not None and known.by == signer.by:
            return Step(shift, f"signed_{side.value}", signer.by)  # the same touch twice
        if shift.state is not ShiftState.HANDING_OVER:
            raise NotPossible("taken_over", "this post has been taken over")
        if known is not None:
            raise NotPossible("signed_already", "somebody else has signed for this side")
        _check_signer(shift, side, signer.by)
        signed = replace(shift, signatures={**shift.signatures, side: Signature(signer.by, now, signer.card)})
        more = {"side": side.value, "card": signer.card}
        if signed.lacks:
            return Step(signed, f"signed_{side.value}", signer.by, more=more)
        running = current(directory, shift.post)
        if (None if running is None else running.id) != shift.before:
            raise NotPossible("overtaken", "somebody else has taken this post over meanwhile: count again")
        ended = () if running is None else (_ended(running, now, shift.outgoing if not shift.absent else None),)
        taken = replace(signed, state=ShiftState.RUNNING, taken_over_at=now)
        return Step(taken, "taken_over", signer.by, ended, more=more)

    shift = await _done(site, work_out)
    if shift.guard is not None:
        await alarms.clear_alarm(site, alarms.POST_UNMANNED, shift.post)
    return shift


async def withdraw(site: Site, id: str, by: str) -> Shift:
    """A hand-over comes to nothing; the shift before it goes on. Raises `NoSuchPermit`, `NotPossible`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        shift = find(directory, Shift, id)
        if shift.state is not ShiftState.HANDING_OVER:
            raise NotPossible("taken_over", "this post has been taken over")
        return Step(replace(shift, state=ShiftState.WITHDRAWN), "withdrawn", by)

    return await _done(site, work_out)


async def end(site: Site, id: str, words: str, by: str, witness: str | None, *, for_others: bool = False) -> Shift:
    """The guard leaves and nobody takes over: a witness signs too. The control room (`for_others`) ends one that was
    forgotten, and is its own witness.

    Raises `NoSuchPermit`, `NotYours`, `NotPossible`, `LedgerUnavailable`.
    """

    def work_out(directory: Directory, now: datetime) -> Step:
        shift = find(directory, Shift, id)
        if shift.state is not ShiftState.RUNNING:
            raise NotPossible("handing_over", "this hand-over is not signed yet: withdraw it")
        if by != shift.guard and not for_others:
            raise NotYours("another guard has this post")
        if by == shift.guard:
            if witness is None:
                raise NotPossible("witness", "nobody takes over: a witness signs")
            if witness == by:
                raise NotYours("nobody is their own witness")
        said = note(words, now)
        ended = replace(_ended(shift, now, by), end_witness=witness, end_note=said.ref)
        return Step(ended, "ended", by, changes=said.changes, more={"witness": witness})

    return await _done(site, work_out)


# ---------------------------------------------------------------- what there is


def post_of(site: Site, id: str) -> Post:
    """A post of this campus. Raises `WrongField`."""
    found = next((post for post in site.campus.posts if post.id == id), None)
    if found is None:
        raise WrongField("post", "no such post")
    return found


def current(directory: Directory, post: str) -> Shift | None:
    """Who has the post now."""
    return _newest(directory, post, ShiftState.RUNNING)


def handing_over(directory: Directory, post: str) -> Shift | None:
    """The hand-over that is under way."""
    return _newest(directory, post, ShiftState.HANDING_OVER)


async def history(site: Site, post: str, limit: int = HISTORY) -> list[Shift]:
    """Shifts of a post that are over, the newest first."""
    found = await site.archive.papers(PaperKind.SHIFT, live=False, subject=post, limit=limit)
    return [paper for paper in found if isinstance(paper, Shift)]


async def last(site: Site, post: str) -> Shift | None:
    """The shift that ended last."""
    ended = [shift for shift in await history(site, post, 10) if shift.state is ShiftState.ENDED]
    return max(ended, key=lambda shift: shift.ended_at or shift.started_at, default=None)


async def open_now(site: Site, post: Post) -> Open:
    """What is open at a post, in numbers; whoever signs has seen them."""
    now, gate = site.clock.now(), gate_of(site.campus, post)
    inside = visits_inside(site)
    places = places_of(site, post)
    order = None
    for zone in {site.campus.portals[portal].zone for portal in post.portals}:
        here = order_in_force(site.campus, site.world.orders, zone, now, site.trusted_until)
        if here is not None and (order is None or here.level < order.level):
            order = here
    return Open(
        inside=len(inside),
        overstays=sum(1 for visit in inside if visit.ends_at <= now),
        alarms=len(alarms_at(site, post)),
        devices_down=sum(1 for device in site.devices if device.portal in post.portals and not device.online),
        waiting=sum(1 for one in site.waits.values() if one.request.portal in places and not one.answered),
        calls=0 if gate is None else await calls.running_at(site, gate),
        emergencies=sum(1 for one in site.emergencies.values() if one.is_live),
        level=int(Level.L3 if order is None else order.level),
        level_since=None if order is None else order.starts_at,
    )


def visits_inside(site: Site) -> list[Visit]:
    """Everybody who is checked in, wherever they came in: they leave by any gate."""
    visits = site.directory.papers.visits.values()
    return [visit for some in visits for visit in some if visit.state is VisitState.CHECKED_IN]


def places_of(site: Site, post: Post) -> frozenset[str]:
    """Where something can be wrong at a post: it itself, its gate, its portals and their devices."""
    devices = (device.id for device in site.devices if device.portal in post.portals)
    gate = gate_of(site.campus, post)
    return frozenset({post.id, *post.portals, *devices, *(() if gate is None else (gate,))})


def alarms_at(site: Site, post: Post) -> list[Alarm]:
    """What is wrong at a post; never what is silent, which nobody at the place may see."""
    places = places_of(site, post)
    return [one for one in site.alarms.by_id.values() if one.place in places and one.condition not in alarms.SILENT]


# ---------------------------------------------------------------- what the others are made of


def _newest(directory: Directory, post: str, state: ShiftState) -> Shift | None:
    found = [
        paper
        for paper in directory.papers.by_id.values()
        if isinstance(paper, Shift) and paper.post == post and paper.state is state
    ]
    return max(found, key=lambda shift: shift.started_at, default=None)


def _may_be_replaced(other: Shift, by: str, now: datetime) -> bool:
    """One's own, begun anew; or one that nobody went on with."""
    return other.by == by or (not other.signatures and now - other.started_at >= LAPSES_AFTER)


def _check_counts(post: Post, counts: Sequence[Count]) -> None:
    items = {item.id: item for item in post.inventory}
    seen: set[str] = set()
    for number, count in enumerate(counts):
        item = items.get(count.item)
        if item is None or count.item in seen:
            raise WrongField(f"counts[{number}].item", "no such thing at this post" if item is None else "given twice")
        seen.add(count.item)
        if count.count != item.count and not count.note.strip():
            raise WrongField(f"counts[{number}].note", f"there should be {item.count}: say a word about the difference")
    missing = [id for id in items if id not in seen]
    if missing:
        raise WrongField("counts", f"not counted: {', '.join(missing)}")


def _as_counted(post: Post, counts: Sequence[Count], now: datetime) -> tuple[tuple[Counted, ...], tuple[NoteKept, ...]]:
    expected: Mapping[str, int] = {item.id: item.count for item in post.inventory}
    counted: list[Counted] = []
    kept: list[NoteKept] = []
    for count in counts:
        said = note(count.note, now)
        kept += said.changes
        counted.append(Counted(count.item, expected[count.item], count.count, said.ref))
    return tuple(counted), tuple(kept)


def _differences(counted: Sequence[Counted]) -> list[dict[str, Any]]:
    return [
        {"item": one.item, "expected": one.expected, "count": one.count} for one in counted if one.count != one.expected
    ]


def _check_signer(shift: Shift, side: Side, by: str) -> None:
    """Raises `NotYours`, `NotPossible` if this is not theirs to sign."""
    if any(signed.by == by for signed in shift.signatures.values()):
        raise NotYours("nobody signs for two sides")
    match side:
        case Side.OUTGOING:
            if shift.absent:
                raise NotPossible("absent", "whoever had the post is absent: a witness signs")
            if by != shift.outgoing:
                raise NotYours("another guard has this post")
        case Side.INCOMING:
            if by == shift.outgoing and not shift.absent:
                raise NotYours("who hands over does not take over")
        case Side.WITNESS:
            if not shift.absent:
                raise NotPossible("not_absent", "a witness signs where somebody is absent")


def _ended(shift: Shift, now: datetime, by: str | None) -> Shift:
    return replace(shift, state=ShiftState.ENDED, ended_at=now, ended_by=by)


async def _done(site: Site, work_out: Callable[[Directory, datetime], Step]) -> Shift:
    done = (await carry_out(site, work_out)).paper
    assert isinstance(done, Shift)
    return done
