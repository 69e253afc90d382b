"""What time does to alarms: the shelf ends, what stands is told again, what nobody has seen goes to a leader.

Promises, each second: what lies on the shelf comes back to the second, also after a restart; while the cause of an
alarm stays and nobody has closed it, it is told again after the catalogue's time; one that nobody has acknowledged in
time is told to the duty leader once, by a notice where one reaches them, and is marked in any case; one that chattered
and has been calm is an ordinary one again; and the database learns of counts and members within seconds, in a few
units however many there are. Leaves to others: what people do (`alarm_acts`), sending notices (`outbox`), the faults of
cameras, which are told again until they are mended, even if somebody has closed the alarm (`camera_findings`).
"""

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from gateway.core.alarm_course import Move, State, after
from gateway.flows import alarm_acts, alarms, notices
from gateway.flows.alarm_rows import again_at, key, named
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
    """For each second."""
    if not site.ledger.is_away:
        await _end_shelves(site)
        await _tell_again(site)
        await _escalate(site)
    await _calm_down(site)
    _tell_of_growth(site)
    await keep(site)
    site.alarms.let_go_of_locks()


def _tell_of_growth(site: Site) -> None:
    """Entries that have more members, or whose members came again: once a second, however often that was."""
    grown, site.alarms.grown = site.alarms.grown, {}
    for id in grown:
        alarm = site.alarms.by_id.get(id)
        if alarm is not None:
            site.feed.publish(alarms.as_event(site, alarm))


async def _end_shelves(site: Site) -> None:
    now = site.clock.now()
    due = [one for one in site.alarms.shown() if one.state == State.SHELVED and _is_past(one.shelved_until, now)]
    for alarm in due[:IN_ONE_GO]:
        with contextlib.suppress(LedgerUnavailable):
            await alarm_acts.end_of_shelf(site, alarm.id)


def _is_past(at: datetime | None, now: datetime) -> bool:
    return at is None or at <= now


async def _tell_again(site: Site) -> None:
    now = site.clock.now()
    due = [one for one in site.alarms.shown() if (at := again_at(site, one)) is not None and at <= now]
    for alarm in due[:IN_ONE_GO]:
        again = replace(alarm, state=after(State(alarm.state), Move.TOLD_ANEW).value, told_at=now)
        site.alarms.put(again)
        site.feed.publish(alarms.as_event(site, again))
        alarms.wrote(site, again)
        site.spawn(alarms.write(site, Unit((alarms.row_of(site, again, again=True),), (AlarmKept(again),))))


async def _escalate(site: Site) -> None:
    now = site.clock.now()
    due = [one for one in site.alarms.shown() if _is_unseen(site, one, now)]
    for alarm in due[:IN_ONE_GO]:
        told = notices.to_duty_leader(site, NoticeKind.ALARM, alarm.id, now)
        escalated = replace(alarm, escalated_at=now)
        body = named(alarm) | {"priority": alarm.priority, "notices": len(told.changes)}
        entries = (Entry("alarm_escalated", now, body, key(alarm, now)), *told.entries)
        with contextlib.suppress(LedgerUnavailable):  # the next second tries again
            await site.ledger.commit(Unit(entries, (AlarmKept(escalated), *told.changes)), WITHIN_S)
            known = site.alarms.by_id.get(alarm.id)
            if known is not None:
                alarms.keep_in_mind(site, replace(known, escalated_at=now))


def _is_unseen(site: Site, alarm: Alarm, now: datetime) -> bool:
    after_s = site.catalogue.of(alarm.condition).escalate_after_s
    if after_s is None or alarm.state != State.UNACKNOWLEDGED or alarm.told_at is None:
        return False
    if alarm.escalated_at is not None and alarm.escalated_at >= alarm.told_at:
        return False
    if alarm.escalated_at is not None and alarm.acknowledged_at is None:
        return False  # told again, and a leader knows already that nobody has seen it
    return now - alarm.told_at >= timedelta(seconds=after_s)


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
    if not some and not over:
        return
    now = site.clock.now()
    entries = _rows_of_members(site, some, over, now)
    closed = tuple(AlarmsClosed(tuple(ids), now, "by_itself") for ids in over.values())
    new = {alarm.id for alarm in some if alarm.in_group is not None}
    for id in over:
        del book.over[id]
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
