"""Somebody leaves a dormitory after curfew: a school's dormitory manager hears of it at once, and nobody is held.

Promises: for a pupil or for somebody unknown; on the screens with or without a ledger, and on disk in one unit with the
decision or the event it comes from, however often that is tried. A tap that is told again counts nothing.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.core.kinds import HolderKind, PortalKind, Profile
from gateway.flows import alarms
from gateway.flows.changes import AlarmKept
from gateway.flows.devices import Device
from gateway.flows.ports import Entry, Unit
from gateway.flows.site import Site

LOOK_WITHIN_S = 0.25
"""So long a late exit waits for the ledger's word whether its tap is an old one told again."""


@dataclass(frozen=True, slots=True)
class LateExit:
    """Somebody leaves after curfew: the alarm's zone and words, and the row of it."""

    zone: str
    detail: str
    row: Entry


@dataclass(frozen=True, slots=True)
class Told:
    """A late exit that is on the screens, and is to be written with the decision it comes from."""

    late: LateExit
    raised: alarms.Raised

    def beside(self, site: Site, unit: Unit) -> Unit:
        """`unit` with it; the alarm as it stands now, however often the unit was tried before."""
        open_now = (site.alarms.by_id.get(change.alarm.id) for change in self.raised.changes)
        changes = tuple(AlarmKept(alarm) for alarm in open_now if alarm is not None)
        entries = (*unit.entries, *self.raised.rows, self.late.row)
        return replace(unit, entries=entries, changes=(*unit.changes, *changes))

    def not_written(self, site: Site) -> None:
        """The unit did not get to disk: the alarm's next word has to say it all, and the watch writes how it stands."""
        alarms.unwritten(site, self.raised)
        for change in self.raised.changes:
            if change.alarm.id in site.alarms.by_id:
                site.alarms.unwritten[change.alarm.id] = None

    def write_alone(self, site: Site) -> None:
        """The decision stands on disk without it: it follows at once."""
        alarms.hand_over(site, self.beside(site, Unit(())))

    async def was_told_before(self, site: Site) -> None:
        """The tap was an old one told again: it does not count twice, and raises nothing that somebody has closed."""
        self.not_written(site)
        known = site.alarms.by_id.get(self.raised.alarm.id)
        if known is None:
            return
        if known.count > 1:
            alarms.keep_in_mind(site, replace(known, count=known.count - 1))
            return
        alarms.hand_over(site, Unit(self.raised.rows, self.raised.changes))  # it was on the screens all the same
        await alarms.clear_alarm(site, known.condition, known.place)


def tell(site: Site, late: LateExit) -> Told:
    """The dormitory manager hears of it at once, with or without a ledger; it goes into the decision's unit."""
    return Told(late, alarms.show(site, alarms.LATE_EXIT, late.zone, late.detail))


async def is_news(site: Site, key: str) -> bool:
    """False only if the ledger surely has the decision of that key: one that is away keeps no alarm waiting."""
    if site.ledger.is_away:
        return True
    look = asyncio.ensure_future(site.archive.told([key]))
    done, _ = await asyncio.wait({look}, timeout=LOOK_WITHIN_S)
    if not done:
        look.add_done_callback(lambda late: late.cancelled() or late.exception())
        return True
    return look.exception() is not None or key not in look.result()


def late_exit(site: Site, device: Device, tap: str | None, holder: str | None, at: datetime) -> LateExit | None:
    """What has to be told and written if somebody goes out by this door at that moment; None: nothing."""
    portal = site.campus.portals.get(device.portal or "")
    if portal is None or portal.kind is not PortalKind.DORMITORY or not _is_after_curfew(site, at):
        return None
    person = None if holder is None else site.directory.holders.get(holder)
    if person is not None and person.kind is not HolderKind.STUDENT:
        return None
    body = {"device": device.id, "portal": portal.id, "zone": portal.zone, "tap": tap, "holder": holder}
    return LateExit(portal.zone, f"at {portal.id}", Entry("late_exit", site.clock.now(), body))


def _is_after_curfew(site: Site, at: datetime) -> bool:
    campus = site.campus
    return (
        campus.profile is Profile.SCHOOL
        and campus.curfew is not None
        and campus.curfew.is_open_at(at.astimezone(campus.timezone))
    )
