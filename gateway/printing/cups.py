"""The print service of this machine, by its own two commands: `lp` takes a page, `lpstat` says how the printer is.

Promises: no shell, no word of a person in an argument, answers in the one language that we read, and an end to every
wait. A queue's name is of a closed alphabet and begins with a letter or digit, so it is never taken for an option. The
page goes in by the standard input: no file is left behind. Leaves to others: the page (`label`).
"""

import asyncio
import re
from collections.abc import Mapping, Sequence

import structlog

from gateway.flows.printing import (
    JobSeen,
    JobState,
    Label,
    Printer,
    PrinterOut,
    PrinterSeen,
    PrintState,
    Sent,
    Sheet,
    SheetPrinter,
    Trouble,
)
from gateway.printing import ipp
from gateway.printing.fonts import Face, face
from gateway.printing.label import SIZES, as_pdf, draw
from gateway.printing.sheets import as_pdf as sheets_as_pdf
from gateway.printing.sheets import draw_sheets

log = structlog.get_logger(__name__)

WITHIN_S = 5.0
"""The commands ask a process on this machine; one that takes longer hangs."""
PATH = "/usr/bin:/bin:/usr/local/bin"
JOB = re.compile(r"request id is ([A-Za-z0-9][A-Za-z0-9_-]{0,62}-[0-9]{1,9}) ")
ALERTS = re.compile(r"^\s*Alerts: (.*)$", re.MULTILINE)
TROUBLES: tuple[tuple[str, Trouble], ...] = (
    ("media-empty", Trouble.OUT_OF_PAPER),
    ("media-needed", Trouble.OUT_OF_PAPER),
    ("media-jam", Trouble.JAM),
    ("cover-open", Trouble.OPEN),
    ("door-open", Trouble.OPEN),
    ("interlock-open", Trouble.OPEN),
    ("offline", Trouble.OFFLINE),
    ("shutdown", Trouble.OFFLINE),
    ("timed-out", Trouble.OFFLINE),
    ("connecting-to-device", Trouble.OFFLINE),
    ("paused", Trouble.STOPPED),
    ("stopped", Trouble.STOPPED),
)
"""The printer's own words (RFC 8011, 5.4.12), the first that helps most; with or without `-error`, `-warning`."""
HARMLESS = ("-report", "-warning")


class Cups:
    """Printers of one gateway. `server`: another address of the print service than this machine's own."""

    def __init__(
        self,
        printers: Mapping[str, Printer],
        server: str | None = None,
        letters: Face | None = None,
        sheets: Mapping[str, SheetPrinter] | None = None,
    ) -> None:
        self._printers = dict(printers)
        self._sheets = dict(sheets or {})
        self._server = server
        self._environment = {"PATH": PATH, "LC_ALL": "C"} | ({} if server is None else {"CUPS_SERVER": server})
        self._face = letters
        self._one_at_a_time = asyncio.Lock()

    @property
    def printers(self) -> Mapping[str, Printer]:
        return self._printers

    @property
    def sheets(self) -> Mapping[str, SheetPrinter]:
        return self._sheets

    async def send_sheets(self, printer: SheetPrinter, sheets: Sequence[Sheet]) -> Sent:
        """Hand the pages over. Raises `PrinterOut` if the print service does not take them."""
        letters = await self._letters()
        drawn = await asyncio.to_thread(draw_sheets, sheets, letters)
        document = await asyncio.to_thread(sheets_as_pdf, drawn)
        job = await self._hand_over(printer.queue, document, "media=A4", "fit-to-page")
        return Sent(job, drawn.unreadable)

    async def _letters(self) -> Face:
        if self._face is None:
            self._face = await asyncio.to_thread(face)
        return self._face

    async def _hand_over(self, queue: str, document: bytes, *options: str) -> str:
        """The job; its title shows in the queue's list and names nobody. Raises `PrinterOut`."""
        words = [word for option in options for word in ("-o", option)]
        status, out = await self._run(document, "lp", "-d", queue, "-t", "wardgate", *words)
        found = JOB.search(out)
        if status != 0 or found is None:
            log.warning("printer_refused", queue=queue, said=out[:200])
            if status == 127 or "does not exist" in out:
                raise PrinterOut(await self._why_not())
            raise PrinterOut(Trouble.STOPPED if "not accepting" in out else Trouble.OTHER)
        return found[1]

    async def seen(self) -> Sequence[PrinterSeen]:
        """Each printer as it is now."""
        return [await self._seen(printer) for printer in self._printers.values()]

    async def send(self, printer: Printer, label: Label) -> Sent:
        """Hand the page over. Raises `PrinterOut` if the print service does not take it."""
        seen = await self._seen(printer)
        if seen.trouble in (Trouble.NO_QUEUE, Trouble.NO_SERVICE):
            raise PrinterOut(seen.trouble)
        letters = await self._letters()
        drawn = await asyncio.to_thread(draw, label, printer.paper, letters)
        page = await asyncio.to_thread(as_pdf, drawn)
        width, height = SIZES[printer.paper]
        job = await self._hand_over(printer.queue, page, f"media=Custom.{width}x{height}mm", "print-scaling=none")
        return Sent(job, drawn.unreadable)

    async def job(self, printer: Printer, job: str) -> JobSeen:
        """What became of it."""
        status, out = await self._run(None, "lpstat", "-W", "not-completed", "-o", printer.queue)
        if status != 0:
            return JobSeen(job, JobState.PRINTING, await self._why_not())
        if any(line.split(maxsplit=1)[:1] == [job] for line in out.splitlines()):
            return JobSeen(job, JobState.PRINTING, (await self._seen(printer)).trouble)
        state = await ipp.job_state(self._server, job)
        if state == ipp.COMPLETED:
            return JobSeen(job, JobState.DONE)
        return JobSeen(job, JobState.FAILED, Trouble.OTHER)

    async def _seen(self, printer: Printer) -> PrinterSeen:
        status, out = await self._run(None, "lpstat", "-l", "-p", printer.queue)
        if status != 0:
            return PrinterSeen(printer, PrintState.OUT, await self._why_not())
        trouble = _trouble(out)
        if trouble is not None:
            return PrinterSeen(printer, PrintState.OUT, trouble)
        _, taking = await self._run(None, "lpstat", "-a", printer.queue)
        if "not accepting" in taking:
            return PrinterSeen(printer, PrintState.OUT, Trouble.STOPPED)
        return PrinterSeen(printer, PrintState.PRINTING if "now printing" in out else PrintState.READY)

    async def _why_not(self) -> Trouble:
        """Why `lpstat` knows nothing of a queue: to its name it says the same where there is no service at all."""
        _, out = await self._run(None, "lpstat", "-r")
        return Trouble.NO_QUEUE if "is running" in out else Trouble.NO_SERVICE

    async def _run(self, given: bytes | None, *words: str) -> tuple[int, str]:
        """The exit status and what was said; 127 if the command is not there, 124 if it did not end."""
        async with self._one_at_a_time:
            try:
                process = await asyncio.create_subprocess_exec(
                    *words,
                    stdin=asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.STDOUT,
                    env=self._environment,
                )
            except OSError:
                return 127, ""
            try:
                out, _ = await asyncio.wait_for(process.communicate(given), WITHIN_S)
            except TimeoutError:
                process.kill()
                await process.wait()
                return 124, ""
            except BaseException:
                process.kill()
                raise
            return process.returncode or 0, out.decode("utf-8", "replace")


def _trouble(out: str) -> Trouble | None:
    """What keeps a queue from printing, of what `lpstat -l -p` says."""
    if re.search(r"^printer \S+ disabled since", out, re.MULTILINE):
        return Trouble.STOPPED  # first of all: what else it says may be of before
    alerts = [word for line in ALERTS.findall(out) for word in line.split()]
    for name, trouble in TROUBLES:
        if any(name in alert and not alert.endswith(HARMLESS) for alert in alerts):
            return trouble
    return None
