"""Handlers: exports, open cases, and what is erased when."""

import asyncio

from aiohttp import web

from gateway.core.papers import Export, ExportFormat, ExportWhat, Hold
from gateway.flows import exports, holds, people, retention
from gateway.flows.retention_rules import Kept, Retention
from gateway.flows.told import as_time
from gateway.web import record_shapes as shapes
from gateway.web.context import Call
from gateway.web.export_files import as_csv, as_xlsx
from gateway.web.permit_words import in_words, person
from gateway.web.problems import not_found

MEDIA = {
    ExportFormat.CSV: "text/csv",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def ask_export(call: Call) -> shapes.ExportInfo:
    given = call.body
    async with in_words(call):
        made = await exports.ask(
            call.site,
            ExportWhat(given.what),
            given.since,
            given.until,
            given.reason,
            ExportFormat(given.format),
            call.by.ref,
        )
    return _export(call, made)


async def list_exports(call: Call) -> shapes.Exports:
    return shapes.Exports([_export(call, export) for export in exports.open_exports(call.site)])


async def approve_export(call: Call) -> shapes.ExportInfo:
    id = call.path("export")
    async with in_words(call, id):
        return _export(call, await exports.approve(call.site, id, call.by.ref))


async def refuse_export(call: Call) -> shapes.ExportInfo:
    id = call.path("export")
    async with in_words(call, id):
        return _export(call, await exports.refuse(call.site, id, call.by.ref))


async def get_export_file(call: Call) -> web.Response:
    """Made now, for this answer alone."""
    id = call.path("export")
    async with in_words(call, id):
        export, rows = await exports.fetch(call.site, id, call.by.ref)
    make = as_csv if export.format is ExportFormat.CSV else as_xlsx
    body = await asyncio.to_thread(make, rows, call.site.campus.timezone)
    name = f"wardgate-{export.what.value}-{export.id}.{export.format.value}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Type": MEDIA[export.format]}
    return web.Response(body=body, headers=headers)


async def place_hold(call: Call) -> shapes.HoldInfo:
    async with in_words(call):
        return _hold(call, await holds.place(call.site, call.body.person, call.body.reason, call.by.ref))


async def list_holds(call: Call) -> shapes.Holds:
    return shapes.Holds([_hold(call, hold) for hold in holds.open_cases(call.site)])


async def release_hold(call: Call) -> shapes.HoldInfo:
    id = call.path("hold")
    async with in_words(call, id):
        return _hold(call, await holds.release(call.site, id, call.by.ref))


async def get_retention(call: Call) -> shapes.RetentionInfo:
    site = call.site
    rules, usual = site.rules.retention, Retention()
    due = await retention.due(site)
    return shapes.RetentionInfo(
        [shapes.KeptFor(kept.value, rules.days_of(kept), usual.days_of(kept), due[kept.value]) for kept in Kept],
        rules.pictures_days,
        rules.passages_days,
        rules.reason,
        retention.is_paused(site),
        len(holds.open_cases(site)),
        [
            shapes.RetentionRun(as_time(run["at"]), run["erased"], run["files"], run["days_counted"], run["paused"])
            for run in await retention.runs(site)
        ],
    )


async def person_left(call: Call) -> shapes.PersonLeft:
    id = call.path("person")
    try:
        await people.leave(call.site, id, call.by.ref)
    except LookupError:
        raise not_found("person") from None
    return shapes.PersonLeft(id, call.site.rules.retention.left_days)


def _export(call: Call, export: Export) -> shapes.ExportInfo:
    now = call.site.clock.now()
    if export.refused_by is not None:
        state = "refused"
    elif export.ends_at <= now or not export.is_live:
        state = "over"
    else:
        state = "ready" if export.may_be_fetched else "waiting"
    return shapes.ExportInfo(
        export.id,
        export.what.value,
        export.format.value,
        export.since,
        export.until,
        export.reason,
        export.rows,
        state,
        export.requested_at,
        export.ends_at,
        export.requested_by == call.by.ref,
    )


def _hold(call: Call, hold: Hold) -> shapes.HoldInfo:
    about = person(call.site, hold.subject)
    return shapes.HoldInfo(hold.id, about, hold.subject is None, hold.reason, hold.placed_at, hold.released_at)
