"""The kiosk page of one gate, and what the gates are.

Promises: the first paint comes from here and is useful before its script; it holds what this gate needs and nothing of
the others; without a session it is the sign-on form. Leaves to others: signing on (`kiosk_sessions`), what moves
(`static/kiosk/`), the sheets (`static/kiosk/sheets.js`).
"""

from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from gateway.core.kinds import ZoneKind
from gateway.core.nouns import Campus, Label, Portal
from gateway.core.rights import Right
from gateway.core.sentences import SENTENCES
from gateway.flows.card_sign_in import place_of
from gateway.flows.sign_in import Who
from gateway.flows.site import Site
from gateway.web import gate_view
from gateway.web import kiosk_shapes as shapes
from gateway.web.context import Call
from gateway.web.devices import as_device
from gateway.web.dispatch import is_locked
from gateway.web.edge import NEEDS
from gateway.web.live import now_and_counts
from gateway.web.pages import in_language
from gateway.web.problems import not_found
from gateway.web.translations import LANGUAGES, wanted_language

POLITE = {reason.value: {"en": said.polite.en, "zh": said.polite.zh} for reason, said in SENTENCES.items()}
NOTHING_YET: dict[str, Any] = {"waiting": [], "late": [], "alarms": [], "devices": []}


async def list_gates(call: Call) -> shapes.Gates:
    return shapes.Gates([gate_info(call.site, gate) for gate in call.site.campus.gates])


async def get_gate(call: Call) -> shapes.GateInfo:
    gate = call.path("gate")
    if gate not in call.site.campus.gates:
        raise not_found("gate")
    return gate_info(call.site, gate)


def gate_info(site: Site, gate: str) -> shapes.GateInfo:
    campus = site.campus
    portals = gate_view.portals_of(site, gate)
    ids = {portal.id for portal in portals}
    post = next((post for post in campus.posts if post.portals & ids), None)
    return shapes.GateInfo(
        gate,
        _both(campus.gates[gate]),
        [
            shapes.GatePortal(p.id, _both(p.name), p.kind.value, sorted(d.value for d in p.directions), p.zone)
            for p in portals
        ],
        [as_device(site, device) for device in site.devices if device.portal in ids],
        None if post is None else shapes.GatePost(post.id, _both(post.name), post.sign_on_within_min is not None),
        *_zones_of(campus, portals),
    )


async def page(call: Call) -> web.Response:
    """The kiosk; the form to sign on where nobody is; the gates to choose from where the address names none."""
    who, gate = call.who, call.request.query.get("gate", "")
    language = wanted_language(call.request, None if who is None else who.language)
    if gate not in call.site.campus.gates:
        return call.parts.pages.render(call.request, "kiosk_gates.html", language, gates=call.site.campus.gates)
    if who is None or not may_see(who, gate):
        return _render(call, "kiosk_sign_on.html", gate, language, None)
    return _render(call, "kiosk.html", gate, language, who)


async def shell(call: Call) -> web.Response:
    """The kiosk's page with nobody's data: what the browser keeps for when the gateway cannot be reached."""
    gate = call.request.query.get("gate", "")
    if gate not in call.site.campus.gates:
        raise not_found("gate")
    return _render(call, "kiosk.html", gate, wanted_language(call.request, None), None, is_shell=True)


async def facing(call: Call) -> web.Response:
    """The screen that is turned to the person: it shows one sentence that the kiosk tells it, and nothing else."""
    gate = call.request.query.get("gate", "")
    language = wanted_language(call.request, None)
    if gate not in call.site.campus.gates:
        raise not_found("gate")
    return _render(call, "kiosk_facing.html", gate, language, None)


def _render(
    call: Call, template: str, gate: str, language: str, who: Who | None, is_shell: bool = False
) -> web.Response:
    parts, site = call.parts, call.site
    info = msgspec.to_builtins(gate_info(site, gate))
    first = NOTHING_YET if who is None else gate_view.at_first(parts, who, gate)
    state = msgspec.to_builtins(first | now_and_counts(parts), builtin_types=(datetime,))
    texts = parts.pages.texts(language)
    texts["places"][place_of(gate)] = in_language(site.campus.gates[gate], language)
    response = parts.pages.render(
        call.request,
        template,
        language,
        gate=gate,
        gate_name=in_language(site.campus.gates[gate], language),
        texts=texts,
        page=_page_data(call, info, who, is_shell),
        state=state,
    )
    response[NEEDS] = "kiosk"
    response.headers["Content-Language"] = LANGUAGES[language]
    return response


def may_see(who: Who, gate: str) -> bool:
    """A session by card is good for the kiosk at which it began; one by password for every kiosk."""
    at = None if who.session is None else who.session.kiosk
    return who.may(frozenset({Right.WATCH})) and at in (None, gate)


def _page_data(call: Call, info: dict[str, Any], who: Who | None, is_shell: bool) -> dict[str, Any]:
    """What the page's script is told beside the state."""
    holder = None if who is None or who.holder is None else call.site.directory.holders.get(who.holder)
    return {
        "gate": info,
        "rights": [] if who is None else sorted(who.rights),
        "user": None if who is None else who.name,
        "person": None if holder is None else holder.name,
        "locked": is_locked(call.parts, who),
        "polite": POLITE,
        "shell": is_shell,
        "public_key": call.parts.offline_box.public,
        "by_card": who is not None and who.session is not None and who.session.kiosk is not None,
    }


def _zones_of(campus: Campus, portals: list[Portal]) -> tuple[list[str], list[str]]:
    """The campuses behind a gate (where there is none: what its portals lead into), and all zones around these."""
    around = [campus.around(portal.zone) for portal in portals]
    campuses = {z for chain in around for z in chain if campus.zones[z].kind is ZoneKind.CAMPUS}
    zones = campuses or {chain[0] for chain in around}
    return sorted(zones), sorted({z for zone in zones for z in campus.around(zone)} - zones)


def _both(label: Label) -> shapes.Both:
    return shapes.Both(label.en, label.zh)
