"""Standing passes of contractors and suppliers: one act gives, one act voids code, plates and list entry."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.kinds import HolderKind, Level
from gateway.core.papers import StandingPass
from gateway.core.windows import Window
from gateway.flows import bans, standing_passes, visits
from gateway.flows.documents import DocumentKind, read_document
from gateway.flows.permits import NoSuchPermit, NotPossible, WrongField
from gateway.flows.put_away import Tidier
from gateway.flows.standing_passes import Change, Wanted
from gateway.flows.visit_registration import Visitor
from tests.flows.conftest import House
from tests.flows.permits_house import GUARD, PASSPORTS, level, normal, now, wanted
from tests.flows.visit_scene import tap

GATES = frozenset({"north-in", "north-vehicle"})
WORKDAYS = (Window(7 * 60, 17 * 60, frozenset(range(5))),)
LORRY = "沪C 22222"


def worker(house: House, **how: Any) -> Wanted:
    document = read_document(house.site, DocumentKind.PASSPORT, how.pop("number", PASSPORTS[0]))
    fields: dict[str, Any] = {
        "kind": HolderKind.SUPPLIER,
        "portals": GATES,
        "starts_at": now(house),
        "ends_at": now(house, days=90),
        "person": Visitor("Guo Feng", document),
        "windows": WORKDAYS,
        "organisation": "Fresh Foods",
        "unit": "canteen",
        "host": "t1",
        "plates": (LORRY,),
    }
    return Wanted(**(fields | how))


async def test_it_opens_within_its_hours_for_the_person_and_the_vehicle(house: House) -> None:
    made = await standing_passes.give(house.site, worker(house), "officer-1")

    assert await tap(house, made.value) == ("grant", "ok")
    assert await tap(house, "沪C22222", "lane", kind="plate") == ("grant", "ok")
    house.clock.set(17, 30)
    assert await tap(house, made.value) == ("deny", "outside_hours")
    ledger = str([row.body for row in await house.all_rows()])
    for secret in ("Guo Feng", "Fresh Foods", "22222", made.value, "5678"):
        assert secret not in ledger


async def test_the_level_asks_what_it_asks_of_the_kind(house: House) -> None:
    supplier = await standing_passes.give(house.site, worker(house, essential=True), "officer-1")
    contractor = await standing_passes.give(
        house.site, worker(house, kind=HolderKind.CONTRACTOR, number=PASSPORTS[1], plates=()), "officer-1"
    )
    order = await level(house, Level.L2)
    for made in (supplier, contractor):
        assert await tap(house, made.value) == ("wait", "guard_confirms")
    await normal(house, order)
    await level(house, Level.L1)

    assert await tap(house, contractor.value) == ("deny", "level_refuses")
    assert (await tap(house, supplier.value))[0] == "wait"


async def test_revoked_it_is_refused_on_the_very_next_tap_with_its_vehicle_and_list_entry(house: House) -> None:
    made = await standing_passes.give(house.site, worker(house, essential=True), "officer-1")
    assert len(house.site.directory.papers.essential) == 2

    await standing_passes.revoke(house.site, made.paper.id, "officer-1")

    assert await tap(house, made.value) == ("deny", "credential_revoked")
    assert await tap(house, "沪C22222", "lane", kind="plate") == ("deny", "credential_revoked")
    papers = house.site.directory.papers
    assert (papers.vehicles, papers.essential, papers.standing) == ({}, frozenset(), {})
    with pytest.raises(NoSuchPermit):
        await standing_passes.revoke(house.site, made.paper.id, "officer-1")


async def test_its_hours_gates_and_end_are_changed_and_its_code_follows(house: House) -> None:
    made = await standing_passes.give(house.site, worker(house, ends_at=now(house, days=1)), "officer-1")
    id = made.paper.id

    await standing_passes.change(house.site, id, Change(any_hour=True, ends_at=now(house, days=60)), "officer-1")
    house.clock.go_on(2 * 86_400 + 12 * 3_600)
    assert await tap(house, made.value) == ("grant", "ok")

    await standing_passes.change(house.site, id, Change(portals=frozenset({"north-vehicle"})), "officer-1")
    assert await tap(house, made.value) == ("deny", "no_permission")


async def test_it_ends_by_itself_and_is_put_away_with_what_belongs_to_it(house: House) -> None:
    made = await standing_passes.give(house.site, worker(house, ends_at=now(house, hours=1)), "officer-1")
    house.clock.go_on(3_601)
    assert await tap(house, made.value) == ("deny", "credential_expired")

    await Tidier(house.site).look()

    kept = await house.site.archive.paper(StandingPass.paper, made.paper.id)
    assert isinstance(kept, StandingPass) and kept.over
    assert house.site.directory.papers.vehicles == {}


async def test_what_cannot_be_is_refused_by_its_field(house: House) -> None:
    for how, field in (
        ({"portals": frozenset({"control-room-door"})}, "portals[0]"),
        ({"portals": frozenset()}, "portals"),
        ({"kind": HolderKind.VISITOR}, "kind"),
        ({"ends_at": now(house, hours=-1)}, "ends_at"),
        ({"ends_at": now(house, days=400)}, "ends_at"),
        ({"holder": "t1"}, "holder"),
        ({"holder": "t1", "person": None}, "holder"),
        ({"host": "nobody"}, "host"),
    ):
        with pytest.raises(WrongField) as wrong:
            await standing_passes.give(house.site, worker(house, **how), "officer-1")
        assert wrong.value.field == field, how


async def test_who_is_kept_from_entering_gets_none(house: House) -> None:
    made = await standing_passes.give(house.site, worker(house), "officer-1")
    holder = house.site.directory.holders[made.paper.holder]
    ban = await bans.request(
        house.site, holder=holder.id, act=bans.BanAct.THEFT, ends_at=now(house, days=9), by="officer-1"
    )
    for leader in ("leader-1", "leader-2"):
        await bans.approve(house.site, ban.id, leader)

    assert await tap(house, made.value) == ("deny", "entry_banned")
    with pytest.raises(NotPossible) as refused:
        await standing_passes.give(house.site, worker(house), "officer-1")
    assert refused.value.code == "entry_banned"


async def test_a_visit_of_another_kind_does_not_change_who_holds_a_pass(house: House) -> None:
    made = await standing_passes.give(house.site, worker(house), "officer-1")

    with pytest.raises(NotPossible) as other:
        await visits.register(house.site, wanted(house, name="Guo Feng"), GUARD)

    assert other.value.code == "other_kind"
    assert house.site.directory.holders[made.paper.holder].kind is HolderKind.SUPPLIER
