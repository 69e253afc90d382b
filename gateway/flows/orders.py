"""Orders, from a draft to their end: who does what, what is written, and who is told.

What an act comes to is decided in `order_acts`, on the orders of one version of the directory; if somebody changed that
meanwhile, it is decided anew, so that of two people who race one is refused. When a function here returns, decisions
follow the order already, and every device is being told. Starting and ending on time is `level_changes`.
"""

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gateway.core import orders as life
from gateway.core.levels import is_in_force
from gateway.core.order_wish import Wish
from gateway.core.orders import Refused
from gateway.core.papers import Order, OrderState, PaperKind
from gateway.core.rights import Right
from gateway.flows import directory_watch, level_changes, order_acts, order_notices
from gateway.flows.order_acts import Filed, Shelf
from gateway.flows.ports import Known, LedgerUnavailable, Outdated
from gateway.flows.sign_in import Who
from gateway.flows.site import Site

TRIES = 50
"""How often an act is decided anew because the directory changed meanwhile; each try loses against somebody who won."""
WITHIN_S = 10.0
MAY_REVOKE = frozenset({Right.REVOKE_ORDERS})


class NoSuchOrder(LookupError):
    """No order has that id."""


async def file(site: Site, wish: Wish, by: Who, leader: Who | None = None, draft: bool = False) -> Order:
    """File a new order; whoever has to sign it is told. The same one again within a minute is answered with the first.

    Raises `WrongWish`, `Refused`, `LedgerUnavailable`.
    """
    id = secrets.token_hex(8)
    found = order_notices.Hands() if draft else await order_notices.hands(site)

    def work_out(shelf: Shelf) -> Filed:
        filed = order_acts.file(shelf, id, wish, by, leader, draft)
        return order_notices.with_notices(filed, found, by.ref, shelf.now)

    return await _carry_out(site, work_out)


async def request(site: Site, id: str, by: Who) -> Order:
    """Put a draft before the principal. This and the following raise `NoSuchOrder`, `Refused`, `LedgerUnavailable`."""
    found = await order_notices.hands(site)

    def work_out(shelf: Shelf, order: Order) -> Filed:
        return order_notices.with_notices(order_acts.request(shelf, order, by), found, by.ref, shelf.now)

    return await _act(site, id, work_out)


async def sign(site: Site, id: str, by: Who) -> Order:
    """Sign: it counts from now on."""
    return await _act(site, id, lambda shelf, order: order_acts.sign(shelf, order, by))


async def refuse(site: Site, id: str, by: Who, reason: str) -> Order:
    return await _act(site, id, lambda shelf, order: order_acts.refuse(shelf, order, by, reason))


async def countersign(site: Site, id: str, by: Who) -> Order:
    return await _act(site, id, lambda shelf, order: order_acts.countersign(shelf, order, by))


async def confirm(site: Site, id: str, by: Who) -> Order:
    """The leader confirms what was raised by word."""
    return await _act(site, id, lambda shelf, order: order_acts.confirm(shelf, order, by))


async def add_number(site: Site, id: str, by: Who, document: str) -> Order:
    """The document's number follows. Raises `WrongWish` too."""
    return await _act(site, id, lambda shelf, order: order_acts.number(shelf, order, by, document))


async def end_early(site: Site, id: str, by: Who, reason: str, document: str | None = None) -> Order:
    """Revoke, withdraw, or record the superior's cancellation. Of an L1 order the first of two changes nothing yet."""
    known = site.directory.papers.by_id.get(f"{PaperKind.ORDER.value}:{id}")
    first = known.revoking_by if isinstance(known, Order) else None
    lost = first is not None and not await site.still_may(first, MAY_REVOKE)

    def work_out(shelf: Shelf, order: Order) -> Filed:
        if lost and order.revoking_by == first:
            order = replace(order, revoking_by=None, revoking_at=None)
        return order_acts.end_early(shelf, order, by, reason, document)

    return await _act(site, id, work_out)


async def end_drills(site: Site, cause: str) -> list[Order]:
    """Something real has come: every drill that is in force is over. `cause` is a word, such as `fire`.

    One that somebody else has ended meanwhile keeps none of the others. Raises `LedgerUnavailable`.
    """
    # While the clock is suspect a drill stays in force after its time; it is no less a drill then.
    now = site.clock.now()
    running = [o for o in site.world.orders if o.drill and is_in_force(o, now, site.trusted_until)]
    ended = []
    for order in running:
        with contextlib.suppress(Refused):
            ended.append(await _act(site, order.id, lambda shelf, found: _end_drill(shelf, found, cause)))
    return ended


def _end_drill(shelf: Shelf, order: Order, cause: str) -> Filed:
    if order.state is not OrderState.SIGNED:
        return Filed(order, None)
    return order_acts.end_drill(shelf, order, cause)


async def find(site: Site, id: str) -> Order:
    """One order, live or over. Raises `NoSuchOrder`."""
    live = site.directory.papers.by_id.get(f"{PaperKind.ORDER.value}:{id}")
    found = live if live is not None else await site.archive.paper(PaperKind.ORDER, id)
    if not isinstance(found, Order):
        raise NoSuchOrder(id)
    return found


async def every(site: Site) -> list[Order]:
    """The newest orders, those that are over too: by their start, the latest first."""
    kept = {p.id: p for p in await site.archive.papers(PaperKind.ORDER) if isinstance(p, Order)}
    kept.update((order.id, order) for order in level_changes.live_orders(site))
    return sorted(kept.values(), key=lambda order: (order.starts_at, order.id), reverse=True)


def as_event(site: Site, order: Order) -> dict[str, Any]:
    """An order as the screens hear of it: who did what is for those who ask."""
    return {
        "type": "order",
        "id": order.id,
        "at": site.clock.now(),
        "state": life.standing(order, site.clock.now(), site.trusted_until),
        "level": int(order.level),
        "zones": sorted(order.zones),
        "starts_at": order.starts_at,
        "ends_at": order.ends_at,
        "drill": order.drill,
        "authority": order.authority.value,
    }


async def _act(site: Site, id: str, decide: Callable[[Shelf, Order], Filed]) -> Order:
    """Do something with one order; one that is over is looked up, to say so."""
    past = None
    if f"{PaperKind.ORDER.value}:{id}" not in site.directory.papers.by_id:
        past = await find(site, id)
    return await _carry_out(site, lambda shelf: decide(shelf, _on(shelf, id, past)))


def _on(shelf: Shelf, id: str, past: Order | None) -> Order:
    order = shelf.orders.get(id, past)
    if order is None:  # it was live when we began, and somebody has ended it
        raise Refused(life.Why.ENDED)
    return order


async def _carry_out(site: Site, decide: Callable[[Shelf], Filed]) -> Order:
    for _ in range(TRIES):
        filed = decide(shelf_of(site))
        if filed.unit is None:
            return filed.order
        result = await site.ledger.commit(filed.unit, WITHIN_S)
        if isinstance(result, Outdated):
            await site.refresh_directory()
            continue
        if isinstance(result, Known):
            raise LedgerUnavailable("this has been written already")
        await directory_watch.take_over(site)
        await level_changes.carry_out(site)
        order = await find(site, filed.order.id)
        site.feed.publish(as_event(site, order))
        level_changes.publish_changes(site, filed.unit.entries)
        return order
    raise LedgerUnavailable("others change the directory at the same time")


def shelf_of(site: Site) -> Shelf:
    """The orders as they are in memory."""
    orders = {order.id: order for order in level_changes.live_orders(site)}
    return Shelf(site.campus, orders, site.directory.version, site.clock.now())
