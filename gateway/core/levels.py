"""The one place from which the defence level in force is read."""

from collections.abc import Iterable
from datetime import datetime

from gateway.core.nouns import Campus, Level, Order


def is_in_force(order: Order, now: datetime) -> bool:
    """True from the order's start to just before its end."""
    return order.starts_at <= now and (order.ends_at is None or now < order.ends_at)


def effective_level(campus: Campus, orders: Iterable[Order], zone: str, now: datetime) -> Level:
    """The strictest level of all orders in force on `zone` or a zone around it; L3 where there is none."""
    strictest = Level.L3
    around: tuple[str, ...] | None = None
    for order in orders:
        if order.level < strictest and is_in_force(order, now):
            around = around or campus.around(zone)
            if not order.zones.isdisjoint(around):
                strictest = order.level
    return strictest
