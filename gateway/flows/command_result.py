"""A device says what became of a command: the first word counts; a granted vehicle's bollard goes down now."""

from devices.messages import Outcome, Result
from gateway.flows import alarms, command, lane_cycle, lanes, pass_turns, pass_uses, passage, snapshots
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, Known, LedgerUnavailable, Unit
from gateway.flows.site import Site


async def command_result(site: Site, device: Device, result: Result) -> None:
    """Keep a result and act on it."""
    if snapshots.answered(site, result.command, result.outcome is Outcome.EXECUTED, result.reason):
        return
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
    else:
        pass_turns.did_not_open(site, result.command)
        await pass_uses.did_not_open(site, result.command)
    cause = site.lane_grants.pop(result.command, None)
    if cause is not None and result.outcome is Outcome.EXECUTED:
        await lane_cycle.lower_bollards(site, device, cause)
    if device.kind == "bollard" and result.outcome is Outcome.REFUSED and result.reason == "stale":
        await lane_cycle.came_too_late(site, device, result.command)
    await command.moved(site, device, result.command, result.outcome is Outcome.EXECUTED)
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
    """A vehicle was let pass at `device` for what is known as `tap`: its bollards go down with `executed`."""
    lanes.expect_vehicle(site, device, command_id, f"tap:{device.id}:{tap}")
