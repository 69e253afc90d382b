"""A bollard's interlocks one by one, so that a person who is refused reads which of them holds it.

Promises: pure; for everybody who has the right, `unmet` is empty exactly where `lanes.why_not` finds no obstacle, and a
test walks every state there is. Decides nothing itself: what is sent is the business of `lanes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.core.lanes import LIVES_S, Act, Lane, Seen, pedestrian_is_clear, vehicle_is_clear


class Interlock(StrEnum):
    """What has to hold before a bollard moves."""

    SPEAKS = "sensors_speak"
    """The loops have said something new within the last two seconds; a frozen counter is silence."""
    PEDESTRIAN = "pedestrian_clear"
    VEHICLE = "vehicle_clear"
    NOT_LATCHED = "not_latched"
    LATCHED = "latched"
    """Only what is latched can be reset."""


NEEDS: Mapping[Act, tuple[Interlock, ...]] = {
    Act.RAISE: (Interlock.SPEAKS, Interlock.PEDESTRIAN, Interlock.VEHICLE, Interlock.NOT_LATCHED),
    Act.LOWER: (Interlock.NOT_LATCHED,),
    Act.EFO: (Interlock.SPEAKS, Interlock.PEDESTRIAN),
    Act.EFO_RESET: (Interlock.LATCHED,),
}
"""What each act waits for; an `efo` passes over the vehicle loop, and over nothing else."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One interlock at one moment. `for_s`: for how long a loop has said clear, or how old its last word is."""

    interlock: Interlock
    met: bool
    for_s: float | None = None


def conditions(lane: Lane, now: float) -> tuple[Condition, ...]:
    """Each interlock as it stands, in the order in which a person looks: people first."""
    sensors = lane.sensors
    age = None if sensors.heard_at is None else max(0.0, now - sensors.heard_at)
    return (
        Condition(Interlock.SPEAKS, age is not None and age <= LIVES_S, age),
        Condition(Interlock.PEDESTRIAN, pedestrian_is_clear(sensors, now), _since(sensors.pedestrian_clear_since, now)),
        Condition(Interlock.VEHICLE, vehicle_is_clear(sensors, now), _since(sensors.vehicle_clear_since, now)),
        Condition(Interlock.NOT_LATCHED, not lane.efo_latched),
        Condition(Interlock.LATCHED, lane.efo_latched),
    )


def unmet(lane: Lane, act: Act, now: float) -> tuple[Interlock, ...]:
    """What keeps `act` from being sent for somebody who may and has confirmed it."""
    found = {one.interlock: one.met for one in conditions(lane, now)}
    return tuple(interlock for interlock in NEEDS[act] if not found[interlock])


def counts_as(seen: Seen, speaks: bool) -> Seen:
    """What a loop's word counts as: unknown and silent are present (S4)."""
    return Seen.CLEAR if speaks and seen is Seen.CLEAR else Seen.PRESENT


def _since(since: float | None, now: float) -> float | None:
    return None if since is None else max(0.0, now - since)
