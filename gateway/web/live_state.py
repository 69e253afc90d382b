"""What every live page is told of the whole site: the strictest level, emergencies, and what the gateway has lost; and
how an event is numbered for a page.

An event's id names the run of the gateway, whose eyes it is for, and its number. So nobody goes on with other rights,
or before another gate, than those with which the snapshot was made.
"""

import functools
import hashlib
from typing import Any

from gateway.core.kinds import Level
from gateway.core.levels import order_in_force
from gateway.core.papers import Order
from gateway.core.rights import Right
from gateway.flows import emergency_view
from gateway.flows.feed import Feed
from gateway.flows.site import Site


@functools.lru_cache(maxsize=256)
def eyes(rights: frozenset[Right], what: str) -> str:
    """Whose eyes: those with these rights, before this screen."""
    return hashlib.blake2s(" ".join((what, *sorted(rights))).encode(), digest_size=4).hexdigest()


def event_id(feed: Feed, seq: int, whose: str) -> str:
    """The id of an event as a page with these eyes gets it."""
    return f"{feed.instance}.{whose}-{seq}"


def feed_id(after: str, whose: str) -> str:
    """The feed's own id of it; empty for one that was for other eyes."""
    head, _, number = after.rpartition("-")
    run, _, found = head.rpartition(".")
    return f"{run}-{number}" if found == whose else ""


def in_force(site: Site) -> dict[str, Any]:
    """The level, strictest and by zone, and the emergencies of this moment."""
    return {
        "level": strictest(site),
        "levels": by_zone(site),
        "emergencies": [emergency_view.as_event(site, one) for one in emergency_view.in_force(site)],
    }


def away(site: Site) -> list[str]:
    """Parts that the gateway has lost."""
    return [name for name, ok in (("broker", site.broker_connected), ("database", not site.ledger.is_away)) if not ok]


def by_zone(site: Site) -> dict[str, dict[str, Any]]:
    """Each zone in which an order is in force, with its level."""
    return {
        zone: {"level": int(order.level), "drill": order.drill}
        for zone, order in _orders(site).items()
        if order is not None
    }


def _orders(site: Site) -> dict[str, Order | None]:
    """The order that is in force in each zone."""
    now, campus, orders = site.clock.now(), site.campus, site.world.orders
    return {zone: order_in_force(campus, orders, zone, now, site.trusted_until) for zone in campus.zones}


def strictest(site: Site) -> dict[str, Any]:
    """The strictest level anywhere on the site, and where it holds."""
    zones = _orders(site)
    level = min(Level.L3 if order is None else order.level for order in zones.values())
    at_it = {zone: order for zone, order in zones.items() if (Level.L3 if order is None else order.level) is level}
    first = next(iter(at_it.values()))
    return {
        "level": int(level),
        "drill": any(order is not None and order.drill for order in at_it.values()),
        "since": None if first is None else first.starts_at,
        "until": None if first is None else first.ends_at,
        "zones": [] if len(at_it) == len(zones) else list(at_it),
        "order": None if first is None else first.document,
    }
