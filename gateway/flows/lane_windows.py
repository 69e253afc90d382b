"""Arrival and dismissal: while people come and go on foot, a lane's bollards stay raised.

Nothing moves when a window opens (S6). The devices get posture `hold`; ten minutes ahead the screens count down, and
say which bollards are still down; one that is down when the window opens, or stays down in it, is an alarm until a
person has raised it. Leaves to others: who drives in a window (`decide`), the table of acts (`core/lanes.py`).
"""

import math

from devices.messages import BollardPosition
from gateway.core.lanes import lane_is_held, opens_within
from gateway.core.nouns import Portal
from gateway.flows import alarms, lanes, postures
from gateway.flows.devices import Device
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import LaneRound, Site

DOWN_AT_MOST_S = 30.0
"""So long a bus or a fire engine may take in a window before its bollard is somebody's business."""


async def look(site: Site) -> None:
    """Called each second."""
    for portal in site.campus.portals.values():
        if portal.vehicle_windows:
            await _look_at(site, portal)


async def _look_at(site: Site, portal: Portal) -> None:
    said = site.lane_rounds.setdefault(portal.id, LaneRound())
    now = site.clock.now()
    held = lane_is_held(site.campus, portal, now)
    bollards = lanes.bollards_at(site, portal.id)
    opening = held and not said.held
    if held != said.held:
        try:
            await postures.issue(site, bollards)
        except LedgerUnavailable:
            return  # the next second tries again
        if said.held is not None or held:
            site.feed.publish({"type": "lane_window", "portal": portal.id, "at": now, "open": held})
        said.held = held
    for bollard in bollards:
        await _look_at_bollard(site, bollard, held, opening)
    opens_at = opens_within(site.campus, portal, now)
    if opens_at is None:
        said.counted = None
        return
    left_min = math.ceil((opens_at - now).total_seconds() / 60)
    if said.counted != (opens_at, left_min):
        said.counted = (opens_at, left_min)
        down = [bollard.id for bollard in bollards if _is_down(bollard)]
        countdown = {"portal": portal.id, "at": now, "opens_at": opens_at, "left_min": left_min, "down": down}
        site.feed.publish({"type": "window_countdown", **countdown})


async def _look_at_bollard(site: Site, bollard: Device, held: bool, opening: bool) -> None:
    now = site.clock.monotonic()
    if not _is_down(bollard):
        bollard.down_since = None
    elif bollard.down_since is None:
        bollard.down_since = now
    down_for_s = 0.0 if bollard.down_since is None else now - bollard.down_since
    known = (alarms.WINDOW_OPEN_BOLLARD_DOWN, bollard.id) in site.alarms.by_cause
    if held and _is_down(bollard) and (opening or down_for_s > DOWN_AT_MOST_S):
        if not known or opening:
            await alarms.raise_alarm(site, alarms.WINDOW_OPEN_BOLLARD_DOWN, bollard.id, "raise it by hand")
    elif not (held and _is_down(bollard)):  # also if somebody has closed it: the next time is a new one
        await alarms.clear_alarm(site, alarms.WINDOW_OPEN_BOLLARD_DOWN, bollard.id)


def _is_down(bollard: Device) -> bool:
    return bollard.position not in (None, BollardPosition.RAISED)
