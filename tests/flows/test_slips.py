"""Leave slips: whose to give, who went out with one, who came back late, and a table of them: all lines or none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from devices.messages import Direction as Way
from devices.messages import Passage
from gateway.core.kinds import Direction
from gateway.core.nouns import SlipRules
from gateway.core.papers import LeaveSlip, PaperKind, SlipReason, SlipState
from gateway.flows import directory_watch, put_away, slips, slips_import, told
from gateway.flows.changes import PeopleChanged
from gateway.flows.people_import import HolderRow, Plan
from gateway.flows.permit_watch import PermitWatch
from gateway.flows.permits import NotPossible, NotYours, WrongField
from gateway.flows.ports import Entry, Unit
from gateway.flows.slips import Teacher
from gateway.flows.tables_csv import MOST_LINES, BadTable
from tests.flows.conftest import House
from tests.flows.permits_house import now, ref

HEAD = b"student,from,to,reason,collector\n"


async def in_classes(house: House, **groups: tuple[str, ...]) -> None:
    """These people are in these groups from now on."""
    plan = Plan(house.site.directory.version)
    for id, some in groups.items():
        who = house.site.directory.holders[ref(house, id)]
        plan.changed_holders.append(HolderRow(who.ref, who.id, who.name, who.kind, some, who.dormitory))
    unit = Unit((Entry("note", now(house), {}),), (PeopleChanged(plan),), directory=True)
    await house.site.ledger.commit(unit)
    await directory_watch.take_over(house.site)


async def given(house: House, id: str = "s1", by: str = "teacher-1", **how: Any) -> LeaveSlip:
    fields: dict[str, Any] = {
        "starts_at": now(house),
        "ends_at": now(house, hours=2),
        "reason": SlipReason.FAMILY,
    }
    return await slips.give(house.site, holder=id, by=by, **(fields | how))


def newest(house: House, slip: LeaveSlip) -> LeaveSlip:
    found = house.site.directory.papers.by_id[f"slip:{slip.id}"]
    assert isinstance(found, LeaveSlip)
    return found


async def through(house: House, device: str, card: str, way: str) -> str | None:
    """Somebody taps and walks through; what the tap was told."""
    hand = house.hand(device)
    await hand.status()
    tap, answer = await hand.tap(card, way)
    if answer is not None and answer.action.value == "grant":
        await hand.event("passage", Passage(tap=tap, direction=Way(way)))
        await house.settle()
    return None if answer is None else answer.reason


async def look(house: House) -> None:
    house.clock.go_on(6)
    await PermitWatch(house.site).look()


# ---------------------------------------------------------------- whose to give


async def test_who_is_in_no_class_gives_to_every_student(house: House) -> None:
    assert (await given(house, teacher=ref(house, "t1"))).state is SlipState.GIVEN


async def test_a_class_teacher_gives_to_the_own_class_and_asks_for_others(house: House) -> None:
    await in_classes(house, s1=("students", "class-7-1"), s2=("students", "class-7-2"), t1=("staff", "class-7-1"))

    own = await given(house, "s1", teacher=ref(house, "t1"))
    other = await given(house, "s2", teacher=ref(house, "t1"))

    assert (own.state, other.state) == (SlipState.GIVEN, SlipState.ASKED)
    assert await through(house, "exit", "STUDENT2", "out") == "leave_slip_required"
    assert [row["step"] for row in await house.rows("permit")] == ["given", "asked"]


async def test_what_was_asked_for_lets_out_only_once_the_class_teacher_has_given_it(house: House) -> None:
    await in_classes(house, s1=("students", "class-7-1"), t1=("staff", "class-7-1"), t2=("staff", "class-7-2"))
    asked = await given(house, by="teacher-2", teacher=ref(house, "t2"))

    with pytest.raises(NotYours):
        await slips.approve(house.site, asked.id, Teacher("teacher-2", ref(house, "t2")))
    done = await slips.approve(house.site, asked.id, Teacher("teacher-1", ref(house, "t1")))

    assert (done.state, done.asked_by, done.given_by) == (SlipState.GIVEN, "teacher-2", "teacher-1")
    assert await through(house, "exit", "STUDENT1", "out") == "ok"


async def test_two_people_where_the_school_wants_two(house: House) -> None:
    house.site.campus = replace(house.site.campus, slips=SlipRules(second_approval=True))
    asked = await given(house)

    with pytest.raises(NotYours):
        await slips.approve(house.site, asked.id, Teacher("teacher-1"))
    done = await slips.approve(house.site, asked.id, Teacher("dean-1"))

    assert asked.state is SlipState.ASKED and done.counts
    with pytest.raises(NotPossible):
        await slips.approve(house.site, asked.id, Teacher("dean-2"))


async def test_a_refused_request_is_over_and_stays_on_record(house: House) -> None:
    house.site.campus = replace(house.site.campus, slips=SlipRules(second_approval=True))
    asked = await given(house)

    refused = await slips.refuse(house.site, asked.id, Teacher("dean-1"))

    assert refused.state is SlipState.REFUSED and not refused.is_live
    assert await house.site.archive.paper(PaperKind.SLIP, asked.id) == refused
    assert [row["step"] for row in await house.rows("permit")] == ["asked", "refused"]


async def test_a_slip_is_revoked_by_who_gave_it_or_by_the_class_and_by_nobody_else(house: House) -> None:
    await in_classes(house, s1=("students", "class-7-1"), t2=("staff", "class-7-2"))
    slip = await given(house)

    with pytest.raises(NotYours):
        await slips.revoke(house.site, slip.id, "teacher-2", ref(house, "t2"))
    assert (await slips.revoke(house.site, slip.id, "teacher-1")).revoked_by == "teacher-1"


# ---------------------------------------------------------------- at the gate


async def test_the_gate_sees_the_window_and_who_collects_and_never_why(house: House) -> None:
    slip = await given(house, collector="t1", reason=SlipReason.MEDICAL)

    shown = told.slip(house.site, ref(house, "s1"), Direction.OUT, now(house))

    collector = {"id": "t1", "name": "Na Chen", "kind": "staff"}
    assert shown == {"starts_at": slip.starts_at, "ends_at": slip.ends_at, "collector": collector, "late": False}
    assert told.slip(house.site, ref(house, "s1"), Direction.IN, now(house)) is None
    assert told.slip(house.site, ref(house, "s2"), Direction.OUT, now(house)) is None


async def test_a_decision_carries_the_slip_to_the_screens(house: House) -> None:
    await given(house)
    screen = house.site.feed.subscribe()
    await through(house, "exit", "STUDENT1", "out")

    event = await anext(screen)
    while event["type"] != "decision":
        event = await anext(screen)

    assert event["slip"]["late"] is False and "reason" not in event["slip"]


async def test_leaving_and_coming_back_in_time_stand_on_the_slip(house: House) -> None:
    slip = await given(house)
    await through(house, "exit", "STUDENT1", "out")
    await look(house)
    out = newest(house, slip)
    house.clock.go_on(600)
    assert await through(house, "gate", "STUDENT1", "in") == "ok"
    await look(house)
    back = newest(house, slip)

    assert out.is_out and not out.is_absent(now(house))
    assert back.returned_at is not None and not back.came_late
    assert [row["step"] for row in await house.rows("permit")] == ["given", "left", "returned"]


async def test_a_late_return_is_recorded_shown_and_refused_nothing(house: House) -> None:
    slip = await given(house)
    await through(house, "exit", "STUDENT1", "out")
    await look(house)
    house.clock.go_on(3 * 3600)
    await PermitWatch(house.site).look()
    assert newest(house, slip).is_absent(now(house))
    shown = told.slip(house.site, ref(house, "s1"), Direction.IN, now(house))

    assert await through(house, "gate", "STUDENT1", "in") == "ok"
    house.clock.go_on(120)
    await PermitWatch(house.site).look()
    await PermitWatch(house.site).look()

    assert shown is not None and shown["late"]
    kept = await house.site.archive.paper(PaperKind.SLIP, slip.id)
    assert isinstance(kept, LeaveSlip) and kept.came_late
    assert [row["step"] for row in await house.rows("permit")] == ["given", "left", "returned_late", "over"]


async def test_a_restart_forgets_nobody_who_is_out(house: House) -> None:
    slip = await given(house)
    await through(house, "exit", "STUDENT1", "out")
    await look(house)

    await house.restart()

    assert newest(house, slip).is_out
    house.clock.go_on(3 * 3600)
    assert [step.paper.id for step in put_away.due(house.site, now(house))] == []
    house.clock.go_on(8 * 86400)
    assert [step.paper.id for step in put_away.due(house.site, now(house))] == [slip.id]


async def test_who_was_out_before_the_slip_began_has_not_left_with_it(house: House) -> None:
    slip = await given(house, starts_at=now(house, hours=1), ends_at=now(house, hours=2))
    house.clock.set(12)  # the leaving window
    house.clock.go_on(-4 * 3600)
    assert not newest(house, slip).is_out
    await look(house)
    assert newest(house, slip).left_at is None


# ---------------------------------------------------------------- a table


def line(house: House, id: str = "s1", reason: str = "other", collector: str = "", hours: float = 2) -> bytes:
    zone = house.site.campus.timezone
    times = [now(house).astimezone(zone), (now(house) + timedelta(hours=hours)).astimezone(zone)]
    return f"{id},{times[0]:%Y-%m-%d %H:%M},{times[1]:%Y-%m-%d %H:%M},{reason},{collector}\n".encode()


async def test_a_table_of_slips_is_taken_whole(house: House) -> None:
    data = b"\xef\xbb\xbf" + HEAD + line(house, "s1", collector="t1") + b"\n" + line(house, "s2")

    assert await slips_import.import_slips(house.site, data, Teacher("teacher-1")) == 2
    assert await through(house, "exit", "STUDENT2", "out") == "ok"


async def test_one_bad_line_and_nothing_is_taken_and_every_bad_line_is_named(house: House) -> None:
    data = HEAD + line(house) + line(house, "t1") + line(house, "=1+1") + line(house, reason="ill") + b"s1,x,y,other,\n"
    data += line(house, collector="s1") + line(house, hours=-1) + b"one,two\n"

    with pytest.raises(BadTable) as bad:
        await slips_import.import_slips(house.site, data, Teacher("teacher-1"))
    assert [(one.line, one.field) for one in bad.value.lines] == [(9, "")]
    with pytest.raises(BadTable) as worse:
        await slips_import.import_slips(house.site, data.replace(b"one,two\n", b""), Teacher("teacher-1"))

    assert [(one.line, one.field) for one in worse.value.lines] == [
        (3, "student"), (4, "student"), (5, "reason"), (6, "from"), (7, "collector"), (8, "to"),
    ]  # fmt: skip
    assert "=1+1" not in str(worse.value)
    assert house.site.directory.papers.slips == {} and await house.rows("permit") == []


@pytest.mark.parametrize(
    "data", [b"", b"a,b\n", HEAD.decode().encode("utf-16"), b"\xff\xfe\x00", HEAD + b'"', HEAD + b"s1,\x00,,,\n"]
)
async def test_what_is_no_table_says_so(house: House, data: bytes) -> None:
    with pytest.raises(BadTable):
        await slips_import.import_slips(house.site, data, Teacher("teacher-1"))


async def test_a_table_has_its_limit(house: House) -> None:
    with pytest.raises(BadTable) as bad:
        await slips_import.import_slips(house.site, HEAD + line(house) * (MOST_LINES + 1), Teacher("teacher-1"))

    assert bad.value.lines[0].line == MOST_LINES + 2


async def test_a_table_asks_where_the_student_is_anothers(house: House) -> None:
    await in_classes(house, s1=("students", "class-7-1"), s2=("students", "class-7-2"), t1=("staff", "class-7-1"))

    await slips_import.import_slips(
        house.site, HEAD + line(house, "s1") + line(house, "s2"), Teacher("teacher-1", ref(house, "t1"))
    )

    live = [paper for paper in house.site.directory.papers.by_id.values() if isinstance(paper, LeaveSlip)]
    assert sorted(paper.state for paper in live) == ["asked", "given"]


async def test_a_person_that_nobody_knows_is_said_beside_the_field(house: House) -> None:
    with pytest.raises(WrongField) as wrong:
        await given(house, "nobody")

    assert wrong.value.field == "holder"
