"""What people do about an alarm: see it, put it on the shelf, tick its steps, call somebody, take it over, close it.

Promises: each act is a row with who and when before it counts, and moves the entry with all its members. Two people on
one alarm act one after the other: the same act twice is the same state, a conflicting one is told who was first. What
is about somebody's life, and an entry in which other things stand too, can be neither shelved nor taken out of service.
What is closed while its cause stays is raised again after a while. Words that were typed stand beside the ledger,
where retention erases them. Leaves to others: who may (the routes' rights), what time does (`alarm_watch`).
"""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.core.alarm_catalogue import CallOutcome, Disposal, OutReason, Priority, ShelfReason
from gateway.core.alarm_course import Move, NotInThisState, State, after, shelf_end
from gateway.core.alarm_groups import FLOOD
from gateway.core.control_rooms import rooms_of
from gateway.flows import alarm_entries, alarms
from gateway.flows.alarm_rows import GATEWAY, as_event, holds, key, named
from gateway.flows.alarms import NoSuchAlarm
from gateway.flows.changes import AlarmKept, NoteKept
from gateway.flows.notes import note
from gateway.flows.open_alarms import Alarm, AlarmCall, PutOff
from gateway.flows.permits import WrongField
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site

CALLS_AT_MOST = 40
"""Calls that an open alarm remembers; the ledger has all."""
PUT_OFF_S = 900
"""What is closed while its cause stays comes back then, where the catalogue does not say when it is told again."""
PUT_OFF_AT_MOST = 2_000


class NotNow(Exception):
    """The alarm is in another state by now; `by` and `at` say who did that and when, where somebody did."""

    def __init__(self, alarm: Alarm, why: str) -> None:
        super().__init__(why)
        self.alarm = alarm
        self.by = alarm.shelved_by or alarm.acknowledged_by
        self.at = alarm.acknowledged_at


class NotForThisKind(Exception):
    """It cannot be put aside; `code`: life_safety and always_heard are always heard, of_many is an entry with other
    things in it."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


async def acknowledge(site: Site, id: str, by: str) -> Alarm:
    """Somebody has seen it; a second one gets the same state. One that has returned is done with by that, but for one
    about a life: that is closed by whoever may close it, and says what it was.

    Raises `NoSuchAlarm`, `NotNow`, `LedgerUnavailable`.
    """
    async with _turn(site, id) as alarm:
        state = State(alarm.state) if _waits_for_a_disposal(site, alarm) else _next(alarm, Move.ACKNOWLEDGE)
        if state == alarm.state and (state is not State.RETURNED or alarm.id not in site.alarms.unseen):
            return alarm
        if state is State.CLOSED:
            return await alarms.finish(site, alarm, by, Disposal.BY_ITSELF.value)
        now = site.clock.now()
        site.alarms.seen(alarm.id)
        seen: dict[str, Any] = {"acknowledged_by": by, "acknowledged_at": now}
        known = {one.id for one in site.alarms.members(alarm.id)}
        moved = await _do(site, alarm, "alarm_acknowledged", {"by": by}, move=Move.ACKNOWLEDGE, **seen)
        came = [one for one in site.alarms.members(alarm.id) if one.id not in known and one.priority == Priority.HIGH]
        if came and moved.state == State.ACKNOWLEDGED:  # while that was written, and nobody has seen it
            moved = replace(moved, state=State.UNACKNOWLEDGED.value, told_at=site.clock.now())
            alarms.keep_in_mind(site, moved)
        return moved


async def close(site: Site, id: str, code: str, by: str, words: str = "") -> Alarm:
    """It is dealt with; `code` says what it was. Raises `NoSuchAlarm`, `WrongField`, `LedgerUnavailable`."""
    async with _turn(site, id) as alarm:
        if code not in site.catalogue.of(alarm.condition).disposals:
            raise WrongField("disposal", "is none of the codes of this kind of alarm")
        _next(alarm, Move.CLOSE)
        with _put_off(site, alarm):
            return await alarms.finish(site, alarm, by, Disposal(code).value, words.strip()[:500] or None)


async def raise_again(site: Site) -> None:
    """Somebody has closed it, the time is over, and nobody has told that its cause is. For each second."""
    book, mono = site.alarms, site.clock.monotonic()
    for cause in [cause for cause, one in book.put_off.items() if one.until <= mono]:
        closed = book.put_off.pop(cause).alarm
        if closed.condition in alarms.FOUND_ONCE and book.of(*cause) is None:
            await alarms.raise_alarm(site, *cause, closed.detail)


async def shelve(site: Site, id: str, until: datetime, reason: str, by: str, words: str = "") -> Alarm:
    """Not to be heard until then.

    Raises `NoSuchAlarm`, `NotNow`, `NotForThisKind`, `WrongField`, `LedgerUnavailable`.
    """
    async with _turn(site, id) as alarm:
        _may_be_put_aside(site, alarm)
        at_most_s = site.catalogue.shelf_at_most_s
        end = shelf_end(site.clock.now(), until, at_most_s)
        if end is None:
            raise WrongField("until", f"expected a time ahead, at most {at_most_s // 3600} hours from now")
        _check_words("reason", ShelfReason(reason) is ShelfReason.OTHER, words)
        _next(alarm, Move.SHELVE)
        said = note(words, site.clock.now())
        fields = {"shelved_until": end, "shelf_reason": reason, "shelved_by": by}
        body = {"until": end, "reason": reason, "note": said.ref, "by": by}
        with site.alarms.entries.leaving(alarm.id):  # what comes now is not to vanish on the shelf
            return await _do(site, alarm, "alarm_shelved", body, said.changes, move=Move.SHELVE, **fields)


async def unshelve(site: Site, id: str, by: str) -> Alarm:
    """Heard again from now on. Raises `NoSuchAlarm`, `NotNow`, `LedgerUnavailable`."""
    async with _turn(site, id) as alarm:
        if alarm.state != State.SHELVED:
            raise NotNow(alarm, "is not on the shelf")
        return await _come_back(site, alarm, by)


async def put_out_of_service(site: Site, id: str, reason: str, by: str, words: str = "") -> Alarm:
    """Not looked at until somebody says so. Raises as `shelve` does."""
    async with _turn(site, id) as alarm:
        _may_be_put_aside(site, alarm)
        if alarm.state == State.OUT_OF_SERVICE:
            return alarm
        _check_words("reason", OutReason(reason) is OutReason.OTHER, words)
        _next(alarm, Move.PUT_OUT)
        said = note(words, site.clock.now())
        fields = {"shelved_until": None, "shelf_reason": reason, "shelved_by": by}
        body = {"reason": reason, "note": said.ref, "by": by}
        with site.alarms.entries.leaving(alarm.id):
            return await _do(site, alarm, "alarm_out_of_service", body, said.changes, move=Move.PUT_OUT, **fields)


async def put_in_service(site: Site, id: str, by: str) -> Alarm:
    """Looked at again. Raises `NoSuchAlarm`, `NotNow`, `LedgerUnavailable`."""
    async with _turn(site, id) as alarm:
        if alarm.state != State.OUT_OF_SERVICE:
            raise NotNow(alarm, "is not out of service")
        return await _come_back(site, alarm, by)


async def end_of_shelf(site: Site, id: str) -> None:
    """Its time on the shelf is over: it comes back if its cause holds. Raises `LedgerUnavailable`."""
    with contextlib.suppress(NoSuchAlarm):
        async with _turn(site, id) as alarm:
            until = alarm.shelved_until
            if alarm.state == State.SHELVED and until is not None and until <= site.clock.now():
                await _come_back(site, alarm, GATEWAY)


async def tick(site: Site, id: str, step: str, done: bool, by: str) -> Alarm:
    """A line of the checklist is done, or not after all. Raises `NoSuchAlarm`, `WrongField`, `LedgerUnavailable`."""
    async with _turn(site, id) as alarm:
        if step not in {one.id for one in site.catalogue.of(alarm.condition).what_to_do}:
            raise WrongField("step", "is no step of this kind of alarm")
        if (step in alarm.steps_done) == done:
            return alarm
        steps = (*alarm.steps_done, step) if done else tuple(one for one in alarm.steps_done if one != step)
        return await _do(site, alarm, "alarm_step", {"step": step, "done": done, "by": by}, steps_done=steps)


async def call(site: Site, id: str, to: str, outcome: str, by: str, words: str = "") -> Alarm:
    """Somebody of the call list was called. Raises `NoSuchAlarm`, `WrongField`, `LedgerUnavailable`."""
    async with _turn(site, id) as alarm:
        if to not in {line.id for line in site.campus.calls}:
            raise WrongField("to", "nobody on the call list has this id")
        now = site.clock.now()
        said = note(words, now)
        made = AlarmCall(to, CallOutcome(outcome).value, now, by)
        body = {"to": to, "outcome": outcome, "by": by, "note": said.ref}
        calls = (*alarm.calls, made)[-CALLS_AT_MOST:]
        return await _do(site, alarm, "alarm_call", body, said.changes, calls=calls)


async def take_over(site: Site, id: str, room: str, by: str) -> Alarm:
    """Another control room deals with it; its own room takes it back by the same act.

    Raises `NoSuchAlarm`, `WrongField`, `LedgerUnavailable`.
    """
    if room not in {one.id for one in rooms_of(site.campus)}:
        raise WrongField("room", "there is no such control room")
    async with _turn(site, id) as alarm:
        taker = None if room == alarm.room else room
        if alarm.taken_over_by == taker:
            return alarm
        return await _do(site, alarm, "alarm_taken_over", {"room": room, "by": by}, taken_over_by=taker)


async def belongs_to(site: Site, id: str, incident: str | None, by: str) -> Alarm:
    """It is a part of an incident, or of none any more. Raises `NoSuchAlarm`, `LedgerUnavailable`."""
    async with _turn(site, id) as alarm:
        if alarm.incident == incident:
            return alarm
        return await _do(site, alarm, "alarm_in_incident", {"incident": incident, "by": by}, incident=incident)


@contextlib.asynccontextmanager
async def _turn(site: Site, id: str) -> AsyncIterator[Alarm]:
    """One act after the other. An act on a member is one on its entry."""
    known = site.alarms.by_id.get(id)
    if known is not None and known.in_group is not None:
        id = known.in_group
    if id not in site.alarms.by_id:
        raise NoSuchAlarm(id)
    async with site.alarms.lock(id):
        alarm = site.alarms.by_id.get(id)
        if alarm is None:
            raise NoSuchAlarm(id)
        yield alarm


def heard_anew(now: datetime) -> dict[str, Any]:
    """The fields of an alarm that comes back to the list."""
    fields: dict[str, Any] = {"shelved_until": None, "shelf_reason": None, "shelved_by": None}
    return fields | {"told_at": now, "acknowledged_by": None, "acknowledged_at": None, "escalated_at": None}


async def _come_back(site: Site, alarm: Alarm, by: str) -> Alarm:
    if not holds(site, alarm):
        return await alarms.finish(site, alarm, by, Disposal.BY_ITSELF.value)
    fields = heard_anew(site.clock.now())
    moved = await _do(site, alarm, "alarm_back", {"by": by}, move=Move.COME_BACK, **fields)
    kind = (alarm.condition, alarm.zone)
    site.alarms.entries.entered(alarm.id, kind, site.clock.monotonic(), alarm.room, counts=False)
    return moved


async def _do(
    site: Site,
    alarm: Alarm,
    kind: str,
    more: dict[str, Any],
    notes: tuple[NoteKept, ...] = (),
    move: Move | None = None,
    **fields: Any,
) -> Alarm:
    """Written, then done: the entry and its members move on. What has happened to them meanwhile is not lost."""
    members = [] if move is None else site.alarms.members(alarm.id)
    if move is Move.ACKNOWLEDGE and _waits_for_a_disposal(site, alarm):
        fields["state"] = alarm.state
    elif move is not None:
        fields["state"] = after(State(alarm.state), move).value
    judged = {one.id: one for one in (alarm, *members)}
    wanted = [replace(one, **_of(one, alarm, move, fields)) for one in judged.values()]
    now = site.clock.now()
    grouped = {"members": len(members)} if members else {}
    entry = Entry(kind, now, named(alarm) | more | grouped, key(alarm, now))
    unit = Unit((entry,), (*notes, *(AlarmKept(one) for one in wanted)))
    await site.ledger.commit(unit, site.rules.record_within_s)
    for one in wanted:
        known = site.alarms.by_id.get(one.id)
        if known is None:
            continue  # it was over meanwhile
        if move is Move.ACKNOWLEDGE and known.in_group is not None and not known.holds:
            alarms.leave(site, known)  # it is over, and somebody has seen it now
            continue
        moved = replace(known, **_of(known, alarm, move, fields))
        if moved.state == State.CLOSED:  # its cause has ended while that was written
            waits = _waits_for_a_disposal(site, known)
            moved = replace(moved, state=known.state if waits else State.ACKNOWLEDGED.value)
        site.alarms.put(moved)
        if moved != one:
            site.alarms.unwritten[one.id] = None
        site.feed.publish(as_event(site, moved))
        if not moved.holds:
            await alarms.settle(site, moved)
    return site.alarms.by_id.get(alarm.id, replace(alarm, state=State.CLOSED.value))


def _of(one: Alarm, entry: Alarm, move: Move | None, fields: dict[str, Any]) -> dict[str, Any]:
    """What changes of the entry, or of a member with it. A member goes by its own state."""
    if move is None or (one.id == entry.id and fields["state"] == State.RETURNED):
        return fields
    with contextlib.suppress(NotInThisState):
        return fields | {"state": after(State(one.state), move).value}
    return {} if one.id != entry.id else fields


def _next(alarm: Alarm, move: Move) -> State:
    try:
        return after(State(alarm.state), move)
    except NotInThisState as error:
        raise NotNow(alarm, str(error)) from None


@contextlib.contextmanager
def _put_off(site: Site, alarm: Alarm) -> Iterator[None]:
    """What is closed while its cause stays is remembered before that is written: the cause may end meanwhile."""
    book, mono = site.alarms, site.clock.monotonic()
    causes = {}
    for one in (alarm, *book.members(alarm.id)):
        if one.holds and one.condition in alarms.FOUND_ONCE | alarms.LOOKED_FOR:
            after_s = site.catalogue.of(one.condition).again_after_s or PUT_OFF_S
            closed = replace(one, state=State.CLOSED.value, in_group=None)
            causes[one.condition, one.place] = PutOff(closed, mono + after_s)
    book.put_off |= causes
    while len(book.put_off) > PUT_OFF_AT_MOST:
        del book.put_off[next(iter(book.put_off))]
    try:
        yield
    except LedgerUnavailable:
        for cause in causes:
            book.put_off.pop(cause, None)
        raise


def _waits_for_a_disposal(site: Site, alarm: Alarm) -> bool:
    """It is over, and was about a life: only whoever closes it ends it."""
    return alarm.state == State.RETURNED and site.catalogue.of(alarm.condition).is_life_safety


def _may_be_put_aside(site: Site, alarm: Alarm) -> None:
    """Raises `NotForThisKind`."""
    members = site.alarms.members(alarm.id)
    kinds = [site.catalogue.of(one.condition) for one in (alarm, *members)]
    if any(kind.is_life_safety for kind in kinds):
        raise NotForThisKind("life_safety", "what is about somebody's life is always heard")
    if not all(kind.may_be_shelved for kind in kinds):
        raise NotForThisKind("always_heard", "its time runs on whether anybody hears it or not: it cannot be put aside")
    loud = Priority(alarm_entries.priority_at(site, alarm.condition, alarm.zone)).rank
    others = [one for one in members if one.condition != alarm.condition or Priority(one.priority).rank < loud]
    if alarm.condition == FLOOD or others:
        raise NotForThisKind("of_many", "other alarms stand in this entry, and would not be heard any more")


def _check_words(field: str, is_other: bool, words: str) -> None:
    if is_other and not words.strip():
        raise WrongField(field, "'other' needs words")
