"""A lane with its bollard, both there: what its loops say, and what it was told."""

from __future__ import annotations

import itertools

from devices.messages import Action, Presence, PresenceReading
from tests.flows.conftest import Hand, House


def reading(vehicle: str = "clear", pedestrian: str = "clear", counter: int | None = None) -> PresenceReading:
    """What the loops say; the counter advances by itself."""
    number = next(COUNTER) if counter is None else counter
    return PresenceReading(vehicle=Presence(vehicle), pedestrian=Presence(pedestrian), counter=number)


COUNTER = itertools.count(1)


async def seen_clear(house: House, bollard: Hand) -> None:
    """Both loops have been clear for more than a second, on living sensors."""
    for _ in range(4):
        await bollard.heartbeat(reading())
        house.clock.go_on(0.4)


async def lane_and_bollard(house: House) -> tuple[Hand, Hand]:
    lane, bollard = house.hand("lane"), house.hand("bollard")
    await lane.status()
    await bollard.status()
    return lane, bollard


def told(house: House) -> list[Action]:
    return [command.action for command in house.courier.commands("bollard")]
