"""The hour of each incident is watched: at 20, 40 and 50 minutes without a report the duty leader is called.

Promises: each call is made once, over restarts too, because the paper remembers it: on every screen of the control room
(`call_duty_leader`), as an alarm at the place, and by a notice where one reaches the duty leader; the alarm grows from
medium to high, is told again with each call, and is over only when the report is sent. Nothing else stops it: a draft,
a review that does not come or a returned report do not. A gateway that was away makes up for the newest call it missed.
Whether a report's notice has left is looked up when the outbox is done with it, at start, and once a minute. Leaves to
others: the moments themselves (`core.incident_course`).
"""

from datetime import datetime

from gateway.core import incident_course as course
from gateway.core.papers.incidents import Incident
from gateway.flows import alarms, notices
from gateway.flows.drill_marks import WORD
from gateway.flows.incidents import move, open_incidents, step_of
from gateway.flows.notice_rules import NoticeKind
from gateway.flows.permits import NoSuchPermit, NotPossible, Step
from gateway.flows.ports import LedgerUnavailable, Unit
from gateway.flows.site import Site

GATEWAY = "gateway"
AGAIN_S = 300.0
"""One that a person has closed while its cause holds comes back after so long, or with the next call."""
LOOK_ANYWAY_S = 60.0
"""A record that was given up while its commit was under way may have come through all the same."""
RANK = {None: 0, "medium": 1, "high": 2}


class IncidentWatch:
    """Looks each second; one for a gateway."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._raised_at: dict[str, float] = {}
        """When the alarm at a place was last raised (monotonic)."""
        self._looked_up: set[str] = set()
        """Notices on their way that were found waiting: the outbox says when there is more to know."""
        self._forgets_at = site.clock.monotonic() + LOOK_ANYWAY_S

    async def look(self) -> None:
        """Make the calls that are due, and have the alarms be as they should."""
        site, now = self._site, self._site.clock.now()
        if site.clock.monotonic() >= self._forgets_at:
            self._looked_up, self._forgets_at = set(), site.clock.monotonic() + LOOK_ANYWAY_S
        for incident in open_incidents(site):
            await self._follow(incident)
            due = course.due_calls(incident, now)
            if due and await _call(site, incident, due):
                self._raised_at[incident.place] = site.clock.monotonic()
        await self._alarms(now)

    async def _follow(self, incident: Incident) -> None:
        """What became of its report is looked up when a notice is new to us, or the outbox is done with it."""
        site, on_its_way = self._site, set(course.on_its_way(incident))
        if incident.id not in site.notices_over and on_its_way <= self._looked_up:
            return
        site.notices_over.discard(incident.id)  # first: what ends from now on is looked up once more
        if on_its_way and not await _follow_notices(site, incident):
            site.notices_over.add(incident.id)
        self._looked_up = {*self._looked_up, *on_its_way} & self._all_on_their_way()

    def _all_on_their_way(self) -> set[str]:
        return {notice for incident in open_incidents(self._site) for notice in course.on_its_way(incident)}

    async def _alarms(self, now: datetime) -> None:
        """One at each place whose report presses; over where none does any more."""
        site = self._site
        pressing: dict[str, Incident] = {}
        for incident in open_incidents(site):
            if course.pressing(incident, now) is not None:
                pressing.setdefault(incident.place, incident)  # the nearest deadline stands first
        for alarm in list(site.alarms.by_id.values()):
            if alarm.condition == alarms.INCIDENT_REPORT_DUE and alarm.holds and alarm.place not in pressing:
                await alarms.clear_alarm(site, alarm.condition, alarm.place)
        self._raised_at = {place: at for place, at in self._raised_at.items() if place in pressing}
        for place, incident in pressing.items():
            if self._is_wanted(place, course.pressing(incident, now)):
                _raise(site, incident, now, anew=False)
                self._raised_at[place] = site.clock.monotonic()

    def _is_wanted(self, place: str, priority: str | None) -> bool:
        """There is none, or a quieter one. One that somebody has closed comes back: that has not ended its cause."""
        known = self._site.alarms.of(alarms.INCIDENT_REPORT_DUE, place)
        if known is None:
            return self._site.clock.monotonic() - self._raised_at.get(place, -AGAIN_S) >= AGAIN_S
        return not known.holds or RANK.get(known.priority, 0) < RANK[priority]


async def _follow_notices(site: Site, incident: Incident) -> bool:
    """What became of the notices that carry a report: one that was given up has sent nothing. False: look again."""
    try:
        known = {one.id: one for one in await site.archive.notices_of(NoticeKind.REPORT.value, [incident.id])}
    except LedgerUnavailable:
        return False
    for id in course.on_its_way(incident):
        notice = known.get(id)
        if notice is not None and notice.state == "waiting":
            continue
        arrived_at = notice.sent_at if notice is not None and notice.state == "sent" else None

        def work_out(found: Incident, _now: datetime, id: str = id, at: datetime | None = arrived_at) -> Step:
            if id not in course.on_its_way(found):
                raise NotPossible("known_already", "what became of it is known")
            return step_of(course.carried(found, id, at), "arrived" if at else "not_arrived", GATEWAY)

        try:
            await move(site, incident.id, work_out)
        except LedgerUnavailable:
            return False
        except (NoSuchPermit, NotPossible):
            continue  # it is known already, or over
    return True


async def _call(site: Site, incident: Incident, due: tuple[int, ...]) -> bool:
    """One call for all that are due: three at once would say no more than the last. False: it was not made."""

    def work_out(found: Incident, now: datetime) -> Step:
        minutes = course.due_calls(found, now)
        if not minutes:
            raise NotPossible("called_already", "it was called already, or sent")
        told = notices.NOBODY
        contact = site.notices.duty_leader
        if contact and site.notices.channels | site.notices.robots:
            recipient = notices.recipient_named(site, contact)
            if recipient is not None:
                told = notices.queue(NoticeKind.INCIDENT, found.id, recipient, now, GATEWAY, minute=minutes[-1])
        moved = course.called(found, minutes, now)
        return step_of(moved, "called", GATEWAY, changes=told.changes, entries=told.entries, minutes=list(minutes))

    try:
        moved = await move(site, incident.id, work_out, call_duty_leader=True, minute=due[-1])
    except (NoSuchPermit, NotPossible, LedgerUnavailable):
        return False  # sent or closed meanwhile, or the next look tries again
    _raise(site, moved, site.clock.now(), anew=True)
    return True


def _raise(site: Site, incident: Incident, now: datetime, anew: bool) -> None:
    priority = course.pressing(incident, now)
    if priority is None:
        return
    mark = f"{WORD}: " if incident.drill else ""
    detail = f"{mark}incident {incident.id}, due {course.deadline(incident).astimezone(site.campus.timezone):%H:%M}"
    raised = alarms.show(site, alarms.INCIDENT_REPORT_DUE, incident.place, detail, priority=priority, anew=anew)
    if raised.changes:
        alarms.hand_over(site, Unit(raised.rows, raised.changes))
