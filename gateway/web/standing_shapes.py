"""The shapes of standing passes and of groups."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from gateway.web.permit_shapes import PLAIN, Id, PersonName, Portals, Timetable, TimetableLine
from gateway.web.shapes import Answer, Given, HolderInfo, Time
from gateway.web.visit_shapes import Key, NewDocument, NewVisitor, Stay, VisitInfo, Way

Plate = Annotated[str, Meta(min_length=1, max_length=32, pattern=PLAIN)]
Words = Annotated[str, Meta(max_length=100)]


class Worker(Given, frozen=True):
    name: PersonName
    document: NewDocument


class StandingQuery(Given, frozen=True):
    """`live`: those that can still matter; `over`: the newest of those that cannot."""

    state: Literal["live", "over"] = "live"
    holder: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=2000)] = 100


class NewStandingPass(Given, frozen=True):
    """Either `holder`, somebody who is known, or `person`. `windows`: when it opens; left out: at any hour."""

    kind: Literal["contractor", "supplier"]
    portals: Portals
    starts_at: Time
    ends_at: Time
    holder: Id | None = None
    person: Worker | None = None
    windows: Timetable | None = None
    organisation: Words = ""
    unit: Words = ""
    host: Id | None = None
    plates: Annotated[list[Plate], Meta(max_length=10)] = field(default_factory=list)
    essential: bool = False


class StandingPassChange(Given, frozen=True):
    """`any_hour`: its hours are lifted."""

    portals: Portals | None = None
    ends_at: Time | None = None
    windows: Timetable | None = None
    any_hour: bool = False
    unit: Words | None = None
    host: Id | None = None


class StandingPassInfo(Answer, frozen=True):
    id: str
    holder: HolderInfo | None
    portals: list[str]
    starts_at: datetime
    ends_at: datetime
    windows: list[TimetableLine] | None
    organisation: str
    unit: str
    host: HolderInfo | None
    document_ending: str
    plates: list[str]
    essential: bool
    given_by: str
    given_at: datetime
    revoked_at: datetime | None


class StandingPassMade(Answer, frozen=True):
    """`value` is what its code says."""

    id: str
    standing_pass: StandingPassInfo
    value: str


class StandingPassCode(Answer, frozen=True):
    """What the pass shows at a reader, to be printed or sent again; `link` is the page for a phone."""

    id: str
    value: str
    link: str


class StandingPasses(Answer, frozen=True):
    standing_passes: list[StandingPassInfo]


class NewMember(Given, frozen=True):
    """The document may be left out: the leader's is looked at, the others are counted."""

    name: PersonName
    document: NewDocument | None = None


class NewDelegation(Stay, frozen=True, kw_only=True):
    """`leader` with a document; `members` are the others, or `rows`: one a line, as `name` or `name, kind, number`."""

    leader: NewVisitor
    members: Annotated[list[NewMember], Meta(max_length=200)] = field(default_factory=list)
    rows: Annotated[str, Meta(max_length=40_000)] = ""


class DelegationMade(Answer, frozen=True):
    id: str
    visit: VisitInfo
    pass_: str | None = field(name="pass")


class CountGroup(Given, frozen=True):
    portal: Id
    direction: Way
    number: Annotated[int, Meta(ge=1, le=200)]
    key: Key | None = None
