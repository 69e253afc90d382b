"""The page of invariants names tests that exist, and every invariant has one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "invariants.md").read_text("utf-8")
ALL = [f"S{n}" for n in range(1, 8)] + [f"P{n}" for n in range(1, 7)] + [f"R{n}" for n in range(1, 7)] + ["A1", "A2"]


def missing(page: str) -> list[str]:
    """The tests that a page names and that are not there."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    return [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file()
        or not re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE)
    ]


def test_every_invariant_has_its_line() -> None:
    assert re.findall(r"^\| ([SPRA]\d) \|", PAGE, re.MULTILINE) == ALL


def test_every_test_that_the_page_names_exists() -> None:
    assert len(re.findall(r"`tests/", PAGE)) == 2 * len(ALL)
    assert missing(PAGE) == []


def test_a_test_that_is_gone_is_missed() -> None:
    assert missing("`tests/core/test_laws.py::test_nobody_wrote_this`") == [
        "tests/core/test_laws.py::test_nobody_wrote_this"
    ]
