"""The course of an incident's report: the hour, the calls, the steps; no path hides the deadline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import incident_course as course
from gateway.core.incident_course import CALLS, COURSE, OVERDUE, Act, NotInOrder
from gateway.core.papers.incidents import (
    DRAFT_FIELDS,
    Closing,
    Draft,
    Incident,
    IncidentKind,
    Noticed,
    ReportState,
    SentBy,
)
from gateway.flows import alarms

NOTICED = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ALL_SAID = dict.fromkeys(DRAFT_FIELDS, "x")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def incident(happened_before_min: float | None = None) -> Incident:
    happened = None if happened_before_min is None else NOTICED - minutes(happened_before_min)
    return Incident(
        "a" * 16, IncidentKind.OTHER, "north-in", NOTICED, Noticed.ALARM, "north-in", NOTICED, "u", happened_at=happened
    )


def test_the_hour_counts_from_when_it_happened_else_from_when_it_was_noticed() -> None:
    assert course.deadline(incident()) == NOTICED + minutes(60)
    assert course.deadline(incident(25)) == NOTICED + minutes(35)


def test_an_incident_is_about_its_place_and_ends_with_its_closing() -> None:
    closed = replace(incident(), closing=Closing(NOTICED + minutes(90), "u", "a fault", ("outside",), "mended", "none"))

    assert (incident().subject, incident().ended_at, incident().is_live) == ("north-in", None, True)
    assert (closed.ended_at, closed.is_live) == (NOTICED + minutes(90), False)


def test_nothing_is_noticed_before_it_happens() -> None:
    with pytest.raises(ValueError, match="noticed"):
        replace(incident(), happened_at=NOTICED + minutes(1))


@pytest.mark.parametrize(
    ("passed", "due"),
    [(0, ()), (19.99, ()), (20, (20,)), (39.9, (20,)), (40, (20, 40)), (50, (20, 40, 50)), (61, (20, 40, 50, 60))],
)
def test_the_duty_leader_is_called_after_20_40_and_50_minutes_and_at_the_end(
    passed: float, due: tuple[int, ...]
) -> None:
    assert course.due_calls(incident(), NOTICED + minutes(passed)) == due


def test_a_call_that_was_made_is_not_due_again() -> None:
    made = course.called(incident(), (20, 40), NOTICED + minutes(41))

    assert course.due_calls(made, NOTICED + minutes(49)) == ()
    assert course.due_calls(made, NOTICED + minutes(50)) == (50,)


def test_it_presses_from_the_first_call_on_and_hardest_in_the_last_ten_minutes() -> None:
    found = [course.pressing(incident(), NOTICED + minutes(passed)) for passed in (0, 19, 20, 49, 50, 60, 600)]

    assert found == [None, None, "medium", "medium", "high", "high", "high"]


def test_a_step_that_is_not_in_the_table_is_refused_by_name_and_changes_nothing() -> None:
    with pytest.raises(NotInOrder) as refused:
        course.asked(incident(), "u", NOTICED)

    assert (refused.value.state, refused.value.act) == (ReportState.NEEDED, Act.ASK)


def test_every_state_but_the_first_can_be_sent_and_every_state_has_a_way_there() -> None:
    ways = {state for state, act in COURSE if act in (Act.SEND, Act.SEND_UNREVIEWED)}

    assert ways == set(ReportState) - {ReportState.NEEDED}
    assert COURSE[ReportState.NEEDED, Act.DRAFT] is ReportState.DRAFTED


def test_what_was_reviewed_and_is_changed_has_to_be_reviewed_again() -> None:
    ready = course.judged(
        course.asked(course.drafted(incident(), ALL_SAID, "u", NOTICED), "u", NOTICED), Act.REVIEW, "p", NOTICED
    )
    changed = course.drafted(ready, ALL_SAID | {"scope": "wider"}, "u", NOTICED)

    assert ready.report is ReportState.REVIEWED
    assert (changed.report, changed.verdict, changed.draft and changed.draft.version) == (ReportState.DRAFTED, None, 2)


def test_the_remark_of_a_returned_report_stands_while_it_is_written_anew() -> None:
    asked = course.asked(course.drafted(incident(), ALL_SAID, "u", NOTICED), "u", NOTICED)
    changed = course.drafted(course.judged(asked, Act.RETURN, "p", NOTICED, "which door?"), ALL_SAID, "u", NOTICED)

    assert changed.verdict is not None and changed.verdict.remark == "which door?"


def test_a_report_that_was_reviewed_needs_no_reason_and_keeps_none() -> None:
    asked = course.asked(course.drafted(incident(), ALL_SAID, "u", NOTICED), "u", NOTICED)
    unreviewed = course.sent(asked, "office", SentBy.FAX, "u", NOTICED, "nobody answers")
    reviewed = course.sent(
        course.judged(asked, Act.REVIEW, "p", NOTICED), "office", SentBy.FAX, "u", NOTICED, "why not"
    )

    assert (unreviewed.sent[0].unreviewed, reviewed.sent[0].unreviewed) == ("nobody answers", "")
    with pytest.raises(NotInOrder):
        course.sent(asked, "office", SentBy.FAX, "u", NOTICED)


def test_a_report_lacks_what_is_empty() -> None:
    draft = Draft(1, NOTICED, "u", time="02:00", place="north gate")

    assert course.missing(None) == DRAFT_FIELDS
    assert course.missing(draft) == ("source", "nature", "scope", "trend", "measures")


def test_it_is_closed_only_with_its_report_out_of_the_house_and_no_alarm_open() -> None:
    begun = course.drafted(incident(), ALL_SAID, "u", NOTICED)
    out = course.sent(begun, "office", SentBy.PAPER, "u", NOTICED, "nobody there")
    closing = Closing(NOTICED, "u", "c", ("outside",), "m", "l")

    assert course.why_not_closed(begun, 0) == "report_not_sent"
    assert course.why_not_closed(out, 1) == "alarms_open"
    assert course.why_not_closed(out, 0) is None
    over = course.closed(out, closing)
    again = course.reopened(over, "u", NOTICED, "more came out")
    assert not over.is_live and again.is_live and again.reopened[0].closing == closing


# ---------------------------------------------------------------- laws

ACTS = st.sampled_from(["draft", "ask", "review", "return", "notice", "given_up", "called", "follow_up", "add"])


def carried_out(one: Incident, act: str, now: datetime) -> Incident:
    """Everything that can be done but sending it; what is not in order changes nothing."""
    try:
        match act:
            case "draft":
                return course.drafted(one, ALL_SAID, "u", now)
            case "ask":
                return course.asked(one, "u", now)
            case "review":
                return course.judged(one, Act.REVIEW, "p", now)
            case "return":
                return course.judged(one, Act.RETURN, "p", now, "no")
            case "notice":
                return course.sent(one, "office", SentBy.NOTICE, "u", now, "urgent", notice=f"n{len(one.sent)}")
            case "given_up":
                on_its_way = course.on_its_way(one)
                return course.carried(one, on_its_way[0], None) if on_its_way else one
            case "called":
                return course.called(one, course.due_calls(one, now), now)
            case "follow_up":
                return course.followed_up(one, "more", "", "u", now)
            case _:
                return replace(one, happened_at=one.noticed_at - minutes(5))
    except NotInOrder:
        return one


@given(st.lists(st.tuples(ACTS, st.integers(0, 20)), max_size=14), st.booleans())
def test_no_path_hides_the_deadline(path: list[tuple[str, int]], happened_before: bool) -> None:
    """Whatever is drafted, asked, reviewed, returned, or put on a way on which it never arrives: the hour runs."""
    one, now = incident(5 if happened_before else None), NOTICED
    for act, passes in path:
        now += minutes(passes)
        one = carried_out(one, act, now)

        assert course.is_waiting(one)
        assert course.deadline(one) <= NOTICED + minutes(60)
        assert course.why_not_closed(one, 0) == "report_not_sent"
        assert course.is_overdue(one, NOTICED + minutes(60) + timedelta(seconds=1))
        assert course.pressing(one, NOTICED + minutes(50)) == "high"
        made = {call.minute for call in one.calls}
        assert made | set(course.due_calls(one, NOTICED + minutes(60))) == {*CALLS, OVERDUE}


@given(st.lists(ACTS, max_size=10))
def test_once_it_is_out_of_the_house_nothing_calls_any_more(path: list[str]) -> None:
    one = course.drafted(incident(), ALL_SAID, "u", NOTICED)
    one = course.sent(one, "office", SentBy.MAIL, "u", NOTICED, "urgent")
    for act in path:
        one = carried_out(one, act, NOTICED)

    assert course.due_calls(one, NOTICED + minutes(600)) == ()
    assert course.pressing(one, NOTICED + minutes(600)) is None
    assert course.sent_at(one) == NOTICED


def test_what_an_incident_is_called_hangs_on_conditions_that_can_be_raised() -> None:
    assert set(course.KIND_OF_CONDITION) <= alarms.CONDITIONS
    assert course.KIND_OF_CONDITION["camera_signal_loss"] is IncidentKind.EQUIPMENT
