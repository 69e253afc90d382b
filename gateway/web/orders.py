"""Handlers: orders through their whole life, the level in force with what is ahead, and the word on the clock.

What an order may do is decided in the flows; here it is only asked for, and a refusal becomes a problem whose detail
begins with its word.
"""

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from gateway.core import orders as life
from gateway.core.levels import Moment, changes_between, order_in_force
from gateway.core.nouns import Label
from gateway.core.order_course import effect_of
from gateway.core.order_wish import Wish, site_zone
from gateway.core.orders import Refused
from gateway.core.papers import Authority, Oral, Order, OrderState
from gateway.core.rights import Right
from gateway.flows import clock_watch, order_notices, orders, propagation
from gateway.flows.order_acts import WrongWish
from gateway.flows.order_words import waits
from gateway.flows.sign_in import Who, rights_of
from gateway.flows.site import Site
from gateway.web import order_shapes as shapes
from gateway.web.context import Call
from gateway.web.problems import FieldError, Kind, Problem, not_found

AHEAD = timedelta(days=400)
"""How far the timeline looks."""

# ---------------------------------------------------------------- filing and moving on


async def file_order(call: Call) -> shapes.OrderInfo:
    """An own order is requested; one by word and a unified one count at once."""
    wish = _wish(call.site, call.body)
    leader = None
    if wish.oral is not None and wish.authority is Authority.OWN:
        leader = await _leader(call, wish.oral.from_)
    return await _answer(call, orders.file(call.site, wish, call.by, leader, call.body.draft))


async def request_order(call: Call) -> shapes.OrderInfo:
    return await _answer(call, orders.request(call.site, call.path("order"), call.by))


async def sign_order(call: Call) -> shapes.OrderInfo:
    return await _answer(call, orders.sign(call.site, call.path("order"), call.by))


async def refuse_order(call: Call) -> shapes.OrderInfo:
    return await _answer(call, orders.refuse(call.site, call.path("order"), call.by, call.body.reason))


async def countersign_order(call: Call) -> shapes.OrderInfo:
    return await _answer(call, orders.countersign(call.site, call.path("order"), call.by))


async def confirm_order(call: Call) -> shapes.OrderInfo:
    return await _answer(call, orders.confirm(call.site, call.path("order"), call.by))


async def add_order_number(call: Call) -> shapes.OrderInfo:
    return await _answer(call, orders.add_number(call.site, call.path("order"), call.by, call.body.document))


async def revoke_order(call: Call) -> shapes.OrderInfo:
    """Revoke, withdraw, or record the superior's cancellation: which of them follows from the order."""
    given = call.body
    return await _answer(call, orders.end_early(call.site, call.path("order"), call.by, given.reason, given.document))


async def list_orders(call: Call) -> shapes.Orders:
    names, known = await _names(call), await orders.every(call.site)
    told = await order_notices.told(call.site, [order.id for order in known if waits(order)])
    found = [as_order(call.site, order, names, told) for order in known]
    wanted = [order for order in found if call.query.state in (None, order.state)]
    return shapes.Orders(wanted[: call.query.limit])


async def get_order(call: Call) -> shapes.OrderInfo:
    try:
        order = await orders.find(call.site, call.path("order"))
    except orders.NoSuchOrder:
        raise not_found("order") from None
    return await _shown(call, order)


# ---------------------------------------------------------------- the level and the clock


async def get_level(call: Call) -> shapes.Levels:
    site = call.site
    return shapes.Levels(
        site.clock.now(), levels(site), _following(site, None), shapes.clock_info(clock_watch.state(site))
    )


async def confirm_clock(call: Call) -> shapes.ClockInfo:
    """One of two people says that the wall clock is right."""
    try:
        await clock_watch.confirm(call.site, call.by.ref)
    except clock_watch.ClockIsGood:
        raise Problem(Kind.CONFLICT, "good: the clock is not in doubt") from None
    except clock_watch.SamePerson:
        raise Problem(Kind.NOT_ALLOWED, _in_words(life.Why.SAME_PERSON)) from None
    return shapes.clock_info(clock_watch.state(call.site))


def levels(site: Site) -> list[shapes.ZoneLevel]:
    """The level in force in every zone, with the order that sets it, what is ahead, and who follows."""
    now, known = site.clock.now(), site.world.orders
    found = []
    for zone in site.campus.zones:
        order = order_in_force(site.campus, known, zone, now, site.trusted_until)
        ahead = timeline(site, known, zone, now)
        following = _following(site, zone)
        if order is None:
            found.append(shapes.ZoneLevel(zone, 3, False, None, None, None, ahead, following))
        else:
            found.append(
                shapes.ZoneLevel(
                    zone, int(order.level), order.drill, order.starts_at, order.ends_at, order.id, ahead, following
                )
            )
    return found


def timeline(site: Site, known: tuple[Order, ...], zone: str, now: datetime) -> list[shapes.LevelChange]:
    """The changes ahead in one zone."""
    ahead = changes_between(site.campus, known, zone, Moment(now, site.trusted_until).earliest, now + AHEAD)
    return [
        shapes.LevelChange(at, zone, int(level), None if order is None else order.id, order is not None and order.drill)
        for at, level, order in ahead
    ]


async def _shown(call: Call, order: Order) -> shapes.OrderInfo:
    told = await order_notices.told(call.site, [order.id] if waits(order) else [])
    return as_order(call.site, order, await _names(call), told)


def as_order(
    site: Site, order: Order, names: Mapping[str, str], told: Mapping[str, int] = MappingProxyType({})
) -> shapes.OrderInfo:
    """An order as the API shows it; `names` are users' by reference, `told` people who were told that it waits."""
    now = site.clock.now()
    known = site.world.orders
    effect = effect_of(site.campus, known, order, now)
    is_ahead = order.state in (OrderState.DRAFTED, OrderState.REQUESTED)
    with_it = (*known, _as_if_signed(order)) if is_ahead else known
    ahead = [change for zone in sorted(order.zones) for change in timeline(site, with_it, zone, now)]
    is_over = order.state in (OrderState.REFUSED, OrderState.REVOKED, OrderState.EXPIRED)
    why = None if is_over or effect.why is None else _both(effect.why)
    oral = order.oral
    return shapes.OrderInfo(
        id=order.id,
        state=life.standing(order, now, site.trusted_until),
        level=int(order.level),
        zones=sorted(order.zones),
        starts_at=order.starts_at,
        ends_at=order.ends_at,
        authority=order.authority.value,
        drill=order.drill,
        document=order.document,
        oral=None if oral is None else shapes.OralInfo(oral.from_, oral.received_by, oral.received_at, oral.call_back),
        reason=order.reason,
        requested_by=_name(names, order.requested_by),
        requested_at=order.requested_at,
        signed_by=_name(names, order.signed_by),
        signed_at=order.signed_at,
        countersigned_by=_name(names, order.countersigned_by),
        countersigned_at=order.countersigned_at,
        confirmed_by=_name(names, order.confirmed_by),
        refused_by=_name(names, order.refused_by),
        refused_at=order.refused_at,
        refuse_reason=order.refuse_reason,
        revoking_by=_name(names, order.revoking_by),
        revoked_by=_name(names, order.revoked_by),
        revoked_at=order.revoked_at,
        revoke_reason=order.revoke_reason,
        cancelled_by_document=order.cancelled_by_document,
        in_force_since=order.in_force_since,
        lacks=[lack.value for lack in order.lacks],
        overdue=life.is_overdue(order, now),
        effect="none" if is_over or not effect.raises else "raises",
        why=why,
        timeline=ahead,
        whole_site=site_zone(site.campus) in order.zones,
        told=told.get(order.id),
    )


# ---------------------------------------------------------------- between the wire and the flows


async def _answer(call: Call, doing: Awaitable[Order]) -> shapes.OrderInfo:
    try:
        order = await doing
    except orders.NoSuchOrder:
        raise not_found("order") from None
    except WrongWish as error:
        faults = tuple(FieldError(fault.field, _in(call, fault.text)) for fault in error.faults)
        raise Problem(Kind.VALIDATION, errors=faults) from None
    except Refused as refused:
        kind = Kind.NOT_ALLOWED if refused.why in life.ABOUT_THE_PERSON else Kind.CONFLICT
        if refused.why is life.Why.CANCELLATION_NEEDS_A_NUMBER:
            errors = (FieldError("document", _in(call, life.SENTENCES[refused.why])),)
            raise Problem(Kind.VALIDATION, errors=errors) from None
        raise Problem(kind, f"{refused.why.value}: {_in(call, life.SENTENCES[refused.why])}") from None
    return await _shown(call, order)


def _wish(site: Site, given: shapes.NewOrder) -> Wish:
    zones = (site_zone(site.campus),) if given.zones is None else tuple(given.zones)
    oral, number = None, None
    if isinstance(given.document, str):
        number = given.document
    else:
        said = given.document
        oral = Oral(said.from_, said.received_by, said.received_at, said.call_back)
    return Wish(
        level=given.level,
        zones=zones,
        starts_at=given.starts_at,
        reason=given.reason,
        ends_at=given.ends_at,
        authority=Authority(given.authority),
        document=number,
        oral=oral,
        drill=given.drill,
    )


async def _leader(call: Call, name: str) -> Who | None:
    """The leader whose word it was, with the rights of this moment."""
    user = await call.parts.accounts.user(name.strip().lower())
    if user is None or user.disabled:
        return None
    rights = rights_of(user.roles, call.parts.roles)
    return Who(user.name, user.ref, user.roles, rights, user.language) if Right.RAISE_ORALLY in rights else None


async def _names(call: Call) -> dict[str, str]:
    return {user.ref: user.name for user in await call.parts.accounts.users()}


def _name(names: Mapping[str, str], ref: str | None) -> str | None:
    """A user's name; what is no user (`gateway`, or one who is gone) as it is."""
    return names.get(ref, ref) if ref else None


def _following(site: Site, zone: str | None) -> shapes.Following:
    found = propagation.counts(site, zone)
    return shapes.Following(found.devices, found.acknowledged, found.verified, found.late, found.away)


def _as_if_signed(order: Order) -> Order:
    return replace(order, state=OrderState.SIGNED)


def _in(call: Call, text: Label) -> str:
    return text.zh if call.who is not None and call.who.language == "zh" else text.en


def _in_words(why: life.Why) -> str:
    return f"{why.value}: {life.SENTENCES[why].en}"


def _both(text: Label) -> shapes.BothLanguages:
    return shapes.BothLanguages(text.en, text.zh)
