"""Synthetic people: seeded, unique, and nothing about them that the product has no field for."""

from __future__ import annotations

import io
from collections import Counter

import pytest

from devices.canonical import canonical
from firmware_sim import people


def test_the_same_seed_makes_the_same_people_and_another_makes_others() -> None:
    assert people.make(200, 7) == people.make(200, 7)
    assert people.make(200, 7) != people.make(200, 8)


def test_ids_cards_and_plates_are_unique_and_canonical() -> None:
    crowd = people.make(3_000, 7)
    plates = [person.plate for person in crowd if person.plate]

    assert [person.id for person in crowd[:2]] == ["p0001", "p0002"]
    assert len({person.id for person in crowd}) == len({person.card for person in crowd}) == 3_000
    assert len(set(plates)) == len(plates) > 50
    assert all(canonical("card", person.card) == person.card for person in crowd)
    assert all(canonical("plate", plate) == plate for plate in plates)


def test_a_thousand_people_are_a_school() -> None:
    crowd = people.make(1_000, 7)
    kinds = Counter(person.kind for person in crowd)

    assert set(kinds) == {"student", "staff", "service", "resident"}
    assert kinds["student"] > 700
    assert all((person.dormitory in people.DORMITORIES) == ("boarders" in person.groups) for person in crowd)
    assert {group for person in crowd for group in person.groups} == {"students", "boarders", "staff", "security"}
    assert any(person.valid_to for person in crowd)


def test_a_csv_comes_back_as_it_went() -> None:
    crowd = people.make(50, 7)
    file = io.StringIO()

    people.write(crowd, file)

    assert file.getvalue().splitlines()[0] == "id,name,kind,groups,card,plate,dormitory,valid_from,valid_to"
    assert people.read(io.StringIO(file.getvalue())) == crowd


def test_a_csv_that_is_none_is_refused_with_its_line() -> None:
    with pytest.raises(ValueError, match="header"):
        people.read(io.StringIO("id,name\n"))
    with pytest.raises(ValueError, match="line 2"):
        people.read(io.StringIO(",".join(people.HEADER) + "\np1,x\n"))
