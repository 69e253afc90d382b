"""What time does to alarms: the shelf ends, what stands is told again, what nobody has seen goes to a leader.

Promises, each second: what lies on the shelf comes back to the second, also after a restart; while the cause of an
alarm stays and nobody has closed it, it is told again after the catalogue's time; one that nobody has acknowledged in
time, however often it was told again meanwhile, is told to the duty leader once, by a notice where one reaches them,
and is marked in any case; what is about a life is told again and escalated until somebody has seen it, also when it is
over; all of that is on the screens while the ledger is away, and on record when it is back; one that chattered and has
been calm is an ordinary one again; and the database has the counts, and one row of an entry's new members, within
seconds, in a few units however many there are. Leaves to others: what people do (`alarm_acts`), sending notices
(`outbox`), the faults of cameras, which are told again until they are mended, even if somebody has closed the alarm
(`camera_findings`).
"""

import contextlib
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from gateway.core.alarm_catalogue import LIFE_SAFETY
from gateway.core.alarm_course import Move, State, after, escalates_at
from gateway.flows import alarm_acts, alarms, notices
from gateway.flows.alarm_rows import GATEWAY, again_at, holds, key, named
from gateway.flows.changes import AlarmKept, AlarmsClosed
from gateway.flows.notice_rules import NoticeKind
from gateway.flows.open_alarms import Alarm
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site

AT_ONCE = 200
"""Alarms that are written together: about as many rows as one commit of a rush has."""
IN_ONE_GO = 20
"""So many are told again or escalated in one second; the others in the next."""
WITHIN_S = 5.0
KEEP_EVERY_S = 10.0
"""Counts that grow are written this often."""


async def look(site: Site) -> None:
    """For each second. What people have to hear is in memory and on the screens first, with or without a ledger."""
    over = _end_shelves(site)
    _tell_again(site)
    _escalate(site)
    await alarm_acts.raise_again(site)
    _tell_of_growth(site)
    if not site.ledger.is_away:
        await _close(site, over)
        await _calm_down(site)
        await _tell_leaders(site)
        await keep(site)
    site.alarms.let_go_of_locks()


def _tell_of_growth(site: Site) -> None:
    """Entries that have more members, or whose members came again: once a second, however often that was."""
    grown, site.alarms.grown = site.alarms.grown, {}
    for id in grown:
        alarm = site.alarms.by_id.get(id)
        if alarm is not None:
            site.feed.publish(alarms.as_event(site, alarm))


def _end_shelves(site: Site) -> list[str]:
    """What still holds is heard again at once. Returns the others: they are closed, and that is written first."""
    now, over = site.clock.now(), []
    due = [one for one in site.alarms.shown() if one.state == State.SHELVED and _is_past(one.shelved_until, now)]
    for alarm in due[:IN_ONE_GO]:
        if site.alarms.lock(alarm.id).locked():
            continue  # somebody acts on it just now: the next second
        if holds(site, alarm):
            _come_back(site, alarm, now)
        else:
            over.append(alarm.id)
    return over


def _come_back(site: Site, alarm: Alarm, now: datetime) -> None:
    """From the shelf, with all members that lie there."""
    members = site.alarms.members(alarm.id)
    for one in (alarm, *members):
        if one.state == State.SHELVED:
            back = replace(one, state=after(State(one.state), Move.COME_BACK).value, **alarm_acts.heard_anew(now))
            alarms.keep_in_mind(site, back)
    body = named(alarm) | {"by": GATEWAY} | ({"members": len(members)} if members else {})
    _write_soon(site, alarm, Entry("alarm_back", now, body, key(alarm, now)))
    kind = (alarm.condition, alarm.zone)
    site.alarms.entries.entered(alarm.id, kind, site.clock.monotonic(), alarm.room, counts=False)


def _write_soon(site: Site, alarm: Alarm, entry: Entry) -> None:
    """The row and the alarm are written with the next `keep`: now, or when the ledger is back."""
    book = site.alarms
    book.unrecorded[entry.kind, alarm.id] = entry
    book.unwritten[alarm.id] = None
    book.written_at.pop(alarm.id, None)


async def _close(site: Site, over: list[str]) -> None:
    """The shelf has ended for what is over."""
    for id in over:
        try:
            await alarm_acts.end_of_shelf(site, id)
        except LedgerUnavailable:
            return  # the next second tries again


def _is_past(at: datetime | None, now: datetime) -> bool:
    return at is None or at <= now


def _tell_again(site: Site) -> None:
    """What is over and was about a life stays `returned`; anything else is unacknowledged again."""
    now = site.clock.now()
    due = [one for one in site.alarms.shown() if (at := again_at(site, one)) is not None and at <= now]
    for alarm in due[:IN_ONE_GO]:
        state = after(State(alarm.state), Move.TOLD_ANEW).value if holds(site, alarm) else alarm.state
        again = replace(alarm, state=state, told_at=now)
        alarms.keep_in_mind(site, again)
        _write_soon(site, again, alarms.row_of(site, again, again=True))


def _escalate(site: Site) -> None:
    """Marked at once for whoever looks at a screen; the leader's notice follows."""
    now = site.clock.now()
    due = [one for one in site.alarms.shown() if (at := _escalates_at(site, one)) is not None and at <= now]
    for alarm in due[:IN_ONE_GO]:
        escalated = replace(alarm, escalated_at=now)
        site.alarms.put(escalated)
        site.alarms.untold[alarm.id] = escalated
        site.feed.publish(alarms.as_event(site, escalated))


def _escalates_at(site: Site, alarm: Alarm) -> datetime | None:
    return escalates_at(
        State(alarm.state),
        site.alarms.unseen.get(alarm.id),
        alarm.escalated_at,
        site.catalogue.of(alarm.condition).escalate_after_s,
        concerns_life=alarm.condition in LIFE_SAFETY,
    )


async def _tell_leaders(site: Site) -> None:
    """One unit for all that were escalated. One that was closed meanwhile has its row and needs nobody."""
    book, now = site.alarms, site.clock.now()
    some = list(islice(book.untold.values(), IN_ONE_GO))
    if not some:
        return
    entries: list[Entry] = []
    facts: list[Any] = []
    for alarm in some:
        known = book.by_id.get(alarm.id)
        at = alarm.escalated_at or now
        told = notices.NOBODY if known is None else notices.to_duty_leader(site, NoticeKind.ALARM, alarm.id, now)
        body = named(alarm) | {"priority": alarm.priority, "notices": len(told.changes)}
        entries += [Entry("alarm_escalated", at, body, key(alarm, at)), *told.entries]
        facts += [*([] if known is None else [AlarmKept(known)]), *told.changes]
    with contextlib.suppress(LedgerUnavailable):  # the next second tries again
        await site.ledger.commit(Unit(tuple(entries), tuple(facts)), WITHIN_S)
        for alarm in some:
            if book.untold.get(alarm.id) == alarm:
                del book.untold[alarm.id]


async def _calm_down(site: Site) -> None:
    """One that chattered is an ordinary alarm again; if its cause is over, it goes the way of any other."""
    mono = site.clock.monotonic()
    for cause, chatter in list(site.alarms.chatter.items()):
        if not chatter.has_calmed(mono):
            continue
        del site.alarms.chatter[cause]
        alarm = site.alarms.of(*cause)
        if alarm is not None and alarm.chattering:
            calm = replace(alarm, chattering=0)
            alarms.keep_in_mind(site, calm)
            if not calm.holds:
                await alarms.settle(site, calm)


async def keep(site: Site) -> None:
    """Write what the database does not know yet: counts that have grown, members that are new or over."""
    if site.ledger.is_away:
        return
    book, mono = site.alarms, site.clock.monotonic()
    ripe = (id for id in book.unwritten if mono - book.written_at.get(id, -1e9) >= KEEP_EVERY_S)
    some = [book.by_id[id] for id in islice(ripe, AT_ONCE) if id in book.by_id]
    over = dict(islice(book.over.items(), AT_ONCE))
    rows = dict(islice(book.unrecorded.items(), AT_ONCE))
    if not some and not over and not rows:
        return
    now = site.clock.now()
    entries = (*rows.values(), *_rows_of_members(site, some, over, now))
    closed = tuple(AlarmsClosed(tuple(ids), now, "by_itself") for ids in over.values())
    new = {alarm.id for alarm in some if alarm.in_group is not None}
    for id in over:
        del book.over[id]
    for cause in rows:
        del book.unrecorded[cause]
    for alarm in some:
        alarms.wrote(site, alarm)
    try:
        await site.ledger.commit(Unit(entries, (*(AlarmKept(one) for one in some), *closed)), WITHIN_S)
    except LedgerUnavailable:
        for alarm in some:
            if alarm.id in book.by_id:
                book.unwritten[alarm.id] = None
                book.written_at.pop(alarm.id, None)
        for id, ids in over.items():
            book.over[id] = [*ids, *book.over.get(id, [])]
        book.unrecorded = {**rows, **book.unrecorded}
    else:
        book.recorded |= new


def _rows_of_members(site: Site, some: list[Alarm], over: dict[str, list[str]], now: datetime) -> tuple[Entry, ...]:
    """One row for each entry whose members are new or over: every place stands in the ledger once."""
    joined: dict[str, list[Alarm]] = {}
    for alarm in some:
        if alarm.in_group is not None and alarm.id not in site.alarms.recorded:
            joined.setdefault(alarm.in_group, []).append(alarm)
    rows = []
    for id in {**joined, **over}:
        head = site.alarms.by_id.get(id)
        members = site.alarms.members(id)
        entry = head or _gone(id, now)
        body = named(entry) | {
            "joined": [{"alarm": one.id, "condition": one.condition, "place": one.place} for one in joined.get(id, ())],
            "over": over.get(id, []),
            "members": len(members),
            "count": sum(one.count for one in members) + (0 if head is None else head.count),
        }
        rows.append(Entry("alarm_members", now, body, key(entry, now)))
    return tuple(rows)


def _gone(id: str, now: datetime) -> Alarm:
    """An entry that was closed before its last members were written."""
    return Alarm(id, "", "", "low", "", State.CLOSED.value, 0, now, now)
