"""The pages of hosts: one question by a link, without an account; my visitors, with one.

The link's page knows nothing at first: what it shows comes by its script, which alone knows the secret behind the #.
"""

from aiohttp import web

from gateway.core.rights import Right
from gateway.web.context import Call
from gateway.web.translations import wanted_language

HOSTS = frozenset({Right.HOST_VISITS, Right.CONFIRM_GUARDIANS})


async def link_page(call: Call) -> web.Response:
    language = wanted_language(call.request, None)
    pages = call.parts.pages
    return pages.render(call.request, "host_link.html", language, texts=pages.texts(language))


async def host_page(call: Call) -> web.Response:
    if call.who is None:
        raise web.HTTPSeeOther("/")
    pages, who = call.parts.pages, call.who
    language = wanted_language(call.request, who.language)
    texts = pages.texts(language)
    if not who.may(HOSTS):
        return pages.render(call.request, "no_page.html", language, status=403, who=who, texts=texts)
    holder = None if who.holder is None else call.site.directory.holders.get(who.holder)
    me = None if holder is None else {"id": holder.id, "name": holder.name}
    state = {"me": me, "guardians": who.may(frozenset({Right.CONFIRM_GUARDIANS}))}
    return pages.render(call.request, "host.html", language, who=who, texts=texts, state=state)
