"""An incident from its beginning to its end: opened, joined, corrected, closed, kept; and what its timeline gathers."""

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
from gateway.core.papers.incidents import DRAFT_FIELDS, IncidentKind, Noticed
from gateway.flows import alarm_acts, alarms, incident_opening, incident_report, incidents
from gateway.flows.cameras import SmallPicture
from gateway.flows.changes import CameraPictureKept
from gateway.flows.incident_opening import Beginning
from gateway.flows.permits import NoSuchPermit, NotPossible, WrongField
from gateway.flows.ports import Unit
from gateway.flows.retention_rules import Kept
from tests.flows.conftest import House
from tests.flows.incident_scene import (
    CLOSING,
    OFFICER,
    OPERATOR,
    Room,
    open_by_hand,
)


@pytest.fixture
async def room(house: House) -> AsyncIterator[Room]:
    yield Room(house)


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
