"""The way to a real campus, as the README tells it, walked: each command typed, each answer compared."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.steps import NotAsShown, Step, Walk, files_of, is_as_shown, steps_of, walk
from tests.parts.mosquitto import free_port, mosquitto_path

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that a broker without rights can read too: started by root it gives its rights up."""
    with tempfile.TemporaryDirectory(prefix="wardgate-readme-", ignore_cleanup_errors=True) as name:
        path = Path(name).resolve()
        path.chmod(0o755)
        yield path


@pytest.fixture
def walker(folder: Path) -> Iterator[Walk]:
    broker, pages = free_port(), free_port()
    environment = {"WARDGATE_MQTT_URL": f"mqtts://localhost:{broker}", "WARDGATE_HTTP": f"127.0.0.1:{pages}"}
    with Walk(folder, ROOT, {"8883": broker, "8080": pages}, environment) as walker:
        yield walker


@pytest.mark.timeout(400)
def test_the_way_to_a_real_campus_is_as_the_readme_tells_it(walker: Walk) -> None:
    if mosquitto_path() is None:
        assert not (os.environ.get("CI") or os.environ.get("WARDGATE_NO_SKIP")), "mosquitto is not installed"
        pytest.skip("mosquitto is not installed")
    page = (ROOT / "README.md").read_text("utf-8")

    done = [step.command for step in walk(page, walker)]

    assert len(done) > 12
    assert done[0] == "wardgate init campus" and done[-1].startswith("wardgate ledger verify")
    assert {"people.csv", "tap.py"} <= files_of(page).keys()


def test_a_step_that_says_something_else_than_the_page_is_found(walker: Walk) -> None:
    walker.do(Step("wardgate init campus", "campus holds a working configuration. What now:\n…"))

    with pytest.raises(NotAsShown, match="is not empty"):
        walker.do(Step("wardgate init campus", "campus holds a working configuration. What now:\n…"))


def test_what_a_page_shows_is_compared_line_by_line_but_for_its_gaps() -> None:
    assert is_as_shown("one\n…\nfour", "one\ntwo\nthree\nfour\n")
    assert is_as_shown('{"key": "…", "kind": "reader"}', '{"key": "8f3a", "kind": "reader"}\n')
    assert is_as_shown("", "")
    assert not is_as_shown("one\nfour", "one\ntwo\nfour\n")
    assert not is_as_shown("one\n…", "two\n")
    assert not is_as_shown("", "a warning\n")


def test_steps_are_read_with_their_answers() -> None:
    page = "```console\n$ one | two\nsaid\nmore\n$ three &\n```\n```sh\n$ not this\n```\n"

    assert steps_of(page) == [Step("one | two", "said\nmore"), Step("three &", "")]
