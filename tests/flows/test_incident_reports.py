"""The report within the hour: who is called while it is due, how it is written, reviewed and sent; restarts too."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from gateway.core import incident_course as course
from gateway.core.papers.incidents import ReportState, SentBy
from gateway.flows import alarm_acts, alarms, incident_report, incidents
from gateway.flows.outbox import PAUSES_S
from gateway.flows.permits import NotPossible, NotYours, WrongField
from tests.flows.conftest import House
from tests.flows.incident_scene import (
    OFFICE,
    OFFICER,
    OPERATOR,
    PRINCIPAL,
    SAID,
    Room,
    open_by_hand,
)


@pytest.fixture
async def room(house: House) -> AsyncIterator[Room]:
    yield Room(house)


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
