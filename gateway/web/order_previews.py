"""Handlers: what an order will change before it is done, and the levels over a time.

Only numbers are answered, and gatherings: whom it would touch is asked for elsewhere, and recorded there.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta

from gateway.core.facts import VISITING_KINDS
from gateway.core.kinds import Level
from gateway.core.level_spells import spells
from gateway.core.order_preview import Setting, Step
from gateway.core.order_touches import Verdicts
from gateway.core.order_wish import Wish, faults, site_zone
from gateway.core.papers import Authority, Order, OrderState
from gateway.core.policy import Cadence
from gateway.flows import order_preview, orders
from gateway.flows.order_preview import Preview
from gateway.flows.reading import Records
from gateway.flows.site import Site
from gateway.web import order_preview_shapes as shapes
from gateway.web.context import Call
from gateway.web.order_shapes import BothLanguages, LevelChange
from gateway.web.problems import FieldError, Kind, Problem, not_found

DOORS = ("reader", "dorm")
NOT_FILED = "0"
"""Stands where the id of an order will be that is only thought of."""


async def preview_new(call: Call) -> shapes.OrderPreview:
    """Of one that is being written."""
    given: shapes.PreviewOrder = call.body
    site = call.site
    zones = (site_zone(site.campus),) if given.zones is None else tuple(given.zones)
    wish = Wish(
        level=given.level,
        zones=zones,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        reason="-",
        document="-",
        authority=Authority(given.authority),
        drill=given.drill,
    )
    wrong = faults(site.campus, wish, site.clock.now())
    if wrong:
        chinese = call.who is not None and call.who.language == "zh"
        errors = tuple(FieldError(one.field, one.text.zh if chinese else one.text.en) for one in wrong)
        raise Problem(Kind.VALIDATION, errors=errors)
    order = Order(
        NOT_FILED,
        Level(given.level),
        frozenset(zones),
        given.starts_at,
        given.ends_at,
        given.drill,
        wish.authority,
        OrderState.REQUESTED,
    )
    return await _seen(call, order, order_preview.of_filing)


async def preview_order(call: Call) -> shapes.OrderPreview:
    """Of one that waits for its signature; of the end of one that counts."""
    try:
        order = await orders.find(call.site, call.path("order"))
    except orders.NoSuchOrder:
        raise not_found("order") from None
    of = call.query.of or ("filing" if order_preview.waits_for_signature(order) else "ending")
    if of == "filing" and not order_preview.waits_for_signature(order):
        raise Problem(Kind.CONFLICT, "already_signed: it counts, or is over; ask for its end")
    if of == "ending" and not order.counts:
        raise Problem(Kind.CONFLICT, "not_signed: it does not count, so nothing ends with it")
    look = order_preview.of_filing if of == "filing" else order_preview.of_ending
    return await _seen(call, order, look)


async def level_times(call: Call) -> shapes.LevelTimes:
    """What each zone's level was and will be."""
    site, asked = call.site, call.query
    now = site.clock.now()
    since, until = now - timedelta(days=asked.back), now + timedelta(days=asked.ahead)
    known = await orders.every(site)
    return shapes.LevelTimes(
        site_zone(site.campus),
        since,
        until,
        now,
        [
            shapes.ZoneTimes(
                zone,
                [
                    shapes.SpellInfo(one.from_at, one.to_at, int(one.level), one.order, one.drill)
                    for one in spells(site.campus, known, zone, since, until)
                ],
            )
            for zone in site.campus.zones
        ],
    )


# ---------------------------------------------------------------- in the API's words


async def _seen(
    call: Call, order: Order, look: Callable[[Site, Records, Order], Awaitable[Preview]]
) -> shapes.OrderPreview:
    try:
        return _told(call.site, order, await look(call.site, call.parts.records, order))
    except order_preview.NotItsTurn:
        raise Problem(Kind.TOO_MANY, "others are looking at orders just now", retry_after_s=5) from None


def _told(site: Site, order: Order, seen: Preview) -> shapes.OrderPreview:
    changes_nothing = seen.at is None
    why = seen.effect.why if changes_nothing and not seen.ends else None
    cadence_before, cadence_after = (None, None) if seen.cadences is None else map(_cadence, seen.cadences)
    kinds = {kind.value: count for kind, count in sorted(seen.inside.refused.items())}
    return shapes.OrderPreview(
        of="ending" if seen.ends else "filing",
        whole_site=site_zone(site.campus) in order.zones,
        at=seen.at,
        effect="none" if changes_nothing else "lowers" if seen.ends else "raises",
        why=None if why is None else BothLanguages(why.en, why.zh),
        drill=order.drill,
        zones=[
            shapes.ZoneDifference(
                change.zone,
                _setting(change.before),
                _setting(change.after),
                _changes(seen.before, change.zone),
                _changes(seen.after, change.zone),
            )
            for change in seen.zones
        ],
        conflicts=[_conflict(one.order, one.stands) for one in seen.conflicts],
        cadence_before=cadence_before,
        cadence_after=cadence_after,
        devices=shapes.DeviceDifference(
            seen.devices.by_kind.total(),
            sum(seen.devices.by_kind[kind] for kind in DOORS),
            dict(sorted(seen.devices.by_kind.items())),
            seen.devices.away,
        ),
        standing_passes=_verdicts(seen.standing),
        authorisations=_verdicts(seen.authorisations),
        visits=shapes.VisitDifference(*seen.visits),
        gatherings=[
            shapes.GatheringDifference(one.id, one.title, one.headcount, one.starts_at, one.ends_at)
            for one in seen.gatherings
        ],
        gatherings_more=seen.gatherings_more,
        inside=shapes.InsideDifference(
            looked_at=seen.inside.looked_at,
            whole=seen.inside.whole,
            could_not_enter=seen.inside.refused.total(),
            visitors=sum(count for kind, count in seen.inside.refused.items() if kind in VISITING_KINDS),
            vehicles=seen.inside.vehicles,
            by_kind=kinds,
            freed=seen.inside.freed.total(),
        ),
        past=_past(seen),
    )


def _setting(setting: Setting) -> shapes.LevelSetting:
    return shapes.LevelSetting(int(setting.level), _filed(setting.order), setting.drill)


def _changes(steps: tuple[Step, ...], zone: str) -> list[LevelChange]:
    return [
        LevelChange(step.at, zone, int(step.setting.level), _filed(step.setting.order), step.setting.drill)
        for step in steps
        if step.zone == zone
    ]


def _filed(order: str | None) -> str | None:
    return None if order == NOT_FILED else order


def _conflict(order: Order, stands: bool) -> shapes.ConflictInfo:
    return shapes.ConflictInfo(
        order.id,
        int(order.level),
        order.authority.value,
        order.document,
        order.drill,
        order.starts_at,
        order.ends_at,
        stands,
    )


def _verdicts(seen: Verdicts) -> shapes.PassDifference:
    return shapes.PassDifference(*seen)


def _cadence(cadence: Cadence) -> shapes.CadenceInfo:
    return shapes.CadenceInfo(**asdict(cadence))


def _past(seen: Preview) -> shapes.PastDifference:
    again = seen.past.again
    turns = sorted(again.turns.items(), key=lambda item: (-item[1], item[0]))
    return shapes.PastDifference(
        state=seen.past.took.value,
        since=seen.past.since,
        until=seen.past.until,
        taps=again.taps,
        compared=again.compared,
        unknown=again.unknown,
        different=again.turns.total(),
        holders=len(again.holders),
        turns=[
            shapes.TurnInfo(turn.before.value, turn.after.value, turn.reason.value, turn.kind.value, count)
            for turn, count in turns
        ],
    )
