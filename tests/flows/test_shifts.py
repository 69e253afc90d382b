"""A post is handed over by two signatures, and one that nobody took over is noticed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.kinds import Level
from gateway.core.nouns import Item, Label
from gateway.core.papers import ShiftState, Side
from gateway.core.posts import open_since, within
from gateway.core.windows import Window
from gateway.flows import alarm_acts, alarms, calls, gate_help, shifts
from gateway.flows.permits import NotPossible, NotYours, WrongField
from gateway.flows.shift_watch import ShiftWatch
from gateway.flows.shifts import Count, Signer
from tests.flows.conftest import House

KEYS = Item("keys", Label("Keys", "钥匙"), 12)
RADIOS = Item("radios", Label("Radios", "对讲机"), 2)
ALL_THERE = [Count("keys", 12), Count("radios", 2)]
DAY = Window(360, 1320)


def equip(house: House, **changes) -> None:
    """The north gate's post has things to count, and whatever a test wants beside."""
    campus = house.site.campus
    posts = tuple(
        replace(post, inventory=(KEYS, RADIOS), **changes) if post.id == "north-gate" else post for post in campus.posts
    )
    house.site.campus = replace(campus, posts=posts)


@pytest.fixture
async def gate(house: House) -> House:
    equip(house)
    return house


async def taken_over(house: House, guard: str, witness: str = "operator-1") -> str:
    """Somebody has the post, the one before them being absent."""
    shift = await shifts.take_over(house.site, "north-gate", ALL_THERE, "", True, guard)
    await shifts.sign(house.site, shift.id, Side.INCOMING, Signer(guard, True))
    await shifts.sign(house.site, shift.id, Side.WITNESS, Signer(witness))
    return shift.id


async def test_a_post_is_handed_over_when_both_have_signed(gate: House) -> None:
    first = await taken_over(gate, "guard-1")
    begun = await shifts.take_over(gate.site, "north-gate", ALL_THERE, "the lamp is broken", False, "guard-1")
    assert (begun.state, begun.outgoing, begun.lacks) == (
        ShiftState.HANDING_OVER,
        "guard-1",
        (Side.OUTGOING, Side.INCOMING),
    )

    half = await shifts.sign(gate.site, begun.id, Side.OUTGOING, Signer("guard-1"))
    assert half.state is ShiftState.HANDING_OVER
    assert shifts.current(gate.site.directory, "north-gate").id == first
    whole = await shifts.sign(gate.site, begun.id, Side.INCOMING, Signer("guard-2", True))

    assert (whole.state, whole.guard) == (ShiftState.RUNNING, "guard-2")
    over = await shifts.last(gate.site, "north-gate")
    assert (over.id, over.ended_by, over.ended_at) == (first, "guard-1", whole.taken_over_at)
    assert await gate.site.archive.note(whole.note) == "the lamp is broken"


async def test_it_is_still_so_after_a_restart(gate: House) -> None:
    id = await taken_over(gate, "guard-1")

    await gate.restart()

    found = shifts.current(gate.site.directory, "north-gate")
    assert (found.id, found.guard, found.signatures[Side.INCOMING].card) == (id, "guard-1", True)


async def test_nobody_signs_for_both_sides(gate: House) -> None:
    await taken_over(gate, "guard-1")
    begun = await shifts.take_over(gate.site, "north-gate", ALL_THERE, "", False, "guard-1")
    await shifts.sign(gate.site, begun.id, Side.OUTGOING, Signer("guard-1"))

    with pytest.raises(NotYours):
        await shifts.sign(gate.site, begun.id, Side.INCOMING, Signer("guard-1", True))
    await shifts.withdraw(gate.site, begun.id, "guard-1")
    absent = await shifts.take_over(gate.site, "north-gate", ALL_THERE, "", True, "guard-2")
    await shifts.sign(gate.site, absent.id, Side.INCOMING, Signer("guard-2"))
    with pytest.raises(NotYours):
        await shifts.sign(gate.site, absent.id, Side.WITNESS, Signer("guard-2", True))

    assert shifts.current(gate.site.directory, "north-gate").guard == "guard-1"


async def test_only_whoever_has_the_post_hands_it_over(gate: House) -> None:
    await taken_over(gate, "guard-1")
    begun = await shifts.take_over(gate.site, "north-gate", ALL_THERE, "", False, "guard-2")

    with pytest.raises(NotYours):
        await shifts.sign(gate.site, begun.id, Side.OUTGOING, Signer("guard-3"))
    with pytest.raises(NotPossible):
        await shifts.sign(gate.site, begun.id, Side.WITNESS, Signer("guard-3"))


async def test_where_the_one_who_leaves_is_absent_a_witness_signs_and_the_paper_says_so(gate: House) -> None:
    first = await taken_over(gate, "guard-1")

    begun = await shifts.take_over(gate.site, "north-gate", ALL_THERE, "", True, "guard-2")
    with pytest.raises(NotPossible):
        await shifts.sign(gate.site, begun.id, Side.OUTGOING, Signer("guard-1"))
    await shifts.sign(gate.site, begun.id, Side.INCOMING, Signer("guard-2"))
    whole = await shifts.sign(gate.site, begun.id, Side.WITNESS, Signer("operator-1"))

    assert whole.absent and whole.state is ShiftState.RUNNING
    over = await shifts.last(gate.site, "north-gate")
    assert (over.id, over.ended_by) == (first, None)


async def test_of_two_who_take_over_at_once_one_wins_and_the_other_hears_it(gate: House) -> None:
    tries = [shifts.take_over(gate.site, "north-gate", ALL_THERE, "", True, f"guard-{n}") for n in (1, 2)]
    done = await asyncio.gather(*tries, return_exceptions=True)

    won = [one for one in done if not isinstance(one, BaseException)]
    lost = [one for one in done if isinstance(one, NotPossible)]
    assert (len(won), len(lost)) == (1, 1) and lost[0].code == "handing_over"
    assert shifts.handing_over(gate.site.directory, "north-gate").id == won[0].id


async def test_a_hand_over_that_nobody_signed_stands_in_nobodys_way(gate: House) -> None:
    left = await shifts.take_over(gate.site, "north-gate", ALL_THERE, "", True, "guard-1")
    gate.clock.go_on(15 * 60)

    begun = await shifts.take_over(gate.site, "north-gate", ALL_THERE, "", True, "guard-2")

    assert shifts.handing_over(gate.site.directory, "north-gate").id == begun.id
    kept = await gate.site.archive.paper(left.paper, left.id)
    assert kept.state is ShiftState.WITHDRAWN


async def test_two_signatures_for_one_side_at_once_are_one(gate: House) -> None:
    begun = await shifts.take_over(gate.site, "north-gate", ALL_THERE, "", True, "guard-1")

    tries = [shifts.sign(gate.site, begun.id, Side.INCOMING, Signer(f"guard-{n}")) for n in (1, 2)]
    done = await asyncio.gather(*tries, return_exceptions=True)

    assert sorted(type(one).__name__ for one in done) == ["NotPossible", "Shift"]


WRONG = [
    ([Count("keys", 12)], "counts"),
    ([Count("keys", 12), Count("radios", 2), Count("keys", 12)], "counts[2].item"),
    ([Count("keys", 12), Count("swords", 2)], "counts[1].item"),
    ([Count("keys", 11), Count("radios", 2)], "counts[0].note"),
    ([Count("keys", 12), Count("radios", 3, "  ")], "counts[1].note"),
]


async def test_what_is_counted_must_be_what_lies_there(gate: House) -> None:
    for counts, field in WRONG:
        with pytest.raises(WrongField) as wrong:
            await shifts.take_over(gate.site, "north-gate", counts, "", True, "guard-1")
        assert wrong.value.field == field


async def test_a_difference_stands_in_the_row_and_its_word_in_a_note(gate: House) -> None:
    counts = [Count("keys", 11, "Li Na has one"), Count("radios", 2)]
    shift = await shifts.take_over(gate.site, "north-gate", counts, "", True, "guard-1")

    (row,) = await gate.rows("permit")
    assert row["differences"] == [{"item": "keys", "expected": 12, "count": 11}] and "Li Na" not in str(row)
    assert await gate.site.archive.note(shift.inventory[0].note) == "Li Na has one"


async def test_what_is_open_is_on_the_paper(gate: House) -> None:
    await alarms.raise_alarm(gate.site, alarms.FORCED_DOOR, "north-in")
    await alarms.raise_alarm(gate.site, alarms.FORCED_DOOR, "dorm-1-door")
    await gate_help.panic(gate.site, "north", "guard-9")
    await calls.record(gate.site, "north", "police", "calling", "guard-1")

    shift = await shifts.take_over(gate.site, "north-gate", ALL_THERE, "", True, "guard-1")

    # The silent call is nobody's business at the gate.
    assert (shift.open.alarms, shift.open.calls, shift.open.level) == (1, 1, 3)
    assert shift.open.devices_down == 4


async def test_whoever_leaves_an_empty_post_needs_a_witness_and_the_control_room_none(gate: House) -> None:
    id = await taken_over(gate, "guard-1")
    with pytest.raises(NotPossible):
        await shifts.end(gate.site, id, "", "guard-1", None)
    with pytest.raises(NotYours):
        await shifts.end(gate.site, id, "", "guard-1", "guard-1")
    with pytest.raises(NotYours):
        await shifts.end(gate.site, id, "", "guard-2", "guard-3")

    ended = await shifts.end(gate.site, id, "gate closed", "guard-1", "operator-1")

    assert (ended.state, ended.ended_by, ended.end_witness) == (ShiftState.ENDED, "guard-1", "operator-1")
    other = await taken_over(gate, "guard-2")
    assert (await shifts.end(gate.site, other, "", "operator-1", None, for_others=True)).state is ShiftState.ENDED


# ---------------------------------------------------------------- a post that nobody has


def unmanned(house: House) -> list[str]:
    return [state for condition, _, state in house.alarms if condition == alarms.POST_UNMANNED]


async def look(house: House, watch: ShiftWatch, minutes: float) -> None:
    house.clock.go_on(minutes * 60)
    await watch.look()
    await house.settle()


async def test_a_post_that_nobody_took_over_raises_one_alarm_and_taking_over_ends_it(house: House) -> None:
    equip(house, sign_on_within_min=10)
    watch = ShiftWatch(house.site)
    await watch.look()

    await look(house, watch, 9)
    assert unmanned(house) == []
    for _ in range(30):
        await look(house, watch, 0.5)
    assert unmanned(house) == ["unacknowledged"]
    (alarm,) = house.site.alarms.by_id.values()
    assert (alarm.place, alarm.count) == ("north-gate", 1)

    begun = await shifts.take_over(house.site, "north-gate", ALL_THERE, "", True, "guard-1")
    await look(house, watch, 1)
    assert unmanned(house) == ["unacknowledged"]
    await shifts.sign(house.site, begun.id, Side.INCOMING, Signer("guard-1"))
    assert unmanned(house) == ["returned"]


async def test_the_minutes_count_from_the_end_of_the_last_shift_also_over_a_restart(house: House) -> None:
    equip(house, sign_on_within_min=10)
    id = await taken_over(house, "guard-1")
    watch = ShiftWatch(house.site)
    await look(house, watch, 60)
    assert unmanned(house) == []
    await shifts.end(house.site, id, "", "guard-1", "operator-1")
    await look(house, watch, 6)

    await house.restart()
    equip(house, sign_on_within_min=10)
    watch = ShiftWatch(house.site)
    await watch.look()
    assert unmanned(house) == []
    await look(house, watch, 4)

    assert unmanned(house) == ["unacknowledged"]


async def test_outside_its_windows_a_post_may_be_empty(house: House) -> None:
    equip(house, sign_on_within_min=10, windows=(DAY,))
    watch = ShiftWatch(house.site)
    house.clock.set(22, 30)
    for _ in range(3):
        await look(house, watch, 60)
    assert unmanned(house) == []

    await look(house, watch, 4 * 60 + 35)  # five past six
    assert unmanned(house) == []
    await look(house, watch, 6)
    assert unmanned(house) == ["unacknowledged"]


async def test_one_that_a_person_closed_comes_again_only_after_half_an_hour(house: House) -> None:
    equip(house, sign_on_within_min=10)
    watch = ShiftWatch(house.site)
    await watch.look()
    await look(house, watch, 11)
    (alarm,) = house.site.alarms.by_id.values()
    await alarm_acts.close(house.site, alarm.id, "handled", "operator-1")

    await look(house, watch, 20)
    assert unmanned(house) == []
    await look(house, watch, 11)
    assert unmanned(house) == ["unacknowledged"]


async def test_nothing_is_raised_while_the_clock_is_suspect_or_where_nobody_asked_for_it(house: House) -> None:
    watch = ShiftWatch(house.site)
    await watch.look()
    await look(house, watch, 600)
    assert unmanned(house) == []

    equip(house, sign_on_within_min=10)
    watch = ShiftWatch(house.site)
    await watch.look()
    house.site.trusted_until = house.clock.now()
    await look(house, watch, 600)
    assert unmanned(house) == []


@pytest.mark.parametrize(
    ("minutes", "level", "left"), [(10, Level.L3, 10), (10, Level.L2, 5), (10, Level.L1, 2), (1, Level.L2, 1)]
)
def test_a_stricter_level_leaves_less_time(minutes, level, left) -> None:
    assert within(minutes, level) == timedelta(minutes=left)


@pytest.mark.parametrize(
    ("windows", "local", "opened"),
    [
        ((Window(360, 1320),), datetime(2026, 11, 23, 8, 0), datetime(2026, 11, 23, 6, 0)),
        ((Window(360, 1320),), datetime(2026, 11, 23, 5, 59), None),
        ((Window(1320, 360),), datetime(2026, 11, 23, 1, 0), datetime(2026, 11, 22, 22, 0)),
        ((Window(1320, 360),), datetime(2026, 11, 29, 23, 0), datetime(2026, 11, 29, 22, 0)),
        ((Window(360, 720), Window(700, 1320)), datetime(2026, 11, 23, 13, 0), datetime(2026, 11, 23, 6, 0)),
        (None, datetime(2026, 11, 23, 8, 0), datetime(2026, 11, 16, 8, 0)),
    ],
)
def test_since_when_a_window_is_open(windows, local, opened) -> None:
    local = local.replace(tzinfo=UTC)

    assert open_since(windows, local) == (None if opened is None else opened.replace(tzinfo=UTC))
