"""A group's code at a reader: once for each on the list, together with the guard's count, and counted as they pass."""

from __future__ import annotations

from datetime import timedelta

from devices.messages import Direction as Way
from devices.messages import Passage
from gateway.core.kinds import Direction
from gateway.core.papers import BanAct, EntryBan, Member, VisitState
from gateway.core.rights import Right
from gateway.flows import delegations, visits
from gateway.flows.documents import DocumentKind, read_document
from gateway.flows.presenting import present
from tests.flows.conftest import House
from tests.flows.permits_house import GUARD, PASSPORTS, file, now, wanted
from tests.flows.test_delegations import NAMES, count, group
from tests.flows.test_occupancy import rewrite
from tests.flows.test_visit_lists import visit_of

IN, OUT = Direction.IN, Direction.OUT


async def here(house: House, size: int = 3) -> tuple[str, str]:
    """A group that is checked in, and what its code says."""
    made = await group(house, size)
    await visits.check_in(house.site, made.visit.id, True, "guard-1")
    assert made.pass_value is not None
    return made.visit.id, made.pass_value


async def walks(house: House, code: str, way: str = "in") -> str:
    """One of them shows the code and goes through if the reader says so; its reason."""
    hand = house.hand("gate" if way == "in" else "exit")
    await hand.status()
    tap, answer = await hand.tap(code, way, "qr")
    assert answer is not None
    if answer.action.value == "grant":
        await hand.event("passage", Passage(tap=tap, direction=Way(way)))
        await house.settle()
    return answer.reason


async def test_the_code_opens_once_for_each_of_them_and_counts_who_goes_through(house: House) -> None:
    id, code = await here(house)

    assert [await walks(house, code) for _ in range(4)] == ["ok", "ok", "ok", "pass_used_up"]
    assert (visit_of(house, id).inside, visit_of(house, id).state) == (3, VisitState.CHECKED_IN)
    assert [await walks(house, code, "out") for _ in range(2)] == ["ok", "ok"]
    assert visit_of(house, id).inside == 1
    counted = [row for row in await house.rows("permit") if row["step"] == "counted"]
    assert [row["inside"] for row in counted] == [1, 2, 3, 2, 1]

    await house.restart()

    assert await walks(house, code) == "pass_used_up"
    assert visit_of(house, id).inside == 1


async def test_code_and_count_together_let_in_no_more_than_the_list_has(house: House) -> None:
    id, code = await here(house, 4)

    await count(house, id, "north-in", IN, 3)
    for _ in range(3):
        await house.hand("gate").event("passage", Passage(tap=None, direction=Way.IN))
    await house.settle()
    assert visit_of(house, id).inside == 3  # counted by the guard, not once more by the gate

    assert [await walks(house, code), await walks(house, code)] == ["ok", "pass_used_up"]
    assert visit_of(house, id).inside == 4
    await count(house, id, "north-out", OUT, 4)
    assert (await count(house, id, "north-in", IN, 2)).inside == 2  # who comes back is counted by the guard
    assert await walks(house, code) == "pass_used_up"


async def test_everybody_of_a_group_takes_a_place_in_a_zone_that_holds_so_many(house: House) -> None:
    campus = "id: campus\n    kind: campus\n"
    await rewrite(house, (campus, f"{campus}    capacity: 3\n"))
    id, code = await here(house, 4)
    await count(house, id, "north-in", IN, 2)

    assert await walks(house, code) == "ok"
    assert await walks(house, code) == "zone_full"
    await house.hand("gate").status()
    answer = (await house.hand("gate").tap("STAFF1"))[1]
    assert answer is not None and answer.reason == "zone_full"


async def test_the_code_of_a_group_with_somebody_who_is_kept_from_entering_opens_nothing(house: House) -> None:
    document = read_document(house.site, DocumentKind.PASSPORT, PASSPORTS[1])
    listed = Member(NAMES[1], document.kind.value, document.ending, document.hash)
    known = await visits.register(house.site, wanted(house, number=PASSPORTS[1], name=NAMES[1]), GUARD)
    made = await delegations.register_group(
        house.site, wanted(house, members=(Member(NAMES[0]), listed, Member(NAMES[2]))), GUARD
    )
    await visits.check_in(house.site, made.visit.id, True, "guard-1")
    at = now(house)
    two = ("leader-1", "leader-2")
    until = at + timedelta(days=9)
    await file(house, EntryBan("b1", known.visit.holder, BanAct.THEFT, at, until, "officer-1", at, two))

    assert await walks(house, made.pass_value or "") == "entry_banned"
    shown = await present(
        house.site,
        portal="north-in",
        direction=IN,
        value=made.pass_value or "",
        by="guard-1",
        rights=frozenset({Right.ANSWER_WAITING}),
        confirmed=True,
    )
    assert (shown.done.reason, visit_of(house, made.visit.id).inside) == ("entry_banned", 0)
