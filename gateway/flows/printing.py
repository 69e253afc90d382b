"""What the gateway asks of a printer, and what a printer may answer; the outside (`gateway.printing`) carries it out.

Promises: states and reasons are closed words, so that a screen can say in two languages what to do about each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Paper(StrEnum):
    """What lies in a printer: labels of 62 mm, or a roll of 80 or 58 mm."""

    LABEL_62 = "label-62"
    ROLL_80 = "roll-80"
    ROLL_58 = "roll-58"


class Trouble(StrEnum):
    """Why nothing comes out."""

    OUT_OF_PAPER = "out_of_paper"
    OPEN = "open"
    JAM = "jam"
    OFFLINE = "offline"
    STOPPED = "stopped"
    """Somebody, or the print service itself, has stopped the queue."""
    NO_QUEUE = "no_queue"
    NO_SERVICE = "no_service"
    """The print service does not answer, or is not there."""
    OTHER = "other"


class PrintState(StrEnum):
    READY = "ready"
    PRINTING = "printing"
    OUT = "out"


class JobState(StrEnum):
    PRINTING = "printing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Printer:
    """A printer as configured: at which gate, the print service's queue, and what lies in it."""

    gate: str
    queue: str
    paper: Paper


@dataclass(frozen=True, slots=True)
class PrinterSeen:
    """A printer as it is now; `trouble` where it is out."""

    printer: Printer
    state: PrintState
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class JobSeen:
    """What became of something that was sent; `trouble` where it failed or cannot go on."""

    job: str
    state: JobState
    trouble: Trouble | None = None


Line = tuple[str, ...]
"""One line in several spellings, the best first: the first for which the machine has all letters is taken."""


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on a paper pass, from top to bottom."""

    title: Line
    code: str
    name: str
    lines: tuple[Line, ...]
    foot: Line


@dataclass(frozen=True, slots=True)
class SheetPrinter:
    """A printer for whole pages: the papers of this gate for a day without power, in which language."""

    gate: str
    queue: str
    language: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a sheet; `wide`: the columns in which much is written by hand."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    wide: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheet:
    """What begins a page: its heading, a line about it, lines of text, tables."""

    title: str
    about: str
    lines: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A job that the print service has taken. `unreadable`: the name has letters for which this machine has no font, so
    it is not on the paper."""

    job: str
    unreadable: bool


class PrinterOut(Exception):
    """Nothing was sent, and why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


class Printing(Protocol):
    """Prints, without a dialog and without waiting for the paper. `printers`, `sheets`: by gate; sending raises
    `PrinterOut`."""

    @property
    def printers(self) -> Mapping[str, Printer]: ...

    @property
    def sheets(self) -> Mapping[str, SheetPrinter]: ...

    async def send_sheets(self, printer: SheetPrinter, sheets: Sequence[Sheet]) -> Sent: ...

    async def seen(self) -> Sequence[PrinterSeen]: ...

    async def send(self, printer: Printer, label: Label) -> Sent: ...

    async def job(self, printer: Printer, job: str) -> JobSeen: ...


class NoPrinters:
    """A gateway for which none is configured."""

    @property
    def printers(self) -> Mapping[str, Printer]:
        return {}

    @property
    def sheets(self) -> Mapping[str, SheetPrinter]:
        return {}

    async def send_sheets(self, printer: SheetPrinter, sheets: Sequence[Sheet]) -> Sent:
        raise PrinterOut(Trouble.NO_QUEUE)

    async def seen(self) -> Sequence[PrinterSeen]:
        return ()

    async def send(self, printer: Printer, label: Label) -> Sent:
        raise PrinterOut(Trouble.NO_QUEUE)

    async def job(self, printer: Printer, job: str) -> JobSeen:
        return JobSeen(job, JobState.FAILED, Trouble.NO_QUEUE)
