"""The shapes of visits and of what a guard does by hand: what somebody sends, and what the gateway says of it."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from gateway.web.permit_shapes import PLAIN, Id, Line, PersonName, Short, Zones
from gateway.web.shapes import Answer, Given, HolderInfo, Limit, Time, TraceLine

VisitKind = Literal["visitor", "guardian", "official", "media", "contractor", "supplier"]
DocumentKind = Literal[
    "resident_id", "passport", "hk_macao_permit", "taiwan_permit", "residence_permit", "driving_licence", "other"
]
RefusalReason = Literal["document", "level", "host_away", "belongings", "other"]
VisitState = Literal["expected", "checked_in", "checked_out", "declined", "refused", "cancelled", "lapsed"]
BelongingKind = Literal["none", "flammable", "poison", "animal", "weapon"]
BelongingOutcome = Literal["carried", "stays_outside", "handed_to_police", "refused"]
Key = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
"""Random, made by whoever sends it: the same key again is the same thing."""
DeclineReason = Literal["unknown", "away", "busy", "other_day", "other"]
Way = Literal["in", "out"]
Count = Annotated[int, Meta(ge=1, le=1000)]

# ---------------------------------------------------------------- visits


class NewDocument(Given, frozen=True):
    kind: DocumentKind
    number: Annotated[str, Meta(min_length=1, max_length=64)]


class NewVisitor(Given, frozen=True):
    name: PersonName
    document: NewDocument
    phone: Short = ""
    organisation: Annotated[str, Meta(max_length=100)] = ""
    plate: Annotated[str, Meta(min_length=1, max_length=32, pattern=PLAIN)] | None = None


class Belonging(Given, frozen=True):
    """Something that a visitor brings. What is prohibited (any kind but `none`) is not `carried` in."""

    what: Annotated[str, Meta(min_length=1, max_length=60, pattern=PLAIN)]
    kind: BelongingKind = "none"
    outcome: BelongingOutcome = "carried"


Belongings = Annotated[list[Belonging], Meta(max_length=20)]


class Stay(Given, frozen=True, kw_only=True):
    """`host` may be left out where the policy asks for nobody's word; `zones`: what lies behind the gates.

    `key`: the same key again is the same visit with the same pass; with other words it is a conflict.
    """

    kind: VisitKind
    purpose: Line
    starts_at: Time
    ends_at: Time
    host: Id | None = None
    belongings: Belongings = field(default_factory=list)
    zones: Zones = field(default_factory=list)
    gathering: Id | None = None
    key: Key | None = None


class NewVisit(Stay, frozen=True, kw_only=True):
    """One visitor and the stay."""

    visitor: NewVisitor
    max_uses: Count | None = None


class VisitorInfo(Answer, frozen=True):
    id: str
    name: str
    organisation: str
    phone: str
    plate: str | None
    document_kind: str
    document_ending: str


class Now(Answer, frozen=True):
    """What the rules say of it now, or when it begins; `refused`: whatever is done at the gate."""

    outcome: str
    reason: str
    refused: bool


class BelongingInfo(Answer, frozen=True):
    what: str
    kind: BelongingKind
    outcome: BelongingOutcome


class AskedInfo(Answer, frozen=True):
    """How it stands with the host. `telephone`: no notice reaches them."""

    state: Literal["asked", "unanswered", "telephone"]
    at: datetime
    times: int


class MemberInfo(Answer, frozen=True):
    name: str
    document_kind: str
    document_ending: str


class GroupInfo(Answer, frozen=True):
    """The members, the leader first, and how many of them were counted through a gate each way."""

    members: list[MemberInfo]
    counted_in: int
    counted_out: int
    inside: int


class VisitInfo(Answer, frozen=True):
    """`needs`: the codes of everything that the rules still ask, the one that settles it first."""

    id: str
    state: VisitState
    kind: str
    visitor: VisitorInfo | None
    host: HolderInfo | None
    purpose: str
    belongings: list[BelongingInfo]
    zones: list[str]
    starts_at: datetime
    ends_at: datetime
    needs: list[str]
    now: Now | None
    appointment: bool
    document_seen: bool
    confirmed: bool | None
    by_telephone: bool
    answered_by: str
    consent: bool
    vehicle_approved: bool
    gathering: str | None
    refusal: str | None
    registered_at: datetime
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    asked: AskedInfo | None = None
    """While the host's word is needed and not there; null where nobody had to be asked."""
    decline_reason: DeclineReason | None = None
    group: GroupInfo | None = None
    host_gone: bool = False
    place: str = ""
    unanswered: bool = False
    uncertain: bool = False
    badge: str = ""


class VisitMade(Answer, frozen=True):
    """`pass` is the value of the QR pass; null for who was sent away because of what they carry."""

    id: str
    state: VisitState
    needs: list[str]
    visit: VisitInfo
    pass_: str | None = field(name="pass")


class Visits(Answer, frozen=True):
    visits: list[VisitInfo]


class VisitsQuery(Given, frozen=True):
    """`on`: those of that day of the campus; `refused_now`: those that the level in force refuses; `mine`: those whose
    host I am, or that I registered."""

    state: VisitState | None = None
    on: date | None = None
    refused_now: bool = False
    by_telephone: bool = False
    mine: bool = False
    limit: Limit = 100


class CheckIn(Given, frozen=True):
    """`gate`: at whose kiosk, where it is done at one."""

    document_seen: bool
    gate: Id | None = None


class Declare(Given, frozen=True):
    belongings: Belongings


class RefuseVisit(Given, frozen=True):
    reason: RefusalReason


# ---------------------------------------------------------------- by hand


class NewIdentification(Given, frozen=True):
    holder: Id
    portal: Id
    direction: Way
    reason: Literal["forgotten", "lost", "broken"]


class IdentificationDone(Answer, frozen=True):
    """A refusal is an answer: `trace` says what the rules said. `command` opens, null where nothing was opened."""

    id: str
    outcome: str
    reason: str
    trace: list[TraceLine]
    holder: HolderInfo | None
    device: str
    command: str | None
    times: int


class IdentificationInfo(Answer, frozen=True):
    """`times`: how often within the 30 days before it, itself among them."""

    id: str
    at: datetime
    holder: HolderInfo | None
    portal: str
    reason: str
    granted: bool
    times: int


class Identifications(Answer, frozen=True):
    identifications: list[IdentificationInfo]


class IdentificationsQuery(Given, frozen=True):
    often: bool = False
    limit: Limit = 100


class NewOpening(Given, frozen=True):
    """`let_out` is for illness or danger, on the way out; the others are for the way in."""

    portal: Id
    direction: Way
    kind: Literal["responder", "shelter", "let_out"]
    holder: Id | None = None
    count: Count = 1
    service: Literal["police", "fire", "ambulance", "other"] | None = None


class OpeningInfo(Answer, frozen=True):
    """What a second person still has to say something to, or has."""

    id: str
    portal: str
    kind: str
    count: int
    by: str
    at: datetime
    due_at: datetime
    disposal: str
    disposed_by: str | None
    disposed_at: datetime | None
    service: str | None


class OpeningDone(Answer, frozen=True):
    """`disposal`: what a second person has to say something to within 15 minutes; null at the normal level."""

    id: str
    outcome: str
    reason: str
    device: str
    command: str | None
    disposal: OpeningInfo | None


class Openings(Answer, frozen=True):
    openings: list[OpeningInfo]


class Disposal(Given, frozen=True):
    disposal: Line
