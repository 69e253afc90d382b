"""The page on which a principal signs by phone: one order, what it changes, sign or refuse. From 320 px.

A link names an order (`/sign?order=…`) and nothing else: it holds no secret, and opens nothing without a password. Who
is not signed in does so on the page itself, and is where the link led.
"""

from aiohttp import web

from gateway.core.rights import Right
from gateway.web.context import Call
from gateway.web.translations import wanted_language

MAY_SIGN = frozenset({Right.SIGN_ORDERS, Right.RAISE_ORALLY, Right.REVOKE_ORDERS})


async def page(call: Call) -> web.Response:
    """For everybody: without a sign-in it shows the form, and no order."""
    pages, who = call.parts.pages, call.who
    language = wanted_language(call.request, None if who is None else who.language)
    texts = pages.texts(language)
    if who is None:
        return pages.render(call.request, "sign.html", language, texts=texts, state={"user": None, "rights": []})
    if not who.may(MAY_SIGN):
        return pages.render(call.request, "no_page.html", language, status=403, who=who, texts=texts)
    state = {"user": who.name, "rights": sorted(who.rights)}
    return pages.render(call.request, "sign.html", language, who=who, texts=texts, state=state)
