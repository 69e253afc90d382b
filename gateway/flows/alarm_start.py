"""After a restart: the alarms that were open stand as they stood, and what the ledger does not have of them is made up.

Promises: entries that are not put aside take members again; what came in the last ten minutes counts as new still, as
far as it is open; a member whose entry was closed stands for itself; and each member whose row was not written before
the power went is named in one soon. Leaves to others: reading them from the database (`store`), writing (the watch).
"""

from dataclasses import replace
from datetime import UTC, datetime

from gateway.core.alarm_course import QUIET, State
from gateway.core.alarm_groups import WINDOW_S
from gateway.flows.alarm_rows import timeline_key
from gateway.flows.alarms import row_of
from gateway.flows.open_alarms import Alarm
from gateway.flows.site import Site

EVER = datetime.fromtimestamp(0, UTC)


async def restore(site: Site) -> None:
    """Once, when the open alarms have been loaded; an archive that is away is waited for."""
    book = site.alarms
    for alarm in sorted(book.by_id.values(), key=lambda one: one.opened_at):
        if alarm.in_group is None:
            _entry(site, alarm)
        elif alarm.in_group not in book.by_id:
            await _alone(site, replace(alarm, in_group=None))
    for alarm in list(book.shown()):
        await _members(site, alarm)


def _entry(site: Site, alarm: Alarm) -> None:
    book, mono, kind = site.alarms, site.clock.monotonic(), (alarm.condition, alarm.zone)
    age_s = max(0.0, site.clock.elapsed_s(alarm.opened_at))
    if State(alarm.state) not in QUIET:
        book.entries.entered(alarm.id, kind, mono, alarm.room, counts=False)
    if age_s < WINDOW_S and site.catalogue.of(alarm.condition).may_be_shelved:
        book.entries.was_new(kind, mono - age_s)
    book.seen(alarm.id)


async def _alone(site: Site, alarm: Alarm) -> None:
    """It was a member of an entry that is closed. The ledger may not have named it yet."""
    book = site.alarms
    book.put(alarm)
    book.unwritten[alarm.id] = None
    if not await site.archive.timed(timeline_key(alarm.id), EVER):
        book.unrecorded["alarm", alarm.id] = row_of(site, alarm)
    _entry(site, alarm)


async def _members(site: Site, entry: Alarm) -> None:
    book, members = site.alarms, site.alarms.members(entry.id)
    if not members:
        return
    rows = await site.archive.timed(timeline_key(entry.id), EVER)
    named = {one["alarm"] for row in rows for one in row.get("joined", ())}
    for member in members:
        book.handed.add(member.id)
        if member.id in named:
            book.recorded.add(member.id)
        else:
            book.unwritten[member.id] = None
