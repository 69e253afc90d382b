"""The routes of the people's desk of the control room: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.flows.roll_call import MAY_LOOK
from gateway.web import ledger_state, ledger_state_shapes, people_desk, people_shapes, roll_call
from gateway.web import people_desk_shapes as shapes
from gateway.web.dispatch import Access, Route
from gateway.web.problems import Kind

API = "/api/v1"
PERSON = f"{API}/people/{{person:[A-Za-z0-9._-]{{1,64}}}}"
EMERGENCY = f"{API}/emergencies/{{emergency:[0-9a-f]{{1,32}}}}"
MOVEMENTS = frozenset({Right.SEE_MOVEMENTS})
FIND = frozenset({Right.IDENTIFY, Right.MANAGE_PEOPLE, Right.MANAGE_PASSES}) | MOVEMENTS
LEDGER = frozenset({Right.READ_LEDGER})

PEOPLE_DESK_ROUTES: tuple[Route, ...] = (
    # ------------------------------------------------------------ one person, with a reason
    Route("POST", f"{API}/people/find", people_desk.find, "Find people, saying what for; recorded with the reason.",
          allowed=FIND, body=shapes.Find, answer=people_shapes.PeopleFound, tag="people", records=True),
    Route("POST", f"{PERSON}/whereabouts", people_desk.whereabouts,
          "One person, what they hold, and where they were last seen; recorded with the reason.",
          allowed=FIND, body=shapes.Enquiry, answer=shapes.Whereabouts, tag="people", records=True),
    Route("POST", f"{PERSON}/movements", people_desk.way,
          "Which way one person went, each answer with its trace; recorded with the reason.",
          allowed=MOVEMENTS, body=shapes.MovementsWanted, answer=shapes.Movements, tag="people", records=True),
    Route("POST", f"{API}/inside/{{zone:[a-z0-9-]{{1,63}}}}", people_desk.within,
          "Who is in a zone or deeper, by name; recorded with the reason.",
          allowed=MOVEMENTS, body=shapes.WithinWanted, answer=shapes.PeopleWithin, tag="people", records=True),
    Route("GET", f"{API}/reads", people_desk.list_reads, "Who looked up what, and why; recorded too.",
          allowed=frozenset({Right.READ_READS}), query=shapes.ReadsQuery, answer=shapes.Reads, tag="records",
          records=True),
    # ------------------------------------------------------------ the roll call of an emergency
    Route("GET", f"{EMERGENCY}/roll-call", roll_call.get_roll_call,
          "Who was inside and is not known to have left, by zone, and who is accounted for; recorded.",
          allowed=MAY_LOOK, answer=shapes.RollCall, tag="emergencies", records=True),
    Route("POST", f"{EMERGENCY}/roll-call", roll_call.account_for,
          "Say that people are accounted for, or that this was a mistake; recorded.",
          allowed=MAY_LOOK, body=shapes.AccountFor, answer=shapes.AccountedFor, tag="emergencies",
          problems=(Kind.CONFLICT,), records=True),
    Route("GET", "/muster/{emergency:[0-9a-f]{1,32}}", roll_call.page, "The roll call, to be printed.",
          allowed=Access.PUBLIC, is_page=True, records=True),
    # ------------------------------------------------------------ does the ledger hold
    Route("GET", f"{API}/ledger/verification", ledger_state.get_verification,
          "How the ledger's last verification ended, or how far the one that runs has come.",
          allowed=LEDGER, answer=ledger_state_shapes.LedgerVerification, tag="decisions"),
    Route("POST", f"{API}/ledger/verify", ledger_state.verify,
          "Verify the ledger from its first record on; asked twice it is the one that runs.",
          allowed=LEDGER, answer=ledger_state_shapes.LedgerVerification, status=202, tag="decisions",
          problems=(Kind.CONFLICT,)),
)  # fmt: skip
