"""Which things have a sign on the plan of the campus, and where each sign stands.

Promises: every portal, device and camera is a thing once, and each has its spot or is told as being on no plan; spots
are looked for only after plans, campus, devices or cameras have changed, and once for all who ask meanwhile. Leaves to
others: finding spots (`core.plan_spots`), the words of the API (`web.plan`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.core.kinds import PortalKind
from gateway.core.nouns import Campus
from gateway.core.plan import Plan, Signed, SignKind, Thing
from gateway.core.plan_spots import signed
from gateway.flows.site import Site

_PORTALS = {PortalKind.GATE: SignKind.GATE, PortalKind.VEHICLE_GATE: SignKind.LANE}
"""A portal of another kind is a door."""
_DEVICES = {"bollard": SignKind.BOLLARD, "panel": SignKind.PANEL, "camera": SignKind.CAMERA}
"""A device of another kind reads credentials."""


@dataclass(frozen=True, slots=True, eq=False)
class Signs:
    """Every plan with its signs, and what is on none of them; below, the state of the site for which that is so."""

    boards: Sequence[Signed]
    elsewhere: Sequence[Thing]
    plans: Sequence[Plan]
    campus: Campus
    things: Sequence[Thing]


class PlanSigns:
    """The signs of one site, kept as long as they are right."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._known: Signs | None = None

    async def of(self, site: Site) -> Signs:
        """The signs as things stand. Finding spots for a thousand of them takes a moment: it is done beside."""
        async with self._turn:
            plans, campus, things = site.plans, site.campus, things_of(site)
            known = self._known
            if known is None or known.plans is not plans or known.campus is not campus or known.things != things:
                boards, elsewhere = await asyncio.to_thread(signed, plans, campus, things)
                known = self._known = Signs(boards, elsewhere, plans, campus, things)
            return known


def things_of(site: Site) -> list[Thing]:
    """Everything that has a sign: portals, cameras, and devices that are not a camera's."""
    campus = site.campus
    things = [
        Thing(portal.id, _PORTALS.get(portal.kind, SignKind.DOOR), portal.zone, portal.id)
        for portal in campus.portals.values()
    ]
    known = {thing.id for thing in things}
    cameras = [state.camera for state in site.cameras]
    for camera in cameras:
        seen = sorted(camera.sees & set(campus.portals))
        beside = seen[0] if len(seen) == 1 and campus.portals[seen[0]].outside == camera.zone else None
        if camera.id not in known:
            things.append(Thing(camera.id, SignKind.CAMERA, camera.zone, beside))
    known |= {camera.id for camera in cameras} | {camera.device for camera in cameras if camera.device is not None}
    things += [
        Thing(device.id, _DEVICES.get(device.kind, SignKind.READER), device.zone, device.portal)
        for device in site.devices
        if device.id not in known
    ]
    return things
