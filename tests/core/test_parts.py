"""The smaller parts of the core: windows, levels, the chain, quarantine, the list of a lone device."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.chain import EMPTY, GENESIS, Head, Link, first_break, link_hash, open_head, seal_head
from gateway.core.decide import decide
from gateway.core.levels import effective_level
from gateway.core.lone_list import lone_entries
from gateway.core.nouns import CredentialState, Direction, Level, Order, Outcome
from gateway.core.quarantine import Limits, Watch
from gateway.core.windows import DAY_MIN, WEEK_MIN, Window, is_open_at, utc_spans
from tests.core.campus import SHANGHAI, at, campus, card, tap, world

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
    from dataclasses import replace

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


# ---------------------------------------------------------------- what a lone device may do


@given(
    st.sampled_from(["north-in", "north-out", "north-vehicle", "dorm-1-door", "dorm-2-door", "control-room-door"]),
    st.sampled_from(["staff", "student", "boarder", "security"]),
    st.sampled_from(CredentialState),
    st.sampled_from(Direction),
    st.integers(0, WEEK_MIN - 1),
)
def test_a_list_never_lets_in_whom_the_decision_would_not(portal, who, state, direction, minute):
    there = world(card(who, state))
    now = at("00:00") + timedelta(minutes=minute)
    local = now.astimezone(SHANGHAI)

    listed = any(
        entry.credential.holder == who and direction in entry.directions and is_open_at(entry.windows, local)
        for entry in lone_entries(there.campus, there.directory, there.campus.portals[portal])
    )

    if listed:
        assert decide(tap(portal, who, direction), there, now).outcome is Outcome.GRANT


def test_a_list_names_cards_only_and_whom_it_should():
    there = world(card("student", CredentialState.LOST))

    def listed(portal: str) -> set[tuple[str, str]]:
        entries = lone_entries(there.campus, there.directory, there.campus.portals[portal])
        return {(entry.credential.holder, entry.directions[0].value) for entry in entries}

    assert listed("north-in") == {("staff", "in"), ("boarder", "in"), ("security", "in")}
    assert listed("north-out") == {("staff", "out"), ("boarder", "out"), ("security", "out")}
    assert listed("dorm-1-door") == {("boarder", "in"), ("security", "in")}
    assert listed("north-vehicle") == {("staff", "in"), ("security", "in")}
