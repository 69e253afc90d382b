"""The shapes of vehicle lanes: what a gate sees of one, and what a guard types there."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from gateway.web.permit_shapes import PLAIN, Id, VehicleInfo
from gateway.web.shapes import Answer, Given, HolderInfo, PlateProposal, TraceLine

Plate = Annotated[str, Meta(min_length=1, max_length=32, pattern=PLAIN)]


class BollardInfo(Answer, frozen=True):
    """`obstacle`: why it could not be raised now: pedestrian_present, vehicle_present, not_clear_yet, sensors_silent,
    efo_latched or device_away; null if it could."""

    device: str
    position: str | None
    online: bool
    latched: bool
    obstacle: str | None


class LaneInfo(Answer, frozen=True):
    """`held`: a window is open and the bollards stay raised; `opens_at`: one opens within ten minutes."""

    portal: str
    at: datetime
    held: bool
    opens_at: datetime | None
    bollards: list[BollardInfo]


class Lanes(Answer, frozen=True):
    lanes: list[LaneInfo]


class RaisedInfo(Answer, frozen=True):
    """A command that was sent, or the word for why none was."""

    device: str
    command: str | None
    obstacle: str | None


class RaisedLane(Answer, frozen=True):
    bollards: list[RaisedInfo]


class TypedPlate(Given, frozen=True):
    plate: Plate


class AdmitDone(Answer, frozen=True):
    outcome: str
    reason: str
    holder: HolderInfo | None
    trace: list[TraceLine]


class LookUpPlate(Given, frozen=True):
    """`portal`: the lane at which it would drive in, if it matters whether it may."""

    plate: Plate
    portal: Id | None = None


class PlateVisit(Answer, frozen=True):
    """A visit for which this plate was asked for."""

    id: str
    visitor: HolderInfo | None
    state: str
    starts_at: datetime
    ends_at: datetime
    plate: str
    vehicle_approved: bool


class PlateDecision(Answer, frozen=True):
    outcome: str
    reason: str


class PlateFound(Answer, frozen=True):
    """What is known of a plate. `decision`: what the rules say of it at the lane now; nothing was opened."""

    plate: str
    holder: HolderInfo | None
    vehicle: VehicleInfo | None
    visits: list[PlateVisit]
    proposals: list[PlateProposal]
    decision: PlateDecision | None


class RegisterWanted(Given, frozen=True):
    """`q`: letters of the plate, the route, or whose it is; `kind` may be `expiring`: papers that end within thirty
    days, or have ended."""

    q: Annotated[str, Meta(max_length=100)] = ""
    kind: Literal["all", "registered", "bus", "two_wheeler", "visitor", "expiring"] = "all"
    skip: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class RegisterPage(Answer, frozen=True):
    """One page by the plates, and how many there are in all; `expiring`: those with papers to renew, of all kinds."""

    vehicles: list[VehicleInfo]
    total: int
    expiring: int


class VehicleRequests(Answer, frozen=True):
    visits: list[PlateVisit]


class NewHeadCount(Given, frozen=True):
    portal: Id
    direction: Literal["in", "out"]
    count: Annotated[int, Meta(ge=0, le=200)]
