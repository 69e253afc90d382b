"""The papers for a day without power, on the way to a printer: the same pages as on the screen, as sheets to be drawn.

Promises: what stands on the page stands on paper, because it is read from the page itself; a printer that is out keeps
nobody from the saved files, and is told in the log and in the answer. Leaves to others: the page (`paper_pages`),
drawing and printing (`gateway.printing`).
"""

from html.parser import HTMLParser

import structlog

from gateway.flows.printing import PrinterOut, Printing, Sheet, Table

log = structlog.get_logger(__name__)


def sheets_of(html: str) -> list[Sheet]:
    """The sections of the page."""
    reader = _Reader()
    reader.feed(html)
    return [one.whole() for one in reader.sheets]


async def print_sheets(printing: Printing, gate: str, html: str) -> str | None:
    """Send a gate's papers to its printer; what keeps it from printing, or None."""
    printer = printing.sheets.get(gate)
    if printer is None:
        return None
    try:
        sent = await printing.send_sheets(printer, sheets_of(html))
    except PrinterOut as error:
        log.warning("paper_day_not_printed", gate=gate, trouble=error.trouble.value)
        return error.trouble.value
    log.info("paper_day_printed", gate=gate, job=sent.job, unreadable=sent.unreadable)
    return None


class _Table:
    def __init__(self) -> None:
        self.columns: list[str] = []
        self.rows: list[tuple[str, ...]] = []
        self.wide: frozenset[str] = frozenset()


class _Sheet:
    def __init__(self) -> None:
        self.title = self.about = ""
        self.lines: list[str] = []
        self.tables: list[_Table] = []

    def whole(self) -> Sheet:
        tables = tuple(Table(tuple(one.columns), tuple(one.rows), one.wide) for one in self.tables)
        return Sheet(self.title, self.about, tuple(self.lines), tables)


class _Reader(HTMLParser):
    """Reads our own page, whose words are escaped and whose cells hold nothing but words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sheets: list[_Sheet] = []
        self._words: list[str] = []
        self._row: list[str] = []
        self._in_head = False
        self._is_wide = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "section":
            self.sheets.append(_Sheet())
        elif tag == "table" and self.sheets:
            self.sheets[-1].tables.append(_Table())
        elif tag == "thead":
            self._in_head = True
        elif tag == "tr":
            self._row = []
        if tag in ("h2", "h3", "p", "li", "th", "td"):
            self._words = []
            self._is_wide = "wide" in (given.get("class") or "")

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if not self.sheets:
            return
        sheet, said = self.sheets[-1], " ".join("".join(self._words).split())
        if tag == "h2":
            sheet.title = said
        elif tag == "p" and not sheet.about:
            sheet.about = said
        elif tag in ("p", "h3", "li") and said:
            number = sum(line[:1].isdigit() for line in sheet.lines) + 1
            sheet.lines.append(f"{number}. {said}" if tag == "li" else said)
        elif tag in ("th", "td"):
            self._row.append(said)
            if self._in_head and self._is_wide:
                sheet.tables[-1].wide |= {said}
        elif tag == "thead":
            self._in_head = False
        elif tag == "tr" and sheet.tables:
            table = sheet.tables[-1]
            if self._in_head:
                table.columns = self._row
            else:
                table.rows.append(tuple(self._row))
        if tag in ("h2", "h3", "p", "li", "th", "td"):
            self._words = []
