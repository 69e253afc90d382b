"""The bollards of each vehicle lane as the control room sees them: where they are, who is there, what holds each act.

Promises: what a loop does not say, or said too long ago, counts as present, and is shown as that; each interlock stands
beside each act, so that whoever is refused reads why before asking. Nothing is moved here. Leaves to others: the table
(`core.lanes`, `core.interlocks`), the commands (`command`), windows (`lane_windows`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.interlocks import NEEDS, Condition, Interlock, conditions, unmet
from gateway.core.kinds import PortalKind
from gateway.core.lanes import ARMED_S, Act, Lane, lane_is_held, opens_within
from gateway.core.nouns import Portal
from gateway.flows import device_view, lanes
from gateway.flows.devices import Device
from gateway.flows.site import Site

LOOK_AHEAD_MIN = 12 * 60
"""No window of arrival or dismissal is longer: the end of one is looked for no further."""


@dataclass(frozen=True, slots=True)
class ActNow:
    """One act, what it waits for, and what of that is missing."""

    act: Act
    needs: tuple[Interlock, ...]
    unmet: tuple[Interlock, ...]


@dataclass(frozen=True, slots=True)
class BollardNow:
    """One bollard. `vehicle`, `pedestrian`: the loops' last word, None if there is none; `heard_s`: how old it is."""

    device: str
    online: bool
    position: str | None
    vehicle: str | None
    pedestrian: str | None
    heard_s: float | None
    counter: int | None
    latched: bool
    armed_for_s: float | None
    armed_by: str | None
    not_now: str | None
    conditions: tuple[Condition, ...]
    acts: tuple[ActNow, ...]


@dataclass(frozen=True, slots=True)
class LaneNow:
    """One lane; `held`: its window is open and the bollards stay raised, until `closes_at`; `opens_at` if one opens
    within ten minutes."""

    portal: str
    at: datetime
    held: bool
    opens_at: datetime | None
    closes_at: datetime | None
    bollards: tuple[BollardNow, ...]


def all_lanes(site: Site) -> list[LaneNow]:
    """Every vehicle lane that has a bollard."""
    portals = [one for one in site.campus.portals.values() if one.kind is PortalKind.VEHICLE_GATE]
    return [_lane(site, portal) for portal in portals if lanes.bollards_at(site, portal.id)]


def _lane(site: Site, portal: Portal) -> LaneNow:
    now = site.clock.now()
    held = lane_is_held(site.campus, portal, now)
    return LaneNow(
        portal.id,
        now,
        held,
        opens_within(site.campus, portal, now),
        closes_at(site, portal, now) if held else None,
        tuple(bollard_now(site, one) for one in lanes.bollards_at(site, portal.id)),
    )


def bollard_now(site: Site, device: Device) -> BollardNow:
    """One bollard at this moment."""
    now, sensors = site.clock.monotonic(), device.sensors
    lane = Lane(sensors, device.efo_latched)
    armed = site.armed.get(device.id)
    left_s = None if armed is None else ARMED_S - (now - armed.at)
    is_armed = armed is not None and left_s is not None and left_s > 0
    return BollardNow(
        device=device.id,
        online=device.online,
        position=None if device.position is None else device.position.value,
        vehicle=None if sensors.heard_at is None else sensors.vehicle.value,
        pedestrian=None if sensors.heard_at is None else sensors.pedestrian.value,
        heard_s=None if sensors.heard_at is None else max(0.0, now - sensors.heard_at),
        counter=None if sensors.heard_at is None else sensors.counter,
        latched=device.efo_latched,
        armed_for_s=left_s if is_armed else None,
        armed_by=armed.by if armed is not None and is_armed else None,
        not_now=device_view.why_not_now(site, device),
        conditions=conditions(lane, now),
        acts=tuple(ActNow(act, NEEDS[act], unmet(lane, act, now)) for act in Act),
    )


def closes_at(site: Site, portal: Portal, now: datetime) -> datetime | None:
    """When the window that is open now ends, to the minute."""
    minute = now.replace(second=0, microsecond=0)
    for ahead in range(1, LOOK_AHEAD_MIN + 1):
        moment = minute + timedelta(minutes=ahead)
        if not lane_is_held(site.campus, portal, moment):
            return moment
    return None
