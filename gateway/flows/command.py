"""A person sends a command to a device: checked, recorded, sent; what became of it is what the device says.

A command lives for seconds. One that got no answer is never called a success, and nothing is sent twice by itself.
"""

import secrets
from datetime import datetime

from devices.limits import CHALLENGE_LIFE_S, PRESENCE_LIFE_S
from devices.messages import Action, Command, Presence, Text
from gateway.flows import passage
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, Unit
from gateway.flows.site import Site

NO_ANSWER_S = 5.0
"""A device answers within moments; after this long the screen says that there is no answer."""

ACTIONS_OF_KIND: dict[str, frozenset[Action]] = {
    "reader": frozenset({Action.GRANT, Action.UNLOCK, Action.LOCK, Action.RELEASE}),
    "dorm": frozenset({Action.GRANT, Action.UNLOCK, Action.LOCK, Action.RELEASE}),
    "camera": frozenset({Action.GRANT, Action.SNAPSHOT}),
    "bollard": frozenset({Action.RAISE, Action.LOWER, Action.EFO}),
    "panel": frozenset(),
}
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


async def send(
    site: Site, device: str, action: str, reason: str, by: str, *, hold_ms: int | None = None, text: Text | None = None
) -> str:
    """Record and send; returns the command's id.

    `by` is a user's reference, or a cause such as `lane`. Raises `NoSuchDevice`, `CommandNotPossible`,
    `LedgerUnavailable`: then nothing was sent.
    """
    found = site.devices.get(device)
    if found is None:
        raise NoSuchDevice(device)
    act = check(site, found, action)
    now = site.clock.now()
    command_id = secrets.token_hex(16)
    body = {
        "device": device,
        "portal": found.portal,
        "command": command_id,
        "action": act.value,
        "reason": reason,
        "by": by,
    }
    entry = Entry("command", now, body, command_key(device, command_id))
    await site.ledger.commit(Unit((entry,)), site.rules.record_within_s)
    portal = site.campus.portals.get(found.portal or "")
    message = Command(
        id=command_id,
        challenge=found.challenge or "",
        action=act,
        reason=reason,
        text=text or Text(en="", zh=""),
        hold_ms=hold_ms or (portal.hold_ms if portal is not None and act in (Action.GRANT, Action.UNLOCK) else None),
    )
    if act in (Action.GRANT, Action.UNLOCK):
        passage.expect_opening(site, command_id)
    site.courier.send(found.id, found.kind, found.key, message)
    site.feed.publish(
        {"type": "command", "device": device, "command": command_id, "action": act.value, "state": "issued", "at": now}
    )
    return command_id


def check(site: Site, device: Device, action: str) -> Action:
    """The action, if it can be sent now. Raises `CommandNotPossible`."""
    try:
        act = Action(action)
    except ValueError:
        raise CommandNotPossible("unknown_action", f"there is no action {action[:40]!r}") from None
    if act not in ACTIONS_OF_KIND[device.kind] | FOR_ALL:
        raise CommandNotPossible("not_for_this_kind", f"a {device.kind} cannot {act.value}")
    if not device.online or device.fresh_challenge(site.clock.monotonic()) is None:
        raise CommandNotPossible("device_away", f"{device.id} has not been heard of in the last seconds")
    if act is Action.RAISE and not is_clear(site, device):
        raise CommandNotPossible("interlock", "the bollard's sensors do not say that the lane is clear")
    return act


def is_clear(site: Site, device: Device) -> bool:
    """The bollard's newest live word is that nobody is above it, and it is at most two seconds old."""
    seen = device.presence
    return (
        seen is not None
        and site.clock.monotonic() - device.presence_at <= PRESENCE_LIFE_S
        and seen.vehicle is Presence.CLEAR
        and seen.pedestrian is Presence.CLEAR
    )


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
        "reason": bodies[ordered]["reason"],
        "issued_at": issued_at,
        "state": state_of(result, site.clock.elapsed_s(issued_at)),
        "result_reason": None if result is None else result["reason"],
    }


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
