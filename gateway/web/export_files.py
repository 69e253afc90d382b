"""A table as a file that a spreadsheet opens, and that does nothing there but show what it says.

Promises: a cell is text or a number, never a formula, a link or a command, whatever somebody had typed into a field:
in CSV what could begin one gets an apostrophe before it, in a workbook it is written as text. Nothing is left on the
disk. Leaves to others: what is in the table.
"""

import csv
import io
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

BEGINS_A_FORMULA = frozenset("=+-@|")
"""As plain characters: full-width ones become these when a spreadsheet reads them."""
CELL_AT_MOST = 32_000
"""A workbook's cell holds no more."""


def safe_text(text: str) -> str:
    """`text` such that no spreadsheet takes it for a formula, also after it was trimmed or copied."""
    begin = unicodedata.normalize("NFKC", text).lstrip()
    bare = "".join(c for c in begin[:8] if unicodedata.category(c) not in ("Cf", "Cc"))
    is_odd = bool(text) and unicodedata.category(text[0]) in ("Cc", "Cf")
    return f"'{text}" if is_odd or (bare[:1] in BEGINS_A_FORMULA and bare) else text


def plain_cell(value: Any, zone: ZoneInfo) -> str | int | float:
    """A value as a cell shows it; times in the campus's own time."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    return str(value)[:CELL_AT_MOST]


def as_csv(rows: Sequence[Sequence[Any]], zone: ZoneInfo) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    for row in rows:
        cells = [plain_cell(value, zone) for value in row]
        writer.writerow([safe_text(cell) if isinstance(cell, str) else cell for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Sequence[Sequence[Any]], zone: ZoneInfo) -> bytes:
    """A workbook of one sheet, made in memory. Takes a second for ten thousand rows: for a thread."""
    import xlsxwriter  # late: only who exports needs it

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                cell = plain_cell(value, zone)
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                else:
                    sheet.write_number(number, column, cell)
    return out.getvalue()
