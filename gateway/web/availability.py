"""Handlers: the report of the cameras' availability, as data, as a workbook and as a page to print.

Promises: the same numbers in all three; whoever fetches a workbook is on record. Leaves to others: the numbers
(`flows.report_port`, answered by the reports).
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from gateway.core.rights import Right
from gateway.flows import reading
from gateway.flows.report_port import AvailabilityReports, NoSuchPeriod
from gateway.web import work_shapes as shapes
from gateway.web.context import Call
from gateway.web.problems import FieldError, Kind, Problem
from gateway.web.translations import LANGUAGES, wanted_language

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXCEPTIONS = frozenset(
    {"missed_camera", "missed_gateway", "missed_overload", "missed_maintenance", "raised", "standing", "orders_open"}
)
"""Columns of a camera of which there is something to say."""
NOTHING = ("0", "–")


async def get_availability(call: Call) -> shapes.Availability | web.Response:
    """The report of a day or month."""
    query, reports = call.query, _reports(call)
    if query.day is not None and query.month is not None:
        raise Problem(Kind.VALIDATION, errors=(FieldError("month", "a day or a month, not both"),))
    period = query.day or query.month or today(call)
    try:
        if query.format == "xlsx":
            return await _workbook(call, reports, period)
        return as_shape(await reports.data(period))
    except NoSuchPeriod as error:
        raise Problem(Kind.VALIDATION, errors=(FieldError("month" if query.month else "day", str(error)),)) from None


async def _workbook(call: Call, reports: AvailabilityReports, period: str) -> web.Response:
    language = call.query.lang or wanted_language(call.request, call.by.language)
    body = await reports.xlsx(period, language)
    await reading.note(call.site, call.by.ref, "camera_availability", 1)
    name = f"wardgate-cameras-{period}-{language}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Type": XLSX}
    return web.Response(body=body, headers=headers)


async def page(call: Call) -> web.Response:
    """The same on paper; works without a script."""
    who = call.who
    if who is None:
        raise web.HTTPSeeOther("/")
    pages, language = call.parts.pages, wanted_language(call.request, who.language)
    texts = pages.texts(language)
    if not who.may(frozenset({Right.SEE_CAMERAS})):
        return pages.render(call.request, "no_page.html", language, status=403, who=who, texts=texts)
    asked = call.request.query
    period = asked.get("day") or asked.get("month") or today(call)
    values: dict[str, Any] = {
        "texts": texts,
        "who": who,
        "period": period[:10],
        "today": today(call),
        "languages": list(LANGUAGES),
    }
    try:
        report = await _reports(call).page(period, language)
    except NoSuchPeriod:
        return pages.render(call.request, "cameras_report.html", language, status=404, report=None, rows=[], **values)
    only = asked.get("only") == "exceptions"
    rows = [row for row in report["rows"] if not only or says_something(row)]
    values |= {"only": only, "quiet": len(report["rows"]) - len(rows)}
    return pages.render(call.request, "cameras_report.html", language, report=report, rows=rows, **values)


def says_something(row: Mapping[str, Any]) -> bool:
    """True if a camera's line has anything but checks that were done and found nothing."""
    return any(cell["key"] in EXCEPTIONS and cell["text"] not in NOTHING for cell in row["cells"])


def today(call: Call) -> str:
    """The day of the campus."""
    return f"{call.site.clock.now().astimezone(call.site.campus.timezone):%Y-%m-%d}"


def as_shape(data: Mapping[str, Any]) -> shapes.Availability:
    """What the reports say, in the words of the API."""
    plain = {**data, "total": _line(data["total"]), "cameras": [_line(one) for one in data["cameras"]]}
    return msgspec.convert(plain, shapes.Availability)


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {**line, "clear": line["healthy"]}


def _reports(call: Call) -> AvailabilityReports:
    if call.parts.reports is None:
        raise Problem(Kind.NOT_FOUND, "this gateway makes no reports")
    return call.parts.reports
