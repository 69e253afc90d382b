"""A pass on paper: drawn dot by dot, as one page of exactly the paper's size.

Promises: the code is drawn with whole dots and a quiet edge, so that it is read from a wet and crumpled label; nothing
is cut off: what is too long becomes smaller, then gets an ellipsis; what this machine has no letters for is left out,
and that is said. Leaves to others: bringing it to a printer (`cups`).
"""

import io
from dataclasses import dataclass

import segno
from PIL import Image, ImageDraw

from gateway.flows.printing import Label, Line, Paper
from gateway.printing.fonts import Face

DOTS_PER_MM = 12
"""About 300 to the inch, which label printers have; one with fewer makes a multiple of it smaller."""
SIZES = {Paper.LABEL_62: (62, 100), Paper.ROLL_80: (72, 110), Paper.ROLL_58: (48, 90)}
"""Width and height in mm; of the rolls, what a head can print."""
EDGE_MM = 3
CODE_MM = 36
"""29 dots of the code and four at each side: each about a millimetre, which a camera reads from arm's length."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The page, and whether something of it could not be drawn."""

    page: Image.Image
    unreadable: bool


def draw(label: Label, paper: Paper, face: Face) -> Drawn:
    """The pass as a black and white picture."""
    width, height = (mm * DOTS_PER_MM for mm in SIZES[paper])
    page = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(page)
    edge = EDGE_MM * DOTS_PER_MM
    room = width - 2 * edge
    at = _line(pen, face, _readable(face, label.title), edge, edge, room, 4.2)
    code = _code(label.code, min(room, CODE_MM * DOTS_PER_MM))
    page.paste(code, ((width - code.width) // 2, at))
    at += code.height + DOTS_PER_MM
    unreadable = not face.has(label.name)
    if not unreadable:
        at = _line(pen, face, label.name, edge, at, room, 6.0)
    for line in label.lines:
        at = _line(pen, face, _readable(face, line), edge, at, room, 3.6)
    _line(pen, face, _readable(face, label.foot), edge, height - edge - 4 * DOTS_PER_MM, room, 3.2)
    return Drawn(page.point(lambda grey: 255 if grey > 127 else 0).convert("1"), unreadable)


def as_pdf(drawn: Drawn) -> bytes:
    """One page of exactly the paper's size, which every print service takes."""
    out = io.BytesIO()
    drawn.page.save(out, "PDF", resolution=DOTS_PER_MM * 25.4, title="", producer="")
    return out.getvalue()


def _code(value: str, room: int) -> Image.Image:
    """The code, as large as goes with whole dots."""
    rows = [list(row) for row in segno.make(value, error="h", micro=False, boost_error=False).matrix_iter(border=4)]
    dot = max(1, room // len(rows))
    small = Image.new("L", (len(rows), len(rows)))
    small.putdata([0 if dark else 255 for row in rows for dark in row])
    return small.resize((len(rows) * dot, len(rows) * dot), Image.Resampling.NEAREST)


def _readable(face: Face, line: Line) -> str:
    return next((text for text in line if face.has(text)), "")


def _line(pen: ImageDraw.ImageDraw, face: Face, text: str, x: int, y: int, room: int, size_mm: float) -> int:
    """One line of text, in the middle; where the next one begins."""
    if not text:
        return y
    size = round(size_mm * DOTS_PER_MM)
    smallest = round(size * 0.6)
    while size > smallest and pen.textlength(text, face.at(size)) > room:
        size -= 2
    while len(text) > 1 and pen.textlength(text, face.at(size)) > room:
        text = text.rstrip("…")[:-1] + "…"
    width = pen.textlength(text, face.at(size))
    pen.text((x + (room - width) / 2, y), text, font=face.at(size), fill=0)
    return y + round(size * 1.35)
