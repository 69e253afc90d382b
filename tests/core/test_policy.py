"""A policy that lacks a cell or contradicts what must always hold cannot be made; every fault says where it is."""

from dataclasses import replace

import pytest

from gateway.core.kinds import HolderKind, Level, Profile
from gateway.core.needs import RULES
from gateway.core.policy import ON_THE_WAY_OUT, ROWS, ContradictoryPolicy, Need, Place, Policy, Row
from tests.core.campus import policy

STAFF = Row(frozenset({Need.PERMISSION}), frozenset({Need.PERMISSION}), frozenset({Need.PERMISSION}))


def changed(place: Place, name: str, row: Row | None, profile: Profile = Profile.SCHOOL) -> Policy:
    """The shipped policy with one other row; None: without it."""
    rows = {**policy(profile).tables[place], name: row}
    return replace(
        policy(profile), tables={**policy(profile).tables, place: {k: v for k, v in rows.items() if v is not None}}
    )


@pytest.mark.parametrize("place", Place)
def test_a_policy_that_lacks_a_row_is_refused_by_its_name(place):
    for name in ROWS[place]:
        with pytest.raises(ContradictoryPolicy) as refused:
            changed(place, name, None)

        assert [(slip.place, slip.row) for slip in refused.value.slips] == [(place, name)]


@pytest.mark.parametrize("profile", Profile)
def test_every_cell_that_loses_a_word_of_the_looser_level_is_refused_with_both_cells(profile):
    for place, rows in policy(profile).tables.items():
        for name, row in rows.items():
            for looser, stricter, field in ((Level.L3, Level.L2, "l2"), (Level.L2, Level.L1, "l1")):
                for word in row.at(looser):
                    with pytest.raises(ContradictoryPolicy) as refused:
                        changed(place, name, replace(row, **{field: row.at(stricter) - {word}}), profile)

                    said = {(slip.place, slip.row, slip.level, slip.than) for slip in refused.value.slips}
                    assert (place, name, stricter, looser) in said


@pytest.mark.parametrize(
    ("profile", "place", "name", "words", "says"),
    [
        (Profile.SCHOOL, Place.GATE, "staff", {Need.SLIP}, "means nothing for entering"),
        (Profile.SCHOOL, Place.DORMITORY, "resident", {Need.SLIP}, "means nothing for entering"),
        (Profile.SCHOOL, Place.GATE_EXIT, "staff", {Need.PERMISSION}, "means nothing for leaving"),
        (Profile.SCHOOL, Place.GATE_EXIT, "staff", {Need.SLIP}, "only a student"),
        (Profile.SCHOOL, Place.GATE_EXIT, "visitor", {Need.SLIP_NOTICE}, "only a student"),
        (Profile.UNIVERSITY, Place.GATE_EXIT, "student", {Need.SLIP}, "adults are never held"),
        (Profile.SCHOOL, Place.DORMITORY, "resident", {Need.PERMISSION, Need.GUARD}, "by card alone"),
    ],
)
def test_a_policy_that_contradicts_what_must_hold_is_refused(profile, place, name, words, says):
    with pytest.raises(ContradictoryPolicy, match=says):
        changed(place, name, Row(frozenset(words), frozenset(words), frozenset(words)), profile)


def test_only_a_school_may_refuse_leaving():
    assert policy(Profile.SCHOOL).leaving_may_be_refused
    assert not policy(Profile.UNIVERSITY).leaving_may_be_refused
    assert not changed(
        Place.GATE_EXIT, HolderKind.STUDENT, Row(frozenset(), frozenset(), frozenset())
    ).leaving_may_be_refused


def test_every_word_of_an_entry_has_its_rules():
    assert set(RULES) == set(Need) - ON_THE_WAY_OUT
