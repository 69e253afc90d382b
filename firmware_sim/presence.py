"""Presence at a bollard: what the sensors say, and how far that can be believed (S4).

Theory. A sensor speaks with a counter. Only an advancing counter is news; a frozen or silent sensor is worth nothing
after 500 ms, and unknown counts as present. `is_clear` is true only when clear has been said without a break for at
least 1 s, up to now.
"""

from __future__ import annotations

from dataclasses import replace

from devices.messages import Presence
from firmware_sim.state import Bollard, Sensors

FRESH_MS = 500
"""The last word may be this old: S4."""
CLEAR_MS = 1_000
"""Clear for at least this long: S4."""


def heard(sensors: Sensors, vehicle: Presence, pedestrian: Presence, counter: int, now_ms: int) -> Sensors:
    """One word of the sensors taken in; a counter that does not advance is no news."""
    if counter <= sensors.counter and sensors.counter_ms is not None:
        return sensors
    unbroken = is_fresh(sensors, now_ms)
    return replace(
        sensors,
        vehicle=vehicle,
        pedestrian=pedestrian,
        counter=counter,
        counter_ms=now_ms,
        vehicle_clear_ms=_since(vehicle, sensors.vehicle_clear_ms if unbroken else None, now_ms),
        pedestrian_clear_ms=_since(pedestrian, sensors.pedestrian_clear_ms if unbroken else None, now_ms),
    )


def is_fresh(sensors: Sensors, now_ms: int) -> bool:
    """Whether the last word is young enough to be believed."""
    return sensors.counter_ms is not None and now_ms - sensors.counter_ms <= FRESH_MS


def vehicle_is_clear(sensors: Sensors, now_ms: int) -> bool:
    """No vehicle for at least a second, from a sensor that lives."""
    return _is_clear(sensors, sensors.vehicle_clear_ms, now_ms)


def pedestrian_is_clear(sensors: Sensors, now_ms: int) -> bool:
    """Nobody on foot for at least a second, from a sensor that lives."""
    return _is_clear(sensors, sensors.pedestrian_clear_ms, now_ms)


def may_rise(sensors: Sensors, now_ms: int, efo: bool) -> bool:
    """The interlock: both clear; `efo` passes over the vehicle loop only."""
    return pedestrian_is_clear(sensors, now_ms) and (efo or vehicle_is_clear(sensors, now_ms))


def must_stop(sensors: Sensors, now_ms: int, efo: bool) -> bool:
    """While rising: anything but a fresh `clear` stops it (S5)."""
    if not is_fresh(sensors, now_ms):
        return True
    return sensors.pedestrian is not Presence.CLEAR or (not efo and sensors.vehicle is not Presence.CLEAR)


def told(sensors: Sensors, now_ms: int) -> tuple[Presence, Presence]:
    """What the device says of (vehicle, pedestrian): unknown once the sensors are stale."""
    if not is_fresh(sensors, now_ms):
        return Presence.UNKNOWN, Presence.UNKNOWN
    return sensors.vehicle, sensors.pedestrian


def is_told_fresh(bollard: Bollard) -> bool:
    """Whether the last word told of the sensors was of living ones (so that their silence is still to be told)."""
    return bollard.told_presence != (Presence.UNKNOWN, Presence.UNKNOWN) and bollard.sensors.counter_ms is not None


def _since(said: Presence, before: int | None, now_ms: int) -> int | None:
    if said is not Presence.CLEAR:
        return None
    return now_ms if before is None else before


def _is_clear(sensors: Sensors, since_ms: int | None, now_ms: int) -> bool:
    return is_fresh(sensors, now_ms) and since_ms is not None and now_ms - since_ms >= CLEAR_MS
