"""What of the campus one gate's kiosk shows: its portals, whoever waits there, its devices, what is wrong there.

Promises: nothing of other gates' people; what concerns everybody (levels, emergencies, the visits of the day) stays in.
Leaves to others: the stream (`live`), the page (`kiosk`).
"""

from typing import Any

from gateway.core.nouns import Portal
from gateway.flows.card_sign_in import place_of
from gateway.flows.late import still_late
from gateway.flows.sign_in import Who
from gateway.flows.site import Site
from gateway.flows.waits import Waiting
from gateway.web.alarm_views import hears_silent, open_at
from gateway.web.context import Parts
from gateway.web.devices import as_device, as_waiting, sees_plates, who_waits, without_plate
from gateway.web.shapes import WaitingInfo

PUT_ASIDE = frozenset({"shelved", "out_of_service"})


def portals_of(site: Site, gate: str) -> list[Portal]:
    """The portals of a gate, in the order of the configuration."""
    return [portal for portal in site.campus.portals.values() if portal.gate == gate]


def places_of(site: Site, gate: str) -> set[str]:
    """Whose alarms a gate's guard sees: its portals, devices and kiosk, and the zones they lie in."""
    campus, portals = site.campus, portals_of(site, gate)
    ids = {portal.id for portal in portals}
    zones = {zone for portal in portals for zone in campus.around(portal.zone)}
    devices = {device.id for device in site.devices if device.portal in ids}
    posts = {post.id for post in campus.posts if post.portals & ids}
    return ids | zones | devices | posts | {gate, place_of(gate)}


def at_first(parts: Parts, who: Who, gate: str) -> dict[str, Any]:
    """What the kiosk shows at first. Nobody's past."""
    site = parts.site
    ids = {portal.id for portal in portals_of(site, gate)}
    places = places_of(site, gate)
    plates = sees_plates(who)
    return {
        "waiting": [one for one in who_waits(site, plates) if one.portal in ids],
        "late": [
            {"closed_at": late.closed_at, "waiting": _as_waiting(site, late.waiting, plates)}
            for late in still_late(site)
            if late.waiting.request.portal in ids
        ],
        "alarms": open_at(site, places, hears_silent(who)),
        "devices": [as_device(site, device) for device in site.devices if device.portal in ids],
    }


def concerns(site: Site, gate: str, event: dict[str, Any]) -> bool:
    """True if this gate's kiosk is to hear of it."""
    if event["type"] in ("alarm", "alarm_member"):
        return str(event["place"]) in places_of(site, gate)
    portal = event.get("portal")
    if isinstance(portal, str):
        found = site.campus.portals.get(portal)
        return found is not None and found.gate == gate
    return str(event["type"]) != "device"


def as_told(event: dict[str, Any]) -> dict[str, Any]:
    """An event as a kiosk hears it: what is wrong at its own gate is an alarm there, whatever the control room groups.
    What the control room has put aside is over for the guard."""
    if event["type"] == "alarm_member" or (event["type"] == "alarm" and event["state"] in PUT_ASIDE):
        state = "closed" if event["state"] in PUT_ASIDE else event["state"]
        return event | {"type": "alarm", "state": state, "group": None}
    return event


def _as_waiting(site: Site, waiting: Waiting, with_plate: bool) -> WaitingInfo:
    found = as_waiting(site, waiting)
    return found if with_plate else without_plate(found)
