"""The routes of exports, open cases and what is erased when: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.web import record_keeping, record_shapes
from gateway.web.dispatch import Route
from gateway.web.problems import Kind


def rights(*some: Right) -> frozenset[Right]:
    """Any one of these is enough."""
    return frozenset(some)


API = "/api/v1"
EXPORT = f"{API}/exports/{{export:[0-9a-f]{{1,32}}}}"
EXPORTS = rights(Right.EXPORT)
CASES = rights(Right.HOLD_RECORDS)
CONFLICT = (Kind.CONFLICT,)

RECORD_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{API}/exports", record_keeping.list_exports, "Exports that wait or can be fetched.",
          allowed=EXPORTS, answer=record_shapes.Exports, tag="records", records=True),
    Route("POST", f"{API}/exports", record_keeping.ask_export,
          "Ask for records as a table; more than a hundred rows need a second person. Recorded.",
          allowed=EXPORTS, body=record_shapes.NewExport, answer=record_shapes.ExportInfo, status=201, tag="records",
          records=True),
    Route("POST", f"{EXPORT}/approve", record_keeping.approve_export, "Agree as the second person.",
          allowed=EXPORTS, answer=record_shapes.ExportInfo, tag="records", problems=CONFLICT, records=True),
    Route("POST", f"{EXPORT}/refuse", record_keeping.refuse_export, "Do not agree, or take it back.",
          allowed=EXPORTS, answer=record_shapes.ExportInfo, tag="records", problems=CONFLICT, records=True),
    Route("GET", f"{EXPORT}/file", record_keeping.get_export_file, "The table, for who asked for it; recorded.",
          allowed=EXPORTS, answer_media="application/octet-stream", tag="records", problems=CONFLICT, records=True),
    Route("GET", f"{API}/holds", record_keeping.list_holds, "Open cases for which nothing is erased.",
          allowed=CASES, answer=record_shapes.Holds, tag="records", records=True),
    Route("POST", f"{API}/holds", record_keeping.place_hold,
          "Open a case: of this person, or at all, nothing is erased.",
          allowed=CASES, body=record_shapes.NewHold, answer=record_shapes.HoldInfo, status=201, tag="records",
          records=True),
    Route("POST", f"{API}/holds/{{hold:[0-9a-f]{{1,32}}}}/release", record_keeping.release_hold, "Close a case.",
          allowed=CASES, answer=record_shapes.HoldInfo, tag="records", problems=CONFLICT, records=True),
    Route("GET", f"{API}/retention", record_keeping.get_retention,
          "What is kept how long, what is due, and the last runs.",
          allowed=rights(Right.HOLD_RECORDS, Right.CONFIGURE), answer=record_shapes.RetentionInfo, tag="records"),
    Route("POST", f"{API}/people/{{person:[A-Za-z0-9._-]{{1,64}}}}/left", record_keeping.person_left,
          "Somebody has left the school: nothing opens to them, and in time they are erased.",
          allowed=rights(Right.MANAGE_PEOPLE), answer=record_shapes.PersonLeft, tag="people"),
)  # fmt: skip
