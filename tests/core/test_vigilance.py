"""The question to an operator who is alone at night: never silent for long, never of somebody who is at work."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from gateway.core.nouns import VigilanceRules
from gateway.core.vigilance import Manning, Said, Sight, State, Vigil, is_night, step

RULES = VigilanceRules(every_min=10, within_min=5)
NIGHT = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
Step = Callable[..., tuple[Vigil | None, Said | None]]


class Room:
    """One control room, a minute at a time."""

    def __init__(self, seen: bool = True, step: Step = step) -> None:
        self.now = NIGHT
        self.seen_at: datetime | None = NIGHT if seen else None
        self.vigil: Vigil | None = None
        self.told: list[tuple[int, Said]] = []
        self._step = step

    def minute(
        self, manning: Manning = Manning.ALONE, acts: bool = False, night: bool = True, handed_over: bool = False
    ) -> Said | None:
        self.now += timedelta(minutes=1)
        if acts:
            self.seen_at = self.now
        self.vigil, said = self._step(self.vigil, Sight(manning, self.seen_at, handed_over), night, RULES, self.now)
        if said is not None:
            self.told.append((round((self.now - NIGHT).total_seconds() / 60), said))
        return said

    def minutes(self, count: int, **what: object) -> None:
        for _ in range(count):
            self.minute(**what)  # type: ignore[arg-type]


def test_who_does_nothing_is_asked_then_missed_then_told_again_until_there_is_a_sign_of_life() -> None:
    room = Room()

    room.minutes(36)
    room.minute(acts=True)
    room.minutes(10)

    assert room.told == [
        (10, Said.ASKED), (15, Said.MISSED), (25, Said.MISSED), (35, Said.MISSED), (37, Said.ANSWERED), (47, Said.ASKED)
    ]  # fmt: skip


def test_after_a_restart_the_question_comes_at_once() -> None:
    room = Room(seen=False)

    assert room.minute() is Said.ASKED


@pytest.mark.parametrize(("manning", "night"), [(Manning.SEVERAL, True), (Manning.ALONE, False)])
def test_a_second_person_and_the_morning_withdraw_the_question(manning: Manning, night: bool) -> None:
    room = Room()
    room.minutes(12)

    assert room.minute(manning=manning, night=night) is Said.OVER
    assert room.vigil is None


def test_closing_the_page_is_no_answer() -> None:
    room = Room()
    room.minutes(10)

    room.minutes(5, manning=Manning.NOBODY)

    assert room.told[-1] == (15, Said.MISSED)


def test_whoever_closes_the_last_page_at_night_is_looked_after_though_nothing_was_asked() -> None:
    room = Room()
    room.minutes(3)

    room.minutes(16, manning=Manning.NOBODY)

    assert room.told == [(9, Said.MISSED), (19, Said.MISSED)]


def test_a_page_that_was_loaded_anew_is_not_asked_and_one_that_comes_back_late_has_the_rest_of_the_time() -> None:
    room = Room()
    room.minutes(3)
    room.minutes(2, manning=Manning.NOBODY)
    room.minutes(4)
    assert room.told == [], "the last act was nine minutes ago"

    room.minutes(2, manning=Manning.NOBODY)
    room.minutes(1)
    assert room.told == [(12, Said.ASKED)]
    assert room.vigil is not None and (room.vigil.until - NIGHT).total_seconds() == 15 * 60
    room.minutes(3)
    assert room.told[-1] == (15, Said.MISSED)


@pytest.mark.parametrize("end", [{"handed_over": True}, {"night": False}])
def test_who_hands_over_and_goes_home_is_not_looked_for_and_the_morning_ends_it(end: dict[str, bool]) -> None:
    room = Room()
    room.minutes(3)
    room.minutes(2, manning=Manning.NOBODY)

    room.minutes(30, manning=Manning.NOBODY, **end)

    assert room.vigil is None and Said.MISSED not in {said for _, said in room.told}


def test_handing_over_afterwards_is_no_sign_of_life_of_whoever_was_missed() -> None:
    room = Room()
    room.minutes(3)

    room.minutes(8, manning=Manning.NOBODY)
    room.minutes(10, manning=Manning.NOBODY, handed_over=True)

    assert room.told == [(9, Said.MISSED), (19, Said.MISSED)]


@pytest.mark.parametrize("manning", [Manning.NOBODY, Manning.SEVERAL])
def test_nobody_is_asked_where_nobody_or_more_than_one_is(manning: Manning) -> None:
    room = Room()

    room.minutes(60, manning=manning)

    assert room.told == []


@pytest.mark.parametrize(
    ("every", "hour", "minute", "expected"),
    [(10, 21, 59, False), (10, 22, 0, True), (10, 5, 59, True), (10, 6, 0, False), (0, 23, 0, False)],
)
def test_the_night_runs_from_ten_to_six_unless_nobody_is_to_be_asked(
    every: int, hour: int, minute: int, expected: bool
) -> None:
    assert is_night(VigilanceRules(every_min=every), datetime(2026, 11, 21, hour, minute, tzinfo=UTC)) is expected


MINUTES = st.lists(
    st.tuples(
        st.sampled_from([Manning.ALONE] * 6 + [Manning.NOBODY, Manning.SEVERAL]),
        st.sampled_from([False] * 9 + [True]),
        st.sampled_from([True] * 9 + [False]),
    ),
    max_size=120,
)


def keeps_its_word(minutes: list[tuple[Manning, bool, bool]], step: Step = step) -> None:
    """Whoever is alone at night without an act for so long that both times have run out is missed by then, gone or
    not; a question ends only by an act, a second person or the morning; who acts in time is never missed."""
    room, quiet, stands = Room(step=step), 0, False
    for manning, acts, night in minutes:
        is_known = room.vigil is not None
        said = room.minute(manning, acts, night)
        looked_after = manning is Manning.SEVERAL or acts or not night or (manning is Manning.NOBODY and not is_known)
        quiet = 0 if looked_after else quiet + 1
        if quiet > RULES.every_min + RULES.within_min:
            assert room.vigil is not None and room.vigil.state is State.MISSED
        if said is Said.MISSED:
            assert quiet >= RULES.within_min
        was, stands = stands, room.vigil is not None and room.vigil.state is not State.RESTING and not room.vigil.left
        if was and not stands:
            assert acts or manning is Manning.SEVERAL or not night


@seed(6002)
@settings(max_examples=100, deadline=None)
@given(MINUTES)
def test_nobody_lies_there_unnoticed_and_nobody_at_work_is_missed(minutes: list[tuple[Manning, bool, bool]]) -> None:
    keeps_its_word(minutes)


def test_the_law_catches_a_question_that_goes_away_with_the_page() -> None:
    def goes_away(
        vigil: Vigil | None, sight: Sight, night: bool, rules: VigilanceRules, now: datetime
    ) -> tuple[Vigil | None, Said | None]:
        if sight.manning is Manning.NOBODY:
            return None, None
        return step(vigil, sight, night, rules, now)

    minutes = [(Manning.ALONE, False, True)] * 12 + [(Manning.NOBODY, False, True)] * 6

    keeps_its_word(minutes)
    with pytest.raises(AssertionError):
        keeps_its_word(minutes, goes_away)
