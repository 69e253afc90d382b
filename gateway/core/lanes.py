"""A bollard as the gateway may move it: what it has heard of it, and what it may send.

Theory. The device guards itself, with the gateway dead or wrong: its own interlock is stricter and faster (S4, S5). The
gateway repeats the checks from what it hears. A sensor speaks with a counter; only an advancing counter is news. Clear
counts once it was said without a break for a second, and only while the last word is at most two seconds old; unknown,
silent and frozen count as present. Nothing here moves by itself (S6): each act has an origin, which is a person or a
carried-out grant, and no origin but a person may raise. `efo` is a person's act in two steps, passes over the vehicle
loop only, and latches: from then on nothing but `efo_reset` is sent.

Promises: pure; `why_not` is the whole table, and a test walks every state there is. Leaves to others: how the words
arrive (flows), what the device does with them.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.kinds import PortalKind
from gateway.core.nouns import Campus, Portal

LIVES_S = 2.0
"""The newest word may be this old at the gateway; PROTOCOL rule 11. In the device it is half a second (S4)."""
CLEAR_S = 1.0
"""Both loops have been clear for at least this long; S4."""
ARMED_S = 10.0
"""The second step of an `efo` follows the first within this time, or the first is void."""
COUNTDOWN_S = 600.0
"""So long ahead the screens count down to a window."""


class Seen(StrEnum):
    """What one loop says."""

    CLEAR = "clear"
    PRESENT = "present"
    UNKNOWN = "unknown"


class Act(StrEnum):
    """What may be asked of a bollard; `efo_reset` goes out as `lower` with that reason."""

    RAISE = "raise"
    LOWER = "lower"
    EFO = "efo"
    EFO_RESET = "efo_reset"


class Origin(StrEnum):
    """Where a wish to move comes from."""

    PERSON = "person"
    """Somebody who has the right, at this moment."""
    CONFIRMED = "confirmed"
    """The same person once more, within ten seconds of the first word: the second step of an `efo`."""
    GRANT = "grant"
    """The lane's reader or camera has carried out a grant."""
    NOBODY = "nobody"
    """A start, a reconnect, a window, a timer, a detection."""


class Obstacle(StrEnum):
    """Why something is not sent."""

    NOTHING_BY_ITSELF = "nothing_by_itself"
    EFO_LATCHED = "efo_latched"
    NOT_LATCHED = "not_latched"
    INTERLOCK = "interlock"
    CONFIRM = "confirm"
    """An `efo` needs its second step."""


@dataclass(frozen=True, slots=True)
class Sensors:
    """What the loops of one bollard have said. Times are the gateway's monotonic ones."""

    boot: str = ""
    vehicle: Seen = Seen.UNKNOWN
    pedestrian: Seen = Seen.UNKNOWN
    counter: int = -1
    heard_at: float | None = None
    vehicle_clear_since: float | None = None
    pedestrian_clear_since: float | None = None


NOTHING_HEARD = Sensors()


@dataclass(frozen=True, slots=True)
class Lane:
    """One bollard at one moment, as far as an act depends on it."""

    sensors: Sensors = NOTHING_HEARD
    efo_latched: bool = False


def heard(sensors: Sensors, boot: str, vehicle: Seen, pedestrian: Seen, counter: int, now: float) -> Sensors:
    """One word of the loops taken in. A counter that does not advance is no news; a new boot counts anew."""
    before = sensors if sensors.boot == boot else NOTHING_HEARD
    if before.heard_at is not None and counter <= before.counter:
        return before
    unbroken = _lives(before, now)
    return replace(
        before,
        boot=boot,
        vehicle=vehicle,
        pedestrian=pedestrian,
        counter=counter,
        heard_at=now,
        vehicle_clear_since=_since(vehicle, before.vehicle_clear_since if unbroken else None, now),
        pedestrian_clear_since=_since(pedestrian, before.pedestrian_clear_since if unbroken else None, now),
    )


def vehicle_is_clear(sensors: Sensors, now: float) -> bool:
    """No vehicle, surely and for long enough."""
    return _is_clear(sensors, sensors.vehicle_clear_since, now)


def pedestrian_is_clear(sensors: Sensors, now: float) -> bool:
    """Nobody on foot, surely and for long enough."""
    return _is_clear(sensors, sensors.pedestrian_clear_since, now)


def why_not(lane: Lane, act: Act, origin: Origin, now: float) -> Obstacle | None:
    """Why `act` may not be sent; None if it may."""
    if origin is Origin.NOBODY or (origin is Origin.GRANT and act is not Act.LOWER):
        return Obstacle.NOTHING_BY_ITSELF
    match act:
        case Act.EFO_RESET:
            return None if lane.efo_latched else Obstacle.NOT_LATCHED
        case Act.EFO:
            if not pedestrian_is_clear(lane.sensors, now):
                return Obstacle.INTERLOCK
            return None if origin is Origin.CONFIRMED else Obstacle.CONFIRM
        case _ if lane.efo_latched:
            return Obstacle.EFO_LATCHED
        case Act.RAISE:
            clear = pedestrian_is_clear(lane.sensors, now) and vehicle_is_clear(lane.sensors, now)
            return None if clear else Obstacle.INTERLOCK
        case Act.LOWER:
            return None


def lane_is_held(campus: Campus, portal: Portal, now: datetime) -> bool:
    """True while an arrival or dismissal window of this lane is open: its bollards stay raised."""
    if portal.kind is not PortalKind.VEHICLE_GATE or not portal.vehicle_windows:
        return False
    local = now.astimezone(campus.timezone)
    # A window belongs to the day on which it starts: after midnight the kind of the day before decides.
    for some in portal.vehicle_windows:
        if not some.window.is_open_at(local):
            continue
        over_midnight = some.window.from_min >= some.window.to_min
        after_midnight = over_midnight and local.hour * 60 + local.minute < some.window.to_min
        day = local.date() - timedelta(days=1) if after_midnight else local.date()
        if campus.day_kind(day) in some.day_kinds:
            return True
    return False


def opens_within(campus: Campus, portal: Portal, now: datetime, seconds: float = COUNTDOWN_S) -> datetime | None:
    """When the next window of this lane opens, if that is within `seconds` and none is open now; to the minute."""
    if not portal.vehicle_windows or lane_is_held(campus, portal, now):
        return None
    minute = now.replace(second=0, microsecond=0)
    for ahead in range(1, int(seconds // 60) + 2):
        moment = minute + timedelta(minutes=ahead)
        if (moment - now).total_seconds() > seconds:
            return None
        if lane_is_held(campus, portal, moment):
            return moment
    return None


def _lives(sensors: Sensors, now: float) -> bool:
    return sensors.heard_at is not None and now - sensors.heard_at <= LIVES_S


def _is_clear(sensors: Sensors, since: float | None, now: float) -> bool:
    return _lives(sensors, now) and since is not None and now - since >= CLEAR_S


def _since(said: Seen, before: float | None, now: float) -> float | None:
    if said is not Seen.CLEAR:
        return None
    return now if before is None else before
