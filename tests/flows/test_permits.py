"""Authorisations, slips, bans, gatherings, vehicles: what is signed holds at the next tap, what is revoked does not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from devices.messages import Action
from gateway.core.kinds import HolderKind
from gateway.core.papers import BanAct, GatheringState, RefusalReason, SlipReason, VehicleKind
from gateway.core.windows import Window
from gateway.flows import (
    authorisations,
    bans,
    directory_watch,
    gatherings,
    host_answers,
    put_away,
    slips,
    vehicles,
    visits,
)
from gateway.flows.host_answers import Answerer, Word
from gateway.flows.permits import NoSuchPermit, NotPossible, NotYours, WrongField
from tests.flows.conftest import House
from tests.flows.permits_house import GUARD, RESIDENT_ID, level, marks_of, normal, now, ref, somebody, wanted


async def answer(house: House, device: str, card: str, way: str = "in", kind: str = "card") -> tuple[str, str]:
    _, command = await house.hand(device).tap(card, way, kind)
    assert command is not None
    return command.action.value, command.reason


# ---------------------------------------------------------------- authorisations


def signed(house: House, **how: object) -> authorisations.Wanted:
    fields = {
        "portals": frozenset({"north-in"}),
        "starts_at": now(house),
        "ends_at": now(house, hours=2),
        "reason": "urgent repair of the boiler",
    }
    return authorisations.Wanted(**(fields | how))  # type: ignore[arg-type]


async def test_an_authorisation_lifts_the_word_refused_until_it_is_revoked(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD)
    host = Answerer("teacher-1", made.visit.host)
    await host_answers.answer(house.site, made.visit.id, Word(True), host)
    await visits.check_in(house.site, made.visit.id, True, "guard-1")
    await level(house, 1)
    assert await answer(house, "gate", made.pass_value, kind="qr") == ("deny", "level_refuses")

    paper = await authorisations.sign(house.site, signed(house, visit=made.visit.id), "leader-1")
    assert await answer(house, "gate", made.pass_value, kind="qr") == ("grant", "ok")

    await authorisations.revoke(house.site, paper.id, "leader-2")
    assert await answer(house, "gate", made.pass_value, kind="qr") == ("deny", "level_refuses")
    rows = [row for row in await house.rows("permit") if row["paper"] == "authorisation"]
    assert [(row["step"], row["by"]) for row in rows] == [("signed", "leader-1"), ("revoked", "leader-2")]
    assert "boiler" not in str(rows)


async def test_an_authorisation_names_one_subject_that_exists_and_portals_that_exist(house: House) -> None:
    for how, field in (
        ({}, "holder"),
        ({"holder": "t1", "visit": "x"}, "holder"),
        ({"holder": "nobody"}, "holder"),
        ({"visit": "nothing"}, "visit"),
        ({"vehicle": "nothing"}, "vehicle"),
        ({"holder": "t1", "portals": frozenset({"north-in", "moon"})}, "portals[0]"),
        ({"holder": "t1", "ends_at": now(house, hours=-1)}, "ends_at"),
        ({"holder": "t1", "starts_at": now(house, hours=-2), "ends_at": now(house, seconds=-1)}, "ends_at"),
        ({"holder": "t1", "ends_at": now(house, days=400)}, "ends_at"),
        ({"holder": "t1", "starts_at": now(house, days=500), "ends_at": now(house, days=501)}, "starts_at"),
    ):
        with pytest.raises(WrongField) as wrong:
            await authorisations.sign(house.site, signed(house, **how), "leader-1")
        assert wrong.value.field == field

    with pytest.raises(NoSuchPermit):
        await authorisations.revoke(house.site, "0" * 16, "leader-1")
    assert await house.rows("permit") == []


async def test_a_permit_outlives_a_restart_and_who_revokes_second_learns_that_it_is_over(house: House) -> None:
    paper = await authorisations.sign(house.site, signed(house, holder="t1", oral_from="the principal"), "leader-1")
    await house.restart()

    results = await asyncio.gather(
        authorisations.revoke(house.site, paper.id, "leader-1"),
        authorisations.revoke(house.site, paper.id, "leader-2"),
        return_exceptions=True,
    )

    assert sum(isinstance(result, NoSuchPermit) for result in results) == 1
    steps = [row["step"] for row in await house.rows("permit")]
    assert steps == ["signed", "revoked"]


# ---------------------------------------------------------------- leave slips


async def test_a_pupil_with_a_slip_leaves_and_without_one_does_not(house: House) -> None:
    assert await answer(house, "exit", "STUDENT1", "out") == ("deny", "leave_slip_required")
    slip = await slips.give(
        house.site,
        holder="s1",
        starts_at=now(house),
        ends_at=now(house, hours=2),
        reason=SlipReason.MEDICAL,
        by="teacher-1",
        collector="t1",
    )
    assert await answer(house, "exit", "STUDENT1", "out") == ("grant", "ok")

    await slips.revoke(house.site, slip.id, "teacher-1")

    assert await answer(house, "exit", "STUDENT1", "out") == ("deny", "leave_slip_required")
    rows = await house.rows("permit")
    assert rows[0]["subject"] == ref(house, "s1") and rows[0]["collector"] == ref(house, "t1")
    assert "medical" not in str(rows)


async def test_a_slip_is_for_students_and_its_collector_is_somebody_else(house: House) -> None:
    fields = {"starts_at": now(house), "ends_at": now(house, hours=2), "reason": SlipReason.OTHER, "by": "teacher-1"}
    for how, field in (
        ({"holder": "t1"}, "holder"),
        ({"holder": "s1", "collector": "s1"}, "collector"),
        ({"holder": "s1", "collector": "t1", "collector_visit": "v"}, "collector_visit"),
        ({"holder": "s1", "collector_visit": "nothing"}, "collector_visit"),
    ):
        with pytest.raises(WrongField) as wrong:
            await slips.give(house.site, **(fields | how))  # type: ignore[arg-type]
        assert wrong.value.field == field
    made = await visits.register(house.site, wanted(house, kind=HolderKind.GUARDIAN), GUARD)

    slip = await slips.give(house.site, holder="s1", collector_visit=made.visit.id, **fields)  # type: ignore[arg-type]

    assert slip.collector == made.visit.holder


# ---------------------------------------------------------------- entry bans


async def banned(house: House, who: str = "s1", days: float = 30) -> str:
    ban = await bans.request(house.site, holder=who, act=BanAct.THREAT, ends_at=now(house, days=days), by="officer-1")
    await bans.approve(house.site, ban.id, "leader-1")
    await bans.approve(house.site, ban.id, "leader-2")
    return ban.id


async def test_a_ban_forbids_nothing_until_two_others_have_approved_it_and_then_the_very_next_tap(house: House) -> None:
    ban = await bans.request(house.site, holder="s1", act=BanAct.VIOLENCE, ends_at=now(house, days=90), by="officer-1")
    assert await answer(house, "gate", "STUDENT1") == ("grant", "ok")
    with pytest.raises(NotYours):
        await bans.approve(house.site, ban.id, "officer-1")
    await bans.approve(house.site, ban.id, "leader-1")
    with pytest.raises(NotYours):
        await bans.approve(house.site, ban.id, "leader-1")
    assert await answer(house, "gate", "STUDENT1") == ("grant", "ok")

    await bans.approve(house.site, ban.id, "leader-2")

    assert await answer(house, "gate", "STUDENT1") == ("deny", "entry_banned")
    with pytest.raises(NotPossible):
        await bans.approve(house.site, ban.id, "leader-3")


async def test_of_two_approvals_by_one_person_at_once_one_counts(house: House) -> None:
    ban = await bans.request(house.site, holder="s1", act=BanAct.VIOLENCE, ends_at=now(house, days=9), by="officer-1")

    results = await asyncio.gather(
        *(bans.approve(house.site, ban.id, "leader-1") for _ in range(3)), return_exceptions=True
    )

    assert sum(isinstance(result, NotYours) for result in results) == 2
    assert await answer(house, "gate", "STUDENT1") == ("grant", "ok")


async def test_a_ban_never_stops_leaving(house: House) -> None:
    await slips.give(
        house.site,
        holder="s1",
        starts_at=now(house),
        ends_at=now(house, hours=2),
        reason=SlipReason.FAMILY,
        by="teacher-1",
    )
    await banned(house, "s1")
    await banned(house, "s2")
    await banned(house, "t2")

    assert await answer(house, "exit", "STUDENT1", "out") == ("grant", "ok")
    assert await answer(house, "exit", "STAFF2", "out") == ("grant", "ok")
    assert await answer(house, "door", "STUDENT2", "out") == ("grant", "ok_exit")


async def test_a_device_alone_refuses_entry_within_the_second_and_still_lets_out(house: House) -> None:
    """The exit's list opens for pupils in a leaving window: a revoked token there would hold somebody inside."""
    for name in ("gate", "exit", "door"):
        await house.hand(name).status()
    await house.look()
    mark_in, mark_out = marks_of(house, "gate", "STUDENT1"), marks_of(house, "exit", "STUDENT1")
    assert mark_in in {entry.token for entry in house.courier.page("gate").entries}
    assert mark_out in {entry.token for entry in house.courier.page("exit").entries}

    await banned(house, "s1")

    assert mark_in in house.courier.revoked("gate").tokens
    assert ("exit", "credentials/revoked") not in house.courier.kept
    await house.look()
    (entry,) = [entry for entry in house.courier.page("exit").entries if entry.token == mark_out]
    assert [way.value for way in entry.directions] == ["out"]


async def test_a_requested_ban_takes_nobody_off_a_list_and_a_lifted_one_puts_them_back(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    await bans.request(house.site, holder="s1", act=BanAct.THEFT, ends_at=now(house, days=9), by="officer-1")
    await house.look()
    mark = marks_of(house, "gate", "STUDENT1")
    assert mark in {entry.token for entry in house.courier.page("gate").entries}
    ban = next(iter(house.site.directory.papers.bans[ref(house, "s1")])).id
    await bans.approve(house.site, ban, "leader-1")
    await bans.approve(house.site, ban, "leader-2")
    house.clock.go_on(301)
    await house.look()
    assert mark not in {entry.token for entry in house.courier.page("gate").entries}

    await bans.object_to(house.site, ban, "officer-1")
    await bans.lift(house.site, ban, "leader-1")
    gate.credentials, gate.revoked = gate.device.issued.list_version, gate.device.issued.revoked_version
    await gate.status()
    house.clock.go_on(301)
    await house.look()

    assert await answer(house, "gate", "STUDENT1") == ("grant", "ok")
    assert mark in {entry.token for entry in house.courier.page("gate").entries}
    assert mark not in house.courier.revoked("gate").tokens


async def test_a_ban_has_an_end_of_at_most_ninety_days_and_ends_by_itself(house: House) -> None:
    with pytest.raises(WrongField):
        await bans.request(house.site, holder="s1", act=BanAct.THREAT, ends_at=now(house, days=91), by="o")
    await banned(house, "s1", days=1)
    with pytest.raises(NotPossible):
        await bans.request(house.site, holder="s1", act=BanAct.THREAT, ends_at=now(house, days=9), by="o")
    tidier = put_away.Tidier(house.site)
    await tidier.look()
    assert await answer(house, "gate", "STUDENT1") == ("deny", "entry_banned")

    house.clock.go_on(24 * 3_600)
    house.site.trusted_until = now(house, hours=-2)
    house.site.renew_world()
    await tidier.look()
    assert await answer(house, "gate", "STUDENT1") == ("deny", "entry_banned")
    house.site.trusted_until = None
    house.site.renew_world()
    await tidier.look()

    assert await answer(house, "gate", "STUDENT1") == ("grant", "ok")
    assert house.site.directory.papers.bans == {}


async def test_a_banned_visitor_is_found_by_the_document_under_another_name(house: House) -> None:
    made = await visits.register(house.site, wanted(house, document="resident_id", number=RESIDENT_ID), GUARD)
    await visits.refuse(house.site, made.visit.id, RefusalReason.OTHER, "guard-1")
    holder = house.site.directory.holders[made.visit.holder]
    await banned(house, holder.id)

    again = wanted(house, document="resident_id", number="110105 19491231 002x", name="Somebody Else")
    with pytest.raises(NotPossible) as refused:
        await visits.register(house.site, again, GUARD)

    assert refused.value.code == "entry_banned"
    assert "violence" not in str(refused.value)  # whom to call, and not why


async def test_visits_and_slips_leave_the_lists_alone_and_cards_and_bans_do_not(house: House) -> None:
    await house.hand("gate").status()
    await house.look()
    gate = house.hand("gate").device
    assert not gate.list_is_due

    await visits.register(house.site, wanted(house), GUARD)
    await authorisations.sign(house.site, signed(house, holder="t1"), "leader-1")
    assert not gate.list_is_due
    await banned(house, "s1")
    assert gate.list_is_due
    gate.list_is_due = False
    house.folder.import_people("n1,New Person,staff,staff,NEW1,,,,")
    await directory_watch.follow_changes(house.site)

    assert gate.list_is_due


# ---------------------------------------------------------------- gatherings


async def gathering(house: House, headcount: int = 500) -> str:
    made = await gatherings.request(
        house.site,
        gatherings.Wanted(
            "Sports day",
            "t1",
            headcount,
            "stewards at every stand",
            "two ways out of the ground",
            frozenset({"campus"}),
            now(house),
            now(house, hours=6),
        ),
        "teacher-1",
    )
    return made.id


async def test_a_large_gathering_opens_when_approved_and_is_suspended_at_the_exceptional_level(house: House) -> None:
    id = await gathering(house)
    made = await visits.register(house.site, wanted(house, kind=HolderKind.OFFICIAL, host=None, gathering=id), GUARD)
    assert visits.needs_of(house.site, made.visit)[0] == "registration_required"
    with pytest.raises(NotYours):
        await gatherings.settle(house.site, id, True, "teacher-1")
    approved = await gatherings.settle(house.site, id, True, "officer-1")
    assert visits.needs_of(house.site, made.visit) == ("document_not_seen",)
    assert not gatherings.is_suspended(house.site, approved, now(house))

    order = await level(house, 1)
    assert gatherings.is_suspended(house.site, approved, now(house))
    assert visits.needs_of(house.site, made.visit)[0] == "gathering_suspended"
    await normal(house, order)
    assert not gatherings.is_suspended(house.site, approved, now(house))
    with pytest.raises(NotYours):
        await gatherings.cancel(house.site, id, "teacher-2", False)
    cancelled = await gatherings.cancel(house.site, id, "teacher-1", False)
    assert cancelled.state is GatheringState.CANCELLED
    assert visits.needs_of(house.site, made.visit)[0] == "registration_required"


async def test_a_small_gathering_goes_on(house: House) -> None:
    id = await gathering(house, 20)
    approved = await gatherings.settle(house.site, id, True, "officer-1")
    await level(house, 1)

    assert not gatherings.is_suspended(house.site, approved, now(house))
    with pytest.raises(NotPossible):
        await gatherings.settle(house.site, id, False, "officer-2")


# ---------------------------------------------------------------- vehicles and the essential list


def vehicle(house: House, **how: object) -> vehicles.Wanted:
    fields = {"kind": VehicleKind.REGISTERED, "plate": "京B·77777", "holder": "t2"}
    return vehicles.Wanted(**(fields | how))  # type: ignore[arg-type]


async def test_a_registered_plate_passes_until_it_is_removed_and_needs_the_list_at_the_exceptional_level(
    house: House,
) -> None:
    assert await answer(house, "lane", "京B77777", kind="plate") == ("wait", "guard_confirms")
    made = await vehicles.register(house.site, vehicle(house), "officer-1")
    assert await answer(house, "lane", "京B77777", kind="plate") == ("grant", "ok")
    order = await level(house, 1)
    assert await answer(house, "lane", "京B77777", kind="plate") == ("deny", "level_refuses")
    listed = await vehicles.list_essential(house.site, holder=None, vehicle=made.id, by="officer-1")
    assert (await answer(house, "lane", "京B77777", kind="plate"))[0] == Action.WAIT.value
    await vehicles.unlist_essential(house.site, listed.id, "officer-1")
    assert await answer(house, "lane", "京B77777", kind="plate") == ("deny", "level_refuses")
    await normal(house, order)

    await vehicles.remove(house.site, made.id, "officer-1")

    assert await answer(house, "lane", "京B77777", kind="plate") == ("deny", "credential_revoked")
    assert "77777" not in str(await house.rows("permit"))


async def test_a_plate_belongs_to_one_holder(house: House) -> None:
    await vehicles.register(house.site, vehicle(house), "officer-1")

    with pytest.raises(NotPossible) as taken:
        await vehicles.register(house.site, vehicle(house, holder="t1"), "officer-1")
    with pytest.raises(NotPossible) as twice:
        await vehicles.register(house.site, vehicle(house), "officer-1")

    assert (taken.value.code, twice.value.code) == ("plate_taken", "registered_already")


async def test_the_schools_own_table_neither_takes_a_pass_away_nor_keeps_one_that_is_removed(house: House) -> None:
    made = await vehicles.register(house.site, vehicle(house), "officer-1")

    house.folder.import_people("t2,Wei Zhao,staff,staff,STAFF2,,,,")
    await house.look()
    assert await answer(house, "lane", "京B77777", kind="plate") == ("grant", "ok")
    await vehicles.remove(house.site, made.id, "officer-1")
    house.folder.import_people("t2,Wei Zhao Second,staff,staff,STAFF2,,,,")
    await house.look()

    assert await answer(house, "lane", "京B77777", kind="plate") == ("deny", "credential_revoked")


async def test_a_school_bus_needs_its_crew_its_papers_and_its_timetable(house: House) -> None:
    driver = await somebody(house, "d1", HolderKind.SERVICE, "staff")
    await somebody(house, "a1", HolderKind.SERVICE, "staff")
    bus = vehicle(
        house,
        kind=VehicleKind.BUS,
        holder="d1",
        driver="d1",
        attendant="a1",
        papers_until=now(house, days=10),
        timetable=(Window(7 * 60, 9 * 60),),
        portals=frozenset({"north-vehicle"}),
    )
    for missing, without in (
        ("driver", None),
        ("attendant", None),
        ("papers_until", None),
        ("timetable", ()),
        ("portals", frozenset()),
        ("attendant", "d1"),
    ):
        with pytest.raises(WrongField) as wrong:
            await vehicles.register(house.site, replace(bus, **{missing: without}), "officer-1")
        assert wrong.value.field == missing

    made = await vehicles.register(house.site, bus, "officer-1")
    assert made.driver == driver
    assert await answer(house, "lane", "京B77777", kind="plate") == ("grant", "ok")
    house.clock.set(10)
    assert await answer(house, "lane", "京B77777", kind="plate") == ("deny", "outside_hours")
    allowed = signed(house, vehicle=made.id, portals=frozenset({"north-vehicle"}))
    await authorisations.sign(house.site, allowed, "leader-1")
    assert await answer(house, "lane", "京B77777", kind="plate") == ("grant", "ok")
    await vehicles.change(house.site, made.id, vehicles.Change(papers_until=now(house, seconds=-1)), "officer-1")
    assert await answer(house, "lane", "京B77777", kind="plate") == ("deny", "vehicle_not_permitted")


# ---------------------------------------------------------------- what is over is put away


async def test_what_is_over_leaves_the_directory_and_stays_on_file(house: House) -> None:
    await authorisations.sign(house.site, signed(house, holder="t1"), "leader-1")
    await slips.give(
        house.site,
        holder="s1",
        starts_at=now(house),
        ends_at=now(house, hours=1),
        reason=SlipReason.OTHER,
        by="teacher-1",
    )
    await gathering(house)
    made = await visits.register(house.site, wanted(house), GUARD)
    assert len(house.site.directory.papers.by_id) == 4

    house.clock.go_on(timedelta(days=1).total_seconds())
    await put_away.Tidier(house.site).look()

    assert house.site.directory.papers.by_id == {}
    kept = await house.site.archive.paper(type(made.visit).paper, made.visit.id)
    assert kept is not None and kept.state == "lapsed"  # type: ignore[union-attr]
    assert await answer(house, "gate", made.pass_value, kind="qr") == ("deny", "credential_revoked")
    assert [row["step"] for row in await house.rows("permit")][-4:].count("over") == 3
