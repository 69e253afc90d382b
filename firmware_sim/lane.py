"""A vehicle at a lane with a bollard: it waits until the bollard is down, drives over, and is seen by the sensors.

The bollard is lowered by the gateway alone, after the lane's device has answered the grant (rule 11); a driver whose
bollard does not come down turns back.
"""

from __future__ import annotations

import asyncio

from devices.messages import BollardPosition
from firmware_sim.device import Device
from firmware_sim.state import State

DOWN_WITHIN_S = 10.0
"""How long a driver waits for the bollard."""
OVER_S = 1.5
"""How long a car stands over the loop."""
UP_WITHIN_S = 15.0
"""How long the next car leaves the lane to a bollard that closes."""


async def drive(device: Device, bollard: Device | None, direction: str, person: str | None = None) -> bool:
    """After the green light: over the bollard. False if it did not come down."""
    if bollard is not None:
        try:
            await bollard.until(lambda state: _position(state) is BollardPosition.LOWERED, DOWN_WITHIN_S)
        except TimeoutError:
            return False
        bollard.presence(vehicle="present")
        await asyncio.sleep(OVER_S)
    await device.walk_through(direction, person=person)
    if bollard is not None:
        bollard.presence(vehicle="clear")
        try:
            await bollard.until(lambda state: _position(state) is not BollardPosition.LOWERED, UP_WITHIN_S)
            await bollard.until(lambda state: _position(state) is BollardPosition.RAISED, UP_WITHIN_S)
        except TimeoutError:
            pass  # `hold`, a fault, or another vehicle: the next driver sees for themselves
    return True


def _position(state: State) -> BollardPosition | None:
    return state.bollard.position if state.bollard is not None else None
