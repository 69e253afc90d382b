"""YAML is read as it is written, and every field knows its line."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.settings import shipped
from gateway.yaml_lines import MAX_DEPTH, read_file, read_scalar, read_text, spell


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("off", "off"),
        ("0123", "0123"),
        ("22:30", "22:30"),
        ("1e3", "1e3"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("2026-11-21", "2026-11-21"),
        (".inf", ".inf"),
        ("=", "="),
        ("12", 12),
        ("-7", -7),
        ("0", 0),
        ("2.50", 2.5),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ('"12"', "12"),
        ("'true'", "true"),
        ('"22:30"', "22:30"),
        ("９", "９"),
    ],
)
def test_a_value_is_what_a_person_reads(written, read):
    document = read_text(f"field: {written}\n")

    assert document.slips == ()
    assert document.data == {"field": read}
    assert type(document.data["field"]) is type(read)


def test_every_field_knows_its_line():
    document = read_text("a: 1\nb:\n  - c: 2\n    d: 3\n  - e\n")

    assert document.line(("a",)) == 1
    assert document.line(("b",)) == 2
    assert document.line(("b", 0, "d")) == 4
    assert document.line(("b", 1)) == 5
    assert document.line(("b", 0, "missing")) == 3, "what is missing is reported where it would stand"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\na: 2\n", 2, "written twice; the first is in line 1"),
        ("a: &x {b: 1}\nc: *x\n", 1, "anchors are not used"),
        ("a: {b: 1}\nc:\n  <<: {b: 2}\n", 3, "write the fields out"),
        ("a: !!python/object/apply:os.system [id]\n", 1, "tags are not used"),
        ("a: !!str 12\n", 1, "tags are not used"),
        ("a: !secret x\n", 1, "tags are not used"),
        ("a: 1\n---\nb: 2\n", 3, "a second document"),
        ("a: [1, 2\nb: 3\n", 2, "is not YAML"),
        ("? [a, b]\n: 1\n", 1, "a field's name must be plain text"),
        ("a: 1\nb: \x07\n", 2, "a character that YAML does not allow"),
    ],
)
def test_what_has_no_place_in_a_configuration_is_named_with_its_line(text, line, says):
    slips = read_text(text).slips

    assert any(says in slip.message for slip in slips), slips
    assert line in {slip.line for slip in slips}


def test_aliases_cannot_unfold_into_millions():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"

    document = read_text(bomb)

    assert document.slips
    assert len(repr(document.data)) < 2_000


@pytest.mark.parametrize("opening", ["[", "- ", "{a: "])
def test_deep_nesting_is_refused_and_ends(opening):
    assert read_text(opening * 200_000).slips, "the quick parser would end the process"
    assert read_text("[" * 2_000 + "]" * 2_000).slips
    assert read_text("".join(f"{' ' * n}a:\n" for n in range(MAX_DEPTH + 3))).slips


def test_a_file_that_cannot_be_read_is_a_slip(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nname: caf\xe9\n")

    assert "missing" in read_file(tmp_path / "none.yaml").slips[0].message
    assert read_file(tmp_path / "latin.yaml").slips[0].line == 2
    assert read_file(tmp_path).slips


PIECES = ["a", "b: 1", "- ", "  ", "\n", "\n  ", ": ", "[1, 'x']", "{c: true}", "|\n  t\n", '"q"', "# c\n", "!t ", "*x"]


@given(st.lists(st.sampled_from([*PIECES, "&x "]), max_size=12).map("".join))
@example(shipped("wardgate.yaml").read_text())
@example(shipped("plan.yaml").read_text())
def test_the_quick_parser_and_the_one_in_python_read_the_same(text):
    quick = read_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("yaml.__with_libyaml__", False)
        slow = read_text(text)

    assert quick == slow


@given(st.text())
@example("a: &a\n  b: *a")
@example("\ud800")
@example("a: \x85b")
@example("%YAML 9.9\n---\na")
def test_any_text_is_a_document_or_a_slip(text):
    document = read_text(text)

    assert document.data is not None or document.slips or text.strip("﻿ \t\r\n") == "" or document.lines


def test_a_scalar_from_the_environment_is_read_by_the_same_rules():
    assert [read_scalar(text) for text in ("12", "012", "true", "yes", "1.5")] == [12, "012", True, "yes", 1.5]


def test_a_path_is_spelled_as_people_write_it():
    assert spell(("portals", 2, "zone")) == "portals[2].zone"
    assert spell(()) == ""
