"""A pass on paper: through a real CUPS to a printer that runs out of paper, and back to the guard's screen."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from gateway.core import pass_values
from gateway.core.kinds import Profile
from gateway.flows.printing import Label, Paper, Printer, PrinterOut, Trouble
from gateway.new_site import write_new_site
from gateway.printing.cups import Cups
from gateway.printing.fonts import Face, face
from gateway.printing.label import DOTS_PER_MM, SIZES, as_pdf, draw
from gateway.settings import ConfigurationError, load
from tests.parts.print_service import Cupsd, is_there
from tests.web.guardpost import GuardPost
from tests.web.test_passes import ask, register

CODE = pass_values.new_value(bytes(32), b"0123456789")
LABEL = Label(
    ("访客 VISITOR · 示范学校", "VISITOR · Example School"),
    CODE,
    "欧阳晓明 Anna-Katharina Berg-Hartmann of a very long name indeed",
    (("2026-11-21 10:00 – 12:00",), ("接待人 Host: Li Na", "Host: Li Na"), ("教学区 Teaching area", "Teaching area")),
    ("请佩戴在显眼处", "Wear it visibly"),
)


@pytest.fixture
async def cups(tmp_path: Path) -> AsyncIterator[Cupsd]:
    """A print service with the queue `label-north`."""
    if not is_there():
        if os.environ.get("CI") == "true":
            pytest.fail("CUPS is missing (apt: cups-daemon cups-client)")
        pytest.skip("CUPS is missing (apt: cups-daemon cups-client)")
    service = Cupsd(tmp_path / "cups")
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def printing_post(tmp_path: Path, cups: Cupsd) -> AsyncIterator[GuardPost]:
    """A gateway with a printer at the north gate, and one at the south gate of which CUPS knows nothing."""
    printers = {
        "north": Printer("north", "label-north", Paper.LABEL_62),
        "south": Printer("south", "no-such-queue", Paper.ROLL_80),
    }
    post = await GuardPost(tmp_path / "site").open(printing=Cups(printers, cups.server))
    yield post
    await post.close()


async def until(look: Callable[[], Awaitable[Any]], wanted: Any, within_s: float = 10.0) -> Any:
    """What `look` says when it says that; AssertionError with its last word."""
    seen = None
    for _ in range(round(within_s / 0.05)):
        seen = await look()
        if seen == wanted:
            return seen
        await asyncio.sleep(0.05)
    raise AssertionError(f"{seen} and not {wanted}")


async def test_a_pass_is_printed_without_a_dialog_and_its_way_is_followed(
    printing_post: GuardPost, cups: Cupsd
) -> None:
    paper = await cups.add_queue("label-north")
    guard = await printing_post.signed_in("guard1", "guard")
    made = await register(printing_post, guard)

    async def printers() -> list[Any]:
        _, said = await ask(guard, "GET", "printers")
        return [(one["gate"], one["state"], one["trouble"]) for one in said["printers"]]

    async def job() -> Any:
        _, said = await ask(guard, "GET", f"printers/jobs/{sent['job']}?gate=north")
        return said["state"], said["trouble"]

    assert await printers() == [("north", "ready", None), ("south", "out", "no_queue")]
    status, sent = await ask(guard, "POST", f"visits/{made['id']}/pass/print", {"gate": "north"})
    assert (status, sent["state"], sent["trouble"], sent["without_name"]) == (200, "printing", None, False)
    await until(job, ("done", None))

    (page,) = paper.glob("page-*.pdf")
    assert page.read_bytes().startswith(b"%PDF-")
    queue = await cups.run("lpstat", "-l", "-W", "completed", "-o")
    assert "Berg" not in queue and made["pass"] not in queue
    assert (await printing_post.records("record_read"))[-1]["what"] == "pass"
    assert (await ask(guard, "POST", f"visits/{made['id']}/pass/print", {"gate": "west"}))[0] == 404
    assert (await ask(guard, "GET", "printers/jobs/other-1?gate=north"))[0] == 404

    # Out of paper: said at once, and printed by itself once there is some.
    (paper / "empty").touch()
    _, sent = await ask(guard, "POST", f"visits/{made['id']}/pass/print", {"gate": "north"})
    await until(job, ("printing", "out_of_paper"))
    assert (await printers())[0] == ("north", "out", "out_of_paper")
    (paper / "empty").unlink()
    await until(job, ("done", None))
    assert len(list(paper.glob("page-*.pdf"))) == 2
    assert (await printers())[0] == ("north", "ready", None)

    # The cover is open; the printer breaks; somebody stops the queue.
    (paper / "open").touch()
    _, sent = await ask(guard, "POST", f"visits/{made['id']}/pass/print", {"gate": "north"})
    await until(job, ("printing", "open"))
    (paper / "open").unlink()
    await until(job, ("done", None))
    (paper / "broken").touch()
    _, sent = await ask(guard, "POST", f"visits/{made['id']}/pass/print", {"gate": "north"})
    await until(job, ("failed", "other"))
    (paper / "broken").unlink()
    (paper / "empty").touch()
    _, sent = await ask(guard, "POST", f"visits/{made['id']}/pass/print", {"gate": "north"})
    await cups.run("cancel", sent["job"])
    await until(job, ("failed", "other"))
    (paper / "empty").unlink()
    await cups.run("cupsdisable", "label-north")
    assert (await printers())[0] == ("north", "out", "stopped")
    await cups.run("cupsenable", "label-north")
    await cups.run("cupsreject", "label-north")
    _, sent = await ask(guard, "POST", f"visits/{made['id']}/pass/print", {"gate": "north"})
    assert (sent["job"], sent["state"], sent["trouble"]) == (None, "failed", "stopped")
    _, sent = await ask(guard, "POST", f"visits/{made['id']}/pass/print", {"gate": "south"})
    assert (sent["job"], sent["trouble"]) == (None, "no_queue")

    await cups.stop()
    assert await printers() == [("north", "out", "no_service"), ("south", "out", "no_service")]
    _, sent = await ask(guard, "POST", f"visits/{made['id']}/pass/print", {"gate": "north"})
    assert (sent["job"], sent["trouble"]) == (None, "no_service")


async def test_without_a_print_service_there_is_a_word_for_it_and_no_hanging(tmp_path: Path) -> None:
    printer = Printer("north", "label-north", Paper.LABEL_62)
    nowhere = Cups({"north": printer}, str(tmp_path / "nothing.sock"))

    (seen,) = await nowhere.seen()

    assert seen.trouble is Trouble.NO_SERVICE
    with pytest.raises(PrinterOut) as out:
        await nowhere.send(printer, LABEL)
    assert out.value.trouble is Trouble.NO_SERVICE


# ---------------------------------------------------------------- what stands on it


@pytest.mark.parametrize("paper", Paper)
def test_the_code_is_read_from_every_paper_and_nothing_is_cut_off(paper: Paper) -> None:
    drawn = draw(LABEL, paper, face())
    seen = np.array(drawn.page.convert("L"))

    assert drawn.page.size == tuple(mm * DOTS_PER_MM for mm in SIZES[paper])
    assert not drawn.unreadable
    (code,) = zxingcpp.read_barcodes(seen)
    assert code.text == CODE
    edge = 2 * DOTS_PER_MM
    assert seen[:edge].min() == seen[-edge // 2 :].min() == seen[:, :edge].min() == seen[:, -edge:].min() == 255
    rotated = (
        drawn.page.convert("L").rotate(9, expand=True, fillcolor=255).resize((300, 480), Image.Resampling.BILINEAR)
    )
    assert [one.text for one in zxingcpp.read_barcodes(np.array(rotated))] == [CODE]
    assert as_pdf(drawn).startswith(b"%PDF-")


def test_what_this_machine_has_no_letters_for_is_left_out_and_said() -> None:
    latin = Face(None, 0)

    chinese = draw(LABEL, Paper.LABEL_62, latin)
    english = draw(Label(*(("VISITOR",), CODE, "Anna Berg", (), ("Wear it",))), Paper.LABEL_62, latin)

    assert (chinese.unreadable, english.unreadable) == (True, False)
    assert not latin.has("欧") and latin.has("Anna Berg")
    assert [one.text for one in zxingcpp.read_barcodes(np.array(chinese.page.convert("L")))] == [CODE]


def test_a_queue_is_of_a_closed_alphabet_and_a_printer_stands_at_a_gate(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write_new_site(site, Profile.SCHOOL, [], datetime.now(UTC))
    text = (site / "wardgate.yaml").read_text()

    def with_printers(written: str) -> Any:
        (site / "wardgate.yaml").write_text(text.replace("printing:\n", f"printing:\n  printers: {written}\n", 1))
        return load(site, {}).printers

    assert with_printers("{north: {queue: label-north, paper: roll-80}, south: {queue: L2}}") == {
        "north": Printer("north", "label-north", Paper.ROLL_80),
        "south": Printer("south", "L2", Paper.LABEL_62),
    }
    for wrong, field in (
        ("{north: {queue: -o}}", "printing.printers.north.queue"),
        ("{north: {queue: 'a b; rm'}}", "printing.printers.north.queue"),
        ("{north: {queue: a/b}}", "printing.printers.north.queue"),
        ("{north: {queue: a, paper: a4}}", "printing.printers.north.paper"),
        ("{west: {queue: a}}", "printing.printers.west"),
    ):
        with pytest.raises(ConfigurationError) as refused:
            with_printers(wrong)
        assert [fault.field for fault in refused.value.faults] == [field], wrong
