"""Permits: what somebody may or must not do beside the rules, for a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from gateway.core.papers.kinds import PaperKind
from gateway.core.papers.orders import Oral
from gateway.core.windows import Window

LOOKED_FOR = timedelta(days=7)
"""So long a slip stays open whose student was not seen to come back."""


@dataclass(frozen=True, slots=True)
class Authorisation:
    """A leader's signed permission at `portals` for [starts_at, ends_at). It lifts the word *refused*, nothing else.

    `subject` is a holder's reference, a visit's id or a vehicle's (its plate credential's reference).
    """

    paper: ClassVar[PaperKind] = PaperKind.AUTHORISATION
    id: str
    subject: str
    portals: frozenset[str]
    starts_at: datetime
    ends_at: datetime
    reason: str
    signed_by: str
    signed_at: datetime
    oral: Oral | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    over: bool = False
    """Its time is past, and it was put away."""

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and not self.over


class SlipReason(StrEnum):
    """Closed, and not shown at the kiosk."""

    FAMILY = "family"
    MEDICAL = "medical"
    OTHER = "other"


class SlipState(StrEnum):
    ASKED = "asked"
    GIVEN = "given"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LeaveSlip:
    """A student's permission to go out in [starts_at, ends_at); `collector` is the person who collects a minor.

    While it is only asked for, `given_by` is who asked. `left_at` and `returned_at` are when the student was seen to
    go through a gate with it.
    """

    paper: ClassVar[PaperKind] = PaperKind.SLIP
    id: str
    holder: str
    starts_at: datetime
    ends_at: datetime
    reason: SlipReason
    given_by: str
    given_at: datetime
    collector: str | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    over: bool = False
    state: SlipState = SlipState.GIVEN
    asked_by: str | None = None
    """Who asked for one that somebody else gave or refused."""
    left_at: datetime | None = None
    returned_at: datetime | None = None

    @property
    def counts(self) -> bool:
        return self.state is SlipState.GIVEN and self.is_live

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and not self.over and self.state is not SlipState.REFUSED

    @property
    def is_out(self) -> bool:
        """The student has left with it and was not seen to come back."""
        return self.left_at is not None and self.returned_at is None

    def is_absent(self, now: datetime) -> bool:
        """Out, and expected back by now."""
        return self.counts and self.is_out and self.ends_at <= now

    def is_looked_for(self, now: datetime) -> bool:
        """Absent, and not for so long that nobody expects to learn of it from a gate any more."""
        return self.is_absent(now) and now < self.ends_at + LOOKED_FOR

    @property
    def came_late(self) -> bool:
        return self.returned_at is not None and self.returned_at > self.ends_at


class BanAct(StrEnum):
    """The closed list of acts for which one person may be kept from entering."""

    VIOLENCE = "violence"
    THREAT = "threat"
    THEFT = "theft"
    TRESPASS = "trespass"
    COURT_ORDER = "court_order"


@dataclass(frozen=True, slots=True)
class EntryBan:
    """One person may not enter in [starts_at, ends_at), at most 90 days; two people approve it."""

    paper: ClassVar[PaperKind] = PaperKind.BAN
    id: str
    holder: str
    act: BanAct
    starts_at: datetime
    ends_at: datetime
    requested_by: str
    requested_at: datetime
    approvers: tuple[str, ...] = ()
    objected_at: datetime | None = None
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    over: bool = False

    @property
    def counts(self) -> bool:
        return len(self.approvers) >= 2 and self.is_live

    @property
    def is_live(self) -> bool:
        return self.lifted_at is None and not self.over


class GatheringState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Gathering:
    """A group event in `zones`; the passes of a large one are suspended while the exceptional level is in force."""

    paper: ClassVar[PaperKind] = PaperKind.GATHERING
    id: str
    title: str
    organiser: str
    headcount: int
    safety_measures: str
    emergency_plan: str
    zones: frozenset[str]
    starts_at: datetime
    ends_at: datetime
    requested_by: str
    requested_at: datetime
    state: GatheringState = GatheringState.REQUESTED
    decided_by: str | None = None
    decided_at: datetime | None = None
    on_campus: bool = True
    over: bool = False

    @property
    def is_live(self) -> bool:
        return self.state in (GatheringState.REQUESTED, GatheringState.APPROVED) and not self.over


class VehicleKind(StrEnum):
    REGISTERED = "registered"
    VISITOR = "visitor"
    BUS = "bus"
    TWO_WHEELER = "two_wheeler"


@dataclass(frozen=True, slots=True)
class HeadCount:
    """So many people were counted on board when it passed; typed by who stood there."""

    at: datetime
    portal: str
    direction: str
    count: int
    by: str


@dataclass(frozen=True, slots=True)
class Vehicle:
    """What is known of a vehicle beyond its plate. `id` is the reference of the plate's (or tag's) credential.

    A bus: `driver` and `attendant` are registered holders, its papers hold until `papers_until`, and it runs in
    `timetable` on `portals`.
    """

    paper: ClassVar[PaperKind] = PaperKind.VEHICLE
    id: str
    kind: VehicleKind
    papers_until: datetime | None = None
    timetable: tuple[Window, ...] = ()
    portals: frozenset[str] = frozenset()
    driver: str | None = None
    attendant: str | None = None
    holder: str | None = None
    """Who drives it or answers for it."""
    removed_at: datetime | None = None
    route: str = ""
    """What the school calls the line on which a bus runs."""
    head_counts: tuple[HeadCount, ...] = ()
    """The newest last."""

    @property
    def is_live(self) -> bool:
        return self.removed_at is None


@dataclass(frozen=True, slots=True)
class Essential:
    """A holder or vehicle on the list of those whom the campus cannot do without at the exceptional level."""

    paper: ClassVar[PaperKind] = PaperKind.ESSENTIAL
    id: str
    """The holder's reference, or the vehicle's (its plate credential's)."""
    listed_by: str
    listed_at: datetime
    removed_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        return self.removed_at is None
