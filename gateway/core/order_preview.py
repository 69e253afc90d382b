"""What an order, or its end, will change: the levels by zone, and whom and what these then treat differently.

Theory. An order is looked at as two sets of orders that count: without it and with it (for its end the other way
round). What changes is looked at as of the first moment at which any zone has another level by it; the orders in force
then are taken as if they held always, so that a permission is judged in its own hours, and somebody inside is judged
now. So a difference never comes from time that goes by, only from the order.

Promises: pure; nothing is made different but the orders. Leaves to others: whom that touches (`order_touches`,
`past_again`), bounding the work (`flows.order_preview`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from gateway.core.kinds import Level
from gateway.core.levels import changes_between, order_in_force
from gateway.core.nouns import Campus, World
from gateway.core.order_course import zones_of
from gateway.core.papers import Order, OrderState
from gateway.core.what_if import BEGINNING


@dataclass(frozen=True, slots=True)
class Course:
    """The orders that count without the change and with it, for one order in [starts_at, ends_at)."""

    before: tuple[Order, ...]
    after: tuple[Order, ...]
    starts_at: datetime
    ends_at: datetime | None
    zones: tuple[str, ...]
    """Every zone that the order covers."""


class Setting(NamedTuple):
    """What sets the level of a zone: the level, the order behind it, and whether that is a drill."""

    level: Level
    order: str | None
    drill: bool


class ZoneChange(NamedTuple):
    """A zone and what sets its level at the moment of the change, without it and with it."""

    zone: str
    before: Setting
    after: Setting


def filing(campus: Campus, orders: Iterable[Order], order: Order, now: datetime) -> Course:
    """The order begins to count beside those that count already."""
    others = tuple(other for other in orders if other.counts and other.id != order.id)
    signed = replace(order, state=OrderState.SIGNED)
    return Course(others, (*others, signed), max(order.starts_at, now), order.ends_at, tuple(zones_of(campus, order)))


def ending(campus: Campus, orders: Iterable[Order], order: Order, now: datetime) -> Course:
    """The order counts no more."""
    others = tuple(other for other in orders if other.counts and other.id != order.id)
    return Course((*others, order), others, max(order.starts_at, now), order.ends_at, tuple(zones_of(campus, order)))


def first_change(campus: Campus, course: Course) -> datetime | None:
    """The first moment at which a zone has another level, or a practised one becomes real; None if there is none."""
    moments = {course.starts_at} | {
        moment
        for order in (*course.before, *course.after)
        for moment in (order.starts_at, order.ends_at)
        if moment is not None and course.starts_at < moment and (course.ends_at is None or moment < course.ends_at)
    }
    for moment in sorted(moments):
        if any(
            (change.before.level, change.before.drill) != (change.after.level, change.after.drill)
            for change in changes_at(campus, course, moment)
        ):
            return moment
    return None


def changes_at(campus: Campus, course: Course, at: datetime) -> list[ZoneChange]:
    """The zones that the order covers, as they are at `at` without it and with it."""
    return [
        ZoneChange(zone, _setting(campus, course.before, zone, at), _setting(campus, course.after, zone, at))
        for zone in course.zones
    ]


def _setting(campus: Campus, orders: tuple[Order, ...], zone: str, at: datetime) -> Setting:
    order = order_in_force(campus, orders, zone, at)
    return Setting(Level.L3, None, False) if order is None else Setting(order.level, order.id, order.drill)


class Step(NamedTuple):
    """From `at` on a zone has this level."""

    at: datetime
    zone: str
    setting: Setting


def timeline(campus: Campus, orders: tuple[Order, ...], zone: str, after: datetime, until: datetime) -> list[Step]:
    """The changes of a zone's level in (after, until]."""
    return [
        Step(at, zone, Setting(level, None if order is None else order.id, order is not None and order.drill))
        for at, level, order in changes_between(campus, orders, zone, after, until)
    ]


# ---------------------------------------------------------------- the two worlds


@dataclass(frozen=True, slots=True)
class Worlds:
    """The world without the change and with it, as if it had always been so; no emergency is in either."""

    before: World
    after: World
    at: datetime
    zones: frozenset[str]
    """Those whose level differs."""
    until: datetime | None = None

    def touches(self, portal: str) -> bool:
        """True if the level behind this portal differs; both ways through it are judged by that."""
        place = self.before.campus.portals.get(portal)
        return place is not None and place.zone in self.zones


def worlds(world: World, course: Course, at: datetime) -> Worlds:
    """What `course` makes of the world at `at`."""
    changed = frozenset(
        change.zone for change in changes_at(world.campus, course, at) if change.before.level != change.after.level
    )
    return Worlds(_held(world, course.before, at), _held(world, course.after, at), at, changed, course.ends_at)


def _held(world: World, orders: tuple[Order, ...], at: datetime) -> World:
    in_force = tuple(
        replace(order, starts_at=BEGINNING, ends_at=None)
        for order in orders
        if order.starts_at <= at and (order.ends_at is None or at < order.ends_at)
    )
    return replace(world, orders=in_force, emergencies=(), fires=frozenset(), trusted_until=None)


def level_in(world: World, zone: str) -> Level:
    """The level of a zone in one of the two worlds, in which it never changes."""
    order = order_in_force(world.campus, world.orders, zone, BEGINNING)
    return Level.L3 if order is None else order.level
