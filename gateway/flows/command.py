"""A person sends a command to a device: checked, recorded, sent; what became of it is what the device says.

A command lives for seconds. One that got no answer is never called a success, and nothing is sent twice by itself.
"""

import hmac
import secrets
from datetime import datetime
from typing import Any

from devices.limits import CHALLENGE_LIFE_S
from devices.messages import Action, Command, Text
from gateway.core.lanes import ARMED_S, Act, Obstacle, Origin
from gateway.core.reasons import Reason
from gateway.flows import drill_marks, fires, lanes, passage
from gateway.flows.devices import Device
from gateway.flows.notes import note
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Armed, Site

NO_ANSWER_S = 5.0
"""A device answers within moments; after this long the screen says that there is no answer."""

ACTIONS_OF_KIND: dict[str, frozenset[Action]] = {
    "reader": frozenset({Action.GRANT, Action.UNLOCK, Action.LOCK, Action.RELEASE}),
    "dorm": frozenset({Action.GRANT, Action.UNLOCK, Action.LOCK, Action.RELEASE}),
    "camera": frozenset({Action.GRANT, Action.SNAPSHOT}),
    "bollard": frozenset({Action.RAISE, Action.LOWER, Action.EFO}),
    "panel": frozenset(),
}
OBSTACLES: dict[Obstacle, str] = {
    Obstacle.NOTHING_BY_ITSELF: "a bollard moves for a person or for a carried-out grant, and rises for a person alone",
    Obstacle.EFO_LATCHED: "an emergency raise is latched; lower it with the reason efo_reset first",
    Obstacle.NOT_LATCHED: "no emergency raise is latched",
    Obstacle.INTERLOCK: "the bollard's sensors do not say that the lane has been clear for a second",
    Obstacle.CONFIRM: "an emergency raise takes two steps: ask, then confirm within ten seconds",
}
CODES = frozenset(
    {lanes.EFO_RESET, fires.RESET, "impact", "plate", "raised_by_guard", *(reason.value for reason in Reason)}
)
"""Reasons that are words of ours: anything else was typed, and stands in a note."""
FOR_ALL = frozenset({Action.IDENTIFY, Action.REBOOT, Action.ANNOUNCE})


class CommandNotPossible(Exception):
    """The command would not be carried out; `code` is a stable word for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NoSuchDevice(LookupError):
    """No device of that id is enrolled."""


class NoSuchCommand(LookupError):
    """No command of that id was given to that device."""


async def arm(site: Site, device: str, reason: str, by: str) -> str:
    """The first step of an `efo`; returns the word that the second has to bring within ten seconds.

    Raises `NoSuchDevice`, `CommandNotPossible`, `LedgerUnavailable`.
    """
    found = site.devices.get(device)
    if found is None:
        raise NoSuchDevice(device)
    check(site, found, Action.EFO.value, reason, Origin.CONFIRMED)
    said = note(reason, site.clock.now())
    body = {"device": device, "portal": found.portal, "note": said.ref, "by": by}
    unit = Unit((Entry("efo_armed", site.clock.now(), body),), said.changes)
    await site.ledger.commit(unit, site.rules.record_within_s)
    token = secrets.token_urlsafe(12)
    site.armed[device] = Armed(by, site.clock.monotonic(), token)
    return token


async def send(
    site: Site,
    device: str,
    action: str,
    reason: str,
    by: str,
    *,
    hold_ms: int | None = None,
    text: Text | None = None,
    origin: Origin = Origin.PERSON,
    confirm: str | None = None,
) -> str:
    """Record and send; returns the command's id.

    `by` is a user's reference, or the cause where no person gave it. `confirm`: the word of `arm`, for an `efo`.
    Raises `NoSuchDevice`, `CommandNotPossible`, `LedgerUnavailable`: then nothing was sent.
    """
    found = site.devices.get(device)
    if found is None:
        raise NoSuchDevice(device)
    if action == Action.EFO.value and origin is Origin.PERSON and _is_confirmed(site, device, by, confirm):
        origin = Origin.CONFIRMED
    act = check(site, found, action, reason, origin)
    if act is Action.LOCK and (why := fires.why_not_lock(site, found)) is not None:
        raise CommandNotPossible("interlock", f"{device}: {why}")
    now = site.clock.now()
    command_id = secrets.token_hex(16)
    typed = origin in (Origin.PERSON, Origin.CONFIRMED) and reason not in CODES
    said = note(reason if typed else "", now)
    body = {
        "device": device,
        "portal": found.portal,
        "command": command_id,
        "action": act.value,
        "reason": None if typed else reason,
        "note": said.ref,
        "by": by,
    }
    entries: tuple[Entry, ...] = (Entry("command", now, body, command_key(device, command_id)),)
    move = lanes.act_of(act, reason) if found.kind == "bollard" else None
    if move is Act.EFO:
        entries = (*entries, lanes.latched(site, found, True, command_id))
    await site.ledger.commit(Unit(entries, said.changes), site.rules.record_within_s)
    if move is not None:
        await _look_once_more(site, found, command_id, move, origin)
    portal = site.campus.portals.get(found.portal or "")
    message = Command(
        id=command_id,
        challenge=found.challenge or "",
        action=act,
        reason=reason,
        text=drill_marks.marked(site, found.portal, text or Text(en="", zh="")),
        hold_ms=hold_ms or (portal.hold_ms if portal is not None and act in (Action.GRANT, Action.UNLOCK) else None),
    )
    if act in (Action.GRANT, Action.UNLOCK):
        passage.expect_opening(site, command_id)
    if act is Action.GRANT:
        lanes.expect_vehicle(site, found, command_id, f"command:{device}:{command_id}")
    site.courier.send(found.id, found.kind, found.key, message)
    site.feed.publish(
        {"type": "command", "device": device, "command": command_id, "action": act.value, "state": "issued", "at": now}
    )
    return command_id


async def _look_once_more(site: Site, device: Device, command: str, move: Act, origin: Origin) -> None:
    """While the record was written somebody may have stepped into the lane: then it stays where it is.

    Raises `CommandNotPossible`, `LedgerUnavailable`; what the record says is then that it was not sent.
    """
    obstacle = lanes.why_not(site, device, move, origin)
    if obstacle is None:
        if move is Act.EFO:
            lanes.latch(device, True)
        if move in (Act.EFO, Act.EFO_RESET):
            site.latching[command] = move
        return
    body = {"device": device.id, "portal": device.portal, "command": command, "outcome": "refused"}
    body |= {"reason": obstacle.value}
    entries: tuple[Entry, ...] = (Entry("command_withheld", site.clock.now(), body, result_key(device.id, command)),)
    if move is Act.EFO:
        entries = (*entries, lanes.latched(site, device, device.efo_latched, command))
    await site.ledger.commit(Unit(entries))
    raise CommandNotPossible(obstacle.value, OBSTACLES[obstacle])


async def moved(site: Site, device: Device, command: str, executed: bool) -> None:
    """What a bollard said of a command: an `efo` that it refused latches nothing, a reset that it made ends a latch."""
    move = site.latching.pop(command, None)
    if move is None or executed != (move is Act.EFO_RESET):
        return
    try:
        await site.ledger.commit(Unit((lanes.latched(site, device, False, command),)), 5.0)
    except LedgerUnavailable:
        return  # it stays latched here: another reset ends it
    lanes.latch(device, False)


def _is_confirmed(site: Site, device: str, by: str, confirm: str | None) -> bool:
    """The second step: the same person, in time, with the word of the first; a word is good once."""
    armed = site.armed.get(device)
    if armed is None or confirm is None or armed.by != by:
        return False
    if not hmac.compare_digest(armed.token.encode(), confirm.encode()):
        return False
    del site.armed[device]
    return site.clock.monotonic() - armed.at <= ARMED_S


def check(site: Site, device: Device, action: str, reason: str = "", origin: Origin = Origin.PERSON) -> Action:
    """The action, if it can be sent now. Raises `CommandNotPossible`."""
    try:
        act = Action(action)
    except ValueError:
        raise CommandNotPossible("unknown_action", f"there is no action {action[:40]!r}") from None
    if act not in ACTIONS_OF_KIND[device.kind] | FOR_ALL:
        raise CommandNotPossible("not_for_this_kind", f"a {device.kind} cannot {act.value}")
    if not device.online or device.fresh_challenge(site.clock.monotonic()) is None:
        raise CommandNotPossible("device_away", f"{device.id} has not been heard of in the last seconds")
    move = lanes.act_of(act, reason) if device.kind == "bollard" else None
    obstacle = None if move is None else lanes.why_not(site, device, move, origin)
    if obstacle is not None:
        raise CommandNotPossible(obstacle.value, OBSTACLES[obstacle])
    return act


async def status(site: Site, device: str, command: str) -> dict[str, object]:
    """What became of a command: `issued`, `executed`, `refused`, `failed`, `expired` or `no_answer`.

    Raises `NoSuchCommand`.
    """
    ordered, told = command_key(device, command), result_key(device, command)
    bodies = await site.archive.told([ordered, told])
    if ordered not in bodies:
        raise NoSuchCommand(command)
    issued_at: datetime = bodies[ordered]["at"]
    result = bodies.get(told)
    return {
        "device": device,
        "command": command,
        "action": bodies[ordered]["action"],
        "reason": await _reason(site, bodies[ordered]),
        "issued_at": issued_at,
        "state": state_of(result, site.clock.elapsed_s(issued_at)),
        "result_reason": None if result is None else result["reason"],
    }


async def _reason(site: Site, body: dict[str, Any]) -> str:
    """Why a command was given; empty once what was typed has been erased."""
    if body["reason"] is not None:
        return str(body["reason"])
    return (await site.archive.note(body["note"]) if body["note"] else None) or ""


def state_of(result: dict[str, str] | None, silent_s: float) -> str:
    """A command's state from what the device said of it, and from how long it has been silent."""
    if result is not None:
        if result["outcome"] == "refused" and result["reason"] in ("stale", "late"):
            return "expired"
        return result["outcome"]
    if silent_s > CHALLENGE_LIFE_S:
        return "expired"
    return "no_answer" if silent_s > NO_ANSWER_S else "issued"


def command_key(device: str, command: str) -> str:
    """The ledger key of a command that somebody gave."""
    return f"c:{device}:{command}"


def result_key(device: str, command: str) -> str:
    """The ledger key of what the device said became of a command."""
    return f"r:{device}:{command}"
