"""Who follows: for every change of level or emergency, which devices were asked, and which of them have shown it.

Theory. A device is *asked* when its posture was given out; *verified* when its own signed status says that version,
for nothing else proves it (the broker's word is none); *late* when it is there, was asked more than five seconds ago
and has not shown it; *away* when it is not there: then the broker keeps its posture, and it gets that before anything
else when it returns. A late device is an alarm until it follows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.flows import alarms, drill_marks
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Asked, Site, Spread

LATE_AFTER_S = 5.0
"""So long a device that is there may take to show a posture that it was given."""


class State(StrEnum):
    """Where a device is with its posture."""

    VERIFIED = "verified"
    ASKED = "asked"
    LATE = "late"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Counts:
    """How far the devices of a zone (and of those within) are."""

    devices: int
    verified: int
    asked: int
    late: int
    away: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One device and its posture, as the control room sees it."""

    device: str
    portal: str | None
    zone: str | None
    state: State
    issued: int
    shown: int | None
    since_s: float | None
    """How long ago it was asked; None if it shows what it was given."""


def zone_of(site: Site, device: Device) -> str | None:
    """The zone whose state a device enforces: what its portal leads into, else where it stands."""
    portal = site.campus.portals.get(device.portal or "")
    zone = device.zone if portal is None else portal.zone
    return zone if zone in site.campus.zones else None


def state_of(site: Site, device: Device) -> State:
    """How far one device is."""
    if not device.online:
        return State.AWAY
    if device.issued.version and device.posture == device.issued.version:
        return State.VERIFIED
    return State.LATE if _waited_s(site, device) > LATE_AFTER_S else State.ASKED


def board(site: Site) -> list[Standing]:
    """Every device, those that do not follow first."""
    rank = {State.LATE: 0, State.AWAY: 1, State.ASKED: 2, State.VERIFIED: 3}
    found = [_standing(site, device) for device in site.devices]
    return sorted(found, key=lambda one: (rank[one.state], one.device))


def counts(site: Site, zone: str | None = None) -> Counts:
    """How many devices of `zone` and of the zones within follow; of the whole site if None."""
    number = dict.fromkeys(State, 0)
    for device in site.devices:
        if zone is not None:
            at = zone_of(site, device)
            if at is None or zone not in site.campus.around(at):
                continue
        number[state_of(site, device)] += 1
    return Counts(
        sum(number.values()),
        number[State.VERIFIED],
        number[State.ASKED],
        number[State.LATE],
        number[State.AWAY],
    )


# ---------------------------------------------------------------- one change on its way


def begin(site: Site, cause: str, of: str | None, devices: Iterable[Device], drill: bool, now: datetime) -> Spread:
    """These devices have just been given a posture because of `cause` (`emergency` or `level`)."""
    asked = {device.id: Asked(device.issued.version, now) for device in devices}
    zones = {zone for name in asked if (known := site.devices.get(name)) and (zone := zone_of(site, known))}
    spread = Spread(cause, of, tuple(sorted(zones)), drill, now, asked)
    site.spreads.append(spread)
    site.feed.publish(as_event(site, spread))
    return spread


def shown(site: Site, device: Device) -> None:
    """A device has said which posture it enforces."""
    if device.posture is None or device.posture > device.issued.version:
        return
    now = site.clock.now()
    for spread in site.spreads:
        asked = spread.devices.get(device.id)
        if asked is not None and asked.shown_at is None and device.posture >= asked.version:
            asked.shown_at = now
            spread.shown += 1
            if not spread.is_told and spread.shown == len(spread.devices):
                _tell(site, spread)
    if device.is_late and device.posture == device.issued.version:
        device.is_late = False
        site.spawn(alarms.clear_alarm(site, alarms.POSTURE_LATE, device.id))


async def look(site: Site) -> list[Device]:
    """Called each second: raise an alarm for each device that has become late; returns all that are."""
    late = [device for device in site.devices if state_of(site, device) is State.LATE and device.issued.version]
    for device in late:
        if not device.is_late:
            device.is_late = True
            await alarms.raise_alarm(site, alarms.POSTURE_LATE, device.id, _says(site, device))
    for spread in site.spreads:
        if not spread.is_told and site.clock.elapsed_s(spread.at) > LATE_AFTER_S:
            _tell(site, spread)
    return late


def newest_for(site: Site, of: str) -> list[Spread]:
    """The changes that an emergency or order has caused, the oldest first."""
    return [spread for spread in site.spreads if spread.of == of]


def as_event(site: Site, spread: Spread) -> dict[str, Any]:
    """A change on its way, as the screens show it."""
    seen = {name: asked.shown_at is not None for name, asked in spread.devices.items()}
    behind = [device for name, is_shown in seen.items() if not is_shown and (device := site.devices.get(name))]
    return {
        "type": "propagation",
        "cause": spread.cause,
        "of": spread.of,
        "zones": list(spread.zones),
        "drill": spread.drill,
        "at": spread.at,
        "asked": len(seen),
        "shown": sum(seen.values()),
        "late": sorted(device.id for device in behind if device.online and spread.is_told),
        "away": sorted(device.id for device in behind if not device.online),
        "slowest_ms": _slowest_ms(site, spread),
        "done": spread.is_told,
    }


def _tell(site: Site, spread: Spread) -> None:
    """All have followed, or those that have not are late: once on the screens and in the ledger."""
    spread.is_told = True
    event = as_event(site, spread)
    site.feed.publish(event)
    body = {name: value for name, value in event.items() if name not in ("type", "at", "done")}
    site.spawn(_write(site, Unit((Entry("propagation", site.clock.now(), body | {"began_at": spread.at}),))))


async def _write(site: Site, unit: Unit) -> None:
    try:
        await site.ledger.commit(unit)
    except LedgerUnavailable:
        return  # the gateway stops with the ledger away; each device's own status is the proof


def _slowest_ms(site: Site, spread: Spread) -> int | None:
    took = [asked.shown_at - spread.at for asked in spread.devices.values() if asked.shown_at is not None]
    return round(site.clock.lasted_s(max(took)) * 1000) if took else None


def _standing(site: Site, device: Device) -> Standing:
    state = state_of(site, device)
    since = None if state is State.VERIFIED or device.asked_at < 0 else round(_waited_s(site, device), 1)
    return Standing(
        device.id, device.portal, zone_of(site, device), state, device.issued.version, device.posture, since
    )


def _waited_s(site: Site, device: Device) -> float:
    return site.clock.monotonic() - device.asked_at


def _says(site: Site, device: Device) -> str:
    shown = "none" if device.posture is None else str(device.posture)
    drill = f"{drill_marks.WORD}: " if drill_marks.holds_at(site, device.portal) else ""
    return f"{drill}was given posture {device.issued.version}, shows {shown}"
