"""A control room with incidents: its watch, its outbox, what its screens heard, and who is called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.core.papers.incidents import DRAFT_FIELDS, Closing, Incident, IncidentKind, SentBy
from gateway.flows import alarms, incident_opening, incident_report, incident_timeline
from gateway.flows.feed import Subscription
from gateway.flows.incident_opening import Beginning
from gateway.flows.incident_watch import IncidentWatch
from gateway.flows.notice_rules import NoticeRules
from gateway.flows.outbox import Outbox
from gateway.store.queries import Queries
from tests.flows.conftest import MORNING, House
from tests.flows.postman import Postman

OPERATOR, OFFICER, PRINCIPAL = "user-operator", "user-officer", "user-principal"
OFFICE = "District office"
RULES = NoticeRules(
    channels=frozenset({"mail"}),
    robots=frozenset({"leader", "district"}),
    duty_leader="robot:leader",
    reports={OFFICE: "robot:district"},
)
BY_HAND = Beginning(kind=IncidentKind.OTHER, place="north-in")
SAID = dict.fromkeys(DRAFT_FIELDS, "as seen")
CLOSING = Closing(MORNING, "", "a worn lock", ("role:security_officer",), "lock changed", "look at locks")


class Room:
    """A gateway with somebody in the control room: its watch, its outbox, and what its screens heard of incidents."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.postman = Postman()
        self.begin()

    def begin(self) -> None:
        self.site = self.house.site
        self.site.notices = RULES
        self.watch = IncidentWatch(self.site)
        self.outbox = Outbox(self.site, self.postman)
        self.screen: Subscription = self.site.feed.subscribe()

    async def restart(self) -> None:
        await self.house.restart()
        self.begin()

    async def look(self, after_min: float = 0) -> None:
        """So many minutes later, what the gateway does in one second."""
        self.house.clock.go_on(after_min * 60)
        await self.watch.look()
        await self.outbox.look()
        await self.outbox.settle()
        await self.house.settle()

    def heard(self) -> list[dict[str, Any]]:
        """What the screens have heard of incidents since the last time."""
        return [told.event for told in self.screen.take() if told.event["type"] == "incident"]

    def calls(self) -> list[int]:
        return [event["minute"] for event in self.heard() if event.get("call_duty_leader")]

    def due(self) -> list[tuple[str, str]]:
        """State and priority of the alarm that a report is due, while its cause holds."""
        found = [a for a in self.site.alarms.by_id.values() if a.condition == alarms.INCIDENT_REPORT_DUE and a.holds]
        return [(alarm.state, alarm.priority) for alarm in found]

    async def draft(self, incident: Incident) -> Incident:
        return await incident_report.draft(self.site, incident.id, SAID, 0, OPERATOR)

    async def send(self, incident: Incident, how: SentBy = SentBy.FAX, why: str = "nobody answers") -> Incident:
        return await incident_report.send(self.site, incident.id, to=OFFICE, how=how, by=OFFICER, unreviewed=why)

    async def timeline(self, incident: Incident, limit: int = 100) -> list[incident_timeline.Happened]:
        """All of it, a page at a time."""
        await self.house.settle()
        found: list[incident_timeline.Happened] = []
        after: int | None = 0
        while after is not None:
            rows, after = await incident_timeline.page(self.site, Queries(self.house._database), incident, after, limit)
            found += rows
        return found


async def open_by_hand(room: Room, **how: Any) -> Incident:
    return await incident_opening.open_by_hand(room.site, replace(BY_HAND, **how), OPERATOR)
