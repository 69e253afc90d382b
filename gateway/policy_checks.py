"""What in policy.yaml contradicts, beyond the shape of each field: words that mean nothing there, cells that are
missing, and a level that is looser than the one before it.

Works on what could be read, also where another part of the file is wrong, so that every fault is told at once. What
must always hold is the core's to say (`core.policy`); here it gets its file, its line and its field.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from gateway.config_faults import FaultList, found, nearest
from gateway.config_values import Part
from gateway.core.kinds import Level, Profile
from gateway.core.policy import ON_THE_WAY_OUT, ROWS, Need, Place, Row, faults_of_row
from gateway.yaml_lines import FieldPath

LEVELS = (Level.L3, Level.L2, Level.L1)
"""From the loosest to the strictest, as a row is written."""

_ABOUT_LEAVING = re.compile(r"exit|egress|leav|way_?out|离|出")
_WORDS = {need.value: need for need in Need}


def level_key(level: Level) -> str:
    """As a level is written in the file."""
    return f"L{level.value}"


def check_sections(raw: Mapping[str, Any], sections: Collection[str], faults: FaultList) -> set[FieldPath]:
    """Tables that no policy may have: those for leaving anywhere but by a campus gate. Returns what was told."""
    told: set[FieldPath] = set()
    for name in raw:
        if name in sections or not _ABOUT_LEAVING.search(name) or nearest(name, sections, 0.85):
            continue
        faults.add(
            (name,),
            "there is no such table: leaving there is always free, and no policy can change that; "
            "gate_exit, for the campus gates, is the only table for leaving",
        )
        told.add((name,))
    return told


def check_tables(raw: Mapping[str, Any], profile: Profile, faults: FaultList) -> set[FieldPath]:
    """Every row, cell and word of the five tables. Returns the paths of what was told."""
    told: set[FieldPath] = set()
    for place, rows in ROWS.items():
        names = [str(row) for row in rows]
        table = raw.get(place.value)
        if place.value not in raw:
            rows_in_words = ", ".join(names)
            faults.add((place.value,), f"the table is missing; expected rows {rows_in_words}, each with L3, L2 and L1")
            told.add((place.value,))
        if not isinstance(table, dict):
            continue  # the schema says so
        for name in names:
            if name not in table:
                faults.add(
                    (place.value,), f"the row {name!r} is missing; expected a cell for each of L3, L2 and L1 there"
                )
        for name, row in table.items():
            if name not in names:
                listed = nearest(name, names) or f"; there are {', '.join(names)}"
                faults.add((place.value, name), f"there is no row {name!r} in {place.value}{listed}")
                told.add((place.value, name))
            elif isinstance(row, dict):
                told |= _check_row(place, name, row, profile, faults)
    return told


def _check_row(place: Place, name: str, row: Mapping[str, Any], profile: Profile, faults: FaultList) -> set[FieldPath]:
    told: set[FieldPath] = set()
    cells: dict[Level, frozenset[Need]] = {}
    for level in LEVELS:
        path = (place.value, name, level_key(level))
        if level_key(level) not in row:
            faults.add(path, "is missing; expected a list of words, [] where nothing is needed")
            told.add(path)
            continue
        words = row[level_key(level)]
        if not isinstance(words, list):
            continue  # the schema says so
        wrong = dict(_wrong_words(place, words))
        for index, message in wrong.items():
            faults.add((*path, index), message)
            told.add((*path, index))
        if not wrong:
            cells[level] = frozenset(_WORDS[word] for word in words)
    if len(cells) == len(LEVELS):
        _check_cells(place, name, Row(cells[Level.L3], cells[Level.L2], cells[Level.L1]), profile, faults)
    return told


def _wrong_words(place: Place, words: list[Any]) -> Iterator[tuple[int, str]]:
    """(index, what is wrong) of each word of a cell that is none, or that stands there twice."""
    for index, word in enumerate(words):
        if not isinstance(word, str) or word not in _WORDS:
            known = [need.value for need in Need if (need in ON_THE_WAY_OUT) is (place is Place.GATE_EXIT)]
            hint = nearest(str(word), known) or nearest(str(word), _WORDS)
            yield index, f"expected one of {', '.join(known)}, found {found(word)}{hint}"
        elif word in words[:index]:
            yield index, f"{word!r} is written twice in this cell"


def _check_cells(place: Place, name: str, row: Row, profile: Profile, faults: FaultList) -> None:
    for slip in faults_of_row(profile, place, name, row):
        path = (place.value, name, level_key(slip.level))
        message = slip.message
        if slip.than is not None:
            other = (place.value, name, level_key(slip.than))
            lost = ", ".join(need.value for need in Need if need in row.at(slip.than) - row.at(slip.level))
            message = (
                f"looser than {'.'.join(other)} (line {faults.line(other)}): needs {lost} there and not here; "
                "a stricter level asks for all that a looser one does"
            )
        faults.add(path, message)


def check_cadences(raw: Mapping[str, Any], part: type[Part], faults: FaultList) -> None:
    """What else hangs on the level does not loosen either: pictures as often, rounds as many, people as many."""
    table = raw.get("cadences")
    sound: dict[Level, Any] = {}
    for level in LEVELS:
        try:
            sound[level] = part.model_validate(table.get(level_key(level)) if isinstance(table, dict) else None)
        except ValidationError:
            continue  # told already, with the whole file
    for looser, stricter in ((Level.L3, Level.L2), (Level.L2, Level.L1)):
        if looser not in sound or stricter not in sound:
            continue
        here, there = sound[stricter], sound[looser]
        for name, is_looser in (
            ("camera_check_s", here.camera_check_s > there.camera_check_s),
            ("patrol_rounds", here.patrol_rounds < there.patrol_rounds),
            ("posts_manned", here.posts_manned < there.posts_manned),
            ("leader_on_duty", here.leader_on_duty < there.leader_on_duty),
        ):
            if is_looser:
                other = ("cadences", level_key(looser), name)
                faults.add(
                    ("cadences", level_key(stricter), name),
                    f"looser than {'.'.join(other)} (line {faults.line(other)}): "
                    f"{_spelled(getattr(there, name))} there and {_spelled(getattr(here, name))} here",
                )


def _spelled(value: bool | int) -> str:
    return str(value).lower()
