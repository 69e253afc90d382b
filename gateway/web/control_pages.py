"""The page of the control room, at a desk or, with `?wall=1`, on a wall.

Promises: the first paint says which level is in force, what is wrong and how many are where, before any script runs; a
tab stands there only for those who may see what is in it. Leaves to others: everything that moves (`static/control/`),
and what each tab shows (a folder below it).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from gateway.core.rights import Right
from gateway.flows.accounts import AccountsAway
from gateway.web import control_stream
from gateway.web.context import Call
from gateway.web.translations import wanted_language

TABS: Mapping[str, frozenset[Right]] = {
    "overview": frozenset({Right.WATCH}),
    "level": frozenset({Right.WATCH, Right.SIGN_ORDERS, Right.REQUEST_ORDERS}),
    "devices": frozenset({Right.SEE_DEVICES}),
    "cameras": frozenset({Right.SEE_CAMERAS}),
    "people": frozenset({Right.WATCH, Right.SEE_MOVEMENTS, Right.MANAGE_PEOPLE, Right.READ_LEDGER, Right.READ_READS}),
    "incidents": frozenset({Right.CLOSE_ALARMS, Right.SIGN_EMERGENCIES, Right.SIGN_ORDERS}),
    "reports": frozenset({Right.WATCH}),
    "administration": frozenset({Right.MANAGE_USERS, Right.MANAGE_PEOPLE, Right.CONFIGURE, Right.SIGN_ORDERS}),
}
"""Any one of these rights shows the tab; in the order in which they stand."""
FIRST_PAINT = 40
"""So many alarms stand on the first paint."""


async def page(call: Call) -> web.Response:
    """One page for the whole room; its tabs lie behind the `#`."""
    if call.who is None:
        raise web.HTTPSeeOther("/")
    pages, who = call.parts.pages, call.who
    if who.session is not None and who.session.kiosk is not None:
        raise web.HTTPSeeOther(f"/kiosk?gate={who.session.kiosk}")
    language = wanted_language(call.request, who.language)
    texts = pages.texts(language)
    tabs = [tab for tab, rights in TABS.items() if who.may(rights)]
    if not tabs:
        return pages.render(call.request, "no_page.html", language, status=403, who=who, texts=texts)
    if who.may(TABS["cameras"]):
        texts["places"] |= {
            one.camera.id: one.camera.name.zh if language == "zh" else one.camera.name.en for one in call.site.cameras
        }
    watches = who.may(TABS["overview"])
    nothing: dict[str, Any] = {"at": call.site.clock.now(), "level": None, "away": []}
    told = await control_stream.snapshot(call.parts, who) if watches else nothing
    state = msgspec.to_builtins(told, builtin_types=(datetime,))
    alarms = state.get("alarms", [])
    wall = watches and call.request.query.get("wall") == "1"
    return pages.render(
        call.request,
        "control.html",
        language,
        who=who,
        texts=texts,
        state=state,
        tabs=tabs,
        here=call.request.path_qs,
        wall=wall,
        alarms=alarms[:FIRST_PAINT],
        more=max(0, len(alarms) - FIRST_PAINT),
        page={
            "rights": sorted(who.rights),
            "user": who.name,
            "tabs": ["overview"] if wall else tabs,
            "wall": wall,
            "calls": _calls(call),
            "around": {zone.id: zone.parent for zone in call.site.campus.zones.values()},
            "gates": list(call.site.campus.gates),
            "users": await _users(call),
            "snapshot": state,
        },
    )


async def _users(call: Call) -> dict[str, str]:
    """Who acts on alarms, by reference, for those who do so themselves: records and alarms name nobody."""
    if not call.may(Right.ACKNOWLEDGE_ALARMS):
        return {}
    try:
        return {user.ref: user.name for user in await call.parts.accounts.users()}
    except AccountsAway:
        return {}


def _calls(call: Call) -> list[dict[str, Any]]:
    """Whom one telephones, in the order of the school's list. A visit's host is no number of the room."""
    return [
        {"id": line.id, "name": {"en": line.name.en, "zh": line.name.zh}, "number": line.number_at(None)}
        for line in call.site.campus.calls
        if line.id != "host"
    ]
