"""The pages say what is: nothing that exists is left out, nothing leads nowhere, each check catches its opposite."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from gateway.alarms_file import load_alarms
from gateway.campus_schema import CampusFile
from gateway.core.rights import Right
from gateway.core.sentences import SENTENCES
from gateway.settings import shipped, variables
from tests.docs import checks
from tests.docs.rows import rows_of, written_rows
from tests.docs.write import REASONS, reasons_page

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
OPERATIONS = ROOT / "docs" / "operations.md"
LEDGER = ROOT / "docs" / "ledger.md"


def pages() -> dict[Path, str]:
    """Every page of ours."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return {path: path.read_text("utf-8") for path in sorted(found)}


def text(path: Path) -> str:
    return path.read_text("utf-8")


# ---------------------------------------------------------------- nothing is left out


def test_the_readme_names_every_command() -> None:
    assert "wardgate device enrol" in checks.commands()
    assert checks.missing_commands(text(README)) == []


def test_a_command_that_the_readme_lacks_is_found() -> None:
    without = text(README).replace("| `wardgate user disable NAME`", "| `wardgate user dis`")

    assert checks.missing_commands(without) == ["wardgate user disable"]


def test_the_readme_names_everything_dev_py_can_do() -> None:
    said = re.findall(r'^    "([a-z]+)": "', text(ROOT / "dev.py"), re.MULTILINE)

    assert {"demo", "test", "check"} <= set(said)
    assert [name for name in said if not re.search(rf"python3 dev\.py {name}|`{name}`", text(README))] == []


def test_operations_names_every_setting_with_its_variables() -> None:
    assert len(variables()) > 20
    assert checks.missing_settings(text(OPERATIONS), variables()) == []


def test_a_setting_that_operations_lacks_or_misplaces_is_found() -> None:
    page = text(OPERATIONS)
    without = re.sub(r"^\| `devices\.wait_ms`.*\n", "", page, flags=re.MULTILINE)
    swapped = page.replace("`mqtt.ca` | `WARDGATE_MQTT_CA`", "`mqtt.ca` | `WARDGATE_LOG_LEVEL`")

    assert checks.missing_settings(without, variables()) == ["WARDGATE_DEVICES_WAIT_MS"]
    assert checks.missing_settings(swapped, variables()) == ["WARDGATE_MQTT_CA"]


def test_operations_says_what_a_setting_is_when_it_is_not_set() -> None:
    from gateway.config_schema import GatewayFile

    wrong = []
    for section, info in GatewayFile.model_fields.items():
        part = info.annotation
        if not (isinstance(part, type) and issubclass(part, BaseModel)):
            continue
        for name, field in part.model_fields.items():
            if field.default is None or field.default_factory is not None:
                continue
            default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
            row = re.search(rf"^\| `{section}\.{name}` \|[^|]*\|([^|]*)\|", text(OPERATIONS), re.MULTILINE)
            if row is None or f"`{default}`" not in row[1]:
                wrong.append(f"{section}.{name} = {default}")

    assert wrong == []


def test_operations_names_every_field_of_the_campus() -> None:
    assert checks.missing_names(text(OPERATIONS), campus_fields(CampusFile)) == []
    assert checks.missing_names("`zones[]` and `{from: …}`", ["zones", "curfew"]) == ["curfew"]


def campus_fields(model: type[BaseModel]) -> set[str]:
    """Every field of a file, at any depth, as it is written; labels and windows have their own sentence."""
    found: set[str] = set()
    for name, info in model.model_fields.items():
        if model.__name__ in ("LabelPart", "WindowPart"):
            continue
        found.add(info.alias or name)
        for part in _models(info.annotation):
            found |= campus_fields(part)
    return found


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for inner in get_args(annotation) for part in _models(inner)]


def test_operations_names_every_right() -> None:
    assert checks.missing_names(text(OPERATIONS), [right.value for right in Right]) == []


def priorities() -> dict[str, str]:
    """Of the catalogue as it is shipped."""
    catalogue, _ = load_alarms(ROOT / "no-alarms.yaml", shipped("alarms.yaml"), ())
    assert catalogue is not None
    return {name: kind.priority.value for name, kind in catalogue.kinds.items()}


def test_operations_says_what_every_alarm_means_and_what_to_do() -> None:
    assert checks.wrong_alarms(text(OPERATIONS), priorities()) == []


def test_an_alarm_without_a_row_with_another_priority_or_unknown_is_found() -> None:
    page = text(OPERATIONS)
    without = re.sub(r"^\| `flood`.*\n", "", page, flags=re.MULTILINE)
    lower = page.replace("| `duress` | high |", "| `duress` | low |")
    more = page.replace("| `tamper` | medium |", "| `tampering` | medium |")

    assert checks.wrong_alarms(without, priorities()) == ["flood"]
    assert checks.wrong_alarms(lower, priorities()) == ["duress"]
    assert checks.wrong_alarms(more, priorities()) == ["tamper", "tampering"]


def test_the_ledger_page_describes_every_row_that_is_written_and_its_fields() -> None:
    written = written_rows(ROOT)

    assert len(written) > 30
    assert checks.missing_rows(text(LEDGER), {row.kind: row.fields for row in written.values()}) == []


def test_a_row_or_field_that_the_ledger_page_lacks_is_found() -> None:
    written = {row.kind: row.fields for row in written_rows(ROOT).values()}
    page = text(LEDGER)

    assert checks.missing_rows(page, {**written, "door_painted": {"colour"}}) == ["door_painted"]
    assert checks.missing_rows(page.replace("`away_s`", "away"), written) == ["device_online.away_s"]
    assert checks.missing_rows(page + "\n### `door_painted`\n", written) == ["door_painted is written by nobody"]


def test_rows_are_found_however_the_code_spells_them() -> None:
    source = """
async def one(site, kind):
    body = {"a": 1}
    body |= {"b": 2}
    body["c"] = 3
    Entry(kind, now, {"d": 4} | body)

async def two(site):
    await one(site, "told")
    word = "closed" if done else "opened"
    return Entry(word, now, made())

def made():
    return {"e": 5}

def three(kind):
    return Entry(kind, now, {})
"""
    found = {kind: fields for kind, _, fields in rows_of(source)}

    assert found == {"told": {"a", "b", "c", "d"}, "closed": {"e"}, "opened": {"e"}, "": set()}


def test_the_page_of_reasons_is_current() -> None:
    assert text(REASONS) == reasons_page(), "run python -m tests.docs.write"


def test_a_changed_sentence_makes_the_page_of_reasons_old() -> None:
    reason, said = next(iter(SENTENCES.items()))
    other = {**SENTENCES, reason: type(said)(guard=said.polite, hint=said.hint, polite=said.guard)}

    assert text(REASONS) != reasons_page(other)


# ---------------------------------------------------------------- nothing leads nowhere


def test_every_link_between_the_pages_leads_somewhere() -> None:
    assert checks.broken_links(pages()) == []


def test_a_link_to_no_page_or_no_heading_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    said = "# A heading\n[good](#a-heading) [bad](#another) [gone](gone.md) [far](https://example.org/#x)\n"
    page.write_text(said)

    assert checks.broken_links({page: said}) == ["page.md: #another", "page.md: gone.md"]


def test_no_page_names_a_place_of_one_machine() -> None:
    found = {path.name: places for path, page in pages().items() if (places := checks.places_of_one_machine(page))}

    assert found == {}
    somewhere = "/ho" + "me/li/wardgate"
    assert checks.places_of_one_machine(f"see {somewhere}, not /etc/wardgate") == [somewhere]


@pytest.mark.parametrize("path", sorted(pages()), ids=lambda path: path.name)
def test_every_command_on_a_page_is_one_that_the_command_line_takes(path: Path) -> None:
    assert checks.wrong_commands(text(path)) == []


def test_commands_are_found_and_wrong_ones_are_told() -> None:
    page = (
        "```console\n$ printf 'x' | wardgate user add li.na --roles guard --config campus\nli.na may sign in\n"
        "$ wardgate device enrol reader r1 --gate north > r1.json\n$ wardgate run --config campus &\n```\n"
        "See `wardgate ledger verify` and `wardgate device enrol KIND ID`, not `wardgate ledger check`.\n"
    )

    assert checks.command_lines(page) == [
        "wardgate user add li.na --roles guard --config campus",
        "wardgate device enrol reader r1 --gate north",
        "wardgate run --config campus",
        "wardgate ledger check",
    ]
    wrong = checks.wrong_commands(page)
    assert [line.partition(":")[0] for line in wrong] == [
        "wardgate device enrol reader r1 --gate north",
        "wardgate ledger check",
    ]


def test_the_readme_shows_commands_at_all() -> None:
    assert len(checks.command_lines(text(README))) > 10


def test_each_decision_says_what_why_cost_and_when_to_look_again() -> None:
    found = [path for path in pages() if re.match(r"\d{4}-", path.name)]
    index = text(ROOT / "docs" / "decisions" / "README.md")

    assert len(found) >= 14
    for path in found:
        page = text(path)
        for word in ("**What.**", "**Why.**", "**Cost.**", "**Look again**"):
            assert word in page, f"{path.name} does not say {word}"
        assert f"({path.name})" in index, f"{path.name} is not in the list"


def test_the_pages_are_part_of_the_project() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a checkout")
    assert {path.relative_to(ROOT).as_posix() for path in pages()} <= set(listed.stdout.split())
