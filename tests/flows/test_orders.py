"""Orders start and end on the second: while somebody looks, while nobody does, and over a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.core.kinds import Level
from gateway.core.levels import effective_level
from gateway.core.order_course import effect_of
from gateway.core.order_wish import Wish
from gateway.core.orders import Refused, Why
from gateway.core.papers import Authority, Oral, Order, OrderState
from gateway.core.rights import Right
from gateway.flows import alarms, clock_watch, directory_watch, level_changes, orders
from gateway.flows.changes import PaperFiled
from gateway.flows.level_changes import LevelKeeper
from gateway.flows.ports import Entry, Unit
from gateway.flows.sign_in import Who
from tests.flows.conftest import House
from tests.parts.locked import locked

ROLES = {
    "officer": frozenset({Right.REQUEST_ORDERS, Right.RECORD_UNIFIED_ORDERS}),
    "leader": frozenset({Right.REVOKE_ORDERS, Right.RAISE_ORALLY}),
    "principal": frozenset({Right.REVOKE_ORDERS, Right.RAISE_ORALLY, Right.SIGN_ORDERS}),
}


def who(role: str, number: int = 1) -> Who:
    return Who(f"{role}{number}", f"{role}-{number}", frozenset({role}), ROLES[role], "en")


OFFICER, LEADER, PRINCIPAL = who("officer"), who("leader"), who("principal")


class Office:
    """What the security office and the leaders do, in a house with its keeper of levels."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.keeper = LevelKeeper(house.site)

    def at(self, seconds: float) -> datetime:
        return self.house.clock.now() + timedelta(seconds=seconds)

    def wish(self, level: int = 2, start: float = 0, end: float | None = None, **how: Any) -> Wish:
        given = {"zones": ("campus",), "reason": "week", "document": "2026-1"} | how
        return Wish(level=level, starts_at=self.at(start), ends_at=None if end is None else self.at(end), **given)

    async def own(self, level: int = 2, start: float = 0, end: float | None = None, **how: Any) -> Order:
        """Requested and signed."""
        order = await orders.file(self.house.site, self.wish(level, start, end, **how), OFFICER)
        return await orders.sign(self.house.site, order.id, PRINCIPAL)

    async def unified(self, level: int = 2, start: float = 0, end: float | None = None, **how: Any) -> Order:
        how["authority"] = Authority.UNIFIED
        return await orders.file(self.house.site, self.wish(level, start, end, **how), OFFICER)

    async def go_on(self, seconds: float, looks: int = 1) -> None:
        for _ in range(looks):
            self.house.clock.go_on(seconds / looks)
            await self.keeper.look()

    async def restart(self, after_s: float = 0) -> None:
        self.keeper.close()
        await self.house.stop()
        self.house.clock.go_on(after_s)
        await self.house.start()
        self.keeper = LevelKeeper(self.house.site)
        await level_changes.begin(self.house.site)

    def level(self, zone: str = "dorm-1") -> int:
        site = self.house.site
        return int(effective_level(site.campus, site.world.orders, zone, site.clock.now(), site.trusted_until))

    def shown_level(self, device: str = "gate") -> int:
        return int(self.house.courier.posture(device).level)

    async def course(self, zone: str = "dorm-1") -> list[tuple[int, int]]:
        """The levels that the ledger tells of one zone, from and to."""
        return [(row["from"], row["to"]) for row in await self.house.rows("level_changed") if row["zone"] == zone]


@pytest.fixture
async def office(house: House) -> AsyncIterator[Office]:
    await directory_watch.take_over(house.site)
    made = Office(house)
    yield made
    made.keeper.close()


async def test_an_order_starts_and_ends_on_the_second(office: Office) -> None:
    order = await office.own(1, 10, 20)

    seen = []
    for _ in range(25):
        office.house.clock.go_on(1)
        seen.append(office.level())  # by the time alone, before anybody has looked
        await office.keeper.look()
        assert office.shown_level() == office.level(), "the devices follow in the same look"

    assert seen == [3] * 9 + [1] * 10 + [3] * 6
    assert await office.course() == [(3, 1), (1, 3)]
    (started,), (ended,) = await office.house.rows("order_started"), await office.house.rows("order_ended")
    assert (started["order"], started["due_at"]) == (order.id, _text(order.starts_at))
    assert (ended["due_at"], ended["early"]) == (_text(order.ends_at), False)
    assert (await orders.find(office.house.site, order.id)).state.value == "expired"


async def test_the_moment_itself_is_met_by_a_timer(office: Office) -> None:
    """Not by the beat: the device has its posture within a fraction of a second."""
    await office.own(1, 0.3)
    await office.keeper.look()
    office.house.clock.go_on(0.3)
    assert office.shown_level() == 3

    await asyncio.sleep(0.5)
    await office.house.settle()

    assert office.shown_level() == 1


async def test_a_machine_that_slept_carries_out_everything_that_was_due_in_its_order(office: Office) -> None:
    first = await office.own(2, 10, 20)
    second = await office.own(1, 30, 3_000)

    await office.go_on(100)

    assert office.level() == office.shown_level() == 1
    assert await office.course() == [(3, 2), (2, 3), (3, 1)]
    rows = [row for row in await office.house.all_rows() if row.kind in ("order_started", "order_ended")]
    assert [(row.kind, row.body["order"], row.body["due_at"]) for row in rows] == [
        ("order_started", first.id, _text(first.starts_at)),
        ("order_ended", first.id, _text(first.ends_at)),
        ("order_started", second.id, _text(second.starts_at)),
    ]
    assert {row.at for row in rows} == {office.house.clock.now()}, "and when it was noticed"


async def test_what_fell_due_while_the_gateway_was_down_is_carried_out_once(office: Office) -> None:
    await office.own(2, 10, 1_000)
    await office.go_on(20)

    await office.restart(after_s=2_000)
    assert office.level() == office.shown_level() == 3
    await office.restart()
    await office.go_on(5, looks=5)

    assert await office.course() == [(3, 2), (2, 3)]
    assert len(await office.house.rows("order_started")) == len(await office.house.rows("order_ended")) == 1


async def test_verdicts_follow_without_a_ledger_and_the_rows_come_later(office: Office) -> None:
    order = await office.own(1, 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(level_changes, "WITHIN_S", 0.2)
        with locked(office.house.folder.sqlite_file):
            office.house.clock.go_on(11)
            await office.keeper.look()
            assert office.level() == 1

    await asyncio.sleep(1.2)  # the writer has to find out that the database is back
    await office.go_on(1)

    assert [row["order"] for row in await office.house.rows("order_started")] == [order.id]
    assert office.shown_level() == 1


async def test_an_order_of_one_zone_leaves_the_others_alone(office: Office) -> None:
    await office.own(1, 0, zones=("dorm-1",))

    assert (office.level("dorm-1"), office.level("dorm-2"), office.level("campus")) == (1, 3, 3)
    assert (office.shown_level("door"), office.shown_level("gate")) == (1, 3)
    assert {row["zone"] for row in await office.house.rows("level_changed")} == {"dorm-1"}


async def test_the_strictest_of_several_holds_and_screens_hear_of_each_change(office: Office) -> None:
    heard = office.house.site.feed.subscribe()
    await office.unified(2, 0, 100)
    await office.own(1, 10, 20)

    await office.go_on(120, looks=12)

    assert await office.course() == [(3, 2), (2, 1), (1, 2), (2, 3)]
    events = [one.event for one in heard.take()]
    told = [(e["from"], e["to"]) for e in events if e["type"] == "level" and e["zone"] == "dorm-1"]
    assert told == [(3, 2), (2, 1), (1, 2), (2, 3)]
    heard.close()


async def test_a_drill_is_marked_and_a_real_order_of_the_same_level_makes_it_real(office: Office) -> None:
    await office.own(2, 0, 100, drill=True)
    assert office.house.courier.posture("gate").drill is True

    await office.own(2, 0, 50, document="2026-2")

    assert office.house.courier.posture("gate").drill is False
    marks = [row["drill"] for row in await office.house.rows("level_changed") if row["zone"] == "dorm-1"]
    assert marks == [True, False]


async def test_something_real_ends_every_drill_at_once(office: Office) -> None:
    drill = await office.own(1, 0, drill=True)
    real = await office.own(2, 0)

    ended = await orders.end_drills(office.house.site, "fire")

    assert [order.id for order in ended] == [drill.id]
    assert office.level() == office.shown_level() == 2
    (row,) = await office.house.rows("order_drill_ended")
    assert (row["order"], row["cause"]) == (drill.id, "fire")
    assert (await orders.find(office.house.site, real.id)).state.value == "signed"


async def test_a_drill_that_outlives_its_time_in_doubt_is_ended_by_something_real(office: Office) -> None:
    house = office.house
    await clock_watch.begin(house.site)
    drill = await office.own(1, 0, 3_600, drill=True)
    await leap(house, hours=2)
    assert office.level() == 1, "in doubt nothing ends by its time"

    ended = await orders.end_drills(house.site, "fire")

    assert [order.id for order in ended] == [drill.id]
    assert office.level() == 3


async def test_a_drill_that_somebody_else_ends_meanwhile_keeps_no_other_from_ending(office: Office) -> None:
    site = office.house.site
    drills = [await office.own(level, 0, drill=True) for level in (1, 2)]
    first = site.world.orders[0]
    assert first.id in {drill.id for drill in drills}
    # Another process has ended it: the running gateway looks once a second.
    over = replace(first, state=OrderState.REVOKED, revoked_by="boss", revoked_at=site.clock.now())
    entry = Entry("note", site.clock.now(), {})
    await site.ledger.commit(Unit((entry,), (PaperFiled(over),), directory=True))

    ended = await orders.end_drills(site, "fire")

    assert [order.id for order in ended] == [drill.id for drill in drills if drill.id != first.id]
    assert office.level() == 3


async def leap(house: House, hours: float) -> None:
    """The machine's clock leaps, and the gateway notices."""
    house.clock._now += timedelta(hours=hours)
    house.site.clock.now()
    await house.settle()
    assert house.site.trusted_until is not None


async def test_a_late_signature_starts_the_order_with_itself(office: Office) -> None:
    order = await orders.file(office.house.site, office.wish(2, 10, 100), OFFICER)
    await office.go_on(50)
    assert office.level() == 3

    signed = await orders.sign(office.house.site, order.id, PRINCIPAL)

    assert office.level() == 2
    (row,) = await office.house.rows("order_started")
    assert row["due_at"] == _text(signed.signed_at)


async def test_nobody_signs_what_is_over(office: Office) -> None:
    order = await orders.file(office.house.site, office.wish(2, 10, 20), OFFICER)
    await office.go_on(60)

    with pytest.raises(Refused) as refused:
        await orders.sign(office.house.site, order.id, PRINCIPAL)

    assert refused.value.why is Why.OVER and await office.house.rows("order_signed") == []


@pytest.mark.parametrize(
    "missing", ["countersignature is missing", "leader has not confirmed", "number is missing", "neither signed"]
)
async def test_what_has_to_follow_within_a_day_and_does_not_is_an_alarm(office: Office, missing: str) -> None:
    """And the order stands."""
    site = office.house.site
    oral = Oral("leader1", "officer1", office.at(0))
    if missing.startswith("neither"):
        order = await orders.file(site, office.wish(2, 3_600), OFFICER)
    elif missing.startswith("counter"):
        order = await office.unified(2)
    else:
        order = await orders.file(site, office.wish(2, document=None, oral=oral), OFFICER, LEADER)
        if missing.startswith("number"):
            await orders.confirm(site, order.id, LEADER)
        else:
            await orders.add_number(site, order.id, OFFICER, "2026-9")

    await office.go_on(3_590)
    assert (alarms.ORDER_OVERDUE, order.id) not in site.alarms.by_cause
    await office.go_on(23 * 3_600)
    await office.go_on(3_590)

    found = site.alarms.by_id[site.alarms.by_cause[alarms.ORDER_OVERDUE, order.id]]
    assert missing in found.detail and found.count == 1
    if not missing.startswith("neither"):
        assert office.level() == 2


async def test_the_alarm_passes_when_it_has_followed(office: Office) -> None:
    order = await office.unified(2)
    await office.go_on(25 * 3_600)

    await orders.countersign(office.house.site, order.id, PRINCIPAL)
    await office.go_on(1)

    assert {state for _, place, state in office.house.alarms if place == order.id} == {"returned"}


async def test_a_raise_for_one_night_is_confirmed_when_it_is_over(office: Office) -> None:
    site = office.house.site
    oral = Oral("leader1", "officer1", office.at(0), "8001")
    order = await orders.file(site, office.wish(1, 0, 3_600, document=None, oral=oral), OFFICER, LEADER)
    await office.go_on(8 * 3_600)
    await office.restart()

    confirmed = await orders.confirm(office.house.site, order.id, LEADER)

    assert confirmed.confirmed_by == LEADER.ref
    assert (await orders.add_number(office.house.site, order.id, OFFICER, "2026-3")).lacks == ()


async def test_the_first_of_two_waits_a_quarter_of_an_hour_for_the_second(office: Office) -> None:
    site = office.house.site
    order = await office.own(1)
    await orders.end_early(site, order.id, PRINCIPAL, "over")
    await office.go_on(16 * 60)

    again = await orders.end_early(site, order.id, LEADER, "over")
    assert (again.state.value, again.revoking_by, office.level()) == ("signed", LEADER.ref, 1)
    over = await orders.end_early(site, order.id, PRINCIPAL, "over")

    assert (over.state.value, office.level(), office.shown_level()) == ("revoked", 3, 3)


async def test_of_two_who_sign_at_once_one_has_signed(office: Office) -> None:
    order = await orders.file(office.house.site, office.wish(2), OFFICER)
    signing = [orders.sign(office.house.site, order.id, who("principal", n)) for n in range(1, 6)]

    done = await asyncio.gather(*signing, return_exceptions=True)

    assert sum(isinstance(one, Order) for one in done) == 1
    assert {one.why for one in done if isinstance(one, Refused)} == {Why.ALREADY_SIGNED}
    assert len(await office.house.rows("order_signed")) == 1


async def test_the_same_order_arriving_in_parallel_is_one(office: Office) -> None:
    same = office.wish(2)

    done = await asyncio.gather(*(orders.file(office.house.site, same, OFFICER) for _ in range(5)))

    assert len({order.id for order in done}) == 1
    assert len(await office.house.rows("order_requested")) == 1


async def test_an_order_without_effect_by_an_equal_one(office: Office) -> None:
    first = await office.own(2, 0, 100)
    second = await office.own(2, 10, 90, document="2026-2")
    third = await office.own(2, 10, 110, document="2026-3")

    site = office.house.site
    by = effect_of(site.campus, [first], second, site.clock.now())
    assert (by.raises, by.behind) == (False, (first.id,))
    assert effect_of(site.campus, [first, second], third, site.clock.now()).raises
    assert effect_of(site.campus, [first], second, site.clock.now()).why is not None
    assert Level(office.level()) is Level.L2


def _text(moment: datetime | None) -> str:
    assert moment is not None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
