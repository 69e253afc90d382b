"""Handlers: the pass of a visit on a screen, on paper, before the guard's scanner, and on a phone.

Promises: a code is never part of an address; whoever looks at a visitor's pass or prints it is recorded; the public
page learns nothing but whether a code was made here. Leaves to others: what a code opens (`flows`).
"""

import time
from datetime import datetime

from aiohttp import web

from gateway.core import pass_values
from gateway.core.kinds import Direction
from gateway.core.papers import Visit
from gateway.core.rights import Right
from gateway.flows import badges, passes, presenting, reading
from gateway.flows.printing import JobState, Label, Printer, PrinterOut, PrinterSeen, Trouble
from gateway.web import pass_shapes as shapes
from gateway.web.context import Call
from gateway.web.edge import own_origin
from gateway.web.pass_pictures import NoPicture, TooBusy, svg_of
from gateway.web.permit_words import in_words, person
from gateway.web.problems import FieldError, Kind, Problem, not_found
from gateway.web.shapes import TraceLine
from gateway.web.translations import wanted_language
from gateway.web.visit_shapes import VisitInfo
from gateway.web.visits import as_visit, is_mine
from gateway.web.words import WORDS

PICTURE_LIMIT = 1024 * 1024


async def get_pass(call: Call) -> shapes.PassInfo:
    id = call.path("visit")
    async with in_words(call, id):
        found = passes.pass_of(call.site, id)
    if not call.may(Right.REGISTER_VISITS) and not is_mine(call, found.visit):
        raise not_found("visit")
    await reading.note(call.site, call.by.ref, "pass", 1, found.visit.holder)
    return _as_pass(call, found)


async def give_anew(call: Call) -> shapes.PassInfo:
    id = call.path("visit")
    async with in_words(call, id):
        return _as_pass(call, await passes.give_anew(call.site, id, call.by.ref))


async def give_badge(call: Call) -> VisitInfo:
    id = call.path("visit")
    async with in_words(call, id):
        return as_visit(call.site, await badges.give(call.site, id, call.body.number, call.by.ref))


# ---------------------------------------------------------------- shown to the guard


async def present(call: Call) -> shapes.PassPresented:
    """As at the reader; a refusal says why."""
    given, site = call.body, call.site
    async with in_words(call):
        found = await presenting.present(
            site,
            portal=given.portal,
            direction=Direction(given.direction),
            value=given.value,
            by=call.by.ref,
            rights=call.by.rights,
            confirmed=given.confirm,
        )
    done, decision = found.done, found.decision
    visits = site.directory.papers.visits.get(decision.holder or "", ())
    return shapes.PassPresented(
        done.id,
        done.outcome.value,
        done.reason.value,
        [TraceLine(f.rule, f.verdict.value, None if f.reason is None else f.reason.value) for f in decision.trace],
        person(site, decision.holder),
        next((visit.id for visit in visits if decision.credential in visit.passes), None),
        done.device,
        done.command,
        found.confirm,
    )


async def scan(call: Call) -> shapes.CodeFound:
    try:
        return shapes.CodeFound(await call.parts.code_reader.read(call.body))
    except NoPicture as error:
        raise Problem(Kind.VALIDATION, errors=(FieldError("picture", str(error)),)) from None
    except TooBusy:
        raise Problem(Kind.TOO_MANY, "others are being read", retry_after_s=1) from None


# ---------------------------------------------------------------- on a phone


async def page(call: Call) -> web.Response:
    """The page knows nothing: its script alone sees the code."""
    language = wanted_language(call.request, None)
    pages = call.parts.pages
    return pages.render(call.request, "pass.html", language, texts=pages.texts(language))


async def draw(call: Call) -> shapes.PassDrawn:
    """A picture of a code that was made here, whatever it opens. Who asks often waits a little, who guesses longer and
    longer."""
    parts, now = call.parts, time.monotonic()
    tries, asked = parts.drawn, parts.draws_asked
    wait_s = max(tries.wait_s(call.address, now), asked.wait_s(call.address, now))
    if wait_s > 0:
        raise Problem(Kind.TOO_MANY, retry_after_s=round(wait_s) + 1)
    asked.begin(call.address, now)
    value = call.body.value
    if not pass_values.is_signed(call.site.pass_key, value):
        tries.begin(call.address, now)
        raise Problem(Kind.VALIDATION, errors=(FieldError("value", "was not made here"),))
    try:
        return shapes.PassDrawn(await parts.code_drawer.draw(value))
    except TooBusy:
        raise Problem(Kind.TOO_MANY, "others are being drawn", retry_after_s=1) from None


# ---------------------------------------------------------------- on paper


async def list_printers(call: Call) -> shapes.Printers:
    return shapes.Printers([_as_printer(seen) for seen in await call.parts.printing.seen()])


async def print_pass(call: Call) -> shapes.PrintJob:
    """Sent without a dialog; what becomes of it is asked afterwards."""
    id, printer = call.path("visit"), _printer(call, call.body.gate)
    async with in_words(call, id):
        found = passes.pass_of(call.site, id)
    await reading.note(call.site, call.by.ref, "pass", 1, found.visit.holder)
    try:
        sent = await call.parts.printing.send(printer, _label(call, found))
    except PrinterOut as out:
        return shapes.PrintJob(printer.queue, None, JobState.FAILED.value, out.trouble.value)
    return shapes.PrintJob(printer.queue, sent.job, JobState.PRINTING.value, None, sent.unreadable)


async def get_job(call: Call) -> shapes.PrintJob:
    printer, job = _printer(call, call.query.gate), call.path("job")
    if job.rpartition("-")[0] != printer.queue:
        raise not_found("job")
    seen = await call.parts.printing.job(printer, job)
    return shapes.PrintJob(printer.queue, seen.job, seen.state.value, _code(seen.trouble))


# ---------------------------------------------------------------- what the others are made of


def _as_pass(call: Call, found: passes.Pass) -> shapes.PassInfo:
    base = call.site.notices.base_url or own_origin(call.request)
    return shapes.PassInfo(
        found.value,
        svg_of(found.value),
        shapes.Uses(found.max_uses, found.used),
        found.not_before,
        found.not_after,
        f"{base}/p#{found.value}",
    )


def _printer(call: Call, gate: str) -> Printer:
    printer = call.parts.printing.printers.get(gate)
    if printer is None:
        raise not_found("printer")
    return printer


def _as_printer(seen: PrinterSeen) -> shapes.PrinterInfo:
    printer = seen.printer
    return shapes.PrinterInfo(printer.gate, printer.queue, printer.paper.value, seen.state.value, _code(seen.trouble))


def _code(trouble: Trouble | None) -> shapes.Trouble | None:
    return None if trouble is None else trouble.value


def _label(call: Call, found: passes.Pass) -> Label:
    """What stands on the paper, in both languages; in English alone where there are no Chinese letters."""
    site, visit = call.site, found.visit
    campus = site.campus
    kind = WORDS["kind"][visit.kind.value]
    chinese = call.parts.pages.text("zh", kind)
    holder = site.directory.holders.get(visit.holder)
    host = None if visit.host is None else site.directory.holders.get(visit.host)
    zones = [campus.zones[zone].name for zone in sorted(visit.zones) if zone in campus.zones]
    lines: list[tuple[str, ...]] = [(_times(call, visit),)]
    if host is not None:
        to = WORDS["pass_paper"]["host"]
        lines.append((f"{call.parts.pages.text('zh', to)} {to}: {host.name}", f"{to}: {host.name}"))
    if zones:
        lines.append((" ".join((*(z.zh for z in zones), *(z.en for z in zones))), " ".join(z.en for z in zones)))
    title = f"{chinese} {kind.upper()} · {campus.name.zh}", f"{kind.upper()} · {campus.name.en}"
    wear = WORDS["pass_paper"]["wear"]
    foot = call.parts.pages.text("zh", wear), wear
    return Label(title, found.value, "" if holder is None else holder.name, tuple(lines), foot)


def _times(call: Call, visit: Visit) -> str:
    zone = call.site.campus.timezone
    first, last = (at.astimezone(zone) for at in (visit.starts_at, visit.ends_at))

    def day(at: datetime) -> str:
        return at.strftime("%Y-%m-%d")

    end = last.strftime("%H:%M") if day(first) == day(last) else last.strftime("%Y-%m-%d %H:%M")
    return f"{first:%Y-%m-%d %H:%M} – {end}"
