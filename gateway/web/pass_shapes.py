"""The shapes of passes: shown, given anew, printed, presented to the guard, read out of a picture."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from gateway.web.permit_shapes import Id
from gateway.web.shapes import Answer, Given, HolderInfo, TraceLine
from gateway.web.visit_shapes import Way

Code = Annotated[str, Meta(min_length=1, max_length=512)]
Queue = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
Trouble = Literal["out_of_paper", "open", "jam", "offline", "stopped", "no_queue", "no_service", "other"]


class Uses(Answer, frozen=True):
    """`most`: null where nobody counts."""

    most: int | None
    used: int


class PassInfo(Answer, frozen=True):
    """`svg`: a picture of the code. `link`: a page that shows it; the code stands behind the #: no server sees it."""

    value: str
    svg: str
    uses: Uses
    not_before: datetime | None
    not_after: datetime | None
    link: str


class PassToDraw(Given, frozen=True):
    value: Code


class PassDrawn(Answer, frozen=True):
    svg: str


class PassShown(Given, frozen=True):
    """`confirm`: the guard's second word, where the rules leave it to a guard."""

    portal: Id
    direction: Way
    value: Code
    confirm: bool = False


class PassPresented(Answer, frozen=True):
    """A refusal is an answer. `confirm`: it is left to the guard, who may say so by asking once more with `confirm`."""

    id: str
    outcome: str
    reason: str
    trace: list[TraceLine]
    holder: HolderInfo | None
    visit: str | None
    device: str
    command: str | None
    confirm: bool


class CodeFound(Answer, frozen=True):
    """`value`: null where there is no code in the picture."""

    value: str | None


class PrinterInfo(Answer, frozen=True):
    """`trouble` says why it is out."""

    gate: str
    printer: str
    paper: Literal["label-62", "roll-80", "roll-58"]
    state: Literal["ready", "printing", "out"]
    trouble: Trouble | None


class Printers(Answer, frozen=True):
    printers: list[PrinterInfo]


class PrintPass(Given, frozen=True):
    """On which gate's printer."""

    gate: Id


class PrintJob(Answer, frozen=True):
    """`job`: null where nothing was sent. `without_name`: this machine has no letters for the name; it is not on the
    paper."""

    printer: str
    job: str | None
    state: Literal["printing", "done", "failed"]
    trouble: Trouble | None
    without_name: bool = False


class JobQuery(Given, frozen=True):
    gate: Id


class BadgeGiven(Given, frozen=True):
    """`number`: up to two letters and four digits; empty: it is back."""

    number: Annotated[str, Meta(max_length=12)]
