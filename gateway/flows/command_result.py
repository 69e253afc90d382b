"""A device says what became of a command: the first word counts; a granted vehicle's bollard goes down now."""

from devices.messages import Outcome, Result
from gateway.flows import alarms, command, passage
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, Known, LedgerUnavailable, Unit
from gateway.flows.site import Site

REMEMBERED_GRANTS = 1_000


async def command_result(site: Site, device: Device, result: Result) -> None:
    """Keep a result and act on it."""
    now = site.clock.now()
    body = {
        "device": device.id,
        "portal": device.portal,
        "command": result.command,
        "boot": result.boot,
        "outcome": result.outcome.value,
        "reason": result.reason,
    }
    entry = Entry("result", now, body, command.result_key(device.id, result.command))
    try:
        kept = await site.ledger.commit(Unit((entry,)), 2.0)
    except LedgerUnavailable:
        return
    if result.outcome is Outcome.REFUSED and result.reason == "retained":
        # Also where this command has a result already: an old one that somebody kept and laid there is just that.
        site.courier.clear(device.id, device.kind, "command")
        await alarms.raise_alarm(site, alarms.RETAINED_COMMAND, device.id, "a retained command lay at the broker")
    if isinstance(kept, Known):
        return
    if result.outcome is Outcome.REFUSED and result.reason == "mac":
        await alarms.raise_alarm(site, alarms.BAD_MESSAGES, device.id, "a command with a wrong mac reached the device")
    if result.outcome is Outcome.EXECUTED:
        passage.opening_executed(site, device, result.command)
    tap = site.lane_grants.pop(result.command, None)
    if tap is not None and result.outcome is Outcome.EXECUTED:
        await lower_bollards(site, device, tap)
    site.feed.publish(
        {
            "type": "command",
            "device": device.id,
            "command": result.command,
            "state": result.outcome.value,
            "reason": result.reason,
            "at": now,
        }
    )


def expect_vehicle(site: Site, device: Device, command_id: str, tap: str) -> None:
    """A vehicle was let pass at `device`: once it says `executed`, the bollards of its lane go down."""
    if any(other.kind == "bollard" for other in site.devices.at(device.portal or "")):
        site.lane_grants[command_id] = tap
        if len(site.lane_grants) > REMEMBERED_GRANTS:
            site.lane_grants.popitem(last=False)


async def lower_bollards(site: Site, device: Device, tap: str) -> None:
    """Lower every bollard of the lane; one that cannot be told is an alarm, and the vehicle waits."""
    for bollard in site.devices.at(device.portal or ""):
        if bollard.kind != "bollard":
            continue
        try:
            await command.send(site, bollard.id, "lower", "authorised_vehicle", f"tap:{device.id}:{tap}")
        except (command.CommandNotPossible, LedgerUnavailable) as error:
            await alarms.raise_alarm(site, alarms.COMMAND_FAILED, bollard.id, str(error))
