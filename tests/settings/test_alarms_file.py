"""alarms.yaml: a school writes what is to be different, and every fault of it is named with its line."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from gateway.core.alarm_catalogue import LIFE_SAFETY, Priority
from gateway.flows import alarms
from gateway.settings import ConfigurationError, load


def faults(site: Path, text: str) -> list[str]:
    (site / "alarms.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as found:
        load(site, {})
    return [str(fault) for fault in found.value.faults]


def test_every_condition_that_can_be_raised_is_in_the_shipped_catalogue_in_full(site: Path) -> None:
    catalogue = load(site, {}).catalogue

    assert set(catalogue.kinds) == alarms.CONDITIONS
    for kind in catalogue.kinds.values():
        texts = [kind.consequence, *(step.text for step in kind.what_to_do)]
        assert kind.what_to_do and all(text.en and re.search(r"[\u4e00-\u9fff]", text.zh) for text in texts), kind.id
        assert len({step.id for step in kind.what_to_do}) == len(kind.what_to_do), kind.id
    assert all(catalogue.of(name).priority is Priority.HIGH and catalogue.of(name).call for name in LIFE_SAFETY)


def test_most_kinds_are_low_and_few_are_high(site: Path) -> None:
    kinds = load(site, {}).catalogue.kinds.values()
    share = Counter(kind.priority for kind in kinds if not kind.is_life_safety)

    assert share[Priority.HIGH] <= 0.12 * len(kinds) < 0.35 * len(kinds) and share[Priority.LOW] >= 0.5 * len(kinds)


def test_a_school_changes_single_fields_and_keeps_the_rest(site: Path) -> None:
    shipped = load(site, {}).catalogue
    said = "shelf_at_most_h: 4\nconditions:\n  held_door: {priority: medium, again_after_s: null, call: [police]}\n"
    (site / "alarms.yaml").write_text(said, "utf-8")

    own = load(site, {}).catalogue

    door, before = own.of("held_door"), shipped.of("held_door")
    assert (door.priority, door.again_after_s, door.call) == (Priority.MEDIUM, None, ("police",))
    assert (door.what_to_do, door.camera, door.consequence) == (before.what_to_do, before.camera, before.consequence)
    assert own.of("fire") == shipped.of("fire") and (own.shelf_at_most_s, shipped.shelf_at_most_s) == (14_400, 28_800)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("conditions:\n  held_dor: {priority: low}\n", r"alarms\.yaml:2: .*held_dor.*held_door"),
        ("conditions:\n  held_door: {priority: loud}\n", r"yaml:2: .*priority: expected one of high, medium, low"),
        ("conditions:\n  fire: {priority: low}\n", r"priority: is about somebody's life"),
        ("conditions:\n  incident_report_due: {always_heard: false}\n", r"always_heard: stays true"),
        ("conditions:\n  panic:\n    explained_by: [{condition: fire, near: zone}]\n", r"never a part of another"),
        ("conditions:\n  held_door:\n    call: [polise]\n", r"alarms\.yaml:3: .*call\[0\]: .*'police'"),
        ("conditions:\n  held_door: {again_after_s: 5}\n", r"again_after_s: expected at least 30"),
        ("conditions:\n  held_door:\n    what_to_do: [{id: a, en: x, zh: y}, {id: a, en: x, zh: y}]\n", r"there twice"),
        ("conditions:\n  held_door: {explained_by: [{condition: rain, near: zone}]}\n", r"is no other condition"),
        ("conditions:\n  held_door: {colour: red}\n", r"colour: is not a field here"),
        ("shelf_at_most_h: 48\n", r"shelf_at_most_h: expected at most 24"),
        ("conditions: [fire]\n", r"conditions: expected fields"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(site: Path, text: str, said: str) -> None:
    found = faults(site, text)

    assert len(found) == 1 and re.search(said, found[0]), found
