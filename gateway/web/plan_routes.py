"""The routes of the plan: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.web import plan, plan_shapes
from gateway.web.dispatch import Route

API = "/api/v1"
SEE = frozenset({Right.WATCH, Right.SEE_DEVICES})

PLAN_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{API}/plan", plan.get_plan,
          "The plans of the site: what is drawn, where zones lie, where each portal, device and camera has its sign.",
          allowed=SEE, answer=plan_shapes.Plans, tag="plan"),
    Route("GET", f"{API}/plan/picture/{{plan:[a-z0-9-]{{1,63}}}}", plan.get_plan_picture,
          "The picture under a plan, as it was checked when the configuration was read.",
          allowed=SEE, tag="plan", answer_media="image/*"),
)  # fmt: skip
