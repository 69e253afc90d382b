"""Incidents with their hour: opened, joined, reported, called for, sent, closed; over restarts and failing channels."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from devices.events import DoorForced
from gateway.core import incident_course as course
from gateway.core.nouns import Holder
from gateway.core.papers.incidents import DRAFT_FIELDS, Closing, Incident, IncidentKind, Noticed, ReportState, SentBy
from gateway.flows import alarm_acts, alarms, incident_opening, incident_report, incident_timeline, incidents
from gateway.flows.cameras import SmallPicture
from gateway.flows.changes import CameraPictureKept
from gateway.flows.feed import Subscription
from gateway.flows.incident_opening import Beginning
from gateway.flows.incident_watch import IncidentWatch
from gateway.flows.notice_rules import NoticeRules
from gateway.flows.outbox import PAUSES_S, Outbox
from gateway.flows.permits import NoSuchPermit, NotPossible, NotYours, WrongField
from gateway.flows.ports import Unit
from gateway.flows.retention_rules import Kept
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


@pytest.fixture
async def room(house: House) -> AsyncIterator[Room]:
    yield Room(house)


async def open_by_hand(room: Room, **how: Any) -> Incident:
    return await incident_opening.open_by_hand(room.site, replace(BY_HAND, **how), OPERATOR)


# ---------------------------------------------------------------- its beginning


async def test_an_alarm_gives_kind_place_zone_and_time(room: Room) -> None:
    await room.house.hand("gate").status()
    alarm = await alarms.raise_alarm(room.site, alarms.FORCED_DOOR, "north-in")
    room.house.clock.go_on(120)

    opened = await incident_opening.open_from_alarm(room.site, alarm.id, Beginning(note="looked over"), OPERATOR)

    assert (opened.kind, opened.place, opened.zones) == (IncidentKind.FORCED_DOOR, "north-in", ("campus",))
    assert (opened.happened_at, opened.noticed_by, opened.noticed_how) == (alarm.opened_at, "north-in", Noticed.ALARM)
    assert [note.text for note in opened.notes] == ["looked over"]
    assert incidents.of_alarm(room.site, alarm.id) == opened.id
    assert room.site.alarms.by_id[alarm.id].incident == opened.id


async def test_an_alarm_belongs_to_one_incident(room: Room) -> None:
    alarm = await alarms.raise_alarm(room.site, alarms.FORCED_DOOR, "north-in")
    first = await incident_opening.open_from_alarm(room.site, alarm.id, Beginning(), OPERATOR)
    second = await open_by_hand(room)

    with pytest.raises(NotPossible, match=first.id) as taken:
        await incidents.add_alarm(room.site, second.id, alarm.id, OPERATOR)
    assert taken.value.code == "alarm_taken"
    await incidents.detach_alarm(room.site, first.id, alarm.id, OPERATOR)
    joined = await incidents.add_alarm(room.site, second.id, alarm.id, OPERATOR)

    assert [one.id for one in joined.alarms] == [alarm.id]
    assert room.site.alarms.by_id[alarm.id].incident == second.id


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"place": "nowhere"}, "place"),
        ({"place": None}, "place"),
        ({"kind": None}, "kind"),
        ({"zones": ("nowhere",)}, "zones[0]"),
        ({"noticed_at": timedelta(minutes=5)}, "noticed_at"),
        ({"happened_at": timedelta(minutes=5)}, "happened_at"),
        ({"happened_at": timedelta(days=-31)}, "happened_at"),
    ],
)
async def test_what_cannot_be_is_refused_by_field(room: Room, wrong: dict[str, Any], field: str) -> None:
    now = room.house.clock.now()
    how = {name: now + value if isinstance(value, timedelta) else value for name, value in wrong.items()}

    with pytest.raises(WrongField) as refused:
        await open_by_hand(room, **how)

    assert refused.value.field == field and incidents.open_incidents(room.site) == []


async def test_a_correction_moves_the_hour_but_never_beyond_when_it_was_noticed(room: Room) -> None:
    noticed = room.house.clock.now()
    opened = await open_by_hand(room)
    await incidents.correct(
        room.site, opened.id, OPERATOR, why="seen on the recording", happened_at=noticed - timedelta(minutes=30)
    )
    with pytest.raises(WrongField):
        await incidents.correct(room.site, opened.id, OPERATOR, why="later", happened_at=noticed + timedelta(minutes=1))

    moved = await incidents.one(room.site, opened.id)
    assert course.deadline(moved) == noticed + timedelta(minutes=30)
    assert moved.notes[-1].text == "seen on the recording"


# ---------------------------------------------------------------- the hour


async def test_the_duty_leader_is_called_at_20_40_and_50_minutes_and_when_the_hour_is_over(room: Room) -> None:
    await open_by_hand(room)
    found = []
    for after_min in (19, 1, 5, 15, 10, 9, 1, 30):
        await room.look(after_min)
        found.append((room.calls(), room.due()))

    new = "unacknowledged"
    assert found == [
        ([], []),
        ([20], [(new, "medium")]),
        ([], [(new, "medium")]),
        ([40], [(new, "medium")]),
        ([50], [(new, "high")]),
        ([], [(new, "high")]),
        ([60], [(new, "high")]),
        ([], [(new, "high")]),
    ]
    assert len(room.postman.sent) == 4
    assert "09:00" in room.postman.sent[0][1].body and room.postman.sent[0][0].robot == "leader"


async def test_an_acknowledged_alarm_is_told_again_with_the_next_call(room: Room) -> None:
    await open_by_hand(room)
    await room.look(20)
    alarm = room.site.alarms.of(alarms.INCIDENT_REPORT_DUE, "north-in")
    assert alarm is not None
    await alarm_acts.acknowledge(room.site, alarm.id, OPERATOR)
    await room.look(10)
    quiet = room.due()
    await room.look(10)

    assert (quiet, room.due()) == ([("acknowledged", "medium")], [("unacknowledged", "medium")])


async def test_an_alarm_that_somebody_closes_comes_back_while_the_report_is_due(room: Room) -> None:
    await open_by_hand(room)
    await room.look(20)
    alarm = room.site.alarms.of(alarms.INCIDENT_REPORT_DUE, "north-in")
    assert alarm is not None
    await alarm_acts.close(room.site, alarm.id, "handled", OPERATOR)
    found = []
    for after_min in (1, 5):
        await room.look(after_min)
        found.append(room.due())

    assert found == [[], [("unacknowledged", "medium")]]


async def test_a_restart_neither_forgets_a_call_nor_makes_it_twice(room: Room) -> None:
    opened = await open_by_hand(room)
    await room.look(20)
    await room.restart()
    await room.look(1)
    again = room.calls()
    room.house.clock.go_on(32 * 60)  # away over two moments
    await room.restart()
    await room.look()

    assert again == [] and room.calls() == [50]
    assert [call.minute for call in (await incidents.one(room.site, opened.id)).calls] == [20, 40, 50]
    assert len(room.postman.sent) == 2


async def test_asking_for_a_review_that_does_not_come_hides_nothing(room: Room) -> None:
    opened = await open_by_hand(room)
    await room.draft(opened)
    await incident_report.ask_review(room.site, opened.id, OPERATOR)
    await room.look(50)
    (event,) = incidents.snapshot(room.site)

    assert room.due() == [("unacknowledged", "high")] and room.calls() == [50]
    assert (event["waiting"], event["report"]) == (True, "asked")


async def test_once_it_is_sent_the_alarm_is_over_and_nobody_is_called(room: Room) -> None:
    opened = await open_by_hand(room)
    await room.draft(opened)
    await room.look(20)
    await room.send(opened)
    await room.look(30)

    assert room.due() == [] and room.calls() == [20]
    assert len(room.postman.sent) == 1


async def test_of_two_incidents_at_one_place_the_alarm_stands_until_both_are_sent(room: Room) -> None:
    both = [await open_by_hand(room), await open_by_hand(room)]
    await room.look(20)
    for number, incident in enumerate(both):
        await room.draft(incident)
        await room.send(incident)
        await room.look()

        assert len(room.due()) == 1 - number


async def test_an_alarm_of_a_drill_says_so(room: Room) -> None:
    await open_by_hand(room, drill=True)
    await room.look(20)
    alarm = room.site.alarms.of(alarms.INCIDENT_REPORT_DUE, "north-in")

    assert alarm is not None and alarm.detail.startswith("DRILL")
    assert room.postman.sent[0][1].body.startswith("DRILL")


# ---------------------------------------------------------------- the report


async def test_the_report_goes_by_word_draft_review_and_a_channel(room: Room) -> None:
    opened = await open_by_hand(room)
    await incident_report.by_word(room.site, opened.id, OFFICE, None, "user-leader", OPERATOR)
    await room.draft(opened)
    await incident_report.ask_review(room.site, opened.id, OPERATOR)
    await incident_report.give_back(room.site, opened.id, 1, "which door?", PRINCIPAL)
    await incident_report.draft(room.site, opened.id, SAID | {"place": "door 2"}, 1, OPERATOR)
    await incident_report.ask_review(room.site, opened.id, OPERATOR)
    await incident_report.review(room.site, opened.id, 2, PRINCIPAL)
    sent = await room.send(opened, SentBy.NOTICE, "")
    await room.look()
    await room.look()
    arrived = await incidents.one(room.site, opened.id)
    followed = await incident_report.follow_up(room.site, opened.id, "the lock is changed", OFFICE, OFFICER)

    assert course.is_waiting(sent) and not course.is_waiting(arrived)
    ((to, message),) = room.postman.sent
    assert to.robot == "district" and "door 2" in message.body and "未经" not in message.body
    assert followed.report is ReportState.SENT and followed.follow_ups[0].text == "the lock is changed"
    steps = [row["step"] for row in await room.house.rows("permit") if row["paper"] == "incident"]
    assert steps == [
        "opened", "told_by_word", "drafted", "review_asked", "returned", "drafted", "review_asked", "reviewed", "sent",
        "arrived", "followed_up",
    ]  # fmt: skip


async def test_who_was_told_when_lies_between_what_happened_and_now_to_the_minute(room: Room) -> None:
    room.house.clock.go_on(30)
    opened = await open_by_hand(room)
    now = room.house.clock.now()
    told = await incident_report.by_word(
        room.site, opened.id, OFFICE, now.replace(second=0, microsecond=0), OPERATOR, OPERATOR
    )

    assert told.by_word[0].at == opened.starts_at
    for wrong in (now - timedelta(minutes=2), now + timedelta(minutes=2)):
        with pytest.raises(WrongField):
            await incident_report.by_word(room.site, opened.id, OFFICE, wrong, OPERATOR, OPERATOR)


async def test_a_channel_that_never_takes_it_leaves_the_hour_running(room: Room) -> None:
    opened = await open_by_hand(room)
    await room.draft(opened)
    room.postman.works = False
    await room.send(opened, SentBy.NOTICE)
    for pause in (0, *PAUSES_S):
        await room.look(pause / 60)
    await room.look()
    failed = await incidents.one(room.site, opened.id)
    by_hand = await room.send(opened)

    assert failed.sent[0].failed and course.is_waiting(failed) and room.due() == [("unacknowledged", "high")]
    assert not course.is_waiting(by_hand)


class Asked:
    """The archive, and how often it was asked for notices."""

    def __init__(self, archive: Any) -> None:
        self._archive, self.times = archive, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._archive, name)

    async def notices_of(self, kind: str, about: Any) -> Any:
        self.times += kind == "report"
        return await self._archive.notices_of(kind, about)


async def test_a_report_on_its_way_is_looked_up_when_there_is_something_to_know(room: Room) -> None:
    opened = await open_by_hand(room)
    await room.draft(opened)
    room.postman.works = False
    await room.send(opened, SentBy.NOTICE)
    asked = room.site.archive = Asked(room.site.archive)
    for _ in range(30):
        room.house.clock.go_on(1)
        await room.watch.look()
    assert asked.times == 1

    await room.restart()  # the new watch does not know what the old one found
    await room.watch.look()
    room.postman.works = True
    await room.look(PAUSES_S[0] / 60)
    await room.watch.look()

    assert not course.is_waiting(await incidents.one(room.site, opened.id))


async def test_without_a_review_it_goes_only_with_a_reason_that_is_kept(room: Room) -> None:
    opened = await open_by_hand(room)
    await room.draft(opened)
    with pytest.raises(NotPossible) as refused:
        await room.send(opened, why="")
    sent = await room.send(opened, why="the principal is in the air")

    assert refused.value.code == "not_reviewed"
    assert sent.sent[0].unreviewed == "the principal is in the air"
    (row,) = [row for row in await room.house.rows("permit") if row["step"] == "sent"]
    assert row["reviewed"] is False and "air" not in json.dumps(row)


async def test_nobody_reviews_what_they_wrote_nor_what_they_have_not_seen(room: Room) -> None:
    opened = await open_by_hand(room)
    await room.draft(opened)
    await incident_report.ask_review(room.site, opened.id, OPERATOR)

    with pytest.raises(NotYours):
        await incident_report.review(room.site, opened.id, 1, OPERATOR)
    with pytest.raises(NotPossible, match="version 1"):
        await incident_report.review(room.site, opened.id, 2, PRINCIPAL)


async def test_of_two_who_write_at_once_the_second_sees_what_the_first_wrote(room: Room) -> None:
    opened = await open_by_hand(room)
    await room.draft(opened)

    with pytest.raises(NotPossible) as refused:
        await incident_report.draft(room.site, opened.id, SAID | {"scope": "mine"}, 0, OFFICER)

    assert refused.value.code == "changed"


async def test_a_report_that_says_too_little_goes_nowhere(room: Room) -> None:
    opened = await open_by_hand(room)
    await incident_report.draft(room.site, opened.id, SAID | {"trend": " "}, 0, OPERATOR)

    for act in (incident_report.ask_review(room.site, opened.id, OPERATOR), room.send(opened)):
        with pytest.raises(WrongField) as refused:
            await act
        assert refused.value.field == "trend"


async def test_nothing_is_sent_to_whom_no_channel_reaches(room: Room) -> None:
    opened = await open_by_hand(room)
    await room.draft(opened)

    with pytest.raises(NotPossible) as refused:
        await incident_report.send(
            room.site, opened.id, to="City office", how=SentBy.NOTICE, by=OFFICER, unreviewed="urgent"
        )

    assert refused.value.code == "no_channel" and incident_report.addressees(room.site) == [OFFICE]


# ---------------------------------------------------------------- its end


async def test_it_is_closed_with_its_report_sent_its_alarms_closed_and_four_answers(room: Room) -> None:
    alarm = await alarms.raise_alarm(room.site, alarms.FORCED_DOOR, "north-in")
    opened = await incident_opening.open_from_alarm(room.site, alarm.id, Beginning(), OPERATOR)
    codes = []
    for step in (room.draft(opened), room.send(opened), alarm_acts.close(room.site, alarm.id, "handled", OPERATOR)):
        with pytest.raises(NotPossible) as refused:
            await incidents.close(room.site, opened.id, CLOSING, OPERATOR)
        codes.append(refused.value.code)
        await step
    with pytest.raises(WrongField, match="empty"):
        await incidents.close(room.site, opened.id, replace(CLOSING, lesson=" "), OPERATOR)
    closed = await incidents.close(room.site, opened.id, CLOSING, OPERATOR)

    assert codes == ["report_not_sent", "report_not_sent", "alarms_open"]
    assert not closed.is_live and closed.closing is not None and closed.closing.by == OPERATOR
    assert incidents.open_incidents(room.site) == []
    assert [one.id for one in await incidents.closed(room.site)] == [opened.id]
    with pytest.raises(NoSuchPermit):
        await incidents.note(room.site, opened.id, "too late", OPERATOR)


async def test_opened_again_it_keeps_what_was_said_at_its_close(room: Room) -> None:
    opened = await open_by_hand(room)
    await room.draft(opened)
    await room.send(opened)
    await incidents.close(room.site, opened.id, CLOSING, OPERATOR)
    again = await incidents.reopen(room.site, opened.id, "it happened again", OFFICER)
    with pytest.raises(NotPossible):
        await incidents.reopen(room.site, opened.id, "twice", OFFICER)

    assert again.is_live and again.reopened[0].closing.lesson == "look at locks"
    assert [one.id for one in incidents.open_incidents(room.site)] == [opened.id]


async def test_what_is_typed_stands_in_no_row(room: Room) -> None:
    opened = await open_by_hand(room, note="Wang Lei ran")
    await incident_report.by_word(room.site, opened.id, "Wang Lei", None, OPERATOR, OPERATOR)
    await incident_report.draft(room.site, opened.id, dict.fromkeys(DRAFT_FIELDS, "Wang Lei"), 0, OPERATOR)
    await room.send(opened, why="Wang Lei is away")
    await incident_report.follow_up(room.site, opened.id, "Wang Lei", "Wang Lei", OPERATOR)
    closing = replace(CLOSING, cause="Wang Lei", measures="Wang Lei", lesson="Wang Lei")
    await incidents.close(room.site, opened.id, closing, OPERATOR)

    assert [row.kind for row in await room.house.all_rows() if "Wang" in json.dumps(row.body, default=str)] == []


# ---------------------------------------------------------------- what is kept


async def test_a_case_keeps_an_incident_and_whom_it_names_beyond_its_time(room: Room) -> None:
    ref = next(h.ref for h in room.site.directory.holders.values() if isinstance(h, Holder))
    kept, other = await open_by_hand(room), await open_by_hand(room)
    for one in (kept, other):
        await room.draft(one)
        await room.send(one)
    await incidents.close(room.site, kept.id, replace(CLOSING, responsible=(f"person:{ref}",)), OPERATOR)
    await incidents.close(room.site, other.id, CLOSING, OPERATOR)
    hold = await incidents.keep(room.site, kept.id, "a court asks", OFFICER)
    room.house.clock.go_on(4 * 366 * 24 * 3600)

    due = await room.site.archive.due(Kept.AUDIT, room.site.rules.retention, room.house.clock.now())

    assert f"incident:{other.id}" in due and f"incident:{kept.id}" not in due
    assert hold.subject == kept.id
    with pytest.raises(NotPossible):
        await incidents.keep(room.site, kept.id, "again", OFFICER)


# ---------------------------------------------------------------- the timeline


async def test_the_timeline_gathers_what_happens_there_by_itself_and_nothing_from_elsewhere(room: Room) -> None:
    gate, door = room.house.hand("gate"), room.house.hand("door")
    for hand in (gate, door):
        await hand.status()
    await gate.tap("STAFF1")  # nine minutes before
    room.house.clock.go_on(9 * 60)
    await gate.event("door_forced", DoorForced())
    await room.house.settle()
    alarm = room.site.alarms.of(alarms.FORCED_DOOR, "gate") or room.site.alarms.of(alarms.FORCED_DOOR, "north-in")
    assert alarm is not None
    opened = await incident_opening.open_from_alarm(room.site, alarm.id, Beginning(), OPERATOR)
    await door.tap("STAFF1")
    await gate.tap("STAFF1")
    await incidents.note(room.site, opened.id, "nobody there", OPERATOR)

    found = await room.timeline(await incidents.one(room.site, opened.id))
    by_pages = await room.timeline(await incidents.one(room.site, opened.id), limit=2)

    assert [one.seq for one in by_pages] == [one.seq for one in found] == sorted(one.seq for one in found)
    told = [(one.what, one.word) for one in found]
    assert [what for what, _ in told].count("decision") == 2
    assert {("event", "door_forced"), ("alarm", "forced_door"), ("permit", "opened")} <= set(told)
    assert {one.place for one in found if one.what == "decision"} == {"north-in"}
    assert next(one.text for one in found if one.word == "noted") == "nobody there"


async def test_the_timeline_ends_with_its_close_and_goes_on_when_it_is_opened_again(room: Room) -> None:
    gate = room.house.hand("gate")
    await gate.status()
    opened = await open_by_hand(room)
    await room.draft(opened)
    await room.send(opened)
    room.house.clock.go_on(1)
    closed = await incidents.close(room.site, opened.id, CLOSING, OPERATOR)
    room.house.clock.go_on(1)
    await gate.tap("STAFF1")
    until_close = await room.timeline(closed)
    again = await room.timeline(await incidents.reopen(room.site, opened.id, "more", OFFICER))

    assert until_close[-1].word == "closed" and "decision" not in [one.what for one in until_close]
    assert "decision" in [one.what for one in again] and again[-1].word == "reopened"


async def test_those_who_may_not_see_incidents_hear_nothing_of_them(room: Room) -> None:
    await open_by_hand(room)
    (event,) = room.heard()

    assert event["only"] == incidents.SEERS
    assert set(event) - {"only", "type", "at", "step"} == set(incidents.snapshot(room.site)[0])


async def test_pictures_of_its_alarms_are_kept_until_it_is_closed(room: Room) -> None:
    alarm = await alarms.raise_alarm(room.site, alarms.FORCED_DOOR, "north-in")
    opened = await incident_opening.open_from_alarm(room.site, alarm.id, Beginning(), OPERATOR)
    pictures = [
        SmallPicture(id * 16, "cam-1", room.house.clock.now(), "after", of, b"jpeg")
        for id, of in (("a", alarm.id), ("b", "f" * 16))
    ]
    await room.site.ledger.commit(Unit((), tuple(CameraPictureKept(one) for one in pictures)))
    await alarm_acts.close(room.site, alarm.id, "handled", OPERATOR)
    await room.draft(opened)
    await room.send(opened)
    room.house.clock.go_on(8 * 24 * 3600)
    rules = room.site.rules.retention

    while_open = await room.site.archive.due(Kept.CAMERA_PICTURES, rules, room.house.clock.now())
    await incidents.close(room.site, opened.id, CLOSING, OPERATOR)
    afterwards = await room.site.archive.due(Kept.CAMERA_PICTURES, rules, room.house.clock.now())

    assert (list(while_open), sorted(afterwards)) == (["b" * 16], ["a" * 16, "b" * 16])
