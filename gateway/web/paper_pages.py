"""Handlers: the papers for a day without power, on the screen and in their folder, and what was written on them.

Promises: a page that names people is recorded before it is shown, and shows nobody on a locked kiosk; the saved files
stand by themselves, with their style inside. Leaves to others: what is on a sheet (`flows/paper_day`).
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from markupsafe import Markup

from gateway.core.papers import Visit, VisitState
from gateway.core.rights import Right
from gateway.flows import paper_day, paper_entries, reading
from gateway.flows.paper_day import PaperDay
from gateway.flows.paper_entries import Line
from gateway.flows.permits import WrongField
from gateway.flows.printing import NoPrinters, Printing
from gateway.flows.told import person
from gateway.web import paper_shapes as shapes
from gateway.web.context import Call
from gateway.web.dispatch import is_locked
from gateway.web.files import STATIC
from gateway.web.gate_help import known_gate
from gateway.web.pages import Pages, in_language
from gateway.web.paper_folder import PaperFolder
from gateway.web.paper_print import print_sheets
from gateway.web.problems import FieldError, Kind, Problem
from gateway.web.translations import LANGUAGES, wanted_language
from gateway.web.words import WORDS

MAY_SEE = frozenset({Right.ANSWER_WAITING})
REGISTER_ROWS = 14
"""Blank lines on one sheet of A4."""
STYLE = STATIC / "paper.css"


async def page(call: Call) -> web.Response:
    """The papers of one gate as they would be made now; recorded."""
    who, gate = call.who, call.request.query.get("gate", "")
    if who is None:
        raise web.HTTPSeeOther("/")
    language = wanted_language(call.request, who.language)
    pages = call.parts.pages
    if not who.may(MAY_SEE):
        texts = pages.texts(language)
        return pages.render(call.request, "no_page.html", language, status=403, who=who, texts=texts)
    if gate not in call.site.campus.gates:
        raise Problem(Kind.NOT_FOUND)
    if is_locked(call.parts, who):
        raise Problem(Kind.LOCKED)
    day = paper_day.gather(call.site, gate)
    await reading.note(call.site, who.ref, "paper_day", day.names)
    return pages.render(call.request, "paper.html", language, style=None, **_values(pages, day, language))


async def state(call: Call) -> shapes.PaperState:
    """Which sets there are, and who is inside by the lists; recorded."""
    gate, site = known_gate(call, call.query.gate, "gate"), call.site
    visits = [v for some in site.directory.papers.visits.values() for v in some if v.state is VisitState.CHECKED_IN]
    inside = [_inside(call, visit) for visit in sorted(visits, key=lambda v: (v.checked_in_at or v.starts_at, v.id))]
    await reading.note(site, call.by.ref, "paper_day", len(inside))
    folder = call.parts.paper
    sets = [] if folder is None else await asyncio.to_thread(folder.sets)
    return shapes.PaperState(gate, sets, inside=inside, prints=gate in call.parts.printing.sheets)


async def make(call: Call) -> shapes.PaperState:
    """Make the papers of all gates now."""
    gate, site, folder = known_gate(call, call.body.gate, "gate"), call.site, call.parts.paper
    if folder is None:
        raise Problem(Kind.CONFLICT, "no_folder: this gateway keeps no papers")
    days = [paper_day.gather(site, one) for one in site.campus.gates]
    await paper_day.note_made(site, days, call.by.ref)
    printing = call.parts.printing if call.body.print else NoPrinters()
    troubles = await save_and_print(call.parts.pages, folder, printing, days)
    not_printed = {gate: trouble for gate, trouble in troubles.items() if trouble is not None}
    sets = await asyncio.to_thread(folder.sets)
    return shapes.PaperState(gate, sets, site.clock.now(), [], gate in call.parts.printing.sheets, not_printed)


async def type_in(call: Call) -> shapes.TypedLines:
    """What was written by hand. If one line is wrong nothing is written, and each wrong field is named."""
    gate, site = known_gate(call, call.body.gate, "gate"), call.site
    lines = [_line(one) for one in call.body.entries]
    wrong = await paper_entries.check_all(site, lines)
    if wrong:
        errors = (FieldError(f"entries[{number}].{error.field}", error.message) for number, error in wrong)
        raise Problem(Kind.VALIDATION, errors=tuple(errors))
    typed = []
    for number, line in enumerate(lines):
        try:
            typed.append(await paper_entries.type_in(site, gate, line, call.by.ref))
        except WrongField as error:  # somebody was faster; sent again, the lines before are known
            field = FieldError(f"entries[{number}].{error.field}", error.message)
            raise Problem(Kind.VALIDATION, errors=(field,)) from None
    return shapes.TypedLines([shapes.TypedLine(one.key, one.known, one.visit) for one in typed])


async def save(pages: Pages, folder: PaperFolder, days: list[PaperDay]) -> int:
    """Keep the sheets of these gates in both languages; how many files."""
    return len(await _saved(pages, folder, days))


async def save_and_print(
    pages: Pages, folder: PaperFolder, printing: Printing, days: list[PaperDay]
) -> Mapping[str, str | None]:
    """Keep them, and print those of the gates that have a printer for it.

    By gate what keeps the printer from printing, None for what was sent.
    """
    files = await _saved(pages, folder, days)
    printers = [printing.sheets[day.gate] for day in days if day.gate in printing.sheets]
    return {
        one.gate: await print_sheets(printing, one.gate, files[f"{one.gate}.{one.language}.html"]) for one in printers
    }


async def _saved(pages: Pages, folder: PaperFolder, days: list[PaperDay]) -> dict[str, str]:
    style = STYLE.read_text("utf-8")
    files: dict[str, str] = {}
    for day in days:
        for language in LANGUAGES:
            values = _values(pages, day, language)
            files[f"{day.gate}.{language}.html"] = pages.as_text("paper.html", language, style=Markup(style), **values)
    if days:
        await asyncio.to_thread(folder.save, days[0].made_at.astimezone(pages.campus.timezone), files)
    return files


def _values(pages: Pages, day: PaperDay, language: str) -> dict[str, Any]:
    campus = pages.campus
    zone = campus.timezone
    return {
        "day": day,
        "gate_name": in_language(campus.gates[day.gate], language),
        "rows": range(REGISTER_ROWS),
        "kinds": WORDS["kind"],
        "made_at": f"{day.made_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "when": lambda at: "" if at is None else f"{at.astimezone(zone):%m-%d %H:%M}",
        "time": lambda at: "" if at is None else f"{at.astimezone(zone):%H:%M}",
    }


def _inside(call: Call, visit: Visit) -> shapes.InsideLine:
    who = person(call.site, visit.holder)
    return shapes.InsideLine(visit.id, "" if who is None else who["name"], visit.kind.value, visit.checked_in_at)


def _line(given: shapes.PaperLine) -> Line:
    return Line(**{name: getattr(given, name) for name in given.__struct_fields__})
