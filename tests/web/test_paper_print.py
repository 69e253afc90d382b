"""The papers for a day without power on paper: through a real CUPS, with every name that the page has."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gateway.flows.printing import SheetPrinter, Trouble
from gateway.printing.cups import Cups
from gateway.printing.fonts import face
from gateway.printing.sheets import HEIGHT, WIDTH, draw_sheets
from gateway.web.paper_folder import PaperFolder
from gateway.web.paper_print import sheets_of
from tests.parts.print_service import Cupsd
from tests.web.guardpost import GuardPost
from tests.web.test_passes import ask, register
from tests.web.test_printing import cups as cups

PAGE = """<main><h1>x</h1><section class="sheet"><header><h2>A &amp; B</h2><p>as of now</p></header>
<ol><li>first</li><li>second</li></ol><table><thead><tr><th>No.</th><th class="wide">Why</th></tr></thead>
<tbody><tr><td>1</td><td></td></tr><tr><td>2</td><td>王芳</td></tr></tbody></table></section></main>"""


@pytest.fixture
async def paper_post(tmp_path: Path, cups: Cupsd) -> AsyncIterator[GuardPost]:
    """A gateway that prints the papers of the north gate, and cannot print those of the south gate."""
    await cups.add_queue("office")
    sheets = {"north": SheetPrinter("north", "office", "zh"), "south": SheetPrinter("south", "no-queue", "en")}
    printing = Cups({}, cups.server, sheets=sheets)
    post = await GuardPost(tmp_path / "site").open(printing=printing, paper=PaperFolder(tmp_path / "paper"))
    yield post
    await post.close()


def test_a_sheet_is_read_from_the_page_with_its_lines_and_tables() -> None:
    [sheet] = sheets_of(PAGE)

    assert (sheet.title, sheet.about, sheet.lines) == ("A & B", "as of now", ("1. first", "2. second"))
    [table] = sheet.tables
    assert (table.columns, table.rows, table.wide) == (("No.", "Why"), (("1", ""), ("2", "王芳")), {"Why"})


def test_a_long_table_goes_on_with_its_headings_and_nothing_leaves_the_page() -> None:
    rows = f"<tr><td>x</td><td>a very long line {'y' * 300}</td></tr>" * 60
    [sheet] = sheets_of(PAGE.replace("</tbody>", rows))
    drawn = draw_sheets([sheet] * 2, face())

    assert len(drawn.pages) >= 6 and len(drawn.pages) % 2 == 0
    for page in drawn.pages:
        assert page.size == (WIDTH, HEIGHT)
        dark = np.argwhere(~np.array(page, dtype=bool))
        assert dark[:, 0].max() < HEIGHT - 60 and dark[:, 1].max() < WIDTH - 60 and dark.min() > 60


async def test_the_papers_come_out_of_the_printer_and_a_printer_that_is_not_there_is_named(
    paper_post: GuardPost, cups: Cupsd
) -> None:
    guard = await paper_post.signed_in("guard1", "guard")
    await register(paper_post, guard)

    _, state = await ask(guard, "GET", "paper-day?gate=north")
    status, made = await ask(guard, "POST", "paper-day", {"gate": "north", "print": True})

    assert status == 201 and state["prints"] and made["not_printed"] == {"south": Trouble.NO_QUEUE.value}
    tray = cups.folder / "paper" / "office"
    async with asyncio.timeout(60):
        while not list(tray.glob("page-*.pdf")):  # noqa: ASYNC110  # another process writes it
            await asyncio.sleep(0.05)
    [printed] = tray.glob("page-*.pdf")
    assert printed.read_bytes().startswith(b"%PDF")
    _, quiet = await ask(guard, "POST", "paper-day", {"gate": "north"})
    assert quiet["not_printed"] == {} and len(list(tray.glob("page-*.pdf"))) == 1


def test_what_is_drawn_is_seen() -> None:
    [page, *_] = draw_sheets(sheets_of(PAGE), face()).pages
    assert isinstance(page, Image.Image) and (~np.array(page, dtype=bool)).mean() > 0.002
