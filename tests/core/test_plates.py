"""Plates that a camera takes for one another, and what such a reading may do: nothing by itself."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, Direction, Level, Outcome
from gateway.core.nouns import Request
from gateway.core.papers import Order, OrderState
from gateway.core.plates import DIFFERENCES_AT_MOST, PROPOSED_AT_MOST, SHAPES, differences, look_alikes
from gateway.core.reasons import Reason
from tests.core.campus import at, world

LETTERS = "".join(SHAPES) + "ACEFX3467"
PLATES = st.text(LETTERS, min_size=6, max_size=8).map(lambda text: "京" + text)
EVERY_LEVEL = (Level.L3, Level.L2, Level.L1)


def asked(plate: str, **more: object) -> Request:
    return replace(Request("north-vehicle", Direction.IN, CredentialKind.PLATE, plate), **more)


@pytest.mark.parametrize(
    ("read", "registered", "expected"),
    [
        ("京A1234O", "京A12340", 1),
        ("京A1234B", "京A12348", 1),
        ("京AI234B", "京A12348", 2),
        ("京AQ1Z5", "京AOL2S", 4),
        ("京A12345", "京A12345", 0),
        ("京A12346", "京A12345", None),
        ("沪A12340", "京A1234O", None),
        ("京A1234", "京A12345", None),
    ],
)
def test_only_characters_of_one_shape_are_taken_for_one_another(read, registered, expected) -> None:
    assert differences(read, registered) == expected


def test_the_nearest_comes_first_and_few_are_proposed() -> None:
    among = ["京A00000", "京AO0000", "京AOO000", "京AOOO00", "京AQ0000", "京AD0000", "沪AO0000", "京A00001"]

    assert look_alikes("京A00000", among) == ("京AD0000", "京AO0000", "京AQ0000")


@given(PLATES, st.lists(PLATES, max_size=30))
def test_a_proposal_is_never_the_reading_itself_nor_far_from_it(read, among) -> None:
    found = look_alikes(read, among)

    assert len(found) <= PROPOSED_AT_MOST and read not in found
    assert all(0 < differences(read, plate) <= DIFFERENCES_AT_MOST for plate in found)
    assert all(differences(read, plate) == differences(plate, read) for plate in found)


@pytest.mark.parametrize("level", EVERY_LEVEL)
def test_a_look_alike_of_a_registered_plate_is_nobodys_and_only_waits(level) -> None:
    order = Order("o", level, frozenset({"site"}), at("07:00"), None, state=OrderState.SIGNED)

    decision = decide(asked("京AI2345"), world(orders=(order,)), at("08:00"))

    assert (decision.outcome, decision.reason, decision.holder) == (Outcome.WAIT, Reason.GUARD_CONFIRMS, None)
    assert Reason.UNKNOWN_CREDENTIAL in decision.notices


@pytest.mark.parametrize("level", EVERY_LEVEL)
def test_doubt_never_makes_a_reading_worth_more(level) -> None:
    order = Order("o", level, frozenset({"site"}), at("07:00"), None, state=OrderState.SIGNED)
    rank = {Outcome.DENY: 0, Outcome.WAIT: 1, Outcome.GRANT: 2}

    for plate in ("京A12345", "京Z99999", ""):
        sure, unsure = (
            decide(asked(plate, unsure=doubt), world(orders=(order,)), at("08:00")).outcome for doubt in (False, True)
        )
        assert rank[unsure] <= rank[sure]


def test_an_unknown_plate_stays_refused_where_no_plate_would_help() -> None:
    at_a_gate = replace(asked("京Z99999"), portal="north-in")
    flooded = asked("京Z99999", quarantined=True)

    assert [decide(request, world(), at("08:00")).reason for request in (at_a_gate, flooded)] == [
        Reason.UNKNOWN_CREDENTIAL,
        Reason.DEVICE_QUARANTINED,
    ]


def test_what_is_no_plate_is_refused_at_a_lane_as_everywhere() -> None:
    card = replace(asked("NOBODY"), credential=CredentialKind.CARD)

    assert decide(card, world(), at("08:00")).reason is Reason.UNKNOWN_CREDENTIAL
