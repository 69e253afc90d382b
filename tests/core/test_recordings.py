"""What a recorder's answer says of one camera: clocks that are off, claims that are not true, dates that are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.core.recordings import Answer, Held, Seen, Status, Verdict, judge, recording_of, watch

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
QUIET_S = 900.0
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def a_recording(age: timedelta | None = MINUTE, status: Status = Status.STOPPED, **how: Any) -> Held:
    latest = None if age is None else NOW - age
    return Held(**({"token": "r-1", "status": status, "earliest": NOW - 40 * DAY, "latest": latest} | how))


def said(
    held: Held, ahead: timedelta = timedelta(0), seen: Seen | None = None, mono_s: float = 0.0, **how: Any
) -> Verdict:
    """The verdict on what a recorder says whose clock is ahead by so much."""
    off = {name: at + ahead for name in ("earliest", "latest") if (at := getattr(held, name)) is not None}
    shown = Held(held.token, held.source, held.source_token, held.name, held.status, **off)
    answer = Answer(NOW + ahead, (shown,), clock_ahead_s=ahead.total_seconds(), **how)
    return judge(answer, shown, seen or watch(shown, None, mono_s), QUIET_S, NOW, mono_s)


@pytest.mark.parametrize("status", [Status.RECORDING, Status.STOPPED, Status.UNKNOWN])
def test_it_records_when_its_newest_recording_is_of_just_now_whatever_it_calls_that(status: Status) -> None:
    assert said(a_recording(status=status)) == Verdict(True, NOW - 40 * DAY)


@pytest.mark.parametrize("ahead", [timedelta(seconds=40), 3 * HOUR, -5 * DAY, -56 * 365 * DAY])
def test_a_clock_that_is_wrong_makes_nothing_older_or_newer(ahead: timedelta) -> None:
    verdict = said(a_recording(earliest=NOW - 10 * DAY), ahead=ahead)
    # Before 2000 nothing is believed, also what a clock that was never set says.
    believed = ahead > -20 * 365 * DAY

    assert verdict.oldest_at == (NOW - 10 * DAY if believed else None)
    assert verdict.is_recording is (True if believed else None)


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (timedelta(seconds=59), ""),
        (timedelta(seconds=75), "its clock is 75 s ahead"),
        (-8 * HOUR, "its clock is 8 h behind"),
    ],
)
def test_a_clock_that_is_off_by_more_than_a_minute_is_said(ahead: timedelta, told: str) -> None:
    assert said(a_recording(), ahead=ahead).detail == told


def test_it_does_not_record_when_its_newest_recording_is_old_and_it_says_so() -> None:
    held = a_recording(age=50 * MINUTE)
    first, second = said(held), said(held, seen=watch(held, None, 0.0), mono_s=300.0)

    assert first == Verdict(None, NOW - 40 * DAY), "its hours may be written by the local time: it is seen twice"
    assert second == Verdict(False, NOW - 40 * DAY, "it says Stopped, its newest recording is 50 min old")
    assert said(a_recording(age=None)).detail == "it says Stopped, and tells of no newest recording"


def test_its_word_that_it_records_holds_until_its_newest_recording_was_watched_standing_still() -> None:
    held = a_recording(age=90 * MINUTE, status=Status.RECORDING)
    seen = watch(held, None, 0.0)

    told = [judge(Answer(NOW, (held,)), held, seen, QUIET_S, NOW, mono_s).is_recording for mono_s in (0, 7_199, 7_200)]

    assert told == [True, True, False]


def test_what_claims_to_record_and_is_days_old_is_neither_so_nor_not_until_it_was_watched() -> None:
    """A start of the gateway begins the watching anew, and clears no finding that stands."""
    held = a_recording(age=3 * DAY, status=Status.RECORDING)
    seen = watch(held, None, 0.0)

    told = [judge(Answer(NOW, (held,)), held, seen, QUIET_S, NOW, mono_s).is_recording for mono_s in (0, 7_199, 7_200)]

    assert told == [None, None, False]


@pytest.mark.parametrize("hours", [8, -5])
def test_local_time_that_is_called_utc_is_no_recording_that_is_missing(hours: int) -> None:
    """Its clock is right, and where it tells of recordings it writes the hours of its wall."""
    mono_s, seen, told = 0.0, None, []
    for turn in range(4):
        now = NOW + turn * 5 * MINUTE
        held = Held("r-1", status=Status.STOPPED, earliest=now - 40 * DAY, latest=now + hours * HOUR)
        seen = watch(held, seen, mono_s)
        told.append(judge(Answer(now, (held,), clock_ahead_s=0.0), held, seen, QUIET_S, now, mono_s).is_recording)
        mono_s += 300

    assert told == [None, True, True, True]


def test_a_clock_of_another_zone_is_no_recording_that_is_missing() -> None:
    """It calls its local time UTC where it tells its clock, and not where it tells of recordings."""
    mono_s, seen, told = 0.0, None, []
    for turn in range(4):
        now = NOW + turn * 5 * MINUTE
        held = Held("r-1", status=Status.STOPPED, earliest=now - 40 * DAY, latest=now)
        seen = watch(held, seen, mono_s)
        answer = Answer(now + 8 * HOUR, (held,), clock_ahead_s=8 * 3_600.0)
        told.append(judge(answer, held, seen, QUIET_S, now, mono_s).is_recording)
        mono_s += 300

    assert told == [None, True, True, True]


def test_what_went_on_and_stands_still_is_over_after_the_quiet_time() -> None:
    held = a_recording(age=8 * HOUR)
    seen = Seen(held.latest, 0.0, moved=True)

    told = [judge(Answer(NOW), held, seen, QUIET_S, NOW, mono_s).is_recording for mono_s in (300, 900, 901)]

    assert told == [True, True, False]


@pytest.mark.parametrize("earliest", [datetime(1970, 1, 1, 0, 3, 15, tzinfo=UTC), NOW + DAY, None])
def test_a_date_that_cannot_be_is_none(earliest: datetime | None) -> None:
    assert said(a_recording(earliest=earliest)) == Verdict(True, None)


def test_a_newest_recording_in_the_future_proves_nothing() -> None:
    held = a_recording(age=-30 * DAY)
    seen = watch(held, None, 0.0)

    assert [said(held, seen=seen, mono_s=at).is_recording for at in (0.0, 900.0, 901.0)] == [None, None, False]
    assert said(a_recording(age=-4 * MINUTE)).is_recording is True


def test_of_more_recordings_than_are_looked_at_neither_the_oldest_nor_a_standstill_is_known() -> None:
    assert said(a_recording(), is_cut=True) == Verdict(True, None)
    assert said(a_recording(age=DAY), is_cut=True) == Verdict(None, None)


def test_times_at_the_ends_of_the_calendar_break_nothing() -> None:
    held = a_recording(earliest=datetime.min.replace(tzinfo=UTC), latest=datetime.max.replace(tzinfo=UTC))

    assert judge(Answer(NOW - DAY), held, None, QUIET_S, NOW, 0.0).oldest_at is None


def test_a_recording_is_found_by_its_token_then_by_its_source_and_several_of_one_source_are_one() -> None:
    first = Held("r-1", "s-1", "v-1", "yard", Status.STOPPED, NOW - 9 * DAY, NOW - 5 * DAY)
    second = Held("r-2", "s-1", "v-1", "yard", Status.RECORDING, NOW - 5 * DAY, NOW)
    other = Held("v-1", "s-2", "v-2", "gate", Status.STOPPED, NOW - 2 * DAY, NOW)
    answer = Answer(NOW, (first, second, other))

    assert recording_of(answer, "r-2") == second
    assert recording_of(answer, "v-1") == other, "the recording's own token comes first"
    both = recording_of(answer, "s-1")
    assert both is not None
    assert (both.earliest, both.latest, both.status) == (NOW - 9 * DAY, NOW, Status.RECORDING)
    assert recording_of(answer, "nothing") is None
    assert recording_of(Answer(NOW), None) is None
    alone = recording_of(answer, None)
    assert alone is not None
    assert alone.earliest == NOW - 9 * DAY


def test_a_password_shows_nowhere() -> None:
    from gateway.core.recordings import Recorder

    assert "geheim" not in repr(Recorder("nvr", "http://10.0.0.1/", "me", "geheim"))
