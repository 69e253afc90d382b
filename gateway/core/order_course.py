"""What orders do to the levels as time goes on: whether one has an effect at all, and what is due to be carried out.

Promises: every start and end becomes exactly one step, also if nobody looked at its moment: steps come in the order of
the moments at which they were due. Leaves to others: writing that down, and telling the devices.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.core.kinds import Level
from gateway.core.levels import Moment, is_in_force, order_in_force
from gateway.core.nouns import Campus, Label
from gateway.core.papers import Order, OrderState


@dataclass(frozen=True, slots=True)
class Effect:
    """Whether an order makes anything stricter at any moment; if not, which orders stand in its way."""

    raises: bool
    behind: tuple[str, ...] = ()

    @property
    def why(self) -> Label | None:
        """The sentence for one without effect."""
        if self.raises:
            return None
        if not self.behind:
            return Label("Its time is over before it begins to count.", "在其生效之前，结束时间已过。")
        others = ", ".join(self.behind)
        return Label(
            f"Without effect: at every moment of it the same or a stricter level holds in all its zones by {others}. "
            "The strictest order counts, so this one loosens nothing.",
            f"无效果：在其全部时间和区域内，已有同级或更严的指令（{others}）。以最严的指令为准，本指令不会放宽任何措施。",
        )


def effect_of(campus: Campus, orders: Iterable[Order], order: Order, now: datetime) -> Effect:
    """What `order`, once it counts, does beside those of `orders` that count already."""
    others = [other for other in orders if other.counts and other.id != order.id]
    start, end = max(order.starts_at, now), order.ends_at
    if end is not None and end <= start:
        return Effect(False)
    moments = {start} | {
        moment
        for other in others
        for moment in (other.starts_at, other.ends_at)
        if moment is not None and start < moment and (end is None or moment < end)
    }
    behind: set[str] = set()
    for zone in zones_of(campus, order):
        for moment in moments:
            holds = order_in_force(campus, others, zone, moment)
            if holds is None or (order.level, order.drill) < (holds.level, holds.drill):
                return Effect(True)
            behind.add(holds.id)
    return Effect(False, tuple(sorted(behind)))


def zones_of(campus: Campus, order: Order) -> list[str]:
    """Every zone that an order covers: those that it names, and what lies within them."""
    return [zone for zone in campus.zones if not order.zones.isdisjoint(campus.around(zone))]


# ---------------------------------------------------------------- what is due


@dataclass(frozen=True, slots=True)
class Change:
    """The level of one zone changes; `order` is the one that sets it from then on, None where none does."""

    zone: str
    before: Level
    after: Level
    order: str | None
    drill: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What was due at one moment: orders that start, end, or are held back, and the levels that change by it."""

    due_at: datetime
    started: tuple[Order, ...]
    ended: tuple[Order, ...]
    held_back: tuple[Order, ...]
    """In force although their time has not come: a clock that was wrong had begun them."""
    changes: tuple[Change, ...]


def due_steps(
    campus: Campus, orders: Iterable[Order], now: datetime, trusted_until: datetime | None = None
) -> list[Step]:
    """What has to be carried out by `now`, in order. The orders in the steps are as they are afterwards."""
    counting = {order.id: order for order in orders if order.counts}
    moment = Moment(now, trusted_until)
    due: dict[datetime, list[tuple[str, str]]] = {}
    for order in counting.values():
        in_force, carried = is_in_force(order, now, trusted_until), order.in_force_since is not None
        has_ended = order.ends_at is not None and order.ends_at <= moment.earliest
        starts = start_of(order)
        if not carried and (in_force or has_ended):
            due.setdefault(starts, []).append(("start", order.id))
        if order.ends_at is not None and has_ended:
            due.setdefault(max(starts, order.ends_at), []).append(("end", order.id))
        if carried and not in_force and not has_ended:
            due.setdefault(now, []).append(("hold", order.id))
    steps = []
    for at in sorted(due):
        before = dict(counting)
        started, ended, held_back = [], [], []
        for what, id in due[at]:
            order = counting[id]
            if what == "start":
                counting[id] = replace(order, in_force_since=at)
                started.append(id)
            elif what == "end":
                counting[id] = replace(order, state=OrderState.EXPIRED)
                ended.append(id)
            else:
                counting[id] = replace(order, in_force_since=None)
                held_back.append(id)
        steps.append(
            Step(
                at,
                tuple(counting[id] for id in started),
                tuple(counting[id] for id in ended),
                tuple(counting[id] for id in held_back),
                tuple(changes(campus, before.values(), counting.values())),
            )
        )
    return steps


def start_of(order: Order) -> datetime:
    """When it began or begins to count: signed late, it starts with the signature."""
    return order.starts_at if order.signed_at is None else max(order.starts_at, order.signed_at)


def changes(campus: Campus, before: Iterable[Order], after: Iterable[Order]) -> list[Change]:
    """Which zones have another level when `after` is carried out instead of `before`."""
    was, now = _levels(campus, list(before)), _levels(campus, list(after))
    return [
        Change(zone, was[zone][0], level, None if order is None else order.id, False if order is None else order.drill)
        for zone, (level, order) in now.items()
        if (level, order is not None and order.drill) != (was[zone][0], _is_drill(was[zone][1]))
    ]


def _levels(campus: Campus, orders: Sequence[Order]) -> Mapping[str, tuple[Level, Order | None]]:
    """The level of every zone by those orders that have been carried out."""
    carried = [order for order in orders if order.counts and order.in_force_since is not None]
    found: dict[str, tuple[Level, Order | None]] = {}
    for zone in campus.zones:
        around = campus.around(zone)
        here = [order for order in carried if not order.zones.isdisjoint(around)]
        strictest = min(here, key=lambda o: (o.level, o.drill, o.starts_at, o.id), default=None)
        found[zone] = (Level.L3 if strictest is None else strictest.level, strictest)
    return found


def _is_drill(order: Order | None) -> bool:
    return order is not None and order.drill


def next_moment(orders: Iterable[Order], now: datetime) -> datetime | None:
    """The next start or end of any order that counts; None if nothing is ahead."""
    ahead = (
        moment
        for order in orders
        if order.counts
        for moment in (order.starts_at, order.ends_at)
        if moment is not None and moment > now
    )
    return min(ahead, default=None)
