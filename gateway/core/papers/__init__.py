"""What people have asked for, signed or filed: orders, emergencies, and every permission that is not in a rule.

A paper is a frozen value with its own states; moving one on makes a new value. Papers name people by reference only,
and the ledger names papers by their id, so that retention can erase a paper and leave the record whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from gateway.core.papers.by_hand import Identification, IdentificationReason, Opening, OpeningKind, Service
from gateway.core.papers.emergencies import Cause, Emergency, EmergencyKind, Followed, Remark
from gateway.core.papers.incidents import Incident
from gateway.core.papers.kinds import PaperKind
from gateway.core.papers.orders import Authority, Lack, Oral, Order, OrderState
from gateway.core.papers.permits import (
    Authorisation,
    BanAct,
    EntryBan,
    Essential,
    Gathering,
    GatheringState,
    HeadCount,
    LeaveSlip,
    SlipReason,
    SlipState,
    Vehicle,
    VehicleKind,
)
from gateway.core.papers.records import Export, ExportFormat, ExportWhat, Hold
from gateway.core.papers.shifts import Counted, Open, Shift, ShiftState, Side, Signature
from gateway.core.papers.standing import StandingPass
from gateway.core.papers.visits import (
    Belonging,
    BelongingKind,
    BelongingOutcome,
    DeclineReason,
    Member,
    RefusalReason,
    Visit,
    VisitState,
)
from gateway.core.papers.work import LONGEST_WINDOW, MaintenanceWindow, WorkOrder, WorkOrderState

__all__ = [
    "LONGEST_WINDOW",
    "PAPERS",
    "Authorisation",
    "Authority",
    "BanAct",
    "Belonging",
    "BelongingKind",
    "BelongingOutcome",
    "Cause",
    "Counted",
    "DeclineReason",
    "Emergency",
    "EmergencyKind",
    "EntryBan",
    "Essential",
    "Export",
    "ExportFormat",
    "ExportWhat",
    "Followed",
    "Gathering",
    "GatheringState",
    "HeadCount",
    "Hold",
    "Identification",
    "IdentificationReason",
    "Incident",
    "Lack",
    "LeaveSlip",
    "MaintenanceWindow",
    "Member",
    "Open",
    "Opening",
    "OpeningKind",
    "Oral",
    "Order",
    "OrderState",
    "Paper",
    "PaperKind",
    "Papers",
    "RefusalReason",
    "Remark",
    "Service",
    "Shift",
    "ShiftState",
    "Side",
    "Signature",
    "SlipReason",
    "SlipState",
    "StandingPass",
    "Vehicle",
    "VehicleKind",
    "Visit",
    "VisitState",
    "WorkOrder",
    "WorkOrderState",
    "arrange",
    "key_of",
]

Paper = (
    Order
    | Emergency
    | Authorisation
    | LeaveSlip
    | EntryBan
    | Gathering
    | Visit
    | Vehicle
    | Essential
    | Identification
    | Opening
    | Shift
    | Hold
    | Export
    | StandingPass
    | WorkOrder
    | MaintenanceWindow
    | Incident
)
PAPERS: tuple[type[Paper], ...] = get_args(Paper)


@dataclass(frozen=True, slots=True)
class Papers:
    """All papers that still matter, found by what a decision asks for. Made once for each version of the directory."""

    by_id: Mapping[str, Paper] = field(default_factory=dict)
    """By kind and id, as `key_of` says."""
    orders: tuple[Order, ...] = ()
    emergencies: tuple[Emergency, ...] = ()
    authorisations: Mapping[str, tuple[Authorisation, ...]] = field(default_factory=dict)
    slips: Mapping[str, tuple[LeaveSlip, ...]] = field(default_factory=dict)
    bans: Mapping[str, tuple[EntryBan, ...]] = field(default_factory=dict)
    visits: Mapping[str, tuple[Visit, ...]] = field(default_factory=dict)
    gatherings: Mapping[str, Gathering] = field(default_factory=dict)
    vehicles: Mapping[str, Vehicle] = field(default_factory=dict)
    essential: frozenset[str] = frozenset()
    standing: Mapping[str, tuple[StandingPass, ...]] = field(default_factory=dict)
    """Standing passes by holder."""
    work_orders: Mapping[str, WorkOrder] = field(default_factory=dict)
    """By what is to be mended: there is one of each."""
    maintenance: tuple[MaintenanceWindow, ...] = ()
    incidents: Mapping[str, Incident] = field(default_factory=dict)
    """Those that are open, by id."""


def key_of(paper: Paper) -> str:
    """How a paper is found among all others."""
    return f"{paper.paper.value}:{paper.id}"


def arrange(papers: Mapping[str, Paper]) -> Papers:
    """The live papers, put where decisions look for them; `papers` is by `key_of`."""
    live = {key: paper for key, paper in papers.items() if paper.is_live}
    authorisations: dict[str, list[Authorisation]] = {}
    slips: dict[str, list[LeaveSlip]] = {}
    bans: dict[str, list[EntryBan]] = {}
    visits: dict[str, list[Visit]] = {}
    standing: dict[str, list[StandingPass]] = {}
    work_orders: dict[str, WorkOrder] = {}
    maintenance: list[MaintenanceWindow] = []
    for paper in live.values():
        match paper:
            case Authorisation():
                authorisations.setdefault(paper.subject, []).append(paper)
            case LeaveSlip() if paper.counts:
                slips.setdefault(paper.holder, []).append(paper)
            case EntryBan():
                bans.setdefault(paper.holder, []).append(paper)
            case Visit():
                visits.setdefault(paper.holder, []).append(paper)
            case StandingPass():
                standing.setdefault(paper.holder, []).append(paper)
            case WorkOrder():
                work_orders[paper.subject] = paper
            case MaintenanceWindow():
                maintenance.append(paper)
            case _:
                pass
    return Papers(
        by_id=live,
        orders=tuple(p for p in live.values() if isinstance(p, Order) and p.counts),
        emergencies=tuple(p for p in live.values() if isinstance(p, Emergency)),
        authorisations={subject: tuple(some) for subject, some in authorisations.items()},
        slips={holder: tuple(some) for holder, some in slips.items()},
        bans={holder: tuple(some) for holder, some in bans.items()},
        visits={holder: tuple(some) for holder, some in visits.items()},
        gatherings={p.id: p for p in live.values() if isinstance(p, Gathering)},
        vehicles={p.id: p for p in live.values() if isinstance(p, Vehicle)},
        essential=frozenset(p.id for p in live.values() if isinstance(p, Essential)),
        standing={holder: tuple(some) for holder, some in standing.items()},
        work_orders=work_orders,
        maintenance=tuple(maintenance),
        incidents={p.id: p for p in live.values() if isinstance(p, Incident)},
    )
