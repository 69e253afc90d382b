"""Work orders and maintenance windows: when they stand, when they are late, and that they open nothing at any gate."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.papers import arrange, key_of
from gateway.core.papers.work import MaintenanceWindow, WorkOrder, WorkOrderState

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def order(state: WorkOrderState = WorkOrderState.OPEN) -> WorkOrder:
    return WorkOrder("wo-1", "cam-north", NOON, NOON + 4 * HOUR, "high", "gateway", ("occlusion",), state)


def window(*cameras: str, ended_at: datetime | None = None) -> MaintenanceWindow:
    return MaintenanceWindow("mw-1", cameras, NOON, NOON + 2 * HOUR, "u-1", ended_at=ended_at)


@pytest.mark.parametrize(
    ("state", "stands"),
    [
        (WorkOrderState.OPEN, True),
        (WorkOrderState.DONE, True),
        (WorkOrderState.VERIFIED, False),
        (WorkOrderState.CANCELLED, False),
    ],
)
def test_an_order_stands_until_a_look_has_shown_that_it_is_mended(state: WorkOrderState, stands: bool) -> None:
    assert order(state).is_live is stands
    assert order(state).starts_at == NOON


def test_an_order_is_late_from_its_time_on_unless_somebody_said_that_it_is_done() -> None:
    due = NOON + 4 * HOUR

    assert not order().is_overdue(due)
    assert order().is_overdue(due + timedelta(seconds=1))
    assert not order(WorkOrderState.DONE).is_overdue(due + HOUR)


def test_a_window_is_over_at_its_end_or_when_somebody_ended_it() -> None:
    assert window("cam-north").until == NOON + 2 * HOUR and window("cam-north").is_live
    assert window("cam-north", ended_at=NOON + HOUR).until == NOON + HOUR
    assert window("cam-north", ended_at=NOON + 3 * HOUR).until == NOON + 2 * HOUR
    assert not window("cam-north", ended_at=NOON + HOUR).is_live


def test_a_window_is_about_one_camera_or_about_several() -> None:
    assert window("cam-north").subject == "cam-north"
    assert window("cam-north", "cam-south").subject is None


def test_work_is_found_by_its_subject_and_is_no_ground_to_pass() -> None:
    papers = arrange({key_of(paper): paper for paper in (order(), window("cam-north"))})

    assert papers.work_orders["cam-north"].id == "wo-1"
    assert [one.id for one in papers.maintenance] == ["mw-1"]
    assert not (papers.visits or papers.slips or papers.authorisations or papers.standing or papers.bans)
