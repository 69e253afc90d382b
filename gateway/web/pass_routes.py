"""The routes of passes: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.web import pass_shapes as shapes
from gateway.web import passes
from gateway.web.dispatch import Access, Route
from gateway.web.problems import Kind
from gateway.web.visit_shapes import VisitInfo

API = "/api/v1"
VISIT = f"{API}/visits/{{visit:[0-9a-f]{{1,32}}}}"
AT_THE_GATE = frozenset({Right.REGISTER_VISITS})
GUARDS = frozenset({Right.ANSWER_WAITING})
HOSTS = frozenset({Right.HOST_VISITS, Right.CONFIRM_GUARDIANS})
CONFLICT = (Kind.CONFLICT,)

PASS_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{VISIT}/pass", passes.get_pass,
          "A visit's pass as a picture and a link, for guards and the host; recorded.",
          allowed=AT_THE_GATE | HOSTS, answer=shapes.PassInfo, tag="passes", records=True, problems=CONFLICT),
    Route("POST", f"{VISIT}/pass", passes.give_anew, "Another code for the same visit; the old one is void at once.",
          allowed=AT_THE_GATE, answer=shapes.PassInfo, tag="passes", records=True, problems=CONFLICT),
    Route("POST", f"{VISIT}/pass/print", passes.print_pass, "Print it at a gate, without a dialog; recorded.",
          allowed=AT_THE_GATE, body=shapes.PrintPass, answer=shapes.PrintJob, tag="passes", records=True,
          problems=CONFLICT),
    Route("POST", f"{VISIT}/badge", passes.give_badge, "A numbered badge, written by hand, instead of a printed pass.",
          allowed=AT_THE_GATE, body=shapes.BadgeGiven, answer=VisitInfo, tag="passes", records=True,
          problems=CONFLICT),
    Route("GET", f"{API}/printers", passes.list_printers, "The gates' printers, and what keeps one from printing.",
          allowed=AT_THE_GATE, answer=shapes.Printers, tag="passes"),
    Route("GET", f"{API}/printers/jobs/{{job:[A-Za-z0-9_-]{{1,80}}}}", passes.get_job, "What became of a print.",
          allowed=AT_THE_GATE, query=shapes.JobQuery, answer=shapes.PrintJob, tag="passes"),
    Route("POST", f"{API}/passes/present", passes.present,
          "A code is shown to the guard: decided as at the reader there, and opened.",
          allowed=GUARDS, body=shapes.PassShown, answer=shapes.PassPresented, tag="passes", problems=CONFLICT),
    Route("POST", f"{API}/passes/scan", passes.scan, "Find a code in a picture; nothing of it is kept.",
          allowed=GUARDS, raw_body=True, media="image/jpeg", other_media=("image/png",), answer=shapes.CodeFound,
          body_limit=passes.PICTURE_LIMIT, tag="passes", problems=(Kind.TOO_MANY,)),
    Route("POST", f"{API}/passes/draw", passes.draw, "A picture of a code that was made here, whatever it opens.",
          allowed=Access.PUBLIC, body=shapes.PassToDraw, answer=shapes.PassDrawn, tag="passes",
          problems=(Kind.TOO_MANY,)),
    Route("GET", "/p", passes.page, "A visitor's pass, on the visitor's phone.", allowed=Access.PUBLIC, is_page=True),
)  # fmt: skip
