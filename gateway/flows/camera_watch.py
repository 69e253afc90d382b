"""What has to happen around the cameras by itself, each second: findings told again, orders made and verified, windows
that end, recorders that are silent, rounds that nobody signed. Each part says what it does; here they only get their
turn.
"""

from collections.abc import Awaitable, Callable

from gateway.flows import alarm_pictures, camera_findings, maintenance, recorders
from gateway.flows.alarm_pictures import AlarmPictures
from gateway.flows.camera_rounds import RoundWatch
from gateway.flows.maintenance import MaintenanceWatch
from gateway.flows.site import Site
from gateway.flows.work_orders import WorkOrders


class CameraWatch:
    """One for a gateway. `load` is called once, when the cameras' book is loaded."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._maintenance = MaintenanceWatch(site)
        self._orders = WorkOrders(site)
        self._rounds = RoundWatch(site)
        self.pictures = AlarmPictures(site)

    async def load(self) -> None:
        """What a restart must not lose; from now on alarms are pictured."""
        await maintenance.load(self._site)
        await camera_findings.load(self._site)
        await alarm_pictures.load(self._site)
        self.pictures.begin()

    async def look(self) -> None:
        """One look. Without cameras there is only what was ordered by hand.

        A part that fails keeps no other from its turn: what stands has to be told again whatever became of an order.
        Raises what the first one raised, when all have had theirs.
        """
        site = self._site
        parts: list[Callable[[], Awaitable[None]]] = [self._orders.look]
        if len(site.cameras):
            parts.append(self._maintenance.look)
            parts.append(lambda: recorders.look(site))
            parts.append(lambda: camera_findings.look(site))
            parts.append(self._rounds.look)
        failed: list[Exception] = []
        for look in parts:
            try:
                await look()
            except Exception as error:
                failed.append(error)
        if failed:
            raise failed[0]
