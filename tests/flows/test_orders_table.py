"""The table of an order's life, walked whole: every act in every state, by everybody; and what a wish may hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from gateway.core import orders as life
from gateway.core.kinds import Level
from gateway.core.order_wish import Wish, faults
from gateway.core.orders import MOVES, NEEDS, SENTENCES, Act, Refused, Why
from gateway.core.papers import Authority, Lack, Oral, Order, OrderState
from gateway.core.rights import Right
from gateway.flows import order_acts
from gateway.flows.order_acts import Shelf, WrongWish
from gateway.flows.sign_in import Who
from tests.core.campus import campus

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=1)

DOES: dict[Act, Callable[[Order], Order]] = {
    Act.REQUEST: lambda o: life.request(o, "officer", NOW),
    Act.SIGN: lambda o: life.sign(o, "principal", NOW),
    Act.REFUSE: lambda o: life.refuse(o, "principal", NOW, "no"),
    Act.WITHDRAW: lambda o: life.withdraw(o, "officer", NOW, "no"),
    Act.COUNTERSIGN: lambda o: life.countersign(o, "principal", NOW),
    Act.CONFIRM: lambda o: life.confirm(o, "leader", NOW),
    Act.NUMBER: lambda o: life.number(o, "2026-1", NOW),
    Act.REVOKE: lambda o: life.revoke(o, "principal", NOW, "over"),
    Act.CANCEL: lambda o: life.cancel(o, "officer", NOW, "over", "S-2"),
}
"""Each by the right person."""


def order(authority: Authority = Authority.OWN, state: OrderState = OrderState.SIGNED, **how: Any) -> Order:
    """One that came by word, so that everything may follow."""
    signed = state in (OrderState.SIGNED, OrderState.EXPIRED, OrderState.REVOKED)
    given = {
        "oral": Oral("leader", "officer", EARLIER),
        "requested_by": "officer",
        "requested_at": EARLIER,
        "signed_by": "leader" if signed else None,
        "signed_at": EARLIER if signed else None,
    } | how
    return Order("1", Level.L2, frozenset({"campus"}), EARLIER, None, False, authority, state, **given)


@pytest.mark.parametrize(("authority", "state", "act"), list(product(Authority, OrderState, DOES)))
def test_a_move_is_in_the_table_or_it_is_refused_by_name(authority: Authority, state: OrderState, act: Act) -> None:
    before = order(authority, state)

    if (authority, state, act) in MOVES:
        assert DOES[act](before).state is MOVES[authority, state, act]
    else:
        with pytest.raises(Refused) as refused:
            DOES[act](before)
        assert refused.value.why in SENTENCES


@pytest.mark.parametrize("authority", list(Authority))
def test_nothing_but_signing_and_recording_makes_an_order_count(authority: Authority) -> None:
    """The broken variant would be one more line of the table that ends in `signed`."""
    signed = OrderState.SIGNED
    ways = {act for (whose, state, act), to in MOVES.items() if whose is authority and to is signed is not state}

    assert ways == ({Act.SIGN, Act.RESUME} if authority is Authority.OWN else {Act.RESUME})


def test_no_move_but_a_cancellation_ends_a_unified_order() -> None:
    signed = OrderState.SIGNED
    ends = {
        act for (whose, state, act), to in MOVES.items() if whose is Authority.UNIFIED and state is signed is not to
    }

    assert ends == {Act.CANCEL, Act.EXPIRE}


@pytest.mark.parametrize("right", list(Right))
def test_every_act_asks_for_its_right_and_no_other_will_do(right: Right) -> None:
    who = Who("somebody", "somebody", frozenset(), frozenset({right}), "en")
    own = order(state=OrderState.REQUESTED, oral=None, document="2026-1")
    unified = order(Authority.UNIFIED)
    wish = Wish(2, ("campus",), NOW, "week", document="2026-1")
    acts: dict[Act, Callable[[Shelf], Any]] = {
        Act.REQUEST: lambda s: order_acts.file(s, "2", wish, who),
        Act.DRAFT: lambda s: order_acts.file(s, "2", wish, who, draft=True),
        Act.RECORD: lambda s: order_acts.file(s, "2", replace(wish, authority=Authority.UNIFIED), who),
        Act.SIGN: lambda s: order_acts.sign(s, own, who),
        Act.REFUSE: lambda s: order_acts.refuse(s, own, who, "no"),
        Act.COUNTERSIGN: lambda s: order_acts.countersign(s, unified, who),
        Act.CONFIRM: lambda s: order_acts.confirm(s, order(signed_by="somebody"), who),
        Act.REVOKE: lambda s: order_acts.end_early(s, order(), who, "over"),
        Act.CANCEL: lambda s: order_acts.end_early(s, unified, who, "over", "S-2"),
        Act.WITHDRAW: lambda s: order_acts.end_early(s, replace(own, requested_by="somebody"), who, "no"),
    }
    shelf = Shelf(campus(), {}, 1, NOW)

    for act, do in acts.items():
        if NEEDS[act] is right:
            assert do(shelf).unit is not None, act
        else:
            with pytest.raises(Refused) as refused:
                do(shelf)
            assert refused.value.why in (Why.NOT_YOUR_RIGHT, Why.UNIFIED_STANDS), act


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda: life.sign(order(state=OrderState.REQUESTED), "officer", NOW), Why.OWN_REQUEST),
        (lambda: life.countersign(order(Authority.UNIFIED), "officer", NOW), Why.OWN_REQUEST),
        (lambda: life.confirm(order(), "principal", NOW), Why.NOT_THAT_LEADER),
        (lambda: life.confirm(order(confirmed_by="leader"), "leader", NOW), Why.ALREADY_DONE),
        (lambda: life.confirm(order(oral=None, document="1"), "leader", NOW), Why.NOT_ORAL),
        (lambda: life.number(order(document="1"), "2", NOW), Why.ALREADY_DONE),
        (lambda: life.withdraw(order(state=OrderState.DRAFTED), "officer2", NOW, ""), Why.NOT_THE_REQUESTER),
        (lambda: life.cancel(order(Authority.UNIFIED), "officer", NOW, "", None), Why.CANCELLATION_NEEDS_A_NUMBER),
        (lambda: life.sign(order(state=OrderState.SIGNED), "principal", NOW), Why.ALREADY_SIGNED),
        (lambda: life.sign(replace(order(state=OrderState.REQUESTED), ends_at=NOW), "principal", NOW), Why.OVER),
    ],
)
def test_the_right_person_and_the_right_moment(wrong: Callable[[], Order], why: Why) -> None:
    with pytest.raises(Refused) as refused:
        wrong()

    assert refused.value.why is why


def test_the_officer_who_records_a_raise_is_not_the_leader_who_gives_it() -> None:
    both = Who("both", "both", frozenset(), frozenset({Right.REQUEST_ORDERS, Right.RAISE_ORALLY}), "en")
    wish = Wish(2, ("campus",), NOW, "night", oral=Oral("both", "both", NOW))

    with pytest.raises(Refused) as refused:
        order_acts.file(Shelf(campus(), {}, 1, NOW), "1", wish, both, both)

    assert refused.value.why is Why.OWN_REQUEST


@pytest.mark.parametrize("authority", list(Authority))
def test_what_has_to_follow_and_what_keeps_an_order_alive(authority: Authority) -> None:
    wanted = {Lack.NUMBER, Lack.CONFIRMATION if authority is Authority.OWN else Lack.COUNTERSIGNATURE}
    over = order(authority, OrderState.EXPIRED)

    assert set(over.lacks) == wanted and over.is_live and not over.counts
    assert not life.is_overdue(over, EARLIER + timedelta(hours=24))
    assert life.is_overdue(over, EARLIER + timedelta(hours=24, seconds=1))
    done = replace(over, document="1", confirmed_by="leader", countersigned_at=NOW)
    assert done.lacks == () and not done.is_live


def test_both_languages_have_every_refusal() -> None:
    assert set(SENTENCES) == set(Why)
    assert all(label.en and label.zh and label.en != label.zh for label in SENTENCES.values())


@pytest.mark.parametrize(
    ("how", "fields"),
    [
        ({"starts_at": NOW - timedelta(minutes=4)}, []),
        ({"starts_at": NOW - timedelta(minutes=6)}, ["starts_at"]),
        ({"starts_at": NOW - timedelta(days=29), "authority": Authority.UNIFIED}, []),
        ({"starts_at": NOW - timedelta(days=31), "authority": Authority.UNIFIED}, ["starts_at"]),
        ({"starts_at": NOW + timedelta(days=900)}, ["starts_at"]),
        ({"ends_at": NOW}, ["ends_at"]),
        ({"ends_at": NOW - timedelta(minutes=1), "starts_at": NOW - timedelta(minutes=2)}, ["ends_at"]),
        ({"zones": ()}, ["zones"]),
        ({"zones": ("campus", "a", "b")}, ["zones[1]", "zones[2]"]),
        ({"document": None}, ["document"]),
        ({"document": "a\nb"}, ["document"]),
        ({"document": "x" * 101}, ["document"]),
        ({"reason": "x" * 501}, ["reason"]),
        ({"level": 3}, ["level"]),
        ({"level": 4}, ["level"]),
        ({"oral": Oral("", " ", NOW + timedelta(hours=1))},
         ["document.from", "document.received_by", "document.received_at"]),
        ({"oral": Oral("a", "b", NOW - timedelta(hours=25))}, ["document.received_at"]),
    ],
)  # fmt: skip
def test_every_fault_of_a_wish_has_its_field_and_both_languages(how: dict[str, Any], fields: list[str]) -> None:
    wish = replace(Wish(2, ("campus",), NOW, "week", document="2026-1"), **how)

    found = faults(campus(), wish, NOW)

    assert [fault.field for fault in found] == fields
    assert all(fault.text.en and fault.text.zh for fault in found)


def test_only_an_own_order_in_writing_is_drafted() -> None:
    office = Who("o", "o", frozenset(), frozenset({Right.RECORD_UNIFIED_ORDERS}), "en")
    wish = Wish(2, ("campus",), NOW, "week", document="1", authority=Authority.UNIFIED)

    with pytest.raises(WrongWish) as wrong:
        order_acts.file(Shelf(campus(), {}, 1, NOW), "1", wish, office, draft=True)

    assert [fault.field for fault in wrong.value.faults] == ["draft"]
