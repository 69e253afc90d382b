"""What the control room's pages are told: everything at first, then each event, and every two seconds what counts.

Promises: the snapshot names the event up to which it is true, so that whoever goes on after that one has neither a gap
nor anything twice; silent alarms only for who may hear them, events with an `only` for whoever has one of those rights,
plates for those who answer at gates; counts, level and cameras are worked out once for all pages. Leaves to others: how
it travels (`live_hub`), who may connect (`live`), what each event is (the flows).
"""

from typing import Any

import msgspec

from gateway.core.control_rooms import rooms_of
from gateway.core.papers.visits import VisitState
from gateway.core.rights import Right
from gateway.flows import control_rooms, incidents, propagation, reading, vigilance
from gateway.flows.feed import Subscription, Told
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.reading import RecordsAway
from gateway.flows.sign_in import Who
from gateway.flows.site import Site
from gateway.web.alarm_views import hears_silent, open_alarms
from gateway.web.camera_views import state_of
from gateway.web.context import Parts
from gateway.web.devices import SEES_PLATES, as_device, from_device_event, who_waits
from gateway.web.live_hub import Hub, Page, Rights, cached
from gateway.web.live_state import away, event_id, eyes, feed_id, in_force

NEWEST = 200
"""Decisions that a page shows at first."""
JUST_NOW_S = 5.0
"""No decision is told later than that after it was recorded."""
WHAT = "control"


class ControlView:
    """What the pages of the control room are told, by class of rights."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._cameras: dict[str, str] = {}
        self._tick: tuple[float, bytes] = (-1e9, b"")

    def encode(self, told: Told, rights: Rights) -> bytes | None:
        """One event for those with these rights: made once for all of them."""
        return cached(told, rights, lambda: _for_these(self._site, told, rights))

    def resume(self, after: str, rights: Rights) -> Subscription | None:
        """Listen from the event of that id on; None if it was not for these eyes, or something after it is lost."""
        return self._site.feed.resume(feed_id(after, eyes(rights, WHAT)))

    def tick(self, rights: Rights) -> bytes:
        """The time and what counts; the same for everybody."""
        at, tick = self._tick
        now = self._site.clock.monotonic()
        if now != at:
            tick = msgspec.json.encode({"type": "tick", **now_and_counts(self._site)})
            self._tick = now, tick
        return tick

    def look(self) -> None:
        """Tell which cameras stand differently from before."""
        now = cameras(self._site)
        changed = [{"id": id, "state": state} for id, state in now.items() if self._cameras.get(id) != state]
        if changed:
            self._site.feed.publish({"type": "cameras", "cameras": changed, "only": frozenset({Right.SEE_CAMERAS})})
        self._cameras = now


def _for_these(site: Site, told: Told, rights: Rights) -> bytes | None:
    event = told.event
    if event["type"] == "alarm_member":
        return None  # its entry tells of it
    if event.get("silent") and Right.CLOSE_ALARMS not in rights:
        return None
    if "only" in event:
        if rights.isdisjoint(event["only"]):
            return None
        event = {name: value for name, value in event.items() if name != "only"}
    if event["type"] == "waiting" and rights.isdisjoint(SEES_PLATES):
        event = event | {"plate": None, "proposals": []}
    if event["type"] == "device":
        event = {"type": "device", "device": from_device_event(event)}
    return msgspec.json.encode(event | {"event_id": event_id(site.feed, told.seq, eyes(rights, WHAT))})


def cameras(site: Site) -> dict[str, str]:
    """How each camera stands, in a word."""
    now = site.clock.now()
    return {state.camera.id: state_of(state, now) for state in site.cameras}


async def begin(parts: Parts, who: Who, hub: Hub, page: Page, after: str) -> bytes | None:
    """Begin at `after`, or with the snapshot that is returned; its events are on their way from then on."""
    if after and hub.go_on(page, after):
        return None
    site = parts.site
    began = site.feed.seq
    past = await _past(parts, who)
    # From here to the end nothing is awaited: what the snapshot says is true up to this number.
    page.after = site.feed.seq
    told = [one.event for one in site.feed.since(began) or () if one.event["type"] == "decision"]
    if past is not None:
        page.skip = _about_to_be_told(site, past)
        known = {one["id"] for one in past}
        past = [*(one for one in reversed(told) if one["id"] not in known), *past][:NEWEST]
    first = {"type": "snapshot", "event_id": newest_id(site, who), "decisions": past, **state(site, who)}
    return msgspec.json.encode(first)


def _about_to_be_told(site: Site, past: list[dict[str, Any]]) -> set[str]:
    """Decisions that were recorded a moment ago and are told in the next one: their events would be a second time."""
    newest = {one["id"] for one in past if site.clock.elapsed_s(one["at"]) < JUST_NOW_S}
    return newest and newest - {event["id"] for event in site.feed.kept_events() if event["type"] == "decision"}


async def snapshot(parts: Parts, who: Who) -> dict[str, Any]:
    """The same for a page's first paint, which then joins the stream with `?after=<event_id>`. The reading of the
    newest decisions is recorded."""
    past = await _past(parts, who)
    return {"event_id": newest_id(parts.site, who), "decisions": past, **state(parts.site, who)}


def newest_id(site: Site, who: Who) -> str:
    """The id of the newest event: a page that has everything up to now goes on after it."""
    return event_id(site.feed, site.feed.seq, eyes(who.rights, WHAT))


async def _past(parts: Parts, who: Who) -> list[dict[str, Any]] | None:
    """The newest decisions; None if the records cannot be read just now."""
    try:
        page = await reading.decisions(parts.site, parts.records, who.ref, reading.Filter(), None, NEWEST, "control")
    except (RecordsAway, LedgerUnavailable):
        return None
    return list(page.rows)


def state(site: Site, who: Who) -> dict[str, Any]:
    """Everything that the control room shows at first but the past, as of this moment."""
    shown = cameras(site) if who.may(frozenset({Right.SEE_CAMERAS})) else {}
    return {
        "waiting": who_waits(site, who.may(frozenset(SEES_PLATES))),
        "alarms": open_alarms(site, hears_silent(who)),
        "devices": [as_device(site, device) for device in site.devices],
        "cameras": [{"id": id, "state": state} for id, state in shown.items()],
        "incidents": incidents.snapshot(site) if who.may(incidents.SEERS) else [],
        "vigilance": {one["room"]: one for one in vigilance.standing(site)},
        **now_and_counts(site),
    }


def now_and_counts(site: Site) -> dict[str, Any]:
    """What changes by itself: the gateway's time, the level, what is away, and the numbers."""
    return {
        "at": site.clock.now(),
        **in_force(site),
        "away": away(site),
        "counts": counts(site),
        "propagation": newest_spread(site),
        "rooms": [control_rooms.as_row(site, room) for room in rooms_of(site.campus)],
    }


def counts(site: Site) -> dict[str, Any]:
    """How many are inside by zone, how many visitors, who waits, and what does not work."""
    inside, now = site.world.inside, site.clock.now()
    return {
        "inside": {zone: inside[zone] for zone in site.campus.zones},
        "visitors_inside": visitors_inside(site),
        "waiting": sum(not one.answered for one in site.waits.values()),
        "devices_down": sum(not device.online for device in site.devices),
        "cameras_unhealthy": sum(state_of(state, now) in ("no_picture", "faulty") for state in site.cameras),
    }


def visitors_inside(site: Site) -> int:
    """Visitors who are checked in and not out again; of a group everybody who was counted in and not out."""
    return sum(
        visit.inside if visit.members else 1
        for some in site.directory.papers.visits.values()
        for visit in some
        if visit.state is VisitState.CHECKED_IN
    )


def newest_spread(site: Site) -> dict[str, Any] | None:
    """How far the newest change of level or emergency has come on its way to the devices, in numbers."""
    if not site.spreads:
        return None
    event = propagation.as_event(site, site.spreads[-1])
    return {
        "cause": event["cause"],
        "of": event["of"],
        "at": event["at"],
        "drill": event["drill"],
        "asked": event["asked"],
        "acknowledged": event["shown"],
        "late": len(event["late"]),
        "away": len(event["away"]),
        "done": event["done"],
    }
