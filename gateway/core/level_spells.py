"""The level of a zone over a time, past and ahead, as spells: what a timeline shows.

Promises: an order that was signed late, revoked or has expired counts for as long as it did; one that was never signed
counts for nothing. Leaves to others: which orders are known.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from gateway.core.kinds import Level
from gateway.core.levels import order_in_force
from gateway.core.nouns import Campus
from gateway.core.order_course import start_of
from gateway.core.papers import Order, OrderState


class Spell(NamedTuple):
    """In [from_at, to_at) a zone had, or will have, this level; `order` set it, None where none did."""

    from_at: datetime
    to_at: datetime
    level: Level
    order: str | None
    drill: bool


def spells(campus: Campus, orders: Iterable[Order], zone: str, since: datetime, until: datetime) -> list[Spell]:
    """The spells of a zone that cover [since, until), each beginning where the one before ends."""
    counted = [one for order in orders if (one := as_it_counted(order)) is not None]
    moments = {since, until} | {
        moment
        for order in counted
        for moment in (order.starts_at, order.ends_at)
        if moment is not None and since < moment < until
    }
    ordered = sorted(moments)
    found: list[Spell] = []
    for begins, ends in pairwise(ordered):
        order = order_in_force(campus, counted, zone, begins)
        spell = Spell(
            begins,
            ends,
            Level.L3 if order is None else order.level,
            None if order is None else order.id,
            order is not None and order.drill,
        )
        if found and found[-1][2:] == spell[2:]:
            found[-1] = found[-1]._replace(to_at=ends)
        else:
            found.append(spell)
    return found


def as_it_counted(order: Order) -> Order | None:
    """The order with the times in which it really counted; None for one that never did."""
    if order.state in (OrderState.DRAFTED, OrderState.REQUESTED, OrderState.REFUSED):
        return None
    if order.state is not OrderState.SIGNED and order.signed_at is None:
        return None  # withdrawn before anybody signed it
    ends = [moment for moment in (order.ends_at, order.revoked_at) if moment is not None]
    begins, until = start_of(order), min(ends, default=None)
    if until is not None and until <= begins:
        return None
    return replace(order, state=OrderState.SIGNED, starts_at=begins, ends_at=until)
