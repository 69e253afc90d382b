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


class NewVisit(Given, frozen=True):
    """`host` may be left out where the policy asks for nobody's word; `zones`: what lies behind the gates."""

    visitor: NewVisitor
    kind: VisitKind
    purpose: Line
    starts_at: Time
    ends_at: Time
    host: Id | None = None
    belongings: Annotated[list[Annotated[str, Meta(min_length=1, max_length=60)]], Meta(max_length=20)] = field(
        default_factory=list
    )
    zones: Zones = field(default_factory=list)
    gathering: Id | None = None
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


class VisitInfo(Answer, frozen=True):
    """`needs`: the codes of everything that the rules still ask, the one that settles it first."""

    id: str
    state: VisitState
    kind: str
    visitor: VisitorInfo | None
    host: HolderInfo | None
    purpose: str
    belongings: list[str]
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


class VisitMade(Answer, frozen=True):
    """`pass` is the value of the QR pass, told this once."""

    id: str
    state: VisitState
    needs: list[str]
    visit: VisitInfo
    pass_: str = field(name="pass")


class Visits(Answer, frozen=True):
    visits: list[VisitInfo]


class VisitsQuery(Given, frozen=True):
    """`on`: those of that day of the campus; `refused_now`: those that the level in force refuses."""

    state: VisitState | None = None
    on: date | None = None
    refused_now: bool = False
    by_telephone: bool = False
    limit: Limit = 100


class TelephoneAnswer(Given, frozen=True):
    number_from_directory: bool
    answered_by: PersonName


class CheckIn(Given, frozen=True):
    document_seen: bool


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
