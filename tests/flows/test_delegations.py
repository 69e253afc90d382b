"""A group with one registration: judged as its kind, counted by a guard, one record for each count."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.messages import Direction as Way
from devices.messages import Passage
from gateway.core.kinds import Direction, HolderKind, Level
from gateway.core.papers import Member, Visit, VisitState
from gateway.flows import bans, delegations, permits, visit_ends, visit_lists, visits
from gateway.flows.delegations import _fewer_inside, _more_inside
from gateway.flows.documents import DocumentKind, read_document
from gateway.flows.permits import NoSuchPermit, NotPossible, WrongField
from gateway.flows.ports import LedgerUnavailable
from tests.core.campus import PORTALS, at
from tests.flows.conftest import House
from tests.flows.permits_house import GUARD, PASSPORTS, level, now, wanted
from tests.flows.test_occupancy import rewrite
from tests.flows.test_visit_lists import events, visit_of

IN, OUT = Direction.IN, Direction.OUT
NAMES = ("Anna Berg", "Bo Lind", "Cai Wu", "Dai Lin", "Eva Holm", "Fei Xu")


async def group(house: House, size: int = 6, **how: Any) -> visits.Registered:
    members = tuple(Member(name) for name in NAMES[:size])
    made = await delegations.register_group(house.site, wanted(house, members=members, **how), GUARD)
    for name in ("gate", "exit"):
        await house.hand(name).status()
    return made


async def here(house: House, **how: Any) -> str:
    made = await group(house, **how)
    await visits.check_in(house.site, made.visit.id, True, "guard-1")
    return made.visit.id


async def count(house: House, id: str, portal: str, direction: Direction, number: int) -> Visit:
    return await delegations.count(house.site, id, portal, direction, number, "guard-1")


async def test_a_group_is_one_registration_counted_in_and_out_with_one_record_each(house: House) -> None:
    id = await here(house)
    before = len(house.courier.commands("gate"))

    four = await count(house, id, "north-in", IN, 4)
    two = await count(house, id, "north-in", IN, 2)
    left = await count(house, id, "north-out", OUT, 5)

    assert (four.inside, two.inside, left.inside) == (4, 6, 1)
    assert [c.action.value for c in house.courier.commands("gate")[before:]] == ["grant", "grant"]
    decisions = [row for row in await house.rows("decision") if row.get("by_hand") == "group"]
    assert [(row["outcome"], row["count"], row["direction"]) for row in decisions] == [
        ("grant", 4, "in"),
        ("grant", 2, "in"),
        ("grant", 5, "out"),
    ]
    assert [row["step"] for row in await house.rows("permit")] == ["registered", "checked_in", *["counted"] * 3]
    ledger = str([row.body for row in await house.all_rows()])
    assert not any(name in ledger for name in NAMES)


async def test_never_more_than_the_list_and_never_fewer_than_none(house: House) -> None:
    id = await here(house)
    await count(house, id, "north-in", IN, 4)

    with pytest.raises(NotPossible) as many:
        await count(house, id, "north-in", IN, 3)
    with pytest.raises(NotPossible) as few:
        await count(house, id, "north-out", OUT, 5)

    assert (many.value.code, few.value.code) == ("too_many_in", "too_many_out")
    assert visit_of(house, id).inside == 4


@settings(max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 8)), max_size=30))
def test_whatever_is_counted_the_number_inside_stays_between_none_and_all(steps: list[tuple[bool, int]]) -> None:
    visit = Visit(
        "v",
        "h",
        HolderKind.VISITOR,
        None,
        frozenset(),
        at("08:00"),
        at("18:00"),
        "u",
        at("07:00"),
        members=tuple(Member(name) for name in NAMES),
    )
    inside = 0
    for way_in, number in steps:
        fits = inside + number <= len(NAMES) if way_in else number <= inside
        try:
            gate = PORTALS["north-in"]
            visit = _more_inside(visit, number, gate, at("09:00")) if way_in else _fewer_inside(visit, number)
        except NotPossible:
            assert not fits
        else:
            assert fits
            inside += number if way_in else -number
        assert visit.inside == inside


async def test_the_entry_of_a_group_is_judged_for_its_kind_at_the_level_in_force(house: House) -> None:
    id = (await group(house)).visit.id
    with pytest.raises(NotPossible) as unseen:
        await count(house, id, "north-in", IN, 2)
    assert (unseen.value.code, str(unseen.value)) == ("refused", "document_not_seen")
    await visits.check_in(house.site, id, True, "guard-1")
    await level(house, Level.L1)

    with pytest.raises(NotPossible) as refused:
        await count(house, id, "north-in", IN, 2)
    assert "level_refuses" in str(refused.value)
    assert visit_of(house, id).inside == 0
    denied = [row for row in await house.rows("decision") if row["outcome"] == "deny"]
    assert [(row["reason"], row["count"]) for row in denied] == [("document_not_seen", 2), ("level_refuses", 2)]


async def test_who_leaves_is_counted_at_every_level_and_where_no_device_answers(house: House) -> None:
    id = await here(house)
    await count(house, id, "north-in", IN, 6)
    await level(house, Level.L1)

    assert (await count(house, id, "north-out", OUT, 2)).inside == 4
    assert (await count(house, id, "south-out", OUT, 3)).inside == 1  # nothing stands there that could open
    with pytest.raises(NotPossible):
        await count(house, id, "south-in", IN, 1)
    with pytest.raises(WrongField):
        await count(house, id, "dorm-1-door", IN, 1)


async def test_the_passages_of_a_group_make_nobody_else_uncertain(house: House) -> None:
    id = await here(house)
    await count(house, id, "north-in", IN, 3)
    single = await visits.register(house.site, wanted(house, number=PASSPORTS[1]), GUARD)
    await visits.check_in(house.site, single.visit.id, True, "guard-1")
    hand = house.hand("gate")
    await hand.status()
    tap, _ = await hand.tap(single.pass_value or "", "in", "qr")
    await hand.event("passage", Passage(tap=tap, direction=Way.IN))
    house.clock.go_on(60)

    await count(house, id, "north-out", OUT, 3)
    out = house.hand("exit")
    await out.status()
    for _ in range(3):
        await out.event("passage", Passage(tap=None, direction=Way.OUT))
    await house.settle()

    assert await house.rows("presence_uncertain") == []
    assert visit_of(house, id).state is VisitState.CHECKED_IN


async def test_a_group_stands_in_the_lists_with_its_count_and_overstays_as_visits_do(house: House) -> None:
    watching = house.site.feed.subscribe()
    id = await here(house)
    await count(house, id, "north-in", IN, 5)
    told = events(watching, "visit")
    assert (told[-1]["change"], told[-1]["row"]["count"], told[-1]["row"]["members"]) == ("counted", 5, 6)
    watching.close()
    house.clock.go_on(2 * 3_600 + 16 * 60)
    watch = visit_ends.VisitWatch(house.site)

    await watch.look()
    found = await visit_lists.day(house.site, "north", house.clock.now())
    assert [row.visit.id for row in found.overstays] == [id]

    await count(house, id, "north-out", OUT, 5)
    house.clock.set(22, 31)
    for _ in range(3):
        await watch.look()
    kept = await house.site.archive.paper(Visit.paper, id)
    assert isinstance(kept, Visit) and kept.state is VisitState.CHECKED_OUT


async def test_a_group_has_at_least_two_and_a_visit_of_one_is_no_group(house: House) -> None:
    with pytest.raises(WrongField) as alone:
        await group(house, 1)
    assert alone.value.field == "members"
    single = await visits.register(house.site, wanted(house), GUARD)
    with pytest.raises(NoSuchPermit):
        await count(house, single.visit.id, "north-in", IN, 1)


async def test_the_same_list_under_the_same_key_is_one_group(house: House) -> None:
    asked = wanted(house, members=tuple(Member(name) for name in NAMES))
    first = await delegations.register_group(house.site, asked, GUARD, "g" * 20)
    again = await delegations.register_group(house.site, asked, GUARD, "g" * 20)
    assert first.visit.id == again.visit.id
    other = wanted(house, members=tuple(Member(name) for name in NAMES[:3]))
    with pytest.raises(NotPossible) as used:
        await delegations.register_group(house.site, other, GUARD, "g" * 20)
    assert used.value.code == "key_used"


# ---------------------------------------------------------------- two guards, and one touch sent twice


async def test_two_guards_who_count_out_at_once_count_all_of_them(house: House) -> None:
    id = await here(house)
    await count(house, id, "north-in", IN, 6)

    await asyncio.gather(count(house, id, "north-out", OUT, 3), count(house, id, "south-out", OUT, 3))

    assert (visit_of(house, id).counted_out, visit_of(house, id).inside) == (6, 0)
    rows = [row for row in await house.rows("permit") if row["step"] == "counted"]
    assert [row["inside"] for row in rows] == [6, 3, 0]


async def test_the_same_people_counted_out_by_two_guards_leave_nobody_less_than_none(house: House) -> None:
    id = await here(house)
    await count(house, id, "north-in", IN, 6)

    await asyncio.gather(count(house, id, "north-out", OUT, 5), count(house, id, "south-out", OUT, 5))

    assert visit_of(house, id).inside == 0


async def test_a_group_that_somebody_checks_out_while_it_is_counted_stays_checked_out(house: House) -> None:
    id = await here(house)
    await count(house, id, "north-in", IN, 6)
    opened = len(house.courier.commands("exit"))

    counted, _ = await asyncio.gather(
        count(house, id, "north-out", OUT, 3), visits.check_out(house.site, id, "guard-2")
    )

    kept = await house.site.archive.paper(Visit.paper, id)
    assert isinstance(kept, Visit) and kept.state is VisitState.CHECKED_OUT and kept.checked_out_at is not None
    assert counted.id == id and len(house.courier.commands("exit")) == opened + 1
    with pytest.raises(NoSuchPermit):
        delegations.group(house.site, id)


@pytest.mark.parametrize(("portal", "way"), [("north-in", IN), ("north-out", OUT)])
async def test_one_touch_that_is_sent_twice_counts_once(house: House, portal: str, way: Direction) -> None:
    id, key = await here(house), "touch-0123456789"
    before = 6 if way is OUT else 0
    if before:
        await count(house, id, "north-in", IN, before)

    both = await asyncio.gather(*(delegations.count(house.site, id, portal, way, 6, "guard-1", key) for _ in range(2)))
    again = await delegations.count(house.site, id, portal, way, 6, "guard-1", key)

    assert [one.inside for one in (*both, again)] == [6 - before] * 3
    decisions = [row for row in await house.rows("decision") if row.get("by_hand") == "group"]
    assert [row["direction"] for row in decisions].count(way.value) == 1
    with pytest.raises(NotPossible) as other:
        await delegations.count(house.site, id, portal, way, 1, "guard-1", key)
    assert other.value.code == "key_used"


async def test_a_refused_touch_is_judged_anew_when_it_is_sent_again(house: House) -> None:
    id, key = (await group(house)).visit.id, "touch-0123456789"
    for _ in range(2):
        with pytest.raises(NotPossible) as unseen:
            await delegations.count(house.site, id, "north-in", IN, 2, "guard-1", key)
        assert unseen.value.code == "refused"
    await visits.check_in(house.site, id, True, "guard-1")

    assert (await delegations.count(house.site, id, "north-in", IN, 2, "guard-1", key)).inside == 2


# ---------------------------------------------------------------- who may not come in


async def test_nobody_comes_in_with_a_group_of_which_one_is_kept_from_entering(house: House) -> None:
    single = await visits.register(house.site, wanted(house, number=PASSPORTS[1]), GUARD)
    known = house.site.directory.holders[single.visit.holder]
    await visits.cancel(house.site, single.visit.id, "guard-1")
    passport = read_document(house.site, DocumentKind.PASSPORT, PASSPORTS[1])
    members = (Member("Anna Berg"), Member("B", passport.kind.value, passport.ending, passport.hash), Member("C"))
    made = await delegations.register_group(house.site, wanted(house, members=members), GUARD)
    for name in ("gate", "exit"):
        await house.hand(name).status()
    await visits.check_in(house.site, made.visit.id, True, "guard-1")
    await count(house, made.visit.id, "north-in", IN, 1)
    ban = await bans.request(
        house.site, holder=known.id, act=bans.BanAct.THREAT, ends_at=now(house, days=9), by="officer-1"
    )
    for leader in ("leader-1", "leader-2"):
        await bans.approve(house.site, ban.id, leader)
    opened = len(house.courier.commands("gate"))

    with pytest.raises(NotPossible) as counted:
        await count(house, made.visit.id, "north-in", IN, 2)
    with pytest.raises(NotPossible) as registered:
        await delegations.register_group(house.site, wanted(house, members=members), GUARD)

    assert counted.value.code == registered.value.code == "entry_banned"
    assert len(house.courier.commands("gate")) == opened
    row = (await house.rows("decision"))[-1]
    assert (row["outcome"], row["reason"], row["member"]) == ("deny", "entry_banned", known.ref)
    assert (await count(house, made.visit.id, "north-out", OUT, 1)).inside == 0


async def test_a_group_does_not_fit_where_fewer_may_come_in(house: House) -> None:
    campus = "id: campus\n    kind: campus\n"
    await rewrite(house, (campus, f"{campus}    capacity: 4\n"))
    id = await here(house)
    await count(house, id, "north-in", IN, 3)

    with pytest.raises(NotPossible) as full:
        await count(house, id, "north-in", IN, 2)
    assert (full.value.code, str(full.value)) == ("refused", "zone_full")
    assert (await count(house, id, "north-in", IN, 1)).inside == 4


async def test_without_the_ledger_who_leaves_is_let_out_and_counted_when_it_is_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await here(house)
    await count(house, id, "north-in", IN, 5)
    opened, entered = (len(house.courier.commands(name)) for name in ("exit", "gate"))
    house.give_up_soon()
    monkeypatch.setattr(delegations, "AGAIN_S", 0.05)
    monkeypatch.setattr(permits, "WITHIN_S", 0.1)
    lock = sqlite3.connect(house.folder.sqlite_file, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    try:
        told = await count(house, id, "north-out", OUT, 4)
        with pytest.raises(LedgerUnavailable):
            await count(house, id, "north-in", IN, 1)
    finally:
        lock.execute("ROLLBACK")
        lock.close()

    assert (told.inside, len(house.courier.commands("exit"))) == (1, opened + 1)
    for _ in range(200):
        if visit_of(house, id).counted_out:
            break
        await asyncio.sleep(0.05)
    counts = [(row["direction"], row["count"]) for row in await house.rows("permit") if row["step"] == "counted"]
    # Who comes in may be on record though the word came too late to open, if the ledger came back at that very moment.
    assert [one for one in counts if one != ("in", 1)] == [("in", 5), ("out", 4)]
    visit = visit_of(house, id)
    assert (visit.counted_in, visit.counted_out) == (5 + counts.count(("in", 1)), 4)
    assert len(house.courier.commands("gate")) == entered
