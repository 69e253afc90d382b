"""The routes of a day at a gate and of the muster list: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.flows.roll_call import MAY_LOOK
from gateway.web import muster, visit_day
from gateway.web import visit_day_shapes as shapes
from gateway.web.dispatch import Access, Route

API = "/api/v1"
GATE = f"{API}/gates/{{gate:[a-z0-9-]{{1,63}}}}"
AT_THE_GATE = frozenset({Right.REGISTER_VISITS})

VISIT_DAY_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{GATE}/day", visit_day.get_day, "Today's visits at a gate, list by list; recorded.",
          allowed=AT_THE_GATE, answer=shapes.GateDay, tag="visits", records=True),
    Route("GET", f"{API}/muster", muster.get_muster, "Who is on the campus now, by zone and host; recorded.",
          allowed=MAY_LOOK, answer=shapes.Muster, tag="visits", records=True),
    Route("GET", "/muster", muster.page, "Who is on the campus now, to be printed.",
          allowed=Access.PUBLIC, is_page=True, records=True),
)  # fmt: skip
