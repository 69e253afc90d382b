"""A law of policy files: one loads exactly if a straightforward reading finds nothing that holds anybody or loosens."""

import random

import pytest

from gateway.core.kinds import Level, Profile
from gateway.core.policy import ON_THE_WAY_OUT, ROWS, Need, Place
from gateway.policy_file import load_policy
from gateway.settings import shipped

ORDER = ("L3", "L2", "L1")
CASES = 100


def matrix_of(profile):
    """The shipped matrix as plain lists: {(table, row): {level: [words]}}."""
    policy, _ = load_policy(shipped(f"policy.{profile.value}.yaml"))
    return {
        (place.value, str(row)): {
            f"L{level}": sorted(need.value for need in policy.needs(place, row, level)) for level in Level
        }
        for place in Place
        for row in ROWS[place]
    }


def changed(matrix, chance):
    """The matrix after one to three slips of a pen."""
    made = {key: {level: list(words) for level, words in row.items()} for key, row in matrix.items()}
    for _ in range(chance.choice((1, 1, 2, 3))):
        key = chance.choice(sorted(made))
        words = [need.value for need in Need if (need in ON_THE_WAY_OUT) is (key[0] == "gate_exit")]
        word = chance.choice(words if chance.random() < 0.8 else [need.value for need in Need])
        levels = chance.choice((ORDER, ORDER[1:], ORDER[2:], ORDER[2:], ("L2",), ("L3",)))
        for level in levels:
            cell = made[key][level]
            if chance.random() < 0.9:
                if word not in cell or chance.random() < 0.1:
                    cell.append(word)
            elif cell:
                cell.pop(chance.randrange(len(cell)))
    return made


def is_sound(matrix, profile):
    """The independent reading: what the policy's text asks of a cell, row by row."""
    for (table, row), cells in matrix.items():
        for level in ORDER:
            cell = cells[level]
            if len(set(cell)) < len(cell):
                return False
            for word in cell:
                if (word in ("card", "slip", "slip_notice")) != (table == "gate_exit"):
                    return False
                if word in ("slip", "slip_notice") and row != "student":
                    return False
                if word == "slip" and profile is Profile.UNIVERSITY:
                    return False
                if (table, row) == ("dormitory", "resident") and word not in ("permission", "shown"):
                    return False
        if any(word not in cells["L2"] for word in cells["L3"]) or any(word not in cells["L1"] for word in cells["L2"]):
            return False
    return True


def written(matrix, profile):
    """As a file: the shipped one with other tables."""
    text = shipped(f"policy.{profile.value}.yaml").read_text("utf-8")
    tail = text[text.index("# What else hangs on the level.") :]
    lines = [f"profile: {profile.value}"]
    for place in Place:
        lines.append(f"{place.value}:")
        for row in ROWS[place]:
            cells = matrix[place.value, str(row)]
            said = ", ".join(f"{level}: [{', '.join(cells[level])}]" for level in ORDER)
            lines.append(f"  {row}: {{{said}}}")
    return "\n".join([*lines, tail])


@pytest.mark.parametrize("profile", list(Profile))
def test_a_policy_loads_exactly_if_it_is_sound(tmp_path, profile):
    seed = 20261122
    print(f"seed {seed}")
    chance = random.Random(f"{seed} {profile}")
    shipped_matrix = matrix_of(profile)
    path = tmp_path / "policy.yaml"
    seen = {True: 0, False: 0}
    for _ in range(CASES):
        matrix = changed(shipped_matrix, chance)
        path.write_text(written(matrix, profile), "utf-8")

        policy, faults = load_policy(path)

        sound = is_sound(matrix, profile)
        seen[sound] += 1
        assert (policy is not None) is sound, (matrix, faults)
        assert bool(faults) is not sound
        for fault in faults:
            table, row, level = fault.field.split("[")[0].split(".")
            assert path.read_text("utf-8").splitlines()[fault.line - 1].startswith(f"  {row}:"), fault
            assert (table, row) in matrix and level in ORDER
    assert min(seen.values()) > CASES // 10, f"too few of one kind to say anything: {seen}"


def test_the_reading_of_this_test_catches_a_policy_that_loosens():
    matrix = matrix_of(Profile.SCHOOL)
    assert is_sound(matrix, Profile.SCHOOL)
    assert not is_sound(matrix, Profile.UNIVERSITY), "a school's slips"

    matrix["gate", "visitor"]["L1"].remove("refused")
    assert is_sound(matrix, Profile.SCHOOL), "L1 as strict as L2"
    matrix["gate", "visitor"]["L1"].remove("host")
    assert not is_sound(matrix, Profile.SCHOOL)
