"""The routes of calls, help at a gate, shifts and paper day: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.web import gate_help, paper_pages, paper_shapes, shift_shapes, shifts
from gateway.web.dispatch import Access, Route
from gateway.web.problems import Kind

API = "/api/v1"
RELIEF = f"{API}/relief/{{relief:[0-9a-f]{{1,32}}}}"
SHIFT = f"{API}/shifts/{{shift:[0-9a-f]{{1,32}}}}"
AT_THE_GATE = frozenset({Right.ANSWER_WAITING})
WATCH = frozenset({Right.WATCH})
CONTROL_ROOM = frozenset({Right.CLOSE_ALARMS})
SECURITY_OFFICE = frozenset({Right.MANAGE_PASSES})
CONFLICT = (Kind.CONFLICT,)
SIGNING = (Kind.CONFLICT, Kind.TOO_MANY)

SHIFT_ROUTES: tuple[Route, ...] = (
    # ------------------------------------------------------------ calls and help; never locked
    Route("GET", f"{API}/calls", gate_help.list_calls, "Whom a guard calls, in order, and the round under way.",
          allowed=AT_THE_GATE, query=shift_shapes.CallsQuery, answer=shift_shapes.Calls, tag="gate-help"),
    Route("POST", f"{API}/calls", gate_help.record_call, "Record a call; the answer has the next of the list.",
          allowed=AT_THE_GATE, body=shift_shapes.NewCall, answer=shift_shapes.Calls, tag="gate-help"),
    Route("POST", f"{API}/panic", gate_help.panic, "Call for help in silence: only the control room sees it.",
          allowed=WATCH, body=shift_shapes.AtGate, status=204, tag="gate-help", any_gate=True),
    Route("GET", f"{API}/relief", gate_help.list_reliefs, "Who is alone at a gate and wants to be stood in for.",
          allowed=WATCH, answer=shift_shapes.Reliefs, tag="gate-help"),
    Route("POST", f"{API}/relief", gate_help.ask_relief, "Ask to be stood in for; asked twice it is one wish.",
          allowed=AT_THE_GATE, body=shift_shapes.WantRelief, answer=shift_shapes.ReliefInfo, status=201,
          tag="gate-help"),
    Route("POST", f"{RELIEF}/coming", gate_help.answer_relief, "The control room sends somebody.",
          allowed=CONTROL_ROOM, answer=shift_shapes.ReliefInfo, tag="gate-help", problems=CONFLICT),
    Route("POST", f"{RELIEF}/done", gate_help.end_relief, "Somebody is there, or it is not needed any more.",
          allowed=AT_THE_GATE, answer=shift_shapes.ReliefInfo, tag="gate-help", problems=CONFLICT),
    # ------------------------------------------------------------ shifts
    Route("GET", f"{API}/shifts", shifts.list_posts, "Who has a post, what is open there, what is counted.",
          allowed=AT_THE_GATE, query=shift_shapes.ShiftsQuery, answer=shift_shapes.Posts, tag="shifts", records=True),
    Route("GET", f"{API}/shifts/history", shifts.list_history, "Shifts of a post that are over; recorded.",
          allowed=SECURITY_OFFICE, query=shift_shapes.HistoryQuery, answer=shift_shapes.Shifts, tag="shifts",
          records=True),
    Route("POST", f"{API}/shifts/take-over", shifts.take_over, "Begin a hand-over: what was counted, and a note.",
          allowed=AT_THE_GATE, body=shift_shapes.TakeOver, answer=shift_shapes.ShiftInfo, status=201, tag="shifts",
          problems=CONFLICT, records=True),
    Route("POST", f"{SHIFT}/sign", shifts.sign, "One signature; with the last one the post is taken over.",
          allowed=AT_THE_GATE, body=shift_shapes.SignShift, answer=shift_shapes.ShiftInfo, tag="shifts",
          problems=SIGNING, records=True),
    Route("POST", f"{SHIFT}/withdraw", shifts.withdraw, "A hand-over comes to nothing.",
          allowed=AT_THE_GATE, answer=shift_shapes.ShiftInfo, tag="shifts", problems=CONFLICT, records=True),
    Route("POST", f"{SHIFT}/end", shifts.end, "The guard leaves and nobody takes over: a witness signs too.",
          allowed=AT_THE_GATE, body=shift_shapes.EndShift, answer=shift_shapes.ShiftInfo, tag="shifts",
          problems=SIGNING, records=True),
    # ------------------------------------------------------------ paper day
    Route("GET", f"{API}/paper-day", paper_pages.state, "The papers that were made, and who is inside; recorded.",
          allowed=AT_THE_GATE, query=paper_shapes.PaperQuery, answer=paper_shapes.PaperState, tag="paper",
          records=True),
    Route("POST", f"{API}/paper-day", paper_pages.make, "Make the papers of all gates now.",
          allowed=AT_THE_GATE, body=paper_shapes.MakePaper, answer=paper_shapes.PaperState, status=201, tag="paper",
          problems=CONFLICT, records=True),
    Route("POST", f"{API}/paper-entries", paper_pages.type_in, "Type in what was written by hand; all lines or none.",
          allowed=AT_THE_GATE, body=paper_shapes.PaperLines, answer=paper_shapes.TypedLines, status=201, tag="paper",
          problems=CONFLICT, records=True),
    Route("GET", "/paper", paper_pages.page, "The papers of one gate, to print.", allowed=Access.PUBLIC, is_page=True),
)  # fmt: skip
