"""Work on what is broken: an order to mend something, and a time in which somebody works on cameras.

Both are papers like any other: they name users by reference and cameras and devices by id; what somebody typed is a
note elsewhere, and retention may erase them. They decide nothing at any gate.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from gateway.core.papers.kinds import PaperKind

LONGEST_WINDOW = timedelta(hours=24)
"""Announced work lasts no longer at a time: a camera that nobody looks at must not be forgotten."""


class WorkOrderState(StrEnum):
    """How far the work is."""

    OPEN = "open"
    DONE = "done"
    """Somebody says that it is mended; nobody has looked yet."""
    VERIFIED = "verified"
    """A look has shown that it is mended."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """Somebody has to mend a camera or another device.

    `findings` are those that it is about, by name; an order by hand may have none. `by` is a user's reference, or
    `gateway`. `note` and `done_note` name what was typed.
    """

    paper: ClassVar[PaperKind] = PaperKind.WORK_ORDER
    id: str
    subject: str
    """The camera or device."""
    opened_at: datetime
    due_at: datetime
    priority: str
    by: str
    findings: tuple[str, ...] = ()
    state: WorkOrderState = WorkOrderState.OPEN
    assignee: str | None = None
    """A user's reference; None: whoever of the maintenance comes first."""
    note: str | None = None
    done_at: datetime | None = None
    done_by: str | None = None
    done_note: str | None = None
    verified_at: datetime | None = None
    reopened: int = 0
    """How often it was said to be done and was not."""
    ended_at: datetime | None = None

    @property
    def starts_at(self) -> datetime:
        return self.opened_at

    @property
    def is_live(self) -> bool:
        """True until it is verified or cancelled."""
        return self.state in (WorkOrderState.OPEN, WorkOrderState.DONE)

    def is_overdue(self, now: datetime) -> bool:
        """True if nobody has said by its time that it is done."""
        return self.state is WorkOrderState.OPEN and now > self.due_at


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """Somebody works on cameras in [starts_at, ends_at): they are not looked at meanwhile, and what is found of their
    pictures raises no alarm. `reason` names what was typed; `relearn`: afterwards their look is learnt again;
    `new_recorder`: what is recorded counts from then on."""

    paper: ClassVar[PaperKind] = PaperKind.MAINTENANCE
    id: str
    cameras: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    by: str
    reason: str | None = None
    relearn: bool = False
    new_recorder: bool = False
    ended_at: datetime | None = None
    """When it was over: at `ends_at`, or before."""
    ended_by: str | None = None

    @property
    def subject(self) -> str | None:
        """The camera, if it is about one."""
        return self.cameras[0] if len(self.cameras) == 1 else None

    @property
    def is_live(self) -> bool:
        return self.ended_at is None

    @property
    def until(self) -> datetime:
        """When it was or will be over."""
        return self.ends_at if self.ended_at is None else min(self.ended_at, self.ends_at)
