"""The report of an incident as a page to print: A4, black on white, in the language that was asked for.

Promises: it says what the API's report says and nothing else; a drill is marked on it, and so is a report that no
principal has reviewed. Leaves to others: who may see it, and recording that they did (`incident_views`).
"""

from typing import Any

from aiohttp import web

from gateway.core.papers.incidents import Incident
from gateway.flows.incident_words import FIELDS, KINDS, label_of
from gateway.web.context import Call
from gateway.web.incident_shapes import ReportInfo
from gateway.web.pages import in_language
from gateway.web.translations import LANGUAGES, wanted_language


def print_report(call: Call, incident: Incident, report: ReportInfo) -> web.Response:
    """The page."""
    who = call.by
    language = call.query.lang or wanted_language(call.request, who.language)
    zone = call.site.campus.timezone

    def when(at: Any) -> str:
        return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M}"

    return call.parts.pages.render(
        call.request,
        "incident_report.html",
        language,
        report=report,
        place=in_language(label_of(call.site, incident.place), language),
        kind=in_language(KINDS[incident.kind], language),
        field_name={name: in_language(label, language) for name, label in FIELDS.items()},
        languages=[one for one in LANGUAGES if one != language],
        when=when,
    )
