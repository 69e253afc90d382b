"""The pages of the policies say what the data says, in both languages, and the guide leaves no word out."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.coverage import Lack
from gateway.core.kinds import Level, Profile
from gateway.core.policy import ROWS, Need, Place, Row
from tests.docs import checks
from tests.docs.policy_page import KINDS, NEEDS, NOTHING, PLACES, REMARKS, ROLES, policy_page
from tests.docs.write import policy_path, shipped_policy

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "policy.md"
PROFILES = pytest.mark.parametrize("profile", list(Profile))


@PROFILES
def test_the_page_of_a_policy_is_current(profile: Profile) -> None:
    page = policy_path(profile).read_text("utf-8")

    assert page == policy_page(shipped_policy(profile)), "run python -m tests.docs.write"


@PROFILES
@pytest.mark.parametrize("place", list(Place))
def test_a_changed_cell_makes_the_page_old(profile: Profile, place: Place) -> None:
    policy = shipped_policy(profile)
    row = ROWS[place][-1]
    word = Need.CARD if place is Place.GATE_EXIT else Need.PIN
    old = policy.tables[place][row]
    changed = {**policy.tables[place], row: Row(*(frozenset({*old.at(level), word}) for level in sorted(Level)[::-1]))}

    page = policy_page(replace(policy, tables={**policy.tables, place: changed}))

    assert page != policy_page(policy)
    assert page.count(NEEDS[word][0]) == policy_page(policy).count(NEEDS[word][0]) + (
        0 if word in old.at(Level.L2) else 1
    )


@PROFILES
def test_every_row_stands_on_the_page_with_every_word_that_it_adds(profile: Profile) -> None:
    policy = shipped_policy(profile)
    page = policy_page(policy)
    for place in Place:
        part = page.split(f"## {PLACES[place][0]}")[1].split("\n## ")[0]
        lines = {row[1]: row[0] for row in re.findall(r"^(\|.*<br>`([a-z_]+)` \|.*\|)$", part, re.MULTILINE)}
        assert set(lines) == {str(row) for row in ROWS[place]}
        for row in ROWS[place]:
            cells = lines[str(row)].split(" | ")[1:]
            before: frozenset[Need] = frozenset()
            for level, cell in zip((Level.L3, Level.L2, Level.L1), cells, strict=True):
                for need in policy.needs(place, row, level) - before:
                    assert all(said in cell for said in NEEDS[need]), (place, row, level, need)
                before = policy.needs(place, row, level)


def test_both_languages_have_words_for_everything() -> None:
    assert set(NEEDS) == set(Need)
    assert set(PLACES) == set(NOTHING) == set(REMARKS) == set(ROLES) == set(Place)
    for place, rows in ROWS.items():
        assert set(ROLES[place]) == set(rows)
    for english, chinese in [
        *NEEDS.values(),
        *KINDS.values(),
        *(two for rows in ROLES.values() for two in rows.values()),
    ]:
        assert english.isascii() and re.search(r"[\u4e00-\u9fff]", chinese)


def test_the_guide_names_every_word_table_row_and_note() -> None:
    page = GUIDE.read_text("utf-8")

    assert checks.missing_names(page, [need.value for need in Need]) == []
    assert checks.missing_names(page, [place.value for place in Place]) == []
    assert checks.missing_names(page, [lack.value for lack in Lack]) == []
    assert checks.missing_names(page, ["large_gathering", "security_groups", "not_returned_at", "forgive_at"]) == []
