"""The page of the cameras, and the printable report of their availability.

Promises: the first paint says how many cameras are how, and which are not as they should be, before any script runs.
Leaves to others: everything that moves (`static/cameras/`).
"""

from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from gateway.core.rights import Right
from gateway.web import camera_views
from gateway.web.context import Call
from gateway.web.translations import wanted_language

SEE = frozenset({Right.SEE_CAMERAS})
FIRST_PAINT = 60
"""So many of those that are not as they should be stand on the first paint."""
WRONG = ("no_picture", "faulty", "suspect", "maintenance", "not_learnt")


async def page(call: Call) -> web.Response:
    """List, one camera, work orders, maintenance and the round."""
    if call.who is None:
        raise web.HTTPSeeOther("/")
    pages, who = call.parts.pages, call.who
    language = wanted_language(call.request, who.language)
    texts = pages.texts(language)
    if not who.may(SEE):
        return pages.render(call.request, "no_page.html", language, status=403, who=who, texts=texts)
    coverage = await camera_views.newest_coverage(call.site)
    told = camera_views.all_cameras(call.site)
    state: dict[str, Any] = {
        "rights": sorted(who.rights),
        "user": who.name,
        "at": told.at,
        "cameras": told.cameras,
        "coverage": coverage,
    }
    wrong = sorted((one for one in told.cameras if one.state in WRONG), key=lambda one: WRONG.index(one.state))
    counts = {code: sum(one.state == code for one in told.cameras) for code in (*WRONG, "normal")}
    return pages.render(
        call.request,
        "cameras.html",
        language,
        who=who,
        texts=texts,
        page=state,
        wrong=msgspec.to_builtins(wrong[:FIRST_PAINT], builtin_types=(datetime,)),
        counts=counts,
    )
