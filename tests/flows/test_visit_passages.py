"""Visitors on their way in and out with pass and vehicle until the visit is over, also when the level changes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from devices.messages import Direction as Way
from devices.messages import Passage
from gateway.core.kinds import HolderKind
from gateway.core.papers import Belonging, BelongingKind, BelongingOutcome, PaperKind, RefusalReason, Visit, VisitState
from gateway.flows import bans, host_answers, judging, paper_entries, visits
from gateway.flows.host_answers import Answerer, Word
from gateway.flows.permits import NotPossible
from gateway.flows.put_away import Tidier
from tests.flows.conftest import House
from tests.flows.permits_house import GUARD, PASSPORTS, file, level, normal, now, wanted
from tests.flows.visit_scene import tap


async def checked_in(house: House, **how: object) -> visits.Registered:
    made = await visits.register(house.site, wanted(house, **how), GUARD)
    await visits.check_in(house.site, made.visit.id, True, "guard-1")
    return made


async def passed(house: House, value: str, device: str, way: str, kind: str = "qr") -> None:
    hand = house.hand(device)
    await hand.status()
    tap_id, command = await hand.tap(value, way, kind)
    assert command is not None and command.action.value == "grant"
    await hand.event("passage", Passage(tap=tap_id, direction=Way(way)))
    await house.settle()


async def test_an_exit_passage_checks_the_visit_out_and_the_pass_is_void(house: House) -> None:
    made = await checked_in(house)
    await passed(house, made.pass_value, "gate", "in")

    await passed(house, made.pass_value, "exit", "out")

    kept = await house.site.archive.paper(Visit.paper, made.visit.id)
    assert isinstance(kept, Visit) and kept.state is VisitState.CHECKED_OUT
    assert await tap(house, made.pass_value) == ("deny", "credential_revoked")
    assert [row["step"] for row in await house.rows("permit")] == ["registered", "checked_in", "checked_out"]


async def test_a_check_out_that_was_missed_is_made_up_for_when_the_visit_is_over(house: House) -> None:
    made = await checked_in(house)
    await passed(house, made.pass_value, "gate", "in")
    await passed(house, made.pass_value, "exit", "out")
    kept = await house.site.archive.paper(Visit.paper, made.visit.id)
    assert isinstance(kept, Visit)
    await file(house, replace(kept, state=VisitState.CHECKED_IN, checked_out_at=None))
    house.clock.go_on(3 * 3_600)

    await Tidier(house.site).look()

    kept = await house.site.archive.paper(Visit.paper, made.visit.id)
    assert isinstance(kept, Visit) and kept.state is VisitState.CHECKED_OUT


async def test_who_overstays_stays_on_the_list(house: House) -> None:
    made = await checked_in(house)
    await passed(house, made.pass_value, "gate", "in")
    house.clock.go_on(3 * 3_600)

    await Tidier(house.site).look()

    assert house.site.directory.papers.by_id[f"visit:{made.visit.id}"].is_live


async def test_a_contractor_goes_out_for_lunch_and_comes_back(house: House) -> None:
    days = {"kind": HolderKind.CONTRACTOR, "host": None, "ends_at": now(house, days=3)}
    made = await checked_in(house, **days)
    await passed(house, made.pass_value, "gate", "in")
    await passed(house, made.pass_value, "exit", "out")
    assert await tap(house, made.pass_value) == ("grant", "ok")

    await passed(house, made.pass_value, "gate", "in")

    (visit,) = house.site.directory.papers.visits[made.visit.holder]
    assert visit.state is VisitState.CHECKED_IN


async def test_a_visitors_vehicle_comes_when_approved_and_its_exit_asks_for_a_look(house: House) -> None:
    crates = (Belonging("two crates"),)
    made = await visits.register(house.site, wanted(house, plate="沪C 11111", belongings=crates), GUARD)
    await visits.check_in(house.site, made.visit.id, True, "guard-1")
    assert await tap(house, "沪C11111", "lane", kind="plate") == ("wait", "guard_confirms")
    await visits.approve_vehicle(house.site, made.visit.id, "officer-1")
    with pytest.raises(NotPossible):
        await visits.approve_vehicle(house.site, made.visit.id, "officer-1")
    watching = house.site.feed.subscribe()
    await passed(house, "沪C11111", "lane", "in", "plate")

    await passed(house, "沪C11111", "lane", "out", "plate")

    told = [one.event["type"] for one in watching.take()]
    assert told.count("look_at_vehicle") == 1
    assert await tap(house, "沪C11111", "lane", kind="plate") == ("deny", "credential_revoked")
    assert house.site.directory.papers.vehicles == {}
    watching.close()


@pytest.mark.parametrize("end", ["decline", "refuse", "cancel", "belongings", "paper"])
async def test_however_a_visit_ends_its_vehicle_is_on_no_list_and_its_plate_opens_nothing(
    house: House, end: str
) -> None:  # fmt: skip
    made = await visits.register(house.site, wanted(house, plate="沪C 11111"), GUARD)
    id = made.visit.id
    await visits.approve_vehicle(house.site, id, "officer-1")
    assert house.site.directory.papers.vehicles

    match end:
        case "decline":
            who = Answerer("user-t1", made.visit.host)
            await host_answers.answer(house.site, id, Word(False), who)
        case "refuse":
            await visits.refuse(house.site, id, RefusalReason.OTHER, "guard-1")
        case "cancel":
            await visits.cancel(house.site, id, "guard-1")
        case "belongings":
            knife = Belonging("a knife", BelongingKind.WEAPON, BelongingOutcome.REFUSED)
            await visits.declare(house.site, id, (knife,), "guard-1")
        case _:
            await visits.check_in(house.site, id, True, "guard-1")
            house.clock.go_on(120)
            line = paper_entries.Line("line-0001", "exit", now(house, seconds=-60), visit=id)
            await paper_entries.type_in(house.site, "north", line, "guard-1")
            kept = await house.site.archive.paper(PaperKind.VISIT, id)
            assert isinstance(kept, Visit) and kept.checked_out_at == now(house, seconds=-60)

    assert house.site.directory.papers.vehicles == {}
    assert await tap(house, "沪C11111", "lane", kind="plate") == ("deny", "credential_revoked")
    assert await tap(house, made.pass_value or "") == ("deny", "credential_revoked")


async def test_a_visitors_vehicle_that_no_visit_names_is_put_away(house: House) -> None:
    made = await visits.register(house.site, wanted(house, plate="沪C 11111"), GUARD)
    approved = await visits.approve_vehicle(house.site, made.visit.id, "officer-1")
    await Tidier(house.site).look()
    assert house.site.directory.papers.vehicles
    await file(house, replace(approved, state=VisitState.CANCELLED))

    await Tidier(house.site).look()

    assert house.site.directory.papers.vehicles == {}
    assert await tap(house, "沪C11111", "lane", kind="plate") == ("deny", "credential_revoked")


async def test_a_vehicle_without_a_request_has_none_to_approve(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD)

    with pytest.raises(NotPossible):
        await visits.approve_vehicle(house.site, made.visit.id, "officer-1")


async def test_two_guards_who_check_one_visitor_in_do_it_once(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD)

    results = await asyncio.gather(
        *(visits.check_in(house.site, made.visit.id, True, f"guard-{n}") for n in range(5)), return_exceptions=True
    )

    assert sum(isinstance(result, NotPossible) for result in results) == 4
    assert [row["step"] for row in await house.rows("permit")].count("checked_in") == 1


# ---------------------------------------------------------------- the level changes


async def test_when_the_level_changes_everything_issued_is_judged_again_and_counted(house: House) -> None:
    made = await checked_in(house)
    await passed(house, made.pass_value, "gate", "in")
    await passed(house, "STAFF1", "gate", "in", "card")
    await visits.register(house.site, wanted(house, kind=HolderKind.OFFICIAL, number=PASSPORTS[1]), GUARD)
    watch = judging.LevelWatch(house.site)
    await watch.look()
    await watch.look()
    assert await house.rows("judged_again") == []

    order = await level(house, 1)
    await watch.look()

    (row,) = await house.rows("judged_again")
    assert (row["visits"], row["visits_refused"], row["inside_refused"]) == (2, 2, 1)
    assert row["reasons"] == {"level_refuses": 1}
    await normal(house, order)
    await watch.look()
    assert [(r["visits_refused"], r["inside_refused"]) for r in await house.rows("judged_again")] == [(2, 1), (0, 0)]


async def test_a_ban_of_a_visitor_does_not_end_the_visit_and_nobody_is_locked_in(house: House) -> None:
    made = await checked_in(house)
    await passed(house, made.pass_value, "gate", "in")
    holder = house.site.directory.holders[made.visit.holder]
    ban = await bans.request(
        house.site, holder=holder.id, act=bans.BanAct.TRESPASS, ends_at=now(house, days=9), by="officer-1"
    )
    await bans.approve(house.site, ban.id, "leader-1")
    await bans.approve(house.site, ban.id, "leader-2")

    assert await tap(house, made.pass_value) == ("deny", "entry_banned")
    await passed(house, made.pass_value, "exit", "out")
