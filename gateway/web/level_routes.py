"""The routes of what an order will change, of the levels over a time, and of signing by phone: a part of `routes`."""

from gateway.core.rights import Right
from gateway.web import order_preview_shapes as shapes
from gateway.web import order_previews, sign_pages
from gateway.web.dispatch import Access, Route
from gateway.web.problems import Kind

API = "/api/v1"
ORDER = f"{API}/orders/{{order:[0-9a-f]{{1,32}}}}"
FILE = frozenset({Right.REQUEST_ORDERS, Right.RECORD_UNIFIED_ORDERS})
WEIGH = FILE | {Right.SIGN_ORDERS, Right.REVOKE_ORDERS, Right.RAISE_ORALLY}
"""Whoever may do something with an order may see first what it does."""

LEVEL_ROUTES: tuple[Route, ...] = (
    Route("POST", f"{API}/orders/preview", order_previews.preview_new,
          "What an order would change, in numbers; nothing is filed.",
          allowed=FILE, body=shapes.PreviewOrder, answer=shapes.OrderPreview, tag="orders"),
    Route("GET", f"{ORDER}/preview", order_previews.preview_order,
          "What an order that waits will change, or the end of one that counts.",
          allowed=WEIGH, query=shapes.PreviewQuery, answer=shapes.OrderPreview, tag="orders",
          problems=(Kind.CONFLICT,)),
    Route("GET", f"{API}/level/times", order_previews.level_times,
          "The level of each zone over the last days and the next.",
          allowed=frozenset({Right.WATCH}), query=shapes.LevelTimesQuery, answer=shapes.LevelTimes, tag="level"),
    Route("GET", "/sign", sign_pages.page, "Sign an order by phone.", allowed=Access.PUBLIC, is_page=True),
)  # fmt: skip
