"""The routes of incidents: a part of the one table in `routes`.

Who may: the control room and the security office (`close_alarms`) handle incidents and write the report; whoever signs
orders, a principal, reviews it; the security office and leaders (`request_orders`, `sign_emergencies`) send it. Leaders
see all of it. Nobody at a kiosk has any of this.
"""

from gateway.core.rights import Right
from gateway.flows.incidents import SEERS
from gateway.web import incident_shapes as shapes
from gateway.web import incident_views as views
from gateway.web.dispatch import Route
from gateway.web.problems import Kind

API = "/api/v1"
INCIDENT = f"{API}/incidents/{{incident:[0-9a-f]{{1,32}}}}"
ALARM = "{alarm:[0-9a-f]{1,32}}"

HANDLE = frozenset({Right.CLOSE_ALARMS})
REVIEW = frozenset({Right.SIGN_ORDERS})
SEND = frozenset({Right.REQUEST_ORDERS, Right.SIGN_EMERGENCIES})
TELL = HANDLE | SEND
"""A leader who telephones from home records that too."""
KEEP = frozenset({Right.HOLD_RECORDS})
CONFLICT = (Kind.CONFLICT,)

INCIDENT_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{API}/incidents", views.list_incidents, "Open incidents by their deadline, or closed ones.",
          allowed=SEERS, query=shapes.IncidentsQuery, answer=shapes.Incidents, tag="incidents"),
    Route("POST", f"{API}/incidents", views.open_incident, "Open an incident, from an alarm or by hand.",
          allowed=HANDLE, body=shapes.NewIncident, answer=shapes.IncidentInfo, status=201, tag="incidents",
          problems=CONFLICT),
    Route("GET", INCIDENT, views.get_incident, "One incident with its report; recorded.",
          allowed=SEERS, answer=shapes.IncidentInfo, tag="incidents", records=True),
    Route("PATCH", INCIDENT, views.correct, "Correct what was said at its beginning, with a reason.",
          allowed=HANDLE, body=shapes.IncidentChange, answer=shapes.IncidentInfo, tag="incidents", problems=CONFLICT),
    Route("GET", f"{INCIDENT}/timeline", views.get_timeline,
          "What happened at its place, gathered by itself, the oldest first; recorded.",
          allowed=SEERS, query=shapes.TimelineQuery, answer=shapes.Timeline, tag="incidents", records=True),
    Route("GET", f"{INCIDENT}/report", views.get_report, "The report, as data or as a page to print; recorded.",
          allowed=SEERS, query=shapes.ReportQuery, answer=shapes.ReportInfo, tag="incidents", records=True),
    Route("POST", f"{INCIDENT}/alarms", views.add_alarm, "An alarm belongs to it too.",
          allowed=HANDLE, body=shapes.JoinAlarm, answer=shapes.IncidentInfo, tag="incidents", problems=CONFLICT),
    Route("DELETE", f"{INCIDENT}/alarms/{ALARM}", views.detach_alarm, "An alarm does not belong to it after all.",
          allowed=HANDLE, answer=shapes.IncidentInfo, tag="incidents", problems=CONFLICT),
    Route("POST", f"{INCIDENT}/notes", views.add_note, "Note something on the matter.",
          allowed=TELL, body=shapes.NewNote, answer=shapes.IncidentInfo, status=201, tag="incidents",
          problems=CONFLICT),
    Route("POST", f"{INCIDENT}/by-word", views.by_word, "An office was told by word: to whom, when, by whom.",
          allowed=TELL, body=shapes.NewByWord, answer=shapes.IncidentInfo, status=201, tag="incidents",
          problems=CONFLICT),
    Route("PUT", f"{INCIDENT}/draft", views.put_draft, "Write the report: all seven fields.",
          allowed=HANDLE, body=shapes.NewDraft, answer=shapes.IncidentInfo, tag="incidents", problems=CONFLICT),
    Route("POST", f"{INCIDENT}/ask-review", views.ask_review, "Put the report before a principal.",
          allowed=HANDLE, answer=shapes.IncidentInfo, tag="incidents", problems=CONFLICT),
    Route("POST", f"{INCIDENT}/review", views.review, "A principal's review; never by the one who wrote it.",
          allowed=REVIEW, body=shapes.Reviewed, answer=shapes.IncidentInfo, tag="incidents", problems=CONFLICT),
    Route("POST", f"{INCIDENT}/return", views.give_back, "Return the report with a remark.",
          allowed=REVIEW, body=shapes.Returned, answer=shapes.IncidentInfo, tag="incidents", problems=CONFLICT),
    Route("POST", f"{INCIDENT}/send", views.send, "Send the report, or record by which way it went.",
          allowed=SEND, body=shapes.SendReport, answer=shapes.IncidentInfo, tag="incidents", problems=CONFLICT),
    Route("POST", f"{INCIDENT}/follow-ups", views.follow_up, "What became known after the report.",
          allowed=TELL, body=shapes.NewFollowUp, answer=shapes.IncidentInfo, status=201, tag="incidents",
          problems=CONFLICT),
    Route("POST", f"{INCIDENT}/close", views.close, "Close it with the four questions answered.",
          allowed=HANDLE, body=shapes.CloseIncident, answer=shapes.IncidentInfo, tag="incidents", problems=CONFLICT),
    Route("POST", f"{INCIDENT}/reopen", views.reopen, "It is not over after all.",
          allowed=HANDLE, body=shapes.WithReason, answer=shapes.IncidentInfo, tag="incidents", problems=CONFLICT),
    Route("POST", f"{INCIDENT}/keep", views.keep, "Open a case that keeps it beyond its time.",
          allowed=KEEP, body=shapes.WithReason, answer=shapes.KeptInfo, status=201, tag="incidents",
          problems=CONFLICT),
)  # fmt: skip
