"""What is told of an alarm: its rows in the ledger, and how the screens see it. Values only; nothing is decided here.

Each row of an alarm has a key that begins with the alarm's id, so that an alarm's own timeline is read at once.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from gateway.core.alarm_catalogue import LIFE_SAFETY
from gateway.core.alarm_course import QUIET, State
from gateway.flows.open_alarms import Alarm
from gateway.flows.ports import timed_key
from gateway.flows.site import Site

SILENT = frozenset({"duress", "guard_panic"})
"""Conditions of which nobody may hear at the place itself: only the control room sees them."""
MEMBERS_SHOWN = 50
GATEWAY = "gateway"


def timeline_key(alarm: str) -> str:
    """With this the keys of an alarm's rows begin."""
    return f"al:{alarm}:"


def key(alarm: Alarm, now: datetime) -> str:
    """The key of a row about an alarm."""
    return timed_key(timeline_key(alarm.id), now, secrets.token_hex(4))


def named(alarm: Alarm) -> dict[str, Any]:
    """With this every row about an alarm begins."""
    return {"alarm": alarm.id, "condition": alarm.condition, "place": alarm.place}


def as_event(site: Site, alarm: Alarm) -> dict[str, Any]:
    """An alarm as the screens show it. A member is told under another type: people see its entry instead."""
    return {
        "type": "alarm" if alarm.in_group is None else "alarm_member",
        "id": alarm.id,
        "condition": alarm.condition,
        "place": alarm.place,
        "zone": alarm.zone,
        "priority": alarm.priority,
        "detail": alarm.detail,
        "state": alarm.state,
        "count": alarm.count,
        "opened_at": alarm.opened_at,
        "last_at": alarm.last_at,
        "acknowledged_by": alarm.acknowledged_by,
        "acknowledged_at": alarm.acknowledged_at,
        "silent": alarm.condition in SILENT,
        "pictures": [{"id": one.id, "camera": one.camera, "why": one.why, "at": one.at} for one in alarm.pictures],
        "holds": holds(site, alarm),
        "room": alarm.room,
        "taken_over_by": alarm.taken_over_by,
        "in_group": alarm.in_group,
        "group": group(site, alarm),
        "chattering": alarm.chattering,
        "shelved_until": alarm.shelved_until,
        "shelf_reason": alarm.shelf_reason,
        "shelved_by": alarm.shelved_by,
        "steps_done": list(alarm.steps_done),
        "calls": [{"to": one.to, "outcome": one.outcome, "at": one.at, "by": one.by} for one in alarm.calls],
        "incident": alarm.incident,
        "escalated_at": alarm.escalated_at,
        "told_at": alarm.told_at,
        "again_at": again_at(site, alarm),
    }


def group(site: Site, alarm: Alarm) -> dict[str, Any] | None:
    """What has joined an entry; None for one that stands for itself. `count`: how often all of them came."""
    members = site.alarms.members(alarm.id)
    if not members:
        return None
    return {
        "condition": alarm.condition,
        "zone": alarm.zone,
        "count": alarm.count + sum(one.count for one in members),
        "size": len(members) + (alarm.count > 0),
        "holding": sum(one.holds for one in members) + (alarm.holds and alarm.count > 0),
        "members": [one.id for one in members[-MEMBERS_SHOWN:]],
        "places": list(dict.fromkeys(one.place for one in (alarm, *members) if one.count))[:MEMBERS_SHOWN],
    }


def holds(site: Site, alarm: Alarm) -> bool:
    """True while its cause, or that of a member, has not been seen to end."""
    return alarm.holds or any(one.holds for one in site.alarms.members(alarm.id))


def is_unseen_cry(site: Site, alarm: Alarm) -> bool:
    """True for an alarm about a life that nobody has seen: it is told of, though its cause is over by now."""
    return alarm.condition in LIFE_SAFETY and alarm.id in site.alarms.unseen


def again_at(site: Site, alarm: Alarm) -> datetime | None:
    """When it is told again if nobody closes it; None if it is not."""
    after_s = site.catalogue.of(alarm.condition).again_after_s
    if after_s is None or State(alarm.state) in QUIET or alarm.told_at is None:
        return None
    if not holds(site, alarm) and not is_unseen_cry(site, alarm):
        return None
    return alarm.told_at + timedelta(seconds=after_s)
