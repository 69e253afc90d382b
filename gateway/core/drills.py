"""When what is in force is only practised: everything that applies there is a drill, and nothing of it is real."""

from collections.abc import Iterator
from datetime import datetime

from gateway.core.kinds import Level
from gateway.core.levels import order_in_force
from gateway.core.nouns import World
from gateway.core.papers import Emergency, EmergencyKind


def emergencies_over(world: World, zone: str) -> Iterator[Emergency]:
    """Every emergency in force on `zone` or a zone around it."""
    if not world.emergencies:
        return
    around = world.campus.around(zone)
    for emergency in world.emergencies:
        if emergency.is_live and not emergency.zones.isdisjoint(around):
            yield emergency


def emergency_over(world: World, zone: str) -> EmergencyKind | None:
    """The stronger of the emergencies in force on `zone`: evacuate beats lockdown."""
    if not world.fires.isdisjoint(world.campus.around(zone)):
        return EmergencyKind.EVACUATE
    kinds = {emergency.kind for emergency in emergencies_over(world, zone)}
    for kind in (EmergencyKind.EVACUATE, EmergencyKind.LOCKDOWN):
        if kind in kinds:
            return kind
    return None


def is_drill(world: World, zone: str, now: datetime) -> bool:
    """True if something is in force on `zone` and all of it is a drill; beside anything real a drill is none."""
    if not world.fires.isdisjoint(world.campus.around(zone)):
        return False
    drills = [emergency.drill for emergency in emergencies_over(world, zone)]
    order = order_in_force(world.campus, world.orders, zone, now, world.trusted_until)
    if order is not None and order.level is not Level.L3:
        drills.append(order.drill)
    return bool(drills) and all(drills)
