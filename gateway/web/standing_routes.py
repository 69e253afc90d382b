"""The routes of standing passes and groups: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.web import delegations, pages_desk, standing_passes, visit_shapes
from gateway.web import standing_shapes as shapes
from gateway.web.dispatch import Access, Route
from gateway.web.permit_shapes import ListQuery
from gateway.web.problems import Kind

API = "/api/v1"
STANDING = f"{API}/standing-passes/{{standing:[0-9a-f]{{1,32}}}}"
GROUP = f"{API}/delegations/{{visit:[0-9a-f]{{1,32}}}}"
PASSES = frozenset({Right.MANAGE_PASSES})
SEE_PASSES = frozenset({Right.MANAGE_PASSES, Right.WATCH})
AT_THE_GATE = frozenset({Right.REGISTER_VISITS})
REGISTER = frozenset({Right.REGISTER_VISITS, Right.HOST_VISITS})
CONFLICT = (Kind.CONFLICT,)
LIST_LIMIT = 128 * 1024

STANDING_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{API}/standing-passes", standing_passes.list_passes,
          "Passes of contractors and suppliers; recorded.", allowed=SEE_PASSES, query=shapes.StandingQuery,
          answer=shapes.StandingPasses, tag="vehicles", records=True),
    Route("POST", f"{API}/standing-passes", standing_passes.give_pass,
          "Give a contractor or supplier a pass for some hours.", allowed=PASSES, body=shapes.NewStandingPass,
          answer=shapes.StandingPassMade, status=201, tag="vehicles", problems=CONFLICT),
    Route("PATCH", STANDING, standing_passes.change_pass, "Other hours, portals or another end.", allowed=PASSES,
          body=shapes.StandingPassChange, answer=shapes.StandingPassInfo, tag="vehicles", problems=CONFLICT),
    Route("POST", f"{STANDING}/revoke", standing_passes.revoke_pass, "Void at the next tap, with code and vehicles.",
          allowed=PASSES, answer=shapes.StandingPassInfo, tag="vehicles", problems=CONFLICT),
    Route("GET", f"{STANDING}/code", standing_passes.get_code, "What the pass shows at a reader; recorded.",
          allowed=PASSES, answer=shapes.StandingPassCode, tag="vehicles", problems=CONFLICT, records=True),
    Route("GET", f"{API}/delegations", delegations.list_groups,
          "Groups that are expected or inside; hosts see their own; recorded.", allowed=REGISTER,
          query=ListQuery, answer=visit_shapes.Visits, tag="visits", records=True),
    Route("POST", f"{API}/delegations", delegations.register_group, "Register a group with its list.",
          allowed=REGISTER, body=shapes.NewDelegation, answer=shapes.DelegationMade, status=201, tag="visits",
          problems=CONFLICT, body_limit=LIST_LIMIT, records=True),
    Route("GET", GROUP, delegations.get_group, "One group with its list; recorded.",
          allowed=REGISTER, answer=visit_shapes.VisitInfo, tag="visits", records=True),
    Route("POST", f"{GROUP}/check-in", delegations.check_in_group,
          "The group is here; the leader's document was looked at.",
          allowed=AT_THE_GATE, body=visit_shapes.CheckIn, answer=visit_shapes.VisitInfo, tag="visits",
          problems=CONFLICT, records=True),
    Route("POST", f"{GROUP}/count", delegations.count_group, "So many of the group go through; a guard opens for them.",
          allowed=AT_THE_GATE, body=shapes.CountGroup, answer=visit_shapes.VisitInfo, tag="visits",
          problems=CONFLICT, records=True),
    Route("POST", f"{GROUP}/check-out", delegations.check_out_group, "All have left; the pass is void.",
          allowed=AT_THE_GATE, answer=visit_shapes.VisitInfo, tag="visits", problems=CONFLICT, records=True),
    Route("GET", "/groups", pages_desk.groups, "Register groups.", allowed=Access.PUBLIC, is_page=True),
    Route("GET", "/standing", pages_desk.standing, "Standing passes.", allowed=Access.PUBLIC, is_page=True),
)  # fmt: skip
