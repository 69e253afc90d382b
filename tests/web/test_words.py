"""Everything that a person reads exists in both languages."""

import re
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from gateway.core import entering, leaving, needs
from gateway.core.alarm_catalogue import CallOutcome, Disposal, OutReason, Priority, ShelfReason
from gateway.core.alarm_course import State
from gateway.core.cameras import Finding, Miss, SourceKind
from gateway.core.kinds import CredentialKind, Direction, HolderKind, Outcome, Verdict
from gateway.core.papers import WorkOrderState
from gateway.core.reasons import Reason
from gateway.core.recordings import Trouble
from gateway.core.sentences import GUARD, HINT, POLITE
from gateway.flows import alarms
from gateway.web import files, translations
from gateway.web.camera_shapes import CameraState
from gateway.web.words import WORDS

WEB = Path(files.__file__).parent
CALL = re.compile(r"\bt\(\s*(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)')")


def texts_in_use() -> set[str]:
    found = {word for words in WORDS.values() for word in words.values()}
    for path in (WEB / "static").rglob("*.js"):
        found |= {first or second for first, second in CALL.findall(path.read_text())}
    for path in (WEB / "templates").glob("*.html"):
        with path.open("rb") as file:
            found |= {text for _, text, _, _ in extract("jinja2.ext:babel_extract", file, keywords={"_": None})}
    return found


def catalogue() -> dict[str, str]:
    with translations.CATALOGUE.open("rb") as file:
        return {m.id: m.string for m in read_po(file) if m.id}


def test_no_text_is_missing_and_none_is_left_over() -> None:
    used, translated = texts_in_use(), catalogue()

    assert len(used) > 100
    assert (used - translated.keys(), translated.keys() - used) == (set(), set())


def test_every_translation_is_chinese_and_keeps_its_placeholders() -> None:
    for english, chinese in catalogue().items():
        assert re.search(r"[\u4e00-\u9fff]", chinese) or re.fullmatch(r"\{\w+\}", english), english
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", chinese)), english


@pytest.mark.parametrize("sentences", [GUARD, HINT, POLITE], ids=["guard", "hint", "polite"])
def test_every_reason_has_a_sentence_in_both_languages(sentences) -> None:
    assert set(sentences) == set(Reason)
    for reason, label in sentences.items():
        assert label.en.endswith(".") and label.en.count(". ") == 0, reason
        assert label.zh.endswith("。") and label.zh.count("。") == 1, reason
        assert not re.search(r"[\u4e00-\u9fff]", label.en) and re.search(r"[\u4e00-\u9fff]", label.zh), reason


def test_what_a_bystander_may_read_tells_nothing_about_the_person() -> None:
    telling = re.compile(r"\b(ban|banned|lost|revoked|suspended|slip|stolen)\b", re.IGNORECASE)

    assert [reason for reason, label in POLITE.items() if telling.search(label.en)] == []
    assert [reason for reason, label in POLITE.items() if re.search("禁入|挂失|注销|暂停其|假条", label.zh)] == []


def test_every_code_that_the_gateway_can_send_has_a_word() -> None:
    assert set(WORDS["verdict"]) == set(Outcome)
    assert set(WORDS["direction"]) == set(Direction)
    assert set(WORDS["kind"]) == set(HolderKind)
    assert set(WORDS["credential"]) == set(CredentialKind)
    assert set(WORDS["finding"]) == set(Verdict)
    assert set(WORDS["alarm"]) >= alarms.CONDITIONS
    assert set(WORDS["priority"]) == set(Priority)
    assert set(WORDS["alarm_state"]) == set(State)
    assert set(WORDS["disposal"]) == set(Disposal)
    assert set(WORDS["shelf_reason"]) == set(ShelfReason)
    assert set(WORDS["out_reason"]) == set(OutReason)
    assert set(WORDS["call_outcome"]) == set(CallOutcome)
    assert set(WORDS["camera_finding"]) == set(Finding)
    assert set(WORDS["camera_miss"]) == set(Miss)
    assert set(WORDS["camera_source"]) == set(SourceKind)
    assert set(WORDS["recorder_trouble"]) == set(Trouble)
    assert set(WORDS["camera_state"]) == set(get_args(CameraState))
    assert set(WORDS["work_order"]) >= set(WorkOrderState)
    rules = {rule.__name__ for rule in (*entering.BEFORE, *entering.AFTER, *leaving.EXIT_RULES)}
    rules |= {rule.__name__ for words in needs.RULES.values() for rule in words}
    assert set(WORDS["rule"]) >= rules


def test_nothing_is_loaded_from_elsewhere() -> None:
    for path in [*(WEB / "static").rglob("*"), *(WEB / "templates").glob("*")]:
        if path.is_file():
            addresses = set(re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s\"'`]*", path.read_text()))
            assert addresses <= {"http://www.w3.org/2000/svg"}, path
