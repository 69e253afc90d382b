"""Something is wrong at a place: recorded, shown, counted up while it lasts, acknowledged and closed by a person.

One alarm stands for one condition at one place: while it is open, the same again only counts.
"""

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.core.cameras import BLIND, Finding
from gateway.flows.changes import AlarmMoved, AlarmRaised
from gateway.flows.open_alarms import Alarm, AlarmPicture
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site

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


def of_camera(finding: Finding) -> str:
    """The condition of a camera, or of its recording, of which this was found; the place is the camera."""
    return f"camera_{finding.value}"


PRIORITY: dict[str, str] = {
    FIRE: "high",
    POSTURE_LATE: "high",
    EMERGENCY_UNSIGNED: "high",
    DURESS: "high",
    PANIC: "high",
    GUARD_PANIC: "high",
    EFO_PRESSED: "high",
    FORCED_DOOR: "high",
    IMPACT: "high",
    LEDGER_TROUBLE: "high",
    RETAINED_COMMAND: "high",
    SECOND_GATEWAY: "high",
    LATE_EXIT: "high",
    WINDOW_OPEN_BOLLARD_DOWN: "high",
    CLOCK_SUSPECT: "high",
    ORDER_OVERDUE: "medium",
    BAD_MESSAGES: "medium",
    UNKNOWN_DEVICE: "medium",
    FLOOD: "medium",
    WRONG_TRIES: "medium",
    TAMPER: "medium",
    EVENTS_LOST: "medium",
    HELD_DOOR: "medium",
    DEVICE_LOST: "medium",
    COMMAND_FAILED: "medium",
    PANEL_PLACE: "medium",
    DISPOSAL_DUE: "medium",
    RELIEF_UNANSWERED: "medium",
    POST_UNMANNED: "medium",
    RELIEF_WANTED: "low",
    FORGED_PASS: "medium",
    PASS_SHARED: "medium",
    LEFT_INSIDE: "medium",
    ROUND_GAP: "medium",
    OVERSTAY: "low",
    RESPONDER_ENTERED: "low",
    WITHOUT_CARD_OFTEN: "low",
    NOTICE_FAILED: "low",
    MANUAL_OVERRIDE: "low",
    DEVICE_CLOCK: "low",
    WORK_ORDER_OVERDUE: "medium",
    CAMERA_ROUND_MISSED: "low",
    # A school has hundreds of cameras, and somebody who is told too often hears nothing: a picture that is only bad is
    # for the maintenance; at a key site each of these is one step more (`camera_findings`).
    **{of_camera(finding): "medium" if finding in BLIND else "low" for finding in Finding},
}

SILENT = frozenset({DURESS, GUARD_PANIC})
"""Conditions of which nobody may hear at the place itself: only the control room sees them."""

TELL_AGAIN_S = 10.0
"""A condition that repeats is written at most this often; the count in between is kept."""


class NoSuchAlarm(LookupError):
    """No alarm of that id is open."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm that is shown, and what has to be written of it; nothing if it was written a moment ago."""

    alarm: Alarm
    entry: Entry | None = None
    change: AlarmRaised | None = None


async def raise_alarm(site: Site, condition: str, place: str, detail: str = "") -> Alarm:
    """A condition holds at `place` (a device, portal or zone). `detail` is for people and names no person."""
    raised = show(site, condition, place, detail)
    if raised.entry is not None:
        site.spawn(_write(site, Unit((raised.entry,), (raised.change,))))
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

    `priority`: where it hangs on the place; else that of the condition. `anew`: told again although somebody has seen
    it, because nothing was done about it.
    """
    now = site.clock.now()
    known = site.alarms.by_id.get(site.alarms.by_cause.get((condition, place), ""))
    again = known is not None and (anew or known.state == "returned")
    if known is None:
        priority = priority or PRIORITY.get(condition, "medium")
        alarm = Alarm(
            secrets.token_hex(8), condition, place, priority, detail[:500], "unacknowledged", 1, now, now,
            pictures=tuple(pictures),
        )  # fmt: skip
    else:
        alarm = replace(
            known,
            state="unacknowledged" if again else known.state,
            priority=priority or known.priority,
            count=known.count + 1,
            last_at=now,
            detail=detail[:500] or known.detail,
            pictures=tuple(pictures) or known.pictures,
        )
    site.alarms.put(alarm)
    site.feed.publish(as_event(alarm))
    if known is None or known.state == "returned":
        site.alarm_opened(alarm)
    since = site.clock.monotonic() - site.alarms.written_at.get(alarm.id, -1e9)
    if since < TELL_AGAIN_S and not again:
        return Raised(alarm)
    site.alarms.written_at[alarm.id] = site.clock.monotonic()
    body = {
        "alarm": alarm.id,
        "condition": condition,
        "place": place,
        "priority": alarm.priority,
        "detail": alarm.detail,
        "count": alarm.count,
    }
    if anew:
        body["again"] = True
    change = AlarmRaised(
        alarm.id,
        condition,
        place,
        alarm.priority,
        alarm.detail,
        alarm.state,
        alarm.count,
        alarm.opened_at,
        alarm.last_at,
    )
    return Raised(alarm, Entry("alarm", now, body), change)


def unwritten(site: Site, raised: Raised) -> None:
    """What `show` wanted written was not: the next time it is, however soon."""
    if raised.entry is not None:
        site.alarms.written_at.pop(raised.alarm.id, None)


async def clear_alarm(site: Site, condition: str, place: str) -> None:
    """The condition is over: the alarm stays for a person to close, and says that it has returned to normal."""
    known = site.alarms.by_id.get(site.alarms.by_cause.get((condition, place), ""))
    if known is None or known.state == "returned":
        return
    now = site.clock.now()
    body = {"alarm": known.id, "condition": condition, "place": place}
    if known.state == "acknowledged":
        with contextlib.suppress(LedgerUnavailable):  # then it stays for a person to close
            await _move(site, known, "closed", "gateway", "returned_to_normal")
        return
    returned = replace(known, state="returned")
    site.alarms.put(returned)
    site.feed.publish(as_event(returned))
    site.spawn(
        _write(site, Unit((Entry("alarm_returned", now, body),), (AlarmMoved(known.id, "returned", "gateway", now),)))
    )


async def acknowledge(site: Site, alarm: str, by: str) -> Alarm:
    """Somebody has seen it. Raises `NoSuchAlarm`, `LedgerUnavailable`."""
    found = _open(site, alarm)
    if found.state == "returned":
        return await _move(site, found, "closed", by, "returned_to_normal")
    if found.state == "acknowledged":
        return found
    return await _move(site, found, "acknowledged", by)


async def close(site: Site, alarm: str, disposal: str, by: str) -> Alarm:
    """It is dealt with; `disposal` says how. Raises `NoSuchAlarm`, `LedgerUnavailable`."""
    return await _move(site, _open(site, alarm), "closed", by, disposal)


async def note(site: Site, alarm: str, words: str) -> None:
    """More is known of an open alarm than when it was raised. `words` name no person."""
    known = site.alarms.by_id.get(alarm)
    if known is None:
        return
    now = site.clock.now()
    noted = replace(known, detail="; ".join(filter(None, (known.detail, words)))[:500])
    site.alarms.put(noted)
    site.feed.publish(as_event(noted))
    body = {"alarm": noted.id, "condition": noted.condition, "place": noted.place, "detail": noted.detail}
    change = AlarmRaised(
        noted.id,
        noted.condition,
        noted.place,
        noted.priority,
        noted.detail,
        noted.state,
        noted.count,
        noted.opened_at,
        noted.last_at,
    )
    await _write(site, Unit((Entry("alarm_noted", now, body),), (change,)))


def as_event(alarm: Alarm) -> dict[str, Any]:
    """An alarm as the screens show it."""
    return {
        "type": "alarm",
        "id": alarm.id,
        "condition": alarm.condition,
        "place": alarm.place,
        "priority": alarm.priority,
        "detail": alarm.detail,
        "state": alarm.state,
        "count": alarm.count,
        "opened_at": alarm.opened_at,
        "last_at": alarm.last_at,
        "acknowledged_by": alarm.acknowledged_by,
        "silent": alarm.condition in SILENT,
        "pictures": [{"id": one.id, "camera": one.camera, "why": one.why, "at": one.at} for one in alarm.pictures],
    }


def add_pictures(site: Site, alarm: str, pictures: Sequence[AlarmPicture]) -> None:
    """Pictures of an open alarm have come; where they are kept is somebody else's matter."""
    known = site.alarms.by_id.get(alarm)
    new = () if known is None else tuple(one for one in pictures if one not in known.pictures)
    if known is None or not new:
        return
    shown = replace(known, pictures=(*known.pictures, *new))
    site.alarms.put(shown)
    site.feed.publish(as_event(shown))


def _open(site: Site, alarm: str) -> Alarm:
    found = site.alarms.by_id.get(alarm)
    if found is None:
        raise NoSuchAlarm(alarm)
    return found


async def _move(site: Site, alarm: Alarm, state: str, by: str, disposal: str | None = None) -> Alarm:
    now = site.clock.now()
    body = {"alarm": alarm.id, "condition": alarm.condition, "place": alarm.place, "by": by}
    kind = "alarm_closed" if state == "closed" else "alarm_acknowledged"
    await site.ledger.commit(
        Unit((Entry(kind, now, body),), (AlarmMoved(alarm.id, state, by, now, disposal),)),
        site.rules.record_within_s,
    )
    moved = replace(alarm, state=state, acknowledged_by=by if state == "acknowledged" else alarm.acknowledged_by)
    if state == "closed":
        site.alarms.drop(moved)
    else:
        site.alarms.put(moved)
    site.feed.publish(as_event(moved))
    return moved


async def _write(site: Site, unit: Unit) -> None:
    try:
        await site.ledger.commit(unit)
    except LedgerUnavailable:
        return  # the alarm is on the screens; its row is lost only if the gateway stops with the database away
