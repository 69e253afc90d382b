"""Two pages beside the gate: the register of vehicles at a desk, and a teacher's leave slips on a phone."""

from aiohttp import web

from gateway.core.kinds import PortalKind
from gateway.core.rights import Right
from gateway.web.context import Call
from gateway.web.translations import wanted_language


async def vehicles(call: Call) -> web.Response:
    """Read by the gates and the control room, changed by whoever manages passes."""
    lanes = [one.id for one in call.site.campus.portals.values() if one.kind is PortalKind.VEHICLE_GATE]
    return _page(call, "vehicles.html", (Right.MANAGE_PASSES, Right.WATCH), lanes=lanes)


async def slips(call: Call) -> web.Response:
    """Asked for and given by teachers."""
    second = call.site.campus.slips.second_approval
    return _page(call, "slips.html", (Right.GIVE_SLIPS,), second_approval=second)


def _page(call: Call, template: str, rights: tuple[Right, ...], **more: object) -> web.Response:
    if call.who is None:
        raise web.HTTPSeeOther("/")
    pages, who = call.parts.pages, call.who
    language = wanted_language(call.request, who.language)
    texts = pages.texts(language)
    if not who.may(frozenset(rights)):
        return pages.render(call.request, "no_page.html", language, status=403, who=who, texts=texts)
    page = {"rights": sorted(who.rights), "user": who.name, "now": call.site.clock.now(), **more}
    return pages.render(call.request, template, language, who=who, texts=texts, page=page)
