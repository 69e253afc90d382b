"""A table that somebody brings as CSV: read strictly, line by line, taken whole or not at all.

Promises: `BadTable` names every bad line with its field and what was expected; a cell is text whatever it begins with,
so that a formula is never more than a wrong word; nothing of a cell is repeated in a message. Leaves to others: what
the cells of a line mean.
"""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.core.nouns import Directory
from gateway.flows.changes import PaperFiled
from gateway.flows.people_csv import BadLine
from gateway.flows.permits import Step, WrongField, followed, row_of, tell
from gateway.flows.ports import LedgerUnavailable, Outdated, Unit
from gateway.flows.site import Site

MOST_LINES = 5_000
MOST_BYTES = 2 * 1024 * 1024
WITHIN_S = 60.0
TRIES = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One record: the number of its first line, and its cells by the names in the header, without outer blanks."""

    number: int
    cells: Mapping[str, str]


class BadTable(Exception):
    """A table that is not taken; `lines` holds everything that is wrong with it."""

    def __init__(self, lines: list[BadLine]) -> None:
        self.lines = tuple(sorted(lines))
        super().__init__("\n".join(str(line) for line in self.lines))


def read_table(data: bytes, header: tuple[str, ...]) -> list[Line]:
    """The records of a CSV file in UTF-8. Raises `BadTable`."""
    if len(data) > MOST_BYTES:
        raise BadTable([BadLine(1, "", f"the file is larger than {MOST_BYTES} bytes")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadTable([BadLine(1, "", "is not UTF-8: save the file as “CSV UTF-8”")]) from None
    bad: list[BadLine] = []
    lines: list[Line] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        at = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            break
        except csv.Error as error:
            bad.append(BadLine(at, "", f"is not CSV: {error}"))
            continue
        if at == 1:
            if tuple(cells) != header:
                raise BadTable([BadLine(1, "", f"expected the header {','.join(header)}")])
        elif not any(cells):
            continue
        elif len(cells) != len(header):
            bad.append(BadLine(at, "", f"expected {len(header)} fields, found {len(cells)}"))
        elif any(not cell.isprintable() for cell in cells):
            bad.append(BadLine(at, "", "has characters that cannot be printed"))
        else:
            lines.append(Line(at, dict(zip(header, cells, strict=True))))
    if reader.line_num == 0:
        bad.append(BadLine(1, "", f"the file is empty; expected the header {','.join(header)}"))
    if len(lines) > MOST_LINES:
        bad.append(BadLine(lines[MOST_LINES].number, "", f"a table has at most {MOST_LINES} lines"))
    if bad:
        raise BadTable(bad)
    return lines


async def take_over(site: Site, work_out: Callable[[Directory, datetime], list[Step]]) -> list[Step]:
    """Work out a step for each line and write them together. Raises whatever `work_out` raises, `LedgerUnavailable`."""
    for _ in range(TRIES):
        directory, now = site.directory, site.clock.now()
        steps = work_out(directory, now)
        if not steps:
            return []
        filed = tuple(
            part for step in steps for part in (*step.changes, *(PaperFiled(p) for p in (step.paper, *step.beside)))
        )
        unit = Unit(tuple(row_of(step, now) for step in steps), filed, directory=True, based_on=directory.version)
        if isinstance(await site.ledger.commit(unit, WITHIN_S), Outdated):
            await site.refresh_directory()
            continue
        await followed(site)
        tell(site, steps[-1], now)  # one word for the whole table: a screen asks for its list once
        return steps
    raise LedgerUnavailable("others change the directory at the same time")


def each(lines: list[Line], work_out: Callable[[Line], Step | None]) -> list[Step]:
    """The steps of all lines. Raises `BadTable` with every line for which `work_out` raises `WrongField`."""
    steps: list[Step] = []
    bad: list[BadLine] = []
    for line in lines:
        try:
            step = work_out(line)
        except WrongField as error:
            bad.append(BadLine(line.number, error.field, error.message))
        else:
            if step is not None:
                steps.append(step)
    if bad:
        raise BadTable(bad)
    return steps


def word_of(line: Line, field: str, known: tuple[str, ...]) -> str:
    """A cell from a closed list. Raises `WrongField`."""
    if line.cells[field] not in known:
        raise WrongField(field, f"expected one of {', '.join(known)}")
    return line.cells[field]


def moment_of(site: Site, line: Line, field: str) -> datetime:
    """A time on the campus's own clock, such as 2026-09-01 16:30. Raises `WrongField`."""
    text = line.cells[field].replace("T", " ")
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=site.campus.timezone)
        except ValueError:
            continue
    raise WrongField(field, "expected a time such as 2026-09-01 16:30")
