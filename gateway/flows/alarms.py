"""Something is wrong at a place: recorded, shown, counted up while it lasts, and over when its cause is.

One alarm stands for one condition at one place: while it is open, the same again only counts. How loud each condition
is stands in the catalogue (`alarms.yaml`). Nothing that is raised is lost: where very many come at once they are
members of one entry (`alarm_entries`), each with its place and count. An alarm that is new, or is heard anew, goes to
the ledger in one unit with what it comes from, or before it: an entry of its own with its row, a member without one.
Counts that grow, and the row that names an entry's new members, are the watch's within seconds (`alarm_watch`). Leaves
to others: what people do about an alarm (`alarm_acts`), pictures (`alarm_pictures`).
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace

from gateway.core.alarm_catalogue import LIFE_SAFETY, Disposal, Priority
from gateway.core.alarm_course import QUIET, Move, State, after
from gateway.core.alarm_groups import FLOOD as ALARM_FLOOD
from gateway.core.cameras import Finding
from gateway.core.control_rooms import EVERY_ROOM
from gateway.flows import alarm_entries
from gateway.flows.alarm_rows import GATEWAY, SILENT, as_event, holds, key, named
from gateway.flows.changes import AlarmKept, AlarmsClosed
from gateway.flows.open_alarms import Alarm, AlarmPicture
from gateway.flows.ports import Entry, LedgerUnavailable, Result, Unit
from gateway.flows.site import Site

__all__ = ["SILENT", "Alarm", "NoSuchAlarm", "Raised", "as_event", "clear_alarm", "raise_alarm", "show"]

BAD_MESSAGES = "bad_messages"
UNKNOWN_DEVICE = "unknown_device"
DEVICE_LOST = "device_lost"
FLOOD = "flood"
WRONG_TRIES = "wrong_tries"
FORCED_DOOR = "forced_door"
HELD_DOOR = "held_door"
TAMPER = "tamper"
DURESS = "duress"
IMPACT = "impact"
EFO_PRESSED = "efo_pressed"
MANUAL_OVERRIDE = "manual_override"
FIRE = "fire"
PANIC = "panic"
EVENTS_LOST = "events_lost"
RETAINED_COMMAND = "retained_command"
PANEL_PLACE = "panel_place"
LEDGER_TROUBLE = "ledger_trouble"
COMMAND_FAILED = "command_failed"
DEVICE_CLOCK = "device_clock"
SECOND_GATEWAY = "second_gateway"
LATE_EXIT = "late_exit"
WINDOW_OPEN_BOLLARD_DOWN = "window_open_bollard_down"
CLOCK_SUSPECT = "clock_suspect"
ORDER_OVERDUE = "order_overdue"

POSTURE_LATE = "posture_late"
EMERGENCY_UNSIGNED = "emergency_unsigned"
RESPONDER_ENTERED = "responder_entered"
DISPOSAL_DUE = "disposal_due"
WITHOUT_CARD_OFTEN = "without_card_often"
FORGED_PASS = "forged_pass"
PASS_SHARED = "pass_shared"
GUARD_PANIC = "guard_panic"
RELIEF_WANTED = "relief_wanted"
RELIEF_UNANSWERED = "relief_unanswered"
POST_UNMANNED = "post_unmanned"
NOTICE_FAILED = "notice_failed"
OVERSTAY = "overstay"
LEFT_INSIDE = "left_inside"
ROUND_GAP = "round_gap"
WORK_ORDER_OVERDUE = "work_order_overdue"
CAMERA_ROUND_MISSED = "camera_round_missed"
LATE_RETURN = "late_return"
OPERATOR_SILENT = "operator_silent"
INCIDENT_REPORT_DUE = "incident_report_due"
ROOM_UNMANNED = "room_unmanned"
BACKUP_FAILED = "backup_failed"
LEDGER_UNREAD = "ledger_unread"


def of_camera(finding: Finding) -> str:
    """The condition of a camera, or of its recording, of which this was found; the place is the camera."""
    return f"camera_{finding.value}"


CONDITIONS = frozenset(
    {
        FIRE, PANIC, DURESS, GUARD_PANIC, EFO_PRESSED, FORCED_DOOR, HELD_DOOR, TAMPER, IMPACT, MANUAL_OVERRIDE,
        BAD_MESSAGES, UNKNOWN_DEVICE, DEVICE_LOST, FLOOD, WRONG_TRIES, EVENTS_LOST, RETAINED_COMMAND, PANEL_PLACE,
        LEDGER_TROUBLE, COMMAND_FAILED, DEVICE_CLOCK, SECOND_GATEWAY, LATE_EXIT, WINDOW_OPEN_BOLLARD_DOWN,
        CLOCK_SUSPECT, ORDER_OVERDUE, POSTURE_LATE, EMERGENCY_UNSIGNED, RESPONDER_ENTERED, DISPOSAL_DUE,
        WITHOUT_CARD_OFTEN, FORGED_PASS, PASS_SHARED, RELIEF_WANTED, RELIEF_UNANSWERED, POST_UNMANNED, NOTICE_FAILED,
        OVERSTAY, LEFT_INSIDE, ROUND_GAP, WORK_ORDER_OVERDUE, CAMERA_ROUND_MISSED, LATE_RETURN, OPERATOR_SILENT,
        ALARM_FLOOD, INCIDENT_REPORT_DUE, ROOM_UNMANNED, BACKUP_FAILED, LEDGER_UNREAD,
        *(of_camera(finding) for finding in Finding),
    }
)  # fmt: skip
"""Everything that can be wrong. Each has its place in the catalogue; a test keeps both alike."""

OF_A_ROOM = frozenset({OPERATOR_SILENT, ROOM_UNMANNED})
"""What is wrong in a control room itself is heard in all of them."""
FOUND_ONCE = frozenset({DEVICE_LOST, DEVICE_CLOCK, POSTURE_LATE, CLOCK_SUSPECT, HELD_DOOR})
"""Found when it begins and not again while it lasts, and its end is always told: if somebody closes such an alarm too
early, the gateway raises it again."""
LOOKED_FOR = frozenset({WINDOW_OPEN_BOLLARD_DOWN, DISPOSAL_DUE})
"""Found anew each second while no alarm stands for it: if somebody closes such an alarm too early, it comes later."""
TELL_AGAIN_S = 10.0
"""A condition that repeats is written at most this often; the count in between is kept."""
SAME_CRY_S = 30.0
"""A button pressed again within this time is the same call for help; later it is another one, whoever has seen the
first."""


class NoSuchAlarm(LookupError):
    """No alarm of that id is open."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm that is shown, and what has to be written of it together with what it comes from. Of a member that is
    how it stands, and its entry, without a row; nothing where only a count has grown."""

    alarm: Alarm
    rows: tuple[Entry, ...] = ()
    changes: tuple[AlarmKept, ...] = ()


async def raise_alarm(site: Site, condition: str, place: str, detail: str = "") -> Alarm:
    """A condition holds at `place` (a device, portal or zone). `detail` is for people and names no person.

    Never waits. Whatever is given to the ledger afterwards is on disk no earlier than the alarm: who records what the
    alarm comes from, or acknowledges it, does that after this, or uses `show` and writes both in one unit.
    """
    raised = show(site, condition, place, detail)
    if raised.changes:
        hand_over(site, Unit(raised.rows, raised.changes))
    return raised.alarm


def show(
    site: Site,
    condition: str,
    place: str,
    detail: str = "",
    *,
    priority: str | None = None,
    pictures: Sequence[AlarmPicture] = (),
    anew: bool = False,
) -> Raised:
    """The same, for a flow that writes it together with what it comes from. One that had passed is new again.

    `priority`: where it hangs on the place; else that of the catalogue. `anew`: told again although somebody has seen
    it, because nothing was done about it. What somebody closed although its cause stays is not raised again before its
    time: then that closed alarm is what comes back, and nothing is written.
    """
    known, closed = site.alarms.of(condition, place), site.alarms.put_off.get((condition, place))
    if known is None and closed is not None:
        if condition in LOOKED_FOR and site.clock.monotonic() < closed.until and not anew:
            return Raised(closed.alarm)  # somebody has closed it, and nothing is new
        del site.alarms.put_off[condition, place]
    if known is None:
        alarm, is_told, is_new = _new(site, condition, place, detail, priority, tuple(pictures)), True, True
    else:
        alarm, is_told = _once_more(site, known, detail, priority, tuple(pictures), anew)
        is_new = is_told and known.state == State.RETURNED
    site.feed.publish(as_event(site, alarm))
    if is_new:
        site.alarm_opened(alarm)
    if alarm.in_group is not None:
        return _member(site, alarm)
    mono = site.clock.monotonic()
    if not is_told and mono - site.alarms.written_at.get(alarm.id, -1e9) < TELL_AGAIN_S:
        site.alarms.unwritten[alarm.id] = None
        return Raised(alarm, (), () if known is None or known.holds else (AlarmKept(alarm),))
    wrote(site, alarm)
    return Raised(alarm, (row_of(site, alarm, anew),), (AlarmKept(alarm),))


def _member(site: Site, alarm: Alarm) -> Raised:
    """How a member and its entry stand is written with its cause, where the ledger does not have that already; the
    watch writes the count, and the row that names the member."""
    book, entry = site.alarms, alarm.in_group or ""
    book.unwritten[alarm.id] = book.grown[entry] = None
    new = [id for id in (entry, alarm.id) if id in book.by_id and id not in book.handed]
    book.handed.update(new)
    return Raised(alarm, (), tuple(AlarmKept(book.by_id[id]) for id in new))


def row_of(site: Site, alarm: Alarm, again: bool = False) -> Entry:
    """The row of an alarm that is told, or told `again`."""
    now = site.clock.now()
    body = named(alarm) | {
        "priority": alarm.priority,
        "detail": alarm.detail,
        "count": alarm.count,
        "zone": alarm.zone,
    }
    if alarm.chattering:
        body["chattering"] = alarm.chattering
    if again:
        body["again"] = True
    return Entry("alarm", now, body, key(alarm, now))


def wrote(site: Site, alarm: Alarm) -> None:
    """What is known of it is on its way to disk."""
    site.alarms.written_at[alarm.id] = site.clock.monotonic()
    site.alarms.unwritten.pop(alarm.id, None)


def unwritten(site: Site, raised: Raised) -> None:
    """What `show` wanted written was not: the next time it is, however soon."""
    if raised.changes:
        site.alarms.written_at.pop(raised.alarm.id, None)
        site.alarms.handed.difference_update(change.alarm.id for change in raised.changes)


async def clear_alarm(site: Site, condition: str, place: str) -> None:
    """The condition is over. If somebody has acknowledged it, it is done with; else, and always if it was about a life,
    it waits for a person and says that it has returned to normal. While it chatters, and while it lies on the shelf,
    that is only remembered."""
    site.alarms.put_off.pop((condition, place), None)
    known = site.alarms.of(condition, place)
    if known is None or not known.holds:
        return
    over = replace(known, holds=False)
    site.alarms.put(over)
    await settle(site, over)
    head = site.alarms.by_id.get(known.in_group or "")
    if head is not None:
        await settle(site, head)


async def settle(site: Site, alarm: Alarm) -> None:
    """Nothing holds any more of an alarm (and of its members), or part of it does: it moves on as far as it may."""
    for freed in alarm_entries.released(site, alarm) if not alarm.holds else ():
        site.feed.publish(as_event(site, freed))
        if freed.in_group is None:
            wrote(site, freed)
            hand_over(site, Unit((row_of(site, freed),), (AlarmKept(freed),)))
        else:
            site.alarms.unwritten[freed.id] = None
            hand_over(site, Unit((), (AlarmKept(freed),)))
    if alarm.id not in site.alarms.by_id:
        return
    state = State(alarm.state)
    if holds(site, alarm):  # it goes on, by itself or by its members
        site.alarms.unwritten[alarm.id] = site.alarms.grown[alarm.id] = None
        return
    if alarm.chattering or state in QUIET:
        keep_in_mind(site, alarm)
        return
    concerns_life = site.catalogue.of(alarm.condition).is_life_safety
    state = after(state, Move.CLEARED_OF_LIFE if concerns_life else Move.CLEARED)
    now = site.clock.now()
    if state is State.CLOSED and alarm.in_group is not None:
        leave(site, alarm)
        return
    if state is State.CLOSED:
        with contextlib.suppress(LedgerUnavailable):  # then it stays for a person to close
            await finish(site, alarm, GATEWAY, Disposal.BY_ITSELF.value)
        return
    if state == alarm.state:
        keep_in_mind(site, alarm)
        return
    returned = replace(alarm, state=state.value)
    keep_in_mind(site, returned)
    if alarm.in_group is None:
        wrote(site, returned)
        entry = Entry("alarm_returned", now, named(returned), key(returned, now))
        hand_over(site, Unit((entry,), (AlarmKept(returned),)))


def leave(site: Site, member: Alarm) -> None:
    """A member is over, and somebody has seen it: done with. The watch writes that."""
    site.alarms.drop(member)
    site.alarms.over.setdefault(member.in_group or "", []).append(member.id)
    site.feed.publish(as_event(site, replace(member, state=State.CLOSED.value)))


def keep_in_mind(site: Site, alarm: Alarm) -> None:
    """An alarm has changed: the book and the screens have it, the database soon."""
    site.alarms.put(alarm)
    site.alarms.unwritten[alarm.id] = None
    site.feed.publish(as_event(site, alarm))


async def finish(site: Site, alarm: Alarm, by: str, code: str, words: str | None = None) -> Alarm:
    """It is closed, with all its members. What is raised meanwhile is a new alarm. Raises `LedgerUnavailable`."""
    now = site.clock.now()
    book, members = site.alarms, site.alarms.members(alarm.id)
    both = (alarm, *members)
    causes = {(one.condition, one.place): one.id for one in both}
    for cause, id in causes.items():
        if book.by_cause.get(cause) == id:
            del book.by_cause[cause]
    ids = tuple(one.id for one in both)
    count = sum(one.count for one in both)
    body = named(alarm) | {"by": by, "code": code, "members": len(members), "count": count}
    entry = Entry("alarm_closed", now, body, key(alarm, now))
    kept = tuple(AlarmKept(one) for one in both if one.id in book.unwritten)
    unit = Unit((entry,), (*kept, AlarmsClosed(ids, now, code, words)))
    try:
        with book.entries.leaving(alarm.id):
            await site.ledger.commit(unit, site.rules.record_within_s)
    except LedgerUnavailable:
        for cause, id in causes.items():
            book.by_cause.setdefault(cause, id)
        raise
    for one in both:
        book.drop(one)
    closed = replace(alarm, state=State.CLOSED.value)
    site.feed.publish(as_event(site, closed))
    for one in members:
        site.feed.publish(as_event(site, replace(one, state=State.CLOSED.value)))
    return closed


def tell_every_room(site: Site, alarm: Alarm) -> None:
    """Nobody hears it where it belongs: from now on it is heard in every control room."""
    wide = replace(alarm, room=EVERY_ROOM, taken_over_by=None)
    keep_in_mind(site, wide)
    wrote(site, wide)
    hand_over(site, Unit((row_of(site, wide, again=True),), (AlarmKept(wide),)))


def add_pictures(site: Site, alarm: str, pictures: Sequence[AlarmPicture]) -> None:
    """Pictures of an open alarm have come; where they are kept is somebody else's matter."""
    known = site.alarms.by_id.get(alarm)
    new = () if known is None else tuple(one for one in pictures if one not in known.pictures)
    if known is None or not new:
        return
    shown = replace(known, pictures=(*known.pictures, *new))
    site.alarms.put(shown)
    site.feed.publish(as_event(site, shown))


def hand_over(site: Site, unit: Unit) -> asyncio.Task[None]:
    """Write what people see already; whatever the ledger is given afterwards comes after it. Returns at once; the task
    is over when it is on disk, or was left to the watch because the ledger is away."""
    try:
        written = site.ledger.hand_over(unit)
    except LedgerUnavailable as error:
        written = site.loop.create_future()
        written.set_exception(error)
    return site.spawn(_follow(site, unit, written))


async def write(site: Site, unit: Unit) -> None:
    """The same, and wait for it."""
    await _follow(site, unit, site.ledger.commit(unit))


async def _follow(site: Site, unit: Unit, written: Awaitable[Result]) -> None:
    try:
        await written
    except LedgerUnavailable:
        for change in unit.changes:
            if isinstance(change, AlarmKept) and change.alarm.id in site.alarms.by_id:
                site.alarms.unwritten[change.alarm.id] = None


def _new(
    site: Site, condition: str, place: str, detail: str, priority: str | None, pictures: tuple[AlarmPicture, ...]
) -> Alarm:
    now, zone = site.clock.now(), alarm_entries.zone_of(site, place)
    room = EVERY_ROOM if condition in OF_A_ROOM else site.room_of(zone)
    alarm = Alarm(
        secrets.token_hex(8), condition, place, priority or alarm_entries.priority_at(site, condition, zone),
        detail[:500], State.UNACKNOWLEDGED.value, 1, now, now, pictures=pictures, zone=zone, room=room,
        told_at=now,
    )  # fmt: skip
    alarm = replace(alarm, chattering=alarm_entries.comes(site, alarm))
    alarm, head = alarm_entries.enter(site, alarm)
    if head is not None:
        _tell_of(site, head)
    return alarm


def _tell_of(site: Site, head: Alarm) -> None:
    """An entry has a member more: told at once if that changes what people have to do, else with the next second."""
    site.alarms.unwritten[head.id] = None
    if head.told_at == head.last_at or len(site.alarms.members(head.id)) == 1:
        site.feed.publish(as_event(site, head))
    else:
        site.alarms.grown[head.id] = None


def _once_more(
    site: Site, known: Alarm, detail: str, priority: str | None, pictures: tuple[AlarmPicture, ...], anew: bool
) -> tuple[Alarm, bool]:
    """The alarm, and whether people are to hear of it (anew)."""
    now = site.clock.now()
    chattering = known.chattering if known.holds else alarm_entries.comes(site, known)
    cries = known.condition in LIFE_SAFETY and site.clock.elapsed_s(known.last_at) >= SAME_CRY_S
    move = Move.TOLD_ANEW if anew or cries else Move.RAISED
    state = after(State(known.state), move)
    is_told = state is State.UNACKNOWLEDGED and (anew or state != known.state)
    alarm = replace(
        known, state=state.value, priority=priority or known.priority, count=known.count + 1, last_at=now,
        detail=detail[:500] or known.detail, pictures=pictures or known.pictures, holds=True, chattering=chattering,
        told_at=now if is_told else known.told_at,
    )  # fmt: skip
    site.alarms.put(alarm)
    if alarm.in_group is not None:
        _tell_with(site, alarm, is_told and (anew or not known.holds))
    return alarm, is_told


def _tell_with(site: Site, member: Alarm, is_heard: bool) -> None:
    """A member was told again, or is louder now: people hear it by its entry, which is on the record with it."""
    entry = site.alarms.by_id.get(member.in_group or "")
    if entry is None:
        return
    louder = Priority(member.priority).rank < Priority(entry.priority).rank
    if not louder and not (is_heard and State(entry.state) in (State.RETURNED, State.ACKNOWLEDGED)):
        return
    told = replace(
        entry, state=after(State(entry.state), Move.TOLD_ANEW).value, told_at=member.last_at,
        priority=member.priority if louder else entry.priority,
    )  # fmt: skip
    site.alarms.seen(entry.id)
    keep_in_mind(site, told)
    wrote(site, told)
    hand_over(site, Unit((row_of(site, told, again=True),), (AlarmKept(told),)))
