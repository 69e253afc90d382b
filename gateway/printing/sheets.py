"""Sheets of A4 drawn dot by dot: headings, lines and tables, for the papers of a day without power.

Promises: every row is on a page, with the table's headings on each page that it goes on to; what is too long for its
column ends in an ellipsis, and what this machine has no letters for is left out, which is said. Leaves to others: what
stands on a sheet (`web.paper_print`), bringing it to a printer (`cups`).
"""

import io
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import ceil

from PIL import Image, ImageDraw, ImageFont

from gateway.flows.printing import Sheet, Table
from gateway.printing.fonts import Face

DOTS_PER_MM = 8
WIDTH, HEIGHT = 297 * DOTS_PER_MM, 210 * DOTS_PER_MM
"""A4 on its side."""
EDGE = 12 * DOTS_PER_MM
ROW = 9 * DOTS_PER_MM
"""High enough to write in by hand."""
TITLE, TEXT, SMALL = (round(mm * DOTS_PER_MM) for mm in (6, 3.8, 3.2))
PAD = DOTS_PER_MM
WIDE = 2
"""A column for much writing is so many times as wide as the others."""


@dataclass
class Drawn:
    """The pages, and whether something could not be drawn."""

    pages: list[Image.Image]
    unreadable: bool = False


def draw_sheets(sheets: Sequence[Sheet], face: Face) -> Drawn:
    """Each sheet begins a page."""
    drawn = Drawn([])
    for sheet in sheets:
        _Pen(drawn, face, sheet).draw()
    return drawn


def as_pdf(drawn: Drawn) -> bytes:
    """All pages as one document, which every print service takes."""
    out = io.BytesIO()
    first, *more = drawn.pages
    first.save(
        out, "PDF", resolution=DOTS_PER_MM * 25.4, save_all=True, append_images=more, title="wardgate", producer=""
    )
    return out.getvalue()


class _Pen:
    """Draws one sheet, on as many pages as it takes."""

    def __init__(self, drawn: Drawn, face: Face, sheet: Sheet) -> None:
        self._drawn, self._face, self._sheet = drawn, face, sheet
        self._page: Image.Image
        self._pen: ImageDraw.ImageDraw
        self._at = 0

    def draw(self) -> None:
        self._new_page()
        for line in self._sheet.lines:
            self._room_for(ROW)
            self._text(line, EDGE, self._at, WIDTH - 2 * EDGE, TEXT)
            self._at += round(TEXT * 1.6)
        for table in self._sheet.tables:
            self._table(table)

    def _new_page(self) -> None:
        self._page = Image.new("1", (WIDTH, HEIGHT), 1)
        self._pen = ImageDraw.Draw(self._page)
        self._drawn.pages.append(self._page)
        self._text(self._sheet.title, EDGE, EDGE, WIDTH - 2 * EDGE, TITLE)
        self._text(self._sheet.about, EDGE, EDGE + round(TITLE * 1.5), WIDTH - 2 * EDGE, SMALL)
        self._at = EDGE + round(TITLE * 1.5) + SMALL * 2

    def _room_for(self, height: int) -> bool:
        """False if a new page had to begin."""
        if self._at + height <= HEIGHT - EDGE:
            return True
        self._new_page()
        return False

    def _table(self, table: Table) -> None:
        parts = [WIDE if name in table.wide else 1 for name in table.columns]
        one = (WIDTH - 2 * EDGE) / sum(parts)
        edges = [EDGE + round(one * sum(parts[:number])) for number in range(len(parts) + 1)]
        self._at += PAD
        self._room_for(2 * ROW)
        self._row(table.columns, edges)
        for row in table.rows:
            if not self._room_for(ROW):
                self._row(table.columns, edges)
            self._row(row, edges)

    def _row(self, cells: Sequence[str], edges: Sequence[int]) -> None:
        for number, (left, right) in enumerate(pairwise(edges)):
            self._pen.rectangle((left, self._at, right, self._at + ROW), outline=0, width=2)
            text = cells[number] if number < len(cells) else ""
            self._text(text, left + PAD, self._at + (ROW - SMALL) // 2 - PAD // 2, right - left - 2 * PAD, SMALL)
        self._at += ROW

    def _text(self, text: str, x: int, y: int, room: int, size: int) -> None:
        readable = "".join(letter for letter in text if self._face.has(letter))
        self._drawn.unreadable |= readable != text
        font = self._face.at(size)
        if self._pen.textlength(readable, font) > room:
            whole = readable
            width_of = partial(self._width, whole, font)
            fits = bisect_right(range(len(whole)), room, key=width_of)
            readable = f"{whole[: max(0, fits - 1)]}…"
        self._pen.text((x, y), readable, fill=0, font=font)

    def _width(self, whole: str, font: ImageFont.FreeTypeFont, end: int) -> int:
        """How wide the first `end` letters are with the sign that there were more, in dots."""
        return ceil(self._pen.textlength(f"{whole[:end]}…", font))
