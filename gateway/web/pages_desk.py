"""Pages beside the gate: the register of vehicles, standing passes and groups at a desk, leave slips on a phone."""

from aiohttp import web

from gateway.core.kinds import Direction, PortalKind
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


async def standing(call: Call) -> web.Response:
    """Standing passes of contractors and suppliers: given and taken back by whoever manages passes."""
    gates = [
        one.id
        for one in call.site.campus.portals.values()
        if one.kind in (PortalKind.GATE, PortalKind.VEHICLE_GATE) and Direction.IN in one.directions
    ]
    return _page(call, "standing.html", (Right.MANAGE_PASSES, Right.WATCH), gates=gates)


async def groups(call: Call) -> web.Response:
    """Groups, registered ahead: by the gate's people for any host, by hosts for themselves."""
    who = call.who
    holder = None if who is None or who.holder is None else call.site.directory.holders.get(who.holder)
    me = None if holder is None else {"id": holder.id, "name": holder.name}
    return _page(call, "groups.html", (Right.REGISTER_VISITS, Right.HOST_VISITS), me=me)


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
