"""Somebody really went through: now, and only now, it is known where they are.

A passage or a lone decision about which the gateway knows nothing makes the record that is missing; a passage without
any cause is a forced door.
"""

from datetime import datetime
from typing import Any

from devices.limits import PASSAGE_GRACE_S
from devices.messages import Access, Event, LockState, Passage
from gateway.core.nouns import Direction, Presence, PresenceState
from gateway.flows import alarms, told
from gateway.flows.changes import PresenceMoved
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Answered, Site


async def passed(site: Site, device: Device, event: Event, data: Passage) -> None:
    """A passage: the holder is where the portal leads."""
    answered = None if data.tap is None else await answer_to(site, device, data.tap)
    direction = Direction(data.direction.value)
    if data.tap is not None and answered is None:
        await _record_missing(site, device, event, data.tap, direction, None)
    if answered is not None and answered.outcome == "grant":
        opened_by(site, device, event.at)
    elif is_forced(site, device, event.at):
        await alarms.raise_alarm(site, alarms.FORCED_DOOR, device.id, "a passage without a cause")
    holder = None if answered is None else answered.holder
    if holder is not None:
        await moved(site, device, holder, direction)
    site.feed.publish(
        {
            "type": "passage",
            "portal": device.portal,
            "device": device.id,
            "direction": direction.value,
            "at": event.at,
            "holder": told.person(site, holder),
        }
    )


async def decided_alone(site: Site, device: Device, event: Event, data: Access) -> None:
    """The device decided without us. If its tap never arrived, this is the only record of it."""
    if data.outcome.value == "grant":
        opened_by(site, device, event.at)
    answered = await answer_to(site, device, data.tap)
    if answered is None:
        await _record_missing(site, device, event, data.tap, Direction(data.direction.value), data)


async def moved(site: Site, device: Device, holder: str, direction: Direction) -> None:
    """Presence follows the passage. A holder whom retention has erased leaves none."""
    portal = site.campus.portals.get(device.portal or "")
    if portal is None or holder not in site.directory.holders:
        return
    now = site.clock.now()
    zone = portal.zone if direction is Direction.IN else portal.outside
    state = PresenceState.OUTSIDE if zone == _outermost(site) else PresenceState.INSIDE
    presence = Presence(zone, state, now)
    site.presence[holder] = presence
    entry = Entry("presence", now, {"holder": holder, "zone": zone, "state": state.value, "portal": portal.id})
    try:
        await site.ledger.commit(Unit((entry,), (PresenceMoved(holder, zone, state.value, now),)))
    except LedgerUnavailable:
        return


async def answer_to(site: Site, device: Device, tap: str) -> Answered | None:
    """What a tap was told at last: by a guard, else by the decision; None if we never saw it."""
    key = f"t:{device.id}:{tap}"
    second = f"a:{device.id}:{tap}"
    recent = site.recent.get(key)
    if recent is not None and recent.outcome != "wait":
        return recent
    bodies = await site.archive.told([key, second])
    if key not in bodies:
        return recent
    first = told.answered(bodies[key])
    if second in bodies:
        return told.second_answer(first, bodies[second])
    return first


def opened_by(site: Site, device: Device, at: datetime) -> None:
    """There was a cause to pass, at this moment of the device's own clock."""
    known = site.last_cause.get(device.id)
    if known is None or at > known:
        site.last_cause[device.id] = at


def is_forced(site: Site, device: Device, at: datetime) -> bool:
    """No cause within the hold time and ten seconds before, by the device's own clock, and not released either."""
    if device.lock_state is LockState.RELEASED:
        return False
    portal = site.campus.portals.get(device.portal or "")
    hold_ms = 0 if portal is None else portal.hold_ms
    cause = site.last_cause.get(device.id)
    return cause is None or site.clock.lasted_s(at - cause) > hold_ms / 1000 + PASSAGE_GRACE_S


async def _record_missing(
    site: Site, device: Device, event: Event, tap: str, direction: Direction, access: Access | None
) -> None:
    """The record of a tap that never reached us, from what the device tells afterwards."""
    held = None if access is None else await site.tokens.whose(device, site.directory, access.credential.token)
    now = site.clock.now()
    body: dict[str, Any] = {
        "device": device.id,
        "portal": device.portal,
        "direction": direction.value,
        "tap": tap,
        "boot": event.boot,
        "device_at": event.at,
        "alone": True,
        "credential_kind": None if access is None else access.credential.kind.value,
        "outcome": "grant" if access is None else access.outcome.value,
        "reason": "ok" if access is None else access.reason,
        "holder": None if held is None else held.holder,
        "credential": None if held is None else held.ref,
        "level": None,
        "trace": [],
        "command": "",
        "hold_ms": None,
        "wait_ms": None,
        "posture": None if access is None else access.posture,
    }
    try:
        await site.ledger.commit(Unit((Entry("decision", now, body, f"t:{device.id}:{tap}"),)))
    except LedgerUnavailable:
        return


def _outermost(site: Site) -> str:
    return next(zone.id for zone in site.campus.zones.values() if zone.parent is None)
