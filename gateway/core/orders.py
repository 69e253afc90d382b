"""The life of an order as a table: which act is possible in which state, whose right it is, and what comes of it.

Theory. An own order is drafted, requested by the security office and signed by a principal, never by the one who
requested it; then it counts, and the time alone says when it is in force. Raised by word it counts from its record on,
and the leader confirms it afterwards. A unified order counts from its record on as well; a principal countersigns, and
nothing but the record of the superior's cancellation ends it early. What an order does to the level is never decided
here: the strictest order in force wins (`levels`), so an own order can never loosen anything.

Promises: a move that is not in the table is refused by name and changes nothing. Leaves to others: the clock, the
ledger, and who has which right.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.kinds import Level
from gateway.core.levels import is_in_force
from gateway.core.nouns import Label
from gateway.core.order_wish import FOLLOWS_WITHIN, Wish, is_number
from gateway.core.papers import Authority, Order, OrderState
from gateway.core.rights import Right


class Act(StrEnum):
    """What may be done with an order."""

    DRAFT = "draft"
    REQUEST = "request"
    RAISE = "raise"
    """By word, of a leader who is not there: the officer records it."""
    RECORD = "record"
    """A unified order."""
    SIGN = "sign"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    """By the one who asked, before it is signed."""
    COUNTERSIGN = "countersign"
    CONFIRM = "confirm"
    NUMBER = "number"
    REVOKE = "revoke"
    CANCEL = "cancel"
    """The record of the superior's own cancellation."""
    EXPIRE = "expire"
    """Its end has come: nobody's act."""
    RESUME = "resume"
    """A clock that was wrong had ended it too early: nobody's act."""


NEEDS: dict[Act, Right] = {
    Act.DRAFT: Right.REQUEST_ORDERS,
    Act.REQUEST: Right.REQUEST_ORDERS,
    Act.RAISE: Right.REQUEST_ORDERS,
    Act.WITHDRAW: Right.REQUEST_ORDERS,
    Act.RECORD: Right.RECORD_UNIFIED_ORDERS,
    Act.CANCEL: Right.RECORD_UNIFIED_ORDERS,
    Act.SIGN: Right.SIGN_ORDERS,
    Act.REFUSE: Right.SIGN_ORDERS,
    Act.COUNTERSIGN: Right.SIGN_ORDERS,
    Act.CONFIRM: Right.RAISE_ORALLY,
    Act.REVOKE: Right.REVOKE_ORDERS,
}
"""Whose right an act is; a number may be added by whoever may file such an order."""

_OWN, _UNIFIED = Authority.OWN, Authority.UNIFIED
_DRAFTED, _REQUESTED, _SIGNED = OrderState.DRAFTED, OrderState.REQUESTED, OrderState.SIGNED
_REFUSED, _REVOKED, _EXPIRED = OrderState.REFUSED, OrderState.REVOKED, OrderState.EXPIRED

MOVES: dict[tuple[Authority, OrderState, Act], OrderState] = {
    (_OWN, _DRAFTED, Act.REQUEST): _REQUESTED,
    (_OWN, _DRAFTED, Act.WITHDRAW): _REVOKED,
    (_OWN, _REQUESTED, Act.SIGN): _SIGNED,
    (_OWN, _REQUESTED, Act.REFUSE): _REFUSED,
    (_OWN, _REQUESTED, Act.WITHDRAW): _REVOKED,
    (_OWN, _SIGNED, Act.REVOKE): _REVOKED,
    (_UNIFIED, _SIGNED, Act.CANCEL): _REVOKED,
    # What has to follow may follow when the order is over: a raise for one night is confirmed in the morning.
    **{(_OWN, state, act): state for state in (_SIGNED, _EXPIRED, _REVOKED) for act in (Act.CONFIRM, Act.NUMBER)},
    **{
        (_UNIFIED, state, act): state
        for state in (_SIGNED, _EXPIRED, _REVOKED)
        for act in (Act.COUNTERSIGN, Act.NUMBER)
    },
    **{(authority, _SIGNED, Act.EXPIRE): _EXPIRED for authority in Authority},
    **{(authority, _EXPIRED, Act.RESUME): _SIGNED for authority in Authority},
}

SECOND_WITHIN = timedelta(minutes=15)
"""How long the first of the two who revoke an L1 order waits for the second."""


class Why(StrEnum):
    """Why an act was refused; `SENTENCES` has the words."""

    NOT_YOUR_RIGHT = "not_your_right"
    OWN_REQUEST = "own_request"
    NOT_THAT_LEADER = "not_that_leader"
    SAME_PERSON = "same_person"
    NOT_THE_REQUESTER = "not_the_requester"
    ALREADY_SIGNED = "already_signed"
    ALREADY_DONE = "already_done"
    NOT_SIGNED = "not_signed"
    OVER = "over"
    ENDED = "ended"
    UNIFIED_STANDS = "unified_stands"
    NOT_UNIFIED = "not_unified"
    NOT_ORAL = "not_oral"
    CANCELLATION_NEEDS_A_NUMBER = "cancellation_needs_a_number"


SENTENCES: dict[Why, Label] = {
    Why.NOT_YOUR_RIGHT: Label("Your roles do not give you this", "您的角色没有这项权限"),
    Why.OWN_REQUEST: Label(
        "Whoever requested or recorded an order does not sign it as well", "启动指令不得由申请人或登记人本人签发"
    ),
    Why.NOT_THAT_LEADER: Label(
        "Only the leader who gave the order by word confirms it", "口头指令只能由下达的领导本人确认"
    ),
    Why.SAME_PERSON: Label(
        "This takes two different people; you are the first already", "此操作须由两个不同的人完成，您已是第一人"
    ),
    Why.NOT_THE_REQUESTER: Label("Only the one who requested it withdraws it", "只有申请人本人可以撤回"),
    Why.ALREADY_SIGNED: Label("It has been signed already", "该指令已经签发"),
    Why.ALREADY_DONE: Label("That has been done already", "该步骤已经完成"),
    Why.NOT_SIGNED: Label("It has not been signed yet", "该指令尚未签发"),
    Why.OVER: Label("Its end has passed: request a new one", "该指令的结束时间已过，请重新申请"),
    Why.ENDED: Label("It is over: refused, revoked or expired", "该指令已被退回、撤销或到期"),
    Why.UNIFIED_STANDS: Label(
        "A unified order ends early only by the record of the superior's own cancellation",
        "统一发布的指令只能凭上级的解除文件提前结束",
    ),
    Why.NOT_UNIFIED: Label("That is for unified orders only", "此操作仅适用于统一发布的指令"),
    Why.NOT_ORAL: Label("It was not given by word", "该指令不是口头下达的"),
    Why.CANCELLATION_NEEDS_A_NUMBER: Label(
        "The superior's cancellation is recorded with its document number; by word nothing is lowered",
        "登记上级的解除须有文件编号，不得凭口头降低等级",
    ),
}

ABOUT_THE_PERSON = frozenset(
    {Why.NOT_YOUR_RIGHT, Why.OWN_REQUEST, Why.NOT_THAT_LEADER, Why.SAME_PERSON, Why.NOT_THE_REQUESTER}
)
"""These say that somebody else could do it; the others, that the order is not in a state for it."""


class Refused(Exception):
    """An act that is not possible; nothing has changed."""

    def __init__(self, why: Why) -> None:
        super().__init__(f"{why.value}: {SENTENCES[why].en}")
        self.why = why


# ---------------------------------------------------------------- new orders


def new_order(id: str, wish: Wish, act: Act, by: str, now: datetime, leader: str | None = None) -> Order:
    """An order as it begins: a draft, a request, one raised by word (of `leader`), or a unified one.

    `wish` has no faults. Raises `Refused` if the officer and the leader are the same person.
    """
    begun = Order(
        id=id,
        level=Level(wish.level),
        zones=frozenset(wish.zones),
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        drill=wish.drill,
        authority=wish.authority,
        state=OrderState.DRAFTED,
        document=wish.document,
        oral=wish.oral,
        reason=wish.reason,
        requested_by=by,
        requested_at=now,
    )
    match act:
        case Act.DRAFT:
            return begun
        case Act.REQUEST:
            return replace(begun, state=OrderState.REQUESTED)
        case Act.RECORD:
            return replace(begun, state=OrderState.SIGNED, signed_at=now)
        case Act.RAISE if leader is not None:
            if leader == by:
                raise Refused(Why.OWN_REQUEST)
            return replace(begun, state=OrderState.SIGNED, signed_by=leader, signed_at=now)
    raise ValueError(f"no order begins with {act}")


# ---------------------------------------------------------------- acts


def request(order: Order, by: str, now: datetime) -> Order:
    """A draft is put before the principal."""
    after = _move(order, Act.REQUEST, now)
    return replace(order, state=after, requested_by=by, requested_at=now)


def sign(order: Order, by: str, now: datetime) -> Order:
    """From now on it counts."""
    after = _move(order, Act.SIGN, now)
    if by == order.requested_by:
        raise Refused(Why.OWN_REQUEST)
    return replace(order, state=after, signed_by=by, signed_at=now)


def refuse(order: Order, by: str, now: datetime, reason: str) -> Order:
    """It will not be signed."""
    return replace(order, state=_move(order, Act.REFUSE, now), refused_by=by, refused_at=now, refuse_reason=reason)


def withdraw(order: Order, by: str, now: datetime, reason: str) -> Order:
    """Whoever asked thinks better of it."""
    after = _move(order, Act.WITHDRAW, now)
    if by != order.requested_by:
        raise Refused(Why.NOT_THE_REQUESTER)
    return replace(order, state=after, revoked_by=by, revoked_at=now, revoke_reason=reason)


def countersign(order: Order, by: str, now: datetime) -> Order:
    """A principal has seen the superior's order."""
    _move(order, Act.COUNTERSIGN, now)
    if order.countersigned_at is not None:
        raise Refused(Why.ALREADY_SIGNED)
    if by == order.requested_by:
        raise Refused(Why.OWN_REQUEST)
    return replace(order, countersigned_by=by, countersigned_at=now)


def confirm(order: Order, by: str, now: datetime) -> Order:
    """The leader stands by what was raised in their name."""
    _move(order, Act.CONFIRM, now)
    if order.oral is None:
        raise Refused(Why.NOT_ORAL)
    if by != order.signed_by:
        raise Refused(Why.NOT_THAT_LEADER)
    if order.confirmed_by is not None:
        raise Refused(Why.ALREADY_DONE)
    return replace(order, confirmed_by=by)


def number(order: Order, document: str, now: datetime) -> Order:
    """The document's number follows."""
    _move(order, Act.NUMBER, now)
    if order.document is not None:
        raise Refused(Why.ALREADY_DONE)
    return replace(order, document=document)


def revoke(order: Order, by: str, now: datetime, reason: str) -> Order:
    """An own order ends early. The first of two on an L1 order changes nothing yet but `revoking_by`."""
    after = _move(order, Act.REVOKE, now)
    if order.level is Level.L1:
        waits = order.revoking_at is not None and order.revoking_at > now - SECOND_WITHIN
        if not waits:
            return replace(order, revoking_by=by, revoking_at=now, revoke_reason=reason)
        if by == order.revoking_by:
            raise Refused(Why.SAME_PERSON)
    return replace(order, state=after, revoked_by=by, revoked_at=now, revoke_reason=reason)


def cancel(order: Order, by: str, now: datetime, reason: str, document: str | None) -> Order:
    """The superior has cancelled a unified order, in writing."""
    after = _move(order, Act.CANCEL, now)
    if document is None or not is_number(document):
        raise Refused(Why.CANCELLATION_NEEDS_A_NUMBER)
    return replace(
        order, state=after, revoked_by=by, revoked_at=now, revoke_reason=reason, cancelled_by_document=document
    )


def ending(order: Order) -> Act:
    """The act by which this order ends before its time."""
    if order.state in (OrderState.DRAFTED, OrderState.REQUESTED):
        return Act.WITHDRAW
    return Act.CANCEL if order.authority is Authority.UNIFIED else Act.REVOKE


def _move(order: Order, act: Act, now: datetime) -> OrderState:
    """The state after `act`. Raises `Refused` if the table does not have it, or its time is over."""
    after = MOVES.get((order.authority, order.state, act))
    if after is None:
        raise Refused(_why_not(order, act))
    is_over = order.ends_at is not None and order.ends_at <= now
    if is_over and act in (Act.REQUEST, Act.SIGN, Act.REVOKE, Act.CANCEL):
        raise Refused(Why.OVER)
    return after


def _why_not(order: Order, act: Act) -> Why:
    """The word for a move that is not in the table."""
    unified = order.authority is Authority.UNIFIED
    if act is Act.REVOKE and unified:
        return Why.UNIFIED_STANDS
    if act in (Act.COUNTERSIGN, Act.CANCEL) and not unified:
        return Why.NOT_UNIFIED
    if act is Act.CONFIRM and unified:
        return Why.NOT_ORAL
    if order.state in (OrderState.REFUSED, OrderState.REVOKED, OrderState.EXPIRED):
        return Why.ENDED
    if act in (Act.SIGN, Act.REFUSE, Act.WITHDRAW) and order.state is OrderState.SIGNED:
        return Why.ALREADY_SIGNED
    if act is Act.REQUEST:
        return Why.ALREADY_DONE
    return Why.NOT_SIGNED


# ---------------------------------------------------------------- how an order stands


def standing(order: Order, now: datetime, trusted_until: datetime | None = None) -> str:
    """One word for where it is in its life: `in_force` and `expired` follow from the time."""
    if order.state is OrderState.SIGNED:
        if is_in_force(order, now, trusted_until):
            return "in_force"
        return "expired" if order.ends_at is not None and order.ends_at <= now else "signed"
    return order.state.value


def is_overdue(order: Order, now: datetime) -> bool:
    """True if what had to follow within a day has not."""
    since = order.signed_at
    return bool(order.lacks) and since is not None and now - since > FOLLOWS_WITHIN


def waits_too_long(order: Order, now: datetime) -> bool:
    """True if its start has come and nobody has signed or refused it."""
    return order.state is OrderState.REQUESTED and order.starts_at <= now
