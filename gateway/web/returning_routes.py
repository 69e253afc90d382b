"""The route of a visitor who comes again: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.web import returning, returning_shapes
from gateway.web.dispatch import Route

RETURNING_ROUTES: tuple[Route, ...] = (
    Route("POST", "/api/v1/visits/returning", returning.find_returning,
          "Who was here before with this document, to save typing; recorded.",
          allowed=frozenset({Right.REGISTER_VISITS}), body=returning_shapes.AskReturning,
          answer=returning_shapes.Returning, tag="visits", records=True),
)  # fmt: skip
