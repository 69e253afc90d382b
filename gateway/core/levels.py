"""The one place from which the defence level in force is read, and what stands above it.

While the clock is suspect an order may start but none ends, and nothing becomes valid: `Moment` says so in one place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.core.kinds import Level
from gateway.core.nouns import Campus, World
from gateway.core.papers import EmergencyKind, Order


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, as the gateway's clock shows it; `trusted_until` is the last moment beyond doubt while that is suspect."""

    now: datetime
    trusted_until: datetime | None = None

    @property
    def earliest(self) -> datetime:
        """What is surely reached: nothing becomes valid after it."""
        return self.now if self.trusted_until is None else min(self.now, self.trusted_until)

    @property
    def latest(self) -> datetime:
        """What may be reached: everything that ends before it counts as ended."""
        return self.now if self.trusted_until is None else max(self.now, self.trusted_until)

    def is_within(self, starts_at: datetime | None, ends_at: datetime | None) -> bool:
        """A permission holds in [starts_at, ends_at): only if it surely does."""
        return (starts_at is None or starts_at <= self.earliest) and (ends_at is None or self.latest < ends_at)

    def is_restricted(self, starts_at: datetime, ends_at: datetime | None) -> bool:
        """A restriction holds in [starts_at, ends_at): if it may."""
        return starts_at <= self.latest and (ends_at is None or self.earliest < ends_at)


def is_in_force(order: Order, now: datetime, trusted_until: datetime | None = None) -> bool:
    """True from the order's start to just before its end."""
    return order.counts and Moment(now, trusted_until).is_restricted(order.starts_at, order.ends_at)


def effective_level(
    campus: Campus, orders: Iterable[Order], zone: str, now: datetime, trusted_until: datetime | None = None
) -> Level:
    """The strictest level of all orders in force on `zone` or a zone around it; L3 where there is none."""
    order = order_in_force(campus, orders, zone, now, trusted_until)
    return Level.L3 if order is None else order.level


def order_in_force(
    campus: Campus, orders: Iterable[Order], zone: str, now: datetime, trusted_until: datetime | None = None
) -> Order | None:
    """The order that sets the level of `zone`: the strictest; among equals a real one, then the oldest."""
    found: Order | None = None
    around: tuple[str, ...] | None = None
    for order in orders:
        if found is not None and _rank(order) >= _rank(found):
            continue
        if order.level is Level.L3 or not is_in_force(order, now, trusted_until):
            continue
        around = around or campus.around(zone)
        if not order.zones.isdisjoint(around):
            found = order
    return found


def _rank(order: Order) -> tuple[int, bool, datetime, str]:
    return order.level, order.drill, order.starts_at, order.id


def changes_between(
    campus: Campus, orders: Iterable[Order], zone: str, after: datetime, until: datetime
) -> list[tuple[datetime, Level, Order | None]]:
    """The timeline of a zone: every moment in (after, until] at which its level or the order behind it changes."""
    known = list(orders)
    moments = sorted(
        {
            moment
            for order in known
            for moment in (order.starts_at, order.ends_at)
            if moment is not None and after < moment <= until
        }
    )
    before = order_in_force(campus, known, zone, after)
    timeline: list[tuple[datetime, Level, Order | None]] = []
    for moment in moments:
        order = order_in_force(campus, known, zone, moment)
        if order != before:
            timeline.append((moment, Level.L3 if order is None else order.level, order))
            before = order
    return timeline


def emergency_in(world: World, kind: EmergencyKind, zone: str) -> bool:
    """True if an emergency of this kind is in force on `zone` or a zone around it; a fire is an evacuation."""
    if not world.emergencies and not world.fires:
        return False
    around = world.campus.around(zone)
    if kind is EmergencyKind.EVACUATE and not world.fires.isdisjoint(around):
        return True
    return any(e.kind is kind and e.is_live and not e.zones.isdisjoint(around) for e in world.emergencies)
