"""The command line as somebody at a terminal has it: arguments in, status and words out."""

import io
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.__main__ import main
from gateway.settings import load


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output; nothing else may stand there."""
        return json.loads(self.out)


class Wardgate:
    """Runs commands in this process, for one site."""

    def __init__(self, site: Path, capsys, monkeypatch) -> None:
        self.site = site
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Answer:
        return self.bare(*arguments, "--config", str(self.site), stdin=stdin)

    def bare(self, *arguments: str, stdin: bytes = b"") -> Answer:
        """Without --config."""
        self._capsys.readouterr()
        typed = SimpleNamespace(buffer=io.BytesIO(stdin), isatty=lambda: False)
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", typed)
            status = main([str(argument) for argument in arguments])
        said = self._capsys.readouterr()
        return Answer(status, said.out, said.err)

    @property
    def settings(self):
        return load(self.site, {})

    @property
    def database(self) -> Path:
        return self.site / "data" / "wardgate.db"


@pytest.fixture(scope="session")
def fresh_site(tmp_path_factory) -> Path:
    """What `wardgate init` wrote, once; every test gets a copy."""
    site = tmp_path_factory.mktemp("fresh") / "site"
    assert main(["init", str(site)]) == 0
    return site


@pytest.fixture
def wardgate(fresh_site, tmp_path, capsys, monkeypatch) -> Wardgate:
    """The command line of a site of the test's own."""
    shutil.copytree(fresh_site, tmp_path / "site")
    return Wardgate(tmp_path / "site", capsys, monkeypatch)
