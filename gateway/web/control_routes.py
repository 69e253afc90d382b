"""The route of the control room's page: a part of the one table in `routes`."""

from gateway.web import control_pages
from gateway.web.dispatch import Access, Route

CONTROL_ROUTES: tuple[Route, ...] = (
    Route("GET", "/control", control_pages.page, "The control room: the level, the plan, what needs somebody now.",
          allowed=Access.PUBLIC, is_page=True),
)  # fmt: skip
