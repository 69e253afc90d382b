"""Somebody really went through: now, and only now, it is known where they are.

A passage or a lone decision about which the gateway knows nothing makes the record that is missing; a passage without
any cause is a forced door.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from devices.limits import PASSAGE_GRACE_S
from devices.messages import Access, Clock, Event, LockState, Passage
from gateway.core.kinds import Direction, PresenceState
from gateway.core.nouns import Presence
from gateway.flows import occupancy, pass_turns, told, visit_passages
from gateway.flows.changes import PresenceDoubted, PresenceMoved
from gateway.flows.devices import Device
from gateway.flows.ports import Entry
from gateway.flows.site import Answered, Expected, Site

REMEMBERED_OPENINGS = 1_000
LOOK_BACK = 20
"""Events before a passage among which its cause is looked for after a restart; a door tells three or four a passage."""


@dataclass(slots=True)
class Passed:
    """What a passage sets going: written with its event, then done; `forced` if nothing had opened."""

    entries: list[Entry]
    changes: list[Any]
    then: list[Callable[[], None]]
    forced: bool


async def passed(site: Site, device: Device, event: Event, data: Passage) -> Passed:
    """A passage: the holder is where the portal leads. Raises `LedgerUnavailable`."""
    answered = None if data.tap is None else await answer_to(site, device, data.tap)
    direction = Direction(data.direction.value)
    result = Passed([], [], [], False)
    if data.tap is not None and answered is None:
        result.entries.append(await missing_record(site, device, event, data.tap, direction, None))
    if answered is not None and answered.outcome == "grant":
        opened_by(site, device, event.at)
    else:
        result.forced = is_forced(site, device, event.at) and not await _had_a_cause(site, device, event)
    holder = None if answered is None else answered.holder
    is_counted = False
    if data.tap is None and (expected := _who_was_let_through(site, device, direction)) is not None:
        holder, is_counted = expected.holder, expected.is_counted
    if holder is not None:
        _move(site, device, holder, direction, result)
        _follow_visit(site, device, event, holder, direction, is_counted, result)
    elif direction is Direction.OUT:
        _somebody_left(site, device, event, result)
    result.then.append(
        lambda: site.feed.publish(
            {
                "type": "passage",
                "portal": device.portal,
                "device": device.id,
                "direction": direction.value,
                "at": event.at,
                "holder": told.person(site, holder),
            }
        )
    )
    return result


async def decided_alone(site: Site, device: Device, event: Event, data: Access) -> list[Entry]:
    """The device decided without us. If its tap never arrived, this is the only record of it.

    Raises `LedgerUnavailable`.
    """
    if data.outcome.value == "grant":
        opened_by(site, device, event.at)
    if await answer_to(site, device, data.tap) is not None:
        return []
    return [await missing_record(site, device, event, data.tap, Direction(data.direction.value), data)]


def _move(site: Site, device: Device, holder: str, direction: Direction, result: Passed) -> None:
    """Presence follows the passage. A holder whom retention has erased leaves none."""
    portal = site.campus.portals.get(device.portal or "")
    if portal is None or holder not in site.directory.holders:
        return
    now = site.clock.now()
    zone = portal.zone if direction is Direction.IN else portal.outside
    state = PresenceState.OUTSIDE if zone == _outermost(site) else PresenceState.INSIDE
    body = {"holder": holder, "zone": zone, "state": state.value, "portal": portal.id}
    result.entries.append(Entry("presence", now, body))
    result.changes.append(PresenceMoved(holder, zone, state.value, now))
    result.then.append(lambda: occupancy.put(site, holder, Presence(zone, state, now)))
    result.then.append(lambda: pass_turns.went_through(site, device.id, holder))


def _somebody_left(site: Site, device: Device, event: Event, result: Passed) -> None:
    """An exit that nobody was read at: who was there may have been the one."""
    portal = site.campus.portals.get(device.portal or "")
    if portal is None:
        return
    now = site.clock.now()
    at = now if device.clock is not Clock.SYNCED else event.at - timedelta(milliseconds=device.drift_ms or 0)
    holders = occupancy.who_may_have_left(site, portal.zone, at)
    if not holders:
        return
    body = {"zone": portal.zone, "portal": portal.id, "people": len(holders)}
    result.entries.append(Entry("presence_uncertain", now, body))
    result.changes.append(PresenceDoubted(tuple(holders), now))
    result.then.append(lambda: occupancy.now_uncertain(site, holders, now))


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


def expect_opening(site: Site, command: str) -> None:
    """A person's command that opens is on its way: once the device says `executed`, it is a cause to pass."""
    site.openings[command] = None
    if len(site.openings) > REMEMBERED_OPENINGS:
        site.openings.popitem(last=False)


def expect_person(
    site: Site, device: Device, holder: str, direction: Direction, hold_ms: int, counted: bool = False
) -> None:
    """A guard lets `holder` through by hand: the next passage there without a tap is theirs, if it comes in time.

    `counted`: as one of a group whom the guard has counted already.
    """
    until = site.clock.monotonic() + hold_ms / 1000 + PASSAGE_GRACE_S
    site.expected_people.setdefault(device.id, []).append(Expected(holder, direction, until, counted))


def _who_was_let_through(site: Site, device: Device, direction: Direction) -> Expected | None:
    now = site.clock.monotonic()
    expected = [one for one in site.expected_people.get(device.id, ()) if one.until >= now]
    found = next((one for one in expected if one.direction is direction), None)
    if found is not None:
        expected.remove(found)
    if expected:
        site.expected_people[device.id] = expected
    else:
        site.expected_people.pop(device.id, None)
    return found


def _follow_visit(
    site: Site, device: Device, event: Event, holder: str, direction: Direction, is_counted: bool, result: Passed
) -> None:
    """A visitor's passage begins the visit, or checks it out; of a group one more is counted, unless a guard did so."""
    portal = site.campus.portals.get(device.portal or "")
    if portal is not None and holder in site.directory.papers.visits:
        key = None if is_counted else f"{device.id}:{event.boot}:{event.seq}"
        result.then.append(lambda: _spawned(site, visit_passages.went_through(site, holder, portal, direction, key)))


def _spawned(site: Site, work: Coroutine[Any, Any, None]) -> None:
    site.spawn(work)


def opening_executed(site: Site, device: Device, command: str) -> None:
    """The device has carried out a command; the moment is put into its own time, in which passages are told."""
    if command in site.openings:
        del site.openings[command]
        opened_by(site, device, site.clock.now() + timedelta(milliseconds=device.drift_ms or 0))


def is_forced(site: Site, device: Device, at: datetime) -> bool:
    """No cause within the hold time and ten seconds before, by the device's own clock, and not released either."""
    if device.lock_state is LockState.RELEASED:
        return False
    portal = site.campus.portals.get(device.portal or "")
    hold_ms = 0 if portal is None else portal.hold_ms
    cause = site.last_cause.get(device.id)
    return cause is None or site.clock.lasted_s(at - cause) > hold_ms / 1000 + PASSAGE_GRACE_S


async def _had_a_cause(site: Site, device: Device, event: Event) -> bool:
    """What we do not remember, because we were started since, may be in the ledger: the device's last few events."""
    if device.id in site.causes_looked_up:
        return False
    site.causes_looked_up.add(device.id)
    first = max(1, event.seq - LOOK_BACK)
    keys = [f"e:{device.id}:{event.boot}:{seq:020d}" for seq in range(first, event.seq)]
    for body in (await site.archive.told(keys)).values():
        data = body.get("data", {})
        opens = (
            body["type"] == "exit_button"
            or (body["type"] == "access" and data.get("outcome") == "grant")
            or (body["type"] == "lock_state" and data.get("state") == LockState.RELEASED.value)
        )
        if opens:
            opened_by(site, device, told.as_time(body["device_at"]))
    return not is_forced(site, device, event.at)


async def missing_record(
    site: Site, device: Device, event: Event, tap: str, direction: Direction, access: Access | None
) -> Entry:
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
    return Entry("decision", now, body, f"t:{device.id}:{tap}")


def _outermost(site: Site) -> str:
    return next(zone.id for zone in site.campus.zones.values() if zone.parent is None)
