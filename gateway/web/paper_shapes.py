"""The shapes of paper day: what was made, and what is typed in afterwards."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from gateway.web.kiosk_shapes import GateId
from gateway.web.shapes import Answer, Given, Time

Short = Annotated[str, Meta(max_length=60)]
Words = Annotated[str, Meta(max_length=200)]
LineKind = Literal["visit", "entry", "exit", "vehicle", "call"]


class PaperQuery(Given, frozen=True):
    gate: GateId


class MakePaper(Given, frozen=True):
    """`print`: also on paper, at each gate that has a printer for it."""

    gate: GateId
    print: bool = False


class PaperLine(Given, frozen=True):
    """One line of the register. `key`: the page's own random word for it, so that sending it twice is typing it once.

    visit: `name`, `document` (the number or its last four characters), `visitor_kind`, `host`, `left_at`, or `visit` of
    one that was registered before. entry, exit: `person` by the school's id, else `name`. vehicle: `plate` and
    `direction`. call: `to` of the call list, `result`.
    """

    key: Annotated[str, Meta(pattern="^[A-Za-z0-9-]{8,64}$")]
    kind: LineKind
    at: Time
    left_at: Time | None = None
    name: Words = ""
    document_kind: Short = ""
    document: Short = ""
    visitor_kind: Short = "visitor"
    host: Annotated[str, Meta(max_length=64)] | None = None
    purpose: Words = ""
    organisation: Words = ""
    badge: Annotated[str, Meta(max_length=20)] = ""
    person: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    visit: Annotated[str, Meta(pattern="^[0-9a-f]{1,32}$")] | None = None
    plate: Short = ""
    direction: Literal["in", "out"] = "in"
    to: Annotated[str, Meta(max_length=63)] = ""
    result: Short = ""
    words: Words = ""


class PaperLines(Given, frozen=True):
    gate: GateId
    entries: Annotated[list[PaperLine], Meta(min_length=1, max_length=100)]


class TypedLine(Answer, frozen=True):
    """`known`: this line was typed in before, and nothing was written now."""

    key: str
    known: bool
    visit: str | None


class TypedLines(Answer, frozen=True):
    entries: list[TypedLine]


class InsideLine(Answer, frozen=True):
    """Who is inside by the lists: a line of the register may say when they left."""

    visit: str
    name: str
    kind: str
    since: datetime | None


class PaperState(Answer, frozen=True):
    """`sets`: the papers that were made, the newest first, by the site's own time; `inside`: see `InsideLine`.

    `prints`: this gate has a printer for them; `not_printed`: by gate, what keeps its printer from printing.
    """

    gate: str
    sets: list[str]
    made_at: datetime | None = None
    inside: list[InsideLine] = field(default_factory=list)
    prints: bool = False
    not_printed: dict[str, str] = field(default_factory=dict)
