"""The lists of a day, and what becomes of visits that do not end by themselves."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from devices.messages import Direction as Way
from devices.messages import Passage
from gateway.core.kinds import CredentialKind, CredentialState, HolderKind, PresenceState
from gateway.core.nouns import Presence
from gateway.core.papers import Belonging, Visit, VisitState
from gateway.flows import directory_watch, muster, visit_ends, visit_lists, visit_times, visits
from gateway.flows.changes import PaperFiled, PeopleChanged
from gateway.flows.people_import import HolderRow, Plan
from gateway.flows.permits import WrongField
from gateway.flows.ports import Entry, Unit
from gateway.flows.visit_lists import Day, Place
from tests.flows.conftest import House
from tests.flows.permits_house import GUARD, PASSPORTS, file, level, now, ref, wanted

HOST = visits.Registrar("teacher-1", is_host=True)


async def day(house: House, gate: str = "north") -> Day:
    return await visit_lists.day(house.site, gate, house.clock.now())


def ids(rows: list[visit_lists.Row]) -> list[str]:
    return [row.visit.id for row in rows]


async def checked_in(house: House, **how: Any) -> visits.Registered:
    made = await visits.register(house.site, wanted(house, **how), GUARD)
    await visits.check_in(house.site, made.visit.id, True, "guard-1", "north")
    return made


async def passed(house: House, value: str, device: str, way: str) -> None:
    hand = house.hand(device)
    await hand.status()
    tap_id, command = await hand.tap(value, way, "qr")
    assert command is not None and command.action.value == "grant"
    await hand.event("passage", Passage(tap=tap_id, direction=Way(way)))
    await house.settle()


def visit_of(house: House, id: str) -> Visit:
    found = house.site.directory.papers.by_id[f"visit:{id}"]
    assert isinstance(found, Visit)
    return found


def visit_of_file(paper: object) -> Visit:
    assert isinstance(paper, Visit)
    return paper


def events(watching: Any, kind: str) -> list[dict[str, Any]]:
    some = [one.event for one in watching.take()]
    return [event for event in some if event["type"] == kind]


# ---------------------------------------------------------------- the lists


async def test_a_visit_goes_from_expected_to_inside_to_overstay_and_is_gone_when_it_is_checked_out(
    house: House,
) -> None:
    later = {"starts_at": now(house, hours=3), "ends_at": now(house, hours=4)}
    first = await visits.register(house.site, wanted(house), GUARD)
    second = await visits.register(house.site, wanted(house, number=PASSPORTS[1], **later), GUARD)
    assert ids((await day(house)).expected) == [first.visit.id, second.visit.id]

    await visits.check_in(house.site, first.visit.id, True, "guard-1", "north")
    inside = await day(house)
    house.clock.go_on(2 * 3_600 + 14 * 60)
    grace = await day(house)
    house.clock.go_on(60)
    over = await day(house)
    await visits.check_out(house.site, first.visit.id, "guard-1")
    gone = await day(house)

    assert (ids(inside.inside), ids(inside.expected)) == ([first.visit.id], [second.visit.id])
    assert ids(grace.inside) == [first.visit.id] and grace.overstays == []
    assert ids(over.overstays) == [first.visit.id] and over.inside == []
    assert gone.inside == gone.overstays == []


async def test_tomorrows_visits_are_not_todays_and_whoever_is_inside_stays_on_the_list(house: House) -> None:
    tomorrow = {"starts_at": now(house, days=1), "ends_at": now(house, days=1, hours=1)}
    await visits.register(house.site, wanted(house, **tomorrow), GUARD)
    contractor = {"kind": HolderKind.CONTRACTOR, "host": None, "ends_at": now(house, days=5)}
    inside = await checked_in(house, number=PASSPORTS[1], **contractor)

    assert (await day(house)).expected == []
    house.clock.go_on(2 * 86_400)
    assert ids((await day(house)).inside) == [inside.visit.id]


async def test_a_gate_shows_the_visits_that_lead_through_it(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD)

    assert ids((await day(house, "south")).expected) == [made.visit.id]
    assert visit_lists.is_gate(house.site, "north") and not visit_lists.is_gate(house.site, "nowhere")
    assert (await day(house, "nowhere")).expected == []


async def test_a_host_who_does_not_answer_shows_after_five_minutes_and_one_who_has_left_at_once(house: House) -> None:
    await level(house, 2)
    made = await visits.register(house.site, wanted(house), GUARD)
    assert (await day(house)).unanswered == []

    house.clock.go_on(5 * 60)
    assert ids((await day(house)).unanswered) == [made.visit.id]
    await file(house, replace(visit_of(house, made.visit.id), confirmed=True))
    assert (await day(house)).unanswered == []

    other = await visits.register(house.site, wanted(house, number=PASSPORTS[1]), GUARD)
    await suspend(house, "t1")
    (row,) = (await day(house)).unanswered
    assert row.visit.id == other.visit.id and "host_gone" in row.needs
    with pytest.raises(WrongField) as gone:
        await visits.register(house.site, wanted(house, number=PASSPORTS[2]), GUARD)
    assert gone.value.field == "host"


async def suspend(house: House, id: str) -> None:
    """Somebody leaves the school: the directory says so from the next version on."""
    directory = house.site.directory
    holder = ref(house, id)
    people = dict(directory.holders) | {holder: replace(directory.holders[holder], suspended=True)}
    changed = replace(
        directory, version=directory.version + 1, holders=people, by_id={one.id: one for one in people.values()}
    )
    house.site.swap_directory(changed)


async def test_what_the_level_refuses_is_counted_and_shown_as_refused(house: House) -> None:
    await visits.register(house.site, wanted(house), GUARD)
    assert (await day(house)).refused_now == 0

    await level(house, 1)

    found = await day(house)
    assert found.refused_now == 1 and found.expected[0].refused_now
    assert found.expected[0].needs[0] == "level_refuses"


async def test_who_may_have_left_unread_is_uncertain(house: House) -> None:
    made = await checked_in(house)
    house.clock.go_on(60)
    await passed(house, made.pass_value or "", "gate", "in")
    assert not (await day(house)).inside[0].uncertain
    house.clock.go_on(60)

    hand = house.hand("exit")
    await hand.status()
    await hand.event("exit_button", {})
    await hand.event("passage", Passage(tap=None, direction=Way.OUT))
    await house.settle()

    (row,) = (await day(house)).inside
    assert row.uncertain and row.place is Place.INSIDE


async def test_each_step_and_each_change_is_told_with_the_new_row(house: House) -> None:
    watching = house.site.feed.subscribe()
    made = await visits.register(house.site, wanted(house), GUARD)
    await visits.check_in(house.site, made.visit.id, True, "guard-1")
    told = events(watching, "visit")
    assert [(e["change"], e["state"], e["row"]["place"]) for e in told] == [
        ("registered", "expected", "expected"),
        ("checked_in", "checked_in", "inside"),
    ]
    assert told[0]["row"]["name"] == "Anna Berg" and told[0]["only"] == visit_lists.SEES_VISITS

    watch = visit_ends.VisitWatch(house.site)
    await watch.look()
    house.site.presence[made.visit.holder] = Presence("campus", PresenceState.UNCERTAIN, now(house, seconds=5))
    await watch.look()
    (changed,) = events(watching, "visit")
    assert (changed["change"], changed["row"]["uncertain"]) == ("judged", True)
    watching.close()


async def test_of_several_visits_at_one_time_somebody_comes_in_by_one_and_leaves_all(house: House) -> None:
    await level(house, 2)
    lacking = await visits.register(house.site, wanted(house), GUARD)
    good = await visits.register(house.site, wanted(house), HOST)
    await visits.check_in(house.site, good.visit.id, True, "guard-1")
    await passed(house, good.pass_value or "", "gate", "in")
    assert visit_of(house, lacking.visit.id).state is VisitState.EXPECTED

    await passed(house, good.pass_value or "", "exit", "out")

    assert visit_of(house, lacking.visit.id).state is VisitState.EXPECTED
    assert not visit_of_file(await house.site.archive.paper(Visit.paper, good.visit.id)).is_live


async def test_who_declared_something_is_looked_at_on_the_way_out(house: House) -> None:
    made = await checked_in(house, belongings=(Belonging("tool box"),))
    await passed(house, made.pass_value or "", "gate", "in")
    watching = house.site.feed.subscribe()

    await passed(house, made.pass_value or "", "exit", "out")

    assert [event["visit"] for event in events(watching, "look_at_belongings")] == [made.visit.id]
    watching.close()


async def test_a_visit_over_midnight_and_over_the_change_of_the_clocks_is_one_visit(house: House) -> None:
    house.clock.set(23, 30)
    night = await checked_in(house, ends_at=now(house, hours=3))
    house.clock.go_on(3_600)

    assert ids((await day(house)).inside) == [night.visit.id]
    # In Berlin the last Sunday of October has 25 hours, and that of March 23.
    house.site.campus = replace(house.site.campus, timezone=ZoneInfo("Europe/Berlin"))
    for moment, hours in (("2026-10-25T00:30", 25), ("2026-03-29T00:30", 23)):
        local = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Europe/Berlin"))
        start = local.replace(minute=0).astimezone(UTC)
        end = visit_lists._midnight_after(house.site, local.astimezone(UTC))
        assert end.astimezone(UTC) - start == timedelta(hours=hours)


async def test_a_visit_that_ends_before_it_starts_is_refused_in_a_sentence(house: House) -> None:
    with pytest.raises(WrongField) as wrong:
        await visits.register(house.site, wanted(house, ends_at=now(house, hours=-1)), GUARD)
    assert (wrong.value.field, wrong.value.message) == ("ends_at", "must be after starts_at")


async def test_a_visit_that_is_moved_is_judged_at_its_new_time(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD)
    await level(house, 1, starts_at=now(house, days=2), ends_at=now(house, days=4))
    assert not (await day(house)).expected[0].refused_now

    later = now(house, days=3), now(house, days=3, hours=1)
    moved = await visit_times.move(house.site, made.visit.id, *later, "teacher-1")

    assert visit_lists.row_of(house.site, moved, house.clock.now()).refused_now


async def test_what_was_approved_for_one_time_does_not_hold_for_another(house: House) -> None:
    host = visits.Registrar("teacher-1", is_host=True)
    times = {"starts_at": now(house, hours=24), "ends_at": now(house, hours=28)}
    made = await visits.register(house.site, wanted(house, kind=HolderKind.MEDIA, plate="沪C 11111", **times), host)
    await visits.approve_vehicle(house.site, made.visit.id, "officer-1")
    before = await visits.consent(house.site, made.visit.id, "office-1")
    assert before.appointment and before.vehicle_approved and before.consent_by

    within = now(house, hours=25), now(house, hours=27)
    shorter = await visit_times.move(house.site, made.visit.id, *within, "teacher-1")
    assert shorter.appointment and shorter.vehicle_approved and shorter.consent_by
    plate = house.site.directory.credentials[(CredentialKind.PLATE, "沪C11111")]
    assert (plate.not_before, plate.not_after) == within

    longer = await visit_times.move(house.site, made.visit.id, now(house), now(house, hours=27), "teacher-1")

    assert not (longer.appointment or longer.vehicle_approved or longer.consent_by)
    assert house.site.directory.papers.vehicles == {}
    plate = house.site.directory.credentials[(CredentialKind.PLATE, "沪C11111")]
    assert plate.state is CredentialState.REVOKED and plate.not_after == within[1]
    assert [c.not_after for c in house.site.directory.credentials.values() if c.ref in longer.passes] == [
        longer.ends_at
    ]
    again = await visits.approve_vehicle(house.site, made.visit.id, "officer-1")
    assert again.vehicle_approved and len(house.site.directory.papers.vehicles) == 1


# ---------------------------------------------------------------- overstays and the end of the day


async def test_an_overstay_raises_one_alarm_for_its_gate_and_it_returns_with_the_last_check_out(house: House) -> None:
    first = await checked_in(house)
    second = await checked_in(house, number=PASSPORTS[1])
    watch = visit_ends.VisitWatch(house.site)
    await watch.look()
    assert not [one for one in house.site.alarms.by_id.values() if one.condition == "overstay"]

    house.clock.go_on(2 * 3_600 + 16 * 60)
    await watch.look()
    await watch.look()
    (alarm,) = [one for one in house.site.alarms.by_id.values() if one.condition == "overstay"]
    assert (alarm.place, alarm.count) == ("north-in", 1)
    assert [row["step"] for row in await house.rows("permit")].count("overstayed") == 2

    await visits.check_out(house.site, first.visit.id, "guard-1")
    await watch.look()
    assert [one.state for one in house.site.alarms.by_id.values() if one.condition == "overstay"] == ["unacknowledged"]
    await visits.check_out(house.site, second.visit.id, "guard-1")
    await watch.look()
    await house.settle()
    assert [one.state for one in house.site.alarms.by_id.values() if one.condition == "overstay"] == ["returned"]


async def test_at_the_end_of_the_day_who_was_seen_leaving_is_checked_out_and_who_was_not_is_listed(
    house: House,
) -> None:
    stays = await checked_in(house)
    leaves = await checked_in(house, number=PASSPORTS[1])
    goes_on = await checked_in(house, number=PASSPORTS[2], ends_at=now(house, hours=15))
    house.site.presence[leaves.visit.holder] = Presence("site", PresenceState.OUTSIDE, now(house, minutes=30))
    watch = visit_ends.VisitWatch(house.site)
    house.clock.set(22, 29)
    await watch.look()
    assert visit_of(house, leaves.visit.id).state is VisitState.CHECKED_IN

    house.clock.set(22, 31)
    for _ in range(3):
        await watch.look()

    kept = await house.site.archive.paper(Visit.paper, leaves.visit.id)
    assert isinstance(kept, Visit) and kept.state is VisitState.CHECKED_OUT
    found = await day(house)
    assert ids(found.left_inside) == [stays.visit.id]
    assert visit_of(house, stays.visit.id).state is VisitState.CHECKED_IN
    assert visit_of(house, goes_on.visit.id).left_inside_at is None
    (row,) = await house.rows("visits_end_of_day")
    assert row["left_inside"] == [stays.visit.id]
    (alarm,) = [one for one in house.site.alarms.by_id.values() if one.condition == "left_inside"]
    assert alarm.place == "north"


async def test_the_end_of_the_day_is_made_once_also_over_a_restart_and_never_by_a_clock_in_doubt(house: House) -> None:
    await checked_in(house)
    house.clock.set(22, 31)
    house.site.trusted_until = now(house, hours=-1)
    await visit_ends.VisitWatch(house.site).look()
    assert await house.rows("visits_end_of_day") == []

    house.site.trusted_until = None
    for _ in range(3):
        await visit_ends.VisitWatch(house.site).look()
    await house.restart()
    await visit_ends.VisitWatch(house.site).look()

    assert len(await house.rows("visits_end_of_day")) == 1


# ---------------------------------------------------------------- who is on the campus


async def test_the_muster_list_names_guests_with_their_hosts_and_counts_the_school_by_zone(house: House) -> None:
    read = await checked_in(house)
    await passed(house, read.pass_value or "", "gate", "in")
    unread = await checked_in(house, number=PASSPORTS[1], name="Bo Berg")
    at = house.clock.now()
    house.site.presence[ref(house, "t1")] = Presence("campus", PresenceState.INSIDE, at)
    house.site.presence[ref(house, "s1")] = Presence("campus", PresenceState.UNCERTAIN, at)

    found = await muster.muster(house.site)

    assert found.zones["campus"].surely == {"staff": 1, "visitor": 1}
    assert found.zones["campus"].perhaps == {"student": 1, "visitor": 1}
    assert {(one.visit.id, one.uncertain) for one in found.guests if one.visit} == {
        (read.visit.id, False),
        (unread.visit.id, True),
    }
    await visits.check_out(house.site, unread.visit.id, "guard-1")
    assert len((await muster.muster(house.site)).guests) == 1


async def test_a_thousand_visits_are_listed_in_a_moment_once_they_are_known(house: House) -> None:
    at = house.clock.now()
    rows = [HolderRow(f"{n:032x}", f"v-{n}", f"Visitor {n}", HolderKind.VISITOR, (), None) for n in range(1_000)]
    papers = [
        Visit(row.ref, row.ref, HolderKind.VISITOR, None, frozenset({"campus"}), at, at + timedelta(hours=2), "u", at)
        for row in rows
    ]
    change = PeopleChanged(Plan(house.site.directory.version, new_holders=rows))
    unit = Unit((Entry("note", at, {}),), (change, *map(PaperFiled, papers)), directory=True)
    await house.site.ledger.commit(unit)
    await directory_watch.take_over(house.site)
    assert len((await day(house)).expected) == 1_000

    took = []
    for _ in range(5):
        started = time.perf_counter()
        await day(house)
        took.append(time.perf_counter() - started)

    assert min(took) < 0.030
    await file(house, replace(papers[0], state=VisitState.CANCELLED))
    assert len((await day(house)).expected) == 999
