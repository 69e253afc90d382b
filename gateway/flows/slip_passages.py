"""Who went out with a leave slip, who came back, and when: read from where people are known to be.

Promises: a slip says that its student left and returned, once each and over any restart, because presence is written
with the passage; whoever comes back after the end is recorded as late and refused nothing; whoever is not back at the
end is on a list until seen. Nothing is guessed: an exit or a return that no reader saw leaves the slip as it is.
Leaves to others: putting slips away (`put_away`), what a screen shows (`told`).
"""

from dataclasses import replace
from datetime import datetime

from gateway.core.kinds import PresenceState
from gateway.core.nouns import Presence
from gateway.core.papers import LeaveSlip
from gateway.flows import put_away
from gateway.flows.permits import Step
from gateway.flows.site import Site

EVERY_S = 5.0
"""Between two looks; a passage is known within this time to whoever waits for a student's return."""


class SlipWatch:
    """Looks each second, and every few seconds in earnest; one for a gateway."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._looked_at = -1e9

    async def look(self) -> None:
        """One look. The next one tries again where the ledger is away or somebody was faster."""
        site = self._site
        if site.clock.monotonic() - self._looked_at < EVERY_S:
            return
        self._looked_at = site.clock.monotonic()
        now = site.clock.now()
        steps = due(site, now)
        if steps:
            await put_away.file(site, steps[: put_away.AT_ONCE], now)


def due(site: Site, now: datetime) -> list[Step]:
    """What presence says that the slips do not say yet."""
    return [
        step
        for slips in site.directory.papers.slips.values()
        for slip in slips
        if (seen := site.presence.get(slip.holder)) is not None and (step := _step(slip, seen)) is not None
    ]


def _step(slip: LeaveSlip, seen: Presence) -> Step | None:
    if slip.left_at is None:
        in_time = slip.starts_at <= seen.since < slip.ends_at
        if seen.state is PresenceState.OUTSIDE and in_time:
            return Step(replace(slip, left_at=seen.since), "left", "gateway")
        return None
    if slip.returned_at is None and seen.state is PresenceState.INSIDE and seen.since > slip.left_at:
        back = replace(slip, returned_at=seen.since)
        return Step(back, "returned_late" if back.came_late else "returned", "gateway")
    return None
