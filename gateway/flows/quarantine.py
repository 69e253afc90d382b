"""An operator ends a device's quarantine: it may let people in again at once, and is watched as before."""

from gateway.flows import alarms, device_status
from gateway.flows.command import NoSuchDevice
from gateway.flows.notes import note
from gateway.flows.ports import Entry, Unit
from gateway.flows.site import Site


async def end(site: Site, device: str, reason: str, by: str) -> None:
    """Record it, then end it. Raises `NoSuchDevice`, `LedgerUnavailable`."""
    found = site.devices.get(device)
    if found is None:
        raise NoSuchDevice(device)
    said = note(reason, site.clock.now())
    entry = Entry("quarantine_ended", site.clock.now(), {"device": device, "note": said.ref, "by": by})
    await site.ledger.commit(Unit((entry,), said.changes), site.rules.record_within_s)
    found.watch.end()
    for condition in (alarms.FLOOD, alarms.WRONG_TRIES):
        await alarms.clear_alarm(site, condition, device)
    site.feed.publish(device_status.as_event(site, found))
