"""The smaller parts of the core: windows, levels, the chain, quarantine."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.chain import EMPTY, GENESIS, Head, Link, first_break, link_hash, open_head, seal_head
from gateway.core.kinds import CredentialKind, Direction, HolderKind, Level, Profile
from gateway.core.leaving import is_egress, leaving_can_be_refused
from gateway.core.levels import changes_between, effective_level, order_in_force
from gateway.core.nouns import Request
from gateway.core.papers import (
    Authority,
    Belonging,
    BelongingKind,
    BelongingOutcome,
    Essential,
    Identification,
    IdentificationReason,
    Lack,
    LeaveSlip,
    Opening,
    OpeningKind,
    Oral,
    Order,
    OrderState,
    SlipReason,
    Visit,
    arrange,
    key_of,
)
from gateway.core.quarantine import Limits, Watch
from gateway.core.windows import DAY_MIN, WEEK_MIN, Window, is_open_at, utc_spans
from tests.core.campus import at, campus, world

# ---------------------------------------------------------------- windows

windows = st.builds(
    Window,
    from_min=st.integers(0, DAY_MIN - 1),
    to_min=st.integers(1, DAY_MIN),
    days=st.frozensets(st.integers(0, 6), min_size=1),
)


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts():
    friday_night = (Window(22 * 60, 6 * 60, frozenset({4})),)

    inside = [
        is_open_at(friday_night, datetime.fromisoformat(text))
        for text in (
            "2026-11-27T21:59:59",
            "2026-11-27T22:00",
            "2026-11-28T05:59:59",
            "2026-11-28T06:00",
            "2026-11-27T05:00",
        )
    ]

    assert inside == [False, True, True, False, False]


@given(st.lists(windows, min_size=1, max_size=3), st.integers(0, WEEK_MIN - 1), st.sampled_from([0, 480, -210, 345]))
def test_spans_in_utc_say_the_same_as_the_windows_on_the_local_clock(some, minute, offset):
    monday = datetime(2026, 11, 23)
    spans = utc_spans(some, offset)

    listed = any(start <= minute < end for start, end in spans)
    local = monday + timedelta(minutes=minute + offset)

    assert listed is is_open_at(some, local)
    assert all(0 <= start < end <= WEEK_MIN for start, end in spans)


@pytest.mark.parametrize("bad", [(-1, 10), (DAY_MIN, 10), (0, 0), (0, DAY_MIN + 1)])
def test_a_window_outside_a_day_cannot_be_made(bad):
    with pytest.raises(ValueError, match="within a day"):
        Window(*bad)


@pytest.mark.parametrize("days", [frozenset(), frozenset({7})])
def test_a_window_on_no_day_of_the_week_cannot_be_made(days):
    with pytest.raises(ValueError, match="at least one day"):
        Window(0, 60, days)


def test_hours_are_those_of_the_wall_clock_on_days_when_it_is_moved():
    berlin = ZoneInfo("Europe/Berlin")
    gate = (Window(5 * 60 + 30, 22 * 60 + 30),)
    before, after = (
        datetime.fromisoformat("2026-03-29T03:29:59+00:00"),
        datetime.fromisoformat("2026-03-29T03:30+00:00"),
    )

    assert not is_open_at(gate, before.astimezone(berlin))
    assert is_open_at(gate, after.astimezone(berlin))


# ---------------------------------------------------------------- levels


def test_the_strictest_order_in_force_on_the_zone_or_around_it_counts():
    orders = (
        Order("a", Level.L2, frozenset({"campus"}), at("08:00"), at("10:00")),
        Order("b", Level.L1, frozenset({"dorm-1"}), at("09:00")),
    )

    def level(zone: str, clock: str) -> Level:
        return effective_level(campus(), orders, zone, at(clock))

    assert [level("dorm-1", clock) for clock in ("07:59:59", "08:00", "09:00", "10:00")] == [
        Level.L3,
        Level.L2,
        Level.L1,
        Level.L1,
    ]
    assert [level("dorm-2", clock) for clock in ("09:00", "10:00")] == [Level.L2, Level.L3]
    assert level("site", "09:00") is Level.L3


def test_of_orders_of_one_level_a_real_one_counts_then_the_oldest():
    def order(number: str, clock: str, drill: bool = False) -> Order:
        return Order(number, Level.L2, frozenset({"site"}), at(clock), drill=drill)

    orders = (order("drill", "06:00", True), order("late", "08:00"), order("early", "07:00"))

    def counts(clock: str) -> str | None:
        found = order_in_force(campus(), orders, "dorm-1", at(clock))
        return None if found is None else found.id

    assert [counts(clock) for clock in ("05:59", "06:30", "07:30", "08:30")] == [None, "drill", "early", "early"]


def test_an_order_without_effect_does_not_show_in_the_timeline():
    orders = (
        Order("plan", Level.L2, frozenset({"site"}), at("08:00"), at("12:00")),
        Order("peak", Level.L1, frozenset({"campus"}), at("09:00"), at("10:00")),
        Order("weaker", Level.L2, frozenset({"dorm-1"}), at("09:10"), at("09:20")),
        Order("elsewhere", Level.L1, frozenset({"dorm-2"}), at("11:00")),
        Order("draft", Level.L1, frozenset({"site"}), at("08:30"), state=OrderState.REQUESTED),
    )

    timeline = changes_between(campus(), orders, "dorm-1", at("07:00"), at("23:00"))

    assert [(moment, level, order and order.id) for moment, level, order in timeline] == [
        (at("08:00"), Level.L2, "plan"),
        (at("09:00"), Level.L1, "peak"),
        (at("10:00"), Level.L2, "plan"),
        (at("12:00"), Level.L3, None),
    ]
    assert changes_between(campus(), orders, "dorm-1", at("08:00"), at("08:59")) == []


# ---------------------------------------------------------------- where leaving can be refused


@pytest.mark.parametrize(
    ("portal", "direction", "kind", "holder", "refusable"),
    [
        ("north-out", Direction.OUT, CredentialKind.CARD, "student", True),
        ("north-out", Direction.OUT, CredentialKind.CARD, None, True),
        ("north-out", Direction.OUT, CredentialKind.CARD, "gone", True),
        ("north-out", Direction.OUT, CredentialKind.CARD, "staff", False),
        ("north-out", Direction.OUT, CredentialKind.PLATE, "student", False),
        ("dorm-1-door", Direction.OUT, CredentialKind.CARD, "student", False),
        ("north-vehicle", Direction.OUT, CredentialKind.CARD, "student", False),
        ("gone", Direction.OUT, CredentialKind.CARD, "student", False),
    ],
)
def test_leaving_can_be_refused_to_a_schools_pupils_at_a_gate_and_nowhere_else(
    portal, direction, kind, holder, refusable
):
    request = Request(portal, direction, kind, "X")
    university = world(of=campus(Profile.UNIVERSITY))
    burning = replace(world(), fires=frozenset({"campus"}))

    assert leaving_can_be_refused(request, world(), holder) is refusable
    assert not leaving_can_be_refused(request, university, holder)
    assert not leaving_can_be_refused(request, burning, holder)


def test_only_leaving_is_egress():
    inwards = Request("dorm-1-door", Direction.IN, CredentialKind.CARD, "X")
    outwards = replace(inwards, direction=Direction.OUT)

    assert [is_egress(one, world()) for one in (inwards, outwards, replace(outwards, portal="gone"))] == [
        False,
        True,
        False,
    ]


# ---------------------------------------------------------------- papers


def test_only_papers_that_can_still_matter_are_laid_out():
    soon, later = at("08:00"), at("09:00")
    slip = LeaveSlip("s", "student", soon, later, SlipReason.OTHER, "u", soon)
    live = (slip, Order("o", Level.L2, frozenset({"site"}), soon), Essential("staff", "u", soon))
    over = (replace(slip, id="old", revoked_at=soon), Essential("student", "u", soon, later))

    papers = arrange({key_of(paper): paper for paper in (*live, *over)})

    assert set(papers.by_id.values()) == set(live)
    assert papers.slips == {"student": (slip,)}
    assert papers.essential == {"staff"}
    assert [order.id for order in papers.orders] == ["o"]


def test_an_order_is_kept_until_what_has_to_follow_has_followed():
    signed = Order("o", Level.L2, frozenset({"site"}), at("08:00"), document="1", signed_at=at("08:00"))
    unified = replace(signed, authority=Authority.UNIFIED)
    oral = replace(signed, document=None, oral=Oral("principal", "u", at("07:00")))

    assert signed.lacks == () and replace(signed, state=OrderState.REQUESTED, oral=oral.oral).lacks == ()
    assert unified.lacks == (Lack.COUNTERSIGNATURE,)
    assert oral.lacks == (Lack.CONFIRMATION, Lack.NUMBER)
    assert replace(oral, state=OrderState.REVOKED).is_live and not replace(signed, state=OrderState.REVOKED).is_live
    assert not replace(oral, state=OrderState.REVOKED).counts


def test_an_opening_matters_until_its_disposal_and_an_identification_never_again():
    opening = Opening("w", "north-in", OpeningKind.RESPONDER, "u", at("08:00"), at("08:15"))
    known = Identification("i", "staff", "north-in", IdentificationReason.LOST, "u", at("08:00"))

    assert [opening.is_live, replace(opening, disposed_at=at("08:10")).is_live, known.is_live] == [True, False, False]


# ---------------------------------------------------------------- the chain


def chain(bodies: list[str]) -> list[Link]:
    links, previous = [], GENESIS
    for seq, body in enumerate(bodies, 1):
        previous = link_hash(previous, seq, seq * 10, "decision", f"k{seq}", body)
        links.append(Link(seq, seq * 10, "decision", f"k{seq}", body, previous))
    return links


@given(st.lists(st.text(max_size=8), min_size=2, max_size=6), st.data())
def test_any_one_change_of_a_row_is_found_at_that_row(bodies, data):
    links = chain(bodies)
    number = data.draw(st.integers(0, len(links) - 1))
    old = links[number]
    column = data.draw(st.sampled_from(["at", "kind", "key", "body"]))
    new = {"at": old.at + 1, "kind": old.kind + "x", "key": None, "body": old.body + "x"}[column]
    links[number] = replace(old, **{column: new})

    found, head = first_break(links)

    assert found is not None and found.seq == number + 1
    assert head.count == number


def test_a_removed_a_swapped_and_a_whole_row_are_told_apart():
    links = chain(["a", "b", "c", "d"])

    assert first_break(links) == (None, Head(4, links[-1].hash))
    assert first_break([links[0], *links[2:]])[0].seq == 2
    assert first_break([links[0], links[2], links[1], links[3]])[0].seq == 2
    assert first_break([]) == (None, EMPTY)


def test_columns_cannot_lend_each_other_their_text():
    assert link_hash(GENESIS, 1, 1, "a", "b", "c") != link_hash(GENESIS, 1, 1, "a", "", "b\nc")
    assert link_hash(GENESIS, 1, 11, "a", None, "") != link_hash(GENESIS, 11, 1, "a", None, "")


@given(st.integers(0, 10**12), st.binary(min_size=32, max_size=32), st.integers(0, 190), st.characters(codec="ascii"))
def test_a_head_opens_only_whole_and_under_its_own_key(count, key, position, other):
    head = Head(count, "ab" * 32)
    line = seal_head(head, key)

    assert open_head(line, key) == head
    assert open_head(line, bytes(32) if key != bytes(32) else b"x" * 32) is None
    position %= len(line)
    if not other.isspace() and line[position] != other and not line[position].isspace():
        assert open_head(line[:position] + other + line[position + 1 :], key) is None


# ---------------------------------------------------------------- quarantine


def test_a_device_above_twenty_a_second_for_five_seconds_is_quarantined_until_a_calm_minute():
    watch, now = Watch(), 1_000.0
    began = None
    for message in range(400):
        now = 1_000.0 + message / 40
        if watch.message(now):
            began = now - 1_000.0
            break

    assert began == pytest.approx(5.0, abs=0.5), "twice the limit fills a bucket of five seconds in five seconds"
    assert watch.is_quarantined(now + 59) and not watch.is_quarantined(now + 61)


def test_a_device_at_its_limit_is_left_in_peace():
    watch = Watch()

    assert not any(watch.message(1_000.0 + n / 20) for n in range(2_000))
    assert not any(watch.message(2_000.0 + n / 250, event=True) for n in range(5_000))


def test_ten_unknown_cards_in_a_minute_are_too_many():
    slow, quick = Watch(), Watch()

    assert not any(slow.unknown_credential(100.0 + 7 * n) for n in range(30))
    assert [quick.unknown_credential(100.0 + n) for n in range(10)] == [False] * 9 + [True]


def test_an_operator_ends_a_quarantine_and_it_may_begin_again():
    watch, limits = Watch(), Limits(unknown_per_min=2)
    assert [watch.unknown_credential(1.0, limits), watch.unknown_credential(2.0, limits)] == [False, True]

    watch.end()

    assert not watch.is_quarantined(2.0)
    assert [watch.unknown_credential(3.0, limits), watch.unknown_credential(4.0, limits)] == [False, True]


# ---------------------------------------------------------------- what a visit says of itself


def test_what_was_declared_before_there_were_kinds_is_still_declared():
    knife = Belonging("knife", BelongingKind.WEAPON, BelongingOutcome.STAYS_OUTSIDE)
    visit = Visit("v", "h", HolderKind.VISITOR, None, frozenset(), at("08:00"), at("09:00"), "u", at("07:00"))

    declared = replace(visit, belongings=("two crates", knife)).declared

    assert declared == (Belonging("two crates"), knife)
    assert [one.kind.is_prohibited for one in declared] == [False, True]


def test_as_many_of_a_group_are_inside_as_were_counted_in_and_not_out():
    visit = Visit("v", "h", HolderKind.VISITOR, None, frozenset(), at("08:00"), at("09:00"), "u", at("07:00"))

    assert replace(visit, counted_in=12, counted_out=5).inside == 7
