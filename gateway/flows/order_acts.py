"""What is written when somebody does something with an order: the paper as it is afterwards, and the ledger's rows.

Each function decides on a `Shelf`, the orders as they were at one version of the directory, and returns what to file;
the gateway (`orders`) and the command line carry it out, and decide anew if the directory has moved on meanwhile. Every
one asks first whether the person has the right. Ledger rows name people and the order by reference; what was typed,
also the document's number, is in the paper.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.core import orders as life
from gateway.core.nouns import Campus, Label
from gateway.core.order_course import Change, changes, effect_of
from gateway.core.order_wish import Fault, Wish, faults, is_number
from gateway.core.orders import Act, Refused, Why
from gateway.core.papers import Authority, Order, OrderState
from gateway.core.rights import Right
from gateway.flows.changes import PaperFiled
from gateway.flows.ports import Entry, Unit
from gateway.flows.sign_in import Who

SAME_WITHIN = timedelta(seconds=60)
"""The same order from the same person again within this is the same one: a button that was pressed twice."""


class WrongWish(ValueError):
    """An order cannot be filed like this; all that is wrong."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.text.en}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Shelf:
    """The orders that still matter, at one version of the directory, and the moment."""

    campus: Campus
    orders: Mapping[str, Order]
    version: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Filed:
    """An order as it is now, and what to write for it; nothing if it was filed before."""

    order: Order
    unit: Unit | None


def file(shelf: Shelf, id: str, wish: Wish, by: Who, leader: Who | None = None, draft: bool = False) -> Filed:
    """File a new order: a draft or request, one raised by word of `leader`, or a unified one.

    Raises `WrongWish`, or `Refused` if `by` has not the right.
    """
    act = _kind_of(wish, draft)
    check_right(by, life.NEEDS[act])
    wish = _tidy(wish)
    found = faults(shelf.campus, wish, shelf.now)
    if act is Act.RAISE and (leader is None or Right.RAISE_ORALLY not in leader.rights):
        text = Label("the user name of a leader who may raise by word", "须为有权口头提级的领导的用户名")
        found.append(Fault("document.from", text))
    if draft and (wish.oral is not None or wish.authority is Authority.UNIFIED):
        text = Label("only an own order in writing is drafted", "只有书面的自行启动指令可以先拟稿")
        found.append(Fault("draft", text))
    if found:
        raise WrongWish(found)
    same = next((order for order in shelf.orders.values() if _is_same(order, wish, by, shelf.now)), None)
    if same is not None:
        return Filed(same, None)
    order = life.new_order(id, wish, act, by.ref, shelf.now, None if leader is None else leader.ref)
    if act is Act.RAISE and not makes_stricter(shelf, order):
        text = Label(
            "nothing would become stricter, and by word nothing but a raise is ordered",
            "没有提高任何区域的等级；口头只能提级",
        )
        raise WrongWish([Fault("level", text)])
    match act:
        case Act.DRAFT:
            row = _row("order_drafted", order, by, shelf.now)
        case Act.REQUEST:
            row = _row("order_requested", order, by, shelf.now)
        case Act.RAISE:
            row = _row("order_raised", order, by, shelf.now, leader=order.signed_by)
        case _:
            row = _row("order_recorded", order, by, shelf.now)
    return _filed(shelf, order, row)


def request(shelf: Shelf, order: Order, by: Who) -> Filed:
    """A draft is put before the principal."""
    check_right(by, life.NEEDS[Act.REQUEST])
    after = life.request(order, by.ref, shelf.now)
    return _filed(shelf, after, _row("order_requested", after, by, shelf.now))


def sign(shelf: Shelf, order: Order, by: Who) -> Filed:
    check_right(by, life.NEEDS[Act.SIGN])
    after = life.sign(order, by.ref, shelf.now)
    return _filed(shelf, after, _row("order_signed", after, by, shelf.now))


def refuse(shelf: Shelf, order: Order, by: Who, reason: str) -> Filed:
    check_right(by, life.NEEDS[Act.REFUSE])
    after = life.refuse(order, by.ref, shelf.now, reason)
    return _filed(shelf, after, _row("order_refused", after, by, shelf.now))


def countersign(shelf: Shelf, order: Order, by: Who) -> Filed:
    check_right(by, life.NEEDS[Act.COUNTERSIGN])
    after = life.countersign(order, by.ref, shelf.now)
    return _filed(shelf, after, _row("order_countersigned", after, by, shelf.now))


def confirm(shelf: Shelf, order: Order, by: Who) -> Filed:
    check_right(by, life.NEEDS[Act.CONFIRM])
    after = life.confirm(order, by.ref, shelf.now)
    return _filed(shelf, after, _row("order_confirmed", after, by, shelf.now))


def number(shelf: Shelf, order: Order, by: Who, document: str) -> Filed:
    """The document's number follows."""
    unified = order.authority is Authority.UNIFIED
    check_right(by, Right.RECORD_UNIFIED_ORDERS if unified else Right.REQUEST_ORDERS)
    if not is_number(document):
        text = Label("a number of 1 to 100 printable characters", "1 至 100 个字符")
        raise WrongWish([Fault("document", text)])
    after = life.number(order, document.strip(), shelf.now)
    return _filed(shelf, after, _row("order_number_added", after, by, shelf.now))


def end_early(shelf: Shelf, order: Order, by: Who, reason: str, document: str | None = None) -> Filed:
    """Revoke an own order, withdraw a request, or record the superior's cancellation (`document`) of a unified one."""
    if order.authority is Authority.UNIFIED and Right.RECORD_UNIFIED_ORDERS not in by.rights:
        raise Refused(Why.UNIFIED_STANDS)
    act = life.ending(order)
    check_right(by, life.NEEDS[act])
    if act is Act.WITHDRAW:
        after = life.withdraw(order, by.ref, shelf.now, reason)
        return _filed(shelf, after, _row("order_withdrawn", after, by, shelf.now))
    if act is Act.CANCEL:
        after = life.cancel(order, by.ref, shelf.now, reason, document)
        row = _row("order_cancelled", after, by, shelf.now)
    else:
        after = life.revoke(order, by.ref, shelf.now, reason)
        if after.state is OrderState.SIGNED:
            return _filed(shelf, after, _row("order_revocation_begun", after, by, shelf.now))
        row = _row("order_revoked", after, by, shelf.now, first=after.revoking_by)
    return _filed(shelf, after, row, *ended_rows(shelf, after))


def end_drill(shelf: Shelf, order: Order, cause: str) -> Filed:
    """Something real has come: a drill is over at once, whoever ordered it. `cause` is a word, such as `fire`."""
    after = replace(order, state=OrderState.REVOKED, revoked_by="gateway", revoked_at=shelf.now, revoke_reason=cause)
    body = _body(after) | {"by": "gateway", "cause": cause}
    return _filed(shelf, after, Entry("order_drill_ended", shelf.now, body), *ended_rows(shelf, after))


def ended_rows(shelf: Shelf, order: Order) -> list[Entry]:
    """An order has ended before its time: that it did, and the levels that change by it."""
    if order.in_force_since is None:
        return []
    rest = [other for other in shelf.orders.values() if other.id != order.id]
    found = changes(shelf.campus, shelf.orders.values(), rest)
    body = _body(order) | {"due_at": _time(shelf.now), "early": True}
    row = Entry("order_ended", shelf.now, body, key=f"o:{order.id}:ended:early")
    return [row, *(level_changed(change, shelf.now, shelf.now) for change in found)]


def started(order: Order, due_at: datetime, now: datetime, key: str | None) -> Entry:
    """An order's start has been carried out; `due_at` is when it was due."""
    return Entry("order_started", now, _body(order) | {"due_at": _time(due_at)}, key=key)


def ended(order: Order, due_at: datetime, now: datetime, key: str | None) -> Entry:
    """An order's end has been carried out."""
    return Entry("order_ended", now, _body(order) | {"due_at": _time(due_at), "early": False}, key=key)


def held_back(order: Order, now: datetime) -> Entry:
    """An order that a wrong clock had begun waits for its time again."""
    return Entry("order_held_back", now, _body(order))


def resumed(order: Order, now: datetime) -> Entry:
    """An order that a wrong clock had ended counts again."""
    return Entry("order_resumed", now, _body(order))


def level_changed(change: Change, due_at: datetime, now: datetime) -> Entry:
    """The level of a zone is another one."""
    body = {
        "zone": change.zone,
        "from": int(change.before),
        "to": int(change.after),
        "order": change.order,
        "drill": change.drill,
        "due_at": _time(due_at),
    }
    return Entry("level_changed", now, body)


def check_right(by: Who, right: Right) -> None:
    """Raises `Refused`."""
    if right not in by.rights:
        raise Refused(Why.NOT_YOUR_RIGHT)


def makes_stricter(shelf: Shelf, order: Order) -> bool:
    """True if the order makes something stricter at some moment."""
    return effect_of(shelf.campus, shelf.orders.values(), order, shelf.now).raises


def _kind_of(wish: Wish, draft: bool) -> Act:
    if wish.authority is Authority.UNIFIED:
        return Act.RECORD
    if wish.oral is not None:
        return Act.RAISE
    return Act.DRAFT if draft else Act.REQUEST


def _tidy(wish: Wish) -> Wish:
    """Times in UTC and as fine as they are kept."""
    ends_at = None if wish.ends_at is None else _ms(wish.ends_at)
    oral = None if wish.oral is None else replace(wish.oral, received_at=_ms(wish.oral.received_at))
    document = None if wish.document is None else wish.document.strip()
    return replace(wish, starts_at=_ms(wish.starts_at), ends_at=ends_at, oral=oral, document=document)


def _ms(moment: datetime) -> datetime:
    in_utc = moment.astimezone(UTC)
    return in_utc.replace(microsecond=in_utc.microsecond // 1000 * 1000)


def _is_same(order: Order, wish: Wish, by: Who, now: datetime) -> bool:
    if order.requested_by != by.ref or order.requested_at is None or now - order.requested_at > SAME_WITHIN:
        return False
    theirs = (order.level, order.zones, order.starts_at, order.ends_at, order.authority, order.document, order.oral)
    wanted = (
        wish.level, frozenset(wish.zones), wish.starts_at, wish.ends_at, wish.authority, wish.document, wish.oral,
    )  # fmt: skip
    return theirs == wanted and (order.reason, order.drill) == (wish.reason, wish.drill)


def _filed(shelf: Shelf, order: Order, *rows: Entry) -> Filed:
    return Filed(order, Unit(rows, (PaperFiled(order),), directory=True, based_on=shelf.version))


def _row(kind: str, order: Order, by: Who, now: datetime, **more: Any) -> Entry:
    return Entry(kind, now, _body(order) | {"by": by.ref} | more)


def _body(order: Order) -> dict[str, Any]:
    return {
        "order": order.id,
        "level": int(order.level),
        "zones": sorted(order.zones),
        "starts_at": _time(order.starts_at),
        "ends_at": None if order.ends_at is None else _time(order.ends_at),
        "authority": order.authority.value,
        "drill": order.drill,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
