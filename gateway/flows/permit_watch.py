"""What has to happen to permits by itself, looked at each second: the level is another, a time is past, a second person
has not spoken in time. Each part says what it does; here they only get their turn.
"""

from gateway.flows import openings
from gateway.flows.judging import LevelWatch
from gateway.flows.put_away import Tidier
from gateway.flows.site import Site
from gateway.flows.slip_passages import SlipWatch
from gateway.flows.visit_ends import VisitWatch


class PermitWatch:
    """One for a gateway."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._levels = LevelWatch(site)
        self._tidier = Tidier(site)
        self._visits = VisitWatch(site)
        self._slips = SlipWatch(site)

    async def look(self) -> None:
        """One look."""
        await openings.look_for_overdue(self._site)
        await self._slips.look()
        await self._tidier.look()
        await self._visits.look()
        await self._levels.look()
