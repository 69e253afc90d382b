"""Of very many alarms few become entries, none is lost, and what is about a life always stands for itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.alarm_catalogue import LIFE_SAFETY, Kind, Priority
from gateway.core.alarm_groups import (
    CALM_S,
    ENTRIES_AT_MOST,
    FLOOD,
    WINDOW_S,
    Chatter,
    Entries,
    Joins,
    Newcomer,
    OpensFlood,
    Own,
)

KINDS = {
    "fire": Kind("fire", Priority.HIGH),
    "forced_door": Kind("forced_door", Priority.HIGH),
    "tamper": Kind("tamper", Priority.MEDIUM),
    "device_lost": Kind("device_lost", Priority.MEDIUM, together_in_zone=True),
    "held_door": Kind("held_door", Priority.LOW),
    "device_clock": Kind("device_clock", Priority.LOW),
}
ROOMS = {"campus": "east", "teaching": "east"}
"""Of the zones; what is not here is the other room's."""


@dataclass
class Desk:
    """What a flow does with the rules: entries and members, each with when it came."""

    entries: Entries = field(default_factory=Entries)
    heads: dict[str, tuple[float, str]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    rooms: dict[str, str] = field(default_factory=dict)
    number: int = 0

    def comes(self, kind: str, zone: str, now: float) -> str:
        """The entry under which it is shown."""
        newcomer = Newcomer(KINDS[kind], KINDS[kind].priority, zone, ROOMS.get(zone, "west"))
        verdict = self.entries.judge(newcomer, now)
        self.number += 1
        id = f"alarm-{self.number}"
        match verdict:
            case Own():
                self._enter(id, newcomer.key, now, newcomer.room, counts=not newcomer.kind.is_life_safety)
                return id
            case OpensFlood():
                head = f"flood-{self.number}"
                self._enter(head, (FLOOD, ""), now, "")
            case Joins(found):
                head = found
                self.entries.joined(head, now)
        self.members.setdefault(head, []).append(id)
        return head

    def _enter(self, id: str, key: tuple[str, str], now: float, room: str, counts: bool = True) -> None:
        self.entries.entered(id, key, now, room, counts=counts)
        self.heads[id] = (now, key[0])
        self.rooms[id] = room

    @property
    def shown(self) -> int:
        """Everything that came, as entries (but those of floods) and members."""
        own = sum(kind != FLOOD for _, kind in self.heads.values())
        return own + sum(len(some) for some in self.members.values())

    def most_within_window(self) -> int:
        """The largest number of new entries, but those about a life, in any ten minutes."""
        moments = sorted(at for at, kind in self.heads.values() if kind not in LIFE_SAFETY)
        return max((sum(at <= other < at + WINDOW_S for other in moments) for at in moments), default=0)


ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from(sorted(KINDS)),
        st.sampled_from(["campus", "dorm-1", "dorm-2", "teaching", "control-room"]),
        st.one_of(st.just(0.0), st.floats(0, 5), st.floats(0, 400)),
    ),
    max_size=120,
)


def play(arrivals: list[tuple[str, str, float]], desk: Desk, closing: int = 0) -> list[tuple[str, str]]:
    """Each with the entry under which it is shown. `closing`: so often somebody closes the newest entry, but one."""
    now, shown = 1_000.0, []
    for number, (kind, zone, pause) in enumerate(arrivals, 1):
        now += pause
        shown.append((kind, desk.comes(kind, zone, now)))
        heads = [one.id for one in desk.entries.open.values() if one.takes_members]
        if closing and number % closing == 0 and len(heads) > 1:
            desk.entries.left(heads[-1])
    return shown


@given(ARRIVALS, st.integers(0, 9))
def test_in_any_ten_minutes_at_most_ten_entries_are_new_and_none_is_lost(
    arrivals: list[tuple[str, str, float]], closing: int
) -> None:
    """Whatever comes, and though somebody closes entries (`closing`: after so many arrivals the newest one)."""
    desk = Desk()

    play(arrivals, desk, closing)

    assert desk.most_within_window() <= ENTRIES_AT_MOST
    assert desk.shown == len(arrivals)


@given(ARRIVALS)
def test_what_is_about_a_life_is_an_entry_of_its_own_and_nothing_joins_it(
    arrivals: list[tuple[str, str, float]],
) -> None:
    desk = Desk()

    shown = play(arrivals, desk)

    fires = [entry for kind, entry in shown if kind == "fire"]
    assert len(set(fires)) == len(fires)
    assert all(not desk.members.get(entry) for entry in fires)


def is_bounded(desk: Desk) -> bool:
    play([(kind, zone, 0.1) for kind in KINDS for zone in ("a", "b", "c", "d") for _ in range(3)], desk)
    return desk.most_within_window() <= ENTRIES_AT_MOST


def test_rules_that_group_only_what_is_alike_would_be_found_out() -> None:
    class Broken(Entries):
        def judge(self, newcomer: Newcomer, now: float) -> Own | Joins | OpensFlood:
            verdict = super().judge(newcomer, now)
            joins_its_kind = isinstance(verdict, Joins) and self.open[verdict.head].key == newcomer.key
            return verdict if joins_its_kind else Own()

    assert is_bounded(Desk())
    assert not is_bounded(Desk(Broken()))


def test_a_few_alarms_stand_each_for_itself() -> None:
    desk = Desk()

    shown = play([("tamper", "campus", 0), ("held_door", "dorm-1", 60), ("tamper", "campus", 60)], desk)

    assert len({entry for _, entry in shown}) == 3


def test_a_third_one_of_a_kind_in_a_zone_joins_the_others_for_ten_minutes() -> None:
    desk = Desk()

    soon = play([("tamper", "campus", 30)] * 3, desk)
    later = desk.comes("tamper", "campus", 1_000.0 + 90 + WINDOW_S + 60)

    assert len({entry for _, entry in soon}) == 2
    assert later not in {entry for _, entry in soon}


def test_devices_that_are_lost_together_in_one_zone_are_one_alarm() -> None:
    desk = Desk()

    at_once = play([("device_lost", "dorm-1", 0.5)] * 12 + [("device_lost", "dorm-2", 1)], desk)
    elsewhere = desk.comes("device_lost", "dorm-1", 2_000.0)

    assert Counter(entry for _, entry in at_once).most_common(1)[0][1] == 12
    assert len({entry for _, entry in at_once}) == 2
    assert elsewhere not in {entry for _, entry in at_once}


def test_in_a_flood_of_small_things_a_forced_door_is_still_seen_by_itself() -> None:
    desk = Desk()
    play([(kind, zone, 0.1) for kind in ("held_door", "device_clock", "tamper") for zone in "abcdefgh"], desk)

    shown = [desk.comes("forced_door", zone, 1_010.0) for zone in ("campus", "dorm-1", "dorm-2", "dorm-3")]

    assert [desk.heads[entry][1] for entry in shown] == ["forced_door"] * 4
    assert len(set(shown)) == 2  # when there is room for no more they stand with their own kind, never with the small


def test_on_a_busy_night_small_things_stand_for_themselves_until_their_room_is_used_up() -> None:
    desk = Desk()
    own = [desk.comes("held_door", f"dorm-{number}", 1_000.0 + 90 * number) for number in range(6)]

    of_a_known_kind = desk.comes("held_door", "dorm-8", 1_550.0)
    of_another = desk.comes("device_clock", "dorm-8", 1_560.0)
    medium = desk.comes("tamper", "dorm-8", 1_570.0)
    later = desk.comes("device_clock", "dorm-9", 1_700.0)

    assert len(set(own)) == 6 and of_a_known_kind in own
    assert [desk.heads[entry][1] for entry in (of_another, medium, later)] == [FLOOD, "tamper", "device_clock"]


def test_what_another_control_room_hears_is_not_put_into_an_entry_that_it_does_not_see() -> None:
    desk = Desk()
    play([("held_door", "campus", 1), *(("device_clock", zone, 1) for zone in "abcde")], desk)

    east, west = desk.comes("held_door", "teaching", 1_010.0), desk.comes("held_door", "f", 1_011.0)

    assert (desk.heads[east][1], desk.rooms[east]) == ("held_door", "east")
    assert desk.heads[west][1] == FLOOD


def test_somebody_who_closes_entries_in_a_flood_gets_no_more_of_them() -> None:
    desk = Desk()
    play([("held_door", zone, 0.1) for zone in "abcdefghijkl"], desk)
    for id in [id for id, (_, kind) in desk.heads.items() if kind == FLOOD]:
        desk.entries.left(id)

    for zone in "mnopqrstuv":
        desk.comes("held_door", zone, 1_003.0)

    assert desk.most_within_window() <= ENTRIES_AT_MOST


@pytest.mark.parametrize(
    ("pauses", "chatters_from"),
    [((20, 20, 20, 20), 3), ((100,) * 8, 6), ((130,) * 20, None), ((50, 400) * 6, None)],
)
def test_what_comes_and_goes_three_times_a_minute_or_six_in_ten_is_chattering(
    pauses: tuple[int, ...], chatters_from: int | None
) -> None:
    chatter, now = Chatter(), 0.0
    found = []
    for pause in pauses:
        found.append(chatter.comes(now))
        now += pause

    assert (found.index(True) + 1 if True in found else None) == chatters_from


def test_chattering_goes_on_until_it_was_calm_for_long_enough() -> None:
    chatter = Chatter()
    for now in (0.0, 10.0, 20.0):
        chatter.comes(now)

    assert chatter.comes(20.0 + CALM_S - 1) and chatter.times == 4
    assert not chatter.has_calmed(20.0 + 2 * CALM_S - 2)
    assert chatter.has_calmed(20.0 + 2 * CALM_S)
    assert not chatter.comes(20.0 + 2 * CALM_S)
