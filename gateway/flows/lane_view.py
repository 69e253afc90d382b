"""A vehicle lane as its gate sees it, and the guard's one act there: raise the bollard.

Promises: raising goes the way of every command, with the same interlock before and after its record; what stands in
the way is said for each bollard by itself. Nothing is lowered here: what a guard lowers for is a vehicle, and that is
answered where it waits. Leaves to others: the table of acts (`core/lanes.py`), the countdown (`lane_windows`).
"""

from dataclasses import dataclass
from datetime import datetime

from devices.messages import Action
from gateway.core.kinds import PortalKind
from gateway.core.lanes import LIVES_S, Obstacle, Seen, lane_is_held, opens_within
from gateway.core.nouns import Portal
from gateway.flows import command, lanes
from gateway.flows.devices import Device
from gateway.flows.permits import NotPossible
from gateway.flows.site import Site

RAISED_BY_HAND = "raised_by_guard"


class NoSuchLane(LookupError):
    """No vehicle lane has that name."""


@dataclass(frozen=True, slots=True)
class BollardNow:
    """One bollard; `obstacle`: why it could not be raised at this moment, as a stable word."""

    device: str
    position: str | None
    online: bool
    latched: bool
    obstacle: str | None


@dataclass(frozen=True, slots=True)
class LaneNow:
    """One lane; `held`: its window is open and the bollards stay raised; `opens_at` if one opens within ten minutes."""

    portal: str
    at: datetime
    held: bool
    opens_at: datetime | None
    bollards: tuple[BollardNow, ...]


@dataclass(frozen=True, slots=True)
class Raised:
    """What became of one bollard: the command that was sent, or the word for why none was."""

    device: str
    command: str | None
    obstacle: str | None


def lane_now(site: Site, portal: Portal) -> LaneNow:
    """The lane at this moment."""
    now = site.clock.now()
    return LaneNow(
        portal.id,
        now,
        lane_is_held(site.campus, portal, now),
        opens_within(site.campus, portal, now),
        tuple(_now(site, bollard) for bollard in lanes.bollards_at(site, portal.id)),
    )


def all_lanes(site: Site) -> list[LaneNow]:
    """Every vehicle lane of the campus."""
    portals = site.campus.portals.values()
    return [lane_now(site, portal) for portal in portals if portal.kind is PortalKind.VEHICLE_GATE]


async def raise_bollards(site: Site, portal: str, by: str) -> list[Raised]:
    """A guard raises the lane's bollards. Raises `NoSuchLane`, `NotPossible` without any, `LedgerUnavailable`."""
    lane = site.campus.portals.get(portal)
    if lane is None or lane.kind is not PortalKind.VEHICLE_GATE:
        raise NoSuchLane(portal)
    bollards = lanes.bollards_at(site, portal)
    if not bollards:
        raise NotPossible("no_bollard", "this lane has no bollard")
    return [await _raise(site, bollard, by) for bollard in bollards]


async def _raise(site: Site, bollard: Device, by: str) -> Raised:
    try:
        return Raised(bollard.id, await command.send(site, bollard.id, Action.RAISE.value, RAISED_BY_HAND, by), None)
    except command.CommandNotPossible as error:
        told = _which(site, bollard) if error.code == Obstacle.INTERLOCK.value else error.code
        return Raised(bollard.id, None, told)


def _now(site: Site, bollard: Device) -> BollardNow:
    position = None if bollard.position is None else bollard.position.value
    return BollardNow(bollard.id, position, bollard.online, bollard.efo_latched, _obstacle(site, bollard))


def _obstacle(site: Site, bollard: Device) -> str | None:
    try:
        command.check(site, bollard, Action.RAISE.value)
    except command.CommandNotPossible as error:
        return _which(site, bollard) if error.code == Obstacle.INTERLOCK.value else error.code
    return None


def _which(site: Site, bollard: Device) -> str:
    """What the loops say that keeps it down, in the order in which a person looks: people first."""
    sensors = bollard.sensors
    if sensors.pedestrian is Seen.PRESENT:
        return "pedestrian_present"
    if sensors.vehicle is Seen.PRESENT:
        return "vehicle_present"
    lives = sensors.heard_at is not None and site.clock.monotonic() - sensors.heard_at <= LIVES_S
    knows = Seen.UNKNOWN not in (sensors.pedestrian, sensors.vehicle)
    return "not_clear_yet" if lives and knows else "sensors_silent"
