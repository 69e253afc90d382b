"""The cycle of an authorised vehicle.

A plate, a card or a guard grants; the reader or camera carries that out; then, and only then, the bollards of the lane
go down. What comes after is the device's: the vehicle passes, both loops are clear for a second, the bollard rises by
itself, or in `hold` waits for a person. Nothing goes down for a grant that was made before a restart and carried out
during it: that word is lost, the vehicle asks again; one that is carried out afterwards is known from the ledger.
"""

from datetime import timedelta

from devices.messages import Action
from gateway.core.drills import emergency_over
from gateway.core.lanes import Origin
from gateway.core.papers import OpeningKind
from gateway.flows import alarms, command, lanes
from gateway.flows.devices import Device
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import Site

SPEAKS_WITHIN_S = 10.0
"""A device that lives speaks each five seconds; whoever waits longer than this at the lane asks again."""
GRANT_LIVES = timedelta(seconds=60)
"""A device acts on an answer within seconds; a guard's comes within the minute that it waits for it."""
AUTHORISED = "authorised_vehicle"
"""The reason with which a granted vehicle's bollard goes down."""


async def load(site: Site) -> None:
    """At start: which bollards are latched, and which grants of the last minute may still be carried out."""
    for device in site.devices:
        if device.kind == "bollard":
            rows = await site.archive.numbered(lanes.latch_prefix(device.id))
            device.efo_latched = bool(rows and rows[-1]["latched"])
    granted = '"outcome":"grant"'
    kinds = {"decision": granted, "answer": granted, "command": '"action":"grant"'}
    rows = [
        row
        for row in await site.archive.rows_since(kinds, site.clock.now() - GRANT_LIVES)
        if row.get("command") and lanes.bollards_at(site, row.get("portal"))
    ]
    told = await site.archive.told([command.result_key(row["device"], row["command"]) for row in rows])
    taps = {row["command"]: row["tap"] for row in rows if row.get("tap") is not None}
    for row in rows:
        device_or_none = site.devices.get(row["device"])
        if device_or_none is not None and command.result_key(row["device"], row["command"]) not in told:
            cause = cause_of(row["device"], taps.get(row["command"]), row["command"])
            lanes.expect_vehicle(site, device_or_none, row["command"], cause)


def cause_of(device: str, tap: str | None, command_id: str) -> str:
    """How a bollard's command names the grant for which it goes down."""
    return f"tap:{device}:{tap}" if tap is not None else f"command:{device}:{command_id}"


async def lower_bollards(site: Site, device: Device, cause: str) -> None:
    """Lower every bollard of the lane; one that cannot be told is an alarm, and the vehicle waits.

    In an emergency bollards hold: only what a person granted lowers one (the fire engine's one confirmed act).
    """
    if await _holds(site, device, cause):
        why = "an emergency holds it: a person lowers it"
        for bollard in lanes.bollards_at(site, device.portal):
            await alarms.raise_alarm(site, alarms.COMMAND_FAILED, bollard.id, why)
        return
    for bollard in lanes.bollards_at(site, device.portal):
        await _lower(site, bollard, cause)


async def _lower(site: Site, bollard: Device, cause: str) -> None:
    try:
        await command.send(site, bollard.id, "lower", AUTHORISED, cause, origin=Origin.GRANT)
    except (command.CommandNotPossible, LedgerUnavailable) as error:
        await alarms.raise_alarm(site, alarms.COMMAND_FAILED, bollard.id, str(error))


async def came_too_late(site: Site, bollard: Device, command_id: str) -> None:
    """A bollard took our word for stale: right after a start the broker's kept status is all that is known of it, and
    its challenge is an old one. Its next word brings a new one; then a granted vehicle's bollard is told once more.
    """
    told = await site.archive.told([command.command_key(bollard.id, command_id)])
    body = told.get(command.command_key(bollard.id, command_id), {})
    if body.get("action") != Action.LOWER.value or not str(body.get("by")).startswith(("tap:", "command:")):
        return  # a person sees that it was refused, and says it again
    if bollard.told_again_for == body["by"]:
        await alarms.raise_alarm(site, alarms.COMMAND_FAILED, bollard.id, "it takes no word for fresh")
        return
    bollard.told_again_for = body["by"]
    bollard.to_lower_until = site.clock.monotonic() + SPEAKS_WITHIN_S


async def spoke(site: Site, bollard: Device) -> None:
    """It has brought a new challenge: what it took for stale is said once more, unless its time is over."""
    until, bollard.to_lower_until = bollard.to_lower_until, None
    cause = bollard.told_again_for
    if until is None or cause is None or site.clock.monotonic() > until:
        return
    if not await _holds(site, bollard, cause):
        await _lower(site, bollard, cause)


async def _holds(site: Site, device: Device, cause: str) -> bool:
    """True if an emergency is in force here and no person stands behind the grant.

    A person does who answered a tap that waited, or opened by hand for responders; a shelter is for people on foot.
    """
    portal = site.campus.portals.get(device.portal or "")
    if portal is None or emergency_over(site.world, portal.zone) is None or not cause.startswith("tap:"):
        return False
    _, reader, tap = cause.split(":", 2)
    # The answer to a tap that waited; and the tap, or the act by hand.
    second, first = f"a:{reader}:{tap}", f"t:{reader}:{tap}"
    try:
        told = await site.archive.told([second, first])
    except LedgerUnavailable:
        return True
    answered, by_hand = told.get(second, {}), told.get(first, {})
    for_responders = by_hand.get("by_hand") == OpeningKind.RESPONDER.value
    return answered.get("by") is None and not (for_responders and by_hand.get("by") is not None)


def nearest_camera(site: Site, device: Device) -> Device | None:
    """A camera that is there: of the same portal, else of the same gate."""
    portal = site.campus.portals.get(device.portal or "")
    if portal is None:
        return None
    near = [portal.id, *(p.id for p in site.campus.portals.values() if portal.gate and p.gate == portal.gate)]
    cameras = [one for place in near for one in site.devices.at(place) if one.kind == "camera" and one.online]
    return next(iter(cameras), None)
