"""A device says that it is there, what it is, and what it enforces; or its will says that it is gone.

Only the newest connection of the newest boot counts. Every status and heartbeat brings the fresh challenge without
which no command is taken; a status that shows another posture than the one issued gets it again, before all else.
"""

from datetime import timedelta

from devices.limits import ACK_EVERY_S
from devices.messages import Heartbeat, Status
from gateway.flows import alarms, credential_lists, device_events, lane_cycle, lanes, postures, propagation
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site

DRIFT_ALARM_S = 5.0
"""A device's clock that is further off than this is worth a person's look."""


async def device_status(site: Site, device: Device, status: Status) -> None:
    """Take a status or a will."""
    if status.boot in device.replaced_boots or (status.boot == device.boot and status.connection < device.connection):
        return
    if not status.online:
        # From a will nothing is taken but that the device is gone: it was written when the connection began.
        if status.boot == device.boot and status.connection == device.connection and device.online:
            await went(site, device, "its connection ended")
        return
    new_boot = status.boot != device.boot
    returned = not device.online or new_boot
    reconnected = returned or status.connection != device.connection
    device.online = True
    if new_boot:
        if device.boot is not None:
            device.replaced_boots.add(device.boot)
        device.boot, device.uptime_ms = status.boot, -1
    device.has_said_status = True
    device.connection = status.connection
    device.firmware, device.buffered = status.firmware, status.buffered
    device.posture, device.list_version, device.revoked = status.posture, status.credentials, status.revoked
    device.lock_state = status.lock_state or device.lock_state
    device.position = status.position or device.position
    device.previous_boot = None if status.previous is None else (status.previous.boot, status.previous.last_seq)
    _heard(site, device, status.challenge, status)
    if returned:
        device.asked_at = site.clock.monotonic()  # its time to follow begins with its return
    propagation.says_posture(site, device, status.at)
    await postures.follow(site, device)
    await credential_lists.follow(site, device)
    if returned:
        await came(site, device, new_boot)
    if reconnected:
        await _acknowledge(site, device, status.boot)
    await _look_for_losses(site, device)
    site.feed.publish(as_event(site, device))


async def heartbeat(site: Site, device: Device, beat: Heartbeat) -> None:
    """Take a heartbeat; one whose uptime does not grow is a replay."""
    if not device.has_said_status and beat.boot != device.boot:
        await _meet(site, device, beat.boot)
    if beat.boot != device.boot or beat.uptime_ms <= device.uptime_ms:
        return
    device.uptime_ms = beat.uptime_ms
    device.buffered = beat.buffered
    if beat.presence is not None:
        lanes.hear(site, device, beat.boot, beat.presence)
    _heard(site, device, beat.challenge, beat)
    if device.to_lower_until is not None:
        site.spawn(lane_cycle.spoke(site, device))
    if not device.online:
        device.online = True
        device.asked_at = site.clock.monotonic()
        postures.publish(site, device)  # before anything else; what it has already, it knows to be the same
        await came(site, device, False)
    propagation.lives_on(site, device, beat.at)
    now = site.clock.monotonic()
    if now - device.acked_at >= ACK_EVERY_S:
        device.acked_at = now
        await _acknowledge(site, device, beat.boot)
    await _look_for_losses(site, device)
    await _look_at_its_clock(site, device)


async def _meet(site: Site, device: Device, boot: str) -> None:
    """It lives, but its status did not reach us: a broker may lose what it had to keep. What it enforces is not known,
    so it is told everything; what it has already, it knows to be the same. Its status will settle the rest."""
    device.boot, device.uptime_ms = boot, -1
    device.asked_at = site.clock.monotonic()
    postures.publish(site, device)
    credential_lists.tell_again(site, device)


async def _acknowledge(site: Site, device: Device, boot: str) -> None:
    """Up to where its events are kept, also where nothing new has come."""
    try:
        marks = await device_events.marks_of(site, device, boot)
    except LedgerUnavailable:
        return  # the next heartbeat asks again
    device_events.acknowledge(site, device, boot, marks)


async def _look_for_losses(site: Site, device: Device) -> None:
    """A device that holds nothing back has told all that it will ever tell of the boot before.

    Asked of the device as it is now: while we waited for something, a newer status may have come.
    """
    if device.previous_boot is None or device.buffered:
        return
    previous, device.previous_boot = device.previous_boot, None
    try:
        await device_events.lost_without_a_word(site, device, *previous)
    except LedgerUnavailable:
        device.previous_boot = device.previous_boot or previous


async def look_for_the_lost(site: Site) -> None:
    """Called each second: who has been silent for too long is lost, though the broker did not say so."""
    now = site.clock.monotonic()
    for device in list(site.devices):
        if device.online and now - device.heard_at > site.rules.device_lost_after_s:
            await went(site, device, "no sign of life")


async def _look_at_its_clock(site: Site, device: Device) -> None:
    """A clock that is off is worth a person's look once; what it says of the time is only recorded, never believed."""
    drift = timedelta(milliseconds=abs(device.drift_ms or 0))
    off = site.clock.lasted_s(drift) > DRIFT_ALARM_S
    if off and not device.clock_is_off:
        device.clock_is_off = True
        await alarms.raise_alarm(site, alarms.DEVICE_CLOCK, device.id, f"{device.drift_ms} ms off")
    elif device.clock_is_off and not off:
        device.clock_is_off = False
        await alarms.clear_alarm(site, alarms.DEVICE_CLOCK, device.id)


async def came(site: Site, device: Device, restarted: bool) -> None:
    """A device is there (again); it counts as online already."""
    away_s = None if device.lost_since is None else round((site.clock.now() - device.lost_since).total_seconds(), 1)
    device.lost_since, device.online_since = None, site.clock.now()
    await alarms.clear_alarm(site, alarms.DEVICE_LOST, device.id)
    await _note(site, device, "device_online", {"boot": device.boot, "restarted": restarted, "away_s": away_s})


async def went(site: Site, device: Device, why: str) -> None:
    """A device is gone."""
    device.online, device.online_since = False, None
    device.lost_since = site.clock.now()
    await alarms.raise_alarm(site, alarms.DEVICE_LOST, device.id, why)
    await _note(site, device, "device_lost", {"boot": device.boot, "why": why})


def as_event(site: Site, device: Device) -> dict[str, object]:
    """A device as the screens show it."""
    return {
        "type": "device",
        "device": device.id,
        "kind": device.kind,
        "portal": device.portal,
        "zone": device.zone,
        "online": device.online,
        "since": device.lost_since,
        "last_seen": device.last_seen,
        "firmware": device.firmware,
        "clock": None if device.clock is None else device.clock.value,
        "drift_ms": device.drift_ms,
        "buffered": device.buffered,
        "posture": device.posture,
        "posture_issued": device.issued.version,
        "credentials": device.list_version,
        "credentials_issued": device.issued.list_version,
        "revoked": device.revoked,
        "revoked_issued": device.issued.revoked_version,
        "lock_state": None if device.lock_state is None else device.lock_state.value,
        "position": None if device.position is None else device.position.value,
        "quarantined": device.watch.is_quarantined(site.clock.monotonic()),
        "bad_messages": device.bad_messages,
    }


def _heard(site: Site, device: Device, challenge: str, message: Status | Heartbeat) -> None:
    now = site.clock.now()
    device.challenge, device.challenge_at = challenge, site.clock.monotonic()
    device.heard_at = device.challenge_at
    device.last_seen = now
    device.clock = message.clock
    device.drift_ms = round((message.at - now).total_seconds() * 1000)


async def _note(site: Site, device: Device, kind: str, body: dict[str, object]) -> None:
    site.feed.publish(as_event(site, device))
    entry = Entry(kind, site.clock.now(), {"device": device.id} | body)
    try:
        await site.ledger.commit(Unit((entry,)), 5.0)
    except LedgerUnavailable:
        return
